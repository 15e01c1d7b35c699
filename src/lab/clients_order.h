/* SPDX-License-Identifier: Apache-2.0 */
/* What goes between the supervisor and the clients process: one struct a packet, of one and the
 * same program. */
#ifndef NEARCAST_LAB_CLIENTS_ORDER_H
#define NEARCAST_LAB_CLIENTS_ORDER_H

#include "lab/clients.h"

enum clients_verb {
	CLIENTS_ADD, /* with the namespace's descriptor */
	CLIENTS_REMOVE,
	CLIENTS_RETARGET,
	CLIENTS_PACE,
	CLIENTS_MARK,
	CLIENTS_REPORT,
	CLIENTS_SERVED,
	CLIENTS_WAIT,   /* replied to later */
	CLIENTS_SETTLE, /* the same */
	CLIENTS_VERB_COUNT,
};

struct clients_order {
	uint64_t serial; /* the reply repeats it */
	enum clients_verb verb;
	uint32_t number;
	struct address source;       /* ADD */
	struct client_target target; /* ADD; of RETARGET the address */
	uint32_t interval_us;        /* PACE */
	uint32_t timeout_ms;         /* PACE; WAIT: its deadline */
	uint32_t count;              /* WAIT: of numbers; 0: all */
	uint16_t numbers[CLIENTS_MAX];
};

struct clients_reply {
	uint64_t serial;
	int code;
	uint32_t served, count;      /* SERVED */
	struct instant when;         /* WAIT */
	struct error error;          /* if code is not 0 */
	struct client_report report; /* REPORT */
};

/* The process itself: serves orders that come over fd until the other end is gone. */
_Noreturn void clients_process_run(int fd);

#endif
