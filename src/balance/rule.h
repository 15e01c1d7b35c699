/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule: which packets to drop or to slow down, why, until when, and how much of the traffic
 * that is known to be good it may touch. What it matches is a flow specification (RFC 8955,
 * RFC 8956), kept inside of the rule, so that one rule goes to the XDP program, to nftables and
 * to neighbours that speak FlowSpec, and means the same in all three.
 */
#ifndef NEARCAST_BALANCE_RULE_H
#define NEARCAST_BALANCE_RULE_H

#include "base/error.h"
#include "base/instant.h"
#include "base/text.h"
#include "bpf/shared/absorb.h"
#include "wire/flowspec.h"

#define RULE_MATCH_MAX  256 /* bytes of components */
#define RULE_REASON_MAX 96
#define RULE_TESTS_MAX  64 /* of one component, in what is compiled or rendered to nftables */

enum rule_mode {
	RULE_ENFORCE,
	RULE_DRY_RUN, /* counts what it would have dropped, and drops nothing */
};

struct rule {
	uint32_t number; /* unique among the rules of one node; not 0 */
	uint8_t family;  /* enum family */
	uint8_t verb;    /* enum absorb_verb */
	uint8_t mode;    /* enum rule_mode */
	uint16_t match_length;
	uint8_t match[RULE_MATCH_MAX]; /* canonical components: rule_match gives them */
	uint64_t rate;                 /* packets or bytes a second; 0 with ABSORB_DROP */
	struct instant start, end;     /* end: INSTANT_NEVER if an operator ends it by hand */
	/* Most of the known-good traffic that it may touch, in parts of a million. */
	uint32_t good_cap_ppm;
	char reason[RULE_REASON_MAX]; /* one sentence for people */
};

/* Set what it matches; the other fields stay. ERROR_FULL if it does not fit. */
int rule_set_match(struct rule *rule, const struct flowspec *match);
/* From flowspec_parse's text. ERROR_MALFORMED, ERROR_RANGE, ERROR_FULL, ERROR_MEMORY. */
int rule_parse_match(
	struct rule *rule, const char *text, enum family family, struct error *error);
/* A view of the rule's own bytes, valid while the rule stays where it is. */
struct flowspec rule_match(const struct rule *rule);

/* The reference: holds the components against the packet one by one, as RFC 8955 section 4.2.2
 * reads. Slow and plain; what is compiled and rendered is checked against it. */
bool rule_matches(const struct rule *rule, const struct absorb_packet *packet);

/*
 * The form that an XDP program reads. ERROR_UNSUPPORTED with the reason if it cannot be put
 * there: more than ABSORB_RANGES_MAX separate ranges in a component, or TCP flags beyond byte
 * 13 of the header.
 */
int rule_compile(
	const struct rule *rule, struct absorb_rule *ret_compiled, struct error *error);
/* Put compiled rules together: the first that matches decides, so the caller brings them in the
 * order of flowspec_compare. ERROR_FULL beyond ABSORB_RULES_MAX. */
int rule_table(
	const struct absorb_rule *compiled, unsigned count, struct absorb_rules *ret_table);

/*
 * Lines for the body of a chain of an nftables table of family inet, hook prerouting with a
 * priority in front of defragmentation (below -400); several if one cannot say it, then at most
 * one of them matches a packet. Counts in the counter "rule-NUMBER" and limits by the limit of
 * the same name, which rule_nftables_objects prints for the table's body. ERROR_UNSUPPORTED as
 * rule_compile, and if nothing could ever match (then nothing is printed).
 */
int rule_nftables(const struct rule *rule, struct text *text, struct error *error);
void rule_nftables_objects(const struct rule *rule, struct text *text);

/* The NLRI is rule_match's (flowspec_write); this is the action: traffic-rate-bytes 0 to drop,
 * else the rate by bytes or packets (RFC 8955 section 7.1, 7.2). asn: informational, or 0.
 * ERROR_STATE for a dry run, which nobody else can hold. */
int rule_flowspec_action(
	const struct rule *rule, uint16_t asn, struct flowspec_action *ret_action);

#endif
