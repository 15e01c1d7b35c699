/* SPDX-License-Identifier: Apache-2.0 */
/* What must survive a restart: which services are drained, and why. One small JSON file. */
#ifndef NEARCAST_DAEMON_MAIN_STATE_FILE_H
#define NEARCAST_DAEMON_MAIN_STATE_FILE_H

#include "base/error.h"
#include "service/brain.h"

/* Write which services of the brain are drained, so that a crash leaves the old or the new
 * list. ERROR_SYSTEM, ERROR_PERMISSION, ERROR_MEMORY. */
int state_file_write(const char *path, const struct brain *brain, struct error *error);

/* Call back for each service that was drained. No file: none. ERROR_MALFORMED: not ours, or
 * broken; nothing was called back then. */
int state_file_read(const char *path,
	void (*drained)(void *context, const char *service, const char *reason), void *context,
	struct error *error);

#endif
