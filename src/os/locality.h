/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is an address one of this host's own? Asked from the kernel's routing tables, so that a
 * configured address, a whole local prefix (AnyIP) and a VRF are all answered as a packet would
 * be.
 */
#ifndef NEARCAST_OS_LOCALITY_H
#define NEARCAST_OS_LOCALITY_H

#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

struct locality {
	int fd;
	uint32_t sequence;
};

/* 0 or ERROR_SYSTEM. Needs no privilege. */
int locality_open(struct locality *locality, struct error *error);
/* Zero-initialised or failed to open is fine as long as fd is -1. */
void locality_close(struct locality *locality);

/* What this host sends to the address stays on this host. Two system calls, does not block.
 * 0: local; ERROR_NOT_FOUND: not local; ERROR_SYSTEM: the kernel does not say. */
int locality_check(
	struct locality *locality, const struct address *address, struct error *error);

#endif
