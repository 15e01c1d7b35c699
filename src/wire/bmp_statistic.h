/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of BMP statistics look like: wire room only. */
#ifndef NEARCAST_WIRE_BMP_STATISTIC_H
#define NEARCAST_WIRE_BMP_STATISTIC_H

#include "wire/bmp.h"

/* The number is the value's length. */
enum stat_shape {
	STAT_UNKNOWN = 0,
	STAT_COUNTER = 4,
	STAT_GAUGE = 8,
	STAT_FAMILY_GAUGE = 11, /* AFI, SAFI, gauge */
};

enum stat_shape stat_shape_of(uint16_t type);

#endif
