/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children, sandboxes and privileges. The test executes itself: with a first argument it is the
 * child, and its exit code says what it saw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/channel.h"
#include "os/child.h"
#include "os/privilege.h"
#include "os/sandbox.h"

/* ---- What the child does ---- */

static int descriptors_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int child_echo(void)
{
	char byte = (char)descriptors_open();

	return send(3, &byte, 1, 0) == 1 ? 7 : 1;
}

static int child_sandbox(void)
{
	struct sandbox_settings settings = { .files = SANDBOX_FILES_NONE, .descriptors = 64 };
	struct sandbox_result result = { 0 };
	char program[] = "/bin/true";
	char *const arguments[] = { program, NULL };
	char *const environment[] = { NULL };

	if (sandbox_enter(&settings, &result, NULL) != 0)
		return 1;
	if (privilege_have(PRIVILEGE_NET_ADMIN) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if (result.landlock && open("/tmp/nearcast-must-not-be", O_CREAT | O_WRONLY, 0600) >= 0)
		return 3;
#ifndef SANDBOX_SANITIZED
	if (result.landlock && open("/etc/passwd", O_RDONLY) >= 0)
		return 4;
#endif
	/* Anybody may ask for the id of his own keyring. */
	if (result.seccomp &&
		(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) >= 0 ||
			errno != EPERM))
		return 5;
	if (result.seccomp && (execve(program, arguments, environment) == 0 || errno != EPERM))
		return 6;
	return 0;
}

static int child_drop(void)
{
	struct privilege_user user;

	if (privilege_user_find("nobody", &user, NULL) != 0 || privilege_drop(&user, NULL) != 0)
		return 1;
	if (geteuid() == 0 || getuid() != user.uid || getegid() != user.gid)
		return 2;
	if (!privilege_have(PRIVILEGE_NET_ADMIN) || !privilege_have(PRIVILEGE_NET_BIND_SERVICE))
		return 3;
	if (setuid(0) == 0)
		return 4;
	/* CAP_DAC_OVERRIDE is gone. */
	if (open("/etc/shadow", O_RDONLY) >= 0)
		return 5;
	if (privilege_drop_all(NULL) != 0 || privilege_have(PRIVILEGE_NET_ADMIN))
		return 6;
	return 0;
}

static const struct role {
	const char *name;
	int (*run)(void);
} roles[] = {
	{ "echo", child_echo },
	{ "sandbox", child_sandbox },
	{ "drop", child_drop },
};

static int child_main(const char *role)
{
	if (strcmp(role, "sleep") == 0)
		pause();
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].name, role) == 0)
			return roles[i].run();
	return 99;
}

/* ---- What the parent sees ---- */

struct seen {
	char how[96];
	int ends;
};

static void on_ended(void *context, struct child *child, const char *how)
{
	struct seen *seen = context;

	(void)child;
	seen->ends++;
	snprintf(seen->how, sizeof(seen->how), "%s", how);
}

static struct seen run_role(const char *role, int fd, int number)
{
	const char *argv[] = { "nearcast: test", role, NULL };
	const char *environment[] = { "ASAN_OPTIONS=detect_leaks=0", NULL };
	struct child_options options = { .argv = argv, .environment = environment };
	struct error error = { 0 };
	struct seen seen = { 0 };
	struct child *child;
	uv_loop_t loop;

	if (fd >= 0)
		options.fds[options.fd_count++] = fd;
	assert_int_equal(uv_loop_init(&loop), 0);
	child = child_start(&loop, &options, on_ended, &seen, &error);
	assert_non_null(child);
	if (number != 0)
		child_signal(child, number);
	while (seen.ends == 0)
		uv_run(&loop, UV_RUN_ONCE);
	child_signal(child, SIGKILL); /* harmless: it has ended */
	child_free(child);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return seen;
}

static void a_child_has_its_channel_and_nothing_else(void **state)
{
	char byte = 0;
	int fds[2];

	(void)state;
	assert_int_equal(channel_pair(fds, NULL), 0);
	assert_string_equal(run_role("echo", fds[1], 0).how, "exit 7");
	assert_int_equal(recv(fds[0], &byte, 1, 0), 1);
	assert_int_equal(byte, 4);
	close(fds[0]);
	close(fds[1]);
}

static void a_killed_child_is_noticed(void **state)
{
	(void)state;
	assert_string_equal(run_role("sleep", -1, SIGKILL).how, "signal 9 (Killed)");
}

static void a_sandbox_holds(void **state)
{
	(void)state;
	assert_string_equal(run_role("sandbox", -1, 0).how, "exit 0");
}

static void root_becomes_a_user_with_few_capabilities(void **state)
{
	(void)state;
	if (geteuid() != 0 || !privilege_have(PRIVILEGE_NET_ADMIN))
		skip();
	assert_string_equal(run_role("drop", -1, 0).how, "exit 0");
}

static bool always(void *context, pid_t pid)
{
	(void)pid;
	return *(bool *)context;
}

static void a_foreign_process_is_ended(void **state)
{
	bool it = false;
	struct error error = { 0 };
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	assert_int_equal(process_end(pid, SIGTERM, 10, always, &it, &error), ERROR_NOT_FOUND);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	it = true;
	/* It ignores the first signal, so the second comes. */
	usleep(20000);
	assert_int_equal(process_end(pid, SIGTERM, 10, always, &it, &error), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void what_is_missing_is_said(void **state)
{
	struct error error = { 0 };

	(void)state;
	assert_int_equal(
		privilege_missing(PRIVILEGE_NET_ADMIN, "putting addresses on lo", &error),
		ERROR_PERMISSION);
	assert_string_equal(
		error.text, "putting addresses on lo needs the capability CAP_NET_ADMIN");
	assert_non_null(strstr(error.hint, "setcap cap_net_admin"));
	assert_non_null(strstr(error.hint, "AmbientCapabilities=CAP_NET_ADMIN"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_has_its_channel_and_nothing_else),
		cmocka_unit_test(a_killed_child_is_noticed),
		cmocka_unit_test(a_sandbox_holds),
		cmocka_unit_test(root_becomes_a_user_with_few_capabilities),
		cmocka_unit_test(a_foreign_process_is_ended),
		cmocka_unit_test(what_is_missing_is_said),
	};

	if (argc > 1)
		return child_main(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
