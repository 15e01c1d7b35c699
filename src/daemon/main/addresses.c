/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service addresses on interfaces.
 *
 *     absent --wanted: add--> ours --not wanted, withdrawals spread: remove--> absent
 *        |                     ^ |
 *        | somebody has it     | | somebody removed it: told, put back
 *        v                     +-+
 *     foreign (never removed by us)
 *
 * Invariants:
 *  1. An address is added before a prefix that covers it is announced: services.c settles
 *     addresses first.
 *  2. An address leaves only when nobody wants it and route_table_releases lets it go.
 *  3. Only what carries our protocol number, or what we put ourselves, is ever removed. On
 *     kernels that keep no such number (before 5.18) the state file keeps what we put.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "daemon/main/state_file.h"
#include "os/clock.h"
#include "os/log.h"

#define ADDRESSES_MAX     65536u
#define LEFTOVER_DELAY_MS 3000 /* an earlier run's routes may still be held by neighbours */
#define RETRY_MS          5000
#define REPAIRS_MAX       5 /* within REPAIR_SPAN_MS, then we step back for RETRY_MS */
#define REPAIR_SPAN_MS    10000

static void on_timer(uv_timer_t *timer)
{
	struct main_process *main = timer->data;

	addresses_settle(main);
	stop_look(main);
}

static struct managed_address *address_find(
	const struct main_process *main, const char *interface, const struct address *address)
{
	for (size_t i = 0; i < main->addresses.count; i++) {
		struct managed_address *entry = &main->addresses.list[i];

		if (address_equal(&entry->address, address) &&
			strcmp(entry->interface, interface) == 0)
			return entry;
	}
	return NULL;
}

static struct managed_address *address_ensure(
	struct main_process *main, const char *interface, const struct address *address)
{
	struct addresses *all = &main->addresses;
	struct managed_address *entry = address_find(main, interface, address);

	if (entry != NULL)
		return entry;
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 16 : all->room * 2;
		struct managed_address *list = realloc(all->list, room * sizeof(*list));

		if (list == NULL || room > ADDRESSES_MAX) {
			log_event(LOG_ERROR, "address", "no memory for one more address");
			return NULL;
		}
		all->list = list;
		all->room = room;
	}
	entry = &all->list[all->count++];
	*entry = (struct managed_address){ .address = *address };
	snprintf(entry->interface, sizeof(entry->interface), "%s", interface);
	return entry;
}

/* The service that has the address there; NULL for one that is left over. */
static const char *service_of(
	const struct main_process *main, const struct managed_address *entry)
{
	for (size_t i = 0; i < main->services.room; i++) {
		const struct hosted_service *service = service_at(main, i);

		if (service == NULL ||
			strcmp(service->config->interface, entry->interface) != 0)
			continue;
		for (size_t j = 0; j < service->config->address_count; j++)
			if (address_equal(&service->config->addresses[j], &entry->address))
				return service->config->name;
	}
	return NULL;
}

static void event_address(struct main_process *main, enum log_level level, const char *type,
	const struct managed_address *entry, const char *what)
{
	char text[ADDRESS_TEXT_MAX], message[256];

	address_format(&entry->address, text);
	snprintf(message, sizeof(message), "%s %s %s", text, what, entry->interface);
	event_emit(main, level, type, message, "service", service_of(main, entry), "address",
		text, "interface", entry->interface, NULL);
}

static void address_add(struct main_process *main, struct managed_address *entry)
{
	struct error error = { 0 };
	int r;

	if (instant_is_set(entry->retry) && !instant_reached(entry->retry, clock_now()))
		return;
	r = netlink_address_add(main->netlink, entry->interface, &entry->address, &error);
	if (r == 0) {
		entry->presence = ADDRESS_OURS;
		main->addresses.unwritten = true;
		event_address(main, LOG_INFO, "address-added", entry, "added to");
	} else if (r == ERROR_EXISTS) {
		entry->presence = ADDRESS_FOREIGN;
		event_address(main, LOG_WARNING, "address-foreign", entry,
			"is there already, and will be left there: it is on");
	} else if (!entry->failed) {
		log_fields(LOG_ERROR, "address", error.text, "hint", error.hint, NULL);
	}
	entry->failed = r != 0 && r != ERROR_EXISTS;
	entry->retry = entry->failed ? instant_add(clock_now(), duration_ms(RETRY_MS))
				     : (struct instant){ 0 };
}

static void address_remove(struct main_process *main, struct managed_address *entry)
{
	struct error error = { 0 };
	int r;

	/* Before the kernel tells us of it, so that it is not taken for somebody else's doing.
	 */
	entry->presence = ADDRESS_ABSENT;
	main->addresses.unwritten = true;
	r = netlink_address_remove(main->netlink, entry->interface, &entry->address, &error);
	if (r != 0 && r != ERROR_NOT_FOUND)
		log_fields(LOG_ERROR, "address", error.text, "hint", error.hint, NULL);
	else
		event_address(main, LOG_INFO, "address-removed", entry, "removed from");
}

static bool service_wants(const struct main_process *main, const struct hosted_service *service)
{
	if (!service->config->manage_addresses || !service->intent.address)
		return false;
	return main->phase < PHASE_WITHDRAWING || main->stop_keep ||
	       service->config->on_exit == ON_EXIT_KEEP;
}

static void wants_collect(struct main_process *main)
{
	struct addresses *all = &main->addresses;

	for (size_t i = 0; i < all->count; i++)
		all->list[i].wanted = false;
	for (size_t i = 0; i < main->services.room; i++) {
		const struct hosted_service *service = service_at(main, i);

		if (service == NULL || !service_wants(main, service))
			continue;
		for (size_t j = 0; j < service->config->address_count; j++) {
			struct managed_address *entry = address_ensure(main,
				service->config->interface, &service->config->addresses[j]);

			if (entry != NULL)
				entry->wanted = true;
		}
	}
}

/* When this entry needs to be looked at again. */
static struct instant entry_settle(struct main_process *main, struct managed_address *entry)
{
	struct instant when;

	if (entry->wanted && entry->presence == ADDRESS_ABSENT)
		address_add(main, entry);
	if (entry->wanted && entry->presence == ADDRESS_ABSENT)
		return entry->retry;
	if (entry->wanted || entry->presence != ADDRESS_OURS)
		return INSTANT_NEVER;
	when = route_table_releases(&main->routes, &entry->address);
	if (main->phase < PHASE_ENDING && instant_before(when, entry->not_before))
		when = entry->not_before;
	if (!instant_reached(when, clock_now()))
		return when;
	address_remove(main, entry);
	return INSTANT_NEVER;
}

static void entries_forget(struct addresses *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].wanted || all->list[i].presence == ADDRESS_OURS)
			all->list[kept++] = all->list[i];
	all->count = kept;
}

/* Where the kernel does not keep whose an address is, the state file does. */
static void ownership_write(struct main_process *main)
{
	if (!main->addresses.unwritten || !main->state_read)
		return;
	main->addresses.unwritten = false;
	if (!main->addresses.protocol_known)
		state_save(main, "addresses would be left behind after a crash");
}

void addresses_settle(struct main_process *main)
{
	struct instant next = INSTANT_NEVER;

	if (main->netlink == NULL)
		return;
	wants_collect(main);
	for (size_t i = 0; i < main->addresses.count; i++)
		next = instant_earlier(next, entry_settle(main, &main->addresses.list[i]));
	entries_forget(&main->addresses);
	route_table_expire(&main->routes, clock_now());
	timer_at(&main->address_timer, on_timer, next);
	ownership_write(main);
}

/* ---- What others do to our addresses ---- */

/* Two programs that each insist would fight for ever: we step back for a while. */
static bool repair_allowed(struct managed_address *entry)
{
	struct instant now = clock_now();

	if (!instant_is_set(entry->repairs_since) ||
		instant_since(now, entry->repairs_since).ns > duration_ms(REPAIR_SPAN_MS).ns) {
		entry->repairs_since = now;
		entry->repairs = 0;
	}
	if (entry->repairs++ < REPAIRS_MAX)
		return true;
	entry->retry = instant_add(now, duration_ms(RETRY_MS));
	return false;
}

static void on_removed(void *context, const struct interface_address *gone)
{
	struct main_process *main = context;
	struct managed_address *entry = address_find(main, gone->interface, &gone->address);

	if (entry == NULL || entry->presence == ADDRESS_ABSENT)
		return;
	if (!entry->wanted) {
		entry->presence = ADDRESS_ABSENT;
		return;
	}
	entry->presence = ADDRESS_ABSENT;
	event_address(main, LOG_WARNING, "address-lost", entry,
		repair_allowed(entry) ? "was removed by somebody else and is put back on"
				      : "is removed again and again by somebody else from");
	addresses_settle(main);
	/* It was news of an older removal: the address was and is ours. */
	entry = address_find(main, gone->interface, &gone->address);
	if (entry != NULL && entry->presence == ADDRESS_FOREIGN)
		entry->presence = ADDRESS_OURS;
}

static void on_added(void *context, const struct interface_address *address)
{
	(void)context;
	(void)address;
}

struct census {
	struct main_process *main;
	bool first;
};

static bool is_configured(
	const struct main_process *main, const char *interface, const struct address *address)
{
	for (size_t i = 0; i < main->config->service_count; i++) {
		const struct config_service *service = &main->config->services[i];

		for (size_t j = 0; j < service->address_count; j++)
			if (service->manage_addresses &&
				strcmp(service->interface, interface) == 0 &&
				address_equal(&service->addresses[j], address))
				return true;
	}
	return false;
}

/* What an earlier run left behind. */
static void address_adopt(
	struct main_process *main, const char *interface, const struct address *address)
{
	bool configured = is_configured(main, interface, address);
	struct managed_address *entry = address_ensure(main, interface, address);

	if (entry == NULL)
		return;
	entry->presence = ADDRESS_OURS;
	main->forwarding_kept = main->forwarding_kept || configured;
	if (!configured)
		entry->not_before = instant_add(clock_now(), duration_ms(LEFTOVER_DELAY_MS));
	event_address(main, LOG_INFO, configured ? "address-adopted" : "address-leftover",
		entry,
		configured ? "of an earlier run is kept on"
			   : "of an earlier run is not configured and will leave");
}

static void census_first(void *context, const struct interface_address *found)
{
	struct main_process *main = context;

	main->addresses.protocol_known = main->addresses.protocol_known || found->protocol != 0;
	if (found->protocol == ADDRESS_PROTOCOL)
		address_adopt(main, found->interface, &found->address);
}

/* One address that the state file names, and whether it is still where it was put. */
struct remembered {
	const struct state_address *wanted;
	bool found;
};

static void census_remembered(void *context, const struct interface_address *found)
{
	struct remembered *remembered = context;
	const struct address *address = &remembered->wanted->address;

	if (strcmp(found->interface, remembered->wanted->interface) == 0 &&
		address_equal(&found->address, address) &&
		found->length == family_bits((enum family)address->family))
		remembered->found = true;
}

static void on_remembered(void *context, const struct state_address *address)
{
	struct main_process *main = context;
	struct remembered remembered = { .wanted = address };

	if (netlink_address_list(main->netlink, census_remembered, &remembered, NULL) == 0 &&
		remembered.found)
		address_adopt(main, address->interface, &address->address);
}

/* A kernel that knows IFA_PROTO tells it at least of 127.0.0.1. Where no address has one, the
 * state file says which are ours. */
static int census_take(struct main_process *main, struct error *error)
{
	bool ignored = getenv("NEARCAST_IGNORE_IFA_PROTO") != NULL; /* for tests */
	int r = 0;

	if (ignored)
		netlink_protocol_forget(main->netlink);
	else
		r = netlink_address_list(main->netlink, census_first, main, error);
	if (r == 0 && !main->addresses.protocol_known)
		state_addresses_read(main, on_remembered, main);
	return r;
}

static void census_mark(void *context, const struct interface_address *found)
{
	struct managed_address *entry =
		address_find(context, found->interface, &found->address);

	if (entry != NULL)
		entry->marked = true;
}

/* News were lost: whatever is not there any more was removed by somebody. */
static void on_overrun(void *context)
{
	struct main_process *main = context;
	struct addresses *all = &main->addresses;

	for (size_t i = 0; i < all->count; i++)
		all->list[i].marked = false;
	if (netlink_address_list(main->netlink, census_mark, main, NULL) != 0)
		return;
	for (size_t i = 0; i < all->count; i++)
		if (!all->list[i].marked)
			all->list[i].presence = ADDRESS_ABSENT;
	addresses_settle(main);
}

static bool manages_any(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i].manage_addresses)
			return true;
	return false;
}

int addresses_begin(struct main_process *main, struct error *error)
{
	const struct netlink_events events = { main, on_added, on_removed, on_overrun };
	int r;

	if (manages_any(main->config) && !privilege_have(PRIVILEGE_NET_ADMIN))
		return privilege_missing(
			PRIVILEGE_NET_ADMIN, "putting service addresses on interfaces", error);
	main->netlink = netlink_open(error);
	if (main->netlink == NULL)
		return error->code;
	r = netlink_watch(main->netlink, &main->loop, &events, error);
	if (r == 0)
		r = census_take(main, error);
	return r;
}

enum address_presence address_presence(
	const struct main_process *main, const char *interface, const struct address *address)
{
	const struct managed_address *entry = address_find(main, interface, address);

	return entry == NULL ? ADDRESS_ABSENT : entry->presence;
}

bool addresses_settled(const struct main_process *main)
{
	for (size_t i = 0; i < main->addresses.count; i++)
		if (!main->addresses.list[i].wanted &&
			main->addresses.list[i].presence == ADDRESS_OURS)
			return false;
	return true;
}

void addresses_free(struct main_process *main)
{
	netlink_close(main->netlink);
	main->netlink = NULL;
	free(main->addresses.list);
	main->addresses = (struct addresses){ 0 };
}
