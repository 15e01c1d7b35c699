/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections of RPKI caches.
 *
 * Invariants:
 *  1. The client is told of every end of a connection that it did not ask for, exactly once.
 *  2. The sink never calls back: a connect that fails at once is told by rpki_settle.
 *  3. What waits to be sent is some queries: a cache that does not read is closed at
 * PENDING_MAX.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/speaker/rpki_internal.h"
#include "os/clock.h"
#include "os/tcp.h"

#define INPUT_SIZE      65536
#define READS_PER_EVENT 16
#define PENDING_MAX     4096u

struct rpki_socket {
	uv_poll_t poll;
	struct rpki_link *owner; /* NULL once closed */
	int fd;
	bool connecting;
	uint8_t pending[PENDING_MAX];
	size_t pending_length;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void socket_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void socket_close(struct rpki_socket *socket)
{
	if (socket->owner != NULL)
		socket->owner->socket = NULL;
	socket->owner = NULL;
	uv_poll_stop(&socket->poll);
	/* Our last words (an error report) go before the end. */
	(void)shutdown(socket->fd, SHUT_WR);
	close(socket->fd);
	uv_close((uv_handle_t *)&socket->poll, socket_closed);
}

static void poll_update(struct rpki_socket *socket)
{
	int events = UV_READABLE;

	if (socket->connecting)
		events = UV_WRITABLE;
	else if (socket->pending_length > 0)
		events |= UV_WRITABLE;
	uv_poll_start(&socket->poll, events, on_poll);
}

static const char *error_text(const struct error *error, char *buffer, size_t size)
{
	if (error->system_errno != 0)
		snprintf(buffer, size, "%s: %s", error->text, strerror(error->system_errno));
	else
		snprintf(buffer, size, "%s", error->text);
	return buffer;
}

static struct rpki_socket *socket_new(struct rpki_link *link, int fd)
{
	struct rpki_socket *socket = calloc(1, sizeof(*socket));

	if (socket == NULL || uv_poll_init(link->rpki->loop, &socket->poll, fd) != 0) {
		free(socket);
		close(fd);
		return NULL;
	}
	socket->poll.data = socket;
	socket->owner = link;
	socket->fd = fd;
	socket->connecting = true;
	poll_update(socket);
	return socket;
}

void rpki_link_connect(void *context, struct rtr_cache *cache)
{
	struct rpki_link *link = rtr_cache_host(cache);
	struct tcp_options options = { .local = link->address.family ==
								link->local_address.family
							? link->local_address
							: (struct address){ 0 },
		.remote = link->address,
		.remote_port = link->port,
		.interface = "" };
	struct error error = { 0 };
	int fd;

	(void)context;
	if (tcp_connect(&options, &fd, &error) != 0) {
		error_text(&error, link->failure, sizeof(link->failure));
		return;
	}
	link->socket = socket_new(link, fd);
	if (link->socket == NULL)
		snprintf(link->failure, sizeof(link->failure), "out of memory");
}

void rpki_link_disconnect(void *context, struct rtr_cache *cache)
{
	struct rpki_link *link = rtr_cache_host(cache);

	(void)context;
	link->failure[0] = '\0';
	if (link->socket != NULL)
		socket_close(link->socket);
}

void rpki_link_send(void *context, struct rtr_cache *cache, const uint8_t *bytes, size_t length)
{
	struct rpki_link *link = rtr_cache_host(cache);
	struct rpki_socket *socket = link->socket;
	ssize_t sent = 0;

	(void)context;
	if (socket == NULL)
		return;
	if (socket->pending_length == 0)
		sent = send(socket->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	/* A broken connection is told by the next read. */
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return;
	if (sent < 0)
		sent = 0;
	length -= (size_t)sent;
	if (length > PENDING_MAX - socket->pending_length)
		return; /* it does not read: the client's timer ends this */
	memcpy(socket->pending + socket->pending_length, bytes + sent, length);
	socket->pending_length += length;
	if (socket->pending_length > 0)
		poll_update(socket);
}

/* The connection ended by itself: tell the client. */
static void socket_lost(struct rpki_socket *socket, const char *reason)
{
	struct rpki_link *link = socket->owner;

	socket_close(socket);
	rtr_closed(link->rpki->client, link->cache, reason, clock_now());
}

/* False: the connection is gone. */
static bool pending_write(struct rpki_socket *socket)
{
	ssize_t sent = send(socket->fd, socket->pending, socket->pending_length,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		socket_lost(socket, strerror(errno));
		return false;
	}
	if (sent > 0) {
		socket->pending_length -= (size_t)sent;
		memmove(socket->pending, socket->pending + sent, socket->pending_length);
	}
	poll_update(socket);
	return true;
}

static void socket_read(struct rpki_socket *socket)
{
	struct rpki_link *link = socket->owner;
	struct rpki *rpki = link->rpki;

	for (int i = 0; i < READS_PER_EVENT; i++) {
		ssize_t got = recv(socket->fd, rpki->input, INPUT_SIZE, MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			socket_lost(socket,
				got == 0 ? "the cache closed the connection" : strerror(errno));
			return;
		}
		rtr_received(rpki->client, link->cache, rpki->input, (size_t)got, clock_now());
		/* The client may have closed this one, and opened another. */
		if (link->socket != socket)
			return;
	}
}

static void socket_connected(struct rpki_socket *socket)
{
	struct rpki_link *link = socket->owner;
	struct error error = { 0 };
	char text[160];

	if (tcp_result(socket->fd, &error) != 0) {
		socket_lost(socket, error_text(&error, text, sizeof(text)));
		return;
	}
	socket->connecting = false;
	poll_update(socket);
	rtr_connected(link->rpki->client, link->cache, clock_now());
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct rpki_socket *socket = poll->data;
	struct rpki *rpki;

	if (socket->owner == NULL)
		return;
	rpki = socket->owner->rpki;
	if (socket->connecting)
		socket_connected(socket);
	else if (status < 0)
		socket_lost(socket, uv_strerror(status));
	else if ((events & UV_WRITABLE) == 0 || socket->pending_length == 0 ||
		 pending_write(socket)) {
		if ((events & UV_READABLE) != 0)
			socket_read(socket);
	}
	rpki_settle(rpki);
}
