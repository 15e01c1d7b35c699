/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The privileged process from its start to its end.
 *
 *     read the configuration -> folders -> locks, take over an earlier run -> sockets,
 * addresses
 *       -> drop to the user and the few capabilities -> brain -> children -> loop
 *
 * Invariants:
 *  1. What can be wrong with the machine or the configuration is found and said before the
 * first announcement, and before any address is touched.
 *  2. From privilege_drop on nothing more can be gained: no root, no other capability, no exec
 *     that brings one back.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/notify.h"

#define EXIT_FAILED 1
#define EXIT_CONFIG 2

/* ---- Small tools ---- */

void timer_at(uv_timer_t *timer, uv_timer_cb callback, struct instant when)
{
	int64_t ms;

	if (when.ns == INSTANT_NEVER.ns) {
		uv_timer_stop(timer);
		return;
	}
	/* Rounded up: a timer that fires early would only fire again. */
	ms = (instant_since(when, clock_now()).ns + 999999) / 1000000;
	uv_update_time(timer->loop);
	uv_timer_start(timer, callback, ms < 0 ? 0 : (uint64_t)ms, 0);
}

static const char *path_join(const char *folder, const char *name, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "%s/%s", folder, name);
	return path;
}

const char *main_runtime_path(
	const struct main_process *main, const char *name, char path[PATH_ROOM])
{
	return path_join(main->options->runtime_dir, name, path);
}

const char *main_state_path(
	const struct main_process *main, const char *name, char path[PATH_ROOM])
{
	return path_join(main->options->state_dir, name, path);
}

static void error_tell(const struct error *error)
{
	const char *pairs[4];
	size_t count = 0;

	if (error->hint[0] != '\0') {
		pairs[count++] = "hint";
		pairs[count++] = error->hint;
	}
	if (error->system_errno != 0) {
		pairs[count++] = "errno";
		pairs[count++] = strerror(error->system_errno);
	}
	log_pairs(LOG_ERROR, "start", error->text, pairs, count);
}

/* ---- The service manager ---- */

void main_status_notify(struct main_process *main)
{
	struct service_view view;
	unsigned total = 0, wanted = 0, announced = 0;

	if (main->phase != PHASE_RUNNING || !main->ready_said)
		return;
	for (size_t i = 0; i < main->services.room; i++) {
		const struct hosted_service *service = service_at(main, i);

		if (service == NULL || !brain_service_view(main->brain, i, &view))
			continue;
		total++;
		wanted += view.wanted;
		announced += view.intent.announce;
	}
	notify_send("STATUS=%u of %u services are announced, %u are wanted", announced, total,
		wanted);
}

void main_ready_look(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (main->slots[i].main != NULL && main->slots[i].state != SLOT_RUNNING &&
			main->slots[i].state != SLOT_STOPPED)
			return;
	if (main->ready_said)
		return;
	main->ready_said = true;
	notify_send("READY=1\nMAINPID=%d", (int)getpid());
	event_emit(main, LOG_INFO, "ready", "all processes are up", "reason", "", NULL);
	main_status_notify(main);
	/* What was needed to read the configuration is not needed any more. */
	(void)malloc_trim(0);
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_send("WATCHDOG=1");
}

/* ---- Timers and signals ---- */

static void on_lease(uv_timer_t *timer)
{
	struct main_process *main = timer->data;

	feed_renew(main);
	supervise_look(main);
	services_settle(main);
}

void main_lease_start(struct main_process *main)
{
	uint64_t third = (uint64_t)duration_to_ms(main->config->lease) / 3;

	if (third < 100)
		third = 100;
	uv_timer_start(&main->lease_timer, on_lease, third, third);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "signal %s", number == SIGINT ? "INT" : "TERM");
	stop_begin(handle->data, reason, false);
}

static void on_restart_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop_begin(handle->data, "signal USR2: a restart", true);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
	struct main_process *main = handle->data;
	const struct reload_request request = { false, false };
	struct text message = { 0 };
	json_t *document = NULL;

	(void)number;
	if (main->phase == PHASE_RUNNING)
		(void)reload_run(main, &request, &document, &message);
	json_decref(document);
	text_clear(&message);
}

static const struct signal_row {
	int number;
	uv_signal_cb callback;
} signal_rows[] = {
	{ SIGTERM, on_stop_signal },
	{ SIGINT, on_stop_signal },
	{ SIGHUP, on_reload_signal },
	{ SIGUSR2, on_restart_signal },
};

#define SIGNAL_COUNT (sizeof(signal_rows) / sizeof(signal_rows[0]))

static void handles_begin(struct main_process *main)
{
	uv_timer_t *const timers[] = { &main->brain_timer, &main->address_timer,
		&main->lease_timer, &main->watchdog_timer, &main->stop_timer };
	struct duration watchdog = notify_watchdog_interval();

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
		uv_timer_init(&main->loop, timers[i]);
		timers[i]->data = main;
	}
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(&main->loop, &main->signals[i]);
		main->signals[i].data = main;
		uv_signal_start(
			&main->signals[i], signal_rows[i].callback, signal_rows[i].number);
	}
	signal(SIGPIPE, SIG_IGN);
	if (watchdog.ns > 0)
		uv_timer_start(&main->watchdog_timer, on_watchdog, 0,
			(uint64_t)duration_to_ms(watchdog));
}

/* ---- The start, step by step ---- */

static void diagnostics_tell(const struct config_diagnostics *diagnostics)
{
	struct text out = { 0 };

	config_diagnostics_print(diagnostics, isatty(STDERR_FILENO) == 1, &out);
	(void)fputs(text_string(&out), stderr);
	text_clear(&out);
}

static int config_begin(struct main_process *main, struct error *error)
{
	struct config_diagnostics diagnostics = { 0 };
	int r = config_load(main->options->config_path, main->options->conf_dir, &main->files,
		&main->config, &diagnostics, error);

	if (diagnostics.count > 0)
		diagnostics_tell(&diagnostics);
	config_diagnostics_clear(&diagnostics);
	if (r != 0)
		return r;
	main->generation = 1;
	main->loaded = clock_now();
	main_log_apply(main);
	return main_neighbors_carry(main, NULL);
}

static int folders_begin(struct main_process *main, struct error *error)
{
	const struct main_options *o = main->options;
	const char *user = o->user != NULL ? o->user : main->config->user;
	int r = privilege_user_find(user, &main->user, error);

	if (r == 0)
		r = directory_make(o->runtime_dir, 0755, main->user.uid, main->user.gid, error);
	if (r == 0)
		r = directory_make(o->state_dir, 0750, main->user.uid, main->user.gid, error);
	return r;
}

/* Files that root made, for the user to have from now on. */
static void files_give(struct main_process *main)
{
	if (geteuid() != 0)
		return;
	if (main->main_lock >= 0)
		(void)!fchown(main->main_lock, main->user.uid, main->user.gid);
	if (main->speaker_lock >= 0)
		(void)!fchown(main->speaker_lock, main->user.uid, main->user.gid);
	sockets_give_files(main);
}

static int privileged_begin(struct main_process *main, struct error *error)
{
	int r = folders_begin(main, error);

	if (r == 0)
		r = takeover(main, error);
	if (r == 0)
		r = feed_secrets_check(main->config, error);
	if (r == 0)
		r = sockets_open(main, main->config, error);
	if (r == 0)
		r = addresses_begin(main, error);
	if (r != 0)
		return r;
	kernel_routes_begin(main);
	files_give(main);
	return privilege_drop(&main->user, error);
}

static int daemon_begin(struct main_process *main, struct error *error)
{
	int r;

	handles_begin(main);
	r = privileged_begin(main, error);
	if (r == 0)
		r = services_begin(main, error);
	if (r != 0)
		return r;
	event_emit(main, LOG_INFO, "start", "nearcast " NEARCAST_VERSION " starts", "reason",
		main->forwarding_kept ? "addresses or routes of an earlier run are in place"
				      : "",
		NULL);
	main->phase = PHASE_RUNNING;
	services_settle(main);
	addresses_settle(main);
	supervise_begin(main);
	main_lease_start(main);
	return 0;
}

static void daemon_end(struct main_process *main)
{
	uv_timer_t *const timers[] = { &main->brain_timer, &main->address_timer,
		&main->lease_timer, &main->watchdog_timer, &main->stop_timer };

	supervise_free(main);
	kernel_routes_end(main);
	addresses_free(main);
	sockets_close(main);
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		uv_close((uv_handle_t *)timers[i], NULL);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&main->signals[i], NULL);
	uv_run(&main->loop, UV_RUN_DEFAULT);
	services_free(main);
	route_table_clear(&main->routes);
	if (main->main_lock >= 0)
		close(main->main_lock);
	if (main->speaker_lock >= 0)
		close(main->speaker_lock);
}

static struct main_options options_complete(const struct main_options *options)
{
	struct main_options complete = *options;

	if (complete.runtime_dir == NULL)
		complete.runtime_dir = MAIN_RUNTIME_DIR;
	if (complete.state_dir == NULL)
		complete.state_dir = MAIN_STATE_DIR;
	return complete;
}

static int daemon_run(struct main_process *main)
{
	struct error error = { 0 };
	int r;

	if (uv_loop_init(&main->loop) != 0)
		return EXIT_FAILED;
	r = daemon_begin(main, &error);
	if (r == 0)
		uv_run(&main->loop, UV_RUN_DEFAULT);
	else
		error_tell(&error);
	daemon_end(main);
	(void)uv_loop_close(&main->loop);
	if (r != 0)
		return EXIT_FAILED;
	return main->stop_keep ? MAIN_EXIT_AGAIN : 0;
}

int main_run(const struct main_options *options)
{
	struct main_options complete = options_complete(options);
	struct main_process main = {
		.options = &complete,
		.main_lock = -1,
		.speaker_lock = -1,
		.started = clock_now(),
	};
	struct error error = { 0 };
	int code = EXIT_CONFIG, r;

	for (int i = 0; i < LISTENER_KINDS; i++)
		main.listeners[i] = -1;
	log_setup("main", options->has_log_format ? options->log_format : LOG_FORMAT_LOGFMT,
		options->has_log_level ? options->log_level : LOG_INFO);
	notify_setup();
	r = config_begin(&main, &error);
	if (r == 0)
		code = daemon_run(&main);
	else if (error.text[0] != '\0')
		error_tell(&error);
	free(main.neighbors);
	config_free(main.config);
	config_files_clear(&main.files);
	return code;
}
