/* SPDX-License-Identifier: Apache-2.0 */
/* How a service's prefix is dressed for the speaker: pure. */
#ifndef NEARCAST_DAEMON_MAIN_ANNOUNCE_H
#define NEARCAST_DAEMON_MAIN_ANNOUNCE_H

#include "config/config.h"
#include "daemon/record.h"
#include "service/brain.h"

/*
 * The route for one of the service's prefixes under this intent: `up`, and what `degraded` and
 * the drain add to it. Prepends add up (at most CONFIG_PREPEND_MAX), communities join, MED and
 * LOCAL_PREF of `degraded` take the place of those of `up`. intent->announce is not looked at.
 * 0, or ERROR_FULL: communities or neighbours beyond what a record holds were left out.
 */
int announce_route(const struct config_service *service, const struct prefix *prefix,
	const struct intent *intent, struct record_route *ret_route);

#endif
