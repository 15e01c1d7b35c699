/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses on an interface, in a network namespace of the test's own (needs root, else
 * skipped). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "os/netlink_address.h"

static const char *const texts[] = { "198.51.100.53", "2001:db8:53::53" };

static bool have_namespace;

static int group_setup(void **state)
{
	(void)state;
	have_namespace = unshare(CLONE_NEWNET) == 0;
	if (!have_namespace)
		print_message("no right to make a network namespace: skipping\n");
	return 0;
}

struct found {
	struct address wanted;
	int times;
	struct interface_address last;
};

static void look(void *context, const struct interface_address *address)
{
	struct found *found = context;

	if (!address_equal(&address->address, &found->wanted))
		return;
	found->times++;
	found->last = *address;
}

static struct found find(struct netlink *netlink, const char *text)
{
	struct found found = { 0 };

	assert_int_equal(address_parse(text, &found.wanted), 0);
	assert_int_equal(netlink_address_list(netlink, look, &found, NULL), 0);
	return found;
}

static void add_list_remove(void **state)
{
	struct netlink *netlink;
	struct error error = { 0 };

	(void)state;
	if (!have_namespace)
		skip();
	netlink = netlink_open(&error);
	assert_non_null(netlink);
	for (size_t i = 0; i < 2; i++) {
		struct address address;
		struct found found;

		address_parse(texts[i], &address);
		assert_int_equal(find(netlink, texts[i]).times, 0);
		assert_int_equal(netlink_address_add(netlink, "lo", &address, &error), 0);
		assert_int_equal(
			netlink_address_add(netlink, "lo", &address, &error), ERROR_EXISTS);
		found = find(netlink, texts[i]);
		assert_int_equal(found.times, 1);
		assert_string_equal(found.last.interface, "lo");
		assert_int_equal(found.last.length, i == 0 ? 32 : 128);
		assert_int_equal(found.last.protocol, ADDRESS_PROTOCOL);
		assert_int_equal(netlink_address_remove(netlink, "lo", &address, &error), 0);
		assert_int_equal(find(netlink, texts[i]).times, 0);
		assert_int_equal(netlink_address_remove(netlink, "lo", &address, &error),
			ERROR_NOT_FOUND);
		assert_int_equal(netlink_address_add(netlink, "nosuch0", &address, &error),
			ERROR_NOT_FOUND);
	}
	netlink_close(netlink);
}

struct news {
	struct found added, removed;
};

static void on_added(void *context, const struct interface_address *address)
{
	look(&((struct news *)context)->added, address);
}

static void on_removed(void *context, const struct interface_address *address)
{
	look(&((struct news *)context)->removed, address);
}

static void on_overrun(void *context)
{
	(void)context;
}

static void changes_are_told(void **state)
{
	struct news news = { 0 };
	struct netlink_events events = { &news, on_added, on_removed, on_overrun };
	struct netlink *netlink;
	uv_loop_t loop;

	(void)state;
	if (!have_namespace)
		skip();
	netlink = netlink_open(NULL);
	assert_non_null(netlink);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(netlink_watch(netlink, &loop, &events, NULL), 0);
	address_parse(texts[0], &news.added.wanted);
	news.removed.wanted = news.added.wanted;
	assert_int_equal(netlink_address_add(netlink, "lo", &news.added.wanted, NULL), 0);
	/* As an operator would, by accident. */
	assert_int_equal(netlink_address_remove(netlink, "lo", &news.added.wanted, NULL), 0);
	for (int i = 0; i < 4; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(news.added.times, 1);
	assert_int_equal(news.removed.times, 1);
	assert_string_equal(news.removed.last.interface, "lo");
	netlink_close(netlink);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_list_remove),
		cmocka_unit_test(changes_are_told),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
