/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of the RPKI to Router protocol, a row a PDU type.
 *
 *      0          8          16         24        31
 *      | version  | type     | session id, error   |
 *      |          |          | code, flags or zero |
 *      |                length                     |   of the whole PDU
 *      |                what the type has          |
 *
 * Invariants:
 *  1. A PDU is given out only if version, type, length and its own fields are good.
 *  2. A fault is found as soon as the bytes that prove it are there.
 *  3. What rtr_read gave, rtr_write writes, and that reads back to the same values.
 *
 * The two forms of the ASPA PDU. Revision 27 of 8210bis has the flags in byte 2, so an
 * announcement has a 1 there, and a withdrawal is 12 bytes long. Revision 10 has zero there
 * and at least 16 bytes: flags, family, count of providers, customer. So a zero in byte 2 with
 * 16 bytes or more is the old form.
 *
 * RFC 6810 section 5, RFC 8210 sections 5 and 12, draft-ietf-sidrops-8210bis-27 section 5.12.
 */
#include "wire/rtr.h"

#define FLAG_ANNOUNCE   1u
#define OLD_FLAG_IPV6   1u
#define ASPA_SIZE       12u
#define OLD_ASPA_SIZE   16u
#define ROUTER_KEY_SIZE 32u
#define ERROR_SIZE      16u

struct type_row {
	const char *name; /* NULL: not assigned */
	uint8_t version;  /* the first that has it */
	uint32_t least, most;
	bool (*read)(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault);
	void (*write)(struct writer *w, const struct rtr_pdu *pdu);
};

/* False, with the fault set: for `return bad(...)`. */
static bool bad(
	struct rtr_fault *fault, enum rtr_error code, const char *reason, const char *reference)
{
	*fault = (struct rtr_fault){ (uint16_t)code, reason, reference };
	return false;
}

/* ---- The types. The cursor stands behind the header and holds the rest of the PDU. ---- */

static bool read_nothing(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	(void)c;
	(void)pdu;
	(void)fault;
	return true;
}

static void write_nothing(struct writer *w, const struct rtr_pdu *pdu)
{
	(void)w;
	(void)pdu;
}

static bool read_serial(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	(void)fault;
	pdu->serial = cursor_u32(c);
	return true;
}

static void write_serial(struct writer *w, const struct rtr_pdu *pdu)
{
	writer_u32(w, pdu->serial);
}

static bool read_prefix(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	enum family family = pdu->type == RTR_IPV4_PREFIX ? FAMILY_IPV4 : FAMILY_IPV6;
	uint8_t bits = family_bits(family), flags = cursor_u8(c), length = cursor_u8(c);
	uint8_t most = cursor_u8(c), bytes[16] = { 0 };
	const char *reference =
		family == FAMILY_IPV4 ? "RFC 8210 section 5.6" : "RFC 8210 section 5.7";

	cursor_skip(c, 1);
	cursor_copy(c, bytes, bits / 8u);
	if (length > bits || most > bits)
		return bad(fault, RTR_ERROR_CORRUPT_DATA, "a prefix longer than its address",
			reference);
	if (most < length)
		return bad(fault, RTR_ERROR_CORRUPT_DATA,
			"a maximum length below the prefix length", reference);
	pdu->prefix = (struct rtr_prefix){ .announce = (flags & FLAG_ANNOUNCE) != 0,
		.max_length = most,
		.prefix = { address_from_bytes(family, bytes), length },
		.asn = cursor_u32(c) };
	prefix_normalise(&pdu->prefix.prefix);
	return true;
}

static void write_prefix(struct writer *w, const struct rtr_pdu *pdu)
{
	const struct rtr_prefix *p = &pdu->prefix;

	writer_u8(w, p->announce ? FLAG_ANNOUNCE : 0);
	writer_u8(w, p->prefix.length);
	writer_u8(w, p->max_length);
	writer_u8(w, 0);
	writer_bytes(w, p->prefix.address.bytes, pdu->type == RTR_IPV4_PREFIX ? 4 : 16);
	writer_u32(w, p->asn);
}

static bool read_end(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	size_t timers = pdu->version == 0 ? 0 : 12;

	if (cursor_left(c) != 4 + timers)
		return bad(fault, RTR_ERROR_CORRUPT_DATA, "an end of data of a wrong length",
			"RFC 8210 section 5.8");
	pdu->end = (struct rtr_end_of_data){ .serial = cursor_u32(c) };
	if (timers > 0) {
		pdu->end.refresh_s = cursor_u32(c);
		pdu->end.retry_s = cursor_u32(c);
		pdu->end.expire_s = cursor_u32(c);
	}
	return true;
}

static void write_end(struct writer *w, const struct rtr_pdu *pdu)
{
	writer_u32(w, pdu->end.serial);
	if (pdu->version == 0)
		return;
	writer_u32(w, pdu->end.refresh_s);
	writer_u32(w, pdu->end.retry_s);
	writer_u32(w, pdu->end.expire_s);
}

/* session_id holds bytes 2 and 3 of the header still: flags and zero here. */
static bool header_flags_announce(const struct rtr_pdu *pdu)
{
	return ((pdu->session_id >> 8) & FLAG_ANNOUNCE) != 0;
}

static bool read_router_key(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	struct rtr_router_key *key = &pdu->key;

	(void)fault;
	key->announce = header_flags_announce(pdu);
	cursor_copy(c, key->ski, sizeof(key->ski));
	key->asn = cursor_u32(c);
	key->key_length = (uint32_t)cursor_left(c);
	key->key = cursor_take(c, key->key_length);
	return true;
}

static void write_router_key(struct writer *w, const struct rtr_pdu *pdu)
{
	writer_bytes(w, pdu->key.ski, sizeof(pdu->key.ski));
	writer_u32(w, pdu->key.asn);
	writer_bytes(w, pdu->key.key, pdu->key.key_length);
}

static bool aspa_providers_check(const struct rtr_aspa *aspa, struct rtr_fault *fault)
{
	static const char reference[] = "draft-ietf-sidrops-8210bis-27 section 5.12";

	if (!aspa->announce)
		return true;
	if (aspa->count == 0)
		return bad(fault, RTR_ERROR_ASPA_PROVIDERS, "an ASPA without a provider",
			reference);
	if (aspa->count > 1 && rtr_aspa_provider(aspa, 0) == 0)
		return bad(fault, RTR_ERROR_ASPA_PROVIDERS, "AS 0 beside other providers",
			reference);
	for (uint32_t i = 1; i < aspa->count; i++)
		if (rtr_aspa_provider(aspa, i) <= rtr_aspa_provider(aspa, i - 1))
			return bad(fault, RTR_ERROR_ASPA_PROVIDERS,
				"providers that are not in increasing order", reference);
	return true;
}

/* Revision 10 of 8210bis; providers in any order. */
static bool read_old_aspa(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	struct rtr_aspa *aspa = &pdu->aspa;

	aspa->announce = (cursor_u8(c) & FLAG_ANNOUNCE) != 0;
	aspa->family = (cursor_u8(c) & OLD_FLAG_IPV6) != 0 ? FAMILY_IPV6 : FAMILY_IPV4;
	aspa->count = cursor_u16(c);
	aspa->customer = cursor_u32(c);
	if (cursor_left(c) != (size_t)aspa->count * 4)
		return bad(fault, RTR_ERROR_CORRUPT_DATA, "an ASPA of a wrong length",
			"draft-ietf-sidrops-8210bis-10 section 5.12");
	if (aspa->announce && aspa->count == 0)
		return bad(fault, RTR_ERROR_ASPA_PROVIDERS, "an ASPA without a provider",
			"draft-ietf-sidrops-8210bis-10 section 5.12");
	aspa->providers = cursor_take(c, cursor_left(c));
	return true;
}

static bool read_aspa(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	struct rtr_aspa *aspa = &pdu->aspa;
	bool announce = header_flags_announce(pdu);

	*aspa = (struct rtr_aspa){ .announce = announce };
	if (!announce && cursor_left(c) >= OLD_ASPA_SIZE - RTR_HEADER_SIZE)
		return read_old_aspa(c, pdu, fault);
	aspa->customer = cursor_u32(c);
	if (cursor_left(c) % 4 != 0)
		return bad(fault, RTR_ERROR_CORRUPT_DATA, "an ASPA of a wrong length",
			"draft-ietf-sidrops-8210bis-27 section 5.12");
	aspa->count = (uint32_t)(cursor_left(c) / 4);
	aspa->providers = cursor_take(c, cursor_left(c));
	return aspa_providers_check(aspa, fault);
}

static void write_aspa(struct writer *w, const struct rtr_pdu *pdu)
{
	const struct rtr_aspa *aspa = &pdu->aspa;

	if (aspa->family != FAMILY_NONE) {
		writer_u8(w, aspa->announce ? FLAG_ANNOUNCE : 0);
		writer_u8(w, aspa->family == FAMILY_IPV6 ? OLD_FLAG_IPV6 : 0);
		writer_u16(w, (uint16_t)aspa->count);
	}
	writer_u32(w, aspa->customer);
	writer_bytes(w, aspa->providers, (size_t)aspa->count * 4);
}

static bool read_error(struct cursor *c, struct rtr_pdu *pdu, struct rtr_fault *fault)
{
	struct rtr_error_report *report = &pdu->error;

	report->code = pdu->session_id;
	report->pdu_length = cursor_u32(c);
	report->pdu = cursor_take(c, report->pdu_length);
	report->text_length = cursor_u32(c);
	report->text = (const char *)cursor_take(c, report->text_length);
	if (!cursor_done(c))
		return bad(fault, RTR_ERROR_CORRUPT_DATA,
			"an error report whose lengths do not add up", "RFC 8210 section 5.11");
	return true;
}

static void write_error(struct writer *w, const struct rtr_pdu *pdu)
{
	const struct rtr_error_report *report = &pdu->error;

	writer_u32(w, report->pdu_length);
	writer_bytes(w, report->pdu, report->pdu_length);
	writer_u32(w, report->text_length);
	writer_bytes(w, report->text, report->text_length);
}

static const struct type_row types[RTR_TYPES] = {
	[RTR_SERIAL_NOTIFY] = { "serial notify", 0, 12, 12, read_serial, write_serial },
	[RTR_SERIAL_QUERY] = { "serial query", 0, 12, 12, read_serial, write_serial },
	[RTR_RESET_QUERY] = { "reset query", 0, 8, 8, read_nothing, write_nothing },
	[RTR_CACHE_RESPONSE] = { "cache response", 0, 8, 8, read_nothing, write_nothing },
	[RTR_IPV4_PREFIX] = { "IPv4 prefix", 0, 20, 20, read_prefix, write_prefix },
	[RTR_IPV6_PREFIX] = { "IPv6 prefix", 0, 32, 32, read_prefix, write_prefix },
	[RTR_END_OF_DATA] = { "end of data", 0, 12, 24, read_end, write_end },
	[RTR_CACHE_RESET] = { "cache reset", 0, 8, 8, read_nothing, write_nothing },
	[RTR_ROUTER_KEY] = { "router key", 1, ROUTER_KEY_SIZE, RTR_PDU_MAX, read_router_key,
		write_router_key },
	[RTR_ERROR_REPORT] = { "error report", 0, ERROR_SIZE, RTR_PDU_MAX, read_error,
		write_error },
	[RTR_ASPA] = { "ASPA", 2, ASPA_SIZE, RTR_PDU_MAX, read_aspa, write_aspa },
};

const char *rtr_type_name(uint8_t type)
{
	return type < RTR_TYPES && types[type].name != NULL ? types[type].name : "unknown";
}

const char *rtr_error_name(uint16_t code)
{
	static const char *const names[RTR_ERRORS] = {
		[RTR_ERROR_CORRUPT_DATA] = "corrupt data",
		[RTR_ERROR_INTERNAL] = "internal error",
		[RTR_ERROR_NO_DATA] = "no data available",
		[RTR_ERROR_INVALID_REQUEST] = "invalid request",
		[RTR_ERROR_UNSUPPORTED_VERSION] = "unsupported protocol version",
		[RTR_ERROR_UNSUPPORTED_TYPE] = "unsupported PDU type",
		[RTR_ERROR_WITHDRAWAL_OF_UNKNOWN] = "withdrawal of unknown record",
		[RTR_ERROR_DUPLICATE] = "duplicate announcement received",
		[RTR_ERROR_UNEXPECTED_VERSION] = "unexpected protocol version",
		[RTR_ERROR_ASPA_PROVIDERS] = "ASPA provider list error",
	};

	return code < RTR_ERRORS ? names[code] : "unknown error";
}

/* ---- The header. ---- */

/* Types with a session id in bytes 2 and 3; others have flags, a code or zero there. */
static bool has_session(uint8_t type)
{
	return type == RTR_SERIAL_NOTIFY || type == RTR_SERIAL_QUERY ||
	       type == RTR_CACHE_RESPONSE || type == RTR_END_OF_DATA;
}

static bool header_check(
	const uint8_t *bytes, size_t length, uint32_t size, struct rtr_fault *fault)
{
	uint8_t version = bytes[0], type;

	if (version > RTR_VERSION_MAX)
		return bad(fault, RTR_ERROR_UNSUPPORTED_VERSION,
			"a protocol version that is not known", "RFC 8210 section 7");
	if (length < 2)
		return true;
	type = bytes[1];
	if (type >= RTR_TYPES || types[type].name == NULL || version < types[type].version)
		return bad(fault, RTR_ERROR_UNSUPPORTED_TYPE,
			"a PDU type that this version does not have", "RFC 8210 section 12");
	if (length < RTR_HEADER_SIZE)
		return true;
	if (size < types[type].least || size > types[type].most)
		return bad(fault, RTR_ERROR_CORRUPT_DATA, "a PDU of a wrong length",
			"RFC 8210 section 5");
	return true;
}

enum rtr_status rtr_read(const uint8_t *bytes, size_t length, struct rtr_pdu *ret_pdu,
	size_t *ret_length, struct rtr_fault *ret_fault)
{
	struct cursor c = cursor_of(bytes, length);
	uint16_t middle;
	uint32_t size;

	*ret_length = 0;
	if (length == 0)
		return RTR_MORE;
	cursor_skip(&c, 2);
	middle = cursor_u16(&c);
	size = cursor_u32(&c); /* 0 unless all of the header is there */
	if (!header_check(bytes, length, size, ret_fault))
		return RTR_FAULT;
	*ret_length = size;
	if (length < RTR_HEADER_SIZE || length < size)
		return RTR_MORE;
	*ret_pdu =
		(struct rtr_pdu){ .version = bytes[0], .type = bytes[1], .session_id = middle };
	c = cursor_of(bytes + RTR_HEADER_SIZE, size - RTR_HEADER_SIZE);
	if (!types[bytes[1]].read(&c, ret_pdu, ret_fault))
		return RTR_FAULT;
	if (!has_session(ret_pdu->type))
		ret_pdu->session_id = 0;
	return RTR_WHOLE;
}

/* Bytes 2 and 3 of the header. */
static uint16_t middle_of(const struct rtr_pdu *pdu)
{
	bool announce = (pdu->type == RTR_ROUTER_KEY && pdu->key.announce) ||
			(pdu->type == RTR_ASPA && pdu->aspa.announce &&
				pdu->aspa.family == FAMILY_NONE);

	if (has_session(pdu->type))
		return pdu->session_id;
	if (pdu->type == RTR_ERROR_REPORT)
		return pdu->error.code;
	return announce ? FLAG_ANNOUNCE << 8 : 0;
}

void rtr_write(struct writer *w, const struct rtr_pdu *pdu)
{
	uint8_t *start = w->at;

	if (pdu->type >= RTR_TYPES || types[pdu->type].name == NULL) {
		w->failed = true;
		return;
	}
	writer_u8(w, pdu->version);
	writer_u8(w, pdu->type);
	writer_u16(w, middle_of(pdu));
	writer_u32(w, 0);
	types[pdu->type].write(w, pdu);
	if (!w->failed && (size_t)(w->at - start) > RTR_PDU_MAX)
		w->failed = true;
	if (w->failed)
		w->at = start;
	else
		bytes_put_u32(start + 4, (uint32_t)(w->at - start));
}

void rtr_write_error(struct writer *w, uint8_t version, const struct rtr_fault *fault,
	const uint8_t *bytes, size_t length)
{
	size_t text = strlen(fault->reason);
	struct rtr_pdu pdu = { .version = version, .type = RTR_ERROR_REPORT };

	pdu.error = (struct rtr_error_report){ .code = fault->code,
		.pdu = bytes,
		.pdu_length =
			(uint32_t)(length < RTR_ERROR_COPY_MAX ? length : RTR_ERROR_COPY_MAX),
		.text = fault->reason,
		.text_length =
			(uint32_t)(text < RTR_ERROR_TEXT_MAX ? text : RTR_ERROR_TEXT_MAX) };
	rtr_write(w, &pdu);
}
