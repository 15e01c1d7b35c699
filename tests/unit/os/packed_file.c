/* SPDX-License-Identifier: Apache-2.0 */
/* Packed files: three formats and none, several in one, cut at every byte, broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/packed_file.h"

#define TEXT "All that is read comes out: once, and in order.\n"

/* TEXT, packed. */
static const uint8_t gzip_bytes[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	0x03, 0x73, 0xcc, 0xc9, 0x51, 0x28, 0xc9, 0x48, 0x2c, 0x51, 0xc8, 0x2c, 0x56, 0x28,
	0x4a, 0x4d, 0x4c, 0x51, 0x48, 0xce, 0xcf, 0x4d, 0x2d, 0x56, 0xc8, 0x2f, 0x2d, 0xb1,
	0x52, 0xc8, 0xcf, 0x4b, 0x4e, 0xd5, 0x51, 0x48, 0xcc, 0x4b, 0x51, 0xc8, 0xcc, 0x53,
	0xc8, 0x2f, 0x4a, 0x49, 0x2d, 0xd2, 0xe3, 0x02, 0x00, 0x7e, 0x10, 0x00, 0x44, 0x30,
	0x00, 0x00, 0x00 };
static const uint8_t bzip2_bytes[] = { 0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53,
	0x59, 0xa1, 0x32, 0xb9, 0xc3, 0x00, 0x00, 0x06, 0xdd, 0x80, 0x00, 0x10, 0x40, 0x05,
	0x00, 0x10, 0x20, 0x00, 0x2e, 0x67, 0x9e, 0x00, 0x20, 0x00, 0x31, 0x4c, 0x26, 0x9a,
	0x03, 0x4c, 0x42, 0x29, 0xb2, 0x64, 0x4f, 0x21, 0xa3, 0xd4, 0x22, 0x5c, 0x83, 0x48,
	0x29, 0xc8, 0x67, 0x48, 0x9b, 0x9e, 0x8e, 0xd3, 0x4c, 0x71, 0xec, 0x51, 0xb0, 0x29,
	0x0e, 0xdf, 0x66, 0xa6, 0x6a, 0xbd, 0xaa, 0xf8, 0x5d, 0xc9, 0x14, 0xe1, 0x42, 0x42,
	0x84, 0xca, 0xe7, 0x0c };
static const uint8_t xz_bytes[] = { 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22,
	0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3,
	0x01, 0x00, 0x2f, 0x41, 0x6c, 0x6c, 0x20, 0x74, 0x68, 0x61, 0x74, 0x20, 0x69, 0x73,
	0x20, 0x72, 0x65, 0x61, 0x64, 0x20, 0x63, 0x6f, 0x6d, 0x65, 0x73, 0x20, 0x6f, 0x75,
	0x74, 0x3a, 0x20, 0x6f, 0x6e, 0x63, 0x65, 0x2c, 0x20, 0x61, 0x6e, 0x64, 0x20, 0x69,
	0x6e, 0x20, 0x6f, 0x72, 0x64, 0x65, 0x72, 0x2e, 0x0a, 0x00, 0x7e, 0x10, 0x00, 0x44,
	0x00, 0x01, 0x44, 0x30, 0x86, 0x0f, 0x4a, 0x92, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x59, 0x5a };

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t length, magic_length;
} formats[] = {
	{ "gzip", gzip_bytes, sizeof(gzip_bytes), 3 },
	{ "bzip2", bzip2_bytes, sizeof(bzip2_bytes), 3 },
	{ "xz", xz_bytes, sizeof(xz_bytes), 6 },
	{ "plain", (const uint8_t *)TEXT, sizeof(TEXT) - 1, 0 },
};

#define PACKED_FORMATS 3
#define FORMATS        4

static char path[] = "/tmp/nearcast-packed-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) != 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(
	const uint8_t *bytes, size_t length, const char *more, size_t more_length)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fwrite(more, 1, more_length, file), more_length);
	assert_int_equal(fclose(file), 0);
}

/* All of it, room bytes at a time. Gives the last code of packed_file_read. */
static int read_file(size_t room, const char *format, char text[1024])
{
	struct error error = { 0 };
	struct packed_file *file;
	size_t length = 0;
	ssize_t got;

	assert_int_equal(packed_file_open(path, &file, &error), 0);
	assert_string_equal(packed_file_format(file), format);
	do {
		char *exact = malloc(room);

		assert_non_null(exact);
		got = packed_file_read(file, exact, room, &error);
		assert_true(got <= (ssize_t)room);
		if (got > 0) {
			assert_true(length + (size_t)got < 1024);
			memcpy(text + length, exact, (size_t)got);
			length += (size_t)got;
		}
		free(exact);
	} while (got > 0);
	text[length] = '\0';
	if (got == 0)
		assert_int_equal(packed_file_position(file), packed_file_size(file));
	else
		assert_int_equal(packed_file_read(file, (char[1]){ 0 }, 1, &error), got);
	packed_file_close(file);
	return (int)got;
}

static void test_formats(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < FORMATS; i++) {
		write_file(formats[i].bytes, formats[i].length, "", 0);
		for (size_t room = 1; room < 100; room += 7) {
			assert_int_equal(read_file(room, formats[i].name, text), 0);
			assert_string_equal(text, TEXT);
		}
	}
}

static void test_empty(void **state)
{
	char text[1024];

	(void)state;
	write_file((const uint8_t *)"", 0, "", 0);
	assert_int_equal(read_file(10, "plain", text), 0);
	assert_string_equal(text, "");
}

/* As `cat a.gz b.gz` makes, and with zeroes as tapes leave them. */
static void test_several(void **state)
{
	char text[1024], more[512];

	(void)state;
	for (size_t i = 0; i < PACKED_FORMATS; i++) {
		size_t length = formats[i].length;

		memset(more, 0, sizeof(more));
		memcpy(more + 8, formats[i].bytes, length);
		write_file(formats[i].bytes, length, more + 8, length);
		assert_int_equal(read_file(20, formats[i].name, text), 0);
		assert_string_equal(text, TEXT TEXT);
		write_file(formats[i].bytes, length, more, 8 + length + 8);
		assert_int_equal(read_file(20, formats[i].name, text), 0);
		assert_string_equal(text, TEXT TEXT);
	}
}

static void test_garbage_behind(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < PACKED_FORMATS; i++) {
		write_file(formats[i].bytes, formats[i].length, "what?", 5);
		assert_int_equal(read_file(20, formats[i].name, text), ERROR_MALFORMED);
		assert_string_equal(text, TEXT);
	}
}

static void test_cut(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < PACKED_FORMATS; i++)
		for (size_t cut = formats[i].magic_length; cut < formats[i].length; cut++) {
			write_file(formats[i].bytes, cut, "", 0);
			assert_int_equal(read_file(20, formats[i].name, text), ERROR_TRUNCATED);
			assert_memory_equal(text, TEXT, strlen(text));
		}
}

/* Each bit turned: the sums of the formats notice, or nothing changed that they care for. */
static void test_broken(void **state)
{
	char text[1024];
	uint8_t bytes[256];

	(void)state;
	for (size_t i = 0; i < PACKED_FORMATS; i++) {
		unsigned noticed = 0, length = (unsigned)formats[i].length;

		for (unsigned bit = 8 * (unsigned)formats[i].magic_length; bit < 8 * length;
			bit++) {
			memcpy(bytes, formats[i].bytes, length);
			bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			write_file(bytes, length, "", 0);
			if (read_file(50, formats[i].name, text) == 0)
				assert_string_equal(text, TEXT);
			else
				noticed++;
		}
		assert_true(noticed > 4 * length);
	}
}

static void test_missing(void **state)
{
	struct error error = { 0 };
	struct packed_file *file;

	(void)state;
	assert_int_equal(packed_file_open("/nowhere/file", &file, &error), ERROR_NOT_FOUND);
	assert_string_equal(error.text, "/nowhere/file: no such file");
	assert_int_equal(packed_file_open("/tmp", &file, &error), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_garbage_behind),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
