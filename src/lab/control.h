/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a running world is reached: an abstract Unix socket "nearcast-lab/UID/NAME" in the
 * network namespace of whoever started it. One JSON document there, one back, each ended by a
 * newline; with some answers come descriptors. Only its own user may ask.
 *
 * An abstract name goes with the process that has it: there is never one left behind.
 */
#ifndef NEARCAST_LAB_CONTROL_H
#define NEARCAST_LAB_CONTROL_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define LAB_NAME_MAX 64
#define LAB_FDS_MAX  4

/* Be the world of this name. ERROR_EXISTS: there is one. The descriptor is the caller's. */
int lab_listen(const char *name, int *ret_fd, struct error *error);

/* Ask a world. fds (may be NULL): room for LAB_FDS_MAX descriptors, -1 where none came, which
 * are the caller's then. *ret_answer is the caller's. ERROR_NOT_FOUND: there is no such world;
 * an error that the world tells comes as it was. timeout_ms: for the whole of it. */
int lab_ask(const char *name, const json_t *question, int timeout_ms, json_t **ret_answer,
	int *fds, struct error *error);

/* The names of this user's worlds, as an array of strings. NULL: no memory. */
json_t *lab_names(void);

/* One question that was read; the answer goes out with lab_answer. */
struct lab_question {
	int fd;
	json_t *question;
};
/* Accept and read. ERROR_STATE: nobody, or somebody who may not. */
int lab_question_take(int listen_fd, struct lab_question *ret_question, struct error *error);
/* Answer and close; takes the answer. NULL: the error is the answer. */
void lab_answer(struct lab_question *question, json_t *answer, const int *fds, size_t fd_count,
	const struct error *error);

#endif
