/* SPDX-License-Identifier: Apache-2.0 */
/* What the speaker tells about RPKI, as JSON: docs/api.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/speaker/rpki_internal.h"
#include "os/clock.h"

static json_t *json_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return address->family == FAMILY_NONE ? json_null()
					      : json_string(address_format(address, text));
}

/* How long ago, or how long to go; null if at is not set. */
static json_t *json_seconds(struct instant later, struct instant earlier)
{
	if (!instant_is_set(later) || !instant_is_set(earlier))
		return json_null();
	return json_real(duration_to_seconds(instant_since(later, earlier)));
}

static json_t *json_time(struct instant at)
{
	char text[WALL_TEXT_MAX];

	return instant_is_set(at) ? json_string(wall_format(clock_wall_of(at), text))
				  : json_null();
}

static json_t *json_counters(const uint64_t counters[RTR_COUNTERS])
{
	json_t *object = json_object();

	for (int i = 0; i < RTR_COUNTERS; i++)
		json_object_set_new(object, rtr_counter_name((enum rtr_counter)i),
			json_integer((json_int_t)counters[i]));
	return object;
}

static json_t *json_duration_s(struct duration duration)
{
	return json_integer(duration.ns / 1000000000);
}

static void add_data(json_t *object, const struct rpki *rpki, const struct rtr_cache_view *view,
	struct instant now)
{
	size_t ipv4 = 0, ipv6 = 0, aspas = 0;

	if (view->has_data)
		rpki_table_source_counts(rpki->table, view->source, &ipv4, &ipv6, &aspas);
	json_object_set_new(object, "has_data", json_boolean(view->has_data));
	json_object_set_new(object, "fresh", json_boolean(view->fresh));
	json_object_set_new(object, "used", json_boolean(view->used));
	json_object_set_new(object, "session",
		view->has_data ? json_integer(view->session_id) : json_null());
	json_object_set_new(
		object, "serial", view->has_data ? json_integer(view->serial) : json_null());
	json_object_set_new(object, "vrps_ipv4", json_integer((json_int_t)ipv4));
	json_object_set_new(object, "vrps_ipv6", json_integer((json_int_t)ipv6));
	json_object_set_new(object, "aspas", json_integer((json_int_t)aspas));
	json_object_set_new(object, "synced", json_time(view->synced_at));
	json_object_set_new(object, "age_seconds", json_seconds(now, view->synced_at));
	json_object_set_new(object, "expires_in_seconds", json_seconds(view->expires_at, now));
}

static json_t *json_cache(const struct rpki *rpki, const struct rpki_link *link)
{
	struct instant now = clock_now();
	json_t *object = json_object();
	struct rtr_cache_view view;

	rtr_cache_view(rpki->client, link->cache, now, &view);
	json_object_set_new(object, "name", json_string(view.settings->name));
	json_object_set_new(object, "address", json_address(&link->address));
	json_object_set_new(object, "port", json_integer(link->port));
	json_object_set_new(object, "preference", json_integer(view.settings->preference));
	json_object_set_new(object, "state", json_string(rtr_state_name(view.state)));
	json_object_set_new(object, "state_since", json_time(view.state_since));
	json_object_set_new(object, "state_since_seconds", json_seconds(now, view.state_since));
	json_object_set_new(object, "version",
		view.version == UINT8_MAX ? json_null() : json_integer(view.version));
	add_data(object, rpki, &view, now);
	json_object_set_new(object, "refresh_s", json_duration_s(view.refresh));
	json_object_set_new(object, "retry_s", json_duration_s(view.retry));
	json_object_set_new(object, "expire_s", json_duration_s(view.expire));
	json_object_set_new(object, "last_reason",
		view.last_reason[0] == '\0' ? json_null() : json_string(view.last_reason));
	json_object_set_new(object, "counters", json_counters(view.counters));
	return object;
}

static json_t *json_caches(const struct rpki *rpki)
{
	json_t *list = json_array();

	list_for_each(node, &rpki->links)
		json_array_append_new(
			list, json_cache(rpki, container_of(node, struct rpki_link, link)));
	return list;
}

static json_t *json_table(const struct rpki *rpki)
{
	struct rpki_counts counts;

	rpki_table_counts(rpki->table, &counts);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "vrps_ipv4",
		(json_int_t)counts.vrps_ipv4, "vrps_ipv6", (json_int_t)counts.vrps_ipv6,
		"aspas", (json_int_t)counts.customers, "filtered", (json_int_t)counts.filtered,
		"asserted", (json_int_t)counts.asserted, "bytes", (json_int_t)counts.bytes,
		"changes", (json_int_t)rpki->changes, "changed_prefixes",
		(json_int_t)rpki->changed_prefixes, "changed_customers",
		(json_int_t)rpki->changed_customers, "changed", json_time(rpki->changed_at));
}

static json_t *json_exceptions(const struct rpki *rpki)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "file", rpki->has_slurm, "filters",
		(json_int_t)rpki->filters, "assertions", (json_int_t)rpki->assertions,
		"aspa_filters", (json_int_t)rpki->aspa_filters, "aspa_assertions",
		(json_int_t)rpki->aspa_assertions, "error",
		rpki->slurm_error[0] == '\0' ? json_null() : json_string(rpki->slurm_error));
}

/* ---- Validation on request ---- */

static json_t *json_vrp(const struct rpki_vrp *vrp)
{
	char text[PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:i, s:I}", "prefix", prefix_format(&vrp->prefix, text),
		"max_length", vrp->max_length, "asn", (json_int_t)vrp->asn);
}

#define COVERING_MAX 100u

static bool vrp_add(void *context, const struct rpki_vrp *vrp)
{
	json_t *list = context;

	json_array_append_new(list, json_vrp(vrp));
	return json_array_size(list) < COVERING_MAX;
}

static json_t *validation_of(const struct rpki *rpki, const struct prefix *prefix, uint32_t asn)
{
	json_t *covering = json_array();
	struct rpki_verdict verdict;
	char text[PREFIX_TEXT_MAX];

	(void)rpki_table_validate(rpki->table, prefix, asn, &verdict);
	rpki_table_covering(rpki->table, prefix, vrp_add, covering);
	return json_pack("{s:s, s:I, s:s, s:s, s:o, s:o}", "prefix",
		prefix_format(prefix, text), "asn", (json_int_t)asn, "state",
		rpki_state_name(verdict.state), "reason", rpki_reason_text(verdict.reason),
		"vrp",
		verdict.reason == RPKI_NOT_COVERED ? json_null() : json_vrp(&verdict.vrp),
		"covering", covering);
}

#define PATH_MAX_AS 255

/* "64501 64502 64503", the neighbour first, as one sequence. ERROR_MALFORMED. */
static int path_read(const char *text, uint8_t bytes[2 + 4 * PATH_MAX_AS], uint16_t *ret_size)
{
	struct writer w = writer_of(bytes, 2 + 4 * PATH_MAX_AS);
	uint8_t count = 0;

	writer_u8(&w, BGP_SEGMENT_SEQUENCE);
	writer_u8(&w, 0);
	for (; *text != '\0'; text += *text == ' ') {
		unsigned long long asn = 0;
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 10 || count == PATH_MAX_AS)
			return ERROR_MALFORMED;
		for (size_t i = 0; i < digits; i++)
			asn = asn * 10 + (unsigned)(text[i] - '0');
		text += digits;
		if (asn > UINT32_MAX || (*text != ' ' && *text != '\0'))
			return ERROR_MALFORMED;
		writer_u32(&w, (uint32_t)asn);
		count++;
	}
	bytes[1] = count;
	*ret_size = count == 0 ? 0 : (uint16_t)writer_length(&w);
	return 0;
}

static json_t *verification_of(
	const struct rpki *rpki, const char *path, const char *from, struct error *error)
{
	static uint8_t bytes[2 + 4 * PATH_MAX_AS];
	bool provider = strcmp(from, "provider") == 0;
	struct bgp_attributes attributes = { .as_path = bytes };
	struct aspa_verdict verdict;

	if (!provider && strcmp(from, "customer") != 0 && strcmp(from, "peer") != 0) {
		(void)error_set(error, ERROR_MALFORMED,
			"a path comes from a provider, a customer or a peer");
		return NULL;
	}
	if (path_read(path, bytes, &attributes.as_path_size) != 0) {
		(void)error_set(error, ERROR_MALFORMED,
			"a path is AS numbers with blanks between, the neighbour first");
		return NULL;
	}
	(void)rpki_table_verify_path(rpki->table, &attributes,
		provider ? ASPA_DOWNSTREAM : ASPA_UPSTREAM, 0, &verdict);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "path", path, "from", from, "state",
		aspa_state_name(verdict.state), "reason", aspa_reason_text(verdict.reason),
		"customer",
		verdict.customer == 0 ? json_null() : json_integer(verdict.customer),
		"provider",
		verdict.provider == 0 ? json_null() : json_integer(verdict.provider));
}

/* The validations that the argument asks for, into document. */
static int validations_add(const struct rpki *rpki, const char *argument, size_t length,
	json_t *document, struct error *error)
{
	const char *prefix_text = NULL, *path = NULL, *from = "provider";
	json_t *object = length == 0 ? json_object() : json_loadb(argument, length, 0, NULL);
	json_t *validation = NULL, *verification = NULL;
	json_int_t asn = -1;
	struct prefix prefix;
	int r = ERROR_MALFORMED;

	if (object == NULL ||
		json_unpack(object, "{s?s, s?I, s?s, s?s}", "prefix", &prefix_text, "asn", &asn,
			"path", &path, "from", &from) != 0) {
		(void)error_set(error, r, "not a question about RPKI");
		goto out;
	}
	if (prefix_text != NULL) {
		if (prefix_parse(prefix_text, &prefix) != 0 || asn < 0 || asn > UINT32_MAX) {
			(void)error_set(
				error, r, "a validation needs a prefix and an AS number");
			goto out;
		}
		validation = validation_of(rpki, &prefix, (uint32_t)asn);
	}
	if (path != NULL) {
		verification = verification_of(rpki, path, from, error);
		if (verification == NULL)
			goto out;
	}
	json_object_set_new(
		document, "validation", validation == NULL ? json_null() : validation);
	json_object_set_new(
		document, "verification", verification == NULL ? json_null() : verification);
	validation = NULL;
	r = 0;
out:
	json_decref(validation);
	json_decref(object);
	return r;
}

json_t *rpki_view(struct rpki *rpki, const char *argument, size_t length, struct error *error)
{
	json_t *document = json_pack("{s:o, s:o, s:o}", "caches", json_caches(rpki), "table",
		json_table(rpki), "exceptions", json_exceptions(rpki));

	if (document != NULL && validations_add(rpki, argument, length, document, error) == 0)
		return document;
	json_decref(document);
	return NULL;
}

static json_t *aspa_of(const struct rpki *rpki, const struct route_view *route)
{
	enum aspa_direction direction;
	struct neighbor_view view;
	bool server;

	speaker_neighbor_view(route->neighbor, &view);
	server = view.settings->role == BGP_ROLE_ROUTE_SERVER_CLIENT;
	if (!aspa_direction_of(view.settings->role, &direction))
		return json_null();
	return json_string(aspa_state_name(rpki_table_verify_path(rpki->table,
		route->attributes, direction, server ? 0 : view.settings->asn, NULL)));
}

void rpki_route_view(const struct rpki *rpki, const struct route_view *route, uint32_t own_asn,
	json_t *object)
{
	bool known = rpki != NULL && route->neighbor != NULL;
	json_t *state = json_null();

	if (known)
		state = json_string(rpki_state_name(rpki_table_validate(rpki->table,
			&route->prefix, rpki_origin(route->attributes, own_asn), NULL)));
	json_object_set_new(object, "rpki", state);
	json_object_set_new(object, "aspa", known ? aspa_of(rpki, route) : json_null());
}

json_t *rpki_metrics(struct rpki *rpki)
{
	return json_pack("{s:o, s:o}", "caches", json_caches(rpki), "table", json_table(rpki));
}
