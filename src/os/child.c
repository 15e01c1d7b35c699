/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes by fork, exec and pidfd (pidfd_open(2)): no SIGCHLD handler, no race over a
 * reused pid.
 *
 * Invariants:
 *  1. Between fork and exec only async-signal-safe functions run (fork(2), signal-safety(7)).
 *  2. The child has descriptors 0-2 and those that were given, nothing else.
 *  3. A pid is reaped exactly once, by us, after its pidfd said that it ended.
 */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3
#define SAFE_FD  (FIRST_FD + CHILD_FDS_MAX)

struct child {
	uv_poll_t poll;
	pid_t pid;
	int pidfd;
	bool ended;
	child_ended *callback;
	void *context;
};

static void signals_reset(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_exec(const struct child_options *options)
{
	int copies[CHILD_FDS_MAX];
	int null = open("/dev/null", O_RDONLY);

	if (null > 0)
		dup2(null, STDIN_FILENO);
	/* First out of the way, then into place: a target number may be in use as a source. */
	for (size_t i = 0; i < options->fd_count; i++)
		copies[i] = fcntl(options->fds[i], F_DUPFD, SAFE_FD);
	for (size_t i = 0; i < options->fd_count; i++)
		if (copies[i] < 0 || dup2(copies[i], FIRST_FD + (int)i) < 0)
			_exit(126);
	(void)syscall(SYS_close_range, FIRST_FD + (unsigned)options->fd_count, ~0u, 0);
	signals_reset();
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execve("/proc/self/exe", (char *const *)(uintptr_t)options->argv,
		(char *const *)(uintptr_t)options->environment);
	_exit(127);
}

static void describe_end(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exit %d", WEXITSTATUS(status));
}

static void child_readable(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;
	char how[96];
	int wait_status = 0;

	(void)status;
	(void)events;
	if (waitpid(child->pid, &wait_status, WNOHANG) != child->pid)
		return;
	child->ended = true;
	uv_poll_stop(&child->poll);
	describe_end(wait_status, how, sizeof(how));
	child->callback(child->context, child, how);
}

static int child_watch(uv_loop_t *loop, struct child *child)
{
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd < 0)
		return errno;
	if (uv_poll_init(loop, &child->poll, child->pidfd) != 0) {
		close(child->pidfd);
		return EIO;
	}
	child->poll.data = child;
	uv_poll_start(&child->poll, UV_READABLE, child_readable);
	return 0;
}

struct child *child_start(uv_loop_t *loop, const struct child_options *options,
	child_ended *ended, void *context, struct error *error)
{
	struct child *child = calloc(1, sizeof(*child));
	int failure;

	if (child == NULL) {
		error_set(error, ERROR_MEMORY, "no memory to start %s", options->argv[0]);
		return NULL;
	}
	child->callback = ended;
	child->context = context;
	child->pid = fork();
	if (child->pid == 0)
		child_exec(options);
	if (child->pid < 0) {
		error_system(error, errno, "cannot start %s", options->argv[0]);
		free(child);
		return NULL;
	}
	failure = child_watch(loop, child);
	if (failure == 0)
		return child;
	/* A child that can't be watched is worse than none. */
	kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, 0);
	error_system(error, failure, "cannot watch %s", options->argv[0]);
	free(child);
	return NULL;
}

pid_t child_pid(const struct child *child)
{
	return child->pid;
}

void child_signal(struct child *child, int number)
{
	if (!child->ended)
		(void)syscall(SYS_pidfd_send_signal, child->pidfd, number, NULL, 0);
}

static void child_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void child_free(struct child *child)
{
	if (child == NULL)
		return;
	uv_close((uv_handle_t *)&child->poll, child_closed);
	close(child->pidfd);
}

static bool pidfd_wait(int pidfd, int patience_ms)
{
	struct pollfd wait = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&wait, 1, patience_ms);
	while (r < 0 && errno == EINTR);
	return r == 1;
}

int process_end(pid_t pid, int number, int patience_ms,
	bool (*still_it)(void *context, pid_t pid), void *context, struct error *error)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int r = 0;

	if (pidfd < 0)
		return error_set(error, ERROR_NOT_FOUND, "there is no process %d", (int)pid);
	if (!still_it(context, pid))
		r = error_set(error, ERROR_NOT_FOUND, "process %d is gone", (int)pid);
	else if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) != 0 && errno == EPERM)
		r = error_set(error, ERROR_PERMISSION, "may not end the process %d", (int)pid);
	if (r == 0 && !pidfd_wait(pidfd, patience_ms)) {
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		if (!pidfd_wait(pidfd, 1000))
			r = error_set(
				error, ERROR_TIMEOUT, "process %d does not end", (int)pid);
	}
	close(pidfd);
	return r;
}
