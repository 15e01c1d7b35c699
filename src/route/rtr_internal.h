/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the RTR client, for rtr_client.c and rtr_session.c only. */
#ifndef NEARCAST_ROUTE_RTR_INTERNAL_H
#define NEARCAST_ROUTE_RTR_INTERNAL_H

#include "base/list.h"
#include "route/rtr_client.h"

struct rtr_cache {
	struct list link; /* in rtr_client.caches */
	struct rtr_cache_settings settings;
	void *host;
	unsigned source;
	enum rtr_state state;
	struct instant state_since;
	struct instant act_at; /* when the state has to do something by itself; see rtr_tick */
	struct duration backoff;
	char last_reason[RTR_REASON_MAX];

	/* This connection. */
	uint8_t version;   /* of our queries; of the session once negotiated */
	bool negotiated;   /* the cache has answered with this version */
	bool asked_serial; /* else everything */
	bool notified;     /* there was a notify that we had no time for */
	uint32_t notified_serial;
	uint16_t answer_session;
	struct rpki_batch *batch; /* while LOADING */
	uint8_t *pending;         /* the beginning of a PDU */
	size_t pending_length, pending_room;

	/* The next connection. */
	bool downgraded; /* begin with next_version */
	uint8_t next_version;
	unsigned silent_closes; /* in a row: closed without an answer to a query */
	bool ask_everything;

	/* What is in the table. */
	bool has_data;
	uint8_t data_version;
	uint16_t session_id;
	uint32_t serial;
	struct instant synced_at, expires_at;
	struct duration said_refresh, said_retry, said_expire; /* by the cache, in range */
	uint64_t counters[RTR_COUNTERS];
};

struct rtr_client {
	struct rpki_table *table;
	struct rtr_sink sink;
	struct list caches;
	size_t cache_count;
	uint32_t use;             /* bits of sources */
	struct instant looked_at; /* when use was chosen last */
};

/* The cache's or the operator's. */
struct duration rtr_refresh(const struct rtr_cache *cache);
struct duration rtr_retry(const struct rtr_cache *cache);
struct duration rtr_expire(const struct rtr_cache *cache);

void rtr_state_set(struct rtr_cache *cache, enum rtr_state state, struct instant now,
	struct instant act_at);
void rtr_event_emit(
	struct rtr_client *client, const struct rtr_event *event, const char *reason);
/* Which caches count: after data came or went, or grew old. */
void rtr_use_choose(struct rtr_client *client, struct instant now);

/* ---- rtr_session.c ---- */
/* Ask for what is new, or for everything. */
void rtr_query(struct rtr_client *client, struct rtr_cache *cache, struct instant now);
/* Drop what belongs to the connection; the state becomes IDLE, to connect at act_at. */
void rtr_session_end(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now);
/* The same, and close the connection first. */
void rtr_session_close(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now);

#endif
