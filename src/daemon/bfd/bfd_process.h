/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bfd process: nothing but BFD on its loop, so that neither a full table nor a slow check
 * delays a packet.
 *
 *     main --CONFIG--> sessions.c --> machine (src/route/bfd) <--> sockets.c <--> UDP
 *      ^                                  |
 *      +----------- BFD_STATE <-----------+
 */
#ifndef NEARCAST_DAEMON_BFD_PROCESS_H
#define NEARCAST_DAEMON_BFD_PROCESS_H

#include <uv.h>

#include "base/list.h"
#include "config/config.h"
#include "daemon/process.h"
#include "os/channel.h"
#include "route/bfd.h"

/* What receives: by family and port. */
#define BFD_RECEIVERS 4

struct bfd_process {
	uv_loop_t *loop;
	struct channel *main_channel; /* NULL: main is gone */
	struct bfd *machine;
	struct list paths;            /* struct bfd_path */
	int receivers[BFD_RECEIVERS]; /* -1: none */
	uv_poll_t *polls[BFD_RECEIVERS];
	int timer_fd; /* timerfd: libuv's timers know no microseconds */
	uv_poll_t *timer_poll;
	uv_timer_t heartbeat;
	uint64_t generation;
	bool stopping, stop_reported;
	void (*done)(void *context);
	void *done_context;
};

/* One neighbour's path. */
struct bfd_path {
	struct list link; /* in bfd_process.paths */
	struct bfd_process *process;
	char name[RECORD_NAME_MAX];
	struct bfd_settings settings;
	struct bfd_session *session;
	int fd;          /* sends; -1: not open yet, or it could not be */
	bool complained; /* that it cannot be opened */
	bool wanted;     /* by the configuration that is being taken */
};

/* ---- sessions.c ---- */
/* Take the neighbours of a configuration; sessions that stay go on. */
void bfd_sessions_apply(struct bfd_process *process, const struct config *config);
/* The sink of the machine. */
void bfd_sessions_send(
	void *context, struct bfd_session *session, const uint8_t *packet, size_t length);
void bfd_sessions_changed(void *context, struct bfd_session *session, enum bfd_state old);
/* Numbers of all, to main. */
void bfd_sessions_report(struct bfd_process *process);
/* All say AdminDown, and go. */
void bfd_sessions_end(struct bfd_process *process);

/* ---- sockets.c ---- */
/* What is received from now on: bit 0: one hop, bit 1: several; bits of both families. */
void bfd_sockets_receive(struct bfd_process *process, const bool wanted[BFD_RECEIVERS]);
/* Which of them a path needs. */
unsigned bfd_socket_receiver(const struct bfd_settings *settings);
/* A socket to the path's other end, from a port of RFC 5881 section 4. A negative errno. */
int bfd_socket_open(const struct bfd_settings *settings);
void bfd_sockets_close(struct bfd_process *process);

/* ---- process.c ---- */
/* After every entry into the machine. */
void bfd_process_settle(struct bfd_process *process);

#endif
