/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records there are, who may send them to whom, and what must hold of their bytes.
 *
 * Invariants:
 *  1. A record that passed record_check can be read as its struct: the sizes fit, every fixed
 *     string ends inside its array, every bool is 0 or 1, every count fits its array, every
 *     enumerated number is one that this build knows. The same holds of records in its tail.
 *  2. A record says nothing by who sent it: the channel on which it came says that, and the
 * table below says who may send what.
 */
#include "daemon/record.h"

#include <string.h>

#define FROM(process) (1u << (process))
#define MAIN          FROM(PROCESS_MAIN)
#define SPEAKER       FROM(PROCESS_SPEAKER)
#define PROBE         FROM(PROCESS_PROBE)
#define API           FROM(PROCESS_API)
#define BFD           FROM(PROCESS_BFD)
#define CHILDREN      (SPEAKER | PROBE | API | BFD)

enum field_kind {
	FIELD_NONE,
	FIELD_STRING, /* count: bytes of the array */
	FIELD_BOOL,
	FIELD_BELOW,   /* a uint32_t smaller than count */
	FIELD_U8_MOST, /* a uint8_t, at most count */
	FIELD_PREFIX,
	FIELD_STRINGS, /* count arrays of RECORD_NAME_MAX */
	FIELD_RECORDS, /* the tail: whole records of the type `count`, which has no tail */
};

struct field {
	enum field_kind kind;
	size_t offset, count;
};

#define FIELDS_MAX 10

struct row {
	const char *name;
	size_t size; /* of the fixed part */
	unsigned senders, receivers;
	bool tail;
	struct field fields[FIELDS_MAX];
};

#define STRING(type, member)                                 \
	{                                                    \
		FIELD_STRING, offsetof(struct type, member), \
			sizeof(((struct type *)0)->member)   \
	}
#define BOOL(type, member)                                   \
	{                                                    \
		FIELD_BOOL, offsetof(struct type, member), 0 \
	}
#define BELOW(type, member, most)                                  \
	{                                                          \
		FIELD_BELOW, offsetof(struct type, member), (most) \
	}
#define PREFIX(type, member)                                   \
	{                                                      \
		FIELD_PREFIX, offsetof(struct type, member), 0 \
	}

static const struct row rows[RECORD_TYPES] = {
	[RECORD_CONFIG] = { "config", sizeof(struct record_config), MAIN, SPEAKER | PROBE | BFD,
		false, { BOOL(record_config, restarting) } },
	[RECORD_SECRET] = { "secret", sizeof(struct record_secret), MAIN, SPEAKER, false,
		{ STRING(record_secret, neighbor),
			{ FIELD_U8_MOST, offsetof(struct record_secret, length),
				sizeof(((struct record_secret *)0)->bytes) } } },
	[RECORD_LISTENER] = { "listener", sizeof(struct record_listener), MAIN, CHILDREN, false,
		{ BELOW(record_listener, kind, LISTENER_KINDS) } },
	[RECORD_ROUTE_SET] = { "route-set", sizeof(struct record_route), MAIN, SPEAKER, false,
		{ STRING(record_route, service), PREFIX(record_route, prefix),
			BOOL(record_route, has_local_pref),
			BOOL(record_route, graceful_shutdown),
			BELOW(record_route, community_count, RECORD_COMMUNITIES_MAX + 1),
			BELOW(record_route, large_community_count, RECORD_COMMUNITIES_MAX + 1),
			BELOW(record_route, extended_community_count,
				RECORD_COMMUNITIES_MAX + 1),
			BELOW(record_route, only_count, RECORD_ONLY_MAX + 1),
			{ FIELD_STRINGS, offsetof(struct record_route, only),
				RECORD_ONLY_MAX } } },
	[RECORD_ROUTE_REMOVE] = { "route-remove", sizeof(struct record_route), MAIN, SPEAKER,
		false, { STRING(record_route, service), PREFIX(record_route, prefix) } },
	[RECORD_ROUTES_SYNCED] = { "routes-synced", sizeof(struct record_plain), MAIN, SPEAKER,
		false, { { FIELD_NONE, 0, 0 } } },
	[RECORD_RENEW] = { "renew", sizeof(struct record_renew), MAIN, SPEAKER, false,
		{ BOOL(record_renew, withdraw_after) } },
	[RECORD_STOP] = { "stop", sizeof(struct record_stop), MAIN, CHILDREN, false,
		{ BOOL(record_stop, keep), STRING(record_stop, reason) } },
	[RECORD_VERB] = { "verb", sizeof(struct record_verb), MAIN, SPEAKER, false,
		{ BELOW(record_verb, verb, VERB_NEIGHBOR_REFRESH + 1),
			STRING(record_verb, neighbor), STRING(record_verb, text) } },
	[RECORD_HURRY] = { "hurry", sizeof(struct record_plain), MAIN, PROBE, false,
		{ { FIELD_NONE, 0, 0 } } },
	[RECORD_HTTP] = { "http", sizeof(struct record_http), MAIN, API, false,
		{ STRING(record_http, site), BOOL(record_http, enabled) } },
	[RECORD_EVENT] = { "event", sizeof(struct record_text), MAIN, API, true,
		{ { FIELD_NONE, 0, 0 } } },
	[RECORD_QUERY] = { "query", sizeof(struct record_query), API, MAIN | SPEAKER, true,
		{ BELOW(record_query, query, QUERY_KINDS), BOOL(record_query, read_only) } },
	[RECORD_REPLY] = { "reply", sizeof(struct record_reply), MAIN | SPEAKER, API, true,
		{ BOOL(record_reply, last) } },
	[RECORD_READY] = { "ready", sizeof(struct record_plain), CHILDREN, MAIN, false,
		{ { FIELD_NONE, 0, 0 } } },
	[RECORD_CHECK_REPORT] = { "check-report", sizeof(struct record_check_report), PROBE,
		MAIN, false,
		{ BOOL(record_check_report, conclusive),
			STRING(record_check_report, evidence) } },
	[RECORD_CHECK_REPORTS] = { "check-reports", sizeof(struct record_plain), PROBE, MAIN,
		true, { { FIELD_RECORDS, sizeof(struct record_plain), RECORD_CHECK_REPORT } } },
	[RECORD_HEARTBEAT] = { "heartbeat", sizeof(struct record_plain), CHILDREN, MAIN, false,
		{ { FIELD_NONE, 0, 0 } } },
	[RECORD_NEIGHBOR_EVENT] = { "neighbor-event", sizeof(struct record_neighbor_event),
		SPEAKER, MAIN, false,
		{ STRING(record_neighbor_event, neighbor), BOOL(record_neighbor_event, sent),
			STRING(record_neighbor_event, reason) } },
	[RECORD_ROUTE_STATUS] = { "route-status", sizeof(struct record_route_status), SPEAKER,
		MAIN, false, { PREFIX(record_route_status, prefix) } },
	[RECORD_EXCEPTIONS] = { "exceptions", sizeof(struct record_exceptions), MAIN, SPEAKER,
		false, { { FIELD_NONE, 0, 0 } } },
	[RECORD_RPKI_EVENT] = { "rpki-event", sizeof(struct record_rpki_event), SPEAKER, MAIN,
		false,
		{ STRING(record_rpki_event, cache), BOOL(record_rpki_event, complete),
			STRING(record_rpki_event, reason) } },
	[RECORD_BFD_STATE] = { "bfd-state", sizeof(struct record_bfd_state), BFD | MAIN,
		MAIN | SPEAKER, false,
		{ STRING(record_bfd_state, neighbor), BOOL(record_bfd_state, changed),
			BOOL(record_bfd_state, multihop), BELOW(record_bfd_state, state, 4),
			BELOW(record_bfd_state, remote_state, 4),
			BELOW(record_bfd_state, old_state, 4) } },
	[RECORD_KERNEL_ROUTES] = { "kernel-routes", sizeof(struct record_kernel_routes),
		SPEAKER, MAIN, true,
		{ BELOW(record_kernel_routes, count, KERNEL_BATCH_MAX + 1),
			BOOL(record_kernel_routes, begin),
			BOOL(record_kernel_routes, complete) } },
	[RECORD_KERNEL_DONE] = { "kernel-done", sizeof(struct record_kernel_done), MAIN,
		SPEAKER, true, { { FIELD_NONE, 0, 0 } } },
	[RECORD_STOPPED] = { "stopped", sizeof(struct record_plain), CHILDREN, MAIN, false,
		{ { FIELD_NONE, 0, 0 } } },
};

static const char *const process_names[PROCESS_COUNT] = {
	[PROCESS_MAIN] = "main",
	[PROCESS_SPEAKER] = "speaker",
	[PROCESS_PROBE] = "probe",
	[PROCESS_API] = "api",
	[PROCESS_BFD] = "bfd",
};

static bool string_ends(const uint8_t *at, size_t room)
{
	return memchr(at, '\0', room) != NULL;
}

static bool prefix_holds(const uint8_t *at)
{
	struct prefix prefix, normal;

	memcpy(&prefix, at, sizeof(prefix));
	if (prefix.address.family != FAMILY_IPV4 && prefix.address.family != FAMILY_IPV6)
		return false;
	if (prefix.length > family_bits((enum family)prefix.address.family))
		return false;
	normal = prefix;
	prefix_normalise(&normal);
	return prefix_equal(&normal, &prefix);
}

static bool field_holds(const struct field *field, const uint8_t *record);

/* 0, or the number of the field that does not hold. */
static size_t fields_broken(const struct row *row, const uint8_t *record)
{
	for (size_t i = 0; i < FIELDS_MAX && row->fields[i].kind != FIELD_NONE; i++)
		if (!field_holds(&row->fields[i], record))
			return i + 1;
	return 0;
}

static bool records_hold(const struct row *row, uint32_t type, const uint8_t *at, size_t length)
{
	struct record_head head;

	if (length % row->size != 0)
		return false;
	for (; length > 0; at += row->size, length -= row->size) {
		memcpy(&head, at, sizeof(head));
		if (head.type != type || head.tail != 0 || fields_broken(row, at) != 0)
			return false;
	}
	return true;
}

static bool field_holds(const struct field *field, const uint8_t *record)
{
	const uint8_t *at = record + field->offset;
	struct record_head head;
	uint32_t number;

	switch (field->kind) {
	case FIELD_NONE:
		return true;
	case FIELD_STRING:
		return string_ends(at, field->count);
	case FIELD_BOOL:
		return *at <= 1;
	case FIELD_BELOW:
		memcpy(&number, at, sizeof(number));
		return number < field->count;
	case FIELD_U8_MOST:
		return *at <= field->count;
	case FIELD_PREFIX:
		return prefix_holds(at);
	case FIELD_STRINGS:
		for (size_t i = 0; i < field->count; i++)
			if (!string_ends(at + i * RECORD_NAME_MAX, RECORD_NAME_MAX))
				return false;
		return true;
	case FIELD_RECORDS:
		memcpy(&head, record, sizeof(head));
		return records_hold(&rows[field->count], (uint32_t)field->count, at, head.tail);
	}
	return false;
}

int record_check(const void *bytes, size_t length, enum process sender, enum process receiver,
	struct error *error)
{
	struct record_head head;
	const struct row *row;
	size_t broken;

	if (length < sizeof(head))
		return error_set(error, ERROR_MALFORMED, "a record of %zu bytes", length);
	memcpy(&head, bytes, sizeof(head));
	if (head.type == RECORD_NONE || head.type >= RECORD_TYPES)
		return error_set(
			error, ERROR_MALFORMED, "no record has the type %u", head.type);
	row = &rows[head.type];
	if ((row->senders & FROM(sender)) == 0 || (row->receivers & FROM(receiver)) == 0)
		return error_set(error, ERROR_PERMISSION, "%s may not send %s to %s",
			process_name(sender), row->name, process_name(receiver));
	if (length < row->size || length - row->size != head.tail ||
		(head.tail > 0 && !row->tail))
		return error_set(error, ERROR_MALFORMED,
			"a %s record of %zu bytes that says it has %u behind its %zu",
			row->name, length, head.tail, row->size);
	broken = fields_broken(row, bytes);
	if (broken != 0)
		return error_set(error, ERROR_MALFORMED,
			"field %zu of a %s record is out of bounds", broken, row->name);
	return 0;
}

const char *record_name(enum record_type type)
{
	return (unsigned)type < RECORD_TYPES && rows[type].name != NULL ? rows[type].name
									: "none";
}

const char *process_name(enum process process)
{
	return (unsigned)process < PROCESS_COUNT ? process_names[process] : "none";
}
