/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The withdrawal governor: see governor.h.
 *
 *            enough leaves of two services or more turn bad in one window
 *     calm -------------------------------------------------------------> suspected
 *       ^                                                                   |
 *       +---- all good again, or panic_hold is over and the rest believed --+
 *
 * Invariants:
 *  1. A leaf is in `turned`, or in `doubted` (then leaf->doubted), or in neither.
 *  2. A member's turned is the number of its leaves in `turned`; it is counted if it is healthy
 *     or has any; `leaves` is the sum over those counted.
 *  3. A leaf that is bad beyond doubt is in neither list.
 *  4. For panic_hold after a suspicion none begins: a site is never blind for more than half of
 *     the time, and a failure that comes back is believed at once.
 */
#include "service/governor.h"

#include <stdio.h>

void governor_init(struct governor *governor, const struct brain_settings *settings)
{
	*governor = (struct governor){ .settings = *settings };
	list_init(&governor->turned);
	list_init(&governor->doubted);
}

static void member_count(struct governor *governor, struct governor_member *member)
{
	bool counted = member->healthy || member->turned > 0;

	if (counted && !member->counted)
		governor->leaves += member->leaves;
	if (!counted && member->counted)
		governor->leaves -= member->leaves;
	member->counted = counted;
}

void governor_member_set(
	struct governor *governor, struct governor_member *member, size_t leaves, bool healthy)
{
	if (member->counted)
		governor->leaves -= member->leaves;
	member->counted = false;
	member->leaves = leaves;
	member->healthy = healthy;
	member_count(governor, member);
}

static void turned_add(struct governor *governor, struct check_node *leaf, struct instant now)
{
	leaf->turned_at = now;
	list_append(&governor->turned, &leaf->turned);
	governor->turned_count++;
	if (leaf->member->turned++ == 0)
		governor->turned_services++;
	member_count(governor, leaf->member);
}

static void turned_remove(struct governor *governor, struct check_node *leaf)
{
	list_remove(&leaf->turned);
	governor->turned_count--;
	if (--leaf->member->turned == 0)
		governor->turned_services--;
	member_count(governor, leaf->member);
}

static void doubt(struct governor *governor, struct check_node *leaf)
{
	leaf->doubted = true;
	list_append(&governor->doubted, &leaf->turned);
}

void governor_leaf_clear(struct governor *governor, struct check_node *leaf)
{
	if (leaf->doubted)
		list_remove(&leaf->turned);
	else if (!list_empty(&leaf->turned))
		turned_remove(governor, leaf);
	leaf->doubted = false;
}

void governor_leaf_move(
	struct governor *governor, struct check_node *from, struct check_node *to)
{
	bool doubted = from->doubted, turned = !doubted && !list_empty(&from->turned);
	struct instant at = from->turned_at;

	governor_leaf_clear(governor, from);
	list_init(&to->turned);
	to->doubted = false;
	if (doubted)
		doubt(governor, to);
	if (turned)
		turned_add(governor, to, at);
}

static void window_advance(struct governor *governor, struct instant now)
{
	while (!list_empty(&governor->turned)) {
		struct check_node *leaf =
			container_of(governor->turned.next, struct check_node, turned);

		if (instant_since(now, leaf->turned_at).ns <=
			governor->settings.panic_window.ns)
			break;
		turned_remove(governor, leaf);
	}
}

static bool is_panic(const struct governor *governor, struct instant now)
{
	unsigned percent = governor->settings.panic_threshold_percent;

	return percent > 0 && governor->turned_services >= 2 &&
	       instant_reached(governor->quiet_until, now) &&
	       governor->turned_count * 100 >= governor->leaves * percent;
}

/* Those that went down before the suspicion began are withdrawn already, and stay so. */
static void suspect(struct governor *governor, struct check_node *latest, struct instant now)
{
	char window[DURATION_TEXT_MAX];

	(void)snprintf(governor->reason, sizeof(governor->reason),
		"%zu of %zu checks of %zu services failed within %s: the checker is doubted",
		governor->turned_count, governor->leaves, governor->turned_services,
		duration_human(governor->settings.panic_window, window));
	governor->suspected = true;
	governor->until = instant_add(now, governor->settings.panic_hold);
	while (!list_empty(&governor->turned)) {
		struct check_node *leaf =
			container_of(governor->turned.next, struct check_node, turned);

		turned_remove(governor, leaf);
		if (leaf == latest || leaf->state == CHECK_STATE_FALLING)
			doubt(governor, leaf);
	}
}

bool governor_leaf_turned(
	struct governor *governor, struct check_node *leaf, struct instant now)
{
	governor_leaf_clear(governor, leaf);
	if (governor->suspected) {
		doubt(governor, leaf);
		return false;
	}
	window_advance(governor, now);
	turned_add(governor, leaf, now);
	if (!is_panic(governor, now))
		return false;
	suspect(governor, leaf, now);
	return true;
}

static void governor_believe(struct governor *governor)
{
	while (!list_empty(&governor->doubted)) {
		struct check_node *leaf =
			container_of(governor->doubted.next, struct check_node, turned);

		list_remove(&leaf->turned);
		leaf_believe(leaf);
	}
}

enum governor_end governor_advance(struct governor *governor, struct instant now)
{
	bool recovered = list_empty(&governor->doubted);

	if (!governor->suspected || (!recovered && !instant_reached(governor->until, now)))
		return GOVERNOR_GOES_ON;
	governor_believe(governor);
	governor->suspected = false;
	governor->quiet_until = instant_add(now, governor->settings.panic_hold);
	return recovered ? GOVERNOR_RECOVERED : GOVERNOR_BELIEVED;
}
