/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical YAML, from any struct that the schema describes. */
#ifndef NEARCAST_CONFIG_PRINTER_H
#define NEARCAST_CONFIG_PRINTER_H

#include "base/text.h"
#include "config/config.h"
#include "config/schema.h"

#define PRINT_ALL_TOUCHES (-1)

/* All values of one struct, said or default, with secrets, but only those fields that touch
 * what is asked for (enum schema_touch, or PRINT_ALL_TOUCHES). Equal texts mean equal values:
 * that is how configurations are compared. */
void printer_section(
	const struct schema_section *section, const void *base, int touch, struct text *out);

/* The value of one field of the struct at base, which may be no group or map; nothing if it is
 * not set. Checks are printed over several lines. */
void printer_field(const struct schema_field *field, const void *base, bool with_secrets,
	struct text *out);

/* What a rule says, without defaults, a line or more. */
void printer_rule(const struct config_rule *rule, struct text *out);

/* One value as YAML, in quotes if it needs them. kind tells what it is. */
void printer_quote(enum schema_kind kind, const char *value, struct text *out);

#endif
