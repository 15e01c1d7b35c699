/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast mrt convert: a table becomes the updates that build it, updates the table that they
 * leave behind. Which of the two shows with the first route, unless --into says it.
 *
 * Both keep attributes as they are in the file, known or not. Multicast routes are left out and
 * counted.
 */
#include <string.h>
#include <sys/random.h>

#include "cli/mrt_action.h"
#include "cli/mrt_input.h"
#include "cli/mrt_pack.h"
#include "cli/mrt_table.h"
#include "cli/output.h"
#include "wire/mrt_write.h"

enum direction {
	DIRECTION_OPEN, /* no route yet */
	DIRECTION_TABLE,
	DIRECTION_UPDATES,
};

struct convert {
	const struct mrt_filter *filter;
	struct console *console;
	enum direction direction;
	struct mrt_records records;
	struct mrt_table table;
	struct mrt_pack pack;
	uint64_t left;               /* routes until the limit */
	uint64_t multicast, foreign; /* left out: not of the kind that is converted */
};

/* Errors of a sink have no text of their own. */
static int told(struct convert *convert, int code)
{
	static const struct {
		int code;
		const char *text;
	} rows[] = {
		{ ERROR_MEMORY, "no memory for all routes" },
		{ ERROR_SYSTEM, "can't write the records" },
		{ ERROR_FULL, "more peers, or routes of a prefix, than a table dump can have" },
	};
	struct error error = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].code != code)
			continue;
		error_set(&error, (enum error_code)code, "%s", rows[i].text);
		console_error(convert->console, &error);
		return ERROR_REFUSED;
	}
	return code;
}

static bool wants(void *context, const struct mrt_route *route)
{
	const struct convert *convert = context;

	return mrt_filter_wants(convert->filter, route);
}

static int take(struct convert *convert, const struct mrt_route *route)
{
	if (convert->direction == DIRECTION_TABLE)
		return mrt_table_take(&convert->table, route);
	if (route->kind != MRT_ROUTE_TABLE) {
		convert->foreign++;
		return 0;
	}
	convert->pack.time = route->record->time;
	return mrt_pack_add(&convert->pack, route);
}

static int on_route(void *context, const struct mrt_route *route)
{
	struct convert *convert = context;

	if (!mrt_filter_passes(convert->filter, route))
		return 0;
	if (convert->left == 0)
		return MRT_ENOUGH;
	convert->left--;
	if (route->safi != BGP_SAFI_UNICAST) {
		convert->multicast++;
		return 0;
	}
	if (convert->direction == DIRECTION_OPEN)
		convert->direction =
			route->kind == MRT_ROUTE_TABLE ? DIRECTION_UPDATES : DIRECTION_TABLE;
	return told(convert, take(convert, route));
}

/* What a session heard is forgotten with it. */
static int on_state(
	void *context, const struct mrt_record *record, const struct mrt_message *message)
{
	struct convert *convert = context;
	struct mrt_peer peer = { .asn = message->peer_asn, .address = message->peer };

	if (convert->direction == DIRECTION_TABLE &&
		message->old_state == MRT_STATE_ESTABLISHED &&
		message->new_state != MRT_STATE_ESTABLISHED &&
		mrt_filter_session(convert->filter, record->time, &peer))
		mrt_table_drop(&convert->table, &peer);
	return 0;
}

static int finish(struct convert *convert)
{
	int code = convert->direction == DIRECTION_TABLE
			   ? mrt_table_write(&convert->table, &convert->records)
			   : mrt_pack_flush(&convert->pack);

	return told(convert, code);
}

static void remarks(const struct convert *convert)
{
	static const char *const texts[] = {
		"routes of multicast tables left out",
		"routes of updates left out: they go into a table only",
		"routes left out: nothing that a message could carry",
	};
	const uint64_t counts[] = { convert->multicast, convert->foreign,
		convert->pack.refused + convert->table.refused };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i] > 0)
			console_note(convert->console, "nearcast: note: %llu %s",
				(unsigned long long)counts[i], texts[i]);
}

static enum exit_code run(
	struct convert *convert, const struct arguments *arguments, struct console *console)
{
	const struct mrt_sink sink = { convert, wants, on_route, on_state, NULL, NULL };
	struct mrt_input input = { 0 };
	struct error error = { 0 };
	enum exit_code code = mrt_input_read(&input, arguments, 1, &sink, console);

	if (finish(convert) != 0)
		code = EXIT_CODE_FAILED;
	mrt_input_remarks(&input, console);
	remarks(convert);
	mrt_input_clear(&input);
	if (mrt_records_close(&convert->records, &error) != 0)
		code = output_error(console, &error);
	return code;
}

enum exit_code mrt_convert(const struct arguments *arguments, const struct mrt_filter *filter,
	struct console *console)
{
	struct convert convert = {
		.filter = filter, .console = console, .left = filter->limit
	};
	const char *into = arguments_value(arguments, "into");
	struct error error = { 0 };
	enum exit_code code;

	if (into != NULL)
		convert.direction =
			strcmp(into, "table") == 0 ? DIRECTION_TABLE : DIRECTION_UPDATES;
	if (getrandom(&convert.table.seed, sizeof(convert.table.seed), 0) < 0)
		return EXIT_CODE_FAILED;
	convert.pack.seed = convert.table.seed;
	convert.pack.records = &convert.records;
	list_init(&convert.pack.order);
	if (mrt_records_open(&convert.records, arguments_value(arguments, "output"), &error) !=
		0)
		return output_error(console, &error);
	code = run(&convert, arguments, console);
	mrt_pack_clear(&convert.pack);
	mrt_table_clear(&convert.table);
	return code;
}
