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
#include "os/clock.h"
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
	int count, addresses;
	char service[64], reason[64];
	struct wall_time since;
	struct state_address last;
};

static const char here[] = "boot net";

static void on_drained(
	void *context, const char *name, const char *reason, struct wall_time since)
{
	struct heard *heard = context;

	heard->count++;
	heard->since = since;
	snprintf(heard->service, sizeof(heard->service), "%s", name);
	snprintf(heard->reason, sizeof(heard->reason), "%s", reason);
}

static void on_added(void *context, const struct state_address *address)
{
	struct heard *heard = context;

	heard->addresses++;
	heard->last = *address;
}

static int listen_to(const char *path, const char *place, struct heard *heard)
{
	const struct state_sink sink = { heard, on_drained, on_added };

	return state_file_read(path, place, &sink, NULL);
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
	struct instant now = clock_now(), begun = instant_add(now, duration_seconds(-86400));
	struct error error = { 0 };
	struct heard heard = { 0 };
	struct state written = { .brain = brain, .place = "" };
	size_t index;

	(void)state;
	close(mkstemp(path));
	settings_service(&service, checks, &settings);
	assert_int_equal(brain_service_set(brain, &settings, now, &index), 0);
	assert_int_equal(state_file_write(path, &written, &error), 0);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_int_equal(heard.count, 0);
	assert_int_equal(brain_drain(brain, index, "a \"kernel\" update", now), 0);
	assert_int_equal(state_file_write(path, &written, &error), 0);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.service, "dns");
	assert_string_equal(heard.reason, "a \"kernel\" update");
	assert_true(llabs(heard.since.ns - clock_wall().ns) < 60ll * 1000000000);
	/* Restored, it is as old as it was, also when that is before this machine's clock. */
	assert_int_equal(brain_undrain(brain, index, now), 0);
	assert_int_equal(brain_drain_restore(brain, index, "before", begun, now), 0);
	assert_int_equal(state_file_write(path, &written, &error), 0);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_true(llabs(heard.since.ns + 86400ll * 1000000000 - clock_wall().ns) <
		    60ll * 1000000000);
	heard.count--;
	brain_free(brain);
	unlink(path);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_int_equal(heard.count, 1);
}

/* Addresses count only where they were written: after a boot, or in another network namespace,
 * the same address may be somebody else's. */
static void addresses_of_this_place(void **state)
{
	const struct brain_sink sink = { NULL, ignore_intent, ignore_change, ignore_persist,
		ignore_suspect };
	struct brain_settings whole = { 0 };
	struct brain *brain = brain_new(&whole, &sink);
	struct state_address addresses[2] = { { .interface = "lo" },
		{ .interface = "dummy0" } };
	struct state written = { brain, here, addresses, 2 };
	char path[] = "/tmp/nearcast-state-XXXXXX";
	struct heard heard = { 0 };
	struct error error = { 0 };

	(void)state;
	close(mkstemp(path));
	assert_int_equal(address_parse("198.51.100.53", &addresses[0].address), 0);
	assert_int_equal(address_parse("2001:db8:53::53", &addresses[1].address), 0);
	assert_int_equal(state_file_write(path, &written, &error), 0);
	assert_int_equal(listen_to(path, "another boot", &heard), 0);
	assert_int_equal(listen_to(path, "", &heard), 0);
	assert_int_equal(heard.addresses, 0);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_int_equal(heard.addresses, 2);
	assert_string_equal(heard.last.interface, "dummy0");
	assert_true(address_equal(&heard.last.address, &addresses[1].address));
	/* A kernel that keeps whose an address is: nothing is written. */
	written.place = "";
	assert_int_equal(state_file_write(path, &written, &error), 0);
	assert_int_equal(listen_to(path, here, &heard), 0);
	assert_int_equal(listen_to(path, "", &heard), 0);
	assert_int_equal(heard.addresses, 2);
	brain_free(brain);
	unlink(path);
}

static void broken_files_drain_nobody(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"version\": 2, \"drains\": []}",
		"{\"version\": 1, \"drains\": {}}",
		"{\"version\": 1, \"drains\": [{\"service\": \"a\", \"reason\": \"\", \"since_unix_ms\": -1}]}",
		"{\"version\": 1, \"drains\": [], \"addresses\": []}",
		"{\"version\": 1, \"drains\": [], \"addresses\": {\"place\": \"boot net\", \"list\": [{\"interface\": \"lo\", \"address\": \"192.0.2.1\"}, {\"interface\": \"lo\", \"address\": \"x\"}]}}",
		"{\"version\": 1, \"drains\": [], \"addresses\": {\"place\": \"boot net\", \"list\": [{\"interface\": \"a-very-long-name\", \"address\": \"192.0.2.1\"}]}}",
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
		assert_int_equal(listen_to(path, here, &heard), ERROR_MALFORMED);
		assert_int_equal(heard.count + heard.addresses, 0);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drains_survive),
		cmocka_unit_test(addresses_of_this_place),
		cmocka_unit_test(broken_files_drain_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
