/* SPDX-License-Identifier: Apache-2.0 */
/* Times and sites from measured legs nearby. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/leg.h"

#define LEGS 60

static const struct plan_place amsterdam = { 52.37F, 4.9F }, tokyo = { 35.68F, 139.69F },
			       sydney = { -33.87F, 151.21F };

/* From around Amsterdam to Tokyo 80 ms beyond the model, from around Sydney to Amsterdam 7
 * less; one of three measurements is off by far. */
static struct plan_legs *measured(void)
{
	struct plan_leg legs[LEGS];
	struct plan_legs *made;

	for (size_t i = 0; i < LEGS; i++) {
		bool west = i < LEGS / 2;
		struct plan_place from = west ? amsterdam : sydney;

		from.latitude += (float)(i % 10) * 0.3F;
		from.longitude += (float)(i % 3) * 0.3F;
		legs[i] = (struct plan_leg){ from, west ? tokyo : amsterdam, 0, west ? 7 : 9 };
		legs[i].ms = plan_rtt_default.base_ms +
			     plan_rtt_default.ms_per_km *
				     plan_distance_km(legs[i].from, legs[i].to) +
			     (west ? 80 : -7) + (i % 3 == 0 ? 500 : 0);
	}
	assert_int_equal(plan_legs_create(legs, LEGS, &plan_rtt_default, &made, NULL), 0);
	return made;
}

static double modelled(struct plan_place a, struct plan_place b)
{
	return plan_rtt_default.base_ms + plan_rtt_default.ms_per_km * plan_distance_km(a, b);
}

static void times(void **state)
{
	struct plan_legs *legs = measured();

	(void)state;
	assert_true(fabs(plan_legs_ms(legs, amsterdam, tokyo, PLAN_LEGS_ALL) -
			    modelled(amsterdam, tokyo) - 80) < 0.1);
	assert_true(fabs(plan_legs_ms(legs, sydney, amsterdam, PLAN_LEGS_ALL) -
			    modelled(sydney, amsterdam) + 7) < 0.1);
	/* Over the date line too: 178 W is near Sydney, not near Amsterdam. */
	assert_true(fabs(plan_legs_ms(legs, (struct plan_place){ -30, -178 }, amsterdam,
				 PLAN_LEGS_ALL) -
			    modelled((struct plan_place){ -30, -178 }, amsterdam) + 7) < 0.1);
	plan_legs_free(legs);
}

static void sites(void **state)
{
	struct plan_legs *legs = measured();

	(void)state;
	assert_int_equal(plan_legs_site(legs, amsterdam, PLAN_LEGS_ALL), 7);
	assert_int_equal(plan_legs_site(legs, sydney, PLAN_LEGS_ALL), 9);
	assert_int_equal(plan_legs_site(legs, amsterdam, PLAN_LEGS_ELSEWHERE), 7);
	plan_legs_free(legs);
}

static void elsewhere(void **state)
{
	const struct plan_leg one = { amsterdam, tokyo, 1000, 3 };
	struct plan_legs *legs;

	(void)state;
	assert_int_equal(plan_legs_create(&one, 1, &plan_rtt_default, &legs, NULL), 0);
	assert_true(fabs(plan_legs_ms(legs, amsterdam, tokyo, PLAN_LEGS_ALL) - 1000) < 0.01);
	/* What was measured from here is not used, and there is nothing else. */
	assert_true(fabs(plan_legs_ms(legs, amsterdam, tokyo, PLAN_LEGS_ELSEWHERE) -
			    modelled(amsterdam, tokyo)) < 0.01);
	assert_true(plan_legs_site(legs, amsterdam, PLAN_LEGS_ELSEWHERE) == SIZE_MAX);
	plan_legs_free(legs);
	assert_int_equal(plan_legs_create(&(struct plan_leg){ amsterdam, tokyo, 0, 3 }, 1,
				 &plan_rtt_default, &legs, NULL),
		0);
	assert_true(plan_legs_ms(legs, amsterdam, amsterdam, PLAN_LEGS_ALL) == 0);
	plan_legs_free(legs);
	plan_legs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(sites),
		cmocka_unit_test(elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
