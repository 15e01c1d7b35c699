/* SPDX-License-Identifier: Apache-2.0 */
/* The RTR client in virtual time, with caches played by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/rtr_client.h"

#define SENT_MAX 512

/* One cache's connection, as the host sees it. */
struct line {
	struct rtr_cache *cache;
	bool connecting, open;
	unsigned connects;
	uint8_t sent[SENT_MAX];
	size_t sent_length;
};

struct world {
	struct rpki_table *table;
	struct rtr_client *client;
	struct instant now;
	struct line lines[3];
	size_t line_count;
	char events[2048];
};

static struct line *line_of(struct world *world, const struct rtr_cache *cache)
{
	for (size_t i = 0; i < world->line_count; i++)
		if (world->lines[i].cache == cache)
			return &world->lines[i];
	/* Being added. */
	return &world->lines[world->line_count];
}

static void on_connect(void *context, struct rtr_cache *cache)
{
	struct line *line = line_of(context, cache);

	assert_false(line->connecting || line->open);
	line->connecting = true;
	line->connects++;
}

static void on_disconnect(void *context, struct rtr_cache *cache)
{
	struct line *line = line_of(context, cache);

	assert_true(line->connecting || line->open);
	line->connecting = line->open = false;
}

static void on_send(void *context, struct rtr_cache *cache, const uint8_t *bytes, size_t length)
{
	struct line *line = line_of(context, cache);

	assert_true(line->open);
	assert_true(line->sent_length + length <= SENT_MAX);
	memcpy(line->sent + line->sent_length, bytes, length);
	line->sent_length += length;
}

static void on_event(void *context, const struct rtr_event *event)
{
	static const char *const names[] = { "synced", "lost", "expired", "no-data", "version",
		"use" };
	struct world *world = context;
	size_t length = strlen(world->events);

	assert_non_null(event->reason);
	snprintf(world->events + length, sizeof(world->events) - length, "%s ",
		names[event->type]);
}

static void begin(struct world *world)
{
	struct rtr_sink sink = { world, on_connect, on_disconnect, on_send, on_event };

	*world = (struct world){ .now = { 1000000000 } };
	world->table = rpki_table_new();
	world->client = rtr_client_new(world->table, &sink);
	assert_non_null(world->table);
	assert_non_null(world->client);
}

static void end(struct world *world)
{
	rtr_client_free(world->client);
	rpki_table_free(world->table);
}

static struct line *add_cache(struct world *world, const char *name, uint32_t preference)
{
	struct rtr_cache_settings settings = { .preference = preference, .version = 2 };
	struct line *line = &world->lines[world->line_count];

	snprintf(settings.name, sizeof(settings.name), "%s", name);
	line->cache = rtr_cache_add(world->client, &settings, line, world->now);
	assert_non_null(line->cache);
	assert_ptr_equal(rtr_cache_host(line->cache), line);
	assert_true(line->connecting);
	world->line_count++;
	return line;
}

static void connected(struct world *world, struct line *line)
{
	assert_true(line->connecting);
	line->connecting = false;
	line->open = true;
	rtr_connected(world->client, line->cache, world->now);
}

static void closed(struct world *world, struct line *line)
{
	line->connecting = line->open = false;
	rtr_closed(world->client, line->cache, "connection reset by peer", world->now);
}

/* Go from deadline to deadline, as a host does. */
static void pass(struct world *world, int64_t seconds)
{
	struct instant end_at = instant_add(world->now, duration_seconds(seconds));
	struct instant at = rtr_deadline(world->client);
	unsigned steps = 0;

	while (instant_reached(at, end_at)) {
		struct instant next;

		world->now = instant_before(at, world->now) ? world->now : at;
		rtr_tick(world->client, world->now);
		next = rtr_deadline(world->client);
		/* A deadline that is not worked off would make a host spin. */
		assert_true(instant_before(world->now, next));
		assert_true(++steps < 10000);
		at = next;
	}
	world->now = end_at;
}

static void say(struct world *world, struct line *line, const struct rtr_pdu *pdu)
{
	uint8_t buffer[1024];
	struct writer w = writer_of(buffer, sizeof(buffer));

	assert_true(line->open);
	rtr_write(&w, pdu);
	assert_false(w.failed);
	rtr_received(world->client, line->cache, buffer, writer_length(&w), world->now);
}

/* The oldest thing that was sent; copies of its pointers are valid until the next call. */
static struct rtr_pdu heard(struct line *line)
{
	static uint8_t bytes[SENT_MAX];
	struct rtr_fault fault;
	struct rtr_pdu pdu;
	size_t size;

	memcpy(bytes, line->sent, line->sent_length);
	assert_int_equal(rtr_read(bytes, line->sent_length, &pdu, &size, &fault), RTR_WHOLE);
	line->sent_length -= size;
	memmove(line->sent, line->sent + size, line->sent_length);
	return pdu;
}

static void expect_reset_query(struct line *line, uint8_t version)
{
	struct rtr_pdu pdu = heard(line);

	assert_int_equal(pdu.type, RTR_RESET_QUERY);
	assert_int_equal(pdu.version, version);
	assert_int_equal(line->sent_length, 0);
}

static void expect_serial_query(
	struct line *line, uint8_t version, uint16_t session, uint32_t serial)
{
	struct rtr_pdu pdu = heard(line);

	assert_int_equal(pdu.type, RTR_SERIAL_QUERY);
	assert_int_equal(pdu.version, version);
	assert_int_equal(pdu.session_id, session);
	assert_int_equal(pdu.serial, serial);
	assert_int_equal(line->sent_length, 0);
}

static void expect_error(struct line *line, enum rtr_error code)
{
	struct rtr_pdu pdu = heard(line);

	assert_int_equal(pdu.type, RTR_ERROR_REPORT);
	assert_int_equal(pdu.error.code, code);
	assert_int_equal(line->sent_length, 0);
	assert_false(line->open);
}

static void say_response(
	struct world *world, struct line *line, uint8_t version, uint16_t session)
{
	struct rtr_pdu pdu = {
		.version = version, .type = RTR_CACHE_RESPONSE, .session_id = session
	};

	say(world, line, &pdu);
}

static void say_prefix(struct world *world, struct line *line, uint8_t version, bool announce,
	const char *text, uint32_t asn)
{
	struct rtr_pdu pdu = { .version = version };

	assert_int_equal(prefix_parse(text, &pdu.prefix.prefix), 0);
	pdu.prefix.announce = announce;
	pdu.prefix.max_length = pdu.prefix.prefix.length;
	pdu.prefix.asn = asn;
	pdu.type = pdu.prefix.prefix.address.family == FAMILY_IPV4 ? RTR_IPV4_PREFIX
								   : RTR_IPV6_PREFIX;
	say(world, line, &pdu);
}

/* refresh 100 s, retry 50 s, expire 1000 s. */
static void say_end(struct world *world, struct line *line, uint8_t version, uint16_t session,
	uint32_t serial)
{
	struct rtr_pdu pdu = { .version = version,
		.type = RTR_END_OF_DATA,
		.session_id = session,
		.end = { serial, 100, 50, 1000 } };

	say(world, line, &pdu);
}

static void say_serial(struct world *world, struct line *line, enum rtr_type type,
	uint8_t version, uint16_t session, uint32_t serial)
{
	struct rtr_pdu pdu = { .version = version,
		.type = (uint8_t)type,
		.session_id = session,
		.serial = serial };

	say(world, line, &pdu);
}

static void say_error(
	struct world *world, struct line *line, uint8_t version, enum rtr_error code)
{
	struct rtr_pdu pdu = { .version = version,
		.type = RTR_ERROR_REPORT,
		.error = { .code = (uint16_t)code, .text = "so\n", .text_length = 3 } };

	say(world, line, &pdu);
}

static enum rpki_state validate(const struct world *world, const char *text, uint32_t asn)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return rpki_table_validate(world->table, &prefix, asn, NULL);
}

static struct rtr_cache_view view_of(const struct world *world, const struct line *line)
{
	struct rtr_cache_view view;

	rtr_cache_view(world->client, line->cache, world->now, &view);
	return view;
}

/* Connected, session 7, serial 1: 192.0.2.0/24 of AS 1. */
static void load(struct world *world, struct line *line)
{
	connected(world, line);
	expect_reset_query(line, 2);
	say_response(world, line, 2, 7);
	say_prefix(world, line, 2, true, "192.0.2.0/24", 1);
	say_end(world, line, 2, 7, 1);
}

/* ---- The usual. ---- */

static void test_load_and_refresh(void **state)
{
	struct world world;
	struct line *line;
	struct rtr_pdu aspa = { .version = 2,
		.type = RTR_ASPA,
		.aspa = { .announce = true,
			.customer = 1,
			.providers = (const uint8_t *)"\0\0\0\2",
			.count = 1 } };
	struct rpki_counts counts;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	connected(&world, line);
	expect_reset_query(line, 2);
	assert_int_equal(view_of(&world, line).state, RTR_ASKING);
	say_response(&world, line, 2, 7);
	say_prefix(&world, line, 2, true, "192.0.2.0/24", 1);
	say(&world, line, &aspa);
	/* Nothing counts before all is there. */
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	say_end(&world, line, 2, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	rpki_table_counts(world.table, &counts);
	assert_int_equal(counts.customers, 1);
	assert_string_equal(world.events, "synced use ");
	assert_int_equal(view_of(&world, line).state, RTR_SYNCED);
	assert_int_equal(view_of(&world, line).serial, 1);
	assert_true(view_of(&world, line).used && view_of(&world, line).fresh);
	/* The refresh interval. */
	pass(&world, 99);
	assert_int_equal(line->sent_length, 0);
	pass(&world, 1);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 2, 7);
	say_prefix(&world, line, 2, false, "192.0.2.0/24", 1);
	say_prefix(&world, line, 2, true, "2001:db8::/32", 2);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	say_end(&world, line, 2, 7, 2);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	assert_int_equal(validate(&world, "2001:db8::/32", 2), RPKI_VALID);
	end(&world);
}

static void test_notify(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	/* What we have already is no news. */
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 7, 1);
	assert_int_equal(line->sent_length, 0);
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 7, 2);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 2, 7);
	/* One that comes meanwhile is not forgotten. */
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 7, 3);
	assert_int_equal(line->sent_length, 0);
	say_end(&world, line, 2, 7, 2);
	expect_serial_query(line, 2, 7, 2);
	say_response(&world, line, 2, 7);
	say_end(&world, line, 2, 7, 3);
	/* A new session: everything, and the old stays until then. */
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 8, 1);
	expect_reset_query(line, 2);
	say_response(&world, line, 2, 8);
	say_prefix(&world, line, 2, true, "198.51.100.0/24", 2);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	say_end(&world, line, 2, 8, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	assert_int_equal(validate(&world, "198.51.100.0/24", 2), RPKI_VALID);
	end(&world);
}

static void test_cache_reset(void **state)
{
	struct rtr_pdu reset = { .version = 2, .type = RTR_CACHE_RESET };
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	pass(&world, 100);
	expect_serial_query(line, 2, 7, 1);
	say(&world, line, &reset);
	expect_reset_query(line, 2);
	say_response(&world, line, 2, 9);
	say_end(&world, line, 2, 9, 4);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	/* Unasked it is an error. */
	say(&world, line, &reset);
	expect_error(line, RTR_ERROR_CORRUPT_DATA);
	end(&world);
}

/* ---- A cache that goes away: unknown is not down. ---- */

static void test_lost_and_expired(void **state)
{
	struct world world;
	struct line *line;
	unsigned connects;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	closed(&world, line);
	assert_string_equal(world.events, "synced use lost ");
	assert_string_equal(view_of(&world, line).last_reason, "connection reset by peer");
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_INVALID);
	/* It tries again and again, ever slower, up to the retry interval. */
	connects = line->connects;
	for (int tries = 0; tries < 8; tries++) {
		pass(&world, 50);
		if (line->connecting)
			closed(&world, line);
	}
	assert_in_range(line->connects - connects, 7, 10);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_INVALID);
	assert_false(view_of(&world, line).fresh);
	assert_true(view_of(&world, line).used);
	pass(&world, 598);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_INVALID);
	pass(&world, 3);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_NOT_FOUND);
	assert_false(view_of(&world, line).has_data);
	assert_non_null(strstr(world.events, "expired use "));
	end(&world);
}

/* It comes back before: only what is new is asked for. */
static void test_resume(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	closed(&world, line);
	pass(&world, 5);
	connected(&world, line);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 2, 7);
	say_end(&world, line, 2, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	/* A cache that answers in another session than was asked for. */
	pass(&world, 100);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 2, 8);
	expect_error(line, RTR_ERROR_CORRUPT_DATA);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	pass(&world, 5);
	connected(&world, line);
	expect_reset_query(line, 2);
	end(&world);
}

/* In the middle of an answer: what came of it is forgotten. */
static void test_lost_while_loading(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 8, 1);
	expect_reset_query(line, 2);
	say_response(&world, line, 2, 8);
	say_prefix(&world, line, 2, true, "198.51.100.0/24", 2);
	closed(&world, line);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	assert_int_equal(validate(&world, "198.51.100.0/24", 2), RPKI_NOT_FOUND);
	end(&world);
}

static void test_silence(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	pass(&world, 21);
	assert_false(line->connecting);
	pass(&world, 5);
	connected(&world, line);
	expect_reset_query(line, 2);
	pass(&world, 59);
	assert_true(line->open);
	pass(&world, 2);
	assert_false(line->open);
	assert_string_equal(view_of(&world, line).last_reason, "the cache stopped answering");
	end(&world);
}

/* The answer to a serial query that comes after the data expired is of no use. */
static void test_expired_while_asking(void **state)
{
	struct rtr_cache_settings settings = {
		.name = "one", .version = 2, .expire = duration_seconds(130)
	};
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	rtr_cache_change(world.client, line->cache, &settings, world.now);
	pass(&world, 100);
	expect_serial_query(line, 2, 7, 1);
	pass(&world, 31);
	assert_false(line->open);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	pass(&world, 10);
	connected(&world, line);
	expect_reset_query(line, 2);
	end(&world);
}

static void test_no_data(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	connected(&world, line);
	expect_reset_query(line, 2);
	say_error(&world, line, 2, RTR_ERROR_NO_DATA);
	assert_true(line->open);
	assert_int_equal(view_of(&world, line).state, RTR_EMPTY);
	assert_string_equal(world.events, "no-data ");
	pass(&world, 599);
	assert_int_equal(line->sent_length, 0);
	pass(&world, 1);
	expect_reset_query(line, 2);
	say_error(&world, line, 2, RTR_ERROR_NO_DATA);
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 2, 7, 1);
	expect_reset_query(line, 2);
	end(&world);
}

/* ---- Versions: RFC 8210 section 7. ---- */

static void test_version_error(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "old", 0);
	connected(&world, line);
	expect_reset_query(line, 2);
	say_error(&world, line, 0, RTR_ERROR_UNSUPPORTED_VERSION);
	assert_false(line->open);
	assert_string_equal(world.events, "version ");
	pass(&world, 0);
	connected(&world, line);
	expect_reset_query(line, 0);
	say_response(&world, line, 0, 7);
	say_prefix(&world, line, 0, true, "192.0.2.0/24", 1);
	say_end(&world, line, 0, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	/* Version 0 says no timers: the defaults hold. */
	assert_int_equal(view_of(&world, line).refresh.ns, duration_seconds(3600).ns);
	assert_int_equal(view_of(&world, line).version, 0);
	pass(&world, 3600);
	expect_serial_query(line, 0, 7, 1);
	/* A new connection begins with the highest again, and so asks for everything. */
	closed(&world, line);
	pass(&world, 5);
	connected(&world, line);
	expect_reset_query(line, 2);
	say_error(&world, line, 1, RTR_ERROR_UNSUPPORTED_VERSION);
	pass(&world, 0);
	connected(&world, line);
	expect_reset_query(line, 1);
	/* Refused in its own version: there is nothing left to try now. */
	say_error(&world, line, 1, RTR_ERROR_UNSUPPORTED_VERSION);
	assert_false(line->open);
	pass(&world, 1);
	assert_false(line->connecting);
	end(&world);
}

static void test_version_answer(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	connected(&world, line);
	expect_reset_query(line, 2);
	/* Notifies do not count yet, whatever their version. */
	say_serial(&world, line, RTR_SERIAL_NOTIFY, 0, 7, 1);
	say_response(&world, line, 1, 7);
	assert_string_equal(world.events, "version ");
	say_prefix(&world, line, 1, true, "192.0.2.0/24", 1);
	say_end(&world, line, 1, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	pass(&world, 100);
	expect_serial_query(line, 1, 7, 1);
	/* From now on it is fixed. */
	say_response(&world, line, 2, 7);
	expect_error(line, RTR_ERROR_UNEXPECTED_VERSION);
	end(&world);
}

/* Data of version 2, and the cache was set back to version 1 meanwhile. */
static void test_version_back(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	closed(&world, line);
	pass(&world, 5);
	connected(&world, line);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 1, 7);
	assert_false(line->open);
	pass(&world, 0);
	connected(&world, line);
	expect_reset_query(line, 1);
	say_response(&world, line, 1, 7);
	say_end(&world, line, 1, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	end(&world);
}

static void test_version_silent(void **state)
{
	static const uint8_t versions[] = { 2, 2, 1, 0, 2 };
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "old", 0);
	for (size_t i = 0; i < sizeof(versions); i++) {
		connected(&world, line);
		expect_reset_query(line, versions[i]);
		closed(&world, line);
		for (int s = 0; s < 600 && !line->connecting; s++)
			pass(&world, 1);
	}
	end(&world);
}

/* ---- What a cache does wrong. ---- */

static void test_wrong(void **state)
{
	static const struct {
		enum rtr_type type;
		bool loading;
		enum rtr_error code;
	} cases[] = {
		{ RTR_SERIAL_QUERY, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_RESET_QUERY, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_IPV4_PREFIX, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_IPV6_PREFIX, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_ASPA, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_ROUTER_KEY, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_END_OF_DATA, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_CACHE_RESET, false, RTR_ERROR_CORRUPT_DATA },
		{ RTR_CACHE_RESET, true, RTR_ERROR_CORRUPT_DATA },
		{ RTR_CACHE_RESPONSE, true, RTR_ERROR_CORRUPT_DATA },
		/* Withdrawn in an answer that has everything. */
		{ RTR_ASPA, true, RTR_ERROR_WITHDRAWAL_OF_UNKNOWN },
		{ RTR_IPV4_PREFIX, true, RTR_ERROR_WITHDRAWAL_OF_UNKNOWN },
		{ RTR_IPV6_PREFIX, true, RTR_ERROR_WITHDRAWAL_OF_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rtr_pdu pdu = {
			.version = 2, .type = (uint8_t)cases[i].type, .session_id = 7
		};
		struct world world;
		struct line *line;

		begin(&world);
		line = add_cache(&world, "one", 0);
		connected(&world, line);
		expect_reset_query(line, 2);
		if (cases[i].loading)
			say_response(&world, line, 2, 7);
		say(&world, line, &pdu);
		if (cases[i].code == RTR_ERROR_WITHDRAWAL_OF_UNKNOWN)
			say_end(&world, line, 2, 7, 1);
		expect_error(line, cases[i].code);
		assert_int_equal(view_of(&world, line).state, RTR_IDLE);
		end(&world);
	}
}

static void test_duplicate(void **state)
{
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	pass(&world, 100);
	expect_serial_query(line, 2, 7, 1);
	say_response(&world, line, 2, 7);
	say_prefix(&world, line, 2, true, "198.51.100.0/24", 1);
	say_prefix(&world, line, 2, true, "192.0.2.0/24", 1);
	say_end(&world, line, 2, 7, 2);
	expect_error(line, RTR_ERROR_DUPLICATE);
	assert_int_equal(validate(&world, "198.51.100.0/24", 1), RPKI_NOT_FOUND);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	/* We do not agree on what we have: everything is asked for. */
	pass(&world, 5);
	connected(&world, line);
	expect_reset_query(line, 2);
	end(&world);
}

static void test_errors_in(void **state)
{
	static const uint8_t broken[] = { 2, 10, 0, 0, 0, 0, 0, 16, 0, 0, 0, 9, 0, 0, 0, 0 };
	struct world world;
	struct line *line;

	(void)state;
	begin(&world);
	line = add_cache(&world, "one", 0);
	load(&world, line);
	say_error(&world, line, 2, RTR_ERROR_INTERNAL);
	assert_false(line->open);
	/* Never an error report about an error report. */
	assert_int_equal(line->sent_length, 0);
	assert_string_equal(view_of(&world, line).last_reason,
		"the cache sent an error report: internal error: so?");
	pass(&world, 5);
	connected(&world, line);
	expect_reset_query(line, 2);
	rtr_received(world.client, line->cache, broken, sizeof(broken), world.now);
	assert_false(line->open);
	assert_int_equal(line->sent_length, 0);
	pass(&world, 10);
	connected(&world, line);
	expect_reset_query(line, 2);
	/* What nobody can read. */
	rtr_received(world.client, line->cache, (const uint8_t *)"\x09", 1, world.now);
	expect_error(line, RTR_ERROR_UNSUPPORTED_VERSION);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	end(&world);
}

/* ---- Several caches: RFC 8210 section 10. ---- */

static void test_preference(void **state)
{
	struct world world;
	struct line *first, *second;

	(void)state;
	begin(&world);
	first = add_cache(&world, "first", 10);
	second = add_cache(&world, "second", 20);
	connected(&world, second);
	expect_reset_query(second, 2);
	say_response(&world, second, 2, 3);
	say_prefix(&world, second, 2, true, "192.0.2.0/24", 2);
	say_end(&world, second, 2, 3, 1);
	/* Better the second than none. */
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_VALID);
	load(&world, first);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_INVALID);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	assert_true(view_of(&world, first).used);
	assert_false(view_of(&world, second).used);
	/* The first goes away: it counts until it has missed a refresh and a retry. */
	closed(&world, first);
	for (int i = 0; i < 14; i++) {
		pass(&world, 10);
		if (first->connecting)
			closed(&world, first);
		if (second->sent_length > 0) {
			expect_serial_query(second, 2, 3, 1);
			say_response(&world, second, 2, 3);
			say_end(&world, second, 2, 3, 1);
		}
	}
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	pass(&world, 11);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_INVALID);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_VALID);
	/* And is used again when it is back. */
	for (int i = 0; i < 60 && !first->connecting; i++)
		pass(&world, 1);
	connected(&world, first);
	expect_serial_query(first, 2, 7, 1);
	say_response(&world, first, 2, 7);
	say_end(&world, first, 2, 7, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	end(&world);
}

/* The same preference: what any of them says. */
static void test_merge(void **state)
{
	struct rtr_cache_settings settings = {
		.name = "second", .preference = 5, .version = 2
	};
	struct world world;
	struct line *first, *second;

	(void)state;
	begin(&world);
	first = add_cache(&world, "first", 0);
	second = add_cache(&world, "second", 0);
	load(&world, first);
	connected(&world, second);
	expect_reset_query(second, 2);
	say_response(&world, second, 2, 3);
	say_prefix(&world, second, 2, true, "192.0.2.0/24", 2);
	say_end(&world, second, 2, 3, 1);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_VALID);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_VALID);
	rtr_cache_change(world.client, second->cache, &settings, world.now);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_INVALID);
	assert_ptr_equal(rtr_cache_by_name(world.client, "second"), second->cache);
	assert_ptr_equal(rtr_cache_next(world.client, NULL), first->cache);
	rtr_cache_remove(world.client, first->cache, world.now);
	first->cache = NULL;
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_VALID);
	assert_int_equal(validate(&world, "192.0.2.0/24", 1), RPKI_INVALID);
	/* To another address: everything anew, and the old stays until then. */
	rtr_cache_move(world.client, second->cache, world.now);
	assert_int_equal(validate(&world, "192.0.2.0/24", 2), RPKI_VALID);
	connected(&world, second);
	expect_reset_query(second, 2);
	end(&world);
}

/* ---- Timers, and any split of the stream. ---- */

static void test_timer_ranges(void **state)
{
	static const struct {
		uint32_t said[3], kept[3];
	} cases[] = {
		{ { 0, 0, 0 }, { 1, 1, 600 } },
		{ { UINT32_MAX, UINT32_MAX, UINT32_MAX }, { 86400, 7200, 172800 } },
		{ { 3600, 600, 7200 }, { 3600, 600, 7200 } },
		{ { 7200, 600, 7200 }, { 7200, 600, 7800 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rtr_pdu pdu = { .version = 2,
			.type = RTR_END_OF_DATA,
			.session_id = 7,
			.end = { 1, cases[i].said[0], cases[i].said[1], cases[i].said[2] } };
		struct rtr_cache_view view;
		struct world world;
		struct line *line;

		begin(&world);
		line = add_cache(&world, "one", 0);
		connected(&world, line);
		expect_reset_query(line, 2);
		say_response(&world, line, 2, 7);
		say(&world, line, &pdu);
		view = view_of(&world, line);
		assert_int_equal(view.refresh.ns, duration_seconds(cases[i].kept[0]).ns);
		assert_int_equal(view.retry.ns, duration_seconds(cases[i].kept[1]).ns);
		assert_int_equal(view.expire.ns, duration_seconds(cases[i].kept[2]).ns);
		end(&world);
	}
}

static void test_splits(void **state)
{
	uint8_t bytes[256];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct rtr_pdu response = { .version = 2, .type = RTR_CACHE_RESPONSE, .session_id = 7 };
	struct rtr_pdu prefix = { .version = 2, .type = RTR_IPV6_PREFIX };
	struct rtr_pdu key = { .version = 2,
		.type = RTR_ROUTER_KEY,
		.key = { .announce = true, .key = (const uint8_t *)"key", .key_length = 3 } };
	struct rtr_pdu finish = { .version = 2,
		.type = RTR_END_OF_DATA,
		.session_id = 7,
		.end = { 1, 100, 50, 1000 } };

	(void)state;
	assert_int_equal(prefix_parse("2001:db8::/32", &prefix.prefix.prefix), 0);
	prefix.prefix.announce = true;
	prefix.prefix.max_length = 48;
	prefix.prefix.asn = 1;
	rtr_write(&w, &response);
	rtr_write(&w, &prefix);
	rtr_write(&w, &key);
	rtr_write(&w, &finish);
	assert_false(w.failed);
	for (size_t piece = 1; piece <= writer_length(&w); piece++) {
		struct world world;
		struct line *line;

		begin(&world);
		line = add_cache(&world, "one", 0);
		connected(&world, line);
		for (size_t at = 0; at < writer_length(&w); at += piece) {
			size_t left = writer_length(&w) - at;

			rtr_received(world.client, line->cache, bytes + at,
				left < piece ? left : piece, world.now);
		}
		assert_int_equal(validate(&world, "2001:db8:1::/48", 1), RPKI_VALID);
		assert_int_equal(view_of(&world, line).counters[RTR_COUNTER_ROUTER_KEYS], 1);
		assert_int_equal(view_of(&world, line).counters[RTR_COUNTER_PDUS_IN], 4);
		end(&world);
	}
}

static void test_caches_cap(void **state)
{
	struct rtr_cache_settings settings = { .name = "x", .version = 9 };
	struct world world;

	(void)state;
	begin(&world);
	for (size_t i = 0; i < RTR_CACHES_MAX; i++) {
		world.lines[0] = (struct line){ 0 };
		assert_non_null(rtr_cache_add(world.client, &settings, NULL, world.now));
	}
	assert_null(rtr_cache_add(world.client, &settings, NULL, world.now));
	for (int i = 0; i < RTR_STATES; i++)
		assert_non_null(rtr_state_name((enum rtr_state)i));
	for (int i = 0; i < RTR_COUNTERS; i++)
		assert_non_null(rtr_counter_name((enum rtr_counter)i));
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_and_refresh),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_cache_reset),
		cmocka_unit_test(test_lost_and_expired),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_lost_while_loading),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_expired_while_asking),
		cmocka_unit_test(test_no_data),
		cmocka_unit_test(test_version_error),
		cmocka_unit_test(test_version_answer),
		cmocka_unit_test(test_version_back),
		cmocka_unit_test(test_version_silent),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_errors_in),
		cmocka_unit_test(test_preference),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_timer_ranges),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_caches_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
