/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol, without its socket.
 *
 * Invariants:
 *  1. No line longer than CONTROL_LINE_MAX and no JSON deeper than CONTROL_DEPTH_MAX is given
 * to the JSON parser, which recurses.
 *  2. A request that is let through has a method of the table, only parameters that this method
 *     knows, of the right types, with none missing.
 *  3. A method that changes something is never let through read-only.
 */
#include "daemon/api/control.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_TIMEOUT_MS   10000u
#define CHANGE_TIMEOUT_MS 60000u

static const struct control_param no_params[] = { { NULL, CONTROL_STRING, false } };

static const struct control_param name_params[] = {
	{ "name", CONTROL_STRING, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param route_params[] = {
	{ "kind", CONTROL_STRING, false },
	{ "neighbor", CONTROL_STRING, false },
	{ "prefix", CONTROL_STRING, false },
	{ "limit", CONTROL_NUMBER, false },
	{ "longer", CONTROL_BOOLEAN, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param rpki_params[] = {
	{ "prefix", CONTROL_STRING, false },
	{ "asn", CONTROL_NUMBER, false },
	{ "path", CONTROL_STRING, false },
	{ "from", CONTROL_STRING, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param event_params[] = {
	{ "since", CONTROL_NUMBER, false },
	{ "last", CONTROL_NUMBER, false },
	{ "follow", CONTROL_BOOLEAN, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param drain_params[] = {
	{ "service", CONTROL_STRING, true },
	{ "reason", CONTROL_STRING, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param undrain_params[] = {
	{ "service", CONTROL_STRING, true },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param reload_params[] = {
	{ "dry_run", CONTROL_BOOLEAN, false },
	{ "force", CONTROL_BOOLEAN, false },
	{ NULL, CONTROL_STRING, false },
};

static const struct control_param verb_params[] = {
	{ "verb", CONTROL_STRING, true },
	{ "neighbor", CONTROL_STRING, true },
	{ "text", CONTROL_STRING, false },
	{ NULL, CONTROL_STRING, false },
};

const struct control_method control_methods[] = {
	{ "status", ANSWER_MAIN, QUERY_STATUS, false, LOOK_TIMEOUT_MS, no_params, NULL },
	{ "services", ANSWER_MAIN, QUERY_SERVICES, false, LOOK_TIMEOUT_MS, name_params,
		"name" },
	{ "neighbors", ANSWER_SPEAKER, QUERY_NEIGHBORS, false, LOOK_TIMEOUT_MS, name_params,
		"name" },
	{ "policies", ANSWER_SPEAKER, QUERY_POLICIES, false, LOOK_TIMEOUT_MS, name_params,
		"name" },
	{ "routes", ANSWER_SPEAKER, QUERY_ROUTES, false, LOOK_TIMEOUT_MS, route_params, NULL },
	{ "flowspec", ANSWER_SPEAKER, QUERY_FLOWSPEC, false, LOOK_TIMEOUT_MS, name_params,
		"name" },
	{ "bfd", ANSWER_MAIN, QUERY_BFD, false, LOOK_TIMEOUT_MS, name_params, "name" },
	{ "nexthops", ANSWER_SPEAKER, QUERY_NEXT_HOPS, false, LOOK_TIMEOUT_MS, no_params,
		NULL },
	{ "rpki", ANSWER_SPEAKER, QUERY_RPKI, false, LOOK_TIMEOUT_MS, rpki_params, NULL },
	{ "events", ANSWER_EVENTS, QUERY_KINDS, false, LOOK_TIMEOUT_MS, event_params, NULL },
	{ "drain", ANSWER_MAIN, QUERY_DRAIN, true, CHANGE_TIMEOUT_MS, drain_params, NULL },
	{ "undrain", ANSWER_MAIN, QUERY_UNDRAIN, true, CHANGE_TIMEOUT_MS, undrain_params,
		NULL },
	{ "reload", ANSWER_MAIN, QUERY_RELOAD, true, CHANGE_TIMEOUT_MS, reload_params, NULL },
	{ "neighbor", ANSWER_MAIN, QUERY_NEIGHBOR_VERB, true, CHANGE_TIMEOUT_MS, verb_params,
		NULL },
	{ NULL, ANSWER_MAIN, QUERY_KINDS, false, 0, NULL, NULL },
};

/* ---- Lines ---- */

static void lines_compact(struct control_lines *lines)
{
	if (lines->taken == 0)
		return;
	lines->length -= lines->taken;
	if (lines->length > 0)
		memmove(lines->bytes, lines->bytes + lines->taken, lines->length);
	lines->taken = 0;
}

static int lines_grow(struct control_lines *lines, size_t more)
{
	size_t room = lines->room == 0 ? 1024 : lines->room;
	char *bytes;

	while (room - lines->length < more)
		room *= 2;
	if (room == lines->room)
		return 0;
	bytes = realloc(lines->bytes, room);
	if (bytes == NULL)
		return ERROR_MEMORY;
	lines->bytes = bytes;
	lines->room = room;
	return 0;
}

int control_lines_add(struct control_lines *lines, const void *bytes, size_t length)
{
	int code;

	if (length == 0)
		return 0;
	lines_compact(lines);
	code = lines_grow(lines, length);
	if (code != 0)
		return code;
	memcpy(lines->bytes + lines->length, bytes, length);
	lines->length += length;
	return 0;
}

int control_lines_next(struct control_lines *lines, const char **ret_line, size_t *ret_length)
{
	size_t left = lines->length - lines->taken;
	size_t most = left < CONTROL_LINE_MAX ? left : CONTROL_LINE_MAX;
	const char *start, *newline;

	if (left == 0)
		return 0;
	start = lines->bytes + lines->taken;
	newline = memchr(start + lines->searched, '\n', most - lines->searched);
	if (newline == NULL) {
		lines->searched = most;
		return left < CONTROL_LINE_MAX ? 0 : ERROR_RANGE;
	}
	lines->searched = 0;
	*ret_line = start;
	*ret_length = (size_t)(newline - start);
	lines->taken += *ret_length + 1;
	if (*ret_length > 0 && start[*ret_length - 1] == '\r')
		(*ret_length)--;
	return 1;
}

void control_lines_clear(struct control_lines *lines)
{
	free(lines->bytes);
	*lines = (struct control_lines){ 0 };
}

/* ---- Requests ---- */

const struct control_method *control_method_find(const char *name)
{
	for (const struct control_method *m = control_methods; m->name != NULL; m++) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

/* Invariant 1: brackets outside of strings are counted before anything recurses. */
static bool too_deep(const char *text, size_t length)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > CONTROL_DEPTH_MAX)
			return true;
	}
	return false;
}

static const char *type_name(enum control_type type)
{
	static const char *const names[] = {
		[CONTROL_STRING] = "a string",
		[CONTROL_BOOLEAN] = "true or false",
		[CONTROL_NUMBER] = "an integer from 0",
	};

	return names[type];
}

static bool type_fits(enum control_type type, const json_t *value)
{
	switch (type) {
	case CONTROL_STRING:
		return json_is_string(value);
	case CONTROL_BOOLEAN:
		return json_is_boolean(value);
	case CONTROL_NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	}
	return false;
}

static const struct control_param *param_find(
	const struct control_method *method, const char *name)
{
	for (const struct control_param *p = method->params; p->name != NULL; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

static void hint_params(const struct control_method *method, struct error *error)
{
	struct text names = { 0 };

	for (const struct control_param *p = method->params; p->name != NULL; p++)
		text_print(&names, "%s%s", p == method->params ? "" : ", ", p->name);
	if (names.length == 0)
		error_hint(error, "%s takes no parameters", method->name);
	else
		error_hint(error, "%s takes %s", method->name, text_string(&names));
	text_clear(&names);
}

static int check_params(
	const struct control_method *method, json_t *params, struct error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach(params, name, value)
	{
		const struct control_param *param = param_find(method, name);

		if (param == NULL) {
			hint_params(method, error);
			return error_set(
				error, ERROR_MALFORMED, "there is no parameter '%.64s'", name);
		}
		if (!type_fits(param->type, value))
			return error_set(error, ERROR_MALFORMED, "parameter '%s' must be %s",
				param->name, type_name(param->type));
	}
	for (const struct control_param *p = method->params; p->name != NULL; p++) {
		if (p->required && json_object_get(params, p->name) == NULL)
			return error_set(
				error, ERROR_MALFORMED, "parameter '%s' is missing", p->name);
	}
	return 0;
}

static int take_id(json_t *root, struct control_request *request, struct error *error)
{
	json_t *id = json_object_get(root, "id");

	if (!json_is_integer(id))
		return error_set(error, ERROR_MALFORMED, "'id' must be an integer");
	request->has_id = true;
	request->id = json_integer_value(id);
	return 0;
}

static int take_method(
	json_t *root, bool read_only, struct control_request *request, struct error *error)
{
	const char *name = json_string_value(json_object_get(root, "method"));

	if (name == NULL)
		return error_set(error, ERROR_MALFORMED, "'method' must be a string");
	request->method = control_method_find(name);
	if (request->method == NULL) {
		request->refusal = "unknown-method";
		return error_set(error, ERROR_NOT_FOUND, "there is no method '%.64s'", name);
	}
	if (request->method->changes && read_only) {
		request->refusal = "read-only";
		error_hint(error, "use the control socket instead of the read-only one");
		return error_set(error, ERROR_PERMISSION,
			"'%s' changes something, and this is "
			"read-only",
			name);
	}
	return 0;
}

static int take_params(json_t *root, struct control_request *request, struct error *error)
{
	json_t *params = json_object_get(root, "params");

	if (params != NULL && !json_is_object(params))
		return error_set(error, ERROR_MALFORMED, "'params' must be an object");
	request->params = params == NULL ? json_object() : json_incref(params);
	if (request->params == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	return check_params(request->method, request->params, error);
}

static int take_all(
	json_t *root, bool read_only, struct control_request *request, struct error *error)
{
	int code;

	if (!json_is_object(root))
		return error_set(error, ERROR_MALFORMED, "a request is an object");
	code = take_id(root, request, error);
	if (code == 0)
		code = take_method(root, read_only, request, error);
	if (code == 0)
		code = take_params(root, request, error);
	return code;
}

int control_request_parse(const char *line, size_t length, bool read_only,
	struct control_request *ret_request, struct error *error)
{
	json_error_t json_error;
	json_t *root;
	int code;

	*ret_request = (struct control_request){ .refusal = "malformed" };
	if (length > CONTROL_LINE_MAX || too_deep(line, length))
		return error_set(error, ERROR_MALFORMED, "too deeply nested");
	root = json_loadb(line, length, JSON_REJECT_DUPLICATES, &json_error);
	if (root == NULL)
		return error_set(error, ERROR_MALFORMED, "not JSON: %s (column %d)",
			json_error.text, json_error.column);
	code = take_all(root, read_only, ret_request, error);
	json_decref(root);
	return code;
}

void control_request_clear(struct control_request *request)
{
	json_decref(request->params);
	*request = (struct control_request){ 0 };
}

char *control_request_argument(const struct control_request *request)
{
	const char *name = request->method->argument;
	const char *value;

	if (name == NULL)
		return json_dumps(request->params, JSON_COMPACT | JSON_PRESERVE_ORDER);
	value = json_string_value(json_object_get(request->params, name));
	return strdup(value == NULL ? "" : value);
}

bool control_request_flag(const struct control_request *request, const char *name)
{
	return json_is_true(json_object_get(request->params, name));
}

int64_t control_request_number(
	const struct control_request *request, const char *name, int64_t fallback)
{
	const json_t *value = json_object_get(request->params, name);

	return value == NULL ? fallback : json_integer_value(value);
}

/* ---- Responses ---- */

static void print_id(const struct control_request *request, struct text *out)
{
	if (request->has_id)
		text_print(out, "{\"id\":%lld,", (long long)request->id);
	else
		text_add(out, "{\"id\":null,");
}

/* A document on one line: a newline can only stand between tokens, where a blank is as good. */
static void print_document(const char *document, size_t length, struct text *out)
{
	size_t start = out->length;

	text_add_bytes(out, document, length);
	for (size_t i = start; i < out->length; i++) {
		if (out->bytes[i] == '\n' || out->bytes[i] == '\r')
			out->bytes[i] = ' ';
	}
}

void control_print_result(const struct control_request *request, const char *document,
	size_t length, struct text *out)
{
	print_id(request, out);
	text_add(out, "\"result\":");
	print_document(document, length, out);
	text_add(out, "}\n");
}

/* A JSON string; what is no UTF-8 becomes a question mark. */
static void print_string(const char *string, struct text *out)
{
	json_t *value = json_string(string);
	char *dump;

	if (value == NULL) {
		char *copy = strdup(string);

		for (char *at = copy; at != NULL && *at != '\0'; at++)
			*at = (*at & 0x80) != 0 ? '?' : *at;
		value = copy == NULL ? NULL : json_string(copy);
		free(copy);
	}
	dump = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);
	text_add(out, dump == NULL ? "\"\"" : dump);
	free(dump);
	json_decref(value);
}

void control_print_error(const struct control_request *request, const char *code,
	const char *message, const char *hint, struct text *out)
{
	print_id(request, out);
	text_add(out, "\"error\":{\"code\":");
	print_string(code, out);
	text_add(out, ",\"message\":");
	print_string(message, out);
	text_add(out, ",\"hint\":");
	print_string(hint, out);
	text_add(out, "}}\n");
}

void control_print_event(const char *document, size_t length, struct text *out)
{
	text_add(out, "{\"event\":");
	print_document(document, length, out);
	text_add(out, "}\n");
}
