/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of config/validate.h about sets and policies. */
#ifndef NEARCAST_CONFIG_RULES_POLICY_H
#define NEARCAST_CONFIG_RULES_POLICY_H

#include "config/rules.h"

void rules_sets(struct validator *validator);
void rules_policies(struct validator *validator);

/* The pattern at target: are there the AS sets that it names, can it be compiled? */
void rules_pattern(struct validator *validator, const char *const *target, const void *owner);

#endif
