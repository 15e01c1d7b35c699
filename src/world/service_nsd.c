/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSD as the DNS service of a site: nsd.conf(5), and a zone (RFC 1035 section 5) whose wildcard
 * answers every name.
 */
#include "world/service.h"

static void print_addresses(const struct world_service *service, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < service->address_count; i++)
		text_print(out, "  ip-address: %s\n",
			address_format(&service->addresses[i], text));
}

static void print_config(const struct world_service *service, struct text *out)
{
	text_add(out, "server:\n"
		      "  username: \"\"\n"
		      "  chroot: \"\"\n"
		      "  database: \"\"\n"
		      "  server-count: 1\n"
		      "  ip-freebind: yes\n"
		      "  rrl-ratelimit: 0\n");
	text_print(out, "  identity: \"%s\"\n  nsid: \"ascii_%s\"\n  port: %u\n", service->name,
		service->name, service->port);
	text_print(out, "  zonesdir: \"%s\"\n  xfrdir: \"%s\"\n", service->folder,
		service->folder);
	text_print(out, "  pidfile: \"%s/nsd.pid\"\n  zonelistfile: \"%s/zone.list\"\n",
		service->folder, service->folder);
	text_print(out, "  xfrdfile: \"%s/xfrd.state\"\n  cookie-secret-file: \"%s/cookies\"\n",
		service->folder, service->folder);
	print_addresses(service, out);
	text_add(out, "remote-control:\n  control-enable: no\n");
	text_print(out, "zone:\n  name: \"%s\"\n  zonefile: \"%s.zone\"\n", service->zone,
		service->zone);
}

/* The zone itself, and every name below it. */
static void print_records(
	const struct world_service *service, const char *owner, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];

	text_print(out, "%s IN TXT \"%s\"\n", owner, service->name);
	for (size_t i = 0; i < service->address_count; i++)
		text_print(out, "%s IN %s %s\n", owner,
			service->addresses[i].family == FAMILY_IPV4 ? "A" : "AAAA",
			address_format(&service->addresses[i], text));
}

static void print_zone(const struct world_service *service, struct text *out)
{
	text_print(out, "$ORIGIN %s.\n$TTL 0\n", service->zone);
	text_add(out, "@ IN SOA ns hostmaster 1 3600 900 604800 0\n@ IN NS ns\n");
	print_records(service, "@", out);
	print_records(service, "ns", out);
	print_records(service, "*", out);
}

int world_service_nsd(const struct world_service *service, struct text *ret_config,
	struct text *ret_zone, struct error *error)
{
	int r = world_service_check(service, error);

	if (r != 0)
		return r;
	if (service->zone == NULL)
		return error_set(error, ERROR_RANGE, "NSD needs a zone");
	print_config(service, ret_config);
	print_zone(service, ret_zone);
	if (ret_config->failed || ret_zone->failed)
		return error_set(error, ERROR_MEMORY, "no memory for a configuration");
	return 0;
}
