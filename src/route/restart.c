/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graceful restart, both sides: RFC 4724, RFC 8538; and for long: RFC 9494.
 *
 *     up --(lost without a NOTIFICATION, or with one where both have the N bit)--> stale
 *     stale --(back, F bit set)--> up with stale routes --(end-of-RIB, or timer)--> up
 *     stale --(timer)--> stale for long, the last choice --(back, F bit set)--> up, as above
 *     stale --(timer, or back without the family or its F bit)--> routes dropped
 *
 * Invariants:
 *  1. Routes are stale only while `restarting` is set or until end-of-RIB of their family, or
 *     between the markers of an enhanced refresh (RFC 7313).
 *  2. The restart timer, or long_lived_timer, runs while some route may be stale: they always
 *     end.
 *  3. What is stale for long has LLGR_STALE attached before the import policy sees it, and
 *     loses it by being said again (filter.c).
 *
 * When we are the one that restarted: R and F bits are set until our end-of-RIB was sent to the
 * neighbour once, or until its patience (the restart time that we told it) is over; and
 * end-of-RIB waits while the host holds it (speaker_end_of_rib_hold), so that a service that is
 * still being checked is not swept away (RFC 4724 section 4.1, Selection_Deferral_Timer).
 */
#include <string.h>

#include "route/speaker_internal.h"

/* Offered to the neighbour: RFC 4724 section 3, RFC 8538 section 2. */
void restart_capability(const struct neighbor *neighbor, struct bgp_capabilities *c)
{
	const struct neighbor_settings *s = &neighbor->settings;
	bool restarting = neighbor->speaker->settings.restarting && !neighbor->end_of_rib_ever;

	if (!s->graceful_restart)
		return;
	c->graceful_restart = true;
	c->restart_notification = true;
	c->restart_state = restarting;
	c->restart_time_s = s->restart_time_s;
	/* Without families we only help others; with them we ask to have ours kept. */
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		c->restart_family[f] = s->restart_preserve && c->family[f];
		c->restart_forwarding[f] = c->restart_family[f] && restarting;
	}
	/* RFC 9494 section 4.1: without families it says that we know what LLGR_STALE means. */
	c->long_lived_restart = true;
	for (int f = 0; f < BGP_UNICAST_COUNT && s->long_lived_time.ns > 0; f++) {
		c->long_lived_family[f] = c->restart_family[f];
		c->long_lived_forwarding[f] = c->restart_forwarding[f];
		c->long_lived_time_s[f] = (uint32_t)(s->long_lived_time.ns / 1000000000);
	}
}

/* For how long the routes of a family are kept when the usual time is over: RFC 9494 sections
 * 4.1 and 4.2. Flow specifications are not: a rule that nobody can take back does harm. */
static struct duration long_lived_time(const struct neighbor *neighbor, int family)
{
	const struct bgp_capabilities *received = &neighbor->received;
	struct duration most = neighbor->settings.maximum_long_lived_time;
	struct duration asked = duration_seconds(received->long_lived_time_s[family]);

	if (!received->graceful_restart || !received->long_lived_restart ||
		!received->long_lived_family[family] || family >= BGP_UNICAST_COUNT)
		return duration_seconds(0);
	return asked.ns < most.ns ? asked : most;
}

static void long_lived_timer_set(struct neighbor *neighbor)
{
	struct instant next = INSTANT_NEVER;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (neighbor->source->long_lived[f])
			next = instant_earlier(next, neighbor->long_lived_until[f]);
	timer_stop(neighbor->speaker, &neighbor->long_lived_timer);
	if (next.ns != INSTANT_NEVER.ns)
		timer_start(neighbor->speaker, &neighbor->long_lived_timer, next);
}

/* What is stale is kept on, or it goes. */
static void long_lived_begin(struct neighbor *neighbor, int family, struct instant now)
{
	struct duration time = long_lived_time(neighbor, family);

	if (time.ns == 0 || neighbor->source->stale[family] == 0) {
		source_stale_end(neighbor->speaker, neighbor->source, (enum bgp_family)family);
		return;
	}
	neighbor->source->long_lived[family] = true;
	neighbor->long_lived_until[family] = instant_add(now, time);
	long_lived_timer_set(neighbor);
	filter_review_family(neighbor, (enum bgp_family)family);
	neighbor_event(neighbor,
		(struct speaker_event){ .type = SPEAKER_LONG_LIVED,
			.family = (uint8_t)family,
			.reason = "it has not come back: its routes are the last choice" });
}

void restart_long_lived_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct neighbor *neighbor = container_of(timer, struct neighbor, long_lived_timer);
	bool left = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (neighbor->source->long_lived[f] &&
			instant_reached(neighbor->long_lived_until[f], now))
			source_stale_end(speaker, neighbor->source, (enum bgp_family)f);
		left |= neighbor->source->stale[f] > 0;
	}
	neighbor->restarting &= left;
	long_lived_timer_set(neighbor);
}

static bool keeps_routes(const struct neighbor *neighbor, const struct ending *ending)
{
	if (!neighbor->settings.graceful_restart || !neighbor->agreed.graceful_restart ||
		neighbor->admin_down || neighbor->removed)
		return false;
	if (ending->keep_routes)
		return true;
	/* RFC 8538 section 4: any NOTIFICATION but a Hard Reset, when both sides said N. */
	return neighbor->agreed.restart_notification && ending->fault.code != BGP_ERROR_NONE &&
	       !ending->hard;
}

void restart_session_down(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	bool keep = keeps_routes(neighbor, ending), kept = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		enum bgp_family family = (enum bgp_family)f;

		/* A second restart before the first ended: what is stale already goes
		 * (RFC 4724 section 4.2). */
		source_stale_end(speaker, neighbor->source, family);
		if (!keep || (!neighbor->received.restart_family[f] &&
				     long_lived_time(neighbor, f).ns == 0)) {
			source_drop(speaker, neighbor->source, family);
			continue;
		}
		source_stale_begin(speaker, neighbor->source, family);
		kept |= neighbor->source->count[f] > 0;
	}
	memset(neighbor->refresh_begun, 0, sizeof(neighbor->refresh_begun));
	neighbor->restarting = kept;
	if (!kept) {
		timer_stop(speaker, &neighbor->restart_timer);
		return;
	}
	long_lived_timer_set(neighbor);
	timer_start(speaker, &neighbor->restart_timer,
		instant_add(now, duration_seconds(neighbor->received.restart_time_s)));
	neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_STALE,
					 .reason = "its routes are kept while it restarts" });
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		if (!neighbor->received.restart_family[f] && neighbor->source->stale[f] > 0)
			long_lived_begin(neighbor, f, now);
}

static bool any_stale(const struct neighbor *neighbor)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (neighbor->source->stale[f] > 0)
			return true;
	return false;
}

void restart_drop(struct neighbor *neighbor)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		source_drop(neighbor->speaker, neighbor->source, (enum bgp_family)f);
	neighbor->restarting = false;
	timer_stop(neighbor->speaker, &neighbor->restart_timer);
	timer_stop(neighbor->speaker, &neighbor->long_lived_timer);
}

/* The neighbour kept forwarding by what is stale: RFC 4724 section 4.2, RFC 9494 section 4.2.
 */
static bool kept_forwarding(const struct neighbor *neighbor, int family)
{
	const struct bgp_capabilities *received = &neighbor->received;

	if (!received->graceful_restart || !neighbor->agreed.family[family])
		return false;
	if (neighbor->source->long_lived[family])
		return received->long_lived_restart && received->long_lived_family[family] &&
		       received->long_lived_forwarding[family];
	return received->restart_family[family] && received->restart_forwarding[family];
}

void restart_session_up(struct neighbor *neighbor, struct instant now)
{
	if (!neighbor->restarting)
		return;
	neighbor->restarting = false;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (!kept_forwarding(neighbor, f))
			source_stale_end(
				neighbor->speaker, neighbor->source, (enum bgp_family)f);
	long_lived_timer_set(neighbor);
	timer_stop(neighbor->speaker, &neighbor->restart_timer);
	if (any_stale(neighbor))
		timer_start(neighbor->speaker, &neighbor->restart_timer,
			instant_add(now, neighbor->settings.stale_time));
}

void restart_stale_end(struct neighbor *neighbor, enum bgp_family family)
{
	source_stale_end(neighbor->speaker, neighbor->source, family);
	long_lived_timer_set(neighbor);
	if (!any_stale(neighbor))
		timer_stop(neighbor->speaker, &neighbor->restart_timer);
}

/* ---- Enhanced route refresh: RFC 7313 section 4. ---- */

void restart_refresh_begin(
	struct neighbor *neighbor, enum bgp_family family, struct instant now)
{
	/* What is stale from a graceful restart waits for end-of-RIB, not for this. */
	if (neighbor->received.graceful_restart && !neighbor->end_of_rib_in[family])
		return;
	neighbor->refresh_begun[family] = true;
	source_stale_begin(neighbor->speaker, neighbor->source, family);
	if (any_stale(neighbor)) /* and if the end marker never comes */
		timer_start(neighbor->speaker, &neighbor->restart_timer,
			instant_add(now, neighbor->settings.stale_time));
}

void restart_refresh_end(struct neighbor *neighbor, enum bgp_family family)
{
	if (!neighbor->refresh_begun[family])
		return;
	neighbor->refresh_begun[family] = false;
	restart_stale_end(neighbor, family);
}

/* ---- We have restarted. ---- */

void restart_grace_check(struct neighbor *neighbor, struct instant now)
{
	struct duration grace = { (int64_t)neighbor->settings.restart_time_s * 1000000000 +
				  neighbor->settings.long_lived_time.ns };

	if (instant_reached(instant_add(neighbor->added_at, grace), now))
		neighbor->end_of_rib_ever = true;
}

void restart_timer_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct neighbor *neighbor = container_of(timer, struct neighbor, restart_timer);

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		/* It is still away; or it is back, and has not said all again in time. */
		if (!neighbor->restarting)
			source_stale_end(speaker, neighbor->source, (enum bgp_family)f);
		else if (!neighbor->source->long_lived[f])
			long_lived_begin(neighbor, f, now);
		neighbor->refresh_begun[f] = false;
	}
	neighbor->restarting &= any_stale(neighbor);
	long_lived_timer_set(neighbor);
}
