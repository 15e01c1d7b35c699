/* SPDX-License-Identifier: Apache-2.0 */
/* How the log's settings travel from main to its children: in NEARCAST_LOG, "logfmt info". */
#ifndef NEARCAST_DAEMON_MAIN_LOG_NAME_H
#define NEARCAST_DAEMON_MAIN_LOG_NAME_H

#include "os/log.h"

/* Set up this process's log by the environment; logfmt and info without it. */
void log_name_setup(const char *process);
/* Set the environment for children to come. */
void log_name_export(enum log_format format, enum log_level level);

#endif
