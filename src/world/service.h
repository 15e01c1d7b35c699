/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations that make real servers behave as a site's service in the lab: they say which
 * site they are in the same places as the lab's own server. Pure: text out.
 */
#ifndef NEARCAST_WORLD_SERVICE_H
#define NEARCAST_WORLD_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/text.h"

struct world_service {
	const char *name;   /* of the site: letters, digits, "-", "_" and "." */
	const char *folder; /* absolute, of its own, where it writes; same characters and "/" */
	const char *zone;   /* DNS: whose names it answers; same characters as name */
	const struct address *addresses;
	size_t address_count;
	uint16_t port;
};

/*
 * NSD: config is for `nsd -d -c FILE`; zone is to be written to FOLDER/ZONE.zone. It answers
 * id.server. and NSID with the name, and A, AAAA and TXT of every name in the zone. The
 * addresses may come later. ERROR_RANGE: a character that does not belong into a name;
 * ERROR_MEMORY.
 */
int world_service_nsd(const struct world_service *service, struct text *ret_config,
	struct text *ret_zone, struct error *error);

/*
 * nginx: config is for `nginx -p FOLDER -c FILE -e FOLDER/error.log`. "/" says the name, as
 * does the header X-Site everywhere; "/health"; "/content?bytes=N" gives the file
 * FOLDER/content/N, which the caller makes for each N that is to be asked. Where an address is
 * to come later, the node needs the sysctl net.ipv4.ip_nonlocal_bind
 * (net.ipv6.ip_nonlocal_bind). Errors as above.
 */
int world_service_nginx(
	const struct world_service *service, struct text *ret_config, struct error *error);

/* Of service.c, for both: are all names as they must be? */
int world_service_check(const struct world_service *service, struct error *error);

#endif
