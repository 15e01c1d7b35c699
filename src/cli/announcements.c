/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a configuration to what would be announced: for each service, in each state that
 * announces, the attributes; for each neighbour, how many prefixes it would hear.
 */
#include "cli/announcements.h"

#include <string.h>

#include "cli/view.h"
#include "config/announcement.h"
#include "config/value.h"

/* What is said in one state: an attribute set on top of another. */
struct dress {
	unsigned prepend;
	uint32_t med, local_pref;
	bool has_local_pref, graceful_shutdown;
	json_t *communities; /* owned by the caller of dress_add */
};

/* ---- Attributes ---- */

static void add_community(json_t *list, const struct community *community)
{
	struct text text = { 0 };

	community_format(community, &text);
	json_array_append_new(list, json_string(text_string(&text)));
	text_clear(&text);
}

static void add_communities(json_t *list, const struct config_communities *c)
{
	for (size_t i = 0; i < c->standard_count; i++)
		add_community(list, &(struct community){ .kind = COMMUNITY_STANDARD,
					    .standard = c->standard[i] });
	for (size_t i = 0; i < c->large_count; i++)
		add_community(list,
			&(struct community){ .kind = COMMUNITY_LARGE, .large = c->large[i] });
	for (size_t i = 0; i < c->extended_count; i++)
		add_community(list, &(struct community){ .kind = COMMUNITY_EXTENDED,
					    .extended = c->extended[i] });
}

static void dress_add(struct dress *dress, const struct config_attributes *attributes)
{
	dress->prepend += attributes->prepend;
	if (attributes->has_med)
		dress->med = attributes->med;
	if (attributes->has_local_pref) {
		dress->has_local_pref = true;
		dress->local_pref = attributes->local_pref;
	}
	add_communities(dress->communities, &attributes->communities);
}

static json_t *dress_json(const char *state, bool announce, const struct dress *dress)
{
	return json_pack("{s:s, s:b, s:i, s:I, s:o, s:b, s:O}", "state", state, "announce",
		announce, "prepend", (int)dress->prepend, "med", (json_int_t)dress->med,
		"local_pref",
		dress->has_local_pref ? json_integer(dress->local_pref) : json_null(),
		"graceful_shutdown", dress->graceful_shutdown, "communities",
		dress->communities);
}

static void add_state(json_t *list, const char *state, bool announce,
	const struct config_service *service, const struct config_attributes *more,
	bool graceful, unsigned prepend)
{
	struct dress dress = {
		.communities = json_array(), .graceful_shutdown = graceful, .prepend = prepend
	};

	dress_add(&dress, &service->up);
	if (more != NULL)
		dress_add(&dress, more);
	json_array_append_new(list, dress_json(state, announce, &dress));
	json_decref(dress.communities);
}

/* The states of a service in which somebody hears of it, and degraded, which may withdraw. */
static json_t *service_states(const struct config_service *service)
{
	const struct config_drain *drain = &service->drain;
	json_t *list = json_array();

	add_state(list, "up", true, service, NULL, false, 0);
	if (service->check_count > 0)
		add_state(list, "degraded", !service->degraded_withdraw, service,
			&service->degraded, false, 0);
	if (drain->graceful_shutdown)
		add_state(list, "draining", true, service, NULL, true, drain->prepend);
	return list;
}

/* ---- Services and neighbours ---- */

static bool hears(const struct config_service *service, const struct config_neighbor *neighbor)
{
	if (service->neighbor_count == 0)
		return true;
	for (size_t i = 0; i < service->neighbor_count; i++) {
		if (strcmp(service->neighbors[i], neighbor->name) == 0)
			return true;
	}
	return false;
}

static json_t *prefix_list(const struct config_service *service)
{
	char text[PREFIX_TEXT_MAX];
	json_t *list = json_array();

	for (size_t i = 0; i < service->announce_count; i++)
		json_array_append_new(
			list, json_string(prefix_format(&service->announce[i], text)));
	return list;
}

static json_t *service_json(const struct config *config, const struct config_service *service)
{
	json_t *addresses = json_array(), *neighbors = json_array();
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < service->address_count; i++)
		json_array_append_new(
			addresses, json_string(address_format(&service->addresses[i], text)));
	for (size_t i = 0; i < config->neighbor_count; i++) {
		if (hears(service, &config->neighbors[i]))
			json_array_append_new(
				neighbors, json_string(config->neighbors[i].name));
	}
	return json_pack("{s:s, s:o, s:s, s:b, s:i, s:o, s:o, s:o}", "name", service->name,
		"addresses", addresses, "interface", service->interface, "maintenance",
		service->maintenance, "checks", (int)service->check_count, "prefixes",
		prefix_list(service), "neighbors", neighbors, "states",
		service_states(service));
}

/* What this neighbour hears while all is well: prefix, service, and the attributes as sent. */
static json_t *heard_list(
	const struct announcements *all, const struct config_neighbor *neighbor)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct announcement *one = &all->items[i];
		struct text attributes = { 0 };
		char prefix[PREFIX_TEXT_MAX];

		if (one->neighbor != neighbor)
			continue;
		announcement_print_attributes(one, &attributes);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s}", "prefix",
				prefix_format(&one->prefix, prefix), "service",
				one->service->name, "attributes", text_string(&attributes)));
		text_clear(&attributes);
	}
	return list;
}

static json_t *neighbor_json(
	const struct announcements *all, const struct config_neighbor *neighbor)
{
	char text[ADDRESS_TEXT_MAX];

	return json_pack("{s:s, s:s, s:I, s:s, s:b, s:o}", "name", neighbor->name, "address",
		address_format(&neighbor->address, text), "asn", (json_int_t)neighbor->asn,
		"relation", config_relation_name(neighbor->relation), "shutdown",
		neighbor->shutdown, "announcements", heard_list(all, neighbor));
}

json_t *announcements_json(const struct config *config)
{
	json_t *services = json_array(), *neighbors = json_array();
	struct address router_id = address_ipv4(config->router_id);
	struct announcements all = { 0 };
	char text[ADDRESS_TEXT_MAX];

	(void)announcements_of(config, &all); /* cut at its cap, if it comes to that */
	for (size_t i = 0; i < config->service_count; i++)
		json_array_append_new(services, service_json(config, &config->services[i]));
	for (size_t i = 0; i < config->neighbor_count; i++)
		json_array_append_new(neighbors, neighbor_json(&all, &config->neighbors[i]));
	announcements_clear(&all);
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "site", config->site, "asn",
		config->asn == 0 ? json_null() : json_integer(config->asn), "router_id",
		config->router_id == 0 ? json_null()
				       : json_string(address_format(&router_id, text)),
		"services", services, "neighbors", neighbors);
}

/* ---- For people ---- */

/* "prepend 2, MED 50, communities 64500:10"; "" when there is nothing but the defaults. */
static void dress_text(const json_t *dress, struct text *out)
{
	struct text communities = { 0 };

	if (view_integer(dress, "prepend") > 0)
		text_print(out, ", prepend %lld", view_integer(dress, "prepend"));
	if (view_integer(dress, "med") > 0)
		text_print(out, ", MED %lld", view_integer(dress, "med"));
	if (view_has(dress, "local_pref"))
		text_print(out, ", local preference %lld", view_integer(dress, "local_pref"));
	view_join(view_get(dress, "communities"), " ", &communities);
	if (communities.length > 0)
		text_print(out, ", communities %s", text_string(&communities));
	if (view_flag(dress, "graceful_shutdown"))
		text_add(out, ", GRACEFUL_SHUTDOWN");
	text_clear(&communities);
}

static void add_service(struct table *table, const json_t *service)
{
	struct text prefixes = { 0 }, neighbors = { 0 };
	size_t i;
	json_t *state;

	view_join(view_get(service, "prefixes"), " ", &prefixes);
	view_join(view_get(service, "neighbors"), " ", &neighbors);
	json_array_foreach(view_get(service, "states"), i, state)
	{
		struct text dress = { 0 };

		dress_text(state, &dress);
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", i == 0 ? view_string(service, "name") : "");
		table_cell(table, TONE_PLAIN, "%s", i == 0 ? text_string(&prefixes) : "");
		table_cell(table, TONE_PLAIN, "%s",
			i > 0                   ? ""
			: neighbors.length == 0 ? "nobody"
						: text_string(&neighbors));
		table_cell(table, TONE_PLAIN, "%s", view_string(state, "state"));
		if (view_flag(service, "maintenance"))
			table_cell(table, TONE_WARNING, "not announced: in maintenance");
		else if (!view_flag(state, "announce"))
			table_cell(table, TONE_PLAIN, "withdrawn");
		else
			table_cell(table, TONE_PLAIN, "%s",
				dress.length == 0 ? "plain" : text_string(&dress) + 2);
		text_clear(&dress);
	}
	text_clear(&prefixes);
	text_clear(&neighbors);
}

static void add_services(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Service", COLUMN_FIXED },
		{ "Prefixes", COLUMN_WRAPS },
		{ "To", COLUMN_WRAPS },
		{ "When", COLUMN_FIXED },
		{ "How", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 5);
	size_t i;
	json_t *service;

	json_array_foreach(view_get(document, "services"), i, service)
		add_service(table, service);
	view_title(style, "Services, and how they are announced", out);
	if (table_row_count(table) == 0)
		text_add(out, "  Nothing: no services are configured.\n");
	table_print(table, style, 2, out);
	table_free(table);
}

static void add_neighbor(struct table *table, const json_t *neighbor)
{
	const json_t *heard = view_get(neighbor, "announcements");
	size_t i;
	json_t *one;

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string(neighbor, "name"));
	table_cell(table, TONE_PLAIN, "%s", view_string(neighbor, "address"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(neighbor, "asn"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(neighbor, "relation", "-"));
	if (view_flag(neighbor, "shutdown"))
		table_cell(table, TONE_WARNING, "nothing: shut down");
	else if (json_array_size(heard) == 0)
		table_cell(table, TONE_WARNING, "nothing");
	json_array_foreach(heard, i, one)
	{
		for (int blank = 0; i > 0 && blank < 4; blank++) {
			if (blank == 0)
				table_row(table);
			table_cell(table, TONE_PLAIN, "%s", "");
		}
		table_cell(table, TONE_PLAIN, "%s", view_string(one, "prefix"));
		table_cell(table, TONE_PLAIN, "%s", view_string(one, "attributes"));
	}
}

static void add_neighbors(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Neighbour", COLUMN_FIXED },
		{ "Address", COLUMN_FIXED },
		{ "AS", COLUMN_RIGHT },
		{ "Relation", COLUMN_FIXED },
		{ "Hears", COLUMN_FIXED },
		{ "With", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 6);
	size_t i;
	json_t *neighbor;

	json_array_foreach(view_get(document, "neighbors"), i, neighbor)
		add_neighbor(table, neighbor);
	view_title(style, "Who hears what, while all is well", out);
	if (table_row_count(table) == 0)
		text_add(out, "  No neighbours are configured: nobody hears anything.\n");
	table_print(table, style, 2, out);
	table_free(table);
}

void render_announcements(const json_t *document, const struct style *style, struct text *out)
{
	text_print(out, "Site %s", view_string_or(document, "site", "-"));
	if (view_has(document, "asn"))
		text_print(out, ", AS%lld, router id %s", view_integer(document, "asn"),
			view_string_or(document, "router_id", "-"));
	text_add(out, "\n");
	add_services(document, style, out);
	add_neighbors(document, style, out);
}
