/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and wishes of the api, answered.
 *
 * Invariants:
 *  1. Every query gets exactly one answer, in one or more parts, the last one marked.
 *  2. A wish that came by a way that may only look is refused here too, not only in the api.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/log.h"

#define PART_MAX (CHANNEL_RECORD_MAX - sizeof(struct record_reply))

/* ---- Answers ---- */

static void reply_part(struct main_process *main, uint64_t id, int code, bool last,
	const char *bytes, size_t length)
{
	struct record_reply head = {
		.head = { .type = RECORD_REPLY, .tail = (uint32_t)length },
		.id = id,
		.code = code,
		.last = last,
	};
	uint8_t *record = malloc(sizeof(head) + length);

	if (record == NULL)
		return;
	memcpy(record, &head, sizeof(head));
	memcpy(record + sizeof(head), bytes, length);
	(void)feed_send(main, PROCESS_API, record, sizeof(head) + length, -1);
	free(record);
}

static void reply_text(struct main_process *main, uint64_t id, int code, const char *text)
{
	size_t length = strlen(text);

	while (length > PART_MAX) {
		reply_part(main, id, code, false, text, PART_MAX);
		text += PART_MAX;
		length -= PART_MAX;
	}
	reply_part(main, id, code, true, text, length);
}

static void reply_json(struct main_process *main, uint64_t id, json_t *document)
{
	char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);

	json_decref(document);
	if (text == NULL)
		reply_text(main, id, ERROR_MEMORY, "no memory for the answer");
	else
		reply_text(main, id, 0, text);
	free(text);
}

/* ---- Wishes ---- */

static json_t *arguments_read(const char *argument)
{
	json_t *object = json_loads(argument, 0, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static double seconds_to_withdrawal(const struct config_service *config)
{
	const struct config_drain *drain = &config->drain;
	double seconds = duration_to_seconds(drain->wait);

	if (drain->graceful_shutdown)
		seconds += duration_to_seconds(drain->graceful_time);
	if (drain->prepend > 0)
		seconds += duration_to_seconds(drain->prepend_time);
	return seconds;
}

static void answer_drain_state(
	struct main_process *main, uint64_t id, size_t index, bool draining)
{
	const struct hosted_service *service = service_at(main, index);
	struct service_view view;

	if (service == NULL || !brain_service_view(main->brain, index, &view)) {
		reply_text(main, id, ERROR_NOT_FOUND, "the service is gone");
		return;
	}
	reply_json(main, id,
		json_pack("{s:s, s:s, s:s, s:o}", "service", service->config->name, "state",
			service_state_name(view.state), "step",
			drain_step_name(view.drain_step), "seconds_to_withdrawal",
			draining ? json_real(view.drain_step >= DRAIN_WITHDRAWN
						     ? 0.0
						     : seconds_to_withdrawal(service->config))
				 : json_null()));
}

static void drain_refused(
	struct main_process *main, uint64_t id, int r, const char *name, bool drain)
{
	char text[256];

	if (r == ERROR_NOT_FOUND)
		snprintf(text, sizeof(text), "there is no service %s", name);
	else if (r == ERROR_STATE)
		snprintf(text, sizeof(text), "service %s is %s", name,
			drain ? "drained already" : "not drained");
	else
		snprintf(text, sizeof(text), "service %s: %s", name,
			error_name((enum error_code)r));
	reply_text(main, id, r, text);
}

static void answer_drain(struct main_process *main, const struct record_query *query,
	const char *argument, bool drain)
{
	json_t *arguments = arguments_read(argument);
	const char *name = NULL, *reason = NULL;
	size_t index = SIZE_MAX;
	int r;

	if (json_unpack(arguments, "{s:s, s?s}", "service", &name, "reason", &reason) != 0) {
		reply_text(main, query->id, ERROR_MALFORMED, "say which service");
		json_decref(arguments);
		return;
	}
	if (service_by_name(main, name, &index) == NULL)
		r = ERROR_NOT_FOUND;
	else if (drain)
		r = brain_drain(main->brain, index, reason == NULL ? "" : reason, clock_now());
	else
		r = brain_undrain(main->brain, index, clock_now());
	services_settle(main);
	if (r == 0)
		answer_drain_state(main, query->id, index, drain);
	else
		drain_refused(main, query->id, r, name, drain);
	json_decref(arguments);
}

static void on_drain(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	answer_drain(main, query, argument, true);
}

static void on_undrain(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	answer_drain(main, query, argument, false);
}

static void on_reload(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	struct reload_request request = { false, false };
	json_t *arguments = arguments_read(argument), *document = NULL;
	struct text message = { 0 };
	int dry_run = 0, force = 0, r;

	(void)json_unpack(arguments, "{s?b, s?b}", "dry_run", &dry_run, "force", &force);
	json_decref(arguments);
	request.dry_run = dry_run != 0;
	request.force = force != 0;
	r = reload_run(main, &request, &document, &message);
	if (r == 0)
		reply_json(main, query->id, document);
	else
		reply_text(main, query->id, r, text_string(&message));
	text_clear(&message);
}

static int verb_find(const char *name)
{
	static const char *const names[] = {
		[VERB_NEIGHBOR_SHUTDOWN] = "shutdown",
		[VERB_NEIGHBOR_ENABLE] = "enable",
		[VERB_NEIGHBOR_RESET] = "reset",
		[VERB_NEIGHBOR_REFRESH] = "refresh",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static void on_verb(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	json_t *arguments = arguments_read(argument);
	const char *verb = NULL, *neighbor = NULL, *text = "";
	struct record_verb record = { .head = { .type = RECORD_VERB } };
	char message[160];

	if (json_unpack(arguments, "{s:s, s:s, s?s}", "verb", &verb, "neighbor", &neighbor,
		    "text", &text) != 0 ||
		verb_find(verb) < 0) {
		reply_text(main, query->id, ERROR_MALFORMED,
			"say which neighbour, and shutdown, enable, reset or refresh");
	} else if (config_neighbor_find(main->config, neighbor) == NULL) {
		snprintf(message, sizeof(message), "there is no neighbour %.64s", neighbor);
		reply_text(main, query->id, ERROR_NOT_FOUND, message);
	} else {
		record.verb = (uint32_t)verb_find(verb);
		snprintf(record.neighbor, sizeof(record.neighbor), "%s", neighbor);
		snprintf(record.text, sizeof(record.text), "%s", text);
		if (feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1) == 0) {
			main_neighbor_verb(main, &record);
			reply_json(main, query->id,
				json_pack("{s:s, s:s}", "neighbor", neighbor, "verb", verb));
		} else {
			reply_text(main, query->id, ERROR_STATE, "the speaker is not running");
		}
	}
	json_decref(arguments);
}

/* ---- Questions ---- */

static void on_status(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	(void)argument;
	reply_json(main, query->id, view_status(main));
}

static void on_services(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	json_t *services = view_services(main, argument);
	char message[160];

	if (services != NULL) {
		reply_json(main, query->id, services);
		return;
	}
	snprintf(message, sizeof(message), "there is no service %.64s", argument);
	reply_text(main, query->id, ERROR_NOT_FOUND, message);
}

static void on_metrics(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	(void)argument;
	reply_json(main, query->id, view_metrics(main));
}

static void on_bfd(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	json_t *document = main_bfd_view(main, argument);

	if (document == NULL)
		reply_text(main, query->id, ERROR_NOT_FOUND, "that neighbour has no BFD");
	else
		reply_json(main, query->id, document);
}

static const struct query_row {
	bool changes;
	void (*answer)(struct main_process *main, const struct record_query *query,
		const char *argument);
} rows[QUERY_KINDS] = {
	[QUERY_STATUS] = { false, on_status },
	[QUERY_SERVICES] = { false, on_services },
	[QUERY_METRICS_MAIN] = { false, on_metrics },
	[QUERY_BFD] = { false, on_bfd },
	[QUERY_DRAIN] = { true, on_drain },
	[QUERY_UNDRAIN] = { true, on_undrain },
	[QUERY_RELOAD] = { true, on_reload },
	[QUERY_NEIGHBOR_VERB] = { true, on_verb },
};

void main_query_answer(
	struct main_process *main, const struct record_query *query, const char *argument)
{
	const struct query_row *row = &rows[query->query];

	if (row->answer == NULL)
		reply_text(main, query->id, ERROR_UNSUPPORTED, "not a question for main");
	else if (row->changes && query->read_only)
		reply_text(main, query->id, ERROR_PERMISSION,
			"this way of asking may look, but not change anything");
	else if (row->changes && main->phase >= PHASE_WITHDRAWING)
		reply_text(main, query->id, ERROR_STATE, "the daemon is stopping");
	else
		row->answer(main, query, argument);
}
