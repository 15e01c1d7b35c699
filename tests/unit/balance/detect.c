/* SPDX-License-Identifier: Apache-2.0 */
/* Floods and busy days in virtual time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "balance/detect.h"
#include "base/random.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define WINDOW_MS     500
#define DAY_WINDOWS   (86400u * 1000u / WINDOW_MS)
#define START_NS      1000000000
#define SAMPLE_WEIGHT 100

static const struct hash_seed seed = { 3, 4 };

/* A service and its clock. */
struct site {
	struct detector detector;
	struct random random;
	struct instant now;
	double noise; /* of the whole, from window to window */
};

static void site_init(struct site *site, uint64_t chance)
{
	struct detect_settings settings = detect_defaults();

	*site = (struct site){ .random = { chance }, .now = { START_NS } };
	detector_init(&site->detector, &settings, site->now);
}

static double uniform(struct random *random)
{
	return (double)(random_u64(random) >> 11) / 9007199254740992.0;
}

/* Mean 0, deviation 1, about normal. */
static double normal(struct random *random)
{
	double sum = -6;

	for (unsigned i = 0; i < 12; i++)
		sum += uniform(random);
	return sum;
}

/* A count with the noise of sampling one in SAMPLE_WEIGHT. */
static uint64_t sampled(struct random *random, double mean)
{
	double samples = mean / SAMPLE_WEIGHT;
	double drawn = samples + sqrt(samples) * normal(random);

	return drawn < 0 ? 0 : (uint64_t)(drawn * SAMPLE_WEIGHT);
}

struct mix {
	double syn, tcp, udp, icmp; /* packets a second */
};

static void tally_mix(struct site *site, const struct mix *mix, struct tally *ret_tally)
{
	const struct {
		enum tally_metric metric;
		double rate, size;
	} parts[] = { { TALLY_SYN, mix->syn, 60 }, { TALLY_TCP_OTHER, mix->tcp, 400 },
		{ TALLY_UDP, mix->udp, 200 }, { TALLY_ICMP, mix->icmp, 84 } };

	memset(ret_tally, 0, sizeof(*ret_tally));
	for (unsigned i = 0; i < COUNT(parts); i++) {
		uint64_t count = sampled(&site->random, parts[i].rate * WINDOW_MS / 1000);

		ret_tally->count[parts[i].metric] = count;
		ret_tally->count[TALLY_PACKETS] += count;
		ret_tally->count[TALLY_BYTES] += (uint64_t)((double)count * parts[i].size);
	}
}

static enum detect_event feed(struct site *site, const struct tally *tally)
{
	site->now = instant_add(site->now, duration_ms(WINDOW_MS));
	return detector_feed(&site->detector, tally, site->now, NULL);
}

static const struct mix web = { 2000, 40000, 500, 50 };

static void quiet_minutes(struct site *site, unsigned minutes)
{
	struct tally tally;

	for (unsigned i = 0; i < minutes * 60000 / WINDOW_MS; i++) {
		tally_mix(site, &web, &tally);
		assert_int_equal(feed(site, &tally), DETECT_NOTHING);
	}
}

/* ---- Floods. ---- */

struct flood {
	const char *name;
	uint8_t protocol, tcp_flags, fragment;
	uint16_t source_port;
	unsigned destinations, sources;
	enum attack_kind kind;
};

static void flood_add(
	struct site *site, const struct flood *flood, uint64_t rate, struct tally *tally)
{
	for (uint64_t i = 0; i < rate * WINDOW_MS / 1000 / SAMPLE_WEIGHT; i++) {
		struct absorb_packet packet = { .family = 4,
			.protocol = flood->protocol,
			.tcp_flags = flood->tcp_flags,
			.fragment = flood->fragment,
			.source_port = flood->source_port,
			.length = 60,
			.source[0] = random_below(&site->random, flood->sources) };
		uint8_t destination[4] = { 192, 0, 2,
			(uint8_t)random_below(&site->random, flood->destinations) };

		memcpy(packet.destination, destination, 4);
		tally_add(tally, &packet, SAMPLE_WEIGHT, &seed);
	}
}

static const struct flood floods[] = {
	{ "SYN flood", 6, 0x02, 0, 999, 1, 1u << 30, ATTACK_SYN_FLOOD },
	{ "TCP flood", 6, 0x10, 0, 999, 1, 1000, ATTACK_SURGE },
	{ "UDP flood", 17, 0, 0, 40000, 1, 1u << 30, ATTACK_UDP_FLOOD },
	{ "DNS amplification", 17, 0, 0, 53, 1, 3000, ATTACK_AMPLIFICATION },
	{ "memcached amplification", 17, 0, 0, 11211, 1, 50, ATTACK_AMPLIFICATION },
	{ "ICMP flood", 1, 0, 0, 0, 1, 100, ATTACK_ICMP_FLOOD },
	{ "fragment flood", 17, 0, ABSORB_IS_FRAGMENT, 0, 1, 100, ATTACK_FRAGMENT_FLOOD },
	{ "flood of other protocols", 47, 0, 0, 0, 1, 100, ATTACK_OTHER_FLOOD },
	{ "carpet of UDP flood", 17, 0, 0, 40000, 256, 1u << 30, ATTACK_UDP_FLOOD },
	{ "carpet of NTP amplification", 17, 0, 0, 123, 256, 3000, ATTACK_AMPLIFICATION },
};

/* Every kind is found within two windows and named, goes on while it lasts, and ends after. */
static void test_floods(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(floods); i++) {
		struct site site;
		struct tally tally;
		char name[ATTACK_TEXT_MAX];
		struct attack *attack = &site.detector.attack;
		unsigned windows = 0;

		site_init(&site, i + 1);
		quiet_minutes(&site, 20);
		for (unsigned window = 1; window <= 60; window++) {
			enum detect_event event;

			tally_mix(&site, &web, &tally);
			flood_add(&site, &floods[i], 400000, &tally);
			event = feed(&site, &tally);
			if (window == 2)
				assert_int_equal(event, DETECT_BEGAN);
			else
				assert_int_equal(event, DETECT_NOTHING);
		}
		assert_int_equal(attack->kind, floods[i].kind);
		/* More of what is usual cannot be told by its kind. */
		assert_string_equal(attack_name(attack, name),
			floods[i].kind == ATTACK_SURGE ? "surge" : floods[i].name);
		for (;;) {
			tally_mix(&site, &web, &tally);
			windows++;
			if (feed(&site, &tally) == DETECT_ENDED)
				break;
			assert_true(windows < 60);
		}
		assert_int_equal(windows, 1 + 10000 / WINDOW_MS);
		assert_int_equal(attack->kind, ATTACK_NONE);
	}
}

/* One loud window is no attack; a flood that comes and goes is one attack. */
static void test_hysteresis(void **state)
{
	struct site site;
	struct tally tally;

	(void)state;
	site_init(&site, 9);
	quiet_minutes(&site, 20);
	for (unsigned i = 0; i < 20; i++) {
		tally_mix(&site, &web, &tally);
		if (i % 2 == 0)
			flood_add(&site, &floods[0], 400000, &tally);
		assert_int_equal(feed(&site, &tally), DETECT_NOTHING);
	}
	for (unsigned i = 0; i < 100; i++) {
		enum detect_event event;

		tally_mix(&site, &web, &tally);
		/* Four seconds on, four off. */
		if (i / 8 % 2 == 0)
			flood_add(&site, &floods[0], 400000, &tally);
		event = feed(&site, &tally);
		assert_int_equal(event, i == 1 ? DETECT_BEGAN : DETECT_NOTHING);
	}
}

/* SYN, then UDP, one behind the other: one attack that changes its kind. */
static void test_changes(void **state)
{
	struct site site;
	struct tally tally;
	unsigned changes = 0;

	(void)state;
	site_init(&site, 10);
	quiet_minutes(&site, 20);
	for (unsigned i = 0; i < 40; i++) {
		tally_mix(&site, &web, &tally);
		flood_add(&site, &floods[i < 20 ? 0 : 2], 400000, &tally);
		changes += feed(&site, &tally) == DETECT_CHANGED;
	}
	assert_int_equal(changes, 1);
	assert_int_equal(site.detector.attack.kind, ATTACK_UDP_FLOOD);
}

/* While nothing is known yet, only what is said to be the most counts. */
static void test_learning(void **state)
{
	struct site site;
	struct tally tally;

	(void)state;
	site_init(&site, 11);
	for (unsigned i = 0; i < 20; i++) {
		tally_mix(&site, &web, &tally);
		flood_add(&site, &floods[2], 400000, &tally);
		assert_int_equal(feed(&site, &tally), DETECT_NOTHING);
	}
	site_init(&site, 11);
	site.detector.settings.most[TALLY_UDP] = 100000;
	for (unsigned i = 0; i < 2; i++) {
		tally_mix(&site, &web, &tally);
		flood_add(&site, &floods[2], 400000, &tally);
		assert_int_equal(feed(&site, &tally), i == 1 ? DETECT_BEGAN : DETECT_NOTHING);
	}
	assert_int_equal(site.detector.attack.kind, ATTACK_UDP_FLOOD);
}

/* A service that grew is not under attack for ever. */
static void test_grown(void **state)
{
	struct mix grown = web;
	struct site site;
	struct tally tally;
	unsigned ended = 0;

	(void)state;
	site_init(&site, 12);
	quiet_minutes(&site, 20);
	grown.udp = 20000;
	for (unsigned i = 0; i < 3 * 3600 * 1000 / WINDOW_MS && ended == 0; i++) {
		tally_mix(&site, &grown, &tally);
		ended += feed(&site, &tally) == DETECT_ENDED;
	}
	assert_int_equal(ended, 1);
}

/* ---- Busy days. ---- */

/*
 * One window of a day: the tide of day and night (1 to 5), noise that comes and goes, three
 * crowds a day that make it six times as much within two seconds, in the usual mix, for five
 * minutes; and twice a day everybody connects anew: SYN five times as many, for three seconds.
 */
static struct mix busy(struct site *site, unsigned window)
{
	unsigned second = window * WINDOW_MS / 1000;
	double tide = 3 - 2 * cos(2 * 3.14159265 * second / 86400.0), crowd = 1, anew = 1;

	site->noise = 0.95 * site->noise + 0.05 * normal(&site->random);
	for (unsigned i = 0; i < 3; i++) {
		unsigned since = second - (20000 + i * 21000);

		if (since < 300)
			crowd = since < 2 ? 1 + since * 2.5 : 6;
	}
	if (second % 43200 >= 30000 && second % 43200 < 30003)
		anew = 5;
	tide *= exp(site->noise) * crowd / 3;
	return (struct mix){ web.syn * tide * anew, web.tcp * tide, web.udp * tide,
		web.icmp * tide };
}

/* The bound that docs/absorb.md states. */
#define DAYS           20
#define FALSE_ATTACKS  0
#define SURGES_PER_DAY 8

static void test_busy_days(void **state)
{
	unsigned attacks = 0, surges = 0;

	(void)state;
	for (unsigned day = 0; day < DAYS; day++) {
		struct site site;

		site_init(&site, 100 + day);
		for (unsigned window = 0; window < DAY_WINDOWS; window++) {
			struct mix mix = busy(&site, window);
			struct tally tally;
			enum detect_event event;

			tally_mix(&site, &mix, &tally);
			event = feed(&site, &tally);
			if (event != DETECT_BEGAN && event != DETECT_CHANGED)
				continue;
			if (site.detector.attack.kind == ATTACK_SURGE)
				surges++;
			else
				attacks++;
		}
	}
	print_message("%u busy days: %u false attacks, %u surges\n", DAYS, attacks, surges);
	assert_true(attacks <= FALSE_ATTACKS);
	assert_true(surges <= SURGES_PER_DAY * DAYS);
}

/* ---- Tallies. ---- */

static void test_tally(void **state)
{
	static const struct {
		uint8_t protocol, flags, fragment;
		uint16_t source_port;
		enum tally_metric metric;
	} rows[] = {
		{ 6, 0x02, 0, 1, TALLY_SYN },
		{ 6, 0xc2, 0, 1, TALLY_SYN }, /* with ECN */
		{ 6, 0x12, 0, 1, TALLY_TCP_OTHER },
		{ 6, 0x10, 0, 53, TALLY_TCP_OTHER },
		{ 17, 0, 0, 53, TALLY_ANSWERS },
		{ 17, 0, 0, 54, TALLY_UDP },
		{ 17, 0, ABSORB_FIRST_FRAGMENT, 53, TALLY_ANSWERS },
		{ 17, 0, ABSORB_IS_FRAGMENT, 0, TALLY_FRAGMENTS },
		{ 1, 0, 0, 0, TALLY_ICMP },
		{ 58, 0, 0, 0, TALLY_ICMP },
		{ 47, 0, 0, 0, TALLY_OTHER },
	};
	struct tally tally = { 0 };
	unsigned share, largest;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct absorb_packet packet = { .family = 4,
			.protocol = rows[i].protocol,
			.tcp_flags = rows[i].flags,
			.fragment = rows[i].fragment,
			.source_port = rows[i].source_port,
			.length = 100 };

		assert_int_equal(tally_metric_of(&packet), rows[i].metric);
		tally_add(&tally, &packet, 10, &seed);
	}
	assert_int_equal(tally.count[TALLY_PACKETS], 10 * COUNT(rows));
	assert_int_equal(tally.count[TALLY_BYTES], 1000 * COUNT(rows));
	assert_int_equal(tally_service_at(tally_top_answers(&tally, &share))->port, 53);
	assert_int_equal(share, 1000);
	assert_int_equal(tally_destinations(&tally, &largest), 1);
	assert_int_equal(largest, 1000);
	assert_int_equal(tally_spread(&tally), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_hysteresis),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_learning),
		cmocka_unit_test(test_grown),
		cmocka_unit_test(test_busy_days),
		cmocka_unit_test(test_tally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
