/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that reads untrusted bytes can't do any more, even when it was taken over. */
#ifndef NEARCAST_OS_SANDBOX_H
#define NEARCAST_OS_SANDBOX_H

#include <stdbool.h>

#include "base/error.h"

/* A build with the address sanitizer: it must read its own binary and trace itself. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif

enum sandbox_files {
	SANDBOX_FILES_NONE,      /* no path at all */
	SANDBOX_FILES_LIBRARIES, /* read libraries and what TLS needs of /etc */
	SANDBOX_FILES_READ,      /* read everything */
	SANDBOX_FILES_EXECUTE,   /* read and execute everything; what is executed may write: the
				  * file system is not restricted, the rest is */
};

struct sandbox_settings {
	enum sandbox_files files;
	bool execute;         /* may execute programs */
	unsigned descriptors; /* most open files */
};

/* What could be put into effect on this kernel. */
struct sandbox_result {
	bool landlock, seccomp;
};

/* Gives up all capabilities, no new privileges, no core dumps, not traceable, a cap on open
 * files; Landlock for files and seccomp for calls that no process of ours makes, where the
 * kernel has them. ERROR_SYSTEM only if the capabilities could not be given up. */
int sandbox_enter(const struct sandbox_settings *settings, struct sandbox_result *ret_result,
	struct error *error);

#endif
