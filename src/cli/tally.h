/* SPDX-License-Identifier: Apache-2.0 */
/* How often each 64-bit key came: a flat hash table of counters, for statistics. */
#ifndef NEARCAST_CLI_TALLY_H
#define NEARCAST_CLI_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally_entry {
	uint64_t key;
	uint64_t count; /* 0: no entry */
};

/* Zero-initialised is an empty tally. Keys should be spread evenly: hash what is not. */
struct tally {
	struct tally_entry *entries; /* owned; a power of two of them */
	size_t room, count;
};

void tally_clear(struct tally *tally);
/* Count key once more. Gives how often it came by now, or 0: no memory. */
uint64_t tally_add(struct tally *tally, uint64_t key);
/* The `most` entries of the largest counts, largest first, equal ones by key, into
 * ret_entries. Gives how many. */
size_t tally_top(const struct tally *tally, struct tally_entry *ret_entries, size_t most);

#endif
