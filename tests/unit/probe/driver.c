/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays main for a probe process: hands it a configuration and the sockets that need
 * privileges, and prints what it says as one JSON object a line. For the functional tests of
 * the checks.
 *
 *     driver [--no-events]     commands on stdin:
 *         config PATH          the next configuration
 *         hurry                re-check all
 *         stop                 end; exits 0 when the probe said "stopped" and exited with 0
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/process.h"
#include "os/channel.h"
#include "os/clock.h"
#include "os/icmp.h"
#include "os/log.h"
#include "os/socket_diag.h"
#include "service/check.h"

struct driver {
	uv_loop_t loop;
	uv_poll_t input;
	struct channel *channel;
	uint64_t generation;
	bool stopped;
	char line[4096];
	size_t line_length;
};

struct child {
	void *state;
};

static void child_done(void *context)
{
	struct child *child = context;

	probe_process.stop(child->state);
}

static int child_run(int fd)
{
	struct child child = { 0 };
	uv_loop_t loop;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_setup("probe", LOG_FORMAT_LOGFMT, LOG_INFO);
	uv_loop_init(&loop);
	child.state = probe_process.start(&loop, fd, child_done, &child);
	if (child.state == NULL)
		return 1;
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) == 0 ? 0 : 2;
}

static void print_line(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	puts(text);
	fflush(stdout);
	free(text);
	json_decref(object);
}

static void print_report(const struct record_check_report *report)
{
	print_line(
		json_pack("{s:s, s:I, s:i, s:i, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s}",
			"type", "report", "generation", (json_int_t)report->generation,
			"service", (int)report->service, "check", (int)report->check, "state",
			check_state_name((enum check_state)report->state), "outcome",
			check_outcome_name((enum check_outcome)report->outcome), "conclusive",
			report->conclusive, "latency_ns", (json_int_t)report->latency.ns,
			"probes", (json_int_t)report->probes, "failures",
			(json_int_t)report->failures, "at", (json_int_t)report->at.ns,
			"received", (json_int_t)clock_now().ns, "evidence", report->evidence));
}

static void print_reports(const struct record_plain *record)
{
	const uint8_t *at = (const uint8_t *)(record + 1), *end = at + record->head.tail;

	for (; at < end; at += sizeof(struct record_check_report)) {
		struct record_check_report report;

		memcpy(&report, at, sizeof(report));
		print_report(&report);
	}
}

static void take_record(void *context, const void *bytes, size_t length, int fd)
{
	struct driver *driver = context;
	const struct record_head *head = bytes;
	struct error error = { 0 };

	if (fd >= 0)
		close(fd);
	if (record_check(bytes, length, PROCESS_PROBE, PROCESS_MAIN, &error) != 0) {
		fprintf(stderr, "driver: the probe sent nonsense: %s\n", error.text);
		exit(3);
	}
	if (head->type == RECORD_CHECK_REPORT) {
		print_report(bytes);
		return;
	}
	if (head->type == RECORD_CHECK_REPORTS)
		print_reports(bytes);
	driver->stopped |= head->type == RECORD_STOPPED;
	print_line(json_pack("{s:s, s:I}", "type", record_name((enum record_type)head->type),
		"number", (json_int_t)((const struct record_plain *)bytes)->number));
}

static void channel_ended(void *context)
{
	struct driver *driver = context;

	channel_close(driver->channel);
	driver->channel = NULL;
	uv_close((uv_handle_t *)&driver->input, NULL);
}

static void send_config(struct driver *driver, const char *path)
{
	struct record_config record = { .head.type = RECORD_CONFIG,
		.generation = ++driver->generation };
	int file = open(path, O_RDONLY | O_CLOEXEC), copy = memfd_create("config", MFD_CLOEXEC);
	char buffer[4096];
	ssize_t got;

	while ((got = read(file, buffer, sizeof(buffer))) > 0) {
		if (write(copy, buffer, (size_t)got) != got)
			abort();
		record.length += (uint64_t)got;
	}
	channel_send(driver->channel, &record, sizeof(record), copy);
	close(file);
	close(copy);
}

static void send_listener(struct driver *driver, enum listener_kind kind, int fd)
{
	struct record_listener record = { .head.type = RECORD_LISTENER, .kind = kind };

	if (fd < 0) {
		fprintf(stderr, "driver: no listener of kind %d: %s\n", (int)kind,
			strerror(errno));
		exit(4);
	}
	channel_send(driver->channel, &record, sizeof(record), fd);
	close(fd);
}

static void send_icmp(struct driver *driver, enum family family, enum listener_kind kind)
{
	struct error error = { 0 };
	int fd = -1;

	if (icmp_open(family, &fd, &error) != 0)
		fprintf(stderr, "driver: %s\n", error.text);
	send_listener(driver, kind, fd);
}

static void obey(struct driver *driver, const char *line)
{
	struct record_plain hurry = { .head.type = RECORD_HURRY };
	struct record_stop stop = { .head.type = RECORD_STOP };

	if (strncmp(line, "config ", 7) == 0)
		send_config(driver, line + 7);
	else if (strcmp(line, "hurry") == 0)
		channel_send(driver->channel, &hurry, sizeof(hurry), -1);
	else if (strcmp(line, "stop") == 0)
		channel_send(driver->channel, &stop, sizeof(stop), -1);
	else
		fprintf(stderr, "driver: unknown command: %s\n", line);
}

static void input_ready(uv_poll_t *handle, int status, int events)
{
	struct driver *driver = handle->data;
	char buffer[4096];
	ssize_t got = read(0, buffer, sizeof(buffer));

	(void)status;
	(void)events;
	if (got <= 0)
		exit(0);
	for (ssize_t i = 0; i < got; i++) {
		if (buffer[i] != '\n') {
			if (driver->line_length < sizeof(driver->line) - 1)
				driver->line[driver->line_length++] = buffer[i];
			continue;
		}
		driver->line[driver->line_length] = '\0';
		driver->line_length = 0;
		obey(driver, driver->line);
	}
}

int main(int argc, char **argv)
{
	static struct driver driver;
	const struct channel_events events = {
		.context = &driver, .record = take_record, .lost = channel_ended
	};
	int fds[2], status;
	pid_t child;

	if (channel_pair(fds, NULL) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		close(fds[0]);
		exit(child_run(fds[1]));
	}
	close(fds[1]);
	uv_loop_init(&driver.loop);
	driver.channel = channel_open(&driver.loop, fds[0], &events);
	driver.input.data = &driver;
	uv_poll_init(&driver.loop, &driver.input, 0);
	uv_poll_start(&driver.input, UV_READABLE, input_ready);
	print_line(json_pack("{s:s, s:i}", "type", "started", "pid", (int)child));
	if (argc < 2 || strcmp(argv[1], "--no-events") != 0)
		send_listener(&driver, LISTENER_SOCKET_EVENTS, socket_diag_events_open(NULL));
	send_icmp(&driver, FAMILY_IPV4, LISTENER_ICMP_IPV4);
	send_icmp(&driver, FAMILY_IPV6, LISTENER_ICMP_IPV6);
	uv_run(&driver.loop, UV_RUN_DEFAULT);
	uv_loop_close(&driver.loop);
	waitpid(child, &status, 0);
	return driver.stopped && status == 0 ? 0 : 5;
}
