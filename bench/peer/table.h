/* SPDX-License-Identifier: Apache-2.0 */
/* A table of routes: generated with a seed or around a list of real prefixes, and its UPDATEs.
 */
#ifndef NEARCAST_BENCH_PEER_TABLE_H
#define NEARCAST_BENCH_PEER_TABLE_H

#include <stdio.h>

#include "base/random.h"
#include "wire/bgp_update.h"

struct table_options {
	enum bgp_family family;
	uint32_t routes; /* 0 with prefixes: all of them */
	uint32_t sets;   /* different attribute sets, 1..routes */
	uint64_t seed;
	const char *prefixes; /* a file with one prefix a line; NULL: generate */
};

/* Which prefixes share their attributes: the same for all senders. Owns the arrays. */
struct table {
	enum bgp_family family;
	uint64_t seed;
	uint32_t routes, sets;
	struct bgp_route_key *keys; /* [routes], those of a set beside each other */
	uint32_t *first;            /* [sets + 1], of keys */
	uint32_t *order;            /* [sets], in which the sets are sent */
};

/* Who sends it. The attributes of a set depend on the seed and on `number`. */
struct table_sender {
	uint32_t number;
	uint32_t asn; /* first in every path */
	struct address next_hop;
	/* Of IPv4 tables alone: */
	bool rival;    /* the watched prefix comes first, with a long path */
	bool sentinel; /* 223.255.NUMBER.0/24 comes last */
};

/* Bytes ready to be written. Owns them. */
struct table_bytes {
	uint8_t *bytes;
	size_t length, room;
	uint32_t messages;
};

/* The prefix that probes are about: 192.0.2.0/24, never in a table. */
#define TABLE_WATCHED_IPV4 0xc0000200u

/* 0, ERROR_MEMORY, ERROR_RANGE (no room for so many prefixes, or no such sets), ERROR_SYSTEM or
 * ERROR_MALFORMED for the file; *error says which. */
int table_make(struct table *table, const struct table_options *options, struct error *error);
void table_clear(struct table *table);

/* All UPDATEs that announce the table, one or more a set, and End-of-RIB. 0 or ERROR_MEMORY. */
int table_announce(const struct table *table, const struct table_sender *sender,
	struct table_bytes *ret_bytes);
/* All UPDATEs that withdraw it (sentinel included). 0 or ERROR_MEMORY. */
int table_withdraw(const struct table *table, const struct table_sender *sender,
	struct table_bytes *ret_bytes);
void table_bytes_clear(struct table_bytes *bytes);

/* One UPDATE for the watched prefix: community 65000:sequence and a path of `path_length`. */
void table_probe(struct writer *w, const struct table_sender *sender, uint16_t sequence,
	unsigned path_length);

/* Inside of the bench: prefixes.c. Fill keys[0..routes) with different prefixes in ascending
 * order of address. */
int prefixes_make(
	struct table *table, const struct table_options *options, struct error *error);

#endif
