/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP on the loopback: libmicrohttpd inside the loop of libuv, without threads. It shows its
 * epoll descriptor and its timeout, and is run when either is due.
 *
 *     begun --(headers)--> asking --(all answered)--> answered --> done
 *       |                (suspended)
 *       +-----> streaming: events, suspended while there are none --> done
 *
 * Invariants:
 *  1. Only GET and HEAD, without a body; nothing that is asked from here changes anything.
 *  2. A suspended connection is resumed when its answers are there, at each event, at least
 * every KEEPALIVE_SECONDS, and before the end (libmicrohttpd insists).
 *  3. A stream holds no events of its own: it reads the ring, and a reader that is too slow
 * misses some, which the sequence numbers show.
 */
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/api/api.h"
#include "daemon/api/http_library.h"
#include "daemon/api/page.h"
#include "os/clock.h"

#define CONNECTIONS_MAX     64u
#define STREAMS_MAX         32u
#define MEMORY_MAX          16384u /* a connection: headers and more */
#define TIMEOUT_SECONDS     15u
#define KEEPALIVE_SECONDS   15
#define QUESTION_TIMEOUT_MS 10000u
#define STREAM_BLOCK        8192u
#define STREAM_BATCH_MAX    65536u /* bytes made at once from the ring */

struct http {
	struct api *api;
	const struct http_library *library;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned open_handles;
	bool loopback;        /* the listening address is one: Host is checked */
	struct list requests; /* struct request */
	size_t stream_count;
};

enum request_state { REQUEST_BEGUN, REQUEST_ASKING, REQUEST_ANSWERED, REQUEST_STREAMING };

struct request {
	struct list link; /* in http->requests */
	struct http *http;
	struct MHD_Connection *connection;
	const struct page *page;
	enum request_state state;
	bool suspended;
	/* Asking */
	struct ask *asks[PAGE_QUESTIONS_MAX];
	struct page_answer answers[PAGE_QUESTIONS_MAX];
	size_t waiting; /* answers to come */
	/* Streaming */
	uint64_t sequence; /* of the last event that was taken from the ring */
	struct text output;
	size_t output_taken;
	struct instant last_output;
};

/* ---- Running it ---- */

static void http_run(struct http *http);

static void on_timer(uv_timer_t *timer)
{
	http_run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	http_run(poll->data);
}

static void http_run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	http->library->MHD_run(http->daemon);
	if (http->library->MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES)
		uv_timer_start(&http->timer, on_timer, timeout_ms, 0);
	else
		uv_timer_stop(&http->timer);
}

static void request_suspend(struct request *request)
{
	request->suspended = true;
	request->http->library->MHD_suspend_connection(request->connection);
}

static void request_resume(struct request *request)
{
	struct http *http = request->http;

	if (!request->suspended)
		return;
	request->suspended = false;
	http->library->MHD_resume_connection(request->connection);
	uv_timer_start(&http->timer, on_timer, 0, 0);
}

/* ---- Responses ---- */

static enum MHD_Result queue(struct request *request, unsigned status, const char *type,
	struct MHD_Response *response)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
	};
	const struct http_library *library = request->http->library;
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		(void)library->MHD_add_response_header(response, headers[i][0], headers[i][1]);
	(void)library->MHD_add_response_header(response, "Content-Type", type);
	if (status == 405)
		(void)library->MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = library->MHD_queue_response(request->connection, status, response);
	library->MHD_destroy_response(response);
	return result;
}

/* Takes over the text. */
static enum MHD_Result respond(
	struct request *request, unsigned status, const char *type, struct text *body)
{
	char *bytes = body->bytes == NULL ? strdup("") : body->bytes;
	size_t length = body->length;

	*body = (struct text){ 0 };
	if (bytes == NULL)
		return MHD_NO;
	return queue(request, status, type,
		request->http->library->MHD_create_response_from_buffer(
			length, bytes, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result respond_error(
	struct request *request, unsigned status, const char *code, const char *message)
{
	struct text body = { 0 };

	page_print_error(code, message, &body);
	return respond(request, status, "application/json", &body);
}

static enum MHD_Result respond_answers(struct request *request)
{
	const struct page *page = request->page;
	struct text body = { 0 };
	unsigned status = 200;

	for (size_t i = 0; i < page->question_count; i++) {
		const struct page_answer *answer = &request->answers[i];

		if (answer->code != 0 && !page->questions[i].optional)
			return respond_error(request, page_status(answer->code),
				error_name((enum error_code)answer->code),
				text_string(&answer->text));
	}
	if (page->print != NULL) {
		status = page->print(request->answers, &body);
	} else {
		body = request->answers[0].text;
		request->answers[0].text = (struct text){ 0 };
	}
	return respond(request, status, page->content_type, &body);
}

/* ---- Asking ---- */

static void place_answer(
	struct request *request, size_t index, int code, const char *text, size_t length)
{
	request->asks[index] = NULL;
	request->answers[index].code = code;
	text_add_bytes(&request->answers[index].text, text, length);
	request->waiting--;
	if (request->waiting == 0) {
		request->state = REQUEST_ANSWERED;
		request_resume(request);
	}
}

static void on_first_answer(void *context, int code, const char *text, size_t length)
{
	place_answer(context, 0, code, text, length);
}

static void on_second_answer(void *context, int code, const char *text, size_t length)
{
	place_answer(context, 1, code, text, length);
}

static void ask_one(struct request *request, size_t index, const char *argument)
{
	static ask_done *const done[PAGE_QUESTIONS_MAX] = { on_first_answer, on_second_answer };
	const struct page_question *asked = &request->page->questions[index];
	const struct question question = {
		.whom = asked->whom,
		.query = asked->query,
		.argument = argument,
		.read_only = true,
		.timeout_ms = QUESTION_TIMEOUT_MS,
	};
	struct error error = { 0 };

	request->waiting++;
	request->asks[index] =
		api_ask(request->http->api, &question, done[index], request, &error);
	if (request->asks[index] == NULL)
		place_answer(request, index, (int)error.code, error.text, strlen(error.text));
}

/* ---- Headers and the query string ---- */

static const char *request_header(const struct request *request, const char *name)
{
	const char *value = NULL;
	size_t length;

	if (request->http->library->MHD_lookup_connection_value_n(request->connection,
		    MHD_HEADER_KIND, name, strlen(name), &value, &length) != MHD_YES)
		return NULL;
	return value == NULL ? "" : value;
}

static bool search_has(const struct request *request, const char *key, const char **ret_value)
{
	size_t length;

	*ret_value = NULL;
	return request->http->library->MHD_lookup_connection_value_n(request->connection,
		       MHD_GET_ARGUMENT_KIND, key, strlen(key), ret_value, &length) == MHD_YES;
}

/* ERROR_MALFORMED unless it is missing or a number. */
static int search_number(const struct request *request, const char *key, int64_t *ret_number)
{
	const char *value;

	if (!search_has(request, key, &value))
		return 0;
	if (value == NULL || strspn(value, "0123456789") != strlen(value) || value[0] == '\0' ||
		strlen(value) > 18)
		return ERROR_MALFORMED;
	*ret_number = strtoll(value, NULL, 10);
	return 0;
}

/* The argument of QUERY_ROUTES. NULL: the query string is wrong, or no memory. */
static char *search_argument(const struct request *request)
{
	static const char *const keys[] = { "kind", "neighbor", "prefix" };
	json_t *object = json_object();
	int64_t limit = -1;
	char *argument = NULL;

	if (search_number(request, "limit", &limit) != 0)
		goto out;
	if (limit >= 0)
		json_object_set_new(object, "limit", json_integer(limit));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value;

		if (!search_has(request, keys[i], &value))
			continue;
		if (value == NULL ||
			json_object_set_new(object, keys[i], json_string(value)) != 0)
			goto out; /* no UTF-8 */
	}
	argument = json_dumps(object, JSON_COMPACT);
out:
	json_decref(object);
	return argument;
}

/* ---- Events ---- */

static void stream_fill(struct request *request)
{
	const struct event_ring *ring = &request->http->api->events;
	const struct event *event;

	text_reset(&request->output);
	request->output_taken = 0;
	while (request->output.length < STREAM_BATCH_MAX &&
		(event = event_ring_after(ring, request->sequence)) != NULL) {
		text_print(&request->output,
			"id: %llu\ndata: ", (unsigned long long)event->sequence);
		text_add_bytes(&request->output, event->text, event->length);
		text_add(&request->output, "\n\n");
		request->sequence = event->sequence;
	}
}

/* libmicrohttpd asks for bytes. 0 with the connection suspended: none for now. */
static ssize_t on_stream(void *context, uint64_t position, char *buffer, size_t room)
{
	struct request *request = context;
	size_t left = request->output.length - request->output_taken;

	(void)position;
	if (left == 0) {
		stream_fill(request);
		left = request->output.length;
	}
	if (left == 0) {
		request_suspend(request);
		return 0;
	}
	if (left > room)
		left = room;
	memcpy(buffer, request->output.bytes + request->output_taken, left);
	request->output_taken += left;
	request->last_output = clock_now();
	return (ssize_t)left;
}

static enum MHD_Result begin_stream(struct request *request, uint64_t start)
{
	struct http *http = request->http;

	if (http->stream_count == STREAMS_MAX)
		return respond_error(request, 503, "full", "too many streams are open");
	http->stream_count++;
	request->state = REQUEST_STREAMING;
	request->sequence = start;
	request->last_output = clock_now();
	text_add(&request->output, "retry: 2000\n\n");
	return queue(request, 200, "text/event-stream",
		http->library->MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_stream, request, NULL));
}

static enum MHD_Result begin_events(struct request *request)
{
	const struct event_ring *ring = &request->http->api->events;
	int64_t since = 0, last = -1;
	uint64_t start;
	const char *value;
	struct text body = { 0 };

	/* A browser that comes back says where it was. */
	value = request_header(request, "Last-Event-ID");
	if (value != NULL)
		since = strtoll(value, NULL, 10);
	if (search_number(request, "since", &since) != 0 ||
		search_number(request, "last", &last) != 0)
		return respond_error(
			request, 400, "malformed", "since and last must be numbers");
	start = last < 0 ? 0 : event_ring_last(ring, (size_t)last);
	if (since > 0 && (uint64_t)since > start)
		start = (uint64_t)since;
	if (search_has(request, "follow", &value))
		return begin_stream(request, start);
	event_ring_print(ring, start, &body);
	return respond(request, 200, request->page->content_type, &body);
}

void http_event(struct http *http)
{
	if (http == NULL)
		return;
	list_for_each(node, &http->requests) {
		struct request *request = container_of(node, struct request, link);

		if (request->state == REQUEST_STREAMING)
			request_resume(request);
	}
}

/* A comment now and then shows both ends that the stream lives. */
void http_tick(struct http *http)
{
	struct instant now = clock_now();

	if (http == NULL)
		return;
	list_for_each(node, &http->requests) {
		struct request *request = container_of(node, struct request, link);

		if (request->state != REQUEST_STREAMING || !request->suspended ||
			instant_since(now, request->last_output).ns <
				duration_seconds(KEEPALIVE_SECONDS).ns)
			continue;
		text_reset(&request->output);
		request->output_taken = 0;
		text_add(&request->output, ": still here\n\n");
		request_resume(request);
	}
}

/* ---- Requests ---- */

static enum MHD_Result begin_questions(struct request *request, const char *name)
{
	const struct page *page = request->page;
	char *argument = page->searches ? search_argument(request) : strdup(name);

	if (argument == NULL)
		return respond_error(request, 400, "malformed", "the query string is wrong");
	request->state = REQUEST_ASKING;
	request->waiting = 1; /* so that a question that fails at once does not end it */
	for (size_t i = 0; i < page->question_count; i++)
		ask_one(request, i, argument);
	free(argument);
	if (--request->waiting == 0) {
		request->state = REQUEST_ANSWERED;
		return respond_answers(request);
	}
	request_suspend(request);
	return MHD_YES;
}

static enum MHD_Result begin_request(struct request *request, const char *url)
{
	const char *name;

	if (request->http->loopback && !page_host_allowed(request_header(request, "Host")))
		return respond_error(request, 403, "host",
			"ask by address or as localhost, not by this name");
	request->page = page_find(url, &name);
	if (request->page == NULL)
		return respond_error(request, 404, "not-found", "there is no such page");
	if (request->page->events)
		return begin_events(request);
	return begin_questions(request, name);
}

static struct request *request_new(struct http *http, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->http = http;
	request->connection = connection;
	list_append(&http->requests, &request->link);
	return request;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_length, void **state)
{
	struct request *request = *state;

	(void)version;
	(void)upload;
	if (request == NULL) {
		request = request_new(context, connection);
		*state = request;
		if (request == NULL)
			return MHD_NO;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return respond_error(request, 405, "read-only", "only GET and HEAD");
		return MHD_YES;
	}
	if (*upload_length > 0)
		return MHD_NO; /* invariant 1 */
	if (request->state == REQUEST_BEGUN)
		return begin_request(request, url);
	return request->state == REQUEST_ANSWERED ? respond_answers(request) : MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	*state = NULL;
	list_remove(&request->link);
	if (request->state == REQUEST_STREAMING)
		request->http->stream_count--;
	for (size_t i = 0; i < PAGE_QUESTIONS_MAX; i++) {
		ask_cancel(request->asks[i]);
		text_clear(&request->answers[i].text);
	}
	text_clear(&request->output);
	free(request);
}

/* ---- Begin and end ---- */

static bool listens_on_loopback(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} local = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof(local);
	struct address address = { 0 };

	if (getsockname(fd, &local.any, &size) != 0)
		return true;
	if (local.any.sa_family == AF_INET)
		address =
			address_from_bytes(FAMILY_IPV4, (const uint8_t *)&local.ipv4.sin_addr);
	else if (local.any.sa_family == AF_INET6)
		address = address_from_bytes(FAMILY_IPV6, local.ipv6.sin6_addr.s6_addr);
	return address_is_loopback(&address);
}

static void handle_closed(uv_handle_t *handle)
{
	struct http *http = handle->data;
	struct api *api = http->api;

	if (--http->open_handles == 0)
		free(http);
	api_handle_closed(api);
}

static int daemon_start(struct http *http, int fd, struct error *error)
{
	http->daemon = http->library->MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, http, MHD_OPTION_END);
	if (http->daemon == NULL)
		return error_set(error, ERROR_SYSTEM, "libmicrohttpd does not start");
	return 0;
}

static int handles_start(struct http *http, struct error *error)
{
	const union MHD_DaemonInfo *info =
		http->library->MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int code = info == NULL ? UV_EINVAL
				: uv_poll_init(http->api->loop, &http->poll, info->epoll_fd);

	if (code != 0)
		return error_system(error, -code, "can't watch libmicrohttpd");
	uv_timer_init(http->api->loop, &http->timer);
	http->poll.data = http->timer.data = http;
	http->open_handles = 2;
	http->api->handles += 2;
	uv_poll_start(&http->poll, UV_READABLE, on_poll);
	return 0;
}

struct http *http_start(struct api *api, int fd, struct error *error)
{
	struct http *http = calloc(1, sizeof(*http));
	int code;

	if (http == NULL) {
		close(fd);
		error_set(error, ERROR_MEMORY, "no memory for HTTP");
		return NULL;
	}
	http->api = api;
	http->loopback = listens_on_loopback(fd);
	list_init(&http->requests);
	http->library = http_library_load(error);
	code = http->library == NULL ? (int)error->code : daemon_start(http, fd, error);
	if (code != 0) {
		close(fd);
		free(http);
		return NULL;
	}
	if (handles_start(http, error) != 0) {
		http->library->MHD_stop_daemon(http->daemon); /* closes fd */
		free(http);
		return NULL;
	}
	return http;
}

void http_stop(struct http *http)
{
	if (http == NULL)
		return;
	list_for_each(node, &http->requests)
		request_resume(container_of(node, struct request, link));
	uv_poll_stop(&http->poll);
	uv_timer_stop(&http->timer);
	http->library->MHD_stop_daemon(http->daemon);
	uv_close((uv_handle_t *)&http->poll, handle_closed);
	uv_close((uv_handle_t *)&http->timer, handle_closed);
}
