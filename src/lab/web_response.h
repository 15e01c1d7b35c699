/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 response as a client of the lab needs it: is it whole, is it good, which site.
 * Pure: bytes in, at any split. RFC 9112. */
#ifndef NEARCAST_LAB_WEB_RESPONSE_H
#define NEARCAST_LAB_WEB_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEB_HEAD_MAX 4096 /* bytes of status line and fields */
#define WEB_SITE_MAX 64   /* with the NUL */

enum web_state {
	WEB_HEAD,  /* the head is not whole */
	WEB_BODY,  /* the body is not */
	WEB_WHOLE, /* all is there */
	WEB_BROKEN,
};

/* Zero-initialised is the beginning. Owns nothing. */
struct web_response {
	enum web_state state;
	unsigned status;         /* 0 while unknown */
	char site[WEB_SITE_MAX]; /* X-Site; "" if there was none */
	bool has_length;       /* Content-Length was given; else the connection's end ends it */
	uint64_t length, have; /* of the body, bytes */
	size_t head_length;
	char head[WEB_HEAD_MAX];
};

/* Take what came. Bytes behind the body are not looked at. Transfer codings are not understood:
 * WEB_BROKEN (ask with "Connection: close", and a server has no need of them). */
void web_response_add(struct web_response *response, const void *bytes, size_t length);
/* The connection ended: whole, if that is how the body ends; else broken. */
void web_response_end(struct web_response *response);

#endif
