/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured catchments of two-site anycast experiments on the PEERING testbed, as its authors
 * publish them: folders NUMBER_SITE_SITE with files that map AS numbers to the site reached,
 * and peers.json with the BGP sessions of every site.
 */
#ifndef NEARCAST_CLI_PLAN_MEASURED_H
#define NEARCAST_CLI_PLAN_MEASURED_H

#include <stdbool.h>

#include "base/error.h"
#include "plan/city.h"
#include "plan/preference.h"

#define MEASURED_PAIRS_MAX 256

struct measured_site {
	char name[32];
	bool placed;
	struct plan_place place;
};

struct measured_session {
	uint32_t asn;
	uint8_t site;
	bool transit; /* else a peer */
};

struct measured_pair {
	uint8_t a, b;        /* sites */
	size_t first, count; /* of its observations, while they stand as they were read */
};

/* Zero-initialise; measured_clear frees. The source of an observation is its pair's index. */
struct measured {
	struct measured_site sites[PLAN_PREFERENCE_SITES_MAX];
	size_t site_count;
	struct measured_pair pairs[MEASURED_PAIRS_MAX];
	size_t pair_count;
	struct measured_session *sessions; /* IPv4, without route servers */
	size_t session_count;
	struct plan_preferences observations; /* by pair, as read */
};

/* An AS counts in a pair if one kind of measurement names one site: pings go before traceroutes
 * before route collectors. ERROR_NOT_FOUND: no such folder, or no pair in it; ERROR_MALFORMED
 * with the file; ERROR_MEMORY; errors of reading. */
int measured_read(const char *folder, struct measured *ret_measured, struct error *error);
void measured_clear(struct measured *measured);

#endif
