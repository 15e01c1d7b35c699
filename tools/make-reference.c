/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/configuration.md: `build/tools/make-reference > docs/configuration.md`, or with
 * the argument plan docs/plan-file.md, with world docs/world-file.md. */
#include <stdio.h>
#include <string.h>

#include "config/document.h"

int main(int argc, char **argv)
{
	struct text text = { 0 };
	int failed;

	if (argc > 1 && strcmp(argv[1], "plan") == 0)
		config_plan_reference(&text);
	else if (argc > 1 && strcmp(argv[1], "world") == 0)
		config_world_reference(&text);
	else
		config_reference(&text);
	failed = text.failed || fputs(text_string(&text), stdout) == EOF || fflush(stdout) != 0;
	text_clear(&text);
	return failed;
}
