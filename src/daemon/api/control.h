/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol: one JSON object a line over a Unix stream socket. Pure: bytes in,
 * checked requests out. docs/api.md describes it for users.
 *
 *     {"id":1,"method":"services","params":{"name":"dns"}}
 *     {"id":1,"result":{...}}
 *     {"id":1,"error":{"code":"not-found","message":"...","hint":"..."}}
 *     {"event":{...}}                                     after the method "events"
 */
#ifndef NEARCAST_DAEMON_API_CONTROL_H
#define NEARCAST_DAEMON_API_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "daemon/record.h"

#define CONTROL_LINE_MAX  65536u /* bytes, with the newline */
#define CONTROL_DEPTH_MAX 8u     /* of nested JSON */

/* ---- Lines ---- */

/* Owns its buffer. Zero-initialised is empty. */
struct control_lines {
	char *bytes;
	size_t length, room;
	size_t taken;    /* bytes at the front that control_lines_next gave away */
	size_t searched; /* behind these: bytes that are known to hold no newline */
};

/* Append what came from the stream, at any split. 0 or ERROR_MEMORY. Take the lines before more
 * is added, so that never more than one line and one read is held. */
int control_lines_add(struct control_lines *lines, const void *bytes, size_t length);
/* 1: *ret_line is the next line without its newline (and without a carriage return in front of
 * it), valid until the next control_lines_add, not NUL-terminated. 0: no whole line is there.
 * ERROR_RANGE: the next line is too long, whole or not; the stream can't be followed any more.
 */
int control_lines_next(struct control_lines *lines, const char **ret_line, size_t *ret_length);
void control_lines_clear(struct control_lines *lines);

/* ---- Requests ---- */

enum control_answer { /* who answers a method */
	ANSWER_MAIN,
	ANSWER_SPEAKER,
	ANSWER_EVENTS, /* the api itself: subscribes to events */
};

struct control_method {
	const char *name;
	enum control_answer answer;
	enum query query;
	bool changes; /* refused on the read-only socket and over HTTP */
	uint32_t timeout_ms;
	const struct control_param *params; /* a NULL name ends */
	/* The parameter whose bare value is the query's argument; NULL: the argument is the
	 * JSON of all parameters. */
	const char *argument;
};

enum control_type {
	CONTROL_STRING,
	CONTROL_BOOLEAN,
	CONTROL_NUMBER, /* an integer from 0 */
};

struct control_param {
	const char *name;
	enum control_type type;
	bool required;
};

extern const struct control_method control_methods[]; /* a NULL name ends */
const struct control_method *control_method_find(const char *name);

struct control_request {
	bool has_id;
	int64_t id;
	const struct control_method *method;
	json_t *params;      /* an object, never NULL after success; owned */
	const char *refusal; /* after an error: its code in the protocol, "read-only" */
};

/*
 * Check one line. 0, or ERROR_MALFORMED (not JSON, too deep, no request, unknown or missing
 * parameters), ERROR_NOT_FOUND (no such method), ERROR_PERMISSION (changes, but read_only).
 * has_id and id are valid with an error too, if they could be read. Free with
 * control_request_clear, also after an error.
 */
int control_request_parse(const char *line, size_t length, bool read_only,
	struct control_request *ret_request, struct error *error);
void control_request_clear(struct control_request *request);

/* The parameters as the argument of the query. NULL: no memory. free() it. */
char *control_request_argument(const struct control_request *request);

/* A parameter's value, or fallback if it was not given. */
bool control_request_flag(const struct control_request *request, const char *name);
int64_t control_request_number(
	const struct control_request *request, const char *name, int64_t fallback);

/* ---- Responses ---- */

/* One line with its newline. document: JSON text of length bytes, whose newlines become blanks.
 */
void control_print_result(const struct control_request *request, const char *document,
	size_t length, struct text *out);
/* code: of the protocol. hint may be empty. Texts that are no UTF-8 are made so. */
void control_print_error(const struct control_request *request, const char *code,
	const char *message, const char *hint, struct text *out);
void control_print_event(const char *document, size_t length, struct text *out);

#endif
