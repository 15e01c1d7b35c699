/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, times, routes and explanations as JSON; the shapes are in docs/api.md. */
#ifndef NEARCAST_DAEMON_SPEAKER_ROUTE_JSON_H
#define NEARCAST_DAEMON_SPEAKER_ROUTE_JSON_H

#include <jansson.h>

#include "route/explain.h"

struct speaker_process;

json_t *address_json(const struct address *address); /* null: FAMILY_NONE */
json_t *router_id_json(uint32_t id);                 /* null: 0 */
/* KEY and KEY_seconds; both null if it is not set. */
void json_set_since(json_t *object, const char *key, struct instant at);
json_t *route_json(const struct route_view *route);
json_t *explanation_json(struct speaker_process *process, const struct prefix *wanted,
	const struct explanation *explanation);

#endif
