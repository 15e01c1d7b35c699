/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flap damping of one service, in the shape of RFC 2439: each fall adds a penalty, which decays
 * by half in each half-life; at `suppress` the service is held, below `reuse` it is released.
 * Unlike there it is our own service that is held, not somebody else's route, and it always
 * ends: never later than suppress_maximum after the hold began, however often it fell
 * meanwhile.
 */
#ifndef NEARCAST_SERVICE_DAMPING_H
#define NEARCAST_SERVICE_DAMPING_H

#include "service/brain.h"

/* Zero-initialised: never fell. */
struct damping {
	double penalty; /* at the instant `at` */
	struct instant at;
	bool suppressed;
	struct instant release; /* when the hold ends; only if suppressed */
	struct instant latest;  /* and when it ends whatever falls */
};

/* The service fell. Nothing happens if damping is off in the settings. */
void damping_fall(struct damping *damping, const struct brain_service_settings *settings,
	struct instant now);
/* Ends a hold whose time has come, or that a reload switched off. True if it ended. */
bool damping_release(struct damping *damping, const struct brain_service_settings *settings,
	struct instant now);
/* The penalty now. */
double damping_penalty(const struct damping *damping,
	const struct brain_service_settings *settings, struct instant now);

#endif
