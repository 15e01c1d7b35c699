/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast internal-lab-server: the service of a site in a lab, started by its supervisor. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "lab/server.h"

/* 0..65535; without the option, the usual one. */
static int read_port(const struct arguments *arguments, const char *option, uint16_t usual,
	uint16_t *ret_port, struct error *error)
{
	const char *value = arguments_value(arguments, option);
	char *end;
	unsigned long port;

	*ret_port = usual;
	if (value == NULL)
		return 0;
	port = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || port > UINT16_MAX)
		return error_set(error, ERROR_RANGE, "%s is no port", value);
	*ret_port = (uint16_t)port;
	return 0;
}

static int read_addresses(
	const struct arguments *arguments, struct server_options *options, struct error *error)
{
	for (size_t i = 0; i < arguments->option_count; i++) {
		const struct argument *argument = &arguments->options[i];

		if (strcmp(argument->option->name, "address") != 0)
			continue;
		if (options->address_count == SERVER_ADDRESSES_MAX)
			return error_set(error, ERROR_FULL, "at most %d addresses",
				SERVER_ADDRESSES_MAX);
		if (address_parse(
			    argument->value, &options->addresses[options->address_count]) != 0)
			return error_set(
				error, ERROR_MALFORMED, "%s is no address", argument->value);
		options->address_count++;
	}
	return 0;
}

static enum exit_code internal_lab_server_run(
	const struct arguments *arguments, struct console *console)
{
	struct server_options options = { .name = arguments_value(arguments, "name"),
		.zone = arguments_value(arguments, "zone"),
		.counters_path = arguments_value(arguments, "counters") };
	struct error error = { 0 };
	int r = read_addresses(arguments, &options, &error);

	if (options.name == NULL)
		options.name = "";
	if (r == 0)
		r = read_port(arguments, "dns-port", 53, &options.dns_port, &error);
	if (r == 0)
		r = read_port(arguments, "http-port", 80, &options.http_port, &error);
	if (r == 0)
		r = server_run(&options, &error);
	if (r == 0)
		return EXIT_CODE_OK;
	console_error(console, &error);
	return r == ERROR_SYSTEM || r == ERROR_UNSUPPORTED ? EXIT_CODE_FAILED : EXIT_CODE_USAGE;
}

static const struct option options[] = {
	{ "name", 0, "NAME", "the site that it says it is", COMPLETE_NOTHING, NULL },
	{ "address", 0, "ADDRESS", "where it answers; may be given more than once",
		COMPLETE_NOTHING, NULL },
	{ "dns-port", 0, "PORT", "of DNS, 0 for none", COMPLETE_NOTHING, NULL },
	{ "http-port", 0, "PORT", "of HTTP, 0 for none", COMPLETE_NOTHING, NULL },
	{ "zone", 0, "NAME", "whose names it answers", COMPLETE_NOTHING, NULL },
	{ "counters", 0, "FILE", "where its counters are, also after its end", COMPLETE_FILE,
		NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

const struct command command_internal_lab_server = {
	.name = "internal-lab-server",
	.group = GROUP_HIDDEN,
	.summary = "the service of a site in a lab",
	.options = options,
	.run = internal_lab_server_run,
};
