/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One BGP session with the daemon under test: enough of RFC 4271 to stay up, a table that is
 * written from memory as fast as the socket takes it, and a count of what is reachable.
 */
#ifndef NEARCAST_BENCH_PEER_SESSION_H
#define NEARCAST_BENCH_PEER_SESSION_H

#include "prefix_set.h"
#include "table.h"

#define SESSION_PROBES_MAX 65536u

enum session_duty {
	SESSION_SEND,    /* has a table; counts nothing */
	SESSION_RECEIVE, /* counts */
	SESSION_PROBE,   /* sends probes; counts nothing */
};

enum session_state {
	SESSION_IDLE,       /* no socket */
	SESSION_CONNECTING, /* tries until it gets through */
	SESSION_OPENING,    /* OPEN sent */
	SESSION_ESTABLISHED,
};

/* Who it is and what it is for. */
struct session_options {
	unsigned number;
	struct address local, remote; /* IPv4 */
	uint32_t asn;
	enum session_duty duty;
	bool passive; /* waits for the connection */
	enum bgp_family family;
	uint16_t hold_time_s;
	uint32_t expected; /* most prefixes that it will be told */
};

struct session {
	struct session_options options;
	enum session_state state;
	int socket, listener; /* -1: none */
	uint64_t retry_at_ns, keepalive_at_ns;

	/* Out: small messages first, but never inside one of the table. */
	uint8_t control[65536];
	size_t control_length;
	const struct table_bytes *table; /* what is being written; NULL: nothing */
	size_t table_at;
	uint64_t first_byte_ns;

	/* In. */
	uint8_t input[262144];
	size_t input_length;
	struct prefix_set reachable;
	uint64_t messages, announced, withdrawn; /* UPDATEs, prefixes in them */
	uint64_t last_update_ns;
	uint64_t last_keepalive_ns, keepalive_gap_ns; /* the longest while it was up */
	uint64_t heard_ns, silence_ns;                /* the same of anything at all */

	/* What is waited for. */
	bool expecting, reached;
	size_t target;
	uint64_t quiet_ns; /* without an UPDATE after the target was reached */

	/* Probes: when each was sent, or seen for the first time with this or a later number.
	 */
	uint64_t *probe_ns;
	uint32_t probe_next;
};

/* 0, ERROR_MEMORY or ERROR_SYSTEM. */
int session_init(struct session *session, const struct session_options *options);
void session_destroy(struct session *session);

void session_connect(struct session *session, uint64_t now_ns);
/* FIN or RST without a word, as when the machine dies with its kernel alive. */
void session_close(struct session *session);
/* Begin to write; bytes stay the caller's and must stay. */
void session_send(struct session *session, const struct table_bytes *bytes);
/* Forget what is reachable, and ask for all of it again. */
void session_refresh(struct session *session);
/* Report when `target` prefixes are reachable, and again after quiet_ns without an UPDATE. */
void session_expect(struct session *session, size_t target, uint64_t quiet_ns);
void session_probe(struct session *session, const struct table_sender *sender, uint64_t now_ns);

/* For poll: events wanted on ret_socket (-1: none). */
short session_poll(const struct session *session, int *ret_socket);
void session_ready(struct session *session, short events);
/* Timers that are due. Returns when to call again, CLOCK_MONOTONIC. */
uint64_t session_tick(struct session *session, uint64_t now_ns);

uint64_t monotonic_ns(void);
/* One event: a line of JSON on stdout. `more` is formatted and begins with a comma, or "". */
void session_event(const struct session *session, const char *event, uint64_t ns,
	const char *more, ...) __attribute__((format(printf, 4, 5)));

/* Inside: session_input.c. Take all whole messages; false with *ret_why if the session must
 * end. */
bool session_input(struct session *session, uint64_t now_ns, const char **ret_why);
/* Inside: session.c. Queue bytes of a small message. */
void session_control(struct session *session, const struct writer *w);
void session_established(struct session *session, uint64_t now_ns);

#endif
