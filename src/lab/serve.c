/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's life.
 *
 * Invariants:
 *  1. Children are reaped as they end; nobody waits for one.
 */
#include "lab/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/clients.h"
#include "lab/internal.h"
#include "lab/relay.h"
#include "lab/serve_internal.h"
#include "os/clock.h"

#define CLIENT_SOCKETS 16 /* of one: flows, which equal sites share */
#define TIMEOUT_MS     1000

struct progress {
	int news;
	struct instant told;
};

static void tell(void *context, const char *what, size_t done, size_t total)
{
	struct progress *progress = context;
	struct lab_news news = { .done = (uint32_t)done, .total = (uint32_t)total };

	if (done < total && instant_since(clock_now(), progress->told).ns < 20000000)
		return;
	progress->told = clock_now();
	strncpy(news.what, what, sizeof(news.what) - 1);
	if (write(progress->news, &news, sizeof(news)) < 0) {
		/* Who wanted to know has gone. */
	}
}

static int take_room(struct lab *lab, struct error *error)
{
	const struct world *world = lab->world;

	lab->nodes = calloc(world->node_count + 1u, sizeof(*lab->nodes));
	lab->links = calloc(world->link_count + 1u, sizeof(*lab->links));
	lab->internal_up = calloc(world->link_count + 1u, sizeof(*lab->internal_up));
	if (lab->nodes == NULL || lab->links == NULL || lab->internal_up == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	return 0;
}

/* ---- Clients ---- */

static int add_client(struct lab *lab, uint32_t node, struct error *error)
{
	const struct world_node *made = &lab->world->nodes[node];
	struct address source = address_ipv4(made->loopback);
	struct client_target target = { .asks = CLIENT_ASKS_DNS,
		.address = address_ipv4(lab->world->address),
		.sockets = CLIENT_SOCKETS };

	return clients_add(lab->clients, node, lab->nodes[node].net, &source, &target, error);
}

static int start_clients(struct lab *lab, struct error *error)
{
	int result = 0;

	for (uint32_t i = 0; i < lab->world->node_count && result == 0; i++)
		if (lab->world->nodes[i].people > 0)
			result = add_client(lab, i, error);
	return result != 0 ? result : clients_pace(lab->clients, 20000, TIMEOUT_MS, error);
}

/* ---- Life ---- */

static void reap(struct lab *lab)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		lab_reaped(lab, pid, status);
}

static bool answer(struct lab *lab, int listen_fd)
{
	struct lab_question question;
	struct lab_reply reply = { .fds = { -1, -1, -1, -1 } };
	struct error error = { 0 };
	int result;

	if (lab_question_take(listen_fd, &question, &error) != 0)
		return false;
	result = lab_do(lab, question.question, &reply, &error);
	if (result == 0 && reply.answer == NULL)
		reply.answer = json_object();
	lab_answer(&question, result == 0 ? reply.answer : NULL, reply.fds, reply.fd_count,
		&error);
	return reply.over;
}

static void serve(struct lab *lab, int listen_fd, int signals)
{
	struct pollfd fds[2] = { { .fd = listen_fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if ((fds[1].revents & POLLIN) != 0 &&
			read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			if (info.ssi_signo == SIGTERM)
				return;
			reap(lab);
		}
		if ((fds[0].revents & POLLIN) != 0 && answer(lab, listen_fd))
			return;
	}
}

static int take_signals(struct error *error)
{
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &wanted, SFD_CLOEXEC);
	return fd >= 0 ? fd : error_system(error, errno, "cannot take signals");
}

/* What is far away is started first: the sites find everybody listening. */
static int start_all(struct lab *lab, struct progress *progress, struct error *error)
{
	int result = 0;

	for (uint32_t i = 0; i < lab->world->node_count && result == 0; i++) {
		result = lab_start_node(lab, i, error);
		tell(progress, "daemons", i + 1, lab->world->node_count);
	}
	return result;
}

/* Without it links are as short as they can be, and `status` says so. */
static bool lab_relay_possible(void)
{
	return access("/dev/net/tun", R_OK | W_OK) == 0;
}

static int begin(struct lab *lab, struct progress *progress, struct error *error)
{
	int result = take_room(lab, error);

	/* It forks, and stays in the namespaces that it was forked in. */
	if (result == 0)
		result = clients_start(&lab->clients, error);
	if (result == 0 && lab_relay_possible())
		result = relay_start(&lab->relay, error);
	if (result == 0)
		result = lab_build(lab, tell, progress, error);
	if (result == 0)
		result = start_all(lab, progress, error);
	return result != 0 ? result : start_clients(lab, error);
}

static int open_homes(struct lab *lab, struct error *error)
{
	lab->home_net = lab_open_namespace("net");
	lab->home_mount = lab_open_namespace("mnt");
	lab->home_host = lab_open_namespace("uts");
	if (lab->home_net < 0 || lab->home_mount < 0 || lab->home_host < 0)
		return error_system(error, errno, "cannot open our own namespaces");
	return 0;
}

int lab_supervise(const struct lab_up *options, int listen_fd, int news, bool user_namespace,
	struct error *error)
{
	struct lab lab = {
		.world = options->world,
		.name = options->name,
		.program = options->program,
		.user_namespace = user_namespace,
		.host_device = options->host_device,
		.host_inode = options->host_inode,
		.started = clock_now(),
	};
	struct progress progress = { .news = news };
	struct lab_news ready = { .ready = true };
	int signals = take_signals(error);
	int result = signals < 0 ? signals : open_homes(&lab, error);

	if (result == 0)
		result = begin(&lab, &progress, error);
	if (result != 0)
		return result;
	if (write(news, &ready, sizeof(ready)) < 0) {
		/* Who started us has gone; others will ask. */
	}
	close(news);
	serve(&lab, listen_fd, signals);
	return 0;
}
