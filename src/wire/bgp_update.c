/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an UPDATE with the verdicts of RFC 7606.
 *
 *     body -> [withdrawn] [attributes -> rows of the table] [NLRI] -> checks across -> verdict
 *
 * Invariants:
 *  1. The verdict only rises, and is the highest of all malformations found (RFC 7606
 *     section 3 h).
 *  2. Unless the verdict is SESSION_RESET, every bgp_nlri given out was checked to its end: all
 *     reachable prefixes are known, as treat-as-withdraw needs (section 3 j).
 *  3. Each pass over the attribute list consumes at least three bytes an attribute.
 *
 * RFC 4271 sections 4.3, 5, 6.3; RFC 4760; RFC 6793 section 4.2.3; RFC 7606; RFC 8950.
 */
#include "wire/bgp_attribute_table.h"
#include "wire/bgp_nlri.h"

#define SEEN(code) (1ull << (code))

static void malformed(struct bgp_update *update, enum bgp_verdict verdict, uint8_t attribute,
	uint8_t subcode, const char *reason, const char *reference)
{
	if (update->malformation_count < BGP_MALFORMATIONS_MAX)
		update->malformations[update->malformation_count++] =
			(struct bgp_malformation){ (uint8_t)verdict, attribute, subcode, reason,
				reference };
	if (update->malformations_total < UINT16_MAX)
		update->malformations_total++;
	if (verdict <= update->verdict)
		return;
	update->verdict = verdict;
	if (verdict >= BGP_VERDICT_AFI_SAFI_DISABLE)
		update->fault =
			(struct bgp_fault){ .code = BGP_ERROR_UPDATE, .subcode = subcode };
}

/* A family whose prefixes cannot be told apart any more: end the family, or the session when it
 * is the only one (RFC 7606 section 2; RFC 4760 section 7). */
static void family_lost(struct attribute_reading *reading, int family, uint8_t attribute,
	uint8_t subcode, const char *reason, const char *reference)
{
	struct bgp_update *update = reading->update;
	bool other = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		other |= f != family && reading->context->family[f];
	if (!other) {
		malformed(update, BGP_VERDICT_SESSION_RESET, attribute, subcode, reason,
			reference);
		return;
	}
	update->disabled_family = (uint8_t)family;
	malformed(update, BGP_VERDICT_AFI_SAFI_DISABLE, attribute, subcode, reason, reference);
}

/* ---- MP_REACH_NLRI and MP_UNREACH_NLRI. ---- */

/* The lengths of RFC 4271, RFC 2545 section 3 and RFC 8950 section 3; 0: not one of them. */
static bool next_hop_length_good(
	const struct bgp_context *context, enum bgp_family family, size_t length)
{
	if (family == BGP_IPV6_UNICAST)
		return length == 16 || length == 32;
	return length == 4 ||
	       (context->extended_next_hop[family] && (length == 16 || length == 32));
}

static const char *mp_next_hop(struct bgp_update *update, struct cursor value)
{
	struct address first = { 0 }, second = { 0 };
	size_t length = cursor_left(&value);

	if (length == 4) {
		first = address_from_bytes(FAMILY_IPV4, cursor_take(&value, 4));
	} else {
		first = address_from_bytes(FAMILY_IPV6, cursor_take(&value, 16));
		if (length == 32)
			second = address_from_bytes(FAMILY_IPV6, cursor_take(&value, 16));
	}
	/* Some speakers fill the second place with zeroes, or put the link-local first. */
	if (second.family != FAMILY_NONE && !address_is_link_local(&second))
		second = (struct address){ 0 };
	if (address_is_any(&first) && second.family != FAMILY_NONE)
		first = second;
	if (address_is_any(&first) || address_is_multicast(&first) ||
		address_is_loopback(&first))
		return "MP_REACH_NLRI has a next hop that is not the address of a host";
	update->mp_next_hop = first;
	update->mp_next_hop_link_local = second;
	return NULL;
}

/* Takes AFI and SAFI; -1 (and counted) for a family that was not negotiated. */
static int mp_family(struct attribute_reading *reading, struct cursor *value)
{
	uint16_t afi = cursor_u16(value);
	uint8_t safi = cursor_u8(value);
	int family = bgp_family_of(afi, safi);

	if (family >= 0 && reading->context->family[family])
		return family;
	reading->update->ignored_families++;
	return -1;
}

static void mp_nlri(struct attribute_reading *reading, int family, uint8_t attribute,
	struct cursor bytes, struct bgp_nlri *ret_nlri)
{
	struct bgp_nlri nlri = { .bytes = bytes,
		.family = (uint8_t)family,
		.add_path = reading->context->add_path_receive[family] };
	const char *reason = nlri_check(&nlri);

	if (reason != NULL)
		family_lost(reading, family, attribute, BGP_UPDATE_OPTIONAL_ATTRIBUTE, reason,
			"RFC 7606 section 5.3");
	else
		*ret_nlri = nlri;
}

static void mp_reach_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_update *update = reading->update;
	struct cursor next_hop;
	const char *reason;
	int family;

	if (cursor_left(&value) < 5) {
		malformed(update, BGP_VERDICT_SESSION_RESET, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_ATTRIBUTE_LENGTH, "MP_REACH_NLRI is shorter than five bytes",
			"RFC 7606 section 7.11");
		return;
	}
	family = mp_family(reading, &value);
	if (family < 0)
		return;
	next_hop = cursor_sub(&value, cursor_u8(&value));
	cursor_skip(&value, 1); /* reserved: RFC 4760 section 3 */
	if (value.failed || !next_hop_length_good(reading->context, (enum bgp_family)family,
				    cursor_left(&next_hop))) {
		family_lost(reading, family, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_OPTIONAL_ATTRIBUTE,
			"MP_REACH_NLRI has a next hop of a wrong length",
			"RFC 7606 section 7.11");
		return;
	}
	reason = mp_next_hop(update, next_hop);
	if (reason != NULL)
		malformed(update, BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_INVALID_NEXT_HOP, reason, "RFC 7606 section 7.3");
	mp_nlri(reading, family, BGP_ATTRIBUTE_MP_REACH, value, &update->announced[1]);
}

static void mp_unreach_read(struct attribute_reading *reading, struct cursor value)
{
	int family;

	if (cursor_left(&value) < 3) {
		malformed(reading->update, BGP_VERDICT_SESSION_RESET, BGP_ATTRIBUTE_MP_UNREACH,
			BGP_UPDATE_ATTRIBUTE_LENGTH,
			"MP_UNREACH_NLRI is shorter than three bytes", "RFC 7606 section 7.12");
		return;
	}
	family = mp_family(reading, &value);
	if (family < 0)
		return;
	mp_nlri(reading, family, BGP_ATTRIBUTE_MP_UNREACH, value,
		&reading->update->withdrawn[1]);
	if (reading->update->withdrawn[1].bytes.at == NULL)
		reading->update->withdrawn[1] =
			(struct bgp_nlri){ .bytes = value, .family = (uint8_t)family };
}

/* ---- The attribute list. ---- */

static void unknown_attribute(struct attribute_reading *reading, uint8_t flags, uint8_t code)
{
	if (flags & ATTRIBUTE_OPTIONAL) {
		reading->update->unknown_attributes++;
		return;
	}
	malformed(reading->update, BGP_VERDICT_TREAT_AS_WITHDRAW, code,
		BGP_UPDATE_UNRECOGNIZED_WELL_KNOWN, "a well-known attribute that is not known",
		"RFC 4271 section 6.3, RFC 7606 section 3");
}

/* RFC 7606 section 3 g. True: go on with the first one only. */
static bool duplicate(struct attribute_reading *reading, uint8_t code)
{
	static const char reference[] = "RFC 7606 section 3 g";

	if (code == BGP_ATTRIBUTE_MP_REACH || code == BGP_ATTRIBUTE_MP_UNREACH)
		malformed(reading->update, BGP_VERDICT_SESSION_RESET, code,
			BGP_UPDATE_MALFORMED_ATTRIBUTES,
			"MP_REACH_NLRI or MP_UNREACH_NLRI appears twice", reference);
	else
		malformed(reading->update, BGP_VERDICT_ATTRIBUTE_DISCARD, code,
			BGP_UPDATE_MALFORMED_ATTRIBUTES, "the attribute appears twice",
			reference);
	return true;
}

static void known_attribute(struct attribute_reading *reading, const struct attribute_row *row,
	uint8_t flags, struct cursor value)
{
	const char *reason;

	/* RFC 7606 sections 7.5, 7.9, 7.10: discarded from an external neighbour, unread. */
	if (row->ibgp_only && !reading->context->ibgp) {
		malformed(reading->update, BGP_VERDICT_ATTRIBUTE_DISCARD, row->code,
			row->subcode, "the attribute is not for external neighbours",
			row->reference);
		return;
	}
	if ((flags & (ATTRIBUTE_OPTIONAL | ATTRIBUTE_TRANSITIVE)) != row->flags)
		malformed(reading->update, BGP_VERDICT_TREAT_AS_WITHDRAW, row->code,
			BGP_UPDATE_ATTRIBUTE_FLAGS, "the attribute has wrong flags",
			"RFC 7606 section 3 c");
	if (row->code == BGP_ATTRIBUTE_MP_REACH) {
		mp_reach_read(reading, value);
	} else if (row->code == BGP_ATTRIBUTE_MP_UNREACH) {
		mp_unreach_read(reading, value);
	} else {
		reason = row->read(reading, value);
		if (reason != NULL && !reading->no_memory)
			malformed(reading->update, (enum bgp_verdict)row->malformed, row->code,
				row->subcode, reason, row->reference);
	}
}

/* Two bitmaps, because a code may be above 63. */
struct seen {
	uint64_t bits[4];
};

static bool seen_before(struct seen *seen, uint8_t code)
{
	uint64_t bit = 1ull << (code % 64);
	bool before = (seen->bits[code / 64] & bit) != 0;

	seen->bits[code / 64] |= bit;
	return before;
}

static void attributes_read(struct attribute_reading *reading, struct cursor list)
{
	struct seen seen = { 0 };

	while (cursor_left(&list) > 0) {
		uint8_t flags = cursor_u8(&list), code = cursor_u8(&list);
		size_t length =
			flags & ATTRIBUTE_EXTENDED ? cursor_u16(&list) : cursor_u8(&list);
		struct cursor value = cursor_sub(&list, length);
		const struct attribute_row *row;

		if (value.failed) {
			/* The prefixes behind the list are still where its total length says.
			 */
			malformed(reading->update, BGP_VERDICT_TREAT_AS_WITHDRAW, code,
				BGP_UPDATE_MALFORMED_ATTRIBUTES,
				"an attribute runs past the end of the attribute list",
				"RFC 7606 section 4");
			return;
		}
		if (seen_before(&seen, code) && duplicate(reading, code))
			continue;
		if (code < 64)
			reading->seen |= SEEN(code);
		row = attribute_row_of(code);
		if (row == NULL)
			unknown_attribute(reading, flags, code);
		else
			known_attribute(reading, row, flags, value);
	}
}

/* ---- Across attributes. ---- */

static void clear_present(struct bgp_attributes *attributes, enum bgp_attribute_code code)
{
	attributes->present &= ~(1ull << code);
}

/* RFC 6793 section 4.2.3. */
static void as4_merge(struct attribute_reading *reading)
{
	struct bgp_attributes *a = &reading->update->attributes;
	bool as4_path = bgp_attribute_present(a, BGP_ATTRIBUTE_AS4_PATH);
	bool as4_aggregator = bgp_attribute_present(a, BGP_ATTRIBUTE_AS4_AGGREGATOR);
	bool aggregator = bgp_attribute_present(a, BGP_ATTRIBUTE_AGGREGATOR);

	clear_present(a, BGP_ATTRIBUTE_AS4_PATH);
	clear_present(a, BGP_ATTRIBUTE_AS4_AGGREGATOR);
	/* An aggregator that is not AS_TRANS was put there by an OLD speaker behind the NEW
	 * one: both AS4 attributes are out of date. */
	if (aggregator && as4_aggregator && a->aggregator_asn != BGP_AS_TRANS)
		as4_path = as4_aggregator = false;
	if (aggregator && as4_aggregator) {
		a->aggregator_asn = reading->as4_aggregator_asn;
		a->aggregator_address = reading->as4_aggregator_address;
	}
	if (as4_path && bgp_attribute_present(a, BGP_ATTRIBUTE_AS_PATH) &&
		!as_path_merge(&reading->as_path, &reading->as4_path, reading->arena))
		reading->no_memory = true;
}

static void path_settle(struct attribute_reading *reading)
{
	struct bgp_attributes *a = &reading->update->attributes;

	as4_merge(reading);
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_AS_PATH))
		return;
	if (reading->as_path.size > UINT16_MAX) {
		clear_present(a, BGP_ATTRIBUTE_AS_PATH);
		malformed(reading->update, BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_ATTRIBUTE_AS_PATH,
			BGP_UPDATE_MALFORMED_AS_PATH, "AS_PATH is longer than 64 KiB",
			"RFC 7606 section 7.2");
		return;
	}
	a->as_path = reading->as_path.bytes;
	a->as_path_size = (uint16_t)reading->as_path.size;
}

static void mandatory_check(struct attribute_reading *reading)
{
	static const struct {
		uint8_t code;
		bool classic_only; /* needed with the classic NLRI field only */
		const char *reason;
	} mandatory[] = {
		{ BGP_ATTRIBUTE_ORIGIN, false, "ORIGIN is missing" },
		{ BGP_ATTRIBUTE_AS_PATH, false, "AS_PATH is missing" },
		{ BGP_ATTRIBUTE_NEXT_HOP, true, "NEXT_HOP is missing" },
	};
	struct bgp_update *update = reading->update;
	bool classic = cursor_left(&update->announced[0].bytes) > 0;

	if (!classic && cursor_left(&update->announced[1].bytes) == 0)
		return;
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++) {
		if ((reading->seen & SEEN(mandatory[i].code)) != 0)
			continue; /* there, or malformed and dealt with */
		if (mandatory[i].classic_only && !classic)
			continue;
		malformed(update, BGP_VERDICT_TREAT_AS_WITHDRAW, mandatory[i].code,
			BGP_UPDATE_MISSING_WELL_KNOWN, mandatory[i].reason,
			"RFC 7606 section 3 d");
	}
}

/* RFC 7606 section 5.2: attributes but no reachable prefixes, and an error that is more than
 * attribute discard: the prefixes may have been lost in it. */
static void missing_nlri_check(struct attribute_reading *reading, bool attributes_there)
{
	struct bgp_update *update = reading->update;
	bool reachable = cursor_left(&update->announced[0].bytes) > 0 ||
			 (reading->seen & SEEN(BGP_ATTRIBUTE_MP_REACH)) != 0;

	if (reachable || !attributes_there || update->verdict != BGP_VERDICT_TREAT_AS_WITHDRAW)
		return;
	malformed(update, BGP_VERDICT_SESSION_RESET, 0, BGP_UPDATE_MALFORMED_ATTRIBUTES,
		"a malformed attribute in an UPDATE without reachable prefixes",
		"RFC 7606 section 5.2");
}

/* RFC 4724 section 2: nothing at all, or an MP_UNREACH_NLRI without prefixes alone. */
static void end_of_rib_check(struct attribute_reading *reading, size_t body_length)
{
	struct bgp_update *update = reading->update;
	bool alone = reading->seen == SEEN(BGP_ATTRIBUTE_MP_UNREACH) &&
		     update->unknown_attributes == 0 && update->ignored_families == 0 &&
		     update->malformations_total == 0;

	if (body_length == 4) {
		update->end_of_rib = true;
		update->end_of_rib_family = BGP_IPV4_UNICAST;
	} else if (alone && cursor_left(&update->withdrawn[1].bytes) == 0 &&
		   cursor_left(&update->withdrawn[0].bytes) == 0 &&
		   cursor_left(&update->announced[0].bytes) == 0) {
		update->end_of_rib = true;
		update->end_of_rib_family = update->withdrawn[1].family;
	}
}

static void classic_nlri(
	struct attribute_reading *reading, struct cursor bytes, struct bgp_nlri *ret_nlri)
{
	struct bgp_nlri nlri = { .bytes = bytes,
		.family = BGP_IPV4_UNICAST,
		.add_path = reading->context->add_path_receive[BGP_IPV4_UNICAST] };
	const char *reason = nlri_check(&nlri);

	if (reason != NULL) {
		malformed(reading->update, BGP_VERDICT_SESSION_RESET, 0,
			BGP_UPDATE_INVALID_NETWORK, reason, "RFC 7606 section 5.3");
		return;
	}
	if (reading->context->family[BGP_IPV4_UNICAST])
		*ret_nlri = nlri;
	else if (cursor_left(&bytes) > 0)
		reading->update->ignored_families++;
}

int bgp_update_read(struct cursor body, const struct bgp_context *context, struct arena *arena,
	struct bgp_update *ret_update)
{
	struct attribute_reading reading = {
		.context = context, .arena = arena, .update = ret_update
	};
	size_t body_length = cursor_left(&body);
	struct cursor withdrawn, list;

	*ret_update = (struct bgp_update){ 0 };
	withdrawn = cursor_sub(&body, cursor_u16(&body));
	list = cursor_sub(&body, cursor_u16(&body));
	if (body.failed) {
		malformed(ret_update, BGP_VERDICT_SESSION_RESET, 0,
			BGP_UPDATE_MALFORMED_ATTRIBUTES,
			"the lengths of the fields exceed the message", "RFC 4271 section 6.3");
		return 0;
	}
	classic_nlri(&reading, withdrawn, &ret_update->withdrawn[0]);
	classic_nlri(&reading, body, &ret_update->announced[0]);
	attributes_read(&reading, list);
	path_settle(&reading);
	mandatory_check(&reading);
	missing_nlri_check(&reading, cursor_left(&list) > 0);
	end_of_rib_check(&reading, body_length);
	return reading.no_memory ? ERROR_MEMORY : 0;
}

const char *bgp_verdict_name(enum bgp_verdict verdict)
{
	static const char *const names[] = {
		[BGP_VERDICT_GOOD] = "good",
		[BGP_VERDICT_ATTRIBUTE_DISCARD] = "attribute-discard",
		[BGP_VERDICT_TREAT_AS_WITHDRAW] = "treat-as-withdraw",
		[BGP_VERDICT_AFI_SAFI_DISABLE] = "afi-safi-disable",
		[BGP_VERDICT_SESSION_RESET] = "session-reset",
	};

	return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict]
								    : "unknown";
}
