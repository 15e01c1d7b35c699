/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to requests around an event: answered by which site, lost. */
#ifndef NEARCAST_WORLD_DRAW_TIMELINE_H
#define NEARCAST_WORLD_DRAW_TIMELINE_H

#include <stdint.h>

#include "base/error.h"
#include "world/draw_svg.h"

#define DRAW_BUCKETS_MAX 100000u
#define DRAW_LANES_MAX   64u
#define DRAW_EVENTS_MAX  32u

struct draw_event {
	double at_ms; /* since the first bucket began */
	const char *label;
};

struct draw_timeline {
	const char *title;
	double bucket_ms; /* how long a bucket is: 10 */
	size_t bucket_count;
	const char *const *sites; /* [site_count] names, in the order of the map's letters */
	size_t site_count;
	const uint32_t *answered; /* [bucket_count * site_count]: bucket after bucket */
	const uint32_t *lost;     /* [bucket_count], by when they were asked; NULL: none */
	const struct draw_event *events; /* [event_count] */
	size_t event_count;
};

/* Append an SVG: answered requests upwards, a colour and a letter a site; lost ones downwards;
 * time counts from the first event. ERROR_RANGE: too much of something, or numbers that make no
 * sense; ERROR_MEMORY. */
int draw_timeline(const struct draw_timeline *timeline, enum draw_theme theme, struct text *out,
	struct error *error);

#endif
