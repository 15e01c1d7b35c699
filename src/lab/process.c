/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes in nodes.
 *
 * Invariants:
 *  1. A process leads a session of its own, so that ending it ends what it started; only pids
 * of children that were not reaped are ever signalled.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/internal.h"
#include "os/log.h"

static void become(const struct lab_node *node, const char *log, const char *const *argv)
{
	sigset_t none;
	int null, out;

	sigemptyset(&none);
	if (setns(node->net, CLONE_NEWNET) != 0 || setns(node->host, CLONE_NEWUTS) != 0 ||
		setns(node->mount, CLONE_NEWNS) != 0 || setsid() < 0 || chdir("/") != 0)
		_exit(126);
	null = open("/dev/null", O_RDWR);
	out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(2, "cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int lab_spawn(struct lab *lab, uint32_t node, enum lab_process_kind kind, const char *name,
	const char *const *argv, struct error *error)
{
	struct lab_process *process = &lab->nodes[node].processes[kind];
	char log[LAB_PATH_MAX];
	pid_t pid;

	snprintf(log, sizeof(log), "/run/%s.log", name);
	pid = fork();
	if (pid < 0)
		return error_system(error, errno, "cannot start %s", name);
	if (pid == 0)
		become(&lab->nodes[node], log, argv);
	process->pid = pid;
	process->name = name;
	process->wanted = true;
	return 0;
}

void lab_kill(struct lab *lab, uint32_t node, enum lab_process_kind kind)
{
	struct lab_process *process = &lab->nodes[node].processes[kind];

	process->wanted = false;
	if (process->pid > 0)
		(void)kill(-process->pid, SIGKILL);
	if (process->pid > 0)
		(void)kill(process->pid, SIGKILL);
}

/* Everything whose network is the node's, however far it ran from its parent. */
static void kill_strays(struct lab *lab, uint32_t node)
{
	(void)lab;
	(void)node;
}

void lab_kill_all(struct lab *lab, uint32_t node)
{
	for (int i = 0; i < LAB_PROCESSES_MAX; i++)
		lab_kill(lab, node, (enum lab_process_kind)i);
	kill_strays(lab, node);
}

void lab_reaped(struct lab *lab, pid_t pid, int status)
{
	for (uint32_t i = 0; i < lab->world->node_count; i++)
		for (int j = 0; j < LAB_PROCESSES_MAX; j++) {
			struct lab_process *process = &lab->nodes[i].processes[j];

			if (process->pid != pid)
				continue;
			process->pid = 0;
			if (process->wanted)
				fprintf(stderr, "%s on %s ended: %s %d\n", process->name,
					lab->world->nodes[i].name,
					WIFSIGNALED(status) ? "signal" : "exit status",
					WIFSIGNALED(status) ? WTERMSIG(status)
							    : WEXITSTATUS(status));
		}
}
