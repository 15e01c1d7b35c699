/* SPDX-License-Identifier: Apache-2.0 */
/* Internet exchanges: who is a member where, and the graph without some of them. */
#ifndef NEARCAST_PLAN_EXCHANGE_H
#define NEARCAST_PLAN_EXCHANGE_H

#include <stdbool.h>

#include "plan/graph.h"

#define PLAN_EXCHANGE_MAX      20000
#define PLAN_EXCHANGE_NAME_MAX 64

struct plan_exchange {
	char name[PLAN_EXCHANGE_NAME_MAX];
	uint32_t members; /* ASes of the graph */
};

struct plan_exchanges {
	struct plan_exchange *list; /* owned, in the order in which they came */
	size_t count;
	struct plan_member {
		uint32_t as, exchange;
	} * members; /* owned; by AS, then by exchange, once each */
	size_t member_count;
	uint32_t outside; /* members that the graph does not have */
};

/*
 * Lines of EXCHANGE,AS (the name may stand in double quotes; "AS64500" is an AS too); # begins
 * a comment, and a first line whose second field is no AS is a title. ERROR_MALFORMED with file
 * and line, ERROR_RANGE: nobody in this graph; ERROR_FULL; ERROR_MEMORY.
 */
int plan_exchanges_read(const struct plan_graph *graph, const struct plan_source *source,
	struct plan_exchanges **ret_exchanges, struct error *error);

/* For those who know them otherwise: begin, add, then arrange. ERROR_FULL, ERROR_MEMORY. */
int plan_exchanges_create(struct plan_exchanges **ret_exchanges, struct error *error);
int plan_exchanges_add(struct plan_exchanges *exchanges, const char *name, uint32_t *ret_index,
	struct error *error);
int plan_exchanges_join(
	struct plan_exchanges *exchanges, uint32_t exchange, uint32_t as, struct error *error);
void plan_exchanges_arrange(struct plan_exchanges *exchanges);
/* NULL is fine. */
void plan_exchanges_free(struct plan_exchanges *exchanges);

/* By name, whatever the case of letters; PLAN_NONE if there is none. */
uint32_t plan_exchange_find(const struct plan_exchanges *exchanges, const char *name);

/* A graph from which exchanges can be taken. */
struct plan_outage;

/* graph and exchanges are only read, for as long as it lives. ERROR_MEMORY. */
int plan_outage_create(const struct plan_graph *graph, const struct plan_exchanges *exchanges,
	struct plan_outage **ret_outage, struct error *error);
/* NULL is fine. */
void plan_outage_free(struct plan_outage *outage);

/*
 * The graph without up to two exchanges: of two peers who meet at exchanges, the link is gone
 * when all of these are. Peers who meet at none, or at more than two, stay linked. The graph is
 * the outage's, until the next call.
 */
const struct plan_graph *plan_outage_without(
	struct plan_outage *outage, const uint32_t *lost, size_t count);

#endif
