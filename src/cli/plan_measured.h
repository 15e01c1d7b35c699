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
#include "plan/calibration.h"
#include "plan/city.h"

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
	/* Of paths to each site when it announces alone, mean over all observers; who sees none
	 * counts as the longest. */
	double lengths[PLAN_PREFERENCE_SITES_MAX];
	bool lengths_known; /* of every site */
};

/* An AS counts in a pair if one kind of measurement names one site: pings go before traceroutes
 * before route collectors. ERROR_NOT_FOUND: no such folder, or no pair in it; ERROR_MALFORMED
 * with the file; ERROR_MEMORY; errors of reading. */
int measured_read(const char *folder, struct measured *ret_measured, struct error *error);
void measured_clear(struct measured *measured);

/* What it teaches; ret_held_out, [preferences.count], in their order, is the caller's to free,
 * also after an error. Sources are pairs. */
int measured_calibration(struct measured *measured, struct plan_calibration *ret_calibration,
	struct plan_held_out **ret_held_out, struct error *error);

/* Paths to sites as route collectors saw them. Zero-initialise; free items. */
struct measured_paths {
	struct measured_path {
		uint32_t observer;
		uint8_t site;
		uint16_t hops; /* before the origin */
	} * items;
	size_t count, room;
};
/* Lines of collector, observer's ASN, path with commas; tabs between. No such file: nothing is
 * read. ERROR_MALFORMED with file and line; ERROR_FULL; ERROR_MEMORY. */
int measured_paths_read(
	struct measured_paths *paths, const char *path, uint8_t site, struct error *error);
/* Sets m->lengths. Sorts. */
void measured_paths_average(struct measured_paths *paths, struct measured *m);

#endif
