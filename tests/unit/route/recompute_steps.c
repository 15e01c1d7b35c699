/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a story: each changes the facts, and tells the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recompute.h"
#include "route/policy.h"
#include "route/rpki_table.h"

#define OLD_S     3000 /* before anything that is kept for a while has an end */
#define LONG_S    9000
#define AGAIN_MAX 5 /* refreshes of which none has ended */

int64_t since_ns;

void rules_roll(struct rules *rules)
{
	*rules = (struct rules){ .reject_class = (uint8_t)pick(6),
		.reject_invalid = one_in(2),
		.reject_valid = one_in(6),
		.prefer_tagged = one_in(2),
		.set_med = one_in(3),
		.prepend = (uint8_t)(one_in(3) ? 1 + pick(2) : 0) };
	if (rules->reject_class > 3)
		rules->reject_class = 3;
}

static void stale_end(struct party *p, int family)
{
	for (uint32_t n = 0; n < facts.prefixes; n++)
		if (p->sayings[family][n].stale)
			p->sayings[family][n] = (struct saying){ 0 };
}

static void stale_begin(struct party *p, int family)
{
	for (uint32_t n = 0; n < facts.prefixes; n++)
		p->sayings[family][n].stale = p->sayings[family][n].there;
}

void come_up(struct party *p, uint32_t party)
{
	bool forwarding[2] = { !one_in(4), !one_in(4) };

	if (p->shut || engine.crowd.now.ns - since_ns > OLD_S * 1000000000ll ||
		!engine_connect(&engine, party, forwarding))
		return;
	p->up = true;
	for (int f = 0; f < 2; f++) {
		p->end_of_rib[f] = false;
		p->begun[f] = 0;
		if (!p->restarts || !forwarding[f] || !p->families[f])
			stale_end(p, f);
	}
}

static void go_down(struct party *p, uint32_t party)
{
	bool hard = one_in(3);

	for (int f = 0; f < 2; f++) {
		stale_end(p, f);
		stale_begin(p, f);
		if (hard || !p->restarts || !p->families[f])
			stale_end(p, f);
	}
	p->up = false;
	crowd_lose(&engine.crowd, party, hard);
}

static void step_session(struct party *p, uint32_t party)
{
	if (p->up && one_in(2))
		go_down(p, party);
	else if (!p->up)
		come_up(p, party);
}

/* Half of the time something that is common, so that much is equal. */
static struct saying saying_roll(void)
{
	struct saying s = { .there = true, .tail = (uint8_t)pick(2), .local_pref = 100 };

	if (one_in(2))
		return s;
	s.loop = one_in(12);
	s.tail = (uint8_t)pick(4);
	s.which = (uint8_t)pick(3);
	s.origin = (uint8_t)(one_in(4) ? pick(3) : 0);
	s.med = (uint8_t)pick(4);
	s.local_pref = (uint8_t)(99 + pick(3));
	s.otc = (uint8_t)(one_in(6) ? 1 + pick(2) : 0);
	s.tags = (uint8_t)(one_in(2) ? TAG_PREFERRED : one_in(2) ? 1u << pick(5) : 0);
	return s;
}

struct range {
	uint32_t first, end, step;
};

static struct range range_roll(void)
{
	struct range range = { pick(facts.prefixes), 0, 1 + pick(3) };

	range.end = range.first + 1 + (one_in(2) ? 0 : pick(facts.prefixes));
	if (range.end > facts.prefixes)
		range.end = facts.prefixes;
	return range;
}

static void say_range(
	struct party *p, uint32_t party, int family, struct range range, struct saying s)
{
	for (uint32_t n = range.first; n < range.end; n += range.step)
		p->sayings[family][n] = s.there && p->imports ? s : (struct saying){ 0 };
	engine_say(&engine, party, family, range.first, range.end, range.step, &s);
}

static int family_roll(const struct party *p)
{
	int family = (int)pick(2);

	return p->families[family] ? family : BGP_IPV4_UNICAST;
}

static void step_announce(struct party *p, uint32_t party)
{
	if (p->up)
		say_range(p, party, family_roll(p), range_roll(), saying_roll());
}

static void step_withdraw(struct party *p, uint32_t party)
{
	if (p->up)
		say_range(p, party, family_roll(p), range_roll(), (struct saying){ 0 });
}

static void step_own(struct party *p, uint32_t party)
{
	int family = (int)pick(2);
	uint32_t number = pick(facts.prefixes);
	struct own *own = &facts.own[family][number];

	(void)p;
	(void)party;
	*own = (struct own){ .there = one_in(2),
		.restricted = one_in(4),
		.prepend = (uint8_t)pick(3),
		.only = (uint8_t)pick(1u << CROWD_MAX),
		.med = pick(3) };
	engine_own(&engine, family, number);
}

static void policies_tell(uint32_t party)
{
	const struct party *p = &facts.parties[party];

	speaker_neighbor_policies(engine.crowd.speaker, engine.crowd.members[party].neighbor,
		engine.imports[p->import_rules], engine.exports[p->export_rules], NULL,
		engine.crowd.now);
}

static void step_rules(struct party *p, uint32_t party)
{
	uint32_t number = 1 + pick(RULES_MAX - 1);
	bool in = one_in(2);
	struct policy **slot = in ? &engine.imports[number] : &engine.exports[number];
	struct rules *rules = in ? &facts.imports[number] : &facts.exports[number];
	struct policy *old = *slot;

	(void)p;
	(void)party;
	rules_roll(rules);
	*slot = engine_policy(rules);
	for (uint32_t i = 0; i < facts.party_count; i++)
		policies_tell(i);
	policy_release(old);
	crowd_listen(&engine.crowd);
}

static void settings_tell(uint32_t party)
{
	struct neighbor_settings s = engine_settings(&engine, party);

	if (speaker_neighbor_change(engine.crowd.speaker, engine.crowd.members[party].neighbor,
		    &s, engine.crowd.now))
		(void)fails("new settings of %u reset its session", party);
	crowd_listen(&engine.crowd);
}

static void step_policies(struct party *p, uint32_t party)
{
	p->import_rules = (uint8_t)pick(RULES_MAX);
	p->export_rules = (uint8_t)pick(RULES_MAX);
	if (one_in(2))
		policies_tell(party);
	else
		settings_tell(party);
}

static void step_settings(struct party *p, uint32_t party)
{
	switch (pick(5)) {
	case 0:
		p->prepend = (uint8_t)pick(3);
		break;
	case 1:
		p->has_med = one_in(2);
		break;
	case 2:
		p->graceful_shutdown = one_in(2);
		break;
	case 3:
		p->transit = one_in(2);
		break;
	default:
		p->relation = (uint8_t)pick(POLICY_RELATION_PROVIDER + 1);
		break;
	}
	settings_tell(party);
}

void vrps_roll(void)
{
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < LISTED_MAX; n++)
			if (one_in(4))
				facts.vrps[f][n] =
					one_in(2) ? 0
					: one_in(2)
						? 200 + pick(3)
						: facts.parties[pick(facts.party_count)].asn;
}

static void step_rpki(struct party *p, uint32_t party)
{
	(void)p;
	(void)party;
	vrps_roll();
	engine_rpki(engine.rpki);
	speaker_rpki_changed(engine.crowd.speaker);
	crowd_listen(&engine.crowd);
}

static void step_decision(struct party *p, uint32_t party)
{
	(void)p;
	(void)party;
	facts.decision = (struct decision_settings){ .med = one_in(2) ? DECISION_MED_SAME_AS
								      : DECISION_MED_ALWAYS,
		.missing_med_worst = one_in(2),
		.ignore_path_length = one_in(4) };
	speaker_decision_set(engine.crowd.speaker, &facts.decision);
	crowd_listen(&engine.crowd);
}

static void step_end_of_rib(struct party *p, uint32_t party)
{
	int family = family_roll(p);

	if (!p->up)
		return;
	p->end_of_rib[family] = true;
	stale_end(p, family);
	crowd_end_of_rib(&engine.crowd, party, (enum bgp_family)family);
}

static void step_refresh(struct party *p, uint32_t party)
{
	int family = family_roll(p);

	if (p->up)
		crowd_refresh(
			&engine.crowd, party, (enum bgp_family)family, BGP_REFRESH_REQUEST);
}

/* RFC 7313: what is not said between the markers is gone. */
static void step_said_again(struct party *p, uint32_t party)
{
	int family = family_roll(p);

	if (!p->up)
		return;
	if (p->begun[family] > 0 && one_in(2)) {
		crowd_refresh(&engine.crowd, party, (enum bgp_family)family, BGP_REFRESH_END);
		p->begun[family] = 0;
		stale_end(p, family);
		return;
	}
	if (p->begun[family] == AGAIN_MAX)
		return;
	crowd_refresh(&engine.crowd, party, (enum bgp_family)family, BGP_REFRESH_BEGIN);
	/* What is stale from a restart waits for end-of-RIB. */
	if (p->restarts && !p->end_of_rib[family])
		return;
	p->begun[family]++;
	stale_begin(p, family);
	for (unsigned i = pick(4); i > 0; i--)
		say_range(p, party, family, range_roll(), saying_roll());
}

static void all_gone(struct party *p)
{
	for (int f = 0; f < 2; f++) {
		stale_begin(p, f);
		stale_end(p, f);
	}
}

static void step_shutdown(struct party *p, uint32_t party)
{
	struct neighbor *neighbor = engine.crowd.members[party].neighbor;

	p->shut = !p->shut;
	if (p->shut) {
		p->up = false;
		all_gone(p);
		speaker_neighbor_shutdown(engine.crowd.speaker, neighbor, "", engine.crowd.now);
	} else {
		speaker_neighbor_enable(engine.crowd.speaker, neighbor, engine.crowd.now);
	}
	crowd_listen(&engine.crowd);
}

static void step_import(struct party *p, uint32_t party)
{
	p->imports = !p->imports || !one_in(3);
	if (!p->imports)
		all_gone(p);
	settings_tell(party);
}

static void step_replace(struct party *p, uint32_t party)
{
	struct neighbor_settings settings;

	if (!one_in(2))
		return;
	p->up = p->shut = false;
	p->router_id = 1 + pick(4);
	p->restarts = one_in(2);
	all_gone(p);
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < facts.prefixes; n++)
			facts.own[f][n].only &= (uint8_t) ~(1u << party);
	settings = engine_settings(&engine, party);
	crowd_replace(&engine.crowd, party, &settings, p->router_id);
	if (one_in(2))
		come_up(p, party);
}

/* Longer than anything is kept for anybody. */
static void step_long_time(struct party *p, uint32_t party)
{
	(void)p;
	(void)party;
	if (!one_in(2))
		return;
	crowd_wait(&engine.crowd, duration_seconds(LONG_S));
	since_ns = engine.crowd.now.ns;
	for (uint32_t i = 0; i < facts.party_count; i++)
		for (int f = 0; f < 2; f++) {
			stale_end(&facts.parties[i], f);
			facts.parties[i].begun[f] = 0;
		}
}

static void step_deaf(struct party *p, uint32_t party)
{
	struct crowd_member *member = &engine.crowd.members[party];

	(void)p;
	member->deaf = !member->deaf;
	crowd_listen(&engine.crowd);
}

static void step_tick(struct party *p, uint32_t party)
{
	(void)p;
	(void)party;
	crowd_tick(&engine.crowd, 1 + pick(4));
}

static const struct {
	const char *name;
	uint32_t weight;
	void (*run)(struct party *party, uint32_t index);
} kinds[] = {
	{ "announce", 12, step_announce },
	{ "withdraw", 4, step_withdraw },
	{ "own route", 4, step_own },
	{ "session", 6, step_session },
	{ "rules", 3, step_rules },
	{ "policies", 3, step_policies },
	{ "settings", 4, step_settings },
	{ "rpki", 3, step_rpki },
	{ "decision", 1, step_decision },
	{ "end-of-RIB", 3, step_end_of_rib },
	{ "refresh", 2, step_refresh },
	{ "said again", 3, step_said_again },
	{ "shutdown", 1, step_shutdown },
	{ "import", 1, step_import },
	{ "replace", 1, step_replace },
	{ "long time", 1, step_long_time },
	{ "deaf", 3, step_deaf },
	{ "tick", 5, step_tick },
};

const char *step_roll(void)
{
	uint32_t total = 0, at, kind = 0, party = pick(facts.party_count);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		total += kinds[i].weight;
	at = pick(total);
	for (; at >= kinds[kind].weight; kind++)
		at -= kinds[kind].weight;
	kinds[kind].run(&facts.parties[party], party);
	return kinds[kind].name;
}
