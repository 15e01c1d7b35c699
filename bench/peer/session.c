/* SPDX-License-Identifier: Apache-2.0 */
/*
 *      connect            through: OPEN           KEEPALIVE
 * IDLE -------> CONNECTING -----------> OPENING ------------> ESTABLISHED
 *   ^   refused: again  |  ^    lost       |                       |
 *   |                   +--+---------------+                       |
 *   +--------------------------------------------------------------+ lost or closed
 *
 * Invariants:
 *  1. A table, once begun, is written to its end; small messages wait until then.
 *  2. first_byte_ns is taken before the system call that writes the first byte.
 *  3. A session that was Established and is lost does not come back by itself.
 *
 * RFC 4271 sections 4 and 8, without what a bench does not need: no collisions (one side of it
 * does not listen), no hold timer of its own.
 */
#include "session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire/bgp_open.h"

#define RETRY_NS  100000000u
#define SECOND_NS 1000000000u
#define NEVER_NS  UINT64_MAX

uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

void session_event(
	const struct session *session, const char *event, uint64_t ns, const char *more, ...)
{
	va_list arguments;

	printf("{\"event\":\"%s\",\"session\":%u,\"ns\":%llu", event, session->options.number,
		(unsigned long long)ns);
	va_start(arguments, more);
	vprintf(more, arguments);
	va_end(arguments);
	printf("}\n");
	fflush(stdout);
}

static struct sockaddr_in socket_address(const struct address *address, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };

	memcpy(&sa.sin_addr, address->bytes, sizeof(sa.sin_addr));
	return sa;
}

static int socket_open(const struct address *local, uint16_t port)
{
	struct sockaddr_in sa = socket_address(local, port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int session_init(struct session *session, const struct session_options *options)
{
	memset(session, 0, sizeof(*session));
	session->options = *options;
	session->socket = session->listener = -1;
	if (options->passive) {
		session->listener = socket_open(&options->local, BGP_PORT);
		if (session->listener < 0 || listen(session->listener, 1) != 0)
			return ERROR_SYSTEM;
	}
	if (options->duty != SESSION_SEND) {
		session->probe_ns = calloc(SESSION_PROBES_MAX, sizeof(*session->probe_ns));
		if (session->probe_ns == NULL)
			return ERROR_MEMORY;
	}
	if (options->duty != SESSION_RECEIVE)
		return 0;
	return prefix_set_open(&session->reachable,
		options->family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6,
		options->expected);
}

void session_destroy(struct session *session)
{
	session_close(session);
	if (session->listener >= 0)
		close(session->listener);
	prefix_set_close(&session->reachable);
	free(session->probe_ns);
}

/* ---- out */

void session_control(struct session *session, const struct writer *w)
{
	size_t length = writer_length(w);

	if (w->failed || sizeof(session->control) - session->control_length < length)
		return;
	memcpy(session->control + session->control_length, w->start, length);
	session->control_length += length;
}

static void write_control(struct session *session)
{
	ssize_t n =
		send(session->socket, session->control, session->control_length, MSG_NOSIGNAL);

	if (n <= 0)
		return;
	session->control_length -= (size_t)n;
	memmove(session->control, session->control + n, session->control_length);
}

static void write_table(struct session *session)
{
	const struct table_bytes *table = session->table;
	ssize_t n;

	if (session->table_at == 0)
		session->first_byte_ns = monotonic_ns();
	n = send(session->socket, table->bytes + session->table_at,
		table->length - session->table_at, MSG_NOSIGNAL);
	if (n <= 0)
		return;
	session->table_at += (size_t)n;
	if (session->table_at < table->length)
		return;
	session->table = NULL;
	session_event(session, "sent", monotonic_ns(), ",\"first_byte_ns\":%llu,\"bytes\":%zu",
		(unsigned long long)session->first_byte_ns, table->length);
}

static void session_write(struct session *session)
{
	if (session->control_length > 0 && (session->table == NULL || session->table_at == 0))
		write_control(session);
	if (session->control_length == 0 || session->table_at > 0) {
		if (session->table != NULL)
			write_table(session);
	}
}

void session_send(struct session *session, const struct table_bytes *bytes)
{
	session->table = bytes;
	session->table_at = 0;
	session_write(session);
}

void session_refresh(struct session *session)
{
	struct bgp_refresh refresh = { .afi = bgp_family_afi(session->options.family),
		.safi = bgp_family_safi(session->options.family) };
	uint8_t bytes[BGP_HEADER_SIZE + 4];
	struct writer w = writer_of(bytes, sizeof(bytes));

	prefix_set_clear(&session->reachable);
	bgp_refresh_write(&w, &refresh);
	session_control(session, &w);
	session_event(session, "refresh", monotonic_ns(), "%s", "");
	session_write(session);
}

void session_probe(struct session *session, const struct table_sender *sender, uint64_t now_ns)
{
	uint8_t bytes[256];
	struct writer w = writer_of(bytes, sizeof(bytes));

	if (session->state != SESSION_ESTABLISHED || session->probe_next >= SESSION_PROBES_MAX)
		return;
	table_probe(&w, sender, (uint16_t)session->probe_next, 1 + (session->probe_next & 1));
	session->probe_ns[session->probe_next++] = now_ns;
	session_control(session, &w);
	session_write(session);
}

/* ---- life */

void session_close(struct session *session)
{
	if (session->socket >= 0)
		close(session->socket);
	session->socket = -1;
	session->state = SESSION_IDLE;
	session->table = NULL;
	session->control_length = session->input_length = 0;
	prefix_set_clear(&session->reachable);
}

static void session_lost(struct session *session, const char *why)
{
	bool was_up = session->state == SESSION_ESTABLISHED;

	session_event(
		session, was_up ? "lost" : "refused", monotonic_ns(), ",\"why\":\"%s\"", why);
	session_close(session);
	if (was_up)
		return;
	session->state = SESSION_CONNECTING;
	session->retry_at_ns = monotonic_ns() + RETRY_NS;
}

static void open_send(struct session *session)
{
	struct bgp_open open = { .asn = session->options.asn,
		.hold_time_s = session->options.hold_time_s };
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct cursor id = cursor_of(session->options.local.bytes, 4);

	open.router_id = cursor_u32(&id);
	open.capabilities.multiprotocol = true;
	open.capabilities.family[session->options.family] = true;
	open.capabilities.family[BGP_IPV4_UNICAST] = true;
	open.capabilities.route_refresh = true;
	open.capabilities.four_octet_as = true;
	open.capabilities.four_octet_asn = session->options.asn;
	open.capabilities.role = BGP_ROLE_NONE;
	bgp_open_write(&w, &open);
	session->state = SESSION_OPENING;
	session_control(session, &w);
	session_write(session);
}

void session_established(struct session *session, uint64_t now_ns)
{
	session->state = SESSION_ESTABLISHED;
	session->keepalive_at_ns = now_ns;
	session->heard_ns = now_ns;
	session->silence_ns = session->keepalive_gap_ns = 0;
	session_event(session, "established", now_ns, "%s", "");
}

static void connect_now(struct session *session)
{
	struct sockaddr_in sa = socket_address(&session->options.remote, BGP_PORT);

	session->retry_at_ns = monotonic_ns() + SECOND_NS;
	if (session->options.passive)
		return;
	if (session->socket >= 0)
		close(session->socket);
	session->socket = socket_open(&session->options.local, 0);
	if (session->socket >= 0)
		(void)connect(session->socket, (struct sockaddr *)&sa, sizeof(sa));
}

void session_connect(struct session *session, uint64_t now_ns)
{
	if (session->state != SESSION_IDLE)
		return;
	session->state = SESSION_CONNECTING;
	session->last_keepalive_ns = session->heard_ns = now_ns;
	connect_now(session);
}

static void connecting_ready(struct session *session, short events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (session->options.passive) {
		session->socket =
			accept4(session->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (session->socket >= 0)
			open_send(session);
		return;
	}
	getsockopt(session->socket, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0 || (events & (POLLERR | POLLHUP))) {
		session_close(session);
		session->state = SESSION_CONNECTING;
		session->retry_at_ns = monotonic_ns() + RETRY_NS;
	} else if (events & POLLOUT) {
		open_send(session);
	}
}

/* ---- in, and what is waited for */

static void session_read(struct session *session)
{
	const char *why = "closed";
	uint64_t now_ns;
	ssize_t n = recv(session->socket, session->input + session->input_length,
		sizeof(session->input) - session->input_length, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	now_ns = monotonic_ns();
	if (n <= 0) {
		session_lost(session, n < 0 ? "reset" : why);
		return;
	}
	session->input_length += (size_t)n;
	if (now_ns - session->heard_ns > session->silence_ns)
		session->silence_ns = now_ns - session->heard_ns;
	session->heard_ns = now_ns;
	if (!session_input(session, now_ns, &why)) {
		session_lost(session, why);
		return;
	}
	if (!session->expecting || session->reached ||
		session->reachable.count != session->target)
		return;
	session->reached = true;
	session_event(session, "reached", monotonic_ns(), ",\"count\":%zu", session->target);
}

void session_expect(struct session *session, size_t target, uint64_t quiet_ns)
{
	session->expecting = true;
	session->reached = false;
	session->target = target;
	session->quiet_ns = quiet_ns;
}

short session_poll(const struct session *session, int *ret_socket)
{
	*ret_socket = session->socket;
	switch (session->state) {
	case SESSION_IDLE:
		return 0;
	case SESSION_CONNECTING:
		if (!session->options.passive)
			return POLLOUT;
		*ret_socket = session->listener;
		return POLLIN;
	case SESSION_OPENING:
	case SESSION_ESTABLISHED:
		break;
	}
	if (session->control_length > 0 || session->table != NULL)
		return POLLIN | POLLOUT;
	return POLLIN;
}

void session_ready(struct session *session, short events)
{
	if (session->state == SESSION_CONNECTING) {
		connecting_ready(session, events);
		return;
	}
	if (events & POLLOUT)
		session_write(session);
	if (events & (POLLIN | POLLERR | POLLHUP))
		session_read(session);
}

static uint64_t tick_established(struct session *session, uint64_t now_ns)
{
	uint8_t bytes[BGP_HEADER_SIZE];
	struct writer w = writer_of(bytes, sizeof(bytes));
	uint64_t next_ns, quiet_at_ns;

	if (session->keepalive_at_ns <= now_ns) {
		session->keepalive_at_ns =
			now_ns + session->options.hold_time_s / 3u * SECOND_NS;
		bgp_keepalive_write(&w);
		session_control(session, &w);
		session_write(session);
	}
	next_ns = session->keepalive_at_ns;
	if (!session->expecting || !session->reached)
		return next_ns;
	quiet_at_ns = session->last_update_ns + session->quiet_ns;
	if (quiet_at_ns > now_ns)
		return quiet_at_ns < next_ns ? quiet_at_ns : next_ns;
	session->expecting = false;
	session_event(session, "quiet", session->last_update_ns, ",\"count\":%zu",
		session->reachable.count);
	return next_ns;
}

uint64_t session_tick(struct session *session, uint64_t now_ns)
{
	if (session->state == SESSION_ESTABLISHED)
		return tick_established(session, now_ns);
	if (session->state != SESSION_CONNECTING)
		return NEVER_NS;
	if (session->retry_at_ns <= now_ns)
		connect_now(session);
	return session->retry_at_ns;
}
