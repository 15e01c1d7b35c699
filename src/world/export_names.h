/* SPDX-License-Identifier: Apache-2.0 */
/* What exports call things. */
#ifndef NEARCAST_WORLD_EXPORT_NAMES_H
#define NEARCAST_WORLD_EXPORT_NAMES_H

#include "world/draw_world.h"

static const char *const export_kinds[] = {
	[DRAW_SITE] = "site",
	[DRAW_CLIENT] = "client",
	[DRAW_TRANSIT] = "transit",
	[DRAW_EXCHANGE] = "exchange",
};

static const char *const export_states[] = {
	[DRAW_OK] = "ok",
	[DRAW_DOWN] = "down",
	[DRAW_DRAINED] = "drained",
};

static const char *const export_relations[] = {
	[DRAW_CUSTOMER] = "provider-customer",
	[DRAW_PEER] = "peer",
	[DRAW_INTERNAL] = "internal",
	[DRAW_MEMBER] = "exchange",
};

static const char *const export_link_states[] = {
	[DRAW_LINK_OK] = "ok",
	[DRAW_LINK_CUT] = "cut",
};

#endif
