/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What breaks, and is mended again.
 *
 * Invariants:
 *  1. A link carries traffic when it is whole and both of its nodes have power.
 */
#include "lab/internal.h"

/* What a link is now, with its nodes. */
static enum lab_cut state_of(const struct lab *lab, uint32_t link)
{
	const struct world_link *wire = &lab->world->links[link];

	if (lab->links[link].cut != LAB_WHOLE)
		return lab->links[link].cut;
	if (lab->nodes[wire->node[0]].down || lab->nodes[wire->node[1]].down)
		return lab->nodes[wire->node[0]].down ? lab->nodes[wire->node[0]].how
						      : lab->nodes[wire->node[1]].how;
	return LAB_WHOLE;
}

static int apply(struct lab *lab, uint32_t link, struct error *error)
{
	const struct world_link *wire = &lab->world->links[link];
	enum lab_cut state = state_of(lab, link);

	lab->internal_up[link] = wire->relation == WORLD_IS_INTERNAL && state == LAB_WHOLE;
	return lab_link_state(lab, link, state, error);
}

static int apply_node(struct lab *lab, uint32_t node, struct error *error)
{
	int result = 0;

	for (uint32_t i = 0; i < lab->world->link_count; i++) {
		const struct world_link *wire = &lab->world->links[i];

		if (wire->node[0] != node && wire->node[1] != node)
			continue;
		if (result == 0)
			result = apply(lab, i, error);
	}
	return result;
}

int lab_break_link(struct lab *lab, uint32_t link, enum lab_cut how, struct error *error)
{
	int result;

	lab->links[link].cut = how;
	result = apply(lab, link, error);
	return result != 0 ? result : lab_route_inside(lab, error);
}

int lab_mend_link(struct lab *lab, uint32_t link, struct error *error)
{
	return lab_break_link(lab, link, LAB_WHOLE, error);
}

int lab_break_node(struct lab *lab, uint32_t node, enum lab_cut how, struct error *error)
{
	int result;

	if (lab->nodes[node].down)
		return error_set(error, ERROR_STATE, "'%s' is broken already",
			lab->world->nodes[node].name);
	lab->nodes[node].down = true;
	lab->nodes[node].how = how;
	result = apply_node(lab, node, error);
	lab_kill_all(lab, node);
	return result != 0 ? result : lab_route_inside(lab, error);
}

int lab_mend_node(struct lab *lab, uint32_t node, struct error *error)
{
	int result;

	if (!lab->nodes[node].down)
		return error_set(
			error, ERROR_STATE, "'%s' is not broken", lab->world->nodes[node].name);
	lab->nodes[node].down = false;
	result = apply_node(lab, node, error);
	if (result == 0)
		result = lab_route_inside(lab, error);
	return result != 0 ? result : lab_start_node(lab, node, error);
}

int lab_break_service(struct lab *lab, uint32_t node, struct error *error)
{
	if (lab->nodes[node].processes[LAB_SERVICE].pid == 0)
		return error_set(error, ERROR_STATE, "the service of '%s' does not run",
			lab->world->nodes[node].name);
	lab_kill(lab, node, LAB_SERVICE);
	return 0;
}

int lab_mend_service(struct lab *lab, uint32_t node, struct error *error)
{
	if (lab->nodes[node].processes[LAB_SERVICE].pid != 0)
		return error_set(error, ERROR_STATE, "the service of '%s' runs",
			lab->world->nodes[node].name);
	return lab_start_service(lab, node, error);
}
