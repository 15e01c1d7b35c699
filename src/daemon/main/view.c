/* SPDX-License-Identifier: Apache-2.0 */
/* What main knows, as JSON: docs/api.md describes every field. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/announce.h"
#include "daemon/main/main_process.h"
#include "daemon/main/settings.h"
#include "os/clock.h"
#include "os/usage.h"

static json_t *json_text(const char *text)
{
	json_t *string = text == NULL ? json_null() : json_string(text);

	return string != NULL ? string : json_string("(not UTF-8)");
}

static json_t *json_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return json_string(address_format(address, text));
}

static json_t *json_prefix(const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];

	return json_string(prefix_format(prefix, text));
}

static json_t *json_seconds(struct duration d)
{
	return json_real(duration_to_seconds(d));
}

void view_since(json_t *object, const char *key, struct instant at)
{
	char text[WALL_TEXT_MAX], seconds_key[64];
	struct duration distance = instant_since(clock_now(), at);

	snprintf(seconds_key, sizeof(seconds_key), "%s_seconds", key);
	if (!instant_is_set(at)) {
		json_object_set_new(object, key, json_null());
		json_object_set_new(object, seconds_key, json_null());
		return;
	}
	distance.ns = distance.ns < 0 ? -distance.ns : distance.ns;
	json_object_set_new(object, key, json_string(wall_format(clock_wall_of(at), text)));
	json_object_set_new(object, seconds_key, json_seconds(distance));
}

/* ---- One service ---- */

static json_t *view_intent(const struct intent *intent)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:i}", "address", intent->address, "announce",
		intent->announce, "degraded", intent->degraded, "graceful_shutdown",
		intent->graceful_shutdown, "drain_prepend", (int)intent->drain_prepend);
}

static json_t *view_addresses(
	const struct main_process *main, const struct config_service *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->address_count; i++) {
		const struct address *address = &config->addresses[i];
		json_t *object = json_object();

		json_object_set_new(object, "address", json_address(address));
		json_object_set_new(object, "present",
			config->manage_addresses
				? json_boolean(address_presence(main, config->interface,
						       address) != ADDRESS_ABSENT)
				: json_null());
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *view_communities(const struct record_route *route)
{
	char text[64];
	json_t *list = json_array();

	for (uint32_t i = 0; i < route->community_count; i++) {
		snprintf(text, sizeof(text), "%u:%u", route->communities[i] >> 16,
			route->communities[i] & 0xffff);
		json_array_append_new(list, json_string(text));
	}
	for (uint32_t i = 0; i < route->large_community_count; i++) {
		const uint32_t *large = route->large_communities[i];

		snprintf(text, sizeof(text), "%u:%u:%u", large[0], large[1], large[2]);
		json_array_append_new(list, json_string(text));
	}
	for (uint32_t i = 0; i < route->extended_community_count; i++) {
		snprintf(text, sizeof(text), "0x%016llx",
			(unsigned long long)route->extended_communities[i]);
		json_array_append_new(list, json_string(text));
	}
	if (route->graceful_shutdown)
		json_array_append_new(list, json_string("65535:0"));
	return list;
}

static json_t *view_prefix(const struct main_process *main,
	const struct hosted_service *service, const struct prefix *prefix)
{
	const struct route_entry *entry = route_table_find(&main->routes, prefix);
	struct record_route route;
	json_t *object = json_object();

	(void)announce_route(service->config, prefix, &service->intent, &route);
	json_object_set_new(object, "prefix", json_prefix(prefix));
	json_object_set_new(
		object, "neighbors_wanted", json_integer(entry == NULL ? 0 : entry->wanted));
	json_object_set_new(object, "neighbors_announced",
		json_integer(entry == NULL ? 0 : entry->announced));
	json_object_set_new(object, "neighbors_withdrawing",
		json_integer(entry == NULL ? 0 : entry->withdrawing));
	json_object_set_new(object, "prepend", json_integer(route.prepend));
	json_object_set_new(object, "med", json_integer(route.med));
	json_object_set_new(object, "local_pref",
		route.has_local_pref ? json_integer(route.local_pref) : json_null());
	json_object_set_new(object, "graceful_shutdown", json_boolean(route.graceful_shutdown));
	json_object_set_new(object, "communities", view_communities(&route));
	return object;
}

static json_t *view_check(struct main_process *main, size_t index,
	const struct hosted_service *service, size_t i, const struct config_check *config)
{
	const struct check_record *record = &service->checks[i];
	bool group = config->type == CHECK_ALL || config->type == CHECK_ANY;
	struct check_view view;
	json_t *object;

	if (!brain_check_view(main->brain, index, i, clock_now(), &view))
		return NULL;
	object = json_object();
	json_object_set_new(object, "name", json_text(view.name));
	json_object_set_new(object, "type", json_string(config_check_type_name(config->type)));
	json_object_set_new(
		object, "parent", view.parent < 0 ? json_null() : json_integer(view.parent));
	json_object_set_new(object, "state", json_string(check_state_name(view.state)));
	view_since(object, "since", view.since);
	view_since(object, "seen", view.seen);
	json_object_set_new(object, "outcome",
		group || !record->heard
			? json_null()
			: json_string(check_outcome_name((enum check_outcome)record->outcome)));
	json_object_set_new(object, "latency_seconds",
		group || !record->heard ? json_null() : json_seconds(record->latency));
	json_object_set_new(object, "probes", json_integer((json_int_t)record->probes));
	json_object_set_new(object, "failures", json_integer((json_int_t)record->failures));
	json_object_set_new(object, "evidence", json_text(view.evidence));
	return object;
}

static json_t *view_checks(
	struct main_process *main, size_t index, const struct hosted_service *service)
{
	const struct config_check *checks[BRAIN_CHECKS_MAX];
	size_t count = settings_checks(service->config, checks);
	json_t *list = json_array();

	for (size_t i = 0; i < count && i < service->check_count; i++) {
		json_t *check = view_check(main, index, service, i, checks[i]);

		if (check != NULL)
			json_array_append_new(list, check);
	}
	return list;
}

static json_t *view_damping(
	const struct config_service *config, const struct service_view *view)
{
	json_t *object = json_pack("{s:b, s:f, s:i, s:i}", "enabled", config->damping.enabled,
		"penalty", view->penalty, "suppress", (int)config->damping.suppress, "reuse",
		(int)config->damping.reuse);

	view_since(object, "held_until", view->held_until);
	return object;
}

static json_t *view_neighbor_names(const struct config_service *config)
{
	json_t *list;

	if (config->neighbor_count == 0)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < config->neighbor_count; i++)
		json_array_append_new(list, json_string(config->neighbors[i]));
	return list;
}

static json_t *view_drain(const struct service_view *view)
{
	json_t *drain;

	if (view->drain_step == DRAIN_NONE)
		return json_null();
	drain = json_pack("{s:s, s:o}", "step", drain_step_name(view->drain_step), "reason",
		json_text(view->drain_reason));
	view_since(drain, "since", view->drain_begun);
	return drain;
}

static void view_service_state(struct main_process *main, json_t *object,
	const struct config_service *config, const struct service_view *view)
{
	struct announced announced = routes_announced(main, config);

	json_object_set_new(object, "name", json_string(config->name));
	json_object_set_new(object, "description", json_text(config->description));
	json_object_set_new(object, "state", json_string(service_state_name(view->state)));
	/* A restart does not make a drain younger. */
	view_since(object, "since",
		view->state == SERVICE_DRAINING && instant_is_set(view->drain_begun)
			? view->drain_begun
			: view->since);
	json_object_set_new(object, "reason", json_text(view->reason));
	json_object_set_new(object, "evidence", json_text(view->evidence));
	json_object_set_new(object, "wanted", json_boolean(view->wanted));
	json_object_set_new(object, "healthy", json_boolean(view->healthy));
	json_object_set_new(object, "announced", json_boolean(announced.announced));
	json_object_set_new(object, "neighbors_wanted", json_integer(announced.wanted));
	json_object_set_new(object, "neighbors_announced", json_integer(announced.reached));
}

static json_t *view_service(struct main_process *main, size_t index)
{
	const struct hosted_service *service = service_at(main, index);
	const struct config_service *config;
	struct service_view view;
	json_t *prefixes, *object;

	if (service == NULL || !brain_service_view(main->brain, index, &view))
		return NULL;
	config = service->config;
	object = json_object();
	prefixes = json_array();
	view_service_state(main, object, config, &view);
	json_object_set_new(object, "neighbors", view_neighbor_names(config));
	json_object_set_new(object, "intent", view_intent(&view.intent));
	json_object_set_new(object, "interface", json_text(config->interface));
	json_object_set_new(object, "manage_addresses", json_boolean(config->manage_addresses));
	json_object_set_new(object, "addresses", view_addresses(main, config));
	for (size_t i = 0; i < config->announce_count; i++)
		json_array_append_new(
			prefixes, view_prefix(main, service, &config->announce[i]));
	json_object_set_new(object, "prefixes", prefixes);
	json_object_set_new(object, "checks", view_checks(main, index, service));
	json_object_set_new(object, "drain", view_drain(&view));
	json_object_set_new(object, "damping", view_damping(config, &view));
	json_object_set_new(object, "flaps", json_integer(view.flaps));
	json_object_set_new(object, "maintenance", json_boolean(config->maintenance));
	json_object_set_new(object, "on_exit",
		json_string(config->on_exit == ON_EXIT_KEEP ? "keep" : "withdraw"));
	return object;
}

json_t *view_services(struct main_process *main, const char *name)
{
	json_t *list = json_array();

	/* In the order of the configuration. */
	for (size_t i = 0; i < main->config->service_count; i++) {
		json_t *service;

		if (name[0] != '\0' && strcmp(name, main->config->services[i].name) != 0)
			continue;
		service = view_service(main, main->services.by_config[i]);
		if (service != NULL)
			json_array_append_new(list, service);
	}
	if (name[0] != '\0' && json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:o}", "services", list);
}

/* ---- The whole ---- */

struct totals {
	int total, wanted, healthy, announced;
	int states[SERVICE_STATES];
	json_t *problems;
};

static void problem_add(struct totals *totals, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void problem_add(struct totals *totals, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	json_array_append_new(totals->problems, json_text(text));
}

static void totals_service(struct totals *totals, const struct main_process *main,
	const struct config_service *config, const struct service_view *view)
{
	struct announced announced = routes_announced(main, config);

	totals->total++;
	totals->wanted += view->wanted;
	totals->healthy += view->healthy;
	totals->announced += announced.announced;
	totals->states[view->state]++;
	if (view->wanted && view->state != SERVICE_UP)
		problem_add(totals, "service %s is %s: %s", config->name,
			service_state_name(view->state), view->reason);
	else if (view->wanted && !announced.announced && main->config->neighbor_count > 0 &&
		 announced.wanted == 0)
		problem_add(totals,
			"service %s is up, but announced to nobody: no session is up with a "
			"neighbour that should hear it",
			config->name);
	else if (view->wanted && !announced.announced && main->config->neighbor_count > 0)
		problem_add(totals,
			"service %s is up, but announced to only %u of %u neighbours",
			config->name, announced.reached, announced.wanted);
}

static struct totals totals_collect(struct main_process *main)
{
	struct totals totals = { .problems = json_array() };
	struct service_view view;

	for (size_t i = 0; i < main->services.room; i++) {
		const struct hosted_service *service = service_at(main, i);

		if (service != NULL && brain_service_view(main->brain, i, &view))
			totals_service(&totals, main, service->config, &view);
	}
	for (size_t i = 0; i < main->addresses.count; i++) {
		char text[ADDRESS_TEXT_MAX];

		if (main->addresses.list[i].wanted &&
			main->addresses.list[i].presence == ADDRESS_ABSENT)
			problem_add(&totals, "the address %s is not on %s",
				address_format(&main->addresses.list[i].address, text),
				main->addresses.list[i].interface);
	}
	for (size_t i = 0; i < main->config->neighbor_count; i++)
		if (!main->config->neighbors[i].shutdown && !main->neighbors[i].shut &&
			!main->neighbors[i].up)
			problem_add(&totals, "neighbour %s is not established",
				main->config->neighbors[i].name);
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (main->slots[i].main != NULL && main->slots[i].state == SLOT_WAITING)
			problem_add(&totals, "the %s process is not running: %s",
				process_name((enum process)i), main->slots[i].last_end);
	if (main->reload.done && !main->reload.ok)
		problem_add(&totals, "the last reload failed: %s", main->reload.message);
	if (brain_suspected(main->brain))
		problem_add(&totals, "every check failed at once: the checks are doubted");
	if (main->config->http.enabled && main->listeners[LISTENER_HTTP] < 0)
		problem_add(&totals, "HTTP is enabled, but its port could not be opened");
	return totals;
}

static json_t *view_totals(const struct totals *totals)
{
	json_t *states = json_object();

	for (int i = 0; i < SERVICE_STATES; i++)
		if (totals->states[i] > 0)
			json_object_set_new(states, service_state_name((enum service_state)i),
				json_integer(totals->states[i]));
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "total", totals->total, "wanted",
		totals->wanted, "healthy", totals->healthy, "announced", totals->announced,
		"states", states);
}

static json_t *view_process(const char *name, int pid, const char *state, struct instant since,
	unsigned restarts, const char *last_end)
{
	json_t *object = json_pack("{s:s, s:o, s:s}", "name", name, "pid",
		pid == 0 ? json_null() : json_integer(pid), "state", state);

	view_since(object, "since", since);
	json_object_set_new(object, "restarts", json_integer(restarts));
	json_object_set_new(
		object, "last_end", last_end[0] == '\0' ? json_null() : json_text(last_end));
	return object;
}

/* A process that nobody needs is not shown. */
static bool slot_was_started(const struct slot *slot)
{
	return slot->main != NULL && instant_is_set(slot->started);
}

static json_t *view_processes(const struct main_process *main)
{
	json_t *list = json_array();

	json_array_append_new(
		list, view_process("main", (int)getpid(), "running", main->started, 0, ""));
	for (int i = 0; i < PROCESS_COUNT; i++) {
		const struct slot *slot = &main->slots[i];
		int pid = slot->child != NULL    ? (int)child_pid(slot->child)
			  : slot->inside != NULL ? (int)getpid()
						 : 0;

		if (slot_was_started(slot))
			json_array_append_new(
				list, view_process(process_name((enum process)i), pid,
					      slot_state_name(slot->state), slot->since,
					      slot->restarts, slot->last_end));
	}
	return list;
}

static json_t *view_config(const struct main_process *main)
{
	json_t *object = json_object(), *files = json_array(), *last = json_null();

	for (size_t i = 0; i < main->files.count; i++)
		json_array_append_new(files, json_text(main->files.names[i]));
	json_object_set_new(object, "files", files);
	json_object_set_new(object, "generation", json_integer((json_int_t)main->generation));
	view_since(object, "loaded", main->loaded);
	if (main->reload.done) {
		last = json_pack("{s:b, s:o}", "ok", main->reload.ok, "message",
			json_text(main->reload.message));
		view_since(last, "at", main->reload.at);
	}
	json_object_set_new(object, "last_reload", last);
	return object;
}

static json_t *view_neighbors(const struct main_process *main)
{
	int established = 0;

	for (size_t i = 0; i < main->config->neighbor_count; i++)
		established += main->neighbors[i].up;
	return json_pack("{s:i, s:i}", "total", (int)main->config->neighbor_count,
		"established", established);
}

static const char *phase_name(enum main_phase phase)
{
	return phase == PHASE_STARTING  ? "starting"
	       : phase == PHASE_RUNNING ? "running"
					: "stopping";
}

json_t *view_status(struct main_process *main)
{
	struct totals totals = totals_collect(main);
	struct address router = address_ipv4(main->config->router_id);
	json_t *object = json_object();

	json_object_set_new(object, "version", json_string(NEARCAST_VERSION));
	json_object_set_new(object, "site", json_text(main->config->site));
	json_object_set_new(object, "asn", json_integer(main->config->asn));
	json_object_set_new(object, "router_id",
		main->config->router_id == 0 ? json_null() : json_address(&router));
	json_object_set_new(object, "pid", json_integer(getpid()));
	json_object_set_new(object, "state", json_string(phase_name(main->phase)));
	view_since(object, "started", main->started);
	json_object_set_new(object, "config", view_config(main));
	json_object_set_new(object, "lease",
		json_pack("{s:o, s:s}", "length_seconds", json_seconds(main->config->lease),
			"after",
			main->config->lease_after == AFTER_KEEP ? "keep" : "withdraw"));
	json_object_set_new(object, "suspected", json_boolean(brain_suspected(main->brain)));
	json_object_set_new(object, "services", view_totals(&totals));
	json_object_set_new(object, "neighbors", view_neighbors(main));
	json_object_set_new(object, "processes", view_processes(main));
	json_object_set_new(object, "kernel", kernel_routes_view(main));
	json_object_set_new(object, "problems", totals.problems);
	return object;
}

/* ---- Numbers ---- */

static json_t *metrics_checks(
	struct main_process *main, size_t index, const struct hosted_service *service)
{
	const struct config_check *checks[BRAIN_CHECKS_MAX];
	size_t count = settings_checks(service->config, checks);
	json_t *list = json_array();
	struct check_view view;

	for (size_t i = 0; i < count && i < service->check_count; i++) {
		const struct check_record *record = &service->checks[i];

		if (!brain_check_view(main->brain, index, i, clock_now(), &view))
			continue;
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:o}", "name", view.name,
				"type", config_check_type_name(checks[i]->type), "state",
				check_state_name(view.state), "up",
				view.state == CHECK_STATE_UP ||
					view.state == CHECK_STATE_DEGRADED ||
					view.state == CHECK_STATE_FALLING,
				"probes", (json_int_t)record->probes, "failures",
				(json_int_t)record->failures, "latency_seconds",
				json_seconds(record->latency)));
	}
	return list;
}

static json_t *metrics_service(struct main_process *main, size_t index)
{
	const struct hosted_service *service = service_at(main, index);
	struct announced announced;
	struct service_view view;

	if (service == NULL || !brain_service_view(main->brain, index, &view))
		return NULL;
	announced = routes_announced(main, service->config);
	return json_pack("{s:s, s:s, s:b, s:b, s:b, s:I, s:I, s:b, s:I, s:f, s:o, s:I, s:o}",
		"name", service->config->name, "state", service_state_name(view.state),
		"wanted", view.wanted, "healthy", view.healthy, "announced",
		announced.announced, "neighbors_wanted", (json_int_t)announced.wanted,
		"neighbors_announced", (json_int_t)announced.reached, "drained",
		view.drain_step != DRAIN_NONE, "flaps", (json_int_t)view.flaps, "penalty",
		view.penalty, "state_seconds",
		json_seconds(instant_since(clock_now(), view.since)), "changes",
		(json_int_t)service->changes, "checks", metrics_checks(main, index, service));
}

/* pid 0: it does not run. */
static json_t *metrics_process(const char *name, pid_t pid, bool up, unsigned restarts)
{
	struct process_usage usage;
	bool known = pid != 0 && process_usage(pid, &usage) == 0;

	return json_pack("{s:s, s:b, s:I, s:o, s:o}", "name", name, "up", up, "restarts",
		(json_int_t)restarts, "memory_bytes",
		known ? json_integer((json_int_t)usage.memory_bytes) : json_null(),
		"cpu_seconds", known ? json_seconds(usage.cpu) : json_null());
}

json_t *view_metrics(struct main_process *main)
{
	json_t *services = json_array(), *processes = json_array();

	for (size_t i = 0; i < main->config->service_count; i++) {
		json_t *service = metrics_service(main, main->services.by_config[i]);

		if (service != NULL)
			json_array_append_new(services, service);
	}
	json_array_append_new(processes, metrics_process("main", getpid(), true, 0));
	for (int i = 0; i < PROCESS_COUNT; i++) {
		const struct slot *slot = &main->slots[i];

		if (slot_was_started(slot))
			json_array_append_new(processes,
				metrics_process(process_name((enum process)i),
					slot->child == NULL ? 0 : child_pid(slot->child),
					slot->state == SLOT_RUNNING, slot->restarts));
	}
	return json_pack("{s:s, s:o, s:I, s:o, s:I, s:I, s:b, s:b, s:I, s:o, s:o}", "version",
		NEARCAST_VERSION, "site", json_text(main->config->site), "generation",
		(json_int_t)main->generation, "uptime_seconds",
		json_seconds(instant_since(clock_now(), main->started)), "reloads",
		(json_int_t)main->reload.count, "reload_failures",
		(json_int_t)main->reload.failures, "last_reload_ok",
		!main->reload.done || main->reload.ok, "suspected",
		brain_suspected(main->brain), "events", (json_int_t)main->event_sequence,
		"services", services, "processes", processes);
}
