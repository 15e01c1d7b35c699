/* SPDX-License-Identifier: Apache-2.0 */
/* What the speaker was told to announce, and how far it has got: pure. */
#ifndef NEARCAST_DAEMON_MAIN_ROUTE_TABLE_H
#define NEARCAST_DAEMON_MAIN_ROUTE_TABLE_H

#include "base/hash.h"
#include "base/instant.h"
#include "daemon/record.h"

struct route_entry {
	struct hash_node node;
	struct prefix prefix;
	char service[RECORD_NAME_MAX];
	bool set;      /* to be announced; else withdrawn, or on its way there */
	bool reported; /* the speaker has said a word since the last change */
	bool reached;  /* some neighbour has heard it since it was set */
	uint64_t sum;  /* of the record that was last sent */
	uint32_t wanted, announced, withdrawing; /* neighbours: struct record_route_status */
	struct instant withdrawn_at; /* the last withdrawal was written; 0: not yet */
	struct duration
		delay; /* from then until addresses may go; not if nobody had heard it */
};

/* Zero-initialised is empty. */
struct route_table {
	struct hash_table entries;
};

void route_table_clear(struct route_table *table);

enum route_change {
	ROUTE_SAME,
	ROUTE_NEW,     /* was not announced */
	ROUTE_CHANGED, /* other attributes */
};
/* This is to be announced. NULL: no memory. */
struct route_entry *route_table_set(struct route_table *table,
	const struct record_route *record, struct duration delay,
	enum route_change *ret_change);
/* No more: from now on the entry waits for its withdrawal. */
void route_table_withdraw(struct route_entry *entry);

struct route_entry *route_table_find(
	const struct route_table *table, const struct prefix *prefix);
/* `struct hash_iterator i = { 0 }; while ((e = route_table_next(&t, &i)) != NULL)` */
struct route_entry *route_table_next(
	const struct route_table *table, struct hash_iterator *iterator);

enum route_progress {
	PROGRESS_NONE,
	PROGRESS_ANNOUNCED, /* now at all neighbours that should hear it */
	PROGRESS_WITHDRAWN, /* now gone from all neighbours */
};
/* The speaker's word. */
enum route_progress route_table_status(struct route_table *table,
	const struct record_route_status *status, struct instant now);

/* The speaker is gone: nothing is known of what neighbours have. Everything is to be sent
 * again. */
void route_table_forget(struct route_table *table);

/* When an address may leave its interface as far as withdrawals are concerned: in the past or
 * now; INSTANT_NEVER while a withdrawal that covers it is not written. */
struct instant route_table_releases(
	const struct route_table *table, const struct address *address);
/* Drop all that is not to be announced, whatever became of it. */
void route_table_clear_withdrawn(struct route_table *table);
/* Drop entries that are withdrawn and whose delay is over. */
void route_table_expire(struct route_table *table, struct instant now);

#endif
