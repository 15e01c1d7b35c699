/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what HTTP serves. */
#include "daemon/api/page.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "daemon/api/metrics.h"

#define JSON_TYPE "application/json"

static unsigned print_index(const struct page_answer *answers, struct text *out);
static unsigned print_metrics(const struct page_answer *answers, struct text *out);
static unsigned print_health(const struct page_answer *answers, struct text *out);

static const struct page pages[] = {
	{ .path = "/", .content_type = "text/html; charset=utf-8", .print = print_index },
	{ .path = "/metrics",
		.content_type = METRICS_CONTENT_TYPE,
		.summary = "numbers for Prometheus and its kin (OpenMetrics)",
		.questions = { { PROCESS_MAIN, QUERY_METRICS_MAIN, false },
			{ PROCESS_SPEAKER, QUERY_METRICS_SPEAKER, true } },
		.question_count = 2,
		.print = print_metrics },
	{ .path = "/healthz",
		.content_type = JSON_TYPE,
		.summary = "200 if all is well, else 503 and why",
		.questions = { { PROCESS_MAIN, QUERY_STATUS, false } },
		.question_count = 1,
		.print = print_health },
	{ .path = "/api/v1/status",
		.content_type = JSON_TYPE,
		.summary = "the daemon at a glance",
		.questions = { { PROCESS_MAIN, QUERY_STATUS, false } },
		.question_count = 1 },
	{ .path = "/api/v1/services",
		.named = true,
		.content_type = JSON_TYPE,
		.summary = "services; one with /NAME behind",
		.questions = { { PROCESS_MAIN, QUERY_SERVICES, false } },
		.question_count = 1 },
	{ .path = "/api/v1/neighbors",
		.named = true,
		.content_type = JSON_TYPE,
		.summary = "BGP neighbours; one with /NAME behind",
		.questions = { { PROCESS_SPEAKER, QUERY_NEIGHBORS, false } },
		.question_count = 1 },
	{ .path = "/api/v1/routes",
		.searches = true,
		.content_type = JSON_TYPE,
		.summary = "routes; ?kind=advertised|received|local|explained, neighbor, prefix, limit",
		.questions = { { PROCESS_SPEAKER, QUERY_ROUTES, false } },
		.question_count = 1 },
	{ .path = "/api/v1/bfd",
		.named = true,
		.content_type = JSON_TYPE,
		.summary = "BFD sessions; that of one neighbour with /NAME behind",
		.questions = { { PROCESS_MAIN, QUERY_BFD, false } },
		.question_count = 1 },
	{ .path = "/api/v1/policies",
		.named = true,
		.content_type = JSON_TYPE,
		.summary = "policies, and how often each rule matched; one with /NAME behind",
		.questions = { { PROCESS_SPEAKER, QUERY_POLICIES, false } },
		.question_count = 1 },
	{ .path = "/api/v1/rpki",
		.content_type = JSON_TYPE,
		.summary = "RPKI caches and what they say in numbers",
		.questions = { { PROCESS_SPEAKER, QUERY_RPKI, false } },
		.question_count = 1 },
	{ .path = "/api/v1/nexthops",
		.content_type = JSON_TYPE,
		.summary = "next hops of routes, and the kernel's way to each",
		.questions = { { PROCESS_SPEAKER, QUERY_NEXT_HOPS, false } },
		.question_count = 1 },
	{ .path = "/api/v1/flowspec",
		.named = true,
		.content_type = JSON_TYPE,
		.summary = "flow specifications; those of one neighbour with /NAME behind",
		.questions = { { PROCESS_SPEAKER, QUERY_FLOWSPEC, false } },
		.question_count = 1 },
	{ .path = "/api/v1/events",
		.events = true,
		.content_type = JSON_TYPE,
		.summary = "the last events; ?since=SEQUENCE, last=N; a stream with ?follow" },
};

const struct page *page_find(const char *path, const char **ret_name)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		size_t length = strlen(pages[i].path);

		*ret_name = "";
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
		if (!pages[i].named || strncmp(pages[i].path, path, length) != 0 ||
			path[length] != '/')
			continue;
		*ret_name = path + length + 1;
		if (**ret_name == '\0' || strlen(*ret_name) >= RECORD_NAME_MAX ||
			strchr(*ret_name, '/') != NULL)
			return NULL;
		return &pages[i];
	}
	return NULL;
}

unsigned page_status(int code)
{
	static const struct {
		int code;
		unsigned status;
	} statuses[] = {
		{ ERROR_NOT_FOUND, 404 },
		{ ERROR_MALFORMED, 400 },
		{ ERROR_RANGE, 400 },
		{ ERROR_PERMISSION, 403 },
		{ ERROR_STATE, 503 },
		{ ERROR_TIMEOUT, 503 },
		{ ERROR_FULL, 503 },
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].code == code)
			return statuses[i].status;
	}
	return 500;
}

/* Takes over the document; the body is "{}" if there is no memory for it. */
static void add_json(json_t *document, struct text *out)
{
	char *dump = document == NULL
			     ? NULL
			     : json_dumps(document, JSON_COMPACT | JSON_PRESERVE_ORDER);

	text_add(out, dump == NULL ? "{}" : dump);
	free(dump);
	json_decref(document);
}

void page_print_error(const char *code, const char *message, struct text *out)
{
	add_json(json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message), out);
}

static unsigned print_index(const struct page_answer *answers, struct text *out)
{
	(void)answers;
	text_add(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
		"<title>nearcast</title>\n<h1>nearcast " NEARCAST_VERSION "</h1>\n<ul>\n");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (pages[i].summary != NULL)
			text_print(out, "<li><a href=\"%s\">%s</a>: %s</li>\n", pages[i].path,
				pages[i].path, pages[i].summary);
	}
	text_add(out, "</ul>\n</html>\n");
	return 200;
}

static json_t *document_of(const struct page_answer *answer)
{
	if (answer->code != 0)
		return NULL;
	return json_loadb(text_string(&answer->text), answer->text.length, 0, NULL);
}

static unsigned print_metrics(const struct page_answer *answers, struct text *out)
{
	json_t *main = document_of(&answers[0]);
	json_t *speaker = document_of(&answers[1]);

	metrics_print(main, speaker, out);
	json_decref(main);
	json_decref(speaker);
	return 200;
}

static unsigned print_health(const struct page_answer *answers, struct text *out)
{
	json_t *status = document_of(&answers[0]);
	json_t *problems = json_object_get(status, "problems");
	const char *state = json_string_value(json_object_get(status, "state"));
	bool healthy = state != NULL && strcmp(state, "running") == 0 &&
		       json_array_size(problems) == 0;

	if (state == NULL)
		state = "unknown";
	add_json(json_pack("{s:b, s:s, s:O?}", "healthy", healthy, "state", state, "problems",
			 problems),
		out);
	json_decref(status);
	return healthy ? 200 : 503;
}

/* ---- The Host header ---- */

/* The host without its port and without the brackets of an IPv6 literal. */
static bool host_name(const char *host, char *ret_name, size_t room)
{
	const char *end;

	if (host[0] == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL)
			return false;
	} else {
		end = host + strcspn(host, ":");
	}
	if ((size_t)(end - host) >= room)
		return false;
	memcpy(ret_name, host, (size_t)(end - host));
	ret_name[end - host] = '\0';
	return true;
}

bool page_host_allowed(const char *host)
{
	char name[ADDRESS_TEXT_MAX];
	struct address address;

	if (host == NULL)
		return true;
	if (!host_name(host, name, sizeof(name)))
		return false;
	return strcasecmp(name, "localhost") == 0 || address_parse(name, &address) == 0;
}
