/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BGP Monitoring Protocol: RFC 7854, with adj-RIB-out (RFC 8671) and loc-RIB (RFC 9069). A
 * router tells a station what its neighbours say; nothing comes back.
 *
 * Everything is a pure function of its bytes; what is decoded points into the message.
 */
#ifndef NEARCAST_WIRE_BMP_H
#define NEARCAST_WIRE_BMP_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/instant.h"

#define BMP_VERSION          3
#define BMP_HEADER_SIZE      6u  /* RFC 7854 section 4.1 */
#define BMP_PEER_HEADER_SIZE 42u /* section 4.2 */
/* The longest message that is read: far more than two OPENs and their TLVs, or an UPDATE. */
#define BMP_MESSAGE_MAX (1u << 20)

enum bmp_message_type { /* RFC 7854 section 4.1 */
	BMP_ROUTE_MONITORING = 0,
	BMP_STATISTICS = 1,
	BMP_PEER_DOWN = 2,
	BMP_PEER_UP = 3,
	BMP_INITIATION = 4,
	BMP_TERMINATION = 5,
	BMP_ROUTE_MIRRORING = 6,
};

enum bmp_peer_type { /* RFC 7854 section 4.2, RFC 9069 section 4.1 */
	BMP_PEER_GLOBAL = 0,
	BMP_PEER_DISTINGUISHED = 1,
	BMP_PEER_LOCAL = 2,
	BMP_PEER_LOC_RIB = 3,
};

/* RFC 7854 section 4.2, RFC 8671 section 4. */
#define BMP_FLAG_IPV6        0x80 /* follows from the address when written */
#define BMP_FLAG_POST_POLICY 0x40
#define BMP_FLAG_AS_2        0x20 /* two-octet AS numbers in AS_PATH */
#define BMP_FLAG_ADJ_RIB_OUT 0x10
/* RFC 9069 section 4.2, of BMP_PEER_LOC_RIB: only a part of the routes is told. */
#define BMP_FLAG_FILTERED 0x80

/* The per-peer header. */
struct bmp_peer {
	uint8_t type; /* enum bmp_peer_type */
	uint8_t flags;
	uint64_t distinguisher;
	struct address address; /* FAMILY_NONE for the loc-RIB: zeroes */
	uint32_t asn;
	uint32_t router_id;    /* host order */
	struct wall_time time; /* of the event; 0: not known */
};

/* PEER UP: RFC 7854 section 4.10. */
struct bmp_peer_up {
	struct address local; /* FAMILY_NONE: zeroes */
	uint16_t local_port, remote_port;
	struct cursor sent_open, received_open; /* whole BGP messages */
	/* When written: VRF/Table Name (RFC 9069 section 4.3), NULL: none. When read: NULL, see
	 * tlvs. */
	const char *table_name;
	struct cursor tlvs; /* when read: information behind the OPENs */
};

enum bmp_down_reason { /* RFC 7854 section 4.9, RFC 9069 section 4.4 */
	BMP_DOWN_LOCAL_NOTIFICATION = 1,
	BMP_DOWN_LOCAL_EVENT = 2,
	BMP_DOWN_REMOTE_NOTIFICATION = 3,
	BMP_DOWN_REMOTE = 4,
	BMP_DOWN_NOT_MONITORED = 5,
	BMP_DOWN_LOC_RIB = 6,
};

struct bmp_peer_down {
	uint8_t reason;             /* enum bmp_down_reason */
	uint16_t event;             /* BMP_DOWN_LOCAL_EVENT: of RFC 4271 section 8.1; 0: none */
	struct cursor notification; /* of 1 and 3: a whole BGP message; may be empty for 1 */
};

enum bmp_statistic { /* RFC 7854 section 4.8, RFC 8671 section 6 */
	BMP_STAT_REJECTED = 0,
	BMP_STAT_DUPLICATE_ANNOUNCED = 1,
	BMP_STAT_DUPLICATE_WITHDRAWN = 2,
	BMP_STAT_CLUSTER_LOOP = 3,
	BMP_STAT_AS_LOOP = 4,
	BMP_STAT_ORIGINATOR_LOOP = 5,
	BMP_STAT_CONFED_LOOP = 6,
	BMP_STAT_ADJ_RIB_IN = 7,          /* gauge */
	BMP_STAT_LOC_RIB = 8,             /* gauge */
	BMP_STAT_FAMILY_ADJ_RIB_IN = 9,   /* gauge of a family */
	BMP_STAT_FAMILY_LOC_RIB = 10,     /* gauge of a family */
	BMP_STAT_WITHDRAWN_UPDATES = 11,  /* RFC 7606 treat-as-withdraw */
	BMP_STAT_WITHDRAWN_PREFIXES = 12, /* the same */
	BMP_STAT_DUPLICATE_UPDATES = 13,
	BMP_STAT_OUT_PRE_POLICY = 14,         /* gauge */
	BMP_STAT_OUT_POST_POLICY = 15,        /* gauge */
	BMP_STAT_FAMILY_OUT_PRE_POLICY = 16,  /* gauge of a family */
	BMP_STAT_FAMILY_OUT_POST_POLICY = 17, /* gauge of a family */
	BMP_STAT_COUNT = 18,
};

struct bmp_stat {
	uint16_t type; /* enum bmp_statistic */
	uint16_t afi;  /* of a family's gauge */
	uint8_t safi;
	uint64_t value; /* counters have 32 bits: written modulo 2^32, as they wrap */
};

enum bmp_information { /* TLVs: RFC 7854 sections 4.4 and 4.5, RFC 9069 section 4.3 */
	BMP_TLV_STRING = 0,
	BMP_TLV_SYS_DESCR = 1,  /* initiation */
	BMP_TLV_REASON = 1,     /* termination */
	BMP_TLV_SYS_NAME = 2,   /* initiation */
	BMP_TLV_TABLE_NAME = 3, /* peer up */
};

enum bmp_termination { /* RFC 7854 section 4.5 */
	BMP_TERMINATED_ADMIN = 0,
	BMP_TERMINATED_UNSPECIFIED = 1,
	BMP_TERMINATED_RESOURCES = 2,
	BMP_TERMINATED_REDUNDANT = 3,
	BMP_TERMINATED_FOR_GOOD = 4,
};

/* ---- Writing: each a whole message; w fails if there is no room. ---- */

/* text may be NULL; strings are cut at 65535 bytes, the name of a table at 255. */
void bmp_initiation_write(
	struct writer *w, const char *sys_name, const char *sys_descr, const char *text);
void bmp_termination_write(struct writer *w, enum bmp_termination reason, const char *text);
void bmp_peer_up_write(
	struct writer *w, const struct bmp_peer *peer, const struct bmp_peer_up *up);
void bmp_peer_down_write(
	struct writer *w, const struct bmp_peer *peer, const struct bmp_peer_down *down);
/* update: a whole BGP message. */
void bmp_monitoring_write(struct writer *w, const struct bmp_peer *peer, struct cursor update);
/* Statistics of types that are not known are left out. */
void bmp_statistics_write(struct writer *w, const struct bmp_peer *peer,
	const struct bmp_stat *stats, size_t count);

/* ---- Reading. ---- */

enum bmp_frame_status {
	BMP_FRAME_MORE,
	BMP_FRAME_WHOLE,
	BMP_FRAME_FAULT, /* another version, or a length that no message has */
};

struct bmp_frame {
	uint8_t type;    /* enum bmp_message_type, or another */
	uint32_t length; /* of the whole message */
	struct cursor body;
};

/* Look at the start of a byte stream. */
enum bmp_frame_status bmp_frame_read(
	const uint8_t *bytes, size_t length, struct bmp_frame *ret_frame);

struct bmp_message {
	uint8_t type;
	struct bmp_peer peer; /* not of initiation and termination */
	struct bmp_peer_up up;
	struct bmp_peer_down down;
	struct cursor update;     /* route monitoring: the BGP message */
	struct cursor tlvs;       /* initiation, termination, route mirroring */
	uint32_t statistic_count; /* as announced */
	struct cursor statistics; /* for bmp_stat_next */
};

/* ERROR_MALFORMED; ERROR_UNSUPPORTED: a type that is not known. */
int bmp_message_read(const struct bmp_frame *frame, struct bmp_message *ret_message);

struct bmp_tlv {
	uint16_t type;
	struct cursor value;
};

/* Take the next; false at the end, or (with tlvs->failed) when the rest is none. */
bool bmp_tlv_next(struct cursor *tlvs, struct bmp_tlv *ret_tlv);
/* Take the next of a known type, unknown ones are passed over; false as above. */
bool bmp_stat_next(struct cursor *statistics, struct bmp_stat *ret_stat);

#endif
