/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: colour, width, symbols, and how an error looks.
 *
 * Colour only on a terminal, never with NO_COLOR (no-color.org) or TERM=dumb, and never as the
 * only carrier of a meaning.
 */
#include "cli/console.h"

#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/width.h"

#define COLUMNS_LEAST 40u

static unsigned terminal_columns(FILE *out)
{
	const char *given = getenv("COLUMNS");
	struct winsize size;
	long columns = given == NULL ? 0 : strtol(given, NULL, 10);

	if (columns <= 0 && isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (columns <= 0 || columns > 10000)
		return 0;
	return columns < COLUMNS_LEAST ? COLUMNS_LEAST : (unsigned)columns;
}

static bool wants_colour(const struct arguments *arguments, FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (arguments_has(arguments, "no-color") || !isatty(fileno(out)))
		return false;
	if (no_color != NULL && no_color[0] != '\0')
		return false;
	return term == NULL || strcmp(term, "dumb") != 0;
}

void console_setup(struct console *console, const struct arguments *arguments)
{
	setlocale(LC_CTYPE, "");
	*console = (struct console){
		.out = stdout,
		.err = stderr,
		.json = arguments_has(arguments, "json"),
		.style = {
			.colour = wants_colour(arguments, stdout),
			.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
			.columns = terminal_columns(stdout),
		},
	};
}

const char *tone_symbol(const struct style *style, enum tone tone)
{
	static const char *const unicode[TONE_COUNT] = {
		[TONE_PLAIN] = "",
		[TONE_GOOD] = "✓",
		[TONE_WARNING] = "!",
		[TONE_BAD] = "✗",
		[TONE_QUIET] = "·",
		[TONE_TITLE] = "",
	};
	static const char *const ascii[TONE_COUNT] = {
		[TONE_PLAIN] = "",
		[TONE_GOOD] = "+",
		[TONE_WARNING] = "!",
		[TONE_BAD] = "x",
		[TONE_QUIET] = "-",
		[TONE_TITLE] = "",
	};

	return style->unicode ? unicode[tone] : ascii[tone];
}

const char *tone_start(const struct style *style, enum tone tone)
{
	static const char *const starts[TONE_COUNT] = {
		[TONE_PLAIN] = "",
		[TONE_GOOD] = "\033[32m",
		[TONE_WARNING] = "\033[33m",
		[TONE_BAD] = "\033[1;31m",
		[TONE_QUIET] = "\033[2m",
		[TONE_TITLE] = "\033[1m",
	};

	return style->colour ? starts[tone] : "";
}

const char *tone_end(const struct style *style, enum tone tone)
{
	return style->colour && tone != TONE_PLAIN ? "\033[0m" : "";
}

bool console_write(struct console *console, const struct text *text)
{
	size_t written = fwrite(text_string(text), 1, text->length, console->out);

	return fflush(console->out) == 0 && written == text->length && !text->failed;
}

/* Every line made safe, the newlines between them kept. */
static void add_safe_lines(struct text *out, const char *lines)
{
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");
		struct text line = { 0 };

		text_add_bytes(&line, lines, length);
		text_add_safe(out, text_string(&line));
		text_clear(&line);
		lines += length;
		if (*lines == '\n') {
			lines++;
			if (*lines != '\0')
				text_add(out, "\n");
		}
	}
}

static void error_json(
	struct console *console, const char *code, const char *message, const char *hint)
{
	json_t *object = json_pack(
		"{s:{s:s, s:s, s:s}}", "error", "code", code, "message", message, "hint", hint);

	if (object == NULL)
		return;
	json_dumpf(object, console->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', console->out);
	fflush(console->out);
	json_decref(object);
}

void console_error_text(
	struct console *console, const char *code, const char *message, const char *hint)
{
	struct text safe = { 0 }, safe_hint = { 0 };
	struct style style = console->style;

	style.colour = style.colour && isatty(fileno(console->err));
	add_safe_lines(&safe, message);
	text_add_safe(&safe_hint, hint);
	if (console->json)
		error_json(console, code, text_string(&safe), text_string(&safe_hint));
	else
		fprintf(console->err, "%snearcast: error:%s %s\n", tone_start(&style, TONE_BAD),
			tone_end(&style, TONE_BAD), text_string(&safe));
	if (!console->json && safe_hint.length > 0)
		fprintf(console->err, "  %s\n", text_string(&safe_hint));
	text_clear(&safe);
	text_clear(&safe_hint);
}

void console_error(struct console *console, const struct error *error)
{
	struct text message = { 0 };

	text_add(&message, error->text);
	if (error->code == ERROR_SYSTEM && error->system_errno != 0)
		text_print(&message, ": %s", strerror(error->system_errno));
	console_error_text(
		console, error_name(error->code), text_string(&message), error->hint);
	text_clear(&message);
}

void console_note(struct console *console, const char *format, ...)
{
	va_list list;

	if (console->json)
		return;
	va_start(list, format);
	vfprintf(console->err, format, list);
	va_end(list);
	fputc('\n', console->err);
}
