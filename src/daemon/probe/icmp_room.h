/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets that all icmp checks share. */
#ifndef NEARCAST_DAEMON_PROBE_ICMP_ROOM_H
#define NEARCAST_DAEMON_PROBE_ICMP_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/list.h"
#include "daemon/probe/poller.h"

struct icmp_socket {
	struct watch watch; /* watching: there is a socket */
	enum family family;
	bool raw;
	uint16_t id, sequence;
	struct list waiting; /* probes that wait for a reply */
};

struct icmp_room {
	struct icmp_socket ipv4, ipv6;
};

void icmp_socket_init(struct icmp_socket *socket, enum family family);
/* Use fd, a ping or raw socket, from now on. 0: it belongs to the room; or a negative errno. */
int icmp_socket_use(struct icmp_socket *socket, struct poller *poller, int fd);
void icmp_socket_close(struct icmp_socket *socket, struct poller *poller);

#endif
