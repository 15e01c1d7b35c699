/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed files.
 *
 *     read(2) -> input -> [format's step] -> the caller's buffer
 *
 * A packed file may be several packed streams one behind the other, with zeroes between or
 * behind them: they are read as one.
 *
 * Invariants:
 *  1. input[begin, end) was read and not unpacked yet.
 *  2. state is open if and only if a packed stream has begun and not ended.
 *  3. Each turn of a loop reads bytes, uses some, fills some, or leaves.
 */
#include "os/packed_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/packed_format.h"

#define INPUT_SIZE 262144u

struct packed_file {
	int fd;
	bool owned;                         /* close it */
	bool at_end;                        /* of the input */
	const struct packed_format *format; /* NULL: plain */
	void *state;
	uint64_t position, size;
	size_t begin, end;
	char *name;
	uint8_t input[INPUT_SIZE];
};

static const struct packed_format *const formats[] = {
	&packed_gzip,
	&packed_bzip2,
	&packed_xz,
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

/* Read once. 0, also at the end. */
static int fill(struct packed_file *file, struct error *error)
{
	ssize_t got;

	if (file->begin == file->end)
		file->begin = file->end = 0;
	if (file->at_end || file->end == INPUT_SIZE)
		return 0;
	do
		got = read(file->fd, file->input + file->end, INPUT_SIZE - file->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_system(error, errno, "cannot read %s", file->name);
	file->at_end = got == 0;
	file->end += (size_t)got;
	file->position += (uint64_t)got;
	return 0;
}

static bool begins_with(const struct packed_file *file, const struct packed_format *format)
{
	return file->end - file->begin >= format->magic_length &&
	       memcmp(file->input + file->begin, format->magic, format->magic_length) == 0;
}

/* As many bytes as the longest magic has, if the file has them. */
static int fill_magic(struct packed_file *file, struct error *error)
{
	int code = 0;

	/* The room may be used up with a few bytes at its end. */
	if (file->begin > 0) {
		memmove(file->input, file->input + file->begin, file->end - file->begin);
		file->end -= file->begin;
		file->begin = 0;
	}
	while (code == 0 && !file->at_end && file->end - file->begin < PACKED_MAGIC_MAX)
		code = fill(file, error);
	return code;
}

static int load_format(const struct packed_file *file, struct error *error)
{
	static bool loaded[FORMAT_COUNT];
	void *library;

	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i] != file->format || loaded[i])
			continue;
		library = dlopen(formats[i]->library, RTLD_NOW | RTLD_LOCAL);
		if (library != NULL && formats[i]->load(library)) {
			loaded[i] = true;
			continue;
		}
		if (library != NULL)
			dlclose(library);
		error_hint(error, "Install the package %s", formats[i]->package);
		return error_set(error, ERROR_UNSUPPORTED, "%s is packed by %s: can't load %s",
			file->name, formats[i]->name, formats[i]->library);
	}
	return 0;
}

static int detect(struct packed_file *file, struct error *error)
{
	int code = fill_magic(file, error);

	for (size_t i = 0; code == 0 && i < FORMAT_COUNT; i++)
		if (begins_with(file, formats[i]))
			file->format = formats[i];
	return code != 0 || file->format == NULL ? code : load_format(file, error);
}

static int open_fd(struct packed_file *file, const char *path, struct error *error)
{
	struct stat status;

	if (strcmp(path, "-") == 0) {
		file->fd = STDIN_FILENO;
	} else {
		file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		file->owned = true;
	}
	if (file->fd < 0 && errno == ENOENT)
		return error_set(error, ERROR_NOT_FOUND, "%s: no such file", file->name);
	if (file->fd < 0 && errno == EACCES)
		return error_set(error, ERROR_PERMISSION, "%s: permission denied", file->name);
	if (file->fd < 0 || fstat(file->fd, &status) != 0)
		return error_system(error, errno, "cannot open %s", file->name);
	if (S_ISREG(status.st_mode))
		file->size = (uint64_t)status.st_size;
	return 0;
}

int packed_file_open(const char *path, struct packed_file **ret_file, struct error *error)
{
	struct packed_file *file = calloc(1, sizeof(*file));
	int code = ERROR_MEMORY;

	if (file != NULL) {
		file->fd = -1;
		file->name = strdup(strcmp(path, "-") == 0 ? "the standard input" : path);
		code = file->name == NULL ? ERROR_MEMORY : open_fd(file, path, error);
		if (code == 0)
			code = detect(file, error);
	}
	if (code == ERROR_MEMORY)
		error_set(error, ERROR_MEMORY, "no memory to read %s", path);
	if (code != 0) {
		packed_file_close(file);
		return code;
	}
	*ret_file = file;
	return 0;
}

void packed_file_close(struct packed_file *file)
{
	if (file == NULL)
		return;
	if (file->state != NULL)
		file->format->close(file->state);
	if (file->owned && file->fd >= 0)
		close(file->fd);
	free(file->name);
	free(file);
}

static ssize_t read_plain(
	struct packed_file *file, uint8_t *buffer, size_t room, struct error *error)
{
	size_t some;
	int code;

	if (file->begin == file->end) {
		code = fill(file, error);
		if (code != 0)
			return code;
	}
	some = file->end - file->begin < room ? file->end - file->begin : room;
	if (some > 0)
		memcpy(buffer, file->input + file->begin, some);
	file->begin += some;
	return (ssize_t)some;
}

/* Begin the next packed stream. 1 if there is one, 0 at the end. */
static int next_stream(struct packed_file *file, struct error *error)
{
	int code;

	for (;;) {
		while (file->begin < file->end && file->input[file->begin] == 0)
			file->begin++;
		if (file->begin < file->end || file->at_end)
			break;
		code = fill(file, error);
		if (code != 0)
			return code;
	}
	if (file->begin == file->end)
		return 0;
	code = fill_magic(file, error);
	if (code != 0)
		return code;
	if (!begins_with(file, file->format))
		return error_set(error, ERROR_MALFORMED,
			"%s has bytes behind its end that are not %s", file->name,
			file->format->name);
	file->state = file->format->open();
	return file->state == NULL
		       ? error_set(error, ERROR_MEMORY, "no memory to unpack %s", file->name)
		       : 1;
}

/* One step. 0 to go on, or an error. */
static int unpack(struct packed_file *file, struct unpack_buffers *b, struct error *error)
{
	size_t in_left, out_left = b->out_left;
	enum unpack_status status;

	b->in = file->input + file->begin;
	b->in_left = in_left = file->end - file->begin;
	status = file->format->step(file->state, b);
	file->begin = file->end - b->in_left;
	switch (status) {
	case UNPACK_MORE:
		if (b->in_left < in_left || b->out_left < out_left)
			return 0;
		if (in_left > 0)
			break; /* nothing moved, though it could */
		if (!file->at_end)
			return 0;
		return error_set(error, ERROR_TRUNCATED, "%s ends in the middle of its %s data",
			file->name, file->format->name);
	case UNPACK_END:
		file->format->close(file->state);
		file->state = NULL;
		return 0;
	case UNPACK_MEMORY:
		return error_set(error, ERROR_MEMORY, "no memory to unpack %s", file->name);
	case UNPACK_BROKEN:
		break;
	}
	return error_set(error, ERROR_MALFORMED, "%s is broken: not good %s data", file->name,
		file->format->name);
}

ssize_t packed_file_read(
	struct packed_file *file, void *buffer, size_t room, struct error *error)
{
	struct unpack_buffers b = { .out = buffer, .out_left = room };
	int code = 1;

	if (file->format == NULL)
		return read_plain(file, buffer, room, error);
	while (b.out_left > 0) {
		if (file->begin == file->end)
			code = fill(file, error);
		else
			code = 0;
		if (code == 0 && file->state == NULL) {
			code = next_stream(file, error);
			if (code == 0)
				break;
		}
		if (code >= 0)
			code = unpack(file, &b, error);
		if (code < 0)
			break;
	}
	/* What was unpacked comes first; the error comes again. */
	return b.out_left < room ? (ssize_t)(room - b.out_left) : code;
}

const char *packed_file_format(const struct packed_file *file)
{
	return file->format == NULL ? "plain" : file->format->name;
}

uint64_t packed_file_position(const struct packed_file *file)
{
	return file->position - (file->end - file->begin);
}

uint64_t packed_file_size(const struct packed_file *file)
{
	return file->size;
}
