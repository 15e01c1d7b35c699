/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in a configuration that we write: nothing that ends a string or a statement.
 */
#include "world/service.h"

#include <ctype.h>
#include <string.h>

static int check_word(const char *what, const char *word, const char *more, struct error *error)
{
	if (word == NULL)
		return 0;
	for (const char *c = word; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr(more, *c) == NULL)
			return error_set(error, ERROR_RANGE,
				"%s %s has a character that does "
				"not belong there",
				what, word);
	}
	return *word != '\0' ? 0 : error_set(error, ERROR_RANGE, "the %s is empty", what);
}

int world_service_check(const struct world_service *service, struct error *error)
{
	int r = check_word("name", service->name, "-_.", error);

	if (r == 0)
		r = check_word("folder", service->folder, "-_./", error);
	if (r == 0)
		r = check_word("zone", service->zone, "-_.", error);
	return r;
}
