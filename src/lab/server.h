/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real service for the sites of a lab: it answers DNS and HTTP and says which site it
 * is. One process a site, one thread, one loop.
 *
 *     DNS, UDP and TCP   id.server., hostname.bind. CH TXT   the site's name (RFC 4892)
 *                        NSID, if asked (RFC 5001)           the site's name
 *                        A, AAAA of a name in the zone       the address that was asked
 *                        TXT of a name in the zone           the site's name
 *     HTTP/1.1           /                                   the site's name and a newline
 *                        /content?bytes=N                    N bytes, at most 2^30
 *                        /health                             200, or 503 after SIGUSR2
 *                        /counters                           JSON
 *
 * Every HTTP answer names the site in the header X-Site. SIGUSR1 prints the counters to
 * standard output, SIGUSR2 makes /health unwell and well again, SIGTERM drains: no new
 * connections, what was received is answered, then the end.
 */
#ifndef NEARCAST_LAB_SERVER_H
#define NEARCAST_LAB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/text.h"

#define SERVER_NAME_MAX      64 /* with the NUL */
#define SERVER_ADDRESSES_MAX 16
#define SERVER_ZONE_DEFAULT  "lab.example"
#define SERVER_CONTENT_MAX   (1u << 30)

struct server_options {
	const char *name; /* of the site: 1..63 printable ASCII characters without quotes */
	struct address addresses[SERVER_ADDRESSES_MAX]; /* may come to the node later */
	size_t address_count;                           /* at least 1 */
	uint16_t dns_port, http_port;                   /* 0: not this service */
	const char *zone;                               /* NULL: SERVER_ZONE_DEFAULT */
	/* A file that is made and mapped, and holds a struct server_counters: it survives the
	 * process, however that ends. NULL: none. */
	const char *counters_path;
};

/* Written by the server alone; rising. Requests are counted when they were read, answers when
 * they were handed to the kernel. */
struct server_counters {
	uint64_t magic; /* SERVER_COUNTERS_MAGIC */
	_Atomic uint64_t dns_udp_requests, dns_udp_answers;
	_Atomic uint64_t dns_tcp_requests, dns_tcp_answers;
	_Atomic uint64_t
		dns_malformed; /* of the requests: answered with an error, or not at all */
	_Atomic uint64_t http_requests, http_answers;
	_Atomic uint64_t http_bytes; /* of bodies */
};

#define SERVER_COUNTERS_MAGIC 0x6e6361737473727aull

/* Serve until SIGTERM or SIGINT. Call once in a process. ERROR_RANGE: bad options;
 * ERROR_SYSTEM, ERROR_PERMISSION: a socket can't be had; ERROR_UNSUPPORTED: no libmicrohttpd.
 */
int server_run(const struct server_options *options, struct error *error);

/* {"dns_udp_requests":1,...} and a newline. */
void server_counters_print(const struct server_counters *counters, struct text *out);
/* Read the file of a server, running or dead. ERROR_NOT_FOUND, ERROR_MALFORMED. */
int server_counters_read(
	const char *path, struct server_counters *ret_counters, struct error *error);

#endif
