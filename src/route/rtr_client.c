/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caches of the RTR client: timers, expiry, and which of them count. What is said on a
 * connection is in rtr_session.c.
 *
 *              +------------------------- the connection ends -------------------------+
 *              v                                                                       |
 *     IDLE --(back-off is over)--> CONNECTING --> ASKING --(cache response)--> LOADING |
 *                                                  ^  |                           |    |
 *               (refresh, notify, retry)           |  +--(no data)--> EMPTY --+   |    |
 *                                                  +--------------------------+   |    |
 *                                                  +------- SYNCED <--(end of data)    |
 *
 * Invariants:
 *  1. act_at is set in every state: nothing waits for ever on a cache that says nothing.
 *  2. The data of a cache leave the table only by expiry or when the cache is removed.
 *  3. client->use is what rpki_table_use was told last.
 *
 * RFC 8210 sections 6, 8 and 10.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/rtr_internal.h"

#define CONNECT_S      20
#define BACKOFF_S      5
#define EXPIRE_AGAIN_S 1

struct rtr_client *rtr_client_new(struct rpki_table *table, const struct rtr_sink *sink)
{
	struct rtr_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->table = table;
	client->sink = *sink;
	list_init(&client->caches);
	return client;
}

static void cache_free(struct rtr_cache *cache)
{
	rpki_batch_free(cache->batch);
	free(cache->pending);
	free(cache);
}

void rtr_client_free(struct rtr_client *client)
{
	if (client == NULL)
		return;
	list_for_each_safe(node, &client->caches)
		cache_free(container_of(node, struct rtr_cache, link));
	free(client);
}

static struct duration chosen(struct duration ours, struct duration theirs)
{
	return ours.ns > 0 ? ours : theirs;
}

struct duration rtr_refresh(const struct rtr_cache *cache)
{
	return chosen(cache->settings.refresh, cache->said_refresh);
}

struct duration rtr_retry(const struct rtr_cache *cache)
{
	return chosen(cache->settings.retry, cache->said_retry);
}

struct duration rtr_expire(const struct rtr_cache *cache)
{
	return chosen(cache->settings.expire, cache->said_expire);
}

void rtr_state_set(struct rtr_cache *cache, enum rtr_state state, struct instant now,
	struct instant act_at)
{
	cache->state = state;
	cache->state_since = now;
	cache->act_at = act_at;
}

void rtr_event_emit(
	struct rtr_client *client, const struct rtr_event *event, const char *reason)
{
	struct rtr_event copy = *event;

	copy.reason = reason == NULL ? "" : reason;
	client->sink.event(client->sink.context, &copy);
}

/* ---- Which caches count: RFC 8210 section 10. ---- */

/* When a cache that misses its refresh and one retry stops to be fresh. */
static struct instant fresh_until(const struct rtr_cache *cache)
{
	struct instant until = instant_add(cache->synced_at, rtr_refresh(cache));

	return instant_add(until, rtr_retry(cache));
}

static bool is_fresh(const struct rtr_cache *cache, struct instant now)
{
	return cache->has_data && instant_before(now, fresh_until(cache));
}

/* The most preferred of those that are fresh, or of all that have data. */
static uint32_t best_of(const struct rtr_client *client, bool fresh_only, struct instant now)
{
	uint32_t best = UINT32_MAX, use = 0;

	list_for_each(node, &client->caches) {
		const struct rtr_cache *cache = container_of(node, struct rtr_cache, link);
		uint32_t preference = cache->settings.preference;

		if (!cache->has_data || (fresh_only && !is_fresh(cache, now)))
			continue;
		if (use == 0 || preference < best) {
			best = preference;
			use = 0;
		}
		if (preference == best)
			use |= 1u << cache->source;
	}
	return use;
}

void rtr_use_choose(struct rtr_client *client, struct instant now)
{
	uint32_t use = best_of(client, true, now);
	struct rtr_event event = { .type = RTR_EVENT_USE };

	client->looked_at = now;
	if (use == 0)
		use = best_of(client, false, now);
	/* Without memory the old choice stands, and is looked at again with the next tick. */
	if (use == client->use || rpki_table_use(client->table, use) != 0)
		return;
	client->use = use;
	rtr_event_emit(client, &event, use == 0 ? "no cache has data" : "");
}

/* ---- Caches. ---- */

/* RFC 8210 section 6: what holds before the cache has said anything. */
static void timers_reset(struct rtr_cache *cache)
{
	cache->said_refresh = duration_seconds(3600);
	cache->said_retry = duration_seconds(600);
	cache->said_expire = duration_seconds(7200);
}

static unsigned free_source(const struct rtr_client *client)
{
	uint32_t taken = 0;
	unsigned source = 0;

	list_for_each(node, &client->caches)
		taken |= 1u << container_of(node, struct rtr_cache, link)->source;
	while ((taken >> source) & 1)
		source++;
	return source;
}

static void settings_take(struct rtr_cache *cache, const struct rtr_cache_settings *settings)
{
	cache->settings = *settings;
	if (cache->settings.version > RTR_VERSION_MAX)
		cache->settings.version = RTR_VERSION_MAX;
}

static void cache_connect(
	struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	rtr_state_set(
		cache, RTR_CONNECTING, now, instant_add(now, duration_seconds(CONNECT_S)));
	client->sink.connect(client->sink.context, cache);
}

struct rtr_cache *rtr_cache_add(struct rtr_client *client,
	const struct rtr_cache_settings *settings, void *host, struct instant now)
{
	struct rtr_cache *cache;

	if (client->cache_count == RTR_CACHES_MAX)
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (cache == NULL)
		return NULL;
	settings_take(cache, settings);
	cache->host = host;
	cache->source = free_source(client);
	cache->backoff = duration_seconds(BACKOFF_S);
	timers_reset(cache);
	list_append(&client->caches, &cache->link);
	client->cache_count++;
	cache_connect(client, cache, now);
	return cache;
}

void rtr_cache_change(struct rtr_client *client, struct rtr_cache *cache,
	const struct rtr_cache_settings *settings, struct instant now)
{
	settings_take(cache, settings);
	if (cache->has_data)
		cache->expires_at = instant_add(cache->synced_at, rtr_expire(cache));
	if (cache->state == RTR_SYNCED)
		cache->act_at = instant_add(cache->synced_at, rtr_refresh(cache));
	rtr_use_choose(client, now);
}

static void disconnect(struct rtr_client *client, struct rtr_cache *cache)
{
	if (cache->state != RTR_IDLE)
		client->sink.disconnect(client->sink.context, cache);
}

void rtr_cache_move(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	disconnect(client, cache);
	rtr_session_end(client, cache, NULL, now);
	cache->ask_everything = true;
	cache->downgraded = false;
	cache->backoff = duration_seconds(BACKOFF_S);
	cache_connect(client, cache, now);
}

void rtr_cache_remove(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	disconnect(client, cache);
	cache->has_data = false;
	list_remove(&cache->link);
	client->cache_count--;
	rtr_use_choose(client, now);
	/* Without memory its records stay, unused, until the source is given to another cache,
	 * whose first data replace them. */
	(void)rpki_table_clear(client->table, cache->source);
	cache_free(cache);
}

void *rtr_cache_host(const struct rtr_cache *cache)
{
	return cache->host;
}

/* ---- Time. ---- */

static void expire(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	struct rtr_event event = { .type = RTR_EVENT_EXPIRED, .cache = cache };

	if (rpki_table_clear(client->table, cache->source) != 0) {
		cache->expires_at = instant_add(now, duration_seconds(EXPIRE_AGAIN_S));
		return;
	}
	cache->has_data = false;
	cache->synced_at = cache->expires_at = (struct instant){ 0 };
	cache->counters[RTR_COUNTER_EXPIRED]++;
	rtr_event_emit(client, &event, "the cache was not heard of for too long");
	/* The answer would be a change of what is gone. */
	if (cache->asked_serial && (cache->state == RTR_ASKING || cache->state == RTR_LOADING))
		rtr_session_close(
			client, cache, "its data expired before the answer came", now);
}

static void act(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	switch (cache->state) {
	case RTR_IDLE:
		cache_connect(client, cache, now);
		break;
	case RTR_CONNECTING:
		cache->counters[RTR_COUNTER_CONNECT_FAILED]++;
		rtr_session_close(client, cache, "the connection took too long", now);
		break;
	case RTR_ASKING:
	case RTR_LOADING:
		rtr_session_close(client, cache, "the cache stopped answering", now);
		break;
	case RTR_SYNCED:
	case RTR_EMPTY:
		rtr_query(client, cache, now);
		break;
	case RTR_STATES:
		break;
	}
}

void rtr_tick(struct rtr_client *client, struct instant now)
{
	list_for_each(node, &client->caches) {
		struct rtr_cache *cache = container_of(node, struct rtr_cache, link);

		if (cache->has_data && instant_reached(cache->expires_at, now))
			expire(client, cache, now);
		if (instant_reached(cache->act_at, now))
			act(client, cache, now);
	}
	rtr_use_choose(client, now);
}

struct instant rtr_deadline(const struct rtr_client *client)
{
	struct instant earliest = INSTANT_NEVER;

	list_for_each(node, &client->caches) {
		const struct rtr_cache *cache = container_of(node, struct rtr_cache, link);

		earliest = instant_earlier(earliest, cache->act_at);
		if (!cache->has_data)
			continue;
		earliest = instant_earlier(earliest, cache->expires_at);
		/* The moment at which another cache may have to take over. */
		if (instant_before(client->looked_at, fresh_until(cache)))
			earliest = instant_earlier(earliest, fresh_until(cache));
	}
	return earliest;
}

/* ---- Looking in. ---- */

void rtr_cache_view(const struct rtr_client *client, const struct rtr_cache *cache,
	struct instant now, struct rtr_cache_view *ret_view)
{
	*ret_view = (struct rtr_cache_view){ .settings = &cache->settings,
		.state = cache->state,
		.source = cache->source,
		.has_data = cache->has_data,
		.fresh = is_fresh(cache, now),
		.used = cache->has_data && ((client->use >> cache->source) & 1),
		.version = cache->negotiated ? cache->version
			   : cache->has_data ? cache->data_version
					     : UINT8_MAX,
		.session_id = cache->session_id,
		.serial = cache->serial,
		.state_since = cache->state_since,
		.synced_at = cache->synced_at,
		.expires_at = cache->expires_at,
		.refresh = rtr_refresh(cache),
		.retry = rtr_retry(cache),
		.expire = rtr_expire(cache),
		.last_reason = cache->last_reason,
		.counters = cache->counters };
}

struct rtr_cache *rtr_cache_next(const struct rtr_client *client, const struct rtr_cache *cache)
{
	const struct list *next = cache == NULL ? client->caches.next : cache->link.next;

	return next == &client->caches
		       ? NULL
		       : container_of((struct list *)(uintptr_t)next, struct rtr_cache, link);
}

struct rtr_cache *rtr_cache_by_name(const struct rtr_client *client, const char *name)
{
	list_for_each(node, &client->caches) {
		struct rtr_cache *cache = container_of(node, struct rtr_cache, link);

		if (strcmp(cache->settings.name, name) == 0)
			return cache;
	}
	return NULL;
}

const char *rtr_state_name(enum rtr_state state)
{
	static const char *const names[RTR_STATES] = {
		[RTR_IDLE] = "idle",
		[RTR_CONNECTING] = "connecting",
		[RTR_ASKING] = "asking",
		[RTR_LOADING] = "loading",
		[RTR_SYNCED] = "synced",
		[RTR_EMPTY] = "empty",
	};

	return (unsigned)state < RTR_STATES ? names[state] : "unknown";
}

const char *rtr_counter_name(enum rtr_counter counter)
{
	static const char *const names[RTR_COUNTERS] = {
		[RTR_COUNTER_CONNECTS] = "connects",
		[RTR_COUNTER_CONNECT_FAILED] = "connect-failed",
		[RTR_COUNTER_BYTES_IN] = "bytes-in",
		[RTR_COUNTER_PDUS_IN] = "pdus-in",
		[RTR_COUNTER_SERIAL_QUERIES] = "serial-queries",
		[RTR_COUNTER_RESET_QUERIES] = "reset-queries",
		[RTR_COUNTER_NOTIFIES] = "notifies",
		[RTR_COUNTER_CACHE_RESETS] = "cache-resets",
		[RTR_COUNTER_ERRORS_IN] = "errors-in",
		[RTR_COUNTER_ERRORS_OUT] = "errors-out",
		[RTR_COUNTER_UPDATES] = "updates",
		[RTR_COUNTER_ROUTER_KEYS] = "router-keys",
		[RTR_COUNTER_EXPIRED] = "expired",
	};

	return names[counter];
}
