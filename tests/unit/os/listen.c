/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: that they listen, and what is said when they can't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/listen.h"

static uint16_t port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t length = sizeof(in);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &length), 0);
	return ntohs(in.sin_port);
}

static void a_taken_port_is_explained(void **state)
{
	struct address loopback = address_ipv4(0x7f000001), absent = address_ipv4(0xc6336401);
	struct error error = { 0 };
	char expected[64];
	uint16_t port;
	int first, second = -1;

	(void)state;
	assert_int_equal(listen_tcp(&loopback, 0, &first, &error), 0);
	port = port_of(first);
	assert_int_equal(listen_tcp(&loopback, port, &second, &error), ERROR_EXISTS);
	snprintf(expected, sizeof(expected), "port %u is taken by ", port);
	assert_non_null(strstr(error.text, expected));
	snprintf(expected, sizeof(expected), "(process %d)", (int)getpid());
	assert_non_null(strstr(error.text, expected));
	close(first);
	assert_int_equal(listen_tcp(&loopback, port, &first, &error), 0);
	close(first);
	assert_int_equal(listen_tcp(&absent, 0, &first, &error), ERROR_NOT_FOUND);
}

static void ipv6_takes_no_ipv4(void **state)
{
	struct address any4 = address_ipv4(0), any6 = { .family = FAMILY_IPV6 };
	int four, six;

	(void)state;
	assert_int_equal(listen_tcp(&any4, 0, &four, NULL), 0);
	if (listen_tcp(&any6, port_of(four), &six, NULL) == ERROR_UNSUPPORTED)
		skip();
	assert_true(six >= 0);
	close(four);
	close(six);
}

static void unix_sockets(void **state)
{
	char folder[] = "/tmp/nearcast-listen-XXXXXX", path[64], missing[128];
	struct error error = { 0 };
	struct stat status;
	int first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	assert_int_equal(listen_unix(path, 0660, (gid_t)-1, &first, &error), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	/* Alive: refused. Dead: replaced. */
	assert_int_equal(listen_unix(path, 0660, (gid_t)-1, &second, &error), ERROR_EXISTS);
	close(first);
	assert_int_equal(listen_unix(path, 0600, (gid_t)-1, &second, &error), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	close(second);
	unlink(path);
	rmdir(folder);
	snprintf(missing, sizeof(missing), "%s/x", folder);
	assert_int_equal(listen_unix(missing, 0600, (gid_t)-1, &first, &error), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_port_is_explained),
		cmocka_unit_test(ipv6_takes_no_ipv4),
		cmocka_unit_test(unix_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
