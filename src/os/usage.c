/* SPDX-License-Identifier: Apache-2.0 */
/* What a process uses, from /proc/PID/stat, whose second field (the name) may hold anything. */
#include "os/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define STAT_MAX 1024

static int read_stat(pid_t pid, char text[STAT_MAX])
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERROR_NOT_FOUND;
	length = read(fd, text, STAT_MAX - 1);
	close(fd);
	if (length <= 0)
		return ERROR_NOT_FOUND;
	text[length] = '\0';
	return 0;
}

int process_usage(pid_t pid, struct process_usage *ret_usage)
{
	unsigned long long user, system, pages;
	char text[STAT_MAX];
	const char *behind_name;
	int64_t ticks = sysconf(_SC_CLK_TCK);

	if (read_stat(pid, text) != 0)
		return ERROR_NOT_FOUND;
	behind_name = strrchr(text, ')');
	/* Fields 3 to 24: state, ..., utime (14), stime (15), ..., rss (24). */
	if (behind_name == NULL || ticks <= 0 ||
		sscanf(behind_name + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
			"%*d %*d %*u %*u %llu",
			&user, &system, &pages) != 3)
		return ERROR_MALFORMED;
	ret_usage->memory_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	ret_usage->cpu.ns = (int64_t)(user + system) * (1000000000 / ticks);
	return 0;
}
