/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities inside an OPEN: RFC 5492. Used by bgp_open.c only. */
#ifndef NEARCAST_WIRE_BGP_CAPABILITY_H
#define NEARCAST_WIRE_BGP_CAPABILITY_H

#include "wire/bgp_open.h"

/* Take one capability's value. One of a wrong inner length is counted and otherwise ignored. */
void bgp_capability_read(
	uint8_t code, struct cursor value, struct bgp_capabilities *capabilities);

/* Write all as code, length, value; one behind another. */
void bgp_capabilities_write(struct writer *w, const struct bgp_capabilities *capabilities);

#endif
