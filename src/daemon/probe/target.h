/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is probed: one check at one address. A target runs at most one probe at a time, by the
 * code of its check's kind (struct check_type), and turns a row of results into a state (struct
 * check_machine).
 */
#ifndef NEARCAST_DAEMON_PROBE_TARGET_H
#define NEARCAST_DAEMON_PROBE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/random.h"
#include "config/config.h"
#include "daemon/probe/exec_room.h"
#include "daemon/probe/http_room.h"
#include "daemon/probe/icmp_room.h"
#include "daemon/probe/poller.h"
#include "daemon/probe/schedule.h"
#include "daemon/record.h"
#include "os/locality.h"
#include "os/socket_diag.h"
#include "service/check.h"

struct target;

/* A kind of check. One file each, one entry in the table of check_type.c. */
struct check_type {
	const char *name;
	/* Bytes of its own for each target: zeroed when the target is made, kept between
	 * probes. */
	size_t size;
	/* The answer must come from this very host: never probe an address that is elsewhere.
	 */
	bool local_only;
	/* Costs next to nothing: a target that is down is asked at the fast interval, so that
	 * its return is seen soon. */
	bool eager;
	/* Begin a probe; ends with one target_done or target_failed, now or later. */
	void (*start)(struct target *target, void *state);
	/* Give the running probe up: release everything it holds, report nothing. */
	void (*cancel)(struct target *target, void *state);
	/* The target goes: release what is kept between probes. NULL: nothing is. */
	void (*clear)(struct target *target, void *state);
};

#define LOCAL_ROOM 4

/* Which addresses are this host's, as asked in one turn of the schedule. */
struct local_addresses {
	struct instant asked; /* the turn's */
	size_t count;
	struct address list[LOCAL_ROOM];
};

/* What all targets of the process share. */
struct probe_tools {
	struct poller poller;
	struct schedule schedule;
	struct socket_diag diag;
	struct locality locality;
	struct local_addresses local;
	struct random random;
	struct icmp_room icmp;
	struct exec_room exec;
	struct http_room http;
};

struct target_events {
	/* A probe ended, the target's state and last result are current. */
	void (*result)(void *context, struct target *target);
	/* A listener came or went, the kernel says: look at everything beside it. */
	void (*stirred)(void *context, struct target *target);
};

struct target {
	struct probe_tools *tools;
	const struct check_type *type;
	const struct config_check *settings; /* of the present configuration */
	const char *service;
	struct address address;
	const struct target_events *events;
	void *context;

	struct duration phase; /* of its beat: check_machine_align */
	struct alarm alarm; /* of an idle target: the next probe; of a running one: its end */
	struct check_machine machine;
	bool running;
	bool again; /* hurried while running */
	struct instant started;
	struct duration stalled_before; /* the schedule's sum when the probe began */
	const char *waiting_for;        /* static: what a timeout will name; NULL: an answer */
	bool excused; /* that timeout says nothing about the service: we wait for ourselves */

	/* The last result. */
	enum check_outcome outcome;
	bool conclusive;
	struct duration latency;
	struct instant ended;
	char evidence[RECORD_EVIDENCE_MAX];

	_Alignas(max_align_t) uint8_t state[]; /* of the type */
};

/* A target at rest; nothing is borrowed but tools, events and the strings of the configuration.
 * NULL: no memory. */
struct target *target_new(struct probe_tools *tools, const struct config_service *service,
	const struct config_check *settings, const struct address *address,
	const struct target_events *events, void *context);
/* Gives a running probe up. NULL is fine. */
void target_free(struct target *target);

/* Begin its life: the first probe comes after `phase`, the later ones keep that phase. */
void target_begin(struct target *target, struct instant now, struct duration phase);
/* Begin where the same target of an earlier configuration stood. */
void target_inherit(struct target *target, const struct target *earlier, struct instant now,
	struct duration phase);
/* Probe at once. */
void target_hurry(struct target *target, struct instant now);

/* For check types. The running probe ended: outcome and evidence (printf). */
void target_done(struct target *target, enum check_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, when the kernel itself said that nothing serves: no retry can help. */
void target_gone(struct target *target, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A system call failed while doing something ("connect to"): bad, conclusive or unknown by
 * errno. */
void target_failed(struct target *target, int system_errno, const char *doing);
/* The running probe begins only now, with its whole timeout ahead. */
void target_restart(struct target *target, struct instant now);
/* Is the target's address on this host? If not, ends the probe: false. */
bool target_is_local(struct target *target);
/* "198.51.100.53:53", "[2001:db8::53]:53"; port 0: the address alone. Valid until the next call
 * of this target's thread of control that formats (a static buffer). */
const char *target_endpoint(const struct target *target, uint16_t port);
/* Since the probe began, for people: "0.4 ms". The same kind of buffer. */
const char *target_elapsed(const struct target *target);

#endif
