/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets.
 *
 * Invariants:
 *  1. A Unix socket file is only removed when nobody answers on it.
 *  2. A Unix socket never has a wider mode than asked for, not even for a moment.
 */
#include "os/listen.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/privilege.h"

#define BGP_PORT 179 /* RFC 4271 section 8.2.1 */
#define BACKLOG  128

/* ---- Who has the port: /proc/net/tcp names an inode, /proc/PID/fd who holds it (proc(5)).
 * ---- */

static unsigned long inode_in_table(const char *path, uint16_t port)
{
	FILE *table = fopen(path, "re");
	char line[512];
	unsigned long found = 0;

	while (table != NULL && found == 0 && fgets(line, sizeof(line), table) != NULL) {
		unsigned local_port, state;
		unsigned long inode;

		if (sscanf(line,
			    " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
			    &local_port, &state, &inode) == 3 &&
			state == 0x0a && local_port == port)
			found = inode;
	}
	if (table != NULL)
		fclose(table);
	return found;
}

static bool process_holds(const char *pid, const char *link_wanted)
{
	char path[64], link[64];
	struct dirent *entry;
	bool holds = false;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	folder = opendir(path);
	while (folder != NULL && !holds && (entry = readdir(folder)) != NULL) {
		ssize_t length =
			readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);

		link[length < 0 ? 0 : length] = '\0';
		holds = strcmp(link, link_wanted) == 0;
	}
	if (folder != NULL)
		closedir(folder);
	return holds;
}

static void process_describe(const char *pid, char *text, size_t size)
{
	char path[64], name[64] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	file = fopen(path, "re");
	if (file != NULL && fgets(name, sizeof(name), file) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	snprintf(text, size, "%s (process %.16s)", name, pid);
}

bool listen_owner(uint16_t port, char *text, size_t size)
{
	unsigned long inode = inode_in_table("/proc/net/tcp", port);
	char wanted[64];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (inode == 0)
		inode = inode_in_table("/proc/net/tcp6", port);
	if (inode == 0)
		return false;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	folder = opendir("/proc");
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
			!process_holds(entry->d_name, wanted))
			continue;
		process_describe(entry->d_name, text, size);
		found = true;
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* ---- TCP ---- */

static int bind_error(
	const struct address *address, uint16_t port, int number, struct error *error)
{
	char text[ADDRESS_TEXT_MAX], owner[128], doing[96];

	address_format(address, text);
	switch (number) {
	case EADDRINUSE:
		error_hint(error, port == BGP_PORT
					  ? "stop the other program, listen on another "
					    "address, or do not listen at all: "
					    "listen: { port: 0 }"
					  : "stop the other program, or listen on "
					    "another port or address");
		if (listen_owner(port, owner, sizeof(owner)))
			return error_set(
				error, ERROR_EXISTS, "port %u is taken by %s", port, owner);
		return error_set(error, ERROR_EXISTS,
			"port %u on %s is taken by another process", port, text);
	case EACCES:
	case EPERM:
		snprintf(doing, sizeof(doing), "listening on port %u", port);
		return privilege_missing(PRIVILEGE_NET_BIND_SERVICE, doing, error);
	case EADDRNOTAVAIL:
		return error_set(error, ERROR_NOT_FOUND,
			"cannot listen on %s: no interface of this machine has it", text);
	default:
		return error_system(error, number, "cannot listen on %s port %u", text, port);
	}
}

static socklen_t bind_address(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_storage)
{
	memset(ret_storage, 0, sizeof(*ret_storage));
	if (address->family == FAMILY_IPV4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

		memcpy(&in.sin_addr, address->bytes, 4);
		memcpy(ret_storage, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memcpy(&in6.sin6_addr, address->bytes, 16);
	memcpy(ret_storage, &in6, sizeof(in6));
	return sizeof(in6);
}

int listen_tcp(const struct address *address, uint16_t port, int *ret_fd, struct error *error)
{
	const int on = 1;
	struct sockaddr_storage storage;
	socklen_t length = bind_address(address, port, &storage);
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int failure = 0;

	if (fd < 0 && errno == EAFNOSUPPORT)
		return error_set(error, ERROR_UNSUPPORTED, "this machine has no IPv%u",
			(unsigned)address->family);
	if (fd < 0)
		return error_system(error, errno, "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->family == FAMILY_IPV6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&storage, length) != 0 ||
		listen(fd, BACKLOG) != 0)
		failure = errno;
	if (failure != 0) {
		close(fd);
		return bind_error(address, port, failure, error);
	}
	*ret_fd = fd;
	return 0;
}

/* ---- Unix ---- */

static bool somebody_answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool answers;

	if (fd < 0)
		return true;
	answers = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		  (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return answers;
}

static int bind_unix(int fd, const struct sockaddr_un *address, mode_t mode)
{
	mode_t old = umask((mode_t)(0777 & ~mode));
	int failure =
		bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;

	umask(old);
	return failure;
}

int listen_unix(const char *path, mode_t mode, gid_t gid, int *ret_fd, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, failure;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(
			error, ERROR_RANGE, "the path %s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(error, errno, "cannot make a socket");
	failure = bind_unix(fd, &address, mode);
	if (failure == EADDRINUSE && !somebody_answers(&address)) {
		unlink(path);
		failure = bind_unix(fd, &address, mode);
	}
	/* Only root may give it to a group; without that it stays ours alone. */
	if (failure == 0 && gid != (gid_t)-1 && lchown(path, (uid_t)-1, gid) != 0 &&
		errno != EPERM)
		failure = errno;
	if (failure == 0 && listen(fd, BACKLOG) != 0)
		failure = errno;
	if (failure == 0) {
		*ret_fd = fd;
		return 0;
	}
	close(fd);
	if (failure == EADDRINUSE)
		return error_set(error, ERROR_EXISTS, "another program listens on %s", path);
	return error_system(error, failure, "cannot listen on %s", path);
}
