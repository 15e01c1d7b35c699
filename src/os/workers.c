/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forked workers.
 *
 * Invariants:
 *  1. When workers_run returns, no worker is left: each was waited for.
 *  2. A worker never returns into the caller's code: it ends with _exit.
 */
#include "os/workers.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 20000000L

struct slot {
	struct error error; /* shared: what the worker says of its end */
	int result;
};

struct team {
	pid_t pids[WORKERS_MAX];
	size_t count, left;
	struct slot *slots; /* [count], shared */
};

size_t workers_count(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (size_t)count;
}

void *workers_memory(size_t size)
{
	void *memory = mmap(NULL, size == 0 ? 1 : size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void workers_memory_free(void *memory, size_t size)
{
	if (memory != NULL)
		(void)munmap(memory, size == 0 ? 1 : size);
}

static void be_worker(
	const struct team *team, size_t index, worker_run *run, void *context, pid_t parent)
{
	struct slot *slot = &team->slots[index];

	/* The parent may have ended before the wish was known. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	slot->result = run(context, index, team->count, &slot->error);
	_exit(0);
}

static int start(struct team *team, worker_run *run, void *context, struct error *error)
{
	pid_t parent = getpid();

	for (size_t i = 0; i < team->count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return error_system(error, errno, "cannot start a worker");
		if (pid == 0)
			be_worker(team, i, run, context, parent);
		team->pids[i] = pid;
		team->left++;
	}
	return 0;
}

static void end_all(struct team *team)
{
	for (size_t i = 0; i < team->count; i++)
		if (team->pids[i] > 0)
			(void)kill(team->pids[i], SIGKILL);
}

/* Take note of who ended; the first failure is kept. */
static int reap(struct team *team, int flags, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < team->count; i++) {
		int status;

		if (team->pids[i] == 0 || waitpid(team->pids[i], &status, flags) == 0)
			continue;
		team->pids[i] = 0;
		team->left--;
		if (result != 0)
			continue;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			result = error_set(error, ERROR_SYSTEM, "a worker died");
		} else if (team->slots[i].result != 0) {
			result = team->slots[i].result;
			if (error != NULL)
				*error = team->slots[i].error;
		}
	}
	return result;
}

static int wait_for_all(
	struct team *team, int (*tick)(void *context), void *tick_context, struct error *error)
{
	int result = 0;

	while (team->left > 0 && result == 0) {
		result = reap(team, WNOHANG, error);
		if (result == 0 && tick != NULL)
			result = tick(tick_context);
		if (result == 0 && team->left > 0)
			(void)nanosleep(&(struct timespec){ 0, TICK_NS }, NULL);
	}
	return result;
}

int workers_run(size_t count, worker_run *run, void *context, int (*tick)(void *context),
	void *tick_context, struct error *error)
{
	struct team team = { .count = count };
	int result;

	team.slots = workers_memory(count * sizeof(*team.slots));
	if (team.slots == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for workers");
	result = start(&team, run, context, error);
	if (result == 0)
		result = wait_for_all(&team, tick, tick_context, error);
	if (result != 0)
		end_all(&team);
	if (team.left > 0)
		(void)reap(&team, 0, NULL);
	workers_memory_free(team.slots, count * sizeof(*team.slots));
	return result;
}
