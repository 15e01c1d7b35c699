/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random policies and random routes: what the compiled form says has to be what a slow model
 * says that reads the description as it stands. And prefix sets of their own, larger ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_pattern.h"
#include "base/random.h"
#include "route/policy.h"

#define SETS     4u
#define POLICIES 4u
#define RULES    5u

static uint32_t below(struct random *random, uint32_t bound)
{
	return random_below(random, bound);
}

/* Few different values, so that things meet. */
static struct prefix random_prefix(struct random *random)
{
	struct prefix prefix = { .address = { .family = FAMILY_IPV4 } };

	if (below(random, 2) == 0) {
		prefix.address.family = FAMILY_IPV6;
		prefix.address.bytes[0] = 0x20;
		prefix.address.bytes[below(random, 16)] = (uint8_t)(below(random, 4) << 6);
		prefix.address.bytes[1 + below(random, 15)] = (uint8_t)below(random, 4);
		prefix.length = (uint8_t)below(random, 129);
	} else {
		prefix.address.bytes[0] = (uint8_t)(below(random, 3) == 0 ? 255 : 10);
		prefix.address.bytes[1] = (uint8_t)below(random, 3);
		prefix.address.bytes[2] = (uint8_t)(below(random, 4) << 6);
		prefix.address.bytes[3] = (uint8_t)below(random, 3);
		prefix.length = (uint8_t)below(random, 33);
	}
	prefix_normalise(&prefix);
	return prefix;
}

static struct policy_prefix_range random_range(struct random *random)
{
	struct policy_prefix_range range = { .prefix = random_prefix(random) };
	uint32_t bits = family_bits((enum family)range.prefix.address.family);

	range.minimum =
		(uint8_t)(range.prefix.length + below(random, bits - range.prefix.length + 1));
	range.maximum = (uint8_t)(range.minimum + below(random, bits - range.minimum + 1));
	if (below(random, 3) == 0)
		range.minimum = range.maximum = range.prefix.length;
	return range;
}

static bool model_in_prefix_set(
	const struct policy_prefix_set *set, const struct prefix *prefix)
{
	for (size_t i = 0; i < set->count; i++)
		if (prefix_contains(&set->ranges[i].prefix, prefix) &&
			prefix->length >= set->ranges[i].minimum &&
			prefix->length <= set->ranges[i].maximum)
			return true;
	return false;
}

/* ---- A description, with room for everything in one place. ---- */

struct world {
	struct policy_prefix_range prefix_ranges[SETS][6];
	struct policy_prefix_set prefix_sets[SETS];
	struct policy_as_range as_ranges[SETS][4];
	struct policy_as_set as_sets[SETS];
	const char *patterns[SETS][2];
	struct policy_path_set path_sets[SETS];
	struct policy_community_range community_ranges[SETS][4];
	struct policy_community_set community_sets[SETS];
	struct policy_term terms[POLICIES][RULES][3];
	uint32_t term_sets[POLICIES][RULES][3][2];
	struct policy_range term_ranges[POLICIES][RULES][3][2];
	struct policy_change changes[POLICIES][RULES][3];
	uint32_t numbers[POLICIES][RULES][3][2];
	uint32_t communities[POLICIES][RULES][3][2];
	uint64_t extended[POLICIES][RULES][3][2];
	struct bgp_large_community large[POLICIES][RULES][3][2];
	struct policy_rule rules[POLICIES][RULES];
	struct policy_rules policies[POLICIES];
	struct policy_description description;
};

static const char *const set_names[SETS] = { "a", "b", "c", "d" };
static const char *const policy_names[POLICIES] = { "p", "q", "r", "s" };
static const char *const pattern_texts[] = { "^ 1", "2 $", "a b", "^ [^c]+ $", "3-5{2,}",
	"^ (1 | 2)* 3", "d", "^ . .? $", "^$", "any{4}" };

static struct policy_community_range random_community_range(struct random *random)
{
	struct policy_community_range range = {
		.kind = (uint8_t)below(random, 4),
		.subtype = (uint8_t)(2 + below(random, 2)),
		.encodings = (uint8_t)(1 + below(random, 7)),
	};

	for (int i = 0; i < 3; i++) {
		range.first[i] = below(random, 4);
		range.last[i] = range.first[i] + below(random, 3);
		if (below(random, 3) == 0) {
			range.first[i] = 0;
			range.last[i] =
				range.kind == POLICY_COMMUNITY_STANDARD ? 0xffff : UINT32_MAX;
		}
	}
	if (range.kind == POLICY_COMMUNITY_EXTENDED_RAW)
		range.first[0] = range.last[0] = 0x00020000u + below(random, 4);
	return range;
}

static uint64_t random_extended(struct random *random)
{
	uint64_t type = below(random, 4), subtype = 2 + below(random, 2);
	uint64_t one = below(random, 4), two = below(random, 4);

	return type << 56 | subtype << 48 | (type == 0 ? one << 32 | two : one << 16 | two);
}

static void make_sets(struct world *w, struct random *random)
{
	for (unsigned s = 0; s < SETS; s++) {
		size_t count = below(random, 7);

		for (size_t i = 0; i < count; i++)
			w->prefix_ranges[s][i] = random_range(random);
		w->prefix_sets[s] =
			(struct policy_prefix_set){ set_names[s], w->prefix_ranges[s], count };
		count = below(random, 5);
		for (size_t i = 0; i < count; i++) {
			w->as_ranges[s][i].first = below(random, 7);
			w->as_ranges[s][i].last = w->as_ranges[s][i].first + below(random, 3);
		}
		w->as_sets[s] = (struct policy_as_set){ set_names[s], w->as_ranges[s], count };
		count = below(random, 3);
		for (size_t i = 0; i < count; i++)
			w->patterns[s][i] = pattern_texts[below(random, 10)];
		w->path_sets[s] =
			(struct policy_path_set){ set_names[s], w->patterns[s], count };
		count = below(random, 5);
		for (size_t i = 0; i < count; i++)
			w->community_ranges[s][i] = random_community_range(random);
		w->community_sets[s] = (struct policy_community_set){ set_names[s],
			w->community_ranges[s], count };
	}
}

static bool kind_has_ranges(enum policy_term_kind kind)
{
	return kind == POLICY_TERM_IPV4_LENGTH || kind == POLICY_TERM_IPV6_LENGTH ||
	       kind == POLICY_TERM_PATH_LENGTH || kind == POLICY_TERM_MED ||
	       kind == POLICY_TERM_LOCAL_PREF || kind == POLICY_TERM_WEIGHT;
}

static bool kind_has_bits(enum policy_term_kind kind)
{
	return kind == POLICY_TERM_FAMILY || kind == POLICY_TERM_RPKI ||
	       kind == POLICY_TERM_ASPA || kind == POLICY_TERM_RELATION ||
	       kind == POLICY_TERM_SOURCE || kind == POLICY_TERM_ORIGIN;
}

static void make_term(
	struct world *w, struct random *random, unsigned p, unsigned r, unsigned t)
{
	struct policy_term *term = &w->terms[p][r][t];
	size_t count = below(random, 3);

	*term = (struct policy_term){
		.kind = (enum policy_term_kind)below(random, POLICY_TERM_KINDS),
		.negated = below(random, 3) == 0,
		.neighbor = below(random, 3) == 0,
	};
	if (kind_has_bits(term->kind)) {
		term->bits = below(random, 128);
	} else if (kind_has_ranges(term->kind)) {
		for (size_t i = 0; i < count; i++) {
			w->term_ranges[p][r][t][i].first = below(random, 30);
			w->term_ranges[p][r][t][i].last =
				w->term_ranges[p][r][t][i].first + below(random, 80);
		}
		term->ranges = w->term_ranges[p][r][t];
		term->range_count = count;
	} else if (term->kind != POLICY_TERM_PATH_HAS_SET) {
		for (size_t i = 0; i < count; i++)
			w->term_sets[p][r][t][i] = below(random, SETS);
		term->sets = w->term_sets[p][r][t];
		term->set_count = count;
	}
}

static void make_change(
	struct world *w, struct random *random, unsigned p, unsigned r, unsigned t)
{
	struct policy_change *c = &w->changes[p][r][t];

	*c = (struct policy_change){
		.kind = (enum policy_change_kind)below(random, POLICY_CHANGE_KINDS),
		.number = below(random, 3) == 0 ? UINT32_MAX - below(random, 3)
						: below(random, 90),
		.next_hop = random_prefix(random).address,
	};
	if (c->kind == POLICY_PREPEND || c->kind == POLICY_SET_ORIGIN)
		c->number %= 3;
	if (c->kind == POLICY_SET_WEIGHT)
		c->number %= 65536;
	if (c->kind == POLICY_REMOVE_COMMUNITIES || c->kind == POLICY_PREPEND_AS) {
		for (int i = 0; i < 2; i++)
			w->numbers[p][r][t][i] = below(random, SETS);
		if (c->kind == POLICY_PREPEND_AS)
			w->numbers[p][r][t][0] += 1, w->numbers[p][r][t][1] += 1;
		c->numbers = w->numbers[p][r][t];
		c->number_count = below(random, 3);
	}
	if (c->kind != POLICY_ADD_COMMUNITIES)
		return;
	for (int i = 0; i < 2; i++) {
		w->communities[p][r][t][i] = below(random, 4) << 16 | below(random, 4);
		w->extended[p][r][t][i] = random_extended(random);
		w->large[p][r][t][i] = (struct bgp_large_community){ below(random, 3),
			below(random, 3), below(random, 3) };
	}
	c->communities = w->communities[p][r][t];
	c->extended_communities = w->extended[p][r][t];
	c->large_communities = w->large[p][r][t];
	c->community_count = below(random, 3);
	c->extended_community_count = below(random, 3);
	c->large_community_count = below(random, 3);
}

/* Changes of one rule are made in the order of their kinds: the model wants them so. */
static void sort_changes(struct policy_change *changes, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && changes[j - 1].kind > changes[j].kind; j--) {
			struct policy_change swap = changes[j];

			changes[j] = changes[j - 1];
			changes[j - 1] = swap;
		}
}

static void make_rules(struct world *w, struct random *random)
{
	for (unsigned p = 0; p < POLICIES; p++) {
		size_t rule_count = below(random, RULES + 1);

		for (unsigned r = 0; r < rule_count; r++) {
			struct policy_rule *rule = &w->rules[p][r];

			*rule = (struct policy_rule){ .name = "rule",
				.terms = w->terms[p][r],
				.term_count = below(random, 4),
				.changes = w->changes[p][r],
				.change_count = below(random, 4),
				.then = (enum policy_then)below(random, 4),
				.call = p + 1 };
			if (p + 1 == POLICIES && rule->then == POLICY_THEN_CALL)
				rule->then = POLICY_THEN_NEXT;
			for (unsigned t = 0; t < rule->term_count; t++)
				make_term(w, random, p, r, t);
			/* the same kind twice in a rule has no order */
			for (unsigned t = 0; t < rule->change_count; t++) {
				make_change(w, random, p, r, t);
				for (unsigned u = 0; u < t; u++)
					if (w->changes[p][r][u].kind ==
						w->changes[p][r][t].kind)
						rule->change_count = t;
			}
			sort_changes(w->changes[p][r], rule->change_count);
		}
		w->policies[p] =
			(struct policy_rules){ policy_names[p], w->rules[p], rule_count };
	}
}

static void make_world(struct world *w, struct random *random)
{
	memset(w, 0, sizeof(*w));
	make_sets(w, random);
	make_rules(w, random);
	w->description = (struct policy_description){ w->prefix_sets, w->as_sets, w->path_sets,
		w->community_sets, w->policies, SETS, SETS, SETS, SETS, POLICIES };
}

/* ---- A route. ---- */

struct scene {
	struct prefix prefix;
	struct bgp_attributes attributes;
	uint8_t path[200];
	uint32_t communities[4];
	uint64_t extended[4];
	struct bgp_large_community large[4];
	struct policy_route route;
	enum policy_rpki rpki;
	enum policy_aspa aspa;
	unsigned rpki_asked, aspa_asked;
};

static enum policy_rpki ask_rpki(void *context, const struct policy_route *route)
{
	struct scene *s = context;

	(void)route;
	s->rpki_asked++;
	return s->rpki;
}

static enum policy_aspa ask_aspa(void *context, const struct policy_route *route)
{
	struct scene *s = context;

	(void)route;
	s->aspa_asked++;
	return s->aspa;
}

static void make_path(struct scene *s, struct random *random)
{
	struct writer w = writer_of(s->path, sizeof(s->path));
	unsigned segments = below(random, 3);

	for (unsigned i = 0; i < segments; i++) {
		unsigned count = 1 + below(random, 4);

		writer_u8(&w, below(random, 4) == 0 ? (uint8_t)(1 + below(random, 4)) : 2);
		writer_u8(&w, (uint8_t)count);
		while (count-- > 0)
			writer_u32(&w, 1 + below(random, 6));
	}
	s->attributes.as_path = s->path;
	s->attributes.as_path_size = (uint16_t)writer_length(&w);
}

static void make_scene(struct scene *s, struct random *random)
{
	struct bgp_attributes *a = &s->attributes;

	memset(s, 0, sizeof(*s));
	s->prefix = random_prefix(random);
	make_path(s, random);
	a->present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH;
	a->origin = (uint8_t)below(random, 3);
	a->next_hop = random_prefix(random).address;
	if (below(random, 2) == 0) {
		a->present |= 1u << BGP_ATTRIBUTE_MED;
		a->med = below(random, 4) == 0 ? UINT32_MAX - 1 : below(random, 100);
	}
	if (below(random, 2) == 0) {
		a->present |= 1u << BGP_ATTRIBUTE_LOCAL_PREF;
		a->local_pref = below(random, 200);
	}
	for (int i = 0; i < 4; i++) {
		s->communities[i] = below(random, 4) << 16 | below(random, 4);
		s->extended[i] = random_extended(random);
		s->large[i] = (struct bgp_large_community){ below(random, 4), below(random, 4),
			below(random, 4) };
	}
	a->communities = s->communities;
	a->extended_communities = s->extended;
	a->large_communities = s->large;
	a->community_count = (uint16_t)below(random, 5);
	a->extended_community_count = (uint16_t)below(random, 5);
	a->large_community_count = (uint16_t)below(random, 5);
	a->present |= (uint64_t)(a->community_count > 0) << BGP_ATTRIBUTE_COMMUNITIES;
	a->present |= (uint64_t)(a->extended_community_count > 0)
		      << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
	a->present |= (uint64_t)(a->large_community_count > 0)
		      << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	s->rpki = (enum policy_rpki)below(random, 3);
	s->aspa = (enum policy_aspa)below(random, 3);
	s->route = (struct policy_route){ .prefix = &s->prefix,
		.attributes = a,
		.relation = (enum policy_relation)below(random, POLICY_RELATION_LOCAL),
		.source = (enum policy_relation)below(random, POLICY_RELATIONS),
		.local_asn = 9,
		.neighbor_asn = 1 + below(random, 4),
		.neighbor_address = below(random, 2) == 0 ? a->next_hop : (struct address){ 0 },
		.igp_metric = below(random, 2) == 0 ? POLICY_METRIC_UNKNOWN : 77,
		.rpki = ask_rpki,
		.aspa = ask_aspa,
		.context = s };
}

/* ---- The model. ---- */

struct model {
	const struct policy_description *d;
	const struct policy_route *route;
	struct bgp_attributes a;
	struct arena *arena;
	const struct scene *scene;
	bool self, blackhole;
	uint64_t counters[POLICIES][RULES];
};

static bool model_in_as_sets(const struct model *m, const struct policy_term *t, uint32_t asn)
{
	for (size_t i = 0; i < t->set_count; i++) {
		const struct policy_as_set *set = &m->d->as_sets[t->sets[i]];

		for (size_t j = 0; j < set->count; j++)
			if (asn >= set->ranges[j].first && asn <= set->ranges[j].last)
				return true;
	}
	return false;
}

static const struct number_range *model_find(void *context, const char *name, size_t *ret_count)
{
	const struct policy_description *d = context;

	for (size_t i = 0; i < SETS; i++)
		if (strcmp(d->as_sets[i].name, name) == 0) {
			*ret_count = d->as_sets[i].count;
			return (const void *)d->as_sets[i].ranges;
		}
	return NULL;
}

static bool model_path(struct model *m, const char *text)
{
	struct number_names names = { model_find, (void *)(uintptr_t)m->d };
	struct number_pattern *pattern = NULL;
	uint32_t numbers[100];
	size_t count = 0;
	bool matches;

	for (size_t at = 0; at < m->a.as_path_size;) {
		const uint8_t *b = m->a.as_path + at;

		for (unsigned i = 0; i < b[1] && b[0] <= 2; i++)
			numbers[count++] = b[2 + 4 * i + 3];
		at += 2 + 4u * b[1];
	}
	assert_int_equal(number_pattern_new(&text, 1, &names, &pattern, NULL), 0);
	matches = number_pattern_match(pattern, numbers, count);
	number_pattern_free(pattern);
	return matches;
}

static bool model_extended(const struct policy_community_range *r, uint64_t e)
{
	unsigned type = (unsigned)(e >> 56), subtype = (unsigned)(e >> 48) & 255;
	uint64_t one = type == 0 ? (e >> 32) & 0xffff : (e >> 16) & 0xffffffff;
	uint64_t two = type == 0 ? e & 0xffffffff : e & 0xffff;

	if (r->kind == POLICY_COMMUNITY_EXTENDED_RAW) {
		one = e >> 32;
		two = e & 0xffffffff;
	} else if (type > 2 || !((r->encodings >> type) & 1) || subtype != r->subtype) {
		return false;
	}
	return one >= r->first[0] && one <= r->last[0] && two >= r->first[1] &&
	       two <= r->last[1];
}

static bool model_standard(const struct policy_community_range *r, uint32_t c)
{
	return r->kind == POLICY_COMMUNITY_STANDARD && c >> 16 >= r->first[0] &&
	       c >> 16 <= r->last[0] && (c & 0xffff) >= r->first[1] &&
	       (c & 0xffff) <= r->last[1];
}

static bool model_large(
	const struct policy_community_range *r, const struct bgp_large_community *c)
{
	return r->kind == POLICY_COMMUNITY_LARGE && c->global >= r->first[0] &&
	       c->global <= r->last[0] && c->local_1 >= r->first[1] &&
	       c->local_1 <= r->last[1] && c->local_2 >= r->first[2] &&
	       c->local_2 <= r->last[2];
}

enum which { STANDARD, LARGE, EXTENDED };

static bool model_in_community_set(
	const struct model *m, uint32_t number, enum which which, const void *community)
{
	const struct policy_community_set *set = &m->d->community_sets[number];

	for (size_t i = 0; i < set->count; i++) {
		const struct policy_community_range *r = &set->ranges[i];

		if (which == STANDARD ? model_standard(r, *(const uint32_t *)community)
			: which == LARGE
				? model_large(r, community)
				: r->kind >= POLICY_COMMUNITY_EXTENDED &&
					  model_extended(r, *(const uint64_t *)community))
			return true;
	}
	return false;
}

static bool model_has_community(const struct model *m, uint32_t set)
{
	for (unsigned i = 0; i < m->a.community_count; i++)
		if (model_in_community_set(m, set, STANDARD, &m->a.communities[i]))
			return true;
	for (unsigned i = 0; i < m->a.large_community_count; i++)
		if (model_in_community_set(m, set, LARGE, &m->a.large_communities[i]))
			return true;
	for (unsigned i = 0; i < m->a.extended_community_count; i++)
		if (model_in_community_set(m, set, EXTENDED, &m->a.extended_communities[i]))
			return true;
	return false;
}

static bool model_in_ranges(const struct policy_term *t, uint32_t number)
{
	for (size_t i = 0; i < t->range_count; i++)
		if (number >= t->ranges[i].first && number <= t->ranges[i].last)
			return true;
	return false;
}

static bool model_in_prefix_sets(
	const struct model *m, const struct policy_term *t, const struct prefix *prefix)
{
	for (size_t i = 0; i < t->set_count; i++)
		if (model_in_prefix_set(&m->d->prefix_sets[t->sets[i]], prefix))
			return true;
	return false;
}

static bool model_is_as(const struct model *m, const struct policy_term *t, uint32_t asn)
{
	if (asn == 0)
		return false;
	return (t->neighbor && asn == m->route->neighbor_asn) || model_in_as_sets(m, t, asn);
}

static bool model_has_set(const struct model *m)
{
	for (size_t at = 0; at < m->a.as_path_size; at += 2 + 4u * m->a.as_path[at + 1])
		if (m->a.as_path[at] == 1 || m->a.as_path[at] == 4)
			return true;
	return false;
}

static bool model_term(struct model *m, const struct policy_term *t)
{
	const struct prefix *prefix = m->route->prefix;
	bool ipv4 = prefix->address.family == FAMILY_IPV4;
	struct prefix host = prefix_host(&m->a.next_hop);
	uint32_t local_pref = bgp_attribute_present(&m->a, 5) ? m->a.local_pref : 100;

	switch (t->kind) {
	case POLICY_TERM_PREFIX:
		return model_in_prefix_sets(m, t, prefix);
	case POLICY_TERM_FAMILY:
		return (t->bits & (ipv4 ? 1u : 2u)) != 0;
	case POLICY_TERM_IPV4_LENGTH:
		return ipv4 && model_in_ranges(t, prefix->length);
	case POLICY_TERM_IPV6_LENGTH:
		return !ipv4 && model_in_ranges(t, prefix->length);
	case POLICY_TERM_AS_PATH:
		for (size_t i = 0; i < t->set_count; i++) {
			const struct policy_path_set *set = &m->d->path_sets[t->sets[i]];

			for (size_t j = 0; j < set->count; j++)
				if (model_path(m, set->patterns[j]))
					return true;
		}
		return false;
	case POLICY_TERM_PATH_LENGTH:
		return model_in_ranges(t, bgp_as_path_length(&m->a));
	case POLICY_TERM_PATH_HAS_SET:
		return model_has_set(m);
	case POLICY_TERM_FIRST_AS:
		return model_is_as(m, t, bgp_as_path_first(&m->a));
	case POLICY_TERM_ORIGIN_AS:
		return model_is_as(m, t, bgp_as_path_origin(&m->a));
	case POLICY_TERM_NEIGHBOR_AS:
		return model_in_as_sets(m, t, m->route->neighbor_asn);
	case POLICY_TERM_COMMUNITY:
		for (size_t i = 0; i < t->set_count; i++)
			if (model_has_community(m, t->sets[i]))
				return true;
		return false;
	case POLICY_TERM_RPKI:
		return (t->bits >> m->scene->rpki) & 1;
	case POLICY_TERM_ASPA:
		return (t->bits >> m->scene->aspa) & 1;
	case POLICY_TERM_RELATION:
		return (t->bits >> m->route->relation) & 1;
	case POLICY_TERM_SOURCE:
		return (t->bits >> m->route->source) & 1;
	case POLICY_TERM_NEXT_HOP:
		return (t->neighbor &&
			       address_equal(&m->a.next_hop, &m->route->neighbor_address)) ||
		       model_in_prefix_sets(m, t, &host);
	case POLICY_TERM_MED:
		return bgp_attribute_present(&m->a, 4) && model_in_ranges(t, m->a.med);
	case POLICY_TERM_LOCAL_PREF:
		return model_in_ranges(t, local_pref);
	case POLICY_TERM_WEIGHT:
		return model_in_ranges(t, m->a.weight);
	case POLICY_TERM_ORIGIN:
		return (t->bits >> m->a.origin) & 1;
	case POLICY_TERM_KINDS:
		break;
	}
	fail();
	return false;
}

static void model_present(struct model *m, unsigned code, bool present)
{
	if (present)
		m->a.present |= UINT64_C(1) << code;
	else
		m->a.present &= ~(UINT64_C(1) << code);
}

static void model_prepend(struct model *m, uint32_t asn)
{
	assert_int_equal(bgp_as_path_prepend(&m->a, asn, 1, m->arena), 0);
}

/* Leave out what is in a set, then add what is not there: by brute force. */
static void model_communities(struct model *m, const struct policy_change *c)
{
	uint32_t *standard = arena_take_array(m->arena, 64, sizeof(*standard));
	uint64_t *extended = arena_take_array(m->arena, 64, sizeof(*extended));
	struct bgp_large_community *large = arena_take_array(m->arena, 64, sizeof(*large));
	uint16_t counts[3] = { 0 };
	bool removing = c->kind == POLICY_REMOVE_COMMUNITIES;

#define COPY(which, target, from, from_count)                                              \
	for (unsigned i = 0; i < (from_count); i++) {                                      \
		bool out = c->kind == POLICY_CLEAR_COMMUNITIES;                            \
		for (size_t n = 0; removing && n < c->number_count; n++)                   \
			out = out ||                                                       \
			      model_in_community_set(m, c->numbers[n], which, &(from)[i]); \
		if (!out)                                                                  \
			(target)[counts[which]++] = (from)[i];                             \
	}
#define ADD(which, target, from, from_count)                                              \
	for (size_t i = 0; i < (from_count); i++) {                                       \
		bool there = false;                                                       \
		for (unsigned j = 0; j < counts[which]; j++)                              \
			there = there ||                                                  \
				memcmp(&(target)[j], &(from)[i], sizeof((from)[i])) == 0; \
		if (!there)                                                               \
			(target)[counts[which]++] = (from)[i];                            \
	}
	COPY(STANDARD, standard, m->a.communities, m->a.community_count)
	COPY(LARGE, large, m->a.large_communities, m->a.large_community_count)
	COPY(EXTENDED, extended, m->a.extended_communities, m->a.extended_community_count)
	ADD(STANDARD, standard, c->communities, c->community_count)
	ADD(LARGE, large, c->large_communities, c->large_community_count)
	ADD(EXTENDED, extended, c->extended_communities, c->extended_community_count)
	m->a.communities = standard;
	m->a.large_communities = large;
	m->a.extended_communities = extended;
	m->a.community_count = counts[STANDARD];
	m->a.large_community_count = counts[LARGE];
	m->a.extended_community_count = counts[EXTENDED];
	model_present(m, BGP_ATTRIBUTE_COMMUNITIES, counts[STANDARD] > 0);
	model_present(m, BGP_ATTRIBUTE_LARGE_COMMUNITIES, counts[LARGE] > 0);
	model_present(m, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES, counts[EXTENDED] > 0);
}

static void model_med(struct model *m, int64_t med)
{
	m->a.med = med < 0 ? 0 : med > UINT32_MAX ? UINT32_MAX : (uint32_t)med;
	model_present(m, BGP_ATTRIBUTE_MED, true);
}

static void model_change(struct model *m, const struct policy_change *c)
{
	int64_t med = bgp_attribute_present(&m->a, 4) ? m->a.med : 0;
	uint32_t well_known[2] = { BGP_COMMUNITY_BLACKHOLE, BGP_COMMUNITY_NO_EXPORT };
	struct policy_change more = { .kind = POLICY_ADD_COMMUNITIES,
		.communities = well_known };

	switch (c->kind) {
	case POLICY_SET_LOCAL_PREF:
		m->a.local_pref = c->number;
		model_present(m, BGP_ATTRIBUTE_LOCAL_PREF, true);
		break;
	case POLICY_SET_MED:
		model_med(m, c->number);
		break;
	case POLICY_ADD_MED:
		model_med(m, med + c->number);
		break;
	case POLICY_SUBTRACT_MED:
		model_med(m, med - c->number);
		break;
	case POLICY_SET_MED_IGP:
		if (m->route->igp_metric != POLICY_METRIC_UNKNOWN)
			model_med(m, m->route->igp_metric);
		break;
	case POLICY_REMOVE_MED:
		m->a.med = 0;
		model_present(m, BGP_ATTRIBUTE_MED, false);
		break;
	case POLICY_SET_WEIGHT:
		m->a.weight = (uint16_t)c->number;
		break;
	case POLICY_SET_ORIGIN:
		m->a.origin = (uint8_t)c->number;
		break;
	case POLICY_PREPEND:
		for (uint32_t i = 0; i < c->number; i++)
			model_prepend(m, m->route->local_asn);
		break;
	case POLICY_PREPEND_AS:
		for (size_t i = 0; i < c->number_count; i++)
			model_prepend(m, c->numbers[c->number_count - 1 - i]);
		break;
	case POLICY_NEXT_HOP_SELF:
		m->self = true;
		break;
	case POLICY_NEXT_HOP_ADDRESS:
		if (c->next_hop.family != m->route->prefix->address.family)
			break;
		m->self = false;
		m->a.next_hop = c->next_hop;
		break;
	case POLICY_GRACEFUL_SHUTDOWN:
		m->a.local_pref = 0;
		model_present(m, BGP_ATTRIBUTE_LOCAL_PREF, true);
		well_known[0] = BGP_COMMUNITY_GRACEFUL_SHUTDOWN;
		more.community_count = 1;
		model_communities(m, &more);
		break;
	case POLICY_BLACKHOLE:
		m->blackhole = true;
		more.community_count = 2;
		model_communities(m, &more);
		break;
	case POLICY_REMOVE_COMMUNITIES:
	case POLICY_CLEAR_COMMUNITIES:
	case POLICY_ADD_COMMUNITIES:
		model_communities(m, c);
		break;
	case POLICY_CHANGE_KINDS:
		fail();
	}
}

/* -1: undecided; else the verdict. */
static int model_policy(struct model *m, uint32_t number)
{
	const struct policy_rules *policy = &m->d->policies[number];

	for (size_t r = 0; r < policy->rule_count; r++) {
		const struct policy_rule *rule = &policy->rules[r];
		bool matches = true;
		int verdict;

		for (size_t t = 0; t < rule->term_count; t++)
			matches = matches &&
				  model_term(m, &rule->terms[t]) != rule->terms[t].negated;
		if (!matches)
			continue;
		m->counters[number][r]++;
		if (rule->then == POLICY_THEN_REJECT)
			return POLICY_REJECT;
		for (size_t c = 0; c < rule->change_count; c++)
			model_change(m, &rule->changes[c]);
		if (rule->then == POLICY_THEN_ACCEPT)
			return POLICY_ACCEPT;
		verdict = rule->then == POLICY_THEN_CALL ? model_policy(m, rule->call) : -1;
		if (verdict >= 0)
			return verdict;
	}
	return -1;
}

struct seen {
	unsigned runs, accepted, changed, decided;
};

static void compare(const struct world *w, struct policy_book *book,
	const struct policy *policy, const uint32_t *order, size_t order_count,
	enum policy_end end, struct random *random, struct seen *seen)
{
	uint64_t counters[POLICIES * RULES] = { 0 };
	struct policy_result result;
	struct arena arena = { 0 };
	struct bgp_attributes copy;
	struct scene scene;
	struct model m;
	int verdict = -1;

	make_scene(&scene, random);
	copy = scene.attributes;
	m = (struct model){ .d = &w->description,
		.route = &scene.route,
		.a = scene.attributes,
		.arena = &arena,
		.scene = &scene };
	for (size_t i = 0; i < order_count && verdict < 0; i++)
		verdict = model_policy(&m, order[i]);
	assert_int_equal(policy_run(policy, counters, &scene.route, &arena, &result), 0);
	assert_int_equal(result.verdict, verdict >= 0               ? verdict
					 : end == POLICY_END_ACCEPT ? POLICY_ACCEPT
								    : POLICY_REJECT);
	assert_int_equal(result.rule == POLICY_RULE_NONE, verdict < 0);
	assert_true(scene.rpki_asked <= 1 && scene.aspa_asked <= 1);
	assert_memory_equal(&copy, &scene.attributes, sizeof(copy));
	if (result.verdict == POLICY_ACCEPT) {
		const struct bgp_attributes *out =
			result.changed ? &result.attributes : &scene.attributes;

		assert_true(bgp_attributes_equal(out, &m.a));
		assert_int_equal(out->weight, m.a.weight);
		assert_int_equal(result.blackhole, m.blackhole);
		assert_int_equal(result.next_hop_self, m.self);
	}
	for (uint32_t n = 0; n < policy_book_rules(book); n++) {
		struct policy_rule_name name = policy_book_rule(book, n);

		assert_int_equal(
			counters[n], m.counters[name.policy[0] - 'p'][name.number - 1]);
	}
	seen->runs++;
	seen->accepted += result.verdict == POLICY_ACCEPT;
	seen->changed += result.changed;
	seen->decided += verdict >= 0;
	arena_clear(&arena);
}

static void test_policies(void **state)
{
	struct world *w = malloc(sizeof(*w));
	struct random random = { 8212 };
	struct seen seen = { 0 };

	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		uint32_t order[2] = { below(&random, POLICIES), below(&random, POLICIES) };
		const char *names[2] = { policy_names[order[0]], policy_names[order[1]] };
		size_t count = 1 + below(&random, 2);
		enum policy_end end = (enum policy_end)below(&random, 2);
		struct policy_book *book;
		struct policy *policy;

		make_world(w, &random);
		book = policy_book_new(&w->description, NULL);
		assert_non_null(book);
		policy = policy_new(book, names, count, end, NULL);
		assert_non_null(policy);
		policy_book_release(book);
		for (unsigned i = 0; i < 20; i++)
			compare(w, policy_book_of(policy), policy, order, count, end, &random,
				&seen);
		policy_release(policy);
	}
	free(w);
	assert_int_equal(seen.runs, 30000);
	assert_in_range(seen.accepted, seen.runs / 5, seen.runs * 4 / 5);
	assert_in_range(seen.changed, seen.runs / 5, seen.runs * 4 / 5);
	assert_in_range(seen.decided, seen.runs / 5, seen.runs * 4 / 5);
}

/* If the outcome does not depend on the prefix, any prefix gives the same. */
static void test_dependence(void **state)
{
	struct world *w = malloc(sizeof(*w));
	struct random random = { 6811 };
	unsigned independent = 0;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		const char *name = policy_names[below(&random, POLICIES)];
		struct policy_result results[2];
		struct arena arena = { 0 };
		struct policy_book *book;
		struct policy *policy;
		struct scene scene;

		make_world(w, &random);
		make_scene(&scene, &random);
		book = policy_book_new(&w->description, NULL);
		policy = policy_new(book, &name, 1, POLICY_END_REJECT, NULL);
		if (!policy_depends_on_prefix(policy)) {
			struct prefix other = random_prefix(&random);

			independent++;
			assert_int_equal(
				policy_run(policy, NULL, &scene.route, &arena, &results[0]), 0);
			scene.route.prefix = below(&random, 2) == 0 ? NULL : &other;
			scene.rpki = (enum policy_rpki)below(&random, 3);
			assert_int_equal(
				policy_run(policy, NULL, &scene.route, &arena, &results[1]), 0);
			assert_int_equal(results[0].verdict, results[1].verdict);
			assert_int_equal(results[0].rule, results[1].rule);
			assert_int_equal(results[0].changed, results[1].changed);
			if (results[0].changed)
				assert_true(bgp_attributes_equal(
					&results[0].attributes, &results[1].attributes));
		}
		policy_release(policy);
		policy_book_release(book);
		arena_clear(&arena);
	}
	assert_in_range(independent, 300, 2700);
	free(w);
}

/* ---- Prefix sets by themselves, through a policy of one rule. ---- */

static struct policy *policy_of_set(const struct policy_prefix_set *set)
{
	static const uint32_t first = 0;
	struct policy_term term = {
		.kind = POLICY_TERM_PREFIX, .sets = &first, .set_count = 1
	};
	struct policy_rule rule = {
		.terms = &term, .term_count = 1, .then = POLICY_THEN_ACCEPT
	};
	struct policy_rules rules = { "p", &rule, 1 };
	struct policy_description d = {
		.prefix_sets = set, .prefix_set_count = 1, .policies = &rules, .policy_count = 1
	};
	struct policy_book *book = policy_book_new(&d, NULL);
	struct policy *policy = policy_new(book, policy_names, 1, POLICY_END_REJECT, NULL);

	policy_book_release(book);
	return policy;
}

static bool set_has(const struct policy *policy, const struct prefix *prefix)
{
	struct bgp_attributes attributes = { 0 };
	struct policy_route route = { .prefix = prefix, .attributes = &attributes };
	struct arena arena = { 0 };
	struct policy_result result;

	assert_int_equal(policy_run(policy, NULL, &route, &arena, &result), 0);
	arena_clear(&arena);
	return result.verdict == POLICY_ACCEPT;
}

/* A prefix close to a given one: shorter, longer, the next, the one before. */
static struct prefix nearby(const struct prefix *prefix, struct random *random)
{
	struct prefix other = *prefix;
	uint32_t bits = family_bits((enum family)prefix->address.family);
	uint32_t bit = below(random, bits);

	if (below(random, 2) == 0)
		other.address.bytes[bit / 8] ^= (uint8_t)(128u >> (bit % 8));
	if (below(random, 3) == 0)
		other.length = (uint8_t)below(random, bits + 1);
	if (below(random, 3) == 0 && other.length < bits)
		other.length++;
	prefix_normalise(&other);
	return other;
}

static struct prefix wild_prefix(struct random *random)
{
	struct prefix prefix = { .address = { .family = FAMILY_IPV4 } };
	uint32_t bytes = 4;

	if (below(random, 2) == 0) {
		prefix.address.family = FAMILY_IPV6;
		bytes = 16;
	}
	for (uint32_t i = 0; i < bytes; i++)
		prefix.address.bytes[i] =
			(uint8_t)(below(random, 3) == 0 ? 0 : random_u64(random));
	if (bytes == 16 && below(random, 2) == 0) {
		prefix.address.bytes[0] = 0x20;
		prefix.address.bytes[1] = 0x01;
	}
	prefix.length = (uint8_t)below(random, 8 * bytes + 1);
	prefix_normalise(&prefix);
	return prefix;
}

static void test_prefix_sets(void **state)
{
	static struct policy_prefix_range ranges[400];
	struct random random = { 4632 };
	unsigned inside = 0, outside = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct policy_prefix_set set = { "set", ranges, below(&random, 400) };
		struct policy *policy;

		for (size_t i = 0; i < set.count; i++) {
			uint32_t bits;

			ranges[i] = random_range(&random);
			if (round % 2 == 0)
				continue;
			ranges[i].prefix = wild_prefix(&random);
			bits = family_bits((enum family)ranges[i].prefix.address.family);
			ranges[i].minimum =
				(uint8_t)(ranges[i].prefix.length +
					  below(&random, bits - ranges[i].prefix.length + 1));
			ranges[i].maximum =
				(uint8_t)(ranges[i].minimum +
					  below(&random, bits - ranges[i].minimum + 1));
		}
		policy = policy_of_set(&set);
		assert_non_null(policy);
		for (unsigned i = 0; i < 100; i++) {
			struct prefix prefix =
				below(&random, 8) == 0 || set.count == 0
					? wild_prefix(&random)
					: nearby(&ranges[below(&random, (uint32_t)set.count)]
							  .prefix,
						  &random);
			bool want = model_in_prefix_set(&set, &prefix);

			if (set_has(policy, &prefix) != want) {
				char text[PREFIX_TEXT_MAX];

				fail_msg("round %u: %s", round, prefix_format(&prefix, text));
			}
			inside += want;
			outside += !want;
		}
		policy_release(policy);
	}
	assert_in_range(inside, 4000, 36000);
	assert_in_range(outside, 4000, 36000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_dependence),
		cmocka_unit_test(test_prefix_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
