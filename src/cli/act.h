/* SPDX-License-Identifier: Apache-2.0 */
/* What drain, undrain and the neighbour verbs have in common: ask for a change, tell the
 * answer. */
#ifndef NEARCAST_CLI_ACT_H
#define NEARCAST_CLI_ACT_H

#include <jansson.h>

#include "cli/console.h"

/* Takes over params. sentence prints the answer for people. */
enum exit_code act_ask(const struct arguments *arguments, struct console *console,
	const char *method, json_t *params,
	void (*sentence)(const json_t *answer, const struct style *style, struct text *out));

#endif
