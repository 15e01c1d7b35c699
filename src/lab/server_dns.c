/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP, in batches, and over TCP (RFC 7766), one question after another.
 *
 * Invariants:
 *  1. A UDP answer leaves from the address that was asked: each socket is bound to one.
 *  2. One turn of the loop answers at most BATCHES_A_TURN * BATCH datagrams of a socket.
 *  3. A TCP connection that does not take an answer at once is ended: answers are small.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/server_internal.h"

#define BATCH           32u
#define BATCHES_A_TURN  8u
#define CONNECTIONS_MAX 256u
#define QUIET_MS        10000u /* then a connection is ended */
#define LENGTH_SIZE     2u     /* before a message over TCP */

struct endpoint {
	uv_poll_t udp;
	uv_tcp_t listener;
	int fd; /* of UDP */
	struct server *server;
	const struct address *address;
};

struct connection {
	struct list link;
	uv_tcp_t tcp;
	struct endpoint *endpoint;
	uint64_t last_ms;
	bool closing;
	size_t have;
	uint8_t bytes[LENGTH_SIZE + SERVER_QUERY_MAX];
};

struct server_dns {
	struct endpoint endpoints[SERVER_ADDRESSES_MAX];
	size_t count;
	struct list connections;
	size_t connection_count;
	/* A batch of datagrams; one is handled at a time in the process. */
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_vectors[BATCH], out_vectors[BATCH];
	struct sockaddr_storage peers[BATCH];
	uint8_t queries[BATCH][SERVER_QUERY_MAX];
	uint8_t answers[BATCH][SERVER_ANSWER_MAX];
};

/* ---- UDP ---- */

static void batch_prepare(struct server_dns *dns)
{
	for (unsigned i = 0; i < BATCH; i++) {
		dns->in_vectors[i] = (struct iovec){ dns->queries[i], SERVER_QUERY_MAX };
		dns->in[i].msg_hdr = (struct msghdr){ .msg_name = &dns->peers[i],
			.msg_namelen = sizeof(dns->peers[i]),
			.msg_iov = &dns->in_vectors[i],
			.msg_iovlen = 1 };
	}
}

/* Make the answers to the first count messages; gives how many there are. */
static unsigned batch_answer(struct endpoint *endpoint, unsigned count)
{
	struct server *server = endpoint->server;
	struct server_dns *dns = server->dns;
	unsigned answers = 0;

	for (unsigned i = 0; i < count; i++) {
		bool malformed;
		size_t length = server_answer(&server->identity, endpoint->address, SERVER_UDP,
			dns->queries[i], dns->in[i].msg_len, dns->answers[answers], &malformed);

		server_count(&server->counters->dns_malformed, malformed);
		if (length == 0)
			continue;
		dns->out_vectors[answers] = (struct iovec){ dns->answers[answers], length };
		dns->out[answers].msg_hdr = (struct msghdr){ .msg_name = &dns->peers[i],
			.msg_namelen = dns->in[i].msg_hdr.msg_namelen,
			.msg_iov = &dns->out_vectors[answers],
			.msg_iovlen = 1 };
		answers++;
	}
	return answers;
}

static void batch_send(struct endpoint *endpoint, unsigned count)
{
	struct server_dns *dns = endpoint->server->dns;
	unsigned done = 0;

	while (done < count) {
		int sent = sendmmsg(endpoint->fd, dns->out + done, count - done, MSG_DONTWAIT);

		if (sent > 0) {
			server_count(
				&endpoint->server->counters->dns_udp_answers, (uint64_t)sent);
			done += (unsigned)sent;
		} else if (errno != EINTR) {
			done++; /* no way to this one; the others may have one */
		}
	}
}

/* False: there was nothing more. */
static bool batch(struct endpoint *endpoint)
{
	struct server_dns *dns = endpoint->server->dns;
	int received;

	batch_prepare(dns);
	received = recvmmsg(endpoint->fd, dns->in, BATCH, MSG_DONTWAIT, NULL);
	if (received <= 0)
		return false;
	server_count(&endpoint->server->counters->dns_udp_requests, (uint64_t)received);
	batch_send(endpoint, batch_answer(endpoint, (unsigned)received));
	return (unsigned)received == BATCH;
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	for (unsigned i = 0; i < BATCHES_A_TURN && batch(poll->data); i++)
		;
}

/* ---- TCP ---- */

static void connection_freed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	list_remove(&connection->link);
	connection->endpoint->server->dns->connection_count--;
	free(connection);
}

static void connection_end(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	uv_close((uv_handle_t *)&connection->tcp, connection_freed);
}

/* False: it did not go out at once. */
static bool connection_answer(
	struct connection *connection, const uint8_t *query, size_t length)
{
	struct endpoint *endpoint = connection->endpoint;
	struct server *server = endpoint->server;
	uint8_t answer[LENGTH_SIZE + SERVER_ANSWER_MAX];
	bool malformed;
	size_t size;
	uv_buf_t buffer;

	server_count(&server->counters->dns_tcp_requests, 1);
	size = server_answer(&server->identity, endpoint->address, SERVER_TCP, query, length,
		answer + LENGTH_SIZE, &malformed);
	server_count(&server->counters->dns_malformed, malformed);
	if (size == 0)
		return false;
	bytes_put_u16(answer, (uint16_t)size);
	buffer = uv_buf_init((char *)answer, (unsigned)(LENGTH_SIZE + size));
	if (uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1) != (int)buffer.len)
		return false;
	server_count(&server->counters->dns_tcp_answers, 1);
	return true;
}

/* Answer every whole message. False: the connection can't be followed any more. */
static bool connection_take(struct connection *connection)
{
	size_t at = 0;

	while (connection->have - at >= LENGTH_SIZE) {
		const uint8_t *message = connection->bytes + at;
		size_t length = (size_t)(message[0] << 8 | message[1]);

		if (length > SERVER_QUERY_MAX)
			return false;
		if (connection->have - at < LENGTH_SIZE + length)
			break;
		if (!connection_answer(connection, message + LENGTH_SIZE, length))
			return false;
		at += LENGTH_SIZE + length;
	}
	connection->have -= at;
	memmove(connection->bytes, connection->bytes + at, connection->have);
	return true;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)connection->bytes + connection->have,
		(unsigned)(sizeof(connection->bytes) - connection->have));
}

static void on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	(void)buffer;
	if (count == 0)
		return;
	connection->last_ms = uv_now(stream->loop);
	if (count < 0) {
		connection_end(connection);
		return;
	}
	connection->have += (size_t)count;
	if (!connection_take(connection))
		connection_end(connection);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct endpoint *endpoint = listener->data;
	struct server_dns *dns = endpoint->server->dns;
	struct connection *connection;

	if (status < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return; /* libuv asks again */
	connection->endpoint = endpoint;
	connection->tcp.data = connection;
	connection->last_ms = uv_now(listener->loop);
	uv_tcp_init(listener->loop, &connection->tcp);
	list_append(&dns->connections, &connection->link);
	dns->connection_count++;
	if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0 ||
		dns->connection_count > CONNECTIONS_MAX ||
		uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_bytes) != 0)
		connection_end(connection);
}

/* ---- Begin and end ---- */

static int udp_start(struct endpoint *endpoint, uint16_t port, struct error *error)
{
	int r = server_socket(endpoint->address, port, SOCK_DGRAM, &endpoint->fd, error);

	if (r != 0)
		return r;
	endpoint->udp.data = endpoint;
	r = uv_poll_init(&endpoint->server->loop, &endpoint->udp, endpoint->fd);
	if (r == 0)
		r = uv_poll_start(&endpoint->udp, UV_READABLE, on_udp);
	return r == 0 ? 0 : error_system(error, -r, "can't watch a socket");
}

static int tcp_start(struct endpoint *endpoint, uint16_t port, struct error *error)
{
	int fd, r = server_socket(endpoint->address, port, SOCK_STREAM, &fd, error);

	if (r != 0)
		return r;
	endpoint->listener.data = endpoint;
	r = uv_tcp_init(&endpoint->server->loop, &endpoint->listener);
	if (r == 0)
		r = uv_tcp_open(&endpoint->listener, fd);
	if (r == 0)
		r = uv_listen((uv_stream_t *)&endpoint->listener, 128, on_connection);
	return r == 0 ? 0 : error_system(error, -r, "can't listen");
}

int server_dns_start(struct server *server, struct error *error)
{
	const struct server_options *options = server->options;
	struct server_dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for DNS");
	server->dns = dns;
	list_init(&dns->connections);
	for (; dns->count < options->address_count; dns->count++) {
		struct endpoint *endpoint = &dns->endpoints[dns->count];
		int r;

		endpoint->server = server;
		endpoint->address = &options->addresses[dns->count];
		r = udp_start(endpoint, options->dns_port, error);
		if (r == 0)
			r = tcp_start(endpoint, options->dns_port, error);
		if (r != 0)
			return r;
	}
	return 0;
}

void server_dns_drain(struct server *server)
{
	struct server_dns *dns = server->dns;

	for (size_t i = 0; dns != NULL && i < dns->count; i++) {
		struct endpoint *endpoint = &dns->endpoints[i];

		while (batch(endpoint))
			;
		uv_poll_stop(&endpoint->udp);
		close(endpoint->fd);
		uv_close((uv_handle_t *)&endpoint->udp, NULL);
		uv_close((uv_handle_t *)&endpoint->listener, NULL);
	}
}

bool server_dns_idle(const struct server *server)
{
	if (server->dns == NULL)
		return true;
	list_for_each(node, &server->dns->connections) {
		if (container_of(node, struct connection, link)->have > 0)
			return false;
	}
	return true;
}

void server_dns_tick(struct server *server)
{
	uint64_t now_ms = uv_now(&server->loop);

	if (server->dns == NULL)
		return;
	list_for_each(node, &server->dns->connections) {
		struct connection *connection = container_of(node, struct connection, link);

		if (now_ms - connection->last_ms > QUIET_MS)
			connection_end(connection);
	}
}
