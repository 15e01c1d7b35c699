/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running programs that can't be trusted to end.
 *
 * A program and all that it forks is one process group; killing the group reaches every
 * member at once, also one that forks without end. What leaves the group loses its parent when
 * the group is killed and then becomes a child of ours (PR_SET_CHILD_SUBREAPER, prctl(2)),
 * where command_sweep finds it in /proc.
 *
 * 1. A process is signalled by its number only while it is an unreaped child of ours, so that
 * the number cannot be somebody else's by then.
 * 2. When command_start returns the program is executed or the error is known: there is no time
 *    in which a copy of this process holds our descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/command.h"

#define CHILDREN_MAX    512  /* looked at in one sweep; the next one sees the rest */
#define ENVIRONMENT_MAX 8192 /* bytes of a child's environment looked at */

struct pipes {
	int output[2], complaints[2];
};

static void pipes_close(struct pipes *pipes)
{
	int *all[] = { &pipes->output[0], &pipes->output[1], &pipes->complaints[0],
		&pipes->complaints[1] };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

/* Our ends don't block; the program's ends do, as it expects. */
static int pipes_open(struct pipes *pipes)
{
	*pipes = (struct pipes){ { -1, -1 }, { -1, -1 } };
	if (pipe2(pipes->output, O_CLOEXEC) == 0 && pipe2(pipes->complaints, O_CLOEXEC) == 0 &&
		fcntl(pipes->output[0], F_SETFL, O_NONBLOCK) == 0 &&
		fcntl(pipes->complaints[0], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	return -errno;
}

static void signals_restore(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit_processes(unsigned processes)
{
	struct rlimit limit;

	if (processes == 0 || geteuid() == 0 || getrlimit(RLIMIT_NPROC, &limit) != 0)
		return;
	if (limit.rlim_max < processes)
		return;
	limit.rlim_cur = limit.rlim_max = processes;
	(void)setrlimit(RLIMIT_NPROC, &limit);
}

/* In the child, which borrows our memory: only system calls, nothing is written but *failure.
 */
static void child_become(const struct command_settings *settings, const struct pipes *pipes,
	volatile int *failure)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (setsid() < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(pipes->output[1], STDOUT_FILENO) < 0 ||
		dup2(pipes->complaints[1], STDERR_FILENO) < 0 || chdir("/") != 0) {
		*failure = errno;
		_exit(127);
	}
	(void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit_processes(settings->processes);
	signals_restore();
	execvpe(settings->argv[0], (char *const *)(uintptr_t)settings->argv,
		(char *const *)(uintptr_t)settings->environment);
	*failure = errno;
	_exit(127);
}

/* The pid, or a negative errno. */
static pid_t child_make(const struct command_settings *settings, const struct pipes *pipes)
{
	volatile int failure = 0;
	sigset_t all, before;
	pid_t pid;

	/* No handler of ours may run in the child, on our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		child_become(settings, pipes, &failure);
	else if (pid < 0)
		failure = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && failure != 0)
		(void)waitpid(pid, NULL, 0);
	return failure != 0 ? -failure : pid;
}

int command_start(const struct command_settings *settings, struct command *ret_command,
	struct error *error)
{
	struct pipes pipes;
	int status = pipes_open(&pipes);
	pid_t pid = status == 0 ? child_make(settings, &pipes) : status;
	int pidfd = -1;

	if (pid > 0)
		pidfd = pidfd_open(pid, 0);
	if (pid < 0 || pidfd < 0) {
		status = pid < 0 ? -(int)pid : errno;
		if (pid > 0) {
			kill(-pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
		}
		pipes_close(&pipes);
		return error_system(error, status, "cannot run %s", settings->argv[0]);
	}
	*ret_command = (struct command){ pid, pidfd, pipes.output[0], pipes.complaints[0] };
	pipes.output[0] = pipes.complaints[0] = -1;
	pipes_close(&pipes);
	return 0;
}

void command_kill(const struct command *command)
{
	(void)kill(-command->pid, SIGKILL);
	/* It may have made itself another group in its session. */
	(void)kill(command->pid, SIGKILL);
}

int command_reap(const struct command *command, int *ret_status)
{
	return waitpid(command->pid, ret_status, WNOHANG) == command->pid ? 0 : ERROR_NOT_FOUND;
}

void command_close(struct command *command)
{
	close(command->pidfd);
	close(command->output);
	close(command->complaints);
	*command = (struct command){ .pidfd = -1, .output = -1, .complaints = -1 };
}

int command_adopt_orphans(struct error *error)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return error_system(error, errno, "cannot adopt orphans");
	return 0;
}

static size_t children_read(pid_t children[CHILDREN_MAX])
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	size_t count = 0;
	long pid;

	if (file == NULL)
		return 0;
	while (count < CHILDREN_MAX && fscanf(file, "%ld", &pid) == 1)
		children[count++] = (pid_t)pid;
	fclose(file);
	return count;
}

static size_t environment_read(pid_t pid, char environment[ENVIRONMENT_MAX])
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, environment, ENVIRONMENT_MAX - 1);
	close(fd);
	if (length <= 0)
		return 0;
	environment[length] = '\0';
	return (size_t)length;
}

/* True if it is to be killed and may still be there. */
static bool child_sweep(pid_t pid, command_spared *spared, void *context)
{
	char environment[ENVIRONMENT_MAX] = "";
	pid_t session = getsid(pid);
	size_t length;

	if (session < 0 || session == getsid(0))
		return false;
	length = environment_read(pid, environment);
	if (spared(context, pid, session, environment, length))
		return false;
	/* What leads a group takes it along. */
	if (getpgid(pid) == pid)
		(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	return waitpid(pid, NULL, WNOHANG) == 0;
}

size_t command_sweep(command_spared *spared, void *context)
{
	pid_t children[CHILDREN_MAX];
	size_t count = children_read(children), left = 0;

	for (size_t i = 0; i < count; i++)
		left += child_sweep(children[i], spared, context);
	return left;
}
