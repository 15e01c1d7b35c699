/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's event interface on our poller and schedule: what all http checks share. */
#ifndef NEARCAST_DAEMON_PROBE_HTTP_ROOM_H
#define NEARCAST_DAEMON_PROBE_HTTP_ROOM_H

#include <stdbool.h>

#include "base/error.h"
#include "base/list.h"
#include "daemon/probe/curl_library.h"
#include "daemon/probe/schedule.h"

struct http_room {
	struct curl_library curl;
	CURLM *multi; /* NULL: not begun */
	struct poller *poller;
	struct schedule *schedule;
	struct alarm timer;
	/* A transfer ended and its handle was taken off; context is its CURLOPT_PRIVATE. */
	void (*ended)(void *context, CURLcode result);
};

/* Loads libcurl and begins. Again after a success: nothing to do. 0 or ERROR_UNSUPPORTED,
 * ERROR_MEMORY. */
int http_room_open(struct http_room *room, struct poller *poller, struct schedule *schedule,
	void (*ended)(void *context, CURLcode result), struct error *error);
/* All transfers must be off. Zero-initialised is fine. */
void http_room_close(struct http_room *room);

/* Begin the transfer. 0 or ERROR_MEMORY. ended() may be called from within. */
int http_room_begin(struct http_room *room, CURL *easy);
/* Give it up: ended() is not called. */
void http_room_cancel(struct http_room *room, CURL *easy);

#endif
