/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as a value: what a site.yaml says, checked and with all defaults filled in.
 * Everything lives in one arena and is never changed after it was read. The schema
 * (config/schema.h) describes these structs field by field; the reader fills them from it.
 *
 * Optional numbers have a `has_` or are documented with the value that means "not set".
 */
#ifndef NEARCAST_CONFIG_CONFIG_H
#define NEARCAST_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/instant.h"
#include "config/config_policy.h"

#define CONFIG_SERVICES_MAX    1024
#define CONFIG_NEIGHBORS_MAX   1024
#define CONFIG_CHECKS_MAX      64 /* a service, children of all/any included */
#define CONFIG_ADDRESSES_MAX   64 /* a service */
#define CONFIG_PREPEND_MAX     32
#define CONFIG_RPKI_CACHES_MAX 14
#define CONFIG_NAME_MAX        63 /* bytes: [a-z0-9][a-z0-9-]* */

/* How a route is dressed when it is announced. */
struct config_attributes {
	unsigned prepend; /* times our own AS is added: 0..CONFIG_PREPEND_MAX */
	bool has_med; /* without it MED is 0: it is always sent explicitly to eBGP neighbours */
	uint32_t med;
	bool has_local_pref; /* iBGP only */
	uint32_t local_pref;
	struct config_communities communities;
};

enum config_check_type {
	CHECK_SOCKET,
	CHECK_TCP,
	CHECK_HTTP,
	CHECK_DNS,
	CHECK_EXEC,
	CHECK_ICMP,
	CHECK_ALL, /* a group: the worst of its children */
	CHECK_ANY, /* a group: the best of its children */
	CHECK_TYPE_COUNT,
};

enum config_protocol {
	PROTOCOL_TCP,
	PROTOCOL_UDP,
};

enum config_transport { /* of a DNS check */
	TRANSPORT_UDP,
	TRANSPORT_TCP,
};

enum config_http_version {
	HTTP_1_1,
	HTTP_2, /* over TLS by ALPN, in the clear with prior knowledge */
};

enum config_proxy_protocol {
	PROXY_NONE,
	PROXY_V1,
	PROXY_V2,
};

struct config_status_range {
	uint16_t first, last; /* HTTP status, both ends included */
};

struct config_header {
	const char *name, *value;
};

struct config_check_socket {
	uint16_t port;
	enum config_protocol protocol;
	struct duration grace; /* default 3 ms: for a listener to be gone in a hand-over */
};

struct config_check_tcp {
	uint16_t port;
	const char *send;   /* bytes to send after the connect; NULL: none */
	const char *expect; /* substring that the answer must hold; NULL: none */
	enum config_proxy_protocol proxy_protocol;
};

struct config_check_http {
	uint16_t port; /* default 80, or 443 with tls */
	bool tls;
	bool verify;         /* default true */
	const char *ca_file; /* NULL: the system's */
	const char *host;    /* Host header and SNI; NULL: the address */
	const char *sni;     /* NULL: host */
	const char *path;    /* default "/" */
	const char *method;  /* default "GET" */
	enum config_http_version version;
	const struct config_status_range *status; /* default 200-399 */
	size_t status_count;
	const struct config_header *request_headers;
	size_t request_header_count;
	const struct config_header *expect_headers; /* value is a substring; "" means any */
	size_t expect_header_count;
	const char *expect_body; /* substring in the first 64 KiB; NULL: any */
	enum config_proxy_protocol proxy_protocol;
};

struct config_check_dns {
	uint16_t port; /* default 53 */
	enum config_transport transport;
	const char *name;
	uint16_t type;           /* default SOA */
	uint16_t class;          /* default IN; CH for CHAOS */
	uint16_t rcode;          /* default 0, NOERROR */
	const char *expect;      /* substring of one answer's RDATA as text; NULL: any */
	const char *expect_nsid; /* substring of the NSID; NULL: not asked */
	bool expect_answer; /* default true: at least one answer record when rcode is NOERROR */
	bool recursion_desired; /* default false */
};

struct config_check_exec {
	const char *const *command; /* argv, NULL-terminated; never through a shell */
	size_t argument_count;
};

struct config_check_icmp {
	uint16_t size; /* payload bytes; default 56 */
	/* FAMILY_NONE: the service's address. Another one (a gateway) is a dependency. */
	struct address target;
};

/* A check, or a group of checks. */
struct config_check {
	enum config_check_type type;
	struct config_mark mark;
	const char *name; /* key `label`; default "dns-1": the first dns check of the service */
	/* Which of the service's addresses to check: FAMILY_NONE means each of them in turn is
	 * its own probe, and the check is as good as the worst of them. */
	struct address address;
	struct duration interval;      /* default 1 s; from start to start */
	struct duration fast_interval; /* default 200 ms, at most interval; rising or falling */
	struct duration timeout; /* default 500 ms, at most interval / 2; below interval */
	unsigned rise;           /* default 3: good results in a row to come up */
	unsigned fall;           /* default 2: bad results in a row to go down */
	unsigned weight;         /* default 1: see config_service.minimum_weight */
	bool invert;             /* good is bad */
	bool degrades; /* failure makes the service degraded, not down (on-failure: degrade) */
	union {
		struct config_check_socket socket;
		struct config_check_tcp tcp;
		struct config_check_http http;
		struct config_check_dns dns;
		struct config_check_exec exec;
		struct config_check_icmp icmp;
		struct {
			const struct config_check *children;
			size_t child_count;
		} group;
	};
};

enum config_on_exit {
	ON_EXIT_WITHDRAW,
	ON_EXIT_KEEP, /* leave the address; neighbours keep the route by graceful restart */
};

enum config_after { /* what happens when a lease or a hold ends */
	AFTER_WITHDRAW,
	AFTER_KEEP,
};

/* RFC 2439's shape, with an end: suppression never lasts longer than maximum. */
struct config_damping {
	bool enabled;              /* default true */
	unsigned penalty;          /* per fall of the service; default 1000 */
	unsigned suppress;         /* held at or above; default 3000 */
	unsigned reuse;            /* released below; default 1500 */
	struct duration half_life; /* default 60 s */
	struct duration maximum;   /* default 10 min */
};

struct config_drain {
	bool graceful_shutdown;        /* default true: RFC 8326 community first */
	struct duration graceful_time; /* default 10 s: before the next step */
	unsigned prepend;              /* default 0: no prepend step */
	struct duration prepend_time;  /* default 10 s, if prepend > 0 */
	struct duration wait;          /* default 0 s: last pause before the withdrawal */
};

struct config_service {
	const char *name;
	struct config_mark mark;
	const char *description; /* NULL if none */
	const struct address *addresses;
	size_t address_count;
	const struct prefix *announce; /* default: the addresses as host routes */
	size_t announce_count;
	const char *interface;             /* default "lo" */
	bool manage_addresses;             /* default true: put addresses on the interface */
	const struct config_check *checks; /* none: always up, said as a warning */
	size_t check_count;
	unsigned minimum_weight;  /* 0: all checks must be good. Else: up if the weight of good
				   * checks is at least this */
	unsigned degraded_weight; /* 0: unused. Else: degraded if the weight is at least this */
	struct config_attributes up;
	struct config_attributes degraded; /* what `degraded` adds to `up` */
	bool degraded_withdraw;            /* default false: degraded is withdrawn */
	bool maintenance;                  /* default false: configured out of service */
	const char *const *neighbors;      /* announce only to these; none: to all */
	size_t neighbor_count;
	enum config_on_exit on_exit;
	struct duration hold_down; /* default 5 s: healthy this long before coming back; 0 at
				    * the very first start */
	struct duration address_delay;   /* default 2 s: from withdrawal to removal */
	struct duration unknown_hold;    /* default 60 s: last state kept without a checker */
	enum config_after unknown_after; /* default keep */
	struct config_damping damping;
	struct config_drain drain;
};

enum config_relation {
	RELATION_NONE, /* said nothing: no role is announced */
	RELATION_PROVIDER,
	RELATION_CUSTOMER,
	RELATION_PEER,
	RELATION_ROUTE_SERVER, /* the neighbour is a route server, we its client */
	RELATION_INTERNAL,     /* iBGP */
};

enum config_secret_source {
	SECRET_NONE,
	SECRET_LITERAL,
	SECRET_ENVIRONMENT,
	SECRET_FILE, /* first line */
};

struct config_secret {
	enum config_secret_source source;
	const char *value; /* the literal, the variable's name, the path */
};

/* RFC 7911: which way several routes of a prefix may go; the numbers are the wire's. */
enum config_add_path {
	ADD_PATH_NONE = 0,
	ADD_PATH_RECEIVE = 1,
	ADD_PATH_SEND = 2,
	ADD_PATH_BOTH = 3,
};

enum config_bfd {
	BFD_OFF,
	BFD_ON,     /* a session that was up and fails ends the BGP session */
	BFD_STRICT, /* and there is no BGP session without it */
};

struct config_bfd_settings {
	enum config_bfd mode;     /* default off */
	struct duration interval; /* default 300 ms: between packets, both ways */
	unsigned multiplier;      /* default 3 */
	bool passive;             /* default false */
	bool demand;              /* default false */
};

struct config_add_path_settings {
	enum config_add_path mode; /* default none */
	uint8_t families;          /* CONFIG_FAMILY_ bits; default both */
	unsigned best;             /* default 0: all. Else the best so many are sent */
	unsigned maximum;          /* default 64 routes of a prefix that are taken; 0: no cap */
};

#define CONFIG_FAMILY_IPV4 1u
#define CONFIG_FAMILY_IPV6 2u
/* Of neighbours only. */
#define CONFIG_FAMILY_IPV4_FLOWSPEC 4u
#define CONFIG_FAMILY_IPV6_FLOWSPEC 8u

struct config_neighbor {
	const char *name;
	struct config_mark mark;
	const char *description;
	struct address address; /* of the neighbour */
	const char *interface;  /* needed for IPv6 link-local addresses; else NULL */
	uint16_t port;          /* default 179 */
	uint32_t asn;
	uint32_t local_asn;           /* default: the site's */
	struct address local_address; /* FAMILY_NONE: the kernel chooses */
	enum config_relation relation;
	bool role;        /* default true: announce RFC 9234 role if relation is set */
	bool role_strict; /* default false */
	struct config_secret password; /* TCP-MD5, RFC 2385 */
	bool passive;                  /* default false: wait for the neighbour to connect */
	bool shutdown;        /* default false: configured, but administratively down */
	uint8_t multihop;     /* default 0: directly connected. Else the TTL to send, 2..255 */
	uint8_t ttl_security; /* default 0: off. Else hops to the neighbour, 1..254 (RFC 5082)
			       */
	uint8_t families;     /* CONFIG_FAMILY_ bits; default IPv4 and IPv6 */
	bool flowspec_validation; /* default true: RFC 8955 section 6 */
	bool extended_next_hop;   /* default true: offer RFC 8950 for IPv4 over IPv6 sessions */
	bool extended_message;    /* default true */
	bool capabilities;        /* default true: false sends an OPEN without any */
	struct duration hold_time;             /* default 90 s; 0 or >= 3 s */
	struct duration keepalive;             /* default hold_time / 3 */
	struct duration connect_retry;         /* default 5 s */
	struct duration send_hold;             /* default max(8 min, 2 x hold_time): RFC 9687 */
	bool graceful_restart;                 /* default true */
	struct duration restart_time;          /* default 120 s; at most 4095 s */
	struct duration stale_time;            /* default 6 min */
	struct duration long_lived_stale_time; /* default 0: not asked for: RFC 9494 */
	struct duration maximum_long_lived_stale_time; /* default 0: not done for it */
	bool graceful_shutdown; /* default false: maintenance of this session: RFC 8326 */
	struct duration advertisement_interval; /* default 0: RFC 4271 section 9.2.1.1 */
	struct config_choice import;            /* default none: learn nothing (RFC 8212) */
	/* What is discarded if the neighbour asks for it by BLACKHOLE (RFC 7999); none: its
	 * import policy decides. */
	const struct config_prefix_item *blackhole;
	size_t blackhole_count;
	struct config_choice learned; /* of other neighbours' routes, what is passed on; none */
	uint32_t maximum_prefixes;    /* default 1,500,000 per family, unless import is none */
	struct duration maximum_prefixes_restart; /* default 5 min to the next try; 0: never */
	uint32_t maximum_prefixes_out;            /* default 0: no limit */
	uint32_t maximum_path_length, maximum_communities; /* default 0: any */
	uint32_t maximum_attribute_bytes;                  /* default 0: any */
	struct config_attributes export; /* added to every route sent to this neighbour */
	struct config_add_path_settings add_path;
	struct config_bfd_settings bfd;
	struct address next_hop_ipv4; /* FAMILY_NONE: the session's local address */
	struct address next_hop_ipv6;
	bool next_hop_self;          /* default false; iBGP: of routes from other ASes */
	bool route_reflector_client; /* default false; iBGP: RFC 4456 */
	bool route_server_client;    /* default false; eBGP: RFC 7947 */
	bool enforce_first_as; /* default true; never of a route server (RFC 7947 2.2.2.1) */
};

enum config_log_format {
	LOG_AUTO, /* journal under systemd, else logfmt */
	LOG_LOGFMT,
	LOG_JSON,
	LOG_JOURNAL,
};

enum config_log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* A cache that is spoken to by the RPKI to Router protocol (RFC 8210). */
struct config_rpki_cache {
	const char *name;
	struct config_mark mark;
	const char *description;
	struct address address;
	struct address local_address;           /* FAMILY_NONE: the kernel chooses */
	uint16_t port;                          /* default 323 */
	uint32_t preference;                    /* default 100; lower is preferred */
	uint8_t version;                        /* default 2: the highest to offer */
	struct duration refresh, retry, expire; /* 0: as the cache says */
};

struct config_rpki {
	struct config_rpki_cache *caches;
	size_t cache_count;
	const char *slurm; /* path of a file of local exceptions (RFC 8416); NULL: none */
};

#define CONFIG_FLOWS_MAX 1024

/* A flow specification that we announce: RFC 8955. */
struct config_flow {
	const char *name;
	struct config_mark mark;
	const char *description;
	const char *match;       /* of wire/flowspec.h, IPv6 if it has a prefix of IPv6 */
	const char *const *then; /* actions of wire/flowspec.h */
	size_t then_count;
	bool anywhere; /* default false: the destination must be one of ours */
};

struct config_http {
	bool enabled;           /* default true */
	struct address address; /* default 127.0.0.1 */
	uint16_t port;          /* default 9179 */
};

#define CONFIG_STATIONS_MAX 8

/* Monitoring stations: RFC 7854. */
struct config_bmp {
	const struct address *stations;
	size_t station_count;
	uint16_t port;              /* default 11019 */
	struct duration statistics; /* default 60 s between reports; 0: none */
};

#define CONFIG_MULTIPATH_MAX 64

/* How the best route is chosen: RFC 4271 section 9.1.2.2 and what operators change of it. */
struct config_decision {
	bool always_compare_med;    /* default false: among routes of one neighbouring AS */
	bool missing_med_as_worst;  /* default false: a missing MED is 0 */
	bool prefer_oldest;         /* default false */
	bool ignore_as_path_length; /* default false */
	unsigned multipath_ebgp;    /* default 1: only the best */
	unsigned multipath_ibgp;    /* default 1 */
	bool as_path_relax;         /* default false: through one neighbouring AS */
};

enum config_tracking { TRACKING_AUTO, TRACKING_ON, TRACKING_OFF };
enum config_kernel_export { KERNEL_EXPORT_NONE, KERNEL_EXPORT_ALL };
enum config_kernel_stop { KERNEL_STOP_REMOVE, KERNEL_STOP_KEEP };

/* The kernel's routing table. */
struct config_kernel {
	enum config_tracking tracking;    /* default auto: if export is not none */
	enum config_kernel_export export; /* default none */
	uint32_t table;                   /* default 254: the main one */
	uint32_t metric;                  /* default 110 */
	bool blackhole; /* default false: the community BLACKHOLE changes no forwarding */
	enum config_kernel_stop on_stop; /* default remove */
};

struct config {
	const char *site;    /* required */
	uint32_t asn;        /* required when there are neighbours */
	uint32_t router_id;  /* host order; required when there are neighbours */
	uint32_t cluster_id; /* RFC 4456 section 7; 0: router_id */
	const char *user;    /* NULL: nearcast, or nobody if there is no such user */
	struct config_service *services;
	size_t service_count;
	struct config_neighbor *neighbors;
	size_t neighbor_count;
	struct config_prefix_set *prefix_sets;
	struct config_as_set *as_sets;
	struct config_path_set *path_sets;
	struct config_community_set *community_sets;
	struct config_policy *policies;
	size_t prefix_set_count, as_set_count, path_set_count, community_set_count,
		policy_count;
	/* Sets and policies that need not be written (config/builtin.h); those of the same name
	 * above come first. In the same arena; nothing else is set in it. */
	const struct config *builtin;
	struct address listen_ipv4, listen_ipv6; /* FAMILY_NONE: any */
	uint16_t listen_port;                    /* default 179; 0: do not listen */
	unsigned panic_threshold_percent; /* default 100: when at least this share of all checks
					   * fails within panic_window, suspect the checker. 0:
					   * off */
	struct duration panic_window;     /* default 1 s */
	struct duration panic_hold; /* default 5 s: how long to hold before believing it */
	struct duration lease; /* default 15 s: announcements outlive the brain this long */
	enum config_after lease_after; /* default withdraw */
	unsigned reload_withdraw_max;  /* default 0: no cap. A reload that would withdraw more
					* services than this is refused without --force */
	struct config_decision decision;
	struct config_kernel kernel;
	struct config_rpki rpki;
	struct config_flow *flows;
	size_t flow_count;
	struct config_http http;
	struct config_bmp bmp;
	enum config_log_format log_format;
	enum config_log_level log_level;
	struct arena arena; /* holds all of the above */
};

/* The family of its packets. */
enum family config_flow_family(const struct config_flow *flow);

/* True if both mean the same, whatever was said or left to defaults; marks do not count. */
bool config_equal(const struct config *a, const struct config *b);

/* NULL if there is none of that name. */
const struct config_service *config_service_find(const struct config *config, const char *name);
const struct config_neighbor *config_neighbor_find(
	const struct config *config, const char *name);

/* The same, and then among what is built in. */
const struct config_policy *config_policy_find(const struct config *config, const char *name);
const struct config_prefix_set *config_prefix_set_find(
	const struct config *config, const char *name);
const struct config_as_set *config_as_set_find(const struct config *config, const char *name);
const struct config_path_set *config_path_set_find(
	const struct config *config, const char *name);
const struct config_community_set *config_community_set_find(
	const struct config *config, const char *name);

/* Frees the arena and the struct. NULL is fine. */
void config_free(struct config *config);

const char *config_check_type_name(enum config_check_type type); /* "socket" */
const char *config_relation_name(enum config_relation relation); /* "route-server" */

#endif
