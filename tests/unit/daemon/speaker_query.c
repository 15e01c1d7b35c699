/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the speaker process says about itself, as JSON. The real process runs on a loop of ours;
 * this test plays main and the api. Its network has nothing but a loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../os/private_network.h"
#include "base/text.h"
#include "daemon/process.h"
#include "os/channel.h"
#include "os/clock.h"
#include "os/file.h"

static const char yaml[] =
	"site: here\n"
	"asn: 64500\n"
	"router-id: 192.0.2.11\n"
	"listen: { port: 0 }\n"
	"services:\n"
	"  dns: { addresses: [198.51.100.53] }\n"
	"neighbors:\n"
	"  up-a: { address: 127.0.0.2, asn: 64501, relation: provider, port: 1,"
	" description: first, connect-retry: 1s, ttl-security: 2 }\n"
	"  up-b: { address: 127.0.0.3, asn: 64502, port: 1, shutdown: true }\n";

struct house {
	uv_loop_t loop;
	void *speaker;
	struct channel *to_speaker, *api; /* main's and the api's ends */
	bool ready, done, lost;
	uint64_t asked;
	struct text answer;
	bool answered;
	int code;
};

static void main_record(void *context, const void *bytes, size_t length, int fd)
{
	struct house *house = context;
	const struct record_head *head = bytes;

	assert_int_equal(record_check(bytes, length, PROCESS_SPEAKER, PROCESS_MAIN, NULL), 0);
	assert_int_equal(fd, -1);
	house->ready = house->ready || head->type == RECORD_READY;
}

static void api_record(void *context, const void *bytes, size_t length, int fd)
{
	struct house *house = context;
	const struct record_reply *reply = bytes;

	assert_int_equal(record_check(bytes, length, PROCESS_SPEAKER, PROCESS_API, NULL), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(reply->head.type, RECORD_REPLY);
	assert_int_equal(reply->id, house->asked);
	assert_false(house->answered);
	text_add_bytes(&house->answer, (const char *)(reply + 1), reply->head.tail);
	house->answered = reply->last;
	house->code = reply->code;
}

static void on_lost(void *context)
{
	struct house *house = context;

	house->lost = true;
}

static void on_done(void *context)
{
	struct house *house = context;

	house->done = true;
}

static void run_until(struct house *house, const bool *what)
{
	struct instant end = instant_add(clock_now(), duration_seconds(20));

	while (!*what) {
		assert_true(instant_before(clock_now(), end));
		uv_run(&house->loop, UV_RUN_ONCE);
	}
}

static void send_record(struct house *house, const void *record, size_t length, int fd)
{
	assert_int_equal(channel_send(house->to_speaker, record, length, fd), 0);
}

static void send_config(struct house *house)
{
	struct record_config record = {
		.head.type = RECORD_CONFIG, .generation = 7, .length = strlen(yaml)
	};
	int fd = -1;

	assert_int_equal(file_in_memory("config", yaml, strlen(yaml), &fd, NULL), 0);
	send_record(house, &record, sizeof(record), fd);
	close(fd);
}

static void send_secret(struct house *house, const char *neighbor)
{
	struct record_secret record = { .head.type = RECORD_SECRET };

	memcpy(record.neighbor, neighbor, strlen(neighbor));
	send_record(house, &record, sizeof(record), -1);
}

static void send_route(struct house *house, const char *prefix)
{
	struct record_route record = { .head.type = RECORD_ROUTE_SET,
		.service = "dns",
		.prepend = 1,
		.med = 5,
		.graceful_shutdown = true,
		.community_count = 1,
		.communities = { 64500u << 16 | 10 } };

	assert_int_equal(prefix_parse(prefix, &record.prefix), 0);
	send_record(house, &record, sizeof(record), -1);
}

static void join_api(struct house *house)
{
	const struct channel_events events = { house, api_record, on_lost, NULL };
	struct record_listener record = { .head.type = RECORD_LISTENER, .kind = LISTENER_API };
	int fds[2];

	assert_int_equal(channel_pair(fds, NULL), 0);
	house->api = channel_open(&house->loop, fds[0], &events);
	assert_non_null(house->api);
	send_record(house, &record, sizeof(record), fds[1]);
	close(fds[1]);
}

static int setup(void **state)
{
	static struct house house;
	const struct channel_events events = { &house, main_record, on_lost, NULL };
	int fds[2];

	if (private_network_enter() != 0)
		return 0;
	uv_loop_init(&house.loop);
	assert_int_equal(channel_pair(fds, NULL), 0);
	house.speaker = speaker_process.start(&house.loop, fds[1], on_done, &house);
	house.to_speaker = channel_open(&house.loop, fds[0], &events);
	assert_non_null(house.speaker);
	assert_non_null(house.to_speaker);
	*state = &house;
	return 0;
}

static int teardown(void **state)
{
	struct house *house = *state;

	if (house == NULL)
		return 0;
	speaker_process.stop(house->speaker);
	channel_close(house->to_speaker);
	channel_close(house->api);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	text_clear(&house->answer);
	return uv_loop_close(&house->loop);
}

/* The answer, or NULL with house->code. The caller frees it. */
static json_t *ask(struct house *house, enum query query, const char *argument)
{
	size_t length = strlen(argument);
	struct record_query *record = calloc(1, sizeof(*record) + length);
	json_t *answer;

	record->head = (struct record_head){ RECORD_QUERY, (uint32_t)length };
	record->id = ++house->asked;
	record->query = query;
	memcpy(record + 1, argument, length);
	text_reset(&house->answer);
	house->answered = false;
	assert_int_equal(channel_send(house->api, record, sizeof(*record) + length, -1), 0);
	free(record);
	run_until(house, &house->answered);
	if (house->code != 0)
		return NULL;
	answer = json_loadb(house->answer.bytes, house->answer.length, 0, NULL);
	assert_non_null(answer);
	return answer;
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static void begin(struct house *house)
{
	if (house->api != NULL)
		return;
	join_api(house);
	/* Before there is a configuration there is nothing to tell. */
	assert_null(ask(house, QUERY_NEIGHBORS, ""));
	assert_int_equal(house->code, ERROR_STATE);
	send_config(house);
	send_secret(house, "up-a");
	send_secret(house, "up-b");
	send_route(house, "198.51.100.0/24");
	send_route(house, "203.0.113.0/24");
	run_until(house, &house->ready);
}

static void neighbors(void **state)
{
	struct house *house = *state;
	json_t *answer, *list, *first;

	if (house == NULL)
		skip();
	begin(house);
	answer = ask(house, QUERY_NEIGHBORS, "");
	list = json_object_get(answer, "neighbors");
	assert_int_equal(json_array_size(list), 2);
	first = json_array_get(list, 0);
	assert_string_equal(string_at(first, "name"), "up-a");
	assert_string_equal(string_at(first, "description"), "first");
	assert_string_equal(string_at(first, "address"), "127.0.0.2");
	assert_int_equal(json_integer_value(json_object_get(first, "asn")), 64501);
	assert_true(json_is_null(json_object_get(first, "established")));
	assert_true(json_is_null(json_object_get(first, "last_notification")));
	/* Details only when asked for by name. */
	assert_null(json_object_get(first, "counters"));
	assert_true(json_is_true(json_object_get(json_array_get(list, 1), "admin_down")));
	json_decref(answer);
}

/* What every reader of a neighbour's page counts on: nothing is missing, and of its kind. */
static void one_neighbor(void **state)
{
	static const struct {
		const char *key;
		json_type type;
	} fields[] = { { "name", JSON_STRING }, { "interface", JSON_NULL },
		{ "local_asn", JSON_INTEGER }, { "state", JSON_STRING },
		{ "state_since", JSON_STRING }, { "state_since_seconds", JSON_REAL },
		{ "established", JSON_NULL }, { "established_seconds", JSON_NULL },
		{ "last_reason", JSON_STRING }, { "hold_time_s", JSON_NULL },
		{ "keepalive_s", JSON_NULL }, { "remote_router_id", JSON_NULL },
		{ "families", JSON_ARRAY }, { "prefixes", JSON_OBJECT },
		{ "password", JSON_FALSE }, { "ttl_security_hops", JSON_INTEGER },
		{ "passive", JSON_FALSE }, { "role", JSON_STRING }, { "offered", JSON_OBJECT },
		{ "received", JSON_OBJECT }, { "counters", JSON_OBJECT } };
	struct house *house = *state;
	json_t *answer, *neighbor;

	if (house == NULL)
		skip();
	begin(house);
	answer = ask(house, QUERY_NEIGHBORS, "up-a");
	assert_int_equal(json_array_size(json_object_get(answer, "neighbors")), 1);
	neighbor = json_array_get(json_object_get(answer, "neighbors"), 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *value = json_object_get(neighbor, fields[i].key);

		if (value == NULL || json_typeof(value) != fields[i].type)
			fail_msg("%s is missing, or of another kind", fields[i].key);
	}
	assert_string_equal(string_at(neighbor, "role"), "customer");
	assert_int_equal(json_integer_value(json_object_get(neighbor, "ttl_security_hops")), 2);
	json_decref(answer);
	assert_null(ask(house, QUERY_NEIGHBORS, "up"));
	assert_int_equal(house->code, ERROR_NOT_FOUND);
}

static void routes(void **state)
{
	struct house *house = *state;
	json_t *answer, *route;

	if (house == NULL)
		skip();
	begin(house);
	answer = ask(
		house, QUERY_ROUTES, "{\"kind\": \"local\", \"prefix\": \"203.0.113.7/32\"}");
	assert_string_equal(string_at(answer, "kind"), "local");
	assert_true(json_is_false(json_object_get(answer, "more")));
	assert_int_equal(json_array_size(json_object_get(answer, "routes")), 1);
	route = json_array_get(json_object_get(answer, "routes"), 0);
	assert_string_equal(string_at(route, "prefix"), "203.0.113.0/24");
	assert_string_equal(string_at(route, "origin"), "igp");
	assert_int_equal(json_integer_value(json_object_get(route, "med")), 5);
	assert_true(json_is_null(json_object_get(route, "neighbor")));
	assert_true(json_is_null(json_object_get(route, "only_to_customer")));
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(route, "communities"), 0)),
		"64500:10");
	json_decref(answer);
	answer = ask(house, QUERY_ROUTES, "{\"kind\": \"local\", \"limit\": 1}");
	assert_int_equal(json_array_size(json_object_get(answer, "routes")), 1);
	assert_true(json_is_true(json_object_get(answer, "more")));
	json_decref(answer);
	/* No session, nothing received or advertised. */
	answer = ask(house, QUERY_ROUTES, "{\"kind\": \"received\", \"neighbor\": \"up-a\"}");
	assert_int_equal(json_array_size(json_object_get(answer, "routes")), 0);
	json_decref(answer);
	answer = ask(house, QUERY_ROUTES, "{}");
	assert_string_equal(string_at(answer, "kind"), "advertised");
	json_decref(answer);
}

static void questions_that_are_none(void **state)
{
	static const struct {
		enum query query;
		const char *argument;
		int code;
	} rows[] = {
		{ QUERY_ROUTES, "", ERROR_MALFORMED },
		{ QUERY_ROUTES, "[]", ERROR_MALFORMED },
		{ QUERY_ROUTES, "{\"kind\": \"mine\"}", ERROR_MALFORMED },
		{ QUERY_ROUTES, "{\"kind\": 1}", ERROR_MALFORMED },
		{ QUERY_ROUTES, "{\"limit\": 0}", ERROR_MALFORMED },
		{ QUERY_ROUTES, "{\"prefix\": \"198.51.100.0/33\"}", ERROR_MALFORMED },
		{ QUERY_ROUTES, "{\"neighbor\": \"nobody\"}", ERROR_NOT_FOUND },
		{ QUERY_NEIGHBORS, "nobody", ERROR_NOT_FOUND },
		{ QUERY_STATUS, "", ERROR_UNSUPPORTED },
	};
	struct house *house = *state;

	if (house == NULL)
		skip();
	begin(house);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(ask(house, rows[i].query, rows[i].argument));
		assert_int_equal(house->code, rows[i].code);
		assert_true(house->answer.length > 0);
	}
}

static void metrics(void **state)
{
	struct house *house = *state;
	json_t *answer, *first;

	if (house == NULL)
		skip();
	begin(house);
	answer = ask(house, QUERY_METRICS_SPEAKER, "");
	assert_int_equal(json_array_size(json_object_get(answer, "neighbors")), 2);
	first = json_array_get(json_object_get(answer, "neighbors"), 0);
	assert_true(json_is_false(json_object_get(first, "established")));
	assert_non_null(json_object_get(json_object_get(first, "prefixes"), "ipv4"));
	assert_true(json_object_size(json_object_get(first, "counters")) > 10);
	json_decref(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbors),
		cmocka_unit_test(one_neighbor),
		cmocka_unit_test(routes),
		cmocka_unit_test(questions_that_are_none),
		cmocka_unit_test(metrics),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
