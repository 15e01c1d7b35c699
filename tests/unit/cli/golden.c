/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people see, compared with files: golden/NAME.json is a document of the daemon, NAME.txt
 * what is made of it. golden(FOLDER) --update writes the texts anew; look at the difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

typedef void render(const json_t *document, const struct style *style, struct text *out);

static const struct style wide = { .unicode = true, .columns = 120 };
static const struct style narrow = { .unicode = false, .columns = 60 };
static const struct style coloured = { .colour = true, .unicode = true, .columns = 100 };

static const struct {
	const char *document;
	const char *text; /* NULL: the same name */
	render *render;
	const struct style *style;
} cases[] = {
	{ "status-well", NULL, render_status, &wide },
	{ "status-problems", NULL, render_status, &wide },
	{ "status-problems", "status-problems-narrow", render_status, &narrow },
	{ "status-problems", "status-problems-coloured", render_status, &coloured },
	{ "status-empty", NULL, render_status, &wide },
	{ "services", NULL, render_services, &wide },
	{ "services", "services-narrow", render_services, &narrow },
	{ "services-none", NULL, render_services, &wide },
	{ "service-up", NULL, render_service, &wide },
	{ "service-drained", NULL, render_service, &wide },
	{ "service-down", NULL, render_service, &coloured },
	{ "neighbors", NULL, render_neighbors, &wide },
	{ "neighbors-none", NULL, render_neighbors, &wide },
	{ "neighbor-established", NULL, render_neighbor, &wide },
	{ "neighbor-down", NULL, render_neighbor, &wide },
	{ "routes", NULL, render_routes, &wide },
	{ "routes-none", NULL, render_routes, &wide },
	{ "routes-explained", NULL, render_explanation, &wide },
	{ "routes-explained", "routes-explained-narrow", render_explanation, &narrow },
	{ "reload", NULL, render_reload, &wide },
	{ "reload-nothing", NULL, render_reload, &wide },
	{ "event-down", NULL, render_event, &wide },
	{ "event-plain", NULL, render_event, &narrow },
};

static char *read_file(const char *path)
{
	static char bytes[65536];
	FILE *file = fopen(path, "rb");
	size_t length;

	if (file == NULL)
		return NULL;
	length = fread(bytes, 1, sizeof(bytes) - 1, file);
	bytes[length] = '\0';
	fclose(file);
	return bytes;
}

static int write_file(const char *path, const struct text *text)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		return 1;
	fwrite(text_string(text), 1, text->length, file);
	return fclose(file) != 0;
}

static int check(const char *folder, size_t i, bool update)
{
	char path[4096];
	const char *name = cases[i].text == NULL ? cases[i].document : cases[i].text;
	struct text out = { 0 };
	json_t *document;
	const char *kept;
	int failed;

	snprintf(path, sizeof(path), "%s/%s.json", folder, cases[i].document);
	document = json_load_file(path, 0, NULL);
	if (document == NULL) {
		printf("%s is missing or no JSON\n", path);
		return 1;
	}
	cases[i].render(document, cases[i].style, &out);
	json_decref(document);
	snprintf(path, sizeof(path), "%s/%s.txt", folder, name);
	kept = update ? NULL : read_file(path);
	failed = update ? write_file(path, &out)
			: kept == NULL || strcmp(kept, text_string(&out)) != 0;
	if (failed)
		printf("---- %s should be:\n%s---- but is:\n%s", name, kept == NULL ? "" : kept,
			text_string(&out));
	text_clear(&out);
	return failed;
}

/* Whatever comes instead of the right document: something is printed, nothing breaks. */
static void survive(render *function)
{
	static const char *const documents[] = { "{}", "[]", "null", "1", "\"x\"",
		"{\"services\":{},\"neighbors\":[1,[],{}],\"routes\":[null],\"checks\":[{\"parent\":0}],"
		"\"prefixes\":[1],\"problems\":{},\"processes\":[1],\"counters\":[],\"offered\":3,"
		"\"state\":5,\"since_seconds\":1e300,\"damping\":1,\"config\":[]}" };

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		json_t *document = json_loads(documents[i], JSON_DECODE_ANY, NULL);
		struct text out = { 0 };

		function(document, &wide, &out);
		text_clear(&out);
		json_decref(document);
	}
}

int main(int argc, char **argv)
{
	bool update = argc == 3 && strcmp(argv[2], "--update") == 0;
	int failed = 0;

	if (argc < 2)
		return 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		failed += check(argv[1], i, update);
		survive(cases[i].render);
	}
	printf("%zu texts, %d differ\n", sizeof(cases) / sizeof(cases[0]), failed);
	return failed != 0;
}
