/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lists of rules, and what a neighbour's routes go through. */
#ifndef NEARCAST_CONFIG_SECTION_POLICY_H
#define NEARCAST_CONFIG_SECTION_POLICY_H

#include "config/section.h"

/* KIND_RULES: a list of rules into an array of struct config_rule. */
void rules_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base);

/* KIND_CHOICE: none, all, a name or a list of names into a struct config_choice. */
void choice_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base);

#endif
