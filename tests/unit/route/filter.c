/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies inside the engine: A says routes, B runs policies on them, C hears what is left.
 * What the policies themselves do is tested in policy.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"
#include "route/policy.h"
#include "route/rpki_table.h"

#define MARK 0xfbf40001u

static struct net net;
static struct node *a, *b, *c;
static uint64_t counters[16];

/* One rule: reject these prefixes; another: mark the rest and accept. */
static struct policy *policy_against(unsigned x, const struct policy_term *more)
{
	struct prefix gone = net_prefix(x, false);
	struct policy_prefix_range range = { gone, gone.length, gone.length };
	struct policy_prefix_set set = { "gone", &range, 1 };
	uint32_t first = 0, mark = MARK;
	struct policy_term term = {
		.kind = POLICY_TERM_PREFIX, .sets = &first, .set_count = 1
	};
	struct policy_change change = {
		.kind = POLICY_ADD_COMMUNITIES, .communities = &mark, .community_count = 1
	};
	struct policy_rule rules[] = {
		{ .terms = more == NULL ? &term : more,
			.term_count = 1,
			.then = POLICY_THEN_REJECT },
		{ .changes = &change, .change_count = 1, .then = POLICY_THEN_ACCEPT },
	};
	struct policy_rules one = { "one", rules, 2 };
	struct policy_description description = {
		.prefix_sets = &set, .prefix_set_count = 1, .policies = &one, .policy_count = 1
	};
	struct policy_book *book = policy_book_new(&description, NULL);
	struct policy *policy;

	assert_non_null(book);
	policy = policy_new(book, &(const char *){ "one" }, 1, POLICY_END_REJECT, NULL);
	assert_non_null(policy);
	policy_book_release(book);
	return policy;
}

static struct neighbor_settings b_towards(const struct node *other)
{
	struct neighbor_settings settings = net_settings(b, other);

	settings.transit = true;
	settings.rule_counters = counters;
	return settings;
}

static void begin(const struct neighbor_settings *to_a, const struct neighbor_settings *to_c)
{
	struct neighbor_settings of_a = net_settings(a, b), of_c = net_settings(c, b);

	memset(counters, 0, sizeof(counters));
	net_neighbor(a, &of_a);
	net_neighbor(c, &of_c);
	net_neighbor(b, to_a);
	net_neighbor(b, to_c);
	assert_true(net_until_up(a, b, 60000));
	assert_true(net_until_up(b, c, 60000));
	for (unsigned x = 1; x <= 3; x++)
		net_announce(a, x, false, 7);
	net_run(&net, 1000);
}

static void nodes(void)
{
	net_begin(&net, 1);
	a = net_node(&net, 64501, 0);
	b = net_node(&net, 64502, 0);
	c = net_node(&net, 64503, 0);
}

static bool c_has(unsigned x, bool *ret_marked)
{
	struct bgp_attributes attributes;
	bool stale;

	*ret_marked = false;
	if (!net_has(c, b, net_prefix(x, false), &attributes, &stale))
		return false;
	for (unsigned i = 0; i < attributes.community_count; i++)
		*ret_marked |= attributes.communities[i] == MARK;
	return true;
}

static void expect(const char *seen) /* a character a prefix: - none, r route, m marked */
{
	for (unsigned x = 1; x <= 3; x++) {
		bool marked, has = c_has(x, &marked);

		assert_int_equal(seen[x - 1], !has ? '-' : marked ? 'm' : 'r');
	}
}

static uint64_t sessions(const struct node *node, const struct node *other)
{
	struct neighbor_view view;

	speaker_neighbor_view(net_of(node, other), &view);
	return view.counters[COUNTER_ESTABLISHED];
}

static void change(const struct node *other, const struct neighbor_settings *settings)
{
	assert_false(speaker_neighbor_change(b->speaker, net_of(b, other), settings, net.now));
	net_run(&net, 1000);
}

static void import_is_filtered(void **state)
{
	struct policy *policy = policy_against(2, NULL), *other = policy_against(1, NULL);
	struct neighbor_settings to_a, to_c;

	(void)state;
	nodes();
	to_a = b_towards(a);
	to_c = b_towards(c);
	to_a.import_policy = policy;
	begin(&to_a, &to_c);
	expect("m-m");
	assert_int_equal(counters[0], 1);
	assert_int_equal(counters[1], 2);
	/* What A said is kept: another policy needs neither a new session nor a refresh. */
	to_a.import_policy = other;
	change(a, &to_a);
	expect("-mm");
	to_a.import_policy = NULL;
	change(a, &to_a);
	expect("rrr");
	assert_int_equal(sessions(b, a), 1);
	assert_int_equal(sessions(b, c), 1);
	net_end(&net);
	policy_release(policy);
	policy_release(other);
}

static void export_is_filtered(void **state)
{
	struct policy *policy = policy_against(2, NULL), *other = policy_against(1, NULL);
	struct neighbor_settings to_a, to_c;
	struct bgp_attributes attributes;
	bool stale;

	(void)state;
	nodes();
	to_a = b_towards(a);
	to_c = b_towards(c);
	to_c.export_policy = policy;
	begin(&to_a, &to_c);
	net_announce(b, 9, false, 5); /* a route of our own goes through no policy */
	net_run(&net, 1000);
	expect("m-m");
	assert_true(net_has(c, b, net_prefix(9, false), &attributes, &stale));
	/* As without a policy: our address, our AS in front, and no MED of others. */
	assert_true(net_has(c, b, net_prefix(1, false), &attributes, &stale));
	assert_true(address_equal(&attributes.next_hop, &b->address));
	assert_int_equal(bgp_as_path_first(&attributes), b->asn);
	assert_false(bgp_attribute_present(&attributes, BGP_ATTRIBUTE_MED));
	to_c.export_policy = other;
	change(c, &to_c);
	expect("-mm");
	to_c.export_policy = NULL;
	change(c, &to_c);
	expect("rrr");
	assert_int_equal(sessions(b, c), 1);
	net_end(&net);
	policy_release(policy);
	policy_release(other);
}

/* A change of what the RPKI says is felt at once, without a new session. */
static void rpki_is_asked(void **state)
{
	struct policy_term invalid = { .kind = POLICY_TERM_RPKI,
		.bits = 1u << POLICY_RPKI_INVALID };
	struct policy *policy = policy_against(0, &invalid);
	struct rpki_table *table = rpki_table_new();
	struct rpki_batch *batch = rpki_batch_new();
	struct rpki_vrp vrp = {
		.prefix = net_prefix(2, false), .max_length = 24, .asn = 64999
	};
	struct neighbor_settings to_a, to_c;

	(void)state;
	assert_non_null(table);
	assert_non_null(batch);
	nodes();
	to_a = b_towards(a);
	to_c = b_towards(c);
	to_a.import_policy = policy;
	begin(&to_a, &to_c);
	expect("mmm");
	speaker_rpki_set(b->speaker, table);
	assert_int_equal(rpki_table_use(table, 1), 0);
	assert_int_equal(rpki_batch_vrp(batch, true, &vrp), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_REPLACE, NULL), 0);
	speaker_rpki_changed(b->speaker);
	net_run(&net, 1000);
	expect("m-m");
	assert_int_equal(rpki_table_clear(table, 0), 0);
	speaker_rpki_changed(b->speaker);
	net_run(&net, 1000);
	expect("mmm");
	assert_int_equal(sessions(b, a), 1);
	net_end(&net);
	rpki_batch_free(batch);
	rpki_table_free(table);
	policy_release(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(import_is_filtered),
		cmocka_unit_test(export_is_filtered),
		cmocka_unit_test(rpki_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
