/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy: rules of a book in a row, calls replaced by what is called, and how it is run.
 *
 *     rules   1: bogons?  -> call A       steps  1  bogons?   else go to 4
 *             2: accept                          2  A, rule 1
 *                                                3  A, rule 2
 *                                                4  accept
 *
 * Invariants:
 *  1. Every step leads to a later one: a run looks at each at most once, and at most at
 *     POLICY_STEPS_MAX of them.
 *  2. A run writes to nothing but its result, the arena and the counters.
 *
 * RFC 8212 section 2.1: what no rule decided is rejected.
 */
#include <stdlib.h>
#include <string.h>

#include "route/policy_internal.h"

struct step {
	const struct compiled_rule *rule;
	uint32_t number; /* of the rule in the book */
	uint32_t missed; /* the step to go to if it does not match */
};

struct policy {
	unsigned references;
	struct policy_book *book;
	enum policy_end end;
	unsigned depends; /* enum policy_dependence, or-ed */
	uint32_t step_count;
	struct step steps[];
};

static void add_rules(struct policy *policy, const struct compiled_policy *from)
{
	for (uint32_t i = 0; i < from->rule_count; i++) {
		uint32_t at = policy->step_count++;

		policy->steps[at].rule = &from->rules[i];
		policy->steps[at].number = from->first + i;
		if (from->rules[i].then == POLICY_THEN_CALL)
			add_rules(policy, &policy->book->policies[from->rules[i].call]);
		policy->steps[at].missed = policy->step_count;
	}
}

static unsigned depends_of(const struct compiled_rule *rule)
{
	unsigned depends = 0;

	for (uint32_t i = 0; i < rule->term_count; i++)
		depends |= policy_term_depends((enum policy_term_kind)rule->terms[i].kind);
	for (uint32_t i = 0; i < rule->change_count; i++) {
		if (rule->changes[i].kind == POLICY_SET_MED_IGP)
			depends |= POLICY_DEPENDS_IGP;
		if (rule->changes[i].kind == POLICY_NEXT_HOP_ADDRESS)
			depends |= POLICY_DEPENDS_FAMILY;
	}
	return depends;
}

static const struct compiled_policy *find(const struct policy_book *book, const char *name)
{
	for (size_t i = 0; i < book->policy_count; i++)
		if (strcmp(book->policies[i].name, name) == 0)
			return &book->policies[i];
	return NULL;
}

struct policy *policy_new(struct policy_book *book, const char *const *names, size_t count,
	enum policy_end end, struct error *error)
{
	uint64_t length = 0;
	struct policy *policy;

	for (size_t i = 0; i < count; i++) {
		const struct compiled_policy *from = find(book, names[i]);

		if (from == NULL) {
			error_set(error, ERROR_NOT_FOUND, "there is no policy '%s'", names[i]);
			return NULL;
		}
		length += from->length;
	}
	if (length > POLICY_STEPS_MAX) {
		error_set(error, ERROR_FULL, "more than %u rules with all that is called",
			POLICY_STEPS_MAX);
		return NULL;
	}
	policy = calloc(1, sizeof(*policy) + length * sizeof(struct step));
	if (policy == NULL) {
		error_set(error, ERROR_MEMORY, "out of memory");
		return NULL;
	}
	policy->references = 1;
	policy->book = policy_book_hold(book);
	policy->end = end;
	for (size_t i = 0; i < count; i++)
		add_rules(policy, find(book, names[i]));
	for (uint32_t i = 0; i < policy->step_count; i++)
		policy->depends |= depends_of(policy->steps[i].rule);
	return policy;
}

struct policy *policy_hold(struct policy *policy)
{
	policy->references++;
	return policy;
}

void policy_release(struct policy *policy)
{
	if (policy == NULL || --policy->references > 0)
		return;
	policy_book_release(policy->book);
	free(policy);
}

struct policy_book *policy_book_of(const struct policy *policy)
{
	return policy->book;
}

unsigned policy_depends(const struct policy *policy)
{
	return policy->depends;
}

/* The first term that does not hold; NULL if all do. */
static inline const struct compiled_term *first_missed(
	const struct compiled_rule *rule, struct policy_walk *walk)
{
	const struct compiled_term *term = rule->terms;

	for (uint32_t i = 0; i < rule->term_count; i++, term++)
		if (term->holds(term, walk) == term->negated)
			return term;
	return NULL;
}

/* trace or counters may be NULL, and are where they are constants. */
static inline __attribute__((always_inline)) int run(const struct policy *policy,
	uint64_t *rule_counters, const struct policy_trace *trace, struct policy_walk *walk)
{
	struct policy_result *result = walk->result;
	const struct step *step;
	int r;

	for (uint32_t at = 0; at < policy->step_count;) {
		const struct compiled_term *missed;

		step = &policy->steps[at];
		missed = first_missed(step->rule, walk);
		if (trace != NULL)
			trace->rule(trace->context, step->number,
				missed == NULL
					? NULL
					: policy_term_name((enum policy_term_kind)missed->kind,
						  missed->negated));
		if (missed != NULL) {
			at = step->missed;
			continue;
		}
		if (rule_counters != NULL)
			rule_counters[step->number]++;
		if (step->rule->then == POLICY_THEN_REJECT) {
			result->rule = step->number;
			return 0;
		}
		r = policy_change_all(step->rule, walk);
		if (r != 0)
			return r;
		if (step->rule->then == POLICY_THEN_ACCEPT) {
			result->rule = step->number;
			result->verdict = POLICY_ACCEPT;
			return 0;
		}
		at++;
	}
	result->verdict = policy->end == POLICY_END_ACCEPT ? POLICY_ACCEPT : POLICY_REJECT;
	return 0;
}

static struct policy_walk begin(const struct policy *policy, const struct policy_route *route,
	struct arena *arena, struct policy_result *result)
{
	result->verdict = POLICY_REJECT;
	result->rule = POLICY_RULE_NONE;
	result->changed = false;
	result->next_hop_self = false;
	result->blackhole = false;
	return (struct policy_walk){
		.route = route,
		.attributes = route->attributes,
		.result = result,
		.arena = arena,
		.book = policy->book,
	};
}

int policy_run(const struct policy *policy, uint64_t *rule_counters,
	const struct policy_route *route, struct arena *arena, struct policy_result *ret_result)
{
	struct policy_walk walk = begin(policy, route, arena, ret_result);

	return run(policy, rule_counters, NULL, &walk);
}

int policy_explain(const struct policy *policy, const struct policy_route *route,
	const struct policy_trace *trace, struct arena *arena, struct policy_result *ret_result)
{
	struct policy_walk walk = begin(policy, route, arena, ret_result);

	return run(policy, NULL, trace, &walk);
}
