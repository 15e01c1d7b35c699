/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: what they look like, that nothing breaks out of them, and that they never block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/log.h"

static int saved_stderr, pipe_fds[2];

static int setup(void **state)
{
	(void)state;
	saved_stderr = dup(STDERR_FILENO);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
	dup2(pipe_fds[1], STDERR_FILENO);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

/* What was written, without the timestamp's value. */
static const char *written(void)
{
	static char line[131072];
	size_t length = 0;
	ssize_t more;

	while ((more = read(pipe_fds[0], line + length, sizeof(line) - 1 - length)) > 0)
		length += (size_t)more;
	line[length] = '\0';
	return line;
}

static void logfmt_line(void **state)
{
	const char *line;

	(void)state;
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_INFO);
	log_fields(LOG_INFO, "service-state", "service dns is up", "service", "dns", "reason",
		"check \"a\"\nis=up", "empty", "", NULL);
	line = written();
	assert_memory_equal(line, "time=2", 6);
	assert_non_null(strstr(line,
		"Z level=info process=main event=service-state msg=\"service dns is up\" "
		"service=dns reason=\"check \\\"a\\\"\\nis=up\" empty=\"\"\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void json_line(void **state)
{
	const char *line;

	(void)state;
	log_setup("speaker", LOG_FORMAT_JSON, LOG_INFO);
	log_fields(LOG_WARNING, "neighbor-down", "gone", "reason",
		"bell\a quote\" slash\\ bad\xff good\xc3\xa9", NULL);
	line = written();
	assert_memory_equal(line, "{\"time\":\"2", 10);
	assert_non_null(strstr(line,
		"\"level\":\"warning\",\"process\":\"speaker\",\"event\":\"neighbor-down\","
		"\"msg\":\"gone\",\"reason\":\"bell\\u0007 quote\\\" slash\\\\ "
		"bad\xef\xbf\xbd good\xc3\xa9\"}\n"));
}

static void levels(void **state)
{
	(void)state;
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_WARNING);
	assert_true(log_enabled(LOG_ERROR));
	assert_false(log_enabled(LOG_INFO));
	log_event(LOG_INFO, "start", "not shown");
	assert_string_equal(written(), "");
	log_level_set(LOG_DEBUG);
	log_event(LOG_DEBUG, "start", "number %d", 7);
	assert_non_null(strstr(written(), "msg=\"number 7\"\n"));
}

/* A peer's endless text: the line stays one line that fits one atomic write. */
static void long_values_are_cut(void **state)
{
	static char huge[70000];
	const char *line;

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_INFO);
	log_fields(LOG_INFO, "e", "m", "one", huge, "two", huge, "three", huge, "four", huge,
		"five", huge, "last", "seen", NULL);
	line = written();
	assert_true(strlen(line) <= 4096);
	assert_non_null(strstr(line, "one=\"aaa"));
	assert_null(strstr(line, "five="));
	assert_non_null(strstr(line, " last=seen\n"));
}

/* Nobody reads: no call blocks, and the loss is told once somebody reads again. */
static void a_full_pipe_drops_and_tells(void **state)
{
	(void)state;
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_INFO);
	for (int i = 0; i < 1500; i++)
		log_event(
			LOG_INFO, "flood", "line %d of many that fill the pipe to its end", i);
	assert_null(strstr(written(), "dropped_lines"));
	log_event(LOG_INFO, "after", "read again");
	assert_non_null(strstr(written(), "event=after msg=\"read again\" dropped_lines="));
	log_event(LOG_INFO, "after", "once");
	assert_null(strstr(written(), "dropped_lines"));
}

static void a_flood_is_cut_but_errors_pass(void **state)
{
	size_t lines = 0;

	(void)state;
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_INFO);
	for (int i = 0; i < 20000; i++) {
		log_event(LOG_INFO, "flood", "x");
		for (const char *c = i % 100 == 0 ? written() : ""; *c != '\0'; c++)
			lines += *c == '\n';
	}
	assert_in_range(lines, 1, 5000);
	written();
	log_event(LOG_ERROR, "grave", "must be seen");
	assert_non_null(strstr(written(), "event=grave"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(logfmt_line, setup, teardown),
		cmocka_unit_test_setup_teardown(json_line, setup, teardown),
		cmocka_unit_test_setup_teardown(levels, setup, teardown),
		cmocka_unit_test_setup_teardown(long_values_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_pipe_drops_and_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_flood_is_cut_but_errors_pass, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
