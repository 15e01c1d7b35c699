/* SPDX-License-Identifier: Apache-2.0 */
/* What the playbook does, as lines of a log, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "balance/playbook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The playbook under test, and what it said since the last look. */
struct scene {
	struct playbook playbook;
	struct text log;
	struct instant now;
	unsigned rules, asked; /* now in force */
	unsigned rules_peak, asked_peak;
};

static void on_begin(void *context, const struct rule *rule)
{
	struct scene *scene = context;
	struct flowspec match = rule_match(rule);
	char text[512];

	flowspec_format(&match, text, sizeof(text));
	text_print(&scene->log, "%s %s\n", rule->verb == ABSORB_DROP ? "drop" : "slow", text);
	assert_true(instant_before(rule->start, rule->end));
	assert_true(rule->reason[0] != '\0');
	if (++scene->rules > scene->rules_peak)
		scene->rules_peak = scene->rules;
}

static void on_end(void *context, const struct rule *rule, const char *why)
{
	struct scene *scene = context;

	(void)rule;
	text_print(&scene->log, "end: %s\n", why);
	scene->rules--;
}

static void on_cookies(void *context, uint32_t target, bool on, const char *why)
{
	struct scene *scene = context;

	(void)why;
	text_print(&scene->log, "cookies %s for %u\n", on ? "on" : "off", target);
}

static void on_ask(void *context, const struct playbook_asked *asked)
{
	struct scene *scene = context;
	char prefix[PREFIX_TEXT_MAX];

	assert_true(playbook_ours(&scene->playbook, &asked->destination));
	text_print(&scene->log, "%s %s\n", asked->kind == ASKED_RULE ? "ask rule" : "blackhole",
		prefix_format(&asked->destination, prefix));
	if (++scene->asked > scene->asked_peak)
		scene->asked_peak = scene->asked;
}

static void on_take_back(void *context, const struct playbook_asked *asked, const char *why)
{
	struct scene *scene = context;

	text_print(&scene->log, "take back %s: %s\n",
		asked->kind == ASKED_RULE ? "rule" : "blackhole", why);
	scene->asked--;
}

static void on_note(void *context, uint32_t target, const char *why)
{
	struct scene *scene = context;

	(void)target;
	text_print(&scene->log, "note: %s\n", why);
}

static void scene_init(struct scene *scene, const struct playbook_settings *settings)
{
	struct playbook_sink sink = { on_begin, on_end, on_cookies, on_ask, on_take_back,
		on_note, scene };

	*scene = (struct scene){ .now = { 1000000000 } };
	playbook_init(&scene->playbook, settings, &sink, 1);
}

/* Compare and empty the log. */
static void said(struct scene *scene, const char *wanted)
{
	assert_string_equal(text_string(&scene->log), wanted);
	text_reset(&scene->log);
}

static struct playbook_target target_of(const char *prefix, uint32_t id)
{
	struct playbook_target target = {
		.id = id, .udp_ports = { 53, 443 }, .udp_port_count = 2
	};

	assert_int_equal(prefix_parse(prefix, &target.destination), 0);
	return target;
}

static struct attack attack_of(enum attack_kind kind, enum tally_metric metric, uint16_t port)
{
	return (struct attack){ .kind = kind, .metric = metric, .port = port, .rate = 400000 };
}

static const struct heavy_key sources[] = {
	{ .length = 4, .bytes = { 203, 0, 113, 1 }, .amount = 9000 },
	{ .length = 4, .bytes = { 203, 0, 113, 2 }, .amount = 5000 },
};

static void step(struct scene *scene, const struct playbook_target *target,
	const struct attack *attack, unsigned heavy, int64_t ms)
{
	scene->now = instant_add(scene->now, duration_ms(ms));
	if (attack != NULL)
		playbook_seen(&scene->playbook, target, attack, sources, heavy, scene->now);
	playbook_tick(&scene->playbook, scene->now);
}

/* Known-good packets from 198.51.100.x to 192.0.2.1: `share` of hundred are answers of DNS. */
static void good_packets(struct scene *scene, unsigned count, unsigned share)
{
	const uint8_t to[4] = { 192, 0, 2, 1 };

	for (unsigned i = 0; i < count; i++) {
		uint8_t from[4] = { 198, 51, 100, (uint8_t)i };
		struct absorb_packet packet = { .family = 4,
			.protocol = i % 100 < share ? 17 : 6,
			.source_port = i % 100 < share ? 53 : 40000,
			.destination_port = 443,
			.tcp_flags = 0x10,
			.length = 100,
			.has = i % 100 < share ? ABSORB_HAS_PORTS
					       : ABSORB_HAS_PORTS | ABSORB_HAS_TCP };

		memcpy(packet.source, from, 4);
		memcpy(packet.destination, to, 4);
		playbook_good(&scene->playbook, &packet);
	}
}

/* What is done about each kind, with heavy sources and known-good traffic at hand. */
static void test_plays(void **state)
{
	static const struct {
		enum attack_kind kind;
		enum tally_metric metric;
		uint16_t port;
		const char *target, *said;
	} rows[] = {
		{ ATTACK_SYN_FLOOD, TALLY_SYN, 0, "192.0.2.1/32",
			"cookies on for 5\n"
			"drop destination 192.0.2.1/32 and source 203.0.113.1/32 and protocol = tcp "
			"and tcp-flags = syn & !~ ack\n"
			"drop destination 192.0.2.1/32 and source 203.0.113.2/32 and protocol = tcp "
			"and tcp-flags = syn & !~ ack\n" },
		{ ATTACK_UDP_FLOOD, TALLY_UDP, 0, "192.0.2.1/32",
			"drop destination 192.0.2.1/32 and protocol = udp and "
			"destination-port != 53 & != 443\n" },
		{ ATTACK_AMPLIFICATION, TALLY_ANSWERS, 123, "192.0.2.0/24",
			"drop destination 192.0.2.0/24 and protocol = udp and source-port = 123\n" },
		{ ATTACK_AMPLIFICATION, TALLY_ANSWERS, 0, "192.0.2.1/32",
			"drop destination 192.0.2.1/32 and source 203.0.113.1/32 and protocol = udp\n"
			"drop destination 192.0.2.1/32 and source 203.0.113.2/32 and protocol = "
			"udp\n" },
		{ ATTACK_ICMP_FLOOD, TALLY_ICMP, 0, "2001:db8::1/128",
			"slow destination 2001:db8::1/128 and protocol = icmp, = icmpv6\n" },
		{ ATTACK_FRAGMENT_FLOOD, TALLY_FRAGMENTS, 0, "192.0.2.1/32",
			"slow destination 192.0.2.1/32 and fragment ~ is-fragment\n" },
		{ ATTACK_OTHER_FLOOD, TALLY_OTHER, 0, "192.0.2.1/32",
			"slow destination 192.0.2.1/32 and "
			"protocol != tcp & != udp & != icmp & != icmpv6\n" },
		{ ATTACK_SURGE, TALLY_PACKETS, 0, "192.0.2.1/32", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct playbook_settings settings = playbook_defaults();
		struct playbook_target target = target_of(rows[i].target, 5);
		struct attack attack = attack_of(rows[i].kind, rows[i].metric, rows[i].port);
		struct scene scene;

		scene_init(&scene, &settings);
		good_packets(&scene, 100, 0);
		step(&scene, &target, &attack, 2, 500);
		said(&scene, rows[i].said);
		/* Seen again: nothing new. */
		for (unsigned again = 0; again < 300; again++)
			step(&scene, &target, &attack, 2, 500);
		said(&scene, "");
		text_clear(&scene.log);
	}
}

/* A rule ends a minute after its attack was seen last, and cookies with it. */
static void test_ends(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct playbook_target target = target_of("192.0.2.1/32", 1);
	struct attack attack = attack_of(ATTACK_SYN_FLOOD, TALLY_SYN, 0);
	struct scene scene;

	(void)state;
	scene_init(&scene, &settings);
	good_packets(&scene, 100, 0);
	step(&scene, &target, &attack, 1, 500);
	text_reset(&scene.log);
	step(&scene, &target, NULL, 0, 59900);
	said(&scene, "");
	step(&scene, &target, NULL, 0, 100);
	said(&scene, "end: the attack was not seen any more\ncookies off for 1\n");
	text_clear(&scene.log);
}

/* Nothing that harms: the next play on the ladder, or none, and never what is not known. */
static void test_gentle(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct playbook_target target = target_of("192.0.2.1/32", 1);
	struct attack attack = attack_of(ATTACK_AMPLIFICATION, TALLY_ANSWERS, 53);
	struct scene scene;

	(void)state;
	/* A tenth of the good traffic are answers, small ones. */
	scene_init(&scene, &settings);
	good_packets(&scene, 200, 10);
	step(&scene, &target, &attack, 0, 500);
	said(&scene,
		"drop destination 192.0.2.1/32 and protocol = udp and source-port = 53 and "
		"packet-length > 468\n");
	text_clear(&scene.log);
	/* They come only after the rule: it is ended, and the next one taken. */
	scene_init(&scene, &settings);
	good_packets(&scene, 200, 0);
	step(&scene, &target, &attack, 0, 500);
	said(&scene, "drop destination 192.0.2.1/32 and protocol = udp and source-port = 53\n");
	good_packets(&scene, 200, 10);
	step(&scene, &target, &attack, 0, 500);
	said(&scene,
		"end: it touched 50000 in a million known-good packets, and may touch 10000\n"
		"drop destination 192.0.2.1/32 and protocol = udp and source-port = 53 and "
		"packet-length > 468\n");
	text_clear(&scene.log);
	/* Of too few good packets is known what is good. */
	scene_init(&scene, &settings);
	attack = attack_of(ATTACK_TCP_FLOOD, TALLY_TCP_OTHER, 0);
	good_packets(&scene, 31, 0);
	for (unsigned i = 0; i < 10; i++)
		step(&scene, &target, &attack, 2, 500);
	said(&scene, "note: no rule would be gentle enough\n");
	text_clear(&scene.log);
}

/* Bounds: rules at once, and their age whatever happens. */
static void test_bounds(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct attack attack = attack_of(ATTACK_UDP_FLOOD, TALLY_UDP, 0);
	struct playbook_target targets[40];
	struct scene scene;

	(void)state;
	settings.rules = 3;
	scene_init(&scene, &settings);
	for (unsigned i = 0; i < COUNT(targets); i++) {
		char text[PREFIX_TEXT_MAX];

		snprintf(text, sizeof(text), "192.0.2.%u/32", i);
		targets[i] = target_of(text, i);
		step(&scene, &targets[i], &attack, 0, 1);
	}
	assert_int_equal(scene.rules, 3);
	assert_non_null(strstr(text_string(&scene.log), "note: as many automatic rules"));
	text_reset(&scene.log);
	/* An attack of a day: no rule gets older than an hour. */
	for (unsigned i = 0; i < 24 * 60 * 2; i++)
		step(&scene, &targets[0], &attack, 0, 30000);
	assert_int_equal(scene.rules_peak, 3);
	assert_non_null(
		strstr(text_string(&scene.log), "end: it is as old as a rule may be\n"));
	text_clear(&scene.log);
}

static void test_dry_run(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct playbook_target target = target_of("192.0.2.1/32", 1);
	struct attack attack = attack_of(ATTACK_SYN_FLOOD, TALLY_SYN, 0);
	struct scene scene;

	(void)state;
	settings.mode = RULE_DRY_RUN;
	settings.upstream = UPSTREAM_BLACKHOLE;
	settings.upstream_pps = settings.blackhole_pps = 1;
	settings.own[0] = target.destination;
	settings.own_count = 1;
	scene_init(&scene, &settings);
	good_packets(&scene, 100, 0);
	for (unsigned i = 0; i < 100; i++)
		step(&scene, &target, &attack, 1, 500);
	/* No cookies, nothing upstream; the rule only counts. */
	said(&scene,
		"drop destination 192.0.2.1/32 and source 203.0.113.1/32 and protocol = tcp "
		"and tcp-flags = syn & !~ ack\n");
	assert_int_equal(scene.playbook.rules[0].rule.mode, RULE_DRY_RUN);
	text_clear(&scene.log);
}

static void test_upstream(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct playbook_target target = target_of("192.0.2.1/32", 1);
	struct attack attack = attack_of(ATTACK_UDP_FLOOD, TALLY_UDP, 0);
	struct scene scene;

	(void)state;
	settings.upstream = UPSTREAM_BLACKHOLE;
	assert_int_equal(prefix_parse("192.0.2.0/24", &settings.own[0]), 0);
	settings.own_count = 1;
	scene_init(&scene, &settings);
	attack.rate = 2000000;
	step(&scene, &target, &attack, 0, 500);
	text_reset(&scene.log);
	/* Only after ten seconds of it. */
	for (unsigned i = 0; i < 19; i++)
		step(&scene, &target, &attack, 0, 500);
	said(&scene, "");
	step(&scene, &target, &attack, 0, 500);
	said(&scene, "ask rule 192.0.2.1/32\n");
	/* Ten times as much. */
	attack.rate = 20000000;
	step(&scene, &target, &attack, 0, 500);
	said(&scene, "blackhole 192.0.2.1/32\n");
	/* Then nothing is to be seen here: all of it is taken back. */
	for (unsigned i = 0; i < 1300; i++)
		step(&scene, &target, NULL, 0, 500);
	said(&scene, "end: the attack was not seen any more\n"
		     "take back rule: the rule here has ended\n"
		     "take back blackhole: its time is over\n");
	/* It is there again: no blackhole until the pause is over. */
	for (unsigned i = 0; i < 60; i++)
		step(&scene, &target, &attack, 0, 500);
	assert_non_null(strstr(text_string(&scene.log), "ask rule"));
	assert_null(strstr(text_string(&scene.log), "blackhole"));
	for (unsigned i = 0; i < 1200; i++)
		step(&scene, &target, &attack, 0, 500);
	assert_non_null(strstr(text_string(&scene.log), "blackhole 192.0.2.1/32"));
	assert_true(scene.asked_peak <= settings.asked);
	text_clear(&scene.log);
}

/* Never outside of our own prefixes, whatever the rates; never more at once than allowed. */
static void test_upstream_bounds(void **state)
{
	struct playbook_settings settings = playbook_defaults();
	struct attack attack = attack_of(ATTACK_UDP_FLOOD, TALLY_UDP, 0);
	struct scene scene;

	(void)state;
	settings.upstream = UPSTREAM_BLACKHOLE;
	settings.patience = duration_ms(0);
	settings.asked = 2;
	assert_int_equal(prefix_parse("192.0.2.0/25", &settings.own[0]), 0);
	settings.own_count = 1;
	attack.rate = UINT64_MAX;
	scene_init(&scene, &settings);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 16; i++) {
			static const char *const outside[] = { "192.0.2.128/32", "192.0.2.0/24",
				"198.51.100.1/32", "0.0.0.0/0", "2001:db8::1/128" };
			struct playbook_target target =
				target_of(outside[i % COUNT(outside)], i);

			step(&scene, &target, &attack, 0, 500);
		}
	assert_int_equal(scene.asked_peak, 0);
	text_clear(&scene.log);
	scene_init(&scene, &settings);
	for (unsigned i = 0; i < 16; i++) {
		char text[PREFIX_TEXT_MAX];
		struct playbook_target target;

		snprintf(text, sizeof(text), "192.0.2.%u/32", i);
		target = target_of(text, i);
		step(&scene, &target, &attack, 0, 500);
	}
	assert_int_equal(scene.asked_peak, 2);
	text_clear(&scene.log);
	/* A prefix is never blackholed. */
	scene_init(&scene, &settings);
	for (unsigned i = 0; i < 100; i++) {
		struct playbook_target target = target_of("192.0.2.0/25", 1);

		step(&scene, &target, &attack, 0, 500);
	}
	assert_null(strstr(text_string(&scene.log), "blackhole"));
	text_clear(&scene.log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plays),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_gentle),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_upstream),
		cmocka_unit_test(test_upstream_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
