/* SPDX-License-Identifier: Apache-2.0 */
/* Reading measured catchments: folders and JSON to observations. */
#include "cli/plan_measured.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "os/packed_file.h"
#include "plan/lines.h"

#define JSON_BYTES_MAX (256u << 20)

/* Where the testbed's sites stand that are not named after a city. */
static const struct {
	const char *name;
	struct plan_place place;
} places[] = {
	{ "clemson", { 34.68F, -82.84F } },
	{ "cornell", { 42.45F, -76.48F } },
	{ "gatech", { 33.78F, -84.40F } },
	{ "grnet", { 37.98F, 23.73F } },
	{ "isi", { 33.98F, -118.44F } },
	{ "neu", { 42.34F, -71.09F } },
	{ "ufmg", { -19.87F, -43.97F } },
	{ "ufms", { -20.50F, -54.61F } },
	{ "utah", { 40.76F, -111.84F } },
	{ "uw", { 47.65F, -122.31F } },
	{ "wisc", { 43.07F, -89.41F } },
};

static void find_place(struct measured_site *site)
{
	char word[sizeof(site->name)];
	const struct plan_city *city;

	memcpy(word, site->name, sizeof(word));
	word[strcspn(word, "0123456789")] = '\0';
	city = plan_city_find(word);
	if (city != NULL)
		site->place = city->place;
	site->placed = city != NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !site->placed; i++)
		if (strcmp(places[i].name, word) == 0) {
			site->place = places[i].place;
			site->placed = true;
		}
}

/* A site by name, made if it is not there; -1 if there is no room or its name is too long. */
static int site_index(struct measured *m, const char *name, size_t length)
{
	struct measured_site *site;

	for (size_t i = 0; i < m->site_count; i++)
		if (strlen(m->sites[i].name) == length &&
			memcmp(m->sites[i].name, name, length) == 0)
			return (int)i;
	if (m->site_count == PLAN_PREFERENCE_SITES_MAX || length >= sizeof(site->name))
		return -1;
	site = &m->sites[m->site_count++];
	memcpy(site->name, name, length);
	site->name[length] = '\0';
	find_place(site);
	return (int)m->site_count - 1;
}

/* ---- JSON that may be packed ---- */

static int read_text(const char *path, struct text *text, struct error *error)
{
	struct packed_file *file;
	char buffer[65536];
	ssize_t got;
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result;
	while ((got = packed_file_read(file, buffer, sizeof(buffer), error)) > 0) {
		text_add_bytes(text, buffer, (size_t)got);
		if (text->failed || text->length > JSON_BYTES_MAX) {
			got = error_set(error, ERROR_FULL, "%s is too long", path);
			break;
		}
	}
	packed_file_close(file);
	return (int)got;
}

/* NULL with *ret_result 0: there is no such file, packed or not. */
static json_t *read_json(
	const char *folder, const char *name, int *ret_result, struct error *error)
{
	static const char *const ends[] = { "", ".xz", ".gz", ".bz2" };
	struct text text = { 0 };
	json_error_t why;
	json_t *json = NULL;
	char path[1024];

	*ret_result = ERROR_NOT_FOUND;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && *ret_result == ERROR_NOT_FOUND;
		i++) {
		snprintf(path, sizeof(path), "%s/%s%s", folder, name, ends[i]);
		*ret_result = read_text(path, &text, error);
	}
	if (*ret_result == 0) {
		json = json_loadb(text_string(&text), text.length, 0, &why);
		if (json == NULL) {
			snprintf(error->file, sizeof(error->file), "%s", path);
			error->line = (uint32_t)why.line;
			error->column = (uint32_t)why.column;
			*ret_result =
				error_set(error, ERROR_MALFORMED, "no JSON: %s", why.text);
		}
	}
	text_clear(&text);
	if (*ret_result == ERROR_NOT_FOUND)
		*ret_result = 0;
	return json;
}

/* ---- Pairs ---- */

/* The site that a value names, alone; -1 if it names none, another one, or several. */
static int site_of(
	const struct measured *m, const struct measured_pair *pair, const json_t *value)
{
	int found = -1;
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(
			json_is_array(value) ? json_array_get(value, i) : value);
		int site = name == NULL                                ? -1
			   : strcmp(name, m->sites[pair->a].name) == 0 ? pair->a
			   : strcmp(name, m->sites[pair->b].name) == 0 ? pair->b
								       : -1;

		if (site >= 0 && found >= 0 && site != found)
			return -1;
		found = site >= 0 ? site : found;
	}
	return found;
}

static int add_observations(
	struct measured *m, struct measured_pair *pair, json_t *all, struct error *error)
{
	const char *key;
	json_t *value;
	int result = 0;

	json_object_foreach(all, key, value)
	{
		int site = site_of(m, pair, value);
		struct plan_observation o = { .source = (uint16_t)m->pair_count };

		if (site < 0 || !plan_parse_asn(key, &o.asn))
			continue;
		o.winner = (uint8_t)site;
		o.loser = site == pair->a ? pair->b : pair->a;
		result = plan_preferences_add(&m->observations, &o, error);
		if (result != 0)
			break;
		pair->count++;
	}
	return result;
}

/* What collectors saw when each site of the pair announced alone. */
static int read_paths(const struct measured *m, const char *folder,
	const struct measured_pair *pair, struct measured_paths *paths, struct error *error)
{
	const uint8_t sites[] = { pair->a, pair->b };
	char path[1024];
	int result = 0;

	for (size_t i = 0; i < 2 && result == 0; i++) {
		snprintf(path, sizeof(path), "%s/%s_bgpstream_paths.csv", folder,
			m->sites[sites[i]].name);
		result = measured_paths_read(paths, path, sites[i], error);
	}
	return result;
}

/* Measurements of all kinds in one object: later kinds only add ASes. */
static int read_pair(
	struct measured *m, const char *folder, struct measured_pair *pair, struct error *error)
{
	static const char *const names[] = { "dp_pings_est_as_to_mux_catchment.json",
		"dp_trace_est_ra_as_to_mux_catchment.json",
		"cp_bgpstream_est_mon_as_to_mux_catchment.json" };
	json_t *all = json_object();
	int result = all == NULL ? error_set(error, ERROR_MEMORY, "no memory") : 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
		json_t *some = read_json(folder, names[i], &result, error), *value;
		const char *key;

		json_object_foreach(some, key, value)
		{
			if (site_of(m, pair, json_object_get(all, key)) < 0)
				json_object_set(all, key, value);
		}
		json_decref(some);
	}
	pair->first = m->observations.count;
	if (result == 0)
		result = add_observations(m, pair, all, error);
	json_decref(all);
	return result;
}

/* "10_amsterdam01_uw01" */
static bool parse_pair(struct measured *m, const char *name, struct measured_pair *pair)
{
	size_t digits = strspn(name, "0123456789");
	const char *first = name + digits + 1, *second;
	int a, b;

	if (digits == 0 || name[digits] != '_')
		return false;
	second = strchr(first, '_');
	if (second == NULL || second == first || second[1] == '\0' ||
		strchr(second + 1, '_') != NULL)
		return false;
	a = site_index(m, first, (size_t)(second - first));
	b = site_index(m, second + 1, strlen(second + 1));
	*pair = (struct measured_pair){ .a = (uint8_t)a, .b = (uint8_t)b };
	return a >= 0 && b >= 0 && a != b;
}

static int read_pairs(struct measured *m, const char *folder, struct dirent **entries,
	int count, struct error *error)
{
	struct measured_paths paths = { 0 };
	int result = 0;

	for (int i = 0; i < count && result == 0; i++) {
		struct measured_pair pair;
		char path[1024];

		if (m->pair_count == MEASURED_PAIRS_MAX ||
			!parse_pair(m, entries[i]->d_name, &pair))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		result = read_pair(m, path, &pair, error);
		if (result == 0)
			result = read_paths(m, path, &pair, &paths, error);
		if (result == 0 && pair.count > 0)
			m->pairs[m->pair_count++] = pair;
	}
	measured_paths_average(&paths, m);
	free(paths.items);
	if (result == 0 && m->pair_count == 0)
		return error_set(error, ERROR_NOT_FOUND,
			"%s has no measured pairs (folders such as 10_amsterdam01_uw01)",
			folder);
	return result;
}

/* ---- Sessions ---- */

static bool said_true(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && strcmp(text, "True") == 0;
}

static void add_session(struct measured *m, const json_t *session)
{
	const char *mux = json_string_value(json_object_get(session, "BGP Mux"));
	const char *version = json_string_value(json_object_get(session, "IP version"));
	json_int_t asn = json_integer_value(json_object_get(session, "Peer ASN"));
	struct measured_session s = { .transit = said_true(session, "Transit") };
	int site = mux == NULL ? -1 : site_index(m, mux, strlen(mux));

	if (site < 0 || version == NULL || strcmp(version, "IPv4") != 0 || asn <= 0 ||
		asn > UINT32_MAX || said_true(session, "Route Server"))
		return;
	s.asn = (uint32_t)asn;
	s.site = (uint8_t)site;
	for (size_t i = 0; i < m->session_count; i++)
		if (m->sessions[i].asn == s.asn && m->sessions[i].site == s.site) {
			m->sessions[i].transit |= s.transit;
			return;
		}
	m->sessions[m->session_count++] = s;
}

static int read_sessions(struct measured *m, const char *folder, struct error *error)
{
	int result;
	json_t *list = read_json(folder, "peers.json", &result, error), *session;
	size_t i;

	if (result != 0 || list == NULL)
		return result;
	m->sessions = calloc(json_array_size(list) + 1, sizeof(*m->sessions));
	if (m->sessions == NULL)
		result = error_set(error, ERROR_MEMORY, "no memory for sessions");
	json_array_foreach(list, i, session)
	{
		if (result == 0)
			add_session(m, session);
	}
	json_decref(list);
	return result;
}

int measured_read(const char *folder, struct measured *ret_measured, struct error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort), result;

	if (count < 0)
		return errno == ENOENT ? error_set(error, ERROR_NOT_FOUND,
						 "there is no folder %s", folder)
				       : error_system(error, errno, "cannot read %s", folder);
	result = read_pairs(ret_measured, folder, entries, count, error);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return result == 0 ? read_sessions(ret_measured, folder, error) : result;
}

void measured_clear(struct measured *measured)
{
	free(measured->sessions);
	plan_preferences_clear(&measured->observations);
}
