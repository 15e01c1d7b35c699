/* SPDX-License-Identifier: Apache-2.0 */
/* What a process uses: our own, whose name is made hard to read on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/usage.h"

#define BLOCK (64u << 20)

static void sees_memory_and_time(void **state)
{
	struct process_usage before, after;
	char *block;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a) R 1 (b", 0, 0, 0), 0);
	assert_int_equal(process_usage(getpid(), &before), 0);
	assert_true(before.memory_bytes > 100000);
	block = malloc(BLOCK);
	assert_non_null(block);
	memset(block, 1, BLOCK);
	do {
		for (size_t i = 0; i < BLOCK; i += 64)
			((volatile char *)block)[i]++;
		assert_int_equal(process_usage(getpid(), &after), 0);
	} while (after.cpu.ns == before.cpu.ns);
	assert_true(after.memory_bytes > before.memory_bytes + BLOCK / 2);
	assert_true(after.cpu.ns > before.cpu.ns);
	free(block);
}

static void says_who_is_gone(void **state)
{
	struct process_usage usage;

	(void)state;
	assert_int_equal(process_usage(0x3fffffff, &usage), ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_memory_and_time),
		cmocka_unit_test(says_who_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
