/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must survive a restart, in one small JSON file: which services are drained, why and
 * since when; and which addresses we put on interfaces, for kernels that do not keep that
 * (IFA_PROTO, Linux 5.18).
 */
#ifndef NEARCAST_DAEMON_MAIN_STATE_FILE_H
#define NEARCAST_DAEMON_MAIN_STATE_FILE_H

#include <net/if.h>

#include "base/address.h"
#include "base/error.h"
#include "service/brain.h"

struct state_address {
	char interface[IF_NAMESIZE];
	struct address address;
};

struct state {
	const struct brain *brain; /* whose drains */
	const char *place;         /* of the addresses: os/place.h; "": none are written */
	const struct state_address *addresses;
	size_t address_count;
};

/* Write it so that a crash leaves the old or the new one. ERROR_SYSTEM, ERROR_PERMISSION,
 * ERROR_MEMORY. */
int state_file_write(const char *path, const struct state *state, struct error *error);

struct state_sink {
	void *context;
	/* A service was drained; since.ns is 0 if that was not written. NULL: not wanted. */
	void (*drained)(
		void *context, const char *service, const char *reason, struct wall_time since);
	/* An address was put on an interface by an earlier run in this place. NULL: not wanted.
	 */
	void (*added)(void *context, const struct state_address *address);
};

/* Tell what was written. No file: nothing. Addresses of another place are passed over.
 * ERROR_MALFORMED: not ours, or broken; nothing was told then. */
int state_file_read(const char *path, const char *place, const struct state_sink *sink,
	struct error *error);

#endif
