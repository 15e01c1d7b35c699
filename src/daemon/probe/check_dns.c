/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: asks one question and judges the answer. RFC 1035; over UDP every query has its own
 * source port and a random ID (RFC 5452), over TCP its own connection (RFC 7766).
 *
 *     start --> UDP: asked -----------------> judged
 *           \-> TCP: connecting --> asked --> judged
 *
 * 1. Only an answer to this very question counts: others (late, of another ID) are passed over.
 * 2. From the asked address, what is no DNS at all is a failure, not a reason to wait.
 * 3. A TCP connection is reset once its answer was read: thousands in TIME_WAIT would use up
 * the ports of the address, and finding a free one gets slow long before.
 * 4. UDP sockets are connected, so that a closed port answers with ECONNREFUSED at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/text.h"
#include "daemon/probe/check_type.h"
#include "os/connect.h"
#include "wire/dns.h"

#define LENGTH_SIZE     2 /* in front of a message over TCP: RFC 1035 section 4.2.2 */
#define QUERY_MAX       512
#define SEEN_MAX        96  /* bytes of an answer shown to people */
#define PASSED_OVER_MAX 100 /* other answers read in one turn */

struct dns_state {
	struct watch watch;
	struct target *target;
	int fd; /* while a probe runs */
	struct dns_query query;
	struct text stream; /* TCP: what came so far */
};

/* One probe at a time reads a datagram, so that one buffer serves all. */
static uint8_t datagram[DNS_MESSAGE_MAX];

static const struct config_check_dns *settings_of(const struct dns_state *state)
{
	return &state->target->settings->dns;
}

static const char *endpoint(const struct dns_state *state)
{
	return target_endpoint(state->target, settings_of(state)->port);
}

static void dns_release(struct target *target, struct dns_state *state)
{
	watch_end(&target->tools->poller, &state->watch);
	if (target->settings->dns.transport == TRANSPORT_TCP)
		connect_abort(state->fd);
	else
		close(state->fd);
	state->fd = -1;
	text_clear(&state->stream);
}

static void dns_fail(struct dns_state *state, int system_errno, const char *doing)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", doing, endpoint(state));
	dns_release(state->target, state);
	target_failed(state->target, system_errno, text);
}

static void dns_bad(struct dns_state *state, const char *what)
{
	dns_release(state->target, state);
	target_done(state->target, OUTCOME_BAD, "%s from %s", what, endpoint(state));
}

/* Does an answer record hold the expected text? Tells the first one otherwise. */
static bool answer_expected(
	const struct dns_response *response, const char *expect, char seen[SEEN_MAX])
{
	struct dns_answers answers = dns_answers_of(response);
	struct dns_record record;
	char text[1024];

	seen[0] = '\0';
	while (dns_answer_next(&answers, &record)) {
		dns_rdata_format(response, &record, text, sizeof(text));
		if (strstr(text, expect) != NULL)
			return true;
		if (seen[0] == '\0')
			snprintf(seen, SEEN_MAX, "%s", text);
	}
	return false;
}

static bool nsid_expected(
	const struct dns_response *response, const char *expect, char seen[SEEN_MAX])
{
	char text[1024] = "";

	if (response->nsid != NULL)
		dns_bytes_format(response->nsid, response->nsid_length, text, sizeof(text));
	snprintf(seen, SEEN_MAX, "%s", response->nsid == NULL ? "none" : text);
	return response->nsid != NULL && strstr(text, expect) != NULL;
}

/* The sentence about what is wrong, or false. */
static bool dns_objection(const struct config_check_dns *settings,
	const struct dns_response *response, char *text, size_t size)
{
	char got[DNS_CODE_TEXT_MAX], wanted[DNS_CODE_TEXT_MAX], seen[SEEN_MAX];
	const char *cut = response->truncated ? " (truncated, ask over TCP)" : "";

	if (response->rcode != settings->rcode)
		snprintf(text, size, "%s, not %s", dns_rcode_name(response->rcode, got),
			dns_rcode_name(settings->rcode, wanted));
	else if (settings->rcode == DNS_RCODE_NOERROR && settings->expect_answer &&
		 response->answer_count == 0)
		snprintf(text, size, "NOERROR, but no answer record%s", cut);
	else if (settings->expect != NULL && !answer_expected(response, settings->expect, seen))
		snprintf(text, size, "answer \"%s\", not \"%.64s\"%s", seen, settings->expect,
			cut);
	else if (settings->expect_nsid != NULL &&
		 !nsid_expected(response, settings->expect_nsid, seen))
		snprintf(text, size, "NSID %s, not \"%.64s\"", seen, settings->expect_nsid);
	else
		return false;
	return true;
}

static void dns_judge(struct dns_state *state, const struct dns_response *response)
{
	struct target *target = state->target;
	char objection[RECORD_EVIDENCE_MAX], code[DNS_CODE_TEXT_MAX];

	if (dns_objection(settings_of(state), response, objection, sizeof(objection))) {
		dns_bad(state, objection);
		return;
	}
	dns_release(target, state);
	target_done(target, OUTCOME_GOOD, "%s (%u answer%s) from %s in %s",
		dns_rcode_name(response->rcode, code), response->answer_count,
		response->answer_count == 1 ? "" : "s", endpoint(state),
		target_elapsed(target));
}

/* True if the message ended the probe. */
static bool dns_message(struct dns_state *state, const uint8_t *bytes, size_t length)
{
	struct dns_response response;
	struct error error = { 0 };
	char text[RECORD_EVIDENCE_MAX];
	int status = dns_response_read(bytes, length, &state->query, &response, &error);

	if (status == ERROR_NOT_FOUND)
		return false;
	if (status == 0) {
		dns_judge(state, &response);
	} else {
		snprintf(text, sizeof(text), "a broken answer (%.120s)", error.text);
		dns_bad(state, text);
	}
	return true;
}

static void datagram_read(struct dns_state *state)
{
	for (int i = 0; i < PASSED_OVER_MAX; i++) {
		ssize_t received = recv(state->fd, datagram, sizeof(datagram), 0);

		if (received >= 0) {
			if (dns_message(state, datagram, (size_t)received))
				return;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			dns_fail(state, errno, "query to");
			return;
		}
	}
}

/* Judge the message at the start of the stream once it is whole. */
static void stream_judge(struct dns_state *state)
{
	const uint8_t *bytes = (const uint8_t *)text_string(&state->stream);
	struct cursor cursor = cursor_of(bytes, state->stream.length);
	size_t length = cursor_u16(&cursor);

	if (cursor.failed || cursor_left(&cursor) < length)
		return;
	if (!dns_message(state, cursor.at, length))
		dns_bad(state, "an answer to another question");
}

static void stream_read(struct dns_state *state)
{
	uint8_t buffer[4096];
	ssize_t received = recv(state->fd, buffer, sizeof(buffer), 0);

	if (received > 0) {
		text_add_bytes(&state->stream, (const char *)buffer, (size_t)received);
		if (state->stream.failed)
			dns_fail(state, ENOMEM, "answer from");
		else
			stream_judge(state);
	} else if (received == 0) {
		dns_bad(state, "the connection was closed without an answer");
	} else if (errno != EAGAIN && errno != EINTR) {
		dns_fail(state, errno, "answer from");
	}
}

/* Send the query and wait for its answer. */
static void dns_ask(struct dns_state *state)
{
	struct poller *poller = &state->target->tools->poller;
	bool stream = settings_of(state)->transport == TRANSPORT_TCP;
	uint8_t query[LENGTH_SIZE + QUERY_MAX];
	struct writer writer = writer_of(query + LENGTH_SIZE, QUERY_MAX);
	const uint8_t *start = stream ? query : query + LENGTH_SIZE;
	size_t length;
	int status;

	dns_query_write(&writer, &state->query);
	bytes_put_u16(query, (uint16_t)writer_length(&writer));
	length = writer_length(&writer) + (stream ? LENGTH_SIZE : 0);
	if (send(state->fd, start, length, MSG_NOSIGNAL) != (ssize_t)length) {
		dns_fail(state, errno, "query to");
		return;
	}
	status = state->watch.events != 0
			 ? watch_change(poller, &state->watch, EPOLLIN)
			 : watch_begin(poller, &state->watch, state->fd, EPOLLIN);
	if (status != 0)
		dns_fail(state, -status, "watch");
}

static void dns_ready(struct watch *watch, uint32_t events)
{
	struct dns_state *state = container_of(watch, struct dns_state, watch);
	int status;

	(void)events;
	if ((watch->events & EPOLLOUT) != 0) {
		status = connect_status(state->fd);
		if (status == 0)
			dns_ask(state);
		else if (status < 0)
			dns_fail(state, -status, "connect to");
	} else if (settings_of(state)->transport == TRANSPORT_TCP) {
		stream_read(state);
	} else {
		datagram_read(state);
	}
}

static bool query_prepare(struct dns_state *state)
{
	const struct config_check_dns *settings = settings_of(state);

	state->query = (struct dns_query){
		.id = (uint16_t)random_u64(&state->target->tools->random),
		.recursion_desired = settings->recursion_desired,
		.question = { .type = settings->type, .class = settings->class },
		.udp_payload = DNS_UDP_PAYLOAD,
		.nsid = settings->expect_nsid != NULL,
	};
	return dns_name_parse(settings->name, &state->query.question.name) == 0;
}

static void dns_start(struct target *target, void *state_pointer)
{
	struct dns_state *state = state_pointer;
	const struct config_check_dns *settings = &target->settings->dns;
	char text[128];
	int status;

	state->target = target;
	state->watch.ready = dns_ready;
	if (!query_prepare(state)) {
		target_done(target, OUTCOME_UNKNOWN, "cannot check: \"%s\" is no domain name",
			settings->name);
		return;
	}
	status = settings->transport == TRANSPORT_TCP
			 ? connect_stream(&target->address, settings->port, &state->fd)
			 : connect_datagram(&target->address, settings->port, &state->fd);
	if (status < 0) {
		snprintf(text, sizeof(text), "connect to %s", endpoint(state));
		target_failed(target, -status, text);
		return;
	}
	if (status == 0) {
		dns_ask(state);
		return;
	}
	status = watch_begin(&target->tools->poller, &state->watch, state->fd, EPOLLOUT);
	if (status != 0)
		dns_fail(state, -status, "watch");
}

static void dns_cancel(struct target *target, void *state_pointer)
{
	dns_release(target, state_pointer);
}

const struct check_type check_dns_type = {
	.name = "dns",
	.size = sizeof(struct dns_state),
	.local_only = true,
	.start = dns_start,
	.cancel = dns_cancel,
};
