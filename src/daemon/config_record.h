/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as main passes it to a child: canonical YAML in a memfd. */
#ifndef NEARCAST_DAEMON_CONFIG_RECORD_H
#define NEARCAST_DAEMON_CONFIG_RECORD_H

#include "config/config.h"
#include "daemon/record.h"

/* Read what record and its descriptor hold. fd stays the caller's; -1 is an error. The result is
 * the caller's (config_free). NULL: it cannot be read; logged. */
struct config *config_record_read(const struct record_config *record, int fd);

#endif
