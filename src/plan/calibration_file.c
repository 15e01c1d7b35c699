/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibrations as text (the format: plan/calibration.h).
 *
 * Invariants:
 *  1. What was written reads back as it was, and writes as the same bytes again.
 *  2. What is not understood to the last byte of its line is refused.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plan/calibration.h"
#include "plan/lines.h"

#define VERSION_LINE "nearcast-calibration 1"
/* Numbers are written in millionths: no locale, and back again exactly. */
#define MILLION 1000000.0
/* Choices on one line; an AS may have more lines. */
#define CHOICES_A_LINE 100

static void write_number(struct text *out, double value)
{
	int64_t millionths = (int64_t)(value * MILLION + (value < 0 ? -0.5 : 0.5));
	uint64_t size = (uint64_t)(millionths < 0 ? -millionths : millionths);

	text_print(out, "%s%" PRIu64 ".%06" PRIu64, millionths < 0 ? "-" : "", size / 1000000,
		size % 1000000);
}

static void write_ases(const struct plan_preferences *p, struct text *out)
{
	size_t on_line = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct plan_observation *o = &p->items[i];

		if (i == 0 || o->asn != p->items[i - 1].asn || on_line == CHOICES_A_LINE) {
			text_print(out, "%sas %" PRIu32, i == 0 ? "" : "\n", o->asn);
			on_line = 0;
		}
		text_print(out, " %u>%u@%u", o->winner, o->loser, o->source);
		on_line++;
	}
	if (p->count > 0)
		text_add(out, "\n");
}

void plan_calibration_write(const struct plan_calibration *c, struct text *out)
{
	text_add(out, VERSION_LINE "\n");
	for (size_t i = 0; i < c->site_count; i++) {
		text_print(out, "site %s ", c->names[i]);
		write_number(out, c->strengths.of[i]);
		if (c->lengths_known) {
			text_add(out, " ");
			write_number(out, c->lengths[i]);
		}
		text_add(out, "\n");
	}
	text_add(out, "per-hop ");
	write_number(out, c->strengths.per_hop);
	text_add(out, "\n");
	for (size_t i = 0; i < PLAN_BINS; i++)
		text_print(out, "held-out %zu %" PRIu64 " %" PRIu64 "\n", i,
			c->bins[i].decisions, c->bins[i].right);
	write_ases(&c->preferences, out);
}

/* ---- Reading ---- */

struct reader {
	struct plan_calibration *c;
	bool hop_known, bins_known[PLAN_BINS];
	size_t with_length;
};

/* A word up to a blank or the end, ended by NUL; the rest, or NULL behind the last. */
static char *next_word(char **rest)
{
	char *word = *rest;

	*rest = strchr(word, ' ');
	if (*rest != NULL)
		*(*rest)++ = '\0';
	return word;
}

static bool parse_count(const char *text, uint64_t most, uint64_t *ret_value)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18 || text[digits] != '\0')
		return false;
	*ret_value = strtoull(text, NULL, 10);
	return *ret_value <= most;
}

static bool take_site(struct reader *r, char *rest)
{
	struct plan_calibration *c = r->c;
	char *name = next_word(&rest), *strength = rest == NULL ? NULL : next_word(&rest);
	size_t length = strlen(name);

	if (c->site_count == PLAN_PREFERENCE_SITES_MAX || c->preferences.count > 0 ||
		strength == NULL || length == 0 || length >= PLAN_SITE_NAME_MAX)
		return false;
	for (size_t i = 0; i < c->site_count; i++)
		if (strcmp(c->names[i], name) == 0)
			return false;
	if (!plan_parse_number(strength, &c->strengths.of[c->site_count]) ||
		(rest != NULL && !plan_parse_number(rest, &c->lengths[c->site_count])))
		return false;
	r->with_length += rest != NULL;
	memcpy(c->names[c->site_count++], name, length + 1);
	c->strengths.site_count = c->site_count;
	return true;
}

static bool take_hop(struct reader *r, char *rest)
{
	if (r->hop_known)
		return false;
	r->hop_known = true;
	return plan_parse_number(rest, &r->c->strengths.per_hop) &&
	       r->c->strengths.per_hop >= 0;
}

static bool take_bin(struct reader *r, char *rest)
{
	char *number = next_word(&rest), *decisions = rest == NULL ? NULL : next_word(&rest);
	uint64_t bin;
	struct plan_bin value;

	if (decisions == NULL || rest == NULL || !parse_count(number, PLAN_BINS - 1, &bin) ||
		!parse_count(decisions, UINT64_MAX, &value.decisions) ||
		!parse_count(rest, value.decisions, &value.right) || r->bins_known[bin])
		return false;
	r->bins_known[bin] = true;
	r->c->bins[bin] = value;
	return true;
}

/* "0>3@11" */
static bool parse_choice(
	const struct plan_calibration *c, char *word, struct plan_observation *ret_observation)
{
	char *loser = strchr(word, '>'), *source = loser == NULL ? NULL : strchr(loser, '@');
	uint64_t values[3];

	if (source == NULL)
		return false;
	*loser++ = '\0';
	*source++ = '\0';
	if (!parse_count(word, c->site_count - 1, &values[0]) ||
		!parse_count(loser, c->site_count - 1, &values[1]) ||
		!parse_count(source, UINT16_MAX - 1, &values[2]))
		return false;
	ret_observation->winner = (uint8_t)values[0];
	ret_observation->loser = (uint8_t)values[1];
	ret_observation->source = (uint16_t)values[2];
	return true;
}

static bool take_as(struct reader *r, char *rest)
{
	struct plan_observation o;

	if (r->c->site_count == 0 || !plan_parse_asn(next_word(&rest), &o.asn) || rest == NULL)
		return false;
	while (rest != NULL)
		if (!parse_choice(r->c, next_word(&rest), &o) ||
			plan_preferences_add(&r->c->preferences, &o, NULL) != 0)
			return false;
	return true;
}

static const struct {
	const char *word;
	bool (*take)(struct reader *, char *);
	const char *wrong;
} kinds[] = {
	{ "site", take_site, "not a site: name, strength, perhaps a length" },
	{ "per-hop", take_hop, "not one strength of a hop" },
	{ "held-out", take_bin, "not counts of held-out decisions" },
	{ "as", take_as, "not choices of an AS among the sites above" },
};

static int take_line(struct reader *r, struct plan_lines *lines, struct error *error)
{
	char *rest = lines->text, *word = next_word(&rest);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word, kinds[i].word) == 0)
			return rest != NULL && kinds[i].take(r, rest)
				       ? 0
				       : plan_lines_error(
						 lines, error, ERROR_MALFORMED, kinds[i].wrong);
	return plan_lines_error(lines, error, ERROR_MALFORMED, "not a line of a calibration");
}

static int finish(struct reader *r, struct plan_lines *lines, struct error *error)
{
	bool whole = r->hop_known && r->c->site_count >= 2 &&
		     (r->with_length == 0 || r->with_length == r->c->site_count);

	for (size_t i = 0; i < PLAN_BINS; i++)
		whole = whole && r->bins_known[i];
	if (!whole)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"the calibration is not whole: sites, per-hop or held-out are missing");
	r->c->lengths_known = r->with_length > 0;
	plan_preferences_sort(&r->c->preferences);
	return 0;
}

static int read_all(struct reader *r, struct plan_lines *lines, struct error *error)
{
	int result = plan_lines_next(lines, error);

	if (result < 0)
		return result;
	if (result == 0 || strcmp(lines->text, VERSION_LINE) != 0)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"not a calibration of version 1 (" VERSION_LINE ")");
	while ((result = plan_lines_next(lines, error)) > 0) {
		result = take_line(r, lines, error);
		if (result != 0)
			return result;
	}
	return result < 0 ? result : finish(r, lines, error);
}

int plan_calibration_read(const struct plan_source *source,
	struct plan_calibration *ret_calibration, struct error *error)
{
	struct reader reader = { .c = ret_calibration };
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result;

	if (lines == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a calibration");
	lines->source = source;
	result = read_all(&reader, lines, error);
	if (result != 0)
		plan_calibration_clear(ret_calibration);
	free(lines);
	return result;
}
