/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests, as http.c (what comes in, and which page is meant) and http_answer.c (what
 * goes out) share them.
 */
#ifndef NEARCAST_DAEMON_API_HTTP_REQUEST_H
#define NEARCAST_DAEMON_API_HTTP_REQUEST_H

#include "daemon/api/api.h"
#include "daemon/api/http_library.h"
#include "daemon/api/page.h"

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

/* ---- http.c ---- */

/* No more of this request until request_resume, which may come before. */
void request_suspend(struct request *request);
void request_resume(struct request *request);
/* The value of a header; "" without one; NULL: there is no such header. */
const char *request_header(const struct request *request, const char *name);

/* ---- http_answer.c: each queues a response or begins to work for one. MHD_NO: the connection
 * has to be closed. ---- */

enum MHD_Result answer_error(
	struct request *request, unsigned status, const char *code, const char *message);
/* Ask main and the speaker what request->page shows; name: of one object, or "". */
enum MHD_Result answer_questions(struct request *request, const char *name);
/* They have answered (REQUEST_ANSWERED). */
enum MHD_Result answer_ready(struct request *request);
/* What happened: a list, or with `follow` a stream. */
enum MHD_Result answer_events(struct request *request);

#endif
