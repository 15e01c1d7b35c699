/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, told twice from one place: a log line, and a JSON object for the api's
 * streams. docs/api.md lists the types and their fields.
 *
 * Invariant: the number of an event is given once and only rises, whether or not anybody
 * listens.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/log.h"
#include "route/rtr_client.h"
#include "route/speaker.h"

#define COMMON_FIELDS 5
#define PAIRS_MAX     32

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static json_t *json_text(const char *text)
{
	json_t *string = json_string(text);

	/* What peers say need not be UTF-8. */
	return string != NULL ? string : json_string("(not UTF-8)");
}

static json_t *field_value(const char *key, const char *value)
{
	if (value == NULL)
		return json_null();
	if (key[0] == '#')
		return json_integer(strtoll(value, NULL, 10));
	if (key[0] == '?')
		return json_boolean(strcmp(value, "true") == 0);
	return json_text(value);
}

static const char *field_name(const char *key)
{
	return key[0] == '#' || key[0] == '?' ? key + 1 : key;
}

static void event_send(struct main_process *main, const json_t *event)
{
	struct record_text head = { .head = { .type = RECORD_EVENT } };
	char *text = json_dumps(event, JSON_COMPACT);
	size_t length = text == NULL ? 0 : strlen(text);
	uint8_t *record;

	record = length == 0 || length > CHANNEL_RECORD_MAX - sizeof(head)
			 ? NULL
			 : malloc(sizeof(head) + length);
	if (record != NULL) {
		head.head.tail = (uint32_t)length;
		head.sequence =
			(uint64_t)json_integer_value(json_object_get(event, "sequence"));
		memcpy(record, &head, sizeof(head));
		memcpy(record + sizeof(head), text, length);
		/* A full queue: a gap in the numbers tells the reader. */
		(void)channel_send(
			main->slots[PROCESS_API].channel, record, sizeof(head) + length, -1);
	}
	free(record);
	free(text);
}

/* How a value looks in a log line; numbers need the room. */
static const char *log_value(const json_t *value, char room[24])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (!json_is_integer(value))
		return "";
	snprintf(room, 24, "%lld", (long long)json_integer_value(value));
	return room;
}

/* What every event has comes first and is told otherwise. */
static void event_log(enum log_level level, json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const char *message = json_string_value(json_object_get(event, "message"));
	const char *pairs[PAIRS_MAX], *key;
	char rooms[PAIRS_MAX / 2][24];
	size_t count = 0, index = 0;
	json_t *value;

	json_object_foreach(event, key, value)
	{
		if (index++ < COMMON_FIELDS || count + 2 > PAIRS_MAX)
			continue;
		/* A line of the log has a process already: the one that writes it. */
		pairs[count] = strcmp(key, "process") == 0 ? "child" : key;
		pairs[count + 1] = log_value(value, rooms[count / 2]);
		count += 2;
	}
	log_pairs(level, type, message, pairs, count);
}

static void event_tell(struct main_process *main, enum log_level level, json_t *event)
{
	event_log(level, event);
	if (main->slots[PROCESS_API].channel != NULL)
		event_send(main, event);
	json_decref(event);
}

static json_t *event_json(
	struct main_process *main, enum log_level level, const char *type, const char *message)
{
	char time[WALL_TEXT_MAX];
	json_t *event = json_object();

	json_object_set_new(event, "sequence", json_integer((json_int_t)main->event_sequence));
	json_object_set_new(event, "time", json_string(wall_format(clock_wall(), time)));
	json_object_set_new(event, "level", json_string(level_names[level]));
	json_object_set_new(event, "type", json_string(type));
	json_object_set_new(event, "message", json_text(message));
	return event;
}

void event_emit(struct main_process *main, enum log_level level, const char *type,
	const char *message, ...)
{
	struct held_events *held = &main->held_events;
	json_t *event;
	va_list list;

	main->event_sequence++;
	event = event_json(main, level, type, message);
	va_start(list, message);
	for (const char *key = va_arg(list, const char *); key != NULL;
		key = va_arg(list, const char *))
		json_object_set_new(
			event, field_name(key), field_value(key, va_arg(list, const char *)));
	va_end(list);
	if (held->holding && held->count < HELD_EVENTS_MAX) {
		held->levels[held->count] = level;
		held->events[held->count++] = event;
		return;
	}
	event_tell(main, level, event);
}

void event_hold(struct main_process *main)
{
	main->held_events.holding = true;
}

void event_release(struct main_process *main)
{
	struct held_events *held = &main->held_events;

	held->holding = false;
	for (size_t i = 0; i < held->count; i++)
		event_tell(main, held->levels[i], held->events[i]);
	held->count = 0;
}

void event_service(struct main_process *main, const struct service_change *change)
{
	bool bad = change->new_state == SERVICE_DOWN || change->new_state == SERVICE_DEGRADED ||
		   change->new_state == SERVICE_HELD || change->new_state == SERVICE_UNKNOWN;
	const char *state = service_state_name(change->new_state);
	const char *step =
		change->drain_step == DRAIN_NONE ? NULL : drain_step_name(change->drain_step);
	char message[512];

	snprintf(message, sizeof(message), "service %s is %s%s%s%s: %s", change->name, state,
		step == NULL ? "" : " (", step == NULL ? "" : step, step == NULL ? "" : ")",
		change->reason);
	event_emit(main, bad ? LOG_WARNING : LOG_INFO, "service-state", message, "service",
		change->name, "old_state", service_state_name(change->old_state), "new_state",
		state, "drain_step", step, "reason", change->reason, "evidence",
		change->evidence, NULL);
}

/* ---- Neighbours ---- */

static const struct neighbor_row {
	const char *type;
	enum log_level level;
	const char *text;
} neighbor_rows[] = {
	[SPEAKER_STATE] = { "neighbor-state", LOG_DEBUG, "changes its state" },
	[SPEAKER_ESTABLISHED] = { "neighbor-up", LOG_INFO, "is up" },
	[SPEAKER_DOWN] = { "neighbor-down", LOG_WARNING, "is down" },
	[SPEAKER_REFUSED] = { "neighbor-refused", LOG_WARNING, "has no session" },
	[SPEAKER_MALFORMED] = { "neighbor-malformed", LOG_WARNING, "sent a malformed UPDATE" },
	[SPEAKER_MALFORMED_UPDATE] = { "neighbor-event", LOG_WARNING,
		"sent a malformed UPDATE" },
	[SPEAKER_END_OF_RIB] = { "neighbor-event", LOG_INFO, "has sent all its routes" },
	[SPEAKER_REFRESH] = { "neighbor-event", LOG_INFO, "asks for all routes again" },
	[SPEAKER_PREFIX_LIMIT] = { "neighbor-event", LOG_ERROR,
		"sent more prefixes than allowed" },
	[SPEAKER_PREFIX_LIMIT_OUT] = { "neighbor-event", LOG_ERROR,
		"would be sent more routes than allowed: some are held back" },
	[SPEAKER_LONG_LIVED] = { "neighbor-event", LOG_WARNING,
		"stays away: its routes are kept for long" },
	[SPEAKER_STALE] = { "neighbor-event", LOG_WARNING, "restarts: its routes are kept" },
};

static void event_malformed(struct main_process *main, const struct neighbor_row *row,
	const struct record_neighbor_event *record, const char *message)
{
	char not_shown[16];

	snprintf(not_shown, sizeof(not_shown), "%u", record->not_shown);
	event_emit(main, row->level, row->type, message, "neighbor", record->neighbor, "reason",
		record->reason, "#not_shown", not_shown, NULL);
}

void event_neighbor(struct main_process *main, const struct record_neighbor_event *record)
{
	const struct neighbor_row *row;
	char message[512], code[16], subcode[16];

	if (record->event >= sizeof(neighbor_rows) / sizeof(neighbor_rows[0]) ||
		record->old_state > SESSION_ESTABLISHED ||
		record->new_state > SESSION_ESTABLISHED)
		return;
	row = &neighbor_rows[record->event];
	if (record->event == SPEAKER_STATE && !log_enabled(LOG_DEBUG) &&
		record->new_state != SESSION_ESTABLISHED &&
		record->old_state != SESSION_ESTABLISHED)
		return;
	snprintf(message, sizeof(message), "neighbour %s %s%s%s", record->neighbor, row->text,
		record->reason[0] == '\0' ? "" : ": ", record->reason);
	if (record->event == SPEAKER_STATE) {
		snprintf(message, sizeof(message), "neighbour %s goes from %s to %s",
			record->neighbor,
			session_state_name((enum session_state)record->old_state),
			session_state_name((enum session_state)record->new_state));
		event_emit(main, row->level, row->type, message, "neighbor", record->neighbor,
			"old_state", session_state_name((enum session_state)record->old_state),
			"new_state", session_state_name((enum session_state)record->new_state),
			"reason", record->reason, NULL);
		return;
	}
	if (record->event == SPEAKER_MALFORMED) {
		event_malformed(main, row, record, message);
		return;
	}
	snprintf(code, sizeof(code), "%u", record->code);
	snprintf(subcode, sizeof(subcode), "%u", record->subcode);
	event_emit(main, row->level, row->type, message, "neighbor", record->neighbor, "#code",
		code, "#subcode", subcode, "?sent", record->sent ? "true" : "false", "reason",
		record->reason, NULL);
	main_neighbor_note(main, record);
}

/* ---- RPKI ---- */

static const struct rpki_row {
	const char *type;
	enum log_level level;
	const char *text;
} rpki_rows[] = {
	[RTR_EVENT_SYNCED] = { "rpki-synced", LOG_INFO, "has given its data" },
	[RTR_EVENT_LOST] = { "rpki-lost", LOG_WARNING, "is not connected" },
	[RTR_EVENT_EXPIRED] = { "rpki-expired", LOG_ERROR, "has no data any more" },
	[RTR_EVENT_NO_DATA] = { "rpki-empty", LOG_WARNING, "has no data" },
	[RTR_EVENT_VERSION] = { "rpki-version", LOG_INFO, "speaks an older protocol" },
	[RTR_EVENT_USE] = { "rpki-use", LOG_INFO, "" },
};

void event_rpki(struct main_process *main, const struct record_rpki_event *record)
{
	char message[512], serial[16], records[24], version[8];
	const struct rpki_row *row;

	if (record->event >= sizeof(rpki_rows) / sizeof(rpki_rows[0]))
		return;
	row = &rpki_rows[record->event];
	if (record->event == RTR_EVENT_USE)
		snprintf(message, sizeof(message), "other RPKI caches are in use now%s%s",
			record->reason[0] == '\0' ? "" : ": ", record->reason);
	else
		snprintf(message, sizeof(message), "RPKI cache %s %s%s%s", record->cache,
			row->text, record->reason[0] == '\0' ? "" : ": ", record->reason);
	snprintf(serial, sizeof(serial), "%u", record->serial);
	snprintf(records, sizeof(records), "%llu", (unsigned long long)record->records);
	snprintf(version, sizeof(version), "%u", record->version);
	if (record->event == RTR_EVENT_SYNCED)
		event_emit(main, row->level, row->type, message, "cache", record->cache,
			"#serial", serial, "#records", records, "#version", version,
			"?complete", record->complete ? "true" : "false", NULL);
	else
		event_emit(main, row->level, row->type, message, "cache",
			record->cache[0] == '\0' ? NULL : record->cache, "reason",
			record->reason, NULL);
}
