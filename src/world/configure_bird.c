/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird.conf of a node of a world.
 *
 * A large community ASN:1:1 on what customers said, 2 peers, 3 providers, tells every router of
 * the network whom a route may be told; it does not leave the network.
 */
#include <inttypes.h>

#include "world/configure.h"
#include "world/configure_internal.h"

struct printer {
	const struct world *world;
	const struct world_node *node;
	struct text *out;
};

static void print_filters(const struct world_node *node, struct text *out)
{
	static const enum world_session_kind kinds[] = { SESSION_CUSTOMER, SESSION_PEER,
		SESSION_PROVIDER };

	for (unsigned i = 0; i < 3; i++)
		text_print(out,
			"filter from_%s {\n"
			"  bgp_large_community.delete([(%u, 1, *)]);\n"
			"  bgp_large_community.add((%u, 1, %u));\n"
			"  bgp_local_pref = %u;\n"
			"  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;\n"
			"  accept;\n}\n",
			world_session_word(kinds[i]), node->asn, node->asn, i + 1,
			world_preference(kinds[i]));
	text_print(out,
		"function clean(int times) {\n"
		"  bgp_large_community.delete([(%u, 1, *)]);\n"
		"  if times > 0 then bgp_path.prepend(%u);\n"
		"  if times > 1 then bgp_path.prepend(%u);\n"
		"  if times > 2 then bgp_path.prepend(%u);\n}\n"
		"function ours() { return source = RTS_STATIC || (%u, 1, 1) ~ bgp_large_community; "
		"}\n",
		node->asn, node->asn, node->asn, node->asn, node->asn);
}

static void print_channel(const struct world_session *s, struct text *out)
{
	switch (s->kind) {
	case SESSION_INTERNAL:
		text_add(out, "  ipv4 { import all; next hop self; "
			      "export where source = RTS_BGP || source = RTS_STATIC; };\n");
		return;
	case SESSION_MEMBER:
		text_add(out, "  rs client;\n  ipv4 { import all; export all; };\n");
		return;
	case SESSION_CUSTOMER:
		text_print(out,
			"  ipv4 { import filter from_customer; export filter { if source != RTS_BGP "
			"&& source != RTS_STATIC then reject; clean(%u); accept; }; };\n",
			s->prepend);
		return;
	case SESSION_PROVIDER:
	case SESSION_PEER:
	case SESSION_ROUTE_SERVER:
		break;
	}
	text_print(out,
		"  ipv4 { import filter from_%s; export filter { if ! ours() then reject; clean(%u); "
		"accept; }; };\n",
		world_session_word(s->kind), s->prepend);
}

static void print_session(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char local[WORLD_ADDRESS_MAX], remote[WORLD_ADDRESS_MAX];

	text_print(p->out,
		"protocol bgp {\n  local %s as %u;\n  neighbor %s as %u;\n  %s;\n"
		"  hold time %" PRIu64 ";\n  connect retry time 1;\n  connect delay time 1;\n"
		"  error wait time 1, 2;\n  graceful restart off;\n",
		world_address(s->local, local), p->node->asn, world_address(s->remote, remote),
		s->asn, s->kind == SESSION_INTERNAL ? "multihop" : "direct",
		p->world->hold_ns / 1000000000u);
	if (s->kind == SESSION_ROUTE_SERVER)
		text_add(p->out, "  enforce first as off;\n");
	if (s->watched)
		text_add(p->out, "  bfd on;\n");
	print_channel(s, p->out);
	text_add(p->out, "}\n");
}

void world_configure_bird(const struct world *world, uint32_t number, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	struct printer printer = { world, node, out };
	char address[WORLD_ADDRESS_MAX];

	text_print(out,
		"log \"/run/bird-own.log\" { warning, error, fatal, bug, auth };\nrouter id %s;\n"
		"protocol device { scan time 1; }\nprotocol direct { ipv4; }\n",
		world_address(node->loopback, address));
	if (world->bfd)
		text_print(out,
			"protocol bfd { interface \"*\" { interval %" PRIu64
			" us; multiplier %u; }; }\n",
			world->bfd_interval_ns / 1000, world->bfd_multiplier);
	if (node->kind != WORLD_EXCHANGE)
		text_add(out, "protocol kernel {\n  learn;\n  merge paths on;\n  scan time 1;\n"
			      "  ipv4 { import filter { igp_metric = krt_metric; accept; }; "
			      "export where source = RTS_BGP; };\n}\n");
	if (node->prefix != 0)
		text_print(out, "protocol static { ipv4; route %s/24 unreachable; }\n",
			world_address(node->prefix, address));
	print_filters(node, out);
	world_sessions(world, number, print_session, &printer);
}
