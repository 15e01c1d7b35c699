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
 *  2. A suspended connection is resumed when its answers are there, at each event, now and then
 *     while there are none, and before the end (libmicrohttpd insists).
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/api/http_request.h"

#define CONNECTIONS_MAX 64u
#define MEMORY_MAX      16384u /* a connection: headers and more */
#define TIMEOUT_SECONDS 15u

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

void request_suspend(struct request *request)
{
	request->suspended = true;
	request->http->library->MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
	struct http *http = request->http;

	if (!request->suspended)
		return;
	request->suspended = false;
	http->library->MHD_resume_connection(request->connection);
	uv_timer_start(&http->timer, on_timer, 0, 0);
}

/* ---- Requests ---- */

const char *request_header(const struct request *request, const char *name)
{
	const char *value = NULL;
	size_t length;

	if (request->http->library->MHD_lookup_connection_value_n(request->connection,
		    MHD_HEADER_KIND, name, strlen(name), &value, &length) != MHD_YES)
		return NULL;
	return value == NULL ? "" : value;
}

static enum MHD_Result begin_request(struct request *request, const char *url)
{
	const char *name;

	if (request->http->loopback && !page_host_allowed(request_header(request, "Host")))
		return answer_error(request, 403, "host",
			"ask by address or as localhost, not by this name");
	request->page = page_find(url, &name);
	if (request->page == NULL)
		return answer_error(request, 404, "not-found", "there is no such page");
	if (request->page->events)
		return answer_events(request);
	return answer_questions(request, name);
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
			return answer_error(request, 405, "read-only", "only GET and HEAD");
		return MHD_YES;
	}
	if (*upload_length > 0)
		return MHD_NO; /* invariant 1 */
	if (request->state == REQUEST_BEGUN)
		return begin_request(request, url);
	return request->state == REQUEST_ANSWERED ? answer_ready(request) : MHD_YES;
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
