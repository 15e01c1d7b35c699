/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading scenarios: words of a line against patterns.
 *
 * In a pattern a word stands for itself, and
 *   $  is a name (WHAT, SITE, CLIENT), kept in `what`, or in sites after the first one
 *   #  is a whole number
 *   ~  is a duration: 5ms, 2s, 100us
 *   ?  makes the word behind it one that may be left out
 *   +  stands for more names, each with `or` or `and` in front
 *   *  takes the rest of the line
 */
#include "world/scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

struct pattern {
	enum scenario_kind kind;
	const char *words;
	const char *example;
};

static const struct pattern patterns[] = {
	{ STEP_WORLD, "world $", "world demo" },
	{ STEP_SAY, "say *", "say a site loses power" },
	{ STEP_PACE, "pace ~", "pace 1ms" },
	{ STEP_WAIT, "wait ~", "wait 500ms" },
	{ STEP_BREAK, "break $ ?silently", "break ams/service" },
	{ STEP_MEND, "mend $", "mend ams/service" },
	{ STEP_DRAIN, "drain $", "drain ams" },
	{ STEP_UNDRAIN, "undrain $", "undrain ams" },
	{ STEP_PREPEND, "prepend $ #", "prepend ams 3" },
	{ STEP_FLOOD, "flood $ #/s for ~", "flood lagos 2000/s for 2s" },
	{ STEP_RUN, "run $ *", "run ams nearcast status" },
	{ STEP_SHOW, "show catchment", "show catchment" },
	{ STEP_MAP, "map $", "map before" },
	{ STEP_EXPECT_SERVED, "expect all served within ~", "expect all served within 500ms" },
	{ STEP_EXPECT_LOST, "expect nothing lost", "expect nothing lost" },
	{ STEP_EXPECT_LOST, "expect at most # lost", "expect at most 20 lost" },
	{ STEP_EXPECT_OUTAGE, "expect outage at most ~", "expect outage at most 60ms" },
	{ STEP_EXPECT_CATCHMENT, "expect catchment of $ is $ +",
		"expect catchment of berlin is ams or nyc" },
	{ STEP_EXPECT_SHARED, "expect $ shared by $ +",
		"expect osaka shared by tyo-1 and tyo-2" },
	{ STEP_EXPECT_NOBODY, "expect $ serves nobody", "expect ams serves nobody" },
	{ STEP_EXPECT_FLOOD, "expect flood of $ only at $ +",
		"expect flood of lagos only at jnb" },
};

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

bool scenario_expects(enum scenario_kind kind)
{
	return kind >= STEP_EXPECT_SERVED;
}

bool scenario_changes(enum scenario_kind kind)
{
	return (kind >= STEP_BREAK && kind <= STEP_FLOOD) || kind == STEP_PACE;
}

/* ---- Words ---- */

struct reader {
	struct arena *arena;
	const char *words[WORDS_MAX];
	const char *rest[WORDS_MAX]; /* the line from each word on */
	size_t count, at;
	bool out_of_memory;
};

static void split(struct reader *r, const char *line)
{
	while (*line != '\0' && r->count < WORDS_MAX) {
		size_t length = strcspn(line, " \t");

		if (length > 0) {
			char *word = arena_copy(r->arena, line, length + 1);

			if (word == NULL) {
				r->out_of_memory = true;
				return;
			}
			word[length] = '\0';
			r->rest[r->count] = line;
			r->words[r->count++] = word;
		}
		line += length;
		line += strspn(line, " \t");
	}
}

static bool read_number(const char *word, const char *unit, uint64_t *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)word[0]) || strlen(word) > 18)
		return false;
	*ret_number = strtoull(word, &end, 10);
	return strcmp(end, unit) == 0;
}

static bool read_duration(const char *word, uint64_t *ret_ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "min", 60000000000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (read_number(word, units[i].unit, ret_ns) && *ret_ns <= 1000000) {
			*ret_ns *= units[i].ns;
			return true;
		}
	return false;
}

/* ---- Patterns ---- */

static void take_name(struct scenario_step *step, const char *name)
{
	if (step->what == NULL)
		step->what = name;
	else if (step->site_count < SCENARIO_SITES_MAX)
		step->sites[step->site_count++] = name;
}

static bool take_more(struct reader *r, struct scenario_step *step)
{
	while (r->at + 1 < r->count &&
		(strcmp(r->words[r->at], "or") == 0 || strcmp(r->words[r->at], "and") == 0)) {
		take_name(step, r->words[r->at + 1]);
		r->at += 2;
	}
	return true;
}

/* One word of a pattern, `length` long. */
static bool take_word(
	struct reader *r, const char *want, size_t length, struct scenario_step *step)
{
	const char *word = r->at < r->count ? r->words[r->at] : NULL;

	if (want[0] == '+')
		return take_more(r, step);
	if (want[0] == '?') {
		step->silently = word != NULL && strlen(word) == length - 1 &&
				 strncmp(word, want + 1, length - 1) == 0;
		r->at += step->silently;
		return true;
	}
	if (word == NULL)
		return false;
	if (want[0] == '*') {
		step->sites[0] = r->rest[r->at];
		r->at = r->count;
		return true;
	}
	r->at++;
	switch (want[0]) {
	case '$':
		take_name(step, word);
		return true;
	case '#':
		return read_number(word, length > 1 ? "/s" : "", &step->number);
	case '~':
		return read_duration(word, &step->ns);
	default:
		return strlen(word) == length && strncmp(word, want, length) == 0;
	}
}

static bool fits(struct reader *r, const struct pattern *pattern, struct scenario_step *step)
{
	const char *want = pattern->words;

	r->at = 0;
	*step = (struct scenario_step){ .kind = pattern->kind };
	while (*want != '\0') {
		size_t length = strcspn(want, " ");

		if (!take_word(r, want, length, step))
			return false;
		want += length;
		want += strspn(want, " ");
	}
	return r->at == r->count;
}

/* How many words it has in common with the line from the left. */
static size_t alike(const struct reader *r, const struct pattern *pattern)
{
	const char *want = pattern->words;
	size_t count = 0;

	for (size_t i = 0; i < r->count && *want != '\0'; i++) {
		size_t length = strcspn(want, " ");

		if (strchr("$#~", want[0]) == NULL &&
			(strlen(r->words[i]) != length ||
				strncmp(r->words[i], want, length) != 0))
			break;
		count++;
		want += length;
		want += strspn(want, " ");
	}
	return count;
}

static int not_understood(const struct reader *r, const char *line, struct error *error)
{
	const struct pattern *meant = NULL;
	size_t most = 0;

	for (size_t i = 0; i < PATTERNS; i++) {
		size_t count = alike(r, &patterns[i]);

		if (count > most) {
			most = count;
			meant = &patterns[i];
		}
	}
	if (meant != NULL)
		error_hint(error, "write it as in: %s", meant->example);
	else
		error_hint(error,
			"steps begin with say, pace, wait, break, mend, drain, undrain, "
			"prepend, flood, run, show, map or expect");
	return error_set(error, ERROR_MALFORMED, "'%.100s' is no step", line);
}

/* ---- Lines ---- */

static char *trimmed(struct arena *arena, const char *line, size_t length)
{
	char *copy;

	while (length > 0 && isspace((unsigned char)line[0])) {
		line++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)line[length - 1]))
		length--;
	copy = arena_take(arena, length + 1);
	if (copy != NULL)
		memcpy(copy, line, length);
	return copy;
}

static int read_line(
	struct scenario *scenario, const char *line, uint32_t number, struct error *error)
{
	struct reader r = { .arena = &scenario->arena };
	struct scenario_step *step = &scenario->steps[scenario->count];

	if (strlen(line) > SCENARIO_TEXT_MAX)
		return error_set(error, ERROR_MALFORMED, "the line is too long");
	split(&r, line);
	if (r.out_of_memory)
		return error_set(error, ERROR_MEMORY, "no memory");
	for (size_t i = 0; i < PATTERNS; i++)
		if (fits(&r, &patterns[i], step)) {
			if (step->kind == STEP_WORLD && scenario->count > 0)
				return error_set(error, ERROR_MALFORMED,
					"'world' is the first step or none");
			step->line = number;
			step->text = line;
			scenario->count++;
			return 0;
		}
	return not_understood(&r, line, error);
}

int scenario_read(
	const char *file, const char *text, struct scenario *ret_scenario, struct error *error)
{
	uint32_t number = 0;
	int result = 0;

	ret_scenario->steps = arena_take_array(
		&ret_scenario->arena, SCENARIO_STEPS_MAX + 1, sizeof(*ret_scenario->steps));
	if (ret_scenario->steps == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	while (*text != '\0' && result == 0) {
		size_t length = strcspn(text, "\n");
		char *line = trimmed(&ret_scenario->arena, text, length);

		number++;
		if (line == NULL)
			return error_set(error, ERROR_MEMORY, "no memory");
		if (ret_scenario->count == SCENARIO_STEPS_MAX)
			result = error_set(error, ERROR_FULL, "there are more than %d steps",
				SCENARIO_STEPS_MAX);
		else if (line[0] != '\0' && line[0] != '#')
			result = read_line(ret_scenario, line, number, error);
		text += length + (text[length] == '\n');
	}
	if (result != 0 && error != NULL) {
		error->line = number;
		snprintf(error->file, sizeof(error->file), "%s", file);
	}
	return result;
}

void scenario_clear(struct scenario *scenario)
{
	arena_clear(&scenario->arena);
	*scenario = (struct scenario){ 0 };
}
