/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said with a cache on one connection.
 *
 *     router                                cache
 *       serial query or reset query  --->
 *                                    <---   cache response
 *                                    <---   prefixes, ASPAs, ...
 *                                    <---   end of data
 *                                    <---   serial notify
 *       serial query                 --->
 *                                    <---   cache reset
 *       reset query                  --->   ...
 *
 * Versions. Every connection begins with the highest version that we offer. A cache that knows
 * only a lower one answers with that version, or says "unsupported version" in it, or (old
 * ones) closes without a word: then the next connection begins lower, and only that one. A
 * session belongs to its version: what was loaded in another one is asked for anew.
 *
 * Invariants:
 *  1. Until the end of data nothing of an answer is in the table; then all of it is.
 *  2. An error report is never answered by an error report.
 *  3. rtr_received consumes all that it is given, and keeps less than one PDU.
 *
 * RFC 8210 sections 5, 7, 8 and 12; draft-ietf-sidrops-8210bis-27 sections 5.12 and 7.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/rtr_internal.h"

#define ANSWER_S      60
#define BACKOFF_S     5
#define SILENT_CLOSES 2 /* before a lower version is tried */

/* ---- The end of a connection. ---- */

static void connection_forget(struct rtr_cache *cache)
{
	rpki_batch_free(cache->batch);
	cache->batch = NULL;
	free(cache->pending);
	cache->pending = NULL;
	cache->pending_length = cache->pending_room = 0;
	cache->negotiated = cache->notified = false;
}

/* Doubles up to the retry interval. */
static void backoff_grow(struct rtr_cache *cache)
{
	struct duration most = rtr_retry(cache);

	cache->backoff.ns *= 2;
	if (cache->backoff.ns > most.ns)
		cache->backoff = most;
}

void rtr_session_end(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now)
{
	struct rtr_event event = { .type = RTR_EVENT_LOST, .cache = cache };

	connection_forget(cache);
	rtr_state_set(cache, RTR_IDLE, now, instant_add(now, cache->backoff));
	backoff_grow(cache);
	if (reason == NULL)
		return;
	/* The reason may be the last one itself. */
	if (reason != cache->last_reason)
		snprintf(cache->last_reason, sizeof(cache->last_reason), "%s", reason);
	rtr_event_emit(client, &event, cache->last_reason);
}

void rtr_session_close(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now)
{
	client->sink.disconnect(client->sink.context, cache);
	rtr_session_end(client, cache, reason, now);
}

/* Say what is wrong, and close. */
static void session_fail(struct rtr_client *client, struct rtr_cache *cache,
	const struct rtr_fault *fault, const uint8_t *bytes, size_t length, struct instant now)
{
	uint8_t buffer[RTR_HEADER_SIZE + 8 + RTR_ERROR_COPY_MAX + RTR_ERROR_TEXT_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	char reason[RTR_REASON_MAX];

	rtr_write_error(&w, cache->version, fault, bytes, length);
	client->sink.send(client->sink.context, cache, buffer, writer_length(&w));
	cache->counters[RTR_COUNTER_ERRORS_OUT]++;
	snprintf(reason, sizeof(reason), "we sent an error report: %s: %s (%s)",
		rtr_error_name(fault->code), fault->reason, fault->reference);
	rtr_session_close(client, cache, reason, now);
}

/* ---- Queries. ---- */

static void query_send(
	struct rtr_client *client, struct rtr_cache *cache, bool serial, struct instant now)
{
	struct rtr_pdu pdu = { .version = cache->version,
		.type = serial ? RTR_SERIAL_QUERY : RTR_RESET_QUERY };
	uint8_t buffer[16];
	struct writer w = writer_of(buffer, sizeof(buffer));

	if (serial) {
		pdu.session_id = cache->session_id;
		pdu.serial = cache->serial;
	}
	rtr_write(&w, &pdu);
	client->sink.send(client->sink.context, cache, buffer, writer_length(&w));
	cache->counters[serial ? RTR_COUNTER_SERIAL_QUERIES : RTR_COUNTER_RESET_QUERIES]++;
	cache->asked_serial = serial;
	cache->notified = false;
	rtr_state_set(cache, RTR_ASKING, now, instant_add(now, duration_seconds(ANSWER_S)));
}

void rtr_query(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	bool serial = cache->has_data && !cache->ask_everything &&
		      cache->data_version == cache->version;

	query_send(client, cache, serial, now);
}

void rtr_connected(struct rtr_client *client, struct rtr_cache *cache, struct instant now)
{
	cache->counters[RTR_COUNTER_CONNECTS]++;
	cache->version = cache->settings.version;
	if (cache->downgraded && cache->next_version < cache->version)
		cache->version = cache->next_version;
	cache->downgraded = false;
	rtr_query(client, cache, now);
}

/* The next connection begins with a lower version, at once. */
static void downgrade(
	struct rtr_client *client, struct rtr_cache *cache, uint8_t version, struct instant now)
{
	struct rtr_event event = {
		.type = RTR_EVENT_VERSION, .cache = cache, .version = version
	};
	struct duration before = cache->backoff;

	cache->downgraded = true;
	cache->next_version = version;
	rtr_event_emit(client, &event, "the cache speaks a lower version of the protocol");
	client->sink.disconnect(client->sink.context, cache);
	rtr_session_end(client, cache, NULL, now);
	cache->backoff = before;
	cache->act_at = now;
}

void rtr_closed(struct rtr_client *client, struct rtr_cache *cache, const char *reason,
	struct instant now)
{
	if (cache->state == RTR_CONNECTING)
		cache->counters[RTR_COUNTER_CONNECT_FAILED]++;
	/* Before version negotiation was defined, caches just closed. */
	if (cache->state == RTR_ASKING && !cache->negotiated && cache->version > 0 &&
		++cache->silent_closes >= SILENT_CLOSES) {
		cache->downgraded = true;
		cache->next_version = (uint8_t)(cache->version - 1);
	}
	rtr_session_end(client, cache, reason, now);
}

/* ---- What the cache says. A handler gives false when the connection is gone. ---- */

struct incoming {
	struct rtr_client *client;
	struct rtr_cache *cache;
	const struct rtr_pdu *pdu;
	const uint8_t *bytes;
	size_t length;
	struct instant now;
};

static bool fail(const struct incoming *in, enum rtr_error code, const char *reason,
	const char *reference)
{
	struct rtr_fault fault = { (uint16_t)code, reason, reference };

	session_fail(in->client, in->cache, &fault, in->bytes, in->length, in->now);
	return false;
}

static bool out_of_place(const struct incoming *in)
{
	return fail(in, RTR_ERROR_CORRUPT_DATA, "a PDU that does not belong here",
		"RFC 8210 section 8");
}

static bool on_serial_notify(const struct incoming *in)
{
	struct rtr_cache *cache = in->cache;
	bool other_session = in->pdu->session_id != cache->session_id;

	cache->counters[RTR_COUNTER_NOTIFIES]++;
	if (cache->state == RTR_EMPTY) {
		rtr_query(in->client, cache, in->now);
	} else if (cache->state == RTR_SYNCED) {
		/* Section 5.1: another session is another sequence of serials. */
		if (other_session)
			query_send(in->client, cache, false, in->now);
		else if (in->pdu->serial != cache->serial)
			rtr_query(in->client, cache, in->now);
	} else if (cache->state == RTR_LOADING) {
		cache->notified = true;
		cache->notified_serial = in->pdu->serial;
	}
	return true;
}

static bool on_cache_response(const struct incoming *in)
{
	struct rtr_cache *cache = in->cache;

	if (cache->state != RTR_ASKING)
		return out_of_place(in);
	if (cache->asked_serial && in->pdu->session_id != cache->session_id) {
		cache->ask_everything = true;
		return fail(in, RTR_ERROR_CORRUPT_DATA, "another session than was asked for",
			"RFC 8210 section 5.5");
	}
	cache->batch = rpki_batch_new();
	if (cache->batch == NULL)
		return fail(in, RTR_ERROR_INTERNAL, "out of memory", "RFC 8210 section 12");
	cache->answer_session = in->pdu->session_id;
	rtr_state_set(
		cache, RTR_LOADING, in->now, instant_add(in->now, duration_seconds(ANSWER_S)));
	return true;
}

static bool batch_added(const struct incoming *in, int r)
{
	if (r == 0)
		return true;
	return fail(in, RTR_ERROR_INTERNAL,
		r == ERROR_FULL ? "more records than we take" : "out of memory",
		"RFC 8210 section 12");
}

static bool on_prefix(const struct incoming *in)
{
	const struct rtr_prefix *prefix = &in->pdu->prefix;
	struct rpki_vrp vrp = { prefix->prefix, prefix->max_length, prefix->asn };

	if (in->cache->state != RTR_LOADING)
		return out_of_place(in);
	return batch_added(in, rpki_batch_vrp(in->cache->batch, prefix->announce, &vrp));
}

static bool on_aspa(const struct incoming *in)
{
	const struct rtr_aspa *aspa = &in->pdu->aspa;
	uint32_t *providers;
	int r;

	if (in->cache->state != RTR_LOADING)
		return out_of_place(in);
	providers = malloc((aspa->count + (size_t)1) * sizeof(*providers));
	if (providers == NULL)
		return batch_added(in, ERROR_MEMORY);
	for (uint32_t i = 0; i < aspa->count; i++)
		providers[i] = rtr_aspa_provider(aspa, i);
	r = rpki_batch_aspa(in->cache->batch, aspa->announce, (enum family)aspa->family,
		aspa->customer, providers, aspa->count);
	free(providers);
	return batch_added(in, r);
}

static bool on_router_key(const struct incoming *in)
{
	if (in->cache->state != RTR_LOADING)
		return out_of_place(in);
	in->cache->counters[RTR_COUNTER_ROUTER_KEYS]++;
	return true;
}

/* RFC 8210 section 6: the ranges. */
static struct duration in_range(uint32_t seconds, uint32_t least, uint32_t most)
{
	uint32_t kept = seconds < least ? least : seconds > most ? most : seconds;

	return duration_seconds(kept);
}

static void timers_take(struct rtr_cache *cache, const struct rtr_end_of_data *end)
{
	if (cache->version > 0) {
		cache->said_refresh = in_range(end->refresh_s, 1, 86400);
		cache->said_retry = in_range(end->retry_s, 1, 7200);
		cache->said_expire = in_range(end->expire_s, 600, 172800);
	} else {
		cache->said_refresh = duration_seconds(3600);
		cache->said_retry = duration_seconds(600);
		cache->said_expire = duration_seconds(7200);
	}
	/* "MUST be larger than either": there has to be time for one missed refresh. */
	if (cache->said_expire.ns <= cache->said_refresh.ns ||
		cache->said_expire.ns <= cache->said_retry.ns)
		cache->said_expire =
			(struct duration){ cache->said_refresh.ns + cache->said_retry.ns };
}

/* The record that does not fit, as a PDU, for the error report. */
static size_t conflict_write(const struct incoming *in, const struct rpki_conflict *conflict,
	bool announce, uint8_t *buffer, size_t room)
{
	bool ipv4 = conflict->vrp.prefix.address.family == FAMILY_IPV4;
	struct rtr_pdu pdu = { .version = in->cache->version,
		.type = conflict->is_aspa ? RTR_ASPA
			: ipv4            ? RTR_IPV4_PREFIX
					  : RTR_IPV6_PREFIX };
	struct writer w = writer_of(buffer, room);

	if (conflict->is_aspa)
		pdu.aspa = (struct rtr_aspa){ .customer = conflict->customer };
	else
		pdu.prefix = (struct rtr_prefix){ announce, conflict->vrp.max_length,
			conflict->vrp.prefix, conflict->vrp.asn };
	rtr_write(&w, &pdu);
	return writer_length(&w);
}

static bool apply_failed(const struct incoming *in, int r, const struct rpki_conflict *conflict)
{
	struct incoming about = *in;
	uint8_t buffer[40];

	/* What we have is not what the cache thinks that we have. */
	in->cache->ask_everything = true;
	if (r != ERROR_EXISTS && r != ERROR_NOT_FOUND)
		return batch_added(in, r);
	about.bytes = buffer;
	about.length = conflict_write(in, conflict, r == ERROR_EXISTS, buffer, sizeof(buffer));
	if (r == ERROR_EXISTS)
		return fail(&about, RTR_ERROR_DUPLICATE, "a record that was announced already",
			"RFC 8210 section 12");
	return fail(&about, RTR_ERROR_WITHDRAWAL_OF_UNKNOWN,
		"a record that was not announced before", "RFC 8210 section 12");
}

static void synced(const struct incoming *in, size_t records)
{
	struct rtr_cache *cache = in->cache;
	struct rtr_event event = { .type = RTR_EVENT_SYNCED,
		.cache = cache,
		.serial = cache->serial,
		.records = records,
		.version = cache->version,
		.complete = !cache->asked_serial };

	rtr_event_emit(in->client, &event, "");
	rtr_use_choose(in->client, in->now);
	if (cache->notified && cache->notified_serial != cache->serial)
		rtr_query(in->client, cache, in->now);
}

static bool on_end_of_data(const struct incoming *in)
{
	struct rtr_cache *cache = in->cache;
	struct rpki_conflict conflict = { 0 };
	size_t records;
	int r;

	if (cache->state != RTR_LOADING)
		return out_of_place(in);
	if (in->pdu->session_id != cache->answer_session)
		return fail(in, RTR_ERROR_CORRUPT_DATA, "another session than it began with",
			"RFC 8210 section 5.8");
	records = rpki_batch_count(cache->batch);
	r = rpki_table_apply(in->client->table, cache->source, cache->batch,
		cache->asked_serial ? RPKI_DELTA : RPKI_REPLACE, &conflict);
	rpki_batch_free(cache->batch);
	cache->batch = NULL;
	if (r != 0)
		return apply_failed(in, r, &conflict);
	timers_take(cache, &in->pdu->end);
	cache->has_data = true;
	cache->ask_everything = false;
	cache->data_version = cache->version;
	cache->session_id = in->pdu->session_id;
	cache->serial = in->pdu->end.serial;
	cache->synced_at = in->now;
	cache->expires_at = instant_add(in->now, rtr_expire(cache));
	cache->backoff = duration_seconds(BACKOFF_S);
	cache->counters[RTR_COUNTER_UPDATES]++;
	rtr_state_set(cache, RTR_SYNCED, in->now, instant_add(in->now, rtr_refresh(cache)));
	synced(in, records);
	return true;
}

static bool on_cache_reset(const struct incoming *in)
{
	in->cache->counters[RTR_COUNTER_CACHE_RESETS]++;
	if (in->cache->state != RTR_ASKING || !in->cache->asked_serial)
		return out_of_place(in);
	query_send(in->client, in->cache, false, in->now);
	return true;
}

/* The cache's words, cleaned: they end up on a terminal. */
static void error_text(const struct rtr_error_report *report, char *text, size_t size)
{
	size_t length = report->text_length < size - 1 ? report->text_length : size - 1;

	for (size_t i = 0; i < length; i++) {
		char c = report->text[i];

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	text[length] = '\0';
}

static bool on_no_data(const struct incoming *in)
{
	struct rtr_event event = { .type = RTR_EVENT_NO_DATA, .cache = in->cache };

	/* An answer like any other: its version is agreed on. */
	if (!in->cache->negotiated && in->pdu->version <= in->cache->version) {
		in->cache->version = in->pdu->version;
		in->cache->negotiated = true;
		in->cache->silent_closes = 0;
	}
	rpki_batch_free(in->cache->batch);
	in->cache->batch = NULL;
	/* Section 8.4: it may have some later, or another cache may. */
	rtr_state_set(
		in->cache, RTR_EMPTY, in->now, instant_add(in->now, rtr_retry(in->cache)));
	in->cache->ask_everything = true;
	rtr_event_emit(in->client, &event, "the cache has no data yet");
	return true;
}

static bool on_error_report(const struct incoming *in)
{
	const struct rtr_error_report *report = &in->pdu->error;
	struct rtr_cache *cache = in->cache;
	char reason[RTR_REASON_MAX], text[160];

	cache->counters[RTR_COUNTER_ERRORS_IN]++;
	if (report->code == RTR_ERROR_UNSUPPORTED_VERSION && !cache->negotiated &&
		in->pdu->version < cache->version) {
		downgrade(in->client, cache, in->pdu->version, in->now);
		return false;
	}
	if (report->code == RTR_ERROR_NO_DATA &&
		(cache->state == RTR_ASKING || cache->state == RTR_LOADING))
		return on_no_data(in);
	error_text(report, text, sizeof(text));
	snprintf(reason, sizeof(reason), "the cache sent an error report: %s%s%s",
		rtr_error_name(report->code), text[0] == '\0' ? "" : ": ", text);
	/* It may be our idea of what it sent that is wrong. */
	cache->ask_everything = true;
	rtr_session_close(in->client, cache, reason, in->now);
	return false;
}

static bool (*const handlers[RTR_TYPES])(const struct incoming *in) = {
	[RTR_SERIAL_NOTIFY] = on_serial_notify,
	[RTR_SERIAL_QUERY] = out_of_place,
	[RTR_RESET_QUERY] = out_of_place,
	[RTR_CACHE_RESPONSE] = on_cache_response,
	[RTR_IPV4_PREFIX] = on_prefix,
	[RTR_IPV6_PREFIX] = on_prefix,
	[RTR_END_OF_DATA] = on_end_of_data,
	[RTR_CACHE_RESET] = on_cache_reset,
	[RTR_ROUTER_KEY] = on_router_key,
	[RTR_ERROR_REPORT] = on_error_report,
	[RTR_ASPA] = on_aspa,
};

/* Section 7. Gives false if the PDU is not to be handled; *ret_gone if the connection is gone.
 */
static bool version_agree(const struct incoming *in, bool *ret_gone)
{
	struct rtr_cache *cache = in->cache;
	uint8_t version = in->pdu->version;

	*ret_gone = false;
	if (cache->negotiated && version == cache->version)
		return true;
	if (in->pdu->type == RTR_ERROR_REPORT)
		return true;
	/* While a version is being agreed on, notifies do not count, whatever theirs is. */
	if (!cache->negotiated && in->pdu->type == RTR_SERIAL_NOTIFY)
		return false;
	if (cache->negotiated || version > cache->version) {
		*ret_gone = !fail(in, RTR_ERROR_UNEXPECTED_VERSION,
			"another version than was agreed on", "RFC 8210 section 7");
		return false;
	}
	if (version < cache->version && cache->asked_serial) {
		/* Our serial belongs to a session of another version. */
		downgrade(in->client, cache, version, in->now);
		*ret_gone = true;
		return false;
	}
	if (version < cache->version) {
		struct rtr_event event = {
			.type = RTR_EVENT_VERSION, .cache = cache, .version = version
		};

		rtr_event_emit(
			in->client, &event, "the cache speaks a lower version of the protocol");
	}
	cache->version = version;
	cache->negotiated = true;
	cache->silent_closes = 0;
	return true;
}

static bool pdu_take(const struct incoming *in)
{
	struct rtr_cache *cache = in->cache;
	bool gone;

	cache->counters[RTR_COUNTER_PDUS_IN]++;
	if (cache->state == RTR_LOADING)
		cache->act_at = instant_add(in->now, duration_seconds(ANSWER_S));
	if (!version_agree(in, &gone))
		return !gone;
	return handlers[in->pdu->type](in);
}

/* Take all whole PDUs; *ret_used is what they were long. False when the connection is gone. */
static bool pdus_take(struct rtr_client *client, struct rtr_cache *cache, const uint8_t *bytes,
	size_t length, size_t *ret_used, struct instant now)
{
	size_t at = 0;

	while (at < length) {
		struct rtr_fault fault;
		struct rtr_pdu pdu;
		size_t size;
		struct incoming in = { client, cache, &pdu, bytes + at, 0, now };

		switch (rtr_read(bytes + at, length - at, &pdu, &size, &fault)) {
		case RTR_MORE:
			*ret_used = at;
			return true;
		case RTR_FAULT:
			/* What is wrong with an error report is not reported. */
			if (length - at >= 2 && bytes[at + 1] == RTR_ERROR_REPORT)
				rtr_session_close(client, cache,
					"an error report that cannot be read", now);
			else
				session_fail(
					client, cache, &fault, bytes + at, length - at, now);
			return false;
		case RTR_WHOLE:
			in.length = size;
			if (!pdu_take(&in))
				return false;
			at += size;
			break;
		}
	}
	*ret_used = at;
	return true;
}

static int pending_add(struct rtr_cache *cache, const uint8_t *bytes, size_t length)
{
	size_t wanted = cache->pending_length + length;

	if (wanted > cache->pending_room) {
		uint8_t *larger = realloc(cache->pending, wanted);

		if (larger == NULL)
			return ERROR_MEMORY;
		cache->pending = larger;
		cache->pending_room = wanted;
	}
	memcpy(cache->pending + cache->pending_length, bytes, length);
	cache->pending_length = wanted;
	return 0;
}

/* The beginning of a PDU is there: complete it first, with no more than it needs. Gives how
 * many bytes were used, or -1 when the connection is gone. */
static long pending_complete(struct rtr_client *client, struct rtr_cache *cache,
	const uint8_t *bytes, size_t length, struct instant now)
{
	size_t before = cache->pending_length, size = RTR_HEADER_SIZE, used;

	if (before >= RTR_HEADER_SIZE) {
		struct cursor c = cursor_of(cache->pending + 4, 4);

		size = cursor_u32(&c);
	}
	if (length > size - before)
		length = size - before;
	if (pending_add(cache, bytes, length) != 0) {
		rtr_session_close(client, cache, "out of memory", now);
		return -1;
	}
	if (!pdus_take(client, cache, cache->pending, cache->pending_length, &used, now))
		return -1;
	if (used > 0)
		cache->pending_length = 0;
	return (long)length;
}

void rtr_received(struct rtr_client *client, struct rtr_cache *cache, const uint8_t *bytes,
	size_t length, struct instant now)
{
	size_t used;

	if (cache->state < RTR_ASKING)
		return;
	cache->counters[RTR_COUNTER_BYTES_IN] += length;
	while (length > 0 && cache->pending_length > 0) {
		long taken = pending_complete(client, cache, bytes, length, now);

		if (taken < 0)
			return;
		bytes += taken;
		length -= (size_t)taken;
	}
	if (length == 0 || !pdus_take(client, cache, bytes, length, &used, now))
		return;
	if (used < length && pending_add(cache, bytes + used, length - used) != 0)
		rtr_session_close(client, cache, "out of memory", now);
}
