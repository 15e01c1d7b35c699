/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling a service manager: one datagram of NAME=value lines to the socket in NOTIFY_SOCKET, a
 * path or (with an @) an abstract name; sd_notify(3).
 */
#include "os/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	int socket;
	struct sockaddr_un address;
	socklen_t length;
	struct duration watchdog;
} notify = { .socket = -1 };

static void socket_setup(const char *path)
{
	size_t length = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(notify.address.sun_path))
		return;
	notify.address.sun_family = AF_UNIX;
	memcpy(notify.address.sun_path, path, length);
	if (path[0] == '@')
		notify.address.sun_path[0] = '\0';
	notify.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
				    (path[0] == '/' ? 1 : 0));
	notify.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void watchdog_setup(const char *microseconds, const char *pid)
{
	char *end;
	long long us = strtoll(microseconds, &end, 10);

	if (*end != '\0' || us <= 0 || us > 3600LL * 1000000)
		return;
	if (pid != NULL && strtoll(pid, NULL, 10) != getpid())
		return;
	notify.watchdog = duration_us(us / 2);
}

void notify_setup(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *watchdog = getenv("WATCHDOG_USEC");

	if (path != NULL)
		socket_setup(path);
	if (watchdog != NULL)
		watchdog_setup(watchdog, getenv("WATCHDOG_PID"));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const char *format, ...)
{
	char message[1024];
	va_list list;
	int length;

	if (notify.socket < 0)
		return;
	va_start(list, format);
	length = vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	if (length <= 0)
		return;
	if ((size_t)length >= sizeof(message))
		length = sizeof(message) - 1;
	(void)sendto(notify.socket, message, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&notify.address, notify.length);
}

struct duration notify_watchdog_interval(void)
{
	return notify.watchdog;
}
