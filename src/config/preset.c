/* SPDX-License-Identifier: Apache-2.0 */
/* Presets, one row a host. A row is here only if a public page of the host, or several
 * customers' published configurations that agree, say so: `source` names it. */
#include "config/preset.h"

#include <string.h>

static const struct preset presets[] = {
	{ .name = "transit",
		.title = "an upstream provider, directly connected",
		.relation = RELATION_PROVIDER,
		.password = PASSWORD_OPTIONAL },
	{ .name = "transit-multihop",
		.title = "an upstream provider, more than one hop away",
		.relation = RELATION_PROVIDER,
		.multihop = 64,
		.password = PASSWORD_OPTIONAL },
	{ .name = "ixp-route-server",
		.title = "the route servers of an Internet exchange",
		.relation = RELATION_ROUTE_SERVER,
		.password = PASSWORD_OPTIONAL },
	{ .name = "peer",
		.title = "a settlement-free peer",
		.relation = RELATION_PEER,
		.password = PASSWORD_OPTIONAL },
	{ .name = "internal",
		.title = "our own routers (iBGP)",
		.relation = RELATION_INTERNAL,
		.password = PASSWORD_OPTIONAL },
	{ .name = "lab",
		.title = "a router on this machine or in a lab, without relations",
		.relation = RELATION_NONE,
		.password = PASSWORD_NONE },
	{ .name = "vultr",
		.title = "Vultr cloud compute",
		.source =
			"https://docs.vultr.com/high-availability-on-vultr-with-floating-ip-and-bgp",
		.note = "Ask for BGP in the customer portal; it shows your AS number and password.",
		.relation = RELATION_PROVIDER,
		.asn = 64515,
		.multihop = 2,
		.password = PASSWORD_REQUIRED,
		.addresses = { "169.254.169.254", "2001:19f0:ffff::1" } },
	{ .name = "vultr-bare-metal",
		.title = "Vultr bare metal",
		.source =
			"https://docs.vultr.com/high-availability-on-vultr-with-floating-ip-and-bgp",
		.note = "Ask for BGP in the customer portal; it shows your AS number and password.",
		.relation = RELATION_PROVIDER,
		.asn = 20473,
		.multihop = 2,
		.password = PASSWORD_REQUIRED,
		.addresses = { "169.254.1.1" } },
	{ .name = "buyvm",
		.title = "BuyVM / FranTech",
		.source = "several customers' published BIRD configurations, which agree",
		.note = "Order a BGP session; the panel shows the password.",
		.relation = RELATION_PROVIDER,
		.asn = 53667,
		.multihop = 2,
		.password = PASSWORD_REQUIRED,
		.addresses = { "169.254.169.179", "2605:6400:ffff::2" } },
	{ .name = "myloc",
		.title = "myLoc",
		.source =
			"https://faq.myloc.de, 'How do I configure a BGP Session to the Routeservers?'",
		.note = "The route servers are reached by host routes over the default gateway.",
		.relation = RELATION_PROVIDER,
		.asn = 24961,
		.multihop = 64, /* "multihop", without a number */
		.password = PASSWORD_REQUIRED,
		.addresses = { "62.141.40.144", "62.141.40.145", "62.141.40.146",
			"62.141.40.147", "2001:4ba0:1336::1", "2001:4ba0:1336::2",
			"2001:4ba0:1336::3", "2001:4ba0:1336::4" } },
	{ .name = "ingenuity",
		.title = "Ingenuity Cloud Services bare metal",
		.source = "https://docs.ingenuitycloudservices.com/metal/advanced/bgp",
		.note = "Secondary addresses of the same location; for your own prefixes ask them.",
		.relation = RELATION_PROVIDER,
		.asn = 65000,
		.own_asn = 65100,
		.multihop = 64, /* "multihop", without a number */
		.password = PASSWORD_NONE,
		.addresses = { "100.64.64.64", "100.64.64.65", "fc00::1", "fc00::2" } },
};

#define PRESETS (sizeof(presets) / sizeof(presets[0]))

const struct preset *preset_at(size_t position)
{
	return position < PRESETS ? &presets[position] : NULL;
}

const struct preset *preset_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}
