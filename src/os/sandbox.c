/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox of the processes that see network bytes: no capability, no new privilege, no file
 * system (landlock(7)), no system call that only an attacker would make (seccomp(2)).
 *
 * Invariants:
 *  1. What is refused is refused with an error, never by killing: a library that tries a newer
 * call falls back.
 *  2. A kernel without Landlock or seccomp still runs us, and the result says what is missing.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/privilege.h"

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Everything that the first version of Landlock can deny. */
#define ALL_RIGHTS (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

/* Relative to the root: the loader's, libraries', and what TLS libraries read. */
static const char *const library_paths[] = {
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/usr/share/ca-certificates",
	"/usr/share/zoneinfo",
	"/etc/ld.so.cache",
	"/etc/ssl",
	"/etc/gnutls",
	"/etc/localtime",
};

static const char *const scratch_paths[] = { "/tmp", "/var/tmp", "/dev" };

static void rule_add(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	rule.parent_fd = fd;
	/* On a plain file only file rights are accepted. */
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) !=
		0) {
		rule.allowed_access = rights & ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
		(void)syscall(
			SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(fd);
}

static bool files_restrict(enum sandbox_files files)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = ALL_RIGHTS };
	int ruleset;
	bool restricted;

#ifdef SANDBOX_SANITIZED
	/* A sanitizer's report wants to read our own binary. */
	files = files < SANDBOX_FILES_READ ? SANDBOX_FILES_READ : files;
#endif
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
		sizeof(attributes.handled_access_fs), 0);
	if (ruleset < 0)
		return false;
	if (files == SANDBOX_FILES_READ)
		rule_add(ruleset, "/", READ_RIGHTS);
	if (files == SANDBOX_FILES_EXECUTE) {
		rule_add(ruleset, "/", READ_RIGHTS | LANDLOCK_ACCESS_FS_EXECUTE);
		for (size_t i = 0; i < sizeof(scratch_paths) / sizeof(scratch_paths[0]); i++)
			rule_add(ruleset, scratch_paths[i], ALL_RIGHTS);
	}
	for (size_t i = 0; files == SANDBOX_FILES_LIBRARIES &&
			   i < sizeof(library_paths) / sizeof(library_paths[0]);
		i++)
		rule_add(ruleset, library_paths[i], READ_RIGHTS);
	restricted = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return restricted;
}

#ifdef SANDBOX_ARCH

/* Calls that none of our processes makes, and that have helped attackers of the kernel. The
 * last two are allowed where programs are executed. */
static const uint16_t refused_calls[] = {
#ifndef SANDBOX_SANITIZED
	SYS_ptrace, /* a sanitizer looks for leaks by it */
#endif
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kexec_load,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_open_by_handle_at,
	SYS_name_to_handle_at,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_quotactl,
	SYS_io_uring_setup,
	SYS_execve,
	SYS_execveat,
};

#define REFUSED_COUNT (sizeof(refused_calls) / sizeof(refused_calls[0]))
#define HEAD_LENGTH   5

static bool calls_restrict(bool execute)
{
	struct sock_filter program[HEAD_LENGTH + REFUSED_COUNT + 2];
	size_t count = REFUSED_COUNT - (execute ? 2 : 0), length = 0;
	struct sock_fprog filter = { .filter = program };

	/* A call by another ABI (32 bit, x32) has other numbers: refused. */
	program[length++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	program[length++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 0, (uint8_t)(count + 3));
	program[length++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	program[length++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, (uint8_t)(count + 1), 0);
	for (size_t i = 0; i < count; i++)
		program[length++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, refused_calls[i], (uint8_t)(count - i), 0);
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program[length++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA));
	filter.len = (unsigned short)length;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#else

static bool calls_restrict(bool execute)
{
	(void)execute;
	return false;
}

#endif

static void limit_set(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		return;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = value;
	(void)setrlimit(resource, &limit);
}

int sandbox_enter(const struct sandbox_settings *settings, struct sandbox_result *ret_result,
	struct error *error)
{
	int r = privilege_drop_all(error);

	if (r != 0)
		return r;
	limit_set(RLIMIT_CORE, 0);
	limit_set(RLIMIT_NOFILE, settings->descriptors);
#ifndef SANDBOX_SANITIZED
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	ret_result->landlock = files_restrict(settings->files);
	ret_result->seccomp = calls_restrict(settings->execute);
	return 0;
}
