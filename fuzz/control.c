/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol at any split: the first byte says how the stream is cut and whether it
 * is read-only, the rest is the stream. What is let through must keep what control.h promises,
 * and every answer must be one line of JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api/control.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_answer(struct text *answer)
{
	json_t *root;

	expect(answer->length > 0 && answer->bytes[answer->length - 1] == '\n');
	expect(memchr(answer->bytes, '\n', answer->length - 1) == NULL);
	root = json_loadb(answer->bytes, answer->length, 0, NULL);
	expect(json_is_object(root));
	json_decref(root);
	text_clear(answer);
}

static void check_request(const char *line, size_t length, bool read_only)
{
	struct control_request request;
	struct error error = { 0 };
	struct text answer = { 0 };

	if (control_request_parse(line, length, read_only, &request, &error) != 0) {
		expect(request.refusal != NULL && error.text[0] != '\0');
		control_print_error(&request, request.refusal, error.text, error.hint, &answer);
	} else {
		char *argument = control_request_argument(&request);

		expect(request.has_id && request.params != NULL && argument != NULL);
		expect(!read_only || !request.method->changes);
		if (request.method->argument == NULL)
			control_print_result(&request, argument, strlen(argument), &answer);
		else
			control_print_error(&request, "not-found", argument, "", &answer);
		free(argument);
	}
	check_answer(&answer);
	control_request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct control_lines lines = { 0 };
	size_t step, line_length;
	const char *line;
	int found = 0;

	if (length < 1)
		return 0;
	step = (bytes[0] >> 1) + 1u;
	for (size_t at = 1; at < length && found >= 0; at += step) {
		size_t left = length - at;

		if (control_lines_add(&lines, bytes + at, left < step ? left : step) != 0)
			break;
		while ((found = control_lines_next(&lines, &line, &line_length)) > 0) {
			expect(line_length < CONTROL_LINE_MAX);
			check_request(line, line_length, (bytes[0] & 1) != 0);
		}
	}
	control_lines_clear(&lines);
	return 0;
}
