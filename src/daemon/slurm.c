/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SLURM files.
 *
 *     { "slurmVersion": 1,
 *       "validationOutputFilters": { "prefixFilters": [...], "bgpsecFilters": [...] },
 *       "locallyAddedAssertions": { "prefixAssertions": [...], "bgpsecAssertions": [...] } }
 *
 * Version 2 adds aspaFilters and aspaAssertions to the two.
 *
 * Invariants:
 *  1. Every member is known and has its type, or the file is refused as a whole.
 *  2. Which entry is wrong is said.
 *
 * RFC 8416 section 3; draft-ietf-sidrops-aspa-slurm section 3.
 */
#include "daemon/slurm.h"

#include <jansson.h>
#include <string.h>

struct member {
	const char *name; /* NULL ends */
	json_type type;
	bool required;
};

struct reading {
	struct slurm *slurm;
	struct error *error;
	const char *list; /* that is being read */
	size_t index;     /* in it */
};

static int wrong(struct reading *reading, const char *what)
{
	if (reading->list == NULL)
		return error_set(reading->error, ERROR_MALFORMED, "%s", what);
	return error_set(reading->error, ERROR_MALFORMED, "%s, entry %zu: %s", reading->list,
		reading->index + 1, what);
}

static bool has_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

/* Only these members, of these types, none missing. */
static int members_check(struct reading *reading, json_t *object, const struct member *members)
{
	char what[160];
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return wrong(reading, "this is not an object");
	json_object_foreach(object, key, value)
	{
		const struct member *m = members;

		while (m->name != NULL && strcmp(m->name, key) != 0)
			m++;
		if (m->name != NULL && has_type(value, m->type))
			continue;
		snprintf(what, sizeof(what), "the member '%.80s' %s", key,
			m->name == NULL ? "is not known" : "is of a wrong type");
		return wrong(reading, what);
	}
	for (const struct member *m = members; m->name != NULL; m++)
		if (m->required && json_object_get(object, m->name) == NULL) {
			snprintf(what, sizeof(what), "the member '%s' is missing", m->name);
			return wrong(reading, what);
		}
	return 0;
}

static int read_asn(struct reading *reading, const json_t *value, uint32_t *ret_asn)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
		return wrong(reading, "an AS number is between 0 and 4294967295");
	*ret_asn = (uint32_t)number;
	return 0;
}

static int read_prefix(struct reading *reading, const json_t *value, struct prefix *ret_prefix)
{
	const char *text = json_string_value(value);
	int r = strchr(text, '/') == NULL ? ERROR_MALFORMED : prefix_parse(text, ret_prefix);

	if (r == ERROR_RANGE)
		return wrong(reading, "the prefix has bits behind its length");
	return r == 0 ? 0 : wrong(reading, "this is no prefix");
}

/* ---- Entries ---- */

static int read_filter(struct reading *reading, json_t *entry, void *item)
{
	static const struct member members[] = {
		{ "prefix", JSON_STRING, false },
		{ "asn", JSON_INTEGER, false },
		{ "comment", JSON_STRING, false },
		{ NULL, JSON_NULL, false },
	};
	const json_t *prefix = json_object_get(entry, "prefix");
	const json_t *asn = json_object_get(entry, "asn");
	struct rpki_filter *filter = item;
	int r = members_check(reading, entry, members);

	filter->has_prefix = prefix != NULL;
	filter->has_asn = asn != NULL;
	if (r == 0 && prefix == NULL && asn == NULL)
		return wrong(reading, "a filter needs 'prefix' or 'asn'");
	if (r == 0 && prefix != NULL)
		r = read_prefix(reading, prefix, &filter->prefix);
	if (r == 0 && asn != NULL)
		r = read_asn(reading, asn, &filter->asn);
	return r;
}

static int read_assertion(struct reading *reading, json_t *entry, void *item)
{
	static const struct member members[] = {
		{ "prefix", JSON_STRING, true },
		{ "asn", JSON_INTEGER, true },
		{ "maxPrefixLength", JSON_INTEGER, false },
		{ "comment", JSON_STRING, false },
		{ NULL, JSON_NULL, false },
	};
	const json_t *most = json_object_get(entry, "maxPrefixLength");
	struct rpki_vrp *vrp = item;
	json_int_t length;
	int r = members_check(reading, entry, members);

	if (r == 0)
		r = read_prefix(reading, json_object_get(entry, "prefix"), &vrp->prefix);
	if (r == 0)
		r = read_asn(reading, json_object_get(entry, "asn"), &vrp->asn);
	if (r != 0)
		return r;
	length = most == NULL ? vrp->prefix.length : json_integer_value(most);
	if (length < vrp->prefix.length || length > family_bits(vrp->prefix.address.family))
		return wrong(reading, "'maxPrefixLength' is out of range");
	vrp->max_length = (uint8_t)length;
	return 0;
}

static int read_aspa_filter(struct reading *reading, json_t *entry, void *item)
{
	static const struct member members[] = {
		{ "customerAsn", JSON_INTEGER, true },
		{ "comment", JSON_STRING, false },
		{ NULL, JSON_NULL, false },
	};
	int r = members_check(reading, entry, members);

	return r == 0 ? read_asn(reading, json_object_get(entry, "customerAsn"), item) : r;
}

static int read_aspa_assertion(struct reading *reading, json_t *entry, void *item)
{
	static const struct member members[] = {
		{ "customerAsn", JSON_INTEGER, true },
		{ "providerAsns", JSON_ARRAY, true },
		{ "comment", JSON_STRING, false },
		{ NULL, JSON_NULL, false },
	};
	const json_t *list = json_object_get(entry, "providerAsns");
	struct rpki_aspa_assertion *assertion = item;
	uint32_t *providers;
	size_t i;
	json_t *value;
	int r = members_check(reading, entry, members);

	if (r == 0)
		r = read_asn(
			reading, json_object_get(entry, "customerAsn"), &assertion->customer);
	if (r != 0)
		return r;
	assertion->count = json_array_size(list);
	if (assertion->count == 0 || assertion->count > RPKI_PROVIDERS_MAX)
		return wrong(reading, "'providerAsns' has no or too many entries");
	providers =
		arena_take_array(&reading->slurm->arena, assertion->count, sizeof(*providers));
	if (providers == NULL)
		return error_set(reading->error, ERROR_MEMORY, "no memory");
	json_array_foreach(list, i,
		value) if (read_asn(reading, value, &providers[i]) != 0) return ERROR_MALFORMED;
	assertion->providers = providers;
	return 0;
}

typedef int entry_function(struct reading *reading, json_t *entry, void *item);

/* A list of entries into an array of the arena; a list that is not there is empty. */
static int read_list(struct reading *reading, const json_t *group, const char *name,
	entry_function *entry_read, size_t size, const void **ret_items, size_t *ret_count)
{
	const json_t *list = json_object_get(group, name);
	size_t count = json_array_size(list), i;
	json_t *entry;
	char *items;
	int r = 0;

	if (count > RPKI_EXCEPTIONS_MAX)
		return error_set(reading->error, ERROR_FULL,
			"%s: at most %u entries are allowed", name, RPKI_EXCEPTIONS_MAX);
	items = arena_take_array(&reading->slurm->arena, count, size);
	if (items == NULL)
		return error_set(reading->error, ERROR_MEMORY, "no memory");
	reading->list = name;
	json_array_foreach(list, i, entry)
	{
		reading->index = i;
		r = entry_read(reading, entry, items + i * size);
		if (r != 0)
			return r;
	}
	reading->list = NULL;
	*ret_items = items;
	*ret_count = count;
	return 0;
}

/* ---- The two groups ---- */

static int read_filters(struct reading *reading, json_t *group, bool aspa)
{
	const struct member members[] = {
		{ "prefixFilters", JSON_ARRAY, true },
		{ "bgpsecFilters", JSON_ARRAY, true },
		{ aspa ? "aspaFilters" : NULL, JSON_ARRAY, true },
		{ NULL, JSON_NULL, false },
	};
	struct rpki_exceptions *e = &reading->slurm->exceptions;
	const void *items;
	int r = members_check(reading, group, members);

	if (r != 0)
		return r;
	reading->slurm->bgpsec += json_array_size(json_object_get(group, "bgpsecFilters"));
	r = read_list(reading, group, "prefixFilters", read_filter, sizeof(struct rpki_filter),
		&items, &e->filter_count);
	if (r != 0)
		return r;
	e->filters = items;
	r = read_list(reading, group, "aspaFilters", read_aspa_filter, sizeof(uint32_t), &items,
		&e->aspa_filter_count);
	if (r == 0)
		e->aspa_filters = items;
	return r;
}

static int read_assertions(struct reading *reading, json_t *group, bool aspa)
{
	const struct member members[] = {
		{ "prefixAssertions", JSON_ARRAY, true },
		{ "bgpsecAssertions", JSON_ARRAY, true },
		{ aspa ? "aspaAssertions" : NULL, JSON_ARRAY, true },
		{ NULL, JSON_NULL, false },
	};
	struct rpki_exceptions *e = &reading->slurm->exceptions;
	const void *items;
	int r = members_check(reading, group, members);

	if (r != 0)
		return r;
	reading->slurm->bgpsec += json_array_size(json_object_get(group, "bgpsecAssertions"));
	r = read_list(reading, group, "prefixAssertions", read_assertion,
		sizeof(struct rpki_vrp), &items, &e->assertion_count);
	if (r != 0)
		return r;
	e->assertions = items;
	r = read_list(reading, group, "aspaAssertions", read_aspa_assertion,
		sizeof(struct rpki_aspa_assertion), &items, &e->aspa_assertion_count);
	if (r == 0)
		e->aspa_assertions = items;
	return r;
}

static int read_root(struct reading *reading, json_t *root)
{
	static const struct member members[] = {
		{ "slurmVersion", JSON_INTEGER, true },
		{ "validationOutputFilters", JSON_OBJECT, true },
		{ "locallyAddedAssertions", JSON_OBJECT, true },
		{ NULL, JSON_NULL, false },
	};
	json_int_t version;
	int r = members_check(reading, root, members);

	if (r != 0)
		return r;
	version = json_integer_value(json_object_get(root, "slurmVersion"));
	if (version != 1 && version != 2)
		return error_set(reading->error, ERROR_UNSUPPORTED,
			"slurmVersion %lld is not known; 1 and 2 are", (long long)version);
	r = read_filters(
		reading, json_object_get(root, "validationOutputFilters"), version == 2);
	if (r == 0)
		r = read_assertions(
			reading, json_object_get(root, "locallyAddedAssertions"), version == 2);
	return r;
}

int slurm_read(const char *text, size_t length, struct slurm *ret_slurm, struct error *error)
{
	struct reading reading = { .slurm = ret_slurm, .error = error };
	json_error_t reason;
	json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &reason);
	int r;

	*ret_slurm = (struct slurm){ 0 };
	if (root == NULL)
		return error_set(error, ERROR_MALFORMED, "line %d, column %d: %s", reason.line,
			reason.column, reason.text);
	r = read_root(&reading, root);
	json_decref(root);
	if (r != 0)
		slurm_clear(ret_slurm);
	return r;
}

void slurm_clear(struct slurm *slurm)
{
	arena_clear(&slurm->arena);
	*slurm = (struct slurm){ 0 };
}
