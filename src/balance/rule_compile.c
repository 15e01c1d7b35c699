/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in the form that an XDP program reads: masks, bitmaps and ranges instead of lists of
 * tests, so that a component costs the same whatever it says.
 *
 * A list of tests on a number changes its answer only at a test's value or right behind it, so
 * it is solved by looking at these points alone. Small fields are bitmaps over all their
 * values.
 *
 * Invariant: absorb_rule_matches of what is compiled says what rule_matches says.
 */
#include <string.h>

#include "balance/rule_tests.h"

_Static_assert(FLOWSPEC_DESTINATION == 1 && FLOWSPEC_FLOW_LABEL == 13, "bits of asks");

uint32_t rule_value_max(uint8_t type)
{
	static const uint32_t most[] = { [FLOWSPEC_PROTOCOL] = 255,
		[FLOWSPEC_PORT] = 65535,
		[FLOWSPEC_DESTINATION_PORT] = 65535,
		[FLOWSPEC_SOURCE_PORT] = 65535,
		[FLOWSPEC_ICMP_TYPE] = 255,
		[FLOWSPEC_ICMP_CODE] = 255,
		[FLOWSPEC_TCP_FLAGS] = 255,
		[FLOWSPEC_PACKET_LENGTH] = 65535,
		[FLOWSPEC_DSCP] = 63,
		[FLOWSPEC_FRAGMENT] = 15,
		[FLOWSPEC_FLOW_LABEL] = 0xfffff };

	return type < sizeof(most) / sizeof(most[0]) ? most[type] : 0;
}

bool rule_flags_wide(struct cursor tests)
{
	struct flowspec_test test;

	while (flowspec_test_next(&tests, &test))
		if (test.value > 0xff)
			return true;
	return false;
}

/* ---- Lists of tests to ranges. ---- */

struct points {
	unsigned count;
	uint32_t at[2 * RULE_TESTS_MAX + 1];
};

static void points_add(struct points *points, uint64_t value, uint32_t most)
{
	unsigned i = 0;

	if (value > most)
		return;
	while (i < points->count && points->at[i] < value)
		i++;
	if (i < points->count && points->at[i] == value)
		return;
	memmove(&points->at[i + 1], &points->at[i],
		(points->count - i) * sizeof(points->at[0]));
	points->at[i] = (uint32_t)value;
	points->count++;
}

int rule_tests_solve(struct cursor tests, uint32_t most, struct rule_ranges *ret_ranges)
{
	struct points points = { 0 };
	struct cursor c = tests;
	struct flowspec_test test;
	unsigned count = 0;

	points_add(&points, 0, most);
	while (flowspec_test_next(&c, &test)) {
		if (++count > RULE_TESTS_MAX)
			return ERROR_UNSUPPORTED;
		points_add(&points, test.value, most);
		points_add(&points, test.value + 1, most);
	}
	ret_ranges->count = 0;
	for (unsigned i = 0; i < points.count; i++) {
		uint32_t low = points.at[i];
		uint32_t high = i + 1 < points.count ? points.at[i + 1] - 1 : most;

		if (!rule_tests_hold(tests, FLOWSPEC_PORT, low))
			continue;
		if (ret_ranges->count > 0 &&
			ret_ranges->at[ret_ranges->count - 1].high + 1 == low) {
			ret_ranges->at[ret_ranges->count - 1].high = high;
			continue;
		}
		ret_ranges->at[ret_ranges->count].low = low;
		ret_ranges->at[ret_ranges->count].high = high;
		ret_ranges->count++;
	}
	return 0;
}

/* ---- Components. ---- */

static void compile_prefix(
	const struct flowspec_component *component, uint32_t value[4], uint32_t mask[4])
{
	uint8_t bytes[16] = { 0 };

	for (unsigned bit = component->offset; bit < component->prefix.length; bit++)
		bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	memcpy(mask, bytes, sizeof(bytes));
	memcpy(value, component->prefix.address.bytes, sizeof(bytes));
}

static void compile_bitmap(const struct flowspec_component *component, uint64_t *bitmap)
{
	for (uint32_t value = 0; value <= rule_value_max(component->type); value++)
		if (rule_tests_hold(component->tests, component->type, value))
			bitmap[value / 64] |= 1ull << value % 64;
}

static int compile_ranges(const struct flowspec_component *component,
	struct absorb_range ranges[ABSORB_RANGES_MAX])
{
	struct rule_ranges solved;

	if (rule_tests_solve(component->tests, rule_value_max(component->type), &solved) != 0 ||
		solved.count > ABSORB_RANGES_MAX)
		return ERROR_UNSUPPORTED;
	for (unsigned i = 0; i < ABSORB_RANGES_MAX; i++)
		ranges[i] = i < solved.count
				    ? (struct absorb_range){ (uint16_t)solved.at[i].low,
					      (uint16_t)solved.at[i].high }
				    : (struct absorb_range){ 1, 0 };
	return 0;
}

static int compile_labels(const struct flowspec_component *component,
	struct absorb_label_range ranges[ABSORB_LABELS_MAX])
{
	struct rule_ranges solved;

	if (rule_tests_solve(component->tests, rule_value_max(component->type), &solved) != 0 ||
		solved.count > ABSORB_LABELS_MAX)
		return ERROR_UNSUPPORTED;
	for (unsigned i = 0; i < ABSORB_LABELS_MAX; i++)
		ranges[i] = i < solved.count ? (struct absorb_label_range){ solved.at[i].low,
			solved.at[i].high }
					     : (struct absorb_label_range){ 1, 0 };
	return 0;
}

static int compile_component(
	const struct flowspec_component *component, struct absorb_rule *compiled)
{
	uint64_t small = 0;

	switch (component->type) {
	case FLOWSPEC_DESTINATION:
		compile_prefix(component, compiled->destination, compiled->destination_mask);
		return 0;
	case FLOWSPEC_SOURCE:
		compile_prefix(component, compiled->source, compiled->source_mask);
		return 0;
	case FLOWSPEC_PROTOCOL:
		compile_bitmap(component, compiled->protocol);
		return 0;
	case FLOWSPEC_ICMP_TYPE:
		compile_bitmap(component, compiled->icmp_type);
		return 0;
	case FLOWSPEC_ICMP_CODE:
		compile_bitmap(component, compiled->icmp_code);
		return 0;
	case FLOWSPEC_TCP_FLAGS:
		if (rule_flags_wide(component->tests))
			return ERROR_UNSUPPORTED;
		compile_bitmap(component, compiled->tcp_flags);
		return 0;
	case FLOWSPEC_DSCP:
		compile_bitmap(component, &compiled->dscp);
		return 0;
	case FLOWSPEC_FRAGMENT:
		compile_bitmap(component, &small);
		compiled->fragment = (uint16_t)small;
		return 0;
	case FLOWSPEC_PORT:
		return compile_ranges(component, compiled->port);
	case FLOWSPEC_DESTINATION_PORT:
		return compile_ranges(component, compiled->destination_port);
	case FLOWSPEC_SOURCE_PORT:
		return compile_ranges(component, compiled->source_port);
	case FLOWSPEC_PACKET_LENGTH:
		return compile_ranges(component, compiled->length);
	case FLOWSPEC_FLOW_LABEL:
		return compile_labels(component, compiled->flow_label);
	default:
		return ERROR_UNSUPPORTED;
	}
}

#define BURST_NS 100000000u /* a tenth of a second at the rule's rate */

static void compile_verb(const struct rule *rule, struct absorb_rule *compiled)
{
	compiled->verb = rule->verb;
	if (rule->verb == ABSORB_DROP || rule->rate == 0) {
		compiled->verb = ABSORB_DROP;
		return;
	}
	compiled->cost = (1000000000ull << ABSORB_COST_BITS) / rule->rate;
	if (compiled->cost > ABSORB_COST_MAX)
		compiled->cost = ABSORB_COST_MAX;
	if (compiled->cost == 0)
		compiled->cost = 1;
	compiled->burst_ns = BURST_NS;
}

int rule_compile(const struct rule *rule, struct absorb_rule *ret_compiled, struct error *error)
{
	struct cursor c = cursor_of(rule->match, rule->match_length);
	struct flowspec_component component;

	*ret_compiled = (struct absorb_rule){ .number = rule->number,
		.family = rule->family,
		.dry_run = rule->mode == RULE_DRY_RUN };
	compile_verb(rule, ret_compiled);
	while (flowspec_next(&c, (enum family)rule->family, &component)) {
		if (compile_component(&component, ret_compiled) != 0)
			return error_set(error, ERROR_UNSUPPORTED,
				"%s of this rule says more than the program can hold",
				flowspec_type_name(component.type));
		ret_compiled->asks |= (uint16_t)(1u << component.type);
	}
	return 0;
}

/* Can a packet of this protocol match? What asks for ports wants TCP or UDP, and so on. */
static bool protocol_possible(const struct absorb_rule *rule, uint8_t family, uint8_t protocol)
{
	uint8_t icmp = family == FAMILY_IPV4 ? 1 : 58;

	if (rule->family != family)
		return false;
	if ((rule->asks & ABSORB_ASK_PROTOCOL) && !absorb_bit(rule->protocol, protocol))
		return false;
	if ((rule->asks & ABSORB_ASK_PORTS) && protocol != 6 && protocol != 17)
		return false;
	if ((rule->asks & ABSORB_ASK_TCP_FLAGS) && protocol != 6)
		return false;
	return !(rule->asks & ABSORB_ASK_ICMP) || protocol == icmp;
}

int rule_table(
	const struct absorb_rule *compiled, unsigned count, struct absorb_rules *ret_table)
{
	if (count > ABSORB_RULES_MAX)
		return ERROR_FULL;
	memset(ret_table, 0, sizeof(*ret_table));
	ret_table->count = count;
	for (unsigned i = 0; i < count; i++) {
		ret_table->rule[i] = compiled[i];
		for (unsigned protocol = 0; protocol < 256; protocol++)
			for (unsigned v6 = 0; v6 < 2; v6++)
				if (protocol_possible(&compiled[i],
					    v6 ? FAMILY_IPV6 : FAMILY_IPV4, (uint8_t)protocol))
					ret_table->by_protocol[v6][protocol] |= 1ull << i;
	}
	return 0;
}
