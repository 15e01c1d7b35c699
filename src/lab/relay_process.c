/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay's process: frames come in, wait in order, go out.
 *
 * Invariants:
 *  1. Frames of a direction are a list in the order in which they go out; the heap holds the
 *     directions that have one, by the time of the first.
 *  2. At most RELAY_BYTES_MAX are under way; what comes on top is dropped and counted.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/heap.h"
#include "lab/relay_order.h"
#include "os/clock.h"

#define FRAME_MAX  (65536 + RELAY_HEADER)
#define READS_MAX  32 /* of one end before another one has its turn */
#define EVENTS_MAX 64
#define LATE_NS    1000000

struct frame {
	struct frame *next;
	struct instant out;
	uint32_t length;
	uint8_t bytes[];
};

struct direction {
	struct heap_node due; /* first: the heap's nodes are directions */
	struct line line;
	struct frame *first, *last;
	int in, out; /* descriptors */
	struct relay_counters counters;
};

struct carried {
	struct direction ways[2];
};

struct process {
	int control, epoll, timer;
	struct carried *links[RELAY_LINKS_MAX];
	struct heap waiting;
	size_t bytes;
	struct instant armed;
	uint8_t buffer[FRAME_MAX];
};

/* ---- Frames ---- */

static void send_frame(struct direction *way, const uint8_t *bytes, size_t length)
{
	if (write(way->out, bytes, length) == (ssize_t)length)
		way->counters.out++;
	else
		way->counters.refused++;
}

static void keep_frame(
	struct process *p, struct direction *way, size_t length, struct instant out)
{
	struct frame *frame =
		p->bytes + length > RELAY_BYTES_MAX ? NULL : malloc(sizeof(*frame) + length);

	if (frame == NULL) {
		way->line.counters.dropped++;
		return;
	}
	frame->next = NULL;
	frame->out = out;
	frame->length = (uint32_t)length;
	memcpy(frame->bytes, p->buffer, length);
	p->bytes += length;
	if (way->first == NULL)
		way->first = frame;
	else
		way->last->next = frame;
	way->last = frame;
	/* Room was made for every direction when it came. */
	if (way->first == frame)
		(void)heap_set(&p->waiting, &way->due, out);
}

static void take_frames(struct process *p, struct direction *way)
{
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t length = read(way->in, p->buffer, sizeof(p->buffer));
		struct instant now = clock_now(), out;

		if (length <= RELAY_HEADER)
			return;
		if (!line_take(&way->line, now, (size_t)length - RELAY_HEADER, &out))
			continue;
		if (way->first == NULL && !instant_before(now, out))
			send_frame(way, p->buffer, (size_t)length);
		else
			keep_frame(p, way, (size_t)length, out);
	}
}

static void release_first(struct process *p, struct direction *way, struct instant now)
{
	struct frame *frame = way->first;

	if (instant_since(now, frame->out).ns > LATE_NS)
		way->counters.late++;
	send_frame(way, frame->bytes, frame->length);
	way->first = frame->next;
	p->bytes -= frame->length;
	free(frame);
}

static void release_due(struct process *p)
{
	struct instant now = clock_now();
	struct heap_node *node;

	while ((node = heap_first(&p->waiting)) != NULL && !instant_before(now, node->when)) {
		struct direction *way = (struct direction *)(void *)node;

		while (way->first != NULL && !instant_before(now, way->first->out))
			release_first(p, way, now);
		if (way->first != NULL)
			(void)heap_set(&p->waiting, &way->due, way->first->out);
		else
			heap_remove(&p->waiting, &way->due);
		now = clock_now();
	}
}

static void arm(struct process *p)
{
	const struct heap_node *node = heap_first(&p->waiting);
	struct itimerspec when = { 0 };

	if (node == NULL || node->when.ns == p->armed.ns)
		return;
	when.it_value.tv_sec = (time_t)(node->when.ns / 1000000000);
	when.it_value.tv_nsec = (long)(node->when.ns % 1000000000);
	(void)timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &when, NULL);
	p->armed = node->when;
}

/* ---- Orders ---- */

static int watch(struct process *p, int fd, struct direction *way)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = way };

	return epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int add(struct process *p, const struct relay_order *order, const int fds[2])
{
	struct carried *link = order->link < RELAY_LINKS_MAX && p->links[order->link] == NULL
				       ? calloc(1, sizeof(*link))
				       : NULL;

	if (link == NULL || heap_reserve(&p->waiting, 2 * RELAY_LINKS_MAX) != 0) {
		free(link);
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		struct direction *way = &link->ways[i];

		way->in = fds[i];
		way->out = fds[!i];
		line_init(&way->line, &order->settings[i],
			2 * (uint64_t)order->link + (uint64_t)i + 1);
		if (watch(p, fds[i], way) != 0) {
			if (i == 1)
				(void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, fds[0], NULL);
			free(link);
			return -1;
		}
	}
	p->links[order->link] = link;
	return 0;
}

static int obey(struct process *p, const struct relay_order *order, const int fds[2],
	struct relay_answer *answer)
{
	struct carried *link = order->link < RELAY_LINKS_MAX ? p->links[order->link] : NULL;

	if (order->kind == RELAY_ADD)
		return add(p, order, fds);
	if (link == NULL) {
		errno = ENOENT;
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		if (order->kind == RELAY_CHANGE)
			line_change(&link->ways[i].line, &order->settings[i]);
		answer->counters[i] = link->ways[i].counters;
		answer->counters[i].line = link->ways[i].line.counters;
	}
	return 0;
}

/* False: nobody gives orders any more. */
static bool take_order(struct process *p)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
	struct relay_order order;
	struct relay_answer answer = { 0 };
	struct iovec bytes = { &order, sizeof(order) };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int fds[2] = { -1, -1 };
	const struct cmsghdr *header;

	if (recvmsg(p->control, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(order))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_len == CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(header), sizeof(fds));
	answer.result = obey(p, &order, fds, &answer);
	answer.system_errno = answer.result == 0 ? 0 : errno;
	if (answer.result != 0 && fds[0] >= 0) {
		close(fds[0]);
		close(fds[1]);
	}
	return send(p->control, &answer, sizeof(answer), MSG_NOSIGNAL) ==
	       (ssize_t)sizeof(answer);
}

/* ---- Life ---- */

static bool turn(struct process *p)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(p->epoll, events, EVENTS_MAX, -1);
	uint64_t ticks;

	if (count < 0)
		return errno == EINTR;
	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr == &p->control) {
			if (!take_order(p))
				return false;
		} else if (events[i].data.ptr == &p->timer) {
			if (read(p->timer, &ticks, sizeof(ticks)) > 0)
				p->armed = (struct instant){ 0 };
		} else {
			take_frames(p, events[i].data.ptr);
		}
		release_due(p);
	}
	arm(p);
	return true;
}

int relay_process(int control)
{
	struct process *p = calloc(1, sizeof(*p));
	struct epoll_event on_control = { .events = EPOLLIN }, on_timer = { .events = EPOLLIN };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "relay");
	/* Timers to the microsecond, before others if we may. */
	(void)prctl(PR_SET_TIMERSLACK, 1000);
	(void)setpriority(PRIO_PROCESS, 0, -15);
	if (p == NULL)
		return 1;
	p->control = control;
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	on_control.data.ptr = &p->control;
	on_timer.data.ptr = &p->timer;
	if (p->epoll < 0 || p->timer < 0 ||
		epoll_ctl(p->epoll, EPOLL_CTL_ADD, control, &on_control) != 0 ||
		epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->timer, &on_timer) != 0)
		return 1;
	while (turn(p))
		continue;
	return 0;
}
