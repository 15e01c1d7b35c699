/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control sockets: clients that write requests and read answers, a line each.
 *
 *     open --(end of input)--> finishing: questions get their answers --> closed
 *       |                          |
 *       +---(too slow, a line too long, an error)--> closed
 *
 * Invariants:
 *  1. No client has more than CLIENT_ASKS_MAX questions waiting, nor more than OUTPUT_MAX bytes
 *     (one whole answer excepted) that it did not read: it is dropped instead.
 *  2. A client on the read-only socket never changes anything: its requests are refused here,
 * and each question says read_only, so that main refuses too.
 *  3. Every question of a client is cancelled before the client is freed.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/api/api.h"
#include "daemon/api/control.h"
#include "os/log.h"

#define CLIENTS_MAX     64u /* a socket: who may only look can't shut out the others */
#define CLIENT_ASKS_MAX 16u
#define OUTPUT_MAX      (1u << 20) /* bytes */
#define BACKLOG         64
#define READ_MAX        16384u

struct listener {
	uv_pipe_t pipe;
	struct api *api;
	bool read_only;
};

struct client {
	struct list link; /* in api->clients */
	uv_pipe_t pipe;
	struct api *api;
	bool read_only, following, input_ended, closing;
	uint64_t sequence; /* of the last event that was written, if following */
	struct control_lines lines;
	struct list requests; /* struct pending */
	size_t request_count;
};

/* A request whose answer has not come yet. */
struct pending {
	struct list link;
	struct client *client;
	struct control_request request;
	struct ask *ask;
};

struct write {
	uv_write_t request;
	char *bytes;
};

/* ---- Ends ---- */

static void pending_free(struct pending *pending)
{
	list_remove(&pending->link);
	pending->client->request_count--;
	control_request_clear(&pending->request);
	free(pending);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct api *api = client->api;

	control_lines_clear(&client->lines);
	free(client);
	api_handle_closed(api);
}

static void client_close(struct client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	list_for_each_safe(node, &client->requests) {
		struct pending *pending = container_of(node, struct pending, link);

		ask_cancel(pending->ask);
		pending_free(pending);
	}
	list_remove(&client->link);
	client->api->client_counts[client->read_only]--;
	uv_close((uv_handle_t *)&client->pipe, client_closed);
}

static void client_drop(struct client *client, const char *reason)
{
	log_event(LOG_WARNING, "control", "a client is dropped: %s", reason);
	client_close(client);
}

/* Everything that was asked before the end of input is answered and written. */
static void client_finish(struct client *client)
{
	if (client->input_ended && !client->following && client->request_count == 0 &&
		!client->closing &&
		uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe) == 0)
		client_close(client);
}

/* ---- Output ---- */

static void on_written(uv_write_t *request, int status)
{
	struct write *write = request->data;
	struct client *client = request->handle->data;

	free(write->bytes);
	free(write);
	if (status < 0)
		client_close(client);
	else
		client_finish(client);
}

/* Takes over the text's bytes. */
static void client_write(struct client *client, struct text *text)
{
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	struct write *write;
	uv_buf_t buffer;

	if (client->closing || text->failed || text->length == 0) {
		text_clear(text);
		return;
	}
	if (uv_stream_get_write_queue_size(stream) > OUTPUT_MAX) {
		text_clear(text);
		client_drop(client, "it reads too slowly");
		return;
	}
	write = calloc(1, sizeof(*write));
	if (write == NULL) {
		text_clear(text);
		return;
	}
	buffer = uv_buf_init(text->bytes, (unsigned)text->length);
	write->bytes = text->bytes;
	write->request.data = write;
	if (uv_write(&write->request, stream, &buffer, 1, on_written) != 0) {
		free(write->bytes);
		free(write);
		client_close(client);
	}
	*text = (struct text){ 0 };
}

static void write_error(struct client *client, const struct control_request *request,
	const char *code, const char *message, const char *hint)
{
	struct text line = { 0 };

	control_print_error(request, code, message, hint, &line);
	client_write(client, &line);
}

static void write_events(struct client *client)
{
	const struct event *event;
	struct text lines = { 0 };

	while ((event = event_ring_after(&client->api->events, client->sequence)) != NULL) {
		control_print_event(event->text, event->length, &lines);
		client->sequence = event->sequence;
	}
	client_write(client, &lines);
}

void server_event(struct api *api)
{
	list_for_each_safe(node, &api->clients) {
		struct client *client = container_of(node, struct client, link);

		if (client->following)
			write_events(client);
	}
}

/* ---- Requests ---- */

static void on_answer(void *context, int code, const char *text, size_t length)
{
	struct pending *pending = context;
	struct client *client = pending->client;
	struct text line = { 0 };

	if (code == 0)
		control_print_result(&pending->request, text, length, &line);
	else {
		struct text sentence = { 0 };

		text_add_bytes(&sentence, text, length);
		control_print_error(&pending->request, error_name((enum error_code)code),
			text_string(&sentence), "", &line);
		text_clear(&sentence);
	}
	pending_free(pending);
	client_write(client, &line);
	client_finish(client);
}

/* Who asks for a change is worth a line: a Unix socket knows. */
static void log_change(struct client *client, const char *method, const char *argument)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	char uid[24] = "", pid[24] = "";
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
		return;
	snprintf(uid, sizeof(uid), "%u", who.uid);
	snprintf(pid, sizeof(pid), "%d", who.pid);
	log_fields(LOG_INFO, "control-change", "an operator asks for a change", "method",
		method, "params", argument, "uid", uid, "pid", pid, NULL);
}

static int request_ask(struct pending *pending, const char *argument, struct error *error)
{
	struct client *client = pending->client;
	const struct control_method *method = pending->request.method;
	const struct question question = {
		.whom = method->answer == ANSWER_MAIN ? PROCESS_MAIN : PROCESS_SPEAKER,
		.query = method->query,
		.argument = argument,
		.read_only = client->read_only,
		.timeout_ms = method->timeout_ms,
	};

	if (method->changes)
		log_change(client, method->name, argument);
	pending->ask = api_ask(client->api, &question, on_answer, pending, error);
	return pending->ask == NULL ? (int)error->code : 0;
}

/* Takes over the request. */
static void request_forward(struct client *client, struct control_request *request)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	char *argument = control_request_argument(request);
	struct error error = { 0 };

	if (pending == NULL || argument == NULL) {
		write_error(client, request, "memory", "no memory", "");
		control_request_clear(request);
		free(pending);
		free(argument);
		return;
	}
	pending->client = client;
	pending->request = *request;
	list_append(&client->requests, &pending->link);
	client->request_count++;
	if (request_ask(pending, argument, &error) != 0) {
		struct text line = { 0 };

		control_print_error(&pending->request, error_name(error.code), error.text,
			error.hint, &line);
		pending_free(pending); /* before a write that may close the client */
		client_write(client, &line);
	}
	free(argument);
}

/* Where the stream of events begins: after `since`, but no more than the `last` ones. */
static uint64_t events_start(
	const struct event_ring *ring, const struct control_request *request)
{
	uint64_t since = (uint64_t)control_request_number(request, "since", 0);
	int64_t last = control_request_number(request, "last", -1);
	uint64_t first = last < 0 ? 0 : event_ring_last(ring, (size_t)last);

	return since > first ? since : first;
}

static void request_events(struct client *client, const struct control_request *request)
{
	uint64_t start = events_start(&client->api->events, request);
	struct text result = { 0 }, line = { 0 };

	if (!control_request_flag(request, "follow")) {
		event_ring_print(&client->api->events, start, &result);
		control_print_result(request, text_string(&result), result.length, &line);
		text_clear(&result);
		client_write(client, &line);
		return;
	}
	control_print_result(request, "{\"following\":true}", 18, &line);
	client->following = true;
	client->sequence = start;
	client_write(client, &line);
	write_events(client);
}

static void take_line(struct client *client, const char *line, size_t length)
{
	struct control_request request;
	struct error error = { 0 };

	if (length == 0)
		return;
	if (control_request_parse(line, length, client->read_only, &request, &error) != 0) {
		write_error(client, &request, request.refusal, error.text, error.hint);
		control_request_clear(&request);
	} else if (request.method->answer == ANSWER_EVENTS) {
		request_events(client, &request);
		control_request_clear(&request);
	} else if (client->request_count == CLIENT_ASKS_MAX) {
		write_error(client, &request, "full",
			"too many requests wait for their answers",
			"wait for an answer before you ask on");
		control_request_clear(&request);
	} else {
		request_forward(client, &request);
	}
}

static void take_bytes(struct client *client, const char *bytes, size_t length)
{
	const char *line;
	size_t line_length;
	int found = control_lines_add(&client->lines, bytes, length);

	while (found >= 0 && !client->closing &&
		(found = control_lines_next(&client->lines, &line, &line_length)) > 0)
		take_line(client, line, line_length);
	if (found < 0 && !client->closing) {
		const struct control_request none = { 0 };

		write_error(client, &none, "malformed", "the line is too long", "");
		client_drop(client, "a line is too long");
	}
}

/* ---- Input ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char bytes[READ_MAX]; /* used up before the next read, by whichever client */

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	if (length > 0) {
		take_bytes(client, buffer->base, (size_t)length);
	} else if (length == UV_EOF) {
		client->input_ended = true;
		uv_read_stop(stream);
		/* One who follows may have closed its end for good: server_tick looks. */
		client_finish(client);
	} else if (length < 0) {
		client_close(client);
	}
}

static void client_accept(struct listener *listener)
{
	struct api *api = listener->api;
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return;
	uv_pipe_init(api->loop, &client->pipe, 0);
	client->pipe.data = client;
	client->api = api;
	client->read_only = listener->read_only;
	list_init(&client->requests);
	list_append(&api->clients, &client->link);
	api->client_counts[client->read_only]++;
	api->handles++;
	if (uv_accept((uv_stream_t *)&listener->pipe, (uv_stream_t *)&client->pipe) != 0) {
		client_close(client);
		return;
	}
	if (api->client_counts[client->read_only] > CLIENTS_MAX) {
		const struct control_request none = { 0 };

		write_error(client, &none, "full", "too many clients are connected", "");
		client_drop(client, "too many are connected");
		return;
	}
	uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);
}

static void on_connection(uv_stream_t *stream, int status)
{
	if (status == 0)
		client_accept(stream->data);
}

/* A follower that shut its output down reads on; one that is gone would hold its place until
 * the next event. */
void server_tick(struct api *api)
{
	list_for_each_safe(node, &api->clients) {
		struct client *client = container_of(node, struct client, link);
		struct pollfd look = { .fd = -1 };

		if (!client->following || !client->input_ended ||
			uv_fileno((uv_handle_t *)&client->pipe, &look.fd) != 0)
			continue;
		if (poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR)) != 0)
			client_close(client);
	}
}

/* ---- Listeners ---- */

static void listener_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct api *api = listener->api;

	free(listener);
	api_handle_closed(api);
}

static void listener_close(struct listener *listener)
{
	if (listener != NULL)
		uv_close((uv_handle_t *)&listener->pipe, listener_closed);
}

int server_listen(struct api *api, int fd, bool read_only, struct error *error)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int code;

	if (listener == NULL) {
		close(fd);
		return error_set(error, ERROR_MEMORY, "no memory for a control socket");
	}
	listener->api = api;
	listener->read_only = read_only;
	uv_pipe_init(api->loop, &listener->pipe, 0);
	listener->pipe.data = listener;
	api->handles++;
	code = uv_pipe_open(&listener->pipe, fd);
	if (code != 0)
		close(fd);
	else
		code = uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
	if (code != 0) {
		listener_close(listener);
		return error_system(error, -code, "can't listen on the control socket");
	}
	listener_close(api->listeners[read_only]);
	api->listeners[read_only] = listener;
	return 0;
}

void server_stop(struct api *api)
{
	for (size_t i = 0; i < 2; i++) {
		listener_close(api->listeners[i]);
		api->listeners[i] = NULL;
	}
	list_for_each_safe(node, &api->clients)
		client_close(container_of(node, struct client, link));
}
