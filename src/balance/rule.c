/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules: what they match, by the book. The reference matcher reads the canonical components as
 * RFC 8955 section 4.2.2 tells; rule_compile.c and rule_nftables.c say the same in other words.
 *
 * Invariants:
 *  1. The bytes of a rule are canonical components, so walking them never fails.
 *  2. A component about a header that the packet does not show (ports of a later fragment, TCP
 *     flags of a UDP packet) does not match: RFC 8955 section 4.2.2.4 and on.
 *
 * RFC 8955 sections 4.2 and 7, RFC 8956 section 3.
 */
#include "balance/rule.h"

#include <string.h>

#include "balance/rule_tests.h"

int rule_set_match(struct rule *rule, const struct flowspec *match)
{
	if (match->length > RULE_MATCH_MAX)
		return ERROR_FULL;
	rule->family = match->family;
	rule->match_length = match->length;
	memset(rule->match, 0, sizeof(rule->match));
	if (match->length > 0)
		memcpy(rule->match, match->bytes, match->length);
	return 0;
}

int rule_parse_match(
	struct rule *rule, const char *text, enum family family, struct error *error)
{
	struct arena arena = { 0 };
	struct flowspec match;
	int r = flowspec_parse(text, family, &arena, &match, error);

	if (r == 0) {
		r = rule_set_match(rule, &match);
		if (r != 0)
			error_set(error, ERROR_FULL, "a rule of more than %d bytes",
				RULE_MATCH_MAX);
	}
	arena_clear(&arena);
	return r;
}

struct flowspec rule_match(const struct rule *rule)
{
	return (struct flowspec){
		.family = rule->family, .length = rule->match_length, .bytes = rule->match
	};
}

/* ---- The reference matcher. ---- */

static bool number_holds(const struct flowspec_test *test, uint64_t value)
{
	return ((test->bits & FLOWSPEC_LESS) && value < test->value) ||
	       ((test->bits & FLOWSPEC_GREATER) && value > test->value) ||
	       ((test->bits & FLOWSPEC_EQUAL) && value == test->value);
}

static bool bits_hold(const struct flowspec_test *test, uint64_t value)
{
	uint64_t common = value & test->value;
	bool holds = (test->bits & FLOWSPEC_MATCH) ? common == test->value : common != 0;

	return (test->bits & FLOWSPEC_NOT) ? !holds : holds;
}

bool rule_tests_hold(struct cursor tests, uint8_t type, uint64_t value)
{
	bool bits = type == FLOWSPEC_TCP_FLAGS || type == FLOWSPEC_FRAGMENT;
	bool any = false, all = true, first = true;
	struct flowspec_test test;

	while (flowspec_test_next(&tests, &test)) {
		bool holds = bits ? bits_hold(&test, value) : number_holds(&test, value);

		if (!first && !(test.bits & FLOWSPEC_AND)) {
			any = any || all;
			all = true;
		}
		all = all && holds;
		first = false;
	}
	return any || all;
}

static bool prefix_holds(const struct flowspec_component *component, const uint32_t words[4])
{
	const uint8_t *pattern = component->prefix.address.bytes;
	uint8_t bytes[16];

	memcpy(bytes, words, sizeof(bytes));
	for (unsigned bit = component->offset; bit < component->prefix.length; bit++)
		if (((bytes[bit / 8] ^ pattern[bit / 8]) >> (7 - bit % 8)) & 1)
			return false;
	return true;
}

static bool component_holds(
	const struct flowspec_component *component, const struct absorb_packet *packet)
{
	const struct {
		uint8_t has;
		uint32_t value;
	} fields[] = {
		[FLOWSPEC_PROTOCOL] = { 0, packet->protocol },
		[FLOWSPEC_DESTINATION_PORT] = { ABSORB_HAS_PORTS, packet->destination_port },
		[FLOWSPEC_SOURCE_PORT] = { ABSORB_HAS_PORTS, packet->source_port },
		[FLOWSPEC_ICMP_TYPE] = { ABSORB_HAS_ICMP, packet->icmp_type },
		[FLOWSPEC_ICMP_CODE] = { ABSORB_HAS_ICMP, packet->icmp_code },
		[FLOWSPEC_TCP_FLAGS] = { ABSORB_HAS_TCP, packet->tcp_flags },
		[FLOWSPEC_PACKET_LENGTH] = { 0, packet->length },
		[FLOWSPEC_DSCP] = { 0, packet->dscp },
		[FLOWSPEC_FRAGMENT] = { 0, packet->fragment },
		[FLOWSPEC_FLOW_LABEL] = { ABSORB_HAS_LABEL, packet->flow_label },
	};
	uint8_t type = component->type;

	if (type == FLOWSPEC_DESTINATION)
		return prefix_holds(component, packet->destination);
	if (type == FLOWSPEC_SOURCE)
		return prefix_holds(component, packet->source);
	if (type == FLOWSPEC_PORT)
		return (packet->has & ABSORB_HAS_PORTS) &&
		       (rule_tests_hold(component->tests, type, packet->source_port) ||
			       rule_tests_hold(
				       component->tests, type, packet->destination_port));
	return (packet->has & fields[type].has) == fields[type].has &&
	       rule_tests_hold(component->tests, type, fields[type].value);
}

bool rule_matches(const struct rule *rule, const struct absorb_packet *packet)
{
	struct cursor c = cursor_of(rule->match, rule->match_length);
	struct flowspec_component component;

	if (rule->family != packet->family)
		return false;
	while (flowspec_next(&c, (enum family)rule->family, &component))
		if (!component_holds(&component, packet))
			return false;
	return true;
}

/* ---- What neighbours are told. ---- */

int rule_flowspec_action(
	const struct rule *rule, uint16_t asn, struct flowspec_action *ret_action)
{
	if (rule->mode == RULE_DRY_RUN)
		return ERROR_STATE;
	*ret_action = (struct flowspec_action){
		.kind = rule->verb == ABSORB_RATE_PACKETS ? FLOWSPEC_RATE_PACKETS
							  : FLOWSPEC_RATE_BYTES,
		.asn = asn,
		.rate = rule->verb == ABSORB_DROP ? 0 : (float)rule->rate,
	};
	return 0;
}
