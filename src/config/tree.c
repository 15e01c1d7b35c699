/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text -> nodes, from libyaml's events, so that no scalar is ever interpreted.
 *
 * A source is read in chunks: the first is all of it; after a syntax error the next chunk
 * begins at the next line that starts a top-level key, so that one slip does not hide the
 * others.
 *
 * Invariants:
 *  1. Depth, nodes and keys of a map are capped; every chunk begins on a later line.
 *  2. Every node has a place inside its source.
 *  3. A map holds each key once: the first is kept, the others are told.
 */
#include "config/tree.h"

#include <string.h>
#include <yaml.h>

#define SYNTAX_ERRORS_MAX 20 /* a source */

struct builder {
	struct tree *tree;
	const struct config_source *source;
	yaml_parser_t *parser;
	uint32_t line_base; /* lines before this chunk */
	struct place open;  /* the innermost bracket that is open; line 0 if none */
	bool broken;        /* the parser met a syntax error */
	bool full;          /* a cap was met: told once, the rest is left out */
};

static uint32_t hash_text(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a: only to make comparing keys cheap */

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static struct place place_of(
	const struct builder *builder, const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct place place = {
		.source = builder->source,
		.line = builder->line_base + (uint32_t)start->line + 1,
		.column = (uint32_t)start->column + 1,
		.width = 1,
	};

	if (end->line == start->line && end->column > start->column)
		place.width = (uint32_t)(end->column - start->column);
	return place;
}

struct node *tree_new_node(struct tree *tree, enum node_kind kind, const struct place *place)
{
	struct node *node = arena_take(tree->arena, sizeof(*node));

	if (node == NULL)
		return NULL;
	tree->node_count++;
	node->kind = kind;
	node->place = *place;
	node->text = "";
	return node;
}

void node_append(struct node *parent, struct node *child)
{
	if (parent->last == NULL)
		parent->children = child;
	else
		parent->last->next = child;
	parent->last = child;
	parent->child_count++;
}

struct node *node_find(const struct node *map, const char *key)
{
	uint32_t hash = hash_text(key);

	for (struct node *child = map->children; child != NULL; child = child->next)
		if (child->key != NULL && child->key->hash == hash &&
			strcmp(child->key->text, key) == 0)
			return child;
	return NULL;
}

/* The next event, or false at a syntax error. */
static bool next_event(struct builder *builder, yaml_event_t *ret_event)
{
	if (builder->broken || yaml_parser_parse(builder->parser, ret_event) == 0) {
		builder->broken = true;
		return false;
	}
	return true;
}

static void refuse(
	struct builder *builder, const struct place *place, const char *what, const char *hint)
{
	diagnose(builder->tree->diagnostics, CONFIG_ERROR, place, "%s", what);
	diagnose_hint(builder->tree->diagnostics, "%s", hint);
}

static void refuse_tag(struct builder *builder, const struct place *place,
	const yaml_char_t *tag, const yaml_char_t *anchor)
{
	if (anchor != NULL)
		refuse(builder, place, "YAML anchors (&name) are not supported",
			"write the value out at each place");
	if (tag != NULL)
		refuse(builder, place, "YAML tags (!name) are not supported",
			"leave the tag out: every key knows its own type");
}

static struct node *build_node(
	struct builder *builder, const yaml_event_t *event, unsigned depth);

static struct node *build_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct place place = place_of(builder, &event->start_mark, &event->end_mark);
	const char *text = (const char *)event->data.scalar.value;
	struct node *node = tree_new_node(builder->tree, NODE_SCALAR, &place);

	if (node == NULL)
		return NULL;
	refuse_tag(builder, &place, event->data.scalar.tag, event->data.scalar.anchor);
	if (strlen(text) != event->data.scalar.length) {
		refuse(builder, &place, "a text holds a NUL character", "take it out");
		node->kind = NODE_BAD;
	}
	node->text = arena_string(builder->tree->arena, text);
	if (node->text == NULL)
		return NULL;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->folded = !node->quoted && event->end_mark.line > event->start_mark.line;
	node->hash = hash_text(node->text);
	return node;
}

/* Too much of something: said once, then everything more is left out. */
static bool over_caps(struct builder *builder, const struct place *place, unsigned depth)
{
	if (builder->full)
		return true;
	if (depth <= TREE_DEPTH_MAX && builder->tree->node_count < TREE_NODES_MAX)
		return false;
	builder->full = true;
	refuse(builder, place,
		depth > TREE_DEPTH_MAX ? "this is nested too deeply"
				       : "this configuration is too large",
		"no sensible configuration comes near this limit");
	return true;
}

/*
 * A collection in brackets that was never closed has swallowed lines that belong elsewhere:
 * keep what is on its own first line, but for the last item, which may be half of one.
 */
static void trim_unclosed(struct node *node)
{
	struct node *kept = NULL;
	size_t count = 0;

	node->incomplete = true;
	for (struct node *child = node->children; child != NULL && child->next != NULL &&
						  child->next->place.line == node->place.line;
		child = child->next) {
		kept = child;
		count++;
	}
	node->last = kept;
	node->child_count = count;
	if (kept == NULL) {
		node->children = NULL;
		node->kind = NODE_BAD;
	} else {
		kept->next = NULL;
	}
}

/* A text that goes on in the next line, just before the error there, has swallowed that line.
 */
static void trim_folded(struct node *map)
{
	map->incomplete = true;
	if (map->last != NULL && map->last->folded)
		map->last->kind = NODE_BAD;
}

static struct node *build_list(
	struct builder *builder, const yaml_event_t *start, unsigned depth)
{
	struct place place = place_of(builder, &start->start_mark, &start->end_mark);
	struct node *list = tree_new_node(builder->tree, NODE_LIST, &place);
	bool flow = start->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	struct place outer = builder->open;
	yaml_event_t event;

	refuse_tag(builder, &place, start->data.sequence_start.tag,
		start->data.sequence_start.anchor);
	builder->open = flow ? place : outer;
	while (list != NULL && next_event(builder, &event)) {
		bool end = event.type == YAML_SEQUENCE_END_EVENT;
		struct node *item = end ? NULL : build_node(builder, &event, depth + 1);

		yaml_event_delete(&event);
		if (end) {
			builder->open = outer;
			return list;
		}
		if (item != NULL)
			node_append(list, item);
	}
	if (list != NULL && flow)
		trim_unclosed(list);
	else if (list != NULL)
		list->incomplete = true;
	return list;
}

static void append_pair(
	struct builder *builder, struct node *map, struct node *key, struct node *value)
{
	struct node *first;

	if (key->kind == NODE_BAD)
		return;
	if (key->kind != NODE_SCALAR) {
		refuse(builder, &key->place, "a key must be a plain word",
			"a list or a map cannot be a key");
		return;
	}
	first = node_find(map, key->text);
	if (first != NULL) {
		diagnose(builder->tree->diagnostics, CONFIG_ERROR, &key->place,
			"'%s' is said twice", key->text);
		diagnose_hint(builder->tree->diagnostics, "it was first said at %s:%u:%u",
			first->key->place.source->name, first->key->place.line,
			first->key->place.column);
		return;
	}
	if (map->child_count >= TREE_KEYS_MAX) {
		if (!builder->full)
			refuse(builder, &key->place, "too many keys in one map",
				"no sensible configuration comes near this limit");
		builder->full = true;
		return;
	}
	value->key = key;
	node_append(map, value);
}

static struct node *build_map(
	struct builder *builder, const yaml_event_t *start, unsigned depth)
{
	struct place place = place_of(builder, &start->start_mark, &start->end_mark);
	struct node *map = tree_new_node(builder->tree, NODE_MAP, &place);
	bool flow = start->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	struct place outer = builder->open;
	struct node *key = NULL;
	yaml_event_t event;

	refuse_tag(builder, &place, start->data.mapping_start.tag,
		start->data.mapping_start.anchor);
	builder->open = flow ? place : outer;
	while (map != NULL && next_event(builder, &event)) {
		bool end = event.type == YAML_MAPPING_END_EVENT;
		struct node *node = end ? NULL : build_node(builder, &event, depth + 1);

		yaml_event_delete(&event);
		if (end) {
			builder->open = outer;
			return map;
		}
		if (node == NULL)
			continue;
		if (key == NULL) {
			key = node;
			continue;
		}
		append_pair(builder, map, key, node);
		key = NULL;
	}
	if (map != NULL && flow)
		trim_unclosed(map);
	else if (map != NULL)
		trim_folded(map);
	return map;
}

/* One node with all that is in it. NULL only without memory. */
static struct node *build_node(
	struct builder *builder, const yaml_event_t *event, unsigned depth)
{
	struct place place = place_of(builder, &event->start_mark, &event->end_mark);
	bool nests = event->type == YAML_SEQUENCE_START_EVENT ||
		     event->type == YAML_MAPPING_START_EVENT;

	if (over_caps(builder, &place, depth)) {
		/* Leave the rest of this source unread: what it holds is not wanted. */
		if (nests || depth > TREE_DEPTH_MAX)
			builder->broken = true;
		return tree_new_node(builder->tree, NODE_BAD, &place);
	}
	if (event->type == YAML_SCALAR_EVENT)
		return build_scalar(builder, event);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return build_list(builder, event, depth);
	if (event->type == YAML_MAPPING_START_EVENT)
		return build_map(builder, event, depth);
	refuse(builder, &place, "YAML aliases (*name) are not supported",
		"write the value out at each place");
	return tree_new_node(builder->tree, NODE_BAD, &place);
}

static void take_top(struct builder *builder, struct node *root, struct node *top)
{
	struct node *next;

	if (top->kind == NODE_BAD || (top->kind == NODE_SCALAR && top->text[0] == '\0'))
		return;
	if (top->kind != NODE_MAP) {
		refuse(builder, &top->place, "a configuration is a map of keys",
			"write 'key: value' lines, beginning with 'site: NAME'");
		return;
	}
	root->incomplete = root->incomplete || top->incomplete;
	for (struct node *child = top->children; child != NULL; child = next) {
		next = child->next;
		child->next = NULL;
		append_pair(builder, root, child->key, child);
	}
}

/* One chunk: a stream with at most one document. */
static void read_chunk(struct builder *builder, struct node *root)
{
	unsigned documents = 0;
	bool end = false;
	yaml_event_t event;

	while (!end && next_event(builder, &event)) {
		struct place place = place_of(builder, &event.start_mark, &event.end_mark);
		struct node *top = NULL;

		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && ++documents == 2) {
			refuse(builder, &place, "a second YAML document begins here",
				"put it into a file of its own under conf.d/");
			end = true;
		}
		if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
			event.type == YAML_SEQUENCE_START_EVENT ||
			event.type == YAML_MAPPING_START_EVENT)
			top = build_node(builder, &event, 0);
		yaml_event_delete(&event);
		if (top != NULL && !end)
			take_top(builder, root, top);
	}
}

static bool begins_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '"' || c == '\'';
}

/* The offset of the first line from `line` on that begins a top-level key, or the length. */
static size_t find_next_key(
	const struct config_source *source, uint32_t line, uint32_t *ret_lines_before)
{
	size_t at = 0;
	uint32_t current = 1;

	while (at < source->length && (current < line || !begins_key(source->text[at]))) {
		const char *newline = memchr(source->text + at, '\n', source->length - at);

		at = newline == NULL ? source->length : (size_t)(newline - source->text) + 1;
		current++;
	}
	*ret_lines_before = current - 1;
	return at;
}

struct node *tree_read(struct tree *tree, const struct config_source *source)
{
	struct place start = { .source = source, .line = 1, .column = 1, .width = 1 };
	struct node *root = tree_new_node(tree, NODE_MAP, &start);
	struct builder builder = { .tree = tree, .source = source };
	/* A byte order mark would count as a column. */
	const char *text = tree_clean(tree, source);
	size_t offset =
		source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	yaml_parser_t parser;

	for (int errors = 0; root != NULL && text != NULL && errors < SYNTAX_ERRORS_MAX;
		errors++) {
		uint32_t line;

		if (yaml_parser_initialize(&parser) == 0)
			return NULL;
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(
			&parser, (const unsigned char *)text + offset, source->length - offset);
		builder.parser = &parser;
		builder.broken = false;
		builder.open = (struct place){ .source = source };
		read_chunk(&builder, root);
		if (builder.broken && !builder.full) {
			root->incomplete = true;
			line = tree_explain(tree, &parser, &builder.open, builder.line_base);
			offset = find_next_key(source, line, &builder.line_base);
		}
		yaml_parser_delete(&parser);
		if (!builder.broken || builder.full || offset >= source->length)
			break;
	}
	return text == NULL ? NULL : root;
}
