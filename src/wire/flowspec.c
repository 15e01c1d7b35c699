/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications on the wire: read into the canonical form, written, walked, put in order.
 *
 * Invariants:
 *  1. A struct flowspec that was given out is well-formed: walking it never fails.
 *  2. The canonical form is never longer than what was read, and is read to itself.
 *  3. Each turn over components or tests consumes at least two bytes, or ends.
 *
 * What is canonical: bits of a prefix outside of [offset, length) are zero, reserved operator
 * bits are zero, the first test of a component is not joined by "and" (RFC 8955
 * section 4.2.1.1: that bit MUST be ignored), only the last one has the end-of-list bit.
 *
 * RFC 8955 sections 4 and 5.1, RFC 8956 sections 3 and 4.
 */
#include "wire/flowspec_table.h"

#define WIDE_LENGTH 240u /* from here on the length has two bytes: RFC 8955 section 4.1 */

static const struct flowspec_word protocols[] = { { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 },
	{ "gre", 47 }, { "esp", 50 }, { "ah", 51 }, { "icmpv6", 58 }, { "sctp", 132 },
	{ NULL, 0 } };
static const struct flowspec_word tcp_flags[] = { { "fin", 0x01 }, { "syn", 0x02 },
	{ "rst", 0x04 }, { "psh", 0x08 }, { "ack", 0x10 }, { "urg", 0x20 }, { "ece", 0x40 },
	{ "cwr", 0x80 }, { NULL, 0 } };
static const struct flowspec_word fragments[] = { { "dont-fragment", 0x01 },
	{ "is-fragment", 0x02 }, { "first-fragment", 0x04 }, { "last-fragment", 0x08 },
	{ NULL, 0 } };

static const struct flowspec_row rows[FLOWSPEC_TYPE_MAX + 1] = {
	[FLOWSPEC_DESTINATION] = { "destination", FLOWSPEC_FORM_PREFIX, 0, NULL },
	[FLOWSPEC_SOURCE] = { "source", FLOWSPEC_FORM_PREFIX, 0, NULL },
	[FLOWSPEC_PROTOCOL] = { "protocol", FLOWSPEC_FORM_NUMBER, 1, protocols },
	[FLOWSPEC_PORT] = { "port", FLOWSPEC_FORM_NUMBER, 2, NULL },
	[FLOWSPEC_DESTINATION_PORT] = { "destination-port", FLOWSPEC_FORM_NUMBER, 2, NULL },
	[FLOWSPEC_SOURCE_PORT] = { "source-port", FLOWSPEC_FORM_NUMBER, 2, NULL },
	[FLOWSPEC_ICMP_TYPE] = { "icmp-type", FLOWSPEC_FORM_NUMBER, 1, NULL },
	[FLOWSPEC_ICMP_CODE] = { "icmp-code", FLOWSPEC_FORM_NUMBER, 1, NULL },
	[FLOWSPEC_TCP_FLAGS] = { "tcp-flags", FLOWSPEC_FORM_BITS, 2, tcp_flags },
	[FLOWSPEC_PACKET_LENGTH] = { "packet-length", FLOWSPEC_FORM_NUMBER, 2, NULL },
	[FLOWSPEC_DSCP] = { "dscp", FLOWSPEC_FORM_NUMBER, 1, NULL },
	[FLOWSPEC_FRAGMENT] = { "fragment", FLOWSPEC_FORM_BITS, 1, fragments },
	[FLOWSPEC_FLOW_LABEL] = { "flow-label", FLOWSPEC_FORM_NUMBER, 4, NULL },
};

const struct flowspec_row *flowspec_row_of(uint8_t type, enum family family)
{
	if (type == 0 || type > FLOWSPEC_TYPE_MAX ||
		(type == FLOWSPEC_FLOW_LABEL && family != FAMILY_IPV6))
		return NULL;
	return &rows[type];
}

const char *flowspec_type_name(uint8_t type)
{
	const struct flowspec_row *row = flowspec_row_of(type, FAMILY_IPV6);

	return row == NULL ? "unknown" : row->name;
}

/* ---- Prefixes. The pattern of IPv6 begins at the offset, on a byte's first bit. ---- */

static bool bit_at(const uint8_t *bytes, unsigned bit)
{
	return (bytes[bit / 8] >> (7 - bit % 8)) & 1;
}

/* Bits [from, from + count) of one to [to, to + count) of the other, which is zero there. */
static void bits_copy(
	const uint8_t *source, unsigned from, uint8_t *target, unsigned to, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (bit_at(source, from + i))
			target[(to + i) / 8] |= (uint8_t)(0x80 >> ((to + i) % 8));
}

static const char *prefix_read(
	struct cursor *c, enum family family, struct prefix *ret_prefix, uint8_t *ret_offset)
{
	uint8_t length = cursor_u8(c), offset = family == FAMILY_IPV6 ? cursor_u8(c) : 0;
	const uint8_t *pattern;

	if (c->failed || length > family_bits(family))
		return "a prefix is longer than its address family allows";
	/* RFC 8956 section 3.1: offset < length, or both are zero. */
	if (offset >= length && (offset != 0 || length != 0))
		return "the offset of a prefix is not below its length";
	pattern = cursor_take(c, (length - offset + 7u) / 8u);
	if (pattern == NULL)
		return "a prefix runs past the end of the rule";
	*ret_prefix = (struct prefix){ .address.family = (uint8_t)family, .length = length };
	*ret_offset = offset;
	bits_copy(pattern, 0, ret_prefix->address.bytes, offset, length - offset);
	return NULL;
}

void flowspec_prefix_write(
	struct writer *w, uint8_t type, const struct prefix *prefix, uint8_t offset)
{
	unsigned count = prefix->length - (unsigned)offset;
	uint8_t pattern[16] = { 0 };

	bits_copy(prefix->address.bytes, offset, pattern, 0, count);
	writer_u8(w, type);
	writer_u8(w, prefix->length);
	if (prefix->address.family == FAMILY_IPV6)
		writer_u8(w, offset);
	writer_bytes(w, pattern, (count + 7) / 8);
}

/* ---- Tests: an operator and a value. ---- */

static uint64_t value_read(struct cursor *c, uint8_t width)
{
	switch (width) {
	case 1:
		return cursor_u8(c);
	case 2:
		return cursor_u16(c);
	case 4:
		return cursor_u32(c);
	default:
		return cursor_u64(c);
	}
}

bool flowspec_test_next(struct cursor *tests, struct flowspec_test *ret_test)
{
	uint8_t head;

	if (tests->failed || cursor_left(tests) == 0)
		return false;
	head = cursor_u8(tests);
	ret_test->bits = head & (FLOWSPEC_LAST | FLOWSPEC_AND | 0x07);
	ret_test->width = (uint8_t)(1u << ((head >> 4) & 3));
	ret_test->value = value_read(tests, ret_test->width);
	return !tests->failed;
}

void flowspec_test_write(struct writer *w, const struct flowspec_test *test)
{
	writer_u8(w, (uint8_t)(test->bits | __builtin_ctz(test->width) << 4));
	for (unsigned i = test->width; i > 0; i--)
		writer_u8(w, (uint8_t)(test->value >> (8 * (i - 1))));
}

/* One list of tests to its end, in canonical form to w. */
static const char *tests_read(
	struct cursor *c, const struct flowspec_row *row, uint8_t type, struct writer *w)
{
	uint8_t known = row->form == FLOWSPEC_FORM_BITS ? 0x03 : 0x07, mask;
	bool first = true;
	struct flowspec_test test;

	writer_u8(w, type);
	do {
		if (!flowspec_test_next(c, &test))
			return "a list of tests runs past the end of the rule";
		if (test.width > row->width_max)
			return "a value is wider than its type allows";
		mask = first ? FLOWSPEC_LAST : FLOWSPEC_LAST | FLOWSPEC_AND;
		test.bits &= (uint8_t)(mask | known);
		flowspec_test_write(w, &test);
		first = false;
	} while (!(test.bits & FLOWSPEC_LAST));
	return NULL;
}

/* ---- Rules. ---- */

static const char *component_read(
	struct cursor *c, enum family family, uint8_t *previous, struct writer *w)
{
	uint8_t type = cursor_u8(c), offset;
	const struct flowspec_row *row = flowspec_row_of(type, family);
	struct prefix prefix;
	const char *reason;

	if (row == NULL)
		return "a component is of an unknown type";
	if (type <= *previous)
		return "components are not in order, or one is there twice";
	*previous = type;
	if (row->form != FLOWSPEC_FORM_PREFIX)
		return tests_read(c, row, type, w);
	reason = prefix_read(c, family, &prefix, &offset);
	if (reason == NULL)
		flowspec_prefix_write(w, type, &prefix, offset);
	return reason;
}

enum flowspec_status flowspec_read(struct cursor *nlri, enum family family, struct arena *arena,
	struct flowspec *ret_rule, const char **ret_reason)
{
	size_t length = cursor_u8(nlri);
	uint8_t previous = 0;
	struct cursor rule;
	struct writer w;
	uint8_t *bytes;

	if (length >= WIDE_LENGTH)
		length = (length & 0x0f) << 8 | cursor_u8(nlri);
	rule = cursor_sub(nlri, length);
	*ret_reason = "a rule runs past the end of its field";
	if (rule.failed)
		return FLOWSPEC_BROKEN;
	bytes = arena_take(arena, length);
	if (bytes == NULL)
		return FLOWSPEC_NO_MEMORY;
	w = writer_of(bytes, length);
	*ret_reason = NULL;
	while (cursor_left(&rule) > 0 && *ret_reason == NULL)
		*ret_reason = component_read(&rule, family, &previous, &w);
	if (*ret_reason != NULL)
		return FLOWSPEC_MALFORMED;
	*ret_rule = (struct flowspec){
		.family = (uint8_t)family, .length = (uint16_t)writer_length(&w), .bytes = bytes
	};
	return FLOWSPEC_GOOD;
}

void flowspec_write(struct writer *w, const struct flowspec *rule)
{
	if (rule->length < WIDE_LENGTH)
		writer_u8(w, (uint8_t)rule->length);
	else
		writer_u16(w, (uint16_t)(0xf000 | rule->length));
	writer_bytes(w, rule->bytes, rule->length);
}

bool flowspec_next(
	struct cursor *c, enum family family, struct flowspec_component *ret_component)
{
	struct flowspec_component component = { .whole = *c };
	const struct flowspec_row *row;
	struct flowspec_test test;

	if (c->failed || cursor_left(c) == 0)
		return false;
	component.type = cursor_u8(c);
	row = flowspec_row_of(component.type, family);
	if (row == NULL)
		return false;
	component.tests = *c;
	if (row->form == FLOWSPEC_FORM_PREFIX) {
		if (prefix_read(c, family, &component.prefix, &component.offset) != NULL)
			return false;
		component.tests.at = c->at;
	} else {
		while (flowspec_test_next(c, &test) && !(test.bits & FLOWSPEC_LAST))
			continue;
	}
	component.tests.end = component.whole.end = c->at;
	*ret_component = component;
	return !c->failed;
}

bool flowspec_find(const struct flowspec *rule, enum flowspec_type type,
	struct flowspec_component *ret_component)
{
	struct cursor c = cursor_of(rule->bytes, rule->length);

	while (flowspec_next(&c, (enum family)rule->family, ret_component))
		if (ret_component->type == type)
			return true;
	return false;
}

/* ---- Order. ---- */

/* Of prefixes that overlap the longer first; else by the common bits. The lower offset first:
 * RFC 8956 section 4. */
static int prefixes_compare(
	const struct flowspec_component *a, const struct flowspec_component *b)
{
	unsigned common =
		a->prefix.length < b->prefix.length ? a->prefix.length : b->prefix.length;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	for (unsigned bit = a->offset; bit < common; bit++) {
		int difference = (int)bit_at(a->prefix.address.bytes, bit) -
				 (int)bit_at(b->prefix.address.bytes, bit);

		if (difference != 0)
			return difference;
	}
	return (int)b->prefix.length - (int)a->prefix.length;
}

/* By the common bytes, then the longer one first. */
static int tests_compare(const struct flowspec_component *a, const struct flowspec_component *b)
{
	size_t a_size = cursor_left(&a->whole), b_size = cursor_left(&b->whole);
	int difference = memcmp(a->whole.at, b->whole.at, a_size < b_size ? a_size : b_size);

	if (difference != 0 || a_size == b_size)
		return difference;
	return a_size > b_size ? -1 : 1;
}

static int components_compare(
	const struct flowspec_component *a, const struct flowspec_component *b)
{
	/* The rule that has the lower type restricts more, and comes first. */
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return rows[a->type].form == FLOWSPEC_FORM_PREFIX ? prefixes_compare(a, b)
							  : tests_compare(a, b);
}

int flowspec_compare(const struct flowspec *a, const struct flowspec *b)
{
	struct cursor in_a = cursor_of(a->bytes, a->length);
	struct cursor in_b = cursor_of(b->bytes, b->length);
	enum family family = (enum family)a->family;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	for (;;) {
		struct flowspec_component one, other;
		bool has_a = flowspec_next(&in_a, family, &one);
		bool has_b = flowspec_next(&in_b, family, &other);
		int difference;

		/* The rule with more components comes first. */
		if (!has_a || !has_b)
			return (int)has_b - (int)has_a;
		difference = components_compare(&one, &other);
		if (difference != 0)
			return difference;
	}
}
