/* SPDX-License-Identifier: Apache-2.0 */
/* Names of sets and policies: which there are, and which one was meant. */
#ifndef NEARCAST_CONFIG_NAMES_H
#define NEARCAST_CONFIG_NAMES_H

#include "config/rules.h"

enum name_kind {
	NAME_PREFIX_SET,
	NAME_AS_SET,
	NAME_PATH_SET,
	NAME_COMMUNITY_SET,
	NAME_POLICY,
};

bool name_known(const struct config *config, enum name_kind kind, const char *name);

/* Complains at target that there is no such thing, and hints at the closest one. */
void name_unknown(struct validator *validator, enum name_kind kind, const char *name,
	const void *target, const void *owner);

#endif
