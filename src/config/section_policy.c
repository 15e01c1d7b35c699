/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of rules, and the policies of a neighbour. A rule that only decides may be a word: `-
 * accept`.
 *
 * Invariant: what was noted as said about a name of a choice is the address of the name in the
 * list, as for any other list.
 */
#include "config/section_policy.h"

#include <string.h>

#include "config/config.h"
#include "config/schema_policy.h"
#include "config/value.h"

static void note(
	struct reading *reading, const void *target, const struct node *node, bool broken)
{
	if (said_add(&reading->said, target, node, broken) != 0)
		reading->out_of_memory = true;
}

/* `accept`, `reject` */
static void read_word(
	struct reading *reading, const struct node *item, struct config_rule *rule)
{
	const struct schema_field *then = schema_find(&schema_rule, "then");
	struct error error = { 0 };
	bool good = !node_is_void(item) &&
		    value_parse(then, item->text, reading->arena, &rule->then, &error) == 0;

	note(reading, &rule->then, item, !good);
	if (good)
		return;
	complain(reading, item, "a rule is written as 'match: ..., set: ..., then: ...'");
	hint(reading, "%s",
		error.hint[0] != '\0' ? error.hint : "or as one word: accept, reject");
}

static void read_rule(
	struct reading *reading, const struct node *item, struct config_rule *rule)
{
	section_defaults(reading, &schema_rule, rule);
	rule->mark = section_mark(reading, &item->place);
	note(reading, rule, item, item->kind == NODE_BAD);
	if (item->kind == NODE_MAP)
		section_read(reading, &schema_rule, item, rule);
	else if (item->kind == NODE_SCALAR)
		read_word(reading, item, rule);
	else if (item->kind != NODE_BAD)
		complain(reading, item, "a rule must be a group of keys, not a list");
}

void rules_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	bool list = node->kind == NODE_LIST;
	size_t count = list ? node->child_count : 1, at = 0;
	struct config_rule *rules;

	if (node->kind == NODE_BAD)
		return;
	if (count == 0 || node_is_void(node)) {
		complain(reading, node_key(node), "there are no rules");
		hint(reading, "write at least one: - accept");
		return;
	}
	if (count > (size_t)field->maximum) {
		complain(reading, node_key(node), "%zu rules; at most %lld are allowed", count,
			(long long)field->maximum);
		return;
	}
	rules = arena_take_array(reading->arena, count, sizeof(*rules));
	if (rules == NULL) {
		reading->out_of_memory = true;
		return;
	}
	for (const struct node *item = list ? node->children : node; item != NULL;
		item = list ? item->next : NULL)
		read_rule(reading, item, &rules[at++]);
	memcpy((char *)base + field->offset, &rules, sizeof(rules));
	memcpy((char *)base + field->extra, &at, sizeof(at));
}

static bool read_name(struct reading *reading, const struct schema_field *field,
	const struct node *item, const char **ret_name)
{
	const struct schema_field name = { .key = field->key, .kind = KIND_NAME };
	struct error error = { 0 };

	if (item->kind != NODE_SCALAR || node_is_void(item)) {
		if (item->kind != NODE_BAD)
			complain(reading, item, "'%s' must be %s", field->key,
				schema_kind_name(field->kind));
		return false;
	}
	if (schema_word_find(field->words, item->text) != NULL) {
		complain(reading, item, "'%s' stands alone, not in a list", item->text);
		return false;
	}
	if (value_parse(&name, item->text, reading->arena, ret_name, &error) == 0)
		return true;
	complain(reading, item, "%s", error.text);
	hint(reading, "%s", error.hint);
	return false;
}

void choice_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	bool list = node->kind == NODE_LIST && node->child_count > 0;
	const struct node *item = list ? node->children : node;
	size_t most = list ? node->child_count : 1;
	struct config_choice choice = { .kind = CHOICE_POLICIES };
	const char **names = arena_take_array(reading->arena, most, sizeof(*names));
	const struct schema_word *word = NULL;
	bool broken = false;

	if (names == NULL) {
		reading->out_of_memory = true;
		return;
	}
	if (node->kind == NODE_SCALAR)
		word = schema_word_find(field->words, node->text);
	if (most > (size_t)field->maximum) {
		complain(reading, node_key(node), "%zu policies; at most %lld are allowed",
			most, (long long)field->maximum);
		item = NULL;
		broken = true;
	}
	for (; word == NULL && item != NULL; item = list ? item->next : NULL) {
		if (!read_name(reading, field, item, &names[choice.count])) {
			broken = true;
			continue;
		}
		note(reading, &names[choice.count++], item, false);
	}
	if (word != NULL)
		choice.kind = (enum config_choice_kind)word->value;
	choice.policies = choice.count == 0 ? NULL : names;
	if (word == NULL && choice.count == 0)
		choice.kind = CHOICE_NONE;
	memcpy((char *)base + field->offset, &choice, sizeof(choice));
	note(reading, (char *)base + field->offset, node, broken);
}
