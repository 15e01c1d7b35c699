/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast version */
#include <jansson.h>
#include <uv.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/output.h"

static enum exit_code version_run(const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };

	(void)arguments;
	if (console->json)
		return output_json(console,
			json_pack("{s:s, s:s, s:s}", "version", NEARCAST_VERSION, "libuv",
				uv_version_string(), "jansson", JANSSON_VERSION));
	text_add(&out, "nearcast " NEARCAST_VERSION "\n");
	return output_text(console, &out);
}

const struct command command_version = {
	.name = "version",
	.group = GROUP_OTHER,
	.summary = "print the version",
	.run = version_run,
};
