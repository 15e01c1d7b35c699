/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the speaker's RPKI, for rpki.c, rpki_link.c and rpki_view.c only. */
#ifndef NEARCAST_DAEMON_SPEAKER_RPKI_INTERNAL_H
#define NEARCAST_DAEMON_SPEAKER_RPKI_INTERNAL_H

#include "base/list.h"
#include "daemon/speaker/rpki.h"
#include "route/rtr_client.h"

struct rpki_socket;

/* A cache as the host knows it. */
struct rpki_link {
	struct list link; /* in rpki.links */
	struct rpki *rpki;
	struct rtr_cache *cache;
	struct address address, local_address;
	uint16_t port;
	struct rpki_socket *socket; /* NULL: no connection */
	char failure[160]; /* a connect that failed at once, still to be told; "" if none */
};

struct rpki {
	uv_loop_t *loop;
	struct rpki_table *table;
	struct rtr_client *client;
	struct list links;
	struct channel *channel;
	rpki_changed *changed;
	void *context;
	uv_timer_t timer;
	bool closing;
	uint8_t *input;
	/* Since start, for status. */
	uint64_t changes, changed_prefixes, changed_customers;
	struct instant changed_at;
	size_t filters, assertions, aspa_filters, aspa_assertions; /* of the SLURM file */
	bool has_slurm;
	char slurm_error[256]; /* why the last one was not taken; "" if it was */
};

/* After any entry into the client: tell failures, set the timer, pass changes on. */
void rpki_settle(struct rpki *rpki);

/* ---- rpki_link.c: TCP. The sink functions of the client. ---- */
void rpki_link_connect(void *context, struct rtr_cache *cache);
void rpki_link_disconnect(void *context, struct rtr_cache *cache);
void rpki_link_send(
	void *context, struct rtr_cache *cache, const uint8_t *bytes, size_t length);

#endif
