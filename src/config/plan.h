/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: the sites that there are or might be, for `nearcast plan`. Read as strictly as the
 * daemon's configuration and by the same machinery. */
#ifndef NEARCAST_CONFIG_PLAN_H
#define NEARCAST_CONFIG_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/reader.h"

#define CONFIG_PLAN_SITES_MAX     200 /* sites and candidates, each */
#define CONFIG_PLAN_UPSTREAMS_MAX 64  /* of a site */
#define CONFIG_PLAN_LIST_MAX      64  /* ASes of a list */
#define CONFIG_PLAN_ASES_MAX      1000000
#define CONFIG_PLAN_SOURCES_MAX   1024 /* countries or ASes that an attack comes from */

struct config_plan_upstream {
	const char *name; /* unique in its site */
	struct config_mark mark;
	uint32_t asn;         /* default: the name, which is then a number */
	uint8_t relation;     /* enum config_relation: provider, peer or customer */
	uint8_t prepend;      /* 0..CONFIG_PREPEND_MAX */
	const char *exchange; /* that the session runs over; NULL: none */
	const uint32_t *no_export_to, *prepend_1_to, *prepend_2_to, *prepend_3_to, *poison;
	size_t no_export_to_count, prepend_1_to_count, prepend_2_to_count, prepend_3_to_count,
		poison_count;
};

struct config_plan_site {
	const char *name;
	struct config_mark mark;
	const char *city; /* NULL: said by coordinates, or not at all */
	bool has_latitude, has_longitude;
	double latitude, longitude; /* degrees */
	uint64_t capacity;          /* users; 0: no limit */
	uint64_t bandwidth;         /* in the attack's unit, a second; 0: no limit */
	const struct config_plan_upstream *upstreams;
	size_t upstream_count;
};

/* Where the ASes come from when there is no topology. */
struct config_plan_generate {
	uint64_t seed;
	uint32_t ases;
};

enum config_attack_kind {
	ATTACK_SPOOFED,
	ATTACK_REFLECTED,
};

enum config_attack_unit {
	ATTACK_BITS,
	ATTACK_PACKETS,
};

/* What `plan attack` lets loose on the sites. */
struct config_plan_attack {
	struct config_mark mark;      /* of `ases` */
	const char *from;             /* a file of AS or country, bots, rate; NULL: none */
	const char *const *countries; /* two letters each, as written */
	size_t country_count;
	const uint32_t *ases;
	size_t as_count;
	uint64_t bots, rate; /* in all, where no file says; of each, a second */
	uint8_t kind, unit;  /* enum config_attack_kind, enum config_attack_unit */
	uint32_t amplification;
	const char *reflectors; /* a file like `from`; NULL: reflectors stand where users do */
	uint64_t user_rate;     /* what a user needs, a second */
	uint8_t scrub, scrub_loss; /* per cent */
	uint32_t collapse;         /* per cent of a site's bandwidth; 0: never */
};

struct config_plan {
	struct arena arena;
	const char *description;
	const char *topology, *users, *geography, *exchanges; /* files; NULL: none */
	struct config_plan_generate generate;
	struct config_plan_attack attack;
	uint32_t asn; /* of the origin; 0: none that is in the topology */
	const struct config_plan_site *sites, *candidates;
	size_t site_count, candidate_count;
};

/* As config_read, of one file. On success *ret_plan is the caller's (config_plan_free). */
int config_plan_read(const struct config_source *source, struct config_plan **ret_plan,
	struct config_diagnostics *diagnostics);
/* NULL is fine. */
void config_plan_free(struct config_plan *plan);

#endif
