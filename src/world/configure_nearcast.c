/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast.yaml of a node of a world. */
#include <inttypes.h>

#include "world/configure.h"

static const char *const relations[] = {
	[SESSION_PROVIDER] = "provider",
	[SESSION_CUSTOMER] = "customer",
	[SESSION_PEER] = "peer",
	[SESSION_ROUTE_SERVER] = "route-server",
	[SESSION_MEMBER] = "none",
	[SESSION_INTERNAL] = "internal",
};

static const char *const imports[] = {
	[SESSION_PROVIDER] = "from-provider",
	[SESSION_CUSTOMER] = "from-customer",
	[SESSION_PEER] = "from-peer",
	[SESSION_ROUTE_SERVER] = "from-peer",
	[SESSION_MEMBER] = "all",
	[SESSION_INTERNAL] = "all",
};

static void print_policy(const char *name, enum world_session_kind kind, struct text *out)
{
	text_print(out,
		"  %s:\n    - call: graceful-shutdown\n"
		"    - { set: { local-pref: %u }, then: accept }\n",
		name, world_preference(kind));
}

struct printer {
	const struct world *world;
	const struct world_node *node;
	unsigned prepend;
	struct text *out;
};

static void print_neighbor(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char local[WORLD_ADDRESS_MAX], remote[WORLD_ADDRESS_MAX];
	unsigned prepend = s->prepend + p->prepend;

	text_print(p->out,
		"  %s:\n    address: %s\n    local-address: %s\n    asn: %u\n"
		"    relation: %s\n    import: %s\n    families: [ipv4]\n"
		"    hold-time: %" PRIu64 "s\n    connect-retry: 1s\n"
		"    graceful-restart: false\n",
		s->name, world_address(s->remote, remote), world_address(s->local, local),
		s->asn, relations[s->kind], imports[s->kind], p->world->hold_ns / 1000000000u);
	if (s->kind == SESSION_MEMBER)
		text_add(p->out, "    route-server-client: true\n");
	if (s->kind == SESSION_INTERNAL)
		text_add(p->out, "    next-hop-self: true\n");
	if (s->watched)
		text_print(p->out,
			"    bfd: { mode: on, interval: %" PRIu64 "us, multiplier: %u }\n",
			p->world->bfd_interval_ns / 1000u, p->world->bfd_multiplier);
	text_print(p->out, "    export: { learned: all, prepend: %u }\n",
		s->kind == SESSION_INTERNAL || s->kind == SESSION_MEMBER ? 0 : prepend);
}

static void print_site(const struct world *world, struct text *out)
{
	char address[WORLD_ADDRESS_MAX], announced[WORLD_ADDRESS_MAX];

	text_print(out,
		"  service:\n    addresses: %s\n    announce: %s/%u\n    checks:\n"
		"      - socket: { port: 53, protocol: udp }\n"
		"      - dns: { name: id.server, type: TXT, class: CH, interval: 1s }\n"
		"    hold-down: 1s\n    address-delay: 1s\n"
		"    drain: { graceful-shutdown: true, graceful-time: 2s }\n",
		world_address(world->address, address),
		world_address(world->announced, announced), world->announced_length);
}

static void print_people(const struct world_node *node, struct text *out)
{
	char address[WORLD_ADDRESS_MAX], prefix[WORLD_ADDRESS_MAX];

	text_print(out,
		"  people:\n    addresses: %s\n    announce: %s/24\n"
		"    manage-addresses: false\n    hold-down: 0s\n",
		world_address(node->loopback, address), world_address(node->prefix, prefix));
}

static void print_head(const struct world_node *node, const char *site, struct text *out)
{
	char address[WORLD_ADDRESS_MAX];

	text_print(out,
		"site: %s\nasn: %u\nrouter-id: %s\nhttp: { enabled: false }\nuser: root\n",
		site, node->asn, world_address(node->loopback, address));
}

void world_configure_nearcast(
	const struct world *world, uint32_t number, unsigned prepend, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	const struct printer printer = { world, node, prepend, out };

	print_head(node, node->name, out);
	if (node->kind != WORLD_EXCHANGE)
		text_add(out, "kernel: { export: all }\n"
			      "decision: { multipath: { ebgp: 8, ibgp: 8 } }\n");
	text_add(out, "policies:\n");
	print_policy("from-customer", SESSION_CUSTOMER, out);
	print_policy("from-peer", SESSION_PEER, out);
	print_policy("from-provider", SESSION_PROVIDER, out);
	if (node->kind == WORLD_SITE || node->prefix != 0)
		text_add(out, "services:\n");
	if (node->kind == WORLD_SITE)
		print_site(world, out);
	if (node->prefix != 0)
		print_people(node, out);
	text_add(out, "neighbors:\n");
	world_sessions(world, number, print_neighbor,
		/* The callback only reads it. */ (void *)(uintptr_t)&printer);
}

void world_configure_companion(const struct world *world, uint32_t number, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	char own[WORLD_ADDRESS_MAX], address[WORLD_ADDRESS_MAX];

	text_print(out,
		"site: %s-kernel\nasn: %u\nrouter-id: %s\nhttp: { enabled: false }\n"
		"user: root\nkernel: { export: all }\n"
		"decision: { multipath: { ebgp: 8, ibgp: 8 } }\n"
		"listen: { port: 0 }\n",
		node->name, node->asn, world_address(node->loopback + 1, own));
	world_address(WORLD_COMPANION_ADDRESS, address);
	if (node->prefix != 0 && node->daemon == WORLD_DAEMON_GOBGP) {
		text_add(out, "services:\n");
		print_people(node, out);
	}
	text_print(out,
		"neighbors:\n  daemon:\n    address: 127.0.0.1\n    local-address: %s\n"
		"    asn: %u\n    relation: internal\n    import: all\n    connect-retry: 1s\n"
		"    families: [ipv4]\n    graceful-restart: false\n    next-hop: { ipv4: %s }\n",
		address, node->asn, world_address(node->loopback, own));
}
