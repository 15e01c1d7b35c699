/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations: the questions that choosing and sending asked, asked again.
 *
 *     prefix --longest match--> destination --ranking--> paths, each with its reason
 *                                    `------each session--> verdict, policy, what is held
 *
 * Invariant: nothing of the speaker changes but its scratch memory; no rule is counted.
 */
#include "route/explain.h"

#include <stdlib.h>
#include <string.h>

#include "route/best.h"
#include "route/group.h"
#include "route/speaker_internal.h"

const char *explained_status_name(enum explained_status status)
{
	static const char *const names[] = {
		[EXPLAINED_BEST] = "best",
		[EXPLAINED_SHARES] = "shares",
		[EXPLAINED_USABLE] = "usable",
		[EXPLAINED_REJECTED] = "rejected",
		[EXPLAINED_UNREACHABLE] = "unreachable",
		[EXPLAINED_GONE] = "gone",
	};

	return names[status];
}

static const struct verdict_row {
	const char *name, *text;
} verdict_rows[EXPORT_VERDICT_COUNT] = {
	[EXPORT_TOLD] = { "told", "" },
	[EXPORT_NO_FAMILY] = { "no-family", "the session does not carry this family" },
	[EXPORT_NO_ROUTE] = { "no-route", "there is no route that can be used" },
	[EXPORT_NOT_NAMED] = { "not-named", "the service is announced to other neighbours" },
	[EXPORT_NOTHING_LEARNED] = { "export-none",
		"what others said is not passed on to it (export: none)" },
	[EXPORT_ITS_OWN] = { "its-own", "it said the route itself" },
	[EXPORT_NO_ADVERTISE] = { "no-advertise", "the route carries NO_ADVERTISE" },
	[EXPORT_NO_EXPORT] = { "no-export", "the route carries NO_EXPORT" },
	[EXPORT_NOT_REFLECTED] = { "not-reflected",
		"an internal neighbour said it, and neither of the two is a reflector's client" },
	[EXPORT_ONLY_TO_CUSTOMER] = { "only-to-customer",
		"the route is for customers only (RFC 9234)" },
	[EXPORT_LLGR_STALE] = { "llgr-stale",
		"the route is stale for long, and it does not know LLGR (RFC 9494)" },
	[EXPORT_VALLEY] = { "valley", "what a provider or a peer said goes to customers only" },
	[EXPORT_POLICY] = { "policy", "its policy rejects the route" },
	[EXPORT_HELD_BACK] = { "held-back", "it has maximum-prefixes-out already" },
	[EXPORT_UNSENDABLE] = { "unsendable", "there is no next hop to send, or no room" },
};

const char *export_verdict_name(enum export_verdict verdict)
{
	return verdict_rows[verdict].name;
}

const char *export_verdict_text(enum export_verdict verdict)
{
	return verdict_rows[verdict].text;
}

/* One explanation under way. */
struct question {
	struct speaker *speaker;
	enum bgp_family family;
	uint32_t destination;
	struct rib_route *routes;
	uint32_t count;
	struct decision_candidate *candidates; /* owned; by place in routes */
	uint32_t *order;                       /* owned; places in routes, the best first */
	uint32_t usable;                       /* how many of order are */
	struct explanation *explanation;
};

/* ---- Which prefix. ---- */

static uint32_t longest_match(const struct rib *rib, const struct prefix *wanted)
{
	struct prefix prefix = *wanted;

	for (int length = wanted->length; length >= 0; length--) {
		uint32_t destination, count = 0;

		prefix.length = (uint8_t)length;
		prefix_normalise(&prefix);
		destination = rib_find(rib, &prefix);
		if (destination != RIB_NONE)
			(void)rib_routes(rib, destination, &count);
		if (count > 0)
			return destination;
	}
	return RIB_NONE;
}

/* ---- In which order. ---- */

static int order_make(struct question *q)
{
	struct best_ranking ranking;
	uint32_t next;
	int r;

	q->candidates = calloc(q->count, sizeof(*q->candidates));
	q->order = calloc(q->count, sizeof(*q->order));
	r = best_ranking_begin(q->speaker, q->family, q->destination, &ranking);
	if (q->candidates == NULL || q->order == NULL || r != 0) {
		best_ranking_end(&ranking);
		return ERROR_MEMORY;
	}
	for (uint32_t i = 0; i < q->count; i++)
		best_candidate(q->speaker, q->family, &q->routes[i], &q->candidates[i]);
	while ((next = best_ranking_next(&ranking)) != RIB_NONE)
		q->order[q->usable++] = next;
	best_ranking_end(&ranking);
	for (uint32_t i = 0, at = q->usable; i < q->count; i++)
		if (!best_usable(q->speaker, q->family, &q->routes[i]))
			q->order[at++] = i;
	return 0;
}

/* Where in the explanation the route at this place is. */
static uint32_t rank_of(const struct question *q, uint32_t place)
{
	for (uint32_t i = 0; i < q->count; i++)
		if (q->order[i] == place)
			return i;
	return 0;
}

/* ---- Paths. ---- */

static enum explained_status status_of(const struct question *q, uint32_t rank)
{
	const struct rib_route *route = &q->routes[q->order[rank]];
	const struct source *source = source_of(q->speaker, (rib_source)route->source);

	if (rank < q->usable) {
		if (rank == 0)
			return EXPLAINED_BEST;
		return route->multipath ? EXPLAINED_SHARES : EXPLAINED_USABLE;
	}
	if (source == NULL || !source_alive(source, q->family, route))
		return EXPLAINED_GONE;
	return route->set == ATTRIBUTE_SET_NONE ? EXPLAINED_REJECTED : EXPLAINED_UNREACHABLE;
}

static void reason_find(const struct question *q, uint32_t rank, struct explained_path *path)
{
	const struct decision_settings *settings = &q->speaker->settings.decision;
	struct decision_reason reason;
	uint32_t loser;

	if (q->usable < 2 || rank >= q->usable)
		return;
	/* The best one is told against the next one. */
	loser = q->order[rank == 0 ? 1 : rank];
	reason = decision_explain(q->candidates, q->count, q->order[0], loser, settings);
	path->step = reason.step;
	path->winner = rank_of(q, reason.winner);
	decision_format(reason.step, &q->candidates[reason.winner], &q->candidates[loser],
		settings, path->why);
}

static void path_explain(const struct question *q, uint32_t rank, struct explained_path *path)
{
	const struct rib_route *route = &q->routes[q->order[rank]];
	const struct source *source = source_of(q->speaker, (rib_source)route->source);
	struct attribute_store *store = &q->speaker->store;

	path->status = status_of(q, rank);
	path->differs = route->set != ATTRIBUTE_SET_NONE && route->set != route->received;
	attribute_store_read(store, route->received, &path->received);
	attribute_store_read(store,
		route->set == ATTRIBUTE_SET_NONE ? route->received : route->set,
		&path->accepted);
	path->view = (struct route_view){ .prefix = q->explanation->prefix,
		.attributes = &path->received,
		.neighbor = source == NULL ? NULL : source->neighbor,
		.path_id = route->path_id,
		.stale = source != NULL && source_stale(source, q->family, route),
		.since = { (int64_t)route->since * 1000000000 } };
	path->policy.accepts = true;
	if (path->view.neighbor != NULL)
		filter_explain_import(source->neighbor, &q->explanation->prefix,
			&path->received, &path->policy);
	reason_find(q, rank, path);
}

static int paths_explain(struct question *q)
{
	struct explanation *e = q->explanation;

	e->paths = calloc(q->count, sizeof(*e->paths));
	if (e->paths == NULL)
		return ERROR_MEMORY;
	e->path_count = q->count;
	for (uint32_t rank = 0; rank < q->count; rank++)
		path_explain(q, rank, &e->paths[rank]);
	return 0;
}

/* ---- Listeners. ---- */

/* What it was sent, of this prefix. */
static uint32_t routes_told(const struct question *q, const struct neighbor *neighbor)
{
	const struct group_family *gf = &neighbor->member.group->families[q->family];
	uint32_t told = 0;

	for (uint32_t i = group_held_count(gf, q->destination); i-- > 0;)
		told += group_held_at(gf, q->destination, i).source != neighbor->source->number;
	return told;
}

/* Of the group, and whether the policy lets it through. */
static enum export_verdict judge(const struct question *q, const struct rib_route *route,
	struct explained_listener *listener)
{
	const struct neighbor *to = listener->neighbor;
	const struct source *source = source_of(q->speaker, (rib_source)route->source);
	struct bgp_attributes attributes;
	enum export_verdict verdict;

	if (route->source != RIB_LOCAL && route->source == to->source->number)
		return EXPORT_ITS_OWN;
	verdict = export_judge(to->member.group, q->family, q->destination, route);
	if (verdict != EXPORT_TOLD || route->source == RIB_LOCAL)
		return verdict;
	attribute_store_read(&q->speaker->store, route->set, &attributes);
	filter_explain_export(
		to, source->neighbor, &q->explanation->prefix, &attributes, &listener->policy);
	return listener->policy.accepts ? EXPORT_TOLD : EXPORT_POLICY;
}

static bool is_pending(const struct question *q, const struct neighbor *neighbor)
{
	const struct member *member = &neighbor->member;
	const struct group_family *gf = &member->group->families[q->family];

	return bitmap_has(&gf->changed, q->destination) ||
	       bitmap_has(&gf->new, q->destination) ||
	       bitmap_has(&gf->delayed, q->destination) ||
	       bitmap_has(&member->catch_up[q->family], q->destination) ||
	       member->sequence < member->group->next_sequence;
}

/* The first usable route that it may be told decides for those that hear several, or the best
 * of what they may hear. */
static enum export_verdict verdict_find(
	const struct question *q, struct explained_listener *listener)
{
	const struct group *group = listener->neighbor->member.group;
	bool several = group->families[q->family].add_path || group->key.route_server_client;
	enum export_verdict first = EXPORT_NO_ROUTE;

	for (uint32_t rank = 0; rank < (several ? q->usable : q->usable > 0); rank++) {
		enum export_verdict verdict = judge(q, &q->routes[q->order[rank]], listener);

		if (verdict == EXPORT_TOLD)
			return verdict;
		if (rank == 0)
			first = verdict;
	}
	return first;
}

static void listener_explain(const struct question *q, struct explained_listener *listener)
{
	const struct neighbor *neighbor = listener->neighbor;
	const struct group *group = neighbor->member.group;
	const struct group_family *gf = &group->families[q->family];

	if (!group->key.context.family[q->family]) {
		listener->verdict = EXPORT_NO_FAMILY;
		return;
	}
	listener->verdict = verdict_find(q, listener);
	listener->routes = routes_told(q, neighbor);
	listener->pending = is_pending(q, neighbor);
	if (listener->verdict != EXPORT_TOLD || listener->routes > 0)
		return;
	if (bitmap_has(&gf->held_back, q->destination))
		listener->verdict = EXPORT_HELD_BACK;
	else if (!listener->pending)
		listener->verdict = EXPORT_UNSENDABLE;
}

static int listeners_explain(struct question *q)
{
	struct explanation *e = q->explanation;

	e->listeners = calloc(q->speaker->neighbor_count + 1, sizeof(*e->listeners));
	if (e->listeners == NULL)
		return ERROR_MEMORY;
	list_for_each(node, &q->speaker->neighbors) {
		const struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (neighbor->member.group == NULL)
			continue;
		e->listeners[e->listener_count].neighbor = neighbor;
		listener_explain(q, &e->listeners[e->listener_count++]);
	}
	return 0;
}

int speaker_explain(struct speaker *speaker, const struct prefix *wanted,
	struct explanation *ret_explanation)
{
	struct explanation explanation = { 0 };
	struct question q = {
		.speaker = speaker, .family = prefix_family(wanted), .explanation = &explanation
	};
	const struct rib *rib = &speaker->ribs[q.family];
	int r;

	q.destination = longest_match(rib, wanted);
	if (q.destination == RIB_NONE)
		return ERROR_NOT_FOUND;
	explanation.prefix = rib_prefix(rib, q.destination);
	/* One that has died is noticed here. It may have been the last. */
	(void)best_route(speaker, q.family, q.destination);
	if (!rib_used(rib, q.destination))
		return ERROR_NOT_FOUND;
	q.routes = rib_routes(rib, q.destination, &q.count);
	r = q.count == 0 ? ERROR_NOT_FOUND : order_make(&q);
	if (r == 0)
		r = paths_explain(&q);
	if (r == 0)
		r = listeners_explain(&q);
	free(q.candidates);
	free(q.order);
	if (r != 0)
		explanation_clear(&explanation);
	*ret_explanation = explanation;
	return r;
}

void explanation_clear(struct explanation *explanation)
{
	free(explanation->paths);
	free(explanation->listeners);
	*explanation = (struct explanation){ 0 };
}
