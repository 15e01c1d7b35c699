/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's documents (docs/api.md) as text for people. Pure. */
#ifndef NEARCAST_CLI_RENDER_H
#define NEARCAST_CLI_RENDER_H

#include <jansson.h>

#include "cli/console.h"

void render_status(const json_t *status, const struct style *style, struct text *out);
/* {"services":[...]} as a table. */
void render_services(const json_t *document, const struct style *style, struct text *out);
/* One service in full. */
void render_service(const json_t *service, const struct style *style, struct text *out);
void render_neighbors(const json_t *document, const struct style *style, struct text *out);
void render_neighbor(const json_t *neighbor, const struct style *style, struct text *out);
void render_bfd(const json_t *document, const struct style *style, struct text *out);
void render_policies(const json_t *document, const struct style *style, struct text *out);
void render_routes(const json_t *document, const struct style *style, struct text *out);
/* Why the routes of one prefix are what they are. */
void render_explanation(const json_t *document, const struct style *style, struct text *out);
void render_flowspec(const json_t *document, const struct style *style, struct text *out);
void render_nexthops(const json_t *document, const struct style *style, struct text *out);
void render_rpki(const json_t *document, const struct style *style, struct text *out);
/* One event as one line. */
void render_event(const json_t *event, const struct style *style, struct text *out);
void render_reload(const json_t *document, const struct style *style, struct text *out);

/* Is a service not as the operator wants it: exit status 5? */
bool service_is_degraded(const json_t *service);

#endif
