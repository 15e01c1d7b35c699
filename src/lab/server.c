/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's server: its sockets, its counters, its end.
 *
 *     serving --SIGTERM--> draining --(nothing under way, or 2 s)--> ended
 *
 * Invariants:
 *  1. The counters live in shared memory (a file, if one was named), so they survive kill -9.
 *  2. Sockets are bound before "ready" is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/server_internal.h"
#include "os/file.h"

#define DRAIN_MS       2000u
#define TICK_MS        1000u
#define DRAIN_TICK_MS  5u
#define BACKLOG        1024
#define RECEIVE_BUFFER (4 << 20) /* bytes: a burst of a flood waits here */
#define COUNTERS_MODE  0644

/* ---- Sockets ---- */

static socklen_t socket_address(
	const struct address *address, uint16_t port, struct sockaddr_storage *storage)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (address->family == FAMILY_IPV4) {
		memcpy(&ipv4.sin_addr, address->bytes, 4);
		memcpy(storage, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	}
	memcpy(&ipv6.sin6_addr, address->bytes, 16);
	memcpy(storage, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}

/* The daemon under test takes the address away and brings it back while we serve. */
static void set_options(int fd, enum family family, int kind)
{
	static const int on = 1, buffer = RECEIVE_BUFFER;

	if (family == FAMILY_IPV4) {
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	if (kind == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
}

int server_socket(const struct address *address, uint16_t port, int kind, int *ret_fd,
	struct error *error)
{
	int domain = address->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_storage storage;
	socklen_t size = socket_address(address, port, &storage);
	int fd = socket(domain, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), reason;

	if (fd < 0)
		return error_system(error, errno, "can't make a socket");
	set_options(fd, (enum family)address->family, kind);
	if (bind(fd, (const struct sockaddr *)&storage, size) == 0 &&
		(kind != SOCK_STREAM || listen(fd, BACKLOG) == 0)) {
		*ret_fd = fd;
		return 0;
	}
	reason = errno;
	close(fd);
	return error_system(error, reason, "can't serve on %s port %u",
		address_format(address, text), port);
}

/* ---- Counters ---- */

static const struct counter_name {
	const char *name;
	size_t offset;
} counter_names[] = {
	{ "dns_udp_requests", offsetof(struct server_counters, dns_udp_requests) },
	{ "dns_udp_answers", offsetof(struct server_counters, dns_udp_answers) },
	{ "dns_tcp_requests", offsetof(struct server_counters, dns_tcp_requests) },
	{ "dns_tcp_answers", offsetof(struct server_counters, dns_tcp_answers) },
	{ "dns_malformed", offsetof(struct server_counters, dns_malformed) },
	{ "http_requests", offsetof(struct server_counters, http_requests) },
	{ "http_answers", offsetof(struct server_counters, http_answers) },
	{ "http_bytes", offsetof(struct server_counters, http_bytes) },
};

#define COUNTER_COUNT (sizeof(counter_names) / sizeof(counter_names[0]))

void server_counters_print(const struct server_counters *counters, struct text *out)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		const _Atomic uint64_t *value =
			(const void *)((const char *)counters + counter_names[i].offset);

		text_print(out, "%s\"%s\":%llu", i == 0 ? "{" : ",", counter_names[i].name,
			(unsigned long long)atomic_load_explicit(value, memory_order_relaxed));
	}
	text_add(out, "}\n");
}

int server_counters_read(
	const char *path, struct server_counters *ret_counters, struct error *error)
{
	char *bytes;
	size_t length;
	int r = file_read(path, sizeof(*ret_counters), &bytes, &length, error);

	if (r != 0)
		return r;
	memset(ret_counters, 0, sizeof(*ret_counters));
	if (length == sizeof(*ret_counters))
		memcpy(ret_counters, bytes, length);
	free(bytes);
	if (ret_counters->magic != SERVER_COUNTERS_MAGIC)
		return error_set(error, ERROR_MALFORMED, "%s is not a server's counters", path);
	return 0;
}

static int counters_map(struct server *server, struct error *error)
{
	const char *path = server->options->counters_path;
	int fd = -1, flags = MAP_SHARED | MAP_ANONYMOUS, reason;
	void *memory;

	if (path != NULL) {
		flags = MAP_SHARED;
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, COUNTERS_MODE);
		if (fd < 0)
			return error_system(error, errno, "can't make %s", path);
		if (ftruncate(fd, sizeof(struct server_counters)) != 0) {
			reason = errno;
			close(fd);
			return error_system(error, reason, "can't make %s", path);
		}
	}
	memory = mmap(
		NULL, sizeof(struct server_counters), PROT_READ | PROT_WRITE, flags, fd, 0);
	reason = errno;
	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED)
		return error_system(error, reason, "can't map the counters");
	server->counters = memory;
	server->counters->magic = SERVER_COUNTERS_MAGIC;
	return 0;
}

/* ---- Signals and the end ---- */

static void print_counters(const struct server *server)
{
	struct text out = { 0 };

	server_counters_print(server->counters, &out);
	fputs(text_string(&out), stdout);
	fflush(stdout);
	text_clear(&out);
}

static void on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;

	server_dns_tick(server);
	if (server->drain_until_ms == 0)
		return;
	if ((server_dns_idle(server) && server_http_idle(server)) ||
		uv_now(&server->loop) >= server->drain_until_ms)
		uv_stop(&server->loop);
}

static void drain(struct server *server)
{
	if (server->drain_until_ms != 0)
		return;
	server->drain_until_ms = uv_now(&server->loop) + DRAIN_MS;
	server_dns_drain(server);
	server_http_drain(server);
	uv_timer_start(&server->ticker, on_tick, 0, DRAIN_TICK_MS);
}

static void on_signal(uv_signal_t *handle, int signal)
{
	struct server *server = handle->data;

	if (signal == SIGUSR1)
		print_counters(server);
	else if (signal == SIGUSR2)
		server->unwell = !server->unwell;
	else
		drain(server);
}

static int signals_start(struct server *server, struct error *error)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int code = uv_signal_init(&server->loop, &server->signals[i]);

		server->signals[i].data = server;
		if (code == 0)
			code = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
		if (code != 0)
			return error_system(error, -code, "can't take signals");
	}
	return 0;
}

static int options_check(
	const struct server_options *options, struct dns_name *ret_zone, struct error *error)
{
	const char *zone = options->zone == NULL ? SERVER_ZONE_DEFAULT : options->zone;
	size_t length = strlen(options->name);

	if (length == 0 || length >= SERVER_NAME_MAX)
		return error_set(error, ERROR_RANGE, "a server's name has 1 to %d characters",
			SERVER_NAME_MAX - 1);
	for (size_t i = 0; i < length; i++) {
		char c = options->name[i];

		if (c <= ' ' || c > '~' || c == '"' || c == '\\')
			return error_set(error, ERROR_RANGE,
				"a server's name is printable, without blanks and quotes");
	}
	if (options->address_count == 0 || options->address_count > SERVER_ADDRESSES_MAX)
		return error_set(error, ERROR_RANGE, "a server has 1 to %d addresses",
			SERVER_ADDRESSES_MAX);
	for (size_t i = 0; i < options->address_count; i++) {
		/* Answers over UDP leave from the address that was asked. */
		if (address_is_any(&options->addresses[i]))
			return error_set(
				error, ERROR_RANGE, "say which address, not any address");
	}
	if (dns_name_parse(zone, ret_zone) != 0)
		return error_set(error, ERROR_RANGE, "%s is no name of a zone", zone);
	return 0;
}

static int start(struct server *server, struct error *error)
{
	int r = counters_map(server, error);

	if (r == 0)
		r = signals_start(server, error);
	if (r == 0 && server->options->dns_port != 0)
		r = server_dns_start(server, error);
	if (r == 0 && server->options->http_port != 0)
		r = server_http_start(server, error);
	return r;
}

int server_run(const struct server_options *options, struct error *error)
{
	static struct server server; /* as long as the process: its loop is never closed */
	int r;

	server.options = options;
	server.identity.name = options->name;
	r = options_check(options, &server.identity.zone, error);
	if (r != 0)
		return r;
	r = uv_loop_init(&server.loop);
	if (r != 0)
		return error_system(error, -r, "no loop");
	uv_timer_init(&server.loop, &server.ticker);
	server.ticker.data = &server;
	r = start(&server, error);
	if (r != 0)
		return r;
	uv_timer_start(&server.ticker, on_tick, TICK_MS, TICK_MS);
	signal(SIGPIPE, SIG_IGN);
	puts("ready");
	fflush(stdout);
	uv_run(&server.loop, UV_RUN_DEFAULT);
	server_http_stop(&server);
	return 0;
}
