/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outages and changes of site, from requests in the order of their sending.
 *
 *     A A A A . . . . B B B          letters: who answered; dots: lost
 *           | |       |
 *           | from    until          the outage: until - from, 4 lost
 *           last_old  first_new      the change: from A to B, 4 lost between
 *
 * Invariants:
 *  1. now.lost > 0 if and only if the last measured request was lost.
 *  2. longest.lost, now.lost and lost_since_last count measured requests only.
 */
#include "world/outage.h"

#include <string.h>

void outage_mark(struct outage *outage)
{
	struct outage_request last = outage->last;

	memset(outage, 0, sizeof(*outage));
	outage->last = last;
}

struct duration outage_span_length(const struct outage_span *span)
{
	return instant_since(span->until, span->from);
}

static bool longer(const struct outage_span *a, const struct outage_span *b)
{
	int64_t a_ns = outage_span_length(a).ns, b_ns = outage_span_length(b).ns;

	return a_ns > b_ns || (a_ns == b_ns && a->lost > b->lost);
}

static void add_lost(struct outage *outage, const struct outage_request *request)
{
	if (outage->now.lost == 0)
		outage->now = (struct outage_span){ .from = request->sent, .open = true };
	outage->now.until = request->sent;
	outage->now.lost++;
	outage->lost_since_last++;
}

static void end_span(struct outage *outage, struct instant until)
{
	if (outage->now.lost == 0)
		return;
	outage->now.until = until;
	outage->now.open = false;
	outage->span_count++;
	if (longer(&outage->now, &outage->longest))
		outage->longest = outage->now;
	outage->now = (struct outage_span){ 0 };
}

static void add_change(struct outage *outage, const struct outage_request *request)
{
	uint64_t place = outage->change_count++;

	if (place >= OUTAGE_CHANGES_MAX)
		place = OUTAGE_CHANGES_MAX - 1;
	outage->changes[place] = (struct outage_change){
		.from = outage->last.site,
		.to = request->site,
		.last_old = outage->last,
		.first_new = *request,
		.lost = outage->lost_since_last,
	};
}

void outage_add(struct outage *outage, const struct outage_request *request, bool measured)
{
	if (!instant_is_set(request->answered)) {
		if (measured)
			add_lost(outage, request);
		return;
	}
	if (measured) {
		end_span(outage, request->sent);
		if (instant_is_set(outage->last.sent) && outage->last.site != request->site)
			add_change(outage, request);
	}
	outage->last = *request;
	outage->lost_since_last = 0;
}

struct outage_span outage_longest(const struct outage *outage)
{
	return longer(&outage->now, &outage->longest) ? outage->now : outage->longest;
}

size_t outage_changes_kept(const struct outage *outage)
{
	return outage->change_count < OUTAGE_CHANGES_MAX ? (size_t)outage->change_count
							 : OUTAGE_CHANGES_MAX;
}
