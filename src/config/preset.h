/* SPDX-License-Identifier: Apache-2.0 */
/* How common hosts do BGP with their customers: what `nearcast init` starts from. */
#ifndef NEARCAST_CONFIG_PRESET_H
#define NEARCAST_CONFIG_PRESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define PRESET_NEIGHBORS_MAX 8

enum preset_password {
	PASSWORD_NONE,
	PASSWORD_OPTIONAL,
	PASSWORD_REQUIRED,
};

struct preset {
	const char *name;  /* of the command line: "vultr" */
	const char *title; /* "Vultr cloud compute" */
	const char
		*source; /* where the numbers come from, a public page; NULL: nothing to know */
	const char *note; /* what to do on the host's side; NULL: nothing */
	enum config_relation relation;
	uint32_t asn;     /* of the neighbours; 0: ask */
	uint32_t own_asn; /* that the host gives its customers; 0: ask */
	uint8_t multihop; /* as in config_neighbor */
	enum preset_password password;
	const char *addresses[PRESET_NEIGHBORS_MAX + 1]; /* of the neighbours; none: ask */
};

/* at(0), at(1), ... until NULL. */
const struct preset *preset_at(size_t position);
/* NULL if there is none of that name. */
const struct preset *preset_find(const char *name);

#endif
