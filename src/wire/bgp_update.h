/* SPDX-License-Identifier: Apache-2.0 */
/* BGP UPDATE: decode with RFC 7606 verdicts, encode with packing. */
#ifndef NEARCAST_WIRE_BGP_UPDATE_H
#define NEARCAST_WIRE_BGP_UPDATE_H

#include "wire/bgp_attribute.h"

/* What the two sides agreed on, and who the neighbour is: decides how bytes are read. */
struct bgp_context {
	bool four_octet_as;
	bool ibgp;                     /* same AS: LOCAL_PREF and friends are meant */
	bool family[BGP_FAMILY_COUNT]; /* negotiated */
	bool extended_next_hop[BGP_FAMILY_COUNT]; /* negotiated, RFC 8950 */
	bool add_path_receive[BGP_FAMILY_COUNT];
	bool add_path_send[BGP_FAMILY_COUNT];
	size_t message_max;   /* bytes: BGP_MESSAGE_MAX or BGP_EXTENDED_MESSAGE_MAX */
	uint16_t as_path_max; /* most AS numbers accepted in a path; 0: no cap */
};

/* The cost of the worst malformation found, in rising order: RFC 7606 section 2. */
enum bgp_verdict {
	BGP_VERDICT_GOOD = 0,
	BGP_VERDICT_ATTRIBUTE_DISCARD,
	BGP_VERDICT_TREAT_AS_WITHDRAW,
	BGP_VERDICT_AFI_SAFI_DISABLE,
	BGP_VERDICT_SESSION_RESET,
};

/* One malformation, for counters and events. */
struct bgp_malformation {
	uint8_t verdict;       /* enum bgp_verdict */
	uint8_t attribute;     /* code; 0 if none in particular */
	uint8_t subcode;       /* enum bgp_update_error that RFC 4271 would have sent */
	const char *reason;    /* static: "AS_PATH segment runs past the attribute" */
	const char *reference; /* static: "RFC 7606 section 7.2" */
};

#define BGP_MALFORMATIONS_MAX 8

/* Reachable or unreachable prefixes of one family, still on the wire but already checked: every
 * call of bgp_nlri_next until the end succeeds. Of flow specifications only the lengths are
 * checked; flowspec_read takes them. */
struct bgp_nlri {
	struct cursor bytes;
	uint8_t family; /* enum bgp_family */
	bool add_path;
};

struct bgp_update {
	struct bgp_attributes attributes;
	/* withdrawn[0], announced[0]: the classic IPv4 fields. [1]: MP_UNREACH and MP_REACH;
	 * their family is the one on the wire (it may be IPv4 too). Empty cursors where absent.
	 */
	struct bgp_nlri withdrawn[2];
	struct bgp_nlri announced[2];
	struct address mp_next_hop; /* next hop of announced[1]; FAMILY_NONE if absent */
	struct address mp_next_hop_link_local; /* FAMILY_NONE if absent */
	bool end_of_rib;                       /* RFC 4724 section 2 */
	uint8_t end_of_rib_family;             /* enum bgp_family */
	enum bgp_verdict verdict;   /* the worst; on TREAT_AS_WITHDRAW announced[] are
				     * to be withdrawn */
	uint8_t disabled_family;    /* enum bgp_family, for AFI_SAFI_DISABLE */
	struct bgp_fault fault;     /* for SESSION_RESET and AFI_SAFI_DISABLE */
	uint8_t malformation_count; /* how many are in malformations[] */
	uint16_t malformations_total;
	struct bgp_malformation malformations[BGP_MALFORMATIONS_MAX];
	uint16_t unknown_attributes; /* unknown or not carried: dropped, never passed on */
	uint16_t ignored_families;   /* MP attributes of families not negotiated, skipped */
	bool mp_reach_full; /* bgp_attributes_read: MP_REACH_NLRI was there, not abbreviated */
};

/*
 * Decode the body of an UPDATE. Arrays are allocated in arena (the caller resets it per
 * message; at most 16 bytes per message byte are taken). Never fails for what a peer sent: the
 * verdict says what to do. Returns ERROR_MEMORY only.
 */
int bgp_update_read(struct cursor body, const struct bgp_context *context, struct arena *arena,
	struct bgp_update *ret_update);

/*
 * Decode a list of attributes that stands alone, as in a RIB entry of an MRT file:
 * MP_REACH_NLRI is the next hop alone (RFC 6396 section 4.3.4) or, as some writers have it, the
 * whole attribute, whose prefixes are not looked at; MP_UNREACH_NLRI is passed over. The next
 * hop, of whichever of the two attributes, is in attributes.next_hop. ORIGIN and AS_PATH are
 * missed if they are not there. A verdict of SESSION_RESET does not occur. Returns ERROR_MEMORY
 * only.
 */
int bgp_attributes_read(struct cursor list, const struct bgp_context *context,
	struct arena *arena, struct bgp_update *ret_update);

/* Take the next prefix; false at the end, and for flow specifications. path_id is 0 without
 * ADD-PATH. */
bool bgp_nlri_next(struct bgp_nlri *nlri, struct prefix *ret_prefix, uint32_t *ret_path_id);

/* A source of prefixes for encoding: position `index` of a list, all of one family. */
struct bgp_route_key {
	struct prefix prefix;
	uint32_t path_id;            /* sent only with add_path_send */
	const struct flowspec *rule; /* in place of the prefix; NULL: none */
};

/*
 * Write one UPDATE with as many of keys[0..count) as fit into context->message_max and the
 * writer, all of `family`, sharing `attributes` (next_hop and next_hop_link_local in it decide
 * the MP_REACH next hop; IPv4 over an IPv4 next hop uses the classic fields). MP_REACH_NLRI is
 * written first (RFC 7606 section 5.1), the other attributes in order of code. Two-octet
 * sessions get AS_TRANS and AS4_PATH (RFC 6793 section 4.2.2). ret_written: how many keys were
 * packed. ERROR_FULL if not even one fits, ERROR_RANGE if the attributes cannot be encoded (no
 * next hop of a fitting family, AS 0, a confederation segment for an external neighbour);
 * nothing is written then.
 */
int bgp_update_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes,
	const struct bgp_route_key *keys, size_t count, size_t *ret_written);
/* The same with the attributes as a list that stands alone (bgp_attributes_read), which is
 * copied as it is, known attributes or not; of `attributes` only the next hop is used. For
 * files: a router never passes on what it does not understand. ERROR_RANGE also if the list is
 * cut. */
int bgp_update_write_list(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_attributes *attributes, struct cursor list,
	const struct bgp_route_key *keys, size_t count, size_t *ret_written);
/* As bgp_update_write, for withdrawals. */
int bgp_withdraw_write(struct writer *w, const struct bgp_context *context,
	enum bgp_family family, const struct bgp_route_key *keys, size_t count,
	size_t *ret_written);
/* RFC 4724 section 2. */
void bgp_end_of_rib_write(struct writer *w, enum bgp_family family);
/*
 * Write the attributes alone, as bgp_attributes_read reads them: an IPv4 next hop as NEXT_HOP,
 * an IPv6 one as abbreviated MP_REACH_NLRI, none at all if there is none. w fails if there is
 * no room.
 */
void bgp_attributes_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes);

const char *bgp_verdict_name(enum bgp_verdict verdict); /* "treat-as-withdraw" */

#endif
