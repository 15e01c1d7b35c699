/* SPDX-License-Identifier: Apache-2.0 */
/* How the tests of a component are solved: shared by rule.c, rule_compile.c, rule_nftables.c.
 */
#ifndef NEARCAST_BALANCE_RULE_TESTS_H
#define NEARCAST_BALANCE_RULE_TESTS_H

#include "balance/rule.h"

/* Values that match, as separate ranges in rising order. */
struct rule_ranges {
	unsigned count;
	struct {
		uint32_t low, high;
	} at[2 * RULE_TESTS_MAX + 1];
};

/* The tests of one component held against one value. */
bool rule_tests_hold(struct cursor tests, uint8_t type, uint64_t value);
/* All values up to most for which they hold. Numbers only. ERROR_UNSUPPORTED for more than
 * RULE_TESTS_MAX tests. */
int rule_tests_solve(struct cursor tests, uint32_t most, struct rule_ranges *ret_ranges);
/* The largest value that a packet's field can have: 255, 65,535, ... */
uint32_t rule_value_max(uint8_t type);
/* True if a test on TCP flags looks beyond byte 13 of the header. */
bool rule_flags_wide(struct cursor tests);

#endif
