/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: makes a request to the service's address and judges the response. The connection is
 * made here, so that a closed port is known for certain and a PROXY header can go first; TLS
 * and HTTP are libcurl's (RFC 9110, 9112, 9113).
 *
 *     start --> connecting --> [proxy header] --> transfer --> judged
 *
 * 1. Every probe has its own connection, to the target's address whatever the host's name; no
 *    proxy of the environment, no redirect is followed, no name is looked up.
 * 2. libcurl connects the connected socket once more, and Linux says 0 to that: its own way to
 * be told (CURL_SOCKOPT_ALREADY_CONNECTED) does not work in the versions before 8.
 * 3. The descriptor is ours (state.fd) until libcurl asked for it, and libcurl's after.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/probe/check_type.h"
#include "daemon/probe/proxy_header.h"
#include "os/connect.h"

#define BODY_MAX    65536 /* bytes looked at; what comes after is not waited for */
#define HEADERS_MAX 65536 /* bytes of response headers */

struct http_state {
	struct watch watch; /* while connecting */
	struct target *target;
	int fd; /* ours; -1: none, or libcurl's */
	bool transferring;
	bool headers_end; /* the empty line after the headers was seen */
	bool enough;      /* of the body was seen: the transfer was ended by us */
	CURL *easy;       /* kept between probes, like the lists */
	struct curl_slist *headers, *connect_to;
	struct text response_headers, body;
	size_t body_length;
	char failure[CURL_ERROR_SIZE];
};

static const struct config_check_http *settings_of(const struct http_state *state)
{
	return &state->target->settings->http;
}

static const char *endpoint(const struct http_state *state)
{
	return target_endpoint(state->target, settings_of(state)->port);
}

/* Everything of the running probe; the handle and its lists stay. */
static void http_release(struct target *target, struct http_state *state)
{
	watch_end(&target->tools->poller, &state->watch);
	if (state->fd >= 0)
		connect_abort(state->fd);
	state->fd = -1;
	state->transferring = false;
	text_clear(&state->response_headers);
	text_clear(&state->body);
}

static void http_clear(struct target *target, void *state_pointer)
{
	struct http_state *state = state_pointer;
	const struct curl_library *curl = &target->tools->http.curl;

	if (state->easy != NULL)
		curl->easy_cleanup(state->easy);
	if (curl->handle != NULL) {
		curl->slist_free_all(state->headers);
		curl->slist_free_all(state->connect_to);
	}
	state->easy = NULL;
	state->headers = state->connect_to = NULL;
}

static void http_fail(struct http_state *state, int system_errno, const char *doing)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", doing, endpoint(state));
	http_release(state->target, state);
	target_failed(state->target, system_errno, text);
}

static void http_bad(struct http_state *state, const char *what)
{
	http_release(state->target, state);
	target_done(state->target, OUTCOME_BAD, "%s: %s", endpoint(state), what);
}

static bool status_expected(const struct config_check_http *settings, long status)
{
	for (size_t i = 0; i < settings->status_count; i++) {
		if (status >= settings->status[i].first && status <= settings->status[i].last)
			return true;
	}
	return false;
}

/* "200-399, 404" */
static const char *status_format(
	const struct config_check_http *settings, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < settings->status_count && used < size; i++) {
		const struct config_status_range *range = &settings->status[i];
		int length = range->first == range->last
				     ? snprintf(text + used, size - used, "%s%u",
					       i > 0 ? ", " : "", range->first)
				     : snprintf(text + used, size - used, "%s%u-%u",
					       i > 0 ? ", " : "", range->first, range->last);

		used += (size_t)length;
	}
	return text;
}

/* Is it in this line ("Name: value")? RFC 9110 section 5.1: names have no case. */
static bool header_in_line(const struct config_header *header, const char *line, size_t length)
{
	size_t name = strlen(header->name);

	return length > name && line[name] == ':' &&
	       strncasecmp(line, header->name, name) == 0 &&
	       memmem(line + name + 1, length - name - 1, header->value,
		       strlen(header->value)) != NULL;
}

static bool header_expected(const struct config_header *header, const char *lines)
{
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");

		if (header_in_line(header, lines, length))
			return true;
		lines += length + (lines[length] == '\n');
	}
	return false;
}

/* What is wrong with a whole response, or false. */
static bool response_objection(struct http_state *state, long status, char *text, size_t size)
{
	const struct config_check_http *settings = settings_of(state);
	const char *body = text_string(&state->body);
	char ranges[64];

	if (!status_expected(settings, status)) {
		snprintf(text, size, "status %ld, not %s", status,
			status_format(settings, ranges, sizeof(ranges)));
		return true;
	}
	for (size_t i = 0; i < settings->expect_header_count; i++) {
		const struct config_header *header = &settings->expect_headers[i];

		if (header_expected(header, text_string(&state->response_headers)))
			continue;
		snprintf(text, size, "status %ld, but no header \"%.64s: %.64s\"", status,
			header->name, header->value);
		return true;
	}
	if (settings->expect_body != NULL &&
		memmem(body, state->body.length, settings->expect_body,
			strlen(settings->expect_body)) == NULL) {
		snprintf(text, size, "status %ld, but \"%.64s\" is not in %s", status,
			settings->expect_body,
			state->enough ? "the first 64 KiB of the body" : "the body");
		return true;
	}
	return false;
}

static void http_judge(struct http_state *state)
{
	struct target *target = state->target;
	const struct curl_library *curl = &target->tools->http.curl;
	char objection[RECORD_EVIDENCE_MAX];
	long status = 0, version = 0;

	if (!state->headers_end) {
		http_bad(state, "the response ended before its headers did");
		return;
	}
	curl->easy_getinfo(state->easy, CURLINFO_RESPONSE_CODE, &status);
	curl->easy_getinfo(state->easy, CURLINFO_HTTP_VERSION, &version);
	if (settings_of(state)->version == HTTP_2 && version != CURL_HTTP_VERSION_2_0) {
		http_bad(state, "speaks HTTP/1.1, not HTTP/2");
		return;
	}
	if (response_objection(state, status, objection, sizeof(objection))) {
		http_bad(state, objection);
		return;
	}
	http_release(target, state);
	target_done(target, OUTCOME_GOOD, "HTTP/%s status %ld from %s in %s",
		version == CURL_HTTP_VERSION_2_0 ? "2" : "1.1", status, endpoint(state),
		target_elapsed(target));
}

/* What is wrong on our own side says nothing about the service. */
static bool failure_is_ours(CURLcode result)
{
	static const CURLcode ours[] = { CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT,
		CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ENGINE_NOTFOUND, CURLE_BAD_FUNCTION_ARGUMENT };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (result == ours[i])
			return true;
	}
	return false;
}

static void http_ended(void *context, CURLcode result)
{
	struct http_state *state = context;
	struct target *target = state->target;
	const char *text;

	state->transferring = false;
	if (result == CURLE_OK || (result == CURLE_WRITE_ERROR && state->enough)) {
		http_judge(state);
		return;
	}
	text = state->failure[0] != '\0' ? state->failure
					 : target->tools->http.curl.easy_strerror(result);
	if (!failure_is_ours(result)) {
		http_bad(state, text);
		return;
	}
	http_release(target, state);
	target_done(target, OUTCOME_UNKNOWN, "cannot check: %s", text);
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http_state *state = context;
	size_t length = size * count;

	state->target->waiting_for = "the rest of the response";
	state->headers_end |= length == 2 && memcmp(bytes, "\r\n", 2) == 0;
	/* A new status line: what came before was interim (RFC 9110 section 15.2). */
	if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		text_reset(&state->response_headers);
		state->headers_end = false;
	}
	if (state->response_headers.length + length > HEADERS_MAX)
		return 0;
	text_add_bytes(&state->response_headers, bytes, length);
	return state->response_headers.failed ? 0 : length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http_state *state = context;
	size_t length = size * count, kept = BODY_MAX - state->body_length;

	if (kept > length)
		kept = length;
	state->body_length += kept;
	if (settings_of(state)->expect_body != NULL) {
		text_add_bytes(&state->body, bytes, kept);
		if (state->body.failed)
			return 0;
	}
	state->enough = state->body_length == BODY_MAX;
	return state->enough ? 0 : length;
}

static curl_socket_t give_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_state *state = context;
	int fd = state->fd;

	(void)purpose;
	(void)address;
	state->fd = -1;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* The response is here, or nobody waits for it: leave nothing in TIME_WAIT. */
static int close_socket(void *context, curl_socket_t fd)
{
	(void)context;
	connect_abort(fd);
	return 0;
}

/* The name in the URL is also what SNI says and what the certificate must hold. */
static void url_format(const struct http_state *state, char *url, size_t size)
{
	const struct config_check_http *settings = settings_of(state);
	const char *name = settings->sni != NULL ? settings->sni : settings->host;
	char address[ADDRESS_TEXT_MAX + 2], text[ADDRESS_TEXT_MAX];
	/* A port in the Host header is no part of the name. */
	int length = name == NULL ? 0 : (int)strcspn(name, ":");

	address_format(&state->target->address, text);
	snprintf(address, sizeof(address),
		state->target->address.family == FAMILY_IPV6 ? "[%s]" : "%s", text);
	if (name == NULL || length == 0) {
		name = address;
		length = (int)strlen(address);
	}
	snprintf(url, size, "%s://%.*s:%u%s", settings->tls ? "https" : "http", length, name,
		settings->port, settings->path);
}

static bool list_add(
	const struct curl_library *curl, struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl->slist_append(*list, text);

	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

static bool headers_list(struct http_state *state, const struct curl_library *curl)
{
	const struct config_check_http *settings = settings_of(state);
	char line[2048];

	if (settings->host != NULL) {
		snprintf(line, sizeof(line), "Host: %s", settings->host);
		if (!list_add(curl, &state->headers, line))
			return false;
	}
	for (size_t i = 0; i < settings->request_header_count; i++) {
		const struct config_header *header = &settings->request_headers[i];

		/* libcurl's way to say a header without a value. */
		snprintf(line, sizeof(line), header->value[0] == '\0' ? "%s;" : "%s: %s",
			header->name, header->value);
		if (!list_add(curl, &state->headers, line))
			return false;
	}
	/* "::ADDRESS:PORT": connect there, whatever the URL says. */
	snprintf(line, sizeof(line), "::%s", endpoint(state));
	return list_add(curl, &state->connect_to, line);
}

static long version_of(const struct config_check_http *settings)
{
	if (settings->version == HTTP_1_1)
		return CURL_HTTP_VERSION_1_1;
	return settings->tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

static void connection_options(struct http_state *state, const struct curl_library *curl)
{
	const struct config_check_http *settings = settings_of(state);
	CURL *easy = state->easy;

	curl->easy_setopt(easy, CURLOPT_CONNECT_TO, state->connect_to);
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
	curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, state);
	curl->easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings->verify ? 1L : 0L);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings->verify ? 2L : 0L);
	curl->easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (settings->ca_file != NULL)
		curl->easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
}

static void request_options(struct http_state *state, const struct curl_library *curl)
{
	const struct config_check_http *settings = settings_of(state);
	CURL *easy = state->easy;
	char url[2560];

	url_format(state, url, sizeof(url));
	curl->easy_setopt(easy, CURLOPT_URL, url);
	curl->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "nearcast/" NEARCAST_VERSION);
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, state->headers);
	if (strcmp(settings->method, "HEAD") == 0)
		curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, settings->method);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, state);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, state);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, state->failure);
	curl->easy_setopt(easy, CURLOPT_PRIVATE, state);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, 16384L);
}

/* The handle, made for the first probe of the target. */
static bool http_prepare(struct http_state *state, struct error *error)
{
	struct probe_tools *tools = state->target->tools;
	const struct curl_library *curl = &tools->http.curl;

	if (http_room_open(&tools->http, &tools->poller, &tools->schedule, http_ended, error) !=
		0)
		return false;
	if (state->easy != NULL)
		return true;
	state->easy = curl->easy_init();
	if (state->easy == NULL || !headers_list(state, curl)) {
		http_clear(state->target, state);
		error_set(error, ERROR_MEMORY, "no memory");
		return false;
	}
	if (curl->easy_setopt(state->easy, CURLOPT_HTTP_VERSION,
		    version_of(settings_of(state))) != CURLE_OK) {
		http_clear(state->target, state);
		error_set(error, ERROR_UNSUPPORTED, "this libcurl is built without HTTP/2");
		return false;
	}
	connection_options(state, curl);
	request_options(state, curl);
	return true;
}

static bool proxy_greet(struct http_state *state)
{
	const struct config_check_http *settings = settings_of(state);
	struct sockaddr_storage storage = { 0 };
	socklen_t size = sizeof(storage);
	uint8_t header[PROXY_HEADER_MAX];
	struct address source;
	uint16_t port;
	size_t length;

	if (settings->proxy_protocol == PROXY_NONE)
		return true;
	if (getsockname(state->fd, (struct sockaddr *)&storage, &size) != 0) {
		http_fail(state, errno, "source address towards");
		return false;
	}
	source = connect_address(&storage, &port);
	length = proxy_header_build(settings->proxy_protocol, &source, port,
		&state->target->address, settings->port, header);
	/* A fresh connection has room for more than this. */
	if (send(state->fd, header, length, MSG_NOSIGNAL) == (ssize_t)length)
		return true;
	http_fail(state, errno, "send to");
	return false;
}

static void http_connected(struct http_state *state)
{
	struct target *target = state->target;

	watch_end(&target->tools->poller, &state->watch);
	if (!proxy_greet(state))
		return;
	target->waiting_for = "the response";
	state->transferring = true;
	if (http_room_begin(&target->tools->http, state->easy) != 0) {
		http_release(target, state);
		target_done(target, OUTCOME_UNKNOWN, "cannot check: no memory");
	}
}

static void http_ready(struct watch *watch, uint32_t events)
{
	struct http_state *state = container_of(watch, struct http_state, watch);
	int status = connect_status(state->fd);

	(void)events;
	if (status == 0)
		http_connected(state);
	else if (status < 0)
		http_fail(state, -status, "connect to");
}

static void http_start(struct target *target, void *state_pointer)
{
	struct http_state *state = state_pointer;
	struct error error = { 0 };
	char text[128];
	int status;

	state->target = target;
	state->watch.ready = http_ready;
	state->fd = -1;
	state->headers_end = state->enough = false;
	state->body_length = 0;
	state->failure[0] = '\0';
	if (!http_prepare(state, &error)) {
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s", error.text);
		return;
	}
	target->waiting_for = "the connection";
	status = connect_stream(&target->address, settings_of(state)->port, &state->fd);
	if (status < 0) {
		state->fd = -1;
		snprintf(text, sizeof(text), "connect to %s", endpoint(state));
		target_failed(target, -status, text);
		return;
	}
	if (status == 0) {
		http_connected(state);
		return;
	}
	status = watch_begin(&target->tools->poller, &state->watch, state->fd, EPOLLOUT);
	if (status != 0)
		http_fail(state, -status, "watch");
}

static void http_cancel(struct target *target, void *state_pointer)
{
	struct http_state *state = state_pointer;
	const struct http_room *room = &target->tools->http;
	curl_off_t handshake_us = 0;

	if (state->transferring) {
		room->curl.easy_getinfo(state->easy, CURLINFO_APPCONNECT_TIME_T, &handshake_us);
		if (settings_of(state)->tls && handshake_us == 0)
			target->waiting_for = "the TLS handshake";
		http_room_cancel(&target->tools->http, state->easy);
	}
	http_release(target, state);
}

const struct check_type check_http_type = {
	.name = "http",
	.size = sizeof(struct http_state),
	.local_only = true,
	.start = http_start,
	.cancel = http_cancel,
	.clear = http_clear,
};
