/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets: opened by main, which may, and used here. Whoever connects is a configured
 * neighbour that is welcome now, or is sent away.
 *
 *     none --main gives one--> listening --main gives another--> listening (the old one closed)
 *      ^                           |
 *      +---main takes it back------+
 *
 * Invariants:
 *  1. While a listener is there, the passwords of all neighbours of its family are on it
 *     (RFC 2385): what does not carry the right one never becomes a connection.
 *  2. A stranger hears nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

#define ACCEPTS_PER_EVENT 64

/* A neighbour hears why (RFC 4486); a stranger hears nothing. */
static void accept_refuse(const struct peer *peer, int fd, const struct address *remote)
{
	uint8_t last[64];
	char text[ADDRESS_TEXT_MAX];

	log_fields(LOG_INFO, "bgp-refused",
		peer == NULL ? "connection from an address that is no neighbour"
			     : "connection from a neighbour that is not welcome now",
		"address", address_format(remote, text), NULL);
	if (peer != NULL)
		(void)send(fd, last, speaker_refusal(last, sizeof(last)),
			MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void accept_one(struct speaker_process *process, int fd, const struct address *remote,
	const char *interface)
{
	struct neighbor *neighbor =
		speaker_neighbor_by_address(process->speaker, remote, interface);
	struct peer *peer = neighbor == NULL ? NULL : peer_of(process, neighbor);

	if (peer == NULL || !speaker_accept_begins(process->speaker, neighbor, clock_now()) ||
		peer->transports[CONNECTION_INCOMING] != NULL)
		accept_refuse(peer, fd, remote);
	else
		transport_adopt(process, peer, fd);
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
	struct speaker_process *process = poll->data;
	int which = poll == process->listener_polls[0] ? 0 : 1;

	(void)events;
	if (status < 0 || process->stopping || process->speaker == NULL)
		return;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		struct address remote = { 0 };
		char interface[TCP_INTERFACE_MAX];
		struct error error = { 0 };
		int fd, r;

		r = tcp_accept(process->listeners[which], &fd, &remote, interface, &error);
		if (r == ERROR_NOT_FOUND)
			break;
		if (r != 0) {
			log_event(LOG_WARNING, "bgp-accept", "%s: %s", error.text,
				strerror(error.system_errno));
			break;
		}
		accept_one(process, fd, &remote, interface);
	}
	speaker_process_settle(process);
}

static void listener_freed(uv_handle_t *handle)
{
	free(handle);
}

void listener_drop(struct speaker_process *process, int which)
{
	if (process->listener_polls[which] != NULL)
		uv_close((uv_handle_t *)process->listener_polls[which], listener_freed);
	process->listener_polls[which] = NULL;
	if (process->listeners[which] >= 0)
		close(process->listeners[which]);
	process->listeners[which] = -1;
}

void listener_take(struct speaker_process *process, int which, int fd)
{
	uv_poll_t *poll = calloc(1, sizeof(*poll));

	listener_drop(process, which);
	if (poll == NULL || uv_poll_init(process->loop, poll, fd) != 0) {
		free(poll);
		close(fd);
		return;
	}
	poll->data = process;
	process->listeners[which] = fd;
	process->listener_polls[which] = poll;
	tcp_listener_prepare(fd, which == 0 ? FAMILY_IPV4 : FAMILY_IPV6);
	list_for_each(node, &process->peers)
		listener_password(process, container_of(node, struct peer, link));
	uv_poll_start(poll, UV_READABLE, on_listener);
}

void listener_password(struct speaker_process *process, struct peer *peer)
{
	int fd = process->listeners[peer->address.family == FAMILY_IPV4 ? 0 : 1];
	struct error error = { 0 };
	char reason[256];

	if (fd < 0)
		return;
	if (tcp_password_set(fd, &peer->address, peer->interface, peer->password,
		    peer->password_length, &error) == 0)
		return;
	snprintf(peer->last_error, sizeof(peer->last_error), "%s",
		transport_error(&error, reason, sizeof(reason)));
	log_fields(LOG_ERROR, "bgp-password", peer->last_error, "neighbor", peer->name, NULL);
}
