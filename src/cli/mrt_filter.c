/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of `nearcast mrt`: from the command line, and what they let pass. Pure. */
#include "cli/mrt_filter.h"

#include <stdlib.h>
#include <string.h>

/* ---- Values. ---- */

static int number_parse(const char *text, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return ERROR_MALFORMED;
	for (; *text != '\0'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	if (number > most)
		return ERROR_MALFORMED;
	*ret_number = number;
	return 0;
}

/* "64501" or "AS64501". */
static int asn_parse(const char *text, uint32_t *ret_asn)
{
	uint64_t number;

	if ((text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
		text += 2;
	if (number_parse(text, UINT32_MAX, &number) != 0)
		return ERROR_MALFORMED;
	*ret_asn = (uint32_t)number;
	return 0;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Exactly so many digits, at most `most`. */
static bool take_digits(const char **text, unsigned digits, unsigned most, int64_t *ret_number)
{
	*ret_number = 0;
	for (; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*ret_number = *ret_number * 10 + (**text - '0');
	}
	return *ret_number <= most;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, int64_t *ret_days)
{
	int64_t year, month, day;

	if (!take_digits(text, 4, 9999, &year) || !take_char(text, '-') ||
		!take_digits(text, 2, 12, &month) || !take_char(text, '-') ||
		!take_digits(text, 2, 31, &day) || year < 1970 || month == 0 || day == 0)
		return false;
	*ret_days = days_from_civil(year, month, day);
	return true;
}

static bool take_time_of_day(const char **text, int64_t *ret_seconds)
{
	int64_t hours, minutes, seconds = 0;

	if (!take_digits(text, 2, 23, &hours) || !take_char(text, ':') ||
		!take_digits(text, 2, 59, &minutes) ||
		(take_char(text, ':') && !take_digits(text, 2, 60, &seconds)))
		return false;
	*ret_seconds = hours * 3600 + minutes * 60 + seconds;
	return true;
}

int mrt_time_parse(const char *text, struct wall_time *ret_time)
{
	uint64_t number;
	int64_t days, seconds = 0;

	if (number_parse(text, UINT32_MAX, &number) == 0) {
		ret_time->ns = (int64_t)number * 1000000000;
		return 0;
	}
	if (!take_date(&text, &days))
		return ERROR_MALFORMED;
	if ((*text == 'T' || *text == ' ') && (text++, !take_time_of_day(&text, &seconds)))
		return ERROR_MALFORMED;
	(void)take_char(&text, 'Z');
	if (*text != '\0')
		return ERROR_MALFORMED;
	ret_time->ns = (days * 86400 + seconds) * 1000000000;
	return 0;
}

/* ---- Options, a row each. ---- */

static int set_prefix(struct mrt_filter *filter, const char *value, struct error *error)
{
	struct prefix *prefix = &filter->prefixes[filter->prefix_count];
	int code;

	if (filter->prefix_count == MRT_FILTER_MAX)
		return ERROR_FULL;
	code = prefix_parse(value, prefix);
	if (code == ERROR_RANGE)
		error_hint(error, "bits behind the length must be zero");
	if (code != 0)
		return code;
	filter->prefix_count++;
	if (strchr(value, '/') == NULL)
		filter->shorter = true;
	return 0;
}

static int set_origin(struct mrt_filter *filter, const char *value, struct error *error)
{
	(void)error;
	if (filter->origin_count == MRT_FILTER_MAX)
		return ERROR_FULL;
	return asn_parse(value, &filter->origins[filter->origin_count++]);
}

static int set_as(struct mrt_filter *filter, const char *value, struct error *error)
{
	(void)error;
	if (filter->path_count == MRT_FILTER_MAX)
		return ERROR_FULL;
	return asn_parse(value, &filter->path[filter->path_count++]);
}

static int set_peer(struct mrt_filter *filter, const char *value, struct error *error)
{
	struct mrt_filter_peer *peer = &filter->peers[filter->peer_count];

	(void)error;
	if (filter->peer_count == MRT_FILTER_MAX)
		return ERROR_FULL;
	filter->peer_count++;
	if (address_parse(value, &peer->address) == 0)
		return 0;
	return asn_parse(value, &peer->asn);
}

static int set_from(struct mrt_filter *filter, const char *value, struct error *error)
{
	error_hint(error, "write 2014-05-30T22:00:00 (UTC) or seconds since 1970");
	return mrt_time_parse(value, &filter->from);
}

static int set_to(struct mrt_filter *filter, const char *value, struct error *error)
{
	error_hint(error, "write 2014-05-30T22:00:00 (UTC) or seconds since 1970");
	return mrt_time_parse(value, &filter->to);
}

static int set_limit(struct mrt_filter *filter, const char *value, struct error *error)
{
	(void)error;
	return number_parse(value, UINT64_MAX, &filter->limit);
}

static const struct option_row {
	const char *name, *what;
	int (*set)(struct mrt_filter *filter, const char *value, struct error *error);
} option_rows[] = {
	{ "prefix", "prefix", set_prefix },
	{ "origin", "AS number", set_origin },
	{ "as", "AS number", set_as },
	{ "peer", "address or AS number", set_peer },
	{ "from", "time", set_from },
	{ "to", "time", set_to },
	{ "limit", "number", set_limit },
};

static int set_option(
	struct mrt_filter *filter, const struct argument *argument, struct error *error)
{
	for (size_t i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
		const struct option_row *row = &option_rows[i];
		int code;

		if (strcmp(row->name, argument->option->name) != 0)
			continue;
		code = row->set(filter, argument->value, error);
		if (code == ERROR_FULL)
			return error_set(error, code, "more than %d times --%s", MRT_FILTER_MAX,
				row->name);
		if (code != 0)
			return error_set(error, ERROR_MALFORMED, "--%s: '%s' is no %s",
				row->name, argument->value, row->what);
		*error = (struct error){ 0 };
	}
	return 0;
}

int mrt_filter_parse(
	const struct arguments *arguments, struct mrt_filter *ret_filter, struct error *error)
{
	*ret_filter = (struct mrt_filter){ .to = { INT64_MAX }, .limit = UINT64_MAX };
	for (size_t i = 0; i < arguments->option_count; i++) {
		int code = set_option(ret_filter, &arguments->options[i], error);

		if (code != 0)
			return code;
	}
	ret_filter->longer |= arguments_has(arguments, "longer");
	ret_filter->shorter |= arguments_has(arguments, "shorter");
	if (ret_filter->prefix_count == 0 && (ret_filter->longer || ret_filter->shorter))
		return error_set(
			error, ERROR_MALFORMED, "--longer and --shorter go with --prefix only");
	return 0;
}

/* ---- Matching. ---- */

static bool peer_matches(const struct mrt_filter *filter, const struct mrt_peer *peer)
{
	for (size_t i = 0; i < filter->peer_count; i++) {
		const struct mrt_filter_peer *wanted = &filter->peers[i];

		if (wanted->address.family == FAMILY_NONE
				? wanted->asn == peer->asn
				: address_equal(&wanted->address, &peer->address))
			return true;
	}
	return filter->peer_count == 0;
}

bool mrt_filter_session(
	const struct mrt_filter *filter, struct wall_time time, const struct mrt_peer *peer)
{
	return time.ns >= filter->from.ns && time.ns < filter->to.ns &&
	       peer_matches(filter, peer);
}

static bool prefix_matches(const struct mrt_filter *filter, const struct prefix *prefix)
{
	for (size_t i = 0; i < filter->prefix_count; i++) {
		const struct prefix *wanted = &filter->prefixes[i];

		if (prefix_equal(wanted, prefix) ||
			(filter->longer && prefix_contains(wanted, prefix)) ||
			(filter->shorter && prefix_contains(prefix, wanted)))
			return true;
	}
	return filter->prefix_count == 0;
}

bool mrt_filter_wants(const struct mrt_filter *filter, const struct mrt_route *route)
{
	return mrt_filter_session(filter, route->record->time, &route->peer) &&
	       prefix_matches(filter, &route->prefix);
}

static bool origin_matches(
	const struct mrt_filter *filter, const struct bgp_attributes *attributes)
{
	uint32_t origin = bgp_as_path_origin(attributes);

	for (size_t i = 0; i < filter->origin_count; i++)
		if (filter->origins[i] == origin)
			return true;
	return false;
}

static bool path_matches(
	const struct mrt_filter *filter, const struct bgp_attributes *attributes)
{
	for (size_t i = 0; i < filter->path_count; i++)
		if (bgp_as_path_contains(attributes, filter->path[i]))
			return true;
	return false;
}

bool mrt_filter_passes(const struct mrt_filter *filter, const struct mrt_route *route)
{
	if (filter->origin_count > 0 &&
		(route->attributes == NULL || !origin_matches(filter, route->attributes)))
		return false;
	return filter->path_count == 0 ||
	       (route->attributes != NULL && path_matches(filter, route->attributes));
}

bool mrt_filter_routes_only(const struct mrt_filter *filter)
{
	return filter->prefix_count > 0 || filter->origin_count > 0 || filter->path_count > 0;
}
