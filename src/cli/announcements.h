/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration would announce to whom: `nearcast check-config`. Pure. */
#ifndef NEARCAST_CLI_ANNOUNCEMENTS_H
#define NEARCAST_CLI_ANNOUNCEMENTS_H

#include <jansson.h>

#include "cli/console.h"
#include "config/config.h"

/*
 * {"site", "asn", "router_id",
 *  "services": [{"name", "addresses", "interface", "maintenance", "checks", "prefixes",
 * "neighbors", "states": [{"state", "announce", "prepend", "med", "local_pref",
 *                            "graceful_shutdown", "communities"}]}],
 *  "neighbors": [{"name", "address", "asn", "relation", "shutdown",
 *                 "announcements": [{"prefix", "service", "attributes"}]}]}
 * NULL: no memory.
 */
json_t *announcements_json(const struct config *config);
/* The same for people. */
void render_announcements(const json_t *document, const struct style *style, struct text *out);

#endif
