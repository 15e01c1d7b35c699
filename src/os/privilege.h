/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities and the user we run as: keep what is needed, say what is missing. */
#ifndef NEARCAST_OS_PRIVILEGE_H
#define NEARCAST_OS_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum privilege { /* the only capabilities that main may keep: capabilities(7) */
	PRIVILEGE_NET_ADMIN,
	PRIVILEGE_NET_RAW,
	PRIVILEGE_NET_BIND_SERVICE,
	PRIVILEGE_BPF,
	PRIVILEGE_COUNT,
};

const char *privilege_name(enum privilege privilege); /* "CAP_NET_ADMIN" */
bool privilege_have(enum privilege privilege);        /* in the effective set */

/* ERROR_PERMISSION "... needs CAP_NET_ADMIN" with a hint that says how to give it. doing: what
 * was tried, "to put addresses on lo". */
int privilege_missing(enum privilege privilege, const char *doing, struct error *error);

struct privilege_user {
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* Who to become when started as root. wanted NULL: "nearcast", or "nobody" if there is no such
 * user. When not root: who we are. ERROR_NOT_FOUND. */
int privilege_user_find(
	const char *wanted, struct privilege_user *ret_user, struct error *error);

/* Become the user (if root) and keep of the capabilities only those above: permitted and
 * effective, nothing inheritable, nothing ambient, an empty bounding set where we may, no new
 * privileges by exec. Cannot be undone. */
int privilege_drop(const struct privilege_user *user, struct error *error);

/* Give up every capability, for good. */
int privilege_drop_all(struct error *error);

#endif
