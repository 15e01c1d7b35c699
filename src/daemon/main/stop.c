/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the daemon, in order:
 *
 *     running --signal--> withdrawing --all withdrawn, spread, addresses off--> ending --> done
 *                             |                                                    ^
 *                             +-------- a second signal, or too long --------------+
 *
 * A service with `on-exit: withdraw` is withdrawn, and its addresses leave after their delay;
 * the sessions stay up meanwhile, so that the withdrawals are heard. A service with `on-exit:
 * keep` keeps addresses and announcements; the speaker ends without a NOTIFICATION and the
 * neighbours hold its routes (RFC 4724, RFC 8538) for the next run. A stop for a restart keeps
 * all.
 */
#include <stdio.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/notify.h"

#define WRITE_PATIENCE duration_seconds(3) /* for neighbours to take the withdrawals */
#define END_PATIENCE   duration_seconds(5) /* for children to end */
#define HURRY_PATIENCE duration_ms(500)

static bool keeps_any(const struct main_process *main)
{
	struct hash_iterator iterator = { 0 };
	const struct route_entry *entry;

	while ((entry = route_table_next(&main->routes, &iterator)) != NULL)
		if (entry->set)
			return true;
	return false;
}

static bool withdrawals_written(const struct main_process *main)
{
	struct hash_iterator iterator = { 0 };
	const struct route_entry *entry;

	while ((entry = route_table_next(&main->routes, &iterator)) != NULL)
		if (!entry->set && !instant_is_set(entry->withdrawn_at))
			return false;
	return true;
}

static void on_end_patience(uv_timer_t *timer)
{
	struct main_process *main = timer->data;

	log_event(LOG_WARNING, "stop", "not every process ended in time: they are killed");
	supervise_kill(main);
	main->phase = PHASE_DONE;
	uv_stop(&main->loop);
}

static void end_begin(struct main_process *main, struct duration patience)
{
	bool keep = keeps_any(main);

	main->phase = PHASE_ENDING;
	/* What is still there has waited long enough. */
	route_table_clear_withdrawn(&main->routes);
	addresses_settle(main);
	supervise_stop(main, keep, main->stop_reason);
	timer_at(&main->stop_timer, on_end_patience, instant_add(clock_now(), patience));
	stop_look(main);
}

static void on_withdraw_patience(uv_timer_t *timer)
{
	struct main_process *main = timer->data;

	log_event(LOG_WARNING, "stop", "not every withdrawal was taken in time");
	end_begin(main, END_PATIENCE);
}

void stop_look(struct main_process *main)
{
	if (main->phase == PHASE_WITHDRAWING && withdrawals_written(main) &&
		addresses_settled(main))
		end_begin(main, END_PATIENCE);
	if (main->phase == PHASE_ENDING && supervise_ended(main)) {
		main->phase = PHASE_DONE;
		uv_stop(&main->loop);
	}
}

static struct duration longest_delay(const struct config *config)
{
	struct duration longest = { 0 };

	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i].address_delay.ns > longest.ns)
			longest = config->services[i].address_delay;
	return longest;
}

static void withdraw_begin(struct main_process *main)
{
	struct duration patience = { longest_delay(main->config).ns + WRITE_PATIENCE.ns };

	main->phase = PHASE_WITHDRAWING;
	main->stop_began = clock_now();
	uv_timer_stop(&main->brain_timer);
	for (size_t i = 0; i < main->services.room; i++)
		if (service_at(main, i) != NULL)
			routes_withdraw(main, service_at(main, i));
	addresses_settle(main);
	timer_at(&main->stop_timer, on_withdraw_patience,
		instant_add(main->stop_began, patience));
	stop_look(main);
}

void stop_begin(struct main_process *main, const char *reason, bool keep)
{
	switch (main->phase) {
	case PHASE_STARTING:
	case PHASE_RUNNING:
		snprintf(main->stop_reason, sizeof(main->stop_reason), "%s", reason);
		main->stop_keep = keep;
		notify_send("STOPPING=1\nSTATUS=stopping: %s", reason);
		event_emit(main, LOG_INFO, "stop",
			keep ? "stopping for a restart: announcements are kept" : "stopping",
			"reason", reason, NULL);
		withdraw_begin(main);
		break;
	case PHASE_WITHDRAWING:
		log_event(LOG_WARNING, "stop", "told again: stopping at once");
		end_begin(main, HURRY_PATIENCE);
		break;
	case PHASE_ENDING:
		supervise_kill(main);
		break;
	case PHASE_DONE:
		break;
	}
}
