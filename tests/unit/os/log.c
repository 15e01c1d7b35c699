/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: what they look like, that nothing breaks out of them, and that they never block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/* ---- The journal: a socket of ours in its place, in a mount namespace of our own. ---- */

#define JOURNAL "/run/systemd/journal"

static int journal_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL "/socket" };
	int fd;

	if (unshare(CLONE_NEWNS) != 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", "/run", "tmpfs", 0, NULL) != 0)
		return -1;
	mkdir("/run/systemd", 0755);
	mkdir(JOURNAL, 0755);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* One entry: from the datagram, or from the sealed file that came with it (*ret_file). */
static size_t journal_read(int journal, char *entry, size_t size, bool *ret_file)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec vector = { .iov_base = entry, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(journal, &message, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int fd;

	assert_true(length >= 0);
	*ret_file = head != NULL;
	if (head == NULL)
		return (size_t)length;
	assert_int_equal(length, 0);
	assert_int_equal(head->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	/* systemd takes no file that may still change. */
	assert_int_equal(fcntl(fd, F_GET_SEALS),
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	length = pread(fd, entry, size, 0);
	assert_true(length > 0);
	close(fd);
	return (size_t)length;
}

/* The logger's own socket is the lowest free descriptor when it begins. */
static void journal_small_buffer(int fd)
{
	int size = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
}

static bool entry_has(const char *entry, size_t length, const char *line)
{
	return memmem(entry, length, line, strlen(line)) != NULL;
}

static void journal_entries(void **state)
{
	static char entry[65536], long_value[1001], twice[2001];
	int journal = journal_open(), next;
	size_t length;
	bool file;

	(void)state;
	if (journal < 0)
		skip();
	memset(long_value, 'x', sizeof(long_value) - 1);
	memset(twice, 'y', sizeof(twice) - 1);
	next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	close(next);
	log_setup("main", LOG_FORMAT_JOURNAL, LOG_INFO);
	journal_small_buffer(next);
	/* Errors: they pass whatever a flood before them has used up. */
	log_fields(LOG_ERROR, "small", "of two\nlines", "service", "dns", NULL);
	length = journal_read(journal, entry, sizeof(entry), &file);
	assert_false(file);
	assert_true(entry_has(entry, length, "PRIORITY=3\n"));
	assert_true(entry_has(entry, length, "NEARCAST_SERVICE=dns\n"));
	/* A value with a newline has its length in front, so that it cannot make a field. */
	assert_memory_equal(memmem(entry, length, "MESSAGE\n", 8),
		"MESSAGE\n\x0c\0\0\0\0\0\0\0of two\nlines\n", 29);
	log_fields(LOG_ERROR, "large", "too large for a datagram", "a", long_value, "b",
		long_value, "c", long_value, "d", twice, "last", "word", NULL);
	length = journal_read(journal, entry, sizeof(entry), &file);
	assert_true(file);
	assert_true(length > 4000);
	assert_true(entry_has(entry, length, "NEARCAST_EVENT=large\n"));
	assert_true(entry_has(entry, length, "NEARCAST_LAST=word\n"));
	assert_int_equal(written()[0], '\0');
	/* Nobody there: the line goes to stderr or is dropped, and nothing waits. */
	close(journal);
	log_fields(LOG_ERROR, "nobody", "listens", NULL);
	log_setup("main", LOG_FORMAT_LOGFMT, LOG_INFO);
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
		cmocka_unit_test_setup_teardown(journal_entries, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
