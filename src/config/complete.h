/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults that follow from other values: the fields that the schema marks FIELD_COMPUTED.
 */
#ifndef NEARCAST_CONFIG_COMPLETE_H
#define NEARCAST_CONFIG_COMPLETE_H

#include "config/config.h"

/* Fill what is zero or NULL. Memory comes from the arena. 0 or ERROR_MEMORY. */
int complete_config(struct config *config, struct arena *arena);
int complete_service(struct config_service *service, struct arena *arena);
void complete_neighbor(const struct config *config, struct config_neighbor *neighbor);

#endif
