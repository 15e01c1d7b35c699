/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities by the raw system calls (capabilities(7), prctl(2)), so that no library is
 * needed.
 *
 * Invariants:
 *  1. After privilege_drop no capability outside of the table below is in any set, and none is
 *     inheritable or ambient: what we execute gets nothing.
 *  2. After privilege_drop_all there is none at all, and no exec can bring one back.
 */
#include "os/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_BPF 39 /* CAP_BPF, since Linux 5.8 */

static const struct row {
	const char *name;
	unsigned number;
} rows[PRIVILEGE_COUNT] = {
	[PRIVILEGE_NET_ADMIN] = { "CAP_NET_ADMIN", CAP_NET_ADMIN },
	[PRIVILEGE_NET_RAW] = { "CAP_NET_RAW", CAP_NET_RAW },
	[PRIVILEGE_NET_BIND_SERVICE] = { "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
	[PRIVILEGE_BPF] = { "CAP_BPF", CAPABILITY_BPF },
};

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static int capabilities_get(struct capabilities *ret)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) != 0)
		return errno;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int capabilities_set(const struct capabilities *set)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)set->effective, (uint32_t)set->permitted,
			(uint32_t)set->inheritable },
		{ (uint32_t)(set->effective >> 32), (uint32_t)(set->permitted >> 32),
			(uint32_t)(set->inheritable >> 32) },
	};

	return syscall(SYS_capset, &head, data) == 0 ? 0 : errno;
}

const char *privilege_name(enum privilege privilege)
{
	return rows[privilege].name;
}

bool privilege_have(enum privilege privilege)
{
	struct capabilities have = { 0 };

	return capabilities_get(&have) == 0 &&
	       (have.effective & (UINT64_C(1) << rows[privilege].number)) != 0;
}

int privilege_missing(enum privilege privilege, const char *doing, struct error *error)
{
	char path[128];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[length < 0 ? 0 : length] = '\0';
	error_hint(error,
		"start it as root, or: setcap cap_net_admin,cap_net_raw,cap_net_bind_service=ep %s"
		"; or in the systemd unit: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW "
		"CAP_NET_BIND_SERVICE",
		length <= 0 ? "nearcast" : path);
	return error_set(error, ERROR_PERMISSION, "%s needs the capability %s", doing,
		rows[privilege].name);
}

static int user_by_name(const char *name, struct privilege_user *ret_user)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;

	if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return ERROR_NOT_FOUND;
	*ret_user = (struct privilege_user){ .uid = found->pw_uid, .gid = found->pw_gid };
	snprintf(ret_user->name, sizeof(ret_user->name), "%s", name);
	return 0;
}

int privilege_user_find(
	const char *wanted, struct privilege_user *ret_user, struct error *error)
{
	if (geteuid() != 0) {
		*ret_user = (struct privilege_user){ .uid = geteuid(), .gid = getegid() };
		return 0;
	}
	if (wanted != NULL) {
		if (user_by_name(wanted, ret_user) == 0)
			return 0;
		error_hint(error, "make it: useradd --system --no-create-home %s", wanted);
		return error_set(error, ERROR_NOT_FOUND, "there is no user %s", wanted);
	}
	if (user_by_name("nearcast", ret_user) == 0 || user_by_name("nobody", ret_user) == 0)
		return 0;
	error_hint(error, "make one: useradd --system --no-create-home nearcast");
	return error_set(
		error, ERROR_NOT_FOUND, "there is no user nearcast and no user nobody");
}

/* Fails without CAP_SETPCAP, as when we were started with only the capabilities that we need:
 * then no_new_privs alone stands against getting one back by exec. */
static void bounding_drop(void)
{
	for (unsigned long number = 0; number < 64; number++)
		(void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
}

/* A user namespace that was made without privileges denies it: there the groups are those of
 * the user who made it, and mean nothing more than they did. */
static bool groups_drop(void)
{
	return setgroups(0, NULL) == 0 || errno == EPERM;
}

static int become(const struct privilege_user *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || !groups_drop() ||
		setresgid(user->gid, user->gid, user->gid) != 0 ||
		setresuid(user->uid, user->uid, user->uid) != 0)
		return errno;
	return 0;
}

int privilege_drop(const struct privilege_user *user, struct error *error)
{
	struct capabilities have = { 0 };
	uint64_t keep = 0;
	int failure;

	for (unsigned i = 0; i < PRIVILEGE_COUNT; i++)
		keep |= UINT64_C(1) << rows[i].number;
	if (geteuid() == 0)
		bounding_drop();
	failure = geteuid() == 0 ? become(user) : 0;
	if (failure == 0)
		failure = capabilities_get(&have);
	have.permitted &= keep;
	have.effective = have.permitted;
	have.inheritable = 0;
	if (failure == 0)
		failure = capabilities_set(&have);
	if (failure == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		failure = errno;
	if (failure != 0)
		return error_system(error, failure, "cannot become the user %s", user->name);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return 0;
}

int privilege_drop_all(struct error *error)
{
	const struct capabilities none = { 0 };
	int failure;

	bounding_drop();
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	failure = capabilities_set(&none);
	if (failure == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		failure = errno;
	if (failure != 0)
		return error_system(error, failure, "cannot give up capabilities");
	return 0;
}
