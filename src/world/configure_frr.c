/* SPDX-License-Identifier: Apache-2.0 */
/* bgpd.conf of FRR, of a node of a world; the large community as in configure_bird.c. */
#include <inttypes.h>

#include "world/configure.h"
#include "world/configure_internal.h"

struct printer {
	const struct world *world;
	const struct world_node *node;
	struct text *out;
};

static void print_maps(const struct world_node *node, struct text *out)
{
	static const enum world_session_kind kinds[] = { SESSION_CUSTOMER, SESSION_PEER,
		SESSION_PROVIDER };

	text_print(out,
		"bgp as-path access-list own permit ^$\n"
		"bgp community-list standard leaving permit graceful-shutdown\n"
		"bgp large-community-list standard customers permit %u:1:1\n"
		"bgp large-community-list expanded marks permit ^%u:1:.*$\n",
		node->asn, node->asn);
	for (unsigned i = 0; i < 3; i++) {
		const char *word = world_session_word(kinds[i]);

		text_print(out,
			"route-map from-%s permit 10\n match community leaving\n"
			" set local-preference 0\n set large-community %u:1:%u additive\n"
			"route-map from-%s permit 20\n set local-preference %u\n"
			" set large-community %u:1:%u additive\n",
			word, node->asn, i + 1, word, world_preference(kinds[i]), node->asn,
			i + 1);
	}
}

/* To each other network a map of its own, because of its prepends. */
static void print_export(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	bool all = s->kind == SESSION_CUSTOMER;

	if (!world_session_external(s->kind))
		return;
	for (int rule = 0; rule < (all ? 1 : 2); rule++) {
		text_print(p->out, "route-map to-%s permit %d\n", s->name, 10 * (rule + 1));
		if (!all)
			text_add(p->out, rule == 0 ? " match as-path own\n"
						   : " match large-community customers\n");
		text_add(p->out, " set large-comm-list marks delete\n");
		if (s->prepend > 0)
			text_add(p->out, " set as-path prepend");
		for (unsigned i = 0; i < s->prepend; i++)
			text_print(p->out, " %u", p->node->asn);
		if (s->prepend > 0)
			text_add(p->out, "\n");
	}
}

static void print_neighbor(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char local[WORLD_ADDRESS_MAX], remote[WORLD_ADDRESS_MAX];
	uint64_t hold = p->world->hold_ns / 1000000000u;

	world_address(s->remote, remote);
	text_print(p->out,
		" neighbor %s remote-as %u\n neighbor %s timers %" PRIu64 " %" PRIu64 "\n"
		" neighbor %s timers connect 1\n neighbor %s advertisement-interval 0\n"
		" neighbor %s update-source %s\n",
		remote, s->asn, remote, hold / 3, hold, remote, remote, remote,
		world_address(s->local, local));
	if (s->kind == SESSION_ROUTE_SERVER)
		text_print(p->out, " no neighbor %s enforce-first-as\n", remote);
}

static void print_family(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char remote[WORLD_ADDRESS_MAX];

	world_address(s->remote, remote);
	text_print(p->out, "  neighbor %s activate\n", remote);
	if (s->kind == SESSION_MEMBER)
		text_print(p->out, "  neighbor %s route-server-client\n", remote);
	if (s->kind == SESSION_INTERNAL)
		text_print(p->out, "  neighbor %s next-hop-self\n", remote);
	if (world_session_external(s->kind))
		text_print(p->out,
			"  neighbor %s route-map from-%s in\n  neighbor %s route-map to-%s out\n",
			remote, world_session_word(s->kind), remote, s->name);
}

void world_configure_frr(const struct world *world, uint32_t number, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	struct printer printer = { world, node, out };
	char address[WORLD_ADDRESS_MAX];

	text_print(out, "frr defaults traditional\nhostname %s\n", node->name);
	print_maps(node, out);
	world_sessions(world, number, print_export, &printer);
	text_print(out,
		"router bgp %u\n bgp router-id %s\n no bgp ebgp-requires-policy\n"
		" no bgp default ipv4-unicast\n no bgp network import-check\n coalesce-time 0\n",
		node->asn, world_address(node->loopback, address));
	world_sessions(world, number, print_neighbor, &printer);
	text_add(out,
		" address-family ipv4 unicast\n  maximum-paths 8\n  maximum-paths ibgp 8\n");
	if (node->prefix != 0)
		text_print(out, "  network %s/24\n", world_address(node->prefix, address));
	world_sessions(world, number, print_family, &printer);
	text_add(out, " exit-address-family\n");
}
