/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running world: namespaces, cables, processes. All of it belongs to the supervisor, which is
 * pid 1 of a pid namespace of its own; when it ends, for whatever reason, the kernel ends every
 * process of the world, and with the last of them every namespace, interface and mount goes.
 */
#ifndef NEARCAST_LAB_LAB_H
#define NEARCAST_LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/instant.h"
#include "os/netlink_link.h"
#include "world/world.h"

#define LAB_PROCESSES_MAX 4 /* of a node: the daemon, its helper, the service */

enum lab_process_kind {
	LAB_DAEMON,  /* what speaks BGP */
	LAB_SECOND,  /* what it needs: zebra, or the companion */
	LAB_SERVICE, /* what answers */
	LAB_WEB,     /* nginx */
};

struct lab_process {
	pid_t pid; /* 0: not running */
	const char *name;
	bool wanted;
};

enum lab_cut {
	LAB_WHOLE,
	LAB_CUT,    /* both ends lost their carrier */
	LAB_SILENT, /* whatever is sent is lost, and nobody is told */
};

struct lab_node {
	int net, mount, host; /* descriptors of its namespaces */
	struct links *links;  /* speaks to its network */
	struct lab_process processes[LAB_PROCESSES_MAX];
	bool down;        /* broken: without power */
	enum lab_cut how; /* what its links show then */
	unsigned prepend; /* of a site, by `prepend` */
};

struct lab_link {
	enum lab_cut cut; /* by `break LINK` */
	bool relayed;
	int tap[2];
};

/* A way inside a network. */
struct lab_way {
	uint32_t from;
	struct world_way way;
};

struct lab {
	const struct world *world;
	const char *name;
	const char *program; /* path of this program */
	struct lab_node *nodes;
	struct lab_link *links;
	int home_net, home_mount, home_host;
	bool *internal_up;    /* a link: carries traffic inside of a network */
	struct lab_way *ways; /* those that are in kernels now */
	size_t way_count;
	struct relay *relay;     /* NULL: no link has a delay */
	struct clients *clients; /* NULL: nobody asks */
	struct flood *flood;     /* NULL: none was started; one at a time */
	dev_t host_device;       /* the network namespace that the world was started from */
	ino_t host_inode;
	struct instant started;
	uint64_t first_answer_ns; /* since started; 0: not yet */
	bool user_namespace;
};

/* Told how far building is: "cables", 12, 30. */
typedef void lab_progress(void *context, const char *what, size_t done, size_t total);

/* Make namespaces, cables, addresses, ways inside networks. The caller is pid 1 of the world.
 */
int lab_build(struct lab *lab, lab_progress *progress, void *context, struct error *error);

/* Within: the calling process is in the node's network. Always followed by lab_leave. */
int lab_enter(struct lab *lab, uint32_t node, struct error *error);
void lab_leave(struct lab *lab);

/* Write a file that the node sees as /run/NAME. */
int lab_write(struct lab *lab, uint32_t node, const char *name, const char *text,
	struct error *error);

/* Start a program in a node; argv[0] is looked up in PATH. Its output goes to /run/NAME.log. */
int lab_spawn(struct lab *lab, uint32_t node, enum lab_process_kind kind, const char *name,
	const char *const *argv, struct error *error);
/* SIGKILL for one process of a node, or for all of them. */
void lab_kill(struct lab *lab, uint32_t node, enum lab_process_kind kind);
void lab_kill_all(struct lab *lab, uint32_t node);
/* A child ended. */
void lab_reaped(struct lab *lab, pid_t pid, int status);

/* Configure and start what runs in a node. */
int lab_start_node(struct lab *lab, uint32_t node, struct error *error);
int lab_start_service(struct lab *lab, uint32_t node, struct error *error);
/* Write a site's configuration anew and make its daemon read it. */
int lab_reload(struct lab *lab, uint32_t node, struct error *error);

/* ---- What breaks ---- */

int lab_break_link(struct lab *lab, uint32_t link, enum lab_cut how, struct error *error);
int lab_mend_link(struct lab *lab, uint32_t link, struct error *error);
/* Its links fall silent and its processes die: a power cut. */
int lab_break_node(struct lab *lab, uint32_t node, enum lab_cut how, struct error *error);
int lab_mend_node(struct lab *lab, uint32_t node, struct error *error);
int lab_break_service(struct lab *lab, uint32_t node, struct error *error);
int lab_mend_service(struct lab *lab, uint32_t node, struct error *error);

/* The ways inside networks, after a link came or went. */
int lab_route_inside(struct lab *lab, struct error *error);

#endif
