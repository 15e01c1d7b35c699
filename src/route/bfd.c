/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BFD state machine.
 *
 *              +--(remote Down)--> INIT --(remote Init or Up)--+
 *     DOWN ----+                                               +--> UP
 *      ^       +--(remote Init)--------------------------------+    |
 *      +------------(detection time over, remote Down or AdminDown)-+
 *
 * Invariants:
 *  1. A packet changes a session only after every check of section 6.8.6.
 *  2. Until Up, and after it, packets go at least a second apart (section 6.8.3).
 *  3. The transmit timer runs while packets are due; the detection timer while some are
 *     expected. Both are set again whenever what they depend on changes.
 *  4. An answer to a poll (F) goes at once and does not move the transmit timer.
 *
 * RFC 5880 sections 6.2, 6.5 to 6.8; RFC 5881 sections 3 and 5; RFC 5883 section 4.
 */
#include "route/bfd.h"

#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/random.h"

#define SLOW_US 1000000u /* section 6.8.3 */

struct bfd_session {
	struct list link; /* in bfd.sessions */
	struct bfd_settings settings;
	void *host;
	struct heap_node transmit_node, detect_node;
	enum bfd_state state;
	uint8_t diagnostic;
	uint32_t mine;
	struct instant since, heard_at;
	struct bfd_packet heard; /* without its authentication */
	bool polling;            /* P goes out until F comes */
	struct instant poll_began, poll_ended;
	/* What counts until the poll has ended: section 6.8.3. */
	uint32_t active_tx_us, active_rx_us;
	uint32_t sequence_out, sequence_in;
	bool sequence_known;
	uint64_t counters[BFD_COUNTERS];
};

struct bfd {
	struct bfd_sink sink;
	struct random random;
	struct list sessions;
	unsigned count;
	struct heap transmits, detects;
	uint64_t strange[BFD_FAULT_AUTH + 1];
};

struct bfd *bfd_new(uint64_t seed, const struct bfd_sink *sink)
{
	struct bfd *bfd = calloc(1, sizeof(*bfd));

	if (bfd == NULL)
		return NULL;
	bfd->sink = *sink;
	bfd->random.state = seed;
	list_init(&bfd->sessions);
	return bfd;
}

void bfd_free(struct bfd *bfd)
{
	if (bfd == NULL)
		return;
	heap_clear(&bfd->transmits); /* touches what is in it */
	heap_clear(&bfd->detects);
	list_for_each_safe(node, &bfd->sessions)
		free(container_of(node, struct bfd_session, link));
	free(bfd);
}

void *bfd_session_host(const struct bfd_session *session)
{
	return session->host;
}

/* ---- Times. ---- */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static bool is_up(const struct bfd_session *s)
{
	return s->state == BFD_UP;
}

/* bfd.DesiredMinTxInterval as it is said. */
static uint32_t desired_tx(const struct bfd_session *s)
{
	return is_up(s) ? s->settings.desired_tx_us
			: larger(s->settings.desired_tx_us, SLOW_US);
}

/* Demand mode is in effect where both are up (section 6.6). */
static bool demanded_of_us(const struct bfd_session *s)
{
	return s->heard.mine != 0 && s->heard.demand && is_up(s) && s->heard.state == BFD_UP;
}

static bool demanded_by_us(const struct bfd_session *s)
{
	return s->settings.demand && is_up(s) && s->heard.state == BFD_UP;
}

/* Section 6.6: who asked for silence looks now and then, here once in what would have been the
 * detection time. */
static uint32_t poll_gap_us(const struct bfd_session *s)
{
	uint64_t us = (uint64_t)s->settings.multiplier *
		      larger(s->active_tx_us, s->heard.required_rx_us);

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* Between two packets, before jitter; 0: none are sent by themselves (section 6.8.7). */
static uint32_t transmit_us(const struct bfd_session *s)
{
	if (s->settings.passive && s->heard.mine == 0)
		return 0;
	if (s->heard.mine != 0 && s->heard.required_rx_us == 0)
		return 0;
	if (demanded_of_us(s) && !s->polling)
		return demanded_by_us(s) ? poll_gap_us(s) : 0;
	return larger(is_up(s) ? s->active_tx_us : desired_tx(s), s->heard.required_rx_us);
}

/* Section 6.8.4; 0: nothing is expected. */
static uint64_t detection_us(const struct bfd_session *s)
{
	uint64_t each = larger(s->active_rx_us, s->heard.desired_tx_us);

	if (s->heard.mine == 0)
		return 0;
	if (demanded_by_us(s)) /* our multiplier, our rate: only a poll is to be answered */
		return s->polling ? (uint64_t)s->settings.multiplier * transmit_us(s) : 0;
	return each * s->heard.multiplier;
}

static struct duration duration_of(uint64_t us)
{
	return duration_us((int64_t)us);
}

/* Section 6.8.7: 75 to 100 %; with a multiplier of 1, to 90 %. */
static struct duration jittered(struct bfd *bfd, const struct bfd_session *s, uint64_t us)
{
	uint32_t span = s->settings.multiplier == 1 ? 15 : 25;
	uint64_t least = us * 75 / 100;

	return duration_of(least + us * span / 100 * random_below(&bfd->random, 1025) / 1024);
}

static void transmit_schedule(struct bfd *bfd, struct bfd_session *s, struct instant now)
{
	uint32_t us = transmit_us(s);

	if (us == 0) {
		heap_remove(&bfd->transmits, &s->transmit_node);
		return;
	}
	/* Cannot fail: room was made with the session. */
	(void)heap_set(
		&bfd->transmits, &s->transmit_node, instant_add(now, jittered(bfd, s, us)));
}

/* Sooner if it is due sooner now; never later than it was. */
static void transmit_hasten(struct bfd *bfd, struct bfd_session *s, struct instant now)
{
	uint32_t us = transmit_us(s);
	struct instant latest = instant_add(now, duration_of(us));

	if (us == 0 || s->transmit_node.position == 0 ||
		instant_before(latest, s->transmit_node.when))
		transmit_schedule(bfd, s, now);
}

static void detect_schedule(struct bfd *bfd, struct bfd_session *s)
{
	uint64_t us = detection_us(s);

	if (us == 0)
		heap_remove(&bfd->detects, &s->detect_node);
	else
		(void)heap_set(&bfd->detects, &s->detect_node,
			instant_add(demanded_by_us(s) ? s->poll_began : s->heard_at,
				duration_of(us)));
}

static void poll_begin(struct bfd *bfd, struct bfd_session *s, struct instant now)
{
	s->polling = true;
	s->poll_began = now;
	detect_schedule(bfd, s);
}

/* ---- Sending. ---- */

static struct bfd_packet packet_of(const struct bfd_session *s, bool final)
{
	return (struct bfd_packet){ .diagnostic = s->diagnostic,
		.state = (uint8_t)s->state,
		.poll = s->polling && !final,
		.final = final,
		.demand = demanded_by_us(s) && !s->polling,
		.multiplier = s->settings.multiplier,
		.mine = s->mine,
		.yours = s->heard.mine,
		.desired_tx_us = desired_tx(s),
		.required_rx_us = s->settings.required_rx_us,
		.auth = s->settings.auth,
		.key_id = s->settings.key_id,
		.sequence = s->sequence_out,
		.value = s->settings.key,
		.value_length = s->settings.key_length };
}

/* Sections 6.7.3 and 6.7.4: the digest is over the packet with the key in its place. */
static bool digest_fill(struct bfd *bfd, const struct bfd_session *s, const uint8_t *packet,
	size_t length, uint8_t *place)
{
	uint8_t digest[BFD_DIGEST_MAX], size = bfd_digest_length(s->settings.auth);

	if (bfd->sink.digest == NULL)
		return false;
	memcpy(place, s->settings.key, s->settings.key_length);
	if (!bfd->sink.digest(bfd->sink.context, s->settings.auth, packet, length, digest))
		return false;
	memcpy(place, digest, size);
	return true;
}

static void send(struct bfd *bfd, struct bfd_session *s, bool final)
{
	uint8_t bytes[BFD_PACKET_MAX], *digest;
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bfd_packet packet = packet_of(s, final);

	bfd_packet_write(&w, &packet, &digest);
	if (w.failed ||
		(digest != NULL && !digest_fill(bfd, s, bytes, writer_length(&w), digest)))
		return;
	/* Section 6.7.3: may stay the same unless it is meticulous. */
	s->sequence_out += bfd_digest_length(s->settings.auth) > 0;
	s->counters[BFD_COUNT_OUT]++;
	bfd->sink.send(bfd->sink.context, s, bytes, writer_length(&w));
}

/* ---- States. ---- */

/* What our intervals are now needs no poll: the session was not up, or is not any more. */
static void intervals_take(struct bfd_session *s)
{
	s->active_tx_us = s->settings.desired_tx_us;
	s->active_rx_us = s->settings.required_rx_us;
}

static void state_set(struct bfd *bfd, struct bfd_session *s, enum bfd_state state,
	uint8_t diagnostic, struct instant now)
{
	enum bfd_state old = s->state;

	if (old == state)
		return;
	s->state = state;
	s->diagnostic = diagnostic;
	s->since = now;
	s->counters[BFD_COUNT_UP] += state == BFD_UP;
	s->counters[BFD_COUNT_DOWN] += old == BFD_UP;
	intervals_take(s);
	/* Up: the faster rate is agreed by a poll (section 6.8.3). Down: none is wanted. */
	s->polling = false;
	if (state == BFD_UP)
		poll_begin(bfd, s, now);
	/* The other end hears of it at once. */
	transmit_schedule(bfd, s, now);
	if (s->transmit_node.position != 0)
		(void)heap_set(&bfd->transmits, &s->transmit_node, now);
	else if (state == BFD_ADMIN_DOWN && s->heard.mine != 0)
		send(bfd, s, false);
	bfd->sink.changed(bfd->sink.context, s, old);
}

static struct bfd_session *find_mine(const struct bfd *bfd, uint32_t discriminator)
{
	list_for_each(node, &bfd->sessions) {
		struct bfd_session *s = container_of(node, struct bfd_session, link);

		if (s->mine == discriminator)
			return s;
	}
	return NULL;
}

static bool ends_match(const struct bfd_settings *settings, const struct bfd_arrival *arrival)
{
	return settings->multihop == arrival->multihop &&
	       address_equal(&settings->remote, &arrival->from) &&
	       (settings->local.family == FAMILY_NONE ||
		       address_equal(&settings->local, &arrival->to)) &&
	       (settings->interface == 0 || settings->interface == arrival->interface);
}

static struct bfd_session *find_ends(const struct bfd *bfd, const struct bfd_arrival *arrival)
{
	list_for_each(node, &bfd->sessions) {
		struct bfd_session *s = container_of(node, struct bfd_session, link);

		if (ends_match(&s->settings, arrival))
			return s;
	}
	return NULL;
}

static uint32_t discriminator_new(struct bfd *bfd)
{
	uint32_t number;

	do {
		number = (uint32_t)random_u64(&bfd->random);
	} while (number == 0 || find_mine(bfd, number) != NULL);
	return number;
}

/* ---- Authentication: section 6.7. ---- */

/* In constant time: what is compared is a secret's. */
static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t length)
{
	uint8_t different = 0;

	for (size_t i = 0; i < length; i++)
		different |= a[i] ^ b[i];
	return different == 0;
}

static bool sequence_fits(const struct bfd_session *s, uint32_t sequence)
{
	uint32_t ahead = sequence - s->sequence_in;
	uint32_t least = bfd_auth_is_meticulous(s->settings.auth) ? 1 : 0;

	return !s->sequence_known || (ahead >= least && ahead <= 3u * s->settings.multiplier);
}

static bool digest_right(struct bfd *bfd, const struct bfd_session *s,
	const struct bfd_packet *packet, const uint8_t *bytes)
{
	uint8_t copy[BFD_PACKET_MAX], digest[BFD_DIGEST_MAX];
	size_t at = (size_t)(packet->value - bytes), length = at + packet->value_length;

	if (bfd->sink.digest == NULL || length > sizeof(copy))
		return false;
	memcpy(copy, bytes, length);
	memset(copy + at, 0, packet->value_length);
	memcpy(copy + at, s->settings.key, s->settings.key_length);
	return bfd->sink.digest(bfd->sink.context, s->settings.auth, copy, length, digest) &&
	       same_bytes(digest, packet->value, packet->value_length);
}

/* Gives the counter of what is wrong, or BFD_COUNT_IN. */
static enum bfd_counter auth_check(struct bfd *bfd, struct bfd_session *s,
	const struct bfd_packet *packet, const uint8_t *bytes)
{
	const struct bfd_settings *settings = &s->settings;

	if (packet->auth != settings->auth) {
		if (packet->auth == BFD_AUTH_NONE)
			return BFD_COUNT_AUTH_MISSING;
		return settings->auth == BFD_AUTH_NONE ? BFD_COUNT_AUTH_UNEXPECTED
						       : BFD_COUNT_AUTH_FAILED;
	}
	if (settings->auth == BFD_AUTH_NONE)
		return BFD_COUNT_IN;
	if (packet->key_id != settings->key_id)
		return BFD_COUNT_AUTH_FAILED;
	if (settings->auth == BFD_AUTH_PASSWORD)
		return packet->value_length == settings->key_length &&
				       same_bytes(packet->value, settings->key,
					       settings->key_length)
			       ? BFD_COUNT_IN
			       : BFD_COUNT_AUTH_FAILED;
	if (!sequence_fits(s, packet->sequence))
		return BFD_COUNT_AUTH_REPLAYED;
	if (!digest_right(bfd, s, packet, bytes))
		return BFD_COUNT_AUTH_FAILED;
	s->sequence_in = packet->sequence;
	s->sequence_known = true;
	return BFD_COUNT_IN;
}

/* ---- Receiving: section 6.8.6. ---- */

static void states_meet(
	struct bfd *bfd, struct bfd_session *s, uint8_t heard, struct instant now)
{
	/* By our state and the other's; the same: nothing happens. */
	static const enum bfd_state next[4][4] = {
		[BFD_DOWN] = { BFD_DOWN, BFD_INIT, BFD_UP, BFD_DOWN },
		[BFD_INIT] = { BFD_DOWN, BFD_INIT, BFD_UP, BFD_UP },
		[BFD_UP] = { BFD_DOWN, BFD_DOWN, BFD_UP, BFD_UP },
	};
	enum bfd_state state = next[s->state][heard];
	uint8_t diagnostic = state == BFD_DOWN ? BFD_DIAG_SIGNALED_DOWN : BFD_DIAG_NONE;

	/* On the way up the last reason goes on being told. */
	state_set(bfd, s, state, state == BFD_INIT ? s->diagnostic : diagnostic, now);
}

static void poll_end(struct bfd_session *s, struct instant now)
{
	s->polling = false;
	s->poll_ended = now;
	intervals_take(s);
}

static void accept(struct bfd *bfd, struct bfd_session *s, const struct bfd_packet *packet,
	struct instant now)
{
	s->heard = *packet;
	s->heard.value = NULL;
	s->heard_at = now;
	s->counters[BFD_COUNT_IN]++;
	if (packet->final && s->polling)
		poll_end(s, now);
	states_meet(bfd, s, packet->state, now);
	transmit_hasten(bfd, s, now);
	detect_schedule(bfd, s);
	if (packet->poll)
		send(bfd, s, true);
}

static struct bfd_session *session_for(const struct bfd *bfd, const struct bfd_arrival *arrival,
	const struct bfd_packet *packet)
{
	struct bfd_session *s;

	if (packet->yours == 0)
		return find_ends(bfd, arrival);
	s = find_mine(bfd, packet->yours);
	/* A discriminator that was guessed opens no door from elsewhere. */
	return s != NULL && ends_match(&s->settings, arrival) ? s : NULL;
}

void bfd_received(struct bfd *bfd, const struct bfd_arrival *arrival, const uint8_t *bytes,
	size_t length, struct instant now)
{
	struct bfd_packet packet;
	enum bfd_fault fault = bfd_packet_read(bytes, length, &packet);
	struct bfd_session *s =
		fault == BFD_FAULT_NONE ? session_for(bfd, arrival, &packet) : NULL;
	enum bfd_counter verdict;

	if (s == NULL) {
		bfd->strange[fault]++;
		return;
	}
	if (arrival->ttl < s->settings.minimum_ttl) {
		s->counters[BFD_COUNT_TTL]++;
		return;
	}
	verdict = auth_check(bfd, s, &packet, bytes);
	if (verdict == BFD_COUNT_IN && s->state == BFD_ADMIN_DOWN)
		verdict = BFD_COUNT_WHILE_ADMIN_DOWN;
	if (verdict != BFD_COUNT_IN)
		s->counters[verdict]++;
	else
		accept(bfd, s, &packet, now);
}

/* ---- Time. ---- */

static void expired(struct bfd *bfd, struct bfd_session *s, struct instant now)
{
	/* Section 6.8.1: it is not known any more whom we talk to. */
	s->heard = (struct bfd_packet){ .state = BFD_DOWN };
	s->sequence_known = false;
	if (s->state == BFD_INIT || s->state == BFD_UP)
		state_set(bfd, s, BFD_DOWN, BFD_DIAG_TIME_EXPIRED, now);
	transmit_hasten(bfd, s, now);
	detect_schedule(bfd, s);
}

static void transmit_all(struct bfd *bfd, struct instant now)
{
	struct heap_node *first;

	while ((first = heap_first(&bfd->transmits)) != NULL &&
		instant_reached(first->when, now)) {
		struct bfd_session *s = container_of(first, struct bfd_session, transmit_node);

		if (demanded_by_us(s) && !s->polling &&
			instant_reached(
				instant_add(s->poll_ended, duration_of(poll_gap_us(s))), now))
			poll_begin(bfd, s, now);
		transmit_schedule(bfd, s, now);
		send(bfd, s, false);
	}
}

void bfd_tick(struct bfd *bfd, struct instant now)
{
	struct heap_node *first;

	/* What is to be sent goes first: a late tick must not cost the other end a packet. */
	transmit_all(bfd, now);
	while ((first = heap_first(&bfd->detects)) != NULL &&
		instant_reached(first->when, now)) {
		heap_remove(&bfd->detects, first);
		expired(bfd, container_of(first, struct bfd_session, detect_node), now);
	}
	/* Whose state changed says so at once. */
	transmit_all(bfd, now);
}

struct instant bfd_deadline(const struct bfd *bfd)
{
	const struct heap_node *transmit = heap_first(&bfd->transmits);
	const struct heap_node *detect = heap_first(&bfd->detects);
	struct instant deadline = INSTANT_NEVER;

	if (transmit != NULL)
		deadline = transmit->when;
	return detect == NULL ? deadline : instant_earlier(deadline, detect->when);
}

/* ---- Sessions. ---- */

struct bfd_session *bfd_session_add(
	struct bfd *bfd, const struct bfd_settings *settings, void *host, struct instant now)
{
	struct bfd_arrival ends = { .from = settings->remote,
		.to = settings->local,
		.interface = settings->interface,
		.multihop = settings->multihop };
	struct bfd_session *s;

	if (bfd->count >= BFD_SESSIONS_MAX || find_ends(bfd, &ends) != NULL ||
		heap_reserve(&bfd->transmits, bfd->count + 1) != 0 ||
		heap_reserve(&bfd->detects, bfd->count + 1) != 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->settings = *settings;
	s->host = host;
	s->state = settings->shutdown ? BFD_ADMIN_DOWN : BFD_DOWN;
	s->diagnostic = settings->shutdown ? BFD_DIAG_ADMIN_DOWN : BFD_DIAG_NONE;
	s->mine = discriminator_new(bfd);
	s->heard.state = BFD_DOWN; /* bfd.RemoteSessionState at first: section 6.8.1 */
	s->sequence_out = (uint32_t)random_u64(&bfd->random);
	s->since = now;
	intervals_take(s);
	list_append(&bfd->sessions, &s->link);
	bfd->count++;
	/* The first one soon, but not all sessions' at once. */
	if (transmit_us(s) > 0)
		(void)heap_set(&bfd->transmits, &s->transmit_node,
			instant_add(now, duration_us(random_below(&bfd->random, 20000))));
	return s;
}

void bfd_session_remove(struct bfd *bfd, struct bfd_session *s, struct instant now)
{
	s->state = BFD_ADMIN_DOWN;
	s->diagnostic = BFD_DIAG_ADMIN_DOWN;
	s->polling = false;
	s->since = now;
	if (s->heard.mine != 0)
		send(bfd, s, false);
	heap_remove(&bfd->transmits, &s->transmit_node);
	heap_remove(&bfd->detects, &s->detect_node);
	list_remove(&s->link);
	bfd->count--;
	free(s);
}

/* Section 6.8.3: slower sending, and faster hearing, wait for the end of a poll. */
static void intervals_change(struct bfd *bfd, struct bfd_session *s,
	const struct bfd_settings *new, struct instant now)
{
	const struct bfd_settings *old = &s->settings;

	if (!is_up(s) || (old->desired_tx_us == new->desired_tx_us &&
				 old->required_rx_us == new->required_rx_us))
		return;
	poll_begin(bfd, s, now);
	if (new->desired_tx_us < s->active_tx_us)
		s->active_tx_us = new->desired_tx_us;
	if (new->required_rx_us > s->active_rx_us)
		s->active_rx_us = new->required_rx_us;
}

void bfd_session_change(struct bfd *bfd, struct bfd_session *s,
	const struct bfd_settings *settings, struct instant now)
{
	bool shutdown = settings->shutdown, was = s->settings.shutdown;

	intervals_change(bfd, s, settings, now);
	if (s->settings.auth != settings->auth || s->settings.key_id != settings->key_id)
		s->sequence_known = false;
	s->settings = *settings;
	if (!is_up(s))
		intervals_take(s);
	if (shutdown && !was)
		state_set(bfd, s, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN_DOWN, now);
	else if (!shutdown && was)
		state_set(bfd, s, BFD_DOWN, BFD_DIAG_NONE, now);
	transmit_hasten(bfd, s, now);
	detect_schedule(bfd, s);
}

/* ---- Looking in. ---- */

void bfd_session_view(const struct bfd_session *s, struct bfd_session_view *ret_view)
{
	*ret_view = (struct bfd_session_view){ .settings = &s->settings,
		.state = s->state,
		.remote_state = (enum bfd_state)s->heard.state,
		.diagnostic = s->diagnostic,
		.remote_diagnostic = s->heard.diagnostic,
		.mine = s->mine,
		.yours = s->heard.mine,
		.since = s->since,
		.transmit = duration_of(transmit_us(s)),
		.detection = duration_of(detection_us(s)),
		.polling = s->polling,
		.heard = s->heard,
		.counters = s->counters };
}

const uint64_t *bfd_strange_counters(const struct bfd *bfd)
{
	return bfd->strange;
}

const char *bfd_counter_name(enum bfd_counter counter)
{
	static const char *const names[BFD_COUNTERS] = {
		[BFD_COUNT_IN] = "in",
		[BFD_COUNT_OUT] = "out",
		[BFD_COUNT_UP] = "up",
		[BFD_COUNT_DOWN] = "down",
		[BFD_COUNT_TTL] = "too-many-hops",
		[BFD_COUNT_AUTH_MISSING] = "authentication-missing",
		[BFD_COUNT_AUTH_UNEXPECTED] = "authentication-unexpected",
		[BFD_COUNT_AUTH_FAILED] = "authentication-failed",
		[BFD_COUNT_AUTH_REPLAYED] = "replayed",
		[BFD_COUNT_WHILE_ADMIN_DOWN] = "while-admin-down",
	};

	return names[counter];
}
