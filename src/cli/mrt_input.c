/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading MRT files for the commands.
 *
 *     file -> os/packed_file -> wire/mrt_stream -> wire/mrt_reader -> the command's sink
 *
 * Invariants:
 *  1. A file that ends badly does not keep the next from being read.
 *  2. The progress line is on the terminal only while a file is being read.
 */
#include "cli/mrt_input.h"

#include <unistd.h>

#include "cli/output.h"
#include "os/clock.h"
#include "os/packed_file.h"

#define READ_LEAST 262144u

/* One file on its way. */
struct one_file {
	struct mrt_input *input;
	const struct mrt_sink *sink;
	struct console *console;
	const char *path;
	struct packed_file *file;
	struct mrt_stream stream;
	uint64_t known; /* records of types that we know */
	struct instant started, told;
};

/* ---- Progress. ---- */

static void progress_clear(struct one_file *one)
{
	if (one->input->progress && instant_is_set(one->told))
		fputs("\r\033[K", one->console->err);
	one->told = (struct instant){ 0 };
}

static void progress_tell(struct one_file *one)
{
	struct instant now;
	double seconds, size;

	if (!one->input->progress)
		return;
	now = clock_now();
	if (!instant_is_set(one->started))
		one->started = now;
	seconds = duration_to_seconds(instant_since(now, one->started));
	if (seconds < 0.5 || (instant_is_set(one->told) &&
				     duration_to_ms(instant_since(now, one->told)) < 200))
		return;
	one->told = now;
	size = (double)packed_file_size(one->file);
	fprintf(one->console->err, "\r\033[K%.*s  ", 40, one->path);
	if (size > 0)
		fprintf(one->console->err, "%.0f %%  ",
			100 * (double)packed_file_position(one->file) / size);
	fprintf(one->console->err, "%llu records  %.0f MB/s",
		(unsigned long long)one->stream.records,
		(double)one->stream.bytes / 1e6 / seconds);
	fflush(one->console->err);
}

/* ---- One file. ---- */

static bool is_known(uint16_t type)
{
	return type == MRT_TABLE_DUMP || type == MRT_TABLE_DUMP_V2 || type == MRT_BGP4MP ||
	       type == MRT_BGP4MP_ET;
}

/* 0, MRT_ENOUGH, or an error of ours or the sink's. */
static int read_records(struct one_file *one, void *context)
{
	struct mrt_record record;
	int code = 0;

	while (code == 0 && mrt_stream_next(&one->stream, &record)) {
		one->known += is_known(record.type);
		if (one->input->record != NULL)
			code = one->input->record(context, &record);
		if (code == 0)
			code = mrt_reader_read(&one->input->reader, &record, one->sink);
	}
	return code;
}

static int read_all(struct one_file *one, struct error *error)
{
	int code = 0;

	while (code == 0) {
		size_t room;
		uint8_t *target = mrt_stream_room(&one->stream, READ_LEAST, &room);
		ssize_t got;

		if (target == NULL)
			return error_set(
				error, ERROR_MEMORY, "no memory to read %s", one->path);
		got = packed_file_read(one->file, target, room, error);
		if (got <= 0)
			return (int)got;
		mrt_stream_filled(&one->stream, (size_t)got);
		code = read_records(one, one->sink->context);
		progress_tell(one);
	}
	if (code == ERROR_MEMORY)
		error_set(error, ERROR_MEMORY, "no memory to read %s", one->path);
	return code;
}

/* At the end of a file that had one. */
static int check_end(const struct one_file *one, struct error *error)
{
	size_t left = mrt_stream_left(&one->stream);

	if (one->known == 0 && one->stream.bytes > 0) {
		error_hint(error, "MRT files come from route collectors and BGP daemons");
		return error_set(
			error, ERROR_MALFORMED, "%s is no MRT file with routes", one->path);
	}
	if (left > 0 || one->stream.skip > 0)
		return error_set(error, ERROR_TRUNCATED,
			"%s ends in the middle of a record, after %llu whole ones", one->path,
			(unsigned long long)one->stream.records);
	return 0;
}

static int read_file(struct one_file *one, struct error *error)
{
	struct mrt_input *input = one->input;
	int code = packed_file_open(one->path, &one->file, error);

	if (code != 0)
		return code;
	mrt_reader_restart(&input->reader);
	code = read_all(one, error);
	progress_clear(one);
	if (code == 0)
		code = check_end(one, error);
	input->records += one->stream.records;
	input->bytes += one->stream.bytes;
	input->long_records += one->stream.long_records;
	input->packed_bytes += packed_file_position(one->file);
	packed_file_close(one->file);
	mrt_stream_clear(&one->stream);
	return code;
}

enum exit_code mrt_input_read(struct mrt_input *input, const struct arguments *arguments,
	size_t first, const struct mrt_sink *sink, struct console *console)
{
	enum exit_code worst = EXIT_CODE_OK;

	input->progress =
		!console->json && isatty(fileno(console->err)) && !isatty(fileno(console->out));
	for (size_t i = first; i < arguments->positional_count; i++) {
		struct one_file one = { .input = input,
			.sink = sink,
			.console = console,
			.path = arguments->positionals[i] };
		struct error error = { 0 };
		enum exit_code code;

		switch (read_file(&one, &error)) {
		case 0:
			continue;
		case MRT_ENOUGH:
			return worst;
		default:
			break;
		}
		if (error.code == ERROR_NONE)
			return EXIT_CODE_FAILED; /* the sink has told why */
		code = output_error(console, &error);
		worst = worst == EXIT_CODE_OK ? code : worst;
	}
	return worst;
}

void mrt_input_clear(struct mrt_input *input)
{
	mrt_reader_clear(&input->reader);
}

void mrt_input_remarks(const struct mrt_input *input, struct console *console)
{
	for (int i = MRT_COUNT_ODD; i < MRT_COUNT_COUNT; i++)
		if (input->reader.counts[i] > 0)
			console_note(console, "nearcast: note: %llu %s",
				(unsigned long long)input->reader.counts[i],
				mrt_count_text((enum mrt_count)i));
	if (input->long_records > 0)
		console_note(console, "nearcast: note: %llu records longer than %u MiB",
			(unsigned long long)input->long_records, MRT_RECORD_MAX >> 20);
}
