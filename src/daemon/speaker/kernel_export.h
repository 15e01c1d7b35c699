/* SPDX-License-Identifier: Apache-2.0 */
/* The best routes into the kernel, by main: RECORD_KERNEL_ROUTES. */
#ifndef NEARCAST_DAEMON_SPEAKER_KERNEL_EXPORT_H
#define NEARCAST_DAEMON_SPEAKER_KERNEL_EXPORT_H

#include <jansson.h>

#include "config/config.h"
#include "daemon/record.h"

struct speaker_process;

/* Begin, end or begin anew as the configuration says; the speaker is there. 0 or ERROR_MEMORY.
 */
int kernel_export_apply(struct speaker_process *process, const struct config *config);
/* What is there stays as it is from now on: the daemon stops. */
void kernel_export_freeze(struct speaker_process *process);
/* Before the speaker goes. */
void kernel_export_end(struct speaker_process *process);
/* Send what waits, as far as main takes it. */
void kernel_export_flush(struct speaker_process *process);
void kernel_export_done(
	struct speaker_process *process, const struct record_kernel_done *record);
json_t *kernel_export_json(const struct speaker_process *process); /* null: not configured */

#endif
