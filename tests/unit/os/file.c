/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, lists of files, files in memory, and locks that name their holder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/nearcast-file-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_and_read(void **state)
{
	static char large[50000];
	struct error error = { 0 };
	struct stat status;
	size_t length;
	char *bytes;

	(void)state;
	memset(large, 'z', sizeof(large));
	assert_int_equal(file_write_atomic(in_folder("a"), "old", 3, 0600, &error), 0);
	assert_int_equal(
		file_write_atomic(in_folder("a"), large, sizeof(large), 0640, &error), 0);
	assert_int_equal(stat(in_folder("a"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(file_read(in_folder("a"), sizeof(large), &bytes, &length, &error), 0);
	assert_int_equal(length, sizeof(large));
	assert_memory_equal(bytes, large, sizeof(large));
	assert_int_equal(bytes[length], '\0');
	free(bytes);
	assert_int_equal(file_read(in_folder("a"), sizeof(large) - 1, &bytes, &length, &error),
		ERROR_RANGE);
	assert_int_equal(
		file_read(in_folder("nosuch"), 10, &bytes, &length, &error), ERROR_NOT_FOUND);
	assert_int_equal(
		file_write_atomic(in_folder("no/such"), "x", 1, 0600, &error), ERROR_NOT_FOUND);
}

static void lists_in_order(void **state)
{
	static const char *const names[] = { "20-b.yaml", "10-a.yaml", ".hidden.yaml",
		"30-c.yml", "40-d.yaml~", ".yaml" };
	struct error error = { 0 };
	char **paths;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
			file_write_atomic(in_folder(names[i]), "", 0, 0600, &error), 0);
	assert_int_equal(mkdir(in_folder("50-folder.yaml"), 0700), 0);
	assert_int_equal(directory_list(folder, ".yaml", &paths, &count, &error), 0);
	assert_int_equal(count, 2);
	assert_string_equal(paths[0], in_folder("10-a.yaml"));
	assert_string_equal(paths[1], in_folder("20-b.yaml"));
	directory_list_free(paths, count);
	assert_int_equal(directory_list("/no/such/folder", ".yaml", &paths, &count, &error), 0);
	assert_int_equal(count, 0);
}

static void folders(void **state)
{
	struct error error = { 0 };
	struct stat status;

	(void)state;
	assert_int_equal(directory_make(in_folder("run"), 0755, getuid(), getgid(), &error), 0);
	assert_int_equal(directory_make(in_folder("run"), 0700, getuid(), getgid(), &error), 0);
	assert_int_equal(stat(in_folder("run"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	/* A link in its place is not followed. */
	assert_int_equal(symlink("/tmp", in_folder("link")), 0);
	assert_int_not_equal(
		directory_make(in_folder("link"), 0700, getuid(), getgid(), &error), 0);
}

static void memory_is_sealed(void **state)
{
	char bytes[8] = "";
	int fd;

	(void)state;
	assert_int_equal(file_in_memory("test", "hello", 5, &fd, NULL), 0);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), 5);
	assert_string_equal(bytes, "hello");
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
}

static void a_lock_names_its_holder(void **state)
{
	struct error error = { 0 };
	pid_t child, holder = 0;
	int ready[2], fd, status;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int own;

		if (lock_open(in_folder("lock"), &own, NULL) != 0 ||
			lock_take(own, &holder, NULL) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock_open(in_folder("lock"), &fd, &error), 0);
	assert_int_equal(lock_holder(fd), child);
	assert_int_equal(lock_take(fd, &holder, &error), ERROR_EXISTS);
	assert_int_equal(holder, child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_int_equal(lock_holder(fd), 0);
	assert_int_equal(lock_take(fd, &holder, &error), 0);
	close(fd);
	close(ready[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(write_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(folders, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lock_names_its_holder, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
