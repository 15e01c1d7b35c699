/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flap damping: see damping.h.
 *
 * Invariants:
 *  1. suppressed implies that release and latest are set and release <= latest.
 *  2. latest does not move while a hold goes on; so every hold ends.
 *  3. The penalty right after a hold is at most `reuse` (RFC 2439 section 4.2: the ceiling), so
 * a service that is held again has earned it anew.
 */
#include "service/damping.h"

#include <math.h>

double damping_penalty(const struct damping *damping,
	const struct brain_service_settings *settings, struct instant now)
{
	double elapsed = (double)instant_since(now, damping->at).ns;

	if (damping->penalty <= 0 || settings->half_life.ns <= 0)
		return 0;
	return damping->penalty * exp2(-elapsed / (double)settings->half_life.ns);
}

/* From now until a penalty has decayed to `reuse`. */
static struct duration decay_time(double penalty, const struct brain_service_settings *settings)
{
	double halvings;

	if (settings->reuse == 0 || penalty <= settings->reuse)
		return settings->reuse == 0 ? settings->suppress_maximum
					    : (struct duration){ 0 };
	halvings = log2(penalty / settings->reuse);
	return (struct duration){ (int64_t)ceil(halvings * (double)settings->half_life.ns) };
}

void damping_fall(struct damping *damping, const struct brain_service_settings *settings,
	struct instant now)
{
	if (!settings->damping)
		return;
	damping->penalty = damping_penalty(damping, settings, now) + settings->penalty;
	damping->at = now;
	if (damping->penalty < settings->suppress)
		return;
	if (!damping->suppressed)
		damping->latest = instant_add(now, settings->suppress_maximum);
	damping->release = instant_earlier(
		instant_add(now, decay_time(damping->penalty, settings)), damping->latest);
	damping->suppressed = instant_before(now, damping->release);
}

bool damping_release(struct damping *damping, const struct brain_service_settings *settings,
	struct instant now)
{
	double penalty = damping_penalty(damping, settings, now);

	if (!damping->suppressed)
		return false;
	if (settings->damping && !instant_reached(damping->release, now))
		return false;
	damping->suppressed = false;
	damping->penalty = penalty < settings->reuse ? penalty : settings->reuse;
	damping->at = now;
	return true;
}
