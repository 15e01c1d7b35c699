/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that are known but not carried: what they say is for services that this software
 * does not offer. They are looked at, so that a malformed one costs what its RFC says, and
 * dropped.
 *
 * Invariants:
 *  1. No function here changes the attribute set: nothing of these is kept or passed on.
 *  2. Only what the RFC of an attribute calls malformed is a malformation: a type or a value
 * that is not known here may be known tomorrow.
 *  3. Each turn over a list of TLVs consumes at least the head of one or ends the list.
 *
 * The Entropy Label Capability (28) has no row: RFC 7447 section 2 wants it to be taken for an
 * attribute that is not known.
 */
#include "wire/bgp_attribute_table.h"

/* How the head of a TLV is written, in bytes. */
struct tlv_form {
	uint8_t type, length;
	bool counts_head; /* the length covers the head too */
};

struct tlv {
	unsigned type;
	struct cursor value;
};

static unsigned number_take(struct cursor *c, uint8_t width)
{
	return width == 1 ? cursor_u8(c) : cursor_u16(c);
}

/* The next TLV; false at the end of the list, or (list->failed) when one does not fit. */
static bool tlv_next(struct cursor *list, const struct tlv_form *form, struct tlv *ret_tlv)
{
	size_t head = form->counts_head ? (size_t)(form->type + form->length) : 0, length;

	if (cursor_left(list) == 0)
		return false;
	ret_tlv->type = number_take(list, form->type);
	length = number_take(list, form->length);
	if (length < head) {
		list->failed = true;
		return false;
	}
	ret_tlv->value = cursor_sub(list, length - head);
	return !list->failed;
}

/* The identifier of a tunnel, by type: RFC 6514 section 5. Both families where there are two.
 */
static const struct {
	uint8_t ipv4, ipv6; /* bytes */
} pmsi_identifiers[] = {
	{ 0, 0 },         /* none */
	{ 12, 24 },       /* RSVP-TE P2MP */
	{ UINT8_MAX, 0 }, /* mLDP P2MP: a FEC element, of any length */
	{ 8, 32 },        /* PIM-SSM */
	{ 8, 32 },        /* PIM-SM */
	{ 8, 32 },        /* BIDIR-PIM */
	{ 4, 16 },        /* ingress replication */
	{ UINT8_MAX, 0 }, /* mLDP MP2MP */
};

/* RFC 6514 section 5: flags, tunnel type, label (3), identifier. Types that came later are not
 * looked into. */
const char *pmsi_tunnel_read(struct attribute_reading *reading, struct cursor value)
{
	size_t length;
	uint8_t type;

	(void)reading;
	cursor_skip(&value, 1);
	type = cursor_u8(&value);
	cursor_skip(&value, 3);
	length = cursor_left(&value);
	if (value.failed)
		return "PMSI_TUNNEL is shorter than five bytes";
	if (type >= sizeof(pmsi_identifiers) / sizeof(pmsi_identifiers[0]) ||
		pmsi_identifiers[type].ipv4 == UINT8_MAX ||
		length == pmsi_identifiers[type].ipv4 || length == pmsi_identifiers[type].ipv6)
		return NULL;
	return "PMSI_TUNNEL has an identifier of a wrong length";
}

/* One sub-TLV: types from 128 on have a length of two bytes (RFC 9012 section 2). */
static bool sub_tlvs_good(struct cursor list)
{
	while (cursor_left(&list) > 0) {
		uint8_t type = cursor_u8(&list);

		cursor_skip(&list, type < 128 ? cursor_u8(&list) : cursor_u16(&list));
	}
	return !list.failed;
}

/* RFC 9012 sections 2 and 13. */
const char *tunnel_encapsulation_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 2, .length = 2 };
	struct tlv tlv;

	(void)reading;
	if (cursor_left(&value) == 0)
		return "TUNNEL_ENCAPSULATION is empty";
	while (tlv_next(&value, &form, &tlv))
		if (!sub_tlvs_good(tlv.value))
			return "TUNNEL_ENCAPSULATION has a sub-TLV that runs past its tunnel";
	return value.failed ? "TUNNEL_ENCAPSULATION has a tunnel that runs past the attribute"
			    : NULL;
}

/* RFC 5543 section 3: capability, encoding, reserved (2), eight bandwidths, and what belongs to
 * the capability. */
const char *traffic_engineering_read(struct attribute_reading *reading, struct cursor value)
{
	(void)reading;
	return cursor_left(&value) < 36 ? "TRAFFIC_ENGINEERING is shorter than 36 bytes" : NULL;
}

/* RFC 5701 section 2. */
const char *ipv6_extended_read(struct attribute_reading *reading, struct cursor value)
{
	(void)reading;
	if (cursor_left(&value) == 0 || cursor_left(&value) % 20 != 0)
		return "IPV6_EXTENDED_COMMUNITIES is empty or not a multiple of twenty bytes long";
	return NULL;
}

/* RFC 7311 sections 3 and 3.2. */
const char *aigp_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 1, .length = 2, .counts_head = true };
	struct tlv tlv;

	(void)reading;
	if (cursor_left(&value) == 0)
		return "AIGP is empty";
	while (tlv_next(&value, &form, &tlv))
		if (tlv.type == 1 && cursor_left(&tlv.value) != 8)
			return "AIGP has a metric that is not eight bytes long";
	return value.failed ? "AIGP has a TLV of a wrong length" : NULL;
}

/* RFC 6514 section 8: rows of an address of either family and a label (3). */
const char *pe_labels_read(struct attribute_reading *reading, struct cursor value)
{
	size_t length = cursor_left(&value);

	(void)reading;
	if (length == 0 || (length % 7 != 0 && length % 19 != 0))
		return "PE_DISTINGUISHER_LABELS does not consist of addresses and labels";
	return NULL;
}

/* RFC 9552 sections 5.1 and 8.2.2. */
const char *link_state_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 2, .length = 2 };
	struct tlv tlv;

	(void)reading;
	while (tlv_next(&value, &form, &tlv))
		continue;
	return value.failed ? "BGP_LS has a TLV that runs past the attribute" : NULL;
}

/* Domain segments: a count, and as many domains of seven bytes. */
const char *domain_path_read(struct attribute_reading *reading, struct cursor value)
{
	(void)reading;
	if (cursor_left(&value) == 0)
		return "D-PATH is empty";
	while (cursor_left(&value) > 0) {
		uint8_t count = cursor_u8(&value);

		if (count == 0)
			return "D-PATH has an empty segment";
		cursor_skip(&value, count * 7u);
	}
	return value.failed ? "D-PATH has a segment that runs past the attribute" : NULL;
}

/* RFC 9015 section 3.2. */
const char *sfp_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 1, .length = 2 };
	struct tlv tlv;

	(void)reading;
	if (cursor_left(&value) == 0)
		return "SFP is empty";
	while (tlv_next(&value, &form, &tlv))
		continue;
	return value.failed ? "SFP has a TLV that runs past the attribute" : NULL;
}

/* RFC 9026 section 3.1.6: mode, discriminator (4), and a TLV with the source's address. */
const char *bfd_discriminator_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 1, .length = 1 };
	struct tlv tlv;
	bool source = false;

	(void)reading;
	cursor_skip(&value, 5);
	while (tlv_next(&value, &form, &tlv)) {
		size_t length = cursor_left(&tlv.value);

		if (tlv.type == 1 && length != 4 && length != 16)
			return "BFD_DISCRIMINATOR has a source that is no address";
		source |= tlv.type == 1;
	}
	if (value.failed)
		return "BFD_DISCRIMINATOR has a TLV that runs past the attribute, or no head";
	return source ? NULL : "BFD_DISCRIMINATOR has no source";
}

/* RFC 8669 sections 3.1, 3.2 and 6: a label index of seven bytes; flags and ranges of six. */
const char *prefix_sid_read(struct attribute_reading *reading, struct cursor value)
{
	static const struct tlv_form form = { .type = 1, .length = 2 };
	struct tlv tlv;

	(void)reading;
	if (cursor_left(&value) == 0)
		return "PREFIX_SID is empty";
	while (tlv_next(&value, &form, &tlv)) {
		size_t length = cursor_left(&tlv.value);

		if (tlv.type == 1 && length != 7)
			return "PREFIX_SID has a label index that is not seven bytes long";
		if (tlv.type == 3 && (length < 8 || (length - 2) % 6 != 0))
			return "PREFIX_SID has an originator SRGB of a wrong length";
	}
	return value.failed ? "PREFIX_SID has a TLV that runs past the attribute" : NULL;
}

/* RFC 6368 section 5: an AS number and a list of attributes. What is in them is for who takes
 * them out of the VPN: never looked at here, so that nothing nests. */
const char *attr_set_read(struct attribute_reading *reading, struct cursor value)
{
	(void)reading;
	cursor_skip(&value, 4);
	while (cursor_left(&value) > 0) {
		uint8_t flags = cursor_u8(&value);

		cursor_skip(&value, 1);
		cursor_skip(&value,
			flags & ATTRIBUTE_EXTENDED ? cursor_u16(&value) : cursor_u8(&value));
	}
	return value.failed ? "ATTR_SET is cut short, or has an attribute that runs past it"
			    : NULL;
}
