/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The api process: begins, takes records, ends.
 *
 *     started --(RECORD_LISTENER, RECORD_HTTP)--> serving --(RECORD_STOP, main gone)--> done
 *
 * Invariants:
 *  1. A record is looked at only after record_check said that its sender may send it.
 *  2. done() is called once.
 *  3. Memory is freed when every handle that was counted is closed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/api/api.h"
#include "os/log.h"

#define HEARTBEAT_MS 2000u

static void plain_send(struct api *api, enum record_type type)
{
	struct record_plain record = { .head = { .type = type } };

	if (api->main_channel != NULL)
		(void)channel_send(api->main_channel, &record, sizeof(record), -1);
}

static void api_finish(struct api *api)
{
	if (api->stopping)
		return;
	api->stopping = true;
	plain_send(api, RECORD_STOPPED);
	api->done(api->done_context);
}

/* ---- The speaker's channel ---- */

static void speaker_record(void *context, const void *bytes, size_t length, int fd)
{
	struct api *api = context;
	struct error error = { 0 };

	if (fd >= 0)
		close(fd);
	if (record_check(bytes, length, PROCESS_SPEAKER, PROCESS_API, &error) != 0) {
		log_event(LOG_ERROR, "record", "%s", error.text);
		return;
	}
	if (((const struct record_head *)bytes)->type == RECORD_REPLY)
		asks_reply(api, PROCESS_SPEAKER, bytes);
}

static void speaker_lost(void *context)
{
	struct api *api = context;

	channel_close(api->speaker_channel);
	api->speaker_channel = NULL;
	asks_lost(api, PROCESS_SPEAKER);
}

static void speaker_listen(struct api *api, int fd)
{
	const struct channel_events events = {
		.context = api,
		.record = speaker_record,
		.lost = speaker_lost,
	};

	/* A new speaker: what was asked of the old one gets no answer. */
	if (api->speaker_channel != NULL)
		speaker_lost(api);
	api->speaker_channel = channel_open(api->loop, fd, &events);
	if (api->speaker_channel == NULL) {
		log_event(LOG_ERROR, "channel", "can't open the channel to the speaker");
		close(fd);
	}
}

/* ---- Main's channel ---- */

/* The page runs when it is enabled and has a socket. */
static void http_settle(struct api *api)
{
	struct error error = { 0 };
	int fd = api->http_fd;

	if (!api->http_enabled || fd >= 0) {
		http_stop(api->http);
		api->http = NULL;
	}
	if (!api->http_enabled || fd < 0)
		return;
	api->http_fd = -1;
	api->http = http_start(api, fd, &error);
	if (api->http == NULL)
		log_event(LOG_WARNING, "http", "no HTTP: %s. %s", error.text, error.hint);
}

static void on_listener(struct api *api, const struct record_listener *record, int fd)
{
	struct error error = { 0 };

	if (fd < 0)
		return;
	if (record->kind == LISTENER_CONTROL || record->kind == LISTENER_CONTROL_READ) {
		if (server_listen(api, fd, record->kind == LISTENER_CONTROL_READ, &error) != 0)
			log_event(LOG_ERROR, "control", "%s", error.text);
	} else if (record->kind == LISTENER_HTTP) {
		if (api->http_fd >= 0)
			close(api->http_fd);
		api->http_fd = fd;
		http_settle(api);
	} else if (record->kind == LISTENER_SPEAKER) {
		speaker_listen(api, fd);
	} else {
		close(fd);
	}
}

static void on_http(struct api *api, const struct record_http *record)
{
	memcpy(api->site, record->site, sizeof(api->site));
	api->http_enabled = record->enabled;
	http_settle(api);
}

static void on_event(struct api *api, const struct record_text *record)
{
	int code = event_ring_add(
		&api->events, record->sequence, (const char *)(record + 1), record->head.tail);

	if (code != 0) {
		log_event(LOG_WARNING, "event", "event %llu is refused: %s",
			(unsigned long long)record->sequence,
			error_name((enum error_code)code));
		return;
	}
	server_event(api);
	http_event(api->http);
}

static void main_dispatch(struct api *api, const struct record_head *head, int fd)
{
	const void *record = head;

	switch ((enum record_type)head->type) {
	case RECORD_LISTENER:
		on_listener(api, record, fd);
		return; /* takes the descriptor */
	case RECORD_HTTP:
		on_http(api, record);
		break;
	case RECORD_EVENT:
		on_event(api, record);
		break;
	case RECORD_REPLY:
		asks_reply(api, PROCESS_MAIN, record);
		break;
	case RECORD_STOP:
		api_finish(api);
		break;
	case RECORD_NONE:
	case RECORD_CONFIG:
	case RECORD_SECRET:
	case RECORD_ROUTE_SET:
	case RECORD_ROUTE_REMOVE:
	case RECORD_ROUTES_SYNCED:
	case RECORD_RENEW:
	case RECORD_VERB:
	case RECORD_HURRY:
	case RECORD_QUERY:
	case RECORD_READY:
	case RECORD_CHECK_REPORT:
	case RECORD_CHECK_REPORTS:
	case RECORD_HEARTBEAT:
	case RECORD_NEIGHBOR_EVENT:
	case RECORD_ROUTE_STATUS:
	case RECORD_EXCEPTIONS:
	case RECORD_RPKI_EVENT:
	case RECORD_BFD_STATE:
	case RECORD_KERNEL_ROUTES:
	case RECORD_KERNEL_DONE:
	case RECORD_STOPPED:
	case RECORD_TYPES:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static void main_record(void *context, const void *bytes, size_t length, int fd)
{
	struct api *api = context;
	struct error error = { 0 };

	if (record_check(bytes, length, PROCESS_MAIN, PROCESS_API, &error) != 0) {
		log_event(LOG_ERROR, "record", "%s", error.text);
		if (fd >= 0)
			close(fd);
		return;
	}
	main_dispatch(api, bytes, fd);
}

static void main_lost(void *context)
{
	struct api *api = context;

	channel_close(api->main_channel);
	api->main_channel = NULL;
	asks_lost(api, PROCESS_MAIN);
	api_finish(api);
}

/* ---- Begin and end ---- */

static void on_heartbeat(uv_timer_t *timer)
{
	struct api *api = timer->data;

	plain_send(api, RECORD_HEARTBEAT);
	asks_tick(api);
	server_tick(api);
	http_tick(api->http);
	/* All processes beat at the same instants, so that they wake main together. */
	uv_timer_start(timer, on_heartbeat, HEARTBEAT_MS - uv_now(api->loop) % HEARTBEAT_MS, 0);
}

void api_handle_closed(struct api *api)
{
	if (--api->handles == 0)
		free(api);
}

static void heartbeat_closed(uv_handle_t *handle)
{
	api_handle_closed(handle->data);
}

static void *api_start(
	uv_loop_t *loop, int channel_fd, void (*done)(void *context), void *done_context)
{
	struct api *api = calloc(1, sizeof(*api));
	const struct channel_events events = {
		.context = api,
		.record = main_record,
		.lost = main_lost,
	};

	if (api == NULL)
		return NULL;
	api->loop = loop;
	api->done = done;
	api->done_context = done_context;
	api->http_fd = -1;
	list_init(&api->asks);
	list_init(&api->clients);
	api->main_channel = channel_open(loop, channel_fd, &events);
	if (api->main_channel == NULL) {
		log_event(LOG_ERROR, "channel", "can't open the channel to main");
		free(api);
		return NULL;
	}
	uv_timer_init(loop, &api->heartbeat);
	api->heartbeat.data = api;
	api->handles = 1;
	uv_timer_start(&api->heartbeat, on_heartbeat, HEARTBEAT_MS, 0);
	signal(SIGPIPE, SIG_IGN); /* a client that went away is an error of write */
	asks_tick(api);
	plain_send(api, RECORD_READY);
	return api;
}

static void api_stop(void *state)
{
	struct api *api = state;

	if (api == NULL)
		return;
	api->stopping = true;
	server_stop(api);
	http_stop(api->http);
	api->http = NULL;
	asks_clear(api);
	if (api->http_fd >= 0)
		close(api->http_fd);
	channel_close(api->main_channel);
	channel_close(api->speaker_channel);
	event_ring_clear(&api->events);
	uv_close((uv_handle_t *)&api->heartbeat, heartbeat_closed);
}

const struct process_type api_process = {
	.process = PROCESS_API,
	.start = api_start,
	.stop = api_stop,
};
