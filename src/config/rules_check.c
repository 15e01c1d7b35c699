/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about checks: timing, what would be answered by another site, what means nothing. */
#include <string.h>

#include "base/text.h"
#include "config/printer.h"
#include "config/rules.h"

/* The service that has this shared address, or NULL. */
static const struct config_service *find_owner(
	const struct config *config, const struct address *address)
{
	for (size_t i = 0; i < config->service_count; i++)
		for (size_t j = 0; j < config->services[i].address_count; j++)
			if (address_equal(&config->services[i].addresses[j], address))
				return &config->services[i];
	return NULL;
}

static void its_timing(struct validator *validator, const struct config_check *check)
{
	if (check->timeout.ns >= check->interval.ns) {
		rule_error(validator,
			rule_said(validator, &check->timeout) ? &check->timeout
							      : &check->interval,
			check, "'timeout' must be shorter than 'interval'");
		rule_hint(validator, "a check must have ended before the next one begins");
	}
	if (check->fast_interval.ns > check->interval.ns)
		rule_error(validator, &check->fast_interval, check,
			"'fast-interval' must not be longer than 'interval'");
}

/* A shared address that is not on this machine is answered by the nearest other site. */
static void its_address(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	const struct address *address = &check->address;
	char text[ADDRESS_TEXT_MAX];

	if (address->family == FAMILY_NONE || rule_broken(validator, &service->addresses) ||
		address_is_loopback(address) ||
		find_owner(validator->config, address) == service)
		return;
	rule_error(validator, address, check,
		"%s is not an address of this service: the check would be answered by another site",
		address_format(address, text));
	rule_hint(validator, "leave 'address' out to check all of the service's own addresses");
}

static void check_socket(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	(void)service;
	if (check->socket.grace.ns > check->interval.ns)
		rule_warning(validator, &check->socket.grace, check,
			"'grace' is longer than 'interval': a dead socket is seen late");
}

static void check_http(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	const struct config_check_http *http = &check->http;
	const void *only_tls[] = { &http->verify, &http->ca_file, &http->sni };

	(void)service;
	for (int i = 0; i < 3; i++)
		if (!http->tls && rule_said(validator, only_tls[i])) {
			rule_warning(validator, only_tls[i], check,
				"this means nothing without TLS");
			rule_hint(validator, "add 'tls: true'");
		}
	if (http->tls && !http->verify && http->ca_file != NULL)
		rule_warning(validator, &http->ca_file, check,
			"'ca-file' means nothing with 'verify: false'");
	if (http->path != NULL && (http->path[0] != '/' || strchr(http->path, ' ') != NULL)) {
		rule_error(validator, &http->path, check,
			"'path' must begin with '/' and hold no "
			"spaces");
		rule_hint(validator, "a host name goes into 'host'; write %%20 for a space");
	}
	if (http->host != NULL && strpbrk(http->host, " /@") != NULL) {
		rule_error(validator, &http->host, check,
			"'host' is a name, without a scheme and "
			"a path");
		rule_hint(validator, "as in www.example.com");
	}
	if (http->method != NULL &&
		http->method[strspn(http->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")] != '\0')
		rule_error(validator, &http->method, check, "'method' is a word such as GET");
}

static void check_dns(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	(void)service;
	if (check->dns.rcode != 0 && check->dns.expect != NULL)
		rule_warning(validator, &check->dns.expect, check,
			"'expect' means nothing when the answer must be an error");
	if (!check->dns.expect_answer && check->dns.expect != NULL)
		rule_error(validator, &check->dns.expect_answer, check,
			"'expect' needs an answer, and 'expect-answer' is false");
}

static void check_exec(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	const char *program = check->exec.argument_count == 0 ? NULL : check->exec.command[0];

	(void)service;
	if (program == NULL || program[0] == '/')
		return;
	rule_error(validator, &check->exec.command[0], check,
		"the program must be an absolute path");
	rule_hint(validator, "as in [/usr/local/bin/check, --option]; there is no shell and no "
			     "search path");
}

static void check_exec_list(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	const char *program = check->exec.argument_count == 1 ? check->exec.command[0] : NULL;

	check_exec(validator, service, check);
	if (program == NULL || program[0] != '/' || strchr(program, ' ') == NULL)
		return;
	rule_warning(validator, &check->exec.command[0], check,
		"this is one program name with spaces in it");
	rule_hint(validator, "write program and arguments as a list: [/path, argument]");
}

static void check_icmp(struct validator *validator, const struct config_service *service,
	const struct config_check *check)
{
	const struct address *target = &check->icmp.target;
	const struct config_service *owner = find_owner(validator->config, target);
	char text[ADDRESS_TEXT_MAX];

	if (target->family == FAMILY_NONE)
		return;
	if (address_is_any(target) || address_is_multicast(target))
		rule_error(validator, target, check, "%s is not the address of a machine",
			address_format(target, text));
	if (owner != NULL && owner != service) {
		rule_error(validator, target, check,
			"%s is a shared address, of '%s': the check may be answered by another site",
			address_format(target, text), owner->name);
		rule_hint(validator, "put the check into that service");
	}
	if (check->address.family != FAMILY_NONE)
		rule_warning(validator, &check->address, check,
			"'address' means nothing together with 'target'");
}

typedef void check_rule(struct validator *validator, const struct config_service *service,
	const struct config_check *check);

static check_rule *const by_type[CHECK_TYPE_COUNT] = {
	[CHECK_SOCKET] = check_socket,
	[CHECK_HTTP] = check_http,
	[CHECK_DNS] = check_dns,
	[CHECK_EXEC] = check_exec_list,
	[CHECK_ICMP] = check_icmp,
};

static void check_all(struct validator *validator, const struct config_service *service,
	const struct config_check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct config_check *check = &checks[i];

		if (check->type == CHECK_ALL || check->type == CHECK_ANY) {
			check_all(validator, service, check->group.children,
				check->group.child_count);
			continue;
		}
		its_timing(validator, check);
		its_address(validator, service, check);
		if (by_type[check->type] != NULL)
			by_type[check->type](validator, service, check);
	}
}

/* All checks of a service, those in groups too. */
struct flat {
	const struct config_check *items[CONFIG_CHECKS_MAX];
	size_t count;
};

static void flatten(const struct config_check *checks, size_t count, struct flat *flat)
{
	for (size_t i = 0; i < count && flat->count < CONFIG_CHECKS_MAX; i++) {
		flat->items[flat->count++] = &checks[i];
		if (checks[i].type == CHECK_ALL || checks[i].type == CHECK_ANY)
			flatten(checks[i].group.children, checks[i].group.child_count, flat);
	}
}

static void names_once(struct validator *validator, const struct flat *flat)
{
	char where[160];

	for (size_t i = 0; i < flat->count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct config_check *a = flat->items[j], *b = flat->items[i];

			if (a->name == NULL || b->name == NULL || strcmp(a->name, b->name) != 0)
				continue;
			rule_error(
				validator, &b->name, b, "two checks are called '%s'", b->name);
			rule_hint(validator, "the other one is at %s; give one another 'label'",
				rule_where(validator, a, where));
		}
	}
}

/* All that a check says, but for its name. */
static void print_check(const struct config_check *check, struct text *out)
{
	struct config_check copy = *check;

	copy.name = NULL;
	printer_section(schema_checks[copy.type].section, &copy, PRINT_ALL_TOUCHES, out);
}

static void said_once(struct validator *validator, const struct config_service *service)
{
	struct text texts[CONFIG_CHECKS_MAX] = { { 0 } };
	const struct config_check *checks = service->checks;

	for (size_t i = 0; i < service->check_count && i < CONFIG_CHECKS_MAX; i++) {
		print_check(&checks[i], &texts[i]);
		for (size_t j = 0; j < i; j++) {
			if (checks[i].type != checks[j].type ||
				strcmp(text_string(&texts[i]), text_string(&texts[j])) != 0)
				continue;
			rule_warning(validator, &checks[i], service,
				"this is the same check as '%s'", checks[j].name);
			break;
		}
	}
	for (size_t i = 0; i < CONFIG_CHECKS_MAX; i++)
		text_clear(&texts[i]);
}

void rules_checks(struct validator *validator, const struct config_service *service)
{
	struct flat flat = { .count = 0 };

	check_all(validator, service, service->checks, service->check_count);
	flatten(service->checks, service->check_count, &flat);
	names_once(validator, &flat);
	said_once(validator, service);
}
