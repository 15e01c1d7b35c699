/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications: which packets (the NLRI, RFC 8955 section 4, RFC 8956 section 3) and
 * what to do with them (extended communities, RFC 8955 section 7).
 *
 * A rule is kept as the bytes of its components in one canonical form: bits that do not count
 * are zero. Two rules are the same route if and only if their bytes are the same. The width of
 * a value is part of it, as the order of RFC 8955 section 5.1 goes by the bytes.
 */
#ifndef NEARCAST_WIRE_FLOWSPEC_H
#define NEARCAST_WIRE_FLOWSPEC_H

#include "base/address.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#define FLOWSPEC_SIZE_MAX 4095 /* bytes of components: RFC 8955 section 4.1 */

enum flowspec_type { /* RFC 8955 section 4.2.2; 13: RFC 8956 section 3.7 */
	FLOWSPEC_DESTINATION = 1,
	FLOWSPEC_SOURCE = 2,
	FLOWSPEC_PROTOCOL = 3,
	FLOWSPEC_PORT = 4,
	FLOWSPEC_DESTINATION_PORT = 5,
	FLOWSPEC_SOURCE_PORT = 6,
	FLOWSPEC_ICMP_TYPE = 7,
	FLOWSPEC_ICMP_CODE = 8,
	FLOWSPEC_TCP_FLAGS = 9,
	FLOWSPEC_PACKET_LENGTH = 10,
	FLOWSPEC_DSCP = 11,
	FLOWSPEC_FRAGMENT = 12,
	FLOWSPEC_FLOW_LABEL = 13, /* IPv6 only */
};

/* Operator bits: RFC 8955 sections 4.2.1.1 and 4.2.1.2. */
#define FLOWSPEC_LAST    0x80
#define FLOWSPEC_AND     0x40 /* with the test before; without it: or */
#define FLOWSPEC_LESS    0x04
#define FLOWSPEC_GREATER 0x02
#define FLOWSPEC_EQUAL   0x01
#define FLOWSPEC_NOT     0x02 /* TCP flags and fragment */
#define FLOWSPEC_MATCH   0x01 /* TCP flags and fragment: all bits, not any */

/* A checked rule in canonical form. The bytes are the arena's, or whoever's made them. */
struct flowspec {
	uint8_t family;  /* enum family */
	uint16_t length; /* bytes: 0..FLOWSPEC_SIZE_MAX; 0 matches every packet */
	const uint8_t *bytes;
};

struct flowspec_component {
	uint8_t type; /* enum flowspec_type */
	/* Destination and source only. Bits in front of offset do not count and are zero. */
	struct prefix prefix;
	uint8_t offset;      /* bits; 0 in IPv4 */
	struct cursor tests; /* of the other types: flowspec_test_next */
	struct cursor whole; /* all its bytes, the type included */
};

struct flowspec_test {
	uint8_t bits;  /* FLOWSPEC_AND and below; FLOWSPEC_LAST on the last one */
	uint8_t width; /* bytes of the value as sent: 1, 2, 4, 8 */
	uint64_t value;
};

enum flowspec_status {
	FLOWSPEC_GOOD,
	FLOWSPEC_MALFORMED, /* this rule is of no use; what is behind it is not touched */
	FLOWSPEC_BROKEN,    /* the length runs past the field: nothing behind it can be found */
	FLOWSPEC_NO_MEMORY,
};

/*
 * Take the next NLRI, at least one byte. A rule is malformed if a component is cut short,
 * unknown, out of order or there twice, if a prefix is too long or its offset not below its
 * length (RFC 8956 section 3.1), if a value is wider than its type says, or if a list of tests
 * has no end. What is in the arena is the canonical form, at most as long as the NLRI.
 * ret_reason: static text, NULL if good.
 */
enum flowspec_status flowspec_read(struct cursor *nlri, enum family family, struct arena *arena,
	struct flowspec *ret_rule, const char **ret_reason);
/* Length (one byte below 240, two from there on) and components. */
void flowspec_write(struct writer *w, const struct flowspec *rule);

/* The components in order, from cursor_of(rule->bytes, rule->length); false at the end. */
bool flowspec_next(
	struct cursor *c, enum family family, struct flowspec_component *ret_component);
/* False if there is no component of this type. */
bool flowspec_find(const struct flowspec *rule, enum flowspec_type type,
	struct flowspec_component *ret_component);
bool flowspec_test_next(struct cursor *tests, struct flowspec_test *ret_test);

/* RFC 8955 section 5.1, RFC 8956 section 4: below zero if a comes first (has precedence), zero
 * if they are the same. IPv4 before IPv6, so that it is an order over both. */
int flowspec_compare(const struct flowspec *a, const struct flowspec *b);

/*
 * Text: "destination 192.0.2.0/24 and protocol = udp and port = 53, >= 1024 & <= 2047".
 *
 * Components are joined by "and"; inside of one, "&" joins tests that must all hold and binds
 * stronger than ",", of which one must hold. Numbers are compared with = != < <= > >=, or are
 * "true" or "false"; bits (tcp-flags, fragment) with = (all of them), != (not all), ~ (any), !~
 * (none): "tcp-flags = syn & !~ ack+rst". A value in hexadecimal has the width of its digits
 * (0x0035 is two bytes), others the least width. "any" is the rule without components. IPv6
 * prefixes may be followed by "offset N". Components may come in any order.
 */
int flowspec_parse(const char *text, enum family family, struct arena *arena,
	struct flowspec *ret_rule, struct error *error);
/* Always NUL-terminated; gives the whole length, as snprintf does. */
size_t flowspec_format(const struct flowspec *rule, char *buffer, size_t size);
const char *flowspec_type_name(uint8_t type); /* "destination-port"; "unknown" */

/* ---- Actions: RFC 8955 section 7, as extended communities. ---- */

enum flowspec_action_kind {
	FLOWSPEC_RATE_BYTES,
	FLOWSPEC_RATE_PACKETS,
	FLOWSPEC_ACTION,
	FLOWSPEC_REDIRECT,
	FLOWSPEC_MARK,
};

struct flowspec_action {
	enum flowspec_action_kind kind;
	uint16_t asn;    /* rates: informational (section 7.1), 0 if none */
	float rate;      /* a second, not negative and finite; 0: discard */
	bool more;       /* FLOWSPEC_ACTION: later rules are looked at too (the T bit) */
	bool sample;     /* FLOWSPEC_ACTION: S bit */
	uint64_t target; /* FLOWSPEC_REDIRECT: a route target, as bgp_attribute.h has it */
	uint8_t dscp;    /* FLOWSPEC_MARK: 0..63 */
};

/* False if the community is no action, or one whose rate is no number. A negative rate is zero
 * (section 7.1). */
bool flowspec_action_read(uint64_t community, struct flowspec_action *ret_action);
uint64_t flowspec_action_write(const struct flowspec_action *action);

/* "discard", "rate-bytes 125000", "rate-packets 100", "continue", "sample", "continue+sample",
 * "redirect rt:65000:1", "mark 46". Rates may have " as 64500" behind them. */
#define FLOWSPEC_ACTION_TEXT_MAX 80
const char *flowspec_action_format(
	const struct flowspec_action *action, char text[FLOWSPEC_ACTION_TEXT_MAX]);
/* ERROR_MALFORMED or ERROR_RANGE. */
int flowspec_action_parse(const char *text, struct flowspec_action *ret_action);

#endif
