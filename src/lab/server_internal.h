/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's server, as its files share it. */
#ifndef NEARCAST_LAB_SERVER_INTERNAL_H
#define NEARCAST_LAB_SERVER_INTERNAL_H

#include <stdatomic.h>
#include <uv.h>

#include "base/list.h"
#include "lab/server.h"
#include "lab/server_answer.h"

struct server_dns;
struct server_http;

struct server {
	uv_loop_t loop;
	const struct server_options *options;
	struct server_identity identity;
	struct server_counters *counters;
	struct server_dns *dns;   /* NULL: none */
	struct server_http *http; /* NULL: none */
	uv_timer_t ticker;        /* once a second; faster while draining */
	uv_signal_t signals[4];
	uint64_t drain_until_ms; /* of the loop's clock; 0: not draining */
	bool unwell;             /* /health says 503 */
};

static inline void server_count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

/* A non-blocking socket bound to an address that may come later; listening if it is a stream.
 * kind: SOCK_DGRAM or SOCK_STREAM. */
int server_socket(const struct address *address, uint16_t port, int kind, int *ret_fd,
	struct error *error);

/* ---- server_dns.c ---- */

int server_dns_start(struct server *server, struct error *error);
/* Answer what was received, take nothing more. */
void server_dns_drain(struct server *server);
/* Nothing is under way. */
bool server_dns_idle(const struct server *server);
/* End connections that were quiet for long. */
void server_dns_tick(struct server *server);

/* ---- server_http.c ---- */

int server_http_start(struct server *server, struct error *error);
void server_http_drain(struct server *server);
bool server_http_idle(const struct server *server);
/* Ends all connections. */
void server_http_stop(struct server *server);

#endif
