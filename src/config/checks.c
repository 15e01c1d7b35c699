/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of checks: `- dns: { ... }` is a map of one key, the kind of check. A group's value may
 * be the list itself. Groups may hold groups; the cap counts all of a service's checks.
 */
#include <string.h>

#include "config/section.h"

static enum config_check_type find_type(const char *key)
{
	for (int type = 0; type < CHECK_TYPE_COUNT; type++)
		if (strcmp(schema_checks[type].key, key) == 0)
			return (enum config_check_type)type;
	return CHECK_TYPE_COUNT;
}

/* Gives the kind that was probably meant, so that the check's own keys are read too. */
static enum config_check_type unknown_type(struct reading *reading, const struct node *key)
{
	const char *meant = schema_closest_check(key->text);

	complain(reading, key, "'%s' is no kind of check", key->text);
	if (meant != NULL)
		hint(reading, "did you mean '%s'?", meant);
	else
		hint(reading, "socket, tcp, http, dns, exec, icmp, or a group: all, any");
	return meant == NULL ? CHECK_TYPE_COUNT : find_type(meant);
}

/* The check's own part: a map, a group's list, or nothing at all. */
static void read_body(
	struct reading *reading, const struct node *node, struct config_check *check)
{
	const struct schema_section *section = schema_checks[check->type].section;
	bool group = section == &schema_group;
	struct node empty = { .kind = NODE_MAP, .place = node->place, .key = node->key };

	section_defaults(reading, section, check);
	if (node->kind == NODE_MAP)
		section_read(reading, section, node, check);
	else if (group && node->kind == NODE_LIST)
		checks_read(reading, &section->fields[0], node, check);
	else if (node->kind == NODE_SCALAR && (node->key == NULL || node_is_void(node)))
		section_read(reading, section, &empty, check);
	else if (node->kind != NODE_BAD)
		complain(reading, node, "'%s' must be %s", schema_checks[check->type].key,
			group ? "a list of checks" : "a group of keys");
}

/* One item of the list: `dns: {...}`, or just `icmp`. False if it was no check. */
static bool read_check(
	struct reading *reading, const struct node *item, struct config_check *check)
{
	const struct node *body = item->kind == NODE_MAP ? item->children : item;
	const struct node *key;

	if (body == NULL || body->kind == NODE_BAD || item->kind == NODE_LIST ||
		node_is_void(item)) {
		if (body == NULL || body->kind != NODE_BAD)
			complain(reading, item, "a check is written as 'kind: { ... }'");
		return false;
	}
	key = body->key != NULL && item->kind == NODE_MAP ? body->key : body;
	check->type = find_type(key->text);
	if (check->type == CHECK_TYPE_COUNT)
		check->type = unknown_type(reading, key);
	if (check->type == CHECK_TYPE_COUNT)
		return false;
	if (item->child_count > 1) {
		complain(reading, item->children->next->key,
			"'%s' is in the same list item as '%s'",
			item->children->next->key->text, key->text);
		hint(reading, "put '- ' before each check, and its keys into { } or further to "
			      "the right");
		return false;
	}
	check->mark = section_mark(reading, &key->place);
	if (said_add(&reading->said, check, key, false) != 0)
		reading->out_of_memory = true;
	read_body(reading, body, check);
	return true;
}

void checks_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	bool list = node->kind == NODE_LIST;
	size_t count = list ? node->child_count : 1;
	const struct node *item = list ? node->children : node;
	struct config_check *checks;
	size_t good = 0;
	bool broken = false;

	if (node->kind == NODE_BAD)
		return;
	if (count == 0 || node_is_void(node)) {
		complain(reading, node_key(node), "'checks' is empty");
		hint(reading, "write at least one check, or leave the key out");
		return;
	}
	reading->check_count += count;
	if (reading->check_count > CONFIG_CHECKS_MAX) {
		complain(reading, node_key(node), "a service may have %d checks at most",
			CONFIG_CHECKS_MAX);
		return;
	}
	checks = arena_take_array(reading->arena, count, sizeof(*checks));
	if (checks == NULL) {
		reading->out_of_memory = true;
		return;
	}
	for (; item != NULL; item = list ? item->next : NULL) {
		struct config_check check = { 0 };

		/* In place, so that what is noted about its fields points to where they stay.
		 */
		checks[good] = check;
		if (read_check(reading, item, &checks[good]))
			good++;
		else
			broken = true;
	}
	memcpy((char *)base + field->offset, &checks, sizeof(checks));
	memcpy((char *)base + field->extra, &good, sizeof(good));
	if (said_add(&reading->said, (char *)base + field->offset, node, broken) != 0)
		reading->out_of_memory = true;
}
