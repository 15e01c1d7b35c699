/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenMetrics, version 1.0.0 (openmetrics.io):
 * one table of metric families, each with where its numbers are found.
 *
 * Invariants:
 *  1. All samples of a family stand together, behind its TYPE, UNIT and HELP.
 *  2. A family's name ends in its unit; a counter's sample ends in _total.
 *  3. A label value is escaped; a value that is not there (null) gives no sample.
 */
#include "daemon/api/metrics.h"

#include <stdio.h>
#include <string.h>

enum scope { /* what there is one sample of, or one set of samples */
	SCOPE_MAIN,
	SCOPE_SERVICE,
	SCOPE_CHECK,
	SCOPE_PROCESS,
	SCOPE_NEIGHBOR,
	SCOPE_RPKI,
	SCOPE_RPKI_CACHE,
	SCOPE_POLICY_RULE,
};

enum kind {
	KIND_GAUGE,
	KIND_COUNTER,
	KIND_STATESET,
	KIND_INFO,
};

struct family {
	const char *name; /* without the leading "nearcast_" */
	enum kind kind;
	const char *unit; /* NULL: none */
	enum scope scope;
	const char *field;         /* of the object of the scope */
	const char *const *states; /* of a state set; NULL ends */
	const char *help;
	/* Prints the samples of one object itself; NULL: one sample of `field`. */
	void (*print)(const struct family *family, const json_t *object, const char *labels,
		struct text *out);
};

static const char *const service_states[] = { "init", "rising", "up", "degraded", "falling",
	"down", "draining", "maintenance", "held", "unknown", NULL };
static const char *const check_states[] = { "init", "rising", "up", "degraded", "falling",
	"down", "unknown", NULL };
static const char *const neighbor_states[] = { "Idle", "Connect", "Active", "OpenSent",
	"OpenConfirm", "Established", NULL };

static const char *const rpki_states[] = { "idle", "connecting", "asking", "loading", "synced",
	"empty", NULL };

static void print_prefixes(const struct family *family, const json_t *object,
	const char *labels, struct text *out);
static void print_counters(const struct family *family, const json_t *object,
	const char *labels, struct text *out);

static const struct family families[] = {
	{ "build", KIND_INFO, NULL, SCOPE_MAIN, NULL, NULL, "What is running where", NULL },
	{ "uptime_seconds", KIND_GAUGE, "seconds", SCOPE_MAIN, "uptime_seconds", NULL,
		"Time since the daemon started", NULL },
	{ "config_generation", KIND_GAUGE, NULL, SCOPE_MAIN, "generation", NULL,
		"Rises with each configuration that was taken over", NULL },
	{ "reloads", KIND_COUNTER, NULL, SCOPE_MAIN, "reloads", NULL, "Reloads that worked",
		NULL },
	{ "reload_failures", KIND_COUNTER, NULL, SCOPE_MAIN, "reload_failures", NULL,
		"Reloads that were refused", NULL },
	{ "last_reload_ok", KIND_GAUGE, NULL, SCOPE_MAIN, "last_reload_ok", NULL,
		"1 if the last reload worked", NULL },
	{ "suspected", KIND_GAUGE, NULL, SCOPE_MAIN, "suspected", NULL,
		"1 while every check failed at once and the checker itself is doubted", NULL },
	{ "events", KIND_COUNTER, NULL, SCOPE_MAIN, "events", NULL, "Events so far", NULL },

	{ "service_wanted", KIND_GAUGE, NULL, SCOPE_SERVICE, "wanted", NULL,
		"1 if the operator wants the service announced", NULL },
	{ "service_healthy", KIND_GAUGE, NULL, SCOPE_SERVICE, "healthy", NULL,
		"1 if the checks say that the service works", NULL },
	{ "service_announced", KIND_GAUGE, NULL, SCOPE_SERVICE, "announced", NULL,
		"1 if every neighbour that should hear all of the service's prefixes has",
		NULL },
	{ "service_state", KIND_STATESET, NULL, SCOPE_SERVICE, "state", service_states,
		"State of the service", NULL },
	{ "service_state_age_seconds", KIND_GAUGE, "seconds", SCOPE_SERVICE, "state_seconds",
		NULL, "Time since the service entered its state", NULL },
	{ "service_state_changes", KIND_COUNTER, NULL, SCOPE_SERVICE, "changes", NULL,
		"Changes of the service's state", NULL },
	{ "service_flaps", KIND_COUNTER, NULL, SCOPE_SERVICE, "flaps", NULL,
		"Times that the service fell", NULL },
	{ "service_drained", KIND_GAUGE, NULL, SCOPE_SERVICE, "drained", NULL,
		"1 while the service is drained", NULL },
	{ "service_damping_penalty", KIND_GAUGE, NULL, SCOPE_SERVICE, "penalty", NULL,
		"Flap damping penalty", NULL },
	{ "service_neighbors_wanted", KIND_GAUGE, NULL, SCOPE_SERVICE, "neighbors_wanted", NULL,
		"Established neighbours that should hear the service", NULL },
	{ "service_neighbors_announced", KIND_GAUGE, NULL, SCOPE_SERVICE, "neighbors_announced",
		NULL, "Neighbours that have heard the service's worst prefix", NULL },

	{ "check_up", KIND_GAUGE, NULL, SCOPE_CHECK, "up", NULL, "1 if the check is good",
		NULL },
	{ "check_state", KIND_STATESET, NULL, SCOPE_CHECK, "state", check_states,
		"State of the check", NULL },
	{ "check_latency_seconds", KIND_GAUGE, "seconds", SCOPE_CHECK, "latency_seconds", NULL,
		"How long the last probe took", NULL },
	{ "check_probes", KIND_COUNTER, NULL, SCOPE_CHECK, "probes", NULL, "Probes so far",
		NULL },
	{ "check_failures", KIND_COUNTER, NULL, SCOPE_CHECK, "failures", NULL,
		"Probes that failed", NULL },

	{ "process_up", KIND_GAUGE, NULL, SCOPE_PROCESS, "up", NULL,
		"1 if the process of the daemon runs", NULL },
	{ "process_restarts", KIND_COUNTER, NULL, SCOPE_PROCESS, "restarts", NULL,
		"Times that the process had to be started again", NULL },
	{ "process_memory_bytes", KIND_GAUGE, "bytes", SCOPE_PROCESS, "memory_bytes", NULL,
		"Resident memory of the process", NULL },
	{ "process_cpu_seconds", KIND_COUNTER, "seconds", SCOPE_PROCESS, "cpu_seconds", NULL,
		"Processor time that the process used", NULL },

	{ "neighbor_established", KIND_GAUGE, NULL, SCOPE_NEIGHBOR, "established", NULL,
		"1 if the session is established", NULL },
	{ "neighbor_admin_down", KIND_GAUGE, NULL, SCOPE_NEIGHBOR, "admin_down", NULL,
		"1 if the operator shut the session down", NULL },
	{ "neighbor_state", KIND_STATESET, NULL, SCOPE_NEIGHBOR, "state", neighbor_states,
		"State of the session (RFC 4271)", NULL },
	{ "neighbor_prefixes", KIND_GAUGE, NULL, SCOPE_NEIGHBOR, "prefixes", NULL,
		"Prefixes by family: received, of these stale, advertised, still to be sent",
		print_prefixes },
	{ "neighbor_messages", KIND_COUNTER, NULL, SCOPE_NEIGHBOR, "messages", NULL,
		"BGP messages by type and direction", print_counters },
	{ "neighbor_bytes", KIND_COUNTER, "bytes", SCOPE_NEIGHBOR, "bytes", NULL,
		"Bytes of BGP messages by direction", print_counters },
	{ "neighbor_malformed", KIND_COUNTER, NULL, SCOPE_NEIGHBOR, "malformed", NULL,
		"What was malformed, by what was done about it (RFC 7606)", print_counters },
	{ "neighbor_session_events", KIND_COUNTER, NULL, SCOPE_NEIGHBOR, "events", NULL,
		"What else happened with the neighbour", print_counters },

	{ "rpki_vrps_ipv4", KIND_GAUGE, NULL, SCOPE_RPKI, "vrps_ipv4", NULL,
		"Validated ROA payloads in use for IPv4", NULL },
	{ "rpki_vrps_ipv6", KIND_GAUGE, NULL, SCOPE_RPKI, "vrps_ipv6", NULL,
		"Validated ROA payloads in use for IPv6", NULL },
	{ "rpki_aspas", KIND_GAUGE, NULL, SCOPE_RPKI, "aspas", NULL,
		"Customer ASes with an ASPA in use", NULL },
	{ "rpki_filtered", KIND_GAUGE, NULL, SCOPE_RPKI, "filtered", NULL,
		"Validated ROA payloads taken out by local exceptions", NULL },
	{ "rpki_asserted", KIND_GAUGE, NULL, SCOPE_RPKI, "asserted", NULL,
		"Validated ROA payloads put in by local exceptions", NULL },
	{ "rpki_table_bytes", KIND_GAUGE, "bytes", SCOPE_RPKI, "bytes", NULL,
		"Memory of the RPKI table", NULL },
	{ "rpki_changes", KIND_COUNTER, NULL, SCOPE_RPKI, "changes", NULL,
		"Times that what is in use changed", NULL },

	{ "rpki_cache_used", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "used", NULL,
		"1 if the data of the cache are in use", NULL },
	{ "rpki_cache_fresh", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "fresh", NULL,
		"1 if the cache has missed no refresh", NULL },
	{ "rpki_cache_state", KIND_STATESET, NULL, SCOPE_RPKI_CACHE, "state", rpki_states,
		"State of the session with the cache", NULL },
	{ "rpki_cache_serial", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "serial", NULL,
		"Serial number of the data", NULL },
	{ "rpki_cache_age_seconds", KIND_GAUGE, "seconds", SCOPE_RPKI_CACHE, "age_seconds",
		NULL, "Time since the cache last said that the data are complete", NULL },
	{ "rpki_cache_vrps_ipv4", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "vrps_ipv4", NULL,
		"Validated ROA payloads of the cache for IPv4", NULL },
	{ "rpki_cache_vrps_ipv6", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "vrps_ipv6", NULL,
		"Validated ROA payloads of the cache for IPv6", NULL },
	{ "rpki_cache_aspas", KIND_GAUGE, NULL, SCOPE_RPKI_CACHE, "aspas", NULL,
		"ASPAs of the cache", NULL },
	{ "rpki_cache_events", KIND_COUNTER, NULL, SCOPE_RPKI_CACHE, "events", NULL,
		"What happened with the cache", print_counters },
	{ "policy_rule_matches", KIND_COUNTER, NULL, SCOPE_POLICY_RULE, "matches", NULL,
		"How often the rule matched, since the daemon took the policies over", NULL },
};

/* ---- Samples ---- */

static void add_label(struct text *labels, const char *name, const char *value)
{
	text_print(labels, "%s%s=\"", labels->length == 0 ? "" : ",", name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			text_print(labels, "\\%c", *value);
		else if (*value == '\n')
			text_add(labels, "\\n");
		else
			text_add_bytes(labels, value, 1);
	}
	text_add(labels, "\"");
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value == NULL ? "" : value;
}

static void add_sample(
	const struct family *family, const char *labels, const json_t *value, struct text *out)
{
	if (!json_is_number(value) && !json_is_boolean(value))
		return;
	text_print(out, "nearcast_%s%s", family->name,
		family->kind == KIND_COUNTER ? "_total" : "");
	if (labels[0] != '\0')
		text_print(out, "{%s}", labels);
	if (json_is_real(value))
		text_print(out, " %.9g\n", json_real_value(value));
	else
		text_print(out, " %lld\n",
			json_is_true(value) ? 1LL : (long long)json_integer_value(value));
}

static void add_states(
	const struct family *family, const json_t *object, const char *labels, struct text *out)
{
	const char *state = string_of(object, family->field);

	for (const char *const *s = family->states; *s != NULL; s++)
		text_print(out, "nearcast_%s{%s%snearcast_%s=\"%s\"} %d\n", family->name,
			labels, labels[0] == '\0' ? "" : ",", family->name, *s,
			strcmp(*s, state) == 0);
}

static void print_prefixes(
	const struct family *family, const json_t *object, const char *labels, struct text *out)
{
	const char *name, *kind;
	json_t *counts, *value;

	json_object_foreach(json_object_get(object, family->field), name, counts)
	{
		json_object_foreach(counts, kind, value)
		{
			struct text all = { 0 };

			text_add(&all, labels);
			add_label(&all, "family", name);
			add_label(&all, "kind", kind);
			add_sample(family, text_string(&all), value, out);
			text_clear(&all);
		}
	}
}

/* ---- The speaker's counters, sorted into families by their names ---- */

static const struct counter_row {
	const char *name;   /* of the counter */
	const char *family; /* the field of the family that it belongs to */
	const char *label, *value;
	const char *direction; /* NULL: none */
} counter_rows[] = {
	{ "opens-in", "messages", "type", "open", "in" },
	{ "opens-out", "messages", "type", "open", "out" },
	{ "updates-in", "messages", "type", "update", "in" },
	{ "updates-out", "messages", "type", "update", "out" },
	{ "notifications-in", "messages", "type", "notification", "in" },
	{ "notifications-out", "messages", "type", "notification", "out" },
	{ "keepalives-in", "messages", "type", "keepalive", "in" },
	{ "keepalives-out", "messages", "type", "keepalive", "out" },
	{ "refreshes-in", "messages", "type", "route-refresh", "in" },
	{ "refreshes-out", "messages", "type", "route-refresh", "out" },
	{ "bytes-in", "bytes", NULL, NULL, "in" },
	{ "bytes-out", "bytes", NULL, NULL, "out" },
	{ "attribute-discard", "malformed", "action", "attribute-discard", NULL },
	{ "treat-as-withdraw", "malformed", "action", "treat-as-withdraw", NULL },
	{ "session-reset", "malformed", "action", "session-reset", NULL },
};

/* A counter that the table does not know is an event by its own name, so that a new one shows.
 */
static struct counter_row counter_row_of(const char *name)
{
	for (size_t i = 0; i < sizeof(counter_rows) / sizeof(counter_rows[0]); i++) {
		if (strcmp(counter_rows[i].name, name) == 0)
			return counter_rows[i];
	}
	return (struct counter_row){ name, "events", "event", name, NULL };
}

static void print_counters(
	const struct family *family, const json_t *object, const char *labels, struct text *out)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(object, "counters"), name, value)
	{
		struct counter_row row = counter_row_of(name);
		struct text all = { 0 };

		if (strcmp(row.family, family->field) != 0)
			continue;
		text_add(&all, labels);
		if (row.label != NULL)
			add_label(&all, row.label, row.value);
		if (row.direction != NULL)
			add_label(&all, "direction", row.direction);
		add_sample(family, text_string(&all), value, out);
		text_clear(&all);
	}
}

/* ---- Families ---- */

static void add_object(
	const struct family *family, const json_t *object, const char *labels, struct text *out)
{
	if (family->print != NULL)
		family->print(family, object, labels, out);
	else if (family->kind == KIND_STATESET)
		add_states(family, object, labels, out);
	else
		add_sample(family, labels, json_object_get(object, family->field), out);
}

static void add_checks(const struct family *family, const json_t *service, struct text *out)
{
	size_t i;
	json_t *check;

	json_array_foreach(json_object_get(service, "checks"), i, check)
	{
		struct text labels = { 0 };

		add_label(&labels, "service", string_of(service, "name"));
		add_label(&labels, "check", string_of(check, "name"));
		add_label(&labels, "type", string_of(check, "type"));
		add_object(family, check, text_string(&labels), out);
		text_clear(&labels);
	}
}

static void add_rules(const struct family *family, const json_t *rules, struct text *out)
{
	size_t i;
	json_t *rule;

	json_array_foreach(rules, i, rule)
	{
		struct text labels = { 0 };
		char number[24];

		snprintf(number, sizeof(number), "%lld",
			(long long)json_integer_value(json_object_get(rule, "number")));
		add_label(&labels, "policy", string_of(rule, "policy"));
		add_label(&labels, "rule", number);
		add_label(&labels, "name", string_of(rule, "name"));
		add_object(family, rule, text_string(&labels), out);
		text_clear(&labels);
	}
}

/* One sample, or one set of samples, of each object of a list. */
static void add_list(
	const struct family *family, const json_t *list, const char *label, struct text *out)
{
	size_t i;
	json_t *object;

	json_array_foreach(list, i, object)
	{
		struct text labels = { 0 };

		add_label(&labels, label, string_of(object, "name"));
		add_object(family, object, text_string(&labels), out);
		text_clear(&labels);
	}
}

static void add_info(const json_t *main, struct text *out)
{
	struct text labels = { 0 };

	add_label(&labels, "version", string_of(main, "version"));
	add_label(&labels, "site", string_of(main, "site"));
	text_print(out, "nearcast_build_info{%s} 1\n", text_string(&labels));
	text_clear(&labels);
}

static void add_samples(const struct family *family, const json_t *main, const json_t *speaker,
	struct text *out)
{
	size_t i;
	json_t *service, *object;

	switch (family->scope) {
	case SCOPE_MAIN:
		if (family->kind == KIND_INFO)
			add_info(main, out);
		else
			add_object(family, main, "", out);
		break;
	case SCOPE_SERVICE:
		add_list(family, json_object_get(main, "services"), "service", out);
		break;
	case SCOPE_CHECK:
		json_array_foreach(json_object_get(main, "services"), i, service)
			add_checks(family, service, out);
		break;
	case SCOPE_PROCESS:
		add_list(family, json_object_get(main, "processes"), "process", out);
		break;
	case SCOPE_NEIGHBOR:
		add_list(family, json_object_get(speaker, "neighbors"), "neighbor", out);
		break;
	case SCOPE_RPKI:
		object = json_object_get(json_object_get(speaker, "rpki"), "table");
		if (object != NULL)
			add_object(family, object, "", out);
		break;
	case SCOPE_RPKI_CACHE:
		object = json_object_get(json_object_get(speaker, "rpki"), "caches");
		add_list(family, object, "cache", out);
		break;
	case SCOPE_POLICY_RULE:
		add_rules(family, json_object_get(speaker, "policy_rules"), out);
		break;
	}
}

void metrics_print(const json_t *main, const json_t *speaker, struct text *out)
{
	static const char *const kinds[] = {
		[KIND_GAUGE] = "gauge",
		[KIND_COUNTER] = "counter",
		[KIND_STATESET] = "stateset",
		[KIND_INFO] = "info",
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];
		struct text samples = { 0 };

		if (family->scope >= SCOPE_NEIGHBOR ? speaker != NULL : main != NULL)
			add_samples(family, main, speaker, &samples);
		if (samples.length > 0) {
			text_print(out, "# TYPE nearcast_%s %s\n", family->name,
				kinds[family->kind]);
			if (family->unit != NULL)
				text_print(out, "# UNIT nearcast_%s %s\n", family->name,
					family->unit);
			text_print(out, "# HELP nearcast_%s %s.\n%s", family->name,
				family->help, text_string(&samples));
		}
		text_clear(&samples);
	}
	text_add(out, "# EOF\n");
}
