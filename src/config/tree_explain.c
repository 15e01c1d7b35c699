/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libyaml did not like, in words for people: one table from its messages to ours. A
 * message that is not in the table is passed on as it is.
 */
#include "config/tree.h"

#include <string.h>
#include <yaml.h>

enum where {
	AT_PROBLEM, /* where the parser noticed */
	AT_CONTEXT, /* where the thing began that it was in */
	AT_OPEN,    /* where the innermost bracket was opened */
};

static const struct explanation {
	const char *context; /* beginning of libyaml's context; NULL: any */
	const char *problem; /* beginning of its problem */
	enum where where;
	const char *text, *hint;
} explanations[] = {
	{ "while parsing a flow sequence", "did not find", AT_CONTEXT,
		"this list is not closed, or a comma is missing in it",
		"close it with ']' and put a comma between its items" },
	{ "while parsing a flow mapping", "did not find", AT_CONTEXT,
		"this group is not closed, or a comma is missing in it",
		"close it with '}' and put a comma between its keys" },
	{ "while parsing a flow node", "did not find expected node", AT_OPEN,
		"a value is missing after this bracket, or it is not closed",
		"close it with ']' or '}' and leave no value empty" },
	{ "while scanning a quoted scalar", "found unexpected", AT_CONTEXT,
		"this quote is not closed", "add the closing quote" },
	{ "while parsing a quoted scalar", "found u", AT_PROBLEM,
		"an unknown escape in double quotes",
		"write \\\\ for a backslash, or use single quotes" },
	{ "while parsing a block mapping", "did not find expected key", AT_PROBLEM,
		"this does not fit the lines before it",
		"keys of one group must begin in the same column" },
	{ "while parsing a block collection", "did not find expected '-'", AT_PROBLEM,
		"this does not fit the list before it",
		"items of one list begin with '-' in the same column" },
	{ "while scanning a simple key", "could not find expected ':'", AT_CONTEXT,
		"this line has no ':' after its key", "write 'key: value'" },
	{ NULL, "mapping values are not allowed", AT_PROBLEM, "a ':' is not allowed here",
		"check the indentation of this line, or put quotes around a text that holds ': '" },
	{ NULL, "block sequence entries are not allowed", AT_PROBLEM,
		"a list item is not allowed here", "begin the list on a line of its own" },
	{ NULL, "found a tab character", AT_PROBLEM, "a tab cannot indent YAML", "use spaces" },
};

static bool begins_with(const char *text, const char *beginning)
{
	return text != NULL && strncmp(text, beginning, strlen(beginning)) == 0;
}

static const struct explanation *find_explanation(const yaml_parser_t *parser)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		const struct explanation *row = &explanations[i];

		if (begins_with(parser->problem, row->problem) &&
			(row->context == NULL || begins_with(parser->context, row->context)))
			return row;
	}
	return NULL;
}

static struct place place_of_mark(
	const struct config_source *source, const yaml_mark_t *mark, uint32_t chunk_line)
{
	return (struct place){
		.source = source,
		.line = chunk_line + (uint32_t)mark->line + 1,
		.column = (uint32_t)mark->column + 1,
		.width = 1,
	};
}

/* The character at a place, or NUL. ASCII only: that is all we ask about. */
static char character_at(const struct place *place)
{
	const char *at = place->source->text;
	const char *end = at + place->source->length;
	uint32_t column = 1;

	for (uint32_t line = 1; line < place->line && at < end; at++)
		line += *at == '\n';
	for (; column < place->column && at < end && *at != '\n'; at++)
		column += ((unsigned char)*at & 0xc0) != 0x80;
	return at < end ? *at : '\0';
}

static void explain_character(struct tree *tree, const struct place *place)
{
	char c = character_at(place);

	if (c == '\t') {
		diagnose(tree->diagnostics, CONFIG_ERROR, place, "a tab cannot indent YAML");
		diagnose_hint(tree->diagnostics, "use spaces");
		return;
	}
	diagnose(tree->diagnostics, CONFIG_ERROR, place, "a value cannot begin with '%c'", c);
	diagnose_hint(tree->diagnostics, "put the value in quotes");
}

uint32_t tree_explain(struct tree *tree, const struct yaml_parser_s *parser,
	const struct place *open, uint32_t chunk_line)
{
	const struct explanation *row = find_explanation(parser);
	struct place place = place_of_mark(open->source, &parser->problem_mark, chunk_line);

	if (parser->error == YAML_MEMORY_ERROR) {
		diagnose(tree->diagnostics, CONFIG_ERROR, NULL, "out of memory");
		return UINT32_MAX;
	}
	if (row != NULL && row->where == AT_CONTEXT)
		place = place_of_mark(open->source, &parser->context_mark, chunk_line);
	else if (row != NULL && row->where == AT_OPEN && open->line > 0)
		place = *open;
	if (begins_with(parser->problem, "found character that cannot start any token")) {
		explain_character(tree, &place);
		return place.line + 1;
	}
	if (row == NULL) {
		diagnose(tree->diagnostics, CONFIG_ERROR, &place, "%s",
			parser->problem == NULL ? "this is not YAML" : parser->problem);
		return place.line + 1;
	}
	diagnose(tree->diagnostics, CONFIG_ERROR, &place, "%s", row->text);
	diagnose_hint(tree->diagnostics, "%s", row->hint);
	return place.line + 1;
}
