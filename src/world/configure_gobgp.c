/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gobgpd.toml of a node of a world.
 *
 * GoBGP puts nothing into the kernel of its own, and originates only what it is told over its
 * API: both is done by the companion, an iBGP neighbour.
 */
#include <inttypes.h>

#include "world/configure.h"
#include "world/configure_internal.h"

struct printer {
	const struct world *world;
	const struct world_node *node;
	struct text *out;
	enum world_session_kind wanted;
	bool any;
};

/* ---- Whom policies concern ---- */

static void print_member(void *context, const struct world_session *s)
{
	struct printer *p = context;
	char remote[WORLD_ADDRESS_MAX];

	if (world_session_mark(s->kind) != world_session_mark(p->wanted) ||
		!world_session_external(s->kind))
		return;
	text_print(p->out, "%s\"%s/32\"", p->any ? ", " : "", world_address(s->remote, remote));
	p->any = true;
}

static void print_sets(struct printer *p, uint32_t number)
{
	static const enum world_session_kind kinds[] = { SESSION_CUSTOMER, SESSION_PEER,
		SESSION_PROVIDER };

	for (int i = 0; i < 3; i++) {
		p->wanted = kinds[i];
		p->any = false;
		text_print(p->out,
			"[[defined-sets.neighbor-sets]]\nneighbor-set-name = \"%ss\"\n"
			"neighbor-info-list = [",
			world_session_word(kinds[i]));
		world_sessions(p->world, number, print_member, p);
		/* An empty set would stand for everybody. */
		text_print(p->out, "%s]\n", p->any ? "" : "\"192.0.2.255/32\"");
	}
	text_print(p->out,
		"[[defined-sets.bgp-defined-sets.community-sets]]\n"
		"community-set-name = \"leaving\"\ncommunity-list = [\"65535:0\"]\n"
		"[[defined-sets.bgp-defined-sets.large-community-sets]]\n"
		"large-community-set-name = \"customers\"\n"
		"large-community-list = [\"^%u:1:1$\"]\n",
		p->node->asn);
}

/* ---- Policies ---- */

static void print_import(struct printer *p, enum world_session_kind kind, bool leaving)
{
	text_print(p->out,
		"[[policy-definitions.statements]]\nname = \"from-%s%s\"\n"
		"[policy-definitions.statements.conditions.match-neighbor-set]\n"
		"neighbor-set = \"%ss\"\nmatch-set-options = \"any\"\n",
		world_session_word(kind), leaving ? "-leaving" : "", world_session_word(kind));
	if (leaving)
		text_add(p->out, "[policy-definitions.statements.conditions.bgp-conditions."
				 "match-community-set]\ncommunity-set = \"leaving\"\n"
				 "match-set-options = \"any\"\n");
	/* It takes a preference of 0 for none. */
	text_print(p->out,
		"[policy-definitions.statements.actions]\nroute-disposition = \"accept-route\"\n"
		"[policy-definitions.statements.actions.bgp-actions]\nset-local-pref = %u\n"
		"[policy-definitions.statements.actions.bgp-actions.set-large-community]\n"
		"options = \"add\"\n"
		"[policy-definitions.statements.actions.bgp-actions.set-large-community."
		"set-large-community-method]\ncommunities-list = [\"%u:1:%u\"]\n",
		leaving ? 1 : world_preference(kind), p->node->asn, world_session_mark(kind));
}

static void print_imports(struct printer *p)
{
	static const enum world_session_kind kinds[] = { SESSION_CUSTOMER, SESSION_PEER,
		SESSION_PROVIDER };

	text_add(p->out, "[[policy-definitions]]\nname = \"import\"\n");
	for (int i = 0; i < 3; i++) {
		print_import(p, kinds[i], true);
		print_import(p, kinds[i], false);
	}
}

static void print_export(struct printer *p, const char *to, const char *condition)
{
	text_print(p->out,
		"[[policy-definitions.statements]]\nname = \"to-%s-%s\"\n"
		"[policy-definitions.statements.conditions.match-neighbor-set]\n"
		"neighbor-set = \"%s\"\nmatch-set-options = \"any\"\n",
		to,
		condition == NULL     ? "others"
		: condition[0] == 'l' ? "customers"
				      : "own",
		to);
	if (condition != NULL && condition[0] == 'l')
		text_add(p->out, "[policy-definitions.statements.conditions.bgp-conditions."
				 "match-large-community-set]\n"
				 "large-community-set = \"customers\"\n"
				 "match-set-options = \"any\"\n");
	else if (condition != NULL) /* our own number is in it by then */
		text_add(p->out, "[policy-definitions.statements.conditions.bgp-conditions."
				 "as-path-length]\noperator = \"eq\"\nvalue = 1\n");
	text_print(p->out,
		"[policy-definitions.statements.actions]\nroute-disposition = \"%s\"\n",
		condition == NULL ? "reject-route" : "accept-route");
}

static void print_exports(struct printer *p)
{
	static const char *const up[] = { "peers", "providers" };

	text_add(p->out, "[[policy-definitions]]\nname = \"export\"\n");
	for (int i = 0; i < 2; i++) {
		print_export(p, up[i], "large");
		print_export(p, up[i], "own");
		print_export(p, up[i], NULL);
	}
}

/* ---- Neighbours ---- */

static void print_neighbor(void *context, const struct world_session *s)
{
	const struct printer *p = context;
	char local[WORLD_ADDRESS_MAX], remote[WORLD_ADDRESS_MAX];
	uint64_t hold = p->world->hold_ns / 1000000000u;

	text_print(p->out,
		"[[neighbors]]\n[neighbors.config]\nneighbor-address = \"%s\"\npeer-as = %u\n"
		"[neighbors.timers.config]\nconnect-retry = 1\nidle-hold-time-after-reset = 1\n"
		"hold-time = %" PRIu64 "\nkeepalive-interval = %" PRIu64 "\n"
		"[neighbors.transport.config]\nlocal-address = \"%s\"\n",
		world_address(s->remote, remote), s->asn, hold, hold / 3,
		world_address(s->local, local));
	if (s->kind == SESSION_MEMBER)
		text_add(p->out,
			"[neighbors.route-server.config]\nroute-server-client = true\n");
	text_add(p->out, "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n"
			 "afi-safi-name = \"ipv4-unicast\"\n");
}

static void print_companion(struct printer *p)
{
	char companion[WORLD_ADDRESS_MAX];

	text_print(p->out,
		"[[neighbors]]\n[neighbors.config]\nneighbor-address = \"%s\"\npeer-as = %u\n"
		"[neighbors.timers.config]\nconnect-retry = 1\n"
		"[neighbors.transport.config]\nlocal-address = \"127.0.0.1\"\npassive-mode = true\n"
		"[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n"
		"afi-safi-name = \"ipv4-unicast\"\n",
		world_address(WORLD_COMPANION_ADDRESS, companion), p->node->asn);
}

void world_configure_gobgp(const struct world *world, uint32_t number, struct text *out)
{
	const struct world_node *node = &world->nodes[number];
	struct printer printer = { .world = world, .node = node, .out = out };
	char address[WORLD_ADDRESS_MAX];

	text_print(out,
		"[global.config]\nas = %u\nrouter-id = \"%s\"\n"
		"[global.apply-policy.config]\nimport-policy-list = [\"import\"]\n"
		"export-policy-list = [\"export\"]\ndefault-import-policy = \"accept-route\"\n"
		"default-export-policy = \"accept-route\"\n",
		node->asn, world_address(node->loopback, address));
	print_sets(&printer, number);
	print_imports(&printer);
	print_exports(&printer);
	if (node->kind != WORLD_EXCHANGE)
		print_companion(&printer);
	world_sessions(world, number, print_neighbor, &printer);
}
