/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speaker process: sockets and records around the pure speaker of src/route. It holds no
 * capability, opens no listening socket itself, and parses what the network sends.
 *
 *     main --records--> routes.c, peers.c --> speaker (src/route) <--> transport.c <--> TCP <--
 * listener.c ^                                         |
 *      +---- NEIGHBOR_EVENT, ROUTE_STATUS <------+           api --QUERY--> query.c
 */
#ifndef NEARCAST_DAEMON_SPEAKER_PROCESS_H
#define NEARCAST_DAEMON_SPEAKER_PROCESS_H

#include <jansson.h>
#include <uv.h>

#include "base/hash.h"
#include "base/list.h"
#include "config/config.h"
#include "daemon/process.h"
#include "daemon/speaker/kernel_export.h"
#include "daemon/speaker/next_hops.h"
#include "daemon/speaker/policies.h"
#include "daemon/speaker/rpki.h"
#include "os/channel.h"
#include "os/tcp.h"
#include "route/speaker.h"

struct speaker_process;
struct transport;
struct monitor;
struct next_hops;

/* One configured neighbour: what the pure speaker does not know of it. */
struct peer {
	struct list link; /* in speaker_process.peers */
	struct speaker_process *process;
	struct neighbor *neighbor;
	char name[RECORD_NAME_MAX];
	struct address address, local_address;
	char interface[TCP_INTERFACE_MAX];
	uint16_t port;
	uint8_t ttl, minimum_ttl;
	uint8_t password[TCP_PASSWORD_MAX], password_length;
	char description[128];
	char last_error[256]; /* of the transport; empty if none */
	/* Malformed UPDATEs, as told to main. */
	struct instant malformed_told; /* 0: never */
	uint32_t malformed_waiting;    /* since then, not told */
	char malformed_last[256];      /* the last of these, for people */
	struct transport *transports[CONNECTION_DIRECTIONS];
};

/* One prefix that main wants announced. Its record is kept, so that a lease that ended and was
 * renewed, or a changed neighbour list, can be put into effect again. */
struct route_entry {
	struct hash_node node;       /* in speaker_process.routes, by prefix */
	struct record_route *record; /* owned; NULL once main took it back */
	struct prefix prefix;
	struct record_route_status status, reported; /* as counted; as last told to main */
};

/* Bytes of one read from a neighbour. What is urgent waits for the work of one read: with 64
 * KiB, a change takes four times as long to get through a full table that is being loaded. */
#define SPEAKER_INPUT_SIZE 16384u

struct speaker_process {
	uv_loop_t *loop;
	struct channel *main_channel, *api_channel; /* NULL: not there (any more) */
	struct speaker *speaker;                    /* NULL before the first configuration */
	struct config *config;
	struct rpki *rpki;         /* NULL until it is configured */
	struct policies *policies; /* NULL before the first configuration */
	struct list peers;
	struct list flows;        /* of flows.c */
	struct hash_table routes; /* struct route_entry */
	struct hash_seed hash_seed;
	struct list transports; /* every open TCP connection */
	struct list ready;      /* transports that have output */
	int listeners[2];       /* IPv4, IPv6; -1: none */
	uv_poll_t *listener_polls[2];
	uv_timer_t timer; /* of the pure speaker */
	uv_timer_t lease_timer;
	uv_timer_t heartbeat;
	uv_timer_t status_timer; /* reports route status soon after a change */
	int open_handles;        /* until stop is complete */
	bool restarting, stopping, stop_reported, lease_ended;
	bool lease_withdraws;
	uint64_t generation;
	struct instant started;
	struct instant malformed_logged; /* when a whole message was, the last time */
	unsigned malformed_left_out;     /* since then */
	struct kernel_export *kernel_export; /* NULL: no route goes into the kernel */
	struct next_hops *next_hops;     /* NULL: not tracked */
	struct monitor *monitor;         /* NULL: no BMP stations */
	uint8_t *output; /* BGP_EXTENDED_MESSAGE_MAX bytes, shared by all transports */
	uint8_t *input;
	void (*done)(void *context);
	void *done_context;
};

/* ---- transport.c: TCP connections of neighbours. ---- */

/* The sink functions of the pure speaker. */
void transport_connect(void *context, struct neighbor *neighbor);
void transport_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length);
void transport_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction);
/* Write what is ready; call after every entry into the pure speaker. */
void transport_flush(struct speaker_process *process);
/* Take over a connection that the peer made to our listener. */
void transport_adopt(struct speaker_process *process, struct peer *peer, int fd);
/* An error with what the system says of it, for people. Returns buffer. */
const char *transport_error(const struct error *error, char *buffer, size_t size);
void transport_close_all(struct speaker_process *process);
bool transport_idle(const struct speaker_process *process); /* nothing left to write */

/* ---- listener.c: listening sockets; which: 0 IPv4, 1 IPv6. ---- */
/* Take over a listening socket, in place of an earlier one. */
void listener_take(struct speaker_process *process, int which, int fd);
/* Listen no more. Connections stay. */
void listener_drop(struct speaker_process *process, int which);
/* Put the peer's password on the listener, or remove it. */
void listener_password(struct speaker_process *process, struct peer *peer);

/* ---- peers.c: neighbours from the configuration. ---- */
int peers_apply(struct speaker_process *process, const struct config *config);
void peers_secret(struct speaker_process *process, const struct record_secret *record);
struct peer *peer_of(struct speaker_process *process, const struct neighbor *neighbor);
struct peer *peer_by_name(struct speaker_process *process, const char *name);
void peers_free(struct speaker_process *process);
void peers_verb(struct speaker_process *process, const struct record_verb *record);
/* What BFD says of the path to a neighbour. */
void peers_bfd(struct speaker_process *process, const struct record_bfd_state *record);

/* ---- routes.c: what main wants announced. ---- */
void routes_set(struct speaker_process *process, const struct record_route *record);
void routes_remove(struct speaker_process *process, const struct record_route *record);
/* Withdraw all, remember all. */
void routes_suspend(struct speaker_process *process);
/* Announce again what routes_suspend took back, or what a changed neighbour list concerns. */
void routes_resume(struct speaker_process *process);
/* Report soon how far the routes have got. */
void routes_changed(struct speaker_process *process);
void routes_report(struct speaker_process *process);
void routes_free(struct speaker_process *process);

/* ---- monitor.c: BMP stations. ---- */
/* Take the stations of the configuration; those that stay keep their connections. */
/* ---- flows.c ---- */
/* The flow specifications of the configuration, into the speaker. */
void flows_apply(struct speaker_process *process, const struct config *config);
/* The speaker is gone, and they with it. */
void flows_forget(struct speaker_process *process);
/* docs/api.md; only: NULL for all neighbours and ours. */
json_t *flows_json(struct speaker_process *process, const struct peer *only);

void monitor_apply(struct speaker_process *process, const struct config *config);
void monitor_event(struct speaker_process *process, const struct speaker_event *event);
/* Write what is ready. */
void monitor_flush(struct speaker_process *process);
/* Tell all stations that we end. */
void monitor_terminate(struct speaker_process *process, const char *reason);
/* Drop all; before the speaker goes. */
void monitor_end(struct speaker_process *process);

/* ---- malformed.c: what neighbours send wrongly. ---- */
/* Tell main of the malformations that wait, once their neighbour's second is over. */
void malformed_flush(struct speaker_process *process);
/* Logs SPEAKER_MALFORMED and SPEAKER_MALFORMED_UPDATE, and tells main of the former. */
void malformed_log(struct speaker_process *process, const struct speaker_event *event,
	const char *neighbor);

/* ---- query.c: JSON for the api. ---- */
void query_answer(struct speaker_process *process, const struct record_query *query,
	const char *argument, size_t length);

/* ---- process.c ---- */
/* After any entry into the pure speaker: write output, set the timer again. */
void speaker_process_settle(struct speaker_process *process);

#endif
