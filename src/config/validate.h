/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration must make sense in, beyond its syntax. */
#ifndef NEARCAST_CONFIG_VALIDATE_H
#define NEARCAST_CONFIG_VALIDATE_H

#include "config/said.h"

/* Tells errors and warnings about a completed configuration. It may hold defaults where the
 * input was broken: said knows what those are. */
void validate_config(const struct config *config, const struct said *said,
	struct config_diagnostics *diagnostics);

#endif
