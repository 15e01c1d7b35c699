/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, times, routes and explanations as JSON (docs/api.md). */
#include "daemon/speaker/route_json.h"

#include <stdio.h>

#include "base/instant.h"
#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"

json_t *address_json(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return address->family == FAMILY_NONE ? json_null()
					      : json_string(address_format(address, text));
}

void json_set_since(json_t *object, const char *key, struct instant at)
{
	char text[WALL_TEXT_MAX], seconds_key[64];

	snprintf(seconds_key, sizeof(seconds_key), "%s_seconds", key);
	if (!instant_is_set(at)) {
		json_object_set_new(object, key, json_null());
		json_object_set_new(object, seconds_key, json_null());
		return;
	}
	json_object_set_new(object, key, json_string(wall_format(clock_wall_of(at), text)));
	json_object_set_new(object, seconds_key,
		json_real(duration_to_seconds(instant_since(clock_now(), at))));
}

json_t *router_id_json(uint32_t id)
{
	struct address address = address_ipv4(id);

	return id == 0 ? json_null() : address_json(&address);
}

static json_t *communities_json(const struct bgp_attributes *a)
{
	char text[BGP_COMMUNITY_TEXT_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < a->community_count; i++)
		json_array_append_new(
			list, json_string(bgp_community_format(a->communities[i], text)));
	for (unsigned i = 0; i < a->large_community_count; i++)
		json_array_append_new(list, json_string(bgp_large_community_format(
						    &a->large_communities[i], text)));
	for (unsigned i = 0; i < a->extended_community_count; i++)
		json_array_append_new(list, json_string(bgp_extended_community_format(
						    a->extended_communities[i], text)));
	return list;
}

static void set_optional(json_t *object, const char *key, const struct bgp_attributes *a,
	unsigned code, uint32_t value)
{
	json_object_set_new(object, key,
		bgp_attribute_present(a, code) ? json_integer(value) : json_null());
}

/* RFC 4456 section 8; of what is reflected. */
static void set_reflection(json_t *object, const struct bgp_attributes *a)
{
	bool reflected = bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID);
	json_t *clusters = json_array();

	for (unsigned i = 0; i < a->cluster_count; i++)
		json_array_append_new(clusters, router_id_json(a->cluster_list[i]));
	json_object_set_new(object, "originator_id",
		reflected ? router_id_json(a->originator_id) : json_null());
	json_object_set_new(object, "cluster_list", clusters);
}

/* Next hop, path and all that is carried with them, into the object. */
static void set_attributes(json_t *object, const struct bgp_attributes *a)
{
	static const char *const origins[] = { "igp", "egp", "incomplete" };
	char path[1024];

	json_object_set_new(object, "next_hop", address_json(&a->next_hop));
	json_object_set_new(
		object, "as_path", json_string(bgp_as_path_format(a, path, sizeof(path))));
	json_object_set_new(
		object, "origin", json_string(a->origin < 3 ? origins[a->origin] : "?"));
	set_optional(object, "med", a, BGP_ATTRIBUTE_MED, a->med);
	set_optional(object, "local_pref", a, BGP_ATTRIBUTE_LOCAL_PREF, a->local_pref);
	set_optional(object, "only_to_customer", a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER,
		a->only_to_customer);
	set_reflection(object, a);
	json_object_set_new(object, "communities", communities_json(a));
}

static json_t *neighbor_name(const struct neighbor *neighbor)
{
	struct neighbor_view view;

	if (neighbor == NULL)
		return json_null();
	speaker_neighbor_view(neighbor, &view);
	return json_string(view.settings->name);
}

json_t *route_json(const struct route_view *route)
{
	char prefix[PREFIX_TEXT_MAX];
	json_t *object = json_object();

	json_object_set_new(
		object, "prefix", json_string(prefix_format(&route->prefix, prefix)));
	json_object_set_new(object, "neighbor", neighbor_name(route->neighbor));
	json_object_set_new(object, "path_id",
		route->path_id == 0 ? json_null() : json_integer(route->path_id));
	set_attributes(object, route->attributes);
	json_object_set_new(object, "stale", json_boolean(route->stale));
	json_set_since(object, "since", route->since);
	return object;
}

/* ---- Explanations. ---- */

static json_t *policy_json(const struct explained_policy *policy)
{
	if (!policy->there)
		return json_null();
	return json_pack("{s:s, s:s?, s:o, s:s?, s:b, s:b}", "verdict",
		policy->accepts ? "accept" : "reject", "policy",
		policy->ended ? NULL : policy->rule.policy, "rule",
		policy->ended ? json_null() : json_integer(policy->rule.number), "name",
		policy->ended || policy->rule.name[0] == '\0' ? NULL : policy->rule.name,
		"changed", policy->changed, "blackhole", policy->blackhole);
}

static json_t *path_json(struct speaker_process *process, const struct explained_path *path)
{
	bool rejected = path->status == EXPLAINED_REJECTED;
	json_t *object = route_json(&path->view), *received;

	/* What counts is what the policy made of it. */
	if (!rejected)
		set_attributes(object, &path->accepted);
	if (path->differs) {
		received = json_object();
		set_attributes(received, &path->received);
		json_object_set_new(object, "received", received);
	}
	json_object_set_new(object, "status", json_string(explained_status_name(path->status)));
	json_object_set_new(object, "step",
		path->why[0] == '\0' ? json_null()
				     : json_string(decision_step_name(path->step)));
	json_object_set_new(
		object, "why", path->why[0] == '\0' ? json_null() : json_string(path->why));
	json_object_set_new(object, "winner",
		path->why[0] == '\0' ? json_null() : json_integer(path->winner));
	json_object_set_new(object, "policy", policy_json(&path->policy));
	rpki_route_view(process->rpki, &path->view, process->config->asn, object);
	return object;
}

static json_t *listener_json(const struct explained_listener *listener)
{
	return json_pack("{s:o, s:b, s:s, s:s, s:i, s:b, s:o}", "neighbor",
		neighbor_name(listener->neighbor), "told", listener->routes > 0, "verdict",
		export_verdict_name(listener->verdict), "why",
		export_verdict_text(listener->verdict), "routes", (int)listener->routes,
		"pending", listener->pending, "policy", policy_json(&listener->policy));
}

json_t *explanation_json(struct speaker_process *process, const struct prefix *wanted,
	const struct explanation *explanation)
{
	json_t *paths = json_array(), *listeners = json_array();
	char asked[PREFIX_TEXT_MAX], found[PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < explanation->path_count; i++)
		json_array_append_new(paths, path_json(process, &explanation->paths[i]));
	for (uint32_t i = 0; i < explanation->listener_count; i++)
		json_array_append_new(listeners, listener_json(&explanation->listeners[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kind", "explained", "asked",
		prefix_format(wanted, asked), "prefix",
		prefix_format(&explanation->prefix, found), "routes", paths, "neighbors",
		listeners);
}
