/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MP_REACH_NLRI and MP_UNREACH_NLRI, and what a malformation costs.
 *
 * Invariants:
 *  1. The verdict only rises, and is the highest of all malformations found (RFC 7606
 *     section 3 h).
 *  2. A bgp_nlri is given out only when it was checked to its end.
 *
 * RFC 4760; RFC 2545 section 3; RFC 7606 sections 3, 5.3, 7.11, 7.12; RFC 8950 section 3.
 */
#include "wire/bgp_attribute_table.h"
#include "wire/bgp_nlri.h"

/* RFC 4271 section 6.3: the data is the attribute at fault, but for a malformed list. */
static void fault_fill(const struct attribute_reading *reading, uint8_t subcode)
{
	struct bgp_fault *fault = &reading->update->fault;
	size_t length = cursor_left(&reading->current);

	*fault = (struct bgp_fault){ .code = BGP_ERROR_UPDATE, .subcode = subcode };
	if (subcode == BGP_UPDATE_MALFORMED_ATTRIBUTES || length == 0)
		return;
	fault->data_length = (uint16_t)length;
	if (length > sizeof(fault->data))
		fault->borrowed = reading->current.at;
	else
		memcpy(fault->data, reading->current.at, length);
}

void malformation_add(struct attribute_reading *reading, enum bgp_verdict verdict,
	uint8_t attribute, uint8_t subcode, const char *reason, const char *reference)
{
	struct bgp_update *update = reading->update;

	if (update->malformation_count < BGP_MALFORMATIONS_MAX)
		update->malformations[update->malformation_count++] =
			(struct bgp_malformation){ (uint8_t)verdict, attribute, subcode, reason,
				reference };
	if (update->malformations_total < UINT16_MAX)
		update->malformations_total++;
	reading->withdraw |= verdict == BGP_VERDICT_TREAT_AS_WITHDRAW;
	if (verdict <= update->verdict)
		return;
	update->verdict = verdict;
	if (verdict >= BGP_VERDICT_AFI_SAFI_DISABLE)
		fault_fill(reading, subcode);
}

/* A family whose prefixes cannot be told apart any more: end the family, or the session when no
 * other is left (RFC 7606 section 2; RFC 4760 section 7). */
static void family_lost(struct attribute_reading *reading, int family, uint8_t attribute,
	uint8_t subcode, const char *reason, const char *reference)
{
	struct bgp_update *update = reading->update;
	bool left = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		left |= reading->context->family[f] && f != family &&
			!(update->verdict == BGP_VERDICT_AFI_SAFI_DISABLE &&
				update->disabled_family == f);
	update->disabled_family = (uint8_t)family;
	malformation_add(reading,
		left ? BGP_VERDICT_AFI_SAFI_DISABLE : BGP_VERDICT_SESSION_RESET, attribute,
		subcode, reason, reference);
}

/* The lengths of RFC 4760 section 3, RFC 2545 section 3 and RFC 8950 section 3. */
static bool next_hop_length_good(
	const struct bgp_context *context, enum bgp_family family, size_t length)
{
	/* RFC 8955 section 4: none, or one that is not looked at. */
	if (bgp_family_is_flowspec(family))
		return length == 0 || length == 4 || length == 16 || length == 32;
	if (family == BGP_IPV6_UNICAST)
		return length == 16 || length == 32;
	return length == 4 ||
	       (context->extended_next_hop[family] && (length == 16 || length == 32));
}

static const char *next_hop_take(struct bgp_update *update, struct cursor value)
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
	/* Some speakers fill the second place with zeroes, or leave the first one empty. */
	if (second.family != FAMILY_NONE && !address_is_link_local(&second))
		second = (struct address){ 0 };
	if (address_is_any(&first) && second.family != FAMILY_NONE)
		first = second;
	if (!attribute_next_hop_sane(&first))
		return "MP_REACH_NLRI has a next hop that is not the address of a host";
	update->mp_next_hop = first;
	update->mp_next_hop_link_local = second;
	return NULL;
}

/* Takes AFI and SAFI; -1 (and counted) for a family that was not negotiated. */
static int family_take(struct attribute_reading *reading, struct cursor *value)
{
	uint16_t afi = cursor_u16(value);
	uint8_t safi = cursor_u8(value);
	int family = bgp_family_of(afi, safi);

	if (family >= 0 && reading->context->family[family])
		return family;
	reading->update->ignored_families++;
	return -1;
}

/* RFC 7606 section 5.3: wrong flags make the attribute as incorrect as wrong prefixes do. */
static bool flags_good(
	struct attribute_reading *reading, int family, uint8_t attribute, uint8_t flags)
{
	if ((flags & (ATTRIBUTE_OPTIONAL | ATTRIBUTE_TRANSITIVE)) == ATTRIBUTE_OPTIONAL)
		return true;
	family_lost(reading, family, attribute, BGP_UPDATE_ATTRIBUTE_FLAGS,
		"the attribute has wrong flags", "RFC 7606 section 5.3");
	return false;
}

static void nlri_take(struct attribute_reading *reading, int family, uint8_t attribute,
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

void mp_reach_read(struct attribute_reading *reading, uint8_t flags, struct cursor value)
{
	struct bgp_update *update = reading->update;
	struct cursor next_hop;
	const char *reason;
	int family;

	reading->reachable = true;
	if (cursor_left(&value) < 5) {
		malformation_add(reading, BGP_VERDICT_SESSION_RESET, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_OPTIONAL_ATTRIBUTE,
			"MP_REACH_NLRI is shorter than five bytes", "RFC 7606 section 5.3");
		return;
	}
	family = family_take(reading, &value);
	if (family < 0 || !flags_good(reading, family, BGP_ATTRIBUTE_MP_REACH, flags))
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
	reading->reachable = cursor_left(&value) > 0;
	reason = bgp_family_is_flowspec((unsigned)family) ? NULL
							  : next_hop_take(update, next_hop);
	if (reason != NULL)
		malformation_add(reading, BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_INVALID_NEXT_HOP, reason, "RFC 4271 section 6.3");
	nlri_take(reading, family, BGP_ATTRIBUTE_MP_REACH, value, &update->announced[1]);
}

void mp_next_hop_read(struct attribute_reading *reading, struct cursor value)
{
	struct cursor next_hop;
	const char *reason = "MP_REACH_NLRI has a next hop of a wrong length";
	size_t length;

	/* An address family begins with a zero byte, a length does not. */
	reading->update->mp_reach_full = cursor_left(&value) > 0 && value.at[0] == 0;
	if (reading->update->mp_reach_full)
		cursor_skip(&value, 3);
	next_hop = cursor_sub(&value, cursor_u8(&value));
	length = cursor_left(&next_hop);
	if (length == 4 || length == 16 || length == 32)
		reason = next_hop_take(reading->update, next_hop);
	if (reason != NULL)
		malformation_add(reading, BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_ATTRIBUTE_MP_REACH,
			BGP_UPDATE_INVALID_NEXT_HOP, reason, "RFC 6396 section 4.3.4");
}

void mp_unreach_read(struct attribute_reading *reading, uint8_t flags, struct cursor value)
{
	int family;

	if (cursor_left(&value) < 3) {
		malformation_add(reading, BGP_VERDICT_SESSION_RESET, BGP_ATTRIBUTE_MP_UNREACH,
			BGP_UPDATE_OPTIONAL_ATTRIBUTE,
			"MP_UNREACH_NLRI is shorter than three bytes", "RFC 7606 section 5.3");
		return;
	}
	family = family_take(reading, &value);
	if (family >= 0 && flags_good(reading, family, BGP_ATTRIBUTE_MP_UNREACH, flags))
		nlri_take(reading, family, BGP_ATTRIBUTE_MP_UNREACH, value,
			&reading->update->withdrawn[1]);
}
