/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements: from intents to records for the speaker, and its word on how far they got.
 *
 * Invariants:
 *  1. A record leaves in the same turn of the loop in which the intent changed.
 *  2. The table says what the speaker was told, or will be told as soon as it is there.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/main/announce.h"
#include "daemon/main/main_process.h"
#include "os/clock.h"

static bool may_announce(const struct main_process *main, const struct hosted_service *service)
{
	if (!service->intent.announce)
		return false;
	if (main->phase < PHASE_WITHDRAWING)
		return true;
	return main->stop_keep || service->config->on_exit == ON_EXIT_KEEP;
}

static void event_route(struct main_process *main, const char *type, const char *service,
	const struct prefix *prefix, const char *reason)
{
	char text[PREFIX_TEXT_MAX], message[256];

	prefix_format(prefix, text);
	snprintf(message, sizeof(message), "%s %s of service %s: %s", type, text, service,
		reason);
	event_emit(main, LOG_INFO, type, message, "service", service, "prefix", text, "reason",
		reason, NULL);
}

static void withdraw_send(struct main_process *main, const struct route_entry *entry)
{
	struct record_route record = { .head = { .type = RECORD_ROUTE_REMOVE },
		.prefix = entry->prefix };

	snprintf(record.service, sizeof(record.service), "%s", entry->service);
	(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
}

static void entry_withdraw(
	struct main_process *main, struct route_entry *entry, const char *reason)
{
	route_table_withdraw(entry);
	withdraw_send(main, entry);
	event_route(main, "withdraw", entry->service, &entry->prefix, reason);
}

static void prefix_set(struct main_process *main, const struct hosted_service *service,
	const struct prefix *prefix)
{
	const struct config_service *config = service->config;
	struct record_route record;
	enum route_change change = ROUTE_SAME;

	if (announce_route(config, prefix, &service->intent, &record) != 0)
		log_event(LOG_WARNING, "announce",
			"service %s has more communities or neighbours than fit: some are left out",
			config->name);
	if (route_table_set(&main->routes, &record, config->address_delay, &change) == NULL) {
		log_event(LOG_ERROR, "announce", "no memory to announce service %s",
			config->name);
		return;
	}
	if (change == ROUTE_SAME)
		return;
	(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
	event_route(main, "announce", config->name, prefix, service->reason);
}

static bool service_has_prefix(
	const struct config_service *service, const struct prefix *prefix)
{
	for (size_t i = 0; i < service->announce_count; i++)
		if (prefix_equal(&service->announce[i], prefix))
			return true;
	return false;
}

/* Prefixes that a reload took from the service. */
static void routes_drop_foreign(struct main_process *main, const struct config_service *service)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(&main->routes, &iterator)) != NULL)
		if (entry->set && strcmp(entry->service, service->name) == 0 &&
			!service_has_prefix(service, &entry->prefix))
			entry_withdraw(main, entry, "the configuration changed");
}

void routes_withdraw(struct main_process *main, const struct hosted_service *service)
{
	const struct config_service *config = service->config;
	const char *reason =
		main->phase >= PHASE_WITHDRAWING ? main->stop_reason : service->reason;

	routes_drop_foreign(main, config);
	if (may_announce(main, service))
		return;
	for (size_t i = 0; i < config->announce_count; i++) {
		struct route_entry *entry =
			route_table_find(&main->routes, &config->announce[i]);

		if (entry != NULL && entry->set && strcmp(entry->service, config->name) == 0)
			entry_withdraw(main, entry, reason);
	}
}

void routes_announce(struct main_process *main, const struct hosted_service *service)
{
	if (!may_announce(main, service))
		return;
	for (size_t i = 0; i < service->config->announce_count; i++)
		prefix_set(main, service, &service->config->announce[i]);
}

void routes_drop_service(struct main_process *main, const char *name, const char *reason)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	while ((entry = route_table_next(&main->routes, &iterator)) != NULL)
		if (entry->set && strcmp(entry->service, name) == 0)
			entry_withdraw(main, entry, reason);
}

void routes_resend(struct main_process *main)
{
	struct hash_iterator iterator = { 0 };
	struct route_entry *entry;

	route_table_forget(&main->routes);
	for (size_t i = 0; i < main->services.room; i++)
		if (service_at(main, i) != NULL)
			routes_announce(main, service_at(main, i));
	/* Withdrawals that were on their way: the new speaker confirms that nothing is
	 * announced. */
	while ((entry = route_table_next(&main->routes, &iterator)) != NULL)
		if (!entry->set && !instant_is_set(entry->withdrawn_at))
			withdraw_send(main, entry);
}

void routes_status(struct main_process *main, const struct record_route_status *status)
{
	enum route_progress progress = route_table_status(&main->routes, status, clock_now());
	const char *type = progress == PROGRESS_ANNOUNCED ? "announced" : "withdrawn";
	const struct route_entry *entry = route_table_find(&main->routes, &status->prefix);
	char text[PREFIX_TEXT_MAX], reached[16], wanted[16], message[256];

	if (progress == PROGRESS_NONE || entry == NULL)
		return;
	prefix_format(&status->prefix, text);
	snprintf(reached, sizeof(reached), "%u", status->announced);
	snprintf(wanted, sizeof(wanted), "%u", status->wanted);
	snprintf(message, sizeof(message), "%s of service %s is %s", text, entry->service,
		progress == PROGRESS_ANNOUNCED
			? "announced to all neighbours that should hear it"
			: "withdrawn from all neighbours");
	event_emit(main, LOG_INFO, type, message, "service", entry->service, "prefix", text,
		"#neighbors_announced", reached, "#neighbors_wanted", wanted, NULL);
	if (progress == PROGRESS_WITHDRAWN) {
		addresses_settle(main);
		stop_look(main);
	}
}

struct announced routes_announced(
	const struct main_process *main, const struct config_service *service)
{
	struct announced worst = { .announced = service->announce_count > 0 };

	for (size_t i = 0; i < service->announce_count; i++) {
		const struct route_entry *entry =
			route_table_find(&main->routes, &service->announce[i]);
		bool ok = entry != NULL && entry->set && entry->wanted > 0 &&
			  entry->announced == entry->wanted;
		uint32_t reached = entry == NULL ? 0 : entry->announced;
		uint32_t wanted = entry == NULL ? 0 : entry->wanted;

		worst.announced = worst.announced && ok;
		/* Of two prefixes the one that lacks more neighbours. */
		if (i == 0 || wanted - reached > worst.wanted - worst.reached ||
			(wanted - reached == worst.wanted - worst.reached &&
				wanted < worst.wanted)) {
			worst.wanted = wanted;
			worst.reached = reached;
		}
	}
	return worst;
}
