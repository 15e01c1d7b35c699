/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on a scenario's expectations. */
#include "cli/lab_verdict.h"

#include <string.h>

static double number_at(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static const json_t *client_of(const json_t *report, const char *name)
{
	const json_t *clients = json_object_get(report, "clients");

	for (size_t i = 0; i < json_array_size(clients); i++)
		if (strcmp(string_at(json_array_get(clients, i), "client"), name) == 0)
			return json_array_get(clients, i);
	return NULL;
}

static bool named(const struct scenario_step *step, const char *site)
{
	for (size_t i = 0; i < step->site_count; i++)
		if (strcmp(step->sites[i], site) == 0)
			return true;
	return false;
}

/* ---- Lost, outages ---- */

/* The client that was worst by a number. */
static const json_t *worst(const json_t *report, const char *key)
{
	const json_t *clients = json_object_get(report, "clients"), *found = NULL;

	for (size_t i = 0; i < json_array_size(clients); i++) {
		const json_t *client = json_array_get(clients, i);

		if (found == NULL || number_at(client, key) > number_at(found, key))
			found = client;
	}
	return found;
}

static double sum(const json_t *report, const char *key)
{
	const json_t *clients = json_object_get(report, "clients");
	double total = 0;

	for (size_t i = 0; i < json_array_size(clients); i++)
		total += number_at(json_array_get(clients, i), key);
	return total;
}

static void say_outage(const json_t *report, struct text *said)
{
	const json_t *client = worst(report, "outage_ms");

	if (sum(report, "lost") < 1) {
		text_add(said, "nothing was lost");
		return;
	}
	text_print(said, "%.0f of %.0f requests were lost, the longest outage was %.1f ms (%s)",
		sum(report, "lost"), sum(report, "sent"), number_at(client, "outage_ms"),
		string_at(client, "client"));
}

static bool all_served(const json_t *report, struct text *said)
{
	const json_t *clients = json_object_get(report, "clients");
	size_t without = 0;

	for (size_t i = 0; i < json_array_size(clients); i++) {
		const json_t *client = json_array_get(clients, i);

		if (number_at(client, "answered") > 0 &&
			!json_is_true(json_object_get(client, "outage_open")))
			continue;
		text_print(said, "%s%s", without == 0 ? "" : ", ", string_at(client, "client"));
		without++;
	}
	if (without > 0)
		text_print(said, " %s not served", without == 1 ? "is" : "are");
	else
		say_outage(report, said);
	return without == 0;
}

static bool lost(const struct scenario_step *step, const json_t *report, struct text *said)
{
	say_outage(report, said);
	return sum(report, "lost") <= (double)step->number;
}

static bool outage(const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *client = worst(report, "outage_ms");

	say_outage(report, said);
	return number_at(client, "outage_ms") * 1e6 <= (double)step->ns &&
	       !json_is_true(json_object_get(client, "outage_open"));
}

/* ---- Who answers ---- */

static const json_t *known_client(
	const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *client = client_of(report, step->what);

	if (client == NULL)
		text_print(said, "nobody asks from '%s'", step->what);
	return client;
}

static void say_sites(const json_t *client, struct text *said)
{
	json_t *sites = json_object_get(client, "sites"), *count;
	double answered = number_at(client, "answered");
	const char *name;
	bool first = true;

	json_object_foreach(sites, name, count)
	{
		text_print(said, "%s%s", first ? "" : ", ", name);
		if (json_object_size(sites) > 1)
			text_print(said, " %.0f %%", 100 * json_number_value(count) / answered);
		first = false;
	}
	if (first)
		text_add(said, "nobody");
}

/* By the one that answered last: right after a change both may have answered. */
static bool catchment(const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *client = known_client(step, report, said);

	if (client == NULL)
		return false;
	text_print(said, "%s, %.1f ms", string_at(client, "site"),
		number_at(client, "rtt_median_ms"));
	return named(step, string_at(client, "site"));
}

/* Each of them has a tenth at least, and nobody else anything. */
static bool shared(const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *client = known_client(step, report, said);
	json_t *sites = json_object_get(client, "sites"), *count;
	const char *name;
	size_t good = 0;

	if (client == NULL)
		return false;
	say_sites(client, said);
	json_object_foreach(sites, name, count)
	{
		if (!named(step, name) ||
			json_number_value(count) < 0.1 * number_at(client, "answered"))
			return false;
		good++;
	}
	return good == step->site_count;
}

static bool nobody(const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *clients = json_object_get(report, "clients");
	size_t served = 0;

	for (size_t i = 0; i < json_array_size(clients); i++)
		if (strcmp(string_at(json_array_get(clients, i), "site"), step->what) == 0)
			served++;
	text_print(said, "%s serves %zu client%s", step->what, served, served == 1 ? "" : "s");
	return served == 0;
}

/* ---- Floods ---- */

/* What a site was asked by the flood: all that it was asked, less what clients were answered.
 */
static double flooded(const json_t *report, const char *site, double now)
{
	const json_t *before =
		json_object_get(json_object_get(report, "counters_before"), "sites");
	const json_t *clients = json_object_get(report, "clients");
	double count = now - number_at(before, site);

	for (size_t i = 0; i < json_array_size(clients); i++)
		count -= number_at(json_object_get(json_array_get(clients, i), "sites"), site);
	return count > 0 ? count : 0;
}

#define FLOOD_NOISE 0.02 /* of the flood: requests of clients on the way */

static bool flood(const struct scenario_step *step, const json_t *report, struct text *said)
{
	const json_t *counters = json_object_get(report, "counters");
	json_t *sites = json_object_get(counters, "sites"), *now;
	double sent = number_at(counters, "flood_sent"), inside = 0;
	bool good = true, first = true;
	const char *name;

	json_object_foreach(sites, name, now)
	{
		double count = flooded(report, name, json_number_value(now));

		if (named(step, name))
			inside += count;
		else if (count > FLOOD_NOISE * sent)
			good = false;
		else
			continue;
		text_print(said, "%s%s %.0f", first ? "" : ", ", name, count);
		first = false;
	}
	text_print(said, " of %.0f packets", sent);
	return good && sent > 0 && inside >= (1 - FLOOD_NOISE) * sent;
}

bool lab_verdict(const struct scenario_step *step, const json_t *report, struct text *said)
{
	switch (step->kind) {
	case STEP_EXPECT_SERVED:
		return all_served(report, said);
	case STEP_EXPECT_LOST:
		return lost(step, report, said);
	case STEP_EXPECT_OUTAGE:
		return outage(step, report, said);
	case STEP_EXPECT_CATCHMENT:
		return catchment(step, report, said);
	case STEP_EXPECT_SHARED:
		return shared(step, report, said);
	case STEP_EXPECT_NOBODY:
		return nobody(step, report, said);
	case STEP_EXPECT_FLOOD:
		return flood(step, report, said);
	case STEP_WORLD:
	case STEP_SAY:
	case STEP_PACE:
	case STEP_WAIT:
	case STEP_BREAK:
	case STEP_MEND:
	case STEP_DRAIN:
	case STEP_UNDRAIN:
	case STEP_PREPEND:
	case STEP_FLOOD:
	case STEP_RUN:
	case STEP_SHOW:
	case STEP_MAP:
		break;
	}
	return true;
}
