/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOTIFICATION, shutdown communication and the names of errors.
 *
 * RFC 4271 section 4.5, RFC 4486 (Cease), RFC 9003 (shutdown communication), RFC 8538 (Hard
 * Reset), RFC 6608 (FSM), RFC 7313, RFC 9234, RFC 9384, RFC 9687.
 */
#include "wire/bgp.h"

#include <stdio.h>

#define NOTIFICATION_DATA_MAX (BGP_MESSAGE_MAX - BGP_HEADER_SIZE - 2)

/* The length of the UTF-8 character at the cursor, or 0: RFC 3629 section 4, so no overlong
 * forms, no surrogates, nothing above U+10FFFF. */
static size_t utf8_character(const uint8_t *at, size_t left)
{
	static const struct {
		uint8_t first, last; /* range of the first byte */
		uint8_t second_low, second_high;
		uint8_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		if (at[0] < forms[f].first || at[0] > forms[f].last)
			continue;
		if (left < forms[f].length)
			return 0;
		if (forms[f].length > 1 &&
			(at[1] < forms[f].second_low || at[1] > forms[f].second_high))
			return 0;
		for (size_t i = 2; i < forms[f].length; i++)
			if (at[i] < 0x80 || at[i] > 0xbf)
				return 0;
		return forms[f].length;
	}
	return 0;
}

/* RFC 9003 section 2: one length byte, then UTF-8. Logs and terminals must not be steered by it
 * (section 6), so control characters become spaces. */
static void shutdown_text(struct cursor data, struct bgp_notification *notification)
{
	uint8_t length;
	const uint8_t *text;
	size_t at = 0;

	if (cursor_left(&data) == 0)
		return;
	length = cursor_u8(&data);
	text = cursor_take(&data, length);
	if (text == NULL) {
		notification->text_invalid = true;
		return;
	}
	while (at < length) {
		size_t size = utf8_character(text + at, length - at);

		if (size == 0) {
			notification->text_invalid = true;
			notification->text[0] = '\0';
			return;
		}
		memcpy(notification->text + at, text + at, size);
		if (size == 1 && (text[at] < 0x20 || text[at] == 0x7f))
			notification->text[at] = ' ';
		/* C1 control characters, U+0080 to U+009F. */
		if (size == 2 && text[at] == 0xc2 && text[at + 1] < 0xa0)
			memcpy(notification->text + at, "  ", 2);
		at += size;
	}
	notification->text[at] = '\0';
}

int bgp_notification_read(struct cursor body, struct bgp_notification *ret_notification)
{
	struct bgp_notification n = { 0 };

	n.code = cursor_u8(&body);
	n.subcode = cursor_u8(&body);
	if (body.failed)
		return ERROR_TRUNCATED;
	/* RFC 8538 section 3.1: the data of a Hard Reset is another NOTIFICATION's code,
	 * subcode and data. */
	if (n.code == BGP_ERROR_CEASE && n.subcode == BGP_CEASE_HARD_RESET) {
		n.hard_reset = true;
		if (cursor_left(&body) >= 2) {
			n.code = cursor_u8(&body);
			n.subcode = cursor_u8(&body);
		}
	}
	n.data = body.at;
	n.data_length = (uint16_t)cursor_left(&body);
	if (n.code == BGP_ERROR_CEASE &&
		(n.subcode == BGP_CEASE_ADMIN_SHUTDOWN || n.subcode == BGP_CEASE_ADMIN_RESET))
		shutdown_text(body, &n);
	*ret_notification = n;
	return 0;
}

static void data_write(struct writer *w, const struct bgp_fault *fault, size_t most)
{
	size_t length = fault->data_length < most ? fault->data_length : most;

	writer_bytes(w, fault->borrowed != NULL ? fault->borrowed : fault->data, length);
}

void bgp_notification_write(struct writer *w, const struct bgp_fault *fault)
{
	uint8_t *start = bgp_message_begin(w, BGP_NOTIFICATION);

	writer_u8(w, fault->code);
	writer_u8(w, fault->subcode);
	data_write(w, fault, NOTIFICATION_DATA_MAX);
	bgp_message_end(w, start);
}

void bgp_hard_reset_write(struct writer *w, const struct bgp_fault *fault)
{
	uint8_t *start = bgp_message_begin(w, BGP_NOTIFICATION);

	writer_u8(w, BGP_ERROR_CEASE);
	writer_u8(w, BGP_CEASE_HARD_RESET);
	writer_u8(w, fault->code);
	writer_u8(w, fault->subcode);
	data_write(w, fault, NOTIFICATION_DATA_MAX - 2);
	bgp_message_end(w, start);
}

/* The longest prefix of text that ends at a character and has at most 255 bytes. */
static size_t text_cut(const char *text)
{
	size_t length = strlen(text), at = 0;

	while (at < length) {
		size_t size = utf8_character((const uint8_t *)text + at, length - at);

		if (size == 0 || at + size > BGP_SHUTDOWN_TEXT_MAX)
			break;
		at += size;
	}
	return at;
}

void bgp_cease_write(struct writer *w, uint8_t subcode, const char *text, bool hard_reset)
{
	uint8_t *start = bgp_message_begin(w, BGP_NOTIFICATION);
	size_t length = text == NULL ? 0 : text_cut(text);

	writer_u8(w, BGP_ERROR_CEASE);
	if (hard_reset) {
		writer_u8(w, BGP_CEASE_HARD_RESET);
		writer_u8(w, BGP_ERROR_CEASE);
	}
	writer_u8(w, subcode);
	if (length > 0 &&
		(subcode == BGP_CEASE_ADMIN_SHUTDOWN || subcode == BGP_CEASE_ADMIN_RESET)) {
		writer_u8(w, (uint8_t)length);
		writer_bytes(w, text, length);
	}
	bgp_message_end(w, start);
}

static const struct name_row {
	uint8_t code, subcode;
	const char *name;
} names[] = {
	{ BGP_ERROR_HEADER, BGP_HEADER_NOT_SYNCHRONIZED, "Connection Not Synchronized" },
	{ BGP_ERROR_HEADER, BGP_HEADER_BAD_LENGTH, "Bad Message Length" },
	{ BGP_ERROR_HEADER, BGP_HEADER_BAD_TYPE, "Bad Message Type" },
	{ BGP_ERROR_OPEN, BGP_OPEN_BAD_VERSION, "Unsupported Version Number" },
	{ BGP_ERROR_OPEN, BGP_OPEN_BAD_PEER_AS, "Bad Peer AS" },
	{ BGP_ERROR_OPEN, BGP_OPEN_BAD_IDENTIFIER, "Bad BGP Identifier" },
	{ BGP_ERROR_OPEN, BGP_OPEN_UNSUPPORTED_PARAMETER, "Unsupported Optional Parameter" },
	{ BGP_ERROR_OPEN, BGP_OPEN_UNACCEPTABLE_HOLD_TIME, "Unacceptable Hold Time" },
	{ BGP_ERROR_OPEN, BGP_OPEN_UNSUPPORTED_CAPABILITY, "Unsupported Capability" },
	{ BGP_ERROR_OPEN, BGP_OPEN_ROLE_MISMATCH, "Role Mismatch" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED_ATTRIBUTES, "Malformed Attribute List" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_UNRECOGNIZED_WELL_KNOWN,
		"Unrecognized Well-known Attribute" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_MISSING_WELL_KNOWN, "Missing Well-known Attribute" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_ATTRIBUTE_FLAGS, "Attribute Flags Error" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_ATTRIBUTE_LENGTH, "Attribute Length Error" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_INVALID_ORIGIN, "Invalid ORIGIN Attribute" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_INVALID_NEXT_HOP, "Invalid NEXT_HOP Attribute" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_OPTIONAL_ATTRIBUTE, "Optional Attribute Error" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_INVALID_NETWORK, "Invalid Network Field" },
	{ BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED_AS_PATH, "Malformed AS_PATH" },
	{ BGP_ERROR_FSM, BGP_FSM_IN_OPEN_SENT, "Unexpected Message in OpenSent" },
	{ BGP_ERROR_FSM, BGP_FSM_IN_OPEN_CONFIRM, "Unexpected Message in OpenConfirm" },
	{ BGP_ERROR_FSM, BGP_FSM_IN_ESTABLISHED, "Unexpected Message in Established" },
	{ BGP_ERROR_CEASE, BGP_CEASE_MAX_PREFIXES, "Maximum Number of Prefixes Reached" },
	{ BGP_ERROR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN, "Administrative Shutdown" },
	{ BGP_ERROR_CEASE, BGP_CEASE_PEER_DECONFIGURED, "Peer De-configured" },
	{ BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET, "Administrative Reset" },
	{ BGP_ERROR_CEASE, BGP_CEASE_CONNECTION_REJECTED, "Connection Rejected" },
	{ BGP_ERROR_CEASE, BGP_CEASE_CONFIG_CHANGE, "Other Configuration Change" },
	{ BGP_ERROR_CEASE, BGP_CEASE_COLLISION, "Connection Collision Resolution" },
	{ BGP_ERROR_CEASE, BGP_CEASE_OUT_OF_RESOURCES, "Out of Resources" },
	{ BGP_ERROR_CEASE, BGP_CEASE_HARD_RESET, "Hard Reset" },
	{ BGP_ERROR_CEASE, BGP_CEASE_BFD_DOWN, "BFD Down" },
	{ BGP_ERROR_ROUTE_REFRESH, BGP_REFRESH_INVALID_LENGTH, "Invalid Message Length" },
};

static const char *const codes[] = {
	[BGP_ERROR_NONE] = "none",
	[BGP_ERROR_HEADER] = "Message Header Error",
	[BGP_ERROR_OPEN] = "OPEN Message Error",
	[BGP_ERROR_UPDATE] = "UPDATE Message Error",
	[BGP_ERROR_HOLD_TIMER] = "Hold Timer Expired",
	[BGP_ERROR_FSM] = "Finite State Machine Error",
	[BGP_ERROR_CEASE] = "Cease",
	[BGP_ERROR_ROUTE_REFRESH] = "ROUTE-REFRESH Message Error",
	[BGP_ERROR_SEND_HOLD_TIMER] = "Send Hold Timer Expired",
};

const char *bgp_notification_name(uint8_t code, uint8_t subcode, char *buffer, size_t size)
{
	const char *name = code < sizeof(codes) / sizeof(codes[0]) ? codes[code] : NULL;

	if (name == NULL) {
		snprintf(buffer, size, "error %u/%u", code, subcode);
		return buffer;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code && names[i].subcode == subcode) {
			snprintf(buffer, size, "%s/%s", name, names[i].name);
			return buffer;
		}
	if (subcode == 0)
		snprintf(buffer, size, "%s", name);
	else
		snprintf(buffer, size, "%s/%u", name, subcode);
	return buffer;
}
