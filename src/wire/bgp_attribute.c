/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path attributes as a table, a row an attribute: name, flags, what a malformation costs
 * (RFC 7606 section 7), how to read, how to write.
 *
 * Invariants:
 *  1. A read function gets a cursor over exactly the attribute's value and cannot leave it.
 *  2. A read function that reports a malformation has changed no attribute.
 *  3. What a write function writes, the same row's read function reads back.
 */
#include "wire/bgp_attribute_table.h"

static void present(struct attribute_reading *reading, enum bgp_attribute_code code)
{
	reading->update->attributes.present |= 1ull << code;
}

static const char *no_memory(struct attribute_reading *reading)
{
	reading->no_memory = true;
	return "out of memory";
}

/* RFC 4271 section 5.1.1, RFC 7606 section 7.1. */
static const char *origin_read(struct attribute_reading *reading, struct cursor value)
{
	uint8_t origin = cursor_u8(&value);

	if (!cursor_done(&value))
		return "ORIGIN is not one byte long";
	if (origin > BGP_ORIGIN_INCOMPLETE)
		return "ORIGIN has an undefined value";
	reading->update->attributes.origin = origin;
	present(reading, BGP_ATTRIBUTE_ORIGIN);
	return NULL;
}

static void origin_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u8(w, attributes->origin);
}

/* RFC 4271 section 5.1.2, RFC 7606 section 7.2. Put into the set when AS4_PATH is known. */
static const char *as_path_attribute_read(
	struct attribute_reading *reading, struct cursor value)
{
	const char *reason =
		as_path_check(value, reading->context->four_octet_as, reading->context->ibgp);

	if (reason != NULL)
		return reason;
	if (!as_path_take(
		    value, reading->context->four_octet_as, reading->arena, &reading->as_path))
		return no_memory(reading);
	if (reading->context->as_path_max != 0 &&
		as_path_numbers(&reading->as_path) > reading->context->as_path_max)
		return "AS_PATH is longer than the configured cap";
	present(reading, BGP_ATTRIBUTE_AS_PATH);
	return NULL;
}

static struct as_path path_of(const struct bgp_attributes *attributes)
{
	return (struct as_path){ attributes->as_path, attributes->as_path_size };
}

static void as_path_attribute_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	struct as_path path = path_of(attributes);

	as_path_write(w, &path, context->four_octet_as);
}

bool attribute_next_hop_sane(const struct address *address)
{
	return !address_is_any(address) && !address_is_multicast(address) &&
	       !address_is_loopback(address) && address->family != FAMILY_NONE &&
	       !(address->family == FAMILY_IPV4 && address->bytes[0] >= 240);
}

/* RFC 4271 section 6.3 (a unicast host address), RFC 7606 section 7.3. */
static const char *next_hop_read(struct attribute_reading *reading, struct cursor value)
{
	struct address next_hop = { .family = FAMILY_IPV4 };

	cursor_copy(&value, next_hop.bytes, 4);
	if (!cursor_done(&value))
		return "NEXT_HOP is not four bytes long";
	if (!attribute_next_hop_sane(&next_hop))
		return "NEXT_HOP is not the address of a host";
	reading->update->attributes.next_hop = next_hop;
	present(reading, BGP_ATTRIBUTE_NEXT_HOP);
	return NULL;
}

static void next_hop_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_bytes(w, attributes->next_hop.bytes, 4);
}

/* RFC 7606 section 7.4. */
static const char *med_read(struct attribute_reading *reading, struct cursor value)
{
	uint32_t med = cursor_u32(&value);

	if (!cursor_done(&value))
		return "MULTI_EXIT_DISC is not four bytes long";
	reading->update->attributes.med = med;
	present(reading, BGP_ATTRIBUTE_MED);
	return NULL;
}

static void med_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u32(w, attributes->med);
}

/* RFC 7606 section 7.5. */
static const char *local_pref_read(struct attribute_reading *reading, struct cursor value)
{
	uint32_t local_pref = cursor_u32(&value);

	if (!cursor_done(&value))
		return "LOCAL_PREF is not four bytes long";
	reading->update->attributes.local_pref = local_pref;
	present(reading, BGP_ATTRIBUTE_LOCAL_PREF);
	return NULL;
}

static void local_pref_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u32(w, attributes->local_pref);
}

/* RFC 7606 section 7.6. */
static const char *atomic_aggregate_read(struct attribute_reading *reading, struct cursor value)
{
	if (!cursor_done(&value))
		return "ATOMIC_AGGREGATE is not empty";
	reading->update->attributes.atomic_aggregate = true;
	present(reading, BGP_ATTRIBUTE_ATOMIC_AGGREGATE);
	return NULL;
}

static void atomic_aggregate_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)w;
	(void)context;
	(void)attributes;
}

/* RFC 7606 section 7.7; AS 0 is malformed by RFC 7607 section 2. */
static const char *aggregator_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_attributes *attributes = &reading->update->attributes;
	uint32_t asn =
		reading->context->four_octet_as ? cursor_u32(&value) : cursor_u16(&value);
	struct address address = { .family = FAMILY_IPV4 };

	cursor_copy(&value, address.bytes, 4);
	if (!cursor_done(&value))
		return "AGGREGATOR has a wrong length";
	if (asn == 0)
		return "AGGREGATOR has AS 0";
	attributes->aggregator_asn = asn;
	attributes->aggregator_address = address;
	present(reading, BGP_ATTRIBUTE_AGGREGATOR);
	return NULL;
}

static void aggregator_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	uint32_t asn = attributes->aggregator_asn;

	if (context->four_octet_as)
		writer_u32(w, asn);
	else
		writer_u16(w, asn > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)asn);
	writer_bytes(w, attributes->aggregator_address.bytes, 4);
}

/* Arrays of 32-bit numbers: COMMUNITIES, CLUSTER_LIST. NULL if the length does not fit. */
static const uint32_t *numbers_read(
	struct attribute_reading *reading, struct cursor value, uint16_t *ret_count)
{
	size_t count = cursor_left(&value) / 4;
	uint32_t *numbers;

	if (count == 0 || cursor_left(&value) % 4 != 0)
		return NULL;
	numbers = arena_take_array(reading->arena, count, sizeof(*numbers));
	if (numbers == NULL) {
		(void)no_memory(reading);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		numbers[i] = cursor_u32(&value);
	*ret_count = (uint16_t)count;
	return numbers;
}

/* RFC 7606 section 7.8. */
static const char *communities_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_attributes *attributes = &reading->update->attributes;
	uint16_t count = 0;
	const uint32_t *communities = numbers_read(reading, value, &count);

	if (communities == NULL)
		return "COMMUNITIES is empty or not a multiple of four bytes long";
	attributes->communities = communities;
	attributes->community_count = count;
	present(reading, BGP_ATTRIBUTE_COMMUNITIES);
	return NULL;
}

static void communities_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	for (unsigned i = 0; i < attributes->community_count; i++)
		writer_u32(w, attributes->communities[i]);
}

/* RFC 7606 section 7.9. */
static const char *originator_read(struct attribute_reading *reading, struct cursor value)
{
	uint32_t originator = cursor_u32(&value);

	if (!cursor_done(&value))
		return "ORIGINATOR_ID is not four bytes long";
	reading->update->attributes.originator_id = originator;
	present(reading, BGP_ATTRIBUTE_ORIGINATOR_ID);
	return NULL;
}

static void originator_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u32(w, attributes->originator_id);
}

/* RFC 7606 section 7.10. */
static const char *cluster_list_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_attributes *attributes = &reading->update->attributes;
	uint16_t count = 0;
	const uint32_t *list = numbers_read(reading, value, &count);

	if (list == NULL)
		return "CLUSTER_LIST is empty or not a multiple of four bytes long";
	attributes->cluster_list = list;
	attributes->cluster_count = count;
	present(reading, BGP_ATTRIBUTE_CLUSTER_LIST);
	return NULL;
}

static void cluster_list_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	for (unsigned i = 0; i < attributes->cluster_count; i++)
		writer_u32(w, attributes->cluster_list[i]);
}

/* RFC 7606 section 7.14. */
static const char *extended_read(struct attribute_reading *reading, struct cursor value)
{
	struct bgp_attributes *attributes = &reading->update->attributes;
	size_t count = cursor_left(&value) / 8;
	uint64_t *communities;

	if (count == 0 || cursor_left(&value) % 8 != 0)
		return "EXTENDED_COMMUNITIES is empty or not a multiple of eight bytes long";
	communities = arena_take_array(reading->arena, count, sizeof(*communities));
	if (communities == NULL)
		return no_memory(reading);
	for (size_t i = 0; i < count; i++)
		communities[i] = cursor_u64(&value);
	attributes->extended_communities = communities;
	attributes->extended_community_count = (uint16_t)count;
	present(reading, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES);
	return NULL;
}

static void extended_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	for (unsigned i = 0; i < attributes->extended_community_count; i++)
		writer_u64(w, attributes->extended_communities[i]);
}

/* RFC 6793 section 6: a NEW speaker must not send it to a NEW speaker; then it is dropped. */
static const char *as4_path_attribute_read(
	struct attribute_reading *reading, struct cursor value)
{
	const char *reason;

	if (reading->context->four_octet_as)
		return "AS4_PATH on a session with four-octet AS numbers";
	if (cursor_left(&value) < 6)
		return "AS4_PATH is too short";
	reason = as_path_check(value, true, true);
	if (reason != NULL)
		return reason;
	if (!as_path_take(value, true, reading->arena, &reading->as4_path) ||
		!as_path_strip_confed(&reading->as4_path, reading->arena))
		return no_memory(reading);
	present(reading, BGP_ATTRIBUTE_AS4_PATH);
	return NULL;
}

static void as4_path_attribute_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	struct as_path path = path_of(attributes);

	(void)context;
	as4_path_write(w, &path);
}

/* RFC 6793 section 6. */
static const char *as4_aggregator_read(struct attribute_reading *reading, struct cursor value)
{
	uint32_t asn = cursor_u32(&value);
	struct address address = { .family = FAMILY_IPV4 };

	cursor_copy(&value, address.bytes, 4);
	if (reading->context->four_octet_as)
		return "AS4_AGGREGATOR on a session with four-octet AS numbers";
	if (!cursor_done(&value))
		return "AS4_AGGREGATOR is not eight bytes long";
	if (asn == 0)
		return "AS4_AGGREGATOR has AS 0";
	reading->as4_aggregator_asn = asn;
	reading->as4_aggregator_address = address;
	present(reading, BGP_ATTRIBUTE_AS4_AGGREGATOR);
	return NULL;
}

static void as4_aggregator_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u32(w, attributes->aggregator_asn);
	writer_bytes(w, attributes->aggregator_address.bytes, 4);
}

/* RFC 9234 section 5. */
static const char *only_to_customer_read(struct attribute_reading *reading, struct cursor value)
{
	uint32_t asn = cursor_u32(&value);

	if (!cursor_done(&value))
		return "ONLY_TO_CUSTOMER is not four bytes long";
	reading->update->attributes.only_to_customer = asn;
	present(reading, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER);
	return NULL;
}

static void only_to_customer_write(struct writer *w, const struct bgp_context *context,
	const struct bgp_attributes *attributes)
{
	(void)context;
	writer_u32(w, attributes->only_to_customer);
}

#define WELL_KNOWN          ATTRIBUTE_TRANSITIVE
#define OPTIONAL_TRANSITIVE (ATTRIBUTE_OPTIONAL | ATTRIBUTE_TRANSITIVE)
#define OPTIONAL_LOCAL      ATTRIBUTE_OPTIONAL

#define ROW(code, flags, malformed, subcode, ibgp_only, name, reference, function)       \
	[BGP_ATTRIBUTE_##code] = { BGP_ATTRIBUTE_##code, flags, BGP_VERDICT_##malformed, \
		BGP_VERDICT_TREAT_AS_WITHDRAW, BGP_UPDATE_##subcode, ibgp_only, name,    \
		reference, function##_read, function##_write }

/* Known but not carried: what wrong flags cost beside what a wrong value costs. */
#define DROP(code, flags, malformed, conflict, reference, function)                      \
	[BGP_ATTRIBUTE_##code] = { BGP_ATTRIBUTE_##code, flags, BGP_VERDICT_##malformed, \
		BGP_VERDICT_##conflict, BGP_UPDATE_OPTIONAL_ATTRIBUTE, false, #code,     \
		reference, function##_read, NULL }

/* By code; a row without a name is of an attribute that is not understood. */
static const struct attribute_row rows[] = {
	ROW(ORIGIN, WELL_KNOWN, TREAT_AS_WITHDRAW, INVALID_ORIGIN, false, "ORIGIN",
		"RFC 7606 section 7.1", origin),
	ROW(AS_PATH, WELL_KNOWN, TREAT_AS_WITHDRAW, MALFORMED_AS_PATH, false, "AS_PATH",
		"RFC 7606 section 7.2", as_path_attribute),
	ROW(NEXT_HOP, WELL_KNOWN, TREAT_AS_WITHDRAW, INVALID_NEXT_HOP, false, "NEXT_HOP",
		"RFC 7606 section 7.3", next_hop),
	ROW(MED, OPTIONAL_LOCAL, TREAT_AS_WITHDRAW, ATTRIBUTE_LENGTH, false, "MULTI_EXIT_DISC",
		"RFC 7606 section 7.4", med),
	ROW(LOCAL_PREF, WELL_KNOWN, TREAT_AS_WITHDRAW, ATTRIBUTE_LENGTH, true, "LOCAL_PREF",
		"RFC 7606 section 7.5", local_pref),
	ROW(ATOMIC_AGGREGATE, WELL_KNOWN, ATTRIBUTE_DISCARD, ATTRIBUTE_LENGTH, false,
		"ATOMIC_AGGREGATE", "RFC 7606 section 7.6", atomic_aggregate),
	ROW(AGGREGATOR, OPTIONAL_TRANSITIVE, ATTRIBUTE_DISCARD, OPTIONAL_ATTRIBUTE, false,
		"AGGREGATOR", "RFC 7606 section 7.7", aggregator),
	ROW(COMMUNITIES, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE, false,
		"COMMUNITIES", "RFC 7606 section 7.8", communities),
	ROW(ORIGINATOR_ID, OPTIONAL_LOCAL, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE, true,
		"ORIGINATOR_ID", "RFC 7606 section 7.9", originator),
	ROW(CLUSTER_LIST, OPTIONAL_LOCAL, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE, true,
		"CLUSTER_LIST", "RFC 7606 section 7.10", cluster_list),
	[BGP_ATTRIBUTE_MP_REACH] = { BGP_ATTRIBUTE_MP_REACH, OPTIONAL_LOCAL,
		BGP_VERDICT_SESSION_RESET, BGP_VERDICT_SESSION_RESET,
		BGP_UPDATE_OPTIONAL_ATTRIBUTE, false, "MP_REACH_NLRI", "RFC 7606 section 7.11",
		NULL, NULL },
	[BGP_ATTRIBUTE_MP_UNREACH] = { BGP_ATTRIBUTE_MP_UNREACH, OPTIONAL_LOCAL,
		BGP_VERDICT_SESSION_RESET, BGP_VERDICT_SESSION_RESET,
		BGP_UPDATE_OPTIONAL_ATTRIBUTE, false, "MP_UNREACH_NLRI",
		"RFC 7606 section 7.12", NULL, NULL },
	ROW(EXTENDED_COMMUNITIES, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE,
		false, "EXTENDED_COMMUNITIES", "RFC 7606 section 7.14", extended),
	ROW(AS4_PATH, OPTIONAL_TRANSITIVE, ATTRIBUTE_DISCARD, OPTIONAL_ATTRIBUTE, false,
		"AS4_PATH", "RFC 6793 section 6", as4_path_attribute),
	ROW(AS4_AGGREGATOR, OPTIONAL_TRANSITIVE, ATTRIBUTE_DISCARD, OPTIONAL_ATTRIBUTE, false,
		"AS4_AGGREGATOR", "RFC 6793 section 6", as4_aggregator),
	ROW(LARGE_COMMUNITIES, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE,
		false, "LARGE_COMMUNITY", "RFC 8092 section 6", large),
	ROW(ONLY_TO_CUSTOMER, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, OPTIONAL_ATTRIBUTE, false,
		"ONLY_TO_CUSTOMER", "RFC 9234 section 5", only_to_customer),
	DROP(PMSI_TUNNEL, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 6514 section 5", pmsi_tunnel),
	DROP(TUNNEL_ENCAPSULATION, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 9012 section 13", tunnel_encapsulation),
	DROP(TRAFFIC_ENGINEERING, OPTIONAL_LOCAL, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 7606 section 7.13", traffic_engineering),
	DROP(IPV6_EXTENDED_COMMUNITIES, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW,
		TREAT_AS_WITHDRAW, "RFC 7606 section 7.15", ipv6_extended),
	DROP(AIGP, OPTIONAL_LOCAL, ATTRIBUTE_DISCARD, ATTRIBUTE_DISCARD, "RFC 7311 section 3.2",
		aigp),
	DROP(PE_DISTINGUISHER_LABELS, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 6514 section 8", pe_labels),
	DROP(BGP_LS, OPTIONAL_LOCAL, ATTRIBUTE_DISCARD, TREAT_AS_WITHDRAW,
		"RFC 9552 section 8.2.2", link_state),
	DROP(D_PATH, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"draft-ietf-bess-evpn-ipvpn-interworking section 4", domain_path),
	DROP(SFP, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 9015 section 3.2", sfp),
	DROP(BFD_DISCRIMINATOR, OPTIONAL_TRANSITIVE, ATTRIBUTE_DISCARD, TREAT_AS_WITHDRAW,
		"RFC 9026 section 3.1.6", bfd_discriminator),
	DROP(PREFIX_SID, OPTIONAL_TRANSITIVE, ATTRIBUTE_DISCARD, TREAT_AS_WITHDRAW,
		"RFC 8669 section 6", prefix_sid),
	DROP(ATTR_SET, OPTIONAL_TRANSITIVE, TREAT_AS_WITHDRAW, TREAT_AS_WITHDRAW,
		"RFC 7606 section 7.16", attr_set),
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

const struct attribute_row *attribute_row_of(uint8_t code)
{
	return code < ROW_COUNT && rows[code].name != NULL ? &rows[code] : NULL;
}

const char *bgp_attribute_name(uint8_t code)
{
	const struct attribute_row *row = attribute_row_of(code);

	return row == NULL ? "unknown" : row->name;
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
	return size == 0 || memcmp(a, b, size) == 0;
}

static bool same_arrays(const struct bgp_attributes *a, const struct bgp_attributes *b)
{
	return a->as_path_size == b->as_path_size && a->cluster_count == b->cluster_count &&
	       a->community_count == b->community_count &&
	       a->extended_community_count == b->extended_community_count &&
	       a->large_community_count == b->large_community_count &&
	       same_bytes(a->as_path, b->as_path, a->as_path_size) &&
	       same_bytes(a->cluster_list, b->cluster_list, a->cluster_count * 4u) &&
	       same_bytes(a->communities, b->communities, a->community_count * 4u) &&
	       same_bytes(a->extended_communities, b->extended_communities,
		       a->extended_community_count * 8u) &&
	       same_bytes(a->large_communities, b->large_communities,
		       a->large_community_count * sizeof(*a->large_communities));
}

bool bgp_attributes_equal(const struct bgp_attributes *a, const struct bgp_attributes *b)
{
	return a->present == b->present && a->origin == b->origin &&
	       a->atomic_aggregate == b->atomic_aggregate &&
	       address_equal(&a->next_hop, &b->next_hop) &&
	       address_equal(&a->next_hop_link_local, &b->next_hop_link_local) &&
	       a->med == b->med && a->local_pref == b->local_pref &&
	       a->aggregator_asn == b->aggregator_asn &&
	       address_equal(&a->aggregator_address, &b->aggregator_address) &&
	       a->originator_id == b->originator_id &&
	       a->only_to_customer == b->only_to_customer && a->weight == b->weight &&
	       same_arrays(a, b);
}
