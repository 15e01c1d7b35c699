/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPKI in the speaker process: the table, the client of the caches, their TCP connections, and
 * the operator's exceptions.
 *
 *     main --CONFIG, EXCEPTIONS--> rpki.c --> rtr_client (src/route) <--> TCP of the caches
 *                                    |             |
 *             what changed <---------+--------- rpki_table <--- validation by the policy
 */
#ifndef NEARCAST_DAEMON_SPEAKER_RPKI_H
#define NEARCAST_DAEMON_SPEAKER_RPKI_H

#include <jansson.h>
#include <uv.h>

#include "config/config.h"
#include "daemon/record.h"
#include "os/channel.h"
#include "route/rpki_table.h"
#include "route/speaker.h"

struct rpki;

/* What changed: routes that it covers and paths that it concerns are to be looked at again. The
 * change is valid during the call. */
typedef void rpki_changed(void *context, const struct rpki_change *change);

/* changed may be NULL. NULL on no memory. */
struct rpki *rpki_new(uv_loop_t *loop, rpki_changed *changed, void *context);
/* Closes all; frees itself when the loop has closed its handles. NULL is fine. */
void rpki_close(struct rpki *rpki);
/* Events go there; NULL: nowhere. */
void rpki_channel(struct rpki *rpki, struct channel *channel);
/* Caches that stay keep their session and their data. 0, ERROR_MEMORY, ERROR_FULL. */
int rpki_apply(struct rpki *rpki, const struct config *config);
/* The SLURM text in fd (length 0: none). What does not read leaves the old exceptions. */
void rpki_exceptions(struct rpki *rpki, const struct record_exceptions *record, int fd);
const struct rpki_table *rpki_table(const struct rpki *rpki);

/* What is said of a received route, into its JSON: "rpki" and "aspa"; rpki may be NULL: then
 * both are null. */
void rpki_route_view(const struct rpki *rpki, const struct route_view *route, uint32_t own_asn,
	json_t *object);
/* JSON for the api (docs/api.md); {"prefix": ..., "asn": ...} and {"path": ..., "from": ...}
 * ask for validations. NULL with *error set: the argument is wrong. */
json_t *rpki_view(struct rpki *rpki, const char *argument, size_t length, struct error *error);
/* Numbers for metrics. */
json_t *rpki_metrics(struct rpki *rpki);

#endif
