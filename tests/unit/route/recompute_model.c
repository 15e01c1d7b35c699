/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model of recompute.h: for each prefix alone, from the facts alone. RFC 4271 section 9.1,
 * RFC 1997, RFC 6811, RFC 8326, RFC 9234.
 */
#include "recompute.h"
#include "route/policy.h"

/* A route that takes part. */
struct candidate {
	uint8_t party;
	bool internal;
	uint32_t local_pref, length, origin, neighbor_as, med, router_id, address;
};

bool party_internal(const struct party *party)
{
	return party->asn == CROWD_ASN;
}

static enum policy_relation relation(const struct party *p)
{
	if (party_internal(p))
		return POLICY_RELATION_INTERNAL;
	if (p->relation != POLICY_RELATION_NONE)
		return (enum policy_relation)p->relation;
	switch ((enum bgp_role)p->role) {
	case BGP_ROLE_PROVIDER:
	case BGP_ROLE_ROUTE_SERVER:
		return POLICY_RELATION_CUSTOMER;
	case BGP_ROLE_CUSTOMER:
		return POLICY_RELATION_PROVIDER;
	case BGP_ROLE_PEER:
		return POLICY_RELATION_PEER;
	case BGP_ROLE_ROUTE_SERVER_CLIENT:
		return POLICY_RELATION_ROUTE_SERVER;
	case BGP_ROLE_NONE:
		break;
	}
	return POLICY_RELATION_NONE;
}

static uint32_t length_of(const struct party *p, const struct saying *s)
{
	return (party_internal(p) ? 0u : 1u) + s->tail + s->loop;
}

static uint32_t last_as(const struct party *p, const struct saying *s)
{
	return s->tail > 0 ? 200u + s->which : p->asn;
}

static uint32_t first_as(const struct party *p, const struct saying *s)
{
	if (!party_internal(p))
		return p->asn;
	return s->tail > 0 ? 200u + s->which : 0;
}

static bool leaked(const struct party *p, const struct saying *s)
{
	if (party_internal(p) || s->otc == 0)
		return false;
	return p->role == BGP_ROLE_PROVIDER || p->role == BGP_ROLE_ROUTE_SERVER ||
	       (p->role == BGP_ROLE_PEER && s->otc != 1);
}

static bool rejected(const struct facts *given, const struct rules *rules,
	const struct party *said_by, const struct saying *s, int family, uint32_t number)
{
	uint32_t allowed;

	if (number >= LISTED_MAX)
		return false;
	if (number % 3 == rules->reject_class)
		return true;
	allowed = given->vrps[family][number];
	if (allowed == 0)
		return false;
	return allowed == last_as(said_by, s) ? rules->reject_valid : rules->reject_invalid;
}

static bool taken(const struct facts *given, const struct party *p, int family, uint32_t number)
{
	const struct saying *s = &p->sayings[family][number];

	return s->there && !s->loop && !leaked(p, s) &&
	       (p->import_rules == 0 || !rejected(given, &given->imports[p->import_rules], p, s,
						family, number));
}

static struct candidate candidate_of(
	const struct facts *given, uint8_t party, int family, uint32_t number)
{
	const struct party *p = &given->parties[party];
	const struct saying *s = &p->sayings[family][number];
	const struct rules *rules = &given->imports[p->import_rules];
	struct candidate c = { .party = party,
		.internal = party_internal(p),
		.local_pref = party_internal(p) ? s->local_pref : 100,
		.length = length_of(p, s),
		.origin = s->origin,
		.neighbor_as = first_as(p, s),
		.med = s->med > 0                          ? s->med - 1u
		       : given->decision.missing_med_worst ? UINT32_MAX
							   : 0,
		.router_id = p->router_id,
		.address = party };

	if (s->tags & TAG_GRACEFUL_SHUTDOWN)
		c.local_pref = 0;
	if (p->import_rules == 0)
		return c;
	if (rules->prefer_tagged && (s->tags & TAG_PREFERRED))
		c.local_pref = 150;
	if (rules->set_med)
		c.med = 5;
	c.length += rules->prepend;
	if (rules->prepend > 0)
		c.neighbor_as = CROWD_ASN;
	return c;
}

/* Whether a is out because of b, in the step; -1: the steps are over. */
static int loses(const struct candidate *a, const struct candidate *b, unsigned step,
	const struct decision_settings *d)
{
	switch (step) {
	case 0:
		return a->local_pref < b->local_pref;
	case 1:
		return !d->ignore_path_length && a->length > b->length;
	case 2:
		return a->origin > b->origin;
	case 3:
		return (d->med == DECISION_MED_ALWAYS || a->neighbor_as == b->neighbor_as) &&
		       a->med > b->med;
	case 4:
		return a->internal && !b->internal;
	case 5:
		return a->router_id > b->router_id;
	case 6:
		return a->address > b->address;
	default:
		return -1;
	}
}

uint8_t model_best(const struct facts *given, int family, uint32_t number)
{
	struct candidate c[CROWD_MAX];
	bool out[CROWD_MAX] = { false };
	uint32_t count = 0;

	if (given->own[family][number].there)
		return OURSELVES;
	for (uint8_t p = 0; p < given->party_count; p++)
		if (taken(given, &given->parties[p], family, number))
			c[count++] = candidate_of(given, p, family, number);
	if (count == 0)
		return NOBODY;
	for (unsigned step = 0; loses(&c[0], &c[0], step, &given->decision) >= 0; step++) {
		bool goes[CROWD_MAX] = { false };

		for (uint32_t a = 0; a < count; a++)
			for (uint32_t b = 0; b < count; b++)
				goes[a] |= !out[a] && !out[b] &&
					   loses(&c[a], &c[b], step, &given->decision) > 0;
		for (uint32_t a = 0; a < count; a++)
			out[a] |= goes[a];
	}
	for (uint32_t a = 0; a < count; a++)
		if (!out[a])
			return c[a].party;
	return NOBODY;
}

/* ---- What is heard of it. ---- */

static bool marked_on_the_way_in(const struct party *p)
{
	return !party_internal(p) &&
	       (p->role == BGP_ROLE_CUSTOMER || p->role == BGP_ROLE_PEER ||
		       p->role == BGP_ROLE_ROUTE_SERVER_CLIENT);
}

static bool goes_up(const struct party *from, const struct saying *s, const struct party *to)
{
	enum policy_relation towards = relation(to), of = relation(from);

	if (towards != POLICY_RELATION_PROVIDER && towards != POLICY_RELATION_PEER &&
		towards != POLICY_RELATION_ROUTE_SERVER)
		return true;
	if (s->otc != 0 || marked_on_the_way_in(from))
		return false;
	return of == POLICY_RELATION_CUSTOMER || of == POLICY_RELATION_INTERNAL ||
	       of == POLICY_RELATION_NONE;
}

static bool told(const struct facts *given, const struct party *from, const struct party *to,
	int family, uint32_t number)
{
	const struct saying *s = &from->sayings[family][number];

	if (from == to || !to->transit || (s->tags & TAG_NO_ADVERTISE))
		return false;
	if (!party_internal(to) && (s->tags & TAG_NO_EXPORT))
		return false;
	if (party_internal(from) && party_internal(to))
		return false;
	if (to->export_rules != 0 &&
		rejected(given, &given->exports[to->export_rules], from, s, family, number))
		return false;
	return goes_up(from, s, to);
}

static struct expected heard_own(
	const struct facts *given, uint32_t party, int family, uint32_t number)
{
	const struct own *own = &given->own[family][number];
	const struct party *to = &given->parties[party];
	struct expected expected = { .there = !own->restricted || (own->only >> party & 1) };

	if (party_internal(to))
		return expected;
	expected.path_length = 1u + own->prepend + to->prepend;
	expected.path_origin = CROWD_ASN;
	return expected;
}

struct expected model_heard(
	const struct facts *given, uint32_t party, int family, uint32_t number, uint8_t best)
{
	const struct party *to = &given->parties[party], *from;
	const struct saying *s;
	struct expected expected = { 0 };

	if (!to->up || !to->families[family] || best == NOBODY)
		return expected;
	if (best == OURSELVES)
		return heard_own(given, party, family, number);
	from = &given->parties[best];
	s = &from->sayings[family][number];
	expected.there = told(given, from, to, family, number);
	expected.path_length = length_of(from, s);
	if (from->import_rules != 0)
		expected.path_length += given->imports[from->import_rules].prepend;
	if (to->export_rules != 0)
		expected.path_length += given->exports[to->export_rules].prepend;
	if (!party_internal(to))
		expected.path_length += 1u + to->prepend;
	expected.path_origin = last_as(from, s);
	if (length_of(from, s) == 0) /* internal, of our own AS */
		expected.path_origin = expected.path_length > 0 ? CROWD_ASN : 0;
	return expected;
}
