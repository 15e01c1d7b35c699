/* SPDX-License-Identifier: Apache-2.0 */
/* The clients process, as its files share it. */
#ifndef NEARCAST_LAB_CLIENTS_INTERNAL_H
#define NEARCAST_LAB_CLIENTS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/list.h"
#include "lab/clients_order.h"

struct client;

/* A UDP socket in a client's namespace. */
struct source {
	struct client *client;
	int fd;
	bool connected; /* to the target */
	bool used;      /* asked from since it got its port */
};

/* The sockets that ask one address. */
struct sources {
	struct source *items; /* NULL: none */
	uint16_t count, next;
	struct sockaddr_storage remote;
	socklen_t remote_size;
};

struct client {
	unsigned number;
	int netns_fd;
	struct address source;
	struct client_target target; /* with its zeroes filled in */
	struct asker *asker;
	struct instant due;       /* of the next request */
	struct sources now, left; /* left: of the address before, for answers on the way */
	struct instant left_until;
	struct list fetches; /* struct fetch, oldest first */
	uint32_t fetch_count;
};

struct process {
	struct client *clients[CLIENTS_MAX]; /* by number */
	uint32_t count, top;                 /* how many; one above the highest number */
	int control_fd, timer_fd, epoll_fd;
	int udp_epoll_fd;        /* of all UDP sockets; looked at when it ticks */
	int home_fd;             /* the namespace of the supervisor */
	int here_fd;             /* the one that we are in: home_fd or a client's */
	uint32_t interval_us;    /* 0: not asking */
	struct duration timeout; /* of requests */
	bool ticking;
	bool waiting;                         /* an order that waits is open */
	struct clients_order wait_order;      /* it */
	struct instant wait_from, wait_until; /* when it came, and when it is given up */
};

/* ---- clients_process.c ---- */

/* Be in the namespace, which is a client's or home. False: errno says why. */
bool process_enter(struct process *process, int netns_fd);

/* ---- clients_dns.c ---- */

/* Open the sockets of client->target. 0 or ERROR_SYSTEM, ERROR_MEMORY. */
int client_sources_open(struct process *process, struct client *client, struct error *error);
void client_sources_close(struct sources *sources);
/* Ask count times, now. */
void client_ask_dns(struct client *client, uint64_t count);
/* Take every answer that has come in, of all clients. */
void process_receive(struct process *process);

/* ---- clients_fetch.c ---- */

struct fetch;

void client_ask_http(struct process *process, struct client *client, uint64_t count);
/* What epoll said about a fetch. */
void fetch_event(struct process *process, struct fetch *fetch);
/* End what began before this. */
void client_fetches_expire(struct client *client, struct instant began_before);
void client_fetches_end(struct client *client);

/* The address and port as the kernel wants them. */
socklen_t client_socket_address(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_storage);

#endif
