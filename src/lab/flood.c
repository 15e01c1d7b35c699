/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a flood: raw packets in batches, paced by the clock.
 *
 * Invariants:
 *  1. It never runs in the namespace of process 1, of the host, or of its starter.
 *  2. It ends after its duration, when its starter ends, and by an alarm if all else fails.
 *  3. At no time has it sent more than rate * (time since its begin) + one batch.
 */
#include "lab/flood.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"

#define BATCH       64u
#define PAUSE_US    500
#define MISSED_MS   20u /* what is owed for longer is not sent any more */
#define ALARM_SPARE 3u  /* seconds */

/* What the process tells its starter, in shared memory. */
struct tally {
	_Atomic uint64_t sent, failed, missed;
	_Atomic int reason; /* errno of what kept it from beginning */
};

struct flood {
	pid_t pid;
	struct tally *tally;
};

struct flooding {
	const struct flood_options *options;
	struct flood_form form;
	struct random random;
	struct tally *tally;
	int fd;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t packets[BATCH][FLOOD_PACKET_MAX];
};

/* ---- What is allowed ---- */

static bool same_place(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Invariant 1. */
static int check_namespace(const struct flood_options *options, struct error *error)
{
	static const char *const foreign[] = { "/proc/1/ns/net", "/proc/self/ns/net" };
	struct stat there, other;

	if (ioctl(options->netns_fd, NS_GET_NSTYPE) != CLONE_NEWNET ||
		fstat(options->netns_fd, &there) != 0)
		return error_set(error, ERROR_REFUSED, "a flood needs a network namespace");
	other.st_dev = options->host_device;
	other.st_ino = options->host_inode;
	if (options->host_inode != 0 && same_place(&there, &other))
		return error_set(error, ERROR_REFUSED, "no flood in the host's namespace");
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		/* In a user namespace that of process 1 may be hidden; it can't be entered
		 * from there either. */
		if (stat(foreign[i], &other) == 0 && same_place(&there, &other))
			return error_set(error, ERROR_REFUSED,
				"no flood in a namespace that is not the lab's");
	}
	return 0;
}

static int check(const struct flood_options *options, struct error *error)
{
	if (options->target.family != FAMILY_IPV4 ||
		(options->spoofed.address.family != FAMILY_NONE &&
			options->spoofed.address.family != FAMILY_IPV4) ||
		(options->spoofed.address.family == FAMILY_NONE &&
			options->source.family != FAMILY_IPV4))
		return error_set(error, ERROR_UNSUPPORTED, "floods are IPv4 only");
	if (options->packets_per_s == 0 || options->packets_per_s > FLOOD_RATE_MAX)
		return error_set(error, ERROR_RANGE, "a flood has 1 to %u packets a second",
			FLOOD_RATE_MAX);
	if (options->duration_ms == 0 || options->duration_ms > FLOOD_DURATION_MAX)
		return error_set(
			error, ERROR_RANGE, "a flood lasts 1 to %u ms", FLOOD_DURATION_MAX);
	if (options->payload > FLOOD_PAYLOAD_MAX)
		return error_set(error, ERROR_RANGE, "a payload has at most %d bytes",
			FLOOD_PAYLOAD_MAX);
	return check_namespace(options, error);
}

/* ---- The process ---- */

static int open_raw(const struct flood_options *options)
{
	static const int on = 1;
	struct sockaddr_in target = { .sin_family = AF_INET };
	int fd;

	if (setns(options->netns_fd, CLONE_NEWNET) != 0)
		return -1;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	memcpy(&target.sin_addr, options->target.bytes, 4);
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) != 0 ||
		connect(fd, (const struct sockaddr *)&target, sizeof(target)) != 0)
		return -1;
	return fd;
}

static void send_batch(struct flooding *flooding, unsigned count)
{
	unsigned done = 0;

	for (unsigned i = 0; i < count; i++) {
		flooding->vectors[i].iov_base = flooding->packets[i];
		flooding->vectors[i].iov_len = flood_packet_write(
			&flooding->form, &flooding->random, flooding->packets[i]);
		flooding->messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &flooding->vectors[i], .msg_iovlen = 1 };
	}
	while (done < count) {
		int sent = sendmmsg(
			flooding->fd, flooding->messages + done, count - done, MSG_DONTWAIT);

		if (sent > 0) {
			atomic_fetch_add(&flooding->tally->sent, (uint64_t)sent);
			done += (unsigned)sent;
		} else if (errno != EINTR) {
			atomic_fetch_add(&flooding->tally->failed, 1);
			done++;
		}
	}
}

static void pause_a_little(void)
{
	struct timespec time = { .tv_nsec = PAUSE_US * 1000l };

	(void)nanosleep(&time, NULL);
}

static void flood(struct flooding *flooding)
{
	const struct flood_options *options = flooding->options;
	uint64_t most = (uint64_t)options->packets_per_s * options->duration_ms / 1000,
		 done = 0;
	uint64_t tolerated = (uint64_t)options->packets_per_s * MISSED_MS / 1000 + BATCH;
	struct instant began = clock_now();
	struct instant end = instant_add(began, duration_ms(options->duration_ms));

	while (done < most) {
		struct instant now = clock_now();
		uint64_t due;

		if (instant_reached(end, now))
			break;
		due = (uint64_t)((double)instant_since(now, began).ns / 1e9 *
				 options->packets_per_s);
		if (due > most)
			due = most;
		if (due > done + tolerated) {
			atomic_fetch_add(&flooding->tally->missed, due - done - tolerated);
			done = due - tolerated;
		}
		if (due <= done) {
			pause_a_little();
			continue;
		}
		send_batch(flooding, due - done > BATCH ? BATCH : (unsigned)(due - done));
		done += due - done > BATCH ? BATCH : due - done;
	}
	atomic_fetch_add(&flooding->tally->missed, most - done);
}

static _Noreturn void process_run(
	const struct flood_options *options, struct tally *tally, pid_t parent)
{
	static struct flooding flooding;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "lab-flood");
	signal(SIGALRM, SIG_DFL);
	alarm(options->duration_ms / 1000 + ALARM_SPARE);
	flooding.options = options;
	flooding.tally = tally;
	flooding.random.state = options->seed;
	flooding.form = (struct flood_form){ .kind = options->kind,
		.target = options->target,
		.port = options->port,
		.sources = options->spoofed.address.family == FAMILY_NONE
				   ? prefix_host(&options->source)
				   : options->spoofed,
		.payload = options->payload };
	flooding.fd = open_raw(options);
	if (flooding.fd < 0) {
		atomic_store(&tally->reason, errno);
		_exit(1);
	}
	flood(&flooding);
	_exit(0);
}

/* ---- Its starter ---- */

int flood_start(
	const struct flood_options *options, struct flood **ret_flood, struct error *error)
{
	struct flood *flood;
	pid_t parent = getpid();
	int r = check(options, error);

	if (r != 0)
		return r;
	flood = calloc(1, sizeof(*flood));
	if (flood == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a flood");
	flood->tally = mmap(NULL, sizeof(*flood->tally), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (flood->tally == MAP_FAILED) {
		free(flood);
		return error_set(error, ERROR_MEMORY, "no memory for a flood");
	}
	flood->pid = fork();
	if (flood->pid == 0)
		process_run(options, flood->tally, parent);
	if (flood->pid < 0) {
		r = error_system(error, errno, "can't start a flood");
		munmap(flood->tally, sizeof(*flood->tally));
		free(flood);
		return r;
	}
	*ret_flood = flood;
	return 0;
}

static bool ended(const struct flood *flood)
{
	siginfo_t info = { 0 };

	/* It stays to be waited for: flood_stop does that. */
	return waitid(P_PID, (id_t)flood->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid != 0;
}

void flood_look(const struct flood *flood, struct flood_report *ret_report)
{
	ret_report->running = !ended(flood);
	ret_report->sent = atomic_load(&flood->tally->sent);
	ret_report->failed = atomic_load(&flood->tally->failed);
	ret_report->missed = atomic_load(&flood->tally->missed);
}

void flood_stop(struct flood *flood, struct flood_report *ret_report)
{
	if (flood == NULL)
		return;
	kill(flood->pid, SIGKILL);
	while (waitpid(flood->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (ret_report != NULL) {
		flood_look(flood, ret_report);
		ret_report->running = false;
	}
	munmap(flood->tally, sizeof(*flood->tally));
	free(flood);
}

int flood_run(const struct flood_options *options, struct flood_report *ret_report,
	struct error *error)
{
	struct flood *flood;
	siginfo_t info;
	int reason, r = flood_start(options, &flood, error);

	if (r != 0)
		return r;
	while (waitid(P_PID, (id_t)flood->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		;
	reason = atomic_load(&flood->tally->reason);
	flood_stop(flood, ret_report);
	return reason == 0 ? 0 : error_system(error, reason, "the flood can't send");
}
