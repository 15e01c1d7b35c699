/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms of durations and wall time. No clock here, only arithmetic. */
#include "base/instant.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "d", 86400000000000 },
	{ "h", 3600000000000 },
	{ "m", 60000000000 },
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "ns", 1 },
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

int duration_parse(const char *text, struct duration *ret_duration)
{
	size_t digits = strspn(text, "0123456789");
	int64_t number = 0, ns;

	if (digits == 0)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text[i] - '0', &number))
			return ERROR_RANGE;
	if (number == 0 && text[digits] == '\0') {
		*ret_duration = (struct duration){ 0 };
		return 0;
	}
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, units[i].ns, &ns))
			return ERROR_RANGE;
		*ret_duration = (struct duration){ ns };
		return 0;
	}
	return ERROR_MALFORMED;
}

const char *duration_format(struct duration d, char text[DURATION_TEXT_MAX])
{
	if (d.ns == 0) {
		memcpy(text, "0s", 3);
		return text;
	}
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (d.ns % units[i].ns != 0)
			continue;
		snprintf(text, DURATION_TEXT_MAX, "%lld%s", (long long)(d.ns / units[i].ns),
			units[i].name);
		break;
	}
	return text;
}

const char *duration_human(struct duration d, char text[DURATION_TEXT_MAX])
{
	int64_t ns = d.ns < 0 ? -d.ns : d.ns;
	int64_t seconds = ns / 1000000000;
	const char *sign = d.ns < 0 ? "-" : "";

	if (ns < 1000000)
		snprintf(text, DURATION_TEXT_MAX, "%s%lld us", sign, (long long)(ns / 1000));
	else if (ns < 1000000000)
		snprintf(text, DURATION_TEXT_MAX, "%s%.1f ms", sign, (double)ns / 1e6);
	else if (seconds < 60)
		snprintf(text, DURATION_TEXT_MAX, "%s%.1f s", sign, (double)ns / 1e9);
	else if (seconds < 3600)
		snprintf(text, DURATION_TEXT_MAX, "%s%lld min %lld s", sign,
			(long long)(seconds / 60), (long long)(seconds % 60));
	else if (seconds < 86400)
		snprintf(text, DURATION_TEXT_MAX, "%s%lld h %lld min", sign,
			(long long)(seconds / 3600), (long long)(seconds / 60 % 60));
	else
		snprintf(text, DURATION_TEXT_MAX, "%s%lld d %lld h", sign,
			(long long)(seconds / 86400), (long long)(seconds / 3600 % 24));
	return text;
}

/* Days since 1970-01-01 to a civil date: H. Hinnant, "chrono-compatible low-level date
 * algorithms", civil_from_days. */
static void civil_from_days(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = (int)((int64_t)yoe + era * 400 + (*ret_month <= 2 ? 1 : 0));
}

const char *wall_format(struct wall_time t, char text[WALL_TEXT_MAX])
{
	int64_t ms = t.ns / 1000000 - (t.ns % 1000000 < 0 ? 1 : 0);
	int64_t days = ms / 86400000 - (ms % 86400000 < 0 ? 1 : 0);
	int64_t rest = ms - days * 86400000;
	int year;
	unsigned month, day;

	civil_from_days(days, &year, &month, &day);
	snprintf(text, WALL_TEXT_MAX, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", year, month, day,
		(int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
		(int)(rest % 1000));
	return text;
}
