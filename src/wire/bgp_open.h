/* SPDX-License-Identifier: Apache-2.0 */
/* BGP OPEN and its capabilities (RFC 4271 section 4.2, RFC 5492, RFC 9072). */
#ifndef NEARCAST_WIRE_BGP_OPEN_H
#define NEARCAST_WIRE_BGP_OPEN_H

#include "wire/bgp.h"

enum bgp_capability_code {
	BGP_CAPABILITY_MULTIPROTOCOL = 1,       /* RFC 4760 */
	BGP_CAPABILITY_ROUTE_REFRESH = 2,       /* RFC 2918 */
	BGP_CAPABILITY_EXTENDED_NEXT_HOP = 5,   /* RFC 8950 */
	BGP_CAPABILITY_EXTENDED_MESSAGE = 6,    /* RFC 8654 */
	BGP_CAPABILITY_ROLE = 9,                /* RFC 9234 */
	BGP_CAPABILITY_GRACEFUL_RESTART = 64,   /* RFC 4724, RFC 8538 */
	BGP_CAPABILITY_FOUR_OCTET_AS = 65,      /* RFC 6793 */
	BGP_CAPABILITY_ADD_PATH = 69,           /* RFC 7911 */
	BGP_CAPABILITY_ENHANCED_REFRESH = 70,   /* RFC 7313 */
	BGP_CAPABILITY_LONG_LIVED_RESTART = 71, /* RFC 9494 */
	BGP_CAPABILITY_HOSTNAME = 73,           /* draft-walton-bgp-hostname-capability */
};

enum bgp_role { /* RFC 9234 section 4.1 */
	BGP_ROLE_PROVIDER = 0,
	BGP_ROLE_ROUTE_SERVER = 1,
	BGP_ROLE_ROUTE_SERVER_CLIENT = 2,
	BGP_ROLE_CUSTOMER = 3,
	BGP_ROLE_PEER = 4,
	BGP_ROLE_NONE = 255, /* not announced */
};

enum bgp_add_path { /* RFC 7911 section 4 */
	BGP_ADD_PATH_NONE = 0,
	BGP_ADD_PATH_RECEIVE = 1,
	BGP_ADD_PATH_SEND = 2,
	BGP_ADD_PATH_BOTH = 3,
};

/* What one side offers, or (session code) what both agreed on. */
struct bgp_capabilities {
	bool family[BGP_FAMILY_COUNT];            /* multiprotocol */
	bool extended_next_hop[BGP_FAMILY_COUNT]; /* this family's NLRI over IPv6 next hops */
	uint8_t add_path[BGP_FAMILY_COUNT];       /* enum bgp_add_path */
	bool multiprotocol;                       /* any multiprotocol capability at all */
	bool route_refresh;
	bool enhanced_refresh;
	bool extended_message;
	bool four_octet_as;
	uint32_t four_octet_asn; /* valid with four_octet_as */
	uint8_t role;            /* enum bgp_role */
	bool role_conflict;      /* several roles with different values: RFC 9234 section 4.2 */
	bool graceful_restart;
	bool restart_state;        /* R bit */
	bool restart_notification; /* N bit, RFC 8538 */
	uint16_t restart_time_s;   /* 0..4095 */
	bool restart_family[BGP_FAMILY_COUNT];
	bool restart_forwarding[BGP_FAMILY_COUNT]; /* F bit */
	/* RFC 9494: of no use without graceful_restart (section 3.1: the session ignores it).
	 */
	bool long_lived_restart;
	bool long_lived_family[BGP_FAMILY_COUNT];
	bool long_lived_forwarding[BGP_FAMILY_COUNT]; /* F bit */
	uint32_t long_lived_time_s[BGP_FAMILY_COUNT]; /* 0..2^24 - 1 */
	char hostname[65];      /* printable ASCII, others replaced; empty if none */
	uint8_t other_families; /* multiprotocol families this software does not speak */
	uint8_t unknown;        /* capabilities not understood, counted up to 255 */
	uint8_t malformed;      /* capabilities with a wrong length, ignored and counted */
};

struct bgp_open {
	uint8_t version;
	uint16_t asn_field;   /* "My Autonomous System" as sent */
	uint32_t asn;         /* effective: from the capability if there, else asn_field */
	uint16_t hold_time_s; /* as sent; 0, or at least 3 when accepted */
	uint32_t router_id;   /* host order */
	struct bgp_capabilities capabilities;
};

/*
 * Decode and check what needs no knowledge of the neighbour: version, lengths, hold time (1 and
 * 2 refused), identifier not zero (RFC 6286), AS 0 (RFC 7607). A broken optional parameter or
 * capability framing is a fault (OPEN/0 or OPEN/4); a capability of wrong inner length is
 * ignored and counted (RFC 5492 section 3 leaves it open; one bad byte must not cost the
 * session). Returns 0, or ERROR_MALFORMED with *ret_fault filled.
 */
int bgp_open_read(struct cursor body, struct bgp_open *ret_open, struct bgp_fault *ret_fault);

/*
 * Write an OPEN with open->asn, hold_time_s, router_id and capabilities (asn_field and version
 * are computed; AS_TRANS above 65535). Uses the RFC 9072 form when the parameters exceed 255
 * bytes.
 */
void bgp_open_write(struct writer *w, const struct bgp_open *open);

const char *bgp_role_name(uint8_t role); /* "provider", ..., "none" */

#endif
