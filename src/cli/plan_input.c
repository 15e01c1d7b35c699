/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading plans and Internets: files to values, names to indices.
 *
 * Invariants:
 *  1. All ASes and cities of a plan that are unknown are told at once, with line and column.
 */
#include "cli/plan_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/plan_calibrated.h"
#include "config/diagnostic.h"
#include "os/packed_file.h"
#include "plan/generate.h"

enum exit_code plan_error(struct console *console, const struct error *error)
{
	struct error whole = *error;
	char place[32] = "";

	if (error->line > 0 && error->column > 0)
		snprintf(place, sizeof(place), ":%u:%u", error->line, error->column);
	else if (error->line > 0)
		snprintf(place, sizeof(place), ":%u", error->line);
	if (error->file[0] != '\0')
		snprintf(whole.text, sizeof(whole.text), "%s%s: %s", error->file, place,
			error->text);
	return output_error(console, &whole);
}

int plan_option(const struct arguments *arguments, const char *name, uint64_t minimum,
	uint64_t maximum, uint64_t preset, uint64_t *ret_value, struct error *error)
{
	const char *text = arguments_value(arguments, name);
	char *end;
	unsigned long long value;

	*ret_value = preset;
	if (text == NULL)
		return 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < minimum ||
		value > maximum)
		return error_set(error, ERROR_RANGE,
			"--%s: '%.40s' is not a number from %" PRIu64 " to %" PRIu64, name,
			text, minimum, maximum);
	*ret_value = value;
	return 0;
}

/* ---- The Internet ---- */

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

int plan_file(const char *path, plan_file_reader *read, void *context, struct error *error)
{
	struct packed_file *file;
	struct plan_source source = { read_packed, NULL, path };
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result;
	source.context = file;
	result = read(context, &source, error);
	packed_file_close(file);
	return result;
}

static int read_topology(void *context, const struct plan_source *source, struct error *error)
{
	return plan_graph_read(source, context, error);
}

static int read_users(void *context, const struct plan_source *source, struct error *error)
{
	return plan_world_read_users(context, source, error);
}

static int read_geography(void *context, const struct plan_source *source, struct error *error)
{
	return plan_world_read_geography(context, source, error);
}

static int read_exchanges(void *context, const struct plan_source *source, struct error *error)
{
	struct plan_world *world = context;
	struct plan_exchanges *exchanges;
	int result = plan_exchanges_read(world->graph, source, &exchanges, error);

	if (result != 0)
		return result;
	plan_exchanges_free(world->exchanges);
	world->exchanges = exchanges;
	return 0;
}

static int read_internet(struct plan_internet *internet, struct error *error)
{
	struct plan_graph *graph;
	int result;

	if (internet->topology == NULL)
		result = plan_generate(&(struct plan_recipe){ internet->seed, internet->ases },
			&internet->world, error);
	else
		result = plan_file(internet->topology, read_topology, &graph, error);
	if (result == 0 && internet->topology != NULL)
		result = plan_world_create(graph, &internet->world, error);
	if (result == 0 && internet->users != NULL)
		result = plan_file(internet->users, read_users, internet->world, error);
	if (result == 0 && internet->geography != NULL)
		result = plan_file(internet->geography, read_geography, internet->world, error);
	if (result == 0 && internet->exchanges != NULL)
		result = plan_file(internet->exchanges, read_exchanges, internet->world, error);
	return result;
}

char *plan_path(const struct arguments *arguments, const char *option, const char *said,
	const char *plan)
{
	const char *given = arguments == NULL ? NULL : arguments_value(arguments, option);
	const char *slash = plan == NULL ? NULL : strrchr(plan, '/');
	struct text path = { 0 };

	if (given == NULL && said == NULL)
		return NULL;
	if (given == NULL && said[0] != '/' && slash != NULL)
		text_add_bytes(&path, plan, (size_t)(slash - plan) + 1);
	text_add(&path, given != NULL ? given : said);
	return path.bytes;
}

static int choose_internet(const struct arguments *arguments, const struct config_plan *plan,
	const char *path, struct plan_internet *internet, struct error *error)
{
	uint64_t ases = 0;
	int result = plan_option(arguments, "seed", 0, INT64_MAX,
		plan == NULL ? 1 : plan->generate.seed, &internet->seed, error);

	if (result == 0)
		result = plan_option(arguments, "ases", PLAN_GENERATE_MIN, PLAN_GENERATE_MAX,
			plan == NULL ? 5000 : plan->generate.ases, &ases, error);
	internet->ases = (uint32_t)ases;
	internet->topology =
		plan_path(arguments, "topology", plan == NULL ? NULL : plan->topology, path);
	internet->users =
		plan_path(arguments, "users", plan == NULL ? NULL : plan->users, path);
	internet->geography =
		plan_path(arguments, "geography", plan == NULL ? NULL : plan->geography, path);
	internet->exchanges =
		plan_path(arguments, "exchanges", plan == NULL ? NULL : plan->exchanges, path);
	return result;
}

enum exit_code plan_internet_load(const struct arguments *arguments,
	struct plan_internet *ret_internet, struct console *console)
{
	struct error error = { 0 };

	if (choose_internet(arguments, NULL, NULL, ret_internet, &error) != 0 ||
		read_internet(ret_internet, &error) != 0)
		return plan_error(console, &error);
	return EXIT_CODE_OK;
}

void plan_internet_clear(struct plan_internet *internet)
{
	plan_world_free(internet->world);
	free(internet->topology);
	free(internet->users);
	free(internet->geography);
	free(internet->exchanges);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_internet(const struct plan_internet *a, const struct plan_internet *b)
{
	return same_text(a->topology, b->topology) && same_text(a->users, b->users) &&
	       same_text(a->geography, b->geography) && same_text(a->exchanges, b->exchanges) &&
	       (a->topology != NULL || (a->seed == b->seed && a->ases == b->ases));
}

/* ---- Names to indices ---- */

struct builder {
	struct plan_case *c;
	bool out_of_memory;
};

void plan_complain(struct plan_case *c, const struct config_mark *mark, uint32_t width,
	const char *text, const char *hint)
{
	const struct place place = { &c->files.sources[0], mark->line, mark->column, width };

	diagnose(&c->diagnostics, CONFIG_ERROR, &place, "%s", text);
	if (hint[0] != '\0')
		diagnose_hint(&c->diagnostics, "%s", hint);
}

static uint32_t find_as(
	struct builder *b, const struct config_plan_upstream *u, uint32_t asn, const char *what)
{
	uint32_t as = plan_graph_find(b->c->world->graph, asn);
	char text[128];

	if (as != PLAN_NONE)
		return as;
	snprintf(text, sizeof(text), "AS %u (%s) is not in the topology", asn, what);
	plan_complain(b->c, &u->mark, (uint32_t)strlen(u->name), text,
		b->c->internet.topology == NULL
			? "without a topology ASes are numbered from 1 by size: see "
			  "`nearcast plan generate`"
			: "");
	return 0;
}

static size_t add_actions(struct builder *b, const struct config_plan_upstream *u,
	const uint32_t *list, size_t count, uint8_t prepends, struct plan_action *actions)
{
	for (size_t i = 0; i < count; i++)
		actions[i] = (struct plan_action){
			find_as(b, u, list[i],
				prepends == PLAN_NO_EXPORT ? "no-export-to" : "prepend-N-to"),
			prepends,
		};
	return count;
}

static void set_actions(
	struct builder *b, const struct config_plan_upstream *u, struct plan_announcement *a)
{
	size_t count = u->no_export_to_count + u->prepend_1_to_count + u->prepend_2_to_count +
		       u->prepend_3_to_count;
	struct plan_action *actions =
		arena_take_array(&b->c->arena, count + 1, sizeof(*actions));
	size_t at = 0;

	if (actions == NULL) {
		b->out_of_memory = true;
		return;
	}
	at += add_actions(
		b, u, u->no_export_to, u->no_export_to_count, PLAN_NO_EXPORT, actions);
	at += add_actions(b, u, u->prepend_1_to, u->prepend_1_to_count, 1, actions + at);
	at += add_actions(b, u, u->prepend_2_to, u->prepend_2_to_count, 2, actions + at);
	at += add_actions(b, u, u->prepend_3_to, u->prepend_3_to_count, 3, actions + at);
	a->actions = actions;
	a->action_count = at;
}

static void set_poison(
	struct builder *b, const struct config_plan_upstream *u, struct plan_announcement *a)
{
	uint32_t *poisoned =
		arena_take_array(&b->c->arena, u->poison_count + 1, sizeof(*poisoned));

	if (poisoned == NULL) {
		b->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < u->poison_count; i++)
		poisoned[i] = find_as(b, u, u->poison[i], "poison");
	a->poisoned = poisoned;
	a->poisoned_count = u->poison_count;
}

/* What we are to an upstream. */
static enum plan_class class_of(uint8_t relation)
{
	return relation == RELATION_PEER       ? PLAN_PEER
	       : relation == RELATION_CUSTOMER ? PLAN_PROVIDER
					       : PLAN_CUSTOMER;
}

static void add_upstream(struct builder *b, const struct config_plan_upstream *u, size_t site)
{
	struct plan_upstream *into = &b->c->upstreams[b->c->scenario.upstream_count++];

	into->name = u->name;
	into->announcement = (struct plan_announcement){
		.upstream = find_as(b, u, u->asn, "the upstream"),
		.class = class_of(u->relation),
		.site = (uint8_t)site,
		/* Our own number stands before and behind the poisoned ones. */
		.length = (uint8_t)(1 + u->prepend +
				    (u->poison_count > 0 ? u->poison_count + 1 : 0)),
	};
	set_actions(b, u, &into->announcement);
	set_poison(b, u, &into->announcement);
}

static void set_place(
	struct builder *b, const struct config_plan_site *from, struct plan_site *into)
{
	const struct plan_city *city, *meant;
	char text[128], hint[128] = "write latitude and longitude instead";

	if (from->has_latitude) {
		into->placed = true;
		into->place =
			(struct plan_place){ (float)from->latitude, (float)from->longitude };
		return;
	}
	if (from->city == NULL)
		return;
	city = plan_city_find(from->city);
	if (city != NULL) {
		into->placed = true;
		into->place = city->place;
		return;
	}
	meant = plan_city_closest(from->city);
	if (meant != NULL)
		snprintf(hint, sizeof(hint), "did you mean %s? Or write latitude and longitude",
			meant->name);
	snprintf(text, sizeof(text), "the city '%.60s' is not known", from->city);
	plan_complain(b->c, &from->mark, (uint32_t)strlen(from->name), text, hint);
}

static void add_sites(struct builder *b, const struct config_plan_site *sites, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t index = b->c->scenario.site_count++;
		struct plan_site *into = &b->c->sites[index];

		into->name = sites[i].name;
		into->capacity = (double)sites[i].capacity;
		into->bandwidth = (double)sites[i].bandwidth;
		set_place(b, &sites[i], into);
		for (size_t j = 0; j < sites[i].upstream_count; j++)
			add_upstream(b, &sites[i].upstreams[j], index);
	}
}

static size_t count_upstreams(const struct config_plan_site *sites, size_t count)
{
	size_t upstreams = 0;

	for (size_t i = 0; i < count; i++)
		upstreams += sites[i].upstream_count;
	return upstreams;
}

static int build_scenario(
	struct plan_case *c, enum plan_candidates candidates, struct error *error)
{
	const struct config_plan *plan = c->plan;
	struct builder b = { .c = c };
	size_t with = candidates == PLAN_WITH_CANDIDATES ? plan->candidate_count : 0;
	size_t sites = plan->site_count + with,
	       upstreams = count_upstreams(plan->sites, plan->site_count) +
			   count_upstreams(plan->candidates, with);

	if (sites > PLAN_SITE_MAX || upstreams > PLAN_ANNOUNCEMENT_MAX)
		return error_set(error, ERROR_RANGE,
			"at most %d sites and %d upstreams in all, not %zu and %zu",
			PLAN_SITE_MAX, PLAN_ANNOUNCEMENT_MAX, sites, upstreams);
	if (sites == 0)
		return error_set(error, ERROR_RANGE,
			"%s: the plan has no sites, only candidates", c->files.sources[0].name);
	c->sites = calloc(sites, sizeof(*c->sites));
	c->upstreams = calloc(upstreams, sizeof(*c->upstreams));
	if (c->sites == NULL || c->upstreams == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the sites");
	c->scenario.origin =
		plan->asn == 0 ? PLAN_NONE : plan_graph_find(c->world->graph, plan->asn);
	c->scenario.sites = c->sites;
	c->scenario.upstreams = c->upstreams;
	add_sites(&b, plan->sites, plan->site_count);
	add_sites(&b, plan->candidates, with);
	if (b.out_of_memory)
		return error_set(error, ERROR_MEMORY, "no memory for the upstreams");
	return 0;
}

static int build_latency(struct plan_case *c, struct error *error)
{
	for (size_t i = 0; i < c->scenario.site_count; i++)
		c->timed = c->timed || c->sites[i].placed;
	c->timed = c->timed && c->world->places_known;
	return c->timed ? plan_latency_create(
				  c->world, &c->scenario, &plan_rtt_default, &c->latency, error)
			: 0;
}

/* ---- All of it ---- */

static int read_world(const struct arguments *arguments, const char *path,
	const struct plan_case *other, struct plan_case *c, struct error *error)
{
	int result = choose_internet(arguments, c->plan, path, &c->internet, error);

	if (result != 0)
		return result;
	if (other == NULL) {
		result = read_internet(&c->internet, error);
		c->world = c->internet.world;
		return result;
	}
	if (!same_internet(&c->internet, &other->internet))
		return error_set(error, ERROR_RANGE,
			"%s and %s name different topologies, users, geographies or exchanges",
			other->files.sources[0].name, path);
	c->world = other->world;
	return 0;
}

enum exit_code plan_case_load(const struct arguments *arguments, const char *path,
	enum plan_candidates candidates, const struct plan_case *other,
	struct plan_case *ret_case, struct console *console)
{
	struct plan_case *c = ret_case;
	struct error error = { 0 };

	if (config_files_read(path, "", &c->files, &error) != 0)
		return plan_error(console, &error);
	if (config_plan_read(&c->files.sources[0], &c->plan, &c->diagnostics) != 0) {
		configuration_mistakes(console, &c->diagnostics);
		return EXIT_CODE_USAGE;
	}
	if (read_world(arguments, path, other, c, &error) != 0 ||
		build_scenario(c, candidates, &error) != 0)
		return plan_error(console, &error);
	if (c->diagnostics.error_count > 0) {
		diagnostics_sort(&c->diagnostics, c->files.sources, 1);
		configuration_mistakes(console, &c->diagnostics);
		return EXIT_CODE_USAGE;
	}
	return build_latency(c, &error) == 0 && plan_calibrated_load(arguments, c, &error) == 0
		       ? EXIT_CODE_OK
		       : plan_error(console, &error);
}

void plan_case_clear(struct plan_case *c)
{
	plan_latency_free(c->latency);
	plan_calibrated_free(c->calibrated);
	free(c->sites);
	free(c->upstreams);
	arena_clear(&c->arena);
	plan_internet_clear(&c->internet);
	config_plan_free(c->plan);
	config_diagnostics_clear(&c->diagnostics);
	config_files_clear(&c->files);
}
