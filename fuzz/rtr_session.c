/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An RPKI cache that says anything, in pieces, while connections come and go and time passes.
 * Nothing leaks, timers move on, what we send is well-formed, at most one connection is open,
 * and in the end a cache that behaves is heard.
 */
#include <stdlib.h>
#include <string.h>

#include "route/rtr_client.h"

struct host {
	struct rpki_table *table;
	struct rtr_client *client;
	struct rtr_cache *cache;
	struct instant now;
	bool connecting, open;
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void on_connect(void *context, struct rtr_cache *cache)
{
	struct host *host = context;

	(void)cache;
	expect(!host->connecting && !host->open);
	host->connecting = true;
}

static void on_disconnect(void *context, struct rtr_cache *cache)
{
	struct host *host = context;

	(void)cache;
	expect(host->connecting || host->open);
	host->connecting = host->open = false;
}

static void on_send(void *context, struct rtr_cache *cache, const uint8_t *bytes, size_t length)
{
	struct host *host = context;
	struct rtr_fault fault;
	struct rtr_pdu pdu;
	size_t size;

	(void)cache;
	expect(host->open);
	expect(rtr_read(bytes, length, &pdu, &size, &fault) == RTR_WHOLE && size == length);
	expect(pdu.type == RTR_RESET_QUERY || pdu.type == RTR_SERIAL_QUERY ||
		pdu.type == RTR_ERROR_REPORT);
}

static void on_event(void *context, const struct rtr_event *event)
{
	(void)context;
	expect(event->reason != NULL);
}

static void pass(struct host *host, int64_t seconds)
{
	host->now = instant_add(host->now, duration_seconds(seconds));
	rtr_tick(host->client, host->now);
	expect(instant_before(host->now, rtr_deadline(host->client)));
}

static void connect_now(struct host *host)
{
	if (!host->connecting)
		return;
	host->connecting = false;
	host->open = true;
	rtr_connected(host->client, host->cache, host->now);
}

static void lose(struct host *host)
{
	if (!host->connecting && !host->open)
		return;
	host->connecting = host->open = false;
	rtr_closed(host->client, host->cache, "reset", host->now);
}

static void receive(struct host *host, const uint8_t *bytes, size_t length)
{
	if (host->open)
		rtr_received(host->client, host->cache, bytes, length, host->now);
}

static void change(struct host *host, uint8_t what)
{
	struct rtr_cache_settings settings = { .name = "c", .version = what % 3 };

	rtr_cache_change(host->client, host->cache, &settings, host->now);
}

static void operation(struct host *host, uint8_t what)
{
	switch (what & 7) {
	case 0:
		connect_now(host);
		break;
	case 1:
		lose(host);
		break;
	case 2:
		pass(host, what);
		break;
	case 3:
		pass(host, what * 60);
		break;
	case 4:
		rtr_cache_move(host->client, host->cache, host->now);
		break;
	case 5:
		change(host, what >> 3);
		break;
	default:
		rpki_change_free(rpki_table_change_take(host->table));
		break;
	}
}

static void write_answer(struct writer *w)
{
	struct rtr_pdu pdu = { .type = RTR_CACHE_RESPONSE, .session_id = 7 };

	rtr_write(w, &pdu);
	pdu = (struct rtr_pdu){ .type = RTR_IPV4_PREFIX,
		.prefix = { true, 24, { address_ipv4(0xc0000200), 24 }, 64500 } };
	rtr_write(w, &pdu);
	pdu = (struct rtr_pdu){
		.type = RTR_END_OF_DATA, .session_id = 7, .end = { .serial = 1 }
	};
	rtr_write(w, &pdu);
}

/* Whatever happened: a cache that behaves is heard, in version 0 that all can. */
static void recover(struct host *host)
{
	struct rtr_cache_settings settings = { .name = "c", .version = 0 };
	struct prefix prefix = { address_ipv4(0xc0000200), 24 };
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof(buffer));

	rtr_cache_change(host->client, host->cache, &settings, host->now);
	rtr_cache_move(host->client, host->cache, host->now);
	connect_now(host);
	write_answer(&w);
	expect(!w.failed);
	receive(host, buffer, writer_length(&w));
	expect(rpki_table_validate(host->table, &prefix, 64500, NULL) == RPKI_VALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct host host = { .now = { 1000000000 }, .table = rpki_table_new() };
	struct rtr_sink sink = { &host, on_connect, on_disconnect, on_send, on_event };
	struct rtr_cache_settings settings = { .name = "c", .version = 2 };

	host.client = rtr_client_new(host.table, &sink);
	host.cache = rtr_cache_add(host.client, &settings, NULL, host.now);
	connect_now(&host);
	/* Pieces: a control byte; below 64 an operation, else 0 to 191 bytes of input. */
	for (size_t at = 0; at < length;) {
		uint8_t control = bytes[at++];
		size_t piece = control - 64u;

		if (control < 64) {
			operation(&host, control);
			continue;
		}
		if (piece > length - at)
			piece = length - at;
		receive(&host, bytes + at, piece);
		at += piece;
	}
	recover(&host);
	rtr_client_free(host.client);
	rpki_table_free(host.table);
	return 0;
}
