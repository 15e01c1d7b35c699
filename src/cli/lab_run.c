/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast lab run: the steps of a scenario, one after the other, and what was expected of
 * them.
 *
 * Invariants:
 *  1. A step that changes something begins a new measurement; what follows is measured since.
 *  2. After a failed expectation the scenario goes on; after a step that could not be done it
 * ends.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/configuration.h"
#include "cli/lab_action.h"
#include "cli/lab_map.h"
#include "cli/lab_verdict.h"
#include "cli/output.h"
#include "os/clock.h"

#define TIMEOUT_MS 500 /* of a request: farther than any two places */
/* Before a change: requests that it will meet on their way have to be of this measurement. */
#define RUN_UP_MS 250

struct run {
	char world[LAB_NAME_MAX];
	const char *folder; /* of the scenario's file */
	struct console *console;
	json_t *steps;        /* what became of each, for --json and the summary */
	json_t *counters;     /* of the sites, when the measurement began */
	struct instant begun; /* the measurement */
	size_t expected, failed;
	bool own_world; /* it was brought up for this */
	json_int_t pace_us;
	json_t *before; /* the catchment that `map before` remembers */
};

/* ---- Asking the world ---- */

static int ask(struct run *run, json_t *question, json_t **ret_answer, struct error *error)
{
	int result = lab_ask(run->world, question, LAB_ASK_MS, ret_answer, NULL, error);

	json_decref(question);
	return result;
}

static int tell(struct run *run, json_t *question, struct error *error)
{
	json_t *answer = NULL;
	int result = ask(run, question, &answer, error);

	json_decref(answer);
	return result;
}

static void pause_until(struct instant when)
{
	struct duration left = instant_since(when, clock_now());
	const struct timespec pause = { (time_t)(left.ns / 1000000000),
		(long)(left.ns % 1000000000) };

	if (left.ns > 0)
		(void)nanosleep(&pause, NULL);
}

static int set_pace(struct run *run, json_int_t interval_us, struct error *error)
{
	return tell(run,
		json_pack("{s:s,s:I,s:i}", "do", "pace", "interval_us", interval_us,
			"timeout_ms", TIMEOUT_MS),
		error);
}

static int begin_measuring(struct run *run, struct error *error)
{
	int result;

	json_decref(run->counters);
	run->counters = NULL;
	result = tell(run, json_pack("{s:s}", "do", "mark"), error);
	if (result == 0)
		result = ask(run, json_pack("{s:s}", "do", "counters"), &run->counters, error);
	run->begun = clock_now();
	return result;
}

/* What all clients saw since the measurement began, all of it decided. */
static int measure(struct run *run, json_t **ret_report, struct error *error)
{
	json_t *counters = NULL;
	int result = tell(run, json_pack("{s:s}", "do", "settle"), error);

	if (result == 0)
		result = ask(run, json_pack("{s:s}", "do", "report"), ret_report, error);
	if (result == 0)
		result = ask(run, json_pack("{s:s}", "do", "counters"), &counters, error);
	if (result == 0) {
		json_object_set(*ret_report, "counters_before", run->counters);
		json_object_set_new(*ret_report, "counters", counters);
	}
	return result;
}

/* ---- Steps ---- */

static int run_command(struct run *run, const struct scenario_step *step, struct error *error)
{
	const char *const argv[] = { "/bin/sh", "-c", step->sites[0], NULL };
	int status = 0;
	int result = lab_run_inside(run->world, step->what, argv, LAB_ALOUD, &status, error);

	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return error_set(error, ERROR_STATE, "the command ended with status %d",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return result;
}

static int drain(struct run *run, const struct scenario_step *step, const char *verb,
	struct error *error)
{
	const char *const argv[] = { "/proc/self/exe", verb, "service", NULL };
	int status = 0;
	int result = lab_run_inside(run->world, step->what, argv, LAB_QUIETLY, &status, error);

	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return error_set(error, ERROR_STATE, "the site could not be told to %s", verb);
	return result;
}

static json_t *break_question(const struct scenario_step *step)
{
	return json_pack("{s:s,s:s,s:s}", "do", "break", "what", step->what, "how",
		step->silently ? "silent" : "cut");
}

static json_t *mend_question(const struct scenario_step *step)
{
	return json_pack("{s:s,s:s}", "do", "mend", "what", step->what);
}

static json_t *pace_question(const struct scenario_step *step)
{
	return json_pack("{s:s,s:I,s:i}", "do", "pace", "interval_us",
		(json_int_t)(step->ns / 1000), "timeout_ms", TIMEOUT_MS);
}

static json_t *prepend_question(const struct scenario_step *step)
{
	return json_pack("{s:s,s:s,s:I}", "do", "prepend", "site", step->what, "times",
		(json_int_t)step->number);
}

static json_t *flood_question(const struct scenario_step *step)
{
	return json_pack("{s:s,s:s,s:I,s:I}", "do", "flood", "client", step->what,
		"packets_per_s", (json_int_t)step->number, "duration_ms",
		(json_int_t)(step->ns / 1000000));
}

static json_t *(*const questions[])(const struct scenario_step *step) = {
	[STEP_PACE] = pace_question,
	[STEP_BREAK] = break_question,
	[STEP_MEND] = mend_question,
	[STEP_PREPEND] = prepend_question,
	[STEP_FLOOD] = flood_question,
};

/* Requests that are on the way are not taken for packets of the flood. */
static int quieten(struct run *run, struct error *error)
{
	int result = set_pace(run, 0, error);

	return result != 0 ? result : tell(run, json_pack("{s:s}", "do", "settle"), error);
}

static int change(struct run *run, const struct scenario_step *step, struct error *error)
{
	int result = step->kind == STEP_FLOOD ? quieten(run, error) : 0;

	if (result == 0)
		result = begin_measuring(run, error);
	if (result == 0 && step->kind == STEP_FLOOD)
		result = set_pace(run, run->pace_us, error);
	if (result != 0)
		return result;
	pause_until(instant_add(clock_now(), duration_ms(RUN_UP_MS)));
	run->begun = clock_now();
	if (step->kind == STEP_PACE)
		run->pace_us = (json_int_t)(step->ns / 1000);
	if (step->kind == STEP_DRAIN || step->kind == STEP_UNDRAIN)
		return drain(run, step, step->kind == STEP_DRAIN ? "drain" : "undrain", error);
	result = tell(run, questions[step->kind](step), error);
	if (result == 0 && step->kind == STEP_FLOOD)
		pause_until(instant_add(clock_now(), (struct duration){ (int64_t)step->ns }));
	/* What the change of pace itself lost is nobody's. */
	if (result == 0 && step->kind == STEP_PACE)
		result = begin_measuring(run, error);
	return result;
}

static int show(struct run *run, struct error *error)
{
	json_t *report = NULL;
	struct text out = { 0 };
	int result = measure(run, &report, error);

	if (result == 0 && !run->console->json) {
		lab_catchment_text(report, &run->console->style, &out);
		(void)console_write(run->console, &out);
	}
	text_clear(&out);
	json_decref(report);
	return result;
}

/* What was before, if it was remembered, and what is now. */
static int map(struct run *run, const struct scenario_step *step, struct error *error)
{
	json_t *catchment = NULL;
	int result =
		lab_catchment_take(run->world, (unsigned)run->pace_us, 500, &catchment, error);

	if (result == 0 && strcmp(step->what, "before") == 0) {
		json_decref(run->before);
		run->before = catchment;
		return 0;
	}
	if (result == 0)
		result = lab_map_write(step->what, run->before, catchment, NULL, error);
	json_decref(catchment);
	return result;
}

static int expect(struct run *run, const struct scenario_step *step, struct text *said,
	bool *ret_good, struct error *error)
{
	json_t *report = NULL;
	int result = 0;

	if (step->kind == STEP_EXPECT_SERVED)
		pause_until(instant_add(run->begun, (struct duration){ (int64_t)step->ns }));
	if (step->kind == STEP_EXPECT_FLOOD)
		result = quieten(run, error);
	if (result == 0)
		result = measure(run, &report, error);
	if (result == 0 && step->kind == STEP_EXPECT_FLOOD)
		result = set_pace(run, run->pace_us, error);
	if (result == 0)
		*ret_good = lab_verdict(step, report, said);
	json_decref(report);
	return result;
}

static void print_step(
	struct run *run, const struct scenario_step *step, enum tone tone, const char *said)
{
	const struct style *style = &run->console->style;
	struct text out = { 0 };

	if (run->console->json)
		return;
	if (step->kind == STEP_SAY)
		text_print(&out, "\n%s%s%s\n", tone_start(style, TONE_TITLE), step->sites[0],
			tone_end(style, TONE_TITLE));
	else if (scenario_expects(step->kind))
		text_print(&out, "  %s%s%s %s%s%s\n", tone_start(style, tone),
			tone_symbol(style, tone), tone_end(style, tone), step->text + 7,
			said[0] != '\0' ? ": " : "", said);
	else
		text_print(&out, "  %s\n", step->text);
	(void)console_write(run->console, &out);
	(void)fflush(run->console->out);
	text_clear(&out);
}

static int run_step(struct run *run, const struct scenario_step *step, struct error *error)
{
	struct text said = { 0 };
	bool good = true;
	int result = 0;

	if (!scenario_expects(step->kind))
		print_step(run, step, TONE_PLAIN, "");
	if (scenario_changes(step->kind))
		result = change(run, step, error);
	else if (step->kind == STEP_WAIT)
		pause_until(instant_add(clock_now(), (struct duration){ (int64_t)step->ns }));
	else if (step->kind == STEP_RUN)
		result = run_command(run, step, error);
	else if (step->kind == STEP_SHOW)
		result = show(run, error);
	else if (step->kind == STEP_MAP)
		result = map(run, step, error);
	else if (scenario_expects(step->kind))
		result = expect(run, step, &said, &good, error);
	if (result == 0 && scenario_expects(step->kind)) {
		run->expected++;
		run->failed += !good;
		print_step(run, step, good ? TONE_GOOD : TONE_BAD, text_string(&said));
	}
	json_array_append_new(run->steps,
		json_pack("{s:i,s:s,s:b,s:s}", "line", (int)step->line, "step", step->text,
			"good", result == 0 && good, "measured", text_string(&said)));
	text_clear(&said);
	if (result != 0)
		error->line = step->line;
	return result;
}

/* ---- All of it ---- */

/* The world that the scenario names: brought up under a name that nobody else has. */
static int bring_up(struct run *run, const struct scenario_step *step, struct error *error)
{
	int status = 0;
	pid_t pid;

	snprintf(run->world, sizeof(run->world), "scenario-%d", (int)getpid());
	pid = fork();
	if (pid == 0) {
		if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			_exit(126);
		execl("/proc/self/exe", "nearcast", "lab", "up", step->what, "--name",
			run->world, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 0)
		return error_set(
			error, ERROR_STATE, "the world '%s' does not come up", step->what);
	run->own_world = true;
	return 0;
}

static int run_all(
	struct run *run, const struct scenario *scenario, size_t first, struct error *error)
{
	static const struct scenario_step usual = { .kind = STEP_PACE, .ns = 10000000 };
	int result = change(run, &usual, error);

	for (size_t i = first; i < scenario->count && result == 0; i++)
		result = run_step(run, &scenario->steps[i], error);
	return result;
}

static void take_down(struct run *run)
{
	struct error ignored = { 0 };

	if (run->own_world)
		(void)lab_take_down(run->world, &ignored);
}

static enum exit_code finish(struct run *run, int result, struct error *error, const char *path)
{
	struct text out = { 0 };
	enum exit_code code;

	if (result != 0) {
		json_decref(run->steps);
		snprintf(error->file, sizeof(error->file), "%s", path);
		return output_error(run->console, error);
	}
	code = run->failed > 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
	if (run->console->json) {
		(void)output_json(run->console,
			json_pack("{s:o,s:i,s:i}", "steps", run->steps, "expectations",
				(int)run->expected, "failed", (int)run->failed));
		return code;
	}
	json_decref(run->steps);
	text_print(&out, "\n%zu expectations, %zu failed\n", run->expected, run->failed);
	(void)output_text(run->console, &out);
	return code;
}

static enum exit_code run_scenario(const struct arguments *arguments, struct console *console,
	const char *path, const struct scenario *scenario)
{
	struct run run = { .console = console, .steps = json_array() };
	bool named = scenario->count > 0 && scenario->steps[0].kind == STEP_WORLD;
	struct error error = { 0 };
	int result;

	if (named && arguments_value(arguments, "name") == NULL)
		result = bring_up(&run, &scenario->steps[0], &error);
	else
		result = lab_choose(arguments, run.world, &error);
	if (result == 0)
		result = run_all(&run, scenario, named ? 1 : 0, &error);
	take_down(&run);
	json_decref(run.counters);
	json_decref(run.before);
	return finish(&run, result, &error, path);
}

enum exit_code lab_action_run(const struct arguments *arguments, struct console *console)
{
	const char *path = arguments_positional(arguments, 1);
	struct config_files files = { 0 };
	struct scenario scenario = { 0 };
	struct error error = { 0 };
	enum exit_code code;

	if (config_files_read(path, "", &files, &error) != 0)
		return output_error(console, &error);
	if (scenario_read(path, files.sources[0].text, &scenario, &error) != 0)
		code = output_error(console, &error);
	else
		code = run_scenario(arguments, console, path, &scenario);
	scenario_clear(&scenario);
	config_files_clear(&files);
	return code;
}
