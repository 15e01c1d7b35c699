/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an UPDATE with the verdicts of RFC 7606.
 *
 *     body -> [withdrawn] [attributes -> rows of the table] [NLRI] -> checks across -> verdict
 *
 * Invariants:
 *  1. Unless the verdict is SESSION_RESET, every reachable prefix is known, as
 * treat-as-withdraw needs (RFC 7606 section 3 j), but for those of a disabled family.
 *  2. Each turn over the attribute list consumes at least three bytes or ends it.
 *  3. Running out of memory is never blamed on the neighbour.
 *
 * RFC 4271 sections 4.3, 5, 6.3; RFC 4724 section 2; RFC 4760 section 3; RFC 6793
 * section 4.2.3; RFC 7606 sections 3, 4, 5.
 */
#include "wire/bgp_attribute_table.h"
#include "wire/bgp_nlri.h"

/* ---- The attribute list. ---- */

/* The one place where an attribute that is not understood could be kept to be passed on, should
 * an operator ever ask for it: today it is counted and dropped. */
static void unknown_attribute(struct attribute_reading *reading, uint8_t flags, uint8_t code)
{
	if (flags & ATTRIBUTE_OPTIONAL) {
		reading->update->unknown_attributes++;
		return;
	}
	malformation_add(reading, BGP_VERDICT_TREAT_AS_WITHDRAW, code,
		BGP_UPDATE_UNRECOGNIZED_WELL_KNOWN, "a well-known attribute that is not known",
		"RFC 4271 section 6.3");
}

static bool is_mp(uint8_t code)
{
	return code == BGP_ATTRIBUTE_MP_REACH || code == BGP_ATTRIBUTE_MP_UNREACH;
}

/* The first one counts. */
static void duplicate(struct attribute_reading *reading, uint8_t code)
{
	if (is_mp(code) && !reading->bare)
		malformation_add(reading, BGP_VERDICT_SESSION_RESET, code,
			BGP_UPDATE_MALFORMED_ATTRIBUTES,
			"MP_REACH_NLRI or MP_UNREACH_NLRI appears twice",
			"RFC 7606 section 3 g");
	else
		malformation_add(reading, BGP_VERDICT_ATTRIBUTE_DISCARD, code,
			BGP_UPDATE_MALFORMED_ATTRIBUTES, "the attribute appears twice",
			"RFC 7606 section 3 g");
}

static void known_attribute(struct attribute_reading *reading, const struct attribute_row *row,
	uint8_t flags, struct cursor value)
{
	const char *reason;

	/* RFC 7606 sections 7.5, 7.9, 7.10: discarded from an external neighbour, unread. */
	if (row->ibgp_only && !reading->context->ibgp) {
		malformation_add(reading, BGP_VERDICT_ATTRIBUTE_DISCARD, row->code,
			row->subcode, "the attribute is not for external neighbours",
			row->reference);
		return;
	}
	if ((flags & (ATTRIBUTE_OPTIONAL | ATTRIBUTE_TRANSITIVE)) != row->flags) {
		malformation_add(reading, (enum bgp_verdict)row->conflict, row->code,
			BGP_UPDATE_ATTRIBUTE_FLAGS, "the attribute has wrong flags",
			row->conflict == BGP_VERDICT_TREAT_AS_WITHDRAW ? "RFC 7606 section 3 c"
								       : row->reference);
		return;
	}
	reason = row->read(reading, value);
	if (reason == NULL && row->write == NULL)
		reading->update->unknown_attributes++;
	if (reason != NULL && !reading->no_memory)
		malformation_add(reading, (enum bgp_verdict)row->malformed, row->code,
			row->subcode, reason, row->reference);
}

/* Both cases of RFC 7606 section 4: a value, or a head, that the list has no bytes for. The
 * prefixes behind the list are still where its total length says, but not those inside. */
static void overrun(struct attribute_reading *reading, uint8_t code)
{
	bool prefixes_lost = is_mp(code) && !reading->bare;

	malformation_add(reading,
		prefixes_lost ? BGP_VERDICT_SESSION_RESET : BGP_VERDICT_TREAT_AS_WITHDRAW, code,
		BGP_UPDATE_MALFORMED_ATTRIBUTES,
		"an attribute runs past the end of the attribute list",
		prefixes_lost ? "RFC 7606 section 3 j" : "RFC 7606 section 4");
}

static void mp_take(
	struct attribute_reading *reading, uint8_t flags, uint8_t code, struct cursor value)
{
	if (reading->bare) {
		if (code == BGP_ATTRIBUTE_MP_REACH)
			mp_next_hop_read(reading, value);
	} else if (code == BGP_ATTRIBUTE_MP_REACH) {
		mp_reach_read(reading, flags, value);
	} else {
		mp_unreach_read(reading, flags, value);
	}
}

static void attribute_take(
	struct attribute_reading *reading, uint8_t flags, uint8_t code, struct cursor value)
{
	const struct attribute_row *row = attribute_row_of(code);

	if (attribute_seen(reading, code)) {
		duplicate(reading, code);
		return;
	}
	reading->seen[code / 64] |= 1ull << (code % 64);
	if (is_mp(code))
		mp_take(reading, flags, code, value);
	else if (row != NULL)
		known_attribute(reading, row, flags, value);
	else
		unknown_attribute(reading, flags, code);
}

static void attributes_read(struct attribute_reading *reading, struct cursor list)
{
	while (cursor_left(&list) > 0) {
		const uint8_t *start = list.at;
		uint8_t flags = cursor_u8(&list), code = cursor_u8(&list);
		size_t length =
			flags & ATTRIBUTE_EXTENDED ? cursor_u16(&list) : cursor_u8(&list);
		struct cursor value = cursor_sub(&list, length);

		if (value.failed) {
			reading->overrun = true;
			overrun(reading, code);
			return;
		}
		reading->current = (struct cursor){ .at = start, .end = value.end };
		attribute_take(reading, flags, code, value);
		reading->current = (struct cursor){ 0 };
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
		malformation_add(reading, BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_ATTRIBUTE_AS_PATH,
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

	if (!reading->bare && !classic && cursor_left(&update->announced[1].bytes) == 0)
		return;
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++) {
		if (attribute_seen(reading, mandatory[i].code))
			continue; /* there, or malformed and dealt with */
		if (mandatory[i].classic_only && !classic)
			continue;
		malformation_add(reading, BGP_VERDICT_TREAT_AS_WITHDRAW, mandatory[i].code,
			BGP_UPDATE_MISSING_WELL_KNOWN, mandatory[i].reason,
			"RFC 7606 section 3 d");
	}
}

/* RFC 4760 section 3: NEXT_HOP belongs to the NLRI field and is ignored without it. */
static void next_hop_settle(struct attribute_reading *reading)
{
	struct bgp_attributes *a = &reading->update->attributes;

	if (cursor_left(&reading->update->announced[0].bytes) > 0)
		return;
	clear_present(a, BGP_ATTRIBUTE_NEXT_HOP);
	a->next_hop = (struct address){ 0 };
}

/* Whether anything but MP_UNREACH_NLRI was in the list. */
static bool others_seen(const struct attribute_reading *reading)
{
	return reading->overrun ||
	       (reading->seen[0] & ~(1ull << BGP_ATTRIBUTE_MP_UNREACH)) != 0 ||
	       (reading->seen[1] | reading->seen[2] | reading->seen[3]) != 0;
}

/* RFC 7606 section 5.2: attributes but no reachable prefixes, and an error that is more than
 * attribute discard: the prefixes may have been lost in it. */
static void missing_nlri_check(struct attribute_reading *reading, bool classic)
{
	enum bgp_verdict verdict = reading->update->verdict;

	if (classic || reading->reachable || !others_seen(reading) ||
		verdict < BGP_VERDICT_TREAT_AS_WITHDRAW || verdict == BGP_VERDICT_SESSION_RESET)
		return;
	malformation_add(reading, BGP_VERDICT_SESSION_RESET, 0, BGP_UPDATE_MALFORMED_ATTRIBUTES,
		"a malformed attribute in an UPDATE without reachable prefixes",
		"RFC 7606 section 5.2");
}

/* One verdict cannot say both "end this family" and "withdraw the routes of the other": what is
 * stronger than both is the end of the session. */
static void mixture_check(struct attribute_reading *reading)
{
	if (reading->update->verdict != BGP_VERDICT_AFI_SAFI_DISABLE || !reading->withdraw)
		return;
	malformation_add(reading, BGP_VERDICT_SESSION_RESET, 0, BGP_UPDATE_MALFORMED_ATTRIBUTES,
		"a family to disable and routes of another to withdraw in one UPDATE",
		"RFC 7606 section 3 h");
}

/* RFC 4724 section 2: nothing at all, or an MP_UNREACH_NLRI without prefixes alone. */
static void end_of_rib_check(struct attribute_reading *reading, size_t body_length)
{
	struct bgp_update *update = reading->update;
	bool alone = attribute_seen(reading, BGP_ATTRIBUTE_MP_UNREACH) &&
		     !others_seen(reading) && update->ignored_families == 0 &&
		     update->malformations_total == 0;

	if (body_length == 4 && reading->context->family[BGP_IPV4_UNICAST]) {
		update->end_of_rib = true;
		update->end_of_rib_family = BGP_IPV4_UNICAST;
	} else if (alone && cursor_left(&update->withdrawn[1].bytes) == 0 &&
		   cursor_left(&update->withdrawn[0].bytes) == 0 &&
		   cursor_left(&update->announced[0].bytes) == 0) {
		update->end_of_rib = true;
		update->end_of_rib_family = update->withdrawn[1].family;
	}
}

/* ---- The whole. ---- */

static void classic_nlri(
	struct attribute_reading *reading, struct cursor bytes, struct bgp_nlri *ret_nlri)
{
	struct bgp_nlri nlri = { .bytes = bytes,
		.family = BGP_IPV4_UNICAST,
		.add_path = reading->context->add_path_receive[BGP_IPV4_UNICAST] };
	const char *reason = nlri_check(&nlri);

	if (reason != NULL) {
		malformation_add(reading, BGP_VERDICT_SESSION_RESET, 0,
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
		malformation_add(&reading, BGP_VERDICT_SESSION_RESET, 0,
			BGP_UPDATE_MALFORMED_ATTRIBUTES,
			"the lengths of the fields exceed the message", "RFC 7606 section 3 b");
		return 0;
	}
	classic_nlri(&reading, withdrawn, &ret_update->withdrawn[0]);
	classic_nlri(&reading, body, &ret_update->announced[0]);
	attributes_read(&reading, list);
	path_settle(&reading);
	mandatory_check(&reading);
	next_hop_settle(&reading);
	missing_nlri_check(&reading, cursor_left(&body) > 0);
	mixture_check(&reading);
	end_of_rib_check(&reading, body_length);
	return reading.no_memory ? ERROR_MEMORY : 0;
}

int bgp_attributes_read(struct cursor list, const struct bgp_context *context,
	struct arena *arena, struct bgp_update *ret_update)
{
	struct attribute_reading reading = {
		.context = context, .arena = arena, .update = ret_update, .bare = true
	};

	*ret_update = (struct bgp_update){ 0 };
	attributes_read(&reading, list);
	path_settle(&reading);
	mandatory_check(&reading);
	if (ret_update->mp_next_hop.family != FAMILY_NONE) {
		clear_present(&ret_update->attributes, BGP_ATTRIBUTE_NEXT_HOP);
		ret_update->attributes.next_hop = ret_update->mp_next_hop;
		ret_update->attributes.next_hop_link_local = ret_update->mp_next_hop_link_local;
	}
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
