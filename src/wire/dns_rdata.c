/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDATA as text. A type is a row of a table: its fields as a row of letters, a letter a
 * function.
 *
 * Invariants:
 *  1. A type's own form is given only if its fields use up the RDATA to the last byte; anything
 *     else gets the generic form of RFC 3597 section 5, which always works.
 *  2. The text is always NUL-terminated and holds printable ASCII only.
 *
 * RFC 1035 sections 3.3 and 5.1, RFC 2782 (SRV), RFC 3403 (NAPTR), RFC 3596 (AAAA), RFC 3597,
 * RFC 4034 section 5 (DS), RFC 6672 (DNAME), RFC 6698 (TLSA), RFC 8659 (CAA).
 */
#include <stdio.h>

#include "base/address.h"
#include "wire/dns.h"

/* Text that is cut at the end of its buffer. */
struct print {
	char *at, *last; /* last: where the final NUL has room */
};

static void print_bytes(struct print *p, const char *text, size_t length)
{
	size_t room = (size_t)(p->last - p->at);

	if (length > room)
		length = room;
	memcpy(p->at, text, length);
	p->at += length;
	*p->at = '\0';
}

static void print_text(struct print *p, const char *text)
{
	print_bytes(p, text, strlen(text));
}

static void print_number(struct print *p, uint32_t number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", number);
	print_text(p, digits);
}

/* A byte of a quoted string, or of one without quotes. */
static void print_character(struct print *p, uint8_t c, bool quoted)
{
	char text[8];

	if (c < ' ' || c >= 0x7f)
		snprintf(text, sizeof(text), "\\%03u", c);
	else if (c == '\\' || (c == '"' && quoted))
		snprintf(text, sizeof(text), "\\%c", c);
	else
		snprintf(text, sizeof(text), "%c", c);
	print_text(p, text);
}

static void print_quoted(struct print *p, struct cursor bytes)
{
	print_text(p, "\"");
	while (cursor_left(&bytes) > 0)
		print_character(p, cursor_u8(&bytes), true);
	print_text(p, "\"");
}

static void print_hex(struct print *p, struct cursor bytes)
{
	static const char digits[] = "0123456789ABCDEF";

	while (cursor_left(&bytes) > 0) {
		uint8_t byte = cursor_u8(&bytes);
		char text[2] = { digits[byte >> 4], digits[byte & 15] };

		print_bytes(p, text, sizeof(text));
	}
}

static void print_address(struct print *p, struct cursor *rdata, enum family family)
{
	size_t size = family == FAMILY_IPV4 ? 4 : 16;
	const uint8_t *bytes = cursor_take(rdata, size);
	char text[ADDRESS_TEXT_MAX];
	struct address address;

	if (bytes == NULL)
		return;
	address = address_from_bytes(family, bytes);
	print_text(p, address_format(&address, text));
}

static void print_name(struct print *p, const struct cursor *message, struct cursor *rdata)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name name;

	if (dns_name_read(message, rdata, &name) == 0)
		print_text(p, dns_name_format(&name, text));
}

static void print_string(struct print *p, struct cursor *rdata)
{
	print_quoted(p, cursor_sub(rdata, cursor_u8(rdata)));
}

/* What a field may be. */
enum field {
	FIELD_IPV4 = 'a',
	FIELD_IPV6 = 'A',
	FIELD_NAME = 'n',
	FIELD_U8 = '1',
	FIELD_U16 = '2',
	FIELD_U32 = '4',
	FIELD_STRING = 's',  /* length and bytes, in quotes */
	FIELD_STRINGS = 'S', /* one or more of them, to the end */
	FIELD_TAG = 't',     /* length and bytes, without quotes */
	FIELD_REST = 'r',    /* to the end, in quotes */
	FIELD_HEX = 'x',     /* to the end */
};

static void print_tag(struct print *p, struct cursor *rdata)
{
	struct cursor tag = cursor_sub(rdata, cursor_u8(rdata));

	while (cursor_left(&tag) > 0)
		print_character(p, cursor_u8(&tag), false);
}

static void print_strings(struct print *p, struct cursor *rdata)
{
	print_string(p, rdata);
	while (cursor_left(rdata) > 0) {
		print_text(p, " ");
		print_string(p, rdata);
	}
}

static void print_field(
	struct print *p, enum field field, const struct cursor *message, struct cursor *rdata)
{
	switch (field) {
	case FIELD_IPV4:
		print_address(p, rdata, FAMILY_IPV4);
		break;
	case FIELD_IPV6:
		print_address(p, rdata, FAMILY_IPV6);
		break;
	case FIELD_NAME:
		print_name(p, message, rdata);
		break;
	case FIELD_U8:
		print_number(p, cursor_u8(rdata));
		break;
	case FIELD_U16:
		print_number(p, cursor_u16(rdata));
		break;
	case FIELD_U32:
		print_number(p, cursor_u32(rdata));
		break;
	case FIELD_STRING:
		print_string(p, rdata);
		break;
	case FIELD_STRINGS:
		print_strings(p, rdata);
		break;
	case FIELD_TAG:
		print_tag(p, rdata);
		break;
	case FIELD_REST:
		print_quoted(p, cursor_sub(rdata, cursor_left(rdata)));
		break;
	case FIELD_HEX:
		print_hex(p, cursor_sub(rdata, cursor_left(rdata)));
		break;
	}
}

static const struct type_row {
	uint16_t type;
	const char *name;
	const char *fields; /* enum field, one behind another; NULL: generic form */
} types[] = {
	{ DNS_TYPE_A, "A", "a" },
	{ DNS_TYPE_NS, "NS", "n" },
	{ DNS_TYPE_CNAME, "CNAME", "n" },
	{ DNS_TYPE_SOA, "SOA", "nn44444" },
	{ DNS_TYPE_PTR, "PTR", "n" },
	{ DNS_TYPE_MX, "MX", "2n" },
	{ DNS_TYPE_TXT, "TXT", "S" },
	{ DNS_TYPE_AAAA, "AAAA", "A" },
	{ DNS_TYPE_SRV, "SRV", "222n" },
	{ DNS_TYPE_NAPTR, "NAPTR", "22sssn" },
	{ DNS_TYPE_DNAME, "DNAME", "n" },
	{ DNS_TYPE_OPT, "OPT", NULL },
	{ DNS_TYPE_DS, "DS", "211x" },
	{ DNS_TYPE_TLSA, "TLSA", "111x" },
	{ DNS_TYPE_ANY, "ANY", NULL },
	{ DNS_TYPE_CAA, "CAA", "1tr" },
};

static const struct type_row *type_row_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

/* True if the fields were there and nothing else. */
static bool fields_print(
	struct print *p, const char *fields, const struct cursor *message, struct cursor rdata)
{
	for (const char *field = fields; *field != '\0' && !rdata.failed; field++) {
		if (field != fields)
			print_text(p, " ");
		print_field(p, (enum field) * field, message, &rdata);
	}
	return cursor_done(&rdata);
}

const char *dns_rdata_format(const struct dns_response *response,
	const struct dns_record *record, char *text, size_t size)
{
	const struct type_row *row = type_row_of(record->type);
	struct print p = { text, text + size - 1 };

	text[0] = '\0';
	if (row != NULL && row->fields != NULL &&
		fields_print(&p, row->fields, &response->message, record->rdata))
		return text;
	p.at = text;
	print_text(&p, "\\# ");
	print_number(&p, (uint32_t)cursor_left(&record->rdata));
	if (cursor_left(&record->rdata) > 0)
		print_text(&p, " ");
	print_hex(&p, record->rdata);
	return text;
}

const char *dns_bytes_format(const uint8_t *bytes, size_t length, char *text, size_t size)
{
	struct print p = { text, text + size - 1 };

	text[0] = '\0';
	for (size_t i = 0; i < length; i++)
		print_character(&p, bytes[i], false);
	return text;
}

const char *dns_type_name(uint16_t type, char text[DNS_CODE_TEXT_MAX])
{
	const struct type_row *row = type_row_of(type);

	if (row != NULL)
		snprintf(text, DNS_CODE_TEXT_MAX, "%s", row->name);
	else
		snprintf(text, DNS_CODE_TEXT_MAX, "TYPE%u", type);
	return text;
}

const char *dns_rcode_name(uint16_t rcode, char text[DNS_CODE_TEXT_MAX])
{
	static const char *const names[] = {
		"NOERROR",
		"FORMERR",
		"SERVFAIL",
		"NXDOMAIN",
		"NOTIMP",
		"REFUSED",
		"YXDOMAIN",
		"YXRRSET",
		"NXRRSET",
		"NOTAUTH",
		"NOTZONE",
		[DNS_RCODE_BADVERS] = "BADVERS",
	};

	if (rcode < sizeof(names) / sizeof(names[0]) && names[rcode] != NULL)
		snprintf(text, DNS_CODE_TEXT_MAX, "%s", names[rcode]);
	else
		snprintf(text, DNS_CODE_TEXT_MAX, "RCODE%u", rcode);
	return text;
}
