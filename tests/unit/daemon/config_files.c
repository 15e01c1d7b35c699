/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's files in their order, and secrets from where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/main/config_files.h"
#include "os/file.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/nearcast-config-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static const char *put(const char *name, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
	return path;
}

static void files_in_order(void **state)
{
	struct config_files files;
	struct error error = { 0 };
	char path[128], conf[128];

	(void)state;
	snprintf(path, sizeof(path), "%s", put("site.yaml", "site: a\n"));
	snprintf(conf, sizeof(conf), "%s/conf.d", folder);
	assert_int_equal(config_files_read(path, NULL, &files, &error), 0);
	assert_int_equal(files.count, 1);
	config_files_clear(&files);
	assert_int_equal(mkdir(conf, 0700), 0);
	put("conf.d/20.yaml", "two");
	put("conf.d/10.yaml", "one");
	put("conf.d/ignored.txt", "x");
	assert_int_equal(config_files_read(path, NULL, &files, &error), 0);
	assert_int_equal(files.count, 3);
	assert_string_equal(files.sources[0].text, "site: a\n");
	assert_string_equal(files.sources[1].text, "one");
	assert_string_equal(files.sources[2].text, "two");
	assert_string_equal(files.sources[2].name + strlen(conf), "/20.yaml");
	config_files_clear(&files);
	assert_int_equal(config_files_read(path, "", &files, &error), 0);
	assert_int_equal(files.count, 1);
	config_files_clear(&files);
	assert_int_equal(
		config_files_read("/no/such.yaml", NULL, &files, &error), ERROR_NOT_FOUND);
	assert_int_equal(files.count, 0);
}

static void loading_tells_mistakes(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config_files files;
	struct config *config = NULL;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(config_load(put("bad.yaml", "sight: a\n"), "", &files, &config,
				 &diagnostics, &error),
		ERROR_MALFORMED);
	assert_true(diagnostics.error_count > 0);
	assert_string_equal(error.text, "");
	config_diagnostics_clear(&diagnostics);
	config_files_clear(&files);
}

static void secrets(void **state)
{
	char long_line[200], path[128];
	const struct {
		struct config_secret secret;
		int expected;
		const char *bytes;
	} rows[] = {
		{ { SECRET_NONE, NULL }, 0, "" },
		{ { SECRET_LITERAL, "s3cret" }, 0, "s3cret" },
		{ { SECRET_LITERAL, "" }, ERROR_RANGE, "" },
		{ { SECRET_LITERAL, long_line }, ERROR_RANGE, "" },
		{ { SECRET_ENVIRONMENT, "NEARCAST_TEST_KEY" }, 0, "from env" },
		{ { SECRET_ENVIRONMENT, "NEARCAST_TEST_NONE" }, ERROR_NOT_FOUND, "" },
		{ { SECRET_FILE, path }, 0, "first line" },
		{ { SECRET_FILE, "/no/such/file" }, ERROR_NOT_FOUND, "" },
		{ { SECRET_FILE, "/dev/null" }, ERROR_RANGE, "" },
	};

	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	setenv("NEARCAST_TEST_KEY", "from env", 1);
	snprintf(path, sizeof(path), "%s", put("key", "first line\r\nsecond\n"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[80], length = 99;
		struct error error = { 0 };

		assert_int_equal(
			secret_read(&rows[i].secret, bytes, sizeof(bytes), &length, &error),
			rows[i].expected);
		assert_int_equal(length, strlen(rows[i].bytes));
		assert_memory_equal(bytes, rows[i].bytes, length);
		/* The secret itself is never part of what is told. */
		assert_null(strstr(error.text, "xxxx"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(loading_tells_mistakes, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
