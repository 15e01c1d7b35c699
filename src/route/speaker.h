/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BGP speaker as pure code: neighbours with their state machines (RFC 4271 section 8), the
 * routes that we originate, what each neighbour should hear and what each neighbour said. It
 * owns no socket and no clock: the host (src/daemon/speaker, a test in virtual time, the lab)
 * moves the bytes and tells the time.
 *
 * Output is pulled: the speaker says by sink->output_ready that a connection has something to
 * send; the host calls speaker_output when the socket can take it. UPDATEs are made at that
 * moment from what is still wanted, so a slow neighbour costs no memory and hears only the
 * newest.
 *
 * Every function that takes `now` may call the sink before it returns. The sink must not call
 * back into the speaker.
 */
#ifndef NEARCAST_ROUTE_SPEAKER_H
#define NEARCAST_ROUTE_SPEAKER_H

#include "base/instant.h"
#include "route/decision.h"
#include "route/policy.h"
#include "wire/bgp_open.h"
#include "wire/bgp_update.h"
#include "wire/flowspec.h"

struct speaker;
struct neighbor; /* lives from speaker_neighbor_add to speaker_neighbor_remove */

/* The two TCP connections that a neighbour may have at once (RFC 4271 section 6.8). */
enum connection_direction {
	CONNECTION_OUTGOING = 0,
	CONNECTION_INCOMING = 1,
	CONNECTION_DIRECTIONS = 2,
};

enum session_state { /* RFC 4271 section 8.2.2 */
	SESSION_IDLE = 0,
	SESSION_CONNECT,
	SESSION_ACTIVE,
	SESSION_OPEN_SENT,
	SESSION_OPEN_CONFIRM,
	SESSION_ESTABLISHED,
};

struct speaker_settings {
	uint32_t asn;
	uint32_t router_id; /* host order */
	uint64_t seed;      /* jitter and hash seeds */
	/* We came back after a stop that kept forwarding: set the R bit until every neighbour
	 * heard our end-of-RIB once (RFC 4724 section 4.1); see speaker_end_of_rib_hold. */
	bool restarting;
	const char *hostname; /* offered in OPEN; NULL: not */
	struct decision_settings decision;
};

struct neighbor_settings {
	char name[64];
	struct address address;
	char interface[16]; /* for link-local; else empty */
	uint32_t asn;       /* expected from the OPEN */
	uint32_t local_asn; /* ours towards it */
	bool passive;
	bool shutdown; /* administratively down */
	uint8_t role;  /* ours, enum bgp_role; BGP_ROLE_NONE: not announced */
	bool role_strict;
	bool families[BGP_FAMILY_COUNT];
	bool capabilities;
	bool extended_next_hop;
	bool extended_message;
	struct duration hold_time, keepalive, connect_retry, send_hold;
	/* No session until BFD says that the path works: speaker_neighbor_path. */
	bool path_strict;
	bool graceful_restart; /* keep its routes while it restarts: RFC 4724, the helper's part
				*/
	bool restart_preserve; /* and ask it to keep ours while we do */
	uint16_t restart_time_s;
	/* From its return to its end-of-RIB; over: what is stale goes. Not zero. RFC 8538
	 * section 4.1 asks for it. */
	struct duration stale_time;
	/* RFC 9494: how long the neighbour is asked to keep ours after restart_time_s, and how
	 * long its own are kept at most; 0: not at all. At most 2^24 - 1 seconds. */
	struct duration long_lived_time, maximum_long_lived_time;
	bool graceful_shutdown; /* tag all with RFC 8326 and lower the preference */
	bool import;            /* keep what it sends */
	bool transit;           /* pass on what others said (RFC 8212: only when told to) */
	/* What goes through, and how it is changed; NULL: all, as it is. The speaker holds
	 * them. rule_counters: of their book, the host's, may be NULL. */
	struct policy *import_policy, *export_policy;
	uint64_t *rule_counters;
	uint8_t relation;          /* enum policy_relation; none: as role says */
	bool flowspec_unvalidated; /* its rules need no unicast route */
	uint32_t maximum_prefixes; /* per family; 0: no cap */
	/* RFC 7911: several routes of a prefix, each with a path identifier. */
	uint8_t add_path[BGP_FAMILY_COUNT];       /* enum bgp_add_path: what is offered */
	uint16_t add_path_best;                   /* most routes of a prefix sent; 0: all */
	uint16_t add_path_maximum;                /* most taken; 0: no cap but RIB_ROUTES_MAX */
	struct duration maximum_prefixes_restart; /* 0: never */
	/* Most routes of others that it is sent, per family; 0: no limit. Our own always go. */
	uint32_t maximum_prefixes_out;
	/* At least so long between advertisements to it (RFC 4271 section 9.2.1.1), less up to
	 * a quarter; withdrawals do not wait. 0: none. */
	struct duration interval;
	/* Most ASes in a path and communities of all kinds of a route that is taken; 0: any. */
	uint16_t maximum_path_length, maximum_communities;
	/* Most bytes of what has no fixed size: AS path, communities, cluster list; 0: any. */
	uint16_t maximum_attribute_bytes;
	struct address next_hop[BGP_FAMILY_COUNT]; /* FAMILY_NONE: session's local address */
	/* Towards an internal neighbour: our address as next hop of what external ones said. */
	bool next_hop_self;
	bool route_reflector_client; /* RFC 4456: what is internal is reflected to it, and from
				      * it to all */
	uint32_t cluster_id;         /* RFC 4456 section 7; 0: our identifier */
	bool route_server_client;    /* RFC 7947: what others said goes to it as it is */
	bool first_as_any;           /* what it says need not begin with its AS */
	unsigned prepend;            /* added to every route's own */
	bool has_med, has_local_pref;
	uint32_t med, local_pref;
	const uint32_t *communities; /* copied by the speaker, as are the next two */
	const struct bgp_large_community *large_communities;
	const uint64_t *extended_communities;
	size_t community_count, large_community_count, extended_community_count;
};

/* A route that we originate. Sent to neighbours with our AS in front, next hop self, and the
 * neighbour's own additions. */
struct local_route {
	struct prefix prefix;
	unsigned prepend; /* extra times our AS */
	bool has_local_pref;
	uint32_t med, local_pref;    /* MED is always sent to eBGP neighbours */
	const uint32_t *communities; /* copied */
	const struct bgp_large_community *large_communities;
	const uint64_t *extended_communities;
	size_t community_count, large_community_count, extended_community_count;
	bool graceful_shutdown; /* adds the RFC 8326 community; LOCAL_PREF 0 on iBGP */
	const struct neighbor *const *only; /* NULL: all neighbours */
	size_t only_count;
};

enum speaker_event_type {
	SPEAKER_STATE, /* session state changed: old_state, new_state */
	SPEAKER_ESTABLISHED,
	SPEAKER_DOWN,      /* left Established: notification sent or received, or reason */
	SPEAKER_REFUSED,   /* an attempt failed: wrong AS, bad OPEN, hold time, TCP */
	SPEAKER_MALFORMED, /* an UPDATE was malformed: malformation */
	SPEAKER_MALFORMED_UPDATE, /* before these, once: the whole of it: update, frame */
	SPEAKER_END_OF_RIB,       /* received: family */
	SPEAKER_REFRESH,          /* route refresh received: family */
	SPEAKER_PREFIX_LIMIT,     /* maximum_prefixes reached: family */
	SPEAKER_PREFIX_LIMIT_OUT, /* the first route is held back: family */
	SPEAKER_STALE,            /* neighbour restarts: its routes are kept (RFC 4724) */
	SPEAKER_LONG_LIVED, /* its routes are kept on, as the last choice: RFC 9494: family */
	/* Of routes that we originate: the first UPDATE that carries prefix, or its withdrawal,
	 * was handed to output. */
	SPEAKER_ANNOUNCED,
	SPEAKER_WITHDRAWN,
};

struct speaker_event {
	enum speaker_event_type type;
	struct neighbor *neighbor;
	uint8_t old_state, new_state; /* enum session_state */
	uint8_t family;
	uint8_t code, subcode; /* NOTIFICATION, if there was one */
	bool sent;             /* we sent the NOTIFICATION; else received */
	struct prefix prefix;
	const struct bgp_malformation *malformation;
	const struct bgp_update *update; /* as it was read; valid during the call */
	const struct bgp_frame *frame;   /* the same */
	const char *reason;              /* for people; valid during the call; never NULL */
};

struct speaker_sink {
	void *context;
	/* Open a TCP connection to the neighbour; answer with speaker_connected or
	 * speaker_connect_failed, direction CONNECTION_OUTGOING. */
	void (*connect)(void *context, struct neighbor *neighbor);
	/* The speaker has done with this connection and will report nothing more of it; the
	 * host reports nothing more either. last: whole messages (a NOTIFICATION) to send
	 * behind what speaker_output gave before, then close; NULL: just close. Valid during
	 * the call. After this the host may use the neighbour's pointer no more if it was
	 * removed. */
	void (*disconnect)(void *context, struct neighbor *neighbor,
		enum connection_direction direction, const uint8_t *last, size_t length);
	/* There is something to send: call speaker_output when the socket is writable. */
	void (*output_ready)(
		void *context, struct neighbor *neighbor, enum connection_direction direction);
	void (*event)(void *context, const struct speaker_event *event);
};

/* The sink is copied. NULL on no memory. */
struct speaker *speaker_new(
	const struct speaker_settings *settings, const struct speaker_sink *sink);
/* Frees all, sends nothing. NULL is fine. */
void speaker_free(struct speaker *speaker);

/* Copies settings. NULL: no memory, or the cap of neighbours (1024) is reached. Starts at once
 * unless shutdown. */
struct neighbor *speaker_neighbor_add(
	struct speaker *speaker, const struct neighbor_settings *settings, struct instant now);
/* Apply new settings. Sends Cease/6 and reconnects only when what was negotiated must change
 * (address, AS, role, families, capabilities, hold time, graceful restart); else only updates
 * are sent. An operator's shutdown stays; one by settings ends when settings no longer say so.
 * Returns true if the session was reset. */
bool speaker_neighbor_change(struct speaker *speaker, struct neighbor *neighbor,
	const struct neighbor_settings *settings, struct instant now);
/* New policies and counters, at once and without any other change of settings: what is there
 * goes through them again. The old counters are not touched after this. */
void speaker_neighbor_policies(struct speaker *speaker, struct neighbor *neighbor,
	struct policy *import_policy, struct policy *export_policy, uint64_t *rule_counters,
	struct instant now);
/* Sends Cease/3 if connected (by sink->disconnect), then frees the neighbour before it returns.
 */
void speaker_neighbor_remove(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now);

struct neighbor *speaker_neighbor_by_name(const struct speaker *speaker, const char *name);
/* Who may connect from this address (and interface, for link-local): NULL if nobody. */
struct neighbor *speaker_neighbor_by_address(
	const struct speaker *speaker, const struct address *address, const char *interface);

/* Host reports. local and remote are the connection's addresses; link_local is the interface's
 * IPv6 link-local address if known (for RFC 2545 next hops), else FAMILY_NONE. */
struct connection_info {
	struct address local, remote, local_link_local;
	/* A global address of each family on the connection's interface: the next hop for
	 * routes of the other family than the session's. FAMILY_NONE if there is none. */
	struct address interface_address[BGP_FAMILY_COUNT];
	uint16_t local_port, remote_port;
	bool directly_connected;
};
void speaker_connected(struct speaker *speaker, struct neighbor *neighbor,
	const struct connection_info *info, struct instant now);
void speaker_connect_failed(struct speaker *speaker, struct neighbor *neighbor,
	const char *reason, struct instant now);
/* A neighbour connects to us: is that welcome? May end an old connection first, when the
 * neighbour has restarted (RFC 4724 section 5). False: close the new one at once. */
bool speaker_accept_begins(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now);
/* An accepted connection, after speaker_accept_begins. False: refuse it (close at once). */
bool speaker_accepted(struct speaker *speaker, struct neighbor *neighbor,
	const struct connection_info *info, struct instant now);
/* What to send on a connection that was refused, before it is closed: a Cease/5 (RFC 4486).
 * Only to known neighbours. Gives the length; 0: no room. */
size_t speaker_refusal(uint8_t *buffer, size_t room);
/* Bytes from the stream, any split. They are consumed whole. */
void speaker_received(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *bytes, size_t length,
	struct instant now);
/* The connection ended from outside: peer closed, reset, error. */
void speaker_closed(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const char *reason, struct instant now);
/* Fill buffer (room at least BGP_EXTENDED_MESSAGE_MAX) with whole messages; 0: nothing to send
 * for now. Order: OPEN, KEEPALIVE, then UPDATEs, withdrawals first. A NOTIFICATION goes by
 * sink->disconnect. */
size_t speaker_output(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, uint8_t *buffer, size_t room, struct instant now);
/* The kernel took bytes of this connection: keeps the send-hold timer (RFC 9687) off. all_sent:
 * nothing is left in the host's buffer. */
void speaker_progress(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, bool all_sent, struct instant now);

/* What policies ask about origins and paths (route/rpki_table.h); NULL: nothing is known. The
 * table stays the host's, which tells of every change: what depends on it is looked at again,
 * without a session being reset. */
struct rpki_table;
void speaker_rpki_set(struct speaker *speaker, const struct rpki_table *table);
void speaker_rpki_changed(struct speaker *speaker);

/* Next hops are looked up in this table from now on, and routes whose next hop has no way are
 * not used (RFC 4271 section 9.1.2); NULL: every next hop is taken for reachable. The table
 * stays the host's, which tells of its changes, many at once if it can: only routes of the next
 * hops that are concerned are chosen anew, some at a time, by speaker_tick. */
struct kernel_table;
void speaker_kernel_set(struct speaker *speaker, const struct kernel_table *table);
void speaker_kernel_changed(struct speaker *speaker);
/* The next hops that routes have, in no order, while they are tracked; false stops. */
struct hop;
typedef bool next_hop_callback(void *context, const struct hop *hop);
void speaker_next_hops(
	const struct speaker *speaker, next_hop_callback *callback, void *context);

/* Timers, and one bounded piece of work that was put off (a lost neighbour's routes). */
void speaker_tick(struct speaker *speaker, struct instant now);
struct instant speaker_deadline(const struct speaker *speaker); /* INSTANT_NEVER if none */

/* Originate or replace. 0, ERROR_MEMORY, ERROR_FULL (cap 65536 local routes). */
int speaker_route_set(
	struct speaker *speaker, const struct local_route *route, struct instant now);
/* ERROR_NOT_FOUND. */
int speaker_route_remove(
	struct speaker *speaker, const struct prefix *prefix, struct instant now);

/* ---- Flow specifications: RFC 8955. ---- */

#define FLOW_ACTIONS_MAX 16u

/* Originate or replace, for all neighbours with the family. actions: extended communities, of
 * flowspec_action_write; copied, as the rule is. 0, ERROR_RANGE (too many actions),
 * ERROR_MEMORY, ERROR_FULL. */
int speaker_flow_set(struct speaker *speaker, const struct flowspec *rule,
	const uint64_t *actions, size_t count, struct instant now);
/* ERROR_NOT_FOUND. */
int speaker_flow_remove(
	struct speaker *speaker, const struct flowspec *rule, struct instant now);

struct flow_view {
	const struct flowspec *rule;
	const struct bgp_attributes *attributes;
	const struct neighbor *neighbor; /* NULL: ours */
	bool best, feasible, stale;
	const char *reason; /* why it is feasible or is not; static */
};
typedef bool speaker_flow_callback(void *context, const struct flow_view *view);
/* All rules and who said them, as speaker_routes_received. */
void speaker_flow_each(const struct speaker *speaker, uint64_t *position,
	speaker_flow_callback *callback, void *context);

/* Administrative verbs; text is the RFC 9003 communication, may be empty. */
void speaker_neighbor_shutdown(struct speaker *speaker, struct neighbor *neighbor,
	const char *text, struct instant now);
void speaker_neighbor_enable(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now);
void speaker_neighbor_reset(struct speaker *speaker, struct neighbor *neighbor,
	const char *text, struct instant now);
/* What BFD (RFC 5882) says of the path to it. Down ends an Established session at once, with
 * Cease/10 (RFC 9384) as a Hard Reset: nothing is kept of who cannot be reached. */
enum neighbor_path {
	NEIGHBOR_PATH_UNKNOWN, /* nothing; also: administratively down, which is no failure */
	NEIGHBOR_PATH_UP,
	NEIGHBOR_PATH_DOWN,
};
void speaker_neighbor_path(struct speaker *speaker, struct neighbor *neighbor,
	enum neighbor_path path, const char *reason, struct instant now);
/* Ask it to send its routes again (RFC 2918). ERROR_STATE, ERROR_UNSUPPORTED. */
int speaker_neighbor_refresh(struct speaker *speaker, struct neighbor *neighbor,
	enum bgp_family family, struct instant now);
/* All neighbours: Cease/2 with text; or, with keep, disconnect without a NOTIFICATION, so that
 * graceful restart holds our routes. */
void speaker_stop(struct speaker *speaker, bool keep, const char *text, struct instant now);
/* After a restart: send no end-of-RIB until the release, so that neighbours that held our
 * routes go on holding those that are not announced again yet (RFC 4724 section 4.1). */
void speaker_end_of_rib_hold(struct speaker *speaker);
void speaker_end_of_rib_release(struct speaker *speaker, struct instant now);
/* True once every wanted change for all Established neighbours was handed to output, but for
 * announcements that wait for a neighbour's interval. */
bool speaker_settled(const struct speaker *speaker);

/* An UPDATE of an Established session as it came, before anything is made of it. Must not call
 * back into the speaker, but to look at it. */
typedef void speaker_update_function(
	void *context, struct neighbor *neighbor, const struct bgp_frame *frame);
/* Tell every UPDATE from now on; update NULL: no more. */
void speaker_watch(struct speaker *speaker, speaker_update_function *update, void *context);

/* Other rules of choice: no session is reset; all destinations are chosen anew, some at a time,
 * by speaker_tick. */
void speaker_decision_set(struct speaker *speaker, const struct decision_settings *decision);

/* The best route of a destination, or which routes share its traffic, may have changed: look
 * again (route/best.h: best_paths). Must not call back into the speaker, but to look at it. */
typedef void speaker_best_function(void *context, enum bgp_family family, uint32_t destination);
/* Tell every change from now on; changed NULL: no more. */
void speaker_watch_best(struct speaker *speaker, speaker_best_function *changed, void *context);

/* ---- Looking in: for status, metrics and the API. ---- */

enum neighbor_counter {
	COUNTER_OPENS_IN,
	COUNTER_OPENS_OUT,
	COUNTER_UPDATES_IN,
	COUNTER_UPDATES_OUT,
	COUNTER_NOTIFICATIONS_IN,
	COUNTER_NOTIFICATIONS_OUT,
	COUNTER_KEEPALIVES_IN,
	COUNTER_KEEPALIVES_OUT,
	COUNTER_REFRESHES_IN,
	COUNTER_REFRESHES_OUT,
	COUNTER_BYTES_IN,
	COUNTER_BYTES_OUT,
	COUNTER_ESTABLISHED, /* times */
	COUNTER_CONNECT_FAILED,
	COUNTER_ATTRIBUTE_DISCARD,
	COUNTER_TREAT_AS_WITHDRAW,
	COUNTER_SESSION_RESET,
	COUNTER_UNKNOWN_ATTRIBUTES,
	COUNTER_IGNORED_FAMILIES,
	COUNTER_LOOPS,              /* our AS in the path: RFC 4271 section 9.1.2 */
	COUNTER_FIRST_AS_MISMATCH,  /* RFC 4271 section 6.3, RFC 7606 section 7.2 */
	COUNTER_ROUTE_LEAKS,        /* RFC 9234 section 5 */
	COUNTER_NEXT_HOP_OURS,      /* RFC 4271 section 5.1.3 */
	COUNTER_POLICY_REJECTED,    /* import: none */
	COUNTER_PATHS_OVER,         /* more routes of a prefix than add_path_maximum */
	COUNTER_PATH_LONG,          /* longer than maximum_path_length */
	COUNTER_COMMUNITIES_OVER,   /* more than maximum_communities */
	COUNTER_ATTRIBUTES_OVER,    /* more than maximum_attribute_bytes */
	COUNTER_FLOWSPEC_MALFORMED, /* rules: RFC 8955 section 10 */
	COUNTER_FLOWSPEC_REFUSED,   /* rules beyond FLOW_NEIGHBOR_MAX or FLOW_RULES_MAX */
	COUNTER_COLLISIONS,
	COUNTER_UNEXPECTED_MESSAGES,
	NEIGHBOR_COUNTERS,
};
const char *neighbor_counter_name(enum neighbor_counter counter); /* "treat-as-withdraw" */

struct neighbor_view {
	const struct neighbor_settings *settings;
	enum session_state state;
	bool admin_down;
	const char *last_reason; /* why the session last went down or could not come up */
	uint8_t last_code, last_subcode;
	bool last_sent;
	struct instant state_since;        /* when it entered its state */
	struct instant established_at;     /* 0 if not Established */
	uint16_t hold_time_s, keepalive_s; /* negotiated */
	uint32_t remote_router_id;         /* host order; 0 if unknown */
	struct connection_info info;
	struct bgp_capabilities offered, received, agreed; /* agreed: valid when Established */
	bool restarting;                   /* the neighbour restarts; its routes are stale */
	bool long_lived[BGP_FAMILY_COUNT]; /* and are so for long: RFC 9494 */
	bool end_of_rib_in[BGP_FAMILY_COUNT], end_of_rib_out[BGP_FAMILY_COUNT];
	uint32_t prefixes_in[BGP_FAMILY_COUNT], prefixes_stale[BGP_FAMILY_COUNT];
	uint32_t prefixes_out[BGP_FAMILY_COUNT];       /* advertised now */
	uint32_t prefixes_pending[BGP_FAMILY_COUNT];   /* to be advertised or withdrawn */
	uint32_t prefixes_held_back[BGP_FAMILY_COUNT]; /* by maximum_prefixes_out */
	const uint64_t *counters;                      /* [NEIGHBOR_COUNTERS] */
};
void speaker_neighbor_view(const struct neighbor *neighbor, struct neighbor_view *ret_view);
/* In order of adding; NULL ends. Pass NULL to start. */
struct neighbor *speaker_neighbor_next(
	const struct speaker *speaker, const struct neighbor *neighbor);
const char *session_state_name(enum session_state state); /* "Established" */

/* Received routes, in no particular order, and resumable: a callback that returns false stops;
 * the next call goes on from *position (0 to start, UINT64_MAX at the end). */
struct route_view {
	struct prefix prefix;
	const struct bgp_attributes *attributes; /* valid during the call */
	const struct neighbor *neighbor;
	uint32_t path_id; /* RFC 7911: its own, or ours in what is advertised; 0: none */
	bool stale;
	struct instant since; /* to the second, for received routes; 0: not known */
};
typedef bool route_callback(void *context, const struct route_view *route);
void speaker_routes_received(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context);
/* What was last handed to output for this neighbour: the attributes as sent. */
void speaker_routes_advertised(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context);
/* True while the neighbour has, as far as the output that was taken for it goes, a route of
 * ours to the prefix. */
bool speaker_route_held(const struct speaker *speaker, const struct neighbor *neighbor,
	const struct prefix *prefix);
/* The routes that we originate, before any neighbour's additions. */
void speaker_routes_local(const struct speaker *speaker, uint64_t *position,
	route_callback *callback, void *context);

#endif
