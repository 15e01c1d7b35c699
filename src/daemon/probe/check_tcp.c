/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp: connects, says something if told to, and looks for an expected answer.
 *
 *     start --> connecting --> [proxy header, send] --> [reading until expect is seen] --> good
 *                   |                                        |
 *                   +--> refused: conclusive                 +--> closed without it: bad
 *
 * 1. A connection that carried nothing is reset, so that checks leave no TIME_WAIT behind; one
 *    that carried something is closed in order, so that the service reads what was sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/text.h"
#include "daemon/probe/check_type.h"
#include "daemon/probe/proxy_header.h"
#include "os/connect.h"

#define ANSWER_MAX 65536 /* bytes looked at */

struct tcp_state {
	struct watch watch;
	struct target *target;
	int fd; /* while a probe runs */
	bool talked;
	struct text answer;
};

static void tcp_release(struct target *target, struct tcp_state *state)
{
	watch_end(&target->tools->poller, &state->watch);
	if (state->talked)
		close(state->fd);
	else
		connect_abort(state->fd);
	state->fd = -1;
	text_clear(&state->answer);
}

static void tcp_fail(struct tcp_state *state, int system_errno, const char *doing)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", doing,
		target_endpoint(state->target, state->target->settings->tcp.port));
	tcp_release(state->target, state);
	target_failed(state->target, system_errno, text);
}

static bool tcp_write(struct tcp_state *state, const void *bytes, size_t length)
{
	ssize_t sent;

	if (length == 0)
		return true;
	state->talked = true;
	/* A fresh connection has room for more than any of this. */
	sent = send(state->fd, bytes, length, MSG_NOSIGNAL);
	if (sent == (ssize_t)length)
		return true;
	tcp_fail(state, sent < 0 ? errno : EPIPE, "send to");
	return false;
}

static bool tcp_greet(struct tcp_state *state)
{
	const struct config_check_tcp *settings = &state->target->settings->tcp;
	struct sockaddr_storage storage = { 0 };
	socklen_t size = sizeof(storage);
	uint8_t header[PROXY_HEADER_MAX];
	struct address source;
	uint16_t port;
	size_t length;

	if (settings->proxy_protocol != PROXY_NONE) {
		if (getsockname(state->fd, (struct sockaddr *)&storage, &size) != 0) {
			tcp_fail(state, errno, "source address towards");
			return false;
		}
		source = connect_address(&storage, &port);
		length = proxy_header_build(settings->proxy_protocol, &source, port,
			&state->target->address, settings->port, header);
		if (!tcp_write(state, header, length))
			return false;
	}
	return settings->send == NULL ||
	       tcp_write(state, settings->send, strlen(settings->send));
}

static void tcp_good(struct tcp_state *state, const char *what)
{
	struct target *target = state->target;

	tcp_release(target, state);
	target_done(target, OUTCOME_GOOD, "%s %s in %s", what,
		target_endpoint(target, target->settings->tcp.port), target_elapsed(target));
}

/* For people: what came instead, cut and printable. */
static void tcp_bad_answer(struct tcp_state *state, const char *why)
{
	struct target *target = state->target;
	char seen[64];
	size_t length = state->answer.length;

	if (length >= sizeof(seen))
		length = sizeof(seen) - 1;
	memcpy(seen, text_string(&state->answer), length);
	seen[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (seen[i] < ' ' || seen[i] > '~')
			seen[i] = '.';
	}
	tcp_release(target, state);
	target_done(target, OUTCOME_BAD, "%s %s: got \"%s\"",
		target_endpoint(target, target->settings->tcp.port), why, seen);
}

static void tcp_read(struct tcp_state *state)
{
	const char *expect = state->target->settings->tcp.expect;
	char buffer[4096];
	ssize_t received = recv(state->fd, buffer, sizeof(buffer), 0);

	if (received < 0) {
		if (errno != EAGAIN && errno != EINTR)
			tcp_fail(state, errno, "read from");
		return;
	}
	text_add_bytes(&state->answer, buffer, (size_t)received);
	if (state->answer.failed)
		tcp_fail(state, ENOMEM, "read from");
	else if (memmem(text_string(&state->answer), state->answer.length, expect,
			 strlen(expect)) != NULL)
		tcp_good(state, "expected answer from");
	else if (received == 0)
		tcp_bad_answer(state, "closed without the expected answer");
	else if (state->answer.length >= ANSWER_MAX)
		tcp_bad_answer(state, "did not say what is expected in 64 KiB");
}

static void tcp_connected(struct tcp_state *state)
{
	struct target *target = state->target;
	int status;

	if (!tcp_greet(state))
		return;
	if (target->settings->tcp.expect == NULL) {
		tcp_good(state, "connected to");
		return;
	}
	target->waiting_for = "the expected answer";
	status = state->watch.events != 0
			 ? watch_change(&target->tools->poller, &state->watch, EPOLLIN)
			 : watch_begin(
				   &target->tools->poller, &state->watch, state->fd, EPOLLIN);
	if (status != 0)
		tcp_fail(state, -status, "watch");
}

static void tcp_ready(struct watch *watch, uint32_t events)
{
	struct tcp_state *state = container_of(watch, struct tcp_state, watch);
	int status;

	if ((watch->events & EPOLLOUT) == 0) {
		tcp_read(state);
		return;
	}
	(void)events;
	status = connect_status(state->fd);
	if (status == 0)
		tcp_connected(state);
	else if (status < 0)
		tcp_fail(state, -status, "connect to");
}

static void tcp_start(struct target *target, void *state_pointer)
{
	struct tcp_state *state = state_pointer;
	char text[128];
	int status;

	state->target = target;
	state->watch.ready = tcp_ready;
	state->talked = false;
	target->waiting_for = "the connection";
	status = connect_stream(&target->address, target->settings->tcp.port, &state->fd);
	if (status < 0) {
		snprintf(text, sizeof(text), "connect to %s",
			target_endpoint(target, target->settings->tcp.port));
		target_failed(target, -status, text);
		return;
	}
	if (status == 0) {
		tcp_connected(state);
		return;
	}
	status = watch_begin(&target->tools->poller, &state->watch, state->fd, EPOLLOUT);
	if (status != 0)
		tcp_fail(state, -status, "watch");
}

static void tcp_cancel(struct target *target, void *state_pointer)
{
	tcp_release(target, state_pointer);
}

const struct check_type check_tcp_type = {
	.name = "tcp",
	.size = sizeof(struct tcp_state),
	.local_only = true,
	.start = tcp_start,
	.cancel = tcp_cancel,
};
