/* SPDX-License-Identifier: Apache-2.0 */
/* The words that stand for enum values. DNS numbers: IANA "DNS Parameters". */
#include "config/schema_words.h"

#include "config/config.h"

const struct schema_word words_after[] = {
	{ "withdraw", AFTER_WITHDRAW, "withdraw the routes" },
	{ "keep", AFTER_KEEP, "keep the last state until somebody decides" },
	{ 0 },
};

const struct schema_word words_on_exit[] = {
	{ "withdraw", ON_EXIT_WITHDRAW, "withdraw the routes, then remove the addresses" },
	{ "keep", ON_EXIT_KEEP,
		"leave the addresses; neighbours keep the routes by graceful restart" },
	{ 0 },
};

const struct schema_word words_on_failure[] = {
	{ "down", 0, "the service goes down" },
	{ "degrade", 1, "the service is degraded" },
	{ 0 },
};

const struct schema_word words_protocol[] = {
	{ "tcp", PROTOCOL_TCP, NULL },
	{ "udp", PROTOCOL_UDP, NULL },
	{ 0 },
};

const struct schema_word words_transport[] = {
	{ "udp", TRANSPORT_UDP, NULL },
	{ "tcp", TRANSPORT_TCP, NULL },
	{ 0 },
};

const struct schema_word words_http_version[] = {
	{ "1.1", HTTP_1_1, NULL },
	{ "2", HTTP_2, "over TLS by ALPN, in the clear with prior knowledge" },
	{ 0 },
};

const struct schema_word words_proxy_protocol[] = {
	{ "none", PROXY_NONE, NULL },
	{ "v1", PROXY_V1, "the text form" },
	{ "v2", PROXY_V2, "the binary form" },
	{ 0 },
};

const struct schema_word words_dns_type[] = {
	{ "A", 1, NULL },
	{ "NS", 2, NULL },
	{ "CNAME", 5, NULL },
	{ "SOA", 6, NULL },
	{ "PTR", 12, NULL },
	{ "MX", 15, NULL },
	{ "TXT", 16, NULL },
	{ "AAAA", 28, NULL },
	{ "SRV", 33, NULL },
	{ "NAPTR", 35, NULL },
	{ "DS", 43, NULL },
	{ "RRSIG", 46, NULL },
	{ "NSEC", 47, NULL },
	{ "DNSKEY", 48, NULL },
	{ "TLSA", 52, NULL },
	{ "SVCB", 64, NULL },
	{ "HTTPS", 65, NULL },
	{ "ANY", 255, NULL },
	{ "CAA", 257, NULL },
	{ 0 },
};

const struct schema_word words_dns_class[] = {
	{ "IN", 1, NULL },
	{ "CH", 3, "CHAOS: version.bind, id.server and the like" },
	{ "CHAOS", 3, "the same as CH" },
	{ 0 },
};

const struct schema_word words_dns_rcode[] = {
	{ "NOERROR", 0, NULL },
	{ "FORMERR", 1, NULL },
	{ "SERVFAIL", 2, NULL },
	{ "NXDOMAIN", 3, NULL },
	{ "NOTIMP", 4, NULL },
	{ "REFUSED", 5, NULL },
	{ "YXDOMAIN", 6, NULL },
	{ "YXRRSET", 7, NULL },
	{ "NXRRSET", 8, NULL },
	{ "NOTAUTH", 9, NULL },
	{ "NOTZONE", 10, NULL },
	{ 0 },
};

const struct schema_word words_relation[] = {
	{ "none", RELATION_NONE, "not said: no role is announced" },
	{ "provider", RELATION_PROVIDER, "the neighbour is our provider (upstream)" },
	{ "customer", RELATION_CUSTOMER, "the neighbour is our customer" },
	{ "peer", RELATION_PEER, "a settlement-free peer" },
	{ "route-server", RELATION_ROUTE_SERVER,
		"the neighbour is a route server of an exchange" },
	{ "internal", RELATION_INTERNAL, "iBGP: the same AS" },
	{ 0 },
};

const struct schema_word words_choice[] = {
	{ "none", CHOICE_NONE, NULL },
	{ "all", CHOICE_ALL, NULL },
	{ 0 },
};

const struct schema_word words_then[] = {
	{ "next", CONFIG_THEN_NEXT, "go on with the next rule" },
	{ "accept", CONFIG_THEN_ACCEPT, NULL },
	{ "reject", CONFIG_THEN_REJECT, NULL },
	{ 0 },
};

const struct schema_word words_rpki[] = {
	{ "not-found", 1, NULL },
	{ "valid", 2, NULL },
	{ "invalid", 4, NULL },
	{ 0 },
};

const struct schema_word words_aspa[] = {
	{ "unknown", 1, NULL },
	{ "valid", 2, NULL },
	{ "invalid", 4, NULL },
	{ 0 },
};

#define RELATION_BITS                                                                       \
	{ "customer", 1 << RELATION_CUSTOMER, NULL }, { "peer", 1 << RELATION_PEER, NULL }, \
		{ "provider", 1 << RELATION_PROVIDER, NULL },                               \
		{ "route-server", 1 << RELATION_ROUTE_SERVER, NULL },                       \
		{ "internal", 1 << RELATION_INTERNAL, NULL },                               \
	{                                                                                   \
		"none", 1 << RELATION_NONE, "a neighbour without `relation`"                \
	}

const struct schema_word words_relation_bits[] = {
	RELATION_BITS,
	{ 0 },
};

const struct schema_word words_source_bits[] = {
	RELATION_BITS,
	{ "local", 1 << CONFIG_SOURCE_LOCAL, "a route of our own" },
	{ 0 },
};

/* RFC 4271 section 4.3 */
const struct schema_word words_origin[] = {
	{ "igp", 0, NULL },
	{ "egp", 1, NULL },
	{ "incomplete", 2, NULL },
	{ 0 },
};

const struct schema_word words_origin_bits[] = {
	{ "igp", 1, NULL },
	{ "egp", 2, NULL },
	{ "incomplete", 4, NULL },
	{ 0 },
};

const struct schema_word words_bfd[] = {
	{ "off", BFD_OFF, "no BFD" },
	{ "on", BFD_ON, "when it fails, the BGP session ends at once" },
	{ "strict", BFD_STRICT, "the same, and no BGP session without it" },
	{ 0 },
};

const struct schema_word words_add_path[] = {
	{ "none", ADD_PATH_NONE, "one route of a prefix" },
	{ "receive", ADD_PATH_RECEIVE, "take several" },
	{ "send", ADD_PATH_SEND, "send several" },
	{ "both", ADD_PATH_BOTH, "take and send several" },
	{ 0 },
};

const struct schema_word words_family[] = {
	{ "ipv4", CONFIG_FAMILY_IPV4, NULL },
	{ "ipv6", CONFIG_FAMILY_IPV6, NULL },
	{ 0 },
};

const struct schema_word words_neighbor_family[] = {
	{ "ipv4", CONFIG_FAMILY_IPV4, NULL },
	{ "ipv6", CONFIG_FAMILY_IPV6, NULL },
	{ "ipv4-flowspec", CONFIG_FAMILY_IPV4_FLOWSPEC, "rules for packets (RFC 8955)" },
	{ "ipv6-flowspec", CONFIG_FAMILY_IPV6_FLOWSPEC, "the same for IPv6 (RFC 8956)" },
	{ 0 },
};

const struct schema_word words_log_format[] = {
	{ "auto", LOG_AUTO, "the journal under systemd, else logfmt" },
	{ "logfmt", LOG_LOGFMT, "key=value lines" },
	{ "json", LOG_JSON, "one JSON object a line" },
	{ "journal", LOG_JOURNAL, "the systemd journal" },
	{ 0 },
};

const struct schema_word words_log_level[] = {
	{ "error", LOG_LEVEL_ERROR, NULL },
	{ "warning", LOG_LEVEL_WARNING, NULL },
	{ "info", LOG_LEVEL_INFO, NULL },
	{ "debug", LOG_LEVEL_DEBUG, NULL },
	{ 0 },
};
