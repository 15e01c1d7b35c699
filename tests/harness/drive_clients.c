/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the lab's clients for tests/integration: a line in, a line of JSON out.
 *
 *     add NUMBER NETNS SOURCE|- dns|http ADDRESS [sockets=N] [ports=new] [path=P] [port=N]
 *     remove NUMBER       retarget NUMBER ADDRESS      pace INTERVAL_US TIMEOUT_MS
 *     mark                report NUMBER                served
 *     wait MS [NUMBER...] settle                       now
 *     nsd NAME FOLDER ADDRESS, nginx NAME FOLDER ADDRESS    (write FOLDER/config, and a zone)
 *     flood NETNS SOURCE TARGET PORT udp|syn|dns RATE MS [spoofed=PREFIX] [payload=N]
 *     cpu                 (seconds that the process of the clients has used)
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/clients.h"
#include "lab/flood.h"
#include "os/clock.h"
#include "world/service.h"

#define WORDS_MAX    64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct line {
	char *words[WORDS_MAX];
	unsigned count;
};

static const char *word(const struct line *line, unsigned i)
{
	return i < line->count ? line->words[i] : "";
}

static uint32_t number(const struct line *line, unsigned i)
{
	return (uint32_t)strtoul(word(line, i), NULL, 10);
}

/* "name=value" among the words; or NULL. */
static const char *setting(const struct line *line, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < line->count; i++) {
		if (strncmp(line->words[i], name, length) == 0 && line->words[i][length] == '=')
			return line->words[i] + length + 1;
	}
	return NULL;
}

static uint16_t setting_number(const struct line *line, const char *name)
{
	const char *value = setting(line, name);

	return value == NULL ? 0 : (uint16_t)strtoul(value, NULL, 10);
}

static int add(struct clients *clients, const struct line *line, struct error *error)
{
	struct client_target target = {
		.asks = strcmp(word(line, 4), "http") == 0 ? CLIENT_ASKS_HTTP : CLIENT_ASKS_DNS,
		.port = setting_number(line, "port"),
		.sockets = setting_number(line, "sockets"),
		.ports = setting(line, "ports") == NULL ? CLIENT_PORTS_KEPT : CLIENT_PORTS_NEW
	};
	const char *path = setting(line, "path");
	struct address source = { 0 };
	int fd, r;

	if (path != NULL)
		snprintf(target.path, sizeof(target.path), "%s", path);
	(void)address_parse(word(line, 5), &target.address);
	if (strcmp(word(line, 3), "-") != 0 && address_parse(word(line, 3), &source) != 0)
		return error_set(error, ERROR_MALFORMED, "no source");
	fd = open(word(line, 2), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, ERROR_NOT_FOUND, "no namespace");
	r = clients_add(clients, number(line, 1), fd, &source, &target, error);
	close(fd);
	return r;
}

static int drop(struct clients *clients, const struct line *line, struct error *error)
{
	return clients_remove(clients, number(line, 1), error);
}

static int retarget(struct clients *clients, const struct line *line, struct error *error)
{
	struct address address = { 0 };

	(void)address_parse(word(line, 2), &address);
	return clients_retarget(clients, number(line, 1), &address, error);
}

static int pace(struct clients *clients, const struct line *line, struct error *error)
{
	return clients_pace(clients, number(line, 1), number(line, 2), error);
}

static int mark(struct clients *clients, const struct line *line, struct error *error)
{
	(void)line;
	return clients_mark(clients, error);
}

static int settle(struct clients *clients, const struct line *line, struct error *error)
{
	(void)line;
	return clients_settle(clients, error);
}

static void print_sites(const struct client_report *report)
{
	printf("\"sites\":{");
	for (uint16_t i = 0, printed = 0; i < report->site_count; i++) {
		if (report->sites[i].answered > 0)
			printf("%s\"%s\":%" PRIu64, printed++ == 0 ? "" : ",",
				report->sites[i].name, report->sites[i].answered);
	}
	printf("},\"changes\":[");
	for (uint16_t i = 0; i < report->change_kept; i++) {
		const struct outage_change *change = &report->changes[i];

		printf("%s{\"from\":\"%s\",\"to\":\"%s\",\"last_old_sent\":%" PRId64
		       ",\"first_new_sent\":%" PRId64 ",\"first_new_answered\":%" PRId64
		       ",\"lost\":%" PRIu64 "}",
			i == 0 ? "" : ",", report->sites[change->from].name,
			report->sites[change->to].name, change->last_old.sent.ns,
			change->first_new.sent.ns, change->first_new.answered.ns, change->lost);
	}
	printf("]");
}

static int report(struct clients *clients, const struct line *line, struct error *error)
{
	struct client_report r;
	int code = clients_report(clients, number(line, 1), &r, error);

	if (code != 0)
		return code;
	printf("{\"ok\":true,\"since\":%" PRId64 ",\"until\":%" PRId64
	       ",\"decided_until\":%" PRId64 ",",
		r.since.ns, r.until.ns, r.decided_until.ns);
	printf("\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"lost\":%" PRIu64
	       ",\"waiting\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"late\":%" PRIu64
	       ",\"strange\":%" PRIu64 ",\"held_back\":%" PRIu64 ",",
		r.sent, r.answered, r.lost, r.waiting, r.failed, r.late, r.strange,
		r.held_back);
	printf("\"rtt_least\":%" PRId64 ",\"rtt_median\":%" PRId64 ",\"rtt_p95\":%" PRId64
	       ",\"rtt_greatest\":%" PRId64 ",\"silence\":%" PRId64 ",",
		r.rtt_least.ns, r.rtt_median.ns, r.rtt_p95.ns, r.rtt_greatest.ns, r.silence.ns);
	printf("\"outage\":%" PRId64 ",\"outage_lost\":%" PRIu64 ",\"outage_open\":%s,"
	       "\"outage_count\":%" PRIu64 ",\"change_count\":%" PRIu64 ",",
		outage_span_length(&r.outage).ns, r.outage.lost,
		r.outage.open ? "true" : "false", r.outage_count, r.change_count);
	print_sites(&r);
	printf("}\n");
	return 0;
}

static int served(struct clients *clients, const struct line *line, struct error *error)
{
	uint32_t served_count = 0, count = 0;
	int r = clients_served(clients, &served_count, &count, error);

	(void)line;
	if (r == 0)
		printf("{\"ok\":true,\"served\":%u,\"count\":%u}\n", served_count, count);
	return r;
}

static int wait_first(struct clients *clients, const struct line *line, struct error *error)
{
	uint16_t numbers[WORDS_MAX];
	unsigned count = 0;
	struct instant when = { 0 };
	int r;

	for (unsigned i = 2; i < line->count; i++)
		numbers[count++] = (uint16_t)number(line, i);
	r = clients_wait_first(
		clients, count == 0 ? NULL : numbers, count, number(line, 1), &when, error);
	if (r == 0)
		printf("{\"ok\":true,\"when\":%" PRId64 "}\n", when.ns);
	return r;
}

static int now(struct clients *clients, const struct line *line, struct error *error)
{
	(void)clients;
	(void)line;
	(void)error;
	printf("{\"ok\":true,\"now\":%" PRId64 "}\n", clock_now().ns);
	return 0;
}

/* utime and stime of proc(5): fields 14 and 15, counted behind the name. */
static int cpu(struct clients *clients, const struct line *line, struct error *error)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system = 0;
	const char *rest;
	FILE *file;

	(void)line;
	(void)error;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)clients_pid(clients));
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(text, sizeof(text), file) == NULL)
			text[0] = '\0';
		fclose(file);
	}
	rest = strrchr(text, ')');
	if (rest != NULL)
		(void)sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			&user, &system);
	printf("{\"ok\":true,\"cpu\":%f,\"pid\":%d}\n",
		(double)(user + system) / (double)sysconf(_SC_CLK_TCK),
		(int)clients_pid(clients));
	return 0;
}

/* Write FOLDER/NAME; the folder is word 2. */
static int save(const struct line *line, const char *name, struct text *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", word(line, 2), name);
	file = fopen(path, "we");
	if (file == NULL)
		return ERROR_SYSTEM;
	fputs(text_string(text), file);
	text_clear(text);
	return fclose(file) == 0 ? 0 : ERROR_SYSTEM;
}

static int nsd(struct clients *clients, const struct line *line, struct error *error)
{
	struct address address = { 0 };
	struct world_service service = { word(line, 1), word(line, 2), "lab.example", &address,
		1, 53 };
	struct text config = { 0 }, zone = { 0 };
	int r;

	(void)clients;
	(void)address_parse(word(line, 3), &address);
	r = world_service_nsd(&service, &config, &zone, error);
	if (r == 0)
		r = save(line, "config", &config);
	return r == 0 ? save(line, "lab.example.zone", &zone) : r;
}

static int nginx(struct clients *clients, const struct line *line, struct error *error)
{
	struct address address = { 0 };
	struct world_service service = { word(line, 1), word(line, 2), NULL, &address, 1, 80 };
	struct text config = { 0 };
	int r;

	(void)clients;
	(void)address_parse(word(line, 3), &address);
	r = world_service_nginx(&service, &config, error);
	return r == 0 ? save(line, "config", &config) : r;
}

static int run_flood(struct clients *clients, const struct line *line, struct error *error)
{
	struct flood_options options = { .port = (uint16_t)number(line, 4),
		.kind = strcmp(word(line, 5), "syn") == 0   ? FLOOD_SYN
			: strcmp(word(line, 5), "dns") == 0 ? FLOOD_DNS
							    : FLOOD_UDP,
		.packets_per_s = number(line, 6),
		.duration_ms = number(line, 7),
		.payload = setting_number(line, "payload"),
		.seed = 1 };
	struct flood_report flooded = { 0 };
	int r;

	(void)clients;
	if (setting(line, "spoofed") != NULL)
		(void)prefix_parse(setting(line, "spoofed"), &options.spoofed);
	(void)address_parse(word(line, 2), &options.source);
	(void)address_parse(word(line, 3), &options.target);
	options.netns_fd = open(word(line, 1), O_RDONLY | O_CLOEXEC);
	r = flood_run(&options, &flooded, error);
	close(options.netns_fd);
	if (r == 0)
		printf("{\"ok\":true,\"sent\":%" PRIu64 ",\"failed\":%" PRIu64
		       ",\"missed\":%" PRIu64 "}\n",
			flooded.sent, flooded.failed, flooded.missed);
	return r;
}

static const struct verb {
	const char *name;
	int (*run)(struct clients *clients, const struct line *line, struct error *error);
	bool prints; /* its own answer, if all is well */
} verbs[] = {
	{ "add", add, false },
	{ "remove", drop, false },
	{ "retarget", retarget, false },
	{ "pace", pace, false },
	{ "mark", mark, false },
	{ "settle", settle, false },
	{ "report", report, true },
	{ "served", served, true },
	{ "wait", wait_first, true },
	{ "nsd", nsd, false },
	{ "nginx", nginx, false },
	{ "flood", run_flood, true },
	{ "now", now, true },
	{ "cpu", cpu, true },
};

static void obey(struct clients *clients, const struct line *line)
{
	struct error error = { 0 };
	int r = ERROR_NOT_FOUND;
	bool prints = false;

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, word(line, 0)) != 0)
			continue;
		r = verbs[i].run(clients, line, &error);
		prints = verbs[i].prints;
	}
	if (r != 0)
		printf("{\"ok\":false,\"error\":\"%s\",\"text\":\"%s\"}\n",
			error_name((enum error_code)r), error.text);
	else if (!prints)
		printf("{\"ok\":true}\n");
	fflush(stdout);
}

int main(void)
{
	struct error error = { 0 };
	struct clients *clients;
	char text[4096];

	if (clients_start(&clients, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	while (fgets(text, sizeof(text), stdin) != NULL) {
		struct line line = { 0 };
		char *rest = NULL;

		for (char *w = strtok_r(text, " \n", &rest);
			w != NULL && line.count < WORDS_MAX; w = strtok_r(NULL, " \n", &rest))
			line.words[line.count++] = w;
		obey(clients, &line);
	}
	clients_stop(clients);
	return 0;
}
