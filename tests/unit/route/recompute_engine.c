/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that is told the facts of recompute.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recompute.h"
#include "route/policy.h"
#include "route/rpki_table.h"

#define PATH_BYTES 64u

/* ---- Policies. ---- */

/* What a policy is made of while it is described. */
struct parts {
	struct policy_prefix_range ranges[2 * LISTED_MAX];
	struct policy_prefix_set listed;
	struct policy_term terms[3];
	struct policy_change prefer, last[2];
	struct policy_rule rules[4];
	size_t rule_count;
};

static void class_list(struct parts *parts, uint32_t reject_class)
{
	parts->listed = (struct policy_prefix_set){ "listed", parts->ranges, 0 };
	if (reject_class >= 3)
		return;
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		for (uint32_t n = reject_class; n < LISTED_MAX; n += 3) {
			struct prefix p = crowd_prefix((enum bgp_family)f, n);

			parts->ranges[parts->listed.count++] =
				(struct policy_prefix_range){ p, p.length, p.length };
		}
}

static void rule_add(struct parts *parts, const struct policy_term *term, bool wanted,
	enum policy_then then, const struct policy_change *changes, size_t change_count)
{
	if (wanted)
		parts->rules[parts->rule_count++] = (struct policy_rule){ .terms = term,
			.term_count = term == NULL ? 0 : 1,
			.changes = changes,
			.change_count = change_count,
			.then = then };
}

static void rules_describe(struct parts *parts, const struct rules *rules)
{
	static const uint32_t first[] = { 0 };
	struct policy_term *terms = parts->terms;
	size_t changes = 0;

	class_list(parts, rules->reject_class);
	terms[0] = (struct policy_term){
		.kind = POLICY_TERM_PREFIX, .sets = first, .set_count = 1
	};
	terms[1] = (struct policy_term){ .kind = POLICY_TERM_RPKI,
		.bits = (rules->reject_invalid ? 1u << POLICY_RPKI_INVALID : 0) |
			(rules->reject_valid ? 1u << POLICY_RPKI_VALID : 0) };
	terms[2] = (struct policy_term){
		.kind = POLICY_TERM_COMMUNITY, .sets = first, .set_count = 1
	};
	parts->prefer = (struct policy_change){ .kind = POLICY_SET_LOCAL_PREF, .number = 150 };
	if (rules->set_med)
		parts->last[changes++] =
			(struct policy_change){ .kind = POLICY_SET_MED, .number = 5 };
	if (rules->prepend > 0)
		parts->last[changes++] = (struct policy_change){ .kind = POLICY_PREPEND,
			.number = rules->prepend };
	rule_add(parts, &terms[0], rules->reject_class < 3, POLICY_THEN_REJECT, NULL, 0);
	rule_add(parts, &terms[1], terms[1].bits != 0, POLICY_THEN_REJECT, NULL, 0);
	rule_add(parts, &terms[2], rules->prefer_tagged, POLICY_THEN_NEXT, &parts->prefer, 1);
	rule_add(parts, NULL, true, POLICY_THEN_ACCEPT, parts->last, changes);
}

struct policy *engine_policy(const struct rules *rules)
{
	static const struct policy_community_range tag = {
		.kind = POLICY_COMMUNITY_STANDARD, .first = { 1, 1 }, .last = { 1, 1 }
	};
	static const struct policy_community_set tagged = { "tagged", &tag, 1 };
	struct parts parts = { .rule_count = 0 };
	struct policy_rules policy;
	struct policy_description description = { .prefix_sets = &parts.listed,
		.prefix_set_count = 1,
		.community_sets = &tagged,
		.community_set_count = 1,
		.policies = &policy,
		.policy_count = 1 };
	struct policy_book *book;
	struct policy *made;

	rules_describe(&parts, rules);
	policy = (struct policy_rules){ "story", parts.rules, parts.rule_count };
	book = policy_book_new(&description, NULL);
	assert_non_null(book);
	made = policy_new(book, &(const char *){ "story" }, 1, POLICY_END_REJECT, NULL);
	assert_non_null(made);
	policy_book_release(book);
	return made;
}

void engine_rpki(struct rpki_table *table)
{
	struct rpki_batch *batch = rpki_batch_new();

	assert_non_null(batch);
	for (int f = 0; f < 2; f++)
		for (uint32_t n = 0; n < LISTED_MAX; n++) {
			struct prefix prefix = crowd_prefix((enum bgp_family)f, n);
			struct rpki_vrp vrp = { prefix, prefix.length, facts.vrps[f][n] };

			if (vrp.asn != 0)
				assert_int_equal(rpki_batch_vrp(batch, true, &vrp), 0);
		}
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_REPLACE, NULL), 0);
	rpki_batch_free(batch);
}

/* ---- From facts to an engine. ---- */

void engine_begin(struct engine *e, uint64_t seed)
{
	crowd_begin(&e->crowd, facts.prefixes, seed);
	for (uint32_t i = 1; i < RULES_MAX; i++) {
		e->imports[i] = engine_policy(&facts.imports[i]);
		e->exports[i] = engine_policy(&facts.exports[i]);
	}
	e->imports[0] = e->exports[0] = NULL;
	e->rpki = rpki_table_new();
	assert_non_null(e->rpki);
	assert_int_equal(rpki_table_use(e->rpki, 1), 0);
	engine_rpki(e->rpki);
	speaker_rpki_set(e->crowd.speaker, e->rpki);
	speaker_decision_set(e->crowd.speaker, &facts.decision);
}

void engine_end(struct engine *e)
{
	crowd_end(&e->crowd);
	for (uint32_t i = 0; i < RULES_MAX; i++) {
		policy_release(e->imports[i]);
		policy_release(e->exports[i]);
	}
	rpki_table_free(e->rpki);
}

struct neighbor_settings engine_settings(const struct engine *e, uint32_t party)
{
	const struct party *p = &facts.parties[party];
	struct neighbor_settings s = crowd_settings(party, p->asn);

	s.role = p->role;
	s.relation = p->relation;
	s.transit = p->transit;
	s.import = p->imports;
	s.graceful_restart = s.restart_preserve = p->restarts;
	s.import_policy = e->imports[p->import_rules];
	s.export_policy = e->exports[p->export_rules];
	s.prepend = p->prepend;
	s.has_med = p->has_med;
	s.med = 77;
	s.graceful_shutdown = p->graceful_shutdown;
	memcpy(s.families, p->families, sizeof(p->families));
	return s;
}

static size_t path_of(const struct party *p, const struct saying *s, uint8_t path[PATH_BYTES])
{
	uint32_t numbers[8];
	unsigned count = 0;

	if (!party_internal(p))
		numbers[count++] = p->asn;
	if (s->loop)
		numbers[count++] = CROWD_ASN;
	for (unsigned i = 0; i < s->tail; i++)
		numbers[count++] = 200u + s->which;
	path[0] = BGP_SEGMENT_SEQUENCE;
	path[1] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++)
		for (unsigned byte = 0; byte < 4; byte++)
			path[2 + i * 4 + byte] = (uint8_t)(numbers[i] >> (24 - 8 * byte));
	return count == 0 ? 0 : 2 + 4 * (size_t)count;
}

static void present(struct bgp_attributes *a, enum bgp_attribute_code code)
{
	a->present |= 1ull << code;
}

/* Others than the standard ones. */
static void others_add(struct bgp_attributes *a)
{
	static const struct bgp_large_community large[] = { { 1, 2, 3 } };
	static const uint64_t extended[] = { 0x0002000100000001u, 0x4002000100000002u };

	a->large_communities = large;
	a->large_community_count = 1;
	a->extended_communities = extended;
	a->extended_community_count = 2;
	present(a, BGP_ATTRIBUTE_LARGE_COMMUNITIES);
	present(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
}

void engine_say(struct engine *e, uint32_t party, int family, uint32_t first, uint32_t end,
	uint32_t step, const struct saying *s)
{
	static const uint32_t by_bit[] = { BGP_COMMUNITY_NO_EXPORT, BGP_COMMUNITY_NO_ADVERTISE,
		BGP_COMMUNITY_GRACEFUL_SHUTDOWN, 1u << 16 | 1u };
	const struct party *p = &facts.parties[party];
	enum family of_next_hop = family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6;
	uint32_t communities[4];
	uint8_t path[PATH_BYTES];
	struct bgp_attributes a = { .origin = s->origin,
		.as_path = path,
		.as_path_size = (uint16_t)path_of(p, s, path),
		.next_hop = crowd_address(of_next_hop, party),
		.med = s->med == 0 ? 0 : s->med - 1u,
		.local_pref = s->local_pref,
		.communities = communities,
		.only_to_customer = s->otc == 1 ? p->asn : 9999 };

	present(&a, BGP_ATTRIBUTE_ORIGIN);
	present(&a, BGP_ATTRIBUTE_AS_PATH);
	if (family == BGP_IPV4_UNICAST)
		present(&a, BGP_ATTRIBUTE_NEXT_HOP);
	if (s->med > 0)
		present(&a, BGP_ATTRIBUTE_MED);
	if (party_internal(p))
		present(&a, BGP_ATTRIBUTE_LOCAL_PREF);
	if (s->otc > 0)
		present(&a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER);
	for (unsigned bit = 0; bit < 4; bit++)
		if (s->tags >> bit & 1)
			communities[a.community_count++] = by_bit[bit];
	if (a.community_count > 0)
		present(&a, BGP_ATTRIBUTE_COMMUNITIES);
	if (s->tags & TAG_OTHERS)
		others_add(&a);
	crowd_say(&e->crowd, party, (enum bgp_family)family, first, end, step,
		s->there ? &a : NULL);
}

void engine_own(struct engine *e, int family, uint32_t number)
{
	const struct own *own = &facts.own[family][number];
	const struct neighbor *only[CROWD_MAX];
	struct local_route route = { .prefix = crowd_prefix((enum bgp_family)family, number),
		.prepend = own->prepend,
		.med = own->med };

	for (uint32_t p = 0; p < facts.party_count; p++)
		if (own->only >> p & 1)
			only[route.only_count++] = e->crowd.members[p].neighbor;
	if (own->restricted)
		route.only = only;
	if (own->there)
		assert_int_equal(speaker_route_set(e->crowd.speaker, &route, e->crowd.now), 0);
	else
		(void)speaker_route_remove(e->crowd.speaker, &route.prefix, e->crowd.now);
	crowd_listen(&e->crowd);
}

bool engine_connect(struct engine *e, uint32_t party, const bool forwarding[2])
{
	const struct party *p = &facts.parties[party];

	return crowd_connect(&e->crowd, party, p->restarts, forwarding) ||
	       fails("the session of %u does not come up", party);
}
