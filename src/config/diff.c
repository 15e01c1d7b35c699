/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two configurations, field by field as the schema lists them: two values are
 * the same if they are printed the same. What a field touches is in its row.
 */
#include "config/diff.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "config/printer.h"
#include "config/schema.h"

#define DETAIL_MAX  400 /* letters that fit on a line, more or less */
#define DETAILS_MAX 128 /* of one change: more than any section has fields */

static const unsigned aspect_of[] = {
	[TOUCHES_GLOBAL] = ASPECT_GLOBAL,
	[TOUCHES_CHECKS] = ASPECT_CHECKS,
	[TOUCHES_ADDRESSES] = ASPECT_ADDRESSES,
	[TOUCHES_ANNOUNCEMENT] = ASPECT_ANNOUNCEMENT,
	[TOUCHES_ATTRIBUTES] = ASPECT_ATTRIBUTES,
	[TOUCHES_TIMING] = ASPECT_TIMING,
	[TOUCHES_SESSION] = ASPECT_SESSION,
	[TOUCHES_ROUTES] = ASPECT_ROUTES,
	[TOUCHES_ENTRIES] = 0,
	[TOUCHES_RESTART] = ASPECT_RESTART,
	[TOUCHES_QUIETLY] = ASPECT_QUIET,
};

static const struct aspect_name {
	enum config_aspect aspect;
	const char *name, *text;
} aspect_names[] = {
	{ ASPECT_CHECKS, "checks", "its checks change" },
	{ ASPECT_ADDRESSES, "addresses", "its addresses change" },
	{ ASPECT_ANNOUNCEMENT, "announcement", "what is announced changes" },
	{ ASPECT_ATTRIBUTES, "attributes", "its routes are dressed otherwise" },
	{ ASPECT_TIMING, "timing", "its timing changes" },
	{ ASPECT_SESSION, "session", "the BGP session is set up anew" },
	{ ASPECT_ROUTES, "routes", "the session stays, routes are sent anew" },
	{ ASPECT_GLOBAL, "global", "taken over at once" },
	{ ASPECT_RESTART, "restart", "taken over by a restart only" },
	{ ASPECT_QUIET, "quiet", "nothing else happens" },
};

#define ASPECT_NAMES (sizeof(aspect_names) / sizeof(aspect_names[0]))

/* The details of one change while they are found. */
struct finding {
	struct arena *arena;
	struct config_detail *details;
	size_t count;
	unsigned aspects;
	bool out_of_memory;
};

static void compare_field(struct finding *finding, const struct schema_field *field,
	const char *path, const void *old, const void *new)
{
	struct text texts[2] = { { 0 }, { 0 } };
	const void *bases[] = { old, new };
	bool equal;

	for (int i = 0; i < 2; i++)
		printer_field(field, bases[i], true, &texts[i]);
	equal = strcmp(text_string(&texts[0]), text_string(&texts[1])) == 0;
	if (!equal && finding->count < DETAILS_MAX) {
		struct config_detail *detail = &finding->details[finding->count++];

		for (int i = 0; i < 2; i++) {
			text_reset(&texts[i]);
			printer_field(field, bases[i], false, &texts[i]);
		}
		detail->path = arena_format(finding->arena, "%s%s", path, field->key);
		detail->old_text = arena_string(finding->arena, text_string(&texts[0]));
		detail->new_text = arena_string(finding->arena, text_string(&texts[1]));
		finding->aspects |= aspect_of[field->touches];
		finding->out_of_memory = finding->out_of_memory || detail->path == NULL ||
					 detail->old_text == NULL || detail->new_text == NULL;
	}
	finding->out_of_memory = finding->out_of_memory || texts[0].failed || texts[1].failed;
	text_clear(&texts[0]);
	text_clear(&texts[1]);
}

static void compare_section(struct finding *finding, const struct schema_section *section,
	const char *path, const char *old, const char *new)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;
	char inner[64];

	while ((field = schema_next(&walk)) != NULL) {
		/* Services and neighbours are compared one by one elsewhere. */
		if (field->kind == KIND_MAP && field->touches == TOUCHES_ENTRIES)
			continue;
		if (field->kind != KIND_SECTION) {
			compare_field(finding, field, path, old, new);
			continue;
		}
		snprintf(inner, sizeof(inner), "%s%s.", path, field->key);
		compare_section(finding, field->section, inner, old + field->offset,
			new + field->offset);
	}
}

/* Adds a change if the two structs differ. 0 or ERROR_MEMORY. */
static int compare(struct config_changes *changes, struct config_change change,
	const struct schema_section *section, const void *old, const void *new)
{
	struct finding finding = { .arena = &changes->arena };

	finding.details =
		arena_take_array(&changes->arena, DETAILS_MAX, sizeof(*finding.details));
	if (finding.details == NULL)
		return ERROR_MEMORY;
	compare_section(&finding, section, "", old, new);
	if (finding.out_of_memory)
		return ERROR_MEMORY;
	if (finding.count == 0)
		return 0;
	change.kind = CHANGE_CHANGED;
	change.aspects = finding.aspects;
	change.details = finding.details;
	change.detail_count = finding.count;
	changes->items[changes->count++] = change;
	return 0;
}

/* The entry of that name in a map of the root; NULL if there is none. */
static const char *find_entry(
	const struct schema_field *map, const struct config *config, const char *name)
{
	const char *items, *its_name;
	size_t count;

	memcpy(&items, (const char *)config + map->offset, sizeof(items));
	memcpy(&count, (const char *)config + map->extra, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		memcpy(&its_name, items + i * map->size, sizeof(its_name));
		if (strcmp(its_name, name) == 0)
			return items + i * map->size;
	}
	return NULL;
}

/* Entries of from that other lacks, as changes of that kind; or those of both, compared. */
static int diff_entries(struct config_changes *changes, const struct schema_field *map,
	enum config_change_kind kind, const struct config *from, const struct config *other)
{
	const char *items, *name;
	size_t count;

	memcpy(&items, (const char *)from + map->offset, sizeof(items));
	memcpy(&count, (const char *)from + map->extra, sizeof(count));
	for (size_t i = 0; i < count; i++) {
		const char *entry = items + i * map->size, *twin;
		struct config_change change = { .kind = kind, .subject = SUBJECT_POLICY };

		memcpy(&name, entry, sizeof(name));
		twin = find_entry(map, other, name);
		if ((twin == NULL) != (kind != CHANGE_CHANGED))
			continue;
		change.name = arena_format(&changes->arena, "%s.%s", map->key, name);
		if (change.name == NULL)
			return ERROR_MEMORY;
		if (kind != CHANGE_CHANGED)
			changes->items[changes->count++] = change;
		else if (compare(changes, change, map->section, entry, twin) != 0)
			return ERROR_MEMORY;
	}
	return 0;
}

static int diff_policies(
	struct config_changes *changes, const struct config *old, const struct config *new)
{
	int result = 0;

	for (const struct schema_field *map = schema_root.fields;
		map->key != NULL && result == 0; map++) {
		if (map->kind != KIND_MAP || !map->section->whole)
			continue;
		result = diff_entries(changes, map, CHANGE_REMOVED, old, new);
		if (result == 0)
			result = diff_entries(changes, map, CHANGE_CHANGED, old, new);
		if (result == 0)
			result = diff_entries(changes, map, CHANGE_ADDED, new, old);
	}
	return result;
}

static size_t count_policies(const struct config *config)
{
	return config->prefix_set_count + config->as_set_count + config->path_set_count +
	       config->community_set_count + config->policy_count;
}

static int diff_services(
	struct config_changes *changes, const struct config *old, const struct config *new)
{
	for (size_t i = 0; i < old->service_count; i++) {
		const struct config_service *service = &old->services[i];

		if (config_service_find(new, service->name) == NULL)
			changes->items[changes->count++] = (struct config_change){
				.kind = CHANGE_REMOVED,
				.subject = SUBJECT_SERVICE,
				.name = service->name,
				.old_service = service,
			};
	}
	for (size_t i = 0; i < new->service_count; i++) {
		struct config_change change = {
			.subject = SUBJECT_SERVICE,
			.name = new->services[i].name,
			.new_service = &new->services[i],
		};

		change.old_service = config_service_find(old, change.name);
		if (change.old_service != NULL &&
			compare(changes, change, &schema_service, change.old_service,
				change.new_service) != 0)
			return ERROR_MEMORY;
	}
	for (size_t i = 0; i < new->service_count; i++) {
		const struct config_service *service = &new->services[i];

		if (config_service_find(old, service->name) == NULL)
			changes->items[changes->count++] = (struct config_change){
				.kind = CHANGE_ADDED,
				.subject = SUBJECT_SERVICE,
				.name = service->name,
				.new_service = service,
			};
	}
	return 0;
}

static int diff_neighbors(
	struct config_changes *changes, const struct config *old, const struct config *new)
{
	for (size_t i = 0; i < old->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &old->neighbors[i];

		if (config_neighbor_find(new, neighbor->name) == NULL)
			changes->items[changes->count++] = (struct config_change){
				.kind = CHANGE_REMOVED,
				.subject = SUBJECT_NEIGHBOR,
				.name = neighbor->name,
				.old_neighbor = neighbor,
			};
	}
	for (size_t i = 0; i < new->neighbor_count; i++) {
		struct config_change change = {
			.subject = SUBJECT_NEIGHBOR,
			.name = new->neighbors[i].name,
			.new_neighbor = &new->neighbors[i],
		};

		change.old_neighbor = config_neighbor_find(old, change.name);
		if (change.old_neighbor != NULL &&
			compare(changes, change, &schema_neighbor, change.old_neighbor,
				change.new_neighbor) != 0)
			return ERROR_MEMORY;
	}
	for (size_t i = 0; i < new->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &new->neighbors[i];

		if (config_neighbor_find(old, neighbor->name) == NULL)
			changes->items[changes->count++] = (struct config_change){
				.kind = CHANGE_ADDED,
				.subject = SUBJECT_NEIGHBOR,
				.name = neighbor->name,
				.new_neighbor = neighbor,
			};
	}
	return 0;
}

int config_diff(
	const struct config *old, const struct config *new, struct config_changes *ret_changes)
{
	size_t most = 1 + old->service_count + new->service_count + old->neighbor_count +
		      new->neighbor_count + count_policies(old) + count_policies(new);
	struct config_changes changes = { 0 };
	struct config_change whole = { .subject = SUBJECT_GLOBAL, .name = "" };
	int result = ERROR_MEMORY;

	changes.items = arena_take_array(&changes.arena, most, sizeof(*changes.items));
	if (changes.items != NULL && compare(&changes, whole, &schema_root, old, new) == 0 &&
		diff_policies(&changes, old, new) == 0 &&
		diff_services(&changes, old, new) == 0 &&
		diff_neighbors(&changes, old, new) == 0)
		result = 0;
	if (result != 0)
		config_changes_clear(&changes);
	*ret_changes = changes;
	return result;
}

void config_changes_clear(struct config_changes *changes)
{
	arena_clear(&changes->arena);
	*changes = (struct config_changes){ 0 };
}

static bool is_announced(const struct config *config, const struct prefix *prefix)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		for (size_t j = 0; !service->maintenance && j < service->announce_count; j++)
			if (prefix_equal(&service->announce[j], prefix))
				return true;
	}
	return false;
}

size_t config_withdrawals(
	const struct config *old, const struct config *new, struct text *names)
{
	size_t count = 0;

	for (size_t i = 0; i < old->service_count; i++) {
		const struct config_service *service = &old->services[i];
		bool loses = false;

		for (size_t j = 0; !service->maintenance && j < service->announce_count; j++)
			loses = loses || !is_announced(new, &service->announce[j]);
		if (loses && names != NULL)
			text_print(names, "%s%s", count == 0 ? "" : ", ", service->name);
		count += loses;
	}
	return count;
}

const char *config_aspect_name(enum config_aspect aspect)
{
	for (size_t i = 0; i < ASPECT_NAMES; i++)
		if (aspect_names[i].aspect == aspect)
			return aspect_names[i].name;
	return "unknown";
}

static void print_detail(const struct config_detail *detail, struct text *out)
{
	bool long_list = strlen(detail->old_text) + strlen(detail->new_text) > DETAIL_MAX;

	if (long_list || strchr(detail->old_text, '\n') != NULL ||
		strchr(detail->new_text, '\n') != NULL) {
		text_print(out, "    %s\n", detail->path);
		return;
	}
	text_print(out, "    %s: %s -> %s\n", detail->path,
		detail->old_text[0] == '\0' ? "(not set)" : detail->old_text,
		detail->new_text[0] == '\0' ? "(not set)" : detail->new_text);
}

static void print_change(const struct config_change *change, struct text *out)
{
	static const char signs[] = { '+', '-', '~' };
	static const char *const subjects[] = { "settings", "service ", "neighbor ", "" };
	const char *before = ": ";

	text_print(
		out, "%c %s%s", signs[change->kind], subjects[change->subject], change->name);
	for (size_t i = 0; i < ASPECT_NAMES; i++) {
		if ((change->aspects & aspect_names[i].aspect) == 0)
			continue;
		text_print(out, "%s%s", before, aspect_names[i].text);
		before = "; ";
	}
	text_add(out, "\n");
	for (size_t i = 0; i < change->detail_count; i++)
		print_detail(&change->details[i], out);
}

void config_changes_print(const struct config_changes *changes, struct text *out)
{
	for (size_t i = 0; i < changes->count; i++)
		print_change(&changes->items[i], out);
}
