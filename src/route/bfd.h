/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BFD sessions as pure code: RFC 5880, RFC 5881 (one hop), RFC 5883 (several hops). The host
 * moves packets and tells the time; the sink must not call back.
 *
 * Asynchronous mode, demand mode, polls, authentication. Echoes are neither sent nor asked for
 * (Required Min Echo RX Interval is 0).
 */
#ifndef NEARCAST_ROUTE_BFD_H
#define NEARCAST_ROUTE_BFD_H

#include "base/address.h"
#include "base/instant.h"
#include "wire/bfd.h"

#define BFD_SESSIONS_MAX 1024u

struct bfd;
struct bfd_session; /* lives from bfd_session_add to bfd_session_remove */

struct bfd_settings {
	/* What makes the session: at most one of each. */
	struct address local, remote; /* local FAMILY_NONE: any */
	uint32_t interface;           /* index; 0: any. For link-local addresses it is needed */
	bool multihop;
	/* How. Times in microseconds, at least 1000. */
	uint32_t desired_tx_us, required_rx_us;
	uint8_t multiplier;  /* 1..255 */
	uint8_t minimum_ttl; /* of what is received; one hop: 255 (RFC 5881 section 5) */
	bool passive;        /* says nothing until it is spoken to */
	bool demand;         /* asks the other end for silence once all is up */
	bool shutdown;       /* AdminDown */
	uint8_t auth;        /* enum bfd_auth */
	uint8_t key_id, key_length;
	uint8_t key[BFD_KEY_MAX];
};

/* The digest over a packet, the key in the place of the digest: section 6.7.3 and 6.7.4. False:
 * it cannot be computed. */
typedef bool bfd_digest_function(
	void *context, uint8_t auth, const uint8_t *packet, size_t length, uint8_t *ret_digest);

struct bfd_sink {
	void *context;
	/* A packet for the session's remote address. */
	void (*send)(void *context, struct bfd_session *session, const uint8_t *packet,
		size_t length);
	/* Its state changed; look at bfd_session_view. */
	void (*changed)(void *context, struct bfd_session *session, enum bfd_state old);
	bfd_digest_function *digest; /* NULL: no authentication with digests */
};

/* The sink is copied. NULL: no memory. */
struct bfd *bfd_new(uint64_t seed, const struct bfd_sink *sink);
void bfd_free(struct bfd *bfd); /* tells nobody; NULL is fine */

/* host: what bfd_session_host gives. NULL: no memory, BFD_SESSIONS_MAX, or there is one of that
 * kind already. */
struct bfd_session *bfd_session_add(
	struct bfd *bfd, const struct bfd_settings *settings, void *host, struct instant now);
/* Says AdminDown once, then frees it. */
void bfd_session_remove(struct bfd *bfd, struct bfd_session *session, struct instant now);
/* How, not between whom: with a poll where the other end must agree (section 6.8.3). */
void bfd_session_change(struct bfd *bfd, struct bfd_session *session,
	const struct bfd_settings *settings, struct instant now);
void *bfd_session_host(const struct bfd_session *session);

/* What came with a packet. */
struct bfd_arrival {
	struct address from, to;
	uint32_t interface;
	uint8_t ttl;
	bool multihop; /* which port */
};
void bfd_received(struct bfd *bfd, const struct bfd_arrival *arrival, const uint8_t *bytes,
	size_t length, struct instant now);

void bfd_tick(struct bfd *bfd, struct instant now);
struct instant bfd_deadline(const struct bfd *bfd); /* INSTANT_NEVER if none */

/* ---- Looking in. ---- */

enum bfd_counter {
	BFD_COUNT_IN, /* accepted */
	BFD_COUNT_OUT,
	BFD_COUNT_UP,   /* times */
	BFD_COUNT_DOWN, /* times, from Up */
	BFD_COUNT_TTL,  /* from here on discarded: too many hops away */
	BFD_COUNT_AUTH_MISSING,
	BFD_COUNT_AUTH_UNEXPECTED,
	BFD_COUNT_AUTH_FAILED,
	BFD_COUNT_AUTH_REPLAYED,
	BFD_COUNT_WHILE_ADMIN_DOWN,
	BFD_COUNTERS,
};

struct bfd_session_view {
	const struct bfd_settings *settings;
	enum bfd_state state, remote_state;
	uint8_t diagnostic, remote_diagnostic;
	uint32_t mine, yours;
	struct instant since;      /* when it entered its state */
	struct duration transmit;  /* between packets, before jitter; 0: silent */
	struct duration detection; /* time; 0: nothing is expected */
	bool polling;
	struct bfd_packet heard; /* the last one; mine is 0 if there is none */
	const uint64_t *counters;
};
void bfd_session_view(const struct bfd_session *session, struct bfd_session_view *ret_view);
/* Packets that belong to no session: by enum bfd_fault; [BFD_FAULT_NONE]: a stranger's. */
const uint64_t *bfd_strange_counters(const struct bfd *bfd);
const char *bfd_counter_name(enum bfd_counter counter); /* "replayed" */

#endif
