/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager wants to know: sd_notify(3)'s protocol, without libsystemd. */
#ifndef NEARCAST_OS_NOTIFY_H
#define NEARCAST_OS_NOTIFY_H

#include "base/instant.h"

/* Read NOTIFY_SOCKET and WATCHDOG_USEC, and take them out of the environment, so that no child
 * speaks for us. Without them all calls below do nothing. */
void notify_setup(void);
/* "READY=1\nSTATUS=..." in one datagram; never blocks, its failure changes nothing for us. */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often to send WATCHDOG=1: half of what is demanded; 0: not at all. */
struct duration notify_watchdog_interval(void);

#endif
