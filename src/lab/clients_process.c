/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients process: orders in, requests out at a steady pace, reports back.
 *
 *     every millisecond, while anything is to be done:
 *         take what came -> what is too old is lost -> ask whoever is due -> who waits for us?
 *
 * Invariants:
 *  1. Answers are taken before requests expire: our own lateness makes no request lost.
 *  2. Outside of a tick and of an order the process is in the supervisor's namespace.
 *  3. A client is due at fixed times, however late a tick was; what it owes beyond OWED_MAX_US
 *     is held back and counted.
 *  4. Of a batch of events, fetches come first: what comes after may end fetches.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lab/clients_internal.h"
#include "os/clock.h"

#define TICK_US           1000
#define IDLE_TICK_US      10000 /* when nobody asks, but something is on the way */
#define OWED_MAX_US       10000 /* a tick that is later than this leaves requests out */
#define EVENTS            64
#define PHASES            16
#define SOCKETS_USUAL_NEW 256
#define ON_WAY_SPARE      64 /* requests, for ticks that come late */

bool process_enter(struct process *process, int netns_fd)
{
	if (process->here_fd == netns_fd)
		return true;
	if (setns(netns_fd, CLONE_NEWNET) != 0)
		return false;
	process->here_fd = netns_fd;
	return true;
}

/* Invariant 2. */
static void go_home(struct process *process)
{
	if (!process_enter(process, process->home_fd))
		_exit(1); /* cannot be: we came from there */
}

/* ---- The pace ---- */

static uint64_t on_way_room(uint32_t interval_us, struct duration timeout)
{
	if (interval_us == 0)
		return ON_WAY_SPARE;
	return (uint64_t)(timeout.ns / 1000) / interval_us + OWED_MAX_US / interval_us +
	       ON_WAY_SPARE;
}

/* Clients do not all ask in the same moment, if the interval allows. */
static void set_due(const struct process *process, struct client *client, struct instant now)
{
	client->due = instant_add(now, duration_us((int64_t)process->interval_us *
						   (client->number % PHASES) / PHASES));
}

static int client_resize(const struct process *process, struct client *client)
{
	uint64_t room = on_way_room(process->interval_us, process->timeout);
	uint32_t on_way = asker_on_way(client->asker);

	return asker_resize(
		client->asker, room < on_way ? on_way : (uint32_t)room, process->timeout);
}

static int do_pace(
	struct process *process, const struct clients_order *order, struct error *error)
{
	struct duration timeout = duration_ms(order->timeout_ms);
	struct instant now = clock_now();

	if (order->timeout_ms == 0)
		return error_set(error, ERROR_RANGE, "the timeout is at least 1 ms");
	if (order->interval_us != 0 && order->interval_us < CLIENT_INTERVAL_LEAST)
		return error_set(error, ERROR_RANGE, "the interval is at least %d us",
			CLIENT_INTERVAL_LEAST);
	if (on_way_room(order->interval_us, timeout) > ASKER_ON_WAY_MAX)
		return error_set(error, ERROR_RANGE,
			"too many requests would be on the way at once: a shorter timeout, or "
			"a longer interval");
	process->timeout = timeout;
	process->interval_us = order->interval_us;
	for (uint32_t i = 0; i < process->top; i++) {
		struct client *client = process->clients[i];

		if (client == NULL)
			continue;
		if (client_resize(process, client) != 0)
			return error_set(error, ERROR_MEMORY, "no memory for requests");
		set_due(process, client, now);
	}
	return 0;
}

static void client_ask(struct process *process, struct client *client, struct instant now)
{
	int64_t interval_ns = duration_us(process->interval_us).ns;
	uint64_t most = OWED_MAX_US / process->interval_us + 1, owed;

	if (!instant_reached(client->due, now))
		return;
	owed = (uint64_t)(instant_since(now, client->due).ns / interval_ns) + 1;
	client->due.ns += (int64_t)owed * interval_ns;
	if (owed > most) { /* invariant 3 */
		asker_hold_back(client->asker, owed - most);
		owed = most;
	}
	if (client->target.asks == CLIENT_ASKS_DNS)
		client_ask_dns(client, owed);
	else
		client_ask_http(process, client, owed);
}

/* ---- Clients ---- */

static void client_free(struct client *client)
{
	if (client == NULL)
		return;
	client_fetches_end(client);
	client_sources_close(&client->now);
	client_sources_close(&client->left);
	asker_free(client->asker);
	if (client->netns_fd >= 0)
		close(client->netns_fd);
	free(client);
}

/* Fill in what zeroes mean. */
static int target_check(
	struct client_target *target, const struct address *source, struct error *error)
{
	bool dns = target->asks == CLIENT_ASKS_DNS;

	if (target->address.family == FAMILY_NONE)
		return error_set(error, ERROR_RANGE, "a client needs somebody to ask");
	if (source->family != FAMILY_NONE && source->family != target->address.family)
		return error_set(error, ERROR_RANGE,
			"a client asks from an address of the family that it asks");
	if (target->sockets > CLIENT_SOCKETS_MAX)
		return error_set(error, ERROR_RANGE, "a client has at most %d sockets",
			CLIENT_SOCKETS_MAX);
	if (target->path[0] == '\0')
		target->path[0] = '/';
	target->path[CLIENT_PATH_MAX - 1] = '\0';
	if (strpbrk(target->path, " \r\n") != NULL || target->path[0] != '/')
		return error_set(error, ERROR_RANGE, "%s is no path", target->path);
	if (target->port == 0)
		target->port = dns ? 53 : 80;
	if (target->sockets == 0)
		target->sockets = target->ports == CLIENT_PORTS_NEW ? SOCKETS_USUAL_NEW : 1;
	return 0;
}

static int client_begin(struct process *process, struct client *client, struct error *error)
{
	struct instant now = clock_now();
	int r = target_check(&client->target, &client->source, error);

	if (r != 0)
		return r;
	client->asker = asker_new((uint32_t)on_way_room(process->interval_us, process->timeout),
		process->timeout, now);
	if (client->asker == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for requests");
	set_due(process, client, now);
	if (client->target.asks == CLIENT_ASKS_HTTP)
		return 0;
	return client_sources_open(process, client, error);
}

/* Takes over the descriptor. */
static int do_add(struct process *process, const struct clients_order *order, int netns_fd,
	struct error *error)
{
	struct client *client;
	int r;

	if (netns_fd < 0 || order->number >= CLIENTS_MAX ||
		process->clients[order->number] != NULL) {
		if (netns_fd >= 0)
			close(netns_fd);
		if (order->number >= CLIENTS_MAX)
			return error_set(
				error, ERROR_RANGE, "clients are 0 to %d", CLIENTS_MAX - 1);
		return error_set(error, ERROR_EXISTS, "there is a client %u", order->number);
	}
	client = calloc(1, sizeof(*client));
	if (client == NULL) {
		close(netns_fd);
		return error_set(error, ERROR_MEMORY, "no memory for a client");
	}
	*client = (struct client){ .number = order->number,
		.netns_fd = netns_fd,
		.source = order->source,
		.target = order->target };
	list_init(&client->fetches);
	r = client_begin(process, client, error);
	go_home(process);
	if (r != 0) {
		client_free(client);
		return r;
	}
	process->clients[order->number] = client;
	process->count++;
	if (process->top <= order->number)
		process->top = order->number + 1;
	return 0;
}

static struct client *find(struct process *process, uint32_t number, struct error *error)
{
	if (number < CLIENTS_MAX && process->clients[number] != NULL)
		return process->clients[number];
	error_set(error, ERROR_NOT_FOUND, "there is no client %u", number);
	return NULL;
}

static int do_remove(
	struct process *process, const struct clients_order *order, struct error *error)
{
	struct client *client = find(process, order->number, error);

	if (client == NULL)
		return ERROR_NOT_FOUND;
	process->clients[order->number] = NULL;
	process->count--;
	while (process->top > 0 && process->clients[process->top - 1] == NULL)
		process->top--;
	client_free(client);
	return 0;
}

static int do_retarget(
	struct process *process, const struct clients_order *order, struct error *error)
{
	struct client *client = find(process, order->number, error);
	struct address before;
	struct sources left;
	int r;

	if (client == NULL)
		return ERROR_NOT_FOUND;
	before = client->target.address;
	if (order->target.address.family != before.family)
		return error_set(
			error, ERROR_RANGE, "client %u asks the other family", order->number);
	client->target.address = order->target.address;
	if (client->target.asks == CLIENT_ASKS_HTTP)
		return 0;
	left = client->now;
	r = client_sources_open(process, client, error);
	go_home(process);
	if (r != 0) {
		client->target.address = before;
		return r;
	}
	client_sources_close(&client->left);
	client->left = left;
	client->left_until = instant_add(clock_now(), process->timeout);
	return 0;
}

/* ---- Ticks ---- */

static void reply_send(struct process *process, const struct clients_reply *reply)
{
	/* The supervisor waits for it: there is room. */
	if (send(process->control_fd, reply, sizeof(*reply), MSG_NOSIGNAL) < 0 &&
		errno != EINTR)
		_exit(0);
}

/* A client that has no answer yet and should have; or NULL, with when the last came. */
static const struct client *unserved(const struct process *process, struct instant *ret_when)
{
	const struct clients_order *order = &process->wait_order;
	uint32_t count = order->count == 0 ? process->top : order->count;

	*ret_when = (struct instant){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = order->count == 0 ? i : order->numbers[i];
		const struct client *client = process->clients[number];
		struct instant when;

		if (client == NULL)
			continue;
		when = asker_first_answer(client->asker);
		if (!instant_is_set(when))
			return client;
		if (instant_before(*ret_when, when))
			*ret_when = when;
	}
	return NULL;
}

static bool settled(const struct process *process, struct instant now)
{
	for (uint32_t i = 0; i < process->top; i++) {
		const struct client *client = process->clients[i];

		if (client != NULL && instant_before(asker_decided_until(client->asker, now),
					      process->wait_from))
			return false;
	}
	return true;
}

/* Reply to the order that waits, if it has what it waits for or its time is over. */
static void look_at_wait(struct process *process, struct instant now)
{
	struct clients_reply reply = { .serial = process->wait_order.serial };
	const struct client *missing = NULL;
	bool over = instant_reached(process->wait_until, now);

	if (!process->waiting)
		return;
	if (process->wait_order.verb == CLIENTS_SETTLE) {
		if (!over && !settled(process, now))
			return;
	} else {
		missing = unserved(process, &reply.when);
		if (missing != NULL && !over)
			return;
	}
	if (missing != NULL)
		reply.code = error_set(&reply.error, ERROR_TIMEOUT,
			"client %u was not answered", missing->number);
	process->waiting = false;
	reply_send(process, &reply);
}

static bool anything_on_way(const struct process *process)
{
	for (uint32_t i = 0; i < process->top; i++) {
		const struct client *client = process->clients[i];

		if (client != NULL &&
			(asker_on_way(client->asker) > 0 || client->left.items != NULL))
			return true;
	}
	return false;
}

/* Tick as long as there is anything to do. */
static void set_timer(struct process *process)
{
	bool asking = process->interval_us != 0 && process->count > 0;
	bool ticking = asking || process->waiting || anything_on_way(process);
	long period_ns = (asking ? TICK_US : IDLE_TICK_US) * 1000l;
	struct itimerspec timer = { .it_interval.tv_nsec = ticking ? period_ns : 0,
		.it_value.tv_nsec = ticking ? period_ns : 0 };
	struct itimerspec before;

	timerfd_gettime(process->timer_fd, &before);
	/* Setting it anew would put the next tick off. */
	if (before.it_interval.tv_nsec != timer.it_interval.tv_nsec)
		timerfd_settime(process->timer_fd, 0, &timer, NULL);
}

static void client_tick(struct process *process, struct client *client, struct instant now)
{
	asker_expire(client->asker, now);
	if (client->fetch_count > 0)
		client_fetches_expire(client, (struct instant){ now.ns - process->timeout.ns });
	if (client->left.items != NULL && instant_reached(client->left_until, now))
		client_sources_close(&client->left);
	if (process->interval_us != 0)
		client_ask(process, client, now);
}

static void tick(struct process *process)
{
	uint64_t missed;
	struct instant now;

	if (read(process->timer_fd, &missed, sizeof(missed)) < 0 && errno != EAGAIN)
		_exit(1);
	process_receive(process); /* invariant 1 */
	now = clock_now();
	for (uint32_t i = 0; i < process->top; i++) {
		if (process->clients[i] != NULL)
			client_tick(process, process->clients[i], now);
	}
	go_home(process);
	look_at_wait(process, now);
	set_timer(process);
}

/* ---- Orders ---- */

static void do_mark(struct process *process)
{
	struct instant now = clock_now();

	process_receive(process);
	for (uint32_t i = 0; i < process->top; i++) {
		if (process->clients[i] != NULL)
			asker_mark(process->clients[i]->asker, now);
	}
}

static int do_report(struct process *process, const struct clients_order *order,
	struct client_report *ret_report, struct error *error)
{
	struct client *client = find(process, order->number, error);
	struct instant now;

	if (client == NULL)
		return ERROR_NOT_FOUND;
	process_receive(process);
	now = clock_now();
	asker_expire(client->asker, now);
	asker_report(client->asker, now, ret_report);
	return 0;
}

static void do_served(struct process *process, struct clients_reply *reply)
{
	process_receive(process);
	reply->count = process->count;
	for (uint32_t i = 0; i < process->top; i++) {
		const struct client *client = process->clients[i];

		reply->served +=
			client != NULL && instant_is_set(asker_first_answer(client->asker));
	}
}

static int do_wait(
	struct process *process, const struct clients_order *order, struct error *error)
{
	for (uint32_t i = 0; i < order->count && i < CLIENTS_MAX; i++) {
		if (find(process, order->numbers[i], error) == NULL)
			return ERROR_NOT_FOUND;
	}
	process->waiting = true;
	process->wait_order = *order;
	process->wait_from = clock_now();
	process->wait_until = instant_add(process->wait_from,
		order->verb == CLIENTS_SETTLE ? process->timeout
					      : duration_ms(order->timeout_ms));
	/* A request that is sent in this very moment may live as long as its timeout. */
	if (order->verb == CLIENTS_SETTLE)
		process->wait_until =
			instant_add(process->wait_until, duration_us(2 * IDLE_TICK_US));
	look_at_wait(process, process->wait_from);
	return 0;
}

static int order_do(struct process *process, const struct clients_order *order, int fd,
	struct clients_reply *reply)
{
	switch (order->verb) {
	case CLIENTS_ADD:
		return do_add(process, order, fd, &reply->error);
	case CLIENTS_REMOVE:
		return do_remove(process, order, &reply->error);
	case CLIENTS_RETARGET:
		return do_retarget(process, order, &reply->error);
	case CLIENTS_PACE:
		return do_pace(process, order, &reply->error);
	case CLIENTS_MARK:
		do_mark(process);
		return 0;
	case CLIENTS_REPORT:
		return do_report(process, order, &reply->report, &reply->error);
	case CLIENTS_SERVED:
		do_served(process, reply);
		return 0;
	case CLIENTS_WAIT:
	case CLIENTS_SETTLE:
		return do_wait(process, order, &reply->error);
	case CLIENTS_VERB_COUNT:
		break;
	}
	return error_set(&reply->error, ERROR_UNSUPPORTED, "no such order");
}

/* Gives whether there was an order; ends the process when the supervisor is gone. */
static bool order_take(struct process *process)
{
	static struct clients_order order;
	static struct clients_reply reply;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = { &order, sizeof(order) };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t length =
		recvmsg(process->control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (length != (ssize_t)sizeof(order))
		_exit(0);
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
		control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	if (fd >= 0 && order.verb != CLIENTS_ADD) {
		close(fd);
		fd = -1;
	}
	memset(&reply, 0, sizeof(reply));
	reply.serial = order.serial;
	reply.code = order_do(process, &order, fd, &reply);
	/* These are replied to when they are done. */
	if (reply.code != 0 || (order.verb != CLIENTS_WAIT && order.verb != CLIENTS_SETTLE))
		reply_send(process, &reply);
	set_timer(process);
	return true;
}

/* ---- The loop ---- */

static void watch(const struct process *process, int fd, void *tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

	if (fd < 0 || epoll_ctl(process->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		_exit(1);
}

static void begin(struct process *process, int fd)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	process->control_fd = fd;
	process->timeout = duration_ms(CLIENT_TIMEOUT_USUAL_MS);
	process->home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	process->here_fd = process->home_fd;
	process->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	process->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	process->udp_epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (process->home_fd < 0 || process->udp_epoll_fd < 0)
		_exit(1);
	watch(process, process->control_fd, &process->control_fd);
	watch(process, process->timer_fd, &process->timer_fd);
}

_Noreturn void clients_process_run(int fd)
{
	static struct process process;

	begin(&process, fd);
	for (;;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(process.epoll_fd, events, EVENTS, -1);
		bool ordered = false, ticked = false;

		for (int i = 0; i < count; i++) { /* invariant 4 */
			void *tag = events[i].data.ptr;

			if (tag == &process.control_fd)
				ordered = true;
			else if (tag == &process.timer_fd)
				ticked = true;
			else
				fetch_event(&process, tag);
		}
		if (ticked)
			tick(&process);
		while (ordered && order_take(&process))
			;
	}
}
