/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The api process: answers people and programs over two control sockets and HTTP, by asking
 * main and the speaker. It holds no privilege and no state but the last events.
 *
 *     client --line--> server.c --+                     +--QUERY--> main
 *     browser --GET--> http.c ----+--> ask.c ---------->+
 *                                 +<-- (REPLY parts) ---+--QUERY--> speaker
 *     main --EVENT--> events.c --> server.c, http.c: whoever follows
 */
#ifndef NEARCAST_DAEMON_API_API_H
#define NEARCAST_DAEMON_API_API_H

#include <uv.h>

#include "base/list.h"
#include "daemon/api/events.h"
#include "daemon/process.h"
#include "os/channel.h"

struct api;
struct ask;
struct http;
struct listener;

struct api {
	uv_loop_t *loop;
	struct channel *main_channel, *speaker_channel; /* NULL: not there (any more) */
	uv_timer_t heartbeat;
	struct event_ring events;
	struct list asks; /* struct ask, oldest first */
	size_t ask_count;
	uint64_t ask_last;             /* the last id that was given */
	struct listener *listeners[2]; /* control, read-only; NULL: none */
	struct list clients;           /* struct client of server.c */
	size_t client_counts[2];       /* by listener */
	unsigned looks_left;           /* read-only questions, until the next second */
	struct http *http;             /* NULL: not running */
	int http_fd;                   /* listening socket that waits for http to run; -1 */
	bool http_enabled;
	char site[RECORD_NAME_MAX];
	bool stopping;
	unsigned handles; /* that are still to be closed before this is freed */
	void (*done)(void *context);
	void *done_context;
};

/* ---- process.c ---- */

/* Call when a handle whose owner counted it in api->handles is closed. */
void api_handle_closed(struct api *api);

/* ---- ask.c: questions to main and the speaker. ---- */

/* code 0: text is the JSON document; else an enum error_code, and text is a sentence for
 * people. Called once, never before api_ask has returned. text is valid during the call. */
typedef void ask_done(void *context, int code, const char *text, size_t length);

struct question {
	enum process whom; /* PROCESS_MAIN or PROCESS_SPEAKER */
	enum query query;
	const char *argument; /* "" for none */
	bool read_only;
	uint32_t timeout_ms;
};

/* NULL with *error filled: there is nobody to ask, too many questions wait, no memory. */
struct ask *api_ask(struct api *api, const struct question *question, ask_done *done,
	void *context, struct error *error);
/* done will not be called. NULL is fine. */
void ask_cancel(struct ask *ask);
/* A reply came from a process. */
void asks_reply(struct api *api, enum process from, const struct record_reply *reply);
/* A process is gone: its questions fail. */
void asks_lost(struct api *api, enum process whom);
/* End what waited too long. */
void asks_tick(struct api *api);
void asks_clear(struct api *api);

/* ---- server.c: the control sockets. ---- */

/* Take over a listening Unix socket; replaces the one before. */
int server_listen(struct api *api, int fd, bool read_only, struct error *error);
/* A new event is in the ring: write it to those who follow. */
void server_event(struct api *api);
/* Once a second. */
void server_tick(struct api *api);
void server_stop(struct api *api);

/* ---- http.c ---- */

/* Take over a listening TCP socket and serve on it until http_stop. NULL: error is filled and
 * fd is closed. */
struct http *http_start(struct api *api, int fd, struct error *error);
void http_event(struct http *http);
/* Once a second. */
void http_tick(struct http *http);
/* Ends all connections. NULL is fine, here and in the two before. */
void http_stop(struct http *http);

#endif
