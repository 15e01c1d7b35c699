/* SPDX-License-Identifier: Apache-2.0 */
/* What the lab's server answers to a DNS message. Pure: bytes in, bytes out. */
#ifndef NEARCAST_LAB_SERVER_ANSWER_H
#define NEARCAST_LAB_SERVER_ANSWER_H

#include "base/address.h"
#include "wire/dns_serve.h"

#define SERVER_QUERY_MAX  1232 /* bytes; longer ones are not looked at */
#define SERVER_ANSWER_MAX 1232

struct server_identity {
	const char *name; /* of the site, at most 63 bytes */
	struct dns_name zone;
};

enum server_transport { SERVER_UDP, SERVER_TCP };

/*
 * Write the answer to the query into out, which has room for SERVER_ANSWER_MAX. local: the
 * address that was asked. Gives its length; 0: it must not be answered. *ret_malformed: the
 * query was broken, answered or not.
 */
size_t server_answer(const struct server_identity *identity, const struct address *local,
	enum server_transport transport, const uint8_t *query, size_t length, uint8_t *out,
	bool *ret_malformed);

#endif
