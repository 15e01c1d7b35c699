/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions over numbers instead of letters: what AS paths are matched with.
 *
 *     pattern  = branch { "|" branch }
 *     branch   = [ "^" ] { item } [ "$" ]          ^ and $: the first and the last number
 *     item     = atom [ "*" | "+" | "?" | "{n}" | "{n,}" | "{n,m}" ]
 *     atom     = "any" | "." | number | number "-" number | name | "(" pattern ")"
 *              | "[" [ "^" ] { number | number "-" number | name } "]"
 *
 * Without ^ a match may begin anywhere, without $ it may end anywhere. Numbers are apart by
 * spaces. A name stands for a set of numbers.
 *
 * Patterns become deterministic automata: a match costs one look-up a number, whatever the
 * pattern and the numbers are, and nothing is ever tried twice.
 */
#ifndef NEARCAST_BASE_NUMBER_PATTERN_H
#define NEARCAST_BASE_NUMBER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct number_range {
	uint32_t first, last; /* both ends included */
};

/* What a name stands for. NULL: there is no such set; else *ret_count ranges in any order,
 * valid until the pattern is made. */
typedef const struct number_range *number_name_function(
	void *context, const char *name, size_t *ret_count);

struct number_names {
	number_name_function *find; /* NULL: there are no names */
	void *context;
};

#define NUMBER_NAME_MAX   63 /* letters; [a-z][a-z0-9-]* */
#define NUMBER_REPEAT_MAX 255

#define NUMBER_STATE_DEAD  0u /* no match, whatever comes */
#define NUMBER_STATE_FOUND 1u /* a match, whatever comes */

/* One automaton. */
struct number_automaton {
	const uint32_t *bounds; /* the least number of each class; ascending, the first is 0 */
	const uint16_t *next;   /* [state * class_count + class] */
	const uint8_t *final;   /* [state]: 1 if the numbers may end here */
	uint32_t class_count, state_count;
	uint16_t start;
};

/* Any of several patterns: a few automata. Owns itself. */
struct number_pattern {
	const struct number_automaton *automata;
	size_t count;
	size_t bytes; /* of memory in all */
};

/*
 * Make one pattern out of several texts: it matches where any of them does. 0, ERROR_MEMORY,
 * ERROR_MALFORMED, ERROR_NOT_FOUND (a name) or ERROR_FULL (a single text is too complex). error
 * says what, and error->offset at which byte of its text.
 */
int number_pattern_new(const char *const *texts, size_t count, const struct number_names *names,
	struct number_pattern **ret_pattern, struct error *error);
void number_pattern_free(struct number_pattern *pattern); /* NULL is fine */

/* Where to go from state with number. Stop at DEAD and FOUND. */
static inline uint16_t number_automaton_step(
	const struct number_automaton *automaton, uint16_t state, uint32_t number)
{
	const uint32_t *bounds = automaton->bounds;
	uint32_t left = automaton->class_count;

	/* the last bound that is not above number */
	while (left > 1) {
		uint32_t half = left / 2;

		bounds = bounds[half] <= number ? bounds + half : bounds;
		left -= half;
	}
	return automaton
		->next[state * automaton->class_count + (uint32_t)(bounds - automaton->bounds)];
}

/* At the end of the numbers. */
static inline bool number_automaton_ends(
	const struct number_automaton *automaton, uint16_t state)
{
	return automaton->final[state] != 0;
}

bool number_pattern_match(
	const struct number_pattern *pattern, const uint32_t *numbers, size_t count);

#endif
