/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BGP path attributes: the decoded set, and its codec as one table, a row an attribute (name,
 * flags, decode, encode, what a malformation costs: RFC 7606 section 7).
 */
#ifndef NEARCAST_WIRE_BGP_ATTRIBUTE_H
#define NEARCAST_WIRE_BGP_ATTRIBUTE_H

#include "base/arena.h"
#include "wire/bgp.h"

enum bgp_attribute_code {
	BGP_ATTRIBUTE_ORIGIN = 1,
	BGP_ATTRIBUTE_AS_PATH = 2,
	BGP_ATTRIBUTE_NEXT_HOP = 3,
	BGP_ATTRIBUTE_MED = 4,
	BGP_ATTRIBUTE_LOCAL_PREF = 5,
	BGP_ATTRIBUTE_ATOMIC_AGGREGATE = 6,
	BGP_ATTRIBUTE_AGGREGATOR = 7,
	BGP_ATTRIBUTE_COMMUNITIES = 8,           /* RFC 1997 */
	BGP_ATTRIBUTE_ORIGINATOR_ID = 9,         /* RFC 4456 */
	BGP_ATTRIBUTE_CLUSTER_LIST = 10,         /* RFC 4456 */
	BGP_ATTRIBUTE_MP_REACH = 14,             /* RFC 4760 */
	BGP_ATTRIBUTE_MP_UNREACH = 15,           /* RFC 4760 */
	BGP_ATTRIBUTE_EXTENDED_COMMUNITIES = 16, /* RFC 4360 */
	BGP_ATTRIBUTE_AS4_PATH = 17,             /* RFC 6793 */
	BGP_ATTRIBUTE_AS4_AGGREGATOR = 18,       /* RFC 6793 */
	BGP_ATTRIBUTE_LARGE_COMMUNITIES = 32,    /* RFC 8092 */
	BGP_ATTRIBUTE_ONLY_TO_CUSTOMER = 35,     /* RFC 9234 */

	/* Known but not carried: checked, counted and dropped. */
	BGP_ATTRIBUTE_PMSI_TUNNEL = 22,               /* RFC 6514 */
	BGP_ATTRIBUTE_TUNNEL_ENCAPSULATION = 23,      /* RFC 9012 */
	BGP_ATTRIBUTE_TRAFFIC_ENGINEERING = 24,       /* RFC 5543 */
	BGP_ATTRIBUTE_IPV6_EXTENDED_COMMUNITIES = 25, /* RFC 5701 */
	BGP_ATTRIBUTE_AIGP = 26,                      /* RFC 7311 */
	BGP_ATTRIBUTE_PE_DISTINGUISHER_LABELS = 27,   /* RFC 6514 */
	BGP_ATTRIBUTE_BGP_LS = 29,                    /* RFC 9552 */
	BGP_ATTRIBUTE_D_PATH = 36,            /* draft-ietf-bess-evpn-ipvpn-interworking */
	BGP_ATTRIBUTE_SFP = 37,               /* RFC 9015 */
	BGP_ATTRIBUTE_BFD_DISCRIMINATOR = 38, /* RFC 9026 */
	BGP_ATTRIBUTE_PREFIX_SID = 40,        /* RFC 8669 */
	BGP_ATTRIBUTE_ATTR_SET = 128,         /* RFC 6368 */
};

enum bgp_origin {
	BGP_ORIGIN_IGP = 0,
	BGP_ORIGIN_EGP = 1,
	BGP_ORIGIN_INCOMPLETE = 2,
};

enum bgp_segment_type { /* RFC 4271 section 4.3, RFC 5065 */
	BGP_SEGMENT_SET = 1,
	BGP_SEGMENT_SEQUENCE = 2,
	BGP_SEGMENT_CONFED_SEQUENCE = 3,
	BGP_SEGMENT_CONFED_SET = 4,
};

/* Well-known communities, host order. */
#define BGP_COMMUNITY_GRACEFUL_SHUTDOWN   0xffff0000u /* RFC 8326 */
#define BGP_COMMUNITY_BLACKHOLE           0xffff029au /* RFC 7999 */
#define BGP_COMMUNITY_LLGR_STALE          0xffff0006u /* RFC 9494 */
#define BGP_COMMUNITY_NO_LLGR             0xffff0007u
#define BGP_COMMUNITY_NO_EXPORT           0xffffff01u /* RFC 1997 */
#define BGP_COMMUNITY_NO_ADVERTISE        0xffffff02u
#define BGP_COMMUNITY_NO_EXPORT_SUBCONFED 0xffffff03u
#define BGP_COMMUNITY_NO_PEER             0xffffff04u /* RFC 3765 */

struct bgp_large_community {
	uint32_t global, local_1, local_2; /* host order */
};

/*
 * Decoded attributes of one route. Arrays live in the arena (or with whoever built the set).
 * AS paths are kept in one canonical form: segments as on the wire with four-octet numbers.
 */
struct bgp_attributes {
	uint64_t present; /* bit per enum bgp_attribute_code, those below 64 */

	uint8_t origin; /* enum bgp_origin */
	bool atomic_aggregate;

	const uint8_t *as_path; /* type, count, count * 4 bytes; repeated */
	uint16_t as_path_size;  /* bytes */

	struct address next_hop;            /* global, or link-local alone */
	struct address next_hop_link_local; /* FAMILY_NONE if absent (RFC 2545 section 3) */

	uint32_t med;
	uint32_t local_pref;
	uint32_t aggregator_asn;
	struct address aggregator_address;
	uint32_t originator_id; /* host order */
	uint32_t only_to_customer;
	uint16_t weight; /* this router's own preference, first of all: never on the wire */

	const uint32_t *cluster_list;         /* host order */
	const uint32_t *communities;          /* host order */
	const uint64_t *extended_communities; /* host order: type in the top byte */
	const struct bgp_large_community *large_communities;
	uint16_t cluster_count, community_count, extended_community_count,
		large_community_count;
};

static inline bool bgp_attribute_present(const struct bgp_attributes *a, unsigned code)
{
	return (a->present >> code) & 1;
}

/* RFC 4271 section 9.1.2.2 a: an AS_SET counts one, confederation segments none (RFC 5065). */
uint32_t bgp_as_path_length(const struct bgp_attributes *attributes);
/* The leftmost AS, confederation segments not counted; 0 if the path is empty or a set stands
 * first. */
uint32_t bgp_as_path_first(const struct bgp_attributes *attributes);
/* The rightmost AS if the path ends in an AS_SEQUENCE; 0 if it is empty or ends in a set. */
uint32_t bgp_as_path_origin(const struct bgp_attributes *attributes);
bool bgp_as_path_contains(const struct bgp_attributes *attributes, uint32_t asn);
/* "64501 64502 {64503,64504}" into buffer, always NUL-terminated, "..." at the end if cut. */
const char *bgp_as_path_format(
	const struct bgp_attributes *attributes, char *buffer, size_t size);
/* Build a path that is `count` times asn in front of the old one: new segments in the arena,
 * no segment longer than 255. 0, ERROR_MEMORY, ERROR_FULL (would pass 64 KiB). */
int bgp_as_path_prepend(
	struct bgp_attributes *attributes, uint32_t asn, unsigned count, struct arena *arena);

/* Text forms: "65000:10", "65000:1:2", "rt:65000:10", and names such as "no-export". Parse
 * gives ERROR_MALFORMED or ERROR_RANGE. Format always NUL-terminates. */
#define BGP_COMMUNITY_TEXT_MAX 48
int bgp_community_parse(const char *text, uint32_t *ret_community);
int bgp_large_community_parse(const char *text, struct bgp_large_community *ret_community);
int bgp_extended_community_parse(const char *text, uint64_t *ret_community);
const char *bgp_community_format(uint32_t community, char text[BGP_COMMUNITY_TEXT_MAX]);
const char *bgp_large_community_format(
	const struct bgp_large_community *community, char text[BGP_COMMUNITY_TEXT_MAX]);
const char *bgp_extended_community_format(
	uint64_t community, char text[BGP_COMMUNITY_TEXT_MAX]);

const char *bgp_attribute_name(uint8_t code); /* "AS_PATH"; "unknown" */

/* True if both hold the same attributes with the same values (canonical path form). */
bool bgp_attributes_equal(const struct bgp_attributes *a, const struct bgp_attributes *b);

#endif
