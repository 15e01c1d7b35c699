/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast collect: a BMP station that writes MRT files.
 *
 * It stands apart from the daemon: a full disk, a slow one, or a crash here is nothing that BGP
 * could notice. Any router that speaks BMP can be collected from.
 *
 * Invariants:
 *  1. routers holds those that are connected, at most one of an address: the newest.
 *  2. Every file is closed and has its name when the command ends by SIGINT or SIGTERM.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/collect.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "os/clock.h"
#include "os/connect.h"
#include "os/listen.h"

#define PORT_USUAL 11019 /* as the daemon's `bmp` group has it */

/* ---- What is told. ---- */

static void tell(struct collect *collect, const char *router, const char *name,
	const char *event, const char *what)
{
	char time[WALL_TEXT_MAX];

	wall_format(clock_wall(), time);
	if (!collect->console->json) {
		console_note(collect->console, "%s %s%s%s%s%s %s", time, router,
			name[0] == '\0' ? "" : " (", name, name[0] == '\0' ? "" : ")",
			router[0] == '\0' ? "nearcast" : "", what);
		return;
	}
	{
		json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "time", time, "event",
			event, "router", router, "name", name, "message", what);
		char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);

		fprintf(collect->console->out, "%s\n", line == NULL ? "{}" : line);
		fflush(collect->console->out);
		free(line);
		json_decref(object);
	}
}

void collect_tell(struct collect *collect, const struct collect_router *router,
	const char *event, const char *format, ...)
{
	char text[ADDRESS_TEXT_MAX] = "", what[512];
	va_list values;

	va_start(values, format);
	vsnprintf(what, sizeof(what), format, values);
	va_end(values);
	if (router != NULL)
		address_format(&router->address, text);
	tell(collect, text, router == NULL ? "" : router->name, event, what);
}

/* ---- Routers connect. ---- */

static bool may_connect(const struct collect_settings *settings, const struct address *address)
{
	if (settings->from_count == 0)
		return true;
	for (size_t i = 0; i < settings->from_count; i++)
		if (prefix_contains_address(&settings->from[i], address))
			return true;
	return false;
}

static struct collect_router **slot_of(struct collect *collect, const struct address *address)
{
	struct collect_router **empty = NULL;

	for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++) {
		struct collect_router **slot = &collect->routers[i];

		if (*slot != NULL && address_equal(&(*slot)->address, address)) {
			collect_router_end(*slot, "it connected anew");
			return slot;
		}
		if (*slot == NULL && empty == NULL)
			empty = slot;
	}
	return empty;
}

static void take(struct collect *collect, int fd, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	struct collect_router **slot;

	address_format(address, text);
	if (!may_connect(&collect->settings, address)) {
		tell(collect, text, "", "refused", "is refused: it is in no --from");
		close(fd);
		return;
	}
	slot = slot_of(collect, address);
	if (slot == NULL) {
		tell(collect, text, "", "refused", "is refused: there are 64 routers");
		close(fd);
		return;
	}
	*slot = collect_router_new(collect, fd, address);
	if (*slot != NULL)
		tell(collect, text, "", "router_connected", "is connected");
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct collect *collect = poll->data;
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);
	struct address address;
	int fd;

	(void)events;
	if (status < 0)
		return;
	fd = accept4(collect->listener_fd, (struct sockaddr *)&storage, &length,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	address = connect_address(&storage, NULL);
	take(collect, fd, &address);
}

/* ---- Timers and signals. ---- */

static void on_second(uv_timer_t *timer)
{
	struct collect *collect = timer->data;

	for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++)
		if (collect->routers[i] != NULL)
			collect_router_tick(collect->routers[i]);
}

static void tables_set(struct collect *collect);

static void on_tables(uv_timer_t *timer)
{
	struct collect *collect = timer->data;

	for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++)
		if (collect->routers[i] != NULL)
			collect_router_dump(collect->routers[i]);
	tables_set(collect);
}

/* At the next multiple of the period, UTC. */
static void tables_set(struct collect *collect)
{
	int64_t period = collect->settings.table.ns, now = clock_wall().ns;

	if (period == 0)
		return;
	uv_update_time(&collect->loop);
	uv_timer_start(&collect->tables, on_tables,
		(uint64_t)((period - now % period) / 1000000 + 1), 0);
}

static void on_child(uv_signal_t *handle, int number)
{
	struct collect *collect = handle->data;
	int status;
	pid_t pid;

	(void)number;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++)
			if (collect->routers[i] != NULL && collect->routers[i]->writer == pid)
				collect_router_dumped(collect->routers[i],
					WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void on_walk(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void on_end(uv_signal_t *handle, int number)
{
	struct collect *collect = handle->data;

	(void)number;
	for (unsigned i = 0; i < COLLECT_ROUTERS_MAX; i++)
		if (collect->routers[i] != NULL)
			collect_router_end(collect->routers[i], "the collector ends");
	uv_walk(&collect->loop, on_walk, NULL);
}

/* ---- The command line. ---- */

static int listen_parse(
	const char *text, struct collect_settings *settings, struct error *error)
{
	char address[ADDRESS_TEXT_MAX + 2] = "";
	const char *port = NULL, *end;
	size_t length = strlen(text);

	if (text[0] == '[' && (end = strchr(text, ']')) != NULL) {
		length = (size_t)(end - text) - 1;
		port = end[1] == ':' ? end + 2 : end[1] == '\0' ? NULL : "";
		text++;
	} else if ((end = strchr(text, ':')) != NULL && strchr(end + 1, ':') == NULL) {
		length = (size_t)(end - text);
		port = end + 1;
	}
	if (length < sizeof(address))
		memcpy(address, text, length);
	settings->port = PORT_USUAL;
	if (port != NULL) {
		char *rest;
		unsigned long number = strtoul(port, &rest, 10);

		if (port[0] < '0' || port[0] > '9' || *rest != '\0' || number < 1 ||
			number > UINT16_MAX)
			return error_set(error, ERROR_MALFORMED, "%s is no port", port);
		settings->port = (uint16_t)number;
	}
	if (address_parse(address, &settings->listen) == 0)
		return 0;
	error_hint(error, "192.0.2.9, 192.0.2.9:11019, [2001:db8::9]:11019");
	return error_set(error, ERROR_MALFORMED, "--listen: %s is no address", text);
}

static int period_parse(const struct arguments *arguments, const char *option,
	const char *preset, int64_t least_s, struct duration *ret, struct error *error)
{
	const char *text = arguments_value(arguments, option);

	if (duration_parse(text == NULL ? preset : text, ret) == 0 &&
		(ret->ns >= least_s * 1000000000 || (ret->ns == 0 && least_s > 1)) &&
		ret->ns % 1000000000 == 0 && ret->ns <= 86400ll * 1000000000)
		return 0;
	error_hint(error, "whole seconds, at most a day: 15m, 2h");
	return error_set(error, ERROR_MALFORMED, "--%s: %s is no such time", option, text);
}

static int from_parse(const struct arguments *arguments, struct collect_settings *settings,
	struct error *error)
{
	for (size_t i = 0; i < arguments->option_count; i++) {
		const struct argument *given = &arguments->options[i];
		struct address address;

		if (strcmp(given->option->name, "from") != 0)
			continue;
		if (settings->from_count == COLLECT_FROM_MAX)
			return error_set(error, ERROR_FULL, "more than 64 times --from");
		if (address_parse(given->value, &address) == 0)
			settings->from[settings->from_count] = prefix_host(&address);
		else if (prefix_parse(given->value, &settings->from[settings->from_count]) != 0)
			return error_set(error, ERROR_MALFORMED,
				"--from: %s is no address and no prefix", given->value);
		settings->from_count++;
	}
	if (settings->from_count > 0 || address_is_loopback(&settings->listen))
		return 0;
	error_hint(
		error, "--from 192.0.2.0/24, as often as needed; --from 0.0.0.0/0 is anybody");
	return error_set(error, ERROR_REFUSED,
		"say which routers may connect: BMP has no password of its own");
}

static int settings_parse(const struct arguments *arguments, struct collect_settings *settings,
	struct error *error)
{
	static const char *const views[] = { "received", "accepted", "best" };
	const char *listen = arguments_value(arguments, "listen");
	const char *view = arguments_value(arguments, "view");
	int code;

	settings->folder = arguments_positional(arguments, 0);
	for (size_t i = 0; view != NULL && i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(view, views[i]) == 0)
			settings->view = (enum bmp_mrt_view)i;
	code = listen_parse(listen == NULL ? "127.0.0.1" : listen, settings, error);
	if (code == 0)
		code = period_parse(arguments, "rotate", "15m", 1, &settings->rotate, error);
	if (code == 0)
		code = period_parse(arguments, "table", "2h", 2, &settings->table, error);
	return code == 0 ? from_parse(arguments, settings, error) : code;
}

/* ---- Running. ---- */

static void handles_start(struct collect *collect)
{
	uv_poll_init(&collect->loop, &collect->listener, collect->listener_fd);
	uv_signal_init(&collect->loop, &collect->interrupt);
	uv_signal_init(&collect->loop, &collect->terminate);
	uv_signal_init(&collect->loop, &collect->child);
	uv_timer_init(&collect->loop, &collect->second);
	uv_timer_init(&collect->loop, &collect->tables);
	collect->listener.data = collect->interrupt.data = collect->terminate.data =
		collect->child.data = collect->second.data = collect->tables.data = collect;
	uv_poll_start(&collect->listener, UV_READABLE, on_connection);
	uv_signal_start(&collect->interrupt, on_end, SIGINT);
	uv_signal_start(&collect->terminate, on_end, SIGTERM);
	uv_signal_start(&collect->child, on_child, SIGCHLD);
	uv_timer_start(&collect->second, on_second, 1000, 1000);
	tables_set(collect);
}

static enum exit_code collect_loop(struct collect *collect)
{
	char text[ADDRESS_TEXT_MAX];

	if (uv_loop_init(&collect->loop) != 0)
		return EXIT_CODE_FAILED;
	handles_start(collect);
	collect_tell(collect, NULL, "listening", "listens on %s port %u and writes into %s",
		address_format(&collect->settings.listen, text), collect->settings.port,
		collect->settings.folder);
	uv_run(&collect->loop, UV_RUN_DEFAULT);
	uv_loop_close(&collect->loop);
	return collect->failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static enum exit_code collect_run(const struct arguments *arguments, struct console *console)
{
	static struct collect collect;
	struct error error = { 0 };
	enum exit_code code;

	collect = (struct collect){ .console = console };
	if (settings_parse(arguments, &collect.settings, &error) != 0) {
		console_error(console, &error);
		return EXIT_CODE_USAGE;
	}
	if (access(collect.settings.folder, W_OK | X_OK) != 0) {
		error_system(&error, errno, "can't write into %s", collect.settings.folder);
		return output_error(console, &error);
	}
	if (listen_tcp(&collect.settings.listen, collect.settings.port, &collect.listener_fd,
		    &error) != 0)
		return output_error(console, &error);
	code = collect_loop(&collect);
	close(collect.listener_fd);
	return code;
}

static const char *const views[] = { "received", "accepted", "best", NULL };

static const struct option options[] = {
	{ "listen", 0, "ADDRESS[:PORT]", "where routers connect to (default 127.0.0.1:11019)",
		COMPLETE_NOTHING, NULL },
	{ "from", 0, "PREFIX", "who may connect; can be given again", COMPLETE_NOTHING, NULL },
	{ "rotate", 0, "TIME", "begin another file of updates so often (default 15m)",
		COMPLETE_NOTHING, NULL },
	{ "table", 0, "TIME", "write the table so often (default 2h); 0: never",
		COMPLETE_NOTHING, NULL },
	{ "view", 0, "VIEW", "routes as received (default), as accepted by policy, or the best",
		COMPLETE_WORDS, views },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "FOLDER", "where the files go, a folder a router in it", false, COMPLETE_DIRECTORY,
		NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_collect = {
	.name = "collect",
	.group = GROUP_OTHER,
	.summary = "a route collector: routers tell by BMP, MRT files are written",
	.description =
		"Listens for routers that speak the BGP Monitoring Protocol (RFC 7854; nearcast and "
		"most others do) and writes what they tell as MRT files (RFC 6396): "
		"FOLDER/ROUTER/updates.YYYYMMDD.HHMM with the messages of each period, and "
		"FOLDER/ROUTER/rib.YYYYMMDD.HHMM with the whole table now and then. A file has .part "
		"behind its name until it is whole. nearcast mrt, bgpdump and their like read them.\n\n"
		"Runs until it is interrupted. It is no part of the daemon: a full disk here is "
		"nothing that BGP could notice. The table costs about 100 bytes of memory a route; "
		"--table 0 does without.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "The exit status is 1 when something could not be written.",
	.example = "nearcast collect /var/lib/routes\n"
		   "nearcast collect --listen 192.0.2.9 --from 192.0.2.0/24 /var/lib/routes",
	.run = collect_run,
};
