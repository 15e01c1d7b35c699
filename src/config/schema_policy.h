/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of sets and policies, for the tables that lead to them. */
#ifndef NEARCAST_CONFIG_SCHEMA_POLICY_H
#define NEARCAST_CONFIG_SCHEMA_POLICY_H

#include "config/schema.h"

extern const struct schema_section schema_prefix_set, schema_as_set, schema_path_set,
	schema_community_set, schema_policy;
extern const struct schema_section schema_rule; /* offsets are from struct config_rule */

#endif
