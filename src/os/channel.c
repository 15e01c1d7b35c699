/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records between two processes over a SOCK_SEQPACKET socket pair (unix(7)): the kernel keeps
 * the boundaries of records, and a file descriptor travels beside one by SCM_RIGHTS.
 *
 * Invariants:
 *  1. Records leave in the order of channel_send: while anything waits in the queue, a new
 * record goes behind it.
 *  2. Every descriptor that came in is either handed to the receiver or closed here.
 *  3. After lost() or channel_close() no callback is made.
 *  4. A record that was read before the other end went is delivered before lost() is called.
 */
#include "os/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"

/* One turn of the loop takes at most this many records, so that one sender can't starve others.
 */
#define RECORDS_A_TURN  64
#define DESCRIPTORS_MAX 4

struct packet {
	struct list node;
	int fd; /* own copy, -1: none */
	size_t length;
	uint8_t bytes[];
};

struct channel {
	uv_poll_t poll;
	struct channel_events events;
	struct list queue;
	size_t queued; /* bytes */
	int fd;
	bool refused; /* a send was refused since the last drained() */
	bool dead;    /* the other end is gone or the channel is closed */
};

/* One record is looked at at a time in a process, so one buffer serves all channels. */
static _Alignas(max_align_t) uint8_t receive_buffer[CHANNEL_RECORD_MAX];

static void channel_ready(uv_poll_t *poll, int status, int events);

int channel_pair(int ret_fds[2], struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_fds) != 0)
		return error_system(error, errno, "cannot make a socket pair");
	return 0;
}

struct channel *channel_open(uv_loop_t *loop, int fd, const struct channel_events *events)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return NULL;
	if (uv_poll_init(loop, &channel->poll, fd) != 0) {
		free(channel);
		return NULL;
	}
	channel->fd = fd;
	channel->events = *events;
	channel->poll.data = channel;
	list_init(&channel->queue);
	uv_poll_start(&channel->poll, UV_READABLE, channel_ready);
	return channel;
}

static void packet_free(struct packet *packet)
{
	list_remove(&packet->node);
	if (packet->fd >= 0)
		close(packet->fd);
	free(packet);
}

static void channel_freed(uv_handle_t *handle)
{
	free(handle->data);
}

void channel_close(struct channel *channel)
{
	if (channel == NULL)
		return;
	channel->dead = true;
	list_for_each_safe(node, &channel->queue)
		packet_free(container_of(node, struct packet, node));
	uv_close((uv_handle_t *)&channel->poll, channel_freed);
	close(channel->fd);
}

size_t channel_queued(const struct channel *channel)
{
	return channel->queued;
}

/* 0, or errno. */
static int packet_send(int socket, const void *bytes, size_t length, int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec vector = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = length };
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
		if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != EINTR)
			return errno;
	}
}

static int channel_queue(struct channel *channel, const void *bytes, size_t length, int fd)
{
	struct packet *packet;

	if (channel->queued + length > CHANNEL_QUEUE_MAX) {
		channel->refused = true;
		return ERROR_FULL;
	}
	packet = malloc(sizeof(*packet) + length);
	if (packet == NULL)
		return ERROR_FULL;
	packet->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && packet->fd < 0) {
		free(packet);
		return ERROR_FULL;
	}
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	list_append(&channel->queue, &packet->node);
	channel->queued += length;
	uv_poll_start(&channel->poll, UV_READABLE | UV_WRITABLE, channel_ready);
	return 0;
}

int channel_send(struct channel *channel, const void *bytes, size_t length, int fd)
{
	int failure;

	if (length == 0 || length > CHANNEL_RECORD_MAX)
		return ERROR_RANGE;
	if (channel->dead)
		return ERROR_STATE;
	if (!list_empty(&channel->queue))
		return channel_queue(channel, bytes, length, fd);
	failure = packet_send(channel->fd, bytes, length, fd);
	if (failure == 0)
		return 0;
	/* ETOOMANYREFS: the other end has not yet taken the descriptors in flight (unix(7)). */
	if (failure == EAGAIN || failure == ENOBUFS || failure == ENOMEM ||
		failure == ETOOMANYREFS)
		return channel_queue(channel, bytes, length, fd);
	/* lost() follows from the reading side, after what is still to be read. */
	return ERROR_STATE;
}

static void channel_flush(struct channel *channel)
{
	while (!list_empty(&channel->queue)) {
		struct packet *packet = container_of(channel->queue.next, struct packet, node);
		int failure =
			packet_send(channel->fd, packet->bytes, packet->length, packet->fd);

		if (failure == EAGAIN || failure == ENOBUFS || failure == ENOMEM ||
			failure == ETOOMANYREFS)
			return;
		channel->queued -= packet->length;
		packet_free(packet);
	}
	uv_poll_start(&channel->poll, UV_READABLE, channel_ready);
}

static void channel_lost(struct channel *channel)
{
	channel->dead = true;
	uv_poll_stop(&channel->poll);
	channel->events.lost(channel->events.context);
}

/* The first descriptor of a message; any further ones are closed. */
static int message_descriptor(struct msghdr *message)
{
	int taken = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
		c = CMSG_NXTHDR(message, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (taken < 0)
				taken = fd;
			else
				close(fd);
		}
	}
	return taken;
}

/* Bytes of a record, 0 when the other end is gone, -1 when there is nothing for now. */
static ssize_t packet_receive(int socket, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} control;
	struct iovec vector = { .iov_base = receive_buffer, .iov_len = sizeof(receive_buffer) };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t length;

	do
		length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	*ret_fd = -1;
	if (length < 0)
		return errno == EAGAIN ? -1 : 0;
	*ret_fd = message_descriptor(&message);
	return length;
}

static void channel_ready(uv_poll_t *poll, int status, int events)
{
	struct channel *channel = poll->data;

	if ((events & UV_WRITABLE) != 0) {
		channel_flush(channel);
		if (channel->refused && channel->queued < CHANNEL_QUEUE_MAX / 2) {
			channel->refused = false;
			if (channel->events.drained != NULL)
				channel->events.drained(channel->events.context);
		}
	}
	for (int i = 0; i < RECORDS_A_TURN && !channel->dead; i++) {
		int fd;
		ssize_t length = packet_receive(channel->fd, &fd);

		if (length == 0 || (length < 0 && status < 0)) {
			if (fd >= 0)
				close(fd);
			channel_lost(channel);
			return;
		}
		if (length < 0)
			return;
		channel->events.record(
			channel->events.context, receive_buffer, (size_t)length, fd);
	}
}
