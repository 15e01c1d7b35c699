/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute sets in one piece, each part only if it is present:
 *
 *     header | AS path, filled up to 4 | MED | LOCAL_PREF | ORIGINATOR_ID | ONLY_TO_CUSTOMER |
 *     aggregator: AS, address | numbers of clusters, extended, large, 0 | number of the next
 *     hops | cluster list | communities | large communities | filled up to 8, extended
 *     communities
 *
 * Invariants:
 *  1. Fill is zero, and what is not present has no bytes: equal sets have equal bytes.
 *  2. The header and the numbers behind it tell the length, so no object is the beginning of
 *     another.
 */
#include "route/attribute_object.h"

#include <string.h>

#define HEADER_SIZE        offsetof(struct attribute_object, path)
#define LOCAL_PREF_DEFAULT 100u

/* Bits of attribute_object.form. The first ten are those of the codes 1 to 10. */
enum form {
	FORM_AS_PATH = 1u << (BGP_ATTRIBUTE_AS_PATH - 1),
	FORM_MED = 1u << (BGP_ATTRIBUTE_MED - 1),
	FORM_LOCAL_PREF = 1u << (BGP_ATTRIBUTE_LOCAL_PREF - 1),
	FORM_ATOMIC_AGGREGATE = 1u << (BGP_ATTRIBUTE_ATOMIC_AGGREGATE - 1),
	FORM_AGGREGATOR = 1u << (BGP_ATTRIBUTE_AGGREGATOR - 1),
	FORM_COMMUNITIES = 1u << (BGP_ATTRIBUTE_COMMUNITIES - 1),
	FORM_ORIGINATOR = 1u << (BGP_ATTRIBUTE_ORIGINATOR_ID - 1),
	FORM_CLUSTERS = 1u << (BGP_ATTRIBUTE_CLUSTER_LIST - 1),
	FORM_LOW = (1u << 10) - 1,
	FORM_EXTENDED = 1u << 10,
	FORM_LARGE = 1u << 11,
	FORM_ONLY_TO_CUSTOMER = 1u << 12,
	FORM_WEIGHT = 1u << 13,

	FORM_NEXT_HOP_IPV4 = 1u << 16,
	FORM_NEXT_HOP_IPV6 = 1u << 17,
	FORM_LINK_LOCAL = 1u << 18,
	FORM_HOP = FORM_NEXT_HOP_IPV4 | FORM_NEXT_HOP_IPV6 | FORM_LINK_LOCAL,
	FORM_ORIGIN_SHIFT = 19, /* two bits */

	FORM_NO_EXPORT = 1u << 21,
	FORM_NO_ADVERTISE = 1u << 22,
	FORM_GRACEFUL_SHUTDOWN = 1u << 23,
	FORM_BLACKHOLE = 1u << 24,
	FORM_LLGR_STALE = 1u << 25,
	FORM_NO_LLGR = 1u << 26,

	/* Their numbers of elements take two words. */
	FORM_COUNTED = FORM_CLUSTERS | FORM_EXTENDED | FORM_LARGE,
};

struct counts {
	uint16_t clusters, extended, large, zero;
};

/* ---- From attributes to an object. ---- */

static size_t filled(size_t size, size_t unit)
{
	return (size + unit - 1) & ~(unit - 1);
}

static uint32_t community_flag(uint32_t community)
{
	switch (community) {
	case BGP_COMMUNITY_GRACEFUL_SHUTDOWN:
		return FORM_GRACEFUL_SHUTDOWN;
	case BGP_COMMUNITY_LLGR_STALE:
		return FORM_LLGR_STALE;
	case BGP_COMMUNITY_NO_LLGR:
		return FORM_NO_LLGR;
	case BGP_COMMUNITY_BLACKHOLE:
		return FORM_BLACKHOLE;
	case BGP_COMMUNITY_NO_EXPORT:
	case BGP_COMMUNITY_NO_EXPORT_SUBCONFED:
		return FORM_NO_EXPORT;
	case BGP_COMMUNITY_NO_ADVERTISE:
		return FORM_NO_ADVERTISE;
	default:
		return 0;
	}
}

static uint32_t community_flags(const struct bgp_attributes *a)
{
	uint32_t flags = 0;

	for (unsigned i = 0; i < a->community_count; i++)
		if (a->communities[i] >> 16 == 0xffff)
			flags |= community_flag(a->communities[i]);
	return flags;
}

static uint32_t next_hop_form(const struct bgp_attributes *a)
{
	uint32_t form = a->next_hop_link_local.family == FAMILY_IPV6 ? FORM_LINK_LOCAL : 0;

	if (a->next_hop.family == FAMILY_IPV4)
		return form | FORM_NEXT_HOP_IPV4;
	return a->next_hop.family == FAMILY_IPV6 ? form | FORM_NEXT_HOP_IPV6 : form;
}

uint32_t attribute_form(const struct bgp_attributes *attributes)
{
	const struct bgp_attributes *a = attributes;
	uint32_t form = (uint32_t)(a->present >> 1) & FORM_LOW;

	if (bgp_attribute_present(a, BGP_ATTRIBUTE_EXTENDED_COMMUNITIES) &&
		a->extended_community_count > 0)
		form |= FORM_EXTENDED;
	if (bgp_attribute_present(a, BGP_ATTRIBUTE_LARGE_COMMUNITIES) &&
		a->large_community_count > 0)
		form |= FORM_LARGE;
	if (bgp_attribute_present(a, BGP_ATTRIBUTE_ONLY_TO_CUSTOMER))
		form |= FORM_ONLY_TO_CUSTOMER;
	if (a->cluster_count == 0)
		form &= ~(uint32_t)FORM_CLUSTERS;
	if (a->community_count == 0)
		form &= ~(uint32_t)FORM_COMMUNITIES;
	if (form & FORM_COMMUNITIES)
		form |= community_flags(a);
	if (a->weight != 0)
		form |= FORM_WEIGHT;
	if (bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGIN))
		form |= (uint32_t)(a->origin & 3) << FORM_ORIGIN_SHIFT;
	return form | next_hop_form(a);
}

static size_t path_size_of(const struct bgp_attributes *a, uint32_t form)
{
	return form & FORM_AS_PATH ? a->as_path_size : 0;
}

static unsigned has(uint32_t form, uint32_t bit)
{
	return (form & bit) != 0;
}

/* From MED to the aggregator. */
static size_t words_size(uint32_t form)
{
	unsigned words = has(form, FORM_MED) + has(form, FORM_LOCAL_PREF) +
			 has(form, FORM_ORIGINATOR) + has(form, FORM_ONLY_TO_CUSTOMER) +
			 has(form, FORM_WEIGHT) + 2 * has(form, FORM_AGGREGATOR);

	return 4u * words;
}

size_t attribute_object_size(const struct bgp_attributes *attributes, uint32_t form)
{
	const struct bgp_attributes *a = attributes;
	size_t size = HEADER_SIZE + filled(path_size_of(a, form), 4) + words_size(form);

	if (form & FORM_COUNTED)
		size += sizeof(struct counts);
	if (form & FORM_HOP)
		size += 4;
	if (form & FORM_CLUSTERS)
		size += 4u * a->cluster_count;
	if (form & FORM_COMMUNITIES)
		size += 4u * a->community_count;
	if (form & FORM_LARGE)
		size += sizeof(struct bgp_large_community) * a->large_community_count;
	if (form & FORM_EXTENDED)
		size = filled(size, 8) + 8u * a->extended_community_count;
	return size;
}

static uint8_t *place(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *place_words(uint8_t *at, const struct bgp_attributes *a, uint32_t form)
{
	if (form & FORM_MED)
		at = place(at, &a->med, 4);
	if (form & FORM_LOCAL_PREF)
		at = place(at, &a->local_pref, 4);
	if (form & FORM_ORIGINATOR)
		at = place(at, &a->originator_id, 4);
	if (form & FORM_ONLY_TO_CUSTOMER)
		at = place(at, &a->only_to_customer, 4);
	if (form & FORM_WEIGHT)
		at = place(at, &(const uint32_t){ a->weight }, 4);
	if (form & FORM_AGGREGATOR) {
		at = place(at, &a->aggregator_asn, 4);
		at = place(at, a->aggregator_address.bytes, 4);
	}
	if (form & FORM_COUNTED) {
		struct counts counts = {
			.clusters = form & FORM_CLUSTERS ? a->cluster_count : 0,
			.extended = form & FORM_EXTENDED ? a->extended_community_count : 0,
			.large = form & FORM_LARGE ? a->large_community_count : 0,
		};

		at = place(at, &counts, sizeof(counts));
	}
	return at;
}

static void place_lists(uint8_t *at, const struct bgp_attributes *a, uint32_t form)
{
	if (form & FORM_CLUSTERS)
		at = place(at, a->cluster_list, 4u * a->cluster_count);
	if (form & FORM_COMMUNITIES)
		at = place(at, a->communities, 4u * a->community_count);
	if (form & FORM_LARGE)
		at = place(at, a->large_communities,
			sizeof(struct bgp_large_community) * a->large_community_count);
	if (form & FORM_EXTENDED) {
		if ((uintptr_t)at % 8 != 0)
			at = place(at, &(const uint32_t){ 0 }, 4);
		place(at, a->extended_communities, 8u * a->extended_community_count);
	}
}

bool attribute_form_has_hop(uint32_t form)
{
	return (form & FORM_HOP) != 0;
}

void attribute_object_build(struct attribute_object *object,
	const struct bgp_attributes *attributes, uint32_t form, uint32_t hop)
{
	const struct bgp_attributes *a = attributes;
	size_t path_size = path_size_of(a, form);
	uint8_t *at = object->path;

	object->references = 1;
	object->form = form;
	object->path_size = (uint16_t)path_size;
	object->community_count = form & FORM_COMMUNITIES ? a->community_count : 0;
	if (path_size > 0)
		at = place(at, a->as_path, path_size);
	while ((uintptr_t)at % 4 != 0)
		*at++ = 0;
	at = place_words(at, a, form);
	if (form & FORM_HOP)
		at = place(at, &hop, 4);
	place_lists(at, a, form);
}

/* ---- From an object to attributes. ---- */

/* Reads the parts of an object in their order. */
struct parts {
	const uint8_t *at;
	uint32_t form;
};

static struct parts parts_of(const struct attribute_object *object)
{
	return (struct parts){ object->path + filled(object->path_size, 4), object->form };
}

static uint32_t word_of(struct parts *parts, uint32_t if_form, uint32_t otherwise)
{
	uint32_t word;

	if (!(parts->form & if_form))
		return otherwise;
	memcpy(&word, parts->at, 4);
	parts->at += 4;
	return word;
}

static uint8_t origin_of(uint32_t form)
{
	return (uint8_t)((form >> FORM_ORIGIN_SHIFT) & 3);
}

static struct counts counts_of(const struct attribute_object *object)
{
	struct counts counts = { 0 };

	if (object->form & FORM_COUNTED)
		memcpy(&counts, parts_of(object).at + words_size(object->form), sizeof(counts));
	return counts;
}

static struct address address_of(struct parts *parts, enum family family)
{
	struct address address = { .family = (uint8_t)family };
	size_t size = address_size(&address);

	memcpy(address.bytes, parts->at, size);
	parts->at += size;
	return address;
}

static const void *list_of(struct parts *parts, size_t count, size_t element)
{
	const void *list = parts->at;

	if (count == 0)
		return NULL;
	parts->at += count * element;
	return list;
}

/* A path of one sequence is looked at in place; the other kinds are rare. */
static void path_summary(
	const struct attribute_object *object, struct attribute_summary *ret_summary)
{
	const uint8_t *path = object->path;
	struct bgp_attributes a;

	ret_summary->path_length = 0;
	ret_summary->neighbor_as = 0;
	if (object->path_size == 0)
		return;
	if (path[0] == BGP_SEGMENT_SEQUENCE && 2 + 4u * path[1] == object->path_size) {
		ret_summary->path_length = path[1];
		ret_summary->neighbor_as = (uint32_t)path[2] << 24 | (uint32_t)path[3] << 16 |
					   (uint32_t)path[4] << 8 | path[5];
		return;
	}
	a = (struct bgp_attributes){ .as_path = path, .as_path_size = object->path_size };
	ret_summary->path_length = (uint16_t)bgp_as_path_length(&a);
	ret_summary->neighbor_as = bgp_as_path_first(&a);
}

void attribute_object_summary(
	const struct attribute_object *object, struct attribute_summary *ret_summary)
{
	struct parts parts = parts_of(object);
	uint32_t form = object->form;

	path_summary(object, ret_summary);
	ret_summary->med = word_of(&parts, FORM_MED, 0);
	ret_summary->local_pref = word_of(&parts, FORM_LOCAL_PREF, LOCAL_PREF_DEFAULT);
	ret_summary->originator_id = word_of(&parts, FORM_ORIGINATOR, 0);
	(void)word_of(&parts, FORM_ONLY_TO_CUSTOMER, 0);
	ret_summary->weight = (uint16_t)word_of(&parts, FORM_WEIGHT, 0);
	ret_summary->cluster_count = counts_of(object).clusters;
	ret_summary->origin = origin_of(form);
	ret_summary->has_med = form & FORM_MED;
	ret_summary->has_local_pref = form & FORM_LOCAL_PREF;
	ret_summary->has_originator = form & FORM_ORIGINATOR;
	ret_summary->no_export = form & FORM_NO_EXPORT;
	ret_summary->no_advertise = form & FORM_NO_ADVERTISE;
	ret_summary->graceful_shutdown = form & FORM_GRACEFUL_SHUTDOWN;
	ret_summary->blackhole = form & FORM_BLACKHOLE;
	ret_summary->llgr_stale = form & FORM_LLGR_STALE;
	ret_summary->no_llgr = form & FORM_NO_LLGR;
}

static uint64_t present_of(uint32_t form)
{
	uint64_t present = (uint64_t)(form & FORM_LOW) << 1;

	if (form & FORM_EXTENDED)
		present |= 1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
	if (form & FORM_LARGE)
		present |= 1ull << BGP_ATTRIBUTE_LARGE_COMMUNITIES;
	if (form & FORM_ONLY_TO_CUSTOMER)
		present |= 1ull << BGP_ATTRIBUTE_ONLY_TO_CUSTOMER;
	return present;
}

static void read_lists(struct parts *parts, struct counts counts, struct bgp_attributes *a)
{
	a->cluster_count = counts.clusters;
	a->extended_community_count = counts.extended;
	a->large_community_count = counts.large;
	a->cluster_list = list_of(parts, counts.clusters, 4);
	a->communities = list_of(parts, a->community_count, 4);
	a->large_communities = list_of(parts, counts.large, sizeof(struct bgp_large_community));
	parts->at += -(uintptr_t)parts->at % 8;
	a->extended_communities = list_of(parts, counts.extended, 8);
}

void attribute_object_read(
	const struct attribute_object *object, struct bgp_attributes *ret_attributes)
{
	struct parts parts = parts_of(object);
	uint32_t form = object->form;
	struct bgp_attributes *a = ret_attributes;
	struct counts counts = counts_of(object);

	*a = (struct bgp_attributes){
		.present = present_of(form),
		.origin = origin_of(form),
		.atomic_aggregate = form & FORM_ATOMIC_AGGREGATE,
		.as_path = object->path_size == 0 ? NULL : object->path,
		.as_path_size = object->path_size,
		.community_count = object->community_count,
	};
	a->med = word_of(&parts, FORM_MED, 0);
	a->local_pref = word_of(&parts, FORM_LOCAL_PREF, 0);
	a->originator_id = word_of(&parts, FORM_ORIGINATOR, 0);
	a->only_to_customer = word_of(&parts, FORM_ONLY_TO_CUSTOMER, 0);
	a->weight = (uint16_t)word_of(&parts, FORM_WEIGHT, 0);
	a->aggregator_asn = word_of(&parts, FORM_AGGREGATOR, 0);
	if (form & FORM_AGGREGATOR)
		a->aggregator_address = address_of(&parts, FAMILY_IPV4);
	if (form & FORM_COUNTED)
		parts.at += sizeof(counts);
	(void)word_of(&parts, FORM_HOP, 0);
	read_lists(&parts, counts, a);
}

/* ---- Of an object. ---- */

uint32_t attribute_object_hop(const struct attribute_object *object)
{
	struct parts parts = parts_of(object);

	parts.at += words_size(object->form);
	if (object->form & FORM_COUNTED)
		parts.at += sizeof(struct counts);
	return word_of(&parts, FORM_HOP, HOP_NONE);
}

size_t attribute_object_length(const struct attribute_object *object)
{
	struct counts counts = counts_of(object);
	struct bgp_attributes a = { .as_path_size = object->path_size,
		.community_count = object->community_count,
		.cluster_count = counts.clusters,
		.extended_community_count = counts.extended,
		.large_community_count = counts.large };

	return attribute_object_size(&a, object->form);
}

bool attribute_object_equal(const struct attribute_object *object,
	const struct attribute_object *other, size_t size)
{
	if (object->form != other->form || object->path_size != other->path_size ||
		object->community_count != other->community_count)
		return false;
	/* The same header means the same size, but for lists whose numbers stand behind it. */
	if ((object->form & FORM_COUNTED) && attribute_object_length(other) != size)
		return false;
	return memcmp(object->path, other->path, size - HEADER_SIZE) == 0;
}
