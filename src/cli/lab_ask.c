/* SPDX-License-Identifier: Apache-2.0 */
/* Which world is meant, and asking it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/lab_action.h"
#include "cli/output.h"

int lab_choose(const struct arguments *arguments, char name[LAB_NAME_MAX], struct error *error)
{
	const char *said = arguments_value(arguments, "name");
	json_t *names;
	size_t count;

	if (said != NULL) {
		snprintf(name, LAB_NAME_MAX, "%s", said);
		return 0;
	}
	names = lab_names();
	count = json_array_size(names);
	if (count == 1)
		snprintf(name, LAB_NAME_MAX, "%s", json_string_value(json_array_get(names, 0)));
	json_decref(names);
	if (count == 1)
		return 0;
	if (count == 0) {
		error_hint(error, "start one with `nearcast lab up demo`");
		return error_set(error, ERROR_NOT_FOUND, "no world is up");
	}
	error_hint(error, "say which one with --name; `nearcast lab list` shows them");
	return error_set(error, ERROR_STATE, "%zu worlds are up", count);
}

int lab_question(const struct arguments *arguments, json_t *question, json_t **ret_answer,
	struct error *error)
{
	char name[LAB_NAME_MAX];
	int result = lab_choose(arguments, name, error);

	if (result == 0)
		result = lab_ask(name, question, LAB_ASK_MS, ret_answer, NULL, error);
	json_decref(question);
	return result;
}

enum exit_code lab_tell(
	const struct arguments *arguments, struct console *console, json_t *question)
{
	struct error error = { 0 };
	json_t *answer = NULL;

	if (lab_question(arguments, question, &answer, &error) != 0)
		return output_error(console, &error);
	if (console->json)
		return output_json(console, answer);
	json_decref(answer);
	return EXIT_CODE_OK;
}

/* ---- Inside a node ---- */

/* Into the user namespace that owns the node, if it is not ours. */
static int enter_owner(int net, struct error *error)
{
	int owner = ioctl(net, NS_GET_USERNS);
	int failed;

	if (owner < 0)
		return 0; /* we own it, or may not know: what follows will tell */
	failed = setns(owner, CLONE_NEWUSER) == 0 ? 0 : errno;
	close(owner);
	/* EINVAL: it is the one that we are in. */
	if (failed != 0 && failed != EINVAL)
		return error_system(error, failed, "cannot enter the world's user namespace");
	return 0;
}

static int enter_all(const int fds[LAB_FDS_MAX], struct error *error)
{
	static const int kinds[LAB_FDS_MAX] = { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS,
		CLONE_NEWPID };
	int result = enter_owner(fds[0], error);

	for (int i = 0; i < LAB_FDS_MAX && result == 0; i++)
		if (fds[i] < 0 || setns(fds[i], kinds[i]) != 0)
			result = error_system(error, errno, "cannot enter the node");
	return result;
}

static void run_it(const int fds[LAB_FDS_MAX], const char *const *argv)
{
	struct error error = { 0 };
	pid_t pid;
	int status;

	if (enter_all(fds, &error) != 0) {
		fprintf(stderr, "nearcast: %s\n", error.text);
		_exit(126);
	}
	/* Only children are in the pid namespace. */
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		fprintf(stderr, "nearcast: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(126);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void be_quiet(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(126);
}

int lab_run_inside(const char *world, const char *node, const char *const *argv,
	enum lab_voice voice, int *ret_status, struct error *error)
{
	json_t *question = json_pack("{s:s,s:s}", "do", "enter", "node", node), *answer;
	int fds[LAB_FDS_MAX];
	int result = lab_ask(world, question, LAB_ASK_MS, &answer, fds, error);
	pid_t pid;

	json_decref(question);
	if (result != 0)
		return result;
	json_decref(answer);
	pid = fork();
	if (pid == 0) {
		if (voice == LAB_QUIETLY)
			be_quiet();
		run_it(fds, argv);
	}
	for (int i = 0; i < LAB_FDS_MAX; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (pid < 0)
		return error_system(error, errno, "cannot start the command");
	(void)signal(SIGINT, SIG_IGN);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return error_system(error, errno, "cannot wait for the command");
	(void)signal(SIGINT, SIG_DFL);
	return 0;
}

/* ---- Measuring ---- */

static int ask_word(
	const char *world, json_t *question, json_t **ret_answer, struct error *error)
{
	int result = lab_ask(world, question, LAB_ASK_MS, ret_answer, NULL, error);

	json_decref(question);
	return result;
}

static int tell_word(const char *world, json_t *question, struct error *error)
{
	json_t *answer = NULL;
	int result = ask_word(world, question, &answer, error);

	json_decref(answer);
	return result;
}

int lab_measure(const char *world, unsigned interval_us, unsigned for_ms, json_t **ret_report,
	struct error *error)
{
	const struct timespec pause = { for_ms / 1000, (long)(for_ms % 1000) * 1000000 };
	int result = tell_word(world,
		json_pack("{s:s,s:i,s:i}", "do", "pace", "interval_us", (int)interval_us,
			"timeout_ms", 1000),
		error);

	if (result == 0)
		result = tell_word(world, json_pack("{s:s}", "do", "mark"), error);
	if (result == 0)
		(void)nanosleep(&pause, NULL);
	if (result == 0)
		result = tell_word(world, json_pack("{s:s}", "do", "settle"), error);
	return result != 0
		       ? result
		       : ask_word(world, json_pack("{s:s}", "do", "report"), ret_report, error);
}
