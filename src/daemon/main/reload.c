/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration in a running daemon.
 *
 * Invariants:
 *  1. Until everything that can fail has been tried (files, meaning, secrets, sockets, the cap
 * on withdrawals), nothing is changed: a bad configuration leaves the old one running.
 *  2. A dry run and a real run give the same document.
 *  3. Only what the change concerns is touched: a service keeps its state, a session that needs
 *     no new negotiation stays up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/announce.h"
#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/notify.h"

struct reload {
	struct config_files files;
	struct config *config;
	struct config_diagnostics diagnostics;
	struct config_changes changes;
	json_t *document;
};

static void reload_clear(struct reload *reload)
{
	config_changes_clear(&reload->changes);
	config_diagnostics_clear(&reload->diagnostics);
	config_files_clear(&reload->files);
	config_free(reload->config);
	json_decref(reload->document);
}

/* ---- What would change, as JSON ---- */

static void list_route(
	json_t *list, const struct config_service *service, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];

	json_array_append_new(list, json_pack("{s:s, s:s}", "service", service->name, "prefix",
					    prefix_format(prefix, text)));
}

static const struct config_service *owner_of(
	const struct config *config, const struct prefix *prefix)
{
	for (size_t i = 0; i < config->service_count; i++)
		for (size_t j = 0; j < config->services[i].announce_count; j++)
			if (prefix_equal(&config->services[i].announce[j], prefix))
				return &config->services[i];
	return NULL;
}

static bool is_offered(const struct config_service *service)
{
	return service != NULL && !service->maintenance;
}

/* The same dress in the states up and degraded. */
static bool same_dress(const struct config_service *a, const struct config_service *b,
	const struct prefix *prefix)
{
	for (int degraded = 0; degraded < 2; degraded++) {
		const struct intent intent = { .announce = true, .degraded = degraded == 1 };
		struct record_route first, second;

		(void)announce_route(a, prefix, &intent, &first);
		(void)announce_route(b, prefix, &intent, &second);
		if (memcmp(&first, &second, sizeof(first)) != 0)
			return false;
	}
	return true;
}

static void routes_compare(const struct main_process *main, const struct config *new,
	json_t *announce, json_t *withdraw, json_t *change)
{
	const struct config *old = main->config;

	for (size_t i = 0; i < old->service_count; i++)
		for (size_t j = 0; j < old->services[i].announce_count; j++) {
			const struct prefix *prefix = &old->services[i].announce[j];
			const struct route_entry *entry =
				route_table_find(&main->routes, prefix);

			if (entry != NULL && entry->set && !is_offered(owner_of(new, prefix)))
				list_route(withdraw, &old->services[i], prefix);
		}
	for (size_t i = 0; i < new->service_count; i++)
		for (size_t j = 0; j < new->services[i].announce_count; j++) {
			const struct config_service *service = &new->services[i];
			const struct prefix *prefix = &service->announce[j];
			const struct config_service *before = owner_of(old, prefix);

			if (!is_offered(service))
				continue;
			if (!is_offered(before))
				list_route(announce, service, prefix);
			else if (!same_dress(before, service, prefix))
				list_route(change, service, prefix);
		}
}

static json_t *names_of(const struct config_changes *changes, enum config_subject subject,
	int kind, unsigned aspects)
{
	json_t *list = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct config_change *change = &changes->items[i];

		if (change->subject == subject && (int)change->kind == kind &&
			(aspects == 0 || (change->aspects & aspects) != 0))
			json_array_append_new(list, json_string(change->name));
	}
	return list;
}

/* Where the whole asks for new sessions, every neighbour's is reset. */
static json_t *resets_of(const struct config_changes *changes, const struct config *new)
{
	for (size_t i = 0; i < changes->count; i++) {
		json_t *list;

		if (changes->items[i].subject != SUBJECT_GLOBAL ||
			(changes->items[i].aspects & ASPECT_SESSION) == 0)
			continue;
		list = json_array();
		for (size_t j = 0; j < new->neighbor_count; j++)
			json_array_append_new(list, json_string(new->neighbors[j].name));
		return list;
	}
	return names_of(changes, SUBJECT_NEIGHBOR, CHANGE_CHANGED, ASPECT_SESSION);
}

/* The diff tells what its whole section concerns; the paths say which of them need a restart.
 */
static json_t *restart_needed(const struct config_changes *changes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct config_change *change = &changes->items[i];

		if (change->subject != SUBJECT_GLOBAL ||
			(change->aspects & ASPECT_RESTART) == 0)
			continue;
		for (size_t j = 0; j < change->detail_count; j++)
			if (strcmp(change->details[j].path, "user") == 0)
				json_array_append_new(
					list, json_string(change->details[j].path));
	}
	return list;
}

static json_t *warnings_of(const struct config_diagnostics *diagnostics)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct config_diagnostic *item = &diagnostics->items[i];
		char text[512];

		snprintf(text, sizeof(text), "%s:%u:%u: warning: %s",
			item->mark.file == NULL ? "" : item->mark.file, item->mark.line,
			item->mark.column, item->text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* What was added, removed and changed of a subject. */
static json_t *lists_of(const struct config_changes *changes, enum config_subject subject)
{
	return json_pack("{s:o, s:o, s:o}", "added",
		names_of(changes, subject, CHANGE_ADDED, 0), "removed",
		names_of(changes, subject, CHANGE_REMOVED, 0), "changed",
		names_of(changes, subject, CHANGE_CHANGED, 0));
}

static json_t *document_of(const struct main_process *main, const struct reload *reload,
	const struct reload_request *request)
{
	const struct config_changes *c = &reload->changes;
	json_t *announce = json_array(), *withdraw = json_array(), *change = json_array();
	json_t *neighbors = lists_of(c, SUBJECT_NEIGHBOR);

	routes_compare(main, reload->config, announce, withdraw, change);
	json_object_set_new(neighbors, "reset", resets_of(c, reload->config));
	return json_pack("{s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "dry_run",
		request->dry_run, "changed", c->count > 0, "generation",
		(json_int_t)main->generation, "warnings", warnings_of(&reload->diagnostics),
		"announce", announce, "withdraw", withdraw, "change", change, "services",
		lists_of(c, SUBJECT_SERVICE), "neighbors", neighbors, "policies",
		lists_of(c, SUBJECT_POLICY), "restart_needed", restart_needed(c));
}

/* ---- Trying ---- */

static int withdrawals_check(const struct main_process *main, const struct config *new,
	const struct reload_request *request, struct text *message)
{
	/* The cap of the configuration that is running: the new one must not lift it by itself.
	 */
	unsigned most = main->config->reload_withdraw_max;
	struct text names = { 0 };
	size_t count = config_withdrawals(main->config, new, &names);
	bool refused = most != 0 && count > most && !request->force;

	if (refused)
		text_print(message,
			"this would withdraw %zu services (%s), and reload.withdraw-max allows "
			"%u; look with --dry-run, and use --force if you mean it",
			count, text_string(&names), most);
	text_clear(&names);
	return refused ? ERROR_REFUSED : 0;
}

static int reload_prepare(struct main_process *main, struct reload *reload,
	const struct reload_request *request, struct text *message)
{
	struct error error = { 0 };
	int r = config_load(main->options->config_path, main->options->conf_dir, &reload->files,
		&reload->config, &reload->diagnostics, &error);

	if (r != 0 && reload->diagnostics.count > 0)
		config_diagnostics_print(&reload->diagnostics, false, message);
	if (r == 0)
		r = feed_secrets_check(reload->config, &error);
	if (r == 0)
		r = feed_exceptions_check(reload->config, &error);
	if (r == 0 && config_diff(main->config, reload->config, &reload->changes) != 0)
		r = error_set(&error, ERROR_MEMORY, "no memory to compare the configurations");
	if (r != 0) {
		if (error.text[0] != '\0')
			text_add(message, error.text);
		return r;
	}
	reload->document = document_of(main, reload, request);
	if (reload->document == NULL) {
		text_add(message, "no memory");
		return ERROR_MEMORY;
	}
	return withdrawals_check(main, reload->config, request, message);
}

/* ---- Doing ---- */

static void config_swap(struct main_process *main, struct reload *reload)
{
	struct config *old = main->config;
	struct config_files files = main->files;

	main->config = reload->config;
	main->files = reload->files;
	reload->config = old;
	reload->files = files;
	main->generation++;
	main->loaded = clock_now();
	if (main_neighbors_carry(main, old) != 0)
		abort(); /* no memory for a few bytes: a fresh start is better than half a
			    reload */
}

static int reload_commit(struct main_process *main, struct reload *reload, struct text *message)
{
	struct error error = { 0 };
	int r = sockets_open(main, reload->config, &error);

	if (r != 0) {
		text_print(message, "%s%s", error.text,
			r == ERROR_EXISTS ? "; another address on the same port needs a restart"
					  : "");
		return r;
	}
	config_swap(main, reload);
	main_log_apply(main);
	/* The speaker learns of new neighbours before it hears of routes that are for them
	 * only. */
	feed_config(main, PROCESS_SPEAKER, false);
	r = services_configure(main, &error);
	if (r != 0) {
		log_event(LOG_ERROR, "reload", "%s", error.text);
		abort(); /* no memory: the same */
	}
	feed_config(main, PROCESS_PROBE, false);
	feed_config(main, PROCESS_API, false);
	if (main->slots[PROCESS_BFD].channel != NULL)
		feed_config(main, PROCESS_BFD, false);
	supervise_configured(main);
	services_settle(main);
	addresses_settle(main);
	main_lease_start(main);
	json_object_set_new(
		reload->document, "generation", json_integer((json_int_t)main->generation));
	return 0;
}

static void reload_note(struct main_process *main, bool ok, const char *message)
{
	char generation[24];

	main->reload.done = true;
	main->reload.ok = ok;
	main->reload.at = clock_now();
	main->reload.count += ok;
	main->reload.failures += !ok;
	snprintf(main->reload.message, sizeof(main->reload.message), "%s", message);
	snprintf(generation, sizeof(generation), "%llu", (unsigned long long)main->generation);
	event_emit(main, ok ? LOG_INFO : LOG_ERROR, "reload",
		ok ? "the configuration was loaded again" : "the configuration stays as it was",
		"?ok", ok ? "true" : "false", "#generation", generation, "reason", message,
		NULL);
}

int reload_run(struct main_process *main, const struct reload_request *request,
	json_t **ret_document, struct text *ret_message)
{
	struct reload reload = { 0 };
	int r;

	if (!request->dry_run)
		notify_send(
			"RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_now().ns / 1000));
	r = reload_prepare(main, &reload, request, ret_message);
	if (r == 0 && !request->dry_run && reload.changes.count > 0)
		r = reload_commit(main, &reload, ret_message);
	else if (r == 0 && !request->dry_run)
		feed_exceptions(main); /* the file may have changed, though its name did not */
	if (!request->dry_run) {
		reload_note(main, r == 0,
			r != 0                      ? text_string(ret_message)
			: reload.changes.count == 0 ? "nothing changed"
						    : "changes are in effect");
		notify_send("READY=1");
	}
	if (r == 0) {
		*ret_document = reload.document;
		reload.document = NULL;
	}
	reload_clear(&reload);
	return r;
}
