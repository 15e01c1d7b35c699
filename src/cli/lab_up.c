/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast lab up, down, list, check: worlds come and go. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "cli/configuration.h"
#include "cli/lab_action.h"
#include "cli/output.h"
#include "cli/table.h"
#include "lab/serve.h"
#include "os/clock.h"
#include "world/ready.h"

#define NODE_MIB       9 /* of memory, by experience */
#define SERVED_SECONDS 60

/* A world that was read. Zero-initialise; loaded_clear frees. */
struct loaded {
	struct config_files files;
	struct config_world *file;
	struct world *world;
	struct config_diagnostics diagnostics;
	char name[LAB_NAME_MAX];
};

static void loaded_clear(struct loaded *l)
{
	world_free(l->world);
	config_world_free(l->file);
	config_files_clear(&l->files);
	config_diagnostics_clear(&l->diagnostics);
}

static const struct world_ready *ready_find(const char *name)
{
	for (const struct world_ready *r = world_ready; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

/* "worlds/my.yaml" is called "my". */
static void name_after(const char *path, char name[LAB_NAME_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(name, LAB_NAME_MAX, "%s", slash == NULL ? path : slash + 1);
	name[strcspn(name, ".")] = '\0';
}

static int parse(struct loaded *l, const struct config_source *source)
{
	int result = config_world_read(source, &l->file, &l->diagnostics);

	return result != 0 ? result : world_build(l->file, source, &l->world, &l->diagnostics);
}

static enum exit_code load(const char *what, const struct arguments *arguments,
	struct loaded *l, struct console *console)
{
	const struct world_ready *ready = ready_find(what);
	const char *name = arguments_value(arguments, "name");
	struct error error = { 0 };
	int result = 0;

	name_after(name != NULL ? name : what, l->name);
	if (ready != NULL) { /* a file of such a name is ./demo */
		const struct config_source source = { ready->name, ready->text,
			strlen(ready->text) };

		result = parse(l, &source);
	} else {
		if (config_files_read(what, "", &l->files, &error) != 0) {
			error_hint(&error,
				"ready worlds are: demo, dns-root, hundred, ixp, two-sites");
			return output_error(console, &error);
		}
		result = parse(l, &l->files.sources[0]);
	}
	if (result == 0)
		return EXIT_CODE_OK;
	configuration_mistakes(console, &l->diagnostics);
	return EXIT_CODE_USAGE;
}

/* ---- check ---- */

static json_t *world_json(const struct loaded *l)
{
	return json_pack("{s:s,s:i,s:i,s:i,s:i}", "name", l->name, "nodes",
		(int)l->world->node_count, "links", (int)l->world->link_count, "sites",
		(int)l->world->site_count, "networks", (int)l->world->network_count);
}

enum exit_code lab_action_check(const struct arguments *arguments, struct console *console)
{
	const char *what = arguments_positional(arguments, 1);
	struct loaded l = { 0 };
	struct text out = { 0 };
	enum exit_code code = load(what, arguments, &l, console);

	if (code == EXIT_CODE_OK && console->json) {
		code = output_json(console, world_json(&l));
	} else if (code == EXIT_CODE_OK) {
		text_print(&out, "%s: %u networks, %u sites: %u nodes, %u links\n", l.name,
			l.world->network_count, l.world->site_count, l.world->node_count,
			l.world->link_count);
		code = output_text(console, &out);
	}
	loaded_clear(&l);
	return code;
}

/* ---- up ---- */

static int check_memory(const struct world *world, struct error *error)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long available = 0,
			   needed = (unsigned long long)world->node_count * NODE_MIB;
	char line[128];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "MemAvailable: %llu kB", &available) == 1)
			break;
	if (file != NULL)
		fclose(file);
	available /= 1024;
	if (available == 0 || needed < available)
		return 0;
	error_hint(error, "take a smaller world, or a larger machine");
	return error_set(error, ERROR_RANGE,
		"the world has %u nodes, for which about %llu MiB are needed; %llu MiB are available",
		world->node_count, needed, available);
}

static void show_progress(
	const struct console *console, const char *what, unsigned done, unsigned total)
{
	if (console->json || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s: %u of %u", what, done, total);
	fflush(stderr);
}

static void end_progress(const struct console *console)
{
	if (!console->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

/* Until the supervisor is ready, or says why not. */
static int follow(int news, struct console *console, struct error *error)
{
	struct lab_news line;
	ssize_t length;

	for (;;) {
		length = read(news, &line, sizeof(line));
		if (length < 0 && errno == EINTR)
			continue;
		if (length != (ssize_t)sizeof(line))
			return error_set(
				error, ERROR_STATE, "the world ended while it was built");
		if (line.failed) {
			*error = line.error;
			return error->code != 0 ? error->code : ERROR_STATE;
		}
		if (line.ready)
			return 0;
		show_progress(console, line.what, line.done, line.total);
	}
}

/* Until everybody was served once. */
static int wait_served(const char *name, struct console *console, double *ret_seconds,
	int *ret_clients, struct error *error)
{
	const struct timespec pause = { 0, 20000000 };
	json_t *question = json_pack("{s:s}", "do", "served");
	struct instant end = instant_add(clock_now(), duration_seconds(SERVED_SECONDS));
	int result, served = 0;

	do {
		json_t *answer = NULL;

		result = lab_ask(name, question, LAB_ASK_MS, &answer, NULL, error);
		if (result != 0)
			break;
		served = (int)json_integer_value(json_object_get(answer, "served"));
		*ret_clients = (int)json_integer_value(json_object_get(answer, "clients"));
		*ret_seconds = json_real_value(json_object_get(answer, "age_seconds"));
		json_decref(answer);
		show_progress(console, "served", (unsigned)served, (unsigned)*ret_clients);
		if (served < *ret_clients)
			(void)nanosleep(&pause, NULL);
	} while (served < *ret_clients && instant_before(clock_now(), end));
	json_decref(question);
	if (result == 0 && served < *ret_clients) {
		error_hint(
			error, "look at it: `nearcast lab status`, `nearcast lab catchment`");
		return error_set(error, ERROR_TIMEOUT, "%d of %d are not served after %d s",
			*ret_clients - served, *ret_clients, SERVED_SECONDS);
	}
	return result;
}

/* What this world lacks, and why. */
static void tell_missing(const char *name, struct console *console)
{
	json_t *question = json_pack("{s:s}", "do", "status"), *status = NULL;
	struct error ignored = { 0 };

	if (lab_ask(name, question, LAB_ASK_MS, &status, NULL, &ignored) == 0) {
		if (!json_is_true(json_object_get(status, "delays")))
			console_note(console,
				"links have no delay, loss or rate: /dev/net/tun cannot "
				"be opened");
		if (json_is_true(json_object_get(status, "user_namespace")))
			console_note(console,
				"without root: FRR and OpenBGPD, which want users of "
				"their own, cannot run");
	}
	json_decref(question);
	json_decref(status);
}

static enum exit_code start(struct loaded *l, struct console *console)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	struct lab_up options = { .world = l->world, .name = l->name, .program = program };
	struct error error = { 0 };
	struct text out = { 0 };
	double seconds = 0;
	int news, clients = 0, result;

	program[length < 0 ? 0 : length] = '\0';
	result = check_memory(l->world, &error);
	if (result == 0)
		result = lab_up(&options, &news, &error);
	if (result == 0) {
		result = follow(news, console, &error);
		close(news);
	}
	if (result == 0)
		result = wait_served(l->name, console, &seconds, &clients, &error);
	end_progress(console);
	if (result != 0)
		return output_error(console, &error);
	tell_missing(l->name, console);
	if (console->json)
		return output_json(console, json_pack("{s:s,s:i,s:i,s:f}", "name", l->name,
						    "nodes", (int)l->world->node_count,
						    "clients", clients, "seconds", seconds));
	text_print(&out,
		"%s is up: %u sites, %u networks, %u links; all %d clients were served after %.1f s\n"
		"Look:  nearcast lab catchment      Break: nearcast lab break %s/service\n"
		"Visit: nearcast lab exec %s -- nearcast status\n"
		"End:   nearcast lab down\n",
		l->name, l->world->site_count, l->world->network_count, l->world->link_count,
		clients, seconds, l->world->file->sites[0].name, l->world->file->sites[0].name);
	return output_text(console, &out);
}

enum exit_code lab_action_up(const struct arguments *arguments, struct console *console)
{
	const char *what = arguments_positional(arguments, 1);
	struct loaded l = { 0 };
	enum exit_code code = load(what == NULL ? "demo" : what, arguments, &l, console);

	if (code == EXIT_CODE_OK)
		code = start(&l, console);
	loaded_clear(&l);
	return code;
}

/* ---- down, list ---- */

static bool is_up(const char *name)
{
	json_t *names = lab_names();
	bool found = false;

	for (size_t i = 0; i < json_array_size(names); i++)
		found = found || strcmp(json_string_value(json_array_get(names, i)), name) == 0;
	json_decref(names);
	return found;
}

int lab_take_down(const char *name, struct error *error)
{
	const struct timespec pause = { 0, 2000000 };
	json_t *question = json_pack("{s:s}", "do", "down"), *answer = NULL;
	int result = lab_ask(name, question, LAB_ASK_MS, &answer, NULL, error);

	json_decref(question);
	json_decref(answer);
	for (int i = 0; result == 0 && i < 15000 && is_up(name); i++)
		(void)nanosleep(&pause, NULL);
	return result;
}

enum exit_code lab_action_down(const struct arguments *arguments, struct console *console)
{
	const char *said = arguments_positional(arguments, 1);
	struct error error = { 0 };
	char name[LAB_NAME_MAX];
	int result = 0;

	if (said != NULL)
		snprintf(name, sizeof(name), "%s", said);
	else
		result = lab_choose(arguments, name, &error);
	if (result == 0)
		result = lab_take_down(name, &error);
	return result == 0 ? EXIT_CODE_OK : output_error(console, &error);
}

enum exit_code lab_action_list(const struct arguments *arguments, struct console *console)
{
	json_t *names = lab_names();
	struct text out = { 0 };

	(void)arguments;
	if (console->json)
		return output_json(console, json_pack("{s:o}", "worlds", names));
	for (size_t i = 0; i < json_array_size(names); i++)
		text_print(&out, "%s\n", json_string_value(json_array_get(names, i)));
	if (json_array_size(names) == 0)
		text_add(&out,
			"No world is up. Ready ones: demo, dns-root, hundred, ixp, two-sites.\n");
	json_decref(names);
	return output_text(console, &out);
}
