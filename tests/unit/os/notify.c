/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/notify.h"

static void an_abstract_socket_hears(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64], heard[256] = "", pid[32];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)state;
	notify_send("READY=1"); /* nobody listens: nothing happens */
	snprintf(name, sizeof(name), "@nearcast-notify-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_setup();
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_int_equal(notify_watchdog_interval().ns, duration_ms(1500).ns);
	notify_send("READY=1\nSTATUS=%d of %d services are up", 3, 4);
	assert_true(recv(fd, heard, sizeof(heard) - 1, 0) > 0);
	assert_string_equal(heard, "READY=1\nSTATUS=3 of 4 services are up");
	close(fd);
	notify_send("WATCHDOG=1"); /* the manager is gone: nothing happens */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_abstract_socket_hears) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
