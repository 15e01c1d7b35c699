/* SPDX-License-Identifier: Apache-2.0 */
/* How long light takes between two places. */
#include "world/distance.h"

#define KM_PER_MS 200.0
#define DETOUR    1.25
#define CITY_KM   20.0

uint64_t world_delay_ns(struct plan_place a, struct plan_place b)
{
	double km = plan_distance_km(a, b);

	return km < CITY_KM ? 0 : (uint64_t)(km * DETOUR / KM_PER_MS * 1e6);
}
