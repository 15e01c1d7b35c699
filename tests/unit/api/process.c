/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole api process on one loop with a main and a speaker that this test plays, and real
 * clients: Unix sockets and HTTP.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "daemon/process.h"
#include "os/channel.h"

#define WAIT_TURNS 5000 /* of a millisecond */

struct world {
	uv_loop_t loop;
	void *api;
	struct channel *main, *speaker;  /* the test's ends */
	int control, control_read, http; /* listening sockets' own copies, to connect to */
	struct text log;                 /* what main and the speaker were asked */
	bool silent;                     /* nobody answers */
	size_t answer_size;              /* of main's answers, 0: a small one */
	bool ready, done, stopped;
};

/* ---- Main and the speaker ---- */

static void reply(struct channel *channel, const struct record_query *query, int code,
	const char *text, size_t length, bool last)
{
	struct record_reply *record = calloc(1, sizeof(*record) + length);

	assert_non_null(record);
	record->head = (struct record_head){ RECORD_REPLY, (uint32_t)length };
	record->id = query->id;
	record->code = code;
	record->last = last;
	memcpy(record + 1, text, length);
	assert_int_equal(channel_send(channel, record, sizeof(*record) + length, -1), 0);
	free(record);
}

/* {"big":"aaa..."} in parts of at most 30000 bytes. */
static void reply_large(struct channel *channel, const struct record_query *query, size_t size)
{
	char *text = malloc(size);

	assert_non_null(text);
	memset(text, 'a', size);
	memcpy(text, "{\"big\":\"", 8);
	memcpy(text + size - 2, "\"}", 2);
	for (size_t at = 0; at < size; at += 30000)
		reply(channel, query, 0, text + at, size - at < 30000 ? size - at : 30000,
			at + 30000 >= size);
	free(text);
}

static void answer(struct world *world, struct channel *channel, const char *who,
	const struct record_query *query)
{
	text_print(&world->log, "%s %u %.*s%s\n", who, query->query, (int)query->head.tail,
		(const char *)(query + 1), query->read_only ? " read-only" : "");
	if (world->silent)
		return;
	if (query->query == QUERY_DRAIN)
		reply(channel, query, ERROR_NOT_FOUND, "there is no service x", 21, true);
	else if (query->query == QUERY_RELOAD) {
		reply(channel, query, ERROR_MALFORMED, "line 1: no\n", 11, false);
		reply(channel, query, ERROR_MALFORMED, "line 2: no", 10, true);
	} else if (world->answer_size > 0)
		reply_large(channel, query, world->answer_size);
	else if (query->query == QUERY_STATUS)
		reply(channel, query, 0, "{\"state\":\"running\",\"problems\":[]}", 33, true);
	else if (query->query == QUERY_METRICS_MAIN)
		reply(channel, query, 0, "{\"generation\":3}", 16, true);
	else {
		reply(channel, query, 0, "{\"by\":", 6, false);
		reply(channel, query, 0, "\"", 1, false);
		reply(channel, query, 0, who, strlen(who), false);
		reply(channel, query, 0, "\"}", 2, true);
	}
}

static void main_record(void *context, const void *bytes, size_t length, int fd)
{
	struct world *world = context;
	const struct record_head *head = bytes;

	assert_int_equal(fd, -1);
	assert_int_equal(record_check(bytes, length, PROCESS_API, PROCESS_MAIN, NULL), 0);
	if (head->type == RECORD_READY)
		world->ready = true;
	if (head->type == RECORD_STOPPED)
		world->stopped = true;
	if (head->type == RECORD_QUERY)
		answer(world, world->main, "main", bytes);
}

static void speaker_record(void *context, const void *bytes, size_t length, int fd)
{
	struct world *world = context;

	assert_int_equal(fd, -1);
	assert_int_equal(record_check(bytes, length, PROCESS_API, PROCESS_SPEAKER, NULL), 0);
	answer(world, world->speaker, "speaker", bytes);
}

static void lost(void *context)
{
	(void)context;
}

static void on_done(void *context)
{
	((struct world *)context)->done = true;
}

/* ---- The world ---- */

static void turn(struct world *world)
{
	uv_run(&world->loop, UV_RUN_NOWAIT);
	poll(NULL, 0, 1);
}

static int unix_listener(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Abstract: nothing to clean up. */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "nearcast-test-%d-%s",
		(int)getpid(), name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int tcp_listener(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static void give(struct world *world, enum listener_kind kind, int fd)
{
	struct record_listener record = { .head = { .type = RECORD_LISTENER }, .kind = kind };

	assert_int_equal(channel_send(world->main, &record, sizeof(record), fd), 0);
}

static void send_event(struct world *world, uint64_t sequence, size_t padding)
{
	struct text text = { 0 };
	struct record_text *record;

	text_print(&text, "{\"sequence\":%llu,\"pad\":\"%*s\"}", (unsigned long long)sequence,
		(int)padding, "");
	record = calloc(1, sizeof(*record) + text.length);
	assert_non_null(record);
	record->head = (struct record_head){ RECORD_EVENT, (uint32_t)text.length };
	record->sequence = sequence;
	memcpy(record + 1, text.bytes, text.length);
	while (channel_send(world->main, record, sizeof(*record) + text.length, -1) ==
		ERROR_FULL)
		turn(world);
	free(record);
	text_clear(&text);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct channel_events main_events = { world, main_record, lost, NULL };
	struct channel_events speaker_events = { world, speaker_record, lost, NULL };
	struct record_http http = {
		.head = { .type = RECORD_HTTP }, .site = "test", .enabled = true
	};
	int pair[2];

	uv_loop_init(&world->loop);
	assert_int_equal(channel_pair(pair, NULL), 0);
	world->main = channel_open(&world->loop, pair[0], &main_events);
	world->api = api_process.start(&world->loop, pair[1], on_done, world);
	assert_non_null(world->api);
	assert_int_equal(channel_pair(pair, NULL), 0);
	world->speaker = channel_open(&world->loop, pair[0], &speaker_events);
	give(world, LISTENER_SPEAKER, pair[1]);
	close(pair[1]);
	give(world, LISTENER_CONTROL, world->control = unix_listener("control"));
	give(world, LISTENER_CONTROL_READ, world->control_read = unix_listener("read"));
	give(world, LISTENER_HTTP, world->http = tcp_listener());
	assert_int_equal(channel_send(world->main, &http, sizeof(http), -1), 0);
	for (int i = 0; i < WAIT_TURNS && !world->ready; i++)
		turn(world);
	assert_true(world->ready);
	for (int i = 0; i < 20; i++)
		turn(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	api_process.stop(world->api);
	channel_close(world->main);
	channel_close(world->speaker);
	assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	close(world->control);
	close(world->control_read);
	close(world->http);
	text_clear(&world->log);
	free(world);
	return 0;
}

/* ---- Clients ---- */

static int dial(int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Reads until the text that came so far holds `until`, or the other end closed. True if closed.
 */
static bool hear(struct world *world, int fd, const char *until, struct text *out)
{
	for (int i = 0; i < WAIT_TURNS; i++) {
		static char bytes[65536];
		ssize_t got;

		turn(world);
		while ((got = read(fd, bytes, sizeof(bytes))) > 0)
			text_add_bytes(out, bytes, (size_t)got);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			return true;
		if (until != NULL && strstr(text_string(out), until) != NULL)
			return false;
	}
	fail_msg("waited in vain for '%s', got '%s'", until == NULL ? "the end" : until,
		text_string(out));
	return false;
}

static void expect_talk(
	struct world *world, int listener, const char *request, const char *expected)
{
	struct text out = { 0 };
	int fd = dial(listener);

	say(fd, request);
	hear(world, fd, "\n", &out);
	assert_string_equal(text_string(&out), expected);
	text_clear(&out);
	close(fd);
}

static void http_get(struct world *world, const char *request, struct text *out)
{
	int fd = dial(world->http);

	say(fd, request);
	assert_true(hear(world, fd, NULL, out));
	close(fd);
}

static void expect_http(
	struct world *world, const char *request, const char *status, const char *body)
{
	struct text out = { 0 };

	http_get(world, request, &out);
	if (strncmp(text_string(&out), status, strlen(status)) != 0 ||
		strstr(text_string(&out), body) == NULL)
		fail_msg("%s gives %s", request, text_string(&out));
	text_clear(&out);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

/* ---- Tests ---- */

static void relays_questions(void **state)
{
	struct world *world = *state;

	expect_talk(world, world->control, "{\"id\":1,\"method\":\"services\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"main\"}}\n");
	expect_talk(world, world->control_read,
		"{\"id\":2,\"method\":\"neighbors\",\"params\":{\"name\":\"a\"}}\r\n",
		"{\"id\":2,\"result\":{\"by\":\"speaker\"}}\n");
	expect_talk(world, world->control,
		"{\"id\":3,\"method\":\"drain\",\"params\":{\"service\":\"x\"}}\n",
		"{\"id\":3,\"error\":{\"code\":\"not-found\",\"message\":\"there is no service x\","
		"\"hint\":\"\"}}\n");
	expect_talk(world, world->control, "{\"id\":4,\"method\":\"reload\"}\n",
		"{\"id\":4,\"error\":{\"code\":\"malformed\",\"message\":\"line 1: no\\nline 2: "
		"no\",\"hint\":\"\"}}\n");
	assert_string_equal(text_string(&world->log),
		"main 1 \nspeaker 5 a read-only\nmain 2 {\"service\":\"x\"}\nmain 4 {}\n");
}

static void refuses_changes_read_only(void **state)
{
	struct world *world = *state;

	expect_talk(world, world->control_read, "{\"id\":3,\"method\":\"reload\"}\n",
		"{\"id\":3,\"error\":{\"code\":\"read-only\",\"message\":\"'reload' changes "
		"something, and this is read-only\",\"hint\":\"use the control socket instead of the "
		"read-only one\"}}\n");
	assert_string_equal(text_string(&world->log), "");
}

static void answers_after_half_close(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control);

	say(fd, "{\"id\":1,\"method\":\"services\"}\n{\"id\":2,\"method\":\"routes\"}\n");
	shutdown(fd, SHUT_WR);
	assert_true(hear(world, fd, NULL, &out));
	assert_non_null(strstr(text_string(&out), "{\"id\":1,\"result\":{\"by\":\"main\"}}\n"));
	assert_non_null(
		strstr(text_string(&out), "{\"id\":2,\"result\":{\"by\":\"speaker\"}}\n"));
	text_clear(&out);
	close(fd);
}

static void relays_long_answers(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control);

	world->answer_size = 2500000;
	say(fd, "{\"id\":1,\"method\":\"services\"}\n");
	hear(world, fd, "\n", &out);
	assert_int_equal(out.length, 2500000 + strlen("{\"id\":1,\"result\":}\n"));
	text_clear(&out);
	close(fd);
}

static void survives_clients_that_leave(void **state)
{
	struct world *world = *state;

	world->silent = true;
	for (int i = 0; i < 10; i++) {
		int fd = dial(i < 5 ? world->control : world->http);

		say(fd, i < 5 ? "{\"id\":1,\"method\":\"status\"}\n" : GET("/metrics"));
		for (int j = 0; j < 5; j++)
			turn(world);
		close(fd);
	}
	world->silent = false;
	expect_talk(world, world->control, "{\"id\":1,\"method\":\"services\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"main\"}}\n");
}

static void caps_questions_of_a_client(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control);

	world->silent = true;
	for (int i = 0; i < 17; i++)
		say(fd, "{\"id\":1,\"method\":\"status\"}\n");
	hear(world, fd, "\n", &out);
	assert_non_null(strstr(text_string(&out), "\"code\":\"full\""));
	text_clear(&out);
	close(fd);
}

/* One who may only look asks as fast as it can: it is told so, and others are not kept waiting.
 */
static void caps_looks_a_second(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control_read);

	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 15; j++)
			say(fd, "{\"id\":1,\"method\":\"services\"}\n");
		say(fd, "{\"id\":2,\"method\":\"services\"}\n");
		hear(world, fd, "\"id\":2,", &out);
		if (strstr(text_string(&out), "too many questions in this second") != NULL)
			break;
		text_reset(&out);
	}
	assert_non_null(strstr(text_string(&out), "too many questions in this second"));
	expect_talk(world, world->control, "{\"id\":1,\"method\":\"services\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"main\"}}\n");
	text_clear(&out);
	close(fd);
}

static void caps_lines(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control);
	static char bytes[70000];
	size_t sent = 0;

	memset(bytes, 'a', sizeof(bytes));
	while (sent < sizeof(bytes)) {
		ssize_t wrote = write(fd, bytes + sent, sizeof(bytes) - sent);

		turn(world);
		if (wrote < 0 && errno != EAGAIN)
			break;
		sent += wrote > 0 ? (size_t)wrote : 0;
	}
	assert_true(hear(world, fd, NULL, &out));
	assert_non_null(strstr(text_string(&out), "the line is too long"));
	text_clear(&out);
	close(fd);
}

static void caps_clients(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fds[65];

	for (int i = 0; i < 65; i++) {
		fds[i] = dial(world->control_read);
		turn(world);
	}
	assert_true(hear(world, fds[64], NULL, &out));
	assert_non_null(strstr(text_string(&out), "too many clients"));
	/* The other socket has its own places. */
	expect_talk(world, world->control, "{\"id\":1,\"method\":\"services\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"main\"}}\n");
	for (int i = 0; i < 65; i++)
		close(fds[i]);
	for (int i = 0; i < 50; i++)
		turn(world);
	expect_talk(world, world->control_read, "{\"id\":1,\"method\":\"services\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"main\"}}\n");
	text_clear(&out);
}

static void follows_events(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control_read);

	send_event(world, 1, 0);
	send_event(world, 2, 0);
	for (int i = 0; i < 20; i++)
		turn(world);
	say(fd, "{\"id\":1,\"method\":\"events\",\"params\":{\"last\":1}}\n");
	hear(world, fd, "\n", &out);
	assert_string_equal(text_string(&out),
		"{\"id\":1,\"result\":{\"events\":[{\"sequence\":2,\"pad\":\"\"}]}}\n");
	text_reset(&out);
	say(fd, "{\"id\":2,\"method\":\"events\",\"params\":{\"since\":1,\"follow\":true}}\n");
	hear(world, fd, "\"sequence\":2", &out);
	send_event(world, 3, 0);
	hear(world, fd, "\"sequence\":3,\"pad\":\"\"}}\n", &out);
	assert_string_equal(text_string(&out), "{\"id\":2,\"result\":{\"following\":true}}\n"
					       "{\"event\":{\"sequence\":2,\"pad\":\"\"}}\n"
					       "{\"event\":{\"sequence\":3,\"pad\":\"\"}}\n");
	text_clear(&out);
	close(fd);
}

/* One who follows and never reads is dropped; memory stays bounded. */
static void drops_slow_followers(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->control_read);

	say(fd, "{\"id\":2,\"method\":\"events\",\"params\":{\"follow\":true}}\n");
	for (uint64_t i = 1; i <= 400; i++) {
		send_event(world, i, 8000);
		turn(world);
	}
	assert_true(hear(world, fd, NULL, &out));
	assert_null(strstr(text_string(&out), "\"sequence\":400,"));
	text_clear(&out);
	close(fd);
}

static void serves_http(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };

	expect_http(world, GET("/api/v1/status"), "HTTP/1.1 200", "{\"state\":\"running\"");
	expect_http(world, GET("/healthz"), "HTTP/1.1 200", "{\"healthy\":true");
	expect_http(world, GET("/metrics"), "HTTP/1.1 200", "nearcast_config_generation 3\n");
	expect_http(world, GET("/api/v1/services/dns"), "HTTP/1.1 200", "{\"by\":\"main\"}");
	expect_http(world, GET("/api/v1/routes?kind=local&limit=5"), "HTTP/1.1 200",
		"{\"by\":\"speaker\"}");
	assert_string_equal(text_string(&world->log),
		"main 0  read-only\nmain 0  read-only\nmain 8  read-only\nspeaker 9  read-only\n"
		"main 1 dns read-only\nspeaker 6 {\"limit\":5,\"kind\":\"local\"} read-only\n");
	expect_http(world, GET("/"), "HTTP/1.1 200", "<h1>nearcast");
	http_get(world, GET("/metrics"), &out);
	assert_non_null(strstr(text_string(&out),
		"Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
	assert_non_null(
		strstr(text_string(&out), "Content-Security-Policy: default-src 'none'"));
	text_clear(&out);
}

static void refuses_http(void **state)
{
	struct world *world = *state;

	expect_http(world, GET("/nothing"), "HTTP/1.1 404", "not-found");
	expect_http(world, GET("/api/v1/routes?limit=x"), "HTTP/1.1 400", "malformed");
	expect_http(world,
		"POST /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"
		"Connection: close\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 405", "Allow: GET, HEAD");
	expect_http(world, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 403", "localhost");
	assert_string_equal(text_string(&world->log), "");
}

static void streams_events(void **state)
{
	struct world *world = *state;
	struct text out = { 0 };
	int fd = dial(world->http);

	send_event(world, 1, 0);
	say(fd, "GET /api/v1/events?follow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	hear(world, fd, "id: 1\ndata: {\"sequence\":1,\"pad\":\"\"}\n\n", &out);
	assert_non_null(strstr(text_string(&out), "Content-Type: text/event-stream\r\n"));
	send_event(world, 2, 0);
	hear(world, fd, "id: 2\ndata: {\"sequence\":2,\"pad\":\"\"}\n\n", &out);
	text_clear(&out);
	close(fd);
	expect_http(world, GET("/api/v1/events?since=1"), "HTTP/1.1 200",
		"{\"events\":[{\"sequence\":2,\"pad\":\"\"}]}");
}

/* The end comes while streams are open and questions wait. */
static void stops_in_the_middle(void **state)
{
	struct world *world = *state;
	struct record_stop stop = { .head = { .type = RECORD_STOP } };
	int stream = dial(world->http), waiting = dial(world->http),
	    line = dial(world->control);

	world->silent = true;
	say(stream, "GET /api/v1/events?follow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	say(waiting, GET("/metrics"));
	say(line, "{\"id\":1,\"method\":\"status\"}\n");
	for (int i = 0; i < 30; i++)
		turn(world);
	assert_int_equal(channel_send(world->main, &stop, sizeof(stop), -1), 0);
	for (int i = 0; i < WAIT_TURNS && !world->stopped; i++)
		turn(world);
	assert_true(world->done);
	assert_true(world->stopped);
	close(stream);
	close(waiting);
	close(line);
}

/* A speaker that dies fails its questions; a new one takes over. */
static void outlives_a_speaker(void **state)
{
	struct world *world = *state;
	struct channel_events events = { world, speaker_record, lost, NULL };
	struct text out = { 0 };
	int fd = dial(world->control), pair[2];

	world->silent = true;
	say(fd, "{\"id\":1,\"method\":\"neighbors\"}\n");
	for (int i = 0; i < 20; i++)
		turn(world);
	channel_close(world->speaker);
	world->speaker = NULL;
	hear(world, fd, "\n", &out);
	assert_non_null(strstr(text_string(&out), "the process that was asked has ended"));
	text_clear(&out);
	close(fd);
	expect_talk(world, world->control, "{\"id\":1,\"method\":\"neighbors\"}\n",
		"{\"id\":1,\"error\":{\"code\":\"state\",\"message\":\"the speaker process is not "
		"running\",\"hint\":\"\"}}\n");
	world->silent = false;
	assert_int_equal(channel_pair(pair, NULL), 0);
	world->speaker = channel_open(&world->loop, pair[0], &events);
	give(world, LISTENER_SPEAKER, pair[1]);
	close(pair[1]);
	for (int i = 0; i < 20; i++)
		turn(world);
	expect_talk(world, world->control, "{\"id\":1,\"method\":\"neighbors\"}\n",
		"{\"id\":1,\"result\":{\"by\":\"speaker\"}}\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(relays_questions),
		TEST(refuses_changes_read_only),
		TEST(answers_after_half_close),
		TEST(relays_long_answers),
		TEST(survives_clients_that_leave),
		TEST(caps_questions_of_a_client),
		TEST(caps_looks_a_second),
		TEST(caps_lines),
		TEST(caps_clients),
		TEST(follows_events),
		TEST(drops_slow_followers),
		TEST(serves_http),
		TEST(refuses_http),
		TEST(streams_events),
		TEST(stops_in_the_middle),
		TEST(outlives_a_speaker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
