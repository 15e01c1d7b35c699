/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records of an MRT file say about routes, one by one: entries of table dumps and the
 * prefixes of UPDATEs look the same to whoever reads them here.
 */
#ifndef NEARCAST_WIRE_MRT_ROUTES_H
#define NEARCAST_WIRE_MRT_ROUTES_H

#include "base/arena.h"
#include "wire/bgp_update.h"
#include "wire/mrt.h"

enum mrt_route_kind {
	MRT_ROUTE_TABLE,    /* an entry of a table dump */
	MRT_ROUTE_ANNOUNCE, /* from an UPDATE */
	MRT_ROUTE_WITHDRAW,
};

/* One route. Valid during the call of the sink. */
struct mrt_route {
	enum mrt_route_kind kind;
	const struct mrt_record *record;
	struct mrt_peer peer;  /* FAMILY_NONE if the table of peers does not have it */
	uint32_t peer_index;   /* in the table of peers, for table dumps of version 2 */
	uint32_t originated_s; /* of a table's entry: seconds since 1970 */
	bool sent;             /* the collector sent it: BGP4MP _LOCAL */
	bool add_path;
	uint8_t safi; /* enum bgp_safi */
	struct prefix prefix;
	uint32_t path_id;
	/* NULL for a withdrawal, and in `wanted`. next_hop is the one of this prefix. */
	const struct bgp_attributes *attributes;
	enum bgp_verdict verdict;      /* on them */
	struct cursor attribute_bytes; /* the list as in the record */
	bool four_octet_as;            /* AS numbers in attribute_bytes */
};

struct mrt_reader;

/* Who is told; every function may be NULL. One that does not give 0 ends the reading. */
struct mrt_sink {
	void *context;
	/* Whether to look at the attributes of this route at all; NULL: yes. */
	bool (*wanted)(void *context, const struct mrt_route *route);
	int (*route)(void *context, const struct mrt_route *route);
	/* A session went from one state to another. */
	int (*state)(void *context, const struct mrt_record *record,
		const struct mrt_message *message);
	/* A message that is no UPDATE, and any UPDATE before its routes. */
	int (*message)(void *context, const struct mrt_record *record,
		const struct mrt_message *message, const struct bgp_frame *frame);
	/* A table of peers came: it is in reader->peers. */
	int (*peers)(void *context, const struct mrt_reader *reader,
		const struct mrt_record *record);
};

enum mrt_count {
	MRT_COUNT_PEER_TABLES,
	MRT_COUNT_PREFIXES, /* records of table dumps */
	MRT_COUNT_ENTRIES,  /* routes in them */
	MRT_COUNT_UPDATES,
	MRT_COUNT_OTHER_MESSAGES,
	MRT_COUNT_STATE_CHANGES,
	MRT_COUNT_FULL_MP_REACH, /* entries that leave it whole, as many collectors do */
	MRT_COUNT_ODD,           /* from here on: what should not be */
	MRT_ODD_OTHER_TYPE = MRT_COUNT_ODD,
	MRT_ODD_OTHER_SUBTYPE,
	MRT_ODD_GENERIC,
	MRT_ODD_MALFORMED_RECORD,
	MRT_ODD_ENTRIES_CUT,
	MRT_ODD_TRAILING_BYTES,
	MRT_ODD_UNKNOWN_PEER,
	MRT_ODD_HOST_BITS,
	MRT_ODD_MALFORMED_MESSAGE,
	MRT_ODD_MALFORMED_ATTRIBUTES,
	MRT_ODD_DISCARDED_ATTRIBUTES,
	MRT_ODD_UNKNOWN_ATTRIBUTES,
	MRT_ODD_OTHER_FAMILY,
	MRT_COUNT_COUNT,
};

/* What is known from one record to the next. Zero-initialised is a reader at the start. */
struct mrt_reader {
	struct mrt_peer *peers; /* owned; of the last PEER_INDEX_TABLE */
	uint16_t peer_count;
	uint32_t collector_id; /* host order */
	char *view_name;    /* owned; NULL until there is a table; control characters as '?' */
	struct arena arena; /* of the route in hand */
	uint64_t counts[MRT_COUNT_COUNT];
};

void mrt_reader_clear(struct mrt_reader *reader);
/* Forget the peers, as before another file; the counters stay. */
void mrt_reader_restart(struct mrt_reader *reader);
/* Read one record, whatever it is. 0, ERROR_MEMORY, or what the sink gave. */
int mrt_reader_read(struct mrt_reader *reader, const struct mrt_record *record,
	const struct mrt_sink *sink);

/* "peer_tables", "malformed_record": a key for JSON. */
const char *mrt_count_key(enum mrt_count count);
/* For people: "records that break their format". */
const char *mrt_count_text(enum mrt_count count);

#endif
