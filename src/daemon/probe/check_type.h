/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the kinds of checks. */
#ifndef NEARCAST_DAEMON_PROBE_CHECK_TYPE_H
#define NEARCAST_DAEMON_PROBE_CHECK_TYPE_H

#include "daemon/probe/target.h"

extern const struct check_type check_socket_type;
extern const struct check_type check_tcp_type;
extern const struct check_type check_http_type;
extern const struct check_type check_dns_type;
extern const struct check_type check_exec_type;
extern const struct check_type check_icmp_type;

/* NULL for a group: it is no probe. */
const struct check_type *check_type_of(enum config_check_type type);

#endif
