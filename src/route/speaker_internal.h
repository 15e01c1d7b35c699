/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the speaker. The files and what they own:
 *
 *     speaker.c        the speaker itself, its neighbours, timers, verbs
 *     session.c        the state machine of a neighbour (RFC 4271 section 8)
 *     collision.c      two connections of one neighbour (RFC 4271 section 6.8)
 *     connection.c     one TCP connection: input framing, output on demand, its end
 *     message.c        what each received message means in each state
 *     session_open.c   OPEN: making, checking, negotiating
 *     restart.c        graceful restart, both sides (RFC 4724, RFC 8538)
 *     import.c         which received routes are kept, and how they are marked
 *     filter.c         the operator's policies, in and out
 *     flow.c           flow specifications as destinations
 *     flow_review.c    and which of them are feasible
 *     reflect.c        route reflection (RFC 4456)
 *     route_server.c   what a route server's client hears (RFC 7947)
 *     local_rib.c      the routes that we originate
 *     source.c         who says routes, and what becomes of all of a source at once
 *     best.c           the best route of each destination
 *     forward.c        the best routes as gateways and interfaces
 *     next_hop.c       whose next hop has a way in the kernel's table
 *     group.c          neighbours that hear the same: adj-RIB-out
 *     group_held.c     what a group of them holds
 *     group_paths.c    and what its members should know, with ADD-PATH
 *     group_pack.c     and the messages that bring it there
 *     export.c         what a group hears, and how it is dressed
 *     adj_out.c        what goes out on one session, and when
 *     view.c           looking in
 *
 * Below them, knowing nothing of neighbours: rib.c (the table), attribute_store.c (interned
 * attribute sets), decision.c (which of two routes is better).
 */
#ifndef NEARCAST_ROUTE_SPEAKER_INTERNAL_H
#define NEARCAST_ROUTE_SPEAKER_INTERNAL_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/random.h"
#include "route/best.h"
#include "route/filter.h"
#include "route/flow.h"
#include "route/group.h"
#include "route/kernel_table.h"
#include "route/next_hop.h"
#include "route/rpki_table.h"
#include "route/source.h"
#include "route/speaker.h"

#define NEIGHBORS_MAX    1024
#define LOCAL_ROUTES_MAX 65536
#define REASON_MAX       256

/* ---- connection.c ---- */

struct connection {
	struct neighbor *neighbor;
	enum connection_direction direction;
	enum session_state state; /* IDLE: no TCP connection here */
	struct connection_info info;
	uint8_t *input; /* a message that is not whole yet; owned */
	size_t input_length, input_room;
	struct bgp_open sent_open, remote_open;
	struct bgp_context context; /* negotiated; valid from OPEN_CONFIRM on */
	uint16_t hold_time_s, keepalive_s;
	bool open_due, keepalive_due;
	bool refresh_due[BGP_FAMILY_COUNT];
	bool output_announced; /* sink->output_ready was called, no empty output since */
	struct timer hold, keepalive, send_hold;
};

/* What is told of an end: the NOTIFICATION, if there is one, and words. */
struct ending {
	struct bgp_fault fault; /* code 0: none is sent */
	const char *text;       /* RFC 9003; NULL or empty: none */
	bool hard;              /* as Hard Reset where that was agreed (RFC 8538) */
	const char *reason;     /* for people */
	bool received;          /* the neighbour's NOTIFICATION, in fault */
	bool keep_routes;       /* graceful restart may apply */
	bool lost;              /* the host closed it: no sink->disconnect */
	bool replaced;          /* by a new connection of the neighbour: no failure */
};

void connection_init(struct connection *connection, struct neighbor *neighbor,
	enum connection_direction direction);
/* The TCP connection stands: send OPEN, go to OPEN_SENT. */
void connection_begin(
	struct connection *connection, const struct connection_info *info, struct instant now);
/* End it; tells nobody but the host. */
void connection_end(
	struct connection *connection, const struct ending *ending, struct instant now);
void connection_input(
	struct connection *connection, const uint8_t *bytes, size_t length, struct instant now);
size_t connection_output(
	struct connection *connection, uint8_t *buffer, size_t room, struct instant now);
/* Something is to be sent. */
void connection_wake(struct connection *connection);
void connection_hold_restart(struct connection *connection, struct instant now);
void connection_keepalive_restart(struct connection *connection, struct instant now);

/* ---- the neighbour ---- */

struct neighbor {
	struct list link; /* in speaker.neighbors */
	struct speaker *speaker;
	struct neighbor_settings settings;
	uint32_t *communities; /* owned copies behind settings */
	struct bgp_large_community *large_communities;
	uint64_t *extended_communities;
	bool ibgp;
	uint8_t path;    /* enum neighbor_path */
	bool admin_down; /* by settings or verb */
	bool removed;
	bool held;                 /* in Idle because of its prefix limit: nobody may connect */
	bool capabilities_refused; /* by the last NOTIFICATION: try without, once */
	bool connecting;           /* an attempt of ours is under way */
	enum session_state state;
	struct instant state_since, established_at;
	struct connection connections[CONNECTION_DIRECTIONS];
	struct connection *live; /* the Established one, or NULL */
	struct timer connect_retry, idle_hold, restart_timer, long_lived_timer;
	struct instant long_lived_until[BGP_FAMILY_COUNT];
	unsigned failures; /* in a row: lengthen idle_hold */
	struct bgp_capabilities agreed, received;
	struct source *source;
	struct member member; /* of the group that hears what it hears */
	bool restarting;      /* it restarts: its routes are stale */
	bool end_of_rib_in[BGP_FAMILY_COUNT];
	bool refresh_begun[BGP_FAMILY_COUNT]; /* its begin marker came, the end did not */
	bool end_of_rib_ever; /* we sent one in this life, or too late for it: R bit no more */
	struct instant added_at;
	bool family_disabled[BGP_FAMILY_COUNT];
	uint32_t remote_router_id;
	char last_reason[REASON_MAX];
	uint8_t last_code, last_subcode;
	bool last_sent;
	uint64_t counters[NEIGHBOR_COUNTERS];
};

struct local_entry {
	struct hash_node node;
	struct prefix prefix;
	struct local_route route; /* arrays owned, in `storage` */
	void *storage;
	attribute_set shown; /* by speaker_routes_local */
	struct instant since;
};

struct speaker {
	struct speaker_settings settings;
	char hostname[65];
	struct speaker_sink sink;
	speaker_update_function *watch; /* speaker_watch; NULL: nobody */
	void *watch_context;
	struct random random;
	struct hash_seed seed;
	struct heap timers;
	struct list neighbors;
	size_t neighbor_count;
	struct hash_table local; /* struct local_entry */
	unsigned only_routes;    /* of them, those that name neighbours */
	struct attribute_store store;
	struct rib ribs[BGP_FAMILY_COUNT];
	struct source **sources; /* by number; [RIB_LOCAL] is ours */
	uint32_t source_room;
	bool choosing[BGP_FAMILY_COUNT]; /* all destinations anew: best_review_step */
	uint32_t choosing_at[BGP_FAMILY_COUNT];
	speaker_best_function *watch_best; /* speaker_watch_best; NULL: nobody */
	void *watch_best_context;
	const struct bitmap *forward_holds; /* one a unicast family; forward_hold; NULL: none */
	struct list groups;
	unsigned add_path_groups; /* of these; with route servers' clients */
	bool groups_marked;       /* since the members were told */
	const struct rpki_table *rpki;
	const struct kernel_table *kernel; /* NULL: next hops are not tracked */
	bool hops_reviewing[BGP_UNICAST_COUNT];
	uint32_t hops_at[BGP_UNICAST_COUNT];
	struct flow_table flow;
	struct arena flow_scratch;   /* of one rule that was received */
	struct arena filter_scratch; /* of one run of a policy */
	struct instant output_at;    /* of the output that is being made */
	struct arena scratch;        /* of one received message or one export */
	bool stopped;
	bool end_of_rib_held;
};

/* ---- speaker.c ---- */
/* 0.75 to 1.0 of it: RFC 4271 section 10. */
struct duration jittered(struct speaker *speaker, struct duration d);
uint64_t prefix_hash(const struct speaker *speaker, const struct prefix *prefix);
static inline enum bgp_family prefix_family(const struct prefix *prefix)
{
	return prefix->address.family == FAMILY_IPV4 ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST;
}
void neighbor_event(struct neighbor *neighbor, struct speaker_event event);

/* ---- session.c ---- */
void session_start(struct neighbor *neighbor, struct instant now);
/* Ends all connections, then waits (idle_hold) or, when administratively down, stays Idle. */
void session_end(struct neighbor *neighbor, const struct ending *ending, struct instant now);
/* One connection failed; the neighbour goes on with the other, or ends. */
void session_connection_failed(
	struct connection *connection, const struct ending *ending, struct instant now);
void session_state_set(struct neighbor *neighbor, enum session_state state, struct instant now);
/* Neither administratively down nor removed, nor is all stopped. */
bool session_wanted(const struct neighbor *neighbor);
/* Call off the connection attempt that is under way, if there is one. */
void session_attempt_end(struct neighbor *neighbor);
void session_established(struct connection *connection, struct instant now);
void session_timers_init(struct neighbor *neighbor);
/* A state that follows from what the connections are doing. */
void session_refresh_state(struct neighbor *neighbor, struct instant now);

/* ---- collision.c ---- */
/* An OPEN was accepted on this connection: settle collisions. False: it was this one's end. */
bool collision_settle(struct connection *connection, struct instant now);
/* This connection is Established: the other one ends, and an attempt under way too. */
void collision_won(struct connection *connection, struct instant now);

/* ---- session_open.c ---- */
bool session_capabilities_offered(const struct neighbor *neighbor);
void session_open_make(const struct neighbor *neighbor, struct bgp_open *ret_open);
/* 0, or ERROR_REFUSED with the fault and a reason. */
int session_open_check(const struct neighbor *neighbor, const struct bgp_open *open,
	struct bgp_fault *ret_fault, char reason[REASON_MAX]);
void session_negotiate(struct connection *connection);

/* ---- message.c ---- */
/* False: the connection is gone. */
bool message_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now);

/* Ends the session if the neighbour has announced too much. False: the connection is gone. */
bool message_limit_check(struct connection *connection, struct instant now);

/* ---- restart.c ---- */
/* The session ended: keep the neighbour's routes as stale if the rules say so, else drop them.
 */
void restart_session_down(
	struct neighbor *neighbor, const struct ending *ending, struct instant now);
/* Nothing of the neighbour's is kept any longer. */
void restart_drop(struct neighbor *neighbor);
/* The session is back: drop what the neighbour did not keep. */
void restart_session_up(struct neighbor *neighbor, struct instant now);
/* End-of-RIB of a family: what is still stale goes. */
void restart_stale_end(struct neighbor *neighbor, enum bgp_family family);
/* The markers of RFC 7313. */
void restart_refresh_begin(
	struct neighbor *neighbor, enum bgp_family family, struct instant now);
void restart_refresh_end(struct neighbor *neighbor, enum bgp_family family);
/* R and F bits no longer when the neighbour's patience is over. */
void restart_grace_check(struct neighbor *neighbor, struct instant now);
void restart_capability(const struct neighbor *neighbor, struct bgp_capabilities *c);
void restart_timer_fire(struct speaker *speaker, struct timer *timer, struct instant now);
void restart_long_lived_fire(struct speaker *speaker, struct timer *timer, struct instant now);

/* ---- import.c ---- */
void import_update(
	struct neighbor *neighbor, const struct bgp_update *update, struct instant now);

/* ---- local_rib.c ---- */
void local_rib_free(struct speaker *speaker);
const struct local_entry *local_rib_find(
	const struct speaker *speaker, const struct prefix *prefix);
/* The neighbour is about to be freed: no route names it any longer. */
void local_rib_forget(struct speaker *speaker, const struct neighbor *neighbor);

/* ---- adj_out.c ---- */
/* Whole messages into w, one at least if there is something to send. */
void adj_out_output(struct neighbor *neighbor, struct writer *w, struct instant now);

#endif
