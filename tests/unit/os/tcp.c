/* SPDX-License-Identifier: Apache-2.0 */
/* Connections between routers, on the loopback of a network of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/listen.h"
#include "os/tcp.h"
#include "private_network.h"

#define PORT      1790
#define WAIT_MS   5000
#define SILENT_MS 700 /* a SYN that is dropped: long enough for a second one */

static bool network;

static int setup(void **state)
{
	(void)state;
	network = private_network_enter() == 0;
	return 0;
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static int listener_open(const char *text)
{
	struct address address = address_of(text);
	struct error error = { 0 };
	int fd = -1;

	assert_int_equal(listen_tcp(&address, PORT, &fd, &error), 0);
	tcp_listener_prepare(fd, (enum family)address.family);
	return fd;
}

static bool wait_for(int fd, short events, int ms)
{
	struct pollfd wanted = { .fd = fd, .events = events };

	return poll(&wanted, 1, ms) == 1;
}

static struct tcp_options options_to(const char *local, const char *remote)
{
	return (struct tcp_options){
		.local = address_of(local),
		.remote = address_of(remote),
		.remote_port = PORT,
		.interface = "",
	};
}

static int connect_begin(const struct tcp_options *options)
{
	struct error error = { 0 };
	int fd = -1;

	assert_int_equal(tcp_connect(options, &fd, &error), 0);
	assert_true(fd >= 0);
	return fd;
}

static int accept_from(int listener, const char *remote)
{
	struct address wanted = address_of(remote), seen;
	char interface[TCP_INTERFACE_MAX];
	struct error error = { 0 };
	int fd = -1;

	assert_true(wait_for(listener, POLLIN, WAIT_MS));
	assert_int_equal(tcp_accept(listener, &fd, &seen, interface, &error), 0);
	assert_true(address_equal(&seen, &wanted));
	assert_string_equal(interface, "");
	return fd;
}

/* Both families: from the address that was asked for, and both ends agree on who they are. */
static void connects(void **state)
{
	static const struct {
		const char *local, *remote;
	} rows[] = { { "127.0.0.7", "127.0.0.9" }, { "::1", "::1" } };

	(void)state;
	if (!network)
		skip();
	for (size_t i = 0; i < 2; i++) {
		struct tcp_options options = options_to(rows[i].local, rows[i].remote);
		struct tcp_addresses ours, theirs;
		char interface[TCP_INTERFACE_MAX];
		struct address nobody;
		struct error error = { 0 };
		int listener = listener_open(rows[i].remote);
		int far = -1, fd;

		assert_int_equal(tcp_accept(listener, &far, &nobody, interface, &error),
			ERROR_NOT_FOUND);
		fd = connect_begin(&options);
		assert_true(wait_for(fd, POLLOUT, WAIT_MS));
		assert_int_equal(tcp_result(fd, &error), 0);
		far = accept_from(listener, rows[i].local);
		assert_int_equal(tcp_adopt(far, &options, &error), 0);
		assert_int_equal(tcp_addresses(fd, &ours, &error), 0);
		assert_int_equal(tcp_addresses(far, &theirs, &error), 0);
		assert_true(address_equal(&ours.local, &options.local));
		assert_true(address_equal(&ours.remote, &options.remote));
		assert_true(address_equal(&theirs.local, &ours.remote));
		assert_true(address_equal(&theirs.remote, &ours.local));
		assert_int_equal(ours.remote_port, PORT);
		assert_int_equal(theirs.local_port, PORT);
		assert_int_equal(theirs.remote_port, ours.local_port);
		close(fd);
		close(far);
		close(listener);
	}
}

static void nobody_listens(void **state)
{
	struct tcp_options options = options_to("127.0.0.1", "127.0.0.77");
	struct error error = { 0 };
	int fd = -1, r;

	(void)state;
	if (!network)
		skip();
	r = tcp_connect(&options, &fd, &error);
	if (r == 0) {
		assert_true(wait_for(fd, POLLOUT, WAIT_MS));
		r = tcp_result(fd, &error);
		close(fd);
	}
	assert_int_equal(r, ERROR_SYSTEM);
	assert_int_equal(error.system_errno, ECONNREFUSED);
}

static void no_such_source(void **state)
{
	struct tcp_options options = options_to("192.0.2.1", "127.0.0.1");
	struct error error = { 0 };
	int fd = -1;

	(void)state;
	if (!network)
		skip();
	assert_int_not_equal(tcp_connect(&options, &fd, &error), 0);
	assert_int_equal(fd, -1);
	assert_true(error.text[0] != '\0');
}

/* RFC 2385: the same key on both sides, or silence. */
static void passwords(void **state)
{
	static const uint8_t right[] = "correct horse", wrong[] = "battery staple";
	static const struct {
		const uint8_t *ours;
		bool comes_up;
	} rows[] = { { right, true }, { wrong, false }, { NULL, false } };
	struct address remote = address_of("127.0.0.7");

	(void)state;
	if (!network)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tcp_options options = options_to("127.0.0.7", "127.0.0.9");
		struct error error = { 0 };
		int listener = listener_open("127.0.0.9"), fd;

		/* A kernel without TCP-MD5 says so. */
		if (tcp_password_set(listener, &remote, "", right, sizeof(right) - 1, &error) !=
			0) {
			close(listener);
			skip();
		}
		options.password = rows[i].ours;
		options.password_length =
			rows[i].ours == NULL ? 0 : (uint8_t)strlen((const char *)rows[i].ours);
		fd = connect_begin(&options);
		if (rows[i].comes_up) {
			assert_true(wait_for(fd, POLLOUT, WAIT_MS));
			assert_int_equal(tcp_result(fd, &error), 0);
			close(accept_from(listener, "127.0.0.7"));
		} else {
			assert_false(wait_for(fd, POLLOUT, SILENT_MS));
			assert_false(wait_for(listener, POLLIN, 0));
		}
		close(fd);
		/* Taken off again, twice: it lets everybody in. */
		assert_int_equal(tcp_password_set(listener, &remote, "", NULL, 0, &error), 0);
		assert_int_equal(tcp_password_set(listener, &remote, "", NULL, 0, &error), 0);
		options.password_length = 0;
		fd = connect_begin(&options);
		assert_true(wait_for(fd, POLLOUT, WAIT_MS));
		assert_int_equal(tcp_result(fd, &error), 0);
		close(fd);
		close(listener);
	}
}

/* RFC 5082: who began with a TTL that is too low is not adopted, who sent 255 is. */
static void generalised_ttl_security(void **state)
{
	static const struct {
		uint8_t sent, minimum;
		int result;
	} rows[] = { { 255, 255, 0 }, { 255, 250, 0 }, { 0, 0, 0 },
		{ 1, 255, ERROR_PERMISSION }, { 249, 250, ERROR_PERMISSION } };

	(void)state;
	if (!network)
		skip();
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *here = i % 2 == 0 ? "127.0.0.9" : "::1";
		struct tcp_options options = options_to(here, here), adopt = options;
		struct error error = { 0 };
		int listener = listener_open(here), fd, far;

		options.ttl = rows[i / 2].sent;
		adopt.ttl = rows[i / 2].minimum == 0 ? 0 : 255;
		adopt.minimum_ttl = rows[i / 2].minimum;
		fd = connect_begin(&options);
		assert_true(wait_for(fd, POLLOUT, WAIT_MS));
		assert_int_equal(tcp_result(fd, &error), 0);
		far = accept_from(listener, here);
		assert_int_equal(tcp_adopt(far, &adopt, &error), rows[i / 2].result);
		close(fd);
		close(far);
		close(listener);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(no_such_source),
		cmocka_unit_test(passwords),
		cmocka_unit_test(generalised_ttl_security),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
