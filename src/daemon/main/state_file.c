/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which services are drained, in a file: {"version": 1, "drains": [{"service", "reason"}]}.
 *
 * Invariant: a file that can't be read as a whole drains nobody by half.
 */
#include "daemon/main/state_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"

#define STATE_VERSION 1
#define STATE_MAX     (1u << 20) /* bytes */

static json_t *drains_of(const struct brain *brain)
{
	json_t *drains = json_array();
	struct service_view view;

	for (size_t i = 0; i < brain_service_count(brain); i++) {
		json_t *reason;

		if (!brain_service_view(brain, i, &view) || view.drain_step == DRAIN_NONE)
			continue;
		reason = json_string(view.drain_reason);
		json_array_append_new(
			drains, json_pack("{s:s, s:o}", "service", view.name, "reason",
					reason != NULL ? reason : json_string("")));
	}
	return drains;
}

int state_file_write(const char *path, const struct brain *brain, struct error *error)
{
	json_t *document =
		json_pack("{s:i, s:o}", "version", STATE_VERSION, "drains", drains_of(brain));
	char *text = document == NULL ? NULL : json_dumps(document, JSON_INDENT(2));
	int r;

	json_decref(document);
	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to write %s", path);
	r = file_write_atomic(path, text, strlen(text), 0640, error);
	free(text);
	return r;
}

/* Every entry has its two strings. */
static bool drains_hold(const json_t *drains)
{
	size_t index;
	json_t *drain;

	if (!json_is_array(drains))
		return false;
	json_array_foreach(drains, index,
		drain) if (!json_is_string(json_object_get(drain, "service")) ||
			   !json_is_string(json_object_get(drain, "reason"))) return false;
	return true;
}

int state_file_read(const char *path,
	void (*drained)(void *context, const char *service, const char *reason), void *context,
	struct error *error)
{
	json_t *document, *drains, *drain;
	size_t length, index;
	char *text;
	int r = file_read(path, STATE_MAX, &text, &length, error);

	if (r != 0)
		return r == ERROR_NOT_FOUND ? 0 : r;
	document = json_loadb(text, length, 0, NULL);
	free(text);
	drains = json_object_get(document, "drains");
	if (json_integer_value(json_object_get(document, "version")) != STATE_VERSION ||
		!drains_hold(drains)) {
		json_decref(document);
		return error_set(
			error, ERROR_MALFORMED, "%s is not a state file of ours", path);
	}
	json_array_foreach(drains, index, drain)
		drained(context, json_string_value(json_object_get(drain, "service")),
			json_string_value(json_object_get(drain, "reason")));
	json_decref(document);
	return 0;
}
