/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `nearcast collect`:
 *
 *     collect.c         the command: options, listener, signals, the routers that connected
 *     collect_router.c  one router: its connection, its BMP stream, its table
 *     collect_files.c   a router's files: updates by period, table dumps
 */
#ifndef NEARCAST_CLI_COLLECT_H
#define NEARCAST_CLI_COLLECT_H

#include <uv.h>

#include "cli/console.h"
#include "cli/mrt_table.h"
#include "wire/bmp_mrt.h"

#define COLLECT_ROUTERS_MAX 64u
#define COLLECT_FROM_MAX    64u

struct collect_settings {
	struct address listen;
	uint16_t port;
	struct prefix from[COLLECT_FROM_MAX]; /* who may connect; none: anybody */
	size_t from_count;
	const char *folder;
	struct duration rotate; /* of update files; at least a second */
	struct duration table;  /* between table dumps; 0: none */
	enum bmp_mrt_view view;
};

/* ---- collect_files.c ---- */

/* The files of one router. Owns them. */
struct collect_files {
	char folder[4096];
	struct mrt_records updates; /* file NULL: none is open */
	char name[64];              /* of the open one, without ".part" */
	struct wall_time end;       /* of the period of the open one */
	struct duration rotate;
};

/* Make the folder, give what an earlier run left unfinished its name. ERROR_SYSTEM,
 * ERROR_PERMISSION, ERROR_RANGE (the path is too long). */
int collect_files_open(struct collect_files *files, const struct collect_settings *settings,
	const struct address *router, struct error *error);
/* Write one message into the file of its period; now decides which that is. */
int collect_files_put(struct collect_files *files, struct wall_time now, struct wall_time time,
	const struct mrt_message *message, struct error *error);
/* Let readers see what was written; close the file if its period is over. */
int collect_files_flush(struct collect_files *files, struct wall_time now, struct error *error);
int collect_files_close(struct collect_files *files, struct error *error);
/* The whole table, into a file of its own. */
int collect_files_table(const struct collect_files *files, struct mrt_table *table,
	struct wall_time now, struct error *error);

/* ---- collect_router.c ---- */

struct collect;

struct collect_router {
	struct collect *collect;
	struct address address;
	char name[64]; /* sysName, printable; empty until it is told */
	uv_poll_t poll;
	int fd;
	bool closing;
	uint8_t *buffer;     /* BMP_MESSAGE_MAX bytes */
	size_t length;       /* that wait in it */
	uint64_t bytes, odd; /* taken in; messages that break their format */
	struct bmp_mrt bmp;
	struct collect_files files;
	struct mrt_reader reader;
	struct mrt_table table;
	pid_t writer; /* the process that writes a table dump; 0: none */
};

/* What the routers share. */
struct collect {
	struct collect_settings settings;
	struct console *console;
	uv_loop_t loop;
	uv_poll_t listener;
	int listener_fd;
	uv_signal_t interrupt, terminate, child;
	uv_timer_t second, tables;
	struct collect_router *routers[COLLECT_ROUTERS_MAX];
	bool failed; /* something could not be written */
};

/* Takes over fd, whatever happens. NULL: it was told why not. */
struct collect_router *collect_router_new(
	struct collect *collect, int fd, const struct address *address);
/* Close the connection and the files, and tell why. Frees it, a turn of the loop later. */
void collect_router_end(struct collect_router *router, const char *why);
/* Once a second. */
void collect_router_tick(struct collect_router *router);
/* Write the table, in a process of its own. */
void collect_router_dump(struct collect_router *router);
/* That process ended. */
void collect_router_dumped(struct collect_router *router, bool good);

/* ---- collect.c ---- */

/* Tell what happened to a router: a line on stderr, or an object on stdout with --json. */
void collect_tell(struct collect *collect, const struct collect_router *router,
	const char *event, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
