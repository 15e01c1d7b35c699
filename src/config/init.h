/* SPDX-License-Identifier: Apache-2.0 */
/* A first configuration file from a few answers: the pure part of `nearcast init`. */
#ifndef NEARCAST_CONFIG_INIT_H
#define NEARCAST_CONFIG_INIT_H

#include "base/error.h"
#include "base/text.h"
#include "config/preset.h"

enum init_check {
	INIT_CHECK_NONE,
	INIT_CHECK_DNS,   /* socket udp + dns */
	INIT_CHECK_HTTP,  /* socket tcp + http */
	INIT_CHECK_HTTPS, /* socket tcp + http with tls */
	INIT_CHECK_TCP,   /* socket tcp + tcp */
	INIT_CHECK_UDP,   /* socket udp */
};

/* Texts as a person typed them: what is wrong with one is told by config_read of the result.
 * Zero or NULL: not answered. */
struct init_answers {
	const struct preset *preset;  /* required */
	const char *site;             /* required */
	const char *asn;              /* ours; required unless the preset has own_asn */
	const char *router_id;        /* required */
	const char *service;          /* default: from the check, "dns" or "web" or "service" */
	const char *const *addresses; /* of the service; at least one */
	size_t address_count;
	const char *const *announce; /* default: host routes */
	size_t announce_count;
	enum init_check check;
	const char *port;         /* default: 53, 80, 443; required for tcp and udp */
	const char *name;         /* domain name to ask for, Host header; default example.com
				   * for dns, none for http */
	const char *neighbor_asn; /* required unless the preset knows it */
	const char *const *neighbor_addresses; /* required unless the preset knows them */
	size_t neighbor_address_count;
	const char *password; /* secret; default env:BGP_PASSWORD if the preset needs one */
};

/* Writes a commented YAML file. ERROR_NOT_FOUND if an answer is missing (error says which) or
 * ERROR_MEMORY. Of a preset's neighbours only those of the families are written that the
 * addresses have. */
int config_init(const struct init_answers *answers, struct text *out, struct error *error);

/* "dns", "https", ...: INIT_CHECK_NONE is "none". ERROR_NOT_FOUND. */
int init_check_parse(const char *text, enum init_check *ret_check);

#endif
