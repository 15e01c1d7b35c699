/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's requests in a ring, by the order of their sending.
 *
 *      decided     tail                  head
 *     ---------->|A|.|x|A|A|.|.|.|.|->             A answered, x failed, . waiting
 *                  ^ everything behind the first waiting one waits too, decided or not
 *
 * The tail moves over decided requests and tells the outage of each, so that the outage sees
 * them in the order of their sending. Times come the same way: who is first in the ring is the
 * first whose time is over.
 *
 * Invariants:
 *  1. head - tail <= room <= 65536, so an id names at most one request of the ring.
 *  2. Sending times rise from tail to head.
 *  3. sent = answered + lost + (requests of the interval that are WAITING).
 *  4. A slot outside of [tail, head) is not looked at.
 */
#include "world/asker.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum fate {
	WAITING,
	ANSWERED,
	FAILED,
};

struct slot {
	int64_t sent_ns, answered_ns;
	uint16_t site;
	uint8_t fate; /* enum fate */
};

struct asker {
	struct slot *slots;
	uint32_t room; /* a power of two */
	struct duration timeout;
	uint64_t tail, head; /* numbers of requests; slot is number % room, id number % 65536 */
	uint64_t mark;       /* the first number of the interval */
	struct instant since; /* when it began */
	uint64_t sent, answered, lost, failed, late, strange, held_back;
	struct instant
		quiet_since; /* the last answer, or the first request; not set: neither */
	struct duration silence;
	struct histogram rtt;
	struct outage outage;
	struct client_site sites[ASKER_SITES_MAX];
	uint16_t site_count, site_now;
};

/* ---- The ring ---- */

static struct slot *slot_of(const struct asker *asker, uint64_t number)
{
	return &asker->slots[number & (asker->room - 1)];
}

static uint32_t room_for(uint32_t room)
{
	uint32_t power = 1;

	while (power < room && power < ASKER_ON_WAY_MAX)
		power *= 2;
	return power;
}

struct asker *asker_new(uint32_t room, struct duration timeout, struct instant now)
{
	struct asker *asker = calloc(1, sizeof(*asker));

	if (asker == NULL)
		return NULL;
	asker->room = room_for(room);
	asker->slots = calloc(asker->room, sizeof(*asker->slots));
	if (asker->slots == NULL) {
		free(asker);
		return NULL;
	}
	asker->timeout = timeout;
	asker->since = now;
	asker->site_now = ASKER_SITE_NONE;
	return asker;
}

void asker_free(struct asker *asker)
{
	if (asker == NULL)
		return;
	free(asker->slots);
	free(asker);
}

int asker_resize(struct asker *asker, uint32_t room, struct duration timeout)
{
	uint32_t power = room_for(room);
	struct slot *slots;

	if (power < asker->head - asker->tail)
		return ERROR_RANGE;
	asker->timeout = timeout;
	if (power == asker->room)
		return 0;
	slots = calloc(power, sizeof(*slots));
	if (slots == NULL)
		return ERROR_MEMORY;
	for (uint64_t number = asker->tail; number < asker->head; number++)
		slots[number & (power - 1)] = *slot_of(asker, number);
	free(asker->slots);
	asker->slots = slots;
	asker->room = power;
	return 0;
}

/* False: no request of the ring has the id. */
static bool number_of(const struct asker *asker, uint16_t id, uint64_t *ret_number)
{
	uint64_t number = asker->tail + (uint16_t)(id - (uint16_t)asker->tail);

	*ret_number = number;
	return number < asker->head;
}

/* The request that had the id last, if that is not so long ago that it means nothing. */
static bool number_decided(const struct asker *asker, uint16_t id, uint64_t *ret_number)
{
	uint64_t back = (uint16_t)((uint16_t)asker->tail - id);

	*ret_number = asker->tail - back;
	return back > 0 && back <= asker->room && back <= asker->tail;
}

/* ---- Sites ---- */

static bool is_site(const struct client_site *site, const char *name, size_t length)
{
	return strnlen(site->name, sizeof(site->name)) == length &&
	       memcmp(site->name, name, length) == 0;
}

static uint16_t site_add(struct asker *asker, const char *name, size_t length)
{
	struct client_site *site;

	if (asker->site_count == ASKER_SITES_MAX)
		return ASKER_SITES_MAX - 1;
	if (asker->site_count == ASKER_SITES_MAX - 1) {
		name = ASKER_SITE_OTHERS;
		length = strlen(name);
	}
	site = &asker->sites[asker->site_count];
	memcpy(site->name, name, length);
	return asker->site_count++;
}

static uint16_t site_of(struct asker *asker, const char *name, size_t length)
{
	const char *end;

	if (length == 0) {
		name = ASKER_SITE_UNNAMED;
		length = strlen(name);
	}
	if (length >= ASKER_NAME_MAX)
		length = ASKER_NAME_MAX - 1;
	end = memchr(name, '\0', length);
	if (end != NULL)
		length = (size_t)(end - name);
	/* Nearly always the same as before. */
	if (asker->site_now != ASKER_SITE_NONE &&
		is_site(&asker->sites[asker->site_now], name, length))
		return asker->site_now;
	for (uint16_t i = 0; i < asker->site_count; i++) {
		if (is_site(&asker->sites[i], name, length))
			return i;
	}
	return site_add(asker, name, length);
}

/* ---- The life of a request ---- */

/* Move the tail over what is decided. */
static void settle(struct asker *asker)
{
	while (asker->tail < asker->head) {
		const struct slot *slot = slot_of(asker, asker->tail);
		struct outage_request request = { .sent = { slot->sent_ns },
			.answered = { slot->answered_ns },
			.site = slot->site };

		if (slot->fate == WAITING)
			return;
		outage_add(&asker->outage, &request, asker->tail >= asker->mark);
		asker->tail++;
	}
}

int asker_send(struct asker *asker, struct instant now, uint16_t *ret_id)
{
	if (asker->head - asker->tail >= asker->room) {
		asker->held_back++;
		return ERROR_FULL;
	}
	*slot_of(asker, asker->head) = (struct slot){ .sent_ns = now.ns, .fate = WAITING };
	*ret_id = (uint16_t)asker->head;
	asker->head++;
	asker->sent++;
	if (!instant_is_set(asker->quiet_since))
		asker->quiet_since = now;
	return 0;
}

static void count_answer(struct asker *asker, const struct slot *slot)
{
	struct instant when = { slot->answered_ns };
	struct client_site *site = &asker->sites[slot->site];
	struct duration quiet = instant_since(when, asker->quiet_since);

	asker->answered++;
	histogram_add(&asker->rtt, (uint64_t)(slot->answered_ns - slot->sent_ns));
	site->answered++;
	if (!instant_is_set(site->first) || instant_before(when, site->first))
		site->first = when;
	if (instant_before(site->last, when))
		site->last = when;
	if (quiet.ns > asker->silence.ns)
		asker->silence = quiet;
	if (quiet.ns > 0)
		asker->quiet_since = when;
}

enum asker_answer asker_answer(
	struct asker *asker, uint16_t id, struct instant when, const char *name, size_t length)
{
	struct slot *slot;
	uint64_t number;

	if (!number_of(asker, id, &number)) {
		if (!number_decided(asker, id, &number)) {
			asker->strange++;
			return ASKER_STRANGE;
		}
		if (number >= asker->mark)
			asker->late++;
		return ASKER_LATE;
	}
	slot = slot_of(asker, number);
	if (slot->fate != WAITING) {
		asker->strange++;
		return ASKER_STRANGE;
	}
	slot->fate = ANSWERED;
	slot->answered_ns = when.ns < slot->sent_ns ? slot->sent_ns : when.ns;
	slot->site = site_of(asker, name, length);
	asker->site_now = slot->site;
	if (number >= asker->mark)
		count_answer(asker, slot);
	settle(asker);
	return ASKER_ANSWERED;
}

void asker_fail(struct asker *asker, uint16_t id)
{
	struct slot *slot;
	uint64_t number;

	if (!number_of(asker, id, &number))
		return;
	slot = slot_of(asker, number);
	if (slot->fate != WAITING)
		return;
	slot->fate = FAILED;
	if (number >= asker->mark) {
		asker->lost++;
		asker->failed++;
	}
	settle(asker);
}

void asker_strange(struct asker *asker)
{
	asker->strange++;
}

void asker_hold_back(struct asker *asker, uint64_t count)
{
	asker->held_back += count;
}

void asker_expire(struct asker *asker, struct instant now)
{
	while (asker->tail < asker->head) {
		struct slot *slot = slot_of(asker, asker->tail);

		/* The tail is always WAITING: settle has seen to it. */
		if (now.ns - slot->sent_ns < asker->timeout.ns)
			return;
		slot->fate = FAILED;
		if (asker->tail >= asker->mark)
			asker->lost++;
		settle(asker);
	}
}

/* ---- The interval ---- */

void asker_mark(struct asker *asker, struct instant now)
{
	asker->mark = asker->head;
	asker->since = now;
	asker->sent = asker->answered = asker->lost = asker->failed = 0;
	asker->late = asker->strange = asker->held_back = 0;
	asker->quiet_since = (struct instant){ 0 };
	asker->silence = (struct duration){ 0 };
	histogram_clear(&asker->rtt);
	outage_mark(&asker->outage);
	for (uint16_t i = 0; i < asker->site_count; i++) {
		asker->sites[i].answered = 0;
		asker->sites[i].first = asker->sites[i].last = (struct instant){ 0 };
	}
}

struct instant asker_first_answer(const struct asker *asker)
{
	struct instant first = { 0 };

	for (uint16_t i = 0; i < asker->site_count; i++) {
		struct instant other = asker->sites[i].first;

		if (instant_is_set(other) &&
			(!instant_is_set(first) || instant_before(other, first)))
			first = other;
	}
	return first;
}

struct instant asker_decided_until(const struct asker *asker, struct instant now)
{
	if (asker->tail == asker->head)
		return now;
	return (struct instant){ slot_of(asker, asker->tail)->sent_ns };
}

uint32_t asker_on_way(const struct asker *asker)
{
	return (uint32_t)(asker->head - asker->tail);
}

static struct duration rtt_quantile(const struct asker *asker, unsigned permille)
{
	return (struct duration){ (int64_t)histogram_quantile(&asker->rtt, permille) };
}

static void report_times(
	const struct asker *asker, struct instant now, struct client_report *report)
{
	report->rtt_least = rtt_quantile(asker, 0);
	report->rtt_median = rtt_quantile(asker, 500);
	report->rtt_p95 = rtt_quantile(asker, 950);
	report->rtt_greatest = rtt_quantile(asker, 1000);
	report->rtt_mean = (struct duration){ (int64_t)histogram_mean(&asker->rtt) };
	report->silence = asker->silence;
	/* Silence goes on only while an answer is owed. */
	if (report->waiting > 0 || asker->outage.now.lost > 0) {
		struct duration quiet = instant_since(now, asker->quiet_since);

		if (quiet.ns > report->silence.ns)
			report->silence = quiet;
	}
}

static void report_outage(const struct asker *asker, struct client_report *report)
{
	const struct outage *outage = &asker->outage;

	report->outage = outage_longest(outage);
	report->outage_count = outage->span_count + (outage->now.lost > 0);
	report->change_count = outage->change_count;
	report->change_kept = (uint16_t)outage_changes_kept(outage);
	memcpy(report->changes, outage->changes, sizeof(report->changes));
}

void asker_report(
	const struct asker *asker, struct instant now, struct client_report *ret_report)
{
	*ret_report = (struct client_report){
		.since = asker->since,
		.until = now,
		.decided_until = asker_decided_until(asker, now),
		.sent = asker->sent,
		.answered = asker->answered,
		.lost = asker->lost,
		.waiting = asker->sent - asker->answered - asker->lost,
		.failed = asker->failed,
		.late = asker->late,
		.strange = asker->strange,
		.held_back = asker->held_back,
		.site_now = asker->site_now,
		.site_count = asker->site_count,
	};
	memcpy(ret_report->sites, asker->sites, sizeof(ret_report->sites));
	report_times(asker, now, ret_report);
	report_outage(asker, ret_report);
}
