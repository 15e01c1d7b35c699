/* SPDX-License-Identifier: Apache-2.0 */
/* Looks and news of sockets, against the kernel in a network of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/locality.h"
#include "os/socket_diag.h"
#include "private_network.h"

#define PORT 5300

static struct address address(const char *text)
{
	struct address parsed;

	assert_int_equal(address_parse(text, &parsed), 0);
	return parsed;
}

struct bound {
	const char *address;
	int type;
	bool v6_only, silent; /* silent: TCP bound, but not listening */
	const char *device;
};

static struct sockaddr_storage sockaddr_of(const struct address *address, uint16_t port)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;

	if (address->family == FAMILY_IPV4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->bytes, 4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, address->bytes, 16);
	}
	return storage;
}

static int open_bound(const struct bound *bound)
{
	struct address own = address(bound->address);
	struct sockaddr_storage storage = sockaddr_of(&own, PORT);
	int only = bound->v6_only, on = 1;
	int fd = socket(storage.ss_family, bound->type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	if (storage.ss_family == AF_INET6)
		assert_int_equal(
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
	if (bound->device != NULL)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bound->device,
					 (socklen_t)strlen(bound->device)),
			0);
	assert_int_equal(bind(fd, (struct sockaddr *)&storage,
				 storage.ss_family == AF_INET ? sizeof(struct sockaddr_in)
							      : sizeof(struct sockaddr_in6)),
		0);
	if (bound->type == SOCK_STREAM && !bound->silent)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void look_finds_what_the_kernel_would(void **state)
{
	static const struct {
		struct bound bound;
		const char *asked;
		int expected;
	} rows[] = {
		{ { .address = "127.0.0.1", .type = SOCK_STREAM }, "127.0.0.1", 0 },
		{ { .address = "127.0.0.1", .type = SOCK_DGRAM }, "127.0.0.1", 0 },
		{ { .address = "127.0.0.2", .type = SOCK_STREAM }, "127.0.0.1",
			ERROR_NOT_FOUND },
		{ { .address = "127.0.0.2", .type = SOCK_DGRAM }, "127.0.0.1",
			ERROR_NOT_FOUND },
		{ { .address = "0.0.0.0", .type = SOCK_STREAM }, "127.0.0.1", 0 },
		{ { .address = "0.0.0.0", .type = SOCK_DGRAM }, "127.0.0.1", 0 },
		/* An address that is not there yet: the listener is what is asked for. */
		{ { .address = "0.0.0.0", .type = SOCK_STREAM }, "198.51.100.53", 0 },
		{ { .address = "0.0.0.0", .type = SOCK_DGRAM }, "::1", ERROR_NOT_FOUND },
		{ { .address = "0.0.0.0", .type = SOCK_STREAM }, "::1", ERROR_NOT_FOUND },
		{ { .address = "::", .type = SOCK_STREAM }, "::1", 0 },
		{ { .address = "::", .type = SOCK_DGRAM }, "::1", 0 },
		{ { .address = "::", .type = SOCK_STREAM }, "127.0.0.1", 0 },
		{ { .address = "::", .type = SOCK_DGRAM }, "127.0.0.1", 0 },
		{ { .address = "::", .type = SOCK_STREAM, .v6_only = true }, "127.0.0.1",
			ERROR_NOT_FOUND },
		{ { .address = "::", .type = SOCK_DGRAM, .v6_only = true }, "127.0.0.1",
			ERROR_NOT_FOUND },
		{ { .address = "::", .type = SOCK_DGRAM, .v6_only = true }, "::1", 0 },
		{ { .address = "::1", .type = SOCK_STREAM }, "::1", 0 },
		{ { .address = "::1", .type = SOCK_STREAM }, "2001:db8::1", ERROR_NOT_FOUND },
		{ { .address = "::ffff:127.0.0.1", .type = SOCK_STREAM }, "127.0.0.1", 0 },
		{ { .address = "::ffff:127.0.0.1", .type = SOCK_DGRAM }, "127.0.0.1", 0 },
		{ { .address = "::ffff:127.0.0.1", .type = SOCK_DGRAM }, "127.0.0.2",
			ERROR_NOT_FOUND },
		{ { .address = "127.0.0.1", .type = SOCK_STREAM, .silent = true }, "127.0.0.1",
			ERROR_NOT_FOUND },
		{ { .address = "0.0.0.0", .type = SOCK_STREAM, .device = "lo" }, "127.0.0.1",
			0 },
		{ { .address = "0.0.0.0", .type = SOCK_DGRAM, .device = "lo" }, "127.0.0.1",
			0 },
		{ { .address = "127.0.0.1", .type = SOCK_DGRAM, .device = "lo" }, "127.0.0.2",
			ERROR_NOT_FOUND },
		{ { .address = "::", .type = SOCK_STREAM, .device = "lo" }, "127.0.0.1", 0 },
		{ { .address = "::", .type = SOCK_DGRAM, .device = "lo" }, "127.0.0.1", 0 },
		{ { .address = "::", .type = SOCK_STREAM, .device = "lo", .v6_only = true },
			"127.0.0.1", ERROR_NOT_FOUND },
		{ { .address = "::", .type = SOCK_STREAM, .device = "lo", .v6_only = true },
			"::1", 0 },
		{ { .address = "0.0.0.0", .type = SOCK_STREAM, .device = "lo" }, "::1",
			ERROR_NOT_FOUND },
	};
	struct socket_diag diag;

	(void)state;
	assert_int_equal(socket_diag_open(&diag, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address asked = address(rows[i].asked);
		enum socket_protocol protocol =
			rows[i].bound.type == SOCK_STREAM ? SOCKET_TCP : SOCKET_UDP;
		int fd = open_bound(&rows[i].bound);
		int got = socket_diag_listening(&diag, &asked, PORT, protocol, NULL);

		if (got != rows[i].expected)
			fail_msg("row %zu: %s asked for %s: %d", i, rows[i].bound.address,
				rows[i].asked, got);
		/* The other protocol has nobody there. */
		assert_int_equal(
			socket_diag_listening(&diag, &asked, PORT,
				protocol == SOCKET_TCP ? SOCKET_UDP : SOCKET_TCP, NULL),
			ERROR_NOT_FOUND);
		assert_int_equal(socket_diag_listening(&diag, &asked, PORT + 1, protocol, NULL),
			ERROR_NOT_FOUND);
		close(fd);
		assert_int_equal(socket_diag_listening(&diag, &asked, PORT, protocol, NULL),
			ERROR_NOT_FOUND);
	}
	socket_diag_close(&diag);
}

static void connected_udp_is_no_listener(void **state)
{
	const struct bound bound = { .address = "127.0.0.1", .type = SOCK_DGRAM };
	struct address asked = address("127.0.0.1");
	struct sockaddr_storage peer = sockaddr_of(&asked, 9);
	struct socket_diag diag;
	int fd = open_bound(&bound);

	(void)state;
	assert_int_equal(socket_diag_open(&diag, NULL), 0);
	assert_int_equal(socket_diag_listening(&diag, &asked, PORT, SOCKET_UDP, NULL), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(
		socket_diag_listening(&diag, &asked, PORT, SOCKET_UDP, NULL), ERROR_NOT_FOUND);
	close(fd);
	socket_diag_close(&diag);
}

/* Many listeners of one port on a device make the list longer than one packet. */
static void long_lists_are_read_to_their_end(void **state)
{
	struct bound bound = { .address = "127.0.0.1", .type = SOCK_DGRAM, .device = "lo" };
	struct address absent = address("127.0.0.2"), present = address("127.0.0.1");
	struct socket_diag diag;
	int fds[600];

	(void)state;
	for (size_t i = 0; i < 600; i++)
		fds[i] = open_bound(&bound);
	assert_int_equal(socket_diag_open(&diag, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(socket_diag_listening(&diag, &absent, PORT, SOCKET_UDP, NULL),
			ERROR_NOT_FOUND);
		assert_int_equal(
			socket_diag_listening(&diag, &present, PORT, SOCKET_UDP, NULL), 0);
	}
	for (size_t i = 0; i < 600; i++)
		close(fds[i]);
	socket_diag_close(&diag);
}

static int next_event(int fd, struct socket_diag_event *event)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	(void)poll(&poll_fd, 1, 2000);
	return socket_diag_events_next(fd, event);
}

/* One accepted and closed connection to our port, both ends of which are destroyed. */
static void churn(int listener)
{
	struct address target = address("127.0.0.1");
	struct sockaddr_storage storage = sockaddr_of(&target, PORT);
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	assert_int_equal(
		connect(client, (struct sockaddr *)&storage, sizeof(struct sockaddr_in)), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	close(server);
}

static void only_a_watched_listener_wakes_us(void **state)
{
	struct bound other = { .address = "127.0.0.1", .type = SOCK_DGRAM },
		     own = { .address = "127.0.0.1", .type = SOCK_STREAM };
	struct socket_diag_watch watch = { 0 };
	struct socket_diag_event event;
	int events = socket_diag_events_open(NULL), listener, unbound;

	(void)state;
	assert_true(events >= 0);
	socket_diag_watch_add(&watch, PORT, SOCKET_TCP);
	assert_int_equal(socket_diag_events_watch(events, &watch, NULL), 0);
	listener = open_bound(&own);
	churn(listener);
	unbound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	close(unbound);
	close(open_bound(&other)); /* UDP: not in the watched groups */
	usleep(20000);
	assert_int_equal(socket_diag_events_next(events, &event), ERROR_NOT_FOUND);
	close(listener);
	assert_int_equal(next_event(events, &event), 0);
	assert_int_equal(event.port, PORT);
	assert_int_equal(event.family, FAMILY_IPV4);
	assert_true(address_equal(&event.address, &(struct address){ 4, { 127, 0, 0, 1 } }));
	assert_int_equal(socket_diag_events_next(events, &event), ERROR_NOT_FOUND);
	close(events);
}

static void lost_news_are_said(void **state)
{
	const struct bound bound = { .address = "127.0.0.1", .type = SOCK_DGRAM };
	struct socket_diag_watch watch = { 0 };
	struct socket_diag_event event;
	int events = socket_diag_events_open(NULL), status, size = 1;
	unsigned full = 0, news = 0;

	(void)state;
	setsockopt(events, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	socket_diag_watch_add(&watch, PORT, SOCKET_UDP);
	assert_int_equal(socket_diag_events_watch(events, &watch, NULL), 0);
	for (int i = 0; i < 100; i++)
		close(open_bound(&bound));
	usleep(20000);
	while ((status = socket_diag_events_next(events, &event)) != ERROR_NOT_FOUND) {
		full += status == ERROR_FULL;
		news += status == 0;
		assert_true(status == 0 || status == ERROR_FULL);
	}
	assert_true(full > 0);
	assert_true(news < 100);
	close(open_bound(&bound));
	assert_int_equal(next_event(events, &event), 0); /* it works on */
	close(events);
}

static void filter_has_a_pair_for_each_port(void **state)
{
	struct socket_diag_watch watch = { 0 };
	struct sock_filter filter[SOCKET_DIAG_FILTER_MAX];

	(void)state;
	assert_int_equal(socket_diag_filter_build(&watch, filter), 5);
	socket_diag_watch_add(&watch, 53, SOCKET_UDP);
	socket_diag_watch_add(&watch, 53, SOCKET_TCP);
	assert_true(watch.tcp && watch.udp);
	assert_int_equal(watch.port_count, 1);
	assert_int_equal(socket_diag_filter_build(&watch, filter), 7);
	for (uint16_t port = 1; port <= SOCKET_DIAG_PORTS_MAX; port++)
		socket_diag_watch_add(&watch, port, SOCKET_TCP);
	assert_false(watch.all_ports);
	assert_int_equal(socket_diag_filter_build(&watch, filter), SOCKET_DIAG_FILTER_MAX);
	socket_diag_watch_add(&watch, 60000, SOCKET_TCP);
	assert_true(watch.all_ports);
	assert_int_equal(socket_diag_filter_build(&watch, filter), 4);
}

static void broken_events_are_refused(void **state)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_msg body;
	} message = {
		.head = { .nlmsg_len = sizeof(message), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.body = { .idiag_family = AF_INET6, .id.idiag_sport = htons(53) },
	};
	struct socket_diag_event event;

	(void)state;
	assert_int_equal(socket_diag_event_decode(&message, sizeof(message), &event), 0);
	assert_int_equal(event.port, 53);
	for (size_t length = 0; length < sizeof(message); length++)
		assert_int_equal(
			socket_diag_event_decode(&message, length, &event), ERROR_MALFORMED);
	message.body.idiag_family = AF_UNIX;
	assert_int_equal(
		socket_diag_event_decode(&message, sizeof(message), &event), ERROR_MALFORMED);
	message.body.idiag_family = AF_INET;
	message.head.nlmsg_len = sizeof(message) + 1;
	assert_int_equal(
		socket_diag_event_decode(&message, sizeof(message), &event), ERROR_MALFORMED);
}

static void only_own_addresses_are_local(void **state)
{
	struct address own4 = address("127.0.0.9"), own6 = address("::1");
	struct address far4 = address("198.51.100.53"), far6 = address("2001:db8::53");
	struct locality locality;

	(void)state;
	assert_int_equal(locality_open(&locality, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(locality_check(&locality, &own4, NULL), 0);
		assert_int_equal(locality_check(&locality, &far4, NULL), ERROR_NOT_FOUND);
		assert_int_equal(locality_check(&locality, &own6, NULL), 0);
		assert_int_equal(locality_check(&locality, &far6, NULL), ERROR_NOT_FOUND);
	}
	locality_close(&locality);
	assert_int_equal(locality_check(&locality, &own4, NULL), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_finds_what_the_kernel_would),
		cmocka_unit_test(connected_udp_is_no_listener),
		cmocka_unit_test(long_lists_are_read_to_their_end),
		cmocka_unit_test(only_a_watched_listener_wakes_us),
		cmocka_unit_test(lost_news_are_said),
		cmocka_unit_test(filter_has_a_pair_for_each_port),
		cmocka_unit_test(broken_events_are_refused),
		cmocka_unit_test(only_own_addresses_are_local),
	};

	if (private_network_enter() != 0) {
		perror("socket_diag: no private network");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
