/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brain's host: configuration and check reports in, intents out to addresses and routes.
 *
 * Invariants:
 *  1. The brain's sink only takes notes; what it wants is carried out by services_settle, which
 *     follows every call into the brain in the same turn of the loop.
 *  2. In this order: withdrawals are sent, addresses are settled, announcements are made. So an
 *     address is there before traffic comes, and stays until a withdrawal has spread.
 *  3. A report that speaks of another generation of the configuration is not looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "daemon/main/settings.h"
#include "os/clock.h"
#include "os/log.h"

#define SYNC_PATIENCE duration_seconds(15)

struct hosted_service *service_at(const struct main_process *main, size_t index)
{
	struct hosted_service *service =
		index < main->services.room ? main->services.list[index] : NULL;

	return service == NULL || service->config == NULL ? NULL : service;
}

struct hosted_service *service_by_name(
	struct main_process *main, const char *name, size_t *ret_index)
{
	size_t index = brain_service_find(main->brain, name);

	if (index == SIZE_MAX || service_at(main, index) == NULL)
		return NULL;
	*ret_index = index;
	return service_at(main, index);
}

static struct hosted_service *service_ensure(struct services *services, size_t index)
{
	if (index >= services->room) {
		size_t room = services->room == 0 ? 8 : services->room;
		struct hosted_service **list;

		while (room <= index)
			room *= 2;
		list = realloc(services->list, room * sizeof(*list));
		if (list == NULL)
			return NULL;
		memset(list + services->room, 0, (room - services->room) * sizeof(*list));
		services->list = list;
		services->room = room;
	}
	if (services->list[index] == NULL)
		services->list[index] = calloc(1, sizeof(*services->list[index]));
	return services->list[index];
}

static void service_free(struct services *services, size_t index)
{
	struct hosted_service *service = services->list[index];

	if (service == NULL)
		return;
	free(service->checks);
	free(service);
	services->list[index] = NULL;
}

/* ---- The brain's sink ---- */

static void on_intent(
	void *context, size_t index, const struct intent *intent, const char *reason)
{
	struct main_process *main = context;
	struct hosted_service *service = service_ensure(&main->services, index);

	if (service == NULL) {
		log_event(LOG_ERROR, "service", "no memory for a service");
		return;
	}
	service->intent = *intent;
	service->dirty = true;
	snprintf(service->reason, sizeof(service->reason), "%s", reason);
}

static void on_changed(void *context, const struct service_change *change)
{
	struct main_process *main = context;
	struct hosted_service *service = service_at(main, change->service);

	if (service != NULL)
		service->changes++;
	event_service(main, change);
}

static void on_persist(void *context)
{
	state_save(context, "drains would not survive a restart");
}

static void on_suspect(void *context, bool suspected, const char *reason)
{
	struct main_process *main = context;
	struct record_plain hurry = { .head = { .type = RECORD_HURRY } };

	event_emit(main, suspected ? LOG_WARNING : LOG_INFO, "suspect",
		suspected ? "every check failed at once: the checks themselves are doubted"
			  : "the checks are believed again",
		"?suspected", suspected ? "true" : "false", "reason", reason, NULL);
	if (suspected)
		(void)feed_send(main, PROCESS_PROBE, &hurry, sizeof(hurry), -1);
}

/* ---- Carrying out ---- */

static void on_brain_timer(uv_timer_t *timer)
{
	struct main_process *main = timer->data;

	event_hold(main);
	brain_tick(main->brain, clock_now());
	services_settle(main);
	event_release(main);
}

/* A neighbour that held our routes over a restart drops those that are not announced again by
 * the end-of-RIB (RFC 4724 section 4.1): so that waits until the checks have had their first
 * word. */
static void sync_look(struct main_process *main)
{
	struct record_plain record = { .head = { .type = RECORD_ROUTES_SYNCED } };
	struct service_view view;

	if (main->synced)
		return;
	for (size_t i = 0; i < main->services.room; i++)
		if (service_at(main, i) != NULL && brain_service_view(main->brain, i, &view) &&
			(view.state == SERVICE_INIT || view.state == SERVICE_RISING) &&
			instant_since(clock_now(), main->started).ns < SYNC_PATIENCE.ns)
			return;
	if (feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1) == 0)
		main->synced = true;
}

void services_settle(struct main_process *main)
{
	bool any = false;

	if (main->services.adopting)
		return;
	for (size_t i = 0; i < main->services.room; i++) {
		const struct hosted_service *service = service_at(main, i);

		if (service == NULL || !service->dirty)
			continue;
		routes_withdraw(main, service);
		any = true;
	}
	if (any)
		addresses_settle(main);
	for (size_t i = 0; i < main->services.room && any; i++) {
		struct hosted_service *service = service_at(main, i);

		if (service == NULL || !service->dirty)
			continue;
		service->dirty = false;
		routes_announce(main, service);
	}
	if (any)
		main_status_notify(main);
	sync_look(main);
	if (main->phase < PHASE_WITHDRAWING)
		timer_at(&main->brain_timer, on_brain_timer, brain_deadline(main->brain));
}

/* ---- Configuration ---- */

static int service_configure(
	struct main_process *main, const struct config_service *config, size_t *ret_index)
{
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	struct brain_service_settings settings;
	struct hosted_service *service;
	struct check_record *records;
	int r = settings_service(config, checks, &settings);

	if (r == 0)
		r = brain_service_set(main->brain, &settings, clock_now(), ret_index);
	if (r != 0)
		return r;
	service = service_ensure(&main->services, *ret_index);
	records = calloc(settings.check_count + 1, sizeof(*records));
	if (service == NULL || records == NULL) {
		free(records);
		return ERROR_MEMORY;
	}
	/* The prober tells everything again after it took the new configuration. */
	free(service->checks);
	service->checks = records;
	service->check_count = settings.check_count;
	service->config = config;
	service->dirty = true;
	return 0;
}

static void services_remove_others(struct main_process *main)
{
	for (size_t i = 0; i < main->services.room; i++) {
		struct hosted_service *service = service_at(main, i);
		char name[RECORD_NAME_MAX];

		if (service == NULL)
			continue;
		snprintf(name, sizeof(name), "%s", service->config->name);
		if (config_service_find(main->config, name) != NULL)
			continue;
		routes_drop_service(
			main, name, "the service was removed from the configuration");
		(void)brain_service_remove(main->brain, i, clock_now());
		service_free(&main->services, i);
	}
}

int services_configure(struct main_process *main, struct error *error)
{
	const struct config *config = main->config;
	size_t *by_config = calloc(config->service_count + 1, sizeof(*by_config));
	struct brain_settings settings;
	int r = by_config == NULL ? ERROR_MEMORY : 0;

	main->services.adopting = true;
	settings_brain(config, &settings);
	brain_change(main->brain, &settings, clock_now());
	services_remove_others(main);
	for (size_t i = 0; i < config->service_count && r == 0; i++)
		r = service_configure(main, &config->services[i], &by_config[i]);
	main->services.adopting = false;
	if (r != 0) {
		free(by_config);
		return error_set(error, (enum error_code)r, "cannot take the services over: %s",
			error_name((enum error_code)r));
	}
	free(main->services.by_config);
	main->services.by_config = by_config;
	return 0;
}

int services_begin(struct main_process *main, struct error *error)
{
	const struct brain_sink sink = { main, on_intent, on_changed, on_persist, on_suspect };
	struct brain_settings settings;
	int r;

	settings_brain(main->config, &settings);
	main->brain = brain_new(&settings, &sink);
	if (main->brain == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	r = services_configure(main, error);
	if (r != 0)
		return r;
	main->services.adopting = true;
	state_drains_read(main);
	main->services.adopting = false;
	return 0;
}

void services_free(struct main_process *main)
{
	for (size_t i = 0; i < main->services.room; i++)
		service_free(&main->services, i);
	free(main->services.list);
	free(main->services.by_config);
	main->services = (struct services){ 0 };
	brain_free(main->brain);
	main->brain = NULL;
}

/* ---- Reports ---- */

static void event_check(struct main_process *main, const struct hosted_service *service,
	const char *check, enum check_state old, const struct record_check_report *report)
{
	const char *state = check_state_name((enum check_state)report->state);
	bool bad = report->state == CHECK_STATE_DOWN || report->state == CHECK_STATE_UNKNOWN;
	char message[512];

	snprintf(message, sizeof(message), "check %s of service %s is %s: %s", check,
		service->config->name, state, report->evidence);
	event_emit(main, bad ? LOG_WARNING : LOG_INFO, "check-state", message, "service",
		service->config->name, "check", check, "old_state", check_state_name(old),
		"new_state", state, "evidence", report->evidence, NULL);
}

void services_report(struct main_process *main, const struct record_check_report *report)
{
	struct hosted_service *service;
	struct check_record *record;
	struct check_view view;
	size_t index;

	if (report->generation != main->generation || main->phase >= PHASE_WITHDRAWING ||
		report->service >= main->config->service_count)
		return;
	index = main->services.by_config[report->service];
	service = service_at(main, index);
	if (service == NULL || report->check >= service->check_count ||
		report->state > CHECK_STATE_UNKNOWN || report->outcome > OUTCOME_UNKNOWN)
		return;
	event_hold(main);
	record = &service->checks[report->check];
	if (record->state != report->state &&
		brain_check_view(main->brain, index, report->check, clock_now(), &view))
		event_check(main, service, view.name, (enum check_state)record->state, report);
	*record = (struct check_record){ report->state, report->outcome, true, report->latency,
		report->probes, report->failures };
	brain_check(main->brain, index, report->check, (enum check_state)report->state,
		report->conclusive, report->evidence, clock_now());
	services_settle(main);
	event_release(main);
}

void services_checker_lost(struct main_process *main, const char *reason)
{
	if (main->phase >= PHASE_WITHDRAWING)
		return;
	brain_checker_lost(main->brain, reason, clock_now());
	services_settle(main);
}

void services_checker_back(struct main_process *main)
{
	if (main->phase >= PHASE_WITHDRAWING)
		return;
	brain_checker_back(main->brain, clock_now());
	services_settle(main);
}
