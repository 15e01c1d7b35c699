/* SPDX-License-Identifier: Apache-2.0 */
/* What is different between two configurations: what a reload has to do, and what it may leave.
 */
#ifndef NEARCAST_CONFIG_DIFF_H
#define NEARCAST_CONFIG_DIFF_H

#include "base/text.h"
#include "config/config.h"

enum config_change_kind {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_CHANGED,
};

enum config_subject {
	SUBJECT_GLOBAL, /* what is neither a service nor a neighbour */
	SUBJECT_SERVICE,
	SUBJECT_NEIGHBOR,
	SUBJECT_POLICY, /* a set or a policy; its name is "policies.NAME" */
};

/* Bits: what a change concerns. */
enum config_aspect {
	ASPECT_CHECKS = 1u << 0,       /* service: its checks run anew */
	ASPECT_ADDRESSES = 1u << 1,    /* service: addresses or their interface */
	ASPECT_ANNOUNCEMENT = 1u << 2, /* service: prefixes, neighbours, maintenance */
	ASPECT_ATTRIBUTES = 1u << 3,   /* service: how its routes are dressed */
	ASPECT_TIMING = 1u << 4,       /* service: holds, damping, drain */
	ASPECT_SESSION = 1u << 5, /* the BGP session must be set up anew; global: all of them */
	ASPECT_ROUTES = 1u << 6,  /* neighbour: the session stays, routes are sent anew */
	ASPECT_GLOBAL = 1u << 7,  /* global: taken over while running */
	ASPECT_RESTART = 1u << 8, /* global: only a restart takes it over */
	ASPECT_QUIET = 1u << 9,   /* nobody notices: a description, a limit */
};

/* One value that is different. Secrets are "(hidden)". */
struct config_detail {
	const char *path;                /* "damping.half-life" */
	const char *old_text, *new_text; /* YAML; "" if not set. Checks: several lines */
};

struct config_change {
	enum config_change_kind kind;
	enum config_subject subject;
	const char *name; /* of the service, neighbour, policy; "" for the whole */
	unsigned aspects; /* enum config_aspect, or-ed; of CHANGE_CHANGED only */
	const struct config_service *old_service, *new_service; /* NULL if there is none */
	const struct config_neighbor *old_neighbor, *new_neighbor;
	const struct config_detail *details; /* of CHANGE_CHANGED only */
	size_t detail_count;
};

/* Zero-initialise; config_changes_clear frees. Points into both configurations. */
struct config_changes {
	struct config_change *items;
	size_t count;
	struct arena arena;
};

/* Global first, then sets and policies, services, neighbours; removed before changed before
 * added. 0 or
 * ERROR_MEMORY. */
int config_diff(
	const struct config *old, const struct config *new, struct config_changes *ret_changes);
void config_changes_clear(struct config_changes *changes);

/* How many services of the old configuration lose a prefix that no service of the new one
 * announces: what reload.withdraw-max limits. Their names are added to names, with
 * commas; NULL: not wanted. */
size_t config_withdrawals(
	const struct config *old, const struct config *new, struct text *names);

/* For people, a line or more a change; nothing if there is none. */
void config_changes_print(const struct config_changes *changes, struct text *out);

const char *config_aspect_name(enum config_aspect aspect); /* "checks" */

#endif
