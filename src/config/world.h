/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world: a small Internet for `nearcast lab`, as its file says it. Read as strictly as the
 * daemon's configuration and by the same machinery; src/world makes sense of it.
 */
#ifndef NEARCAST_CONFIG_WORLD_H
#define NEARCAST_CONFIG_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/reader.h"

#define CONFIG_WORLD_NODES_MAX     2000 /* networks, exchanges and sites, each */
#define CONFIG_WORLD_TIES_MAX      256  /* of one of them in one list */
#define CONFIG_WORLD_CITIES_MAX    32   /* of a network */
#define CONFIG_WORLD_ADDRESSES_MAX 2    /* of the service */

enum config_world_daemon {
	WORLD_DAEMON_NEARCAST,
	WORLD_DAEMON_BIRD,
	WORLD_DAEMON_FRR,
	WORLD_DAEMON_GOBGP,
	WORLD_DAEMON_OPENBGPD,
	WORLD_DAEMON_COUNT,
};

enum config_world_program {
	WORLD_PROGRAM_NEARCAST, /* the lab's own small server: DNS and HTTP */
	WORLD_PROGRAM_NSD,
	WORLD_PROGRAM_NGINX,
};

enum config_world_relation { /* what the named network is to the one that names it */
	WORLD_PROVIDER,
	WORLD_PEER,
};

/* A link to a named network, with a BGP session over it. */
struct config_world_tie {
	const char *name; /* of the network */
	struct config_mark mark;
	const char *at;   /* the city of ours or, in a site's list, of theirs; NULL: nearest */
	uint8_t relation; /* enum config_world_relation; of sites only */
	uint8_t prepend;  /* 0..CONFIG_PREPEND_MAX */
	bool has_delay;   /* else by distance */
	struct duration delay; /* one way */
	double loss;           /* per cent of the packets, each way */
	uint32_t rate;         /* Mbit/s; 0: no limit */
};

struct config_world_network {
	const char *name;
	struct config_mark mark;
	uint32_t asn;     /* 0: numbered by the lab */
	const char *city; /* NULL: cities or coordinates */
	const char *const *cities;
	size_t city_count;
	bool has_latitude, has_longitude;
	double latitude, longitude; /* degrees */
	uint8_t daemon;             /* enum config_world_daemon */
	double people;              /* users, in millions; 0: nobody asks from here */
	const struct config_world_tie *providers, *peers;
	size_t provider_count, peer_count;
};

struct config_world_exchange {
	const char *name;
	struct config_mark mark;
	uint32_t asn; /* of its route server; 0: numbered by the lab */
	const char *city;
	uint8_t daemon; /* of its route server */
	const struct config_world_tie *members;
	size_t member_count;
};

struct config_world_site {
	const char *name;
	struct config_mark mark;
	const char *city;
	bool has_latitude, has_longitude;
	double latitude, longitude;
	uint8_t daemon;
	uint8_t program;   /* enum config_world_program */
	uint64_t capacity; /* requests a second; 0: no limit */
	const struct config_world_tie *upstreams;
	size_t upstream_count;
};

/* A world that is made up: instead of networks and sites. */
struct config_world_generate {
	uint64_t seed;
	uint32_t networks; /* 0: nothing is made up */
	uint32_t sites;
};

struct config_world {
	struct arena arena;
	const char *description;
	uint32_t asn;                    /* of the sites */
	const struct address *addresses; /* that all sites answer on */
	size_t address_count;
	const struct prefix *announce; /* that hold them */
	size_t announce_count;
	struct config_world_generate generate;
	struct duration hold_time;
	bool bfd;
	struct duration bfd_interval;
	uint8_t bfd_multiplier;
	bool by_distance; /* links without a delay have one by distance */
	const struct config_world_network *networks;
	const struct config_world_exchange *exchanges;
	const struct config_world_site *sites;
	size_t network_count, exchange_count, site_count;
};

/* As config_read, of one file. On success *ret_world is the caller's (config_world_free). */
int config_world_read(const struct config_source *source, struct config_world **ret_world,
	struct config_diagnostics *diagnostics);
/* NULL is fine. */
void config_world_free(struct config_world *world);

#endif
