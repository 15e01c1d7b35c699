/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications between speakers.
 *
 *     A (64501) ---- B (64500, under test) ---- C (64502)
 *                    |
 *                    D (64503)
 *
 * B believes A only what A may say (RFC 8955 section 6), now and when unicast routes change,
 * and C hears of what B believes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/flow.h"

#define DISCARD 0x8006000000000000ull

static struct net net;
static struct node *a, *b, *c, *d;

static struct neighbor_settings settings_of(const struct node *node, const struct node *other)
{
	struct neighbor_settings settings = net_settings(node, other);

	settings.families[BGP_IPV4_FLOWSPEC] = settings.families[BGP_IPV6_FLOWSPEC] = true;
	settings.transit = settings.restart_preserve = true;
	return settings;
}

static void join(struct node *x, struct node *y)
{
	struct neighbor_settings of_x = settings_of(x, y), of_y = settings_of(y, x);

	net_neighbor(x, &of_x);
	net_neighbor(y, &of_y);
	assert_true(net_until_up(x, y, 60000));
}

static int begin(void **state)
{
	(void)state;
	net_begin(&net, 8955);
	a = net_node(&net, 64501, 0);
	b = net_node(&net, 64500, 0);
	c = net_node(&net, 64502, 0);
	d = net_node(&net, 64503, 0);
	join(a, b);
	join(b, c);
	join(b, d);
	net_run(&net, 1000);
	return 0;
}

static int end(void **state)
{
	(void)state;
	net_end(&net);
	return 0;
}

static struct flowspec rule_of(const char *text, struct arena *arena)
{
	enum family family = strchr(text, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4;
	struct flowspec rule;

	assert_int_equal(flowspec_parse(text, family, arena, &rule, NULL), 0);
	return rule;
}

static void say(struct node *node, const char *text, bool set)
{
	struct arena arena = { 0 };
	struct flowspec rule = rule_of(text, &arena);
	uint64_t action = DISCARD;

	assert_int_equal(set ? speaker_flow_set(node->speaker, &rule, &action, 1, net.now)
			     : speaker_flow_remove(node->speaker, &rule, net.now),
		0);
	arena_clear(&arena);
}

static void unicast(struct node *node, const char *prefix, bool set)
{
	struct local_route route = { 0 };

	assert_int_equal(prefix_parse(prefix, &route.prefix), 0);
	if (set)
		assert_int_equal(speaker_route_set(node->speaker, &route, net.now), 0);
	else
		assert_int_equal(
			speaker_route_remove(node->speaker, &route.prefix, net.now), 0);
}

struct look {
	struct flowspec rule;
	bool any, found, feasible, stale;
	unsigned count;
	uint64_t action;
	char path[64], reason[128];
};

static bool on_rule(void *context, const struct flow_view *view)
{
	struct look *look = context;

	look->count++;
	if (!look->any && flowspec_compare(view->rule, &look->rule) != 0)
		return true;
	look->found = true;
	look->feasible = view->feasible;
	look->stale = view->stale;
	look->action = view->attributes->extended_community_count == 1
			       ? view->attributes->extended_communities[0]
			       : 0;
	bgp_as_path_format(view->attributes, look->path, sizeof(look->path));
	snprintf(look->reason, sizeof(look->reason), "%s", view->reason);
	return true;
}

static struct look look_at(const struct node *node, const char *text)
{
	struct arena arena = { 0 };
	struct look look = { .any = text == NULL };
	uint64_t position = 0;

	if (text != NULL)
		look.rule = rule_of(text, &arena);
	while (position != UINT64_MAX)
		speaker_flow_each(node->speaker, &position, on_rule, &look);
	arena_clear(&arena);
	return look;
}

#define UDP   "destination 198.51.1.7/32 and protocol = udp and port = 53"
#define WHOLE "destination 198.51.1.0/24 and protocol = tcp"
#define SIX   "destination 2001:db8:1::/64 and protocol = udp"

static void believed(void **state)
{
	struct look look;

	(void)state;
	unicast(a, "198.51.1.0/24", true);
	say(a, UDP, true);
	net_run(&net, 2000);
	look = look_at(b, UDP);
	assert_true(look.found && look.feasible);
	assert_string_equal(look.path, "64501");
	look = look_at(c, UDP);
	assert_true(look.found);
	assert_string_equal(look.path, "64500 64501");
	assert_true(look.action == DISCARD);
	/* To C B is not where the destination is routed, but it is on the way: feasible there
	 * too. */
	assert_true(look.feasible);
	say(a, UDP, false);
	net_run(&net, 2000);
	assert_false(look_at(b, UDP).found);
	assert_false(look_at(c, UDP).found);
	assert_int_equal(look_at(c, NULL).count, 0);
}

/* Before there is a route, and after it has gone, it is not. */
static void without_route(void **state)
{
	static const char *const rules[] = { UDP, WHOLE };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		say(a, rules[i], true);
		net_run(&net, 3000);
		assert_true(look_at(b, rules[i]).found);
		assert_false(look_at(b, rules[i]).feasible);
		assert_non_null(strstr(look_at(b, rules[i]).reason, "no unicast route"));
		assert_false(look_at(c, rules[i]).found);
		unicast(a, "198.51.0.0/16", true);
		net_run(&net, 3000);
		assert_true(look_at(b, rules[i]).feasible);
		assert_true(look_at(c, rules[i]).found);
		unicast(a, "198.51.0.0/16", false);
		net_run(&net, 3000);
		assert_false(look_at(b, rules[i]).feasible);
		assert_false(look_at(c, rules[i]).found);
	}
}

/* Somebody else has the route, or a part of it. */
static void of_others(void **state)
{
	(void)state;
	unicast(d, "198.51.1.0/24", true);
	say(a, WHOLE, true);
	net_run(&net, 3000);
	assert_false(look_at(b, WHOLE).feasible);
	unicast(d, "198.51.1.0/24", false);
	unicast(a, "198.51.1.0/24", true);
	net_run(&net, 3000);
	assert_true(look_at(b, WHOLE).feasible);
	unicast(d, "198.51.1.128/25", true);
	net_run(&net, 3000);
	assert_false(look_at(b, WHOLE).feasible);
	assert_non_null(strstr(look_at(b, WHOLE).reason, "another AS"));
	assert_false(look_at(c, WHOLE).found);
	unicast(d, "198.51.1.128/25", false);
	unicast(a, "198.51.1.128/25", true);
	net_run(&net, 3000);
	assert_true(look_at(b, WHOLE).feasible);
	assert_true(look_at(c, WHOLE).found);
}

static void ipv6(void **state)
{
	(void)state;
	unicast(a, "2001:db8:1::/48", true);
	say(a, SIX, true);
	net_run(&net, 3000);
	assert_true(look_at(b, SIX).feasible);
	assert_true(look_at(c, SIX).found);
}

/* Ours need no route, and go to all that have the family. */
static void ours(void **state)
{
	(void)state;
	say(b, UDP, true);
	net_run(&net, 3000);
	assert_true(look_at(a, UDP).found);
	assert_true(look_at(c, UDP).found);
	assert_string_equal(look_at(c, UDP).path, "64500");
	say(b, UDP, false);
	net_run(&net, 3000);
	assert_false(look_at(a, UDP).found);
}

static void session_lost(void **state)
{
	(void)state;
	unicast(a, "198.51.1.0/24", true);
	say(a, UDP, true);
	net_run(&net, 3000);
	assert_true(look_at(c, UDP).found);
	/* It restarts gracefully: stale, and still believed. */
	net_cut(a, b);
	net_run(&net, 10);
	assert_true(look_at(b, UDP).stale);
	assert_true(look_at(c, UDP).found);
	assert_true(net_until_up(a, b, 60000));
	net_run(&net, 3000);
	assert_false(look_at(b, UDP).stale);
	speaker_neighbor_shutdown(b->speaker, net_of(b, a), "", net.now);
	net_run(&net, 3000);
	assert_false(look_at(b, UDP).found);
	assert_false(look_at(c, UDP).found);
}

/* Whoever has not agreed to the family hears nothing of it. */
static void only_with_the_family(void **state)
{
	struct neighbor_settings settings = settings_of(c, b);

	(void)state;
	settings.families[BGP_IPV4_FLOWSPEC] = settings.families[BGP_IPV6_FLOWSPEC] = false;
	assert_true(speaker_neighbor_change(c->speaker, net_of(c, b), &settings, net.now));
	net_run(&net, 60000);
	assert_true(net_up(b, c));
	say(b, UDP, true);
	net_run(&net, 3000);
	assert_true(look_at(a, UDP).found);
	assert_false(look_at(c, UDP).found);
}

static void too_many(void **state)
{
	struct neighbor_view view;
	char text[96];

	(void)state;
	for (unsigned i = 0; i < FLOW_NEIGHBOR_MAX + 10; i++) {
		snprintf(text, sizeof(text), "destination 198.51.%u.%u/32", i >> 8, i & 255);
		say(a, text, true);
	}
	net_run(&net, 20000);
	speaker_neighbor_view(net_of(b, a), &view);
	assert_int_equal(view.prefixes_in[BGP_IPV4_FLOWSPEC], FLOW_NEIGHBOR_MAX);
	assert_int_equal(view.counters[COUNTER_FLOWSPEC_REFUSED], 10);
	assert_int_equal(look_at(b, NULL).count, FLOW_NEIGHBOR_MAX);
}

/* One that is malformed costs itself alone. */
static void malformed(void **state)
{
	/* Two rules: a component of an unknown type; protocol = udp. */
	static const uint8_t nlri[] = { 0x03, 0x20, 0x81, 0x01, 0x03, 0x03, 0x81, 0x11 };
	static const uint8_t head[] = { 0x40, 0x01, 0x01, 0x00, 0x40, 0x02, 0x06, 0x02, 0x01,
		0x00, 0x00, 0xfb, 0xf5, 0x80, 0x0e, 5 + sizeof(nlri), 0x00, 0x01, 133, 0x00,
		0x00 };
	uint8_t message[19 + 4 + sizeof(head) + sizeof(nlri)] = { 0 };
	struct neighbor_view view;

	(void)state;
	memset(message, 0xff, 16);
	message[17] = sizeof(message);
	message[18] = BGP_UPDATE;
	message[22] = sizeof(head) + sizeof(nlri);
	memcpy(message + 23, head, sizeof(head));
	memcpy(message + 23 + sizeof(head), nlri, sizeof(nlri));
	net_inject(b, a, message, sizeof(message));
	net_run(&net, 3000);
	speaker_neighbor_view(net_of(b, a), &view);
	assert_int_equal(view.state, SESSION_ESTABLISHED);
	assert_int_equal(view.counters[COUNTER_FLOWSPEC_MALFORMED], 1);
	assert_int_equal(view.prefixes_in[BGP_IPV4_FLOWSPEC], 1);
	assert_true(look_at(b, "protocol = udp").found);
	assert_false(look_at(b, "protocol = udp").feasible);
	assert_non_null(strstr(look_at(b, "protocol = udp").reason, "no destination"));
}

/* ---- Random stories: what is believed at the end is what the rules and routes say. ---- */

#define SEEDS  200
#define RULES  24u
#define ROUTES 40u

static struct random story;

/* Inside of 198.51.0.0/20, of a few lengths. */
static void place(unsigned number, char text[32])
{
	static const unsigned lengths[] = { 20, 22, 24, 25, 32 };
	unsigned length = lengths[number % 5];
	uint32_t address = (198u << 24 | 51u << 16 | ((number * 2654435761u) >> 20)) &
			   (length == 32 ? UINT32_MAX : ~(UINT32_MAX >> length));

	snprintf(text, 32, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255,
		address >> 8 & 255, address & 255, length);
}

static void rule_text(unsigned number, char text[96])
{
	char prefix[32];

	place(number % 17, prefix);
	snprintf(text, 96, "destination %s and port = %u", prefix, 100 + number);
}

struct asked {
	bool a_says[RULES];
	bool routes[2][ROUTES]; /* of A, of D */
};

static struct prefix place_of(unsigned number)
{
	struct prefix prefix;
	char text[32];

	place(number, text);
	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

/* Who has the route: where both have it, A (the lower router id, paths being equally long). */
static int owner(const struct asked *asked, unsigned route)
{
	return asked->routes[0][route] ? 0 : asked->routes[1][route] ? 1 : -1;
}

/* Two numbers may be one place: whoever of them has a route. */
static int owner_of(const struct asked *asked, const struct prefix *prefix)
{
	int found = -1;

	for (unsigned r = 0; r < ROUTES; r++) {
		struct prefix other = place_of(r);

		if (!prefix_equal(&other, prefix) || owner(asked, r) < 0)
			continue;
		if (found < 0 || owner(asked, r) < found)
			found = owner(asked, r);
	}
	return found;
}

static bool may(const struct asked *asked, unsigned rule)
{
	struct prefix destination = place_of(rule % 17), around = destination;
	int owns = -1;

	for (int length = destination.length; owns < 0 && length >= 0; length--) {
		around.length = (uint8_t)length;
		prefix_normalise(&around);
		owns = owner_of(asked, &around);
	}
	if (owns != 0)
		return false;
	for (unsigned r = 0; r < ROUTES; r++) {
		struct prefix other = place_of(r);

		if (other.length > destination.length &&
			prefix_contains(&destination, &other) && owner_of(asked, &other) == 1)
			return false;
	}
	return true;
}

static void something(struct asked *asked)
{
	unsigned number = random_below(&story, 3);
	char text[96];

	if (number == 0) {
		number = random_below(&story, RULES);
		rule_text(number, text);
		asked->a_says[number] = !asked->a_says[number];
		say(a, text, asked->a_says[number]);
		return;
	}
	number = random_below(&story, ROUTES);
	place(number, text);
	for (unsigned r = 0; r < number; r++) {
		struct prefix here = place_of(number), there = place_of(r);

		if (prefix_equal(&here, &there))
			return; /* the first number of a place is used */
	}
	{
		unsigned who = random_below(&story, 2);

		asked->routes[who][number] = !asked->routes[who][number];
		unicast(who == 0 ? a : d, text, asked->routes[who][number]);
	}
}

static void stories(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct asked asked = { 0 };

		begin(NULL);
		story = (struct random){ seed };
		for (unsigned i = random_below(&story, 120); i > 0; i--) {
			something(&asked);
			net_run(&net, random_below(&story, 4) == 0 ? 1500 : 3);
		}
		net_run(&net, 5000);
		for (unsigned r = 0; r < RULES; r++) {
			char text[96];
			struct look look;

			rule_text(r, text);
			look = look_at(b, text);
			if (look.found != asked.a_says[r] ||
				(look.found && look.feasible != may(&asked, r)) ||
				look_at(c, text).found != (look.found && may(&asked, r)))
				fail_msg(
					"seed %llu, %s: found %d, feasible %d (%s), may %d, C %d",
					(unsigned long long)seed, text, look.found,
					look.feasible, look.reason, may(&asked, r),
					look_at(c, text).found);
		}
		end(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(believed, begin, end),
		cmocka_unit_test_setup_teardown(without_route, begin, end),
		cmocka_unit_test_setup_teardown(of_others, begin, end),
		cmocka_unit_test_setup_teardown(ipv6, begin, end),
		cmocka_unit_test_setup_teardown(ours, begin, end),
		cmocka_unit_test_setup_teardown(session_lost, begin, end),
		cmocka_unit_test_setup_teardown(only_with_the_family, begin, end),
		cmocka_unit_test_setup_teardown(too_many, begin, end),
		cmocka_unit_test_setup_teardown(malformed, begin, end),
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
