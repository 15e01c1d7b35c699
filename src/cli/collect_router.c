/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One router that tells us by BMP what its neighbours say.
 *
 *     socket -> wire/bmp -> wire/bmp_mrt -> record -> file
 *                                             `-> wire/mrt_reader -> table
 *
 * Invariants:
 *  1. What is in the table is what reading the files would give: it is built from the records.
 *  2. A table is written by a child that has it as it was at the fork; nothing waits for it.
 *  3. A stream that is no BMP any more ends the connection: no later byte can be trusted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/collect.h"
#include "os/clock.h"
#include "wire/mrt_write.h"

#define READS 16 /* of a turn, so that no router keeps the others waiting */

/* ---- Records. ---- */

static bool is_wanted(void *context, const struct mrt_route *route)
{
	(void)context;
	return route->safi == BGP_SAFI_UNICAST;
}

static int on_route(void *context, const struct mrt_route *route)
{
	struct collect_router *router = context;

	return route->safi == BGP_SAFI_UNICAST ? mrt_table_take(&router->table, route) : 0;
}

static int on_state(
	void *context, const struct mrt_record *record, const struct mrt_message *message)
{
	struct collect_router *router = context;
	struct mrt_peer peer = { .asn = message->peer_asn, .address = message->peer };

	(void)record;
	if (message->new_state != MRT_STATE_ESTABLISHED)
		mrt_table_drop(&router->table, &peer);
	return 0;
}

/* The record as it was written, into the table. */
static int table_learn(
	struct collect_router *router, struct wall_time time, const struct mrt_message *message)
{
	static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX + 128];
	const struct mrt_sink sink = { router, is_wanted, on_route, on_state, NULL, NULL };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct mrt_record record;

	if (mrt_message_write(&w, time, message) != 0 || w.failed ||
		mrt_frame_read(bytes, writer_length(&w), &record) != MRT_FRAME_WHOLE)
		return 0;
	return mrt_reader_read(&router->reader, &record, &sink);
}

static void session_tell(struct collect_router *router, const struct mrt_message *message)
{
	bool up = message->new_state == MRT_STATE_ESTABLISHED;
	char text[ADDRESS_TEXT_MAX];

	collect_tell(router->collect, router, up ? "session_up" : "session_down",
		"session with %s (AS %u) %s", address_format(&message->peer, text),
		message->peer_asn, up ? "is up" : "ended");
}

static int on_message(void *context, struct wall_time time, const struct mrt_message *message)
{
	struct collect_router *router = context;
	struct error error = { 0 };
	int code = collect_files_put(&router->files, clock_wall(), time, message, &error);

	if (code != 0) {
		router->collect->failed = true;
		console_error(router->collect->console, &error);
		return code;
	}
	if (message->state_change)
		session_tell(router, message);
	return router->collect->settings.table.ns > 0 ? table_learn(router, time, message) : 0;
}

/* ---- Messages. ---- */

static void name_take(struct collect_router *router, struct cursor tlvs)
{
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&tlvs, &tlv)) {
		size_t length = cursor_left(&tlv.value);

		if (tlv.type != BMP_TLV_SYS_NAME)
			continue;
		if (length > sizeof(router->name) - 1)
			length = sizeof(router->name) - 1;
		for (size_t i = 0; i < length; i++) {
			uint8_t byte = cursor_u8(&tlv.value);

			router->name[i] = byte > ' ' && byte < 0x7f ? (char)byte : '?';
		}
		router->name[length] = '\0';
	}
	collect_tell(router->collect, router, "router_named", "is %s",
		router->name[0] == '\0' ? "nameless" : router->name);
}

/* False: the router was ended. */
static bool message_take(struct collect_router *router, const struct bmp_frame *frame)
{
	const struct bmp_mrt_sink sink = { router, on_message };
	struct bmp_message message;
	int code = bmp_message_read(frame, &message);

	if (code != 0) {
		router->odd += code == ERROR_MALFORMED;
		return true;
	}
	if (message.type == BMP_INITIATION)
		name_take(router, message.tlvs);
	if (message.type == BMP_TERMINATION) {
		collect_router_end(router, "it said that it ends");
		return false;
	}
	if (bmp_mrt_take(&router->bmp, &message, clock_wall(), &sink) == 0)
		return true;
	collect_router_end(router, "what it told could not be kept");
	return false;
}

/* False: the router was ended. */
static bool buffer_take(struct collect_router *router)
{
	size_t begin = 0;
	struct bmp_frame frame;
	enum bmp_frame_status status = BMP_FRAME_MORE;

	while (begin < router->length) {
		status = bmp_frame_read(router->buffer + begin, router->length - begin, &frame);
		if (status != BMP_FRAME_WHOLE)
			break;
		if (!message_take(router, &frame))
			return false;
		begin += frame.length;
	}
	if (begin < router->length && status == BMP_FRAME_FAULT) {
		collect_router_end(router, "what it sends is no BMP");
		return false;
	}
	memmove(router->buffer, router->buffer + begin, router->length - begin);
	router->length -= begin;
	return true;
}

/* ---- The connection. ---- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct collect_router *router = poll->data;

	(void)events;
	for (unsigned i = 0; i < READS && status >= 0; i++) {
		ssize_t got = recv(router->fd, router->buffer + router->length,
			BMP_MESSAGE_MAX - router->length, MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			collect_router_end(router,
				got == 0 ? "it closed the connection" : strerror(errno));
			return;
		}
		router->length += (size_t)got;
		router->bytes += (uint64_t)got;
		if (!buffer_take(router))
			return;
	}
	if (status < 0)
		collect_router_end(router, uv_strerror(status));
}

static void router_free(struct collect_router *router)
{
	bmp_mrt_clear(&router->bmp);
	mrt_table_clear(&router->table);
	mrt_reader_clear(&router->reader);
	free(router->buffer);
	free(router);
}

static void on_closed(uv_handle_t *handle)
{
	struct collect_router *router = handle->data;

	close(router->fd);
	router_free(router);
}

static void slot_free(struct collect_router *router)
{
	for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++)
		if (router->collect->routers[i] == router)
			router->collect->routers[i] = NULL;
}

void collect_router_end(struct collect_router *router, const char *why)
{
	const struct bmp_mrt_sink sink = { router, on_message };
	struct error error = { 0 };

	if (router->closing)
		return;
	router->closing = true;
	(void)bmp_mrt_end(&router->bmp, clock_wall(), &sink); /* it told what failed */
	for (int i = BMP_MRT_OTHER_VIEW; i < BMP_MRT_COUNT_COUNT; i++)
		if (router->bmp.counts[i] > 0)
			collect_tell(router->collect, router, "left_out", "left out: %llu %s",
				(unsigned long long)router->bmp.counts[i],
				bmp_mrt_count_text((enum bmp_mrt_count)i));
	if (collect_files_close(&router->files, &error) != 0) {
		router->collect->failed = true;
		console_error(router->collect->console, &error);
	}
	collect_tell(router->collect, router, "router_gone",
		"is gone: %s (%llu messages, %.1f MB, %llu malformed)", why,
		(unsigned long long)router->bmp.counts[BMP_MRT_MESSAGES],
		(double)router->bytes / 1e6, (unsigned long long)router->odd);
	slot_free(router);
	uv_poll_stop(&router->poll);
	uv_close((uv_handle_t *)&router->poll, on_closed);
}

struct collect_router *collect_router_new(
	struct collect *collect, int fd, const struct address *address)
{
	struct collect_router *router = calloc(1, sizeof(*router));
	struct error error = { 0 };
	int on = 1;

	if (router == NULL)
		goto fail;
	*router = (struct collect_router){ .collect = collect, .address = *address, .fd = fd };
	router->bmp.view = collect->settings.view;
	router->bmp.router = *address;
	router->buffer = malloc(BMP_MESSAGE_MAX);
	if (router->buffer == NULL ||
		getrandom(&router->table.seed, sizeof(router->table.seed), 0) < 0)
		goto fail;
	if (collect_files_open(&router->files, &collect->settings, address, &error) != 0) {
		collect->failed = true;
		console_error(collect->console, &error);
		goto fail;
	}
	/* A router may have nothing to say for days: RFC 7854 section 3.2. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (uv_poll_init(&collect->loop, &router->poll, fd) != 0)
		goto fail;
	router->poll.data = router;
	uv_poll_start(&router->poll, UV_READABLE, on_readable);
	return router;
fail:
	close(fd);
	if (router != NULL)
		router_free(router);
	return NULL;
}

void collect_router_tick(struct collect_router *router)
{
	struct error error = { 0 };

	if (collect_files_flush(&router->files, clock_wall(), &error) == 0)
		return;
	router->collect->failed = true;
	console_error(router->collect->console, &error);
	collect_router_end(router, "its files can't be written");
}

/* ---- Tables. ---- */

/* In the child. */
static int table_write(struct collect_router *router)
{
	struct error error = { 0 };

	if (collect_files_table(&router->files, &router->table, clock_wall(), &error) == 0)
		return EXIT_CODE_OK;
	console_error(router->collect->console, &error);
	fflush(router->collect->console->err);
	return EXIT_CODE_FAILED;
}

void collect_router_dump(struct collect_router *router)
{
	pid_t pid;

	if (router->writer != 0) {
		collect_tell(router->collect, router, "table_late",
			"the table before is still being written; this one is left out");
		return;
	}
	/* What is buffered would be written twice. */
	collect_router_tick(router);
	if (router->closing)
		return;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(table_write(router));
	if (pid > 0)
		router->writer = pid;
	else
		collect_tell(router->collect, router, "table_failed", "no table: %s",
			strerror(errno));
}

void collect_router_dumped(struct collect_router *router, bool good)
{
	router->writer = 0;
	if (good)
		collect_tell(router->collect, router, "table_written",
			"table written: %llu routes, %zu prefixes",
			(unsigned long long)router->table.routes,
			(size_t)router->table.prefixes.count);
	else
		router->collect->failed = true;
}
