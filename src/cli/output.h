/* SPDX-License-Identifier: Apache-2.0 */
/* How a command ends: what it has to say goes out at once, and gives the exit status. */
#ifndef NEARCAST_CLI_OUTPUT_H
#define NEARCAST_CLI_OUTPUT_H

#include <jansson.h>

#include "cli/console.h"

/* Print and free the text. EXIT_CODE_OK, or EXIT_CODE_FAILED if it can't be written. */
enum exit_code output_text(struct console *console, struct text *text);
/* Print the document as one indented JSON text and let go of it. NULL is out of memory. */
enum exit_code output_json(struct console *console, json_t *document);
/* Print the error and give the exit status that stands for its code. */
enum exit_code output_error(struct console *console, const struct error *error);

#endif
