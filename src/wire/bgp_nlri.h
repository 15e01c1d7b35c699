/* SPDX-License-Identifier: Apache-2.0 */
/* Prefixes on the wire: RFC 4271 section 4.3, RFC 4760 section 5, RFC 7911. Wire room only. */
#ifndef NEARCAST_WIRE_BGP_NLRI_H
#define NEARCAST_WIRE_BGP_NLRI_H

#include "wire/bgp_update.h"

/* NULL if every prefix is good, else what is wrong (static text): RFC 7606 section 5.3. */
const char *nlri_check(const struct bgp_nlri *nlri);
/* How many of the keys fit into room bytes, and how many bytes they take. */
size_t nlri_fit(bool add_path, const struct bgp_route_key *keys, size_t count, size_t room,
	size_t *ret_size);
void nlri_write(
	struct writer *w, bool add_path, const struct bgp_route_key *keys, size_t count);

#endif
