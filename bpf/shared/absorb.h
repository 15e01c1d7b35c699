/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What user space and the XDP programs both know of absorbing floods: a packet's fields once it
 * is decoded, a rule in the form that a program reads, and how the one is held against the
 * other. Fixed sizes only, nothing but integers, no call: it compiles for both sides alike.
 *
 * Addresses are 32-bit words with the bytes as they are on the wire; an IPv4 address is word 0,
 * the others are zero. All other numbers are in host order.
 */
#ifndef NEARCAST_BPF_SHARED_ABSORB_H
#define NEARCAST_BPF_SHARED_ABSORB_H

#include <stdint.h>

#ifndef ABSORB_INLINE
#define ABSORB_INLINE static inline __attribute__((always_inline))
#endif

#define ABSORB_RULES_MAX  64 /* the bits of one word, by which rules are preselected */
#define ABSORB_RANGES_MAX 8  /* of one component of a rule */
#define ABSORB_LABELS_MAX 4

enum absorb_has { /* which fields of a packet mean something */
	ABSORB_HAS_PORTS = 1,
	ABSORB_HAS_TCP = 2,
	ABSORB_HAS_ICMP = 4,
	ABSORB_HAS_LABEL = 8,
};

enum absorb_fragment { /* RFC 8955 section 4.2.2.12; the last three as sent in the NLRI */
	ABSORB_DONT_FRAGMENT = 1,
	ABSORB_IS_FRAGMENT = 2, /* the offset is not zero */
	ABSORB_FIRST_FRAGMENT = 4,
	ABSORB_LAST_FRAGMENT = 8,
};

struct absorb_packet {
	uint32_t source[4], destination[4];
	uint32_t flow_label; /* 20 bits */
	uint16_t length;     /* of the IP packet with its header; what does not fit is 65,535 */
	uint16_t source_port, destination_port;
	uint16_t tcp_flags; /* 12 bits: bytes 12 and 13 of the header without the data offset */
	uint8_t family;     /* 4 or 6 */
	uint8_t protocol;   /* in IPv6 behind the extension headers */
	uint8_t icmp_type, icmp_code;
	uint8_t dscp;
	uint8_t fragment; /* enum absorb_fragment */
	uint8_t has;      /* enum absorb_has */
	uint8_t zero;
};

struct absorb_range {
	uint16_t low, high; /* both inside; low > high: empty */
};

struct absorb_label_range {
	uint32_t low, high;
};

enum absorb_verb {
	ABSORB_DROP,
	ABSORB_RATE_PACKETS,
	ABSORB_RATE_BYTES,
};

/* A component that is not asked for has no bit in `asks`, and its field is not looked at. */
struct absorb_rule {
	uint32_t source[4], source_mask[4];
	uint32_t destination[4], destination_mask[4];
	uint64_t protocol[4]; /* bitmaps: bit v is set if the value v matches */
	uint64_t icmp_type[4], icmp_code[4];
	uint64_t tcp_flags[4]; /* over byte 13 of the header */
	uint64_t dscp;
	struct absorb_range port[ABSORB_RANGES_MAX];
	struct absorb_range source_port[ABSORB_RANGES_MAX];
	struct absorb_range destination_port[ABSORB_RANGES_MAX];
	struct absorb_range length[ABSORB_RANGES_MAX];
	struct absorb_label_range flow_label[ABSORB_LABELS_MAX];
	uint64_t cost;     /* of a packet or a byte in nanoseconds, times 2^ABSORB_COST_BITS */
	uint64_t burst_ns; /* how far ahead of its rate a flow of packets may run */
	uint32_t number;   /* of the rule, for counters */
	uint16_t asks;     /* bit t: there is a component of enum flowspec_type t */
	uint16_t fragment; /* bitmap over enum absorb_fragment's 16 sums */
	uint8_t family;
	uint8_t verb; /* enum absorb_verb */
	uint8_t dry_run;
	uint8_t zero[5];
};

#define ABSORB_COST_BITS 20
#define ABSORB_COST_MAX  ((uint64_t)1 << 47) /* times 65,535 it still fits into 64 bits */

/* All rules at once, so that they change at once. */
struct absorb_rules {
	uint64_t by_protocol[2][256]; /* IPv4, IPv6: rules that a packet of it can match */
	uint32_t count;
	uint32_t zero;
	struct absorb_rule rule[ABSORB_RULES_MAX];
};

/* The bits of `asks`: 1 << enum flowspec_type. */
enum absorb_ask {
	ABSORB_ASK_DESTINATION = 1 << 1,
	ABSORB_ASK_SOURCE = 1 << 2,
	ABSORB_ASK_PROTOCOL = 1 << 3,
	ABSORB_ASK_PORT = 1 << 4,
	ABSORB_ASK_DESTINATION_PORT = 1 << 5,
	ABSORB_ASK_SOURCE_PORT = 1 << 6,
	ABSORB_ASK_ICMP_TYPE = 1 << 7,
	ABSORB_ASK_ICMP_CODE = 1 << 8,
	ABSORB_ASK_TCP_FLAGS = 1 << 9,
	ABSORB_ASK_LENGTH = 1 << 10,
	ABSORB_ASK_DSCP = 1 << 11,
	ABSORB_ASK_FRAGMENT = 1 << 12,
	ABSORB_ASK_FLOW_LABEL = 1 << 13,
};
#define ABSORB_ASK_PORTS \
	(ABSORB_ASK_PORT | ABSORB_ASK_DESTINATION_PORT | ABSORB_ASK_SOURCE_PORT)
#define ABSORB_ASK_ICMP (ABSORB_ASK_ICMP_TYPE | ABSORB_ASK_ICMP_CODE)

ABSORB_INLINE int absorb_bit(const uint64_t bitmap[4], uint8_t value)
{
	return (bitmap[value >> 6] >> (value & 63)) & 1;
}

ABSORB_INLINE int absorb_in_ranges(
	const struct absorb_range ranges[ABSORB_RANGES_MAX], uint16_t value)
{
	int found = 0;

#pragma GCC unroll 8
	for (int i = 0; i < ABSORB_RANGES_MAX; i++)
		found |= ranges[i].low <= value && value <= ranges[i].high;
	return found;
}

ABSORB_INLINE int absorb_masked(
	const uint32_t address[4], const uint32_t value[4], const uint32_t mask[4])
{
	return ((address[0] & mask[0]) ^ value[0]) == 0 &&
	       (((address[1] & mask[1]) ^ value[1]) | ((address[2] & mask[2]) ^ value[2]) |
		       ((address[3] & mask[3]) ^ value[3])) == 0;
}

ABSORB_INLINE int absorb_label_matches(
	const struct absorb_rule *rule, const struct absorb_packet *packet)
{
	int found = 0;

#pragma GCC unroll 4
	for (int i = 0; i < ABSORB_LABELS_MAX; i++)
		found |= rule->flow_label[i].low <= packet->flow_label &&
			 packet->flow_label <= rule->flow_label[i].high;
	return found;
}

ABSORB_INLINE int absorb_ports_match(
	const struct absorb_rule *rule, const struct absorb_packet *packet)
{
	if (!(packet->has & ABSORB_HAS_PORTS))
		return 0;
	if ((rule->asks & ABSORB_ASK_DESTINATION_PORT) &&
		!absorb_in_ranges(rule->destination_port, packet->destination_port))
		return 0;
	if ((rule->asks & ABSORB_ASK_SOURCE_PORT) &&
		!absorb_in_ranges(rule->source_port, packet->source_port))
		return 0;
	return !(rule->asks & ABSORB_ASK_PORT) ||
	       absorb_in_ranges(rule->port, packet->destination_port) ||
	       absorb_in_ranges(rule->port, packet->source_port);
}

ABSORB_INLINE int absorb_icmp_matches(
	const struct absorb_rule *rule, const struct absorb_packet *packet)
{
	if (!(packet->has & ABSORB_HAS_ICMP))
		return 0;
	if ((rule->asks & ABSORB_ASK_ICMP_TYPE) &&
		!absorb_bit(rule->icmp_type, packet->icmp_type))
		return 0;
	return !(rule->asks & ABSORB_ASK_ICMP_CODE) ||
	       absorb_bit(rule->icmp_code, packet->icmp_code);
}

/* 1 if all components of the rule hold for the packet, else 0. The cheap and the telling first.
 */
ABSORB_INLINE int absorb_rule_matches(
	const struct absorb_rule *rule, const struct absorb_packet *packet)
{
	uint16_t asks = rule->asks;

	if (rule->family != packet->family)
		return 0;
	if ((asks & ABSORB_ASK_PROTOCOL) && !absorb_bit(rule->protocol, packet->protocol))
		return 0;
	if ((asks & ABSORB_ASK_DESTINATION) &&
		!absorb_masked(packet->destination, rule->destination, rule->destination_mask))
		return 0;
	if ((asks & ABSORB_ASK_SOURCE) &&
		!absorb_masked(packet->source, rule->source, rule->source_mask))
		return 0;
	if ((asks & ABSORB_ASK_PORTS) && !absorb_ports_match(rule, packet))
		return 0;
	if ((asks & ABSORB_ASK_ICMP) && !absorb_icmp_matches(rule, packet))
		return 0;
	if ((asks & ABSORB_ASK_TCP_FLAGS) &&
		(!(packet->has & ABSORB_HAS_TCP) ||
			!absorb_bit(rule->tcp_flags, (uint8_t)packet->tcp_flags)))
		return 0;
	if ((asks & ABSORB_ASK_LENGTH) && !absorb_in_ranges(rule->length, packet->length))
		return 0;
	if ((asks & ABSORB_ASK_DSCP) && !((rule->dscp >> (packet->dscp & 63)) & 1))
		return 0;
	if ((asks & ABSORB_ASK_FRAGMENT) && !((rule->fragment >> (packet->fragment & 15)) & 1))
		return 0;
	return !(asks & ABSORB_ASK_FLOW_LABEL) || absorb_label_matches(rule, packet);
}

#endif
