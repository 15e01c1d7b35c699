/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of the configuration as a description for route/policy.h: literals in rules become
 * sets without a name, names become numbers.
 *
 * Invariants:
 *  1. What is built in comes behind what was written; of two with one name the first is meant.
 *  2. Who may ask for what to be discarded (`blackhole`, RFC 7999 section 3.3) is a policy of
 *     its own, named NEIGHBOR:blackhole, which no name that is written can be.
 *  3. Of built in policies only those that are used are there: nobody wants to see the others
 *     counted.
 */
#include "daemon/policy_description.h"

#include <string.h>

#include "config/printer.h"

/* An array that grows in an arena. */
struct list_of {
	void *items;
	size_t count, room, size;
};

struct description {
	const struct config *config;
	struct arena *arena;
	struct list_of prefix_sets, as_sets, path_sets, community_sets, policies;
	const struct config_policy **sources; /* of policies, in their order */
	size_t source_count;
	bool out_of_memory;
};

static void *add(struct description *d, struct list_of *list)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 16 : 2 * list->room;
		void *items = arena_take_array(d->arena, room, list->size);

		if (items == NULL) {
			d->out_of_memory = true;
			return NULL;
		}
		if (list->count > 0)
			memcpy(items, list->items, list->count * list->size);
		list->items = items;
		list->room = room;
	}
	return (char *)list->items + list->count++ * list->size;
}

static void *take(struct description *d, size_t count, size_t size)
{
	void *array = arena_take_array(d->arena, count, size);

	d->out_of_memory = d->out_of_memory || array == NULL;
	return array;
}

/* The number of the set of that name: every set begins with its name. UINT32_MAX: none. */
static uint32_t find(const struct list_of *list, const char *name)
{
	const char *its_name;

	for (size_t i = 0; i < list->count; i++) {
		memcpy(&its_name, (const char *)list->items + i * list->size, sizeof(its_name));
		if (strcmp(its_name, name) == 0)
			return (uint32_t)i;
	}
	return UINT32_MAX;
}

/* ---- Sets. ---- */

static uint32_t add_prefix_set(struct description *d, const char *name,
	const struct config_prefix_item *items, size_t count)
{
	struct policy_prefix_range *ranges = take(d, count, sizeof(*ranges));
	struct policy_prefix_set *set = add(d, &d->prefix_sets);
	size_t kept = 0;

	if (ranges == NULL || set == NULL)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (items[i].set == NULL && items[i].prefix.address.family != FAMILY_NONE)
			ranges[kept++] = (struct policy_prefix_range){ items[i].prefix,
				items[i].minimum, items[i].maximum };
	*set = (struct policy_prefix_set){ name, ranges, kept };
	return (uint32_t)(d->prefix_sets.count - 1);
}

static uint32_t add_as_set(struct description *d, const char *name,
	const struct config_as_item *items, size_t count)
{
	struct policy_as_range *ranges = take(d, count, sizeof(*ranges));
	struct policy_as_set *set = add(d, &d->as_sets);
	size_t kept = 0;

	if (ranges == NULL || set == NULL)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (items[i].set == NULL && !items[i].neighbor)
			ranges[kept++] =
				(struct policy_as_range){ items[i].first, items[i].last };
	*set = (struct policy_as_set){ name, ranges, kept };
	return (uint32_t)(d->as_sets.count - 1);
}

static uint32_t add_path_set(
	struct description *d, const char *name, const char *const *patterns, size_t count)
{
	struct policy_path_set *set = add(d, &d->path_sets);

	if (set == NULL)
		return 0;
	*set = (struct policy_path_set){ name, patterns, count };
	return (uint32_t)(d->path_sets.count - 1);
}

_Static_assert((int)CONFIG_COMMUNITY_EXTENDED_RAW == (int)POLICY_COMMUNITY_EXTENDED_RAW &&
		       (int)CONFIG_COMMUNITY_LARGE == (int)POLICY_COMMUNITY_LARGE,
	"kinds of communities have the same numbers");

static uint32_t add_community_set(struct description *d, const char *name,
	const struct config_community_item *items, size_t count)
{
	struct policy_community_range *ranges = take(d, count, sizeof(*ranges));
	struct policy_community_set *set = add(d, &d->community_sets);
	size_t kept = 0;

	if (ranges == NULL || set == NULL)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct policy_community_range *range = &ranges[kept];

		if (items[i].set != NULL)
			continue;
		range->kind = items[i].kind;
		range->subtype = items[i].subtype;
		range->encodings = items[i].encodings;
		range->neighbor = items[i].neighbor;
		range->self = items[i].self;
		memcpy(range->first, items[i].first, sizeof(range->first));
		memcpy(range->last, items[i].last, sizeof(range->last));
		kept++;
	}
	*set = (struct policy_community_set){ name, ranges, kept };
	return (uint32_t)(d->community_sets.count - 1);
}

static void add_sets(struct description *d, const struct config *config)
{
	for (size_t i = 0; i < config->prefix_set_count; i++)
		add_prefix_set(d, config->prefix_sets[i].name, config->prefix_sets[i].items,
			config->prefix_sets[i].count);
	for (size_t i = 0; i < config->as_set_count; i++)
		add_as_set(d, config->as_sets[i].name, config->as_sets[i].items,
			config->as_sets[i].count);
	for (size_t i = 0; i < config->path_set_count; i++)
		add_path_set(d, config->path_sets[i].name, config->path_sets[i].patterns,
			config->path_sets[i].count);
	for (size_t i = 0; i < config->community_set_count; i++)
		add_community_set(d, config->community_sets[i].name,
			config->community_sets[i].items, config->community_sets[i].count);
}

/* ---- Terms. ---- */

/* Terms of a rule while they are collected. */
struct terms {
	struct description *d;
	struct list_of list;
	bool negated;
};

static struct policy_term *add_term(struct terms *terms, enum policy_term_kind kind)
{
	struct policy_term *term = add(terms->d, &terms->list);

	if (term != NULL)
		*term = (struct policy_term){ .kind = kind, .negated = terms->negated };
	return term;
}

static void add_bits(struct terms *terms, enum policy_term_kind kind, uint32_t bits)
{
	struct policy_term *term = bits == 0 ? NULL : add_term(terms, kind);

	if (term != NULL)
		term->bits = bits;
}

_Static_assert(
	sizeof(struct config_range) == sizeof(struct policy_range) &&
		offsetof(struct config_range, last) == offsetof(struct policy_range, last),
	"the same two numbers");

static void add_ranges(struct terms *terms, enum policy_term_kind kind,
	const struct config_range *ranges, size_t count)
{
	struct policy_term *term = count == 0 ? NULL : add_term(terms, kind);

	if (term == NULL)
		return;
	term->ranges = (const struct policy_range *)(const void *)ranges;
	term->range_count = count;
}

/* The sets of a term: room for every item and one more. */
static uint32_t *begin_sets(struct terms *terms, struct policy_term *term, size_t count)
{
	uint32_t *sets = take(terms->d, count + 1, sizeof(*sets));

	term->sets = sets;
	return sets;
}

static void add_prefixes(struct terms *terms, enum policy_term_kind kind,
	const struct config_prefix_item *items, size_t count)
{
	struct policy_term *term = count == 0 ? NULL : add_term(terms, kind);
	uint32_t *sets = term == NULL ? NULL : begin_sets(terms, term, count);
	bool literals = false;

	for (size_t i = 0; sets != NULL && i < count; i++) {
		if (items[i].set != NULL)
			sets[term->set_count++] = find(&terms->d->prefix_sets, items[i].set);
		else if (items[i].prefix.address.family == FAMILY_NONE)
			term->neighbor = true;
		else
			literals = true;
	}
	if (literals)
		sets[term->set_count++] = add_prefix_set(terms->d, "", items, count);
}

static void add_numbers(struct terms *terms, enum policy_term_kind kind,
	const struct config_as_item *items, size_t count)
{
	struct policy_term *term = count == 0 ? NULL : add_term(terms, kind);
	uint32_t *sets = term == NULL ? NULL : begin_sets(terms, term, count);
	bool literals = false;

	for (size_t i = 0; sets != NULL && i < count; i++) {
		if (items[i].set != NULL)
			sets[term->set_count++] = find(&terms->d->as_sets, items[i].set);
		else if (items[i].neighbor)
			term->neighbor = true;
		else
			literals = true;
	}
	if (literals)
		sets[term->set_count++] = add_as_set(terms->d, "", items, count);
}

/* A name alone is a set of paths if there is one, else a pattern of one AS set. */
static void add_paths(struct terms *terms, const char *const *items, size_t count)
{
	struct policy_term *term = count == 0 ? NULL : add_term(terms, POLICY_TERM_AS_PATH);
	uint32_t *sets = term == NULL ? NULL : begin_sets(terms, term, count);
	const char **literals = take(terms->d, count, sizeof(*literals));
	size_t literal_count = 0;

	for (size_t i = 0; sets != NULL && literals != NULL && i < count; i++) {
		uint32_t set = find(&terms->d->path_sets, items[i]);

		if (set != UINT32_MAX)
			sets[term->set_count++] = set;
		else
			literals[literal_count++] = items[i];
	}
	if (literal_count > 0)
		sets[term->set_count++] = add_path_set(terms->d, "", literals, literal_count);
}

/* The numbers of sets for items. NULL: no memory. */
static uint32_t *find_communities(struct description *d,
	const struct config_community_item *items, size_t count, size_t *ret_count)
{
	uint32_t *sets = take(d, count + 1, sizeof(*sets));
	bool literals = false;

	*ret_count = 0;
	for (size_t i = 0; sets != NULL && i < count; i++) {
		if (items[i].set != NULL)
			sets[(*ret_count)++] = find(&d->community_sets, items[i].set);
		else
			literals = true;
	}
	if (literals)
		sets[(*ret_count)++] = add_community_set(d, "", items, count);
	return sets;
}

static void add_communities(
	struct terms *terms, const struct config_community_item *items, size_t count)
{
	struct policy_term *term = count == 0 ? NULL : add_term(terms, POLICY_TERM_COMMUNITY);

	if (term != NULL)
		term->sets = find_communities(terms->d, items, count, &term->set_count);
}

static const enum policy_relation relations[] = {
	[RELATION_NONE] = POLICY_RELATION_NONE,
	[RELATION_PROVIDER] = POLICY_RELATION_PROVIDER,
	[RELATION_CUSTOMER] = POLICY_RELATION_CUSTOMER,
	[RELATION_PEER] = POLICY_RELATION_PEER,
	[RELATION_ROUTE_SERVER] = POLICY_RELATION_ROUTE_SERVER,
	[RELATION_INTERNAL] = POLICY_RELATION_INTERNAL,
	[CONFIG_SOURCE_LOCAL] = POLICY_RELATION_LOCAL,
};

enum policy_relation policy_relation_of(enum config_relation relation)
{
	return relations[relation];
}

static uint32_t relation_bits(uint32_t bits)
{
	uint32_t result = 0;

	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++)
		if ((bits >> i) & 1)
			result |= 1u << relations[i];
	return result;
}

static void add_terms(struct terms *terms, const struct config_terms *t)
{
	add_bits(terms, POLICY_TERM_FAMILY, t->family);
	add_bits(terms, POLICY_TERM_RPKI, t->rpki);
	add_bits(terms, POLICY_TERM_ASPA, t->aspa);
	add_bits(terms, POLICY_TERM_ORIGIN, t->origin);
	add_bits(terms, POLICY_TERM_RELATION, relation_bits(t->relation));
	add_bits(terms, POLICY_TERM_SOURCE, relation_bits(t->source));
	add_ranges(terms, POLICY_TERM_IPV4_LENGTH, t->ipv4_length, t->ipv4_length_count);
	add_ranges(terms, POLICY_TERM_IPV6_LENGTH, t->ipv6_length, t->ipv6_length_count);
	add_ranges(terms, POLICY_TERM_PATH_LENGTH, t->path_length, t->path_length_count);
	add_ranges(terms, POLICY_TERM_MED, t->med, t->med_count);
	add_ranges(terms, POLICY_TERM_LOCAL_PREF, t->local_pref, t->local_pref_count);
	add_ranges(terms, POLICY_TERM_WEIGHT, t->weight, t->weight_count);
	add_prefixes(terms, POLICY_TERM_PREFIX, t->prefix, t->prefix_count);
	add_prefixes(terms, POLICY_TERM_NEXT_HOP, t->next_hop, t->next_hop_count);
	add_numbers(terms, POLICY_TERM_FIRST_AS, t->first_as, t->first_as_count);
	add_numbers(terms, POLICY_TERM_ORIGIN_AS, t->origin_as, t->origin_as_count);
	add_numbers(terms, POLICY_TERM_NEIGHBOR_AS, t->neighbor_as, t->neighbor_as_count);
	add_paths(terms, t->as_path, t->as_path_count);
	add_communities(terms, t->community, t->community_count);
	if (t->has_path_has_set) {
		struct policy_term *term = add_term(terms, POLICY_TERM_PATH_HAS_SET);

		if (term != NULL)
			term->negated = terms->negated == t->path_has_set;
	}
}

/* ---- Changes. ---- */

struct changes {
	struct description *d;
	struct list_of list;
};

static struct policy_change *add_change(struct changes *changes, struct policy_change change)
{
	struct policy_change *added = add(changes->d, &changes->list);

	if (added != NULL)
		*added = change;
	return added;
}

static void add_number(
	struct changes *changes, bool wanted, enum policy_change_kind kind, uint32_t number)
{
	if (wanted)
		(void)add_change(
			changes, (struct policy_change){ .kind = kind, .number = number });
}

static void add_list(struct changes *changes, const struct config_communities *list)
{
	_Static_assert(
		sizeof(struct config_large_community) == sizeof(struct bgp_large_community),
		"the same three numbers");
	if (list->standard_count + list->large_count + list->extended_count == 0)
		return;
	(void)add_change(changes, (struct policy_change){ .kind = POLICY_ADD_COMMUNITIES,
					  .communities = list->standard,
					  .community_count = list->standard_count,
					  .large_communities = (const void *)list->large,
					  .large_community_count = list->large_count,
					  .extended_communities = list->extended,
					  .extended_community_count = list->extended_count });
}

static void add_community_changes(struct changes *changes, const struct config_edits *e)
{
	struct policy_change away = { .kind = POLICY_REMOVE_COMMUNITIES };

	if (e->remove_count > 0) {
		away.numbers = find_communities(
			changes->d, e->remove, e->remove_count, &away.number_count);
		(void)add_change(changes, away);
	}
	add_number(changes,
		e->set.standard_count + e->set.large_count + e->set.extended_count > 0,
		POLICY_CLEAR_COMMUNITIES, 0);
	add_list(changes, &e->set);
	add_list(changes, &e->add);
}

static void add_changes(struct changes *changes, const struct config_edits *e)
{
	static const enum policy_change_kind meds[] = {
		[CONFIG_MED_UNSET] = POLICY_CHANGE_KINDS,
		[CONFIG_MED_SET] = POLICY_SET_MED,
		[CONFIG_MED_ADD] = POLICY_ADD_MED,
		[CONFIG_MED_SUBTRACT] = POLICY_SUBTRACT_MED,
		[CONFIG_MED_IGP] = POLICY_SET_MED_IGP,
		[CONFIG_MED_REMOVE] = POLICY_REMOVE_MED,
	};

	add_number(changes, e->has_local_pref, POLICY_SET_LOCAL_PREF, e->local_pref);
	add_number(changes, e->med.kind != CONFIG_MED_UNSET, meds[e->med.kind], e->med.number);
	add_number(changes, e->has_weight, POLICY_SET_WEIGHT, e->weight);
	add_number(changes, e->has_origin, POLICY_SET_ORIGIN, e->origin);
	add_number(changes, e->prepend > 0, POLICY_PREPEND, e->prepend);
	if (e->prepend_as_count > 0)
		(void)add_change(changes, (struct policy_change){ .kind = POLICY_PREPEND_AS,
						  .numbers = e->prepend_as,
						  .number_count = e->prepend_as_count });
	for (size_t i = 0; i < e->next_hop_count; i++)
		(void)add_change(changes,
			(struct policy_change){ .kind = e->next_hop[i].self
								? POLICY_NEXT_HOP_SELF
								: POLICY_NEXT_HOP_ADDRESS,
				.next_hop = e->next_hop[i].address });
	add_community_changes(changes, e);
	add_number(changes, e->graceful_shutdown, POLICY_GRACEFUL_SHUTDOWN, 0);
	add_number(changes, e->blackhole, POLICY_BLACKHOLE, 0);
}

/* ---- Who may ask for what to be discarded: RFC 7999. ---- */

static char *blackhole_name(struct arena *arena, const struct config_neighbor *neighbor)
{
	return arena_format(arena, "%s" POLICY_BLACKHOLE_SUFFIX, neighbor->name);
}

/* The ranges of one item: its own, or those of its set. */
static size_t blackhole_ranges(const struct config *config,
	const struct config_prefix_item *item, const struct config_prefix_item **ret_items)
{
	const struct config_prefix_set *set;

	*ret_items = item;
	if (item->set == NULL)
		return 1;
	set = config_prefix_set_find(config, item->set);
	*ret_items = set == NULL ? NULL : set->items;
	return set == NULL ? 0 : set->count;
}

/* All that lies in what the neighbour may announce, up to a host: RFC 7999 section 3.3. */
static void blackhole_prefixes(struct description *d, const struct config_neighbor *neighbor,
	struct config_terms *terms)
{
	const struct config_prefix_item *from;
	struct config_prefix_item *to;
	size_t room = 0;

	for (size_t i = 0; i < neighbor->blackhole_count; i++)
		room += blackhole_ranges(d->config, &neighbor->blackhole[i], &from);
	to = take(d, room + 1, sizeof(*to));
	terms->prefix = to;
	for (size_t i = 0; to != NULL && i < neighbor->blackhole_count; i++) {
		size_t count = blackhole_ranges(d->config, &neighbor->blackhole[i], &from);

		for (size_t j = 0; j < count; j++) {
			enum family family = (enum family)from[j].prefix.address.family;

			to[terms->prefix_count] = from[j];
			to[terms->prefix_count++].maximum = family_bits(family);
		}
	}
}

/* Two rules: what it may ask for, and what it may not. */
static const struct config_policy *blackhole_policy(
	struct description *d, const struct config_neighbor *neighbor)
{
	static const struct config_community_item community = {
		.kind = CONFIG_COMMUNITY_STANDARD,
		.first = { BGP_COMMUNITY_BLACKHOLE >> 16, BGP_COMMUNITY_BLACKHOLE & 0xffff },
		.last = { BGP_COMMUNITY_BLACKHOLE >> 16, BGP_COMMUNITY_BLACKHOLE & 0xffff },
	};
	struct config_policy *policy = take(d, 1, sizeof(*policy));
	struct config_rule *rules = take(d, 2, sizeof(*rules));

	if (policy == NULL || rules == NULL)
		return NULL;
	rules[0] = (struct config_rule){
		.name = "blackhole accepted", .set.blackhole = true, .then = CONFIG_THEN_ACCEPT
	};
	rules[1] =
		(struct config_rule){ .name = "blackhole refused", .then = CONFIG_THEN_REJECT };
	for (int i = 0; i < 2; i++) {
		rules[i].match.terms.community = &community;
		rules[i].match.terms.community_count = 1;
	}
	blackhole_prefixes(d, neighbor, &rules[0].match.terms);
	/* A set without members asks nothing, and would accept everything. */
	*policy = (struct config_policy){ .name = blackhole_name(d->arena, neighbor),
		.rules = rules[0].match.terms.prefix_count > 0 ? rules : &rules[1],
		.rule_count = rules[0].match.terms.prefix_count > 0 ? 2 : 1 };
	d->out_of_memory = d->out_of_memory || policy->name == NULL;
	return policy;
}

/* ---- Policies. ---- */

static void use(struct description *d, const char *name);

static void use_calls(struct description *d, const struct config_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].call != NULL)
			use(d, policy->rules[i].call);
}

/* A policy of that name is wanted: if it is built in, it and what it calls is added. */
static void use(struct description *d, const char *name)
{
	const struct config_policy *policy;

	for (size_t i = 0; i < d->source_count; i++)
		if (strcmp(d->sources[i]->name, name) == 0)
			return;
	policy = config_policy_find(d->config, name);
	if (policy == NULL)
		return;
	d->sources[d->source_count++] = policy;
	use_calls(d, policy);
}

static void collect_policies(struct description *d)
{
	const struct config *config = d->config;
	size_t most = config->policy_count + config->neighbor_count +
		      (config->builtin == NULL ? 0 : config->builtin->policy_count);

	d->sources = take(d, most, sizeof(*d->sources));
	if (d->sources == NULL)
		return;
	for (size_t i = 0; i < config->policy_count; i++)
		d->sources[d->source_count++] = &config->policies[i];
	for (size_t i = 0; i < config->policy_count; i++)
		use_calls(d, &config->policies[i]);
	for (size_t i = 0; i < config->neighbor_count; i++) {
		const struct config_neighbor *n = &config->neighbors[i];

		for (size_t j = 0; j < n->import.count; j++)
			use(d, n->import.policies[j]);
		if (n->blackhole_count > 0 && !d->out_of_memory)
			d->sources[d->source_count++] = blackhole_policy(d, n);
		for (size_t j = 0; j < n->learned.count; j++)
			use(d, n->learned.policies[j]);
	}
}

static uint32_t source_number(const struct description *d, const char *name)
{
	for (size_t i = 0; i < d->source_count; i++)
		if (strcmp(d->sources[i]->name, name) == 0)
			return (uint32_t)i;
	return UINT32_MAX;
}

static void add_rule(
	struct description *d, const struct config_rule *rule, struct policy_rule *ret_rule)
{
	static const enum policy_then thens[] = {
		[CONFIG_THEN_NEXT] = POLICY_THEN_NEXT,
		[CONFIG_THEN_ACCEPT] = POLICY_THEN_ACCEPT,
		[CONFIG_THEN_REJECT] = POLICY_THEN_REJECT,
	};
	struct terms terms = { .d = d, .list = { .size = sizeof(struct policy_term) } };
	struct changes changes = { .d = d, .list = { .size = sizeof(struct policy_change) } };

	add_terms(&terms, &rule->match.terms);
	terms.negated = true;
	add_terms(&terms, &rule->match.not );
	add_changes(&changes, &rule->set);
	*ret_rule = (struct policy_rule){ .name = rule->name,
		.terms = terms.list.items,
		.term_count = terms.list.count,
		.changes = changes.list.items,
		.change_count = changes.list.count,
		.then = thens[rule->then] };
	if (rule->call != NULL) {
		ret_rule->then = POLICY_THEN_CALL;
		ret_rule->call = source_number(d, rule->call);
	}
}

static void add_policies(struct description *d)
{
	for (size_t i = 0; i < d->source_count; i++) {
		const struct config_policy *from = d->sources[i];
		struct policy_rules *to = add(d, &d->policies);
		struct policy_rule *rules = take(d, from->rule_count, sizeof(*rules));

		if (to == NULL || rules == NULL)
			return;
		for (size_t j = 0; j < from->rule_count; j++)
			add_rule(d, &from->rules[j], &rules[j]);
		*to = (struct policy_rules){ from->name, rules, from->rule_count };
	}
}

int policy_description_of(const struct config *config, struct arena *arena,
	struct policy_description *ret_description)
{
	struct description d = {
		.config = config,
		.arena = arena,
		.prefix_sets.size = sizeof(struct policy_prefix_set),
		.as_sets.size = sizeof(struct policy_as_set),
		.path_sets.size = sizeof(struct policy_path_set),
		.community_sets.size = sizeof(struct policy_community_set),
		.policies.size = sizeof(struct policy_rules),
	};

	add_sets(&d, config);
	if (config->builtin != NULL)
		add_sets(&d, config->builtin);
	collect_policies(&d);
	if (!d.out_of_memory)
		add_policies(&d);
	*ret_description = (struct policy_description){
		.prefix_sets = d.prefix_sets.items,
		.as_sets = d.as_sets.items,
		.path_sets = d.path_sets.items,
		.community_sets = d.community_sets.items,
		.policies = d.policies.items,
		.prefix_set_count = d.prefix_sets.count,
		.as_set_count = d.as_sets.count,
		.path_set_count = d.path_sets.count,
		.community_set_count = d.community_sets.count,
		.policy_count = d.policies.count,
	};
	return d.out_of_memory ? ERROR_MEMORY : 0;
}

struct policy_book *policy_book_of_config(const struct config *config, struct error *error)
{
	struct policy_description description;
	struct policy_book *book = NULL;
	struct arena arena = { 0 };

	if (policy_description_of(config, &arena, &description) != 0)
		error_set(error, ERROR_MEMORY, "out of memory");
	else
		book = policy_book_new(&description, error);
	arena_clear(&arena);
	return book;
}

struct policy *policy_of_choice(
	struct policy_book *book, const struct config_choice *choice, struct error *error)
{
	return policy_new(book, choice->policies, choice->count,
		choice->kind == CHOICE_ALL ? POLICY_END_ACCEPT : POLICY_END_REJECT, error);
}

struct policy *policy_of_import(
	struct policy_book *book, const struct config_neighbor *neighbor, struct error *error)
{
	struct config_choice choice = neighbor->import;
	struct policy *policy = NULL;
	struct arena arena = { 0 };
	const char **names;

	if (neighbor->blackhole_count == 0 || choice.kind == CHOICE_NONE)
		return policy_of_choice(book, &choice, error);
	names = arena_take_array(&arena, choice.count + 1, sizeof(*names));
	if (names != NULL)
		names[0] = blackhole_name(&arena, neighbor);
	if (names == NULL || names[0] == NULL) {
		error_set(error, ERROR_MEMORY, "out of memory");
	} else {
		for (size_t i = 0; i < choice.count; i++)
			names[i + 1] = choice.policies[i];
		choice.policies = names;
		choice.count++;
		policy = policy_of_choice(book, &choice, error);
	}
	arena_clear(&arena);
	return policy;
}

bool policy_needed_for_import(const struct config_neighbor *neighbor)
{
	return neighbor->import.kind == CHOICE_POLICIES ||
	       (neighbor->import.kind == CHOICE_ALL && neighbor->blackhole_count > 0);
}

void policy_rule_print(const struct config_rule *rule, struct text *out)
{
	struct text block = { 0 };
	const char *line, *before = "";

	printer_rule(rule, &block);
	for (line = text_string(&block); *line != '\0';) {
		size_t length = strcspn(line, "\n");
		size_t margin = strspn(line, " ");

		text_add(out, before);
		text_add_bytes(out, line + margin, length - margin);
		before = length > 0 && line[length - 1] == ':' ? " " : ", ";
		line += length + (line[length] == '\n');
	}
	text_clear(&block);
}
