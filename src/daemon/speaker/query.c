/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the speaker tells about itself, as JSON: neighbours, routes, numbers for metrics. The
 * shapes are described in docs/api.md. A long answer goes in parts; what does not fit the
 * channel's queue is refused as a whole, so that an answer is never cut.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "daemon/speaker/route_json.h"
#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"

#define PART_MAX         32768u
#define ROUTES_LIMIT     1000u
#define ROUTES_LIMIT_MAX 100000u
#define DOCUMENT_MAX     (3u << 20) /* bytes: below the channel's queue */

static void reply_part(struct speaker_process *process, uint64_t id, int32_t code, bool last,
	const char *bytes, size_t length)
{
	struct record_reply *reply = malloc(sizeof(*reply) + length);

	if (reply == NULL)
		return;
	memset(reply, 0, sizeof(*reply));
	reply->head.type = RECORD_REPLY;
	reply->head.tail = (uint32_t)length;
	reply->id = id;
	reply->code = code;
	reply->last = last;
	memcpy(reply + 1, bytes, length);
	(void)channel_send(process->api_channel, reply, sizeof(*reply) + length, -1);
	free(reply);
}

static void reply_error(
	struct speaker_process *process, uint64_t id, enum error_code code, const char *text)
{
	reply_part(process, id, code, true, text, strlen(text));
}

/* Takes over document. */
static void reply_document(struct speaker_process *process, uint64_t id, json_t *document)
{
	char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
	size_t length = text == NULL ? 0 : strlen(text), at = 0;

	json_decref(document);
	if (text == NULL) {
		reply_error(process, id, ERROR_MEMORY, "out of memory");
		return;
	}
	if (length > DOCUMENT_MAX) {
		reply_error(process, id, ERROR_FULL,
			"the answer is too long: name a prefix, a neighbour or a smaller limit");
		free(text);
		return;
	}
	while (length - at > PART_MAX) {
		reply_part(process, id, 0, false, text + at, PART_MAX);
		at += PART_MAX;
	}
	reply_part(process, id, 0, true, text + at, length - at);
	free(text);
}

static json_t *json_families(const bool families[BGP_FAMILY_COUNT])
{
	json_t *list = json_array();

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (families[f])
			json_array_append_new(
				list, json_string(bgp_family_name((enum bgp_family)f)));
	return list;
}

/* Which way several routes of a prefix go: RFC 7911. */
static json_t *json_add_path(const uint8_t *add_path)
{
	static const char *const modes[] = { NULL, "receive", "send", "both" };
	json_t *object = json_object();

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (add_path[f] != BGP_ADD_PATH_NONE && add_path[f] <= BGP_ADD_PATH_BOTH)
			json_object_set_new(object, bgp_family_name((enum bgp_family)f),
				json_string(modes[add_path[f]]));
	return object;
}

static json_t *json_capabilities(const struct bgp_capabilities *c)
{
	json_t *object = json_object();

	json_object_set_new(object, "families", json_families(c->family));
	json_object_set_new(object, "extended_next_hop", json_families(c->extended_next_hop));
	json_object_set_new(object, "add_path", json_add_path(c->add_path));
	json_object_set_new(object, "route_refresh", json_boolean(c->route_refresh));
	json_object_set_new(object, "enhanced_refresh", json_boolean(c->enhanced_refresh));
	json_object_set_new(object, "extended_message", json_boolean(c->extended_message));
	json_object_set_new(object, "four_octet_as", json_boolean(c->four_octet_as));
	json_object_set_new(object, "role",
		c->role == BGP_ROLE_NONE ? json_null() : json_string(bgp_role_name(c->role)));
	json_object_set_new(object, "graceful_restart", json_boolean(c->graceful_restart));
	json_object_set_new(object, "restart_time_s",
		c->graceful_restart ? json_integer(c->restart_time_s) : json_null());
	json_object_set_new(object, "restart_state", json_boolean(c->restart_state));
	json_object_set_new(
		object, "restart_notification", json_boolean(c->restart_notification));
	json_object_set_new(object, "long_lived_restart", json_boolean(c->long_lived_restart));
	json_object_set_new(object, "hostname",
		c->hostname[0] == '\0' ? json_null() : json_string(c->hostname));
	json_object_set_new(object, "unknown", json_integer(c->unknown));
	json_object_set_new(object, "malformed", json_integer(c->malformed));
	return object;
}

static json_t *json_counters(const uint64_t *counters)
{
	json_t *object = json_object();

	for (int i = 0; i < NEIGHBOR_COUNTERS; i++)
		json_object_set_new(object, neighbor_counter_name((enum neighbor_counter)i),
			json_integer((json_int_t)counters[i]));
	return object;
}

static json_t *json_prefix_counts(const struct neighbor_view *view)
{
	json_t *object = json_object();

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		json_object_set_new(object, bgp_family_name((enum bgp_family)f),
			json_pack("{s:I, s:I, s:I, s:I, s:I}", "received",
				(json_int_t)view->prefixes_in[f], "stale",
				(json_int_t)view->prefixes_stale[f], "advertised",
				(json_int_t)view->prefixes_out[f], "pending",
				(json_int_t)view->prefixes_pending[f], "held_back",
				(json_int_t)view->prefixes_held_back[f]));
	return object;
}

static json_t *json_last_notification(const struct neighbor_view *view)
{
	char name[96];

	if (view->last_code == 0)
		return json_null();
	return json_pack("{s:s, s:i, s:i, s:s}", "direction",
		view->last_sent ? "sent" : "received", "code", view->last_code, "subcode",
		view->last_subcode, "name",
		bgp_notification_name(view->last_code, view->last_subcode, name, sizeof(name)));
}

static void neighbor_session(json_t *object, const struct neighbor_view *view)
{
	bool established = view->state == SESSION_ESTABLISHED;

	json_object_set_new(object, "state", json_string(session_state_name(view->state)));
	json_set_since(object, "state_since", view->state_since);
	json_set_since(object, "established", view->established_at);
	json_object_set_new(object, "admin_down", json_boolean(view->admin_down));
	json_object_set_new(object, "last_reason", json_string(view->last_reason));
	json_object_set_new(object, "last_notification", json_last_notification(view));
	json_object_set_new(object, "hold_time_s",
		established ? json_integer(view->hold_time_s) : json_null());
	json_object_set_new(object, "keepalive_s",
		established ? json_integer(view->keepalive_s) : json_null());
	json_object_set_new(object, "remote_router_id", router_id_json(view->remote_router_id));
	json_object_set_new(object, "local_address", address_json(&view->info.local));
	json_object_set_new(object, "restarting", json_boolean(view->restarting));
	json_object_set_new(object, "families",
		established ? json_families(view->agreed.family) : json_array());
	json_object_set_new(object, "add_path",
		established ? json_add_path(view->agreed.add_path) : json_object());
}

static json_t *json_neighbor(const struct peer *peer, bool detail)
{
	struct neighbor_view view;
	json_t *object = json_object();

	speaker_neighbor_view(peer->neighbor, &view);
	json_object_set_new(object, "name", json_string(peer->name));
	json_object_set_new(object, "description",
		peer->description[0] == '\0' ? json_null() : json_string(peer->description));
	json_object_set_new(object, "address", address_json(&peer->address));
	json_object_set_new(object, "interface",
		peer->interface[0] == '\0' ? json_null() : json_string(peer->interface));
	json_object_set_new(object, "asn", json_integer(view.settings->asn));
	json_object_set_new(object, "local_asn", json_integer(view.settings->local_asn));
	neighbor_session(object, &view);
	json_object_set_new(object, "transport_error",
		peer->last_error[0] == '\0' ? json_null() : json_string(peer->last_error));
	json_object_set_new(object, "prefixes", json_prefix_counts(&view));
	if (!detail)
		return object;
	json_object_set_new(object, "password", json_boolean(peer->password_length > 0));
	json_object_set_new(object, "ttl_security_hops",
		peer->minimum_ttl == 0 ? json_null() : json_integer(256 - peer->minimum_ttl));
	json_object_set_new(object, "passive", json_boolean(view.settings->passive));
	json_object_set_new(object, "role",
		view.settings->role == BGP_ROLE_NONE
			? json_null()
			: json_string(bgp_role_name(view.settings->role)));
	json_object_set_new(object, "import", json_boolean(view.settings->import));
	json_object_set_new(object, "offered", json_capabilities(&view.offered));
	json_object_set_new(object, "received", json_capabilities(&view.received));
	json_object_set_new(object, "counters", json_counters(view.counters));
	return object;
}

static void answer_neighbors(
	struct speaker_process *process, uint64_t id, const char *argument, size_t length)
{
	json_t *list = json_array();

	list_for_each(node, &process->peers) {
		const struct peer *peer = container_of(node, struct peer, link);
		bool named = strlen(peer->name) == length &&
			     memcmp(peer->name, argument, length) == 0;

		if (length == 0 || named)
			json_array_append_new(list, json_neighbor(peer, named));
	}
	if (length > 0 && json_array_size(list) == 0) {
		json_decref(list);
		reply_error(process, id, ERROR_NOT_FOUND, "there is no neighbour of that name");
		return;
	}
	reply_document(process, id, json_pack("{s:o}", "neighbors", list));
}

struct route_query {
	const struct speaker_process *process;
	bool received;
	const struct prefix *prefix; /* only what contains or equals it; NULL: all */
	bool longer;                 /* what it contains instead */
	size_t limit;
	json_t *list;
	bool more;
};

static bool route_add(void *context, const struct route_view *route)
{
	struct route_query *query = context;
	json_t *object;

	if (query->prefix != NULL &&
		!(query->longer ? prefix_contains(query->prefix, &route->prefix)
				: prefix_contains(&route->prefix, query->prefix)))
		return true;
	if (json_array_size(query->list) >= query->limit) {
		query->more = true;
		return false;
	}
	object = route_json(route);
	rpki_route_view(query->received ? query->process->rpki : NULL, route,
		query->process->config->asn, object);
	json_array_append_new(query->list, object);
	return true;
}

enum route_kind { ROUTES_RECEIVED, ROUTES_ADVERTISED, ROUTES_LOCAL };

static void routes_collect(struct speaker_process *process, enum route_kind kind,
	const struct peer *only, struct route_query *query)
{
	uint64_t position = 0;

	if (kind == ROUTES_LOCAL) {
		speaker_routes_local(process->speaker, &position, route_add, query);
		return;
	}
	list_for_each(node, &process->peers) {
		const struct peer *peer = container_of(node, struct peer, link);

		if (only != NULL && only != peer)
			continue;
		position = 0;
		if (kind == ROUTES_RECEIVED)
			speaker_routes_received(
				process->speaker, peer->neighbor, &position, route_add, query);
		else
			speaker_routes_advertised(
				process->speaker, peer->neighbor, &position, route_add, query);
	}
}

static int route_kind_parse(const char *text, enum route_kind *ret_kind)
{
	static const char *const names[] = { "received", "advertised", "local" };

	for (int i = 0; i < 3; i++)
		if (strcmp(names[i], text) == 0) {
			*ret_kind = (enum route_kind)i;
			return 0;
		}
	return ERROR_MALFORMED;
}

/* {"prefix": ...}: why its routes are what they are. */
static void answer_explain(struct speaker_process *process, uint64_t id, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "prefix"));
	struct explanation explanation;
	struct prefix prefix;
	int code;

	if (text == NULL || prefix_parse(text, &prefix) != 0) {
		reply_error(process, id, ERROR_MALFORMED, "a prefix is needed to explain");
		return;
	}
	code = speaker_explain(process->speaker, &prefix, &explanation);
	if (code != 0) {
		reply_error(process, id, (enum error_code)code,
			code == ERROR_NOT_FOUND ? "no route contains that prefix"
						: "out of memory");
		return;
	}
	reply_document(process, id, explanation_json(process, &prefix, &explanation));
	explanation_clear(&explanation);
}

static const char *json_kind(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	return kind == NULL ? "" : kind;
}

static void answer_routes(
	struct speaker_process *process, uint64_t id, const char *argument, size_t length)
{
	const char *kind_text = "advertised", *neighbor = NULL, *prefix_text = NULL;
	json_int_t limit = ROUTES_LIMIT;
	int longer = 0;
	struct route_query query = { 0 };
	const struct peer *only = NULL;
	enum route_kind kind;
	struct prefix prefix;
	json_t *object = json_loadb(argument, length, 0, NULL);

	if (strcmp(json_kind(object), "explained") == 0) {
		answer_explain(process, id, object);
		goto out;
	}
	if (object == NULL ||
		json_unpack(object, "{s?s, s?s, s?s, s?I, s?b}", "kind", &kind_text, "neighbor",
			&neighbor, "prefix", &prefix_text, "limit", &limit, "longer",
			&longer) != 0 ||
		route_kind_parse(kind_text, &kind) != 0 || limit < 1 ||
		(prefix_text != NULL && prefix_parse(prefix_text, &prefix) != 0)) {
		reply_error(process, id, ERROR_MALFORMED, "not a query for routes");
		goto out;
	}
	if (neighbor != NULL && neighbor[0] != '\0') {
		only = peer_by_name(process, neighbor);
		if (only == NULL) {
			reply_error(process, id, ERROR_NOT_FOUND,
				"there is no neighbour of that name");
			goto out;
		}
	}
	query.prefix = prefix_text == NULL ? NULL : &prefix;
	query.longer = longer;
	query.limit = (size_t)(limit > ROUTES_LIMIT_MAX ? ROUTES_LIMIT_MAX : limit);
	query.process = process;
	query.received = kind == ROUTES_RECEIVED;
	query.list = json_array();
	routes_collect(process, kind, only, &query);
	reply_document(process, id,
		json_pack("{s:s, s:o, s:b}", "kind", kind_text, "routes", query.list, "more",
			query.more));
out:
	json_decref(object);
}

static void answer_rpki(
	struct speaker_process *process, uint64_t id, const char *argument, size_t length)
{
	struct error error = { 0 };
	json_t *document;

	if (process->rpki == NULL) {
		reply_error(process, id, ERROR_STATE, "no RPKI caches are configured");
		return;
	}
	document = rpki_view(process->rpki, argument, length, &error);
	if (document == NULL)
		reply_error(process, id, error.code == ERROR_NONE ? ERROR_MEMORY : error.code,
			error.code == ERROR_NONE ? "out of memory" : error.text);
	else
		reply_document(process, id, document);
}

static void answer_flowspec(
	struct speaker_process *process, uint64_t id, const char *argument, size_t length)
{
	const struct peer *only = NULL;

	list_for_each(node, &process->peers) {
		const struct peer *peer = container_of(node, struct peer, link);

		if (strlen(peer->name) == length && memcmp(peer->name, argument, length) == 0)
			only = peer;
	}
	if (length > 0 && only == NULL)
		reply_error(process, id, ERROR_NOT_FOUND, "there is no neighbour of that name");
	else
		reply_document(process, id, flows_json(process, only));
}

static void answer_policies(
	struct speaker_process *process, uint64_t id, const char *argument, size_t length)
{
	char name[RECORD_NAME_MAX] = "";
	json_t *document;

	if (length >= sizeof(name)) {
		reply_error(process, id, ERROR_NOT_FOUND, "there is no policy of that name");
		return;
	}
	memcpy(name, argument, length);
	document = policies_json(process->policies, process->config, name);
	if (document == NULL)
		reply_error(
			process, id, ERROR_NOT_FOUND, "there is no policy of that name in use");
	else
		reply_document(process, id, document);
}

static void answer_metrics(struct speaker_process *process, uint64_t id)
{
	json_t *list = json_array();

	list_for_each(node, &process->peers) {
		const struct peer *peer = container_of(node, struct peer, link);
		struct neighbor_view view;

		speaker_neighbor_view(peer->neighbor, &view);
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:s, s:b, s:b, s:o, s:o}", "name",
				      peer->name, "asn", (json_int_t)view.settings->asn,
				      "state", session_state_name(view.state), "established",
				      view.state == SESSION_ESTABLISHED, "admin_down",
				      view.admin_down, "prefixes", json_prefix_counts(&view),
				      "counters", json_counters(view.counters)));
	}
	reply_document(process, id,
		json_pack("{s:o, s:o, s:o}", "neighbors", list, "rpki",
			process->rpki == NULL ? json_null() : rpki_metrics(process->rpki),
			"policy_rules", policies_metrics(process->policies)));
}

void query_answer(struct speaker_process *process, const struct record_query *query,
	const char *argument, size_t length)
{
	if (process->speaker == NULL) {
		reply_error(process, query->id, ERROR_STATE,
			"the speaker has no configuration yet");
		return;
	}
	if (query->query == QUERY_NEIGHBORS)
		answer_neighbors(process, query->id, argument, length);
	else if (query->query == QUERY_ROUTES)
		answer_routes(process, query->id, argument, length);
	else if (query->query == QUERY_RPKI)
		answer_rpki(process, query->id, argument, length);
	else if (query->query == QUERY_NEXT_HOPS)
		reply_document(process, query->id, next_hops_json(process));
	else if (query->query == QUERY_FLOWSPEC)
		answer_flowspec(process, query->id, argument, length);
	else if (query->query == QUERY_POLICIES && process->policies != NULL)
		answer_policies(process, query->id, argument, length);
	else if (query->query == QUERY_METRICS_SPEAKER)
		answer_metrics(process, query->id);
	else
		reply_error(process, query->id, ERROR_UNSUPPORTED,
			"not a question for the speaker");
}
