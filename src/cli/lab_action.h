/* SPDX-License-Identifier: Apache-2.0 */
/* What `nearcast lab ACTION` does, a function an action; and what they share. */
#ifndef NEARCAST_CLI_LAB_ACTION_H
#define NEARCAST_CLI_LAB_ACTION_H

#include <jansson.h>

#include "cli/console.h"
#include "lab/control.h"

/* arguments: positional 0 is the action. */
typedef enum exit_code lab_action(const struct arguments *arguments, struct console *console);

lab_action lab_action_up, lab_action_down, lab_action_list, lab_action_status, lab_action_exec,
	lab_action_break, lab_action_mend, lab_action_drain, lab_action_undrain,
	lab_action_prepend, lab_action_catchment, lab_action_check, lab_action_run,
	lab_action_export;

#define LAB_ASK_MS 30000

/* Which world is meant: --name, or the only one that is up. Errors are set. */
int lab_choose(const struct arguments *arguments, char name[LAB_NAME_MAX], struct error *error);
/* Ask the chosen world; takes the question. */
int lab_question(const struct arguments *arguments, json_t *question, json_t **ret_answer,
	struct error *error);
/* The same, and print nothing but an error. */
enum exit_code lab_tell(
	const struct arguments *arguments, struct console *console, json_t *question);

enum lab_voice {
	LAB_ALOUD,   /* with this terminal */
	LAB_QUIETLY, /* what it prints is dropped */
};
/* Run a command in a node and wait. *ret_status: as of wait(2). */
int lab_run_inside(const char *world, const char *node, const char *const *argv,
	enum lab_voice voice, int *ret_status, struct error *error);

/* End a world, and wait until its name is free. */
int lab_take_down(const char *name, struct error *error);

/* The table of `lab catchment`. */
void lab_catchment_text(const json_t *report, const struct style *style, struct text *out);

/* Everybody asks for a while: the report of all clients. interval_us between requests of one.
 */
int lab_measure(const char *world, unsigned interval_us, unsigned for_ms, json_t **ret_report,
	struct error *error);

#endif
