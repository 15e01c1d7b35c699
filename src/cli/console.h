/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command prints, and what that place can show. */
#ifndef NEARCAST_CLI_CONSOLE_H
#define NEARCAST_CLI_CONSOLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"

/* What a word means; shown by colour and always by a symbol or the word itself too. */
enum tone {
	TONE_PLAIN,
	TONE_GOOD,
	TONE_WARNING,
	TONE_BAD,
	TONE_QUIET, /* of less interest; off on purpose */
	TONE_TITLE,
	TONE_COUNT,
};

/* How to print; pure renderers get this and nothing else. */
struct style {
	bool colour;
	bool unicode;     /* symbols from beyond ASCII */
	unsigned columns; /* of the terminal; 0: no limit */
};

struct console {
	FILE *out, *err;
	struct style style;
	bool json;
};

/* Looks at the environment (NO_COLOR, TERM, COLUMNS), the locale and the terminal. */
void console_setup(struct console *console, const struct arguments *arguments);

/* "✓", "!", "✗", "·" or ASCII; "" for plain. */
const char *tone_symbol(const struct style *style, enum tone tone);
/* The escape sequences around a word; "" without colour. */
const char *tone_start(const struct style *style, enum tone tone);
const char *tone_end(const struct style *style, enum tone tone);

/* Write to out at once. False if that failed (a closed pipe, a full disk). */
bool console_write(struct console *console, const struct text *text);

/* Print an error with its hint: to err for people, to out as {"error":...} with --json. */
void console_error(struct console *console, const struct error *error);
/* The same with a code by name; the message may have several lines. */
void console_error_text(
	struct console *console, const char *code, const char *message, const char *hint);
/* Print a remark to err; nothing with --json. */
void console_note(struct console *console, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
