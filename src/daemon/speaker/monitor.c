/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMP stations: TCP connections to them, around the pure feed of src/route/bmp_feed.c.
 *
 *     waiting (retry timer) --> connecting --> connected --(closed, error)--> waiting
 *
 * Invariants:
 *  1. A station has a link (socket and poll handle) only while it connects or is connected.
 *  2. Bytes wait in a station only when the socket refused them: at most one output's worth.
 *     All else waits in the station's queue, which has a cap.
 *  3. One turn writes at most ROUNDS outputs to a station, so that no station keeps a
 *     neighbour's keepalive waiting.
 *
 * RFC 7854 sections 3.2 and 3.3. What a station sends is read and dropped: it has nothing to
 * say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/connect.h"
#include "os/log.h"
#include "route/bmp_feed.h"

#define ROUNDS        8
#define RETRY_LEAST_S 2
#define RETRY_MOST_S  60

struct monitor_station;

/* A socket; lives until its poll handle is closed. */
struct monitor_link {
	uv_poll_t poll;
	struct monitor_station *owner; /* NULL once dropped */
	int fd;
	bool connected;
};

struct monitor_station {
	struct monitor *monitor;
	struct bmp_station *station;
	struct monitor_link *link; /* NULL: waiting */
	uv_timer_t retry;
	struct address address;
	uint16_t port;
	bool ready; /* there is output to fetch */
	bool told;  /* that it does not answer */
	uint8_t *output;
	size_t length, sent; /* of output */
};

struct monitor {
	struct speaker_process *process;
	struct bmp_feed feed;
	struct monitor_station *stations[BMP_STATIONS_MAX];
	uv_timer_t statistics;
};

static void attempt(struct monitor_station *s);

/* ---- Links. ---- */

static void link_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void link_drop(struct monitor_station *s)
{
	struct monitor_link *link = s->link;

	if (link == NULL)
		return;
	s->link = NULL;
	s->length = s->sent = 0;
	link->owner = NULL;
	uv_poll_stop(&link->poll);
	uv_close((uv_handle_t *)&link->poll, link_closed);
	close(link->fd);
}

static void on_retry(uv_timer_t *timer)
{
	attempt(timer->data);
}

static void lost(struct monitor_station *s, int number)
{
	struct instant now = clock_now(), next;
	char text[ADDRESS_TEXT_MAX];

	if (!s->told)
		log_event(LOG_WARNING, "bmp", "station %s port %u: %s",
			address_format(&s->address, text), s->port,
			number == 0 ? "it closed the connection" : strerror(number));
	s->told = true;
	link_drop(s);
	next = bmp_station_disconnected(s->station, now);
	uv_update_time(s->monitor->process->loop);
	uv_timer_start(
		&s->retry, on_retry, (uint64_t)duration_to_ms(instant_since(next, now)), 0);
}

/* ---- Output. ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void poll_update(struct monitor_station *s)
{
	bool more = !s->link->connected || s->sent < s->length || s->ready;

	uv_poll_start(&s->link->poll, UV_READABLE | (more ? UV_WRITABLE : 0), on_poll);
}

/* Send what waits. False: the connection is lost, or the socket is full. */
static bool write_pending(struct monitor_station *s)
{
	while (s->sent < s->length) {
		ssize_t sent = send(s->link->fd, s->output + s->sent, s->length - s->sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			lost(s, errno);
		if (sent < 0)
			return false;
		s->sent += (size_t)sent;
	}
	return true;
}

static void station_write(struct monitor_station *s)
{
	for (unsigned round = 0; round < ROUNDS && write_pending(s); round++) {
		s->sent = 0;
		s->length = bmp_station_output(s->station, s->output, BMP_OUTPUT_LEAST);
		s->ready = s->length > 0;
		if (!s->ready)
			break;
	}
	if (s->link != NULL)
		poll_update(s);
}

static void on_ready(void *context)
{
	struct monitor_station *s = context;

	s->ready = true;
}

void monitor_flush(struct speaker_process *process)
{
	struct monitor *monitor = process->monitor;

	for (unsigned i = 0; monitor != NULL && i < BMP_STATIONS_MAX; i++) {
		struct monitor_station *s = monitor->stations[i];

		if (s != NULL && s->ready && s->link != NULL && s->link->connected &&
			s->sent == s->length)
			station_write(s);
	}
}

/* ---- Events of the socket. ---- */

/* False: the connection is lost. */
static bool read_away(struct monitor_station *s)
{
	char bytes[4096];
	ssize_t got = recv(s->link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return true;
	lost(s, got == 0 ? 0 : errno);
	return false;
}

static void connected(struct monitor_station *s)
{
	char text[ADDRESS_TEXT_MAX];
	int status = connect_status(s->link->fd);

	if (status == EINPROGRESS)
		return;
	if (status != 0) {
		lost(s, -status);
		return;
	}
	s->link->connected = true;
	s->told = false;
	log_event(LOG_INFO, "bmp", "station %s port %u: connected",
		address_format(&s->address, text), s->port);
	bmp_station_connected(s->station, clock_now());
	station_write(s);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct monitor_link *link = poll->data;
	struct monitor_station *s = link->owner;

	if (s == NULL)
		return;
	if (!link->connected)
		connected(s);
	else if (status < 0)
		lost(s, -status);
	else if (((events & UV_READABLE) == 0 || read_away(s)) && (events & UV_WRITABLE) != 0)
		station_write(s);
}

static void attempt(struct monitor_station *s)
{
	struct monitor_link *link = calloc(1, sizeof(*link));
	int status = link == NULL ? -ENOMEM : connect_stream(&s->address, s->port, &link->fd);

	if (status < 0 || uv_poll_init(s->monitor->process->loop, &link->poll, link->fd) != 0) {
		if (status >= 0)
			close(link->fd);
		free(link);
		lost(s, status < 0 ? -status : ENOMEM);
		return;
	}
	link->poll.data = link;
	link->owner = s;
	s->link = link;
	poll_update(s);
}

/* ---- Stations come and go. ---- */

static void station_closed(uv_handle_t *handle)
{
	struct monitor_station *s = handle->data;

	free(s->output);
	free(s);
}

static void station_drop(struct monitor_station *s)
{
	link_drop(s);
	bmp_feed_remove(&s->monitor->feed, s->station);
	s->station = NULL;
	uv_timer_stop(&s->retry);
	uv_close((uv_handle_t *)&s->retry, station_closed);
}

static struct monitor_station *station_new(
	struct monitor *monitor, const struct config *config, const struct address *address)
{
	const struct bmp_station_settings settings = { .sys_name = config->site,
		.sys_descr = "nearcast " NEARCAST_VERSION,
		.retry_least = duration_seconds(RETRY_LEAST_S),
		.retry_most = duration_seconds(RETRY_MOST_S) };
	struct monitor_station *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->monitor = monitor;
	s->address = *address;
	s->port = config->bmp.port;
	s->output = malloc(BMP_OUTPUT_LEAST);
	if (s->output != NULL)
		s->station = bmp_feed_add(&monitor->feed, &settings, s, on_ready);
	if (s->station == NULL) {
		free(s->output);
		free(s);
		return NULL;
	}
	uv_timer_init(monitor->process->loop, &s->retry);
	s->retry.data = s;
	attempt(s);
	return s;
}

static bool is_wanted(const struct config *config, const struct monitor_station *s)
{
	for (size_t i = 0; i < config->bmp.station_count; i++)
		if (address_equal(&config->bmp.stations[i], &s->address))
			return s->port == config->bmp.port;
	return false;
}

static bool is_there(const struct monitor *monitor, const struct address *address)
{
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
		if (monitor->stations[i] != NULL &&
			address_equal(&monitor->stations[i]->address, address))
			return true;
	return false;
}

static void place(struct monitor *monitor, struct monitor_station *s)
{
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++) {
		if (monitor->stations[i] != NULL)
			continue;
		monitor->stations[i] = s;
		return;
	}
}

static void on_statistics(uv_timer_t *timer)
{
	struct monitor *monitor = timer->data;

	monitor->feed.now = clock_wall();
	bmp_feed_statistics(&monitor->feed);
	monitor_flush(monitor->process);
}

static void on_update(void *context, struct neighbor *neighbor, const struct bgp_frame *frame)
{
	struct monitor *monitor = context;

	monitor->feed.now = clock_wall();
	bmp_feed_update(&monitor->feed, neighbor, frame);
}

static void monitor_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void monitor_end(struct speaker_process *process)
{
	struct monitor *monitor = process->monitor;

	if (monitor == NULL)
		return;
	process->monitor = NULL;
	speaker_watch(process->speaker, NULL, NULL);
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
		if (monitor->stations[i] != NULL)
			station_drop(monitor->stations[i]);
	uv_timer_stop(&monitor->statistics);
	uv_close((uv_handle_t *)&monitor->statistics, monitor_closed);
}

static struct monitor *monitor_begin(struct speaker_process *process)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (monitor == NULL)
		return NULL;
	monitor->process = process;
	monitor->feed.speaker = process->speaker;
	monitor->feed.now = clock_wall();
	uv_timer_init(process->loop, &monitor->statistics);
	monitor->statistics.data = monitor;
	speaker_watch(process->speaker, on_update, monitor);
	return monitor;
}

void monitor_apply(struct speaker_process *process, const struct config *config)
{
	uint64_t ms = (uint64_t)duration_to_ms(config->bmp.statistics);
	struct monitor *monitor;

	if (config->bmp.station_count == 0) {
		monitor_end(process);
		return;
	}
	if (process->monitor == NULL)
		process->monitor = monitor_begin(process);
	monitor = process->monitor;
	if (monitor == NULL)
		return;
	monitor->feed.now = clock_wall();
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++) {
		if (monitor->stations[i] == NULL || is_wanted(config, monitor->stations[i]))
			continue;
		station_drop(monitor->stations[i]);
		monitor->stations[i] = NULL;
	}
	for (size_t i = 0; i < config->bmp.station_count; i++)
		if (!is_there(monitor, &config->bmp.stations[i]))
			place(monitor, station_new(monitor, config, &config->bmp.stations[i]));
	if (ms == 0)
		uv_timer_stop(&monitor->statistics);
	else
		uv_timer_start(&monitor->statistics, on_statistics, ms, ms);
}

void monitor_event(struct speaker_process *process, const struct speaker_event *event)
{
	if (process->monitor == NULL)
		return;
	process->monitor->feed.now = clock_wall();
	bmp_feed_event(&process->monitor->feed, event);
}

void monitor_terminate(struct speaker_process *process, const char *reason)
{
	struct monitor *monitor = process->monitor;

	for (unsigned i = 0; monitor != NULL && i < BMP_STATIONS_MAX; i++)
		if (monitor->stations[i] != NULL)
			bmp_station_terminate(
				monitor->stations[i]->station, BMP_TERMINATED_ADMIN, reason);
	monitor_flush(process);
}
