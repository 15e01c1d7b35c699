/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What main writes into its state file and reads back after a restart.
 *
 * Invariants:
 *  1. The file is written as a whole, and not before the drains of the one before were read.
 *  2. An address that the file names is ours only where the kernel does not say whose it is, in
 *     the same boot and network namespace, and while it is still on its interface: see
 *     addresses.c.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "daemon/main/state_file.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/place.h"

#define STATE_FILE "state.json"

/* Those that are ours, in memory that the caller frees; NULL: none, or no memory. */
static struct state_address *own_addresses(const struct main_process *main, size_t *ret_count)
{
	const struct addresses *all = &main->addresses;
	struct state_address *list = calloc(all->count + 1, sizeof(*list));

	*ret_count = 0;
	for (size_t i = 0; list != NULL && i < all->count; i++) {
		struct state_address *entry = &list[*ret_count];

		if (all->list[i].presence != ADDRESS_OURS)
			continue;
		memcpy(entry->interface, all->list[i].interface, sizeof(entry->interface));
		entry->address = all->list[i].address;
		(*ret_count)++;
	}
	return list;
}

void state_save(struct main_process *main, const char *hint)
{
	char path[PATH_ROOM], place[PLACE_TEXT_MAX] = "";
	struct state state = { .brain = main->brain, .place = place };
	struct state_address *addresses;
	struct error error = { 0 };

	if (main->brain == NULL || !main->state_read)
		return;
	addresses = own_addresses(main, &state.address_count);
	state.addresses = addresses;
	if (addresses != NULL && !main->addresses.protocol_known)
		(void)place_here(place);
	if (state_file_write(main_state_path(main, STATE_FILE, path), &state, &error) != 0)
		log_fields(LOG_ERROR, "state-file", error.text, "hint", hint, NULL);
	free(addresses);
}

/* On the monotonic clock, which may have begun later. A clock that was set back gives now. */
static struct instant instant_of(struct wall_time since)
{
	struct instant now = clock_now();
	int64_t ago = clock_wall().ns - since.ns;

	if (since.ns == 0 || ago < 0 || ago == now.ns)
		return now;
	return (struct instant){ now.ns - ago };
}

static void on_drained(
	void *context, const char *name, const char *reason, struct wall_time since)
{
	struct main_process *main = context;
	size_t index = brain_service_find(main->brain, name);

	if (index != SIZE_MAX)
		(void)brain_drain_restore(
			main->brain, index, reason, instant_of(since), clock_now());
}

void state_drains_read(struct main_process *main)
{
	const struct state_sink sink = { .context = main, .drained = on_drained };
	struct error error = { 0 };
	char path[PATH_ROOM];

	if (state_file_read(main_state_path(main, STATE_FILE, path), "", &sink, &error) != 0)
		log_fields(LOG_ERROR, "state-file", error.text, "hint",
			"no service is drained by it", NULL);
	main->state_read = true;
}

void state_addresses_read(struct main_process *main,
	void (*added)(void *context, const struct state_address *address), void *context)
{
	const struct state_sink sink = { .context = context, .added = added };
	char path[PATH_ROOM], place[PLACE_TEXT_MAX];

	/* What is wrong with the file is told when the drains are read. */
	(void)state_file_read(
		main_state_path(main, STATE_FILE, path), place_here(place), &sink, NULL);
}
