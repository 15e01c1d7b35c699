/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers an HTTP request: a page from answers of main and the speaker, a list of events
 * or a stream of them, or one sentence about what is wrong.
 *
 * Invariants:
 *  1. Each response takes its text over; none is sent twice.
 *  2. A stream holds no events of its own: it reads the ring, and a reader that is too slow
 *     misses some, which the sequence numbers show.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api/http_request.h"
#include "os/clock.h"

#define STREAMS_MAX         32u
#define KEEPALIVE_SECONDS   15
#define QUESTION_TIMEOUT_MS 10000u
#define STREAM_BLOCK        8192u
#define STREAM_BATCH_MAX    65536u /* bytes made at once from the ring */

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

enum MHD_Result answer_error(
	struct request *request, unsigned status, const char *code, const char *message)
{
	struct text body = { 0 };

	page_print_error(code, message, &body);
	return respond(request, status, "application/json", &body);
}

enum MHD_Result answer_ready(struct request *request)
{
	const struct page *page = request->page;
	struct text body = { 0 };
	unsigned status = 200;

	for (size_t i = 0; i < page->question_count; i++) {
		const struct page_answer *answer = &request->answers[i];

		if (answer->code != 0 && !page->questions[i].optional)
			return answer_error(request, page_status(answer->code),
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

/* ---- The query string ---- */

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

/* ---- Questions ---- */

enum MHD_Result answer_questions(struct request *request, const char *name)
{
	const struct page *page = request->page;
	char *argument = page->searches ? search_argument(request) : strdup(name);

	if (argument == NULL)
		return answer_error(request, 400, "malformed", "the query string is wrong");
	request->state = REQUEST_ASKING;
	request->waiting = 1; /* so that a question that fails at once does not end it */
	for (size_t i = 0; i < page->question_count; i++)
		ask_one(request, i, argument);
	free(argument);
	if (--request->waiting == 0) {
		request->state = REQUEST_ANSWERED;
		return answer_ready(request);
	}
	request_suspend(request);
	return MHD_YES;
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
		return answer_error(request, 503, "full", "too many streams are open");
	http->stream_count++;
	request->state = REQUEST_STREAMING;
	request->sequence = start;
	request->last_output = clock_now();
	text_add(&request->output, "retry: 2000\n\n");
	return queue(request, 200, "text/event-stream",
		http->library->MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_stream, request, NULL));
}

enum MHD_Result answer_events(struct request *request)
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
		return answer_error(
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
