/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast lab export FORMAT: a world for other programs. */
#include <stdio.h>
#include <string.h>

#include "cli/lab_action.h"
#include "cli/lab_map.h"
#include "cli/output.h"
#include "world/export_world.h"

static const struct {
	const char *name;
	int (*write)(const struct draw_world *world, struct text *out, struct error *error);
} formats[] = {
	{ "dot", export_dot },
	{ "geojson", export_geojson },
	{ "rfc8345", export_rfc8345 },
};

static int export_as(const char *format, const struct draw_world *world, struct text *out,
	struct error *error)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].write(world, out, error);
	return error_set(error, ERROR_RANGE, "'%.20s' is not dot, geojson or rfc8345", format);
}

enum exit_code lab_action_export(const struct arguments *arguments, struct console *console)
{
	struct error error = { 0 };
	struct draw_world world = { 0 };
	struct arena arena = { 0 };
	struct text out = { 0 };
	char name[LAB_NAME_MAX];
	json_t *catchment = NULL;
	int result = lab_choose(arguments, name, &error);

	if (result == 0)
		result = lab_catchment_take(name, 10000, 300, &catchment, &error);
	if (result == 0)
		result = lab_draw_world(catchment, &arena, &world, &error);
	if (result == 0)
		result = export_as(arguments_positional(arguments, 1), &world, &out, &error);
	json_decref(catchment);
	arena_clear(&arena);
	if (result == 0)
		return output_text(console, &out);
	text_clear(&out);
	return output_error(console, &error);
}
