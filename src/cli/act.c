/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that ask for a change. */
#include "cli/act.h"

#include "cli/client.h"
#include "cli/output.h"

enum exit_code act_ask(const struct arguments *arguments, struct console *console,
	const char *method, json_t *params,
	void (*sentence)(const json_t *answer, const struct style *style, struct text *out))
{
	struct text out = { 0 };
	json_t *answer;
	enum exit_code code =
		client_ask(arguments, console, CLIENT_CHANGES, method, params, &answer);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, answer);
	sentence(answer, &console->style, &out);
	json_decref(answer);
	return output_text(console, &out);
}
