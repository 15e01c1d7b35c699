/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration's words to the brain's: pure. */
#ifndef NEARCAST_DAEMON_MAIN_SETTINGS_H
#define NEARCAST_DAEMON_MAIN_SETTINGS_H

#include "config/config.h"
#include "service/brain.h"

void settings_brain(const struct config *config, struct brain_settings *ret_settings);

/* ret_settings->checks points to checks. The list is flattened as RECORD_CHECK_REPORT counts:
 * depth first, groups included, in order of writing. ERROR_FULL: more than BRAIN_CHECKS_MAX. */
int settings_service(const struct config_service *service,
	struct brain_check_settings checks[BRAIN_CHECKS_MAX],
	struct brain_service_settings *ret_settings);

/* The same list, as the configuration has it: how many were put into checks. */
size_t settings_checks(const struct config_service *service,
	const struct config_check *checks[BRAIN_CHECKS_MAX]);

#endif
