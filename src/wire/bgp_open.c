/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPEN: RFC 4271 sections 4.2 and 6.2, RFC 5492, RFC 6286, RFC 6793, RFC 7607, RFC 9072.
 *
 * Invariants:
 *  1. *ret_open is filled only when the whole message is good.
 *  2. The fault found is the first in the order of RFC 4271 section 6.2: version, AS, hold
 * time, identifier, parameters. The AS number can only be judged when all capabilities were
 * read.
 */
#include "wire/bgp_open.h"

#include "wire/bgp_capability.h"

#define VERSION              4
#define PARAMETER_CAPABILITY 2   /* RFC 5492 section 4 */
#define PARAMETER_EXTENDED   255 /* RFC 9072 section 2 */
#define PARAMETERS_MAX       4096

static int open_fault(struct bgp_fault *ret_fault, enum bgp_open_error subcode)
{
	*ret_fault = (struct bgp_fault){ .code = BGP_ERROR_OPEN, .subcode = (uint8_t)subcode };
	return ERROR_MALFORMED;
}

/* RFC 4271 section 6.2: the data is the largest version that we speak below the peer's. */
static int version_fault(struct bgp_fault *ret_fault)
{
	(void)open_fault(ret_fault, BGP_OPEN_BAD_VERSION);
	bytes_put_u16(ret_fault->data, VERSION);
	ret_fault->data_length = 2;
	return ERROR_MALFORMED;
}

static int capabilities_read(
	struct cursor parameter, struct bgp_open *open, struct bgp_fault *ret_fault)
{
	while (cursor_left(&parameter) > 0) {
		uint8_t code = cursor_u8(&parameter);
		struct cursor value = cursor_sub(&parameter, cursor_u8(&parameter));

		if (parameter.failed)
			return open_fault(ret_fault, BGP_OPEN_UNSPECIFIC);
		bgp_capability_read(code, value, &open->capabilities);
	}
	return 0;
}

/* The parameter length is one byte, or two in the form of RFC 9072 section 2. */
static int parameters_read(struct cursor parameters, bool extended, struct bgp_open *open,
	struct bgp_fault *ret_fault)
{
	while (cursor_left(&parameters) > 0) {
		uint8_t type = cursor_u8(&parameters);
		size_t length = extended ? cursor_u16(&parameters) : cursor_u8(&parameters);
		struct cursor parameter = cursor_sub(&parameters, length);

		if (parameters.failed)
			return open_fault(ret_fault, BGP_OPEN_UNSPECIFIC);
		if (type != PARAMETER_CAPABILITY)
			return open_fault(ret_fault, BGP_OPEN_UNSUPPORTED_PARAMETER);
		if (capabilities_read(parameter, open, ret_fault) != 0)
			return ERROR_MALFORMED;
	}
	return 0;
}

static int parameter_list_read(
	struct cursor *body, struct bgp_open *open, struct bgp_fault *ret_fault)
{
	size_t length = cursor_u8(body);
	bool extended = false;
	struct cursor parameters;

	/* RFC 9072 section 2: type 255 right behind a length that is not zero says extended,
	 * whatever that length is. */
	if (length != 0 && cursor_left(body) >= 1 && body->at[0] == PARAMETER_EXTENDED) {
		cursor_skip(body, 1);
		length = cursor_u16(body);
		extended = true;
	}
	parameters = cursor_sub(body, length);
	if (!cursor_done(body))
		return open_fault(ret_fault, BGP_OPEN_UNSPECIFIC);
	return parameters_read(parameters, extended, open, ret_fault);
}

static int values_check(const struct bgp_open *open, struct bgp_fault *ret_fault)
{
	/* RFC 7607 section 2: AS 0 must not be used, in neither of the two places. */
	if (open->asn == 0 || open->asn_field == 0)
		return open_fault(ret_fault, BGP_OPEN_BAD_PEER_AS);
	if (open->hold_time_s == 1 || open->hold_time_s == 2)
		return open_fault(ret_fault, BGP_OPEN_UNACCEPTABLE_HOLD_TIME);
	/* RFC 6286 section 2.2: any identifier but zero. */
	if (open->router_id == 0)
		return open_fault(ret_fault, BGP_OPEN_BAD_IDENTIFIER);
	return 0;
}

int bgp_open_read(struct cursor body, struct bgp_open *ret_open, struct bgp_fault *ret_fault)
{
	struct bgp_open open = { .capabilities.role = BGP_ROLE_NONE };

	open.version = cursor_u8(&body);
	open.asn_field = cursor_u16(&body);
	open.hold_time_s = cursor_u16(&body);
	open.router_id = cursor_u32(&body);
	if (body.failed)
		return open_fault(ret_fault, BGP_OPEN_UNSPECIFIC);
	if (open.version != VERSION)
		return version_fault(ret_fault);
	if (parameter_list_read(&body, &open, ret_fault) != 0)
		return ERROR_MALFORMED;
	open.asn = open.capabilities.four_octet_as ? open.capabilities.four_octet_asn
						   : open.asn_field;
	if (values_check(&open, ret_fault) != 0)
		return ERROR_MALFORMED;
	*ret_open = open;
	return 0;
}

void bgp_open_write(struct writer *w, const struct bgp_open *open)
{
	uint8_t bytes[PARAMETERS_MAX];
	struct writer capabilities = writer_of(bytes, sizeof(bytes));
	uint8_t *start = bgp_message_begin(w, BGP_OPEN);
	size_t length;

	bgp_capabilities_write(&capabilities, &open->capabilities);
	length = writer_length(&capabilities);
	writer_u8(w, VERSION);
	writer_u16(w, open->asn > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)open->asn);
	writer_u16(w, open->hold_time_s);
	writer_u32(w, open->router_id);
	if (length == 0) {
		writer_u8(w, 0);
	} else if (length + 2 <= UINT8_MAX) {
		writer_u8(w, (uint8_t)(length + 2));
		writer_u8(w, PARAMETER_CAPABILITY);
		writer_u8(w, (uint8_t)length);
	} else {
		writer_u8(w, PARAMETER_EXTENDED);
		writer_u8(w, PARAMETER_EXTENDED);
		writer_u16(w, (uint16_t)(length + 3));
		writer_u8(w, PARAMETER_CAPABILITY);
		writer_u16(w, (uint16_t)length);
	}
	writer_bytes(w, bytes, length);
	bgp_message_end(w, start);
}

const char *bgp_role_name(uint8_t role)
{
	static const char *const names[] = {
		[BGP_ROLE_PROVIDER] = "provider",
		[BGP_ROLE_ROUTE_SERVER] = "route-server",
		[BGP_ROLE_ROUTE_SERVER_CLIENT] = "route-server-client",
		[BGP_ROLE_CUSTOMER] = "customer",
		[BGP_ROLE_PEER] = "peer",
	};

	if (role == BGP_ROLE_NONE)
		return "none";
	return role < sizeof(names) / sizeof(names[0]) ? names[role] : "unknown";
}
