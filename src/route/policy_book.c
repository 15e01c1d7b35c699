/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a description to a book: sets are compiled, rules point at them, and it is known how
 * long every policy is with all that it calls.
 *
 * Invariants:
 *  1. Nothing of the description is needed once the book is made.
 *  2. No policy calls itself, over whatever detours.
 *  3. Terms of a rule are in the order of their costs, changes in the order of their kinds.
 */
#include <stdlib.h>
#include <string.h>

#include "route/policy_internal.h"

struct making {
	const struct policy_description *description;
	struct policy_book *book;
	struct error *error;
};

static int no_memory(struct making *making)
{
	return error_set(making->error, ERROR_MEMORY, "out of memory");
}

static int make_prefix_sets(struct making *making)
{
	const struct policy_description *d = making->description;
	struct policy_book *book = making->book;

	book->prefix_sets =
		arena_take_array(&book->arena, d->prefix_set_count, sizeof(*book->prefix_sets));
	if (book->prefix_sets == NULL)
		return no_memory(making);
	for (size_t i = 0; i < d->prefix_set_count; i++) {
		int r = prefix_set_make(
			&d->prefix_sets[i], &book->arena, &book->prefix_sets[i]);

		if (r != 0)
			return error_set(making->error, (enum error_code)r,
				"prefix set '%s': %s", d->prefix_sets[i].name,
				error_name((enum error_code)r));
	}
	book->prefix_set_count = d->prefix_set_count;
	return 0;
}

static int make_as_lists(struct making *making)
{
	const struct policy_description *d = making->description;
	struct policy_book *book = making->book;

	book->as_lists =
		arena_take_array(&book->arena, d->as_set_count, sizeof(*book->as_lists));
	if (book->as_lists == NULL)
		return no_memory(making);
	for (size_t i = 0; i < d->as_set_count; i++)
		if (as_list_make(&d->as_sets[i], &book->arena, &book->as_lists[i]) != 0)
			return no_memory(making);
	book->as_list_count = d->as_set_count;
	return 0;
}

_Static_assert(
	sizeof(struct number_range) == sizeof(struct policy_as_range) &&
		offsetof(struct number_range, last) == offsetof(struct policy_as_range, last),
	"the same two numbers");

static const struct number_range *find_as_set(
	void *context, const char *name, size_t *ret_count)
{
	const struct making *making = context;
	const struct policy_description *d = making->description;

	for (size_t i = 0; i < d->as_set_count; i++) {
		if (strcmp(d->as_sets[i].name, name) != 0)
			continue;
		*ret_count = making->book->as_lists[i].count;
		return (const struct number_range *)(const void *)making->book->as_lists[i]
			.ranges;
	}
	return NULL;
}

static int make_patterns(struct making *making)
{
	const struct policy_description *d = making->description;
	struct policy_book *book = making->book;
	struct number_names names = { .find = find_as_set, .context = making };

	book->patterns = arena_take_array(
		&book->arena, d->path_set_count, sizeof(struct number_pattern *));
	if (book->patterns == NULL)
		return no_memory(making);
	for (size_t i = 0; i < d->path_set_count; i++) {
		int r = number_pattern_new(d->path_sets[i].patterns, d->path_sets[i].count,
			&names, &book->patterns[i], making->error);

		if (r != 0)
			return r;
		book->pattern_count++;
	}
	return 0;
}

static int make_community_lists(struct making *making)
{
	const struct policy_description *d = making->description;
	struct policy_book *book = making->book;

	book->community_lists = arena_take_array(
		&book->arena, d->community_set_count, sizeof(*book->community_lists));
	if (book->community_lists == NULL)
		return no_memory(making);
	for (size_t i = 0; i < d->community_set_count; i++)
		if (community_list_make(&d->community_sets[i], &book->arena,
			    &book->community_lists[i]) != 0)
			return no_memory(making);
	book->community_list_count = d->community_set_count;
	return 0;
}

/* What the sets of a term are: how many there are, and how to get at one. */
static const void *set_of(
	const struct policy_book *book, enum policy_term_kind kind, uint32_t index)
{
	bool prefixes = kind == POLICY_TERM_PREFIX || kind == POLICY_TERM_NEXT_HOP;

	if (prefixes)
		return index < book->prefix_set_count ? &book->prefix_sets[index] : NULL;
	if (kind == POLICY_TERM_AS_PATH)
		return index < book->pattern_count ? book->patterns[index] : NULL;
	if (kind == POLICY_TERM_COMMUNITY)
		return index < book->community_list_count ? &book->community_lists[index]
							  : NULL;
	return index < book->as_list_count ? &book->as_lists[index] : NULL;
}

static int make_term(
	struct making *making, const struct policy_term *term, struct compiled_term *ret_term)
{
	struct arena *arena = &making->book->arena;
	const void **sets;

	*ret_term = (struct compiled_term){ .holds = policy_term_function(term->kind),
		.negated = term->negated,
		.neighbor = term->neighbor,
		.kind = (uint8_t)term->kind,
		.bits = term->bits };
	if (term->range_count > 0) {
		ret_term->count = (uint32_t)term->range_count;
		ret_term->ranges = arena_copy(
			arena, term->ranges, term->range_count * sizeof(*term->ranges));
		return ret_term->ranges == NULL ? no_memory(making) : 0;
	}
	sets = arena_take_array(arena, term->set_count, sizeof(*sets));
	if (sets == NULL)
		return no_memory(making);
	for (size_t i = 0; i < term->set_count; i++) {
		sets[i] = set_of(making->book, term->kind, term->sets[i]);
		if (sets[i] == NULL)
			return error_set(making->error, ERROR_NOT_FOUND,
				"a rule names set %u, which is not there", term->sets[i]);
	}
	ret_term->count = (uint32_t)term->set_count;
	memcpy(&ret_term->prefix_sets, &sets, sizeof(sets));
	return 0;
}

static int compare_costs(const void *a, const void *b)
{
	const struct compiled_term *left = a, *right = b;
	unsigned costs[] = { policy_term_cost((enum policy_term_kind)left->kind),
		policy_term_cost((enum policy_term_kind)right->kind) };

	if (costs[0] != costs[1])
		return costs[0] < costs[1] ? -1 : 1;
	return (left->kind > right->kind) - (left->kind < right->kind);
}

static int make_terms(
	struct making *making, const struct policy_rule *rule, struct compiled_rule *ret_rule)
{
	struct compiled_term *terms =
		arena_take_array(&making->book->arena, rule->term_count, sizeof(*terms));

	if (terms == NULL)
		return no_memory(making);
	for (size_t i = 0; i < rule->term_count; i++) {
		int r = make_term(making, &rule->terms[i], &terms[i]);

		if (r != 0)
			return r;
	}
	if (rule->term_count > 1)
		qsort(terms, rule->term_count, sizeof(*terms), compare_costs);
	ret_rule->terms = terms;
	ret_rule->term_count = (uint32_t)rule->term_count;
	return 0;
}

static int compare_changes(const void *a, const void *b)
{
	const struct policy_change *left = a, *right = b;

	return (left->kind > right->kind) - (left->kind < right->kind);
}

static int copy_change(struct making *making, struct policy_change *change)
{
	struct arena *arena = &making->book->arena;

	if (change->kind == POLICY_REMOVE_COMMUNITIES)
		for (size_t i = 0; i < change->number_count; i++)
			if (change->numbers[i] >= making->book->community_list_count)
				return error_set(making->error, ERROR_NOT_FOUND,
					"a rule removes a community set that is not there");
	change->numbers = arena_copy(
		arena, change->numbers, change->number_count * sizeof(*change->numbers));
	change->communities = arena_copy(arena, change->communities,
		change->community_count * sizeof(*change->communities));
	change->extended_communities = arena_copy(arena, change->extended_communities,
		change->extended_community_count * sizeof(*change->extended_communities));
	change->large_communities = arena_copy(arena, change->large_communities,
		change->large_community_count * sizeof(*change->large_communities));
	if (change->numbers == NULL || change->communities == NULL ||
		change->extended_communities == NULL || change->large_communities == NULL)
		return no_memory(making);
	return 0;
}

static int make_changes(
	struct making *making, const struct policy_rule *rule, struct compiled_rule *ret_rule)
{
	struct policy_change *changes =
		arena_take_array(&making->book->arena, rule->change_count, sizeof(*changes));

	if (changes == NULL)
		return no_memory(making);
	for (size_t i = 0; i < rule->change_count; i++) {
		int r;

		changes[i] = rule->changes[i];
		r = copy_change(making, &changes[i]);
		if (r != 0)
			return r;
	}
	if (rule->change_count > 1)
		qsort(changes, rule->change_count, sizeof(*changes), compare_changes);
	ret_rule->changes = changes;
	ret_rule->change_count = (uint32_t)rule->change_count;
	return 0;
}

static int make_rule(
	struct making *making, const struct policy_rule *rule, struct compiled_rule *ret_rule)
{
	int r = make_terms(making, rule, ret_rule);

	if (r == 0)
		r = make_changes(making, rule, ret_rule);
	if (r != 0)
		return r;
	ret_rule->then = (uint8_t)rule->then;
	ret_rule->call = rule->call;
	ret_rule->name =
		arena_string(&making->book->arena, rule->name == NULL ? "" : rule->name);
	if (rule->then == POLICY_THEN_CALL && rule->call >= making->description->policy_count)
		return error_set(making->error, ERROR_NOT_FOUND,
			"a rule calls a policy that is not there");
	return ret_rule->name == NULL ? no_memory(making) : 0;
}

static int make_policies(struct making *making)
{
	const struct policy_description *d = making->description;
	struct policy_book *book = making->book;

	book->policies =
		arena_take_array(&book->arena, d->policy_count, sizeof(*book->policies));
	if (book->policies == NULL)
		return no_memory(making);
	for (size_t i = 0; i < d->policy_count; i++) {
		struct compiled_policy *policy = &book->policies[i];
		const struct policy_rules *from = &d->policies[i];
		struct compiled_rule *rules =
			arena_take_array(&book->arena, from->rule_count, sizeof(*rules));

		policy->name = arena_string(&book->arena, from->name);
		if (policy->name == NULL || rules == NULL)
			return no_memory(making);
		for (size_t j = 0; j < from->rule_count; j++) {
			int r = make_rule(making, &from->rules[j], &rules[j]);

			if (r != 0)
				return r;
		}
		policy->rules = rules;
		policy->rule_count = (uint32_t)from->rule_count;
		policy->first = book->rule_count;
		book->rule_count += policy->rule_count;
	}
	book->policy_count = d->policy_count;
	return 0;
}

/* How long a policy is with all that it calls, once that is known of what it calls. False: not
 * yet. */
static bool measure(struct policy_book *book, struct compiled_policy *policy)
{
	uint64_t length = policy->rule_count;

	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct compiled_rule *rule = &policy->rules[i];

		if (rule->then != POLICY_THEN_CALL)
			continue;
		if (book->policies[rule->call].length == 0 &&
			book->policies[rule->call].rule_count > 0)
			return false;
		length += book->policies[rule->call].length;
	}
	policy->length = length > POLICY_STEPS_MAX ? POLICY_STEPS_MAX + 1 : (uint32_t)length;
	return true;
}

/* Round by round: what is left when nothing moves any more goes in circles. */
static int measure_all(struct making *making)
{
	struct policy_book *book = making->book;
	bool moved = true;
	const char *left = NULL;

	while (moved) {
		moved = false;
		left = NULL;
		for (size_t i = 0; i < book->policy_count; i++) {
			struct compiled_policy *policy = &book->policies[i];

			if (policy->length > 0 || policy->rule_count == 0)
				continue;
			if (measure(book, policy))
				moved = true;
			else
				left = policy->name;
		}
	}
	return left == NULL ? 0
			    : error_set(making->error, ERROR_MALFORMED,
				      "policy '%s' calls itself", left);
}

struct policy_book *policy_book_new(
	const struct policy_description *description, struct error *error)
{
	struct policy_book *book = calloc(1, sizeof(*book));
	struct making making = { .description = description, .book = book, .error = error };

	if (book == NULL) {
		(void)no_memory(&making);
		return NULL;
	}
	book->references = 1;
	if (make_prefix_sets(&making) == 0 && make_as_lists(&making) == 0 &&
		make_patterns(&making) == 0 && make_community_lists(&making) == 0 &&
		make_policies(&making) == 0 && measure_all(&making) == 0)
		return book;
	policy_book_release(book);
	return NULL;
}

struct policy_book *policy_book_hold(struct policy_book *book)
{
	book->references++;
	return book;
}

void policy_book_release(struct policy_book *book)
{
	if (book == NULL || --book->references > 0)
		return;
	for (size_t i = 0; i < book->pattern_count; i++)
		number_pattern_free(book->patterns[i]);
	arena_clear(&book->arena);
	free(book);
}

uint32_t policy_book_rules(const struct policy_book *book)
{
	return book->rule_count;
}

struct policy_rule_name policy_book_rule(const struct policy_book *book, uint32_t rule)
{
	const struct compiled_policy *policy = book->policies;

	while (rule >= policy->first + policy->rule_count)
		policy++;
	return (struct policy_rule_name){
		.policy = policy->name,
		.number = rule - policy->first + 1,
		.name = policy->rules[rule - policy->first].name,
	};
}

size_t policy_book_bytes(const struct policy_book *book)
{
	size_t bytes = sizeof(*book) + book->arena.used;

	for (size_t i = 0; i < book->pattern_count; i++)
		bytes += book->patterns[i]->bytes;
	return bytes;
}
