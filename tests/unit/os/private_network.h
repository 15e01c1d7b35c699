/* SPDX-License-Identifier: Apache-2.0 */
/* An empty network of its own for a test, with `lo` up. */
#ifndef NEARCAST_TESTS_PRIVATE_NETWORK_H
#define NEARCAST_TESTS_PRIVATE_NETWORK_H

#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or -1 with errno. Root, or a kernel that lets users make namespaces. */
static inline int private_network_enter(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd, status;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	status = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return status;
}

#endif
