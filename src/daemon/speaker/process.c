/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speaker process: records in, records out, and the end of a lease.
 *
 * An announcement is a lease. Main renews it while it lives; when the renewals stop, because
 * main hangs or is gone, the routes are kept for the rest of the lease and then end as the
 * operator configured: withdrawn, or kept (the connections end without a NOTIFICATION, so that
 * neighbours hold the routes by graceful restart).
 *
 *     leased --(no renewal)--> ended: routes withdrawn, sessions stay --(renewed)--> leased
 *     main gone: the same, but then the process ends
 *
 * Invariants:
 *  1. A record from main is looked at only after record_check.
 *  2. Until the first RECORD_CONFIG there is no speaker and nothing is sent to anybody.
 *  3. done() is called once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/config_record.h"
#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

#define HEARTBEAT_MS 2000u
#define STOP_POLL_MS 20
#define STOP_MAX_MS  3000

static void process_finish(struct speaker_process *process)
{
	if (process->stop_reported)
		return;
	process->stop_reported = true;
	if (process->main_channel != NULL) {
		struct record_plain record = { .head = { .type = RECORD_STOPPED } };

		(void)channel_send(process->main_channel, &record, sizeof(record), -1);
	}
	process->done(process->done_context);
}

static void on_timer(uv_timer_t *timer)
{
	struct speaker_process *process = timer->data;

	speaker_tick(process->speaker, clock_now());
	speaker_process_settle(process);
}

void speaker_process_settle(struct speaker_process *process)
{
	struct instant deadline;
	int64_t ms;

	if (process->speaker == NULL)
		return;
	transport_flush(process);
	monitor_flush(process);
	kernel_export_flush(process);
	deadline = speaker_deadline(process->speaker);
	if (deadline.ns == INSTANT_NEVER.ns) {
		uv_timer_stop(&process->timer);
		return;
	}
	/* Rounded up: a timer that fires early would only fire again. */
	ms = (instant_since(deadline, clock_now()).ns + 999999) / 1000000;
	uv_update_time(process->loop);
	uv_timer_start(&process->timer, on_timer, ms < 0 ? 0 : (uint64_t)ms, 0);
}

static void event_record(
	struct speaker_process *process, const struct speaker_event *event, const char *name)
{
	struct record_neighbor_event record = {
		.head = { .type = RECORD_NEIGHBOR_EVENT },
		.event = event->type,
		.old_state = event->old_state,
		.new_state = event->new_state,
		.code = event->code,
		.subcode = event->subcode,
		.sent = event->sent,
	};

	if (process->main_channel == NULL)
		return;
	snprintf(record.neighbor, sizeof(record.neighbor), "%s", name);
	snprintf(record.reason, sizeof(record.reason), "%s", event->reason);
	(void)channel_send(process->main_channel, &record, sizeof(record), -1);
}

static void on_event(void *context, const struct speaker_event *event)
{
	struct speaker_process *process = context;
	struct neighbor_view view;

	monitor_event(process, event);
	speaker_neighbor_view(event->neighbor, &view);
	switch (event->type) {
	case SPEAKER_ANNOUNCED:
	case SPEAKER_WITHDRAWN:
		routes_changed(process);
		return;
	case SPEAKER_MALFORMED:
	case SPEAKER_MALFORMED_UPDATE:
		malformed_log(process, event, view.settings->name);
		return;
	case SPEAKER_ESTABLISHED:
	case SPEAKER_DOWN:
		routes_changed(process);
		break;
	case SPEAKER_STATE:
	case SPEAKER_REFUSED:
	case SPEAKER_END_OF_RIB:
	case SPEAKER_REFRESH:
	case SPEAKER_PREFIX_LIMIT:
	case SPEAKER_PREFIX_LIMIT_OUT:
	case SPEAKER_STALE:
	case SPEAKER_LONG_LIVED:
		break;
	}
	event_record(process, event, view.settings->name);
}

static struct decision_settings decision_of(const struct config_decision *c)
{
	return (struct decision_settings){
		.med = c->always_compare_med ? DECISION_MED_ALWAYS : DECISION_MED_SAME_AS,
		.missing_med_worst = c->missing_med_as_worst,
		.prefer_oldest = c->prefer_oldest,
		.ignore_path_length = c->ignore_as_path_length,
		.multipath = c->as_path_relax ? DECISION_MULTIPATH_ANY_AS
					      : DECISION_MULTIPATH_SAME_AS,
		.multipath_ebgp = (uint16_t)c->multipath_ebgp,
		.multipath_ibgp = (uint16_t)c->multipath_ibgp,
	};
}

static int speaker_begin(struct speaker_process *process, const struct config *config)
{
	static char hostname[65];
	struct speaker_settings settings = {
		.asn = config->asn,
		.router_id = config->router_id,
		.restarting = process->restarting,
		.hostname = hostname,
		.decision = decision_of(&config->decision),
	};
	struct speaker_sink sink = {
		.context = process,
		.connect = transport_connect,
		.disconnect = transport_disconnect,
		.output_ready = transport_output_ready,
		.event = on_event,
	};

	snprintf(hostname, sizeof(hostname), "%s", config->site == NULL ? "" : config->site);
	if (getrandom(&settings.seed, sizeof(settings.seed), 0) != sizeof(settings.seed))
		settings.seed = (uint64_t)clock_now().ns;
	process->speaker = speaker_new(&settings, &sink);
	if (process->speaker != NULL && process->restarting)
		speaker_end_of_rib_hold(process->speaker);
	return process->speaker == NULL ? ERROR_MEMORY : 0;
}

/* The AS or the router id changed: every session must start anew. */
static bool identity_changed(const struct config *old, const struct config *new)
{
	return old->asn != new->asn || old->router_id != new->router_id;
}

static void speaker_end(struct speaker_process *process)
{
	if (process->speaker == NULL)
		return;
	speaker_stop(process->speaker, false, "configuration changed", clock_now());
	transport_flush(process);
	monitor_end(process);
	flows_forget(process);
	kernel_export_end(process);
	next_hops_end(process);
	peers_free(process);
	speaker_free(process->speaker);
	process->speaker = NULL;
}

/* Routes of neighbours whose policies ask the RPKI are looked at again. */
static void on_rpki_changed(void *context, const struct rpki_change *change)
{
	struct speaker_process *process = context;

	if (process->speaker != NULL) {
		speaker_rpki_changed(process->speaker);
		speaker_process_settle(process);
	}
	log_event(LOG_DEBUG, "rpki", "%zu prefixes and %zu customers changed",
		rpki_change_prefixes(change), rpki_change_customers(change));
}

/* Made with the first cache or exception, and kept from then on. */
static int rpki_take(struct speaker_process *process, const struct config *config)
{
	bool wanted = config->rpki.cache_count > 0 || config->rpki.slurm != NULL;

	if (process->rpki == NULL && wanted) {
		process->rpki = rpki_new(process->loop, on_rpki_changed, process);
		if (process->rpki == NULL)
			return ERROR_MEMORY;
		rpki_channel(process->rpki, process->main_channel);
	}
	return process->rpki == NULL ? 0 : rpki_apply(process->rpki, config);
}

/* Main has checked it all: what fails here is memory. */
static int policies_take(struct speaker_process *process, const struct config *config)
{
	struct error error = { 0 };

	if (process->policies == NULL)
		process->policies = policies_new();
	if (process->policies == NULL)
		return ERROR_MEMORY;
	if (policies_apply(process->policies, config, &error) == 0)
		return 0;
	log_event(LOG_ERROR, "policy", "cannot take the policies: %s", error.text);
	return error.code;
}

static int config_take(struct speaker_process *process, struct config *config)
{
	struct decision_settings decision = decision_of(&config->decision);
	int r = 0;

	if (process->config != NULL && identity_changed(process->config, config))
		speaker_end(process);
	config_free(process->config);
	process->config = config;
	r = policies_take(process, config);
	if (r == 0 && process->speaker == NULL)
		r = speaker_begin(process, config);
	if (r == 0)
		speaker_decision_set(process->speaker, &decision);
	if (r == 0)
		next_hops_apply(process, config);
	if (r == 0)
		r = kernel_export_apply(process, config);
	if (r == 0)
		r = peers_apply(process, config);
	if (r == 0)
		flows_apply(process, config);
	if (r == 0)
		r = rpki_take(process, config);
	if (r == 0 && process->rpki != NULL)
		speaker_rpki_set(process->speaker, rpki_table(process->rpki));
	if (r == 0)
		monitor_apply(process, config);
	if (r == 0)
		routes_resume(process);
	return r;
}

static void ready_send(struct speaker_process *process)
{
	struct record_plain record = { .head = { .type = RECORD_READY },
		.number = process->generation };

	(void)channel_send(process->main_channel, &record, sizeof(record), -1);
}

static void on_config(
	struct speaker_process *process, const struct record_config *record, int fd)
{
	struct config *config = config_record_read(record, fd);

	if (config == NULL)
		return;
	process->generation = record->generation;
	process->restarting = record->restarting;
	if (config_take(process, config) != 0) {
		log_event(LOG_ERROR, "config", "cannot take the configuration: out of memory");
		return;
	}
	ready_send(process);
}

static void api_record(void *context, const void *bytes, size_t length, int fd)
{
	struct speaker_process *process = context;
	const struct record_query *query = bytes;

	if (fd >= 0)
		close(fd);
	if (record_check(bytes, length, PROCESS_API, PROCESS_SPEAKER, NULL) != 0)
		return;
	query_answer(process, query, (const char *)(query + 1), query->head.tail);
}

static void api_lost(void *context)
{
	struct speaker_process *process = context;

	channel_close(process->api_channel);
	process->api_channel = NULL;
}

static void on_listener_record(
	struct speaker_process *process, const struct record_listener *record, int fd)
{
	struct channel_events events = {
		.context = process,
		.record = api_record,
		.lost = api_lost,
	};

	if (record->kind == LISTENER_BGP_IPV4 || record->kind == LISTENER_BGP_IPV6) {
		int which = record->kind == LISTENER_BGP_IPV4 ? 0 : 1;

		if (fd < 0)
			listener_drop(process, which);
		else
			listener_take(process, which, fd);
	} else if (fd < 0) {
		return;
	} else if (record->kind == LISTENER_API) {
		channel_close(process->api_channel);
		process->api_channel = channel_open(process->loop, fd, &events);
	} else {
		close(fd);
	}
}

/* ---- The end: stop, and the lease. ---- */

static void on_stop_poll(uv_timer_t *timer)
{
	struct speaker_process *process = timer->data;
	int64_t waited = duration_to_ms(instant_since(clock_now(), process->started));

	if (!transport_idle(process) && waited < STOP_MAX_MS) {
		uv_timer_start(timer, on_stop_poll, STOP_POLL_MS, 0);
		return;
	}
	process_finish(process);
}

static void process_stop(struct speaker_process *process, bool keep, const char *reason)
{
	if (process->stopping)
		return;
	process->stopping = true;
	process->started = clock_now();
	kernel_export_freeze(process);
	if (process->speaker != NULL)
		speaker_stop(process->speaker, keep, reason, clock_now());
	monitor_terminate(process, reason);
	speaker_process_settle(process);
	uv_timer_start(&process->lease_timer, on_stop_poll, 0, 0);
}

static void on_lease_end(uv_timer_t *timer)
{
	struct speaker_process *process = timer->data;

	process->lease_ended = true;
	if (process->main_channel == NULL) {
		log_event(LOG_ERROR, "lease", "main is gone and its lease has ended: %s",
			process->lease_withdraws ? "withdrawing all"
						 : "keeping by graceful restart");
		process_stop(process, !process->lease_withdraws, "lease ended");
		return;
	}
	if (!process->lease_withdraws || process->speaker == NULL)
		return;
	log_event(LOG_ERROR, "lease", "main does not renew the lease: withdrawing all");
	routes_suspend(process);
	speaker_process_settle(process);
}

static void on_renew(struct speaker_process *process, const struct record_renew *record)
{
	int64_t ms = duration_to_ms(record->lease);

	process->lease_withdraws = record->withdraw_after;
	if (process->stopping)
		return;
	uv_timer_start(&process->lease_timer, on_lease_end, ms < 1 ? 1 : (uint64_t)ms, 0);
	if (!process->lease_ended)
		return;
	process->lease_ended = false;
	if (process->speaker != NULL)
		routes_resume(process);
}

static void main_dispatch(
	struct speaker_process *process, const struct record_head *head, int fd)
{
	const void *record = head;

	switch ((enum record_type)head->type) {
	case RECORD_CONFIG:
		on_config(process, record, fd);
		break;
	case RECORD_SECRET:
		if (process->speaker != NULL)
			peers_secret(process, record);
		break;
	case RECORD_EXCEPTIONS:
		if (process->rpki != NULL)
			rpki_exceptions(process->rpki, record, fd);
		break;
	case RECORD_LISTENER:
		on_listener_record(process, record, fd);
		return; /* takes the descriptor */
	case RECORD_ROUTE_SET:
		routes_set(process, record);
		break;
	case RECORD_ROUTE_REMOVE:
		routes_remove(process, record);
		break;
	case RECORD_RENEW:
		on_renew(process, record);
		break;
	case RECORD_STOP:
		process_stop(process, ((const struct record_stop *)record)->keep,
			((const struct record_stop *)record)->reason);
		break;
	case RECORD_VERB:
		if (process->speaker != NULL)
			peers_verb(process, record);
		break;
	case RECORD_BFD_STATE:
		if (process->speaker != NULL)
			peers_bfd(process, record);
		break;
	case RECORD_KERNEL_DONE:
		kernel_export_done(process, record);
		break;
	case RECORD_ROUTES_SYNCED:
		if (process->speaker != NULL)
			speaker_end_of_rib_release(process->speaker, clock_now());
		break;
	case RECORD_NONE:
	case RECORD_HURRY:
	case RECORD_HTTP:
	case RECORD_EVENT:
	case RECORD_QUERY:
	case RECORD_REPLY:
	case RECORD_READY:
	case RECORD_CHECK_REPORT:
	case RECORD_CHECK_REPORTS:
	case RECORD_HEARTBEAT:
	case RECORD_NEIGHBOR_EVENT:
	case RECORD_ROUTE_STATUS:
	case RECORD_RPKI_EVENT:
	case RECORD_KERNEL_ROUTES:
	case RECORD_STOPPED:
	case RECORD_TYPES:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static void main_record(void *context, const void *bytes, size_t length, int fd)
{
	struct speaker_process *process = context;
	struct error error = { 0 };

	if (record_check(bytes, length, PROCESS_MAIN, PROCESS_SPEAKER, &error) != 0) {
		log_event(LOG_ERROR, "record", "%s", error.text);
		if (fd >= 0)
			close(fd);
		return;
	}
	main_dispatch(process, bytes, fd);
	speaker_process_settle(process);
}

static void main_lost(void *context)
{
	struct speaker_process *process = context;

	if (process->rpki != NULL)
		rpki_channel(process->rpki, NULL);
	channel_close(process->main_channel);
	process->main_channel = NULL;
	if (process->stopping || process->speaker == NULL) {
		process_finish(process);
		return;
	}
	log_event(LOG_WARNING, "lease",
		"main is gone: announcements are kept until the lease ends");
	if (!uv_is_active((uv_handle_t *)&process->lease_timer))
		uv_timer_start(&process->lease_timer, on_lease_end, 0, 0);
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct speaker_process *process = timer->data;
	struct record_plain record = { .head = { .type = RECORD_HEARTBEAT },
		.number = process->generation };

	if (process->main_channel != NULL)
		(void)channel_send(process->main_channel, &record, sizeof(record), -1);
	malformed_flush(process);
	/* All processes beat at the same instants, so that they wake main together. */
	uv_timer_start(
		timer, on_heartbeat, HEARTBEAT_MS - uv_now(process->loop) % HEARTBEAT_MS, 0);
}

static void process_free(struct speaker_process *process)
{
	free(process->output);
	free(process->input);
	free(process);
}

static void timers_begin(struct speaker_process *process)
{
	uv_timer_t *const timers[] = { &process->timer, &process->lease_timer,
		&process->heartbeat, &process->status_timer };

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
		uv_timer_init(process->loop, timers[i]);
		timers[i]->data = process;
		process->open_handles++;
	}
	uv_timer_start(&process->heartbeat, on_heartbeat, 0, 0);
}

static void *process_start(
	uv_loop_t *loop, int channel_fd, void (*done)(void *context), void *done_context)
{
	struct speaker_process *process = calloc(1, sizeof(*process));
	struct channel_events events = { .record = main_record, .lost = main_lost };

	if (process == NULL)
		return NULL;
	process->loop = loop;
	process->done = done;
	process->done_context = done_context;
	process->listeners[0] = process->listeners[1] = -1;
	process->output = malloc(BGP_EXTENDED_MESSAGE_MAX);
	process->input = malloc(SPEAKER_INPUT_SIZE);
	list_init(&process->peers);
	list_init(&process->flows);
	list_init(&process->transports);
	list_init(&process->ready);
	if (getrandom(&process->hash_seed, sizeof(process->hash_seed), 0) < 0)
		process->hash_seed.low = (uint64_t)clock_now().ns;
	events.context = process;
	if (process->output != NULL && process->input != NULL)
		process->main_channel = channel_open(loop, channel_fd, &events);
	if (process->main_channel == NULL) {
		process_free(process);
		return NULL;
	}
	timers_begin(process);
	return process;
}

static void timer_closed(uv_handle_t *handle)
{
	struct speaker_process *process = handle->data;

	if (--process->open_handles == 0)
		process_free(process);
}

static void process_stop_now(void *state)
{
	struct speaker_process *process = state;

	if (process == NULL)
		return;
	transport_close_all(process);
	for (int which = 0; which < 2; which++)
		listener_drop(process, which);
	rpki_close(process->rpki);
	process->rpki = NULL;
	monitor_end(process);
	kernel_export_end(process);
	next_hops_end(process);
	peers_free(process);
	routes_free(process);
	speaker_free(process->speaker);
	process->speaker = NULL;
	policies_free(process->policies);
	process->policies = NULL;
	config_free(process->config);
	channel_close(process->main_channel);
	channel_close(process->api_channel);
	uv_close((uv_handle_t *)&process->timer, timer_closed);
	uv_close((uv_handle_t *)&process->lease_timer, timer_closed);
	uv_close((uv_handle_t *)&process->heartbeat, timer_closed);
	uv_close((uv_handle_t *)&process->status_timer, timer_closed);
}

const struct process_type speaker_process = {
	.process = PROCESS_SPEAKER,
	.start = process_start,
	.stop = process_stop_now,
};
