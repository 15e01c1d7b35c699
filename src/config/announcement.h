/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration would announce, to whom, while all of its services are healthy. */
#ifndef NEARCAST_CONFIG_ANNOUNCEMENT_H
#define NEARCAST_CONFIG_ANNOUNCEMENT_H

#include "base/text.h"
#include "config/config.h"

#define ANNOUNCEMENTS_MAX 100000

struct announcement {
	const struct config_neighbor *neighbor;
	const struct config_service *service;
	struct prefix prefix;
	/* `up` of the service and `export` of the neighbour together: prepends added, the
	 * neighbour's other values before the service's, communities joined. has_med is true
	 * towards another AS (MED is always explicit), has_local_pref only towards our own. */
	struct config_attributes attributes;
};

/* Zero-initialise; announcements_clear frees. Points into the configuration. Sorted by
 * neighbour as configured, then by prefix. */
struct announcements {
	struct announcement *items;
	size_t count;
	struct arena arena;
};

/* Leaves out services in maintenance, neighbours that are shut down, and families that a
 * neighbour does not take. 0, ERROR_MEMORY, or ERROR_FULL over ANNOUNCEMENTS_MAX. */
int announcements_of(const struct config *config, struct announcements *ret_announcements);
void announcements_clear(struct announcements *announcements);

/* For people: a line a neighbour, a line a prefix. */
void announcements_print(const struct announcements *announcements, struct text *out);

/* "path 64500 64500, med 10, communities 64500:1 no-export": without a final newline. */
void announcement_print_attributes(const struct announcement *announcement, struct text *out);

enum announcement_change_kind {
	ANNOUNCEMENT_NEW,
	ANNOUNCEMENT_WITHDRAWN,
	ANNOUNCEMENT_CHANGED, /* its attributes, or the service it comes from */
};

/* Told of each difference, old ones in order, then new ones. old or new is NULL if there is
 * none. */
typedef void announcement_sink(void *context, enum announcement_change_kind kind,
	const struct announcement *old, const struct announcement *new);

/* What a change from one to the other announces and withdraws. Neighbours are the same if their
 * names are. */
void announcements_compare(const struct announcements *old, const struct announcements *new,
	announcement_sink *sink, void *context);

#endif
