/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a drain, as a table:
 *
 *     graceful -> prepend -> wait -> withdrawn -> removed
 *     announced, and ever less liked    |          the address is off
 *                                       no longer announced
 */
#ifndef NEARCAST_SERVICE_DRAIN_H
#define NEARCAST_SERVICE_DRAIN_H

#include "service/brain.h"

/* Zero-initialised: not drained. */
struct drain {
	enum drain_step step;
	struct instant since; /* of the step */
	struct instant begun; /* of the drain; may lie before this process */
	char reason[BRAIN_REASON_MAX];
};

/* Begin at the first step that is configured; if nothing is announced, at WITHDRAWN. */
void drain_begin(struct drain *drain, const struct brain_service_settings *settings,
	bool announced, const char *reason, struct instant now);
/* It was in effect before a restart, since `begun`: straight to REMOVED. */
void drain_restore(
	struct drain *drain, const char *reason, struct instant begun, struct instant now);
/* Go on if a step's time is over, or nothing is announced any more. True if the step changed.
 */
bool drain_advance(struct drain *drain, const struct brain_service_settings *settings,
	bool announced, struct instant now);
/* When the step ends; INSTANT_NEVER when there is none after it. */
struct instant drain_deadline(
	const struct drain *drain, const struct brain_service_settings *settings);
/* It is drained as far as its routes are concerned. */
bool drain_withdrawn(const struct drain *drain);

#endif
