/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner reads: the first byte says what the rest is. Topologies that are read keep
 * the order of a graph's indices and propagate, in lanes as one at a time; users and places
 * leave a world whole, read or refused; plans are read, or refused with an error that has a
 * place.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/plan.h"
#include "plan/lanes.h"
#include "plan/world.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	const uint8_t *at;
	size_t left, piece;
};

static ptrdiff_t read_input(void *context, void *buffer, size_t room, struct error *error)
{
	struct input *input = context;
	size_t length = input->left < room ? input->left : room;

	(void)error;
	if (length > input->piece)
		length = input->piece;
	memcpy(buffer, input->at, length);
	input->at += length;
	input->left -= length;
	return (ptrdiff_t)length;
}

static void check_rows(const struct plan_graph *g)
{
	size_t ends = 0;

	expect(g->as_count >= 2 && g->transit_count <= g->as_count);
	for (uint32_t as = 0; as < g->as_count; as++) {
		expect(plan_graph_find(g, g->asn[as]) == as);
		for (int class = 0; class < PLAN_CLASSES; class ++) {
			struct plan_row row = plan_row(g, as, (enum plan_class) class);

			ends += (size_t)(row.end - row.at);
			for (; row.at < row.end; row.at++)
				expect(*row.at < g->as_count && *row.at != as &&
					(class != PLAN_CUSTOMER || *row.at > as));
		}
	}
	expect(ends == (size_t)g->link_count * 2);
}

static void check_propagation(const struct plan_graph *g)
{
	struct plan_announcement a[2] = {
		{ .upstream = 0, .class = PLAN_CUSTOMER, .site = 0, .length = 1 },
		{ .upstream = g->as_count - 1, .class = PLAN_PEER, .site = 1, .length = 2 },
	};
	struct plan_configuration c = { PLAN_NONE, a, 2 };
	struct plan_route *routes = calloc(g->as_count, sizeof(*routes));
	struct plan_lanes *lanes;
	int result;

	expect(routes != NULL && plan_propagate(g, &c, routes, NULL) == 0);
	expect(plan_lanes_create(g, &lanes, NULL) == 0);
	result = plan_lanes_run(lanes, &c, 1, PLAN_WIDTH_GENERIC, NULL);
	expect(result == 0 || result == ERROR_FULL);
	for (uint32_t as = 0; as < g->as_count && result == 0; as++)
		expect(plan_lanes_announcement(lanes, as, 0) == routes[as].announcement &&
			plan_lanes_length(lanes, as, 0) == routes[as].length);
	plan_lanes_free(lanes);
	free(routes);
}

static void read_topology(const struct plan_source *source)
{
	struct error error = { 0 };
	struct plan_graph *g = NULL;

	if (plan_graph_read(source, &g, &error) != 0) {
		expect(g == NULL && error.text[0] != '\0');
		return;
	}
	check_rows(g);
	check_propagation(g);
	plan_graph_free(g);
}

static void read_world(const struct plan_source *source, bool users)
{
	const struct plan_link links[] = { { 1, 2, PLAN_PROVIDER_OF, 0 },
		{ 2, 3, PLAN_PROVIDER_OF, 0 }, { 1, 4, PLAN_PEERS, 0 } };
	struct plan_graph *g;
	struct plan_world *world;
	struct error error = { 0 };
	int result;

	expect(plan_graph_build(links, 3, &g, NULL) == 0);
	expect(plan_world_create(g, &world, NULL) == 0);
	result = users ? plan_world_read_users(world, source, &error)
		       : plan_world_read_geography(world, source, &error);
	expect((result == 0) == (users ? world->users_known : world->places_known));
	expect(result == 0 || error.text[0] != '\0');
	for (uint32_t as = 0; as < g->as_count; as++) {
		float share = 0;

		expect(world->users[as] >= 0 && world->first[as] <= world->first[as + 1]);
		for (uint32_t i = world->first[as]; i < world->first[as + 1]; i++)
			share += world->spreads[i].share;
		expect(world->first[as] == world->first[as + 1] ||
			(share > 0.9F && share < 1.1F));
	}
	plan_world_free(world);
}

static void read_plan(const uint8_t *bytes, size_t length)
{
	struct config_source source = { "plan.yaml", (const char *)bytes, length };
	struct config_diagnostics diagnostics = { 0 };
	struct config_plan *plan = NULL;
	int result = config_plan_read(&source, &plan, &diagnostics);

	expect((result != 0) == (diagnostics.error_count > 0));
	expect(result != 0 || plan->site_count + plan->candidate_count > 0);
	for (size_t i = 0; result == 0 && i < plan->site_count; i++)
		for (size_t j = 0; j < plan->sites[i].upstream_count; j++)
			expect(plan->sites[i].upstreams[j].asn != 0);
	config_diagnostics_clear(&diagnostics);
	config_plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct input input = { bytes + 1, length - 1, 13 };
	struct plan_source source = { read_input, &input, "input" };

	if (length == 0)
		return 0;
	switch (bytes[0]) {
	case 't':
		read_topology(&source);
		break;
	case 'u':
		read_world(&source, true);
		break;
	case 'g':
		read_world(&source, false);
		break;
	default:
		read_plan(bytes + 1, length - 1);
		break;
	}
	return 0;
}
