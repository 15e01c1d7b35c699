/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP serves, without HTTP: paths, whom to ask, and how the answers become a body. Pure.
 */
#ifndef NEARCAST_DAEMON_API_PAGE_H
#define NEARCAST_DAEMON_API_PAGE_H

#include <stdbool.h>

#include "base/text.h"
#include "daemon/record.h"

#define PAGE_QUESTIONS_MAX 2

struct page_question {
	enum process whom; /* PROCESS_MAIN or PROCESS_SPEAKER */
	enum query query;
	bool optional; /* without its answer the page is served all the same */
};

struct page_answer {
	int code;         /* 0 or enum error_code */
	struct text text; /* the document, or a sentence */
};

struct page {
	const char *path; /* "/api/v1/services" */
	bool named;       /* "/NAME" may follow: the argument of the question */
	bool searches;    /* its ?query becomes a JSON argument: routes */
	bool events;      /* answered from the events */
	const char *content_type;
	const char *summary; /* for the index; NULL: not shown */
	struct page_question questions[PAGE_QUESTIONS_MAX];
	size_t question_count;
	/* The body from the answers, all of which worked or were optional; gives the status.
	 * NULL: the first answer is the body. */
	unsigned (*print)(const struct page_answer *answers, struct text *out);
};

/* NULL if there is none. *ret_name points into path behind "/", or to "". */
const struct page *page_find(const char *path, const char **ret_name);
/* The HTTP status for an error code: 404 for not-found, 503 if nobody answers. */
unsigned page_status(int code);
/* {"error":{"code":..., "message":...}} */
void page_print_error(const char *code, const char *message, struct text *out);

/*
 * May a request with this Host header be served on a loopback address? A page of another site
 * can have its name point at 127.0.0.1 (DNS rebinding), but its name stays in the header: only
 * localhost and literal addresses pass. NULL, no header, passes: browsers always send it.
 */
bool page_host_allowed(const char *host);

#endif
