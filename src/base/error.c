/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values. Pure: formats into the caller's struct, prints nothing. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	va_list list;

	if (error == NULL)
		return code;
	error->code = code;
	error->system_errno = 0;
	va_start(list, format);
	vsnprintf(error->text, sizeof(error->text), format, list);
	va_end(list);
	return code;
}

void error_hint(struct error *error, const char *format, ...)
{
	va_list list;

	if (error == NULL)
		return;
	va_start(list, format);
	vsnprintf(error->hint, sizeof(error->hint), format, list);
	va_end(list);
}

int error_system(struct error *error, int system_errno, const char *format, ...)
{
	va_list list;

	if (error == NULL)
		return ERROR_SYSTEM;
	error->code = ERROR_SYSTEM;
	error->system_errno = system_errno;
	va_start(list, format);
	vsnprintf(error->text, sizeof(error->text), format, list);
	va_end(list);
	return ERROR_SYSTEM;
}

const char *error_name(enum error_code code)
{
	static const char *const names[] = {
		[-ERROR_NONE] = "none",
		[-ERROR_MEMORY] = "memory",
		[-ERROR_TRUNCATED] = "truncated",
		[-ERROR_MALFORMED] = "malformed",
		[-ERROR_RANGE] = "range",
		[-ERROR_FULL] = "full",
		[-ERROR_NOT_FOUND] = "not-found",
		[-ERROR_EXISTS] = "exists",
		[-ERROR_UNSUPPORTED] = "unsupported",
		[-ERROR_STATE] = "state",
		[-ERROR_PERMISSION] = "permission",
		[-ERROR_SYSTEM] = "system",
		[-ERROR_TIMEOUT] = "timeout",
		[-ERROR_REFUSED] = "refused",
	};
	size_t index = (size_t) - (int)code;

	return index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}
