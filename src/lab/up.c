/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a world: namespaces for all of it, then pid 1.
 *
 *   nearcast lab up -- fork --> in new namespaces -- fork --> supervisor, pid 1
 *                               ends at once                  ends: everything ends
 *
 * Invariants:
 *  1. The socket is bound before the network namespace is left: others find the world by it.
 *  2. Without root there is a user namespace around it, in which we are root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/control.h"
#include "lab/serve.h"
#include "lab/serve_internal.h"

static void tell_failure(int news, const struct error *error)
{
	struct lab_news failed = { .failed = true, .error = *error };

	if (write(news, &failed, sizeof(failed)) < 0) {
		/* Nobody listens any more. */
	}
}

static int write_file(const char *path, const char *text, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
	int failed = errno;

	if (fd >= 0)
		close(fd);
	return written >= 0 ? 0 : error_system(error, failed, "cannot write %s", path);
}

static int be_root_inside(uid_t uid, gid_t gid, struct error *error)
{
	char map[64];
	int result;

	if (unshare(CLONE_NEWUSER) != 0) {
		error_hint(error,
			"run it as root, or allow user namespaces "
			"(kernel.unprivileged_userns_clone, user.max_user_namespaces)");
		return error_set(
			error, ERROR_PERMISSION, "this user may not make a user namespace");
	}
	result = write_file("/proc/self/setgroups", "deny", error);
	snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)uid);
	if (result == 0)
		result = write_file("/proc/self/uid_map", map, error);
	snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)gid);
	return result != 0 ? result : write_file("/proc/self/gid_map", map, error);
}

static int unshare_all(bool *ret_user_namespace, struct error *error)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int result = 0;

	*ret_user_namespace = uid != 0;
	if (uid != 0)
		result = be_root_inside(uid, gid, error);
	if (result != 0)
		return result;
	if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) !=
		0)
		return error_system(error, errno, "cannot make namespaces");
	return 0;
}

/* Our own /run and /proc; what is mounted is seen by nobody else. */
static int prepare_mounts(struct error *error)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return error_system(error, errno, "cannot make mounts private");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		return error_system(error, errno, "cannot mount /proc");
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
		return error_system(error, errno, "cannot mount /run");
	/* Where FRR and others keep what they know. */
	if (mount("tmpfs", "/var/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0)
		return error_system(error, errno, "cannot mount /var/tmp");
	return 0;
}

static void redirect(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open("/run/lab.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	if (null >= 0)
		(void)dup2(null, STDOUT_FILENO);
	if (log >= 0)
		(void)dup2(log, STDERR_FILENO);
}

static void supervise(
	const struct lab_up *options, int listen_fd, int news, bool user_namespace)
{
	struct error error = { 0 };
	int result = prepare_mounts(&error);

	if (result == 0) {
		redirect();
		result = lab_supervise(options, listen_fd, news, user_namespace, &error);
	}
	if (result != 0)
		tell_failure(news, &error);
	_exit(result == 0 ? 0 : 1);
}

static void begin(const struct lab_up *options, int listen_fd, int news)
{
	struct error error = { 0 };
	bool user_namespace = false;
	pid_t pid;

	(void)setsid();
	if (unshare_all(&user_namespace, &error) != 0) {
		tell_failure(news, &error);
		_exit(1);
	}
	pid = fork();
	if (pid == 0)
		supervise(options, listen_fd, news, user_namespace);
	if (pid < 0) {
		(void)error_system(&error, errno, "cannot start the world");
		tell_failure(news, &error);
	}
	_exit(0);
}

int lab_up(const struct lab_up *options, int *ret_news, struct error *error)
{
	struct lab_up all = *options;
	struct stat host;
	int listen_fd, news[2], status;
	int result = lab_listen(options->name, &listen_fd, error);
	pid_t pid;

	if (result != 0)
		return result;
	if (stat("/proc/self/ns/net", &host) == 0) {
		all.host_device = host.st_dev;
		all.host_inode = host.st_ino;
	}
	if (pipe2(news, O_CLOEXEC) != 0) {
		result = error_system(error, errno, "cannot make a pipe");
		close(listen_fd);
		return result;
	}
	pid = fork();
	if (pid == 0)
		begin(&all, listen_fd, news[1]);
	close(news[1]);
	close(listen_fd);
	if (pid < 0) {
		close(news[0]);
		return error_system(error, errno, "cannot start the world");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	*ret_news = news[0];
	return 0;
}
