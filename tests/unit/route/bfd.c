/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BFD in virtual time: two machines joined by links that lose and delay, and packets made by
 * hand for every rule of RFC 5880 section 6.8.6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "route/bfd.h"

#define FLIGHTS 256

struct flight {
	bool used;
	int to;
	struct instant when;
	uint8_t bytes[BFD_PACKET_MAX];
	size_t length;
};

static struct {
	struct instant now;
	struct random random;
	struct bfd *ends[2];
	struct bfd_session *sessions[2];
	struct bfd_settings settings[2];
	struct flight flights[FLIGHTS];
	unsigned loss[2]; /* per cent, towards this end */
	int64_t delay_us;
	unsigned changes[2], downs[2], sent[2];
	struct instant down_at[2];
	bool dead[2]; /* this end says and hears nothing */
} link;

static void on_send(
	void *context, struct bfd_session *session, const uint8_t *packet, size_t length)
{
	int from = context == &link.ends[1], to = 1 - from;

	(void)session;
	link.sent[from]++;
	if (random_below(&link.random, 100) < link.loss[to])
		return;
	for (int i = 0; i < FLIGHTS; i++) {
		struct flight *flight = &link.flights[i];

		if (flight->used)
			continue;
		*flight = (struct flight){ .used = true, .to = to, .length = length };
		flight->when = instant_add(link.now, duration_us(link.delay_us));
		memcpy(flight->bytes, packet, length);
		return;
	}
	fail_msg("more packets on their way than there is room for");
}

static void on_changed(void *context, struct bfd_session *session, enum bfd_state old)
{
	int end = context == &link.ends[1];
	struct bfd_session_view view;

	bfd_session_view(session, &view);
	link.changes[end]++;
	if (old == BFD_UP) {
		link.downs[end]++;
		link.down_at[end] = link.now;
	}
}

/* No digest of the world, but one that depends on every byte. */
static bool digest(
	void *context, uint8_t auth, const uint8_t *packet, size_t length, uint8_t *ret_digest)
{
	uint64_t sum = auth;

	(void)context;
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ packet[i]) * 0x100000001b3u;
	for (size_t i = 0; i < bfd_digest_length(auth); i++)
		ret_digest[i] = (uint8_t)(sum >> (i % 8 * 8));
	return true;
}

static struct address end_address(int end)
{
	return address_ipv4(0xc0000201u + (uint32_t)end);
}

static struct bfd_settings usual(int end)
{
	return (struct bfd_settings){ .local = end_address(end),
		.remote = end_address(1 - end),
		.desired_tx_us = 50000,
		.required_rx_us = 50000,
		.multiplier = 3,
		.minimum_ttl = 255 };
}

static void begin(uint64_t seed, void (*change)(struct bfd_settings settings[2]))
{
	memset(&link, 0, sizeof(link));
	link.now.ns = 1000000000;
	link.random.state = seed;
	link.delay_us = 100;
	for (int i = 0; i < 2; i++)
		link.settings[i] = usual(i);
	if (change != NULL)
		change(link.settings);
	for (int i = 0; i < 2; i++) {
		struct bfd_sink sink = { &link.ends[i], on_send, on_changed, digest };

		link.ends[i] = bfd_new(seed * 2 + (uint64_t)i, &sink);
		link.sessions[i] =
			bfd_session_add(link.ends[i], &link.settings[i], NULL, link.now);
		assert_non_null(link.sessions[i]);
	}
}

static void end(void)
{
	for (int i = 0; i < 2; i++)
		bfd_free(link.ends[i]);
}

static struct instant next_event(struct flight **ret_flight)
{
	struct instant next = INSTANT_NEVER;

	*ret_flight = NULL;
	for (int i = 0; i < 2; i++)
		if (!link.dead[i])
			next = instant_earlier(next, bfd_deadline(link.ends[i]));
	for (int i = 0; i < FLIGHTS; i++)
		if (link.flights[i].used && instant_before(link.flights[i].when, next)) {
			next = link.flights[i].when;
			*ret_flight = &link.flights[i];
		}
	return next;
}

static void arrive(struct flight *flight)
{
	struct bfd_arrival arrival = {
		.from = end_address(1 - flight->to), .to = end_address(flight->to), .ttl = 255
	};

	flight->used = false;
	if (!link.dead[flight->to])
		bfd_received(link.ends[flight->to], &arrival, flight->bytes, flight->length,
			link.now);
}

static void run_ms(int64_t ms)
{
	struct instant until = instant_add(link.now, duration_ms(ms));
	struct flight *flight;

	for (;;) {
		struct instant next = next_event(&flight);

		if (instant_before(until, next))
			break;
		if (instant_before(link.now, next))
			link.now = next;
		if (flight != NULL) {
			arrive(flight);
			continue;
		}
		for (int i = 0; i < 2; i++)
			if (!link.dead[i])
				bfd_tick(link.ends[i], link.now);
	}
	link.now = until;
}

static struct bfd_session_view view(int of)
{
	struct bfd_session_view found;

	bfd_session_view(link.sessions[of], &found);
	return found;
}

static bool both_up(void)
{
	return view(0).state == BFD_UP && view(1).state == BFD_UP;
}

/* ---- Sessions. ---- */

static void test_up_and_rates(void **state)
{
	unsigned before;

	(void)state;
	begin(1, NULL);
	run_ms(3000);
	assert_true(both_up());
	assert_in_range(link.changes[0], 1, 2); /* Init, Up: or Up at once */
	assert_false(view(0).polling);
	assert_int_equal(view(0).transmit.ns, 50000000);
	assert_int_equal(view(0).detection.ns, 150000000);
	assert_int_equal(view(1).yours, view(0).mine);
	before = link.sent[0];
	run_ms(10000);
	/* 50 ms less 0 to 25 % */
	assert_in_range(link.sent[0] - before, 200, 268);
	assert_int_equal(link.downs[0] + link.downs[1], 0);
	end();
}

static void test_detection(void **state)
{
	struct instant dead_at;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		begin(seed, NULL);
		run_ms(3000);
		assert_true(both_up());
		run_ms((int64_t)random_below(&link.random, 200));
		dead_at = link.now;
		link.dead[1] = true;
		run_ms(1000);
		assert_int_equal(view(0).state, BFD_DOWN);
		assert_int_equal(view(0).diagnostic, BFD_DIAG_TIME_EXPIRED);
		assert_int_equal(view(0).remote_state, BFD_DOWN); /* not AdminDown */
		assert_int_equal(view(0).yours, 0);
		assert_in_range(
			instant_since(link.down_at[0], dead_at).ns, 100000000, 150200000);
		/* And back. */
		link.dead[1] = false;
		run_ms(5000);
		assert_true(both_up());
		end();
	}
}

static void test_one_way(void **state)
{
	(void)state;
	begin(3, NULL);
	run_ms(3000);
	assert_true(both_up());
	link.loss[0] = 100; /* the first end hears nothing any more */
	run_ms(1000);
	assert_int_equal(view(0).state, BFD_DOWN);
	assert_int_equal(view(0).diagnostic, BFD_DIAG_TIME_EXPIRED);
	assert_int_equal(view(1).state, BFD_DOWN);
	assert_int_equal(view(1).diagnostic, BFD_DIAG_SIGNALED_DOWN);
	end();
}

static void test_admin_down(void **state)
{
	(void)state;
	begin(4, NULL);
	run_ms(3000);
	link.settings[0].shutdown = true;
	bfd_session_change(link.ends[0], link.sessions[0], &link.settings[0], link.now);
	run_ms(20);
	assert_int_equal(view(0).state, BFD_ADMIN_DOWN);
	assert_int_equal(view(1).state, BFD_DOWN);
	assert_int_equal(view(1).remote_state, BFD_ADMIN_DOWN);
	assert_int_equal(view(1).diagnostic, BFD_DIAG_SIGNALED_DOWN);
	run_ms(5000);
	assert_int_equal(view(1).state, BFD_DOWN);
	assert_true(view(0).counters[BFD_COUNT_WHILE_ADMIN_DOWN] > 0);
	link.settings[0].shutdown = false;
	bfd_session_change(link.ends[0], link.sessions[0], &link.settings[0], link.now);
	run_ms(5000);
	assert_true(both_up());
	end();
}

/* Removed: the other end is told, and does not take it for a failure. */
static void test_removed(void **state)
{
	(void)state;
	begin(5, NULL);
	run_ms(3000);
	bfd_session_remove(link.ends[0], link.sessions[0], link.now);
	run_ms(20);
	assert_int_equal(view(1).state, BFD_DOWN);
	assert_int_equal(view(1).remote_state, BFD_ADMIN_DOWN);
	end();
}

static void passive(struct bfd_settings settings[2])
{
	settings[0].passive = true;
}

static void both_passive(struct bfd_settings settings[2])
{
	settings[0].passive = settings[1].passive = true;
}

static void test_passive(void **state)
{
	(void)state;
	begin(6, passive);
	run_ms(3000);
	assert_true(both_up());
	end();
	begin(6, both_passive);
	run_ms(10000);
	assert_int_equal(link.sent[0] + link.sent[1], 0);
	end();
}

/* Slower and faster intervals while it is up: nobody loses the other (section 6.8.3). */
static void test_changes(void **state)
{
	static const uint32_t intervals[] = { 50000, 400000, 10000, 1000000, 20000 };

	(void)state;
	begin(7, NULL);
	run_ms(3000);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		int who = (int)(i % 2);

		link.settings[who].desired_tx_us = intervals[i];
		link.settings[who].required_rx_us = intervals[4 - i];
		link.settings[who].multiplier = (uint8_t)(2 + i);
		bfd_session_change(
			link.ends[who], link.sessions[who], &link.settings[who], link.now);
		run_ms(10000);
		assert_true(both_up());
		assert_false(view(who).polling);
	}
	assert_int_equal(link.downs[0] + link.downs[1], 0);
	end();
}

static void demand(struct bfd_settings settings[2])
{
	settings[0].demand = true;
}

static void both_demand(struct bfd_settings settings[2])
{
	settings[0].demand = settings[1].demand = true;
}

/* Who is asked for silence is silent, and its end is noticed by a poll. */
static void test_demand(void **state)
{
	unsigned before;

	(void)state;
	for (int both = 0; both < 2; both++) {
		begin(8, both ? both_demand : demand);
		run_ms(3000);
		assert_true(both_up());
		before = link.sent[1];
		run_ms(10000);
		/* Answers to polls alone, or own polls and answers. */
		assert_in_range(link.sent[1] - before, 30, both ? 190 : 110);
		assert_int_equal(link.downs[0] + link.downs[1], 0);
		link.dead[1] = true;
		run_ms(1000);
		assert_int_equal(view(0).state, BFD_DOWN);
		end();
	}
}

/* ---- Authentication. ---- */

static uint8_t auth_type;

static void with_keys(struct bfd_settings settings[2])
{
	for (int i = 0; i < 2; i++) {
		settings[i].auth = auth_type;
		settings[i].key_id = 7;
		settings[i].key_length = 6;
		memcpy(settings[i].key, "secret", 6);
	}
}

static void test_authentication(void **state)
{
	(void)state;
	for (auth_type = BFD_AUTH_PASSWORD; auth_type <= BFD_AUTH_METICULOUS_SHA1;
		auth_type++) {
		begin(9, with_keys);
		link.loss[0] = link.loss[1] = 10;
		run_ms(10000);
		assert_true(both_up());
		/* Another key: it goes down, and stays there. */
		link.loss[0] = link.loss[1] = 0;
		link.settings[0].key[0] = 'S';
		bfd_session_change(link.ends[0], link.sessions[0], &link.settings[0], link.now);
		run_ms(5000);
		assert_int_equal(view(0).state, BFD_DOWN);
		assert_int_equal(view(1).state, BFD_DOWN);
		assert_true(view(1).counters[BFD_COUNT_AUTH_FAILED] > 0);
		/* None at all on one side. */
		link.settings[0].auth = BFD_AUTH_NONE;
		bfd_session_change(link.ends[0], link.sessions[0], &link.settings[0], link.now);
		run_ms(5000);
		assert_true(view(0).counters[BFD_COUNT_AUTH_UNEXPECTED] > 0);
		assert_true(view(1).counters[BFD_COUNT_AUTH_MISSING] > 0);
		end();
	}
}

static void test_replay(void **state)
{
	struct flight old;

	(void)state;
	auth_type = BFD_AUTH_METICULOUS_SHA1;
	begin(10, with_keys);
	run_ms(3000);
	link.delay_us = 10000000; /* one is caught */
	run_ms(60);
	for (int i = 0; i < FLIGHTS; i++)
		if (link.flights[i].used && link.flights[i].to == 0)
			old = link.flights[i];
	memset(link.flights, 0, sizeof(link.flights));
	link.delay_us = 100;
	run_ms(1000);
	old.to = 0;
	arrive(&old);
	assert_int_equal(view(0).counters[BFD_COUNT_AUTH_REPLAYED], 1);
	end();
}

/* ---- Packets made by hand: section 6.8.6. ---- */

static const struct by_hand {
	const char *what;
	int at;     /* this byte */
	uint8_t is; /* has this value */
	size_t length;
	uint8_t ttl;
	enum bfd_fault fault; /* counted as a stranger's, or */
	int counter;          /* of the session; -1: none */
} by_hand[] = {
	{ "as it should be", 0, 0x20, 24, 255, BFD_FAULT_NONE, BFD_COUNT_IN },
	{ "version 2", 0, 0x40, 24, 255, BFD_FAULT_VERSION, -1 },
	{ "cut", 0, 0x20, 23, 255, BFD_FAULT_LENGTH, -1 },
	{ "empty", 0, 0x20, 0, 255, BFD_FAULT_LENGTH, -1 },
	{ "a length below the fields", 3, 23, 24, 255, BFD_FAULT_LENGTH, -1 },
	{ "a length beyond the end", 3, 25, 24, 255, BFD_FAULT_LENGTH, -1 },
	{ "no multiplier", 2, 0, 24, 255, BFD_FAULT_MULTIPLIER, -1 },
	{ "multipoint", 1, 0x41, 24, 255, BFD_FAULT_MULTIPOINT, -1 },
	{ "no discriminator", 7, 0, 24, 255, BFD_FAULT_DISCRIMINATOR, -1 },
	{ "Up, and no discriminator of ours", 1, 0xc0, 24, 255, BFD_FAULT_DISCRIMINATOR, -1 },
	{ "a discriminator of nobody's", 11, 9, 24, 255, BFD_FAULT_NONE, -1 },
	{ "authentication without a section", 1, 0x44, 24, 255, BFD_FAULT_LENGTH, -1 },
	{ "from too far", 0, 0x20, 24, 254, BFD_FAULT_NONE, BFD_COUNT_TTL },
};

static void test_by_hand(void **state)
{
	/* Down, multiplier 3, discriminator 5. */
	static const uint8_t good[24] = { 0x20, 0x40, 3, 24, 0, 0, 0, 5, [13] = 15, [17] = 15 };

	(void)state;
	for (size_t i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		const struct by_hand *row = &by_hand[i];
		struct bfd_arrival arrival = {
			.from = end_address(1), .to = end_address(0), .ttl = row->ttl
		};
		uint8_t bytes[24];
		bool strange;

		begin(11, both_passive);
		memcpy(bytes, good, sizeof(bytes));
		bytes[row->at] = row->is;
		bfd_received(link.ends[0], &arrival, bytes, row->length, link.now);
		strange = bfd_strange_counters(link.ends[0])[row->fault] > 0;
		if (strange != (row->counter < 0))
			fail_msg("%s", row->what);
		for (int c = 0; c < BFD_COUNTERS; c++)
			if (c != BFD_COUNT_OUT &&
				view(0).counters[c] != (uint64_t)(c == row->counter))
				fail_msg("%s: %s", row->what,
					bfd_counter_name((enum bfd_counter)c));
		end();
	}
}

static void test_strangers(void **state)
{
	static const uint8_t good[24] = { 0x20, 0x40, 3, 24, 0, 0, 0, 5, [13] = 15, [17] = 15 };
	struct bfd_arrival arrival = {
		.from = end_address(1), .to = end_address(0), .ttl = 255
	};

	(void)state;
	begin(12, both_passive);
	arrival.multihop = true;
	bfd_received(link.ends[0], &arrival, good, sizeof(good), link.now);
	arrival.multihop = false;
	arrival.from = address_ipv4(0x0a000001);
	bfd_received(link.ends[0], &arrival, good, sizeof(good), link.now);
	assert_int_equal(bfd_strange_counters(link.ends[0])[BFD_FAULT_NONE], 2);
	/* One of each kind, and no more than there may be. */
	assert_null(bfd_session_add(link.ends[0], &link.settings[0], NULL, link.now));
	for (uint32_t i = 1; i <= BFD_SESSIONS_MAX; i++) {
		struct bfd_settings settings = usual(0);

		settings.remote = address_ipv4(0x0b000000 + i);
		assert_int_equal(
			bfd_session_add(link.ends[0], &settings, NULL, link.now) != NULL,
			i < BFD_SESSIONS_MAX);
	}
	end();
}

/* ---- Any story: lossy times come and go; when they are over, both are up and stay so. ---- */

static void test_stories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		unsigned downs;

		auth_type = (uint8_t)(seed % 6);
		begin(seed, auth_type == 0 ? NULL : with_keys);
		for (unsigned round = 0; round < 5; round++) {
			link.loss[0] = random_below(&link.random, 101);
			link.loss[1] = random_below(&link.random, 101);
			link.delay_us = 1 + random_below(&link.random, 20000);
			run_ms(random_below(&link.random, 3000));
			if (random_below(&link.random, 3) == 0) {
				int who = (int)random_below(&link.random, 2);

				link.settings[who].desired_tx_us =
					10000 + random_below(&link.random, 300000);
				bfd_session_change(link.ends[who], link.sessions[who],
					&link.settings[who], link.now);
			}
		}
		link.loss[0] = link.loss[1] = 0;
		run_ms(8000);
		if (!both_up())
			fail_msg("seed %llu", (unsigned long long)seed);
		downs = link.downs[0] + link.downs[1];
		run_ms(20000);
		assert_int_equal(link.downs[0] + link.downs[1], downs);
		end();
	}
}

/* A loss of a single packet in a row never is a failure. */
static void test_single_losses(void **state)
{
	(void)state;
	begin(13, NULL);
	run_ms(3000);
	for (int i = 0; i < 300; i++) {
		link.loss[0] = link.loss[1] = 100;
		run_ms(45);
		link.loss[0] = link.loss[1] = 0;
		run_ms(110);
	}
	assert_int_equal(link.downs[0] + link.downs[1], 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_and_rates),
		cmocka_unit_test(test_detection),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_admin_down),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_demand),
		cmocka_unit_test(test_authentication),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_single_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
