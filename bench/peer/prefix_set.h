/* SPDX-License-Identifier: Apache-2.0 */
/* Which prefixes of one family a neighbour can reach now, and how many they are. */
#ifndef NEARCAST_BENCH_PEER_PREFIX_SET_H
#define NEARCAST_BENCH_PEER_PREFIX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/* IPv4: one bit a possible prefix; memory comes with the first use of a page. IPv6: a hash
 * table of fingerprints that forgets nothing until it is cleared. Owns both. */
struct prefix_set {
	enum family family;
	size_t count; /* of the prefixes in it */
	uint64_t *bits;
	uint64_t *slots; /* fingerprint with the lowest bit: in the set */
	size_t slot_mask, slots_used;
};

/* expected: the most different prefixes that will be seen until prefix_set_clear. 0 or
 * ERROR_MEMORY. */
int prefix_set_open(struct prefix_set *set, enum family family, size_t expected);
void prefix_set_close(struct prefix_set *set);
void prefix_set_clear(struct prefix_set *set);

/*
 * Take the prefixes of NLRI without path identifiers in [at, end) into the set, or out of it.
 * False: malformed, or more different IPv6 prefixes than expected.
 */
bool prefix_set_update(struct prefix_set *set, const uint8_t *at, const uint8_t *end, bool add);

#endif
