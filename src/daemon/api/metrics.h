/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's numbers as OpenMetrics 1.0 text. Pure. */
#ifndef NEARCAST_DAEMON_API_METRICS_H
#define NEARCAST_DAEMON_API_METRICS_H

#include <jansson.h>

#include "base/text.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* main and speaker: the answers to QUERY_METRICS_MAIN and QUERY_METRICS_SPEAKER (docs/api.md),
 * either may be NULL: then its part is missing. Ends with "# EOF". */
void metrics_print(const json_t *main, const json_t *speaker, struct text *out);

#endif
