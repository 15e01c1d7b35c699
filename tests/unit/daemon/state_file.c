/* SPDX-License-Identifier: Apache-2.0 */
/* Drains that survive in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/settings.h"
#include "daemon/main/state_file.h"
#include "os/file.h"

static const struct config_check leaves[] = {
	{ .type = CHECK_DNS, .name = "dns-1", .weight = 2 },
	{ .type = CHECK_TCP, .name = "tcp-1", .weight = 1, .degrades = true },
};

static const struct config_check tree[] = {
	{ .type = CHECK_SOCKET, .name = "socket-1", .weight = 3 },
	{ .type = CHECK_ANY, .name = "any-1", .weight = 1, .group = { leaves, 2 } },
	{ .type = CHECK_HTTP, .name = "http-1", .weight = 1 },
};

static const struct config_service service = {
	.name = "dns",
	.checks = tree,
	.check_count = 3,
	.address_delay = { 2000000000 },
	.unknown_after = AFTER_WITHDRAW,
	.damping = { .enabled = true, .penalty = 1000, .suppress = 3000, .reuse = 1500 },
	.drain = { .graceful_shutdown = true, .prepend = 3 },
};

static void ignore_intent(
	void *context, size_t index, const struct intent *intent, const char *reason)
{
	(void)context, (void)index, (void)intent, (void)reason;
}

static void ignore_change(void *context, const struct service_change *change)
{
	(void)context, (void)change;
}

static void ignore_persist(void *context)
{
	(void)context;
}

static void ignore_suspect(void *context, bool suspected, const char *reason)
{
	(void)context, (void)suspected, (void)reason;
}

struct heard {
	int count;
	char service[64], reason[64];
};

static void on_drained(void *context, const char *name, const char *reason)
{
	struct heard *heard = context;

	heard->count++;
	snprintf(heard->service, sizeof(heard->service), "%s", name);
	snprintf(heard->reason, sizeof(heard->reason), "%s", reason);
}

static void drains_survive(void **state)
{
	const struct brain_sink sink = { NULL, ignore_intent, ignore_change, ignore_persist,
		ignore_suspect };
	struct brain_settings whole = { 0 };
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	struct brain_service_settings settings;
	struct brain *brain = brain_new(&whole, &sink);
	char path[] = "/tmp/nearcast-state-XXXXXX";
	struct instant now = { 1000 };
	struct error error = { 0 };
	struct heard heard = { 0 };
	size_t index;

	(void)state;
	close(mkstemp(path));
	settings_service(&service, checks, &settings);
	assert_int_equal(brain_service_set(brain, &settings, now, &index), 0);
	assert_int_equal(state_file_write(path, brain, &error), 0);
	assert_int_equal(state_file_read(path, on_drained, &heard, &error), 0);
	assert_int_equal(heard.count, 0);
	assert_int_equal(brain_drain(brain, index, "a \"kernel\" update", now), 0);
	assert_int_equal(state_file_write(path, brain, &error), 0);
	assert_int_equal(state_file_read(path, on_drained, &heard, &error), 0);
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.service, "dns");
	assert_string_equal(heard.reason, "a \"kernel\" update");
	brain_free(brain);
	unlink(path);
	assert_int_equal(state_file_read(path, on_drained, &heard, &error), 0);
	assert_int_equal(heard.count, 1);
}

static void broken_files_drain_nobody(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"version\": 2, \"drains\": []}",
		"{\"version\": 1, \"drains\": {}}",
		"{\"version\": 1, \"drains\": [{\"service\": \"a\", \"reason\": \"\"}, {\"service\": 1}]}",
	};
	char path[] = "/tmp/nearcast-state-XXXXXX";
	struct heard heard = { 0 };
	struct error error = { 0 };

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			file_write_atomic(path, texts[i], strlen(texts[i]), 0600, &error), 0);
		assert_int_equal(
			state_file_read(path, on_drained, &heard, &error), ERROR_MALFORMED);
		assert_int_equal(heard.count, 0);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drains_survive),
		cmocka_unit_test(broken_files_drain_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
