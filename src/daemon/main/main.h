/* SPDX-License-Identifier: Apache-2.0 */
/* The privileged process: started by `nearcast run`, ends when the daemon ends. */
#ifndef NEARCAST_DAEMON_MAIN_MAIN_H
#define NEARCAST_DAEMON_MAIN_MAIN_H

#include <stdbool.h>

#include "os/log.h"

#define MAIN_RUNTIME_DIR "/run/nearcast"
#define MAIN_STATE_DIR   "/var/lib/nearcast"

/* Strings outlive the call; NULL takes the default. */
struct main_options {
	const char *config_path; /* required */
	const char *conf_dir;    /* default: conf.d beside the configuration; "" for none */
	const char *runtime_dir; /* sockets and locks */
	const char *state_dir;   /* what survives a restart */
	const char *user;       /* to become when started as root; before the configuration's */
	bool foreground_single; /* all processes in this one */
	bool has_log_format, has_log_level; /* before the configuration's */
	enum log_format log_format;
	enum log_level log_level;
};

/* A service manager should start it again: EX_TEMPFAIL of sysexits.h. */
#define MAIN_EXIT_AGAIN 75

/* Runs the daemon. The exit code: 0 ended by a signal, in order; MAIN_EXIT_AGAIN ended for a
 * restart (SIGUSR2); 1 failed; 2 the configuration has mistakes (told on stderr). */
int main_run(const struct main_options *options);

#endif
