/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brain's invariants (see the essay in src/service/brain.c) under thousands of random
 * stories. Each story is a seed: it can be run again with `property SEED`.
 *
 * The stories are hostile on purpose: the prober contradicts itself, verbs come at any moment,
 * reloads change the tree under a drain, several things happen in the same nanosecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/random.h"
#include "service/brain.h"

#define SERVICES 5
#define CHECKS   6
#define STEPS    150
#define SEEDS    4000

/* What an onlooker knows of a service, from the sink alone. */
struct seen {
	bool exists, told;
	struct intent intent;
	enum service_state state;
	struct instant last_announced; /* 0: never */
	bool ever_good;
	struct duration address_delay;
	size_t check_count, next_check_count;
};

struct world {
	struct brain *brain;
	struct random random;
	struct instant now;
	struct seen seen[SERVICES];
	uint64_t digest; /* of everything that was told */
	bool suspected;
	uint64_t seed;
	unsigned announcements, held, suspicions,
		unknowns; /* so that the test shows it tests */
};

#define hold(world, condition)                                                                \
	do {                                                                                  \
		if (!(condition))                                                             \
			fail_msg("seed %llu, %lld ms: %s", (unsigned long long)(world)->seed, \
				(long long)duration_to_ms(instant_since(                      \
					(world)->now, (struct instant){ 1000000000 })),       \
				#condition);                                                  \
	} while (0)

static void digest_add(struct world *world, const void *bytes, size_t length)
{
	const struct hash_seed seed = { world->digest, 1 };

	world->digest = hash_bytes(&seed, bytes, length);
}

static void on_intent(
	void *context, size_t service, const struct intent *intent, const char *reason)
{
	struct world *world = context;
	struct seen *seen = &world->seen[service];
	unsigned flags = intent->address | (unsigned)intent->announce << 1 |
			 (unsigned)intent->degraded << 2 |
			 (unsigned)intent->graceful_shutdown << 3 | intent->drain_prepend << 4;

	hold(world, service < SERVICES);
	hold(world, reason != NULL && reason[0] != '\0');
	hold(world, !intent->announce || intent->address);
	hold(world, intent->announce || (!intent->degraded && !intent->graceful_shutdown &&
						intent->drain_prepend == 0));
	hold(world, !intent->announce || seen->ever_good || seen->check_count == 0 ||
			    seen->next_check_count == 0);
	if (seen->told && seen->intent.announce)
		seen->last_announced = world->now;
	if (seen->exists && seen->told && seen->intent.address && !intent->address &&
		instant_is_set(seen->last_announced))
		hold(world,
			instant_reached(instant_add(seen->last_announced, seen->address_delay),
				world->now));
	world->announcements += intent->announce;
	seen->ever_good |= intent->announce;
	seen->intent = *intent;
	seen->told = true;
	digest_add(world, &flags, sizeof(flags));
	digest_add(world, reason, strlen(reason));
}

static void on_changed(void *context, const struct service_change *change)
{
	struct world *world = context;
	struct seen *seen = &world->seen[change->service];

	hold(world, change->reason != NULL && change->reason[0] != '\0');
	hold(world, change->evidence != NULL);
	hold(world, change->old_state == seen->state);
	hold(world, change->new_state != change->old_state ||
			    change->new_state == SERVICE_DRAINING ||
			    change->new_state == SERVICE_MAINTENANCE);
	hold(world, change->at.ns == world->now.ns);
	seen->state = change->new_state;
	world->held += change->new_state == SERVICE_HELD;
	world->unknowns += change->new_state == SERVICE_UNKNOWN;
	digest_add(world, &change->new_state, sizeof(change->new_state));
	digest_add(world, change->reason, strlen(change->reason));
}

static void on_persist(void *context)
{
	digest_add(context, "persist", 7);
}

static void on_suspect(void *context, bool suspected, const char *reason)
{
	struct world *world = context;

	hold(world, suspected != world->suspected);
	hold(world, reason[0] != '\0');
	world->suspected = suspected;
	world->suspicions += suspected;
}

static bool chance(struct world *world, unsigned percent)
{
	return random_below(&world->random, 100) < percent;
}

static unsigned any(struct world *world, unsigned bound)
{
	return random_below(&world->random, bound);
}

static struct duration some_ms(struct world *world, unsigned most)
{
	return duration_ms(chance(world, 25) ? 0 : (int64_t)any(world, most));
}

static void random_checks(
	struct world *world, struct brain_check_settings *checks, size_t *ret_count)
{
	size_t count = chance(world, 5) ? 0 : 1 + any(world, CHECKS);

	for (size_t i = 0; i < count; i++) {
		checks[i] = (struct brain_check_settings){ .parent = -1 };
		(void)snprintf(checks[i].name, sizeof(checks[i].name), "c%u", any(world, 9));
		checks[i].weight = any(world, 3);
		checks[i].degrades = chance(world, 15);
		if (i > 0 && chance(world, 40) && checks[i - 1].kind != CHECK_KIND_LEAF)
			checks[i].parent = (int)i - 1;
		else if (i > 0 && checks[i - 1].parent >= 0 && chance(world, 50))
			checks[i].parent = checks[i - 1].parent;
		if (i + 1 < count && chance(world, 25))
			checks[i].kind = chance(world, 50) ? CHECK_KIND_ALL : CHECK_KIND_ANY;
	}
	*ret_count = count;
}

static void random_settings(struct world *world, struct brain_service_settings *settings,
	struct brain_check_settings *checks)
{
	*settings = (struct brain_service_settings){
		.checks = checks,
		.minimum_weight = chance(world, 30) ? any(world, 4) : 0,
		.degraded_weight = chance(world, 30) ? any(world, 3) : 0,
		.maintenance = chance(world, 5),
		.degraded_withdraw = chance(world, 20),
		.hold_down = some_ms(world, 3000),
		.address_delay = some_ms(world, 2000),
		.unknown_hold = some_ms(world, 5000),
		.unknown_after = chance(world, 50) ? BRAIN_AFTER_KEEP : BRAIN_AFTER_WITHDRAW,
		.damping = chance(world, 70),
		.penalty = 1 + any(world, 2000),
		.suppress = 1 + any(world, 4000),
		.reuse = any(world, 2000),
		.half_life = duration_ms(1 + any(world, 20000)),
		.suppress_maximum = duration_ms(1 + any(world, 30000)),
		.drain_graceful = chance(world, 50),
		.drain_graceful_time = some_ms(world, 3000),
		.drain_prepend = any(world, 3),
		.drain_prepend_time = some_ms(world, 3000),
		.drain_wait = some_ms(world, 2000),
	};
	random_checks(world, checks, &settings->check_count);
}

/* A host restores before it tells anybody what the brain intends. */
static void do_restore(struct world *world, size_t index)
{
	world->seen[index].intent = (struct intent){ .address = false };
	hold(world, brain_drain_restore(
			    world->brain, index, "before", world->now, world->now) == 0);
	hold(world, !world->seen[index].intent.announce && !world->seen[index].intent.address);
}

static void do_set(struct world *world)
{
	struct brain_check_settings checks[CHECKS];
	struct brain_service_settings settings;
	struct seen *seen;
	size_t expected, index;
	unsigned number = any(world, SERVICES);

	random_settings(world, &settings, checks);
	(void)snprintf(settings.name, sizeof(settings.name), "s%u", number);
	expected = brain_service_find(world->brain, settings.name);
	/* The onlooker has to know the number before the sink is called. */
	for (index = 0; expected == SIZE_MAX && index < SERVICES; index++) {
		if (!world->seen[index].exists)
			break;
	}
	seen = &world->seen[expected == SIZE_MAX ? index : expected];
	if (expected == SIZE_MAX)
		*seen = (struct seen){ .state = SERVICE_INIT };
	if (!seen->exists || settings.address_delay.ns < seen->address_delay.ns)
		seen->address_delay = settings.address_delay;
	seen->next_check_count = settings.check_count;
	if (brain_service_set(world->brain, &settings, world->now, &index) != 0)
		return; /* a group without children: refused, and nothing changed */
	seen->check_count = settings.check_count;
	hold(world, &world->seen[index] == seen);
	seen->exists = true;
	hold(world, seen->told);
	if (expected == SIZE_MAX && chance(world, 20))
		do_restore(world, index);
}

static void do_remove(struct world *world)
{
	unsigned index = any(world, SERVICES);

	if (!world->seen[index].exists)
		return;
	world->seen[index].exists = false; /* the host sees to the address now */
	hold(world, brain_service_remove(world->brain, index, world->now) == 0);
	hold(world, !world->seen[index].intent.announce && !world->seen[index].intent.address);
}

static void do_check(struct world *world, unsigned index, bool mostly_bad)
{
	static const enum check_state good[] = { CHECK_STATE_UP, CHECK_STATE_UP, CHECK_STATE_UP,
		CHECK_STATE_RISING, CHECK_STATE_DEGRADED };
	static const enum check_state bad[] = { CHECK_STATE_DOWN, CHECK_STATE_FALLING,
		CHECK_STATE_UNKNOWN, CHECK_STATE_INIT };
	enum check_state state =
		chance(world, mostly_bad ? 20 : 75) ? good[any(world, 5)] : bad[any(world, 4)];
	struct seen *seen = &world->seen[index];
	size_t check = any(world, CHECKS);
	struct check_view view;

	if (brain_check_view(world->brain, index, check, world->now, &view) &&
		view.kind == CHECK_KIND_LEAF &&
		(state == CHECK_STATE_UP || state == CHECK_STATE_DEGRADED))
		seen->ever_good = true;
	brain_check(
		world->brain, index, check, state, chance(world, 20), "evidence", world->now);
}

static void do_verb(struct world *world)
{
	unsigned index = any(world, SERVICES);

	switch (any(world, 3)) {
	case 0:
		(void)brain_drain(world->brain, index, "by chance", world->now);
		break;
	case 1:
	case 2:
		(void)brain_undrain(world->brain, index, world->now);
		break;
	default:
		break;
	}
}

static void do_checker(struct world *world)
{
	if (chance(world, 40))
		brain_checker_lost(world->brain, "by chance", world->now);
	else
		brain_checker_back(world->brain, world->now);
}

static void all_checks(
	struct world *world, size_t index, enum check_state state, bool conclusive)
{
	for (size_t j = 0; j < CHECKS; j++) {
		world->seen[index].ever_good |= state == CHECK_STATE_UP;
		brain_check(world->brain, index, j, state, conclusive, "", world->now);
	}
}

/* A service that dies and is started anew: what flap damping is for. */
static void do_crashes(struct world *world)
{
	unsigned index = any(world, SERVICES);

	for (unsigned i = any(world, 5); i > 0; i--) {
		all_checks(world, index, CHECK_STATE_DOWN, true);
		world->now = instant_add(world->now, (struct duration){ 1 });
		all_checks(world, index, CHECK_STATE_UP, false);
	}
}

static void do_calm(struct world *world)
{
	for (size_t i = 0; i < SERVICES; i++)
		all_checks(world, i, CHECK_STATE_UP, false);
}

/* Everything fails in the same moment: the governor's case. */
static void do_storm(struct world *world)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		for (unsigned j = 0; j < 2 * CHECKS; j++)
			do_check(world, i, true);
	}
}

static void do_settings(struct world *world)
{
	const struct brain_settings settings = {
		.panic_threshold_percent = any(world, 101),
		.panic_window = some_ms(world, 500),
		.panic_hold = some_ms(world, 3000),
	};

	brain_change(world->brain, &settings, world->now);
}

static void view_check(struct world *world, size_t index)
{
	struct seen *seen = &world->seen[index];
	struct service_view view;
	bool exists = brain_service_view(world->brain, index, &view);

	hold(world, exists == seen->exists);
	if (!exists)
		return;
	hold(world, view.state == seen->state);
	hold(world, view.intent.announce == seen->intent.announce);
	hold(world, view.intent.address == seen->intent.address);
	if (view.intent.announce) {
		hold(world, view.state == SERVICE_UP || view.state == SERVICE_DEGRADED ||
				    view.state == SERVICE_FALLING ||
				    view.state == SERVICE_DRAINING ||
				    view.state == SERVICE_UNKNOWN);
		hold(world, view.drain_step < DRAIN_WITHDRAWN);
		hold(world, view.healthy || view.state == SERVICE_UNKNOWN ||
				    view.state == SERVICE_DRAINING);
	}
	if (view.state == SERVICE_UP)
		hold(world, view.intent.announce && view.wanted);
	if (view.state == SERVICE_HELD)
		hold(world, instant_before(world->now, view.held_until) && view.healthy);
	if (instant_is_set(view.held_until) && view.state != SERVICE_UNKNOWN)
		hold(world, instant_before(world->now, view.held_until));
	hold(world,
		(view.state == SERVICE_DRAINING) ==
			(view.drain_step != DRAIN_NONE && view.state != SERVICE_MAINTENANCE));
	hold(world, view.penalty >= 0);
	hold(world, view.reason[0] != '\0');
}

static void look(struct world *world)
{
	for (size_t i = 0; i < SERVICES; i++)
		view_check(world, i);
	hold(world, brain_suspected(world->brain) == world->suspected);
}

static void time_pass(struct world *world, struct instant until)
{
	struct instant deadline = brain_deadline(world->brain);

	while (instant_reached(deadline, until)) {
		hold(world, instant_reached(world->now, deadline));
		world->now = deadline;
		brain_tick(world->brain, world->now);
		look(world);
		deadline = brain_deadline(world->brain);
		hold(world, instant_before(world->now, deadline));
	}
	world->now = until;
}

static void step(struct world *world)
{
	unsigned what = any(world, 100);

	if (what < 40)
		do_check(world, any(world, SERVICES), false);
	else if (what < 50)
		do_calm(world);
	else if (what < 60)
		do_crashes(world);
	else if (what < 70)
		do_verb(world);
	else if (what < 80)
		do_set(world);
	else if (what < 83)
		do_remove(world);
	else if (what < 92)
		do_checker(world);
	else if (what < 97)
		do_storm(world);
	else
		do_settings(world);
	/* The host ticks when the brain says so, which may be at once. */
	time_pass(world, world->now);
	look(world);
	if (chance(world, 70))
		time_pass(world, instant_add(world->now, duration_ms(any(world, 1000))));
	if (chance(world, 3))
		time_pass(world, instant_add(world->now, duration_seconds(any(world, 60))));
}

/* With good words only and nothing in the way, everything comes back: every hold ends. */
static void recover(struct world *world)
{
	const struct instant limit = instant_add(world->now, duration_seconds(60));

	brain_checker_back(world->brain, world->now);
	for (size_t i = 0; i < SERVICES; i++)
		(void)brain_undrain(world->brain, i, world->now);
	while (instant_before(world->now, limit)) {
		do_calm(world);
		time_pass(world, instant_add(world->now, duration_ms(500)));
	}
	look(world);
	hold(world, !world->suspected);
}

static void recovered_check(struct world *world, size_t index)
{
	struct service_view view;

	if (!brain_service_view(world->brain, index, &view) ||
		view.state == SERVICE_MAINTENANCE || view.state == SERVICE_UP)
		return;
	/* More weight asked for than there is: the one thing that good words cannot mend. */
	hold(world, view.state == SERVICE_DOWN || view.state == SERVICE_DEGRADED);
	hold(world, strstr(view.reason, "weigh") != NULL);
}

static void story(uint64_t seed, struct world *world)
{
	const struct brain_sink sink = { world, on_intent, on_changed, on_persist, on_suspect };
	const struct brain_settings settings = { 0 };

	*world = (struct world){
		.seed = seed,
		.random.state = seed,
		.now = { 1000000000 },
	};
	world->brain = brain_new(&settings, &sink);
	assert_non_null(world->brain);
	do_settings(world);
	for (int i = 0; i < STEPS; i++)
		step(world);
	recover(world);
	for (size_t i = 0; i < SERVICES; i++)
		recovered_check(world, i);
	brain_free(world->brain);
}

static uint64_t only_seed;

static void test_stories(void **state)
{
	uint64_t first = only_seed != 0 ? only_seed : 1;
	uint64_t last = only_seed != 0 ? only_seed : SEEDS;
	unsigned long announcements = 0, held = 0, suspicions = 0, unknowns = 0;

	(void)state;
	for (uint64_t seed = first; seed <= last; seed++) {
		struct world world;

		story(seed, &world);
		announcements += world.announcements;
		held += world.held;
		suspicions += world.suspicions;
		unknowns += world.unknowns;
	}
	print_message("%lu announcements, %lu holds, %lu suspicions, %lu unknowns\n",
		announcements, held, suspicions, unknowns);
	if (only_seed == 0)
		assert_true(announcements > 10000 && held > 500 && suspicions > 500 &&
			    unknowns > 5000);
}

/* The same input gives the same output. */
static void test_repeatable(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct world one, two;

		story(seed, &one);
		story(seed, &two);
		assert_true(one.digest == two.digest);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_repeatable),
	};

	only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
