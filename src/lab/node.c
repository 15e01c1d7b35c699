/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: three namespaces each, with a folder of their own as /run.
 *
 * Invariants:
 *  1. A namespace lives by the supervisor's descriptor and by the processes in it, by no name:
 *     nothing is left when they end.
 *  2. Between calls the supervisor is in its own namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/internal.h"

struct setting {
	const char *path, *value;
};

/* What every node is set to. */
static const struct setting settings[] = {
	{ "/proc/sys/net/ipv4/ip_forward", "1" },
	{ "/proc/sys/net/ipv4/conf/all/rp_filter", "0" },
	{ "/proc/sys/net/ipv4/conf/default/rp_filter", "0" },
	{ "/proc/sys/net/ipv4/conf/all/send_redirects", "0" },
	{ "/proc/sys/net/ipv4/conf/default/send_redirects", "0" },
	{ "/proc/sys/net/ipv4/conf/default/ignore_routes_with_linkdown", "1" },
	/* The ports too, so that two equal sites share the load of one client. */
	{ "/proc/sys/net/ipv4/fib_multipath_hash_policy", "1" },
	{ "/proc/sys/net/ipv6/conf/default/accept_dad", "0" },
	{ "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1" },
	/* A router that is asked for its way has an answer however many ask. */
	{ "/proc/sys/net/ipv4/icmp_ratelimit", "0" },
};

static void apply(const struct setting *setting)
{
	int fd = open(setting->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* a kernel without it does not need it */
	if (write(fd, setting->value, strlen(setting->value)) < 0) {
		/* The world works without, if less well. */
	}
	close(fd);
}

int lab_open_namespace(const char *kind)
{
	char path[LAB_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", kind);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int keep(const char *kind, int *ret_fd, struct error *error)
{
	*ret_fd = lab_open_namespace(kind);
	return *ret_fd >= 0 ? 0 : error_system(error, errno, "cannot open a namespace");
}

void lab_folder(const struct lab *lab, uint32_t node, char path[LAB_PATH_MAX])
{
	snprintf(path, LAB_PATH_MAX, "/run/%s", lab->world->nodes[node].name);
}

/* Its own /run: the folder that the supervisor knows by the node's name. */
static int make_mounts(struct lab *lab, uint32_t node, struct error *error)
{
	char path[LAB_PATH_MAX];
	int result;

	lab_folder(lab, node, path);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return error_system(error, errno, "cannot make %s", path);
	if (unshare(CLONE_NEWNS) != 0)
		return error_system(error, errno, "cannot make a mount namespace");
	if (mount(path, "/run", NULL, MS_BIND, NULL) != 0)
		result = error_system(error, errno, "cannot mount %s", path);
	else
		result = keep("mnt", &lab->nodes[node].mount, error);
	if (setns(lab->home_mount, CLONE_NEWNS) != 0 && result == 0)
		result = error_system(error, errno, "cannot come back");
	return result;
}

static int make_network(struct lab *lab, uint32_t node, struct error *error)
{
	struct lab_node *made = &lab->nodes[node];
	const char *name = lab->world->nodes[node].name;
	int result;

	if (unshare(CLONE_NEWNET | CLONE_NEWUTS) != 0)
		return error_system(error, errno, "cannot make a network namespace");
	result = keep("net", &made->net, error);
	if (result == 0)
		result = keep("uts", &made->host, error);
	if (result == 0 && sethostname(name, strlen(name)) != 0)
		result = error_system(error, errno, "cannot name a node");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		apply(&settings[i]);
	if (result == 0)
		result = links_open(&made->links, error);
	if (result == 0)
		result = links_up(made->links, "lo", true, error);
	if (result == 0 && lab->world->nodes[node].kind != WORLD_EXCHANGE)
		result = links_address(
			made->links, "lo", lab->world->nodes[node].loopback, 32, error);
	lab_leave(lab);
	return result;
}

int lab_make_node(struct lab *lab, uint32_t node, struct error *error)
{
	int result = make_network(lab, node, error);

	return result != 0 ? result : make_mounts(lab, node, error);
}

int lab_open_folder(struct lab *lab, uint32_t node, struct error *error)
{
	char path[LAB_PATH_MAX];

	lab_folder(lab, node, path);
	return chmod(path, 01777) == 0 ? 0 : error_system(error, errno, "cannot open %s", path);
}

int lab_make_folder(struct lab *lab, uint32_t node, const char *name, struct error *error)
{
	char folder[LAB_PATH_MAX], path[LAB_PATH_MAX + 64];

	lab_folder(lab, node, folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return error_system(error, errno, "cannot make %s", path);
	return 0;
}

int lab_enter(struct lab *lab, uint32_t node, struct error *error)
{
	if (setns(lab->nodes[node].net, CLONE_NEWNET) != 0)
		return error_system(
			error, errno, "cannot enter '%s'", lab->world->nodes[node].name);
	return 0;
}

void lab_leave(struct lab *lab)
{
	/* They were ours a moment ago, and we hold them. */
	if (setns(lab->home_net, CLONE_NEWNET) != 0 || setns(lab->home_host, CLONE_NEWUTS) != 0)
		_exit(1);
}

int lab_write(
	struct lab *lab, uint32_t node, const char *name, const char *text, struct error *error)
{
	char folder[LAB_PATH_MAX], path[LAB_PATH_MAX + 64];
	size_t length = strlen(text);
	ssize_t written;
	int fd;

	lab_folder(lab, node, folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_system(error, errno, "cannot write %s", path);
	written = write(fd, text, length);
	if (written != (ssize_t)length) {
		int failed = written < 0 ? errno : ENOSPC;

		close(fd);
		return error_system(error, failed, "cannot write %s", path);
	}
	close(fd);
	return 0;
}
