/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of path attributes, a row an attribute, and what is known while an UPDATE is read:
 * inside the wire room. bgp_update.c reads by it, bgp_update_write.c writes by it.
 */
#ifndef NEARCAST_WIRE_BGP_ATTRIBUTE_TABLE_H
#define NEARCAST_WIRE_BGP_ATTRIBUTE_TABLE_H

#include "wire/bgp_as_path.h"
#include "wire/bgp_update.h"

#define ATTRIBUTE_OPTIONAL   0x80
#define ATTRIBUTE_TRANSITIVE 0x40
#define ATTRIBUTE_PARTIAL    0x20
#define ATTRIBUTE_EXTENDED   0x10

/* What the attributes of one UPDATE have told so far. */
struct attribute_reading {
	const struct bgp_context *context;
	struct arena *arena;
	struct bgp_update *update;
	struct as_path as_path, as4_path;
	uint32_t as4_aggregator_asn;
	struct address as4_aggregator_address;
	uint64_t seen[4];      /* bit per code, also of those discarded */
	struct cursor current; /* the attribute in hand, its header included; empty: none */
	bool overrun;          /* the list ended in the middle of one */
	bool withdraw;         /* one of the malformations asks for treat-as-withdraw */
	bool reachable;        /* MP_REACH_NLRI had prefixes, or was too broken to tell */
	bool no_memory;
	bool bare; /* the list stands alone: bgp_attributes_read */
};

static inline bool attribute_seen(const struct attribute_reading *reading, uint8_t code)
{
	return (reading->seen[code / 64] >> (code % 64)) & 1;
}

/* Read a value of the right flags; NULL, or why it is malformed (static text). */
typedef const char *attribute_read(struct attribute_reading *reading, struct cursor value);
/* Write the value for a session. */
typedef void attribute_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes);

struct attribute_row {
	uint8_t code;
	uint8_t flags;     /* of ATTRIBUTE_OPTIONAL and ATTRIBUTE_TRANSITIVE */
	uint8_t malformed; /* enum bgp_verdict */
	uint8_t conflict;  /* enum bgp_verdict: of wrong flags (RFC 7606 section 3 c) */
	uint8_t subcode;   /* enum bgp_update_error that RFC 4271 would have sent */
	bool ibgp_only;    /* from eBGP it is discarded unread */
	const char *name, *reference;
	attribute_read *read;
	/* NULL: written elsewhere (MP_REACH_NLRI, MP_UNREACH_NLRI), or known but not carried:
	 * looked at, counted and dropped. */
	attribute_write *write;
};

/* Count and keep a malformation; the verdict rises to its own. */
void malformation_add(struct attribute_reading *reading, enum bgp_verdict verdict,
	uint8_t attribute, uint8_t subcode, const char *reason, const char *reference);

/* LARGE_COMMUNITY: bgp_attribute_large.c. */
attribute_read large_read;
attribute_write large_write;

/* Attributes that are known but not carried: bgp_attribute_uncarried.c. */
attribute_read pmsi_tunnel_read, tunnel_encapsulation_read, traffic_engineering_read,
	ipv6_extended_read, aigp_read, pe_labels_read, link_state_read, domain_path_read,
	sfp_read, bfd_discriminator_read, prefix_sid_read, attr_set_read;

/* Both need more than a value: what is wrong with them costs a family or the session. */
void mp_reach_read(struct attribute_reading *reading, uint8_t flags, struct cursor value);
void mp_unreach_read(struct attribute_reading *reading, uint8_t flags, struct cursor value);
/* RFC 6396 section 4.3.4: the next hop of a list that stands alone. */
void mp_next_hop_read(struct attribute_reading *reading, struct cursor value);

/* Write the attributes whose bits are set in codes, by rising code; those that are only for
 * internal neighbours to none other. */
void attribute_rows_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes, uint64_t codes);
/* Copy a list but for the codes whose bits are set. ERROR_MALFORMED if the list is cut. */
int attribute_list_copy(struct writer *w, struct cursor list, uint64_t without);
/* Abbreviated MP_REACH_NLRI for an IPv6 next hop: RFC 6396 section 4.3.4. */
void mp_next_hop_write(struct writer *w, const struct bgp_attributes *attributes);

/* NULL if the attribute is not understood. */
const struct attribute_row *attribute_row_of(uint8_t code);
/* The address of a host, as RFC 4271 section 6.3 wants a next hop to be. */
bool attribute_next_hop_sane(const struct address *address);

#endif
