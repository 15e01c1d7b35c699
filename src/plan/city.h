/* SPDX-License-Identifier: Apache-2.0 */
/* Large cities and where networks meet, and distances on the globe. */
#ifndef NEARCAST_PLAN_CITY_H
#define NEARCAST_PLAN_CITY_H

#include <stddef.h>

struct plan_place {
	float latitude, longitude; /* degrees, north and east positive */
};

struct plan_city {
	const char *code;    /* IATA, lower case: "ams" */
	const char *name;    /* "Amsterdam" */
	const char *country; /* ISO 3166, upper case: "NL" */
	struct plan_place place;
	float users;   /* of its region, millions, roughly */
	float meeting; /* how many networks meet there, against the largest exchange: 0 to 1 */
};

extern const struct plan_city plan_cities[];
extern const size_t plan_city_count;

/* By code or name, whatever the case of letters; NULL if it is not there. */
const struct plan_city *plan_city_find(const char *text);
/* The one meant by a name that is not there, or NULL: for "did you mean". */
const struct plan_city *plan_city_closest(const char *text);

/* Great-circle distance in km, on a sphere of 6371 km. */
double plan_distance_km(struct plan_place a, struct plan_place b);

#endif
