/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast init: a first configuration from flags, and from questions for what the flags leave
 * open when there is a person at the terminal. What it writes has been read back without a
 * mistake.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "config/init.h"
#include "os/file.h"

#define LIST_MAX   64u
#define ANSWER_MAX 1024u
#define FILE_MODE  0640 /* it may hold a password */

struct draft {
	const struct arguments *arguments;
	struct console *console;
	struct init_answers answers;
	struct arena arena;
	bool asks; /* a person can be asked */
};

/* ---- Answers from flags ---- */

/* Items between commas and blanks, appended to a list of at most LIST_MAX in the arena. */
static void add_items(
	struct draft *draft, const char *text, const char *const **list, size_t *count)
{
	const char **items;

	if (*list == NULL)
		*list = arena_take_array(&draft->arena, LIST_MAX, sizeof(**list));
	items = (const char **)(uintptr_t)*list;
	while (items != NULL && *text != '\0' && *count < LIST_MAX) {
		size_t length = strcspn(text, ", ");

		if (length > 0)
			items[(*count)++] =
				arena_format(&draft->arena, "%.*s", (int)length, text);
		text += length;
		text += strspn(text, ", ");
	}
}

/* "NAME=ADDRESS[,ADDRESS]" or "NAME". */
static void take_service(struct draft *draft, const char *text)
{
	const char *equals = strchr(text, '=');

	draft->answers.service = text;
	if (equals == NULL)
		return;
	draft->answers.service =
		arena_format(&draft->arena, "%.*s", (int)(equals - text), text);
	add_items(draft, equals + 1, &draft->answers.addresses, &draft->answers.address_count);
}

/* Addresses, and among them a bare number: the AS number. */
static void take_neighbor(struct draft *draft, const char *text)
{
	struct init_answers *answers = &draft->answers;
	const char *const *items = NULL;
	size_t count = 0;

	add_items(draft, text, &items, &count);
	for (size_t i = 0; i < count; i++) {
		if (strspn(items[i], "0123456789") == strlen(items[i]))
			answers->neighbor_asn = items[i];
		else
			add_items(draft, items[i], &answers->neighbor_addresses,
				&answers->neighbor_address_count);
	}
}

static int take_preset(struct draft *draft, const char *name, struct error *error)
{
	draft->answers.preset = preset_find(name);
	if (draft->answers.preset != NULL)
		return 0;
	error_hint(error, "'nearcast init --preset list' shows them all");
	return error_set(error, ERROR_MALFORMED, "there is no preset '%s'", name);
}

static int take_check(struct draft *draft, const char *name, struct error *error)
{
	if (init_check_parse(name, &draft->answers.check) == 0)
		return 0;
	return error_set(error, ERROR_MALFORMED, "there is no check '%s'", name);
}

static int take_flag(
	struct draft *draft, const char *option, const char *value, struct error *error)
{
	struct init_answers *answers = &draft->answers;
	const struct {
		const char *option;
		const char **place;
	} texts[] = {
		{ "site", &answers->site },
		{ "asn", &answers->asn },
		{ "router-id", &answers->router_id },
		{ "port", &answers->port },
		{ "name", &answers->name },
		{ "neighbor-asn", &answers->neighbor_asn },
		{ "password", &answers->password },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].option, option) == 0)
			*texts[i].place = value;
	}
	if (strcmp(option, "service") == 0)
		take_service(draft, value);
	if (strcmp(option, "address") == 0)
		add_items(draft, value, &answers->addresses, &answers->address_count);
	if (strcmp(option, "announce") == 0)
		add_items(draft, value, &answers->announce, &answers->announce_count);
	if (strcmp(option, "neighbor") == 0)
		take_neighbor(draft, value);
	if (strcmp(option, "preset") == 0)
		return take_preset(draft, value, error);
	return strcmp(option, "check") == 0 ? take_check(draft, value, error) : 0;
}

static int take_flags(struct draft *draft, struct error *error)
{
	for (size_t i = 0; i < draft->arguments->option_count; i++) {
		const struct argument *given = &draft->arguments->options[i];
		int code = given->value == NULL
				   ? 0
				   : take_flag(draft, given->option->name, given->value, error);

		if (code != 0)
			return code;
	}
	return 0;
}

/* ---- Answers from a person ---- */

static bool lacks_preset(const struct init_answers *a)
{
	return a->preset == NULL;
}

static bool lacks_site(const struct init_answers *a)
{
	return a->site == NULL;
}

static bool lacks_asn(const struct init_answers *a)
{
	return a->asn == NULL && a->preset->own_asn == 0;
}

static bool lacks_router_id(const struct init_answers *a)
{
	return a->router_id == NULL;
}

static bool lacks_address(const struct init_answers *a)
{
	return a->address_count == 0;
}

static bool lacks_check(const struct init_answers *a)
{
	return a->check == INIT_CHECK_NONE;
}

static bool lacks_port(const struct init_answers *a)
{
	return a->port == NULL && (a->check == INIT_CHECK_TCP || a->check == INIT_CHECK_UDP);
}

static bool lacks_neighbor_asn(const struct init_answers *a)
{
	return a->neighbor_asn == NULL && a->preset->asn == 0 &&
	       a->preset->relation != RELATION_INTERNAL;
}

static bool lacks_neighbor(const struct init_answers *a)
{
	return a->neighbor_address_count == 0 && a->preset->addresses[0] == NULL;
}

/* In this order: later questions depend on the preset. */
static const struct question_row {
	const char *option; /* that the answer stands for */
	const char *prompt;
	const char *fallback; /* for an empty answer; NULL: ask again */
	bool (*lacks)(const struct init_answers *answers);
} questions[] = {
	{ "preset", "How do you do BGP here (a preset, or 'list')", "transit", lacks_preset },
	{ "site", "Name of this site, as in fra1", NULL, lacks_site },
	{ "asn", "Our AS number", NULL, lacks_asn },
	{ "router-id", "Router id, usually this machine's IPv4 address", NULL,
		lacks_router_id },
	{ "address", "The service's addresses, which all sites share", NULL, lacks_address },
	{ "check", "How to check it: dns, http, https, tcp, udp or none", "none", lacks_check },
	{ "port", "On which port", NULL, lacks_port },
	{ "neighbor-asn", "The neighbour's AS number", NULL, lacks_neighbor_asn },
	{ "neighbor", "The neighbour's addresses", NULL, lacks_neighbor },
};

static json_t *presets_json(void)
{
	const struct preset *preset;
	json_t *list = json_array();

	for (size_t i = 0; (preset = preset_at(i)) != NULL; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s}", "name", preset->name, "title", preset->title));
	return json_pack("{s:o}", "presets", list);
}

static void print_presets(FILE *file)
{
	const struct preset *preset;

	for (size_t i = 0; (preset = preset_at(i)) != NULL; i++)
		fprintf(file, "  %-18s %s\n", preset->name, preset->title);
}

/* An answer without blanks around it, in the arena; NULL: the input ended. */
static const char *read_answer(struct draft *draft, const struct question_row *question)
{
	char line[ANSWER_MAX];
	char *start = line;
	size_t length;

	fprintf(draft->console->err, "%s%s%s%s: ", question->prompt,
		question->fallback == NULL ? "" : " [",
		question->fallback == NULL ? "" : question->fallback,
		question->fallback == NULL ? "" : "]");
	fflush(draft->console->err);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return NULL;
	start += strspn(start, " \t");
	length = strcspn(start, "\r\n");
	while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t'))
		length--;
	if (length == 0 && question->fallback != NULL)
		return question->fallback;
	return arena_format(&draft->arena, "%.*s", (int)length, start);
}

static int ask(struct draft *draft, const struct question_row *question, struct error *error)
{
	while (question->lacks(&draft->answers)) {
		const char *answer = read_answer(draft, question);
		struct error mistake = { 0 };

		if (answer == NULL)
			return error_set(error, ERROR_STATE, "the questions were not answered");
		if (strcmp(question->option, "preset") == 0 && strcmp(answer, "list") == 0)
			print_presets(draft->console->err);
		else if (answer[0] != '\0' &&
			 take_flag(draft, question->option, answer, &mistake) != 0)
			fprintf(draft->console->err, "%s\n", mistake.text);
		if (question->fallback != NULL && answer == question->fallback)
			break;
		if (strcmp(answer, "none") == 0)
			break;
	}
	return 0;
}

static int ask_all(struct draft *draft, struct error *error)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < sizeof(questions) / sizeof(questions[0]); i++)
		code = ask(draft, &questions[i], error);
	return code;
}

/* ---- Writing ---- */

static enum exit_code check_text(struct draft *draft, const char *path, const struct text *text)
{
	struct config_source source = {
		.name = path, .text = text_string(text), .length = text->length
	};
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	struct text mistakes = { 0 };
	enum exit_code code = EXIT_CODE_OK;

	if (config_read(&source, 1, &config, &diagnostics) != 0) {
		code = EXIT_CODE_USAGE;
		config_diagnostics_print(&diagnostics, false, &mistakes);
		console_error_text(draft->console, "malformed",
			"an answer is not right, so nothing was written", "");
		console_note(draft->console, "%s", text_string(&mistakes));
	}
	text_clear(&mistakes);
	config_free(config);
	config_diagnostics_clear(&diagnostics);
	return code;
}

static enum exit_code write_text(struct draft *draft, const char *path, const struct text *text)
{
	struct error error = { 0 };

	if (access(path, F_OK) == 0 && !arguments_has(draft->arguments, "force")) {
		error_hint(&error, "write to another one (--output) or over it (--force)");
		error_set(&error, ERROR_EXISTS, "the file %s is there already", path);
		return output_error(draft->console, &error);
	}
	if (file_write_atomic(path, text->bytes, text->length, FILE_MODE, &error) != 0)
		return output_error(draft->console, &error);
	if (draft->console->json)
		return output_json(draft->console, json_pack("{s:s}", "file", path));
	console_note(draft->console,
		"%s is written. 'nearcast check-config %s' shows what it does.", path, path);
	if (draft->answers.preset->note != NULL)
		console_note(draft->console, "%s", draft->answers.preset->note);
	return EXIT_CODE_OK;
}

static enum exit_code print_result(struct draft *draft, const struct text *text)
{
	if (draft->console->json)
		return output_json(
			draft->console, json_pack("{s:s}", "yaml", text_string(text)));
	return console_write(draft->console, text) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static enum exit_code finish(struct draft *draft)
{
	const char *path = arguments_value(draft->arguments, "output");
	struct error error = { 0 };
	struct text text = { 0 };
	enum exit_code code;

	if (path == NULL)
		path = configuration_path(draft->arguments);
	if (config_init(&draft->answers, &text, &error) != 0) {
		text_clear(&text);
		console_error(draft->console, &error);
		return EXIT_CODE_USAGE;
	}
	code = check_text(draft, strcmp(path, "-") == 0 ? "(new)" : path, &text);
	if (code == EXIT_CODE_OK && strcmp(path, "-") == 0)
		code = print_result(draft, &text);
	else if (code == EXIT_CODE_OK)
		code = write_text(draft, path, &text);
	text_clear(&text);
	return code;
}

/* Where nobody can be asked, a neighbour without further words is an upstream, as the question
 * would have it. */
static void preset_default(struct draft *draft)
{
	if (!draft->asks && lacks_preset(&draft->answers) &&
		draft->answers.neighbor_address_count > 0)
		draft->answers.preset = preset_find("transit");
}

static enum exit_code init_run(const struct arguments *arguments, struct console *console)
{
	const char *preset = arguments_value(arguments, "preset");
	struct draft draft = { .arguments = arguments,
		.console = console,
		.asks = isatty(STDIN_FILENO) && !console->json };
	struct error error = { 0 };
	enum exit_code code;

	if (preset != NULL && strcmp(preset, "list") == 0) {
		if (console->json)
			return output_json(console, presets_json());
		print_presets(console->out);
		return EXIT_CODE_OK;
	}
	if (take_flags(&draft, &error) == 0)
		preset_default(&draft);
	if (error.code != 0 || (draft.asks && ask_all(&draft, &error) != 0))
		code = output_error(console, &error);
	else
		code = finish(&draft);
	arena_clear(&draft.arena);
	return code;
}

static const char *const checks[] = { "dns", "http", "https", "tcp", "udp", "none", NULL };

static const struct option options[] = {
	{ "preset", 'p', "NAME", "how BGP is done here: 'list' shows the presets",
		COMPLETE_NOTHING, NULL },
	{ "site", 0, "NAME", "the name of this site, as in fra1", COMPLETE_NOTHING, NULL },
	{ "asn", 0, "ASN", "our AS number", COMPLETE_NOTHING, NULL },
	{ "router-id", 0, "ADDRESS", "usually this machine's IPv4 address", COMPLETE_NOTHING,
		NULL },
	{ "service", 's', "NAME[=ADDRESS,...]", "the service and its addresses",
		COMPLETE_NOTHING, NULL },
	{ "address", 0, "ADDRESS,...", "more of the service's addresses", COMPLETE_NOTHING,
		NULL },
	{ "announce", 0, "PREFIX,...", "what to announce (default: the addresses alone)",
		COMPLETE_NOTHING, NULL },
	{ "check", 0, "KIND", "dns, http, https, tcp, udp or none", COMPLETE_WORDS, checks },
	{ "port", 0, "PORT", "where the service listens", COMPLETE_NOTHING, NULL },
	{ "name", 0, "NAME", "what to ask the service for: a domain, a host", COMPLETE_NOTHING,
		NULL },
	{ "neighbor", 'n', "ADDRESS[,ASN]", "a BGP neighbour; can be given again",
		COMPLETE_NOTHING, NULL },
	{ "neighbor-asn", 0, "ASN", "the neighbours' AS number", COMPLETE_NOTHING, NULL },
	{ "password", 0, "SECRET", "of the sessions: env:NAME, file:PATH, or itself",
		COMPLETE_NOTHING, NULL },
	{ "output", 'o', "FILE", "write here instead of --config; - prints it", COMPLETE_FILE,
		NULL },
	{ "force", 0, NULL, "write over a file that is there", COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

const struct command command_init = {
	.name = "init",
	.group = GROUP_RUN,
	.summary = "write a first configuration",
	.description =
		"What the options do not say is asked, if there is a terminal. Presets know how "
		"common hosting providers do BGP with their customers.",
	.options = options,
	.exit_notes = "2 when an answer is missing or wrong; then nothing is written.",
	.example =
		"nearcast init --preset vultr --site fra1 --asn 64500 --router-id 192.0.2.11 \\\n"
		"    --service dns=198.51.100.53 --check dns --output site.yaml",
	.run = init_run,
};
