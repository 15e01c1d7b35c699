/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Number patterns as deterministic automata: tree -> states with empty moves (Thompson 1968) ->
 * sets of them (Rabin and Scott 1959), over classes of numbers that no pattern tells apart.
 *
 * Invariants:
 *  1. State 0 is dead, state 1 has found: nothing leads out of either.
 *  2. Making an automaton is bounded by POINTS_MAX, STATES_MAX, CELLS_MAX and WORK_MAX; several
 *     texts that are over a bound together are made into several automata.
 *  3. A match reads every number once.
 */
#include "base/number_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/number_pattern_tree.h"

#define POINTS_MAX 8192u
#define STATES_MAX 4096u
#define CELLS_MAX  (4u << 20)
#define WORK_MAX   (64u << 20) /* words touched */
#define POINT_NONE UINT32_MAX

enum point_kind {
	POINT_SPLIT, /* goes to a and to b without a number */
	POINT_SET,   /* goes to a with a number of its ranges */
	POINT_END,   /* a match if the numbers end here */
	POINT_FOUND, /* a match */
};

struct point {
	enum point_kind kind;
	uint32_t a, b;
	const struct number_range *ranges;
	size_t range_count;
};

/* A set of points, found again by its content. */
struct subset {
	struct hash_node node;
	uint16_t state;
	uint64_t *bits;
};

struct move {
	uint32_t column, point;
};

struct maker {
	struct arena arena; /* all but the result */
	struct point *points;
	uint32_t point_count, words;
	uint32_t *bounds;
	uint32_t class_count;
	struct hash_table subsets;
	struct subset **by_state;
	uint32_t state_count, state_room;
	uint16_t *next;
	size_t next_room;
	uint8_t *final;
	uint32_t *stack; /* of points to visit */
	uint64_t *common, *special;
	struct move *moves;
	size_t move_count, move_room;
	uint64_t work;
	int result;
};

static uint32_t add_point(struct maker *maker, struct point point)
{
	if (maker->point_count == POINTS_MAX) {
		maker->result = ERROR_FULL;
		return POINT_NONE;
	}
	maker->points[maker->point_count] = point;
	return maker->point_count++;
}

static uint32_t build(struct maker *maker, const struct number_node *node, uint32_t next);

/* The children in order: the last one is built first. */
static uint32_t build_row(struct maker *maker, const struct number_node *row, uint32_t next)
{
	const struct number_node **items;
	size_t count = 0;

	for (const struct number_node *child = row->children; child != NULL;
		child = child->next)
		count++;
	items = arena_take_array(&maker->arena, count, sizeof(*items));
	if (items == NULL) {
		maker->result = ERROR_MEMORY;
		return POINT_NONE;
	}
	count = 0;
	for (const struct number_node *child = row->children; child != NULL;
		child = child->next)
		items[count++] = child;
	while (count > 0 && next != POINT_NONE)
		next = build(maker, items[--count], next);
	return next;
}

static uint32_t build_choice(
	struct maker *maker, const struct number_node *choice, uint32_t next)
{
	uint32_t start = POINT_NONE;

	for (const struct number_node *child = choice->children; child != NULL;
		child = child->next) {
		uint32_t one = build(maker, child, next);

		if (one != POINT_NONE && start != POINT_NONE)
			one = add_point(maker,
				(struct point){ .kind = POINT_SPLIT, .a = one, .b = start });
		if (one == POINT_NONE)
			return POINT_NONE;
		start = one;
	}
	return start;
}

static uint32_t build_repeat(
	struct maker *maker, const struct number_node *repeat, uint32_t next)
{
	const struct number_node *child = repeat->children;
	uint32_t copies = repeat->minimum, end = next, loop;

	if (repeat->maximum == NUMBER_REPEAT_FOREVER) {
		loop = add_point(maker, (struct point){ .kind = POINT_SPLIT, .b = next });
		if (loop == POINT_NONE)
			return POINT_NONE;
		maker->points[loop].a = build(maker, child, loop);
		if (maker->points[loop].a == POINT_NONE)
			return POINT_NONE;
		next = copies > 0 ? maker->points[loop].a : loop;
		copies -= copies > 0;
	} else {
		for (uint32_t i = repeat->minimum; i < repeat->maximum; i++) {
			next = build(maker, child, next);
			if (next != POINT_NONE)
				next = add_point(maker,
					(struct point){
						.kind = POINT_SPLIT, .a = next, .b = end });
			if (next == POINT_NONE)
				return POINT_NONE;
		}
	}
	while (copies-- > 0 && next != POINT_NONE)
		next = build(maker, child, next);
	return next;
}

/* The point from which node is matched, and then what begins at next. */
static uint32_t build(struct maker *maker, const struct number_node *node, uint32_t next)
{
	switch (node->kind) {
	case NUMBER_NODE_SET:
		return add_point(maker, (struct point){ .kind = POINT_SET,
						.a = next,
						.ranges = node->ranges,
						.range_count = node->range_count });
	case NUMBER_NODE_ROW:
		return build_row(maker, node, next);
	case NUMBER_NODE_CHOICE:
		return build_choice(maker, node, next);
	case NUMBER_NODE_REPEAT:
		break;
	}
	return build_repeat(maker, node, next);
}

static const struct number_range every_number = { 0, UINT32_MAX };

/* A branch of the top: with any numbers before it unless it is said to be at the start. */
static uint32_t build_branch(struct maker *maker, const struct number_node *row)
{
	uint32_t end = add_point(
		maker, (struct point){ .kind = row->to_end ? POINT_END : POINT_FOUND });
	uint32_t start = end == POINT_NONE ? POINT_NONE : build_row(maker, row, end);
	uint32_t loop, any;

	if (row->from_start || start == POINT_NONE)
		return start;
	loop = add_point(maker, (struct point){ .kind = POINT_SPLIT, .b = start });
	any = add_point(maker, (struct point){ .kind = POINT_SET,
				       .a = loop,
				       .ranges = &every_number,
				       .range_count = 1 });
	if (any == POINT_NONE)
		return POINT_NONE;
	maker->points[loop].a = any;
	return loop;
}

/* Any of the trees. */
static uint32_t build_all(
	struct maker *maker, struct number_node *const *trees, size_t tree_count)
{
	uint32_t start = POINT_NONE;

	for (size_t i = 0; i < tree_count; i++) {
		for (const struct number_node *row = trees[i]->children; row != NULL;
			row = row->next) {
			uint32_t one = build_branch(maker, row);

			if (one != POINT_NONE && start != POINT_NONE)
				one = add_point(maker,
					(struct point){
						.kind = POINT_SPLIT, .a = one, .b = start });
			if (one == POINT_NONE)
				return POINT_NONE;
			start = one;
		}
	}
	return start;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Numbers between two neighbouring ends of ranges are all the same to us. */
static int make_classes(struct maker *maker)
{
	size_t room = 1, count = 0;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < maker->point_count; i++)
		room += 2 * maker->points[i].range_count;
	maker->bounds = arena_take_array(&maker->arena, room, sizeof(*maker->bounds));
	if (maker->bounds == NULL)
		return ERROR_MEMORY;
	maker->bounds[count++] = 0;
	for (uint32_t i = 0; i < maker->point_count; i++) {
		const struct point *point = &maker->points[i];

		for (size_t j = 0; j < point->range_count; j++) {
			maker->bounds[count++] = point->ranges[j].first;
			if (point->ranges[j].last != UINT32_MAX)
				maker->bounds[count++] = point->ranges[j].last + 1;
		}
	}
	qsort(maker->bounds, count, sizeof(*maker->bounds), compare_numbers);
	for (size_t i = 1; i < count; i++)
		if (maker->bounds[i] != maker->bounds[kept])
			maker->bounds[++kept] = maker->bounds[i];
	maker->class_count = kept + 1;
	return 0;
}

static uint32_t class_of(const struct maker *maker, uint32_t number)
{
	uint32_t low = 0, high = maker->class_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (maker->bounds[middle] <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool has_bit(const uint64_t *bits, uint32_t bit)
{
	return (bits[bit / 64] >> (bit % 64)) & 1;
}

/* Add a point and all that it leads to without a number. */
static void add_closure(struct maker *maker, uint64_t *bits, uint32_t point)
{
	uint32_t depth = 0;

	maker->stack[depth++] = point;
	while (depth > 0) {
		uint32_t at = maker->stack[--depth];

		maker->work++;
		if (has_bit(bits, at))
			continue;
		bits[at / 64] |= UINT64_C(1) << (at % 64);
		if (maker->points[at].kind == POINT_SPLIT) {
			maker->stack[depth++] = maker->points[at].a;
			maker->stack[depth++] = maker->points[at].b;
		}
	}
}

/* 1: found, whatever comes; 0: nothing left; else it has to be looked up. */
static bool subset_is_plain(
	const struct maker *maker, const uint64_t *bits, uint16_t *ret_state)
{
	bool some = false;

	for (uint32_t w = 0; w < maker->words; w++) {
		for (uint64_t rest = bits[w]; rest != 0; rest &= rest - 1) {
			uint32_t point = 64 * w + (uint32_t)__builtin_ctzll(rest);

			some = true;
			if (maker->points[point].kind == POINT_FOUND) {
				*ret_state = NUMBER_STATE_FOUND;
				return true;
			}
		}
	}
	*ret_state = NUMBER_STATE_DEAD;
	return !some;
}

static int grow_states(struct maker *maker)
{
	uint32_t room = maker->state_room == 0 ? 16 : 2 * maker->state_room;
	struct subset **by_state = realloc(maker->by_state, room * sizeof(struct subset *));

	if (by_state == NULL)
		return ERROR_MEMORY;
	maker->by_state = by_state;
	maker->state_room = room;
	return 0;
}

/* The state of a set of points, a new one if there is none. Negative: error. */
static int state_of(struct maker *maker, const uint64_t *bits)
{
	static const struct hash_seed seed = { 1, 2 }; /* the patterns are the operator's */
	size_t size = maker->words * sizeof(*bits);
	uint64_t hash = hash_bytes(&seed, bits, size);
	struct subset *subset;
	uint16_t plain;

	maker->work += 4 * (uint64_t)maker->words;
	if (subset_is_plain(maker, bits, &plain))
		return plain;
	for (struct hash_node *node = hash_first(&maker->subsets, hash); node != NULL;
		node = hash_next(node)) {
		subset = (struct subset *)(void *)node;
		if (memcmp(subset->bits, bits, size) == 0)
			return subset->state;
	}
	if (maker->state_count == STATES_MAX ||
		(uint64_t)maker->state_count * maker->class_count >= CELLS_MAX ||
		maker->work > WORK_MAX)
		return ERROR_FULL;
	if (maker->state_count == maker->state_room && grow_states(maker) != 0)
		return ERROR_MEMORY;
	subset = arena_take(&maker->arena, sizeof(*subset));
	if (subset == NULL)
		return ERROR_MEMORY;
	subset->bits = arena_copy(&maker->arena, bits, size);
	if (subset->bits == NULL || hash_insert(&maker->subsets, &subset->node, hash) != 0)
		return ERROR_MEMORY;
	subset->state = (uint16_t)maker->state_count;
	maker->by_state[maker->state_count++] = subset;
	return subset->state;
}

static int note_move(struct maker *maker, uint32_t column, uint32_t point)
{
	if (maker->move_count == maker->move_room) {
		size_t room = maker->move_room == 0 ? 64 : 2 * maker->move_room;
		struct move *moves = realloc(maker->moves, room * sizeof(*moves));

		if (moves == NULL)
			return ERROR_MEMORY;
		maker->moves = moves;
		maker->move_room = room;
	}
	maker->moves[maker->move_count++] = (struct move){ column, point };
	return ++maker->work > WORK_MAX ? ERROR_FULL : 0;
}

static int compare_moves(const void *a, const void *b)
{
	const struct move *left = a, *right = b;

	return (left->column > right->column) - (left->column < right->column);
}

/* Where the points of a state go: what every number leads to into common, the rest as moves. */
static int gather(struct maker *maker, const uint64_t *bits)
{
	memset(maker->common, 0, maker->words * sizeof(*maker->common));
	maker->move_count = 0;
	for (uint32_t p = 0; p < maker->point_count; p++) {
		const struct point *point = &maker->points[p];

		if (point->kind != POINT_SET || !has_bit(bits, p))
			continue;
		if (point->range_count == 1 && point->ranges[0].first == 0 &&
			point->ranges[0].last == UINT32_MAX) {
			add_closure(maker, maker->common, point->a);
			continue;
		}
		for (size_t i = 0; i < point->range_count; i++) {
			uint32_t last = class_of(maker, point->ranges[i].last);

			for (uint32_t column = class_of(maker, point->ranges[i].first);
				column <= last; column++) {
				int r = note_move(maker, column, point->a);

				if (r != 0)
					return r;
			}
		}
	}
	maker->work += maker->point_count;
	if (maker->move_count > 0)
		qsort(maker->moves, maker->move_count, sizeof(*maker->moves), compare_moves);
	return 0;
}

static int reserve_row(struct maker *maker, uint32_t state)
{
	size_t needed = ((size_t)state + 1) * maker->class_count;
	uint16_t *next;

	if (needed <= maker->next_room)
		return 0;
	next = realloc(maker->next, 2 * needed * sizeof(*next));
	if (next == NULL)
		return ERROR_MEMORY;
	maker->next = next;
	maker->next_room = 2 * needed;
	return 0;
}

/* Fill in a state's row of the table. */
static int make_row(struct maker *maker, uint32_t state)
{
	int r = gather(maker, maker->by_state[state]->bits), usual;
	uint16_t *row;

	if (r == 0)
		r = reserve_row(maker, state);
	if (r != 0)
		return r;
	row = maker->next + (size_t)state * maker->class_count;
	usual = state_of(maker, maker->common);
	if (usual < 0)
		return usual;
	for (uint32_t column = 0; column < maker->class_count; column++)
		row[column] = (uint16_t)usual;
	for (size_t i = 0; i < maker->move_count;) {
		uint32_t column = maker->moves[i].column;

		memcpy(maker->special, maker->common, maker->words * sizeof(*maker->common));
		for (; i < maker->move_count && maker->moves[i].column == column; i++)
			add_closure(maker, maker->special, maker->moves[i].point);
		r = state_of(maker, maker->special);
		if (r < 0)
			return r;
		row[column] = (uint16_t)r;
	}
	return 0;
}

static bool ends_here(const struct maker *maker, const uint64_t *bits)
{
	for (uint32_t p = 0; p < maker->point_count; p++)
		if (maker->points[p].kind == POINT_END && has_bit(bits, p))
			return true;
	return false;
}

static int make_scratch(struct maker *maker)
{
	maker->words = (maker->point_count + 63) / 64;
	maker->common = arena_take_array(&maker->arena, maker->words, sizeof(uint64_t));
	maker->special = arena_take_array(&maker->arena, maker->words, sizeof(uint64_t));
	/* every point is expanded at most once a closure, and pushes two */
	maker->stack = arena_take_array(
		&maker->arena, 2 * (size_t)maker->point_count + 2, sizeof(uint32_t));
	if (maker->common == NULL || maker->special == NULL || maker->stack == NULL)
		return ERROR_MEMORY;
	return make_classes(maker);
}

/* All states that can be reached from start. Negative: error; else the first state. */
static int make_states(struct maker *maker, uint32_t start)
{
	int first;

	/* states 0 and 1 are not subsets */
	while (maker->state_room < 2)
		if (grow_states(maker) != 0)
			return ERROR_MEMORY;
	maker->state_count = 2;
	if (reserve_row(maker, 1) != 0)
		return ERROR_MEMORY;
	for (uint32_t column = 0; column < maker->class_count; column++) {
		maker->next[column] = NUMBER_STATE_DEAD;
		maker->next[maker->class_count + column] = NUMBER_STATE_FOUND;
	}
	add_closure(maker, maker->special, start);
	first = state_of(maker, maker->special);
	if (first < 0)
		return first;
	for (uint32_t state = 2; state < maker->state_count; state++) {
		int r = make_row(maker, state);

		if (r != 0)
			return r;
	}
	return first;
}

/* Texts of one automaton, and the automata so far. */
struct making {
	struct number_node *const *trees;
	struct number_automaton *automata;
	size_t count, bytes;
};

static int keep_automaton(struct making *making, const struct maker *maker, uint16_t start)
{
	size_t cells = (size_t)maker->state_count * maker->class_count;
	size_t bounds_size = maker->class_count * sizeof(uint32_t);
	size_t size = bounds_size + cells * sizeof(uint16_t) + maker->state_count;
	uint8_t *block = malloc(size), *final;

	if (block == NULL)
		return ERROR_MEMORY;
	final = block + bounds_size + cells * sizeof(uint16_t);
	memcpy(block, maker->bounds, bounds_size);
	memcpy(block + bounds_size, maker->next, cells * sizeof(uint16_t));
	final[NUMBER_STATE_DEAD] = 0;
	final[NUMBER_STATE_FOUND] = 1;
	for (uint32_t state = 2; state < maker->state_count; state++)
		final[state] = ends_here(maker, maker->by_state[state]->bits);
	making->automata[making->count++] = (struct number_automaton){
		.bounds = (const uint32_t *)(void *)block,
		.next = (const uint16_t *)(void *)(block + bounds_size),
		.final = final,
		.class_count = maker->class_count,
		.state_count = maker->state_count,
		.start = start,
	};
	making->bytes += size;
	return 0;
}

/* One automaton of trees first to last - 1; of two halves if it would be too large. */
static int make_automata(struct making *making, size_t first, size_t last)
{
	struct maker maker = { 0 };
	uint32_t start;
	int state = 0;

	maker.points = arena_take_array(&maker.arena, POINTS_MAX, sizeof(*maker.points));
	if (maker.points == NULL)
		return ERROR_MEMORY;
	start = build_all(&maker, making->trees + first, last - first);
	if (start == POINT_NONE)
		state = maker.result;
	else
		state = make_scratch(&maker);
	if (state == 0)
		state = make_states(&maker, start);
	if (state >= 0)
		state = keep_automaton(making, &maker, (uint16_t)state);
	free(maker.by_state);
	free(maker.next);
	free(maker.moves);
	hash_table_clear(&maker.subsets);
	arena_clear(&maker.arena);
	if (state != ERROR_FULL || last - first < 2)
		return state;
	state = make_automata(making, first, first + (last - first) / 2);
	return state != 0 ? state : make_automata(making, first + (last - first) / 2, last);
}

static void free_automata(struct number_automaton *automata, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)automata[i].bounds);
	free(automata);
}

int number_pattern_new(const char *const *texts, size_t count, const struct number_names *names,
	struct number_pattern **ret_pattern, struct error *error)
{
	struct arena arena = { 0 };
	struct number_node **trees = arena_take_array(&arena, count + 1, sizeof(*trees));
	struct number_pattern *pattern = calloc(1, sizeof(*pattern));
	struct making making = { .trees = trees };
	int result = 0;

	making.automata = calloc(count + 1, sizeof(*making.automata));
	if (trees == NULL || pattern == NULL || making.automata == NULL)
		result = error_set(error, ERROR_MEMORY, "out of memory");
	for (size_t i = 0; i < count && result == 0; i++)
		result = number_pattern_parse(texts[i], names, &arena, &trees[i], error);
	if (result == 0 && count > 0) {
		result = make_automata(&making, 0, count);
		if (result != 0)
			error_set(error, (enum error_code)result,
				result == ERROR_FULL ? "the pattern is too complex"
						     : "out of memory");
	}
	arena_clear(&arena);
	if (result != 0) {
		free_automata(making.automata, making.count);
		free(pattern);
		return result;
	}
	pattern->automata = making.automata;
	pattern->count = making.count;
	pattern->bytes = making.bytes + sizeof(*pattern) + count * sizeof(*making.automata);
	*ret_pattern = pattern;
	return 0;
}

void number_pattern_free(struct number_pattern *pattern)
{
	if (pattern == NULL)
		return;
	free_automata((struct number_automaton *)(uintptr_t)pattern->automata, pattern->count);
	free(pattern);
}

bool number_pattern_match(
	const struct number_pattern *pattern, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < pattern->count; i++) {
		const struct number_automaton *automaton = &pattern->automata[i];
		uint16_t state = automaton->start;

		for (size_t j = 0; j < count && state > NUMBER_STATE_FOUND; j++)
			state = number_automaton_step(automaton, state, numbers[j]);
		if (number_automaton_ends(automaton, state))
			return true;
	}
	return false;
}
