/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses of HTTP/1.1.
 *
 *     HEAD --(empty line)--> BODY --(Content-Length bytes, or the end)--> WHOLE
 *       +--(too long, no status, a transfer coding)--> BROKEN
 *
 * RFC 9112 sections 2.1, 4, 5 and 6.3.
 */
#include "lab/web_response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a field in a line "Name: value", or NULL if the line is another's. */
static const char *field_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	line += length + 1;
	return line + strspn(line, " \t");
}

static void read_length(struct web_response *response, const char *value)
{
	char *end;
	uint64_t length = strtoull(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || end[strspn(end, " \t")] != '\0' ||
		(response->has_length && length != response->length)) {
		response->state = WEB_BROKEN;
		return;
	}
	response->has_length = true;
	response->length = length;
}

static void read_field(struct web_response *response, const char *line)
{
	const char *value;

	value = field_value(line, "Content-Length");
	if (value != NULL)
		read_length(response, value);
	if (field_value(line, "Transfer-Encoding") != NULL)
		response->state = WEB_BROKEN;
	value = field_value(line, "X-Site");
	if (value != NULL) {
		size_t length = strcspn(value, " \t");

		if (length >= WEB_SITE_MAX)
			length = WEB_SITE_MAX - 1;
		memcpy(response->site, value, length);
		response->site[length] = '\0';
	}
}

/* "HTTP/1.1 200 OK" */
static void read_status(struct web_response *response, const char *line)
{
	const char *digits = line + strlen("HTTP/1.x ");

	if (strncmp(line, "HTTP/1.", strlen("HTTP/1.")) != 0 || strlen(line) < 12 ||
		strspn(digits, "0123456789") != 3) {
		response->state = WEB_BROKEN;
		return;
	}
	response->status = (unsigned)strtoul(digits, NULL, 10);
}

/* The head is whole and NUL-terminated: take its lines apart. */
static void read_head(struct web_response *response)
{
	char *rest = response->head, *line;

	response->state = WEB_BODY;
	line = strsep(&rest, "\n");
	line[strcspn(line, "\r")] = '\0';
	read_status(response, line);
	while ((line = strsep(&rest, "\n")) != NULL && response->state != WEB_BROKEN) {
		line[strcspn(line, "\r")] = '\0';
		read_field(response, line);
	}
}

/* Gives how many of the bytes belong to the head. */
static size_t add_head(struct web_response *response, const char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && response->head_length < WEB_HEAD_MAX - 1) {
		char *head = response->head;
		size_t end = response->head_length;

		head[end++] = bytes[taken++];
		response->head_length = end;
		if (end >= 4 && memcmp(head + end - 4, "\r\n\r\n", 4) == 0) {
			head[end - 4] = '\0';
			read_head(response);
			return taken;
		}
	}
	if (taken < length)
		response->state = WEB_BROKEN;
	return taken;
}

void web_response_add(struct web_response *response, const void *bytes, size_t length)
{
	if (response->state == WEB_HEAD) {
		size_t taken = add_head(response, bytes, length);

		length -= taken;
	}
	if (response->state != WEB_BODY)
		return;
	response->have += length;
	if (response->has_length && response->have >= response->length)
		response->state = WEB_WHOLE;
}

void web_response_end(struct web_response *response)
{
	bool whole = response->state == WEB_WHOLE ||
		     (response->state == WEB_BODY && !response->has_length);

	response->state = whole ? WEB_WHOLE : WEB_BROKEN;
}
