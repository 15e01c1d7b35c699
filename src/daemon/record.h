/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that the daemon's processes send each other over channels (os/channel.h). Every
 * record starts with its type; its size is fixed, or fixed plus a tail whose length it states.
 * record_check says whether a sender may send it and whether its sizes fit; a receiver calls it
 * before it looks at anything else.
 *
 *              CONFIG SECRET LISTENER ROUTE.. RENEW STOP         CONFIG LISTENER HURRY STOP
 *      main -----------------------------------> speaker   main ------------------------> probe
 *           <-----------------------------------                <------------------------
 *              NEIGHBOR_EVENT ROUTE_STATUS READY                 CHECK_REPORT HEARTBEAT READY
 *
 *      main <--- QUERY | REPLY EVENT LISTENER HTTP ---> api <--- REPLY | QUERY ---> speaker
 */
#ifndef NEARCAST_DAEMON_RECORD_H
#define NEARCAST_DAEMON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/instant.h"

enum process {
	PROCESS_MAIN,
	PROCESS_SPEAKER,
	PROCESS_PROBE,
	PROCESS_API,
	PROCESS_BFD, /* only where some neighbour has BFD */
	PROCESS_COUNT,
};

enum record_type {
	RECORD_NONE,
	RECORD_CONFIG,         /* main -> speaker, probe: struct record_config + memfd with YAML */
	RECORD_SECRET,         /* main -> speaker: struct record_secret */
	RECORD_LISTENER,       /* main -> all: struct record_listener + the socket; without one:
	                        * it is taken back */
	RECORD_ROUTE_SET,      /* main -> speaker: struct record_route */
	RECORD_ROUTE_REMOVE,   /* main -> speaker: struct record_route (service, prefix) */
	RECORD_ROUTES_SYNCED,  /* main -> speaker: struct record_plain: the first batch is complete:
	                        * after a restart the end-of-RIB goes out now, not before */
	RECORD_RENEW,          /* main -> speaker: struct record_renew: the brain is alive */
	RECORD_STOP,           /* main -> all: struct record_stop */
	RECORD_VERB,           /* main -> speaker: struct record_verb: neighbour verbs */
	RECORD_HURRY,          /* main -> probe: struct record_plain: re-check all now */
	RECORD_HTTP,           /* main -> api: struct record_http: settings of the page */
	RECORD_EVENT,          /* main -> api: struct record_text: one JSON event for streams */
	RECORD_QUERY,          /* api -> main, api -> speaker: struct record_query */
	RECORD_REPLY,          /* main -> api, speaker -> api: struct record_reply */
	RECORD_READY,          /* child -> main: struct record_plain: set up, privileges dropped;
	                        * number = config generation in use */
	RECORD_CHECK_REPORT,   /* probe -> main: struct record_check_report */
	RECORD_CHECK_REPORTS,  /* probe -> main: struct record_plain; tail: some struct
	                        * record_check_report, what changed nothing, once a second */
	RECORD_HEARTBEAT,      /* child -> main: struct record_plain, every second or two, unless
	                        * something else was said */
	RECORD_NEIGHBOR_EVENT, /* speaker -> main: struct record_neighbor_event */
	RECORD_ROUTE_STATUS,   /* speaker -> main: struct record_route_status */
	RECORD_EXCEPTIONS,     /* main -> speaker: struct record_exceptions + memfd with SLURM */
	RECORD_RPKI_EVENT,     /* speaker -> main: struct record_rpki_event */
	RECORD_BFD_STATE,      /* bfd -> main, main -> speaker: struct record_bfd_state */
	RECORD_KERNEL_ROUTES,  /* speaker -> main: struct record_kernel_routes; tail: changes of
	                        * the kernel's routes (daemon/kernel_record.h) */
	RECORD_KERNEL_DONE,    /* main -> speaker: struct record_kernel_done; tail: uint16_t, the
	                        * indexes of changes that the kernel refused */
	RECORD_STOPPED,        /* child -> main: struct record_plain: all is sent, may be ended */
	RECORD_TYPES,
};

struct record_head {
	uint32_t type; /* enum record_type */
	uint32_t tail; /* bytes after the fixed part */
};

struct record_plain {
	struct record_head head;
	uint64_t number;
};

struct record_config {
	struct record_head head;
	uint64_t generation; /* rises with each reload */
	uint64_t length;     /* of the text in the memfd */
	bool restarting;     /* speaker: forwarding state was kept, set the R bit (RFC 4724) */
};

#define RECORD_NAME_MAX 64

struct record_secret {
	struct record_head head;
	char neighbor[RECORD_NAME_MAX];
	uint8_t length; /* 0: none */
	uint8_t bytes[80];
};

enum listener_kind {
	LISTENER_BGP_IPV4,
	LISTENER_BGP_IPV6,
	LISTENER_ICMP_IPV4,    /* probe: ping or raw socket */
	LISTENER_ICMP_IPV6,
	LISTENER_SOCKET_EVENTS, /* probe: NETLINK_SOCK_DIAG joined to the destroy groups */
	LISTENER_CONTROL,       /* api: Unix stream, may change things */
	LISTENER_CONTROL_READ,  /* api: Unix stream, may only look */
	LISTENER_HTTP,          /* api: TCP */
	LISTENER_SPEAKER,       /* api: the channel to the speaker (SEQPACKET) */
	LISTENER_API,           /* speaker: the channel to the api */
	LISTENER_KINDS,
};

/* The control sockets in the runtime directory. */
#define CONTROL_SOCKET_NAME      "control.sock"
#define CONTROL_READ_SOCKET_NAME "control-read.sock"

struct record_listener {
	struct record_head head;
	uint32_t kind; /* enum listener_kind */
};

#define RECORD_COMMUNITIES_MAX 64
#define RECORD_ONLY_MAX        32

/* An announcement of one prefix by one service: already combined from up, degraded and drain. */
struct record_route {
	struct record_head head;
	char service[RECORD_NAME_MAX];
	struct prefix prefix;
	uint32_t prepend;
	bool has_local_pref, graceful_shutdown;
	uint32_t med, local_pref;
	uint32_t community_count, large_community_count, extended_community_count;
	uint32_t communities[RECORD_COMMUNITIES_MAX];
	uint32_t large_communities[RECORD_COMMUNITIES_MAX][3];
	uint64_t extended_communities[RECORD_COMMUNITIES_MAX];
	uint32_t only_count; /* 0: all neighbours */
	char only[RECORD_ONLY_MAX][RECORD_NAME_MAX];
};

struct record_renew {
	struct record_head head;
	struct duration lease; /* from now */
	bool withdraw_after;   /* else keep */
};

struct record_stop {
	struct record_head head;
	bool keep;       /* end without withdrawing (graceful restart holds our routes) */
	char reason[256]; /* RFC 9003 text for the neighbours */
};

enum verb {
	VERB_NEIGHBOR_SHUTDOWN,
	VERB_NEIGHBOR_ENABLE,
	VERB_NEIGHBOR_RESET,
	VERB_NEIGHBOR_REFRESH,
};

struct record_verb {
	struct record_head head;
	uint32_t verb; /* enum verb */
	char neighbor[RECORD_NAME_MAX];
	char text[256];
};

struct record_http {
	struct record_head head;
	char site[RECORD_NAME_MAX];
	bool enabled;
};

struct record_text {
	struct record_head head; /* tail: the text, no NUL */
	uint64_t sequence;
};

enum query {
	QUERY_STATUS,        /* main */
	QUERY_SERVICES,      /* main; argument: name or empty */
	QUERY_DRAIN,         /* main; argument: JSON {"service":..., "reason":...} */
	QUERY_UNDRAIN,       /* main; argument: JSON {"service":...} */
	QUERY_RELOAD,        /* main; argument: JSON {"dry_run":bool, "force":bool} */
	QUERY_NEIGHBORS,     /* speaker; argument: name or empty */
	QUERY_ROUTES,        /* speaker; argument: JSON {"kind":"received|advertised|local",
	                      * "neighbor":..., "prefix":..., "limit":n} */
	QUERY_NEIGHBOR_VERB, /* main; argument: JSON {"verb":"shutdown|enable|reset|refresh",
	                      * "neighbor":..., "text":...} */
	QUERY_METRICS_MAIN,    /* main: JSON numbers for OpenMetrics */
	QUERY_METRICS_SPEAKER, /* speaker: the same */
	QUERY_RPKI,          /* speaker; argument: empty, or JSON {"prefix":..., "asn":n, "path":...,
	                      * "from":"provider|customer|peer"} */
	QUERY_POLICIES,        /* speaker; argument: name or empty */
	QUERY_BFD,             /* main; argument: name of a neighbour or empty */
	QUERY_FLOWSPEC,        /* speaker; argument: name of a neighbour or empty */
	QUERY_NEXT_HOPS,       /* speaker; argument: empty */
	QUERY_KINDS,
};

struct record_query {
	struct record_head head; /* tail: the argument, no NUL */
	uint64_t id;
	uint32_t query; /* enum query */
	bool read_only; /* it came by the read-only socket or HTTP: verbs are refused */
};

/* A reply comes in one or more parts; the parts' tails joined are one JSON document, or with
 * code != 0 one error sentence for people. */
struct record_reply {
	struct record_head head; /* tail: part of the document, no NUL */
	uint64_t id;
	int32_t code; /* 0 or enum error_code */
	bool last;
};

#define RECORD_EVIDENCE_MAX 256

struct record_check_report {
	struct record_head head;
	uint64_t generation; /* of the configuration whose indexes are meant */
	uint32_t service, check; /* index in config->services; in the flattened list of its checks:
	                          * depth first, groups count, in order of writing */
	uint32_t state;          /* enum check_state */
	uint32_t outcome;        /* enum check_outcome of the last probe */
	bool conclusive;
	struct duration latency; /* of the last probe */
	uint64_t probes, failures; /* totals */
	struct instant at;
	char evidence[RECORD_EVIDENCE_MAX];
};

struct record_neighbor_event {
	struct record_head head;
	char neighbor[RECORD_NAME_MAX];
	uint32_t event;     /* enum speaker_event_type */
	uint32_t old_state, new_state; /* enum session_state */
	uint8_t code, subcode;
	bool sent;
	uint32_t not_shown; /* events of this kind before it that were not sent: too many at once */
	char reason[256];
};

/* The operator's local exceptions to the RPKI (RFC 8416), after every configuration. */
struct record_exceptions {
	struct record_head head;
	uint64_t length; /* of the text in the memfd; 0: none, and no memfd */
};

struct record_rpki_event {
	struct record_head head;
	char cache[RECORD_NAME_MAX]; /* empty for RTR_EVENT_USE */
	uint32_t event;              /* enum rtr_event_type */
	uint32_t serial;
	uint64_t records;
	uint8_t version;
	bool complete;
	char reason[256];
};

/* A BFD session, on every change of its state and every two seconds. */
struct record_bfd_state {
	struct record_head head;
	char neighbor[RECORD_NAME_MAX];
	bool changed;                     /* of state; else only numbers */
	bool multihop;
	uint32_t state, remote_state, old_state; /* enum bfd_state */
	uint32_t diagnostic, remote_diagnostic;  /* enum bfd_diagnostic, or another */
	uint32_t mine, yours;             /* discriminators */
	uint64_t transmit_us, detection_us;
	uint64_t packets_in, packets_out, ups, downs, discarded;
	struct instant since;
};

#define KERNEL_BATCH_MAX 256u /* changes in a record */

struct record_kernel_routes {
	struct record_head head;
	uint64_t sequence;
	uint32_t count; /* changes in the tail */
	bool begin;     /* nothing is installed, for all that the speaker knows */
	bool complete;  /* after this: what it has not named since the begin is not wanted */
};

struct record_kernel_done {
	struct record_head head;
	uint64_t sequence;
	uint64_t left_over; /* routes of ours in the kernel that nobody asked for yet */
};

/* How far a route has got: to how many neighbours it is announced. Sent on every change. */
struct record_route_status {
	struct record_head head;
	struct prefix prefix;
	uint32_t wanted;    /* established neighbours that should hear it */
	uint32_t announced; /* of these, those that the UPDATE was written to */
	uint32_t withdrawing; /* neighbours to which a withdrawal is still to be written */
};

/*
 * Check type, sizes and sender. NULL-terminates fixed strings that a broken sender left open is
 * not done: such a record is refused. 0, ERROR_MALFORMED, or ERROR_PERMISSION.
 */
int record_check(const void *bytes, size_t length, enum process sender, enum process receiver,
	struct error *error);

const char *record_name(enum record_type type);
const char *process_name(enum process process); /* "speaker" */

#endif
