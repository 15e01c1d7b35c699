/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl says which descriptors it waits for and when it wants to be called; we tell it when
 * something happened, and it tells which transfers ended.
 *
 * 1. No function of libcurl is called from within its callbacks but multi_assign, made for
 * that.
 * 2. libcurl takes a descriptor back (CURL_POLL_REMOVE) before it closes it, so that no watch
 *    outlives its descriptor.
 */
#include <stdlib.h>

#include "daemon/probe/http_room.h"
#include "os/clock.h"

struct http_watch {
	struct watch watch;
	struct http_room *room;
};

static void ended_tell(struct http_room *room)
{
	CURLMsg *message;
	int left;

	while ((message = room->curl.multi_info_read(room->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;
		char *context = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		room->curl.easy_getinfo(easy, CURLINFO_PRIVATE, &context);
		room->curl.multi_remove_handle(room->multi, easy);
		room->ended(context, result);
	}
}

static void room_action(struct http_room *room, curl_socket_t fd, int happened)
{
	int running;

	room->curl.multi_socket_action(room->multi, fd, happened, &running);
	ended_tell(room);
}

static void watch_ready(struct watch *watch, uint32_t events)
{
	struct http_room *room = container_of(watch, struct http_watch, watch)->room;
	int happened = 0;

	if ((events & EPOLLIN) != 0)
		happened |= CURL_CSELECT_IN;
	if ((events & EPOLLOUT) != 0)
		happened |= CURL_CSELECT_OUT;
	if ((events & (EPOLLERR | EPOLLHUP)) != 0)
		happened |= CURL_CSELECT_ERR;
	room_action(room, watch->fd, happened);
}

static void timer_ring(struct alarm *alarm, struct instant now)
{
	(void)now;
	room_action(container_of(alarm, struct http_room, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wanted(CURLM *multi, long timeout_ms, void *context)
{
	struct http_room *room = context;

	(void)multi;
	alarm_set(room->schedule, &room->timer,
		timeout_ms < 0 ? INSTANT_NEVER
			       : instant_add(clock_now(), duration_ms(timeout_ms)));
	return 0;
}

static void socket_forget(struct http_room *room, struct http_watch *watch)
{
	if (watch == NULL)
		return;
	watch_end(room->poller, &watch->watch);
	free(watch);
}

static int socket_wanted(
	CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct http_room *room = context;
	struct http_watch *watch = socket_context;
	uint32_t events = what == CURL_POLL_IN    ? EPOLLIN
			  : what == CURL_POLL_OUT ? EPOLLOUT
						  : EPOLLIN | EPOLLOUT;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		socket_forget(room, watch);
		return 0;
	}
	if (watch != NULL)
		return watch_change(room->poller, &watch->watch, events) == 0 ? 0 : -1;
	watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return -1;
	watch->room = room;
	watch->watch.ready = watch_ready;
	if (watch_begin(room->poller, &watch->watch, fd, events) != 0) {
		free(watch);
		return -1;
	}
	room->curl.multi_assign(room->multi, fd, watch);
	return 0;
}

int http_room_open(struct http_room *room, struct poller *poller, struct schedule *schedule,
	void (*ended)(void *context, CURLcode result), struct error *error)
{
	const struct curl_library *curl = &room->curl;
	int status;

	if (room->multi != NULL)
		return 0;
	if (curl->handle == NULL) {
		status = curl_library_load(&room->curl, error);
		if (status != 0)
			return status;
	}
	room->poller = poller;
	room->schedule = schedule;
	room->ended = ended;
	room->multi = curl->multi_init();
	if (room->multi == NULL || alarm_add(schedule, &room->timer, timer_ring) != 0) {
		if (room->multi != NULL)
			curl->multi_cleanup(room->multi);
		room->multi = NULL;
		return error_set(error, ERROR_MEMORY, "no memory for http checks");
	}
	curl->multi_setopt(room->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl->multi_setopt(room->multi, CURLMOPT_SOCKETDATA, room);
	curl->multi_setopt(room->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl->multi_setopt(room->multi, CURLMOPT_TIMERDATA, room);
	/* Every probe makes its own connection. */
	curl->multi_setopt(room->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl->multi_setopt(room->multi, CURLMOPT_MAXCONNECTS, 1L);
	return 0;
}

void http_room_close(struct http_room *room)
{
	if (room->multi == NULL)
		return;
	room->curl.multi_cleanup(room->multi);
	room->multi = NULL;
	alarm_remove(room->schedule, &room->timer);
}

int http_room_begin(struct http_room *room, CURL *easy)
{
	if (room->curl.multi_add_handle(room->multi, easy) != CURLM_OK)
		return ERROR_MEMORY;
	/* It asked for its timer at once: spare it a turn of the loop. */
	room_action(room, CURL_SOCKET_TIMEOUT, 0);
	return 0;
}

void http_room_cancel(struct http_room *room, CURL *easy)
{
	room->curl.multi_remove_handle(room->multi, easy);
}
