/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who says routes: ourselves (number 0) and the neighbours. What becomes of all routes of a
 * source at once costs nothing at once: each route carries the generation of its source in
 * which it was said. A new generation makes what was said before stale (kept while its source
 * restarts, RFC 4724) or dead (as if it were not there); the dead are swept out piece by piece.
 */
#ifndef NEARCAST_ROUTE_SOURCE_H
#define NEARCAST_ROUTE_SOURCE_H

#include "base/instant.h"
#include "route/rib.h"
#include "wire/bgp.h"

struct neighbor;
struct speaker;

struct source {
	rib_source number;
	struct neighbor *neighbor; /* NULL: ourselves, or gone and about to be swept */
	bool gone;
	uint8_t generation[BGP_FAMILY_COUNT]; /* of what is said now */
	uint8_t oldest[BGP_FAMILY_COUNT];     /* that still counts */
	uint32_t count[BGP_FAMILY_COUNT], stale[BGP_FAMILY_COUNT];
	bool long_lived[BGP_FAMILY_COUNT]; /* what is stale is so for long: RFC 9494 */
	bool sweeping[BGP_FAMILY_COUNT];
	uint32_t sweep_at[BGP_FAMILY_COUNT];
	bool reviewing[BGP_FAMILY_COUNT]; /* by a changed policy */
	uint32_t review_at[BGP_FAMILY_COUNT];
	uint8_t unswept[BGP_FAMILY_COUNT]; /* generations since there was nothing to sweep */
};

/* The source of a neighbour (NULL: of ourselves, which must be the first). NULL: no memory, or
 * no number is free. */
struct source *source_new(struct speaker *speaker, struct neighbor *neighbor);
/* The neighbour is about to be freed: its routes die, the source follows when they are swept.
 */
void source_leave(struct speaker *speaker, struct source *source);
void sources_free(struct speaker *speaker);
/* NULL for a number that is not in use. */
struct source *source_of(const struct speaker *speaker, rib_source number);

/* 0 or ERROR_MEMORY: then nothing changed. received: before the import policy; set: after it,
 * none if it rejected the route. A destination that is left without routes, here or below, may
 * be forgotten. */
int source_route_set(struct speaker *speaker, struct source *source, enum bgp_family family,
	uint32_t destination, uint32_t path_id, attribute_set received, attribute_set set,
	struct instant now);
/* Fine if there is no such route. */
void source_route_remove(struct speaker *speaker, struct source *source, enum bgp_family family,
	uint32_t destination, uint32_t path_id);
/* Everything said so far is stale until it is said again. */
void source_stale_begin(struct speaker *speaker, struct source *source, enum bgp_family family);
/* What is still stale goes. */
void source_stale_end(struct speaker *speaker, struct source *source, enum bgp_family family);
/* Everything goes. */
void source_drop(struct speaker *speaker, struct source *source, enum bgp_family family);

/* Neither dead nor of a source that is gone. */
bool source_alive(
	const struct source *source, enum bgp_family family, const struct rib_route *r);
bool source_stale(
	const struct source *source, enum bgp_family family, const struct rib_route *r);

/* There is something to sweep. */
bool sources_busy(const struct speaker *speaker);
/* One bounded piece of it. */
void sources_sweep(struct speaker *speaker);

#endif
