/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The passes of lanes.c in vectors of one width; included there once a width, with
 *   PIECE            bytes of a vector that the processor has: 16, 32 or 64
 *   OF_WIDTH(name)   the name of a function for this width
 *   FOR_WIDTH        the attribute that lets the compiler use its instructions
 * No include guard on purpose. A vector never is an argument or a result: how it would be
 * passed depends on the width.
 */
#define PIECES      (PLAN_LANES / PIECE)
#define vector      OF_WIDTH(vector)
#define EVERY_PIECE for (int p = 0; p < PIECES; p++)
/* Lane by lane: a where mask is set, b elsewhere. */
#define PICK(mask, a, b) (((vector)(mask) & (a)) | (~(vector)(mask) & (b)))

typedef uint8_t vector __attribute__((vector_size(PIECE)));

/* Announcements made to this AS itself, one AS nearer: the caller adds the step. */
FOR_WIDTH static void OF_WIDTH(start_with)(
	const struct plan_lanes *lanes, uint32_t as, enum plan_class class, struct keys *best)
{
	for (size_t i = 0; i < lanes->direct_count; i++) {
		const struct direct *d = &lanes->direct[i];

		if (d->as == as && d->class == class &&
			(d->key | (lanes->unit - 1)) < best->lane[d->lane])
			best->lane[d->lane] = d->key;
	}
}

/* The best of one class: *ret_best is written. */
FOR_WIDTH static inline void OF_WIDTH(hear)(struct plan_lanes *lanes, uint32_t as,
	enum plan_class class, const struct keys *keys, struct keys *ret_best)
{
	struct plan_row row = row_of(lanes, as, class);
	vector best[PIECES], none = (vector){ 0 } + KEY_NONE;
	vector low = (vector){ 0 } + (uint8_t)(lanes->unit - 1);

	lanes->touched += (uint64_t)(row.end - row.at) * (sizeof(*keys) + sizeof(*row.at));
#pragma GCC unroll 4
	EVERY_PIECE best[p] = none;
	if ((lanes->marks[as] & MARK_DIRECT) != 0) {
		memset(ret_best, KEY_NONE, sizeof(*ret_best));
		OF_WIDTH(start_with)(lanes, as, class, ret_best);
#pragma GCC unroll 4
		EVERY_PIECE best[p] = ((const vector *)(const void *)ret_best)[p];
	}
	for (; row.at < row.end; row.at++) {
		const vector *key = (const vector *)(const void *)&keys[*row.at];

#pragma GCC unroll 4
		EVERY_PIECE best[p] = PICK((key[p] | low) < best[p], key[p], best[p]);
	}
#pragma GCC unroll 4
	EVERY_PIECE best[p] = PICK(best[p] == none, none, best[p] + lanes->unit);
#pragma GCC unroll 4
	EVERY_PIECE((vector *)(void *)ret_best)[p] = best[p];
	if ((lanes->marks[as] & MARK_ORIGIN) != 0)
		for (int lane = 0; lane < PLAN_LANES; lane++)
			if (lanes->origins[lane] == as)
				ret_best->lane[lane] = KEY_NONE;
}

/* Lanes without a route take one from this class of neighbours. */
FOR_WIDTH static inline void OF_WIDTH(fill)(struct plan_lanes *lanes, uint32_t as,
	enum plan_class class, const struct keys *keys, struct keys *best)
{
	vector *at = (vector *)(void *)best, none = (vector){ 0 } + KEY_NONE, lacking = { 0 };
	struct keys heard;
	const vector *other = (const vector *)(const void *)&heard;
	uint64_t words[PIECE / 8], any = 0;

#pragma GCC unroll 4
	EVERY_PIECE lacking |= (vector)(at[p] == none);
	memcpy(words, &lacking, sizeof(words));
	for (int i = 0; i < PIECE / 8; i++)
		any |= words[i];
	if (any == 0)
		return;
	OF_WIDTH(hear)(lanes, as, class, keys, &heard);
#pragma GCC unroll 4
	EVERY_PIECE at[p] = PICK(at[p] == none, other[p], at[p]);
}

FOR_WIDTH static inline void OF_WIDTH(note_longest)(
	const struct keys *best, struct keys *longest)
{
	const vector *at = (const vector *)(const void *)best;
	vector *most = (vector *)(void *)longest, none = (vector){ 0 } + KEY_NONE;

	EVERY_PIECE
	{
		vector key = at[p] & (vector)(at[p] != none);

		most[p] = PICK(key > most[p], key, most[p]);
	}
}

FOR_WIDTH static void OF_WIDTH(passes)(struct plan_lanes *lanes)
{
	const struct plan_graph *g = lanes->graph;
	struct keys longest = { 0 };

	for (uint32_t as = g->as_count; as-- > g->transit_count;)
		if ((lanes->marks[as] & MARK_DIRECT) != 0)
			OF_WIDTH(hear)(lanes, as, PLAN_CUSTOMER, lanes->up, &lanes->up[as]);
	for (uint32_t as = g->transit_count; as-- > 0;)
		OF_WIDTH(hear)(lanes, as, PLAN_CUSTOMER, lanes->up, &lanes->up[as]);
	for (uint32_t as = 0; as < g->as_count; as++) {
		struct keys best = lanes->up[as];

		OF_WIDTH(fill)(lanes, as, PLAN_PEER, lanes->up, &best);
		OF_WIDTH(fill)(lanes, as, PLAN_PROVIDER, lanes->best, &best);
		lanes->best[as] = best;
		OF_WIDTH(note_longest)(&best, &longest);
	}
	lanes->longest = longest;
	/* Written: up by ASes with customers, best by all; up is read once more. */
	lanes->touched +=
		((uint64_t)g->transit_count + 2 * (uint64_t)g->as_count) * sizeof(struct keys);
}

#undef PIECES
#undef vector
#undef EVERY_PIECE
#undef PICK
#undef PIECE
#undef OF_WIDTH
#undef FOR_WIDTH
