/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the schema for others to read: a JSON Schema and the reference. */
#ifndef NEARCAST_CONFIG_DOCUMENT_H
#define NEARCAST_CONFIG_DOCUMENT_H

#include "base/text.h"

/* A JSON Schema (draft 2020-12) of the YAML file, for editors. 0 or ERROR_MEMORY. It is a
 * little more generous than the reader: what one key means for another it does not know. */
int config_json_schema(struct text *out);

/* docs/configuration.md: every section with a table of its keys. */
void config_reference(struct text *out);

/* docs/plan-file.md: the same of a plan (config/plan.h). */
void config_plan_reference(struct text *out);

/* docs/world-file.md: the same of a world (config/world.h). */
void config_world_reference(struct text *out);

/* A complete file with every key at its default, each explained: `nearcast config default`. It
 * reads without an error. */
void config_default(struct text *out);

#endif
