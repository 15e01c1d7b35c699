/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All checks of a configuration: each leaf of each service's check tree at each address that it
 * looks at. A check is as good as the worst of its targets.
 */
#ifndef NEARCAST_DAEMON_PROBE_CHECK_LIST_H
#define NEARCAST_DAEMON_PROBE_CHECK_LIST_H

#include "base/hash.h"
#include "daemon/probe/target.h"

struct check_list;

struct check {
	struct hash_node node; /* by the names of service and check */
	struct check_list *list;
	const struct config_service *service;
	const struct config_check *settings;
	uint32_t service_index, check_index; /* as in struct record_check_report */
	uint64_t probes, failures;
	/* What was told last, and whether there is more to tell. */
	enum check_state told_state;
	bool told_conclusive;
	bool changed;          /* since it was told */
	bool news;             /* a result at least */
	struct target *latest; /* whose result came last; NULL: none yet */
	size_t target_count;
	struct target *targets[];
};

struct check_list {
	struct probe_tools *tools;
	/* A check's state changed. Results that change nothing only set check->news. */
	void (*changed)(void *context, struct check *check);
	void *context;
	struct hash_table by_name;
	size_t count, room;
	struct check **checks;            /* in order of service and check index */
	struct instant all_hurried_until; /* not again before */
};

/*
 * Make and begin the checks of a configuration, which must outlive them. Checks of an earlier
 * list (may be NULL) with the same names go on from where they stood; free that list next.
 * NULL: no memory, and the earlier list goes on.
 */
struct check_list *check_list_new(struct probe_tools *tools, const struct config *config,
	const struct check_list *earlier, void (*changed)(void *context, struct check *check),
	void *context, struct instant now);
/* Gives all running probes up. NULL is fine. */
void check_list_free(struct check_list *list);

void check_list_hurry(struct check_list *list, struct instant now);
/* Hurry the socket checks of this port, or with port 0 all socket checks. */
void check_list_hurry_sockets(struct check_list *list, uint16_t port, struct instant now);
/* The ports of all socket checks. */
void check_list_watch(const struct check_list *list, struct socket_diag_watch *ret_watch);

/* The target that says how good the check is: the worst, of equals the one heard of last.
 * NULL: a check without targets. */
const struct target *check_worst(const struct check *check);

#endif
