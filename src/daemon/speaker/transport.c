/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections of neighbours.
 *
 *     connecting --> open --> closing (write the rest) --> lingering (read to the end) -->
 * closed |           |                                                                     ^
 *          +-----------+---------------------------------------------------------------------+
 *
 * Invariants:
 *  1. The pure speaker is told of every end of a connection that it did not ask for, exactly
 * once.
 *  2. Bytes wait in a transport only when the socket refused them: at most one output's worth.
 *  3. A transport that the speaker disconnected no longer reports to it (detached).
 *
 * A closing transport is shut down for writing and read until the peer closes or two seconds
 * have passed: a close with unread input would send a reset, and a reset can overtake the
 * NOTIFICATION.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

#define LINGER_MS    2000
#define READS_AT_END 16

enum transport_phase {
	TRANSPORT_CONNECTING,
	TRANSPORT_OPEN,
	TRANSPORT_CLOSING,
	TRANSPORT_LINGERING,
	TRANSPORT_CLOSED,
};

struct transport {
	struct list link;  /* in process->transports */
	struct list ready; /* in process->ready while there is output to fetch */
	struct speaker_process *process;
	struct peer *peer; /* NULL once detached */
	enum connection_direction direction;
	enum transport_phase phase;
	int fd;
	uv_poll_t poll;
	int events; /* that poll waits for */
	uv_timer_t linger;
	int handles;      /* open uv handles: the struct lives until both are closed */
	uint8_t *pending; /* refused by the socket; owned; NULL if none */
	size_t pending_length, pending_sent;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void handle_closed(uv_handle_t *handle)
{
	struct transport *transport = handle->data;

	if (--transport->handles == 0)
		free(transport);
}

static void transport_free(struct transport *transport)
{
	if (transport->phase == TRANSPORT_CLOSED)
		return;
	transport->phase = TRANSPORT_CLOSED;
	list_remove(&transport->link);
	list_remove(&transport->ready);
	if (transport->peer != NULL)
		transport->peer->transports[transport->direction] = NULL;
	transport->peer = NULL;
	uv_poll_stop(&transport->poll);
	uv_close((uv_handle_t *)&transport->poll, handle_closed);
	uv_close((uv_handle_t *)&transport->linger, handle_closed);
	close(transport->fd);
	free(transport->pending);
	transport->pending = NULL;
}

static void poll_update(struct transport *transport)
{
	int events = 0;

	switch (transport->phase) {
	case TRANSPORT_CONNECTING:
		events = UV_WRITABLE;
		break;
	case TRANSPORT_OPEN:
		events = UV_READABLE | (transport->pending != NULL ? UV_WRITABLE : 0);
		break;
	case TRANSPORT_CLOSING:
		events = UV_WRITABLE;
		break;
	case TRANSPORT_LINGERING:
		events = UV_READABLE;
		break;
	case TRANSPORT_CLOSED:
		return;
	}
	/* Starting again would drop what has been polled and not been handled yet: while one
	 * neighbour floods us and all hear of it, nobody else would be read. */
	if (events == transport->events)
		return;
	transport->events = events;
	uv_poll_start(&transport->poll, events, on_poll);
}

/* Takes over fd. */
static struct transport *transport_new(struct speaker_process *process, struct peer *peer,
	enum connection_direction direction, enum transport_phase phase, int fd)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (transport == NULL || uv_poll_init(process->loop, &transport->poll, fd) != 0) {
		free(transport);
		close(fd);
		return NULL;
	}
	uv_timer_init(process->loop, &transport->linger);
	transport->poll.data = transport->linger.data = transport;
	transport->handles = 2;
	transport->process = process;
	transport->peer = peer;
	transport->direction = direction;
	transport->phase = phase;
	transport->fd = fd;
	list_init(&transport->ready);
	list_append(&process->transports, &transport->link);
	peer->transports[direction] = transport;
	poll_update(transport);
	return transport;
}

/* The connection ended by itself: tell the speaker. */
static void transport_lost(struct transport *transport, const char *reason)
{
	struct speaker_process *process = transport->process;
	struct peer *peer = transport->peer;
	enum connection_direction direction = transport->direction;
	bool connecting = transport->phase == TRANSPORT_CONNECTING;

	transport_free(transport);
	if (peer == NULL)
		return;
	snprintf(peer->last_error, sizeof(peer->last_error), "%s", reason);
	if (connecting)
		speaker_connect_failed(process->speaker, peer->neighbor, reason, clock_now());
	else
		speaker_closed(
			process->speaker, peer->neighbor, direction, reason, clock_now());
}

const char *transport_error(const struct error *error, char *buffer, size_t size)
{
	if (error->system_errno != 0)
		snprintf(buffer, size, "%s: %s", error->text, strerror(error->system_errno));
	else
		snprintf(buffer, size, "%s", error->text);
	return buffer;
}

static int connection_info(int fd, struct connection_info *ret_info, struct error *error)
{
	struct tcp_addresses addresses;
	int r = tcp_addresses(fd, &addresses, error);

	if (r != 0)
		return r;
	*ret_info = (struct connection_info){
		.local = addresses.local,
		.remote = addresses.remote,
		.local_link_local = addresses.link_local,
		.interface_address = { addresses.interface_ipv4, addresses.interface_ipv6 },
		.local_port = addresses.local_port,
		.remote_port = addresses.remote_port,
		.directly_connected = addresses.directly_connected,
	};
	return 0;
}

static struct tcp_options options_of(const struct peer *peer)
{
	return (struct tcp_options){
		.local = peer->local_address,
		.remote = peer->address,
		.remote_port = peer->port,
		.interface = peer->interface,
		.ttl = peer->ttl,
		.minimum_ttl = peer->minimum_ttl,
		.password = peer->password,
		.password_length = peer->password_length,
	};
}

void transport_connect(void *context, struct neighbor *neighbor)
{
	struct speaker_process *process = context;
	struct peer *peer = peer_of(process, neighbor);
	struct tcp_options options;
	struct error error = { 0 };
	int fd;

	if (peer == NULL || peer->transports[CONNECTION_OUTGOING] != NULL)
		return;
	options = options_of(peer);
	if (tcp_connect(&options, &fd, &error) != 0) {
		/* Not reported from here: the sink must not call back. The connect-retry timer
		 * tries again, and status shows the reason. */
		transport_error(&error, peer->last_error, sizeof(peer->last_error));
		log_fields(LOG_WARNING, "bgp-connect", peer->last_error, "neighbor", peer->name,
			NULL);
		return;
	}
	if (transport_new(process, peer, CONNECTION_OUTGOING, TRANSPORT_CONNECTING, fd) == NULL)
		snprintf(peer->last_error, sizeof(peer->last_error), "out of memory");
}

static void on_linger(uv_timer_t *timer)
{
	transport_free(timer->data);
}

static void transport_linger(struct transport *transport)
{
	if (shutdown(transport->fd, SHUT_WR) != 0) {
		transport_free(transport);
		return;
	}
	transport->phase = TRANSPORT_LINGERING;
	uv_timer_start(&transport->linger, on_linger, LINGER_MS, 0);
	poll_update(transport);
}

static void transport_detach(struct transport *transport)
{
	transport->peer->transports[transport->direction] = NULL;
	transport->peer = NULL;
	list_remove(&transport->ready);
}

/* Keep what the socket did not take. */
static bool pending_keep(struct transport *transport, const uint8_t *bytes, size_t length)
{
	transport->pending = malloc(length);
	if (transport->pending == NULL)
		return false;
	memcpy(transport->pending, bytes, length);
	transport->pending_length = length;
	transport->pending_sent = 0;
	return true;
}

/* Bytes taken by the socket; -1 if the connection is broken. */
static ssize_t transport_write(struct transport *transport, const uint8_t *bytes, size_t length)
{
	ssize_t sent = send(transport->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

/* Send, or queue behind what the socket refused before. False: the connection is broken. */
static bool transport_last_words(
	struct transport *transport, const uint8_t *last, size_t length)
{
	ssize_t sent;

	if (transport->pending != NULL) {
		size_t left = transport->pending_length - transport->pending_sent;
		uint8_t *joined = malloc(left + length);

		if (joined == NULL)
			return false;
		memcpy(joined, transport->pending + transport->pending_sent, left);
		memcpy(joined + left, last, length);
		free(transport->pending);
		transport->pending = joined;
		transport->pending_length = left + length;
		transport->pending_sent = 0;
		return true;
	}
	sent = transport_write(transport, last, length);
	if (sent < 0)
		return false;
	return (size_t)sent == length ||
	       pending_keep(transport, last + sent, length - (size_t)sent);
}

/* Fetch and write until the socket is full or nothing is left. False: the connection is gone.
 */
static bool transport_pump(struct transport *transport)
{
	struct speaker_process *process = transport->process;

	while (transport->pending == NULL && transport->peer != NULL) {
		struct neighbor *neighbor = transport->peer->neighbor;
		size_t length = speaker_output(process->speaker, neighbor, transport->direction,
			process->output, BGP_EXTENDED_MESSAGE_MAX, clock_now());
		ssize_t sent;

		if (length == 0)
			break;
		sent = transport_write(transport, process->output, length);
		if (sent < 0) {
			transport_lost(transport, strerror(errno));
			return false;
		}
		if ((size_t)sent < length && !pending_keep(transport, process->output + sent,
						     length - (size_t)sent)) {
			transport_lost(transport, "out of memory");
			return false;
		}
		if (sent > 0)
			speaker_progress(process->speaker, neighbor, transport->direction,
				transport->pending == NULL, clock_now());
	}
	return true;
}

/* An attempt that is given up. What a firewall drops and what TCP-MD5 drops look the same. */
static void attempt_tell(struct peer *peer)
{
	if (peer->transports[CONNECTION_INCOMING] != NULL)
		return;
	snprintf(peer->last_error, sizeof(peer->last_error), "connect: no answer%s",
		peer->password_length == 0
			? ""
			: ": it is down or filtered, or its password is another");
}

void transport_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct speaker_process *process = context;
	struct peer *peer = peer_of(process, neighbor);
	struct transport *transport = peer == NULL ? NULL : peer->transports[direction];

	if (transport == NULL)
		return;
	if (transport->phase == TRANSPORT_CONNECTING)
		attempt_tell(peer);
	if (last == NULL || transport->phase == TRANSPORT_CONNECTING ||
		!transport_last_words(transport, last, length)) {
		transport_free(transport);
		return;
	}
	transport_detach(transport);
	if (transport->pending == NULL) {
		transport_linger(transport);
		return;
	}
	transport->phase = TRANSPORT_CLOSING;
	uv_timer_start(&transport->linger, on_linger, LINGER_MS, 0);
	poll_update(transport);
}

void transport_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct speaker_process *process = context;
	struct peer *peer = peer_of(process, neighbor);
	struct transport *transport = peer == NULL ? NULL : peer->transports[direction];

	if (transport != NULL && transport->phase == TRANSPORT_OPEN &&
		list_empty(&transport->ready))
		list_append(&process->ready, &transport->ready);
}

void transport_flush(struct speaker_process *process)
{
	while (!list_empty(&process->ready)) {
		struct transport *transport =
			container_of(process->ready.next, struct transport, ready);

		list_remove(&transport->ready);
		if (transport->phase == TRANSPORT_OPEN && transport_pump(transport) &&
			transport->phase == TRANSPORT_OPEN)
			poll_update(transport);
	}
}

static void on_connected(struct transport *transport)
{
	struct speaker_process *process = transport->process;
	struct connection_info info;
	struct error error = { 0 };
	char reason[256];

	if (tcp_result(transport->fd, &error) != 0 ||
		connection_info(transport->fd, &info, &error) != 0) {
		transport_lost(transport, transport_error(&error, reason, sizeof(reason)));
		return;
	}
	transport->phase = TRANSPORT_OPEN;
	transport->peer->last_error[0] = '\0';
	poll_update(transport);
	speaker_connected(process->speaker, transport->peer->neighbor, &info, clock_now());
}

static void on_writable(struct transport *transport)
{
	const uint8_t *rest = transport->pending + transport->pending_sent;
	size_t length = transport->pending_length - transport->pending_sent;
	ssize_t sent =
		transport->pending == NULL ? 0 : transport_write(transport, rest, length);

	if (sent < 0) {
		transport_lost(transport, strerror(errno));
		return;
	}
	transport->pending_sent += (size_t)sent;
	if (transport->pending != NULL &&
		transport->pending_sent == transport->pending_length) {
		free(transport->pending);
		transport->pending = NULL;
	}
	if (transport->phase == TRANSPORT_CLOSING) {
		if (transport->pending == NULL)
			transport_linger(transport);
		return;
	}
	if (sent > 0)
		speaker_progress(transport->process->speaker, transport->peer->neighbor,
			transport->direction, transport->pending == NULL, clock_now());
	if (transport->phase == TRANSPORT_OPEN && transport->pending == NULL &&
		!transport_pump(transport))
		return;
	poll_update(transport);
}

/* One read an event is enough, as the rest is polled again: with more, a neighbour that sends
 * its whole table keeps all others waiting. */
static void on_readable(struct transport *transport, int reads)
{
	struct speaker_process *process = transport->process;

	/* The speaker may disconnect it at any message: look at the phase each time. */
	for (int i = 0; i < reads; i++) {
		ssize_t length =
			recv(transport->fd, process->input, SPEAKER_INPUT_SIZE, MSG_DONTWAIT);

		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (length <= 0) {
			transport_lost(
				transport, length == 0 ? "the neighbour closed the connection"
						       : strerror(errno));
			return;
		}
		if (transport->phase == TRANSPORT_OPEN)
			speaker_received(process->speaker, transport->peer->neighbor,
				transport->direction, process->input, (size_t)length,
				clock_now());
		if (transport->phase == TRANSPORT_CLOSED)
			return;
	}
}

/* The socket has an error. What came before it, a NOTIFICATION perhaps, is read first; libuv's
 * own word for it ("bad file descriptor") tells nobody anything. */
static void on_broken(struct transport *transport)
{
	struct error error = { 0 };
	char reason[256] = "the connection broke";

	if (transport->phase == TRANSPORT_OPEN || transport->phase == TRANSPORT_LINGERING)
		on_readable(transport, READS_AT_END);
	if (transport->phase == TRANSPORT_CLOSED)
		return;
	if (tcp_result(transport->fd, &error) != 0)
		transport_error(&error, reason, sizeof(reason));
	transport_lost(transport, reason);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct transport *transport = poll->data;
	struct speaker_process *process = transport->process;

	if (transport->phase == TRANSPORT_CONNECTING) {
		on_connected(transport);
	} else if (status < 0) {
		on_broken(transport);
	} else {
		if (events & UV_WRITABLE)
			on_writable(transport);
		if ((events & UV_READABLE) && (transport->phase == TRANSPORT_OPEN ||
						      transport->phase == TRANSPORT_LINGERING))
			on_readable(transport, 1);
	}
	speaker_process_settle(process);
}

void transport_adopt(struct speaker_process *process, struct peer *peer, int fd)
{
	struct tcp_options options = options_of(peer);
	struct connection_info info;
	struct error error = { 0 };
	char reason[256];

	if (tcp_adopt(fd, &options, &error) != 0 || connection_info(fd, &info, &error) != 0) {
		log_fields(LOG_WARNING, "bgp-accept",
			transport_error(&error, reason, sizeof(reason)), "neighbor", peer->name,
			NULL);
		close(fd);
		return;
	}
	if (transport_new(process, peer, CONNECTION_INCOMING, TRANSPORT_OPEN, fd) == NULL)
		return;
	peer->last_error[0] = '\0';
	if (!speaker_accepted(process->speaker, peer->neighbor, &info, clock_now()) &&
		peer->transports[CONNECTION_INCOMING] != NULL)
		transport_free(peer->transports[CONNECTION_INCOMING]);
}

bool transport_idle(const struct speaker_process *process)
{
	list_for_each(node, &process->transports) {
		const struct transport *transport = container_of(node, struct transport, link);

		if (transport->phase != TRANSPORT_LINGERING)
			return false;
	}
	return true;
}

void transport_close_all(struct speaker_process *process)
{
	list_for_each_safe(node, &process->transports)
		transport_free(container_of(node, struct transport, link));
}
