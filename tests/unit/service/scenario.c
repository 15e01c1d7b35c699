/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/brain.h"

#define WORDS_MAX 32

struct world {
	struct brain *brain;
	struct intent intents[8];
	size_t changes, persists;
	const char *line; /* for messages */
	int line_length;
};

#define check_that(world, condition, ...)                                               \
	do {                                                                            \
		if (!(condition)) {                                                     \
			print_error("in: %.*s\n", (world)->line_length, (world)->line); \
			fail_msg(__VA_ARGS__);                                          \
		}                                                                       \
	} while (0)

static struct instant at_ms(long ms)
{
	return instant_add((struct instant){ 1000000000 }, duration_ms(ms));
}

static void on_intent(
	void *context, size_t service, const struct intent *intent, const char *reason)
{
	struct world *world = context;

	assert_non_null(reason);
	assert_true(reason[0] != '\0');
	assert_true(!intent->announce || intent->address);
	world->intents[service] = *intent;
}

static void on_changed(void *context, const struct service_change *change)
{
	struct world *world = context;

	assert_true(change->reason[0] != '\0');
	assert_non_null(change->evidence);
	world->changes++;
}

static void on_persist(void *context)
{
	((struct world *)context)->persists++;
}

static void on_suspect(void *context, bool suspected, const char *reason)
{
	(void)context;
	(void)suspected;
	assert_true(reason[0] != '\0');
}

static enum check_state state_of(struct world *world, const char *word)
{
	for (int i = 0; i <= CHECK_STATE_UNKNOWN; i++) {
		if (strcmp(check_state_name((enum check_state)i), word) == 0)
			return (enum check_state)i;
	}
	check_that(world, false, "no check state %s", word);
	return CHECK_STATE_INIT;
}

static size_t service_of(struct world *world, const char *name)
{
	size_t index = brain_service_find(world->brain, name);

	check_that(world, index != SIZE_MAX, "no service %s", name);
	return index;
}

static size_t check_of(struct world *world, size_t service, const char *name)
{
	struct check_view view;

	for (size_t i = 0;
		brain_check_view(world->brain, service, i, (struct instant){ 0 }, &view); i++) {
		if (strcmp(view.name, name) == 0)
			return i;
	}
	check_that(world, false, "no check %s", name);
	return 0;
}

enum value_kind { NUMBER, FLAG, MS, AFTER };

#define KEY(key, member, kind)                                             \
	{                                                                  \
		key, offsetof(struct brain_service_settings, member), kind \
	}
static const struct {
	const char *key;
	size_t offset;
	enum value_kind kind;
} keys[] = {
	KEY("minimum", minimum_weight, NUMBER),
	KEY("degraded", degraded_weight, NUMBER),
	KEY("maintenance", maintenance, FLAG),
	KEY("degraded_withdraw", degraded_withdraw, FLAG),
	KEY("hold_down", hold_down, MS),
	KEY("address_delay", address_delay, MS),
	KEY("unknown_hold", unknown_hold, MS),
	KEY("unknown_after", unknown_after, AFTER),
	KEY("damping", damping, FLAG),
	KEY("penalty", penalty, NUMBER),
	KEY("suppress", suppress, NUMBER),
	KEY("reuse", reuse, NUMBER),
	KEY("half_life", half_life, MS),
	KEY("suppress_maximum", suppress_maximum, MS),
	KEY("graceful", drain_graceful, FLAG),
	KEY("graceful_time", drain_graceful_time, MS),
	KEY("prepend", drain_prepend, NUMBER),
	KEY("prepend_time", drain_prepend_time, MS),
	KEY("wait", drain_wait, MS),
};

static void check_parse(
	struct world *world, char *text, struct brain_check_settings *checks, size_t *count)
{
	struct brain_check_settings *check = &checks[*count];
	size_t length = strcspn(text, "@:*~");
	char *at = text + length;

	*check = (struct brain_check_settings){ .parent = -1, .weight = 1 };
	(void)snprintf(check->name, sizeof(check->name), "%.*s", (int)length, text);
	while (*at != '\0') {
		char what = *at++;

		length = strcspn(at, "@:*~");
		if (what == '~')
			check->degrades = true;
		if (what == '*')
			check->weight = (unsigned)strtoul(at, NULL, 10);
		if (what == ':')
			check->kind =
				strncmp(at, "all", 3) == 0 ? CHECK_KIND_ALL : CHECK_KIND_ANY;
		for (size_t i = 0; what == '@' && i < *count; i++) {
			if (strlen(checks[i].name) == length &&
				strncmp(checks[i].name, at, length) == 0)
				check->parent = (int)i;
		}
		check_that(world, what != '@' || check->parent >= 0, "no parent");
		at += length;
	}
	(*count)++;
}

static void setting_parse(
	struct world *world, struct brain_service_settings *settings, const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *target = (char *)settings + keys[i].offset;
		long value = strtol(word + length + 1, NULL, 10);
		unsigned number = (unsigned)value;
		struct duration duration = duration_ms(value);
		bool flag = value != 0;

		if (strlen(keys[i].key) != length || strncmp(keys[i].key, word, length) != 0)
			continue;
		if (keys[i].kind == NUMBER)
			memcpy(target, &number, sizeof(number));
		if (keys[i].kind == FLAG)
			memcpy(target, &flag, sizeof(flag));
		if (keys[i].kind == MS)
			memcpy(target, &duration, sizeof(duration));
		if (keys[i].kind == AFTER)
			settings->unknown_after = strcmp(word + length + 1, "withdraw") == 0
							  ? BRAIN_AFTER_WITHDRAW
							  : BRAIN_AFTER_KEEP;
		return;
	}
	check_that(world, false, "no setting %s", word);
}

static void do_service(struct world *world, char **words, size_t count, struct instant now)
{
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	struct brain_service_settings settings = { .checks = checks };
	size_t index;

	(void)snprintf(settings.name, sizeof(settings.name), "%s", words[0]);
	for (size_t i = 1; i < count; i++) {
		if (strncmp(words[i], "check=", 6) == 0)
			check_parse(world, words[i] + 6, checks, &settings.check_count);
		else
			setting_parse(world, &settings, words[i]);
	}
	check_that(world, brain_service_set(world->brain, &settings, now, &index) == 0,
		"not taken");
}

static void do_check(struct world *world, char **words, size_t count, struct instant now)
{
	size_t service = service_of(world, words[0]);

	brain_check(world->brain, service, check_of(world, service, words[1]),
		state_of(world, words[2]), count > 3 && strcmp(words[3], "!") == 0, "seen",
		now);
}

static void do_drain(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	check_that(world,
		brain_drain(world->brain, service_of(world, words[0]), "by hand", now) == 0,
		"not drained");
}

static void do_restore(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	check_that(world,
		brain_drain_restore(
			world->brain, service_of(world, words[0]), "before", now, now) == 0,
		"not restored");
}

static void do_undrain(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	check_that(world, brain_undrain(world->brain, service_of(world, words[0]), now) == 0,
		"not undrained");
}

static void do_remove(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	check_that(world,
		brain_service_remove(world->brain, service_of(world, words[0]), now) == 0,
		"not removed");
}

static void do_lost(struct world *world, char **words, size_t count, struct instant now)
{
	(void)words;
	(void)count;
	brain_checker_lost(world->brain, "killed by signal 9", now);
}

static void do_back(struct world *world, char **words, size_t count, struct instant now)
{
	(void)words;
	(void)count;
	brain_checker_back(world->brain, now);
}

static void do_panic(struct world *world, char **words, size_t count, struct instant now)
{
	struct brain_settings settings = {
		.panic_threshold_percent = (unsigned)strtoul(words[0], NULL, 10),
		.panic_window = duration_ms(strtol(words[1], NULL, 10)),
		.panic_hold = duration_ms(strtol(words[2], NULL, 10)),
	};

	(void)count;
	brain_change(world->brain, &settings, now);
}

static void do_expect(struct world *world, char **words, size_t count, struct instant now)
{
	size_t service = service_of(world, words[0]);
	struct intent expected = { 0 }, *told = &world->intents[service];
	struct service_view view;

	(void)now;
	for (size_t i = 2; i < count; i++) {
		expected.address |= strcmp(words[i], "address") == 0;
		expected.announce |= strcmp(words[i], "announce") == 0;
		expected.degraded |= strcmp(words[i], "degraded") == 0;
		expected.graceful_shutdown |= strcmp(words[i], "graceful") == 0;
		if (strncmp(words[i], "prepend=", 8) == 0)
			expected.drain_prepend = (unsigned)strtoul(words[i] + 8, NULL, 10);
	}
	check_that(world, brain_service_view(world->brain, service, &view), "no view");
	check_that(world, strcmp(service_state_name(view.state), words[1]) == 0,
		"state is %s: %s", service_state_name(view.state), view.reason);
	check_that(world,
		told->address == expected.address && told->announce == expected.announce &&
			told->degraded == expected.degraded &&
			told->graceful_shutdown == expected.graceful_shutdown &&
			told->drain_prepend == expected.drain_prepend,
		"intent is address %d announce %d degraded %d graceful %d prepend %u",
		told->address, told->announce, told->degraded, told->graceful_shutdown,
		told->drain_prepend);
}

static void do_reason(struct world *world, char **words, size_t count, struct instant now)
{
	struct service_view view;
	char text[BRAIN_REASON_MAX] = "";
	size_t length = 0;

	(void)now;
	for (size_t i = 1; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			i > 1 ? " " : "", words[i]);
	(void)brain_service_view(world->brain, service_of(world, words[0]), &view);
	check_that(world, strstr(view.reason, text) != NULL, "reason is: %s", view.reason);
}

static void do_flaps(struct world *world, char **words, size_t count, struct instant now)
{
	struct service_view view;

	(void)count;
	(void)now;
	(void)brain_service_view(world->brain, service_of(world, words[0]), &view);
	check_that(world, view.flaps == strtoul(words[1], NULL, 10), "flaps: %u", view.flaps);
}

static void do_step(struct world *world, char **words, size_t count, struct instant now)
{
	struct service_view view;

	(void)count;
	(void)now;
	(void)brain_service_view(world->brain, service_of(world, words[0]), &view);
	check_that(world, strcmp(drain_step_name(view.drain_step), words[1]) == 0, "step is %s",
		drain_step_name(view.drain_step));
}

static void do_healthy(struct world *world, char **words, size_t count, struct instant now)
{
	struct service_view view;

	(void)count;
	(void)now;
	(void)brain_service_view(world->brain, service_of(world, words[0]), &view);
	check_that(world, view.healthy == (strcmp(words[1], "yes") == 0), "healthy: %d",
		view.healthy);
}

static void do_suspected(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	(void)now;
	check_that(world, brain_suspected(world->brain) == (strcmp(words[0], "yes") == 0),
		"suspected: %d", brain_suspected(world->brain));
}

static void do_deadline(struct world *world, char **words, size_t count, struct instant now)
{
	struct instant deadline = brain_deadline(world->brain);
	struct instant expected = strcmp(words[0], "never") == 0
					  ? INSTANT_NEVER
					  : at_ms(strtol(words[0], NULL, 10));

	(void)count;
	(void)now;
	check_that(world, deadline.ns == expected.ns, "deadline is at %ld ms",
		(long)duration_to_ms(instant_since(deadline, at_ms(0))));
}

static void do_checkstate(struct world *world, char **words, size_t count, struct instant now)
{
	size_t service = service_of(world, words[0]);
	struct check_view view;

	(void)count;
	(void)brain_check_view(
		world->brain, service, check_of(world, service, words[1]), now, &view);
	check_that(world, strcmp(check_state_name(view.state), words[2]) == 0, "check is %s",
		check_state_name(view.state));
}

static void do_events(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	(void)now;
	check_that(world, world->changes == strtoul(words[0], NULL, 10), "events: %zu",
		world->changes);
}

static void do_persists(struct world *world, char **words, size_t count, struct instant now)
{
	(void)count;
	(void)now;
	check_that(world, world->persists == strtoul(words[0], NULL, 10), "persists: %zu",
		world->persists);
}

static const struct {
	const char *name;
	size_t words; /* at least */
	void (*run)(struct world *world, char **words, size_t count, struct instant now);
} commands[] = {
	{ "service", 1, do_service },
	{ "check", 3, do_check },
	{ "drain", 1, do_drain },
	{ "restore", 1, do_restore },
	{ "undrain", 1, do_undrain },
	{ "remove", 1, do_remove },
	{ "lost", 0, do_lost },
	{ "back", 0, do_back },
	{ "panic", 3, do_panic },
	{ "expect", 2, do_expect },
	{ "reason", 2, do_reason },
	{ "flaps", 2, do_flaps },
	{ "step", 2, do_step },
	{ "healthy", 2, do_healthy },
	{ "suspected", 1, do_suspected },
	{ "deadline", 1, do_deadline },
	{ "checkstate", 3, do_checkstate },
	{ "events", 1, do_events },
	{ "persists", 1, do_persists },
};

/* As a host does: tick at every deadline on the way. */
static void time_pass(struct world *world, struct instant now)
{
	struct instant deadline = brain_deadline(world->brain);

	while (instant_reached(deadline, now)) {
		struct instant next;

		brain_tick(world->brain, deadline);
		next = brain_deadline(world->brain);
		check_that(world, instant_before(deadline, next), "the deadline stands still");
		deadline = next;
	}
}

static void line_run(struct world *world, char *line)
{
	char *words[WORDS_MAX], *save = NULL;
	size_t count = 0;
	struct instant now;

	for (char *word = strtok_r(line, " \t", &save); word != NULL && count < WORDS_MAX;
		word = strtok_r(NULL, " \t", &save))
		words[count++] = word;
	if (count == 0 || words[0][0] == '#')
		return;
	now = at_ms(strtol(words[0], NULL, 10));
	/* A host restores before it ticks. */
	time_pass(world, count > 1 && strcmp(words[1], "restore") == 0
				 ? instant_add(now, (struct duration){ -1 })
				 : now);
	for (size_t i = 0; count > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, words[1]) != 0)
			continue;
		check_that(world, count - 2 >= commands[i].words, "too few words");
		commands[i].run(world, words + 2, count - 2, now);
		return;
	}
	check_that(world, false, "no such command");
}

void scenario_run(const char *story)
{
	struct world world = { 0 };
	const struct brain_sink sink = {
		.context = &world,
		.intent = on_intent,
		.changed = on_changed,
		.persist = on_persist,
		.suspect = on_suspect,
	};
	const struct brain_settings settings = { 0 };

	world.brain = brain_new(&settings, &sink);
	assert_non_null(world.brain);
	for (const char *at = story; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		char line[512];

		world.line = at;
		world.line_length = (int)length;
		(void)snprintf(line, sizeof(line), "%.*s", (int)length, at);
		line_run(&world, line);
		at += length + (at[length] == '\n');
	}
	brain_free(world.brain);
}
