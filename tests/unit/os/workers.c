/* SPDX-License-Identifier: Apache-2.0 */
/* Forked workers: shared memory, errors, an early end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/workers.h"

#define NUMBERS 1000

static int square(void *context, size_t worker, size_t workers, struct error *error)
{
	uint32_t *numbers = context;

	(void)error;
	for (size_t i = worker; i < NUMBERS; i += workers)
		numbers[i] = (uint32_t)(i * i);
	return 0;
}

static void shares_the_work(void **state)
{
	(void)state;
	for (size_t workers = 1; workers <= 5; workers += 2) {
		uint32_t *numbers = workers_memory(NUMBERS * sizeof(*numbers));

		assert_int_equal(workers_run(workers, square, numbers, NULL, NULL, NULL), 0);
		for (size_t i = 0; i < NUMBERS; i++)
			assert_int_equal(numbers[i], i * i);
		workers_memory_free(numbers, NUMBERS * sizeof(*numbers));
	}
	assert_true(workers_count() >= 1);
}

static int fail_second(void *context, size_t worker, size_t workers, struct error *error)
{
	(void)context;
	(void)workers;
	if (worker != 1)
		pause();
	return error_set(error, ERROR_RANGE, "number %zu", worker);
}

static int die(void *context, size_t worker, size_t workers, struct error *error)
{
	(void)context;
	(void)workers;
	(void)error;
	if (worker == 0)
		_exit(3);
	pause();
	return 0;
}

static int wait_for_ever(void *context, size_t worker, size_t workers, struct error *error)
{
	(void)context;
	(void)worker;
	(void)workers;
	(void)error;
	pause();
	return 0;
}

static int give_up(void *context)
{
	return ++*(int *)context == 3 ? ERROR_TIMEOUT : 0;
}

static void tells_errors_and_leaves_nobody(void **state)
{
	struct error error = { 0 };
	int ticks = 0;

	(void)state;
	assert_int_equal(workers_run(3, fail_second, NULL, NULL, NULL, &error), ERROR_RANGE);
	assert_string_equal(error.text, "number 1");
	assert_int_equal(workers_run(2, die, NULL, NULL, NULL, &error), ERROR_SYSTEM);
	assert_int_equal(
		workers_run(2, wait_for_ever, NULL, give_up, &ticks, NULL), ERROR_TIMEOUT);
	assert_int_equal(ticks, 3);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_the_work),
		cmocka_unit_test(tells_errors_and_leaves_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
