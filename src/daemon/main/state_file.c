/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     { "version": 1,
 *       "drains": [{ "service", "reason", "since_unix_ms" }],
 *       "addresses": { "place", "list": [{ "interface", "address" }] } }
 *
 * Files of earlier versions lack what came later: since_unix_ms, addresses.
 *
 * Invariant: a file that can't be read as a whole drains nobody by half, and names no address.
 */
#include "daemon/main/state_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/file.h"

#define STATE_VERSION 1
#define STATE_MAX     (8u << 20) /* bytes */

/* ---- Writing ---- */

static json_t *drains_of(const struct brain *brain)
{
	json_t *drains = json_array();
	struct service_view view;

	for (size_t i = 0; i < brain_service_count(brain); i++) {
		json_t *reason;

		if (!brain_service_view(brain, i, &view) || view.drain_step == DRAIN_NONE)
			continue;
		reason = json_string(view.drain_reason);
		json_array_append_new(drains,
			json_pack("{s:s, s:o, s:I}", "service", view.name, "reason",
				reason != NULL ? reason : json_string(""), "since_unix_ms",
				(json_int_t)(clock_wall_of(view.drain_begun).ns / 1000000)));
	}
	return drains;
}

static json_t *addresses_of(const struct state *state)
{
	json_t *list = json_array();

	for (size_t i = 0; state->place[0] != '\0' && i < state->address_count; i++) {
		char text[ADDRESS_TEXT_MAX];

		json_array_append_new(list,
			json_pack("{s:s, s:s}", "interface", state->addresses[i].interface,
				"address", address_format(&state->addresses[i].address, text)));
	}
	return json_pack("{s:s, s:o}", "place", state->place, "list", list);
}

int state_file_write(const char *path, const struct state *state, struct error *error)
{
	json_t *document = json_pack("{s:i, s:o, s:o}", "version", STATE_VERSION, "drains",
		drains_of(state->brain), "addresses", addresses_of(state));
	char *text = document == NULL ? NULL : json_dumps(document, JSON_INDENT(2));
	int r;

	json_decref(document);
	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to write %s", path);
	r = file_write_atomic(path, text, strlen(text), 0640, error);
	free(text);
	return r;
}

/* ---- Reading ---- */

static bool drain_holds(const json_t *drain)
{
	const json_t *since = json_object_get(drain, "since_unix_ms");

	return json_is_string(json_object_get(drain, "service")) &&
	       json_is_string(json_object_get(drain, "reason")) &&
	       (since == NULL || (json_is_integer(since) && json_integer_value(since) >= 0 &&
					 json_integer_value(since) < INT64_MAX / 1000000));
}

static bool address_read(const json_t *entry, struct state_address *ret_address)
{
	const char *interface = json_string_value(json_object_get(entry, "interface"));
	const char *address = json_string_value(json_object_get(entry, "address"));

	*ret_address = (struct state_address){ 0 };
	if (interface == NULL || address == NULL || interface[0] == '\0' ||
		strlen(interface) >= sizeof(ret_address->interface))
		return false;
	memcpy(ret_address->interface, interface, strlen(interface));
	return address_parse(address, &ret_address->address) == 0;
}

static bool address_holds(const json_t *entry)
{
	struct state_address address;

	return address_read(entry, &address);
}

static bool all_hold(const json_t *list, bool (*holds)(const json_t *entry))
{
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!holds(json_array_get(list, i)))
			return false;
	return true;
}

static bool document_holds(const json_t *document)
{
	const json_t *addresses = json_object_get(document, "addresses");

	return json_integer_value(json_object_get(document, "version")) == STATE_VERSION &&
	       all_hold(json_object_get(document, "drains"), drain_holds) &&
	       (addresses == NULL ||
		       (json_is_string(json_object_get(addresses, "place")) &&
			       all_hold(json_object_get(addresses, "list"), address_holds)));
}

static void drains_tell(const json_t *drains, const struct state_sink *sink)
{
	for (size_t i = 0; sink->drained != NULL && i < json_array_size(drains); i++) {
		const json_t *drain = json_array_get(drains, i);
		json_int_t since = json_integer_value(json_object_get(drain, "since_unix_ms"));

		sink->drained(sink->context,
			json_string_value(json_object_get(drain, "service")),
			json_string_value(json_object_get(drain, "reason")),
			(struct wall_time){ since * 1000000 });
	}
}

static void addresses_tell(
	const json_t *addresses, const char *place, const struct state_sink *sink)
{
	const json_t *list = json_object_get(addresses, "list");
	const char *written = json_string_value(json_object_get(addresses, "place"));

	if (sink->added == NULL || written == NULL || place[0] == '\0' ||
		strcmp(written, place) != 0)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct state_address address;

		if (address_read(json_array_get(list, i), &address))
			sink->added(sink->context, &address);
	}
}

int state_file_read(
	const char *path, const char *place, const struct state_sink *sink, struct error *error)
{
	json_t *document;
	size_t length;
	char *text;
	int r = file_read(path, STATE_MAX, &text, &length, error);

	if (r != 0)
		return r == ERROR_NOT_FOUND ? 0 : r;
	document = json_loadb(text, length, 0, NULL);
	free(text);
	if (document_holds(document)) {
		drains_tell(json_object_get(document, "drains"), sink);
		addresses_tell(json_object_get(document, "addresses"), place, sink);
	} else {
		r = error_set(error, ERROR_MALFORMED, "%s is not a state file of ours", path);
	}
	json_decref(document);
	return r;
}
