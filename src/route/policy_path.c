/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AS paths as rules see them: a row of numbers. Confederation segments are left out (RFC 5065:
 * they are not seen outside), the members of an AS_SET come one after the other, so that a rule
 * against an AS finds it wherever it hides.
 *
 * Invariant: the path is in canonical form (wire/bgp_as_path.h), but nothing is read past its
 * end if it is not.
 */
#include "route/policy_internal.h"

struct path_walk {
	struct cursor path;
	const uint8_t *at, *end; /* numbers of the present segment */
};

/* The next segment that counts. False: there is none. */
static bool next_segment(struct path_walk *walk)
{
	while (cursor_left(&walk->path) >= 2) {
		uint8_t type = cursor_u8(&walk->path);
		size_t size = 4 * (size_t)cursor_u8(&walk->path);

		walk->at = cursor_take(&walk->path, size);
		if (walk->at == NULL)
			return false;
		walk->end = walk->at + size;
		if (type == BGP_SEGMENT_SEQUENCE || type == BGP_SEGMENT_SET)
			return true;
	}
	return false;
}

static uint32_t number_at(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool automaton_matches(
	const struct bgp_attributes *attributes, const struct number_automaton *automaton)
{
	struct path_walk walk = { .path = cursor_of(
					  attributes->as_path, attributes->as_path_size) };
	uint16_t state = automaton->start;

	while (state > NUMBER_STATE_FOUND && next_segment(&walk))
		for (; walk.at < walk.end && state > NUMBER_STATE_FOUND; walk.at += 4)
			state = number_automaton_step(automaton, state, number_at(walk.at));
	return number_automaton_ends(automaton, state);
}

bool policy_path_matches(
	const struct bgp_attributes *attributes, const struct number_pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++)
		if (automaton_matches(attributes, &pattern->automata[i]))
			return true;
	return false;
}

bool policy_path_has_set(const struct bgp_attributes *attributes)
{
	struct cursor path = cursor_of(attributes->as_path, attributes->as_path_size);

	while (cursor_left(&path) >= 2) {
		uint8_t type = cursor_u8(&path);

		if (type == BGP_SEGMENT_SET || type == BGP_SEGMENT_CONFED_SET)
			return true;
		cursor_skip(&path, 4 * (size_t)cursor_u8(&path));
	}
	return false;
}
