/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of a world.
 *
 * Invariants:
 *  1. A file is written under another name first, and takes its own when it is whole.
 */
#include "cli/lab_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/lab_action.h"
#include "world/draw_map.h"

static const char *string_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static double number_at(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool is(const json_t *object, const char *key, const char *word)
{
	return strcmp(string_at(object, key), word) == 0;
}

/* ---- A world ---- */

struct filling {
	struct draw_place *places;
	struct draw_link *links;
	struct draw_answer *answers;
	struct draw_world *world;
};

static uint32_t place_of(const struct filling *f, const char *name)
{
	for (size_t i = 0; i < f->world->place_count; i++)
		if (strcmp(f->places[i].name, name) == 0)
			return (uint32_t)i;
	return DRAW_NONE;
}

static void add_place(struct filling *f, const json_t *node)
{
	double people = number_at(node, "people");

	f->places[f->world->place_count++] = (struct draw_place){
		.name = string_at(node, "name"),
		.latitude = number_at(node, "latitude"),
		.longitude = number_at(node, "longitude"),
		.kind = is(node, "kind", "site")       ? DRAW_SITE
			: is(node, "kind", "exchange") ? DRAW_EXCHANGE
			: people > 0                   ? DRAW_CLIENT
						       : DRAW_TRANSIT,
		.state = is(node, "state", "up") ? DRAW_OK : DRAW_DOWN,
		.as_number = (uint32_t)number_at(node, "asn"),
		.weight = people * 1e6,
	};
}

static void add_link(struct filling *f, const json_t *link)
{
	uint32_t from = place_of(f, string_at(link, "from")),
		 to = place_of(f, string_at(link, "to"));
	bool turned = is(link, "relation", "provider") || is(link, "relation", "route-server");

	if (from == DRAW_NONE || to == DRAW_NONE || from == to)
		return;
	f->links[f->world->link_count++] = (struct draw_link){
		.from = turned ? to : from,
		.to = turned ? from : to,
		.relation = is(link, "relation", "provider")       ? DRAW_CUSTOMER
			    : is(link, "relation", "peer")         ? DRAW_PEER
			    : is(link, "relation", "route-server") ? DRAW_MEMBER
								   : DRAW_INTERNAL,
		.state = is(link, "state", "up") ? DRAW_LINK_OK : DRAW_LINK_CUT,
		.delay_us = (uint32_t)(number_at(link, "delay_ms") * 1000),
	};
}

static void add_answers(struct filling *f, const json_t *client)
{
	json_t *sites = json_object_get(client, "sites"), *count;
	uint32_t place = place_of(f, string_at(client, "client"));
	double answered = number_at(client, "answered");
	const char *name;

	json_object_foreach(sites, name, count)
	{
		uint32_t site = place_of(f, name);

		if (place == DRAW_NONE || site == DRAW_NONE || answered <= 0)
			continue;
		f->answers[f->world->answer_count++] = (struct draw_answer){
			.client = place,
			.site = site,
			.median_us = (uint32_t)(number_at(client, "rtt_median_ms") * 1000),
			.p95_us = (uint32_t)(number_at(client, "rtt_p95_ms") * 1000),
			.share = json_number_value(count) / answered,
		};
	}
}

static size_t count_answers(const json_t *clients)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(clients); i++)
		count += json_object_size(json_object_get(json_array_get(clients, i), "sites"));
	return count;
}

int lab_draw_world(const json_t *catchment, struct arena *arena, struct draw_world *ret_world,
	struct error *error)
{
	const json_t *world = json_object_get(catchment, "world");
	const json_t *nodes = json_object_get(world, "nodes"),
		     *links = json_object_get(world, "links");
	const json_t *clients = json_object_get(catchment, "clients");
	struct filling f = { .world = ret_world };

	if (!json_is_array(nodes) || !json_is_array(links) || !json_is_array(clients))
		return error_set(error, ERROR_MALFORMED, "this is no catchment of a world");
	f.places = arena_take_array(arena, json_array_size(nodes) + 1, sizeof(*f.places));
	f.links = arena_take_array(arena, json_array_size(links) + 1, sizeof(*f.links));
	f.answers = arena_take_array(arena, count_answers(clients) + 1, sizeof(*f.answers));
	if (f.places == NULL || f.links == NULL || f.answers == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	*ret_world = (struct draw_world){ .title = string_at(world, "description"),
		.weight = "people",
		.places = f.places,
		.links = f.links,
		.answers = f.answers };
	for (size_t i = 0; i < json_array_size(nodes); i++)
		add_place(&f, json_array_get(nodes, i));
	for (size_t i = 0; i < json_array_size(links); i++)
		add_link(&f, json_array_get(links, i));
	for (size_t i = 0; i < json_array_size(clients); i++)
		add_answers(&f, json_array_get(clients, i));
	return 0;
}

/* ---- Files ---- */

static int write_whole(const char *path, const struct text *text, struct error *error)
{
	FILE *file = fopen(path, "we");
	bool good;

	if (file == NULL)
		return error_system(error, errno, "cannot write %s", path);
	good = fwrite(text_string(text), 1, text->length, file) == text->length;
	good = fclose(file) == 0 && good;
	return good ? 0 : error_system(error, errno, "cannot write %s", path);
}

static int convert(const char *from, const char *to, struct error *error)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rsvg-convert", "rsvg-convert", "--output", to, from, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return error_system(error, errno, "cannot start rsvg-convert");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		error_hint(
			error, "install the package librsvg2-bin, or let the name end in .svg");
		return error_set(error, ERROR_UNSUPPORTED, "a PNG needs rsvg-convert");
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : error_set(error, ERROR_STATE, "rsvg-convert failed");
}

static int write_picture(const char *path, const struct text *svg, struct error *error)
{
	size_t length = strlen(path);
	bool png = length > 4 && strcmp(path + length - 4, ".png") == 0;
	struct text drawn = { 0 }, whole = { 0 };
	int result;

	text_print(&drawn, "%s.%d.svg", path, (int)getpid());
	text_print(&whole, "%s.%d.png", path, (int)getpid());
	result = write_whole(text_string(&drawn), svg, error);
	if (result == 0 && png)
		result = convert(text_string(&drawn), text_string(&whole), error);
	if (result == 0 && rename(text_string(png ? &whole : &drawn), path) != 0)
		result = error_system(error, errno, "cannot write %s", path);
	(void)unlink(text_string(&drawn));
	(void)unlink(text_string(&whole));
	text_clear(&drawn);
	text_clear(&whole);
	return result;
}

int lab_map_write(const char *path, const json_t *before, const json_t *after,
	const char *caption, struct error *error)
{
	const struct draw_map_options options = { .theme = DRAW_LIGHT, .caption = caption };
	struct draw_world was = { 0 }, is_now = { 0 };
	struct arena arena = { 0 };
	struct text svg = { 0 };
	int result = lab_draw_world(after, &arena, &is_now, error);

	if (result == 0 && before != NULL)
		result = lab_draw_world(before, &arena, &was, error);
	if (result == 0)
		result = before == NULL
				 ? draw_map(&is_now, &options, &svg, NULL, error)
				 : draw_map_change(&was, &is_now, &options, &svg, NULL, error);
	if (result == 0)
		result = write_picture(path, &svg, error);
	text_clear(&svg);
	arena_clear(&arena);
	return result;
}

int lab_catchment_take(const char *world, unsigned interval_us, unsigned for_ms,
	json_t **ret_catchment, struct error *error)
{
	json_t *question = json_pack("{s:s}", "do", "status"), *status = NULL;
	int result = lab_measure(world, interval_us, for_ms, ret_catchment, error);

	if (result == 0)
		result = lab_ask(world, question, LAB_ASK_MS, &status, NULL, error);
	if (result == 0)
		json_object_set_new(*ret_catchment, "world", status);
	json_decref(question);
	return result;
}
