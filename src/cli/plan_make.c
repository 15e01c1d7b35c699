/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan generate: a made-up Internet as files that the other commands read. */
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "os/file.h"

static void print_topology(const struct plan_internet *internet, struct text *out)
{
	const struct plan_graph *g = internet->world->graph;

	if (internet->topology == NULL)
		text_print(out, "# %u ASes and %u links, made up from seed %llu\n", g->as_count,
			g->link_count, (unsigned long long)internet->seed);
	for (uint32_t i = 0; i < g->as_count; i++) {
		uint32_t as = g->by_asn[i];
		struct plan_row row = plan_row(g, as, PLAN_CUSTOMER);

		for (; row.at < row.end; row.at++)
			text_print(out, "%u|%u|-1|made-up\n", g->asn[as], g->asn[*row.at]);
		row = plan_row(g, as, PLAN_PEER);
		for (; row.at < row.end; row.at++)
			if (g->asn[as] < g->asn[*row.at])
				text_print(
					out, "%u|%u|0|made-up\n", g->asn[as], g->asn[*row.at]);
	}
}

static void print_users(const struct plan_internet *internet, struct text *out)
{
	const struct plan_world *world = internet->world;

	text_add(out, "asn,users\n");
	for (uint32_t i = 0; i < world->graph->as_count; i++) {
		uint32_t as = world->graph->by_asn[i];

		text_print(out, "%u,", world->graph->asn[as]);
		plan_decimal(out, world->users[as], 0);
		text_add(out, "\n");
	}
}

static void print_geography(const struct plan_internet *internet, struct text *out)
{
	const struct plan_world *world = internet->world;

	text_add(out, "asn,lat,lon,addr_share\n");
	for (uint32_t i = 0; i < world->graph->as_count; i++) {
		uint32_t as = world->graph->by_asn[i];

		for (uint32_t j = world->first[as]; j < world->first[as + 1]; j++) {
			text_print(out, "%u,", world->graph->asn[as]);
			plan_decimal(out, world->spreads[j].place.latitude, 4);
			text_add(out, ",");
			plan_decimal(out, world->spreads[j].place.longitude, 4);
			text_add(out, ",");
			plan_decimal(out, world->spreads[j].share, 4);
			text_add(out, "\n");
		}
	}
}

static const struct {
	const char *name;
	void (*print)(const struct plan_internet *internet, struct text *out);
} kinds[] = {
	{ "topology", print_topology },
	{ "users", print_users },
	{ "geography", print_geography },
};

static enum exit_code write_out(
	const struct arguments *arguments, struct text *out, struct console *console)
{
	const char *path = arguments_value(arguments, "output");
	struct error error = { 0 };
	int result;

	if (path == NULL)
		return output_text(console, out);
	result = out->failed
			 ? error_set(&error, ERROR_MEMORY, "no memory for the text")
			 : file_write_atomic(path, text_string(out), out->length, 0644, &error);
	text_clear(out);
	return result == 0 ? EXIT_CODE_OK : output_error(console, &error);
}

enum exit_code plan_make(const struct arguments *arguments, struct console *console)
{
	struct plan_internet internet = { 0 };
	const char *what = arguments_value(arguments, "what");
	enum exit_code code = plan_internet_load(arguments, &internet, console);
	struct text out = { 0 };

	if (code == EXIT_CODE_OK) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(kinds[i].name, what == NULL ? "topology" : what) == 0)
				kinds[i].print(&internet, &out);
		code = write_out(arguments, &out, console);
	}
	plan_internet_clear(&internet);
	return code;
}
