/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of checks, by what the configuration calls them. */
#include "daemon/probe/check_type.h"

const struct check_type *check_type_of(enum config_check_type type)
{
	static const struct check_type *const types[CHECK_TYPE_COUNT] = {
		[CHECK_SOCKET] = &check_socket_type,
		[CHECK_TCP] = &check_tcp_type,
		[CHECK_HTTP] = &check_http_type,
		[CHECK_DNS] = &check_dns_type,
		[CHECK_EXEC] = &check_exec_type,
		[CHECK_ICMP] = &check_icmp_type,
	};

	return types[type];
}
