/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of config/validate.h, by what they are about. */
#ifndef NEARCAST_CONFIG_RULES_H
#define NEARCAST_CONFIG_RULES_H

#include "config/said.h"

struct validator {
	const struct config *config;
	const struct said *said;
	struct config_diagnostics *diagnostics;
};

/* Tell something about the field at target; if it was not said, about its owner: a service, a
 * neighbour, a check, or NULL for the whole. Nothing is told about what could not be read. */
void rule_error(struct validator *validator, const void *target, const void *owner,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void rule_warning(struct validator *validator, const void *target, const void *owner,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What to do about the last thing told; nothing if that was kept silent. */
void rule_hint(struct validator *validator, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* True if it was said, well or badly. */
bool rule_said(const struct validator *validator, const void *target);
/* True if it was said and could not be read. */
bool rule_broken(const struct validator *validator, const void *target);
/* "site.yaml:3:5", for "it was first said at ..."; "" if it was not said. */
const char *rule_where(const struct validator *validator, const void *target, char text[160]);

void rules_neighbors(struct validator *validator);
void rules_services(struct validator *validator);
void rules_rpki(struct validator *validator);
void rules_flows(struct validator *validator);
void rules_checks(struct validator *validator, const struct config_service *service);
/* Communities said twice, in the attributes of the owner. */
void rules_communities(struct validator *validator,
	const struct config_communities *communities, const void *owner);

/* True if the service's routes go to this neighbour. */
bool rule_goes_to(const struct config_service *service, const struct config_neighbor *neighbor);

#endif
