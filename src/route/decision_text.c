/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the decision process says to people: a row a step.
 */
#include <stdio.h>

#include "route/decision.h"

enum value_kind {
	VALUE_ANSWER, /* the words of the row say it all */
	VALUE_TIME,   /* on a clock that people do not see */
	VALUE_NUMBER,
	VALUE_MED,
	VALUE_ORIGIN,
	VALUE_ROUTER_ID,
	VALUE_ADDRESS,
};

struct step_row {
	const char *name;
	const char *why; /* of the winner */
	enum value_kind kind;
};

static const struct step_row rows[DECISION_STEP_COUNT] = {
	[DECISION_SAME] = { "same", "the same in every step", VALUE_ANSWER },
	[DECISION_REACHABLE] = { "next-hop-reachable", "its next hop is reachable",
		VALUE_ANSWER },
	[DECISION_STALE] = { "stale", "not stale", VALUE_ANSWER },
	[DECISION_WEIGHT] = { "weight", "higher weight", VALUE_NUMBER },
	[DECISION_LOCAL] = { "local", "originated here", VALUE_ANSWER },
	[DECISION_LOCAL_PREF] = { "local-preference", "higher local preference", VALUE_NUMBER },
	[DECISION_PATH_LENGTH] = { "as-path-length", "shorter AS path", VALUE_NUMBER },
	[DECISION_ORIGIN] = { "origin", "lower origin", VALUE_ORIGIN },
	[DECISION_MED] = { "med", "lower MED", VALUE_MED },
	[DECISION_EXTERNAL] = { "external", "external over internal", VALUE_ANSWER },
	[DECISION_METRIC] = { "next-hop-metric", "nearer next hop", VALUE_NUMBER },
	[DECISION_AGE] = { "age", "older external path", VALUE_TIME },
	[DECISION_ROUTER_ID] = { "router-id", "lower router id", VALUE_ROUTER_ID },
	[DECISION_CLUSTERS] = { "cluster-list-length", "shorter cluster list", VALUE_NUMBER },
	[DECISION_ADDRESS] = { "neighbor-address", "lower neighbor address", VALUE_ADDRESS },
	[DECISION_PATH_ID] = { "path-id", "lower path identifier", VALUE_NUMBER },
};

const char *decision_step_name(enum decision_step step)
{
	return step < DECISION_STEP_COUNT ? rows[step].name : "unknown";
}

static const char *origin_name(uint32_t origin)
{
	static const char *const names[] = { "IGP", "EGP", "incomplete" };

	return origin < sizeof(names) / sizeof(names[0]) ? names[origin] : "unknown";
}

static const char *source_name(const struct decision_candidate *c)
{
	if (c->origin == DECISION_FROM_HERE)
		return "local";
	return c->origin == DECISION_FROM_EBGP ? "external" : "internal";
}

/* The answer to a step that asks a question. */
static const char *answer(enum decision_step step, const struct decision_candidate *c)
{
	if (step == DECISION_REACHABLE)
		return c->metric == DECISION_METRIC_NO_ROUTE ? "unreachable" : "reachable";
	if (step == DECISION_STALE)
		return c->stale ? "stale" : "fresh";
	return step == DECISION_SAME ? "" : source_name(c);
}

const char *decision_value_format(enum decision_step step,
	const struct decision_candidate *candidate, const struct decision_settings *settings,
	char text[DECISION_VALUE_MAX])
{
	uint32_t value = decision_value(step, candidate, settings);
	struct address address = { 0 };

	switch (rows[step].kind) {
	case VALUE_ANSWER:
		snprintf(text, DECISION_VALUE_MAX, "%s", answer(step, candidate));
		break;
	case VALUE_MED:
		if (candidate->attributes.has_med)
			snprintf(text, DECISION_VALUE_MAX, "%u", value);
		else
			snprintf(text, DECISION_VALUE_MAX, "none");
		break;
	case VALUE_TIME:
	case VALUE_NUMBER:
		snprintf(text, DECISION_VALUE_MAX, "%u", value);
		break;
	case VALUE_ORIGIN:
		snprintf(text, DECISION_VALUE_MAX, "%s", origin_name(value));
		break;
	case VALUE_ROUTER_ID:
		address = address_ipv4(value);
		address_format(&address, text);
		break;
	case VALUE_ADDRESS:
		if (candidate->address != NULL)
			address = *candidate->address;
		address_format(&address, text);
		break;
	}
	return text;
}

const char *decision_format(enum decision_step step, const struct decision_candidate *winner,
	const struct decision_candidate *loser, const struct decision_settings *settings,
	char text[DECISION_TEXT_MAX])
{
	char won[DECISION_VALUE_MAX], lost[DECISION_VALUE_MAX];

	if (rows[step].kind == VALUE_ANSWER || rows[step].kind == VALUE_TIME)
		snprintf(text, DECISION_TEXT_MAX, "%s", rows[step].why);
	else
		snprintf(text, DECISION_TEXT_MAX, "%s: %s against %s", rows[step].why,
			decision_value_format(step, winner, settings, won),
			decision_value_format(step, loser, settings, lost));
	return text;
}
