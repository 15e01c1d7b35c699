/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of `kernel`: what is taken from the kernel's routing table, and what is put there.
 */
#include "config/config.h"
#include "config/schema.h"

#define R struct config

static const struct schema_word words_tracking[] = {
	{ "auto", TRACKING_AUTO, "on if routes go into the kernel (export), else off" },
	{ "on", TRACKING_ON, "a route is used only if the kernel has a way to its next hop" },
	{ "off", TRACKING_OFF, "every next hop is taken for reachable" },
	{ 0 },
};

static const struct schema_word words_kernel_export[] = {
	{ "none", KERNEL_EXPORT_NONE, "no route" },
	{ "all", KERNEL_EXPORT_ALL, "the best routes that neighbours said" },
	{ 0 },
};

static const struct schema_word words_on_stop[] = {
	{ "remove", KERNEL_STOP_REMOVE, "our routes leave the kernel" },
	{ "keep", KERNEL_STOP_KEEP, "they stay, and go on forwarding" },
	{ 0 },
};

static const struct schema_field kernel_fields[] = {
	{ .key = "next-hop-tracking",
		.kind = KIND_WORD,
		SCHEMA_AT(R, kernel.tracking),
		.words = words_tracking,
		.preset = "auto",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "nexthop-tracking nht",
		.help = "Look next hops up in the kernel's main table; a change there takes effect "
			"at once." },
	{ .key = "export",
		.kind = KIND_WORD,
		SCHEMA_AT(R, kernel.export),
		.words = words_kernel_export,
		.preset = "none",
		.touches = TOUCHES_ROUTES,
		.elsewhere = "install fib-update",
		.help = "Which routes are put into the kernel, to forward by." },
	{ .key = "table",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, kernel.table),
		.preset = "254",
		.minimum = 1,
		.maximum = UINT32_MAX,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "table-id",
		.help = "The kernel's table that they are put into; 254 is the main one." },
	{ .key = "metric",
		.kind = KIND_INTEGER,
		SCHEMA_AT(R, kernel.metric),
		.preset = "110",
		.minimum = 1,
		.maximum = UINT32_MAX - 1,
		.touches = TOUCHES_ROUTES,
		.elsewhere = "priority distance",
		.help = "Their metric there. A route of somebody else with the same prefix and "
			"metric is left alone, and ours is not put there." },
	{ .key = "blackhole",
		.kind = KIND_BOOL,
		SCHEMA_AT(R, kernel.blackhole),
		.preset = "false",
		.touches = TOUCHES_ROUTES,
		.help = "A route with the community BLACKHOLE (RFC 7999) discards what goes there. "
			"Let import policies say who may send one, and for what: the community "
			"alone proves nothing." },
	{ .key = "on-stop",
		.kind = KIND_WORD,
		SCHEMA_AT(R, kernel.on_stop),
		.words = words_on_stop,
		.preset = "remove",
		.touches = TOUCHES_QUIETLY,
		.help = "What becomes of them when the daemon stops. A stop for a restart keeps "
			"them, and a crash does too: the next run puts right what differs." },
	{ 0 },
};

const struct schema_section schema_kernel = {
	.path = "kernel",
	.title = "the group 'kernel'",
	.help = "The kernel's routing table. By default nothing is put there: a site announces, "
		"and forwards by whatever else the machine has.",
	.example = "kernel: { export: all }\n",
	.fields = kernel_fields,
};
