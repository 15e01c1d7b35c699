/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAIDA AS relationships as text -> links.
 *
 * Invariants
 * 1. A byte is looked at once; a line, or a comment, of any length needs no memory.
 * 2. What is not understood is an error with its line and column, never skipped.
 *
 * States of a line:
 *
 *   START -digit-> A -|-> B -|-> RELATION -|-> SOURCE -newline-> START
 *     |                             +----------newline-----------^
 *     +-#-> COMMENT -newline-> START
 */
#include "plan/graph.h"

#include <stdio.h>
#include <stdlib.h>

enum state { START, NUMBER_A, NUMBER_B, RELATION, SOURCE, COMMENT };

struct reader {
	enum state state;
	uint32_t line, column;
	uint64_t number;
	uint32_t digits;
	int minus;
	struct plan_link link;
	struct plan_link *links;
	size_t count, room;
};

static int malformed(const struct reader *r, struct error *error, const char *what)
{
	if (error != NULL) {
		error->line = r->line;
		error->column = r->column;
		error_hint(
			error, "a line is: AS number|AS number|-1 (provider of) or 0 (peers)");
	}
	return error_set(error, ERROR_MALFORMED, "%s", what);
}

static int keep_link(struct reader *r, struct error *error)
{
	if (r->count == r->room) {
		size_t room = r->room == 0 ? 65536 : r->room * 2;
		struct plan_link *larger;

		if (r->count >= PLAN_LINK_MAX)
			return error_set(
				error, ERROR_FULL, "more than %u links", PLAN_LINK_MAX);
		larger = reallocarray(r->links, room, sizeof(*larger));
		if (larger == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for %zu links", room);
		r->links = larger;
		r->room = room;
	}
	r->link.line = r->line;
	r->links[r->count++] = r->link;
	return 0;
}

/* A number ended: put it where the state says. */
static int take_number(struct reader *r, struct error *error)
{
	if (r->digits == 0)
		return malformed(r, error, "a number is missing");
	if (r->state == NUMBER_A)
		r->link.a = (uint32_t)r->number;
	else if (r->state == NUMBER_B)
		r->link.b = (uint32_t)r->number;
	else if (r->number == (uint64_t)r->minus)
		r->link.relation = r->minus != 0 ? PLAN_PROVIDER_OF : PLAN_PEERS;
	else
		return malformed(r, error, "the relation is neither -1 nor 0");
	r->number = 0;
	r->digits = 0;
	r->minus = 0;
	return 0;
}

static int end_line(struct reader *r, struct error *error)
{
	int result = 0;

	if (r->state == NUMBER_A || r->state == NUMBER_B)
		return malformed(r, error, "the line ends before the relation");
	if (r->state == RELATION)
		result = take_number(r, error);
	if (result == 0 && (r->state == RELATION || r->state == SOURCE))
		result = keep_link(r, error);
	r->state = START;
	r->line++;
	r->column = 0;
	return result;
}

static int take_byte(struct reader *r, char byte, struct error *error)
{
	r->column++;
	if (byte == '\n')
		return end_line(r, error);
	if (r->state == COMMENT || r->state == SOURCE || byte == '\r')
		return 0;
	if (r->state == START) {
		r->state = byte == '#' ? COMMENT : NUMBER_A;
		if (byte == '#')
			return 0;
	}
	if (byte >= '0' && byte <= '9') {
		r->number = r->number * 10 + (uint64_t)(byte - '0');
		r->digits++;
		return r->number > UINT32_MAX ? malformed(r, error, "not an AS number") : 0;
	}
	if (byte == '-' && r->state == RELATION && r->digits == 0 && r->minus == 0) {
		r->minus = 1;
		return 0;
	}
	if (byte == '|') {
		int result = take_number(r, error);

		r->state++;
		return result;
	}
	return malformed(r, error, "neither a digit nor |");
}

static int read_links(struct reader *r, const struct plan_source *source, char *buffer,
	size_t size, struct error *error)
{
	for (;;) {
		ptrdiff_t got = source->read(source->context, buffer, size, error);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		for (ptrdiff_t i = 0; i < got; i++) {
			int result = take_byte(r, buffer[i], error);

			if (result != 0)
				return result;
		}
	}
	/* The last line may lack its newline. */
	return r->state == START ? 0 : end_line(r, error);
}

int plan_graph_read(
	const struct plan_source *source, struct plan_graph **ret_graph, struct error *error)
{
	struct reader r = { .line = 1 };
	size_t size = 65536;
	char *buffer = malloc(size);
	int result;

	if (buffer == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	result = read_links(&r, source, buffer, size, error);
	free(buffer);
	if (result == 0)
		result = plan_graph_build(r.links, r.count, ret_graph, error);
	if (result != 0 && error != NULL && source->name != NULL)
		snprintf(error->file, sizeof(error->file), "%s", source->name);
	free(r.links);
	return result;
}
