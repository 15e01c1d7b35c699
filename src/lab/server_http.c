/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 of the lab's server: libmicrohttpd inside the loop of libuv. We accept, so that one
 * daemon serves every address; it shows its epoll descriptor and its timeout.
 *
 * Invariants:
 *  1. Only GET and HEAD, without a body.
 *  2. under_way is the number of requests that began and have not been completed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/api/http_library.h"
#include "lab/server_internal.h"

#define CONNECTIONS_MAX 1024u
#define MEMORY_MAX      8192u /* bytes a connection */
#define TIMEOUT_SECONDS 15u
#define CONTENT_BLOCK   65536u

struct server_http {
	const struct http_library *library;
	struct MHD_Daemon *daemon;
	struct server *server;
	uv_poll_t poll; /* libmicrohttpd's epoll */
	uv_timer_t timer;
	uv_poll_t listeners[SERVER_ADDRESSES_MAX];
	int listener_fds[SERVER_ADDRESSES_MAX];
	size_t listener_count;
	uint64_t under_way;
};

/* ---- Running it ---- */

static void http_run(struct server_http *http);

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

static void http_run(struct server_http *http)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	http->library->MHD_run(http->daemon);
	if (http->library->MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES)
		uv_timer_start(&http->timer, on_timer, timeout_ms, 0);
	else
		uv_timer_stop(&http->timer);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct server_http *http = poll->data;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int fd, listener = http->listener_fds[poll - http->listeners];

	(void)status;
	(void)events;
	while ((fd = accept4(listener, (struct sockaddr *)&peer, &size,
			SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		/* It closes what it does not take. */
		(void)http->library->MHD_add_connection(
			http->daemon, fd, (const struct sockaddr *)&peer, size);
		size = sizeof(peer);
	}
	http_run(http);
}

/* ---- Answers ---- */

static enum MHD_Result respond(struct server_http *http, struct MHD_Connection *connection,
	unsigned status, const char *type, struct MHD_Response *response)
{
	const struct http_library *library = http->library;
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	(void)library->MHD_add_response_header(response, "X-Site", http->server->options->name);
	(void)library->MHD_add_response_header(response, "Cache-Control", "no-store");
	(void)library->MHD_add_response_header(response, "Content-Type", type);
	result = library->MHD_queue_response(connection, status, response);
	library->MHD_destroy_response(response);
	if (result == MHD_YES)
		server_count(&http->server->counters->http_answers, 1);
	return result;
}

static enum MHD_Result respond_text(struct server_http *http, struct MHD_Connection *connection,
	unsigned status, const char *type, struct text *body)
{
	struct MHD_Response *response;

	if (body->failed) {
		text_clear(body);
		return MHD_NO;
	}
	server_count(&http->server->counters->http_bytes, body->length);
	response = http->library->MHD_create_response_from_buffer(
		body->length, body->bytes, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		text_clear(body);
	return respond(http, connection, status, type, response);
}

static enum MHD_Result answer_name(struct server_http *http, struct MHD_Connection *connection)
{
	struct text body = { 0 };

	text_print(&body, "%s\n", http->server->options->name);
	return respond_text(http, connection, 200, "text/plain", &body);
}

static enum MHD_Result answer_health(
	struct server_http *http, struct MHD_Connection *connection)
{
	bool unwell = http->server->unwell;
	struct text body = { 0 };

	text_add(&body, unwell ? "unwell\n" : "ok\n");
	return respond_text(http, connection, unwell ? 503 : 200, "text/plain", &body);
}

static enum MHD_Result answer_counters(
	struct server_http *http, struct MHD_Connection *connection)
{
	struct text body = { 0 };

	server_counters_print(http->server->counters, &body);
	return respond_text(http, connection, 200, "application/json", &body);
}

static enum MHD_Result answer_error(struct server_http *http, struct MHD_Connection *connection,
	unsigned status, const char *what)
{
	struct text body = { 0 };

	text_print(&body, "%s\n", what);
	return respond_text(http, connection, status, "text/plain", &body);
}

/* Whatever was asked for is made of full stops. */
static ssize_t make_content(void *context, uint64_t position, char *buffer, size_t room)
{
	struct server_http *http = context;

	(void)position;
	memset(buffer, '.', room);
	server_count(&http->server->counters->http_bytes, room);
	return (ssize_t)room;
}

/* False: no number, or too large. */
static bool content_size(
	struct server_http *http, struct MHD_Connection *connection, uint64_t *ret_size)
{
	const char *value = NULL;
	char *end;
	size_t length;

	if (http->library->MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND,
		    "bytes", strlen("bytes"), &value, &length) != MHD_YES ||
		value == NULL || value[0] < '0' || value[0] > '9')
		return false;
	*ret_size = strtoull(value, &end, 10);
	return *end == '\0' && *ret_size <= SERVER_CONTENT_MAX;
}

static enum MHD_Result answer_content(
	struct server_http *http, struct MHD_Connection *connection)
{
	uint64_t size;

	if (!content_size(http, connection, &size))
		return answer_error(
			http, connection, 400, "say how much: /content?bytes=N, at most 2^30");
	return respond(http, connection, 200, "text/plain",
		http->library->MHD_create_response_from_callback(
			size, CONTENT_BLOCK, make_content, http, NULL));
}

static const struct page {
	const char *path;
	enum MHD_Result (*answer)(struct server_http *http, struct MHD_Connection *connection);
} pages[] = {
	{ "/", answer_name },
	{ "/content", answer_content },
	{ "/health", answer_health },
	{ "/counters", answer_counters },
};

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_length, void **state)
{
	struct server_http *http = context;

	(void)version;
	(void)upload;
	if (*state == NULL) {
		*state = http; /* anything but NULL: this request has begun */
		http->under_way++;
		server_count(&http->server->counters->http_requests, 1);
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return answer_error(http, connection, 405, "only GET and HEAD");
		return MHD_YES;
	}
	if (*upload_length > 0)
		return MHD_NO; /* invariant 1 */
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(url, pages[i].path) == 0)
			return pages[i].answer(http, connection);
	}
	return answer_error(http, connection, 404, "there is no such page");
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct server_http *http = context;

	(void)connection;
	(void)code;
	if (*state != NULL)
		http->under_way--;
	*state = NULL;
}

/* ---- Begin and end ---- */

static int daemon_start(struct server_http *http, struct error *error)
{
	const union MHD_DaemonInfo *info;
	int r;

	http->library = http_library_load(error);
	if (http->library == NULL)
		return ERROR_UNSUPPORTED;
	http->daemon = http->library->MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET,
		0, NULL, NULL, on_request, http, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, http, MHD_OPTION_END);
	if (http->daemon == NULL)
		return error_set(error, ERROR_SYSTEM, "libmicrohttpd does not start");
	info = http->library->MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	r = info == NULL ? UV_EINVAL
			 : uv_poll_init(&http->server->loop, &http->poll, info->epoll_fd);
	if (r != 0)
		return error_system(error, -r, "can't watch libmicrohttpd");
	uv_timer_init(&http->server->loop, &http->timer);
	http->poll.data = http->timer.data = http;
	uv_poll_start(&http->poll, UV_READABLE, on_poll);
	return 0;
}

static int listener_start(
	struct server_http *http, const struct address *address, struct error *error)
{
	size_t i = http->listener_count;
	int r = server_socket(address, http->server->options->http_port, SOCK_STREAM,
		&http->listener_fds[i], error);

	if (r != 0)
		return r;
	r = uv_poll_init(&http->server->loop, &http->listeners[i], http->listener_fds[i]);
	if (r != 0)
		return error_system(error, -r, "can't watch a listener");
	http->listeners[i].data = http;
	http->listener_count++;
	uv_poll_start(&http->listeners[i], UV_READABLE, on_connection);
	return 0;
}

int server_http_start(struct server *server, struct error *error)
{
	const struct server_options *options = server->options;
	struct server_http *http = calloc(1, sizeof(*http));
	int r;

	if (http == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for HTTP");
	server->http = http;
	http->server = server;
	r = daemon_start(http, error);
	for (size_t i = 0; r == 0 && i < options->address_count; i++)
		r = listener_start(http, &options->addresses[i], error);
	return r;
}

void server_http_drain(struct server *server)
{
	struct server_http *http = server->http;

	for (size_t i = 0; http != NULL && i < http->listener_count; i++) {
		uv_poll_stop(&http->listeners[i]);
		uv_close((uv_handle_t *)&http->listeners[i], NULL);
		close(http->listener_fds[i]);
	}
}

bool server_http_idle(const struct server *server)
{
	return server->http == NULL || server->http->under_way == 0;
}

void server_http_stop(struct server *server)
{
	if (server->http == NULL || server->http->daemon == NULL)
		return;
	uv_poll_stop(&server->http->poll);
	uv_timer_stop(&server->http->timer);
	server->http->library->MHD_stop_daemon(server->http->daemon);
	server->http->daemon = NULL;
}
