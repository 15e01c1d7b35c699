/* SPDX-License-Identifier: Apache-2.0 */
/* Answers -> a commented YAML file. Every answer is quoted as a value, never pasted as YAML. */
#include "config/init.h"

#include <stdio.h>
#include <string.h>

#include "config/printer.h"

static const struct check_row {
	const char *name, *service, *port;
} check_rows[] = {
	[INIT_CHECK_NONE] = { "none", "service", NULL },
	[INIT_CHECK_DNS] = { "dns", "dns", "53" },
	[INIT_CHECK_HTTP] = { "http", "web", "80" },
	[INIT_CHECK_HTTPS] = { "https", "web", "443" },
	[INIT_CHECK_TCP] = { "tcp", "service", NULL },
	[INIT_CHECK_UDP] = { "udp", "service", NULL },
};

int init_check_parse(const char *text, enum init_check *ret_check)
{
	for (size_t i = 0; i < sizeof(check_rows) / sizeof(check_rows[0]); i++) {
		if (strcmp(text, check_rows[i].name) != 0)
			continue;
		*ret_check = (enum init_check)i;
		return 0;
	}
	return ERROR_NOT_FOUND;
}

static int need(bool answered, const char *what, const char *hint, struct error *error)
{
	if (answered)
		return 0;
	error_hint(error, "%s", hint);
	return error_set(error, ERROR_NOT_FOUND, "%s is missing", what);
}

static int check_answers(const struct init_answers *a, struct error *error)
{
	bool needs_port = a->check == INIT_CHECK_TCP || a->check == INIT_CHECK_UDP;
	const struct requirement {
		bool answered;
		const char *what, *hint;
	} all[] = {
		{ a->preset != NULL, "the preset",
			"how do you do BGP here? see `nearcast init --help`" },
		{ a->site != NULL, "the site's name", "as in fra1" },
		{ a->router_id != NULL, "the router id",
			"usually this machine's IPv4 address" },
		{ a->address_count > 0, "the service's address",
			"the address that all sites share" },
		{ !needs_port || a->port != NULL, "the port", "where the service listens" },
		{ a->asn != NULL || (a->preset != NULL && a->preset->own_asn != 0),
			"our AS number", "as in 64500" },
		{ a->neighbor_asn != NULL || (a->preset != NULL && a->preset->asn != 0) ||
				(a->preset != NULL && a->preset->relation == RELATION_INTERNAL),
			"the neighbour's AS number", "as in 64501" },
		{ a->neighbor_address_count > 0 ||
				(a->preset != NULL && a->preset->addresses[0] != NULL),
			"the neighbour's address", "ask the provider" },
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && result == 0; i++)
		result = need(all[i].answered, all[i].what, all[i].hint, error);
	return result;
}

static void add_list(const char *const *items, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		text_add(out, i == 0 ? "[" : ", ");
		printer_quote(KIND_STRING, items[i], out);
	}
	text_add(out, "]\n");
}

static void add_key(int indent, const char *key, const char *value, struct text *out)
{
	text_print(out, "%*s%s: ", indent, "", key);
	printer_quote(KIND_ADDRESS, value, out);
	text_add(out, "\n");
}

static void add_checks(const struct init_answers *a, struct text *out)
{
	const char *port = a->port != NULL ? a->port : check_rows[a->check].port;
	bool udp = a->check == INIT_CHECK_DNS || a->check == INIT_CHECK_UDP;

	if (a->check == INIT_CHECK_NONE) {
		text_add(out,
			"    # Without checks the service is announced even when it is dead.\n"
			"    #checks:\n    #  - socket: { port: 53, protocol: udp }\n");
		return;
	}
	text_add(out,
		"    checks:\n"
		"      # Is anything listening? The kernel tells at once when it is not.\n"
		"      - socket: { port: ");
	printer_quote(KIND_INTEGER, port, out);
	text_print(out, ", protocol: %s }\n", udp ? "udp" : "tcp");
	if (a->check == INIT_CHECK_UDP)
		return;
	text_print(out, "      # Does it answer?\n      - %s: { port: ",
		a->check == INIT_CHECK_DNS   ? "dns"
		: a->check == INIT_CHECK_TCP ? "tcp"
					     : "http");
	printer_quote(KIND_INTEGER, port, out);
	if (a->check == INIT_CHECK_HTTPS)
		text_add(out, ", tls: true");
	if (a->check == INIT_CHECK_DNS) {
		text_add(out, ", type: SOA, name: ");
		printer_quote(KIND_STRING, a->name != NULL ? a->name : "example.com", out);
	} else if (a->check != INIT_CHECK_TCP && a->name != NULL) {
		text_add(out, ", host: ");
		printer_quote(KIND_STRING, a->name, out);
	}
	text_add(out, " }\n");
}

static void add_service(const struct init_answers *a, struct text *out)
{
	text_add(out, "\nservices:\n  ");
	printer_quote(
		KIND_NAME, a->service != NULL ? a->service : check_rows[a->check].service, out);
	text_add(out, ":\n    # The addresses that all sites share; they are put on `lo`.\n"
		      "    addresses: ");
	add_list(a->addresses, a->address_count, out);
	if (a->announce_count > 0) {
		text_add(out, "    announce: ");
		add_list(a->announce, a->announce_count, out);
	} else {
		text_add(out,
			"    # Not said: the addresses as host routes. The Internet takes /24 and "
			"/48 at most.\n    #announce: [198.51.100.0/24]\n");
	}
	add_checks(a, out);
	text_add(out, "    # What to do while it answers, but badly.\n"
		      "    #degraded: { prepend: 2 }\n");
}

static bool has_family(const struct init_answers *a, bool six)
{
	for (size_t i = 0; i < a->address_count; i++)
		if ((strchr(a->addresses[i], ':') != NULL) == six)
			return true;
	return false;
}

struct neighbors {
	const char *const *addresses;
	size_t count;
	bool split; /* the host has a session a family */
};

static void add_neighbor(const struct init_answers *a, const struct neighbors *all, size_t i,
	const char *name, struct text *out)
{
	const struct preset *preset = a->preset;
	bool six = strchr(all->addresses[i], ':') != NULL;
	const char *password = a->password;
	char number[16];

	text_print(out, "  %s:\n", name);
	add_key(4, "address", all->addresses[i], out);
	snprintf(number, sizeof(number), "%u", preset->asn);
	add_key(4, "asn",
		a->neighbor_asn != NULL ? a->neighbor_asn
		: preset->asn != 0      ? number
					: a->asn,
		out);
	if (preset->relation != RELATION_NONE)
		add_key(4, "relation", config_relation_name(preset->relation), out);
	if (preset->multihop != 0)
		text_print(out, "    multihop: %u\n", preset->multihop);
	if (all->split)
		text_print(out, "    families: [%s]\n", six ? "ipv6" : "ipv4");
	if (password == NULL && preset->password == PASSWORD_REQUIRED)
		password = "env:BGP_PASSWORD";
	if (password != NULL) {
		text_add(out, "    password: ");
		printer_quote(KIND_SECRET, password, out);
		text_add(out, "\n");
	}
}

static void add_neighbors(const struct init_answers *a, struct text *out)
{
	const struct preset *preset = a->preset;
	bool given = a->neighbor_address_count > 0;
	struct neighbors all = {
		.addresses = given ? a->neighbor_addresses : preset->addresses,
		.count = a->neighbor_address_count,
	};
	unsigned number = 0;
	char name[64];

	while (!given && all.addresses[all.count] != NULL)
		all.count++;
	all.split = !given;
	text_print(out, "\nneighbors:\n  # %s\n", preset->title);
	if (preset->note != NULL)
		text_print(out, "  # %s\n", preset->note);
	for (size_t i = 0; i < all.count; i++) {
		if (all.split && !has_family(a, strchr(all.addresses[i], ':') != NULL))
			continue;
		snprintf(name, sizeof(name), "%s-%u", preset->name, ++number);
		add_neighbor(a, &all, i, name, out);
	}
}

int config_init(const struct init_answers *answers, struct text *out, struct error *error)
{
	char number[16];
	int result = check_answers(answers, error);

	if (result != 0)
		return result;
	snprintf(number, sizeof(number), "%u", answers->preset->own_asn);
	text_add(out,
		"# Written by `nearcast init`. After a change: `nearcast check-config` on this "
		"file,\n# then `nearcast reload`. All keys: `nearcast config default`.\n");
	add_key(0, "site", answers->site, out);
	add_key(0, "asn", answers->asn != NULL ? answers->asn : number, out);
	add_key(0, "router-id", answers->router_id, out);
	add_service(answers, out);
	add_neighbors(answers, out);
	return out->failed ? error_set(error, ERROR_MEMORY, "out of memory") : 0;
}
