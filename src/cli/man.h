/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages in man(7) macros. */
#ifndef NEARCAST_CLI_MAN_H
#define NEARCAST_CLI_MAN_H

#include "cli/command.h"

/* Text for troff: no line starts as a request, dashes stay dashes. */
void man_add_escaped(struct text *out, const char *text);

/* The whole of nearcast.yaml(5). */
void man_config(struct text *out);

#endif
