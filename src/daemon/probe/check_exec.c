/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: runs a program by the convention of monitoring plugins: exit code 0 is good, 1
 * degraded, 2 bad, 3 unknown, any other bad; the first line that it prints is the evidence.
 *
 *     probe:  [waiting for a place] --> running --> result by exit code
 *                                          | timeout
 *                                          v
 *     run:                     started --> killed --> reaped --> sweeps for what escaped
 *
 * A probe belongs to its target; the run it started has a life of its own, since a process that
 * was killed can take a while to go.
 *
 * 1. When a run ends, for whatever reason, its whole process group is killed; what had left
 *    the group is found as an orphan and killed too, unless it belongs to a run that goes on.
 * 2. A target has one run at most: while an old one will not die, there is no new one.
 * 3. At most RUNS_MAX commands run at a time. Waiting for a place is no verdict.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/probe/check_type.h"
#include "os/clock.h"
#include "os/command.h"
#include "os/log.h"

#define RUNS_MAX       32
#define PROCESSES_MAX  512     /* of our user, with the command's */
#define OUTPUT_MAX     4096    /* bytes kept */
#define FLOOD_MAX      1048576 /* bytes read; then the command may block */
#define COMPLAINTS_MAX 512     /* bytes kept of stderr */
#define SWEEPS         3
#define RUN_VARIABLE   "NEARCAST_RUN="

static const struct duration sweep_wait_first = { 20 * 1000000 };
static const struct duration sweep_wait_most = { 10 * 1000000000ll };

/* What a command writes. */
struct capture {
	struct watch watch;
	size_t length, room, total;
	char *bytes;
};

struct run {
	struct list node;
	struct exec_room *room;
	struct target *target; /* NULL once the probe is over */
	struct run **owner; /* the target's pointer to this run; NULL once the target is gone */
	struct command command;
	struct watch ended;
	struct capture output, complaints;
	char name[48]; /* NEARCAST_RUN=... */
	char output_bytes[OUTPUT_MAX + 1], complaint_bytes[COMPLAINTS_MAX + 1];
};

struct exec_state {
	struct list node; /* of the room's waiting probes */
	struct target *target;
	struct run *run; /* of this probe, or of an earlier one that will not die */
};

static void exec_launch(struct exec_state *state);

static bool run_spared(void *context, pid_t pid, pid_t session, const char *environment,
	size_t environment_length)
{
	struct exec_room *room = context;

	list_for_each(node, &room->runs) {
		struct run *run = container_of(node, struct run, node);

		if (run->command.pid == pid)
			return true;
		if (run->target == NULL)
			continue;
		if (run->command.pid == session ||
			memmem(environment, environment_length, run->name,
				strlen(run->name) + 1) != NULL)
			return true;
	}
	return false;
}

/* Again a little later: a killed parent's children come to us only when it is gone. What can't
 * be killed (another user's, or stuck in the kernel) is tried less and less often. */
static void room_sweep(struct exec_room *room, struct instant now)
{
	size_t left = command_sweep(run_spared, room);

	if (left == 0 && room->sweeps_left == 0)
		return;
	if (room->sweeps_left > 0)
		room->sweeps_left--;
	else if (room->sweep_wait.ns < sweep_wait_most.ns)
		room->sweep_wait.ns *= 2;
	alarm_set(room->schedule, &room->sweep, instant_add(now, room->sweep_wait));
}

static void sweep_ring(struct alarm *alarm, struct instant now)
{
	room_sweep(container_of(alarm, struct exec_room, sweep), now);
}

int exec_room_open(struct exec_room *room, struct poller *poller, struct schedule *schedule)
{
	*room = (struct exec_room){ .poller = poller, .schedule = schedule };
	list_init(&room->runs);
	list_init(&room->waiting);
	return alarm_add(schedule, &room->sweep, sweep_ring);
}

bool exec_room_is_quiet(const struct exec_room *room)
{
	return list_empty(&room->runs) && room->sweep.node.when.ns == INSTANT_NEVER.ns;
}

/* Of a run whose leader was reaped, or that is given up. */
static void run_free(struct run *run)
{
	struct exec_room *room = run->room;

	watch_end(room->poller, &run->ended);
	watch_end(room->poller, &run->output.watch);
	watch_end(room->poller, &run->complaints.watch);
	command_close(&run->command);
	if (run->owner != NULL)
		*run->owner = NULL;
	list_remove(&run->node);
	room->run_count--;
	free(run);
}

void exec_room_close(struct exec_room *room)
{
	if (room->poller == NULL)
		return;
	list_for_each_safe(node, &room->runs) {
		struct run *run = container_of(node, struct run, node);

		command_kill(&run->command);
		run_free(run);
	}
	if (room->adopting)
		(void)command_sweep(run_spared, room);
	alarm_remove(room->schedule, &room->sweep);
}

static void waiting_launch(struct exec_room *room)
{
	while (room->run_count < RUNS_MAX && !list_empty(&room->waiting)) {
		struct exec_state *state =
			container_of(room->waiting.next, struct exec_state, node);

		list_remove(&state->node);
		target_restart(state->target, clock_now());
		exec_launch(state);
	}
}

static void capture_read(struct capture *capture)
{
	char waste[4096];

	while (capture->total < FLOOD_MAX) {
		bool full = capture->length == capture->room;
		ssize_t got =
			read(capture->watch.fd, full ? waste : capture->bytes + capture->length,
				full ? sizeof(waste) : capture->room - capture->length);

		if (got <= 0) {
			if (got < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			break;
		}
		capture->total += (size_t)got;
		if (!full)
			capture->length += (size_t)got;
	}
	/* Its end, or more than anyone wants to know. */
	capture->room = capture->length;
	capture->total = FLOOD_MAX;
}

static void capture_ready(struct poller *poller, struct capture *capture)
{
	capture_read(capture);
	if (capture->total >= FLOOD_MAX)
		watch_end(poller, &capture->watch);
}

static void output_ready(struct watch *watch, uint32_t events)
{
	struct run *run = container_of(watch, struct run, output.watch);

	(void)events;
	capture_ready(run->room->poller, &run->output);
}

static void complaints_ready(struct watch *watch, uint32_t events)
{
	struct run *run = container_of(watch, struct run, complaints.watch);

	(void)events;
	capture_ready(run->room->poller, &run->complaints);
}

/* The first line that is not empty, without what is for machines (behind a '|'). */
static bool first_line(struct capture *capture, char *line, size_t size)
{
	const char *at = capture->bytes;
	size_t length;

	if (capture->watch.events != 0)
		capture_read(capture);
	capture->bytes[capture->length] = '\0';
	at += strspn(at, "\r\n\t ");
	length = strcspn(at, "\r\n|");
	if (length >= size)
		length = size - 1;
	memcpy(line, at, length);
	line[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	}
	return length > 0;
}

static void run_judge(struct run *run, struct target *target, int status)
{
	static const enum check_outcome outcomes[] = { OUTCOME_GOOD, OUTCOME_DEGRADED,
		OUTCOME_BAD, OUTCOME_UNKNOWN };
	enum check_outcome outcome = OUTCOME_BAD;
	char line[160];
	int code = WEXITSTATUS(status);

	if (!first_line(&run->output, line, sizeof(line)) &&
		!first_line(&run->complaints, line, sizeof(line)))
		snprintf(line, sizeof(line), "(no output)");
	if (WIFSIGNALED(status)) {
		target_done(target, OUTCOME_BAD, "killed by signal %d (%s): %s",
			WTERMSIG(status), strsignal(WTERMSIG(status)), line);
		return;
	}
	if (code >= 0 && (size_t)code < sizeof(outcomes) / sizeof(outcomes[0]))
		outcome = outcomes[code];
	target_done(target, outcome, "exit code %d: %s", code, line);
}

static void run_ended(struct watch *watch, uint32_t events)
{
	struct run *run = container_of(watch, struct run, ended);
	struct exec_room *room = run->room;
	struct target *target = run->target;
	int status;

	(void)events;
	/* Before the leader is reaped, so that the group's number is still ours. */
	command_kill(&run->command);
	if (command_reap(&run->command, &status) != 0)
		return;
	run->target = NULL;
	/* A run that was given up has no probe to tell. */
	if (run->owner != NULL)
		*run->owner = NULL;
	run->owner = NULL;
	if (target != NULL)
		run_judge(run, target, status);
	run_free(run);
	room->sweeps_left = SWEEPS;
	room->sweep_wait = sweep_wait_first;
	room_sweep(room, clock_now());
	waiting_launch(room);
}

static int run_watch(struct run *run)
{
	struct poller *poller = run->room->poller;
	int status;

	run->ended.ready = run_ended;
	run->output = (struct capture){
		.watch.ready = output_ready, .room = OUTPUT_MAX, .bytes = run->output_bytes
	};
	run->complaints = (struct capture){ .watch.ready = complaints_ready,
		.room = COMPLAINTS_MAX,
		.bytes = run->complaint_bytes };
	status = watch_begin(poller, &run->output.watch, run->command.output, EPOLLIN);
	if (status == 0)
		status = watch_begin(
			poller, &run->complaints.watch, run->command.complaints, EPOLLIN);
	if (status == 0)
		status = watch_begin(poller, &run->ended, run->command.pidfd, EPOLLIN);
	return status;
}

static int run_start(struct run *run, struct error *error)
{
	struct target *target = run->target;
	char address[ADDRESS_TEXT_MAX];
	char variables[3][128];
	const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C.UTF-8", "HOME=/", variables[0], variables[1], variables[2], run->name,
		NULL
	};
	const struct command_settings settings = {
		.argv = target->settings->exec.command,
		.environment = environment,
		.processes = PROCESSES_MAX,
	};

	snprintf(variables[0], sizeof(variables[0]), "NEARCAST_SERVICE=%s", target->service);
	snprintf(variables[1], sizeof(variables[1]), "NEARCAST_ADDRESS=%s",
		address_format(&target->address, address));
	snprintf(variables[2], sizeof(variables[2]), "NEARCAST_CHECK=%s",
		target->settings->name);
	snprintf(run->name, sizeof(run->name), RUN_VARIABLE "%ld.%llu", (long)getpid(),
		(unsigned long long)++run->room->run_number);
	return command_start(&settings, &run->command, error);
}

static void room_adopt(struct exec_room *room)
{
	struct error error = { 0 };

	if (room->adopting)
		return;
	room->adopting = true;
	if (command_adopt_orphans(&error) != 0)
		log_event(LOG_WARNING, "exec", "%s: what commands leave behind stays",
			error.text);
}

static void exec_launch(struct exec_state *state)
{
	struct target *target = state->target;
	struct exec_room *room = &target->tools->exec;
	struct run *run = malloc(sizeof(*run));
	struct error error = { 0 };
	int status;

	if (run == NULL) {
		target_done(target, OUTCOME_UNKNOWN, "cannot check: no memory");
		return;
	}
	room_adopt(room);
	*run = (struct run){ .room = room, .target = target };
	if (run_start(run, &error) != 0) {
		free(run);
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s: %s", error.text,
			strerror(error.system_errno));
		return;
	}
	list_append(&room->runs, &run->node);
	room->run_count++;
	status = run_watch(run);
	if (status != 0) {
		command_kill(&run->command);
		run_free(run);
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s", strerror(-status));
		return;
	}
	run->owner = &state->run;
	state->run = run;
	target->waiting_for = "the command to end";
	target->excused = false;
}

static void exec_start(struct target *target, void *state_pointer)
{
	struct exec_state *state = state_pointer;
	struct exec_room *room = &target->tools->exec;

	state->target = target;
	if (state->run != NULL) {
		target_done(target, OUTCOME_BAD,
			"the command of an earlier check did not end even when it was killed");
		return;
	}
	if (room->run_count < RUNS_MAX) {
		exec_launch(state);
		return;
	}
	target->waiting_for = "other commands to end";
	target->excused = true;
	list_append(&room->waiting, &state->node);
}

static void exec_cancel(struct target *target, void *state_pointer)
{
	struct exec_state *state = state_pointer;

	(void)target;
	if (state->run == NULL) {
		list_remove(&state->node);
		return;
	}
	state->run->target = NULL;
	command_kill(&state->run->command);
}

static void exec_clear(struct target *target, void *state_pointer)
{
	struct exec_state *state = state_pointer;

	(void)target;
	if (state->run != NULL)
		state->run->owner = NULL;
}

const struct check_type check_exec_type = {
	.name = "exec",
	.size = sizeof(struct exec_state),
	.start = exec_start,
	.cancel = exec_cancel,
	.clear = exec_clear,
};
