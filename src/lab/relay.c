/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay, seen from the supervisor: orders over a socket, each answered before the next.
 */
#include "lab/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/relay_order.h"

struct relay {
	int control;
	pid_t pid;
};

int relay_tap(const char *name, int *ret_fd, struct error *error)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int size = RELAY_HEADER;

	if (fd < 0)
		return error_set(error, errno == EACCES ? ERROR_PERMISSION : ERROR_UNSUPPORTED,
			"cannot open /dev/net/tun");
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	/* Checksums only: segments stay as long as the link's frames. Interfaces that go with their
	 * namespace go all at once; with their descriptors they would go one by one, each waiting
	 * for all processors. */
	if (ioctl(fd, TUNSETIFF, &request) != 0 || ioctl(fd, TUNSETPERSIST, 1) != 0 || ioctl(fd, TUNSETVNETHDRSZ, &size) != 0 ||
		ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM) != 0) {
		int result = error_system(error, errno, "cannot make the end '%s'", name);

		close(fd);
		return result;
	}
	*ret_fd = fd;
	return 0;
}

int relay_start(struct relay **ret_relay, struct error *error)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int ends[2];

	if (relay == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		free(relay);
		return error_system(error, errno, "cannot make a socket");
	}
	relay->pid = fork();
	if (relay->pid == 0) {
		close(ends[0]);
		_exit(relay_process(ends[1]));
	}
	close(ends[1]);
	relay->control = ends[0];
	if (relay->pid < 0) {
		close(ends[0]);
		free(relay);
		return error_system(error, errno, "cannot start the relay");
	}
	*ret_relay = relay;
	return 0;
}

void relay_stop(struct relay *relay)
{
	if (relay == NULL)
		return;
	close(relay->control);
	(void)kill(relay->pid, SIGKILL);
	(void)waitpid(relay->pid, NULL, 0);
	free(relay);
}

pid_t relay_pid(const struct relay *relay)
{
	return relay->pid;
}

static int order(struct relay *relay, const struct relay_order *what, const int *fds,
	struct relay_answer *ret_answer, struct error *error)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec bytes = { (void *)(uintptr_t)what, sizeof(*what) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fds != NULL) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
	}
	if (sendmsg(relay->control, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(*what) ||
		recv(relay->control, ret_answer, sizeof(*ret_answer), 0) !=
			(ssize_t)sizeof(*ret_answer))
		return error_set(error, ERROR_STATE, "the relay is gone");
	if (ret_answer->result != 0)
		return error_system(
			error, ret_answer->system_errno, "the relay cannot carry the link");
	return 0;
}

int relay_add(struct relay *relay, unsigned link, const int fd[2],
	const struct line_settings settings[2], struct error *error)
{
	const struct relay_order what = { RELAY_ADD, link, { settings[0], settings[1] } };
	struct relay_answer answer;

	return order(relay, &what, fd, &answer, error);
}

int relay_change(struct relay *relay, unsigned link, const struct line_settings settings[2],
	struct error *error)
{
	const struct relay_order what = { RELAY_CHANGE, link, { settings[0], settings[1] } };
	struct relay_answer answer;

	return order(relay, &what, NULL, &answer, error);
}

int relay_count(struct relay *relay, unsigned link, struct relay_counters ret_counters[2],
	struct error *error)
{
	const struct relay_order what = { .kind = RELAY_COUNT, .link = link };
	struct relay_answer answer;
	int result = order(relay, &what, NULL, &answer, error);

	if (result == 0)
		memcpy(ret_counters, answer.counters, sizeof(answer.counters));
	return result;
}
