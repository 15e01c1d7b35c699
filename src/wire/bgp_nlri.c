/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes on the wire: length in bits (1), then as many bytes as the bits need.
 *
 * Invariant: after nlri_check said yes, bgp_nlri_next never fails before the end.
 *
 * RFC 4271 section 4.3, RFC 4760 section 5, RFC 7606 section 5.3, RFC 7911 section 3.
 */
#include "wire/bgp_nlri.h"

#include "wire/flowspec.h"

#define FLOWSPEC_LONG 240u /* lengths from here on take two bytes: RFC 8955 section 4.1 */

static enum family family_of(const struct bgp_nlri *nlri)
{
	return bgp_family_addresses((enum bgp_family)nlri->family);
}

static const char *flowspec_check(struct cursor c)
{
	while (cursor_left(&c) > 0) {
		uint32_t length = cursor_u8(&c);

		if (length >= FLOWSPEC_LONG)
			length = (length & 0x0f) << 8 | cursor_u8(&c);
		cursor_skip(&c, length);
		if (c.failed)
			return "a flow specification runs past the end of its field";
	}
	return NULL;
}

const char *nlri_check(const struct bgp_nlri *nlri)
{
	struct cursor c = nlri->bytes;
	uint8_t most = family_bits(family_of(nlri));

	if (bgp_family_is_flowspec(nlri->family))
		return flowspec_check(c);
	while (cursor_left(&c) > 0) {
		uint8_t bits;

		if (nlri->add_path)
			cursor_skip(&c, 4);
		bits = cursor_u8(&c);
		if (c.failed)
			return "a prefix is cut short";
		if (bits > most)
			return "a prefix is longer than its address family allows";
		cursor_skip(&c, (bits + 7u) / 8u);
		if (c.failed)
			return "a prefix runs past the end of its field";
	}
	return NULL;
}

bool bgp_nlri_next(struct bgp_nlri *nlri, struct prefix *ret_prefix, uint32_t *ret_path_id)
{
	struct cursor *c = &nlri->bytes;
	unsigned bytes, spare;

	if (c->failed || cursor_left(c) == 0 || bgp_family_is_flowspec(nlri->family))
		return false;
	*ret_path_id = nlri->add_path ? cursor_u32(c) : 0;
	*ret_prefix = (struct prefix){ .address.family = (uint8_t)family_of(nlri) };
	ret_prefix->length = cursor_u8(c);
	if (ret_prefix->length > family_bits(family_of(nlri)))
		return false;
	bytes = (ret_prefix->length + 7u) / 8u;
	cursor_copy(c, ret_prefix->address.bytes, bytes);
	/* RFC 4271 section 4.3: the value of trailing bits is irrelevant. */
	spare = bytes * 8u - ret_prefix->length;
	if (spare > 0)
		ret_prefix->address.bytes[bytes - 1] &= (uint8_t)(0xffu << spare);
	return !c->failed;
}

static size_t key_size(bool add_path, const struct bgp_route_key *key)
{
	if (key->rule != NULL)
		return (key->rule->length < FLOWSPEC_LONG ? 1u : 2u) + key->rule->length;
	return (add_path ? 5u : 1u) + (key->prefix.length + 7u) / 8u;
}

size_t nlri_fit(bool add_path, const struct bgp_route_key *keys, size_t count, size_t room,
	size_t *ret_size)
{
	size_t i, size = 0;

	for (i = 0; i < count; i++) {
		size_t more = key_size(add_path, &keys[i]);

		if (more > room - size)
			break;
		size += more;
	}
	*ret_size = size;
	return i;
}

void nlri_write(struct writer *w, bool add_path, const struct bgp_route_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct prefix *prefix = &keys[i].prefix;

		if (keys[i].rule != NULL) {
			flowspec_write(w, keys[i].rule);
			continue;
		}
		if (add_path)
			writer_u32(w, keys[i].path_id);
		writer_u8(w, prefix->length);
		writer_bytes(w, prefix->address.bytes, (prefix->length + 7u) / 8u);
	}
}
