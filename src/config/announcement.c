/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration would announce: every prefix of every service to every neighbour that
 * takes it. For check-config and for reload --dry-run.
 */
#include "config/announcement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config/value.h"

static bool is_internal(const struct config_neighbor *neighbor)
{
	return neighbor->asn == neighbor->local_asn;
}

static bool is_for(const struct config_service *service, const struct config_neighbor *neighbor)
{
	bool named = service->neighbor_count == 0;

	for (size_t i = 0; i < service->neighbor_count; i++)
		named = named || strcmp(service->neighbors[i], neighbor->name) == 0;
	return named && !service->maintenance && !neighbor->shutdown;
}

static bool takes(const struct config_neighbor *neighbor, const struct prefix *prefix)
{
	bool four = prefix->address.family == FAMILY_IPV4;

	return (neighbor->families & (four ? CONFIG_FAMILY_IPV4 : CONFIG_FAMILY_IPV6)) != 0;
}

/* Two arrays one after the other; NULL if both are empty or there is no memory. */
static void *join(struct arena *arena, size_t size, const void *a, size_t a_count,
	const void *b, size_t b_count)
{
	char *both = a_count + b_count == 0 ? NULL
					    : arena_take_array(arena, a_count + b_count, size);

	if (both == NULL)
		return NULL;
	if (a_count > 0)
		memcpy(both, a, a_count * size);
	if (b_count > 0)
		memcpy(both + a_count * size, b, b_count * size);
	return both;
}

static int join_communities(struct arena *arena, const struct config_communities *a,
	const struct config_communities *b, struct config_communities *ret)
{
	ret->standard_count = a->standard_count + b->standard_count;
	ret->large_count = a->large_count + b->large_count;
	ret->extended_count = a->extended_count + b->extended_count;
	ret->standard = join(arena, sizeof(*a->standard), a->standard, a->standard_count,
		b->standard, b->standard_count);
	ret->large = join(
		arena, sizeof(*a->large), a->large, a->large_count, b->large, b->large_count);
	ret->extended = join(arena, sizeof(*a->extended), a->extended, a->extended_count,
		b->extended, b->extended_count);
	if ((ret->standard_count > 0 && ret->standard == NULL) ||
		(ret->large_count > 0 && ret->large == NULL) ||
		(ret->extended_count > 0 && ret->extended == NULL))
		return ERROR_MEMORY;
	return 0;
}

static int dress(struct arena *arena, const struct config_service *service,
	const struct config_neighbor *neighbor, struct config_attributes *ret)
{
	const struct config_attributes *up = &service->up, *export = &neighbor->export;
	bool internal = is_internal(neighbor);
	const struct config_attributes *pref = export->has_local_pref ? export : up;

	*ret = (struct config_attributes){
		.prepend = internal ? 0 : up->prepend + export->prepend,
		.has_med = !internal || up->has_med || export->has_med,
		.med = export->has_med ? export->med : up->med,
		.has_local_pref = internal && pref->has_local_pref,
		.local_pref = internal ? pref->local_pref : 0,
	};
	return join_communities(
		arena, &up->communities, &export->communities, &ret->communities);
}

static size_t count_most(const struct config *config)
{
	size_t prefixes = 0;

	for (size_t i = 0; i < config->service_count; i++)
		prefixes += config->services[i].announce_count;
	return prefixes * config->neighbor_count;
}

static int by_prefix(const void *a, const void *b)
{
	const struct announcement *first = a, *second = b;

	return prefix_compare(&first->prefix, &second->prefix);
}

static int add_service(struct announcements *all, const struct config_neighbor *neighbor,
	const struct config_service *service)
{
	struct config_attributes attributes;

	if (dress(&all->arena, service, neighbor, &attributes) != 0)
		return ERROR_MEMORY;
	for (size_t i = 0; i < service->announce_count; i++) {
		if (!takes(neighbor, &service->announce[i]))
			continue;
		all->items[all->count++] = (struct announcement){
			.neighbor = neighbor,
			.service = service,
			.prefix = service->announce[i],
			.attributes = attributes,
		};
	}
	return 0;
}

int announcements_of(const struct config *config, struct announcements *ret_announcements)
{
	struct announcements all = { 0 };
	size_t most = count_most(config);
	int result = 0;

	*ret_announcements = all;
	if (most > ANNOUNCEMENTS_MAX)
		return ERROR_FULL;
	all.items = arena_take_array(&all.arena, most, sizeof(*all.items));
	if (all.items == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < config->neighbor_count && result == 0; i++) {
		const struct config_neighbor *neighbor = &config->neighbors[i];
		size_t first = all.count;

		for (size_t j = 0; j < config->service_count && result == 0; j++)
			if (is_for(&config->services[j], neighbor))
				result = add_service(&all, neighbor, &config->services[j]);
		qsort(all.items + first, all.count - first, sizeof(*all.items), by_prefix);
	}
	if (result != 0)
		announcements_clear(&all);
	*ret_announcements = all;
	return result;
}

void announcements_clear(struct announcements *announcements)
{
	arena_clear(&announcements->arena);
	*announcements = (struct announcements){ 0 };
}

static void print_communities(const struct config_communities *all, struct text *out)
{
	struct community one = { .kind = COMMUNITY_STANDARD };

	if (all->standard_count + all->large_count + all->extended_count > 0)
		text_add(out, ", communities");
	for (size_t i = 0; i < all->standard_count; i++) {
		one.standard = all->standard[i];
		text_add(out, " ");
		community_format(&one, out);
	}
	one.kind = COMMUNITY_LARGE;
	for (size_t i = 0; i < all->large_count; i++) {
		one.large = all->large[i];
		text_add(out, " ");
		community_format(&one, out);
	}
	one.kind = COMMUNITY_EXTENDED;
	for (size_t i = 0; i < all->extended_count; i++) {
		one.extended = all->extended[i];
		text_add(out, " ");
		community_format(&one, out);
	}
}

void announcement_print_attributes(const struct announcement *announcement, struct text *out)
{
	const struct config_neighbor *neighbor = announcement->neighbor;
	const struct config_attributes *attributes = &announcement->attributes;

	if (is_internal(neighbor)) {
		text_add(out, "path empty");
	} else {
		text_add(out, "path");
		for (unsigned i = 0; i <= attributes->prepend; i++)
			text_print(out, " %" PRIu32, neighbor->local_asn);
	}
	if (attributes->has_med)
		text_print(out, ", med %" PRIu32, attributes->med);
	if (attributes->has_local_pref)
		text_print(out, ", local-pref %" PRIu32, attributes->local_pref);
	print_communities(&attributes->communities, out);
}

void announcements_print(const struct announcements *announcements, struct text *out)
{
	const struct config_neighbor *last = NULL;
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < announcements->count; i++) {
		const struct announcement *item = &announcements->items[i];

		if (item->neighbor != last)
			text_print(out, "to %s (%s, AS %" PRIu32 "):\n", item->neighbor->name,
				address_format(&item->neighbor->address, text),
				item->neighbor->asn);
		last = item->neighbor;
		text_print(out, "  %-20s %s, ", prefix_format(&item->prefix, text),
			item->service->name);
		announcement_print_attributes(item, out);
		text_add(out, "\n");
	}
}

/* The announcements to one neighbour: they are in one piece, sorted by prefix. */
struct group {
	const struct config_neighbor *neighbor; /* whose name was looked for */
	const struct announcement *items;
	size_t count;
};

/* Looks for the group of this neighbour's name, unless it is the one already. */
static void find_group(const struct announcements *all, const struct config_neighbor *neighbor,
	struct group *group)
{
	size_t first = 0, end;

	if (group->neighbor == neighbor)
		return;
	while (first < all->count &&
		strcmp(all->items[first].neighbor->name, neighbor->name) != 0)
		first++;
	for (end = first;
		end < all->count && all->items[end].neighbor == all->items[first].neighbor;)
		end++;
	*group = (struct group){ neighbor, all->items + first, end - first };
}

static const struct announcement *find(const struct group *group, const struct prefix *prefix)
{
	struct announcement key = { .prefix = *prefix };

	if (group->count == 0)
		return NULL;
	return bsearch(&key, group->items, group->count, sizeof(key), by_prefix);
}

static bool same(const struct announcement *a, const struct announcement *b)
{
	struct text texts[2] = { { 0 }, { 0 } };
	bool equal;

	announcement_print_attributes(a, &texts[0]);
	announcement_print_attributes(b, &texts[1]);
	equal = strcmp(text_string(&texts[0]), text_string(&texts[1])) == 0 &&
		strcmp(a->service->name, b->service->name) == 0;
	text_clear(&texts[0]);
	text_clear(&texts[1]);
	return equal;
}

void announcements_compare(const struct announcements *old, const struct announcements *new,
	announcement_sink *sink, void *context)
{
	struct group group = { 0 };

	for (size_t i = 0; i < old->count; i++) {
		const struct announcement *item = &old->items[i], *now;

		find_group(new, item->neighbor, &group);
		now = find(&group, &item->prefix);
		if (now == NULL)
			sink(context, ANNOUNCEMENT_WITHDRAWN, item, NULL);
		else if (!same(item, now))
			sink(context, ANNOUNCEMENT_CHANGED, item, now);
	}
	group = (struct group){ 0 };
	for (size_t i = 0; i < new->count; i++) {
		find_group(old, new->items[i].neighbor, &group);
		if (find(&group, &new->items[i].prefix) == NULL)
			sink(context, ANNOUNCEMENT_NEW, NULL, &new->items[i]);
	}
}
