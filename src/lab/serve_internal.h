/* SPDX-License-Identifier: Apache-2.0 */
/* Between lab/up.c, lab/serve.c and lab/answer.c. */
#ifndef NEARCAST_LAB_SERVE_INTERNAL_H
#define NEARCAST_LAB_SERVE_INTERNAL_H

#include <jansson.h>

#include "lab/control.h"
#include "lab/lab.h"
#include "lab/serve.h"

/* Build, start, answer; returns when told to end, or with an error. */
int lab_supervise(const struct lab_up *options, int listen_fd, int news, bool user_namespace,
	struct error *error);

struct lab_reply {
	json_t *answer;
	int fds[LAB_FDS_MAX];
	size_t fd_count;
	bool over; /* the world ends after it */
};
/* Do what a question says. An error is the answer then. */
int lab_do(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error);

#endif
