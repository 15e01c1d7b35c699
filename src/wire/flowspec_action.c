/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a flow specification does, as extended communities and as text: RFC 8955 section 7.
 *
 * Invariant: what flowspec_action_write gives, flowspec_action_read reads back to the same
 * action; the same holds for the text.
 */
#include "wire/flowspec.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/bgp_attribute.h"

#define TYPE_RATE_BYTES   0x8006u
#define TYPE_ACTION       0x8007u
#define TYPE_REDIRECT_AS2 0x8008u
#define TYPE_MARK         0x8009u
#define TYPE_RATE_PACKETS 0x800cu
#define TYPE_REDIRECT_IP4 0x8108u
#define TYPE_REDIRECT_AS4 0x8208u

#define REDIRECT_BITS   0x8008000000000000u /* type of a redirect ... */
#define TARGET_BITS     0x0002000000000000u /* ... where a route target of the same form has it */
#define FORM_AND_VALUE  0x0300ffffffffffffu /* what they have in common */
#define ACTION_CONTINUE 0x01u               /* T bit, section 7.3 */
#define ACTION_SAMPLE   0x02u               /* S bit */
#define DSCP_MASK       0x3fu

static float rate_of(uint32_t bits)
{
	float rate;

	memcpy(&rate, &bits, sizeof(rate));
	return rate;
}

static uint32_t bits_of(float rate)
{
	uint32_t bits;

	memcpy(&bits, &rate, sizeof(bits));
	return bits;
}

/* Neither infinite nor "not a number": IEEE 754 has all bits of the exponent set in these. */
static bool rate_finite(float rate)
{
	return (bits_of(rate) & 0x7f800000u) != 0x7f800000u;
}

/* A rate that is no number, or has no end, limits nothing: it is no action. */
static bool rate_read(
	enum flowspec_action_kind kind, uint64_t community, struct flowspec_action *ret_action)
{
	float rate = rate_of((uint32_t)community);

	if (!rate_finite(rate))
		return false;
	*ret_action = (struct flowspec_action){
		.kind = kind, .asn = (uint16_t)(community >> 32), .rate = rate > 0 ? rate : 0
	};
	return true;
}

bool flowspec_action_read(uint64_t community, struct flowspec_action *ret_action)
{
	uint8_t low = (uint8_t)community;

	switch (community >> 48) {
	case TYPE_RATE_BYTES:
		return rate_read(FLOWSPEC_RATE_BYTES, community, ret_action);
	case TYPE_RATE_PACKETS:
		return rate_read(FLOWSPEC_RATE_PACKETS, community, ret_action);
	case TYPE_ACTION:
		*ret_action = (struct flowspec_action){ .kind = FLOWSPEC_ACTION,
			.more = (low & ACTION_CONTINUE) != 0,
			.sample = (low & ACTION_SAMPLE) != 0 };
		return true;
	case TYPE_MARK:
		*ret_action = (struct flowspec_action){ .kind = FLOWSPEC_MARK,
			.dscp = low & DSCP_MASK };
		return true;
	case TYPE_REDIRECT_AS2:
	case TYPE_REDIRECT_IP4:
	case TYPE_REDIRECT_AS4:
		*ret_action = (struct flowspec_action){ .kind = FLOWSPEC_REDIRECT,
			.target = (community & FORM_AND_VALUE) | TARGET_BITS };
		return true;
	default:
		return false;
	}
}

static uint64_t rate_write(uint64_t type, const struct flowspec_action *action)
{
	return type << 48 | (uint64_t)action->asn << 32 | bits_of(action->rate);
}

uint64_t flowspec_action_write(const struct flowspec_action *action)
{
	switch (action->kind) {
	case FLOWSPEC_RATE_BYTES:
		return rate_write(TYPE_RATE_BYTES, action);
	case FLOWSPEC_RATE_PACKETS:
		return rate_write(TYPE_RATE_PACKETS, action);
	case FLOWSPEC_ACTION:
		return (uint64_t)TYPE_ACTION << 48 | (action->more ? ACTION_CONTINUE : 0) |
		       (action->sample ? ACTION_SAMPLE : 0);
	case FLOWSPEC_REDIRECT:
		return REDIRECT_BITS | (action->target & FORM_AND_VALUE);
	case FLOWSPEC_MARK:
		return (uint64_t)TYPE_MARK << 48 | (action->dscp & DSCP_MASK);
	default:
		return 0;
	}
}

/* ---- Text. ---- */

static void rate_format(const struct flowspec_action *action, const char *unit,
	char text[FLOWSPEC_ACTION_TEXT_MAX])
{
	int at = snprintf(
		text, FLOWSPEC_ACTION_TEXT_MAX, "rate-%s %.9g", unit, (double)action->rate);

	if (action->rate == 0 && action->kind == FLOWSPEC_RATE_BYTES)
		at = snprintf(text, FLOWSPEC_ACTION_TEXT_MAX, "discard");
	if (action->asn != 0)
		snprintf(text + at, (size_t)(FLOWSPEC_ACTION_TEXT_MAX - at), " as %u",
			action->asn);
}

const char *flowspec_action_format(
	const struct flowspec_action *action, char text[FLOWSPEC_ACTION_TEXT_MAX])
{
	/* By the T bit, then the S bit. */
	static const char *const names[2][2] = { { "stop", "sample" },
		{ "continue", "continue+sample" } };
	char target[BGP_COMMUNITY_TEXT_MAX];

	switch (action->kind) {
	case FLOWSPEC_RATE_BYTES:
		rate_format(action, "bytes", text);
		break;
	case FLOWSPEC_RATE_PACKETS:
		rate_format(action, "packets", text);
		break;
	case FLOWSPEC_ACTION:
		snprintf(text, FLOWSPEC_ACTION_TEXT_MAX, "%s",
			names[action->more][action->sample]);
		break;
	case FLOWSPEC_REDIRECT:
		snprintf(text, FLOWSPEC_ACTION_TEXT_MAX, "redirect %s",
			bgp_extended_community_format(action->target, target));
		break;
	case FLOWSPEC_MARK:
		snprintf(text, FLOWSPEC_ACTION_TEXT_MAX, "mark %u", action->dscp);
		break;
	default:
		text[0] = '\0';
	}
	return text;
}

/* Decimal digits up to the end of the text. */
static int number_parse(const char *text, unsigned most, unsigned *ret_number)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number;

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return ERROR_MALFORMED;
	number = strtoul(text, NULL, 10);
	if (number > most)
		return ERROR_RANGE;
	*ret_number = (unsigned)number;
	return 0;
}

/* " as 64500", or nothing. */
static int asn_parse(const char *text, struct flowspec_action *action)
{
	unsigned asn = 0;
	int r;

	if (*text == '\0')
		return 0;
	if (strncmp(text, " as ", 4) != 0)
		return ERROR_MALFORMED;
	r = number_parse(text + 4, UINT16_MAX, &asn);
	action->asn = (uint16_t)asn;
	return r;
}

static int rate_parse(const char *text, struct flowspec_action *action)
{
	char *end;
	float rate;

	if (strchr("0123456789", text[0]) == NULL || text[0] == '\0' ||
		strspn(text, "0123456789.e+") < strcspn(text, " "))
		return ERROR_MALFORMED;
	rate = strtof(text, &end);
	if (!rate_finite(rate))
		return ERROR_RANGE;
	action->rate = rate;
	return asn_parse(end, action);
}

static int redirect_parse(const char *text, struct flowspec_action *action)
{
	uint64_t target;
	int r = bgp_extended_community_parse(text, &target);

	if (r != 0)
		return r;
	/* A route target of one of the three forms. */
	if ((target & ~FORM_AND_VALUE) != TARGET_BITS || target >> 56 > 2)
		return ERROR_MALFORMED;
	action->target = target;
	return 0;
}

static int discard_parse(const char *text, struct flowspec_action *action)
{
	return asn_parse(text, action);
}

static int mark_parse(const char *text, struct flowspec_action *action)
{
	unsigned dscp = 0;
	int r = number_parse(text, DSCP_MASK, &dscp);

	action->dscp = (uint8_t)dscp;
	return r;
}

static int end_parse(const char *text, struct flowspec_action *action)
{
	(void)action;
	return *text == '\0' ? 0 : ERROR_MALFORMED;
}

int flowspec_action_parse(const char *text, struct flowspec_action *ret_action)
{
	static const struct {
		const char *start;
		struct flowspec_action action;
		int (*rest)(const char *text, struct flowspec_action *action);
	} forms[] = {
		{ "rate-bytes ", { .kind = FLOWSPEC_RATE_BYTES }, rate_parse },
		{ "rate-packets ", { .kind = FLOWSPEC_RATE_PACKETS }, rate_parse },
		{ "redirect ", { .kind = FLOWSPEC_REDIRECT }, redirect_parse },
		{ "mark ", { .kind = FLOWSPEC_MARK }, mark_parse },
		{ "discard", { .kind = FLOWSPEC_RATE_BYTES }, discard_parse },
		{ "continue+sample", { .kind = FLOWSPEC_ACTION, .more = true, .sample = true },
			end_parse },
		{ "continue", { .kind = FLOWSPEC_ACTION, .more = true }, end_parse },
		{ "sample", { .kind = FLOWSPEC_ACTION, .sample = true }, end_parse },
		{ "stop", { .kind = FLOWSPEC_ACTION }, end_parse },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct flowspec_action action = forms[i].action;
		size_t length = strlen(forms[i].start);
		int r;

		if (strncmp(text, forms[i].start, length) != 0)
			continue;
		r = forms[i].rest(text + length, &action);
		if (r == 0)
			*ret_action = action;
		return r;
	}
	return ERROR_MALFORMED;
}
