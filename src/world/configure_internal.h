/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of configurations share. */
#ifndef NEARCAST_WORLD_CONFIGURE_INTERNAL_H
#define NEARCAST_WORLD_CONFIGURE_INTERNAL_H

#include "world/configure.h"

/* "customer", "peer" or "provider": what is heard from one is treated as. */
static inline const char *world_session_word(enum world_session_kind kind)
{
	switch (kind) {
	case SESSION_CUSTOMER:
		return "customer";
	case SESSION_PEER:
	case SESSION_ROUTE_SERVER:
		return "peer";
	case SESSION_PROVIDER:
	case SESSION_MEMBER:
	case SESSION_INTERNAL:
		break;
	}
	return "provider";
}

/* 1 customers, 2 peers, 3 providers. */
static inline unsigned world_session_mark(enum world_session_kind kind)
{
	return kind == SESSION_CUSTOMER                               ? 1
	       : kind == SESSION_PEER || kind == SESSION_ROUTE_SERVER ? 2
								      : 3;
}

/* Between us and somebody else. */
static inline bool world_session_external(enum world_session_kind kind)
{
	return kind != SESSION_INTERNAL && kind != SESSION_MEMBER;
}

#endif
