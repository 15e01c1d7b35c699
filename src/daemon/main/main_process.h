/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The privileged process: it owns the kernel state (addresses, listening sockets), hosts the
 * brain and its children, and sees no byte that came from the network.
 *
 *     probe --CHECK_REPORT--> services.c --> brain (src/service)
 *                                |  intent
 *              addresses.c <-----+-----> routes.c --ROUTE_SET--> speaker
 *                  ^                        ^                       |
 *                  +---- withdrawn ---------+------- ROUTE_STATUS --+
 *
 *     api --QUERY--> query.c        event.c --EVENT--> api, log
 */
#ifndef NEARCAST_DAEMON_MAIN_MAIN_PROCESS_H
#define NEARCAST_DAEMON_MAIN_MAIN_PROCESS_H

#include <jansson.h>
#include <net/if.h>
#include <uv.h>

#include "config/config.h"
#include "config/diff.h"
#include "daemon/main/config_files.h"
#include "daemon/main/main.h"
#include "daemon/main/route_table.h"
#include "daemon/process.h"
#include "os/channel.h"
#include "os/child.h"
#include "os/netlink_address.h"
#include "os/privilege.h"
#include "service/brain.h"

struct main_process;

/* ---- services.c ---- */

/* The last word of the prober about one check, and what main made of it. */
struct check_record {
	uint32_t state, outcome; /* enum check_state, enum check_outcome */
	bool heard;
	struct duration latency;
	uint64_t probes, failures;
};

/* A service of the brain, at the brain's index. */
struct hosted_service {
	const struct config_service *config; /* NULL: a free place */
	struct intent intent;
	char reason[BRAIN_REASON_MAX]; /* of the intent */
	bool dirty;                    /* the intent is still to be carried out */
	unsigned changes;              /* of state, since start */
	size_t check_count;
	struct check_record *checks; /* owned */
};

struct services {
	struct hosted_service **list; /* by the brain's index; NULL: a free place */
	size_t room;
	size_t *by_config; /* index in config->services -> the brain's index */
	bool adopting;     /* a reload is half-way: carry nothing out yet */
};

/* ---- addresses.c ---- */

enum address_presence {
	ADDRESS_ABSENT,
	ADDRESS_OURS,
	ADDRESS_FOREIGN, /* somebody else put it there: never removed by us */
};

struct managed_address {
	struct address address;
	char interface[IF_NAMESIZE];
	enum address_presence presence;
	bool wanted;
	bool marked; /* while wants are collected */
	bool failed; /* the last attempt to add it failed; tried again */
	struct instant
		not_before;   /* not removed earlier, whatever the routes say; 0: no bound */
	struct instant retry; /* of a failed attempt */
	unsigned repairs;     /* since repairs_since: somebody else removes it */
	struct instant repairs_since;
};

struct addresses {
	struct managed_address *list;
	size_t count, room;
	bool protocol_known; /* the kernel says whose an address is (IFA_PROTO) */
	bool unwritten;      /* what is ours is not yet as the state file has it */
};

/* ---- supervise.c ---- */

enum slot_state {
	SLOT_STOPPED,
	SLOT_STARTING, /* no word from it yet */
	SLOT_RUNNING,
	SLOT_WAITING, /* ended; started again when the timer says */
};

/* One child process, or with --foreground-single one set of handles on our loop. */
struct slot {
	struct main_process *main;
	enum process process;
	enum slot_state state;
	struct child *child;     /* NULL: none, or in our own process */
	void *inside;            /* state of a process_type that runs on our loop */
	struct channel *channel; /* NULL: none */
	uv_timer_t restart;
	struct instant since, last_heard, started;
	unsigned restarts, quick_ends; /* ends soon after a start, in a row */
	uint64_t generation;           /* that it uses, by its own word */
	bool stopped_said;             /* RECORD_STOPPED came */
	char last_end[96];             /* empty: never */
};

/* ---- the whole ---- */

#define HELD_EVENTS_MAX 64

/* Events that are told once the work that they speak of is done. */
struct held_events {
	bool holding;
	size_t count;
	enum log_level levels[HELD_EVENTS_MAX];
	json_t *events[HELD_EVENTS_MAX];
};

enum main_phase {
	PHASE_STARTING,
	PHASE_RUNNING,
	PHASE_WITHDRAWING, /* stopping: waits until the withdrawals are written and spread */
	PHASE_ENDING,      /* stopping: the children end */
	PHASE_DONE,
};

struct reload_note {
	bool done, ok;
	char message[256];
	struct instant at;
	uint64_t count, failures;
};

/* What main knows of a neighbour. */
struct neighbor_note {
	bool up;
	bool shut; /* by the operator's verb: no problem, and still so in a new speaker */
	struct record_bfd_state bfd; /* the last one; head.type 0: none */
};

struct main_process {
	const struct main_options *options;
	uv_loop_t loop;
	enum main_phase phase;
	struct instant started;
	struct config *config;
	struct config_files files;
	uint64_t generation;
	struct instant loaded;
	struct reload_note reload;
	struct brain *brain;
	struct services services;
	struct route_table routes;
	struct addresses addresses;
	struct netlink *netlink;
	struct slot slots[PROCESS_COUNT];
	int listeners[LISTENER_KINDS]; /* kept to hand out again; -1: none */
	int main_lock, speaker_lock;   /* -1: none */
	struct privilege_user user;
	uv_timer_t brain_timer, address_timer, lease_timer, watchdog_timer, stop_timer;
	uv_signal_t signals[4];
	uint64_t event_sequence;
	struct held_events held_events;
	bool state_read; /* the state file's drains are in effect: it may be written anew */
	bool forwarding_kept; /* addresses or routes of an earlier run were in place: RFC 4724's
			       * R bit */
	bool synced;    /* the speaker was told that the first batch of routes is complete */
	bool stop_keep; /* a stop that keeps what it can: for a restart */
	bool ready_said;
	struct kernel_routes *kernel_routes; /* NULL until the speaker wants one */
	struct neighbor_note *neighbors; /* by the index in config->neighbors; owned */
	struct instant stop_began;
	char stop_reason[128];
};

/* ---- services.c: the brain and what it wants ---- */

int services_begin(struct main_process *main, struct error *error);
/* Bring the brain in line with main->config; the one before is still there. */
int services_configure(struct main_process *main, struct error *error);
void services_report(struct main_process *main, const struct record_check_report *report);
void services_checker_lost(struct main_process *main, const char *reason);
void services_checker_back(struct main_process *main);
/* Carry out what the brain wants by now; after every call into it. */
void services_settle(struct main_process *main);
void services_free(struct main_process *main);

/* ---- state.c: what survives a restart ---- */

struct state_address;
/* Write the state file; hint: what it means if that fails. Nothing before state_drains_read. */
void state_save(struct main_process *main, const char *hint);
/* Put the drains of an earlier run into effect. */
void state_drains_read(struct main_process *main);
/* Tell the addresses that an earlier run put on interfaces here. */
void state_addresses_read(struct main_process *main,
	void (*added)(void *context, const struct state_address *address), void *context);
/* NULL if there is none. */
struct hosted_service *service_by_name(
	struct main_process *main, const char *name, size_t *ret_index);
struct hosted_service *service_at(const struct main_process *main, size_t index);

/* ---- routes.c: announcements ---- */

/* Withdraw what the service's intent (or a stop) does not want announced any more. */
void routes_withdraw(struct main_process *main, const struct hosted_service *service);
/* Announce what it wants, where the speaker was not told so yet. */
void routes_announce(struct main_process *main, const struct hosted_service *service);
/* Withdraw whatever was announced for a service that is gone. */
void routes_drop_service(struct main_process *main, const char *name, const char *reason);
/* Tell a new speaker everything. */
void routes_resend(struct main_process *main);
void routes_status(struct main_process *main, const struct record_route_status *status);
/* How far a service's announcement has got. */
struct announced {
	bool announced;           /* everywhere it should be, and that is somewhere */
	uint32_t wanted, reached; /* neighbours, of the worst prefix */
};
struct announced routes_announced(
	const struct main_process *main, const struct config_service *service);

/* ---- addresses.c ---- */

/* Look at what is there; take over what is ours, adopt what the configuration names. */
int addresses_begin(struct main_process *main, struct error *error);
/* Collect who wants what, add at once, remove what may go by now, set the timer for the rest.
 */
void addresses_settle(struct main_process *main);
bool addresses_present(const struct main_process *main, const struct config_service *service);
enum address_presence address_presence(
	const struct main_process *main, const char *interface, const struct address *address);
/* True if nothing of ours that is not wanted is left. */
bool addresses_settled(const struct main_process *main);
void addresses_free(struct main_process *main);

/* ---- sockets.c: what needs capabilities, opened for the children ---- */

/* Open what this configuration asks for and is not open yet (or is another one than
 * main->config asks for), hand it to its user, close what is not asked for any more. On an
 * error nothing has changed. */
int sockets_open(struct main_process *main, const struct config *config, struct error *error);
void sockets_close(struct main_process *main);
/* Hand a child its sockets. */
void sockets_send(struct main_process *main, enum process user);
void sockets_send_one(struct main_process *main, enum process user, enum listener_kind kind);
/* The control sockets' files, to the user that we become. */
void sockets_give_files(const struct main_process *main);

/* ---- feed.c: what a child needs to begin ---- */

/* Configuration, secrets, sockets, routes: all it needs, in order. */
void feed_child(struct main_process *main, enum process process);
/* After a reload. */
void feed_config(struct main_process *main, enum process process, bool restarting);
void feed_renew(struct main_process *main);
/* 0, or ERROR_STATE when there is no such child now. */
int feed_send(struct main_process *main, enum process process, const void *record,
	size_t length, int fd);
/* Every secret can be read. */
int feed_secrets_check(const struct config *config, struct error *error);
/* The SLURM file that it names, if it names one, can be read and has a meaning. */
int feed_exceptions_check(const struct config *config, struct error *error);
/* To the speaker, as the file is now. */
void feed_exceptions(struct main_process *main);

/* ---- kernel_routes.c: our routes in the kernel ---- */

/* Look whether an earlier run left some there that go on forwarding. */
void kernel_routes_begin(struct main_process *main);
/* What the speaker wants there; it is answered. */
void kernel_routes_record(struct main_process *main, const struct record_kernel_routes *record);
json_t *kernel_routes_view(const struct main_process *main); /* null: nothing was ever there */
/* Remove them, if the configuration says so, and end. */
void kernel_routes_end(struct main_process *main);

/* ---- supervise.c ---- */

void supervise_begin(struct main_process *main);
/* Start who is needed by the present configuration and was not before. */
void supervise_configured(struct main_process *main);
void supervise_stop(struct main_process *main, bool keep, const char *reason);
bool supervise_ended(const struct main_process *main);
/* SIGKILL to all that is left. */
void supervise_kill(struct main_process *main);
/* Who has not been heard of for too long is ended and started again. */
void supervise_look(struct main_process *main);
void supervise_free(struct main_process *main);
const char *slot_state_name(enum slot_state state);

/* ---- takeover.c: earlier runs ---- */

/* Take the lock of this runtime folder; end a speaker that outlived its main. ERROR_EXISTS: a
 * daemon runs already. */
int takeover(struct main_process *main, struct error *error);

/* ---- reload.c ---- */

struct reload_request {
	bool dry_run, force;
};
/* 0 and *ret_document (docs/api.md), or an error that was not put into effect. */
int reload_run(struct main_process *main, const struct reload_request *request,
	json_t **ret_document, struct text *ret_message);

/* ---- query.c, view.c ---- */

void main_query_answer(
	struct main_process *main, const struct record_query *query, const char *argument);
json_t *view_status(struct main_process *main);
json_t *view_services(struct main_process *main, const char *name); /* NULL: no such service */
json_t *view_metrics(struct main_process *main);
void view_since(json_t *object, const char *key, struct instant at);

/* ---- event.c ---- */

/* A log line and an event for streams. fields: pairs of strings, then NULL. A key that starts
 * with
 * '#' is a number in the event, one with '?' a bool; NULL as value is JSON's null. */
void event_emit(struct main_process *main, enum log_level level, const char *type,
	const char *message, ...) __attribute__((sentinel));
/* Between the two events wait: a withdrawal must not stand behind the telling of its reason. */
void event_hold(struct main_process *main);
void event_release(struct main_process *main);
void event_neighbor(struct main_process *main, const struct record_neighbor_event *record);
void event_service(struct main_process *main, const struct service_change *change);
void event_rpki(struct main_process *main, const struct record_rpki_event *record);

/* ---- stop.c ---- */

void stop_begin(struct main_process *main, const char *reason, bool keep);
void stop_look(struct main_process *main); /* something ended or left: go on if possible */

/* ---- neighbors.c: which of them are established ---- */

/* The operator's verb was passed on. */
void main_neighbor_verb(struct main_process *main, const struct record_verb *record);
/* A new speaker starts with every neighbour enabled: shut those again that were. */
void main_neighbors_shut(struct main_process *main);
void main_neighbor_note(struct main_process *main, const struct record_neighbor_event *record);
void main_neighbors_forget(struct main_process *main);
/* To the present configuration from the one before (NULL: none). 0 or ERROR_MEMORY. */
int main_neighbors_carry(struct main_process *main, const struct config *old);

/* ---- bfd.c: what BFD says of the paths to neighbours ---- */

bool main_bfd_wanted(const struct config *config);
void main_bfd_note(struct main_process *main, const struct record_bfd_state *record);
/* Its process has ended: nothing is known. */
void main_bfd_forget(struct main_process *main);
/* Tell a new speaker. */
void main_bfd_resend(struct main_process *main);
/* name: of a neighbour; "": all. NULL: no memory, or none of that name. */
json_t *main_bfd_view(const struct main_process *main, const char *name);

/* ---- run.c, main_log.c ---- */

/* Start the timer for the moment; INSTANT_NEVER stops it. */
void timer_at(uv_timer_t *timer, uv_timer_cb callback, struct instant when);
/* Tell a service manager, once everything is up. */
void main_ready_look(struct main_process *main);
#define PATH_ROOM 4096
/* Of a file in the runtime folder, in the state folder; written to path and returned. */
const char *main_runtime_path(
	const struct main_process *main, const char *name, char path[PATH_ROOM]);
const char *main_state_path(
	const struct main_process *main, const char *name, char path[PATH_ROOM]);
/* Renew the lease from now on, at a third of its length. */
void main_lease_start(struct main_process *main);
/* One line for the service manager. */
void main_status_notify(struct main_process *main);
void main_log_apply(const struct main_process *main);

#endif
