/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collisions in every interleaving: two speakers connect to each other, and each next step of
 * the network (a connection that stands, a message or an end that arrives) is chosen in every
 * possible order, up to a cap. After the last step time goes on, and it must end with one
 * session over one connection, soon.
 *
 * The orders are walked like a counter: the run follows the choices of the last one up to the
 * deepest that can be raised, raises it, and takes the first choice from there on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "route/speaker.h"

#define DEPTH_MAX 64
#define PIPE_MAX  8192

/* One TCP connection, from side `opener`. */
struct pipe_pair {
	bool under_way, open[2]; /* open: the end at side 0, 1 */
	bool ended[2];           /* that side has closed: its peer hears it behind the bytes */
	uint8_t bytes[2][PIPE_MAX];
	size_t length[2]; /* on the way to side 0, 1 */
};

struct side {
	struct world *world;
	int index;
	struct speaker *speaker;
	struct neighbor *neighbor;
	bool ready[CONNECTION_DIRECTIONS];
	unsigned established;
};

struct world {
	struct instant now;
	struct side sides[2];
	struct pipe_pair pipes[2]; /* by opener */
};

static struct world world;

/* The connection that a side sees in this direction. */
static struct pipe_pair *pipe_of(const struct side *side, enum connection_direction direction)
{
	int opener = direction == CONNECTION_OUTGOING ? side->index : 1 - side->index;

	return &side->world->pipes[opener];
}

static void on_connect(void *context, struct neighbor *neighbor)
{
	struct side *side = context;

	(void)neighbor;
	side->world->pipes[side->index].under_way = true;
}

static void end_at(struct pipe_pair *pipe, int side)
{
	pipe->open[side] = false;
	pipe->ended[side] = true;
	pipe->length[side] = 0;
}

static void on_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct side *side = context;
	struct pipe_pair *pipe = pipe_of(side, direction);
	int other = 1 - side->index;

	(void)neighbor;
	side->ready[direction] = false;
	if (direction == CONNECTION_OUTGOING && pipe->under_way) {
		pipe->under_way = false;
		return;
	}
	assert_true(pipe->open[side->index]);
	if (pipe->open[other] && length > 0) {
		assert_true(pipe->length[other] + length <= PIPE_MAX);
		memcpy(pipe->bytes[other] + pipe->length[other], last, length);
		pipe->length[other] += length;
	}
	end_at(pipe, side->index);
}

static void on_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct side *side = context;

	(void)neighbor;
	side->ready[direction] = true;
}

static void on_event(void *context, const struct speaker_event *event)
{
	struct side *side = context;

	side->established += event->type == SPEAKER_ESTABLISHED;
}

/* Everything that is due goes onto its way at once: only arrivals are a matter of order. */
static void pump(void)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];

	for (int s = 0; s < 2; s++)
		for (int d = 0; d < CONNECTION_DIRECTIONS; d++) {
			struct side *side = &world.sides[s];
			struct pipe_pair *pipe = pipe_of(side, (enum connection_direction)d);

			while (side->ready[d] && pipe->open[s]) {
				size_t length = speaker_output(side->speaker, side->neighbor,
					(enum connection_direction)d, buffer, sizeof(buffer),
					world.now);

				if (length == 0) {
					side->ready[d] = false;
					break;
				}
				if (pipe->open[1 - s]) {
					assert_true(pipe->length[1 - s] + length <= PIPE_MAX);
					memcpy(pipe->bytes[1 - s] + pipe->length[1 - s], buffer,
						length);
					pipe->length[1 - s] += length;
				}
				speaker_progress(side->speaker, side->neighbor,
					(enum connection_direction)d, true, world.now);
			}
		}
}

/* ---- The steps. ---- */

enum step_kind { STEP_CONNECT, STEP_DELIVER, STEP_END };

struct step {
	enum step_kind kind;
	int opener; /* of the connection */
	int side;   /* where it arrives */
};

static size_t steps_possible(struct step steps[8])
{
	size_t count = 0;

	for (int opener = 0; opener < 2; opener++) {
		const struct pipe_pair *pipe = &world.pipes[opener];

		if (pipe->under_way)
			steps[count++] = (struct step){ STEP_CONNECT, opener, 1 - opener };
		for (int side = 0; side < 2; side++)
			if (pipe->open[side] && pipe->length[side] > 0)
				steps[count++] = (struct step){ STEP_DELIVER, opener, side };
			else if (pipe->open[side] && pipe->ended[1 - side])
				steps[count++] = (struct step){ STEP_END, opener, side };
	}
	return count;
}

static struct connection_info info_of(int side)
{
	return (struct connection_info){ .local = address_ipv4(0xc0000201u + (uint32_t)side),
		.remote = address_ipv4(0xc0000202u - (uint32_t)side) };
}

static void connect_step(int opener)
{
	struct side *from = &world.sides[opener], *to = &world.sides[1 - opener];
	struct pipe_pair *pipe = &world.pipes[opener];
	struct connection_info here = info_of(opener), there = info_of(1 - opener);

	/* What the accepting side still holds of an older connection of this opener. */
	if (pipe->open[1 - opener]) {
		end_at(pipe, 1 - opener);
		speaker_closed(
			to->speaker, to->neighbor, CONNECTION_INCOMING, "reset", world.now);
	}
	pipe->under_way = false;
	if (!speaker_accept_begins(to->speaker, to->neighbor, world.now)) {
		speaker_connect_failed(from->speaker, from->neighbor, "refused", world.now);
		return;
	}
	*pipe = (struct pipe_pair){ .open = { true, true } };
	assert_true(speaker_accepted(to->speaker, to->neighbor, &there, world.now));
	speaker_connected(from->speaker, from->neighbor, &here, world.now);
}

static void deliver_step(struct pipe_pair *pipe, struct side *side, enum connection_direction d)
{
	size_t length =
		(size_t)(pipe->bytes[side->index][16] << 8) + pipe->bytes[side->index][17];
	uint8_t message[PIPE_MAX];

	assert_in_range(length, BGP_HEADER_SIZE, pipe->length[side->index]);
	memcpy(message, pipe->bytes[side->index], length);
	pipe->length[side->index] -= length;
	memmove(pipe->bytes[side->index], pipe->bytes[side->index] + length,
		pipe->length[side->index]);
	speaker_received(side->speaker, side->neighbor, d, message, length, world.now);
}

static void step_take(const struct step *step)
{
	struct pipe_pair *pipe = &world.pipes[step->opener];
	struct side *side = &world.sides[step->side];
	enum connection_direction direction =
		step->side == step->opener ? CONNECTION_OUTGOING : CONNECTION_INCOMING;

	if (step->kind == STEP_CONNECT) {
		connect_step(step->opener);
	} else if (step->kind == STEP_DELIVER) {
		deliver_step(pipe, side, direction);
	} else {
		end_at(pipe, step->side);
		speaker_closed(side->speaker, side->neighbor, direction, "closed", world.now);
	}
	pump();
}

/* ---- One run. ---- */

static void world_begin(const uint32_t router_ids[2], bool graceful_restart, uint64_t seed)
{
	world = (struct world){ .now = { 1000000000 } };
	for (int s = 0; s < 2; s++) {
		struct side *side = &world.sides[s];
		struct speaker_settings settings = { .asn = 64500 + (uint32_t)s,
			.router_id = router_ids[s],
			.seed = seed * 2 + (uint64_t)s };
		struct neighbor_settings neighbor = { .name = "other",
			.asn = 64501 - (uint32_t)s,
			.local_asn = 64500 + (uint32_t)s,
			.address = info_of(s).remote,
			.role = BGP_ROLE_NONE,
			.families = { true, true },
			.capabilities = true,
			.hold_time = duration_seconds(90),
			.keepalive = duration_seconds(30),
			.connect_retry = duration_seconds(5),
			.graceful_restart = graceful_restart,
			.restart_preserve = graceful_restart,
			.restart_time_s = 120,
			.stale_time = duration_seconds(360),
			.import = true };
		struct speaker_sink sink = { side, on_connect, on_disconnect, on_output_ready,
			on_event };

		side->world = &world;
		side->index = s;
		side->speaker = speaker_new(&settings, &sink);
		side->neighbor = speaker_neighbor_add(side->speaker, &neighbor, world.now);
		assert_non_null(side->neighbor);
	}
}

static void world_end(void)
{
	speaker_free(world.sides[0].speaker);
	speaker_free(world.sides[1].speaker);
}

static enum session_state state_of(int side)
{
	struct neighbor_view view;

	speaker_neighbor_view(world.sides[side].neighbor, &view);
	return view.state;
}

static bool one_session(void)
{
	unsigned whole = 0, halves = 0;

	for (int opener = 0; opener < 2; opener++) {
		const struct pipe_pair *pipe = &world.pipes[opener];

		whole += pipe->open[0] && pipe->open[1];
		halves += pipe->open[0] != pipe->open[1];
	}
	return state_of(0) == SESSION_ESTABLISHED && state_of(1) == SESSION_ESTABLISHED &&
	       whole == 1 && halves == 0;
}

static void clock_step(void)
{
	struct instant next = instant_earlier(speaker_deadline(world.sides[0].speaker),
		speaker_deadline(world.sides[1].speaker));

	world.now = next;
	for (int s = 0; s < 2; s++)
		speaker_tick(world.sides[s].speaker, world.now);
	pump();
}

struct choices {
	uint8_t taken[DEPTH_MAX], possible[DEPTH_MAX];
	size_t depth;
};

/* Follow the choices, then the first of each; gives how many there were. */
static void run_orders(struct choices *choices)
{
	struct step steps[8];
	size_t possible, depth = 0;

	while (depth < DEPTH_MAX && (possible = steps_possible(steps)) > 0) {
		if (depth >= choices->depth)
			choices->taken[depth] = 0;
		choices->possible[depth] = (uint8_t)possible;
		step_take(&steps[choices->taken[depth]]);
		depth++;
	}
	choices->depth = depth;
}

/* False: all orders were walked. */
static bool choices_next(struct choices *choices)
{
	while (choices->depth > 0) {
		size_t last = choices->depth - 1;

		if (++choices->taken[last] < choices->possible[last])
			return true;
		choices->depth--;
	}
	return false;
}

/* Time goes on until both are up; milliseconds that it took. */
static int64_t settle_time(void)
{
	struct instant began = world.now;
	struct step steps[8];

	for (int i = 0; i < 1000; i++) {
		while (steps_possible(steps) > 0)
			step_take(&steps[0]);
		if (one_session())
			return duration_to_ms(instant_since(world.now, began));
		clock_step();
	}
	fail_msg("no session: %s, %s", session_state_name(state_of(0)),
		session_state_name(state_of(1)));
	return -1;
}

static void walk(const uint32_t router_ids[2], bool graceful_restart, unsigned cap)
{
	struct choices choices = { .depth = 0 };
	unsigned runs = 0, at_once = 0, collided = 0;

	do {
		struct neighbor_view view;
		int64_t took;

		world_begin(router_ids, graceful_restart, runs + 1);
		run_orders(&choices);
		took = settle_time();
		at_once += took == 0;
		/* Two failures in a row at the worst, each waits at most a second. */
		if (took > 10000)
			fail_msg("run %u took %lld ms", runs, (long long)took);
		speaker_neighbor_view(world.sides[0].neighbor, &view);
		collided += view.counters[COUNTER_COLLISIONS] > 0;
		world_end();
		runs++;
	} while (choices_next(&choices) && runs < cap);
	print_message("%u orders, %u with a collision, %u up without waiting\n", runs, collided,
		at_once);
	assert_true(collided > 0);
	assert_true(at_once > runs / 2);
}

static void every_order(void **state)
{
	static const uint32_t identifiers[][2] = { { 1, 2 }, { 2, 1 }, { 7, 7 } };

	(void)state;
	for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++)
		for (int graceful_restart = 0; graceful_restart < 2; graceful_restart++)
			walk(identifiers[i], graceful_restart, 6000);
}

/* Orders beyond the cap, at random. */
static void random_orders(void **state)
{
	struct random random = { 7 };

	(void)state;
	for (unsigned run = 0; run < 10000; run++) {
		uint32_t identifiers[2] = { 1 + random_below(&random, 3),
			1 + random_below(&random, 3) };
		struct step steps[8];
		size_t possible;

		world_begin(identifiers, run % 2, run);
		while ((possible = steps_possible(steps)) > 0)
			step_take(&steps[random_below(&random, (uint32_t)possible)]);
		assert_in_range(settle_time(), 0, 10000);
		world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order),
		cmocka_unit_test(random_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
