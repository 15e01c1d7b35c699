/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe process: runs the checks of all services and tells main what they say.
 *
 *     main --CONFIG--> list of checks --due, hurried--> target --start--> a kind of check
 *     main <--CHECK_REPORT-- check (the worst of its targets) <--result-----'
 *
 * 1. A change of a check's state is told at once; results that change nothing are told with the
 *    heartbeat, many in one record, so that main is woken once a second however many checks
 *    there are.
 * 2. A configuration replaces the earlier one as a whole, or not at all; READY names the one in
 *    use, and reports carry its generation.
 * 3. A report that the channel has no room for is kept as "not told yet" and told when there
 * is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/config_record.h"
#include "daemon/probe/check_list.h"
#include "daemon/process.h"
#include "os/channel.h"
#include "os/clock.h"
#include "os/log.h"

#define EVENTS_A_TURN    256
#define REPORTS_A_RECORD 64

/* Confirmations on their way: the record, and the checks that it speaks of. */
struct report_batch {
	struct record_plain record;
	struct record_check_report reports[REPORTS_A_RECORD];
	struct check *checks[REPORTS_A_RECORD];
	size_t count;
};

_Static_assert(offsetof(struct report_batch, reports) == sizeof(struct record_plain) &&
		       offsetof(struct report_batch, checks) <= CHANNEL_RECORD_MAX,
	"a batch is sent as it lies in memory");

struct probe {
	struct channel *channel;
	void (*done)(void *context);
	void *done_context;
	struct probe_tools tools;
	uv_prepare_t prepare;
	unsigned handles; /* that the loop still holds */
	struct alarm heartbeat;
	struct watch socket_events;
	struct config *config;
	uint64_t generation;
	struct check_list *list; /* NULL before the first configuration */
	struct alarm ending;     /* asked to end: until nothing is left to see to */
	struct instant ending_until;
	bool ended;
};

static const struct duration heartbeat_interval = { 1000000000 };
static const struct duration ending_poll = { 5000000 };
static const struct duration ending_patience = { 1000000000 };

static int send_plain(struct probe *probe, enum record_type type, uint64_t number)
{
	struct record_plain record = { .head.type = type, .number = number };

	return channel_send(probe->channel, &record, sizeof(record), -1);
}

static struct record_check_report report_of(
	const struct probe *probe, const struct check *check, const struct target *worst)
{
	struct record_check_report report = {
		.head.type = RECORD_CHECK_REPORT,
		.generation = probe->generation,
		.service = check->service_index,
		.check = check->check_index,
		.state = worst->machine.state,
		.outcome = worst->outcome,
		.conclusive = worst->conclusive,
		.latency = worst->latency,
		.probes = check->probes,
		.failures = check->failures,
		.at = worst->ended,
	};

	memcpy(report.evidence, worst->evidence, sizeof(report.evidence));
	return report;
}

static void report_told(struct check *check, const struct target *worst)
{
	check->told_state = worst->machine.state;
	check->told_conclusive = worst->conclusive;
	check->changed = check->news = false;
}

/* 0 when told. */
static int report_send(struct probe *probe, struct check *check)
{
	const struct target *worst = check_worst(check);
	struct record_check_report report = report_of(probe, check, worst);

	if (channel_send(probe->channel, &report, sizeof(report), -1) != 0)
		return ERROR_FULL;
	report_told(check, worst);
	return 0;
}

static int batch_send(struct probe *probe, struct report_batch *batch)
{
	size_t length = batch->count * sizeof(batch->reports[0]);

	batch->record.head = (struct record_head){ RECORD_CHECK_REPORTS, (uint32_t)length };
	batch->record.number = probe->generation;
	if (channel_send(probe->channel, batch, offsetof(struct report_batch, reports) + length,
		    -1) != 0)
		return ERROR_FULL;
	for (size_t i = 0; i < batch->count; i++)
		report_told(batch->checks[i], check_worst(batch->checks[i]));
	batch->count = 0;
	return 0;
}

static void check_changed(void *context, struct check *check)
{
	(void)report_send(context, check);
}

/* What is not told for want of room stays news, for the next time. True if anything was told.
 */
static bool confirmations_send(struct probe *probe)
{
	static struct report_batch batch; /* one probe at a time sends */
	struct check_list *list = probe->list;
	bool told = false;

	batch.count = 0;
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		struct check *check = list->checks[i];

		if (!check->news || check->latest == NULL)
			continue;
		batch.checks[batch.count] = check;
		batch.reports[batch.count++] = report_of(probe, check, check_worst(check));
		if (batch.count < REPORTS_A_RECORD)
			continue;
		if (batch_send(probe, &batch) != 0)
			return told;
		told = true;
	}
	return batch.count > 0 ? batch_send(probe, &batch) == 0 || told : told;
}

/* Changes first: they must not wait behind a thousand confirmations. True if anything was
 * told. */
static bool reports_flush(struct probe *probe)
{
	struct check_list *list = probe->list;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->checks[i]->changed && report_send(probe, list->checks[i]) != 0)
			return false;
	}
	return confirmations_send(probe);
}

static void heartbeat_ring(struct alarm *alarm, struct instant now)
{
	struct probe *probe = container_of(alarm, struct probe, heartbeat);
	/* On whole seconds, like the checks and the other processes: one wake-up for all. */
	struct instant beat = { now.ns - now.ns % heartbeat_interval.ns };

	if (!reports_flush(probe))
		(void)send_plain(probe, RECORD_HEARTBEAT, probe->generation);
	alarm_set(&probe->tools.schedule, alarm, instant_add(beat, heartbeat_interval));
}

static void socket_events_watch(struct probe *probe)
{
	struct socket_diag_watch watch;
	struct error error = { 0 };

	if (probe->socket_events.events == 0 || probe->list == NULL)
		return;
	check_list_watch(probe->list, &watch);
	if (socket_diag_events_watch(probe->socket_events.fd, &watch, &error) != 0)
		log_event(LOG_WARNING, "socket-events",
			"%s: crashed services are seen at the next interval only", error.text);
}

static void socket_events_end(struct probe *probe)
{
	int fd = probe->socket_events.fd;

	if (probe->socket_events.events == 0)
		return;
	watch_end(&probe->tools.poller, &probe->socket_events);
	close(fd);
}

static void socket_events_ready(struct watch *watch, uint32_t events)
{
	struct probe *probe = container_of(watch, struct probe, socket_events);
	struct instant now = clock_now();

	(void)events;
	for (int i = 0; i < EVENTS_A_TURN; i++) {
		struct socket_diag_event event;
		int status = socket_diag_events_next(watch->fd, &event);

		if (status == ERROR_NOT_FOUND)
			return;
		if (status == ERROR_SYSTEM) {
			log_event(LOG_WARNING, "socket-events",
				"no more news of destroyed sockets: crashed services are seen at "
				"the next interval only");
			socket_events_end(probe);
			return;
		}
		if (probe->list == NULL || status == ERROR_MALFORMED)
			continue;
		/* ERROR_FULL: the kernel dropped some, any of them could be ours. */
		check_list_hurry_sockets(
			probe->list, status == ERROR_FULL ? 0 : event.port, now);
	}
}

static void socket_events_begin(struct probe *probe, int fd)
{
	int status;

	socket_events_end(probe);
	status = watch_begin(&probe->tools.poller, &probe->socket_events, fd, EPOLLIN);
	if (status != 0) {
		log_event(LOG_WARNING, "socket-events", "cannot watch: %s", strerror(-status));
		close(fd);
		return;
	}
	socket_events_watch(probe);
}

static void icmp_begin(struct probe *probe, struct icmp_socket *socket, int fd)
{
	int status = icmp_socket_use(socket, &probe->tools.poller, fd);

	if (status == 0)
		return;
	log_event(LOG_WARNING, "icmp", "cannot use the socket: %s", strerror(-status));
	close(fd);
}

static void take_listener(struct probe *probe, const struct record_listener *record, int fd)
{
	if (fd < 0)
		return;
	switch (record->kind) {
	case LISTENER_SOCKET_EVENTS:
		socket_events_begin(probe, fd);
		return;
	case LISTENER_ICMP_IPV4:
		icmp_begin(probe, &probe->tools.icmp.ipv4, fd);
		return;
	case LISTENER_ICMP_IPV6:
		icmp_begin(probe, &probe->tools.icmp.ipv6, fd);
		return;
	default:
		close(fd);
		return;
	}
}

static void take_config(struct probe *probe, const struct record_config *record, int fd)
{
	struct config *config = config_record_read(record, fd);
	struct check_list *list;

	if (fd >= 0)
		close(fd);
	if (config == NULL)
		return;
	list = check_list_new(
		&probe->tools, config, probe->list, check_changed, probe, clock_now());
	if (list == NULL) {
		log_event(LOG_ERROR, "config", "no memory for the checks");
		config_free(config);
		return;
	}
	check_list_free(probe->list);
	config_free(probe->config);
	probe->list = list;
	probe->config = config;
	probe->generation = record->generation;
	log_level_set((enum log_level)config->log_level);
	socket_events_watch(probe);
	(void)send_plain(probe, RECORD_READY, probe->generation);
	(void)reports_flush(probe);
}

/* Ends once nothing is left of the commands that ran, or when patience does. */
static void ending_ring(struct alarm *alarm, struct instant now)
{
	struct probe *probe = container_of(alarm, struct probe, ending);

	if (!exec_room_is_quiet(&probe->tools.exec) &&
		instant_before(now, probe->ending_until)) {
		alarm_set(&probe->tools.schedule, alarm, instant_add(now, ending_poll));
		return;
	}
	(void)send_plain(probe, RECORD_STOPPED, probe->generation);
	probe->done(probe->done_context);
}

static void probe_end(struct probe *probe)
{
	if (probe->ended)
		return;
	probe->ended = true;
	check_list_free(probe->list);
	probe->list = NULL;
	probe->ending_until = instant_add(clock_now(), ending_patience);
	alarm_set(&probe->tools.schedule, &probe->ending, clock_now());
}

static void channel_record(void *context, const void *bytes, size_t length, int fd)
{
	struct probe *probe = context;
	const struct record_head *head = bytes;
	struct error error = { 0 };

	if (record_check(bytes, length, PROCESS_MAIN, PROCESS_PROBE, &error) != 0) {
		log_event(LOG_ERROR, "record", "refused: %s", error.text);
		if (fd >= 0)
			close(fd);
		return;
	}
	switch (probe->ended ? RECORD_NONE : head->type) {
	case RECORD_CONFIG:
		take_config(probe, bytes, fd);
		return;
	case RECORD_LISTENER:
		take_listener(probe, bytes, fd);
		return;
	case RECORD_HURRY:
		if (probe->list != NULL)
			check_list_hurry(probe->list, clock_now());
		break;
	case RECORD_STOP:
		probe_end(probe);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static void channel_lost(void *context)
{
	struct probe *probe = context;

	log_event(LOG_INFO, "channel", "main is gone");
	probe_end(probe);
}

static void channel_drained(void *context)
{
	struct probe *probe = context;

	if (!probe->ended)
		(void)reports_flush(probe);
}

static void probe_turned(void *context)
{
	struct probe *probe = context;

	schedule_run(&probe->tools.schedule, clock_now());
}

static void probe_prepare(uv_prepare_t *handle)
{
	struct probe *probe = handle->data;

	schedule_arm(&probe->tools.schedule);
}

static void handle_closed(struct probe *probe)
{
	if (--probe->handles == 0)
		free(probe);
}

static void poller_closed(void *context)
{
	handle_closed(context);
}

static void prepare_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

static void probe_stop(void *state)
{
	struct probe *probe = state;

	if (probe == NULL)
		return;
	probe->ended = true;
	check_list_free(probe->list);
	probe->list = NULL;
	config_free(probe->config);
	socket_events_end(probe);
	exec_room_close(&probe->tools.exec);
	http_room_close(&probe->tools.http);
	icmp_socket_close(&probe->tools.icmp.ipv4, &probe->tools.poller);
	icmp_socket_close(&probe->tools.icmp.ipv6, &probe->tools.poller);
	channel_close(probe->channel);
	schedule_close(&probe->tools.schedule);
	socket_diag_close(&probe->tools.diag);
	locality_close(&probe->tools.locality);
	uv_close((uv_handle_t *)&probe->prepare, prepare_closed);
	poller_close(&probe->tools.poller, poller_closed);
}

/* Checks that need what is missing say so, each in its evidence. */
static void netlink_open(struct probe_tools *tools)
{
	struct error error = { 0 };

	if (socket_diag_open(&tools->diag, &error) != 0)
		log_event(LOG_WARNING, "start", "%s: socket checks do not work", error.text);
	if (locality_open(&tools->locality, &error) != 0)
		log_event(LOG_WARNING, "start", "%s: only exec checks work", error.text);
}

/* After the poller and the prepare handle are there, so that probe_stop can undo the rest. */
static int probe_open_tools(
	struct probe *probe, uv_loop_t *loop, int channel_fd, struct error *error)
{
	const struct channel_events events = {
		.context = probe,
		.record = channel_record,
		.lost = channel_lost,
		.drained = channel_drained,
	};
	struct probe_tools *tools = &probe->tools;
	int status;

	probe->channel = channel_open(loop, channel_fd, &events);
	if (probe->channel == NULL) {
		close(channel_fd);
		return error_set(error, ERROR_MEMORY, "no memory for the channel");
	}
	if (getrandom(&tools->random.state, sizeof(tools->random.state), 0) < 0)
		return error_system(error, errno, "no random numbers");
	netlink_open(tools);
	status = schedule_open(&tools->schedule, &tools->poller, error);
	if (status == 0 &&
		(exec_room_open(&tools->exec, &tools->poller, &tools->schedule) != 0 ||
			alarm_add(&tools->schedule, &probe->heartbeat, heartbeat_ring) != 0 ||
			alarm_add(&tools->schedule, &probe->ending, ending_ring) != 0))
		status = error_set(error, ERROR_MEMORY, "no memory for timers");
	return status;
}

static void *probe_start(
	uv_loop_t *loop, int channel_fd, void (*done)(void *context), void *done_context)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	struct error error = { 0 };

	if (probe == NULL)
		return NULL;
	probe->done = done;
	probe->done_context = done_context;
	icmp_socket_init(&probe->tools.icmp.ipv4, FAMILY_IPV4);
	icmp_socket_init(&probe->tools.icmp.ipv6, FAMILY_IPV6);
	probe->tools.diag.fd = probe->tools.locality.fd = -1;
	probe->socket_events.ready = socket_events_ready;
	if (poller_open(&probe->tools.poller, loop, probe_turned, probe, &error) != 0) {
		log_event(
			LOG_ERROR, "start", "%s: %s", error.text, strerror(error.system_errno));
		free(probe);
		return NULL;
	}
	uv_prepare_init(loop, &probe->prepare);
	probe->prepare.data = probe;
	uv_prepare_start(&probe->prepare, probe_prepare);
	probe->handles = 2;
	if (probe_open_tools(probe, loop, channel_fd, &error) != 0) {
		log_event(
			LOG_ERROR, "start", "%s: %s", error.text, strerror(error.system_errno));
		probe_stop(probe);
		return NULL;
	}
	alarm_set(&probe->tools.schedule, &probe->heartbeat, clock_now());
	return probe;
}

const struct process_type probe_process = {
	.process = PROCESS_PROBE,
	.start = probe_start,
	.stop = probe_stop,
};
