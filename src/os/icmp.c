/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for echo requests: a ping socket where the kernel gives one, else a raw socket. */
#include "os/icmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "os/privilege.h"

int icmp_open(enum family family, int *ret_fd, struct error *error)
{
	int domain = family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	int protocol = family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(domain, SOCK_DGRAM | flags, protocol);

	if (fd < 0)
		fd = socket(domain, SOCK_RAW | flags, protocol);
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (errno == EPERM || errno == EACCES)
		return privilege_missing(PRIVILEGE_NET_RAW, "an icmp check", error);
	if (errno == EAFNOSUPPORT)
		return error_set(error, ERROR_UNSUPPORTED, "this machine has no IPv%u",
			(unsigned)family);
	return error_system(error, errno, "cannot make a socket for icmp");
}
