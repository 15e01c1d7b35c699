/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far announcements of single sites travel, from AS paths of route collectors.
 *
 * Invariants:
 *  1. Every observer counts alike for every site, however many paths it gave.
 *  2. An observer that sees no path to a site counts as LONGEST: few see a weak site.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/plan_measured.h"
#include "os/packed_file.h"
#include "plan/lines.h"

#define LONGEST   20.0
#define PATHS_MAX 5000000u
#define HOPS_MAX  256

/* Hops before the first place of the last number of "1,2,{3},4,3,4"; -1: no such path. */
static int count_hops(const char *path)
{
	unsigned long hops[HOPS_MAX];
	size_t count = 0, first = 0;

	for (const char *at = path; *at != '\0';) {
		char *end;

		at += strspn(at, "{} ,");
		if (*at == '\0')
			break;
		if (*at < '0' || *at > '9' || count == HOPS_MAX)
			return -1;
		hops[count++] = strtoul(at, &end, 10);
		at = end;
	}
	while (first < count && hops[first] != hops[count - 1])
		first++;
	return count == 0 ? -1 : (int)first;
}

static int keep(struct measured_paths *paths, const struct measured_path *path)
{
	if (paths->count == paths->room) {
		size_t room = paths->room == 0 ? 4096 : paths->room * 2;
		struct measured_path *grown =
			room > PATHS_MAX ? NULL : realloc(paths->items, room * sizeof(*grown));

		if (grown == NULL)
			return ERROR_MEMORY;
		paths->items = grown;
		paths->room = room;
	}
	paths->items[paths->count++] = *path;
	return 0;
}

static int take_path(struct measured_paths *paths, struct plan_lines *lines, uint8_t site,
	struct error *error)
{
	char *observer = strchr(lines->text, '\t'),
	     *hops = observer == NULL ? NULL : strchr(observer + 1, '\t');
	struct measured_path path = { .site = site };
	int count;

	if (hops == NULL)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "not a collector, an AS and a path");
	*hops++ = '\0';
	count = count_hops(hops);
	if (!plan_parse_asn(observer + 1, &path.observer) || count < 0)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "not an AS and a path of ASes");
	path.hops = (uint16_t)count;
	return keep(paths, &path) == 0
		       ? 0
		       : plan_lines_error(lines, error, ERROR_MEMORY, "no memory for paths");
}

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

int measured_paths_read(
	struct measured_paths *paths, const char *path, uint8_t site, struct error *error)
{
	struct packed_file *file;
	struct plan_source source = { read_packed, NULL, path };
	struct plan_lines *lines;
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result == ERROR_NOT_FOUND ? 0 : result;
	lines = calloc(1, sizeof(*lines));
	if (lines == NULL) {
		packed_file_close(file);
		return error_set(error, ERROR_MEMORY, "no memory for paths");
	}
	source.context = file;
	lines->source = &source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		result = take_path(paths, lines, site, error);
		if (result != 0)
			break;
	}
	free(lines);
	packed_file_close(file);
	return result;
}

static int by_observer(const void *a, const void *b)
{
	const struct measured_path *left = a, *right = b;

	if (left->observer != right->observer)
		return left->observer < right->observer ? -1 : 1;
	return left->site - right->site;
}

void measured_paths_average(struct measured_paths *paths, struct measured *m)
{
	size_t observers = 0, seen[PLAN_PREFERENCE_SITES_MAX] = { 0 };
	double sums[PLAN_PREFERENCE_SITES_MAX] = { 0 };

	if (paths->count > 1)
		qsort(paths->items, paths->count, sizeof(*paths->items), by_observer);
	for (size_t i = 0, next; i < paths->count; i = next) {
		const struct measured_path *path = &paths->items[i];
		double hops = 0;

		observers += i == 0 || path->observer != path[-1].observer;
		for (next = i;
			next < paths->count && by_observer(path, &paths->items[next]) == 0;
			next++)
			hops += paths->items[next].hops;
		sums[path->site] += hops / (double)(next - i);
		seen[path->site]++;
	}
	m->lengths_known = observers > 0;
	for (size_t pair = 0; pair < m->pair_count; pair++)
		m->lengths_known = m->lengths_known && seen[m->pairs[pair].a] > 0 &&
				   seen[m->pairs[pair].b] > 0;
	for (size_t s = 0; s < m->site_count && m->lengths_known; s++)
		m->lengths[s] =
			(sums[s] + LONGEST * (double)(observers - seen[s])) / (double)observers;
}
