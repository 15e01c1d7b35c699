/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Internet as a graph of ASes and their business relations, prepared for propagation.
 * Text form: CAIDA AS relationships, serial-1 (a|b|relation) and serial-2
 * (a|b|relation|source); relation -1: a is a provider of b; 0: a and b are peers. Lines that
 * begin with # are comments.
 */
#ifndef NEARCAST_PLAN_GRAPH_H
#define NEARCAST_PLAN_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PLAN_NONE UINT32_MAX
/* Caps of one topology; the real one has 80,000 ASes and 600,000 links. */
#define PLAN_AS_MAX   4000000u
#define PLAN_LINK_MAX 32000000u

/* What a neighbour is to an AS; also the class of a route learned from it, best first. */
enum plan_class {
	PLAN_CUSTOMER,
	PLAN_PEER,
	PLAN_PROVIDER,
	PLAN_CLASSES,
};

enum plan_relation {
	PLAN_PROVIDER_OF = -1, /* a is a provider of b */
	PLAN_PEERS = 0,
};

struct plan_link {
	uint32_t a, b; /* AS numbers, not equal, not 0 */
	enum plan_relation relation;
	uint32_t line; /* where it was read, for errors; 0 if nowhere */
};

/*
 * Compressed rows. An AS is an index. Order: every provider has a smaller index than its
 * customers, and ASes with customers come before those without (stubs).
 */
struct plan_graph {
	uint32_t as_count, link_count;
	uint32_t transit_count; /* ASes with customers: indices 0 .. transit_count - 1 */
	uint32_t *asn;          /* [as_count] */
	uint32_t *first; /* [as_count * PLAN_CLASSES + 1], into neighbors: see plan_row */
	uint32_t
		*neighbors; /* [link_count * 2]; within a row in the AS's order of preference */
	uint32_t *by_asn;   /* [as_count], indices by rising AS number */
};

/* The neighbours of one class of an AS: neighbors[at] .. neighbors[end - 1]. */
struct plan_row {
	const uint32_t *at, *end;
};

static inline struct plan_row plan_row(
	const struct plan_graph *graph, uint32_t as, enum plan_class class)
{
	const uint32_t *first = graph->first + (size_t)as * PLAN_CLASSES + class;

	return (struct plan_row){ graph->neighbors + first[0], graph->neighbors + first[1] };
}

/* Where bytes come from: up to room bytes, 0 at the end, negative error_code on failure. */
struct plan_source {
	ptrdiff_t (*read)(void *context, void *buffer, size_t room, struct error *error);
	void *context;
	const char *name; /* of the file, for errors; NULL if none */
};

/*
 * Prepare links (any order; the caller keeps them). Neighbours stand in order of AS number.
 * ERROR_EXISTS: a link twice, or contradicting; ERROR_MALFORMED: a cycle of providers, or an AS
 * linked to itself; ERROR_RANGE: no link at all, AS 0; ERROR_FULL: over the caps; ERROR_MEMORY.
 * Errors name the line of the link.
 */
int plan_graph_build(const struct plan_link *links, size_t count, struct plan_graph **ret_graph,
	struct error *error);
/* Read text and prepare it. Errors of the source, of plan_graph_build, or ERROR_MALFORMED
 * with file, line and column. */
int plan_graph_read(
	const struct plan_source *source, struct plan_graph **ret_graph, struct error *error);
/* NULL is fine. */
void plan_graph_free(struct plan_graph *graph);

/* The index of an AS number, or PLAN_NONE. */
uint32_t plan_graph_find(const struct plan_graph *graph, uint32_t asn);

/* Give every AS its own order of neighbours: within a class by rising rank, equal ranks by AS
 * number. rank is called once a neighbour of an AS, with indices. ERROR_MEMORY: unchanged. */
typedef uint64_t plan_rank(void *context, uint32_t as, uint32_t neighbor);
int plan_graph_order(struct plan_graph *graph, plan_rank *rank, void *context);

#endif
