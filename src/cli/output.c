/* SPDX-License-Identifier: Apache-2.0 */
/* How a command ends. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>

enum exit_code output_text(struct console *console, struct text *text)
{
	struct error error = { 0 };
	bool written = console_write(console, text);

	text_clear(text);
	if (written)
		return EXIT_CODE_OK;
	error_system(&error, errno, "can't write the answer");
	console_error(console, &error);
	return EXIT_CODE_FAILED;
}

enum exit_code output_json(struct console *console, json_t *document)
{
	struct text out = { 0 };
	char *dump = NULL;

	if (document != NULL)
		dump = json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(document);
	if (dump == NULL) {
		struct error error = { 0 };

		error_set(&error, ERROR_MEMORY, "no memory for the answer");
		return output_error(console, &error);
	}
	text_print(&out, "%s\n", dump);
	free(dump);
	return output_text(console, &out);
}

static enum exit_code exit_code_of(enum error_code code)
{
	static const struct {
		enum error_code code;
		enum exit_code exit;
	} exits[] = {
		{ ERROR_NOT_FOUND, EXIT_CODE_NOT_FOUND },
		{ ERROR_MALFORMED, EXIT_CODE_USAGE },
		{ ERROR_RANGE, EXIT_CODE_USAGE },
	};

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		if (exits[i].code == code)
			return exits[i].exit;
	}
	return EXIT_CODE_FAILED;
}

enum exit_code output_error(struct console *console, const struct error *error)
{
	console_error(console, error);
	return exit_code_of(error->code);
}
