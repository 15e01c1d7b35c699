/* SPDX-License-Identifier: Apache-2.0 */
/* What a process uses: proc(5). */
#ifndef NEARCAST_OS_USAGE_H
#define NEARCAST_OS_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/instant.h"

struct process_usage {
	uint64_t memory_bytes; /* resident */
	struct duration cpu;   /* user and system, since its start */
};

/* 0; ERROR_NOT_FOUND: there is no such process; ERROR_MALFORMED. */
int process_usage(pid_t pid, struct process_usage *ret_usage);

#endif
