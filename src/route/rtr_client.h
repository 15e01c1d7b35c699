/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The router's side of the RPKI to Router protocol as pure code: several caches, each with its
 * session, its timers and its place in an RPKI table. It owns no socket and no clock; the host
 * moves the bytes and tells the time.
 *
 * Unknown is not down: a cache that cannot be reached leaves its data in use until it expires;
 * new data take the place of the old at once, when they are complete.
 *
 * Every function that takes `now` may call the sink before it returns. The sink must not call
 * back into the client.
 */
#ifndef NEARCAST_ROUTE_RTR_CLIENT_H
#define NEARCAST_ROUTE_RTR_CLIENT_H

#include "base/instant.h"
#include "route/rpki_table.h"
#include "wire/rtr.h"

struct rtr_client;
struct rtr_cache; /* lives from rtr_cache_add to rtr_cache_remove */

#define RTR_CACHES_MAX RPKI_SOURCES_MAX
#define RTR_REASON_MAX 256

struct rtr_cache_settings {
	char name[64];
	/* The caches with the lowest number that have fresh data are used, those with the same
	 * number together (RFC 8210 section 10). */
	uint32_t preference;
	uint8_t version;                        /* the highest to offer: 0 to 2 */
	struct duration refresh, retry, expire; /* 0: as the cache says */
};

enum rtr_state {
	RTR_IDLE,       /* waits to connect */
	RTR_CONNECTING, /* sink->connect was called */
	RTR_ASKING,     /* a query is sent, nothing of the answer is there */
	RTR_LOADING,    /* between cache response and end of data */
	RTR_SYNCED,     /* waits for a notify, or to refresh */
	RTR_EMPTY,      /* the cache has no data: waits for a notify, or to retry */
	RTR_STATES,
};

enum rtr_event_type {
	RTR_EVENT_SYNCED,  /* data are complete and in the table: serial, records */
	RTR_EVENT_LOST,    /* the session ended, or could not begin: reason */
	RTR_EVENT_EXPIRED, /* the data were too old, and are gone */
	RTR_EVENT_NO_DATA, /* the cache has none (yet) */
	RTR_EVENT_VERSION, /* it speaks a lower version than ours: version */
	RTR_EVENT_USE,     /* other caches are in use now; cache is NULL */
};

struct rtr_event {
	enum rtr_event_type type;
	struct rtr_cache *cache;
	const char *reason; /* for people; valid during the call; never NULL */
	uint32_t serial;
	size_t records; /* in the answer */
	bool complete;  /* the answer was the whole data, not a change */
	uint8_t version;
};

struct rtr_sink {
	void *context;
	/* Open a TCP connection; answer with rtr_connected or rtr_closed. */
	void (*connect)(void *context, struct rtr_cache *cache);
	/* Send what was given before, then close, and report no more of this connection. After
	 * this the host may use the cache's pointer no more if it was removed. */
	void (*disconnect)(void *context, struct rtr_cache *cache);
	/* Queries and error reports: some dozens of bytes, to be sent in this order. */
	void (*send)(
		void *context, struct rtr_cache *cache, const uint8_t *bytes, size_t length);
	void (*event)(void *context, const struct rtr_event *event);
};

/* The table is the caller's and must live longer. NULL on no memory. */
struct rtr_client *rtr_client_new(struct rpki_table *table, const struct rtr_sink *sink);
/* Frees all, sends nothing, leaves the table as it is. NULL is fine. */
void rtr_client_free(struct rtr_client *client);

/* Copies settings; connects at once. host is kept for rtr_cache_host. NULL: no memory, or
 * RTR_CACHES_MAX is reached. */
struct rtr_cache *rtr_cache_add(struct rtr_client *client,
	const struct rtr_cache_settings *settings, void *host, struct instant now);
/* New settings; the session stays, the next connection has the new version. */
void rtr_cache_change(struct rtr_client *client, struct rtr_cache *cache,
	const struct rtr_cache_settings *settings, struct instant now);
/* It is at another address now: connect anew and ask for everything. What is there is kept
 * until then. */
void rtr_cache_move(struct rtr_client *client, struct rtr_cache *cache, struct instant now);
/* Disconnects, and takes its data out of the table. */
void rtr_cache_remove(struct rtr_client *client, struct rtr_cache *cache, struct instant now);
void *rtr_cache_host(const struct rtr_cache *cache);

/* Host reports. */
void rtr_connected(struct rtr_client *client, struct rtr_cache *cache, struct instant now);
/* Bytes from the stream, any split. They are consumed whole. */
void rtr_received(struct rtr_client *client, struct rtr_cache *cache, const uint8_t *bytes,
	size_t length, struct instant now);
/* The connection failed, or ended from outside. */
void rtr_closed(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now);

/* Timers. */
void rtr_tick(struct rtr_client *client, struct instant now);
struct instant rtr_deadline(const struct rtr_client *client); /* INSTANT_NEVER if none */

/* ---- Looking in. ---- */

enum rtr_counter {
	RTR_COUNTER_CONNECTS, /* connections made */
	RTR_COUNTER_CONNECT_FAILED,
	RTR_COUNTER_BYTES_IN,
	RTR_COUNTER_PDUS_IN,
	RTR_COUNTER_SERIAL_QUERIES,
	RTR_COUNTER_RESET_QUERIES,
	RTR_COUNTER_NOTIFIES,     /* received */
	RTR_COUNTER_CACHE_RESETS, /* received */
	RTR_COUNTER_ERRORS_IN,
	RTR_COUNTER_ERRORS_OUT,
	RTR_COUNTER_UPDATES,     /* answers that were applied */
	RTR_COUNTER_ROUTER_KEYS, /* seen and not used: BGPsec is not spoken */
	RTR_COUNTER_EXPIRED,
	RTR_COUNTERS,
};
const char *rtr_counter_name(enum rtr_counter counter); /* "reset-queries" */

struct rtr_cache_view {
	const struct rtr_cache_settings *settings;
	enum rtr_state state;
	unsigned source; /* its number in the table */
	bool has_data;   /* some that did not expire */
	bool fresh;      /* has_data, and no refresh has been missed */
	bool used;       /* its data count */
	uint8_t version; /* of the data, or of the session; 255: not known */
	uint16_t session_id;
	uint32_t serial;
	struct instant state_since, synced_at, expires_at; /* 0 if not has_data */
	struct duration refresh, retry, expire;            /* in force */
	const char *last_reason;  /* why a session ended or could not begin last; "" if never */
	const uint64_t *counters; /* [RTR_COUNTERS] */
};
void rtr_cache_view(const struct rtr_client *client, const struct rtr_cache *cache,
	struct instant now, struct rtr_cache_view *ret_view);
/* In order of adding; NULL ends. Pass NULL to start. */
struct rtr_cache *rtr_cache_next(
	const struct rtr_client *client, const struct rtr_cache *cache);
struct rtr_cache *rtr_cache_by_name(const struct rtr_client *client, const char *name);
const char *rtr_state_name(enum rtr_state state); /* "synced" */

#endif
