/* SPDX-License-Identifier: Apache-2.0 */
/* A row of malformed_rows.h in its surroundings: the bytes that are sent, and over what. */
#ifndef NEARCAST_TESTS_WIRE_MALFORMED_CASE_H
#define NEARCAST_TESTS_WIRE_MALFORMED_CASE_H

#include "malformed_rows.h"

struct malformed_case {
	const struct malformed_row *row;
	unsigned surrounding; /* enum surrounding, or-ed; 0: as the row says */
	enum session session;
	char attributes[1024]; /* as in the row: hex with blanks */
	const char *nlri;
};

static inline const char *malformed_case_name(const struct malformed_case *one)
{
	static const char *const names[SURROUNDINGS] = { "", " (internal)", " (two-octet)",
		" (two-octet, internal)", " (IPv6)", " (IPv6, internal)", " (IPv6, two-octet)",
		" (IPv6, two-octet, internal)" };

	return names[one->surrounding];
}

/* Replace every `from`; false if there was none. */
static inline bool text_replace(char *text, size_t size, const char *from, const char *to)
{
	char result[1024];
	size_t at = 0;
	bool found = false;

	for (const char *in = text; *in != '\0';) {
		bool here = strncmp(in, from, strlen(from)) == 0;

		at += (size_t)snprintf(result + at, sizeof(result) - at, "%.*s",
			here ? (int)strlen(to) : 1, here ? to : in);
		in += here ? strlen(from) : 1;
		found |= here;
		if (at >= sizeof(result) || at >= size)
			abort();
	}
	result[at] = '\0';
	memcpy(text, result, at + 1);
	return found;
}

static inline bool case_inside(struct malformed_case *one)
{
	if (one->session != EXTERNAL && one->session != OLD)
		return false;
	one->session = one->session == EXTERNAL ? INTERNAL : OLD_INTERNAL;
	return true;
}

static inline bool case_old(struct malformed_case *one)
{
	if (one->session != EXTERNAL && one->session != INTERNAL)
		return false;
	one->session = one->session == EXTERNAL ? OLD : OLD_INTERNAL;
	return text_replace(one->attributes, sizeof(one->attributes), PATH, PATH_2);
}

static inline bool case_mp(struct malformed_case *one)
{
	char text[sizeof(one->attributes)];

	if (one->row->withdrawn[0] != '\0' || strcmp(one->nlri, NET) != 0 ||
		one->session > OLD_INTERNAL || strstr(one->attributes, REACH) != NULL ||
		!text_replace(one->attributes, sizeof(one->attributes), HOP, ""))
		return false;
	if ((size_t)snprintf(text, sizeof(text), REACH "%s", one->attributes) >= sizeof(text))
		abort();
	memcpy(one->attributes, text, sizeof(text));
	one->nlri = "";
	return true;
}

/* False if the row says nothing for these surroundings. */
static inline bool malformed_case_make(
	const struct malformed_row *row, unsigned surrounding, struct malformed_case *ret_case)
{
	*ret_case = (struct malformed_case){ .row = row,
		.surrounding = surrounding,
		.session = row->session,
		.nlri = row->nlri };
	if ((row->except & surrounding) != 0 ||
		(size_t)snprintf(ret_case->attributes, sizeof(ret_case->attributes), "%s",
			row->attributes) >= sizeof(ret_case->attributes))
		return false;
	return (!(surrounding & SURROUNDING_OLD) || case_old(ret_case)) &&
	       (!(surrounding & SURROUNDING_INSIDE) || case_inside(ret_case)) &&
	       (!(surrounding & SURROUNDING_MP) || case_mp(ret_case));
}

#endif
