/* SPDX-License-Identifier: Apache-2.0 */
/* Local exceptions to the RPKI as operators write them: SLURM files (RFC 8416, JSON), version 2
 * with ASPA as in draft-ietf-sidrops-aspa-slurm. */
#ifndef NEARCAST_DAEMON_SLURM_H
#define NEARCAST_DAEMON_SLURM_H

#include "base/arena.h"
#include "base/error.h"
#include "route/rpki_table.h"

#define SLURM_MAX (4u << 20) /* bytes of a file */

/* Zero-initialise; slurm_clear frees. */
struct slurm {
	struct rpki_exceptions exceptions; /* points into the arena */
	size_t bgpsec; /* filters and assertions about router keys: read and not used */
	struct arena arena;
};

/* 0, or ERROR_MALFORMED, ERROR_UNSUPPORTED (another version), ERROR_FULL, ERROR_MEMORY; then
 * *ret_slurm holds nothing. As RFC 8416 section 3.2 asks, a member that is not known is an
 * error: it could be a filter that is mistyped. */
int slurm_read(const char *text, size_t length, struct slurm *ret_slurm, struct error *error);
void slurm_clear(struct slurm *slurm);

#endif
