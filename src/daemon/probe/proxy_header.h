/* SPDX-License-Identifier: Apache-2.0 */
/* The header by which a proxy tells a server whom it speaks for (HAProxy's PROXY protocol). */
#ifndef NEARCAST_DAEMON_PROBE_PROXY_HEADER_H
#define NEARCAST_DAEMON_PROBE_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define PROXY_HEADER_MAX 108 /* bytes: the longest of version 1, with a final NUL */

/*
 * The header of a connection that the checker makes for itself: version 1 with the connection's
 * own addresses (section 2.1), version 2 with the command LOCAL, which is what health checks
 * send (section 2.2). Both addresses are of one family. Returns its length; 0 for PROXY_NONE.
 */
size_t proxy_header_build(enum config_proxy_protocol version, const struct address *source,
	uint16_t source_port, const struct address *destination, uint16_t destination_port,
	uint8_t header[PROXY_HEADER_MAX]);

#endif
