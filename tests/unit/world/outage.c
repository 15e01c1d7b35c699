/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outages and changes of site, from stories: a letter is a request that this site answered, a
 * dot one that was lost; one a millisecond, answered 5 ms later. "|" begins the measured
 * interval.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "world/outage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define START_MS     1000

static void tell(struct outage *outage, const char *story)
{
	bool measured = strchr(story, '|') == NULL;
	int64_t ms = START_MS;

	for (; *story != '\0'; story++) {
		struct outage_request request = { .sent = { duration_ms(ms).ns } };

		if (*story == '|') {
			outage_mark(outage);
			measured = true;
			continue;
		}
		if (*story != '.') {
			request.site = (uint16_t)*story;
			request.answered.ns = duration_ms(ms + 5).ns;
		}
		outage_add(outage, &request, measured);
		ms++;
	}
}

/* "A>B 3 at 4, ..." : from, to, lost between, when the first of the new site was sent. */
static void changes_print(const struct outage *outage, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < outage_changes_kept(outage); i++) {
		const struct outage_change *change = &outage->changes[i];

		assert_int_equal(change->from, change->last_old.site);
		assert_int_equal(change->to, change->first_new.site);
		assert_int_equal(change->first_new.answered.ns,
			change->first_new.sent.ns + duration_ms(5).ns);
		at += (size_t)snprintf(text + at, size - at, "%s%c>%c %u at %d-%d",
			i == 0 ? "" : ", ", change->from, change->to, (unsigned)change->lost,
			(int)(change->last_old.sent.ns / 1000000 - START_MS),
			(int)(change->first_new.sent.ns / 1000000 - START_MS));
	}
}

static void test_stories(void **state)
{
	static const struct {
		const char *story;
		unsigned longest_ms, longest_lost, runs; /* of those that are over */
		bool open;
		const char *changes;
	} rows[] = {
		{ "", 0, 0, 0, false, "" },
		{ "A", 0, 0, 0, false, "" },
		{ "AAAA", 0, 0, 0, false, "" },
		{ "A.A", 1, 1, 1, false, "" },
		{ "AA...AA", 3, 3, 1, false, "" },
		/* lost before the first answer: an outage, and no change */
		{ "..AA", 2, 2, 1, false, "" },
		/* not over: only what is known, from the first lost to the last lost */
		{ "AA...", 2, 3, 0, true, "" },
		{ ".", 0, 1, 0, true, "" },
		{ "...", 2, 3, 0, true, "" },
		/* the present run is longer than the one before, and the other way round */
		{ "A.A....", 3, 4, 1, true, "" },
		{ "A....A..", 4, 4, 1, false, "" },
		/* changes */
		{ "AAAA....BBB", 4, 4, 1, false, "A>B 4 at 3-8" },
		{ "AABB", 0, 0, 0, false, "A>B 0 at 1-2" },
		{ "A.AB", 1, 1, 1, false, "A>B 0 at 2-3" },
		/* a last gasp of the old site splits the outage */
		{ "AA..A.BB", 2, 2, 2, false, "A>B 1 at 4-6" },
		{ "ABAB", 0, 0, 0, false, "A>B 0 at 0-1, B>A 0 at 1-2, A>B 0 at 2-3" },
		{ "AA..BB.AA", 2, 2, 2, false, "A>B 2 at 1-4, B>A 1 at 5-7" },
		/* only what was sent in the interval is measured ... */
		{ "A...|.A", 1, 1, 1, false, "" },
		{ "AB..A|AAA", 0, 0, 0, false, "" },
		{ "A..|", 0, 0, 0, false, "" },
		/* ... but who answered before is known */
		{ "AAAA|BB", 0, 0, 0, false, "A>B 0 at 3-4" },
		{ "AA..|..BB", 2, 2, 1, false, "A>B 2 at 1-6" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outage outage = { 0 };
		struct outage_span longest;
		char changes[512];

		tell(&outage, rows[i].story);
		longest = outage_longest(&outage);
		changes_print(&outage, changes, sizeof(changes));
		if (outage_span_length(&longest).ns != duration_ms(rows[i].longest_ms).ns ||
			longest.lost != rows[i].longest_lost ||
			outage.span_count != rows[i].runs || longest.open != rows[i].open)
			fail_msg("%s: %lld ns, %llu lost, %llu runs", rows[i].story,
				(long long)outage_span_length(&longest).ns,
				(unsigned long long)longest.lost,
				(unsigned long long)outage.span_count);
		assert_string_equal(changes, rows[i].changes);
	}
}

/* The first changes are kept, and the newest. */
static void test_many_changes(void **state)
{
	struct outage outage = { 0 };

	(void)state;
	tell(&outage, "ABCDEFGHIJKLM.N");
	assert_int_equal(outage.change_count, 13);
	assert_int_equal(outage_changes_kept(&outage), OUTAGE_CHANGES_MAX);
	assert_int_equal(outage.changes[0].from, 'A');
	assert_int_equal(outage.changes[OUTAGE_CHANGES_MAX - 2].from, 'G');
	assert_int_equal(outage.changes[OUTAGE_CHANGES_MAX - 1].from, 'M');
	assert_int_equal(outage.changes[OUTAGE_CHANGES_MAX - 1].to, 'N');
	assert_int_equal(outage.changes[OUTAGE_CHANGES_MAX - 1].lost, 1);
	outage_mark(&outage);
	assert_int_equal(outage_changes_kept(&outage), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_many_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
