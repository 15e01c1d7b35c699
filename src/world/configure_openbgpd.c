/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpd.conf of OpenBGPD, of a node of a world. On Linux it puts nothing into the kernel: the
 * companion, an iBGP neighbour, does.
 */
#include <inttypes.h>

#include "world/configure.h"
#include "world/configure_internal.h"

struct printer {
	const struct world *world;
	const struct world_node *node;
	struct text *out;
};

static void print_neighbor(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char local[WORLD_ADDRESS_MAX], remote[WORLD_ADDRESS_MAX];

	text_print(p->out,
		"neighbor %s {\n  remote-as %u\n  local-address %s\n  holdtime %" PRIu64
		"\n  announce IPv4 unicast\n  announce IPv6 none\n  announce restart no\n",
		world_address(s->remote, remote), s->asn, world_address(s->local, local),
		p->world->hold_ns / 1000000000u);
	/* Two that connect at once both give way, and try again after two minutes. */
	if (s->other->daemon == WORLD_DAEMON_OPENBGPD && s->local > s->remote)
		text_add(p->out, "  passive\n");
	if (s->kind == SESSION_ROUTE_SERVER)
		text_add(p->out, "  enforce neighbor-as no\n");
	if (s->kind == SESSION_MEMBER)
		text_add(p->out, "  transparent-as yes\n");
	text_add(p->out, "}\n");
}

static void print_rules(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char remote[WORLD_ADDRESS_MAX];
	unsigned asn = p->node->asn;

	world_address(s->remote, remote);
	text_print(p->out, "allow from %s\n", remote);
	if (!world_session_external(s->kind)) {
		text_print(p->out, "allow to %s\n", remote);
		return;
	}
	text_print(p->out, "match from %s set { localpref %u large-community %u:1:%u }\n",
		remote, world_preference(s->kind), asn, world_session_mark(s->kind));
	if (s->kind == SESSION_CUSTOMER)
		text_print(p->out, "allow to %s\n", remote);
	else
		text_print(p->out,
			"allow to %s large-community %u:1:1\nallow to %s large-community %u:1:0\n",
			remote, asn, remote, asn);
	if (s->prepend > 0)
		text_print(p->out, "match to %s set prepend-self %u\n", remote, s->prepend);
	text_print(p->out, "match to %s set large-community delete %u:1:*\n", remote, asn);
}

void world_configure_openbgpd(const struct world *world, uint32_t number, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	struct printer printer = { world, node, out };
	char address[WORLD_ADDRESS_MAX], companion[WORLD_ADDRESS_MAX];

	text_print(out,
		"AS %u\nrouter-id %s\nfib-update no\nsocket \"/run/openbgpd.ctl\"\n"
		"rde evaluate default\n",
		node->asn, world_address(node->loopback, address));
	if (node->prefix != 0)
		text_print(out, "network %s/24 set large-community %u:1:0\n",
			world_address(node->prefix, address), node->asn);
	world_address(WORLD_COMPANION_ADDRESS, companion);
	if (node->kind != WORLD_EXCHANGE)
		text_print(out,
			"neighbor %s {\n  remote-as %u\n  local-address 127.0.0.1\n"
			"  announce IPv6 none\n  passive\n}\n",
			companion, node->asn);
	world_sessions(world, number, print_neighbor, &printer);
	text_add(out, "deny from any\ndeny to any\n");
	if (node->kind != WORLD_EXCHANGE)
		text_print(out, "allow to %s\n", companion);
	world_sessions(world, number, print_rules, &printer);
	text_add(out, "match from any community GRACEFUL_SHUTDOWN set { localpref 0 }\n");
}
