/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients of a lab: one process that asks from the namespaces of all of them, at a steady
 * pace, whatever became of the requests before, and measures.
 *
 *     supervisor --orders (SOCK_SEQPACKET, descriptors beside)--> clients process
 *                <--replies----------------------------------     sockets in every client's
 * node
 *
 * Every call blocks until the process has done it, at most a few milliseconds, but for
 * clients_wait_first and clients_settle, which say how long. ERROR_STATE of any call: the
 * process is gone.
 */
#ifndef NEARCAST_LAB_CLIENTS_H
#define NEARCAST_LAB_CLIENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "world/asker.h"

#define CLIENTS_MAX             1024
#define CLIENT_SOCKETS_MAX      512
#define CLIENT_PATH_MAX         256 /* with the NUL */
#define CLIENT_INTERVAL_LEAST   100 /* microseconds */
#define CLIENT_FETCHES_MAX      64  /* of a client, under way */
#define CLIENT_TIMEOUT_USUAL_MS 1000

enum client_asks {
	CLIENT_ASKS_DNS,  /* id.server. CH TXT over UDP (RFC 4892), with NSID (RFC 5001) */
	CLIENT_ASKS_HTTP, /* GET of a path, a connection each; time from connect to last byte */
};

enum client_ports {
	CLIENT_PORTS_KEPT, /* each socket keeps its source port */
	CLIENT_PORTS_NEW,  /* each request leaves from a new one */
};

/*
 * Whom a client asks, and how. Zeroes mean: port 53 or 80; one socket, or 256 if ports are new;
 * path "/".
 *
 * With CLIENT_PORTS_NEW, sockets * interval must be longer than the round-trip time: a socket
 * that is needed again no longer hears what was answered to its old port.
 */
struct client_target {
	enum client_asks asks;
	struct address address;
	uint16_t port;
	uint16_t sockets; /* DNS: source ports, used in turn; at most CLIENT_SOCKETS_MAX */
	enum client_ports ports;    /* DNS */
	char path[CLIENT_PATH_MAX]; /* HTTP: "/content?bytes=10000" */
};

struct clients;

/* Fork the process; call before any thread is started. It ends with its parent's thread, or
 * when the clients are stopped. */
int clients_start(struct clients **ret_clients, struct error *error);
/* Ends the process, waits for its end, frees. NULL is fine. */
void clients_stop(struct clients *clients);
pid_t clients_pid(const struct clients *clients);

/*
 * Add client `number` (0..CLIENTS_MAX - 1, ERROR_EXISTS if it is there), whose sockets live in
 * the network namespace of the descriptor, which the caller keeps. source: the address that it
 * asks from, which may come to the node later; FAMILY_NONE: the kernel chooses. It asks at the
 * present pace. ERROR_RANGE: a bad target; ERROR_SYSTEM, ERROR_PERMISSION.
 */
int clients_add(struct clients *clients, unsigned number, int netns_fd,
	const struct address *source, const struct client_target *target, struct error *error);
int clients_remove(struct clients *clients, unsigned number, struct error *error);
/* From now on it asks another address of the same family. Answers of the address before to what
 * is on the way still count (of that before it no more: settle in between). ERROR_NOT_FOUND: no
 * such client. */
int clients_retarget(struct clients *clients, unsigned number, const struct address *address,
	struct error *error);

/* All clients, also those that are added later: a request every interval_us (at least
 * CLIENT_INTERVAL_LEAST; 0: stop asking), lost after timeout_ms without an answer (at least 1).
 * ERROR_RANGE: more than 65,000 would be on the way. */
int clients_pace(struct clients *clients, uint32_t interval_us, uint32_t timeout_ms,
	struct error *error);

/* Begin a new measured interval for all clients. Also wise after a pause. */
int clients_mark(struct clients *clients, struct error *error);
/* What a client saw since the mark. Times are those of clock_now(). */
int clients_report(struct clients *clients, unsigned number, struct client_report *ret_report,
	struct error *error);
/* How many clients there are, and how many of them have an answer to a request of the interval.
 */
int clients_served(struct clients *clients, uint32_t *ret_served, uint32_t *ret_count,
	struct error *error);

/*
 * Wait until each of these clients (numbers NULL: all) has an answer to a request of the
 * interval. *ret_when (may be NULL): when the last of their first answers came. ERROR_TIMEOUT:
 * some had none after deadline_ms; the text names one. Clients must be asking.
 */
int clients_wait_first(struct clients *clients, const uint16_t *numbers, size_t count,
	uint32_t deadline_ms, struct instant *ret_when, struct error *error);
/* Wait until everything that was sent before this call is answered or lost (at most the
 * timeout of the pace), while the clients go on asking. */
int clients_settle(struct clients *clients, struct error *error);

#endif
