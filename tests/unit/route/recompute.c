/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine works in steps; its state must be what one would get from scratch. A speaker among
 * hand-played neighbours, and a random story: routes come, change and go, in ones and in
 * thousands; policies, the RPKI, relations and settings change; sessions are lost, with routes
 * kept or not, and come back; routes are refreshed; some neighbours read nothing for a while.
 *
 * At random points of it, and at its end,
 *  - the best route of every prefix is the one that a slow model chooses from the facts
 *    (recompute_model.c), whatever is still to be swept out;
 *  - what each neighbour was told, as decoded, is what that model lets it hear;
 *  - both are the same, in every attribute, as in a speaker that was born now and was told only
 *    what counts still.
 *
 *     SEED=n SEEDS=m    from which seed on, how many
 *
 * A story that fails is told again without steps that do not matter, then printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "recompute.h"
#include "route/speaker_internal.h"

#define STEPS_MAX 120u
#define SMALL     12u
#define LARGE     9000u /* more than is swept at once */

struct facts facts;
struct engine engine;
static struct random dice;
char failure[512];
static bool talkative; /* print the facts behind a failure */
static bool skipped[STEPS_MAX];
static const char *told[STEPS_MAX];

uint32_t pick(uint32_t bound)
{
	return random_below(&dice, bound);
}

bool one_in(uint32_t n)
{
	return pick(n) == 0;
}

bool fails(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(failure, sizeof(failure), format, list);
	va_end(list);
	return false;
}

/* ---- Looking. ---- */

static bool reviewing(void)
{
	if (best_reviewing(engine.crowd.speaker))
		return true;
	for (uint32_t i = 0; i < engine.crowd.speaker->source_room; i++)
		for (int f = 0; f < 2; f++)
			if (engine.crowd.speaker->sources[i] != NULL &&
				engine.crowd.speaker->sources[i]->reviewing[f])
				return true;
	return false;
}

static const struct rib_route *chosen(struct engine *e, int family, uint32_t number)
{
	struct speaker *speaker = e->crowd.speaker;
	struct prefix prefix = crowd_prefix((enum bgp_family)family, number);
	uint32_t destination = rib_find(&speaker->ribs[family], &prefix);

	return destination == RIB_NONE
		       ? NULL
		       : best_route(speaker, (enum bgp_family)family, destination);
}

static uint8_t source_party(struct engine *e, const struct rib_route *route)
{
	const struct neighbor *from;

	if (route == NULL)
		return NOBODY;
	from = source_of(e->crowd.speaker, (rib_source)route->source)->neighbor;
	for (uint8_t p = 0; p < e->crowd.member_count; p++)
		if (e->crowd.members[p].neighbor == from)
			return p;
	return OURSELVES;
}

/* What the facts are, for people: on a line a neighbour. */
static void facts_print(int family, uint32_t number)
{
	if (!talkative)
		return;
	for (uint32_t i = 0; i < facts.party_count; i++) {
		const struct party *p = &facts.parties[i];
		const struct saying *s = &p->sayings[family][number];
		const struct rules *in = &facts.imports[p->import_rules];

		print_message("%u: AS %u id %u role %u relation %u %s%s%s, in %u (class %u "
			      "invalid %d valid %d tagged %d med %d prepend %u) out %u; "
			      "said %d stale %d loop %d tail %u of %u origin %u med %u tags %x "
			      "pref %u otc %u\n",
			i, p->asn, p->router_id, p->role, p->relation, p->up ? "up" : "down",
			p->restarts ? " restarts" : "", p->transit ? " transit" : "",
			p->import_rules, in->reject_class, in->reject_invalid, in->reject_valid,
			in->prefer_tagged, in->set_med, in->prepend, p->export_rules, s->there,
			s->stale, s->loop, s->tail, s->which, s->origin, s->med, s->tags,
			s->local_pref, s->otc);
	}
}

__attribute__((format(printf, 3, 4))) static bool differs(
	int family, uint32_t number, const char *format, ...)
{
	int at = snprintf(failure, sizeof(failure), "family %d prefix %u: ", family, number);
	va_list list;

	va_start(list, format);
	vsnprintf(failure + at, sizeof(failure) - (size_t)at, format, list);
	va_end(list);
	facts_print(family, number);
	return false;
}

static bool choices_right(void)
{
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++) {
			uint8_t there = source_party(&engine, chosen(&engine, f, n));
			uint8_t wanted = model_best(&facts, f, n);

			if (there != wanted)
				return differs(
					f, n, "best from %x, the model: %x", there, wanted);
		}
	return true;
}

static bool hearing_right(uint32_t party)
{
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++) {
			const struct crowd_heard *heard =
				&engine.crowd.members[party].heard[f][n];
			struct expected wanted =
				model_heard(&facts, party, f, n, model_best(&facts, f, n));

			if ((heard->bytes != NULL) == wanted.there &&
				(!wanted.there ||
					(heard->path_length == wanted.path_length &&
						heard->path_origin == wanted.path_origin)))
				continue;
			return differs(f, n,
				"%u hears %s, path of %u from %u; "
				"the model: %s, %u from %u",
				party, heard->bytes != NULL ? "it" : "nothing",
				heard->path_length, heard->path_origin,
				wanted.there ? "it" : "nothing", wanted.path_length,
				wanted.path_origin);
		}
	return true;
}

/* ---- From scratch. ---- */

/* Runs of equal routes in one go: there may be thousands. */
static void sayings_tell(struct engine *e, uint32_t party, int family)
{
	const struct saying *s = facts.parties[party].sayings[family];
	uint32_t first = 0, end;

	for (; first < facts.prefixes; first = end) {
		for (end = first + 1; end < facts.prefixes; end++)
			if (memcmp(&s[end], &s[first], sizeof(*s)) != 0)
				break;
		if (s[first].there)
			engine_say(e, party, family, first, end, 1, &s[first]);
	}
}

/* Whether a route is stale makes no difference to what is chosen. */
static bool party_tell(struct engine *e, uint32_t party)
{
	static const bool forwarding[2] = { true, true };
	const struct party *p = &facts.parties[party];
	bool any = p->up;

	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++)
			any |= p->sayings[f][n].there;
	if (any && !engine_connect(e, party, forwarding))
		return false;
	for (int f = 0; f < 2; f++)
		sayings_tell(e, party, f);
	if (any && !p->up)
		crowd_lose(&e->crowd, party, false);
	return true;
}

static bool set_equal(struct engine *e, const struct rib_route *a, const struct rib_route *b)
{
	struct bgp_attributes of_a, of_b;

	if (a == NULL || b == NULL)
		return a == b;
	attribute_store_read(&engine.crowd.speaker->store, a->set, &of_a);
	attribute_store_read(&e->crowd.speaker->store, b->set, &of_b);
	return bgp_attributes_equal(&of_a, &of_b);
}

static bool heard_equal(const struct crowd_heard *a, const struct crowd_heard *b)
{
	if (a->bytes == NULL || b->bytes == NULL)
		return a->bytes == b->bytes;
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static bool engines_equal(struct engine *e)
{
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++) {
			if (!set_equal(e, chosen(&engine, f, n), chosen(e, f, n)))
				return differs(f, n,
					"another best route than "
					"from scratch");
			for (uint32_t p = 0; p < facts.party_count; p++)
				if (!heard_equal(&engine.crowd.members[p].heard[f][n],
					    &e->crowd.members[p].heard[f][n]))
					return differs(f, n,
						"%u hears other "
						"attributes than from scratch",
						p);
		}
	return true;
}

static bool scratch_right(void)
{
	static struct engine e;
	uint32_t first = pick(facts.party_count);
	bool right = true;

	engine_begin(&e, 7);
	for (uint32_t p = 0; p < facts.party_count; p++) {
		struct neighbor_settings s = engine_settings(&e, p);

		(void)crowd_add(&e.crowd, &s, facts.parties[p].router_id);
	}
	for (uint32_t i = 0; right && i < facts.party_count; i++)
		right = party_tell(&e, (first + i) % facts.party_count);
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++)
			if (facts.own[f][n].there)
				engine_own(&e, f, n);
	crowd_settle(&e.crowd);
	right = right && engines_equal(&e);
	engine_end(&e);
	return right;
}

static bool all_right(void)
{
	if (!reviewing() && !choices_right())
		return false;
	crowd_settle(&engine.crowd);
	if (!choices_right())
		return false;
	for (uint32_t p = 0; p < facts.party_count; p++)
		if (!hearing_right(p))
			return false;
	return scratch_right();
}

/* ---- Stories. ---- */

static void party_roll(uint32_t number)
{
	struct party *p = &facts.parties[number];
	static const uint8_t roles[] = { BGP_ROLE_NONE, BGP_ROLE_NONE, BGP_ROLE_PROVIDER,
		BGP_ROLE_CUSTOMER, BGP_ROLE_PEER, BGP_ROLE_ROUTE_SERVER,
		BGP_ROLE_ROUTE_SERVER_CLIENT };

	*p = (struct party){ .asn = one_in(4) ? CROWD_ASN : 100 + pick(3),
		.router_id = 1 + pick(4),
		.role = roles[pick(sizeof(roles))],
		.relation = (uint8_t)(one_in(3) ? pick(POLICY_RELATION_PROVIDER + 1) : 0),
		.families = { true, !one_in(4) },
		.transit = !one_in(6),
		.imports = true,
		.restarts = !one_in(3),
		.import_rules = (uint8_t)pick(RULES_MAX),
		.export_rules = (uint8_t)pick(RULES_MAX) };
	if (number > 0 && one_in(2)) { /* one that may share a group */
		*p = facts.parties[number - 1];
		p->router_id = 1 + pick(4);
		p->import_rules = (uint8_t)pick(RULES_MAX);
	}
	/* Routes of internal ones may go on to others whatever their role. */
	if (party_internal(p))
		p->role = BGP_ROLE_NONE;
	for (int f = 0; f < 2; f++) {
		p->sayings[f] = calloc(facts.prefixes, sizeof(*p->sayings[f]));
		assert_non_null(p->sayings[f]);
	}
}

static void story_begin(uint64_t seed)
{
	dice = (struct random){ seed };
	memset(&facts, 0, sizeof(facts));
	failure[0] = '\0';
	since_ns = 0;
	facts.prefixes = one_in(60) ? LARGE : 1 + pick(SMALL);
	facts.party_count = 2 + pick(CROWD_MAX - 2);
	for (int f = 0; f < 2; f++) {
		facts.own[f] = calloc(facts.prefixes, sizeof(*facts.own[f]));
		assert_non_null(facts.own[f]);
	}
	for (uint32_t p = 0; p < facts.party_count; p++)
		party_roll(p);
	for (uint32_t i = 1; i < RULES_MAX; i++) {
		rules_roll(&facts.imports[i]);
		rules_roll(&facts.exports[i]);
	}
	vrps_roll();
	engine_begin(&engine, seed);
	for (uint32_t p = 0; p < facts.party_count; p++) {
		struct neighbor_settings s = engine_settings(&engine, p);

		(void)crowd_add(&engine.crowd, &s, facts.parties[p].router_id);
	}
}

static void story_end(void)
{
	engine_end(&engine);
	for (int f = 0; f < 2; f++) {
		for (uint32_t p = 0; p < facts.party_count; p++)
			free(facts.parties[p].sayings[f]);
		free(facts.own[f]);
	}
}

/* Every step has dice of its own, so that others can be left out. */
static bool story(uint64_t seed)
{
	bool right = true;
	uint32_t steps, looks;

	story_begin(seed);
	steps = 1 + pick(facts.prefixes == LARGE ? 30 : STEPS_MAX);
	looks = facts.prefixes == LARGE || one_in(2) ? STEPS_MAX : 10;
	for (uint32_t i = 0; right && i < steps; i++) {
		dice = (struct random){ seed << 8 | i };
		told[i] = NULL;
		if (skipped[i])
			continue;
		/* Sessions first: else little happens. */
		if (i < facts.party_count && !facts.parties[i].up)
			come_up(&facts.parties[i], i);
		told[i] = step_roll();
		right = failure[0] == '\0' &&
			(!one_in(looks) || looks == STEPS_MAX || all_right());
		if (engine.crowd.complaint != NULL)
			right = fails("%s", engine.crowd.complaint);
	}
	right = right && all_right();
	if (right && engine.crowd.complaint != NULL)
		right = fails("%s", engine.crowd.complaint);
	for (uint32_t i = steps; i < STEPS_MAX; i++)
		told[i] = NULL;
	story_end();
	return right;
}

static void tell_smallest(uint64_t seed)
{
	bool smaller = true;
	char line[2048] = "";
	size_t at = 0;

	while (smaller) {
		smaller = false;
		for (uint32_t i = STEPS_MAX; i-- > 0;) {
			bool matters = told[i] != NULL;

			if (skipped[i] || !matters)
				continue;
			skipped[i] = true;
			if (story(seed))
				skipped[i] = false;
			else
				smaller = true;
		}
	}
	talkative = true;
	(void)story(seed);
	for (uint32_t i = 0; i < STEPS_MAX; i++)
		if (!skipped[i] && told[i] != NULL && at < sizeof(line))
			at += (size_t)snprintf(
				line + at, sizeof(line) - at, " %u:%s", i, told[i]);
	fail_msg("seed %llu: %s; steps:%s", (unsigned long long)seed, failure, line);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void stories(void **state)
{
	uint64_t first = number_from("SEED", 1), count = number_from("SEEDS", 3000);

	(void)state;
	for (uint64_t seed = first; seed < first + count; seed++) {
		memset(skipped, 0, sizeof(skipped));
		if (!story(seed))
			tell_smallest(seed);
		if ((seed - first + 1) % 10000 == 0)
			print_message("%llu seeds\n", (unsigned long long)(seed - first + 1));
	}
}

/* A member of a group that said thousands of routes parts from it: of none of them it is to be
 * told, and looking at them in pieces must go on to the last. */
static void a_member_parts_with_thousands(void **state)
{
	static const uint8_t path[] = { BGP_SEGMENT_SEQUENCE, 1, 0, 0, 0, 100 };
	static const bool none[2] = { false, false };
	const struct bgp_attributes attributes = { .as_path = path,
		.as_path_size = sizeof(path),
		.next_hop = crowd_address(FAMILY_IPV4, 0),
		.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_AS_PATH |
			   1ull << BGP_ATTRIBUTE_NEXT_HOP };
	struct neighbor_settings settings;
	struct crowd crowd;

	(void)state;
	crowd_begin(&crowd, LARGE, 1);
	for (uint32_t i = 0; i < 2; i++) {
		settings = crowd_settings(i, 100 + i);
		settings.import = settings.transit = true;
		(void)crowd_add(&crowd, &settings, 1 + i);
		assert_true(crowd_connect(&crowd, i, false, none));
	}
	crowd_say(&crowd, 0, BGP_IPV4_UNICAST, 0, LARGE, 1, &attributes);
	crowd_settle(&crowd);
	assert_null(crowd.complaint);
	settings = crowd_settings(0, 100);
	settings.import = settings.transit = true;
	settings.prepend = 1;
	assert_false(speaker_neighbor_change(
		crowd.speaker, crowd.members[0].neighbor, &settings, crowd.now));
	crowd_settle(&crowd);
	assert_null(crowd.complaint);
	for (uint32_t n = 0; n < LARGE; n++) {
		assert_null(crowd.members[0].heard[BGP_IPV4_UNICAST][n].bytes);
		assert_non_null(crowd.members[1].heard[BGP_IPV4_UNICAST][n].bytes);
	}
	crowd_end(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_parts_with_thousands),
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
