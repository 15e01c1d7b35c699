/* SPDX-License-Identifier: Apache-2.0 */
/* Next hops of routes, tracked in the kernel's table; off unless the configuration says so. */
#ifndef NEARCAST_DAEMON_SPEAKER_NEXT_HOPS_H
#define NEARCAST_DAEMON_SPEAKER_NEXT_HOPS_H

#include <jansson.h>

#include "config/config.h"

struct speaker_process;

/* Begin or end as the configuration says; the speaker is there. */
void next_hops_apply(struct speaker_process *process, const struct config *config);
/* Before the speaker goes. */
void next_hops_end(struct speaker_process *process);
/* Nothing is tracked, or the kernel's table has been read. */
bool next_hops_ready(const struct speaker_process *process);
/* docs/api.md */
json_t *next_hops_json(const struct speaker_process *process);

#endif
