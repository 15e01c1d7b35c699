/* SPDX-License-Identifier: Apache-2.0 */
/* A client's requests: their fates, ids that come round again, intervals, sites. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/random.h"
#include "world/asker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct instant at_ms(int64_t ms)
{
	return (struct instant){ duration_ms(1000 + ms).ns };
}

static struct asker *make(uint32_t room)
{
	struct asker *asker = asker_new(room, duration_ms(100), at_ms(0));

	assert_non_null(asker);
	return asker;
}

static uint16_t ask(struct asker *asker, int64_t ms)
{
	uint16_t id;

	assert_int_equal(asker_send(asker, at_ms(ms), &id), 0);
	return id;
}

static enum asker_answer answer(struct asker *asker, uint16_t id, int64_t ms, const char *site)
{
	return asker_answer(asker, id, at_ms(ms), site, strlen(site));
}

static struct client_report report(struct asker *asker, int64_t ms)
{
	struct client_report r;

	asker_expire(asker, at_ms(ms));
	asker_report(asker, at_ms(ms), &r);
	assert_int_equal(r.sent, r.answered + r.lost + r.waiting);
	return r;
}

static void test_fates(void **state)
{
	struct asker *asker = make(64);
	struct client_report r;
	uint16_t ids[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		ids[i] = ask(asker, i);
	assert_int_equal(answer(asker, ids[1], 11, "east"), ASKER_ANSWERED);
	assert_int_equal(answer(asker, ids[1], 12, "east"), ASKER_STRANGE); /* twice */
	assert_int_equal(answer(asker, 4711, 12, "east"), ASKER_STRANGE);
	asker_fail(asker, ids[2]);
	asker_fail(asker, ids[1]); /* too late to fail */
	asker_strange(asker);
	asker_hold_back(asker, 2);
	assert_int_equal(answer(asker, ids[3], 43, "west"), ASKER_ANSWERED);

	r = report(asker, 50);
	assert_int_equal(r.sent, 6);
	assert_int_equal(r.answered, 2);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.failed, 1);
	assert_int_equal(r.waiting, 3);
	assert_int_equal(r.strange, 3);
	assert_int_equal(r.held_back, 2);
	assert_int_equal(r.rtt_least.ns, duration_ms(10).ns);
	assert_int_equal(r.rtt_greatest.ns, duration_ms(40).ns);
	assert_int_equal(r.rtt_mean.ns, duration_ms(25).ns);
	assert_int_equal(r.decided_until.ns, at_ms(0).ns); /* the first still waits */
	assert_int_equal(r.change_count, 0);               /* so nothing is known behind it */
	assert_int_equal(r.silence.ns, duration_ms(32).ns);
	assert_string_equal(r.sites[r.site_now].name, "west");

	/* at 100 ms the first is lost, at 104 and 105 the last two */
	r = report(asker, 99);
	assert_int_equal(r.lost, 1);
	r = report(asker, 100);
	assert_int_equal(r.lost, 2);
	assert_int_equal(r.change_count, 1);
	assert_int_equal(r.changes[0].lost, 1);
	assert_int_equal(r.changes[0].last_old.answered.ns, at_ms(11).ns);
	assert_int_equal(r.changes[0].first_new.sent.ns, at_ms(3).ns);
	assert_int_equal(r.decided_until.ns, at_ms(4).ns);
	r = report(asker, 105);
	assert_int_equal(r.lost, 4);
	assert_int_equal(r.waiting, 0);
	assert_true(r.outage.open);
	assert_int_equal(r.outage.lost, 2);
	assert_int_equal(r.outage_count, 3);
	assert_int_equal(r.silence.ns, duration_ms(62).ns); /* since the answer at 43 */
	assert_int_equal(answer(asker, ids[5], 107, "east"), ASKER_LATE);
	assert_int_equal(report(asker, 108).late, 1);
	assert_int_equal(report(asker, 108).lost, 4);
	asker_free(asker);
}

static void test_room(void **state)
{
	struct asker *asker = make(3); /* rounded up to 4 */
	uint16_t id, first = ask(asker, 0);

	(void)state;
	for (int i = 0; i < 3; i++)
		ask(asker, 1);
	assert_int_equal(asker_send(asker, at_ms(2), &id), ERROR_FULL);
	assert_int_equal(report(asker, 2).held_back, 1);
	assert_int_equal(report(asker, 2).sent, 4);
	assert_int_equal(asker_resize(asker, 2, duration_ms(100)), ERROR_RANGE);
	/* what is on the way survives a new ring */
	assert_int_equal(asker_resize(asker, 100, duration_ms(50)), 0);
	assert_int_equal(answer(asker, first, 3, "a"), ASKER_ANSWERED);
	assert_int_equal(asker_on_way(asker), 3);
	ask(asker, 10);
	assert_int_equal(report(asker, 50).lost, 0);
	assert_int_equal(report(asker, 51).lost, 3); /* the new timeout */
	asker_free(asker);
}

/* Ids are 16 bits; requests are not. */
static void test_ids_come_round(void **state)
{
	struct asker *asker = make(16);
	uint16_t first = ask(asker, 0), id;

	(void)state;
	assert_int_equal(answer(asker, first, 0, "a"), ASKER_ANSWERED);
	for (int i = 1; i < 200000; i++) {
		id = ask(asker, i);
		assert_int_equal(id, (uint16_t)(first + i));
		assert_int_equal(answer(asker, id, i, i % 2 == 0 ? "a" : "b"), ASKER_ANSWERED);
	}
	assert_int_equal(report(asker, 200000).answered, 200000);
	assert_int_equal(report(asker, 200000).change_count, 199999);
	assert_int_equal(asker_on_way(asker), 0);
	asker_free(asker);
}

static void test_intervals(void **state)
{
	struct asker *asker = make(64);
	uint16_t before, lost, after;
	struct client_report r;

	(void)state;
	assert_false(instant_is_set(asker_first_answer(asker)));
	answer(asker, ask(asker, 0), 5, "east");
	assert_int_equal(asker_first_answer(asker).ns, at_ms(5).ns);
	before = ask(asker, 1);
	lost = ask(asker, 2);
	asker_mark(asker, at_ms(10));
	/* nothing that was sent before counts, but who answered then is known */
	assert_int_equal(answer(asker, before, 11, "east"), ASKER_ANSWERED);
	assert_false(instant_is_set(asker_first_answer(asker)));
	after = ask(asker, 12);
	r = report(asker, 102);
	assert_int_equal(r.sent, 1);
	assert_int_equal(r.answered, 0);
	assert_int_equal(r.lost, 0);
	assert_int_equal(answer(asker, lost, 103, "east"), ASKER_LATE);
	assert_int_equal(report(asker, 103).late, 0);
	assert_int_equal(answer(asker, after, 104, "west"), ASKER_ANSWERED);
	r = report(asker, 120);
	assert_int_equal(r.since.ns, at_ms(10).ns);
	assert_int_equal(r.until.ns, at_ms(120).ns);
	assert_int_equal(r.answered, 1);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.outage_count, 0);
	assert_int_equal(r.change_count, 1);
	assert_int_equal(r.changes[0].last_old.answered.ns, at_ms(11).ns);
	assert_int_equal(r.changes[0].lost, 0);
	assert_int_equal(r.rtt_median.ns, duration_ms(92).ns);
	assert_int_equal(r.site_count, 2);
	assert_string_equal(r.sites[0].name, "east");
	assert_int_equal(r.sites[0].answered, 0);
	assert_int_equal(r.sites[1].answered, 1);
	assert_int_equal(asker_first_answer(asker).ns, at_ms(104).ns);
	asker_free(asker);
}

/* Silence is owed an answer: none while nothing is asked. */
static void test_silence(void **state)
{
	struct asker *asker = make(64);

	(void)state;
	assert_int_equal(report(asker, 1000).silence.ns, 0);
	answer(asker, ask(asker, 1000), 1007, "a");
	assert_int_equal(report(asker, 1500).silence.ns, duration_ms(7).ns);
	asker_mark(asker, at_ms(2000));
	assert_int_equal(report(asker, 2500).silence.ns, 0);
	ask(asker, 3000);
	assert_int_equal(report(asker, 3050).silence.ns, duration_ms(50).ns);
	asker_free(asker);
}

static void test_names(void **state)
{
	struct asker *asker = make(64);
	struct client_report r;
	char name[200];

	(void)state;
	answer(asker, ask(asker, 0), 0, "");
	memset(name, 'x', sizeof(name));
	asker_answer(asker, ask(asker, 0), at_ms(0), name, sizeof(name));
	asker_answer(asker, ask(asker, 0), at_ms(0), "a\0b", 3);
	r = report(asker, 0);
	assert_int_equal(r.site_count, 3);
	assert_string_equal(r.sites[0].name, ASKER_SITE_UNNAMED);
	assert_int_equal(strlen(r.sites[1].name), ASKER_NAME_MAX - 1);
	assert_string_equal(r.sites[2].name, "a");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "site-%d", i);
		answer(asker, ask(asker, 1), 1, name);
	}
	r = report(asker, 1);
	assert_int_equal(r.site_count, ASKER_SITES_MAX);
	assert_string_equal(r.sites[ASKER_SITES_MAX - 1].name, ASKER_SITE_OTHERS);
	assert_int_equal(r.sites[ASKER_SITES_MAX - 1].answered, 100 - (ASKER_SITES_MAX - 4));
	asker_free(asker);
}

/* An answer that the clock puts before its request took no time. */
static void test_clock_steps(void **state)
{
	struct asker *asker = make(64);

	(void)state;
	answer(asker, ask(asker, 50), 40, "a");
	assert_int_equal(report(asker, 60).rtt_greatest.ns, 0);
	assert_int_equal(report(asker, 60).silence.ns, 0);
	asker_free(asker);
}

/* Beside a model that keeps every request for ever. */
static void test_beside_a_model(void **state)
{
	enum { REQUESTS = 3000 };
	static struct {
		int64_t sent, when; /* ms; when: of its fate */
		enum { MODEL_WAITS, MODEL_ANSWERED, MODEL_LOST } fate;
		char site;
	} model[REQUESTS];

	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct random random = { seed };
		struct asker *asker = make(256);
		struct client_report r;
		struct outage outage = { 0 };
		uint64_t answered = 0, lost = 0;
		int64_t ms = 0;

		for (int i = 0; i < REQUESTS; i++) {
			ms += random_below(&random, 3);
			asker_expire(asker, at_ms(ms));
			model[i].sent = ms;
			model[i].fate = MODEL_WAITS;
			assert_int_equal(ask(asker, ms), (uint16_t)i);
			for (int j = i; j >= 0 && j > i - 60; j--) {
				char site[2] = { (char)('a' + ms / 300 % 3), '\0' };

				if (model[j].fate != MODEL_WAITS || ms - model[j].sent >= 100 ||
					random_below(&random, 20) != 0)
					continue;
				model[j].fate = MODEL_ANSWERED;
				model[j].when = ms;
				model[j].site = site[0];
				assert_int_equal(
					answer(asker, (uint16_t)j, ms, site), ASKER_ANSWERED);
			}
		}
		for (int i = 0; i < REQUESTS; i++) {
			struct outage_request request = { .sent = at_ms(model[i].sent) };

			if (model[i].fate == MODEL_ANSWERED) {
				request.answered = at_ms(model[i].when);
				request.site = (uint16_t)model[i].site;
				answered++;
			} else {
				lost++;
			}
			outage_add(&outage, &request, true);
		}
		r = report(asker, ms + 100);
		assert_int_equal(r.waiting, 0);
		assert_int_equal(r.answered, answered);
		assert_int_equal(r.lost, lost);
		assert_true(lost > 0 && answered > 0);
		assert_int_equal(r.change_count, outage.change_count);
		assert_int_equal(r.outage_count, outage.span_count + (outage.now.lost > 0));
		assert_int_equal(r.outage.from.ns, outage_longest(&outage).from.ns);
		assert_int_equal(r.outage.lost, outage_longest(&outage).lost);
		for (size_t i = 0; i < r.change_kept; i++) {
			assert_int_equal(r.changes[i].lost, outage.changes[i].lost);
			assert_int_equal(
				r.sites[r.changes[i].to].name[0], outage.changes[i].to);
		}
		asker_free(asker);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fates),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_ids_come_round),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_clock_steps),
		cmocka_unit_test(test_beside_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
