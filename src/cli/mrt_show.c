/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast mrt show: a line a route, a state, a message.
 *
 * Three ways to print them, a row each: for people, for programs that know bgpdump -m, as JSON.
 * JSON is written by hand: there is nothing in these records that JSON would have to escape.
 */
#include "cli/mrt_action.h"
#include "cli/mrt_input.h"
#include "cli/mrt_lines.h"
#include "cli/mrt_print.h"

#include "cli/output.h"

struct show {
	const struct mrt_filter *filter;
	const struct mrt_printer *printer;
	struct console *console;
	struct lines lines;
	uint64_t left; /* routes until the limit */
};

/* After a line: whether to go on. */
static int ended(struct show *show)
{
	struct error error = { 0 };

	if (!show->lines.failed)
		return 0;
	error_system(&error, show->lines.system_errno, "can't write the answer");
	console_error(show->console, &error);
	return ERROR_SYSTEM;
}

static bool wants(void *context, const struct mrt_route *route)
{
	const struct show *show = context;

	return mrt_filter_wants(show->filter, route);
}

static int on_route(void *context, const struct mrt_route *route)
{
	struct show *show = context;

	if (!mrt_filter_passes(show->filter, route))
		return 0;
	if (show->left == 0)
		return MRT_ENOUGH;
	show->left--;
	show->printer->route(&show->lines, route);
	if (show->lines.failed)
		return ended(show);
	return show->left == 0 ? MRT_ENOUGH : 0;
}

static bool session_wanted(const struct show *show, const struct mrt_record *record,
	const struct mrt_message *message)
{
	struct mrt_peer peer = { .asn = message->peer_asn, .address = message->peer };

	return !mrt_filter_routes_only(show->filter) &&
	       mrt_filter_session(show->filter, record->time, &peer);
}

static int on_state(
	void *context, const struct mrt_record *record, const struct mrt_message *message)
{
	struct show *show = context;

	if (session_wanted(show, record, message))
		show->printer->state(&show->lines, record, message);
	return ended(show);
}

static int on_message(void *context, const struct mrt_record *record,
	const struct mrt_message *message, const struct bgp_frame *frame)
{
	struct show *show = context;

	if (frame->type != BGP_UPDATE && show->printer->message != NULL &&
		session_wanted(show, record, message))
		show->printer->message(&show->lines, record, message, frame);
	return ended(show);
}

enum exit_code mrt_show(const struct arguments *arguments, const struct mrt_filter *filter,
	struct console *console)
{
	struct show show = { .filter = filter, .console = console, .left = filter->limit };
	const struct mrt_sink sink = { &show, wants, on_route, on_state, on_message, NULL };
	struct mrt_input input = { .progress = true };
	struct error error = { 0 };
	enum exit_code code;

	show.printer = console->json                         ? &mrt_printer_json
		       : arguments_has(arguments, "machine") ? &mrt_printer_machine
							     : &mrt_printer_text;
	if (lines_open(&show.lines, console->out) != 0) {
		error_set(&error, ERROR_MEMORY, "no memory to print");
		return output_error(console, &error);
	}
	code = mrt_input_read(&input, arguments, 1, &sink, console);
	if (!show.lines.failed && !lines_flush(&show.lines)) {
		(void)ended(&show);
		code = EXIT_CODE_FAILED;
	}
	mrt_input_remarks(&input, console);
	lines_clear(&show.lines);
	mrt_input_clear(&input);
	return code;
}
