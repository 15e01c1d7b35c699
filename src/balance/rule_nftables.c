/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as nftables text. Every component becomes a set of ranges of one field, so that the
 * text is short, whatever the list of tests looked like.
 *
 *   component        field                       protocols that have it
 *   port, ...        th sport, th dport          6, 17
 *   icmp-type        @th,0,8                     1 or 58
 *   tcp-flags        @th,104,8                   6
 *   fragment, IPv4   ip frag-off & 0x7fff        all
 *   fragment, IPv6   one line a kind of fragment: exthdr and frag
 *
 * What the components want of the protocol is put together into one set, in front: nftables
 * refuses, or prints wrongly, what contradicts itself.
 *
 * nftables cannot say "this field or that one" in a line, so "port", and "fragment" in IPv6,
 * make alternatives that exclude each other.
 *
 * Invariant: over all lines of a rule, a packet matches exactly one if rule_matches, else none.
 */
#include <stdio.h>
#include <string.h>

#include "balance/rule_tests.h"

#define PORTS_PROTOCOLS 6, 17

/* The field of a component by its type, and the protocols whose header has it (0: none). */
static const struct {
	const char *ipv4, *ipv6;
	uint8_t protocols_ipv4[2], protocols_ipv6[2];
} fields[] = {
	[FLOWSPEC_PORT] = { NULL, NULL, { PORTS_PROTOCOLS }, { PORTS_PROTOCOLS } },
	[FLOWSPEC_DESTINATION_PORT] = { "th dport", "th dport", { PORTS_PROTOCOLS },
		{ PORTS_PROTOCOLS } },
	[FLOWSPEC_SOURCE_PORT] = { "th sport", "th sport", { PORTS_PROTOCOLS },
		{ PORTS_PROTOCOLS } },
	[FLOWSPEC_ICMP_TYPE] = { "@th,0,8", "@th,0,8", { 1 }, { 58 } },
	[FLOWSPEC_ICMP_CODE] = { "@th,8,8", "@th,8,8", { 1 }, { 58 } },
	[FLOWSPEC_TCP_FLAGS] = { "@th,104,8", "@th,104,8", { 6 }, { 6 } },
	[FLOWSPEC_PACKET_LENGTH] = { "meta length", "meta length", { 0 }, { 0 } },
	[FLOWSPEC_DSCP] = { "ip dscp", "ip6 dscp", { 0 }, { 0 } },
	[FLOWSPEC_FLOW_LABEL] = { NULL, "ip6 flowlabel", { 0 }, { 0 } },
};

static void set_print(struct text *text, const struct rule_ranges *ranges)
{
	text_add(text, "{ ");
	for (unsigned i = 0; i < ranges->count; i++) {
		text_print(text, "%s%u", i == 0 ? "" : ", ", ranges->at[i].low);
		if (ranges->at[i].low != ranges->at[i].high)
			text_print(text, "-%u", ranges->at[i].high);
	}
	text_add(text, " } ");
}

static void ranges_add(struct rule_ranges *ranges, uint32_t value)
{
	if (ranges->count > 0 && ranges->at[ranges->count - 1].high + 1 == value) {
		ranges->at[ranges->count - 1].high = value;
		return;
	}
	ranges->at[ranges->count].low = ranges->at[ranges->count].high = value;
	ranges->count++;
}

/* The values that hold, of numbers and of bits. */
static int solve(const struct flowspec_component *component, struct rule_ranges *ret_ranges)
{
	uint32_t most = rule_value_max(component->type);

	if (component->type != FLOWSPEC_TCP_FLAGS)
		return rule_tests_solve(component->tests, most, ret_ranges);
	if (rule_flags_wide(component->tests))
		return ERROR_UNSUPPORTED;
	ret_ranges->count = 0;
	for (uint32_t value = 0; value <= most; value++)
		if (rule_tests_hold(component->tests, component->type, value))
			ranges_add(ret_ranges, value);
	return 0;
}

static void prefix_print(
	struct text *text, const struct flowspec_component *component, const char *field)
{
	struct address mask = { .family = component->prefix.address.family };
	char value[PREFIX_TEXT_MAX], bits[ADDRESS_TEXT_MAX];
	const char *layer = mask.family == FAMILY_IPV4 ? "ip" : "ip6";

	if (component->prefix.length == 0)
		return;
	if (component->offset == 0) {
		text_print(text, "%s %s %s ", layer, field,
			prefix_format(&component->prefix, value));
		return;
	}
	for (unsigned bit = component->offset; bit < component->prefix.length; bit++)
		mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	text_print(text, "%s %s & %s == %s ", layer, field, address_format(&mask, bits),
		address_format(&component->prefix.address, value));
}

/* ---- Fragments. ---- */

/* The kinds there are: by offset and "more fragments", and in IPv4 with and without DF. */
static const struct {
	uint8_t bits;       /* enum absorb_fragment, without DF */
	uint32_t low, high; /* of IPv4's field without reserved bit and DF */
	const char *ipv6[2];
} kinds[] = {
	{ 0, 0, 0, { "exthdr frag missing ", "frag frag-off 0 frag more-fragments 0 " } },
	{ ABSORB_IS_FRAGMENT | ABSORB_LAST_FRAGMENT, 0x0001, 0x1fff,
		{ "frag frag-off != 0 frag more-fragments 0 ", NULL } },
	{ ABSORB_FIRST_FRAGMENT, 0x2000, 0x2000,
		{ "frag frag-off 0 frag more-fragments 1 ", NULL } },
	{ ABSORB_IS_FRAGMENT, 0x2001, 0x3fff,
		{ "frag frag-off != 0 frag more-fragments 1 ", NULL } },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The ranges of IPv4's field whose bits are in `wanted`, bit i being kind i, and 4 + i with DF.
 */
static void fragment_ipv4(struct text *text, uint8_t wanted)
{
	struct rule_ranges ranges = { 0 };

	for (unsigned i = 0; i < 2 * KINDS; i++) {
		uint32_t base = i < KINDS ? 0 : 0x4000;

		if (!((wanted >> i) & 1))
			continue;
		ranges.at[ranges.count].low = base + kinds[i % KINDS].low;
		ranges.at[ranges.count].high = base + kinds[i % KINDS].high;
		ranges.count++;
	}
	text_add(text, "ip frag-off & 0x7fff ");
	set_print(text, &ranges);
}

/* ---- Lines. ---- */

#define ALTERNATIVES_MAX 5

/* Ways to say what no single expression can say. */
struct alternatives {
	unsigned count;
	const char *at[ALTERNATIVES_MAX];
};

static void fragment_ipv6(struct alternatives *alternatives, uint8_t wanted)
{
	alternatives->count = 0;
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned j = 0; j < 2 && kinds[i].ipv6[j] != NULL; j++)
			if ((wanted >> i) & 1)
				alternatives->at[alternatives->count++] = kinds[i].ipv6[j];
}

struct rendering {
	struct text protocol; /* comes first: nftables wants to know the header */
	struct text common;   /* what all lines have */
	struct text port[2];  /* either port; empty without that component */
	struct alternatives fragment;
	uint8_t kinds; /* of fragments that match, as fragment_ipv4 takes them */
	bool never;    /* nothing can match */
};

static void rendering_clear(struct rendering *rendering)
{
	text_clear(&rendering->protocol);
	text_clear(&rendering->common);
	text_clear(&rendering->port[0]);
	text_clear(&rendering->port[1]);
}

/* The source port is one of these; or it is not, and the destination port is. */
static void port_print(struct rendering *rendering, const struct rule_ranges *ranges)
{
	text_add(&rendering->port[0], "th sport ");
	set_print(&rendering->port[0], ranges);
	text_add(&rendering->port[1], "th sport != ");
	set_print(&rendering->port[1], ranges);
	text_add(&rendering->port[1], "th dport ");
	set_print(&rendering->port[1], ranges);
}

static int component_print(struct rendering *rendering, enum family family,
	const struct flowspec_component *component)
{
	uint8_t type = component->type;
	struct rule_ranges ranges;

	if (type == FLOWSPEC_PROTOCOL)
		return 0;
	if (type == FLOWSPEC_DESTINATION || type == FLOWSPEC_SOURCE) {
		prefix_print(&rendering->common, component,
			type == FLOWSPEC_SOURCE ? "saddr" : "daddr");
		return 0;
	}
	if (type == FLOWSPEC_FRAGMENT)
		return 0;
	if (solve(component, &ranges) != 0)
		return ERROR_UNSUPPORTED;
	rendering->never = rendering->never || ranges.count == 0;
	if (type == FLOWSPEC_PORT) {
		port_print(rendering, &ranges);
		return 0;
	}
	text_print(&rendering->common, "%s ",
		family == FAMILY_IPV4 ? fields[type].ipv4 : fields[type].ipv6);
	set_print(&rendering->common, &ranges);
	return 0;
}

/* Is this component's field in a header behind IP's? */
static bool looks_behind(uint8_t type)
{
	return type < sizeof(fields) / sizeof(fields[0]) && fields[type].protocols_ipv4[0] != 0;
}

/* Does this component let a packet of this protocol through? */
static bool protocol_passes(
	const struct flowspec_component *component, enum family family, uint8_t protocol)
{
	const uint8_t *with;

	if (component->type == FLOWSPEC_PROTOCOL)
		return rule_tests_hold(component->tests, component->type, protocol);
	if (component->type >= sizeof(fields) / sizeof(fields[0]))
		return true;
	with = family == FAMILY_IPV4 ? fields[component->type].protocols_ipv4
				     : fields[component->type].protocols_ipv6;
	return with[0] == 0 || protocol == with[0] || (with[1] != 0 && protocol == with[1]);
}

/*
 * Which kinds of fragments match: what the component says, and none without the header that
 * other components look at. Linux has to be told so: it reads the ports of a later fragment
 * from whatever bytes are there.
 */
static void fragment_print(const struct rule *rule, struct rendering *rendering)
{
	uint8_t all = rule->family == FAMILY_IPV4 ? 0xff : 0x0f;
	struct cursor c = cursor_of(rule->match, rule->match_length);
	struct flowspec_component component;

	rendering->kinds = all;
	while (flowspec_next(&c, (enum family)rule->family, &component))
		for (unsigned i = 0; i < 2 * KINDS; i++) {
			uint8_t bits = kinds[i % KINDS].bits |
				       (i < KINDS ? 0 : (uint8_t)ABSORB_DONT_FRAGMENT);

			if (component.type == FLOWSPEC_FRAGMENT
					? !rule_tests_hold(
						  component.tests, component.type, bits)
					: (bits & ABSORB_IS_FRAGMENT) &&
						  looks_behind(component.type))
				rendering->kinds &= (uint8_t) ~(1u << i);
		}
	rendering->never = rendering->never || rendering->kinds == 0;
	if (rendering->kinds == all)
		return;
	if (rule->family == FAMILY_IPV4)
		fragment_ipv4(&rendering->common, rendering->kinds);
	else
		fragment_ipv6(&rendering->fragment, rendering->kinds);
}

/* All that the components want of the protocol, in one set. */
static void protocol_print(const struct rule *rule, struct rendering *rendering)
{
	struct rule_ranges ranges = { 0 };

	for (uint32_t protocol = 0; protocol <= 255; protocol++) {
		struct cursor c = cursor_of(rule->match, rule->match_length);
		struct flowspec_component component;
		bool passes = true;

		while (passes && flowspec_next(&c, (enum family)rule->family, &component))
			passes = protocol_passes(
				&component, (enum family)rule->family, (uint8_t)protocol);
		if (passes)
			ranges_add(&ranges, protocol);
	}
	rendering->never = rendering->never || ranges.count == 0;
	if (ranges.count == 1 && ranges.at[0].low == 0 && ranges.at[0].high == 255)
		return;
	text_add(&rendering->protocol, "meta l4proto ");
	set_print(&rendering->protocol, &ranges);
}

static void line_print(const struct rule *rule, const struct rendering *rendering,
	const char *port, const char *fragment, struct text *text)
{
	char comment[RULE_REASON_MAX];
	unsigned i = 0;

	for (; i + 1 < sizeof(comment) && rule->reason[i] != '\0'; i++)
		comment[i] =
			(rule->reason[i] < ' ' || strchr("\"\\\x7f", rule->reason[i]) != NULL)
				? '\''
				: rule->reason[i];
	comment[i] = '\0';
	text_print(text, "meta nfproto ipv%u ", rule->family);
	text_add(text, text_string(&rendering->protocol));
	text_add(text, text_string(&rendering->common));
	text_print(text, "%s%s", fragment, port);
	if (rule->verb != ABSORB_DROP)
		text_print(text, "limit name \"rule-%u\" ", rule->number);
	text_print(text, "counter name \"rule-%u\"%s", rule->number,
		rule->mode == RULE_DRY_RUN ? "" : " drop");
	text_print(text, " comment \"%s\"\n", comment);
}

static void lines_print(
	const struct rule *rule, const struct rendering *rendering, struct text *text)
{
	unsigned ports = rendering->port[0].length > 0 ? 2 : 1;

	for (unsigned i = 0; i < ports; i++)
		for (unsigned j = 0; j < rendering->fragment.count; j++)
			line_print(rule, rendering, text_string(&rendering->port[i]),
				rendering->fragment.at[j], text);
}

int rule_nftables(const struct rule *rule, struct text *text, struct error *error)
{
	struct cursor c = cursor_of(rule->match, rule->match_length);
	struct rendering rendering = { .fragment = { .count = 1, .at = { "" } } };
	struct flowspec_component component;
	int r = 0;

	while (r == 0 && flowspec_next(&c, (enum family)rule->family, &component)) {
		r = component_print(&rendering, (enum family)rule->family, &component);
		if (r != 0)
			error_set(error, ERROR_UNSUPPORTED,
				"%s of this rule is not for nftables",
				flowspec_type_name(component.type));
	}
	if (r == 0) {
		protocol_print(rule, &rendering);
		fragment_print(rule, &rendering);
	}
	if (r == 0 && rendering.never)
		r = error_set(error, ERROR_UNSUPPORTED, "no packet can match this rule");
	if (r == 0)
		lines_print(rule, &rendering, text);
	rendering_clear(&rendering);
	return r == 0 && text->failed ? ERROR_MEMORY : r;
}

void rule_nftables_objects(const struct rule *rule, struct text *text)
{
	const char *bytes = rule->verb == ABSORB_RATE_BYTES ? " bytes" : "";
	uint64_t burst = rule->rate / 10 + 1;

	text_print(text, "counter rule-%u { }\n", rule->number);
	if (rule->verb != ABSORB_DROP)
		text_print(text, "limit rule-%u { rate over %llu%s/second burst %llu %s }\n",
			rule->number, (unsigned long long)(rule->rate == 0 ? 1 : rule->rate),
			bytes, (unsigned long long)burst, *bytes != '\0' ? "bytes" : "packets");
}
