/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration must make sense in: tables of rules, each a function. */
#include "config/validate.h"

void validate_config(const struct config *config, const struct said *said,
	struct config_diagnostics *diagnostics)
{
	(void)said;
	if (config->service_count > 0)
		return;
	diagnose(diagnostics, CONFIG_WARNING, NULL,
		"there are no services: nothing is announced");
}
