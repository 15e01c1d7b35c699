/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/configuration.md: `build/tools/make-reference > docs/configuration.md`. */
#include <stdio.h>

#include "config/document.h"

int main(void)
{
	struct text text = { 0 };
	int failed;

	config_reference(&text);
	failed = text.failed || fputs(text_string(&text), stdout) == EOF || fflush(stdout) != 0;
	text_clear(&text);
	return failed;
}
