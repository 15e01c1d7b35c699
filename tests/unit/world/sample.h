/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds for tests of drawings and exports. */
#ifndef NEARCAST_TESTS_WORLD_SAMPLE_H
#define NEARCAST_TESTS_WORLD_SAMPLE_H

#include "world/draw_world.h"

#define SAMPLE_PLACES  160
#define SAMPLE_LINKS   400
#define SAMPLE_ANSWERS 160

struct sample {
	struct draw_world world; /* points into the rest */
	struct draw_place places[SAMPLE_PLACES];
	struct draw_link links[SAMPLE_LINKS];
	struct draw_answer answers[SAMPLE_ANSWERS];
	char names[SAMPLE_PLACES][32];
};

/* 6 sites, 3 transits in several cities, an exchange, 12 client networks; the nearest site
 * answers. Tokyo is served by two sites. */
void sample_demo(struct sample *sample);
/* The same after the site in Frankfurt lost its power, Singapore was drained and a cable was
 * cut; Cairo has no answer. */
void sample_demo_after(struct sample *sample);
/* 13 sites and 100 clients in cities of all continents. */
void sample_root(struct sample *sample);
/* Two sites and four clients in Europe. */
void sample_europe(struct sample *sample);
/* Names made to break out of what they are written into. */
void sample_hostile(struct sample *sample);

#endif
