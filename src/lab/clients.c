/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's end of the clients: fork, orders, replies.
 *
 * Invariants:
 *  1. At most one order is open; a reply to one that was given up is thrown away by its serial.
 *  2. The process holds no descriptor of the supervisor but its end of the pair and 0, 1, 2.
 */
#include "lab/clients.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/clients_order.h"
#include "os/clock.h"

#define PATIENCE_MS 10000u /* for a reply beyond what an order waits for itself */

struct clients {
	pid_t pid;
	int fd;
	uint64_t serial;
	uint32_t timeout_ms; /* of the pace */
};

/* ---- The process ---- */

static _Noreturn void process_begin(int fd, pid_t parent)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGPIPE }; /* the supervisor decides */
	static const int usual[] = { SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2 };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it ended before that */
		_exit(0);
	prctl(PR_SET_NAME, "lab-clients");
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Invariant 2. */
	if (dup2(fd, 3) != 3)
		_exit(1);
	close_range(4, ~0u, 0);
	clients_process_run(3);
}

int clients_start(struct clients **ret_clients, struct error *error)
{
	struct clients *clients = calloc(1, sizeof(*clients));
	pid_t parent = getpid();
	int fds[2];

	if (clients == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for clients");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		free(clients);
		return error_system(error, errno, "cannot make a socket pair");
	}
	fflush(NULL); /* so that nothing is written twice */
	clients->pid = fork();
	if (clients->pid == 0)
		process_begin(fds[1], parent);
	close(fds[1]);
	clients->fd = fds[0];
	clients->timeout_ms = CLIENT_TIMEOUT_USUAL_MS;
	if (clients->pid < 0) {
		int reason = errno;

		close(clients->fd);
		free(clients);
		return error_system(error, reason, "can't start the clients");
	}
	*ret_clients = clients;
	return 0;
}

void clients_stop(struct clients *clients)
{
	if (clients == NULL)
		return;
	close(clients->fd);
	kill(clients->pid, SIGKILL);
	while (waitpid(clients->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(clients);
}

pid_t clients_pid(const struct clients *clients)
{
	return clients->pid;
}

/* ---- Orders ---- */

static int gone(struct error *error)
{
	return error_set(error, ERROR_STATE, "the process of the clients is gone");
}

static int order_send(const struct clients *clients, const struct clients_order *order, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec vector = { (void *)(uintptr_t)order, sizeof(*order) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	for (;;) {
		if (sendmsg(clients->fd, &message, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return ERROR_STATE;
	}
}

/* Wait for the reply to the order that was sent last. */
static int reply_wait(struct clients *clients, uint32_t patience_ms,
	struct clients_reply *ret_reply, struct error *error)
{
	struct instant end = instant_add(clock_now(), duration_ms(patience_ms));

	for (;;) {
		int64_t left_ms = duration_to_ms(instant_since(end, clock_now()));
		struct pollfd poller = { .fd = clients->fd, .events = POLLIN };
		ssize_t length;

		if (left_ms < 0)
			return error_set(error, ERROR_TIMEOUT, "the clients do not answer");
		if (poll(&poller, 1, (int)left_ms) <= 0)
			continue;
		length = recv(clients->fd, ret_reply, sizeof(*ret_reply), MSG_DONTWAIT);
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length != (ssize_t)sizeof(*ret_reply))
			return gone(error);
		if (ret_reply->serial == clients->serial)
			return 0;
	}
}

/* wait_ms: how long the order may take by itself. */
static int order_do(struct clients *clients, struct clients_order *order, int fd,
	uint32_t wait_ms, struct clients_reply *ret_reply, struct error *error)
{
	int r;

	order->serial = ++clients->serial;
	if (order_send(clients, order, fd) != 0)
		return gone(error);
	r = reply_wait(clients, wait_ms + PATIENCE_MS, ret_reply, error);
	if (r != 0)
		return r;
	if (ret_reply->code != 0 && error != NULL)
		*error = ret_reply->error;
	return ret_reply->code;
}

int clients_add(struct clients *clients, unsigned number, int netns_fd,
	const struct address *source, const struct client_target *target, struct error *error)
{
	struct clients_order order = {
		.verb = CLIENTS_ADD, .number = number, .source = *source, .target = *target
	};
	struct clients_reply reply;

	return order_do(clients, &order, netns_fd, 0, &reply, error);
}

int clients_remove(struct clients *clients, unsigned number, struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_REMOVE, .number = number };
	struct clients_reply reply;

	return order_do(clients, &order, -1, 0, &reply, error);
}

int clients_retarget(struct clients *clients, unsigned number, const struct address *address,
	struct error *error)
{
	struct clients_order order = {
		.verb = CLIENTS_RETARGET, .number = number, .target = { .address = *address }
	};
	struct clients_reply reply;

	return order_do(clients, &order, -1, 0, &reply, error);
}

int clients_pace(
	struct clients *clients, uint32_t interval_us, uint32_t timeout_ms, struct error *error)
{
	struct clients_order order = {
		.verb = CLIENTS_PACE, .interval_us = interval_us, .timeout_ms = timeout_ms
	};
	struct clients_reply reply;
	int r = order_do(clients, &order, -1, 0, &reply, error);

	if (r == 0)
		clients->timeout_ms = timeout_ms;
	return r;
}

int clients_mark(struct clients *clients, struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_MARK };
	struct clients_reply reply;

	return order_do(clients, &order, -1, 0, &reply, error);
}

int clients_report(struct clients *clients, unsigned number, struct client_report *ret_report,
	struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_REPORT, .number = number };
	struct clients_reply reply;
	int r = order_do(clients, &order, -1, 0, &reply, error);

	if (r == 0)
		*ret_report = reply.report;
	return r;
}

int clients_served(
	struct clients *clients, uint32_t *ret_served, uint32_t *ret_count, struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_SERVED };
	struct clients_reply reply;
	int r = order_do(clients, &order, -1, 0, &reply, error);

	if (r != 0)
		return r;
	*ret_served = reply.served;
	*ret_count = reply.count;
	return 0;
}

int clients_wait_first(struct clients *clients, const uint16_t *numbers, size_t count,
	uint32_t deadline_ms, struct instant *ret_when, struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_WAIT, .timeout_ms = deadline_ms };
	struct clients_reply reply;
	int r;

	if (numbers != NULL && count == 0)
		return 0;
	if (numbers != NULL && count > CLIENTS_MAX)
		return error_set(error, ERROR_RANGE, "at most %d clients", CLIENTS_MAX);
	if (numbers != NULL) {
		order.count = (uint32_t)count;
		memcpy(order.numbers, numbers, count * sizeof(*numbers));
	}
	r = order_do(clients, &order, -1, deadline_ms, &reply, error);
	if (r == 0 && ret_when != NULL)
		*ret_when = reply.when;
	return r;
}

int clients_settle(struct clients *clients, struct error *error)
{
	struct clients_order order = { .verb = CLIENTS_SETTLE };
	struct clients_reply reply;

	return order_do(clients, &order, -1, clients->timeout_ms, &reply, error);
}
