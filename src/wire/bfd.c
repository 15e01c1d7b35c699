/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BFD control packet.
 *
 * Invariant: what bfd_packet_write gives, bfd_packet_read reads back to the same values.
 *
 * RFC 5880 sections 4.1 to 4.4 and 6.8.6.
 */
#include "wire/bfd.h"

#define VERSION      1
#define LENGTH_LEAST 24u
#define AUTH_LEAST   2u /* type and length */

#define FLAG_POLL        0x20
#define FLAG_FINAL       0x10
#define FLAG_INDEPENDENT 0x08
#define FLAG_AUTH        0x04
#define FLAG_DEMAND      0x02
#define FLAG_MULTIPOINT  0x01

uint8_t bfd_digest_length(uint8_t auth)
{
	static const uint8_t lengths[] = {
		[BFD_AUTH_MD5] = 16,
		[BFD_AUTH_METICULOUS_MD5] = 16,
		[BFD_AUTH_SHA1] = 20,
		[BFD_AUTH_METICULOUS_SHA1] = 20,
	};

	return auth < sizeof(lengths) ? lengths[auth] : 0;
}

bool bfd_auth_is_meticulous(uint8_t auth)
{
	return auth == BFD_AUTH_METICULOUS_MD5 || auth == BFD_AUTH_METICULOUS_SHA1;
}

/* Sections 4.2 to 4.4. */
static bool auth_read(struct cursor *c, struct bfd_packet *packet)
{
	uint8_t length, digest;

	packet->auth = cursor_u8(c);
	length = cursor_u8(c);
	/* The section ends where the packet does. */
	if (length < AUTH_LEAST || cursor_left(c) != (size_t)length - AUTH_LEAST)
		return false;
	digest = bfd_digest_length(packet->auth);
	if (packet->auth == BFD_AUTH_PASSWORD) {
		packet->key_id = cursor_u8(c);
		packet->value_length = (uint8_t)cursor_left(c);
		packet->value = cursor_take(c, packet->value_length);
		return !c->failed && packet->value_length >= 1 && packet->value_length <= 16;
	}
	if (digest == 0)
		return packet->auth != BFD_AUTH_NONE; /* not known: for nobody to accept */
	packet->key_id = cursor_u8(c);
	cursor_skip(c, 1);
	packet->sequence = cursor_u32(c);
	packet->value_length = digest;
	packet->value = cursor_take(c, digest);
	return cursor_done(c);
}

static enum bfd_fault fields_check(const struct bfd_packet *packet, uint8_t flags)
{
	if (packet->multiplier == 0)
		return BFD_FAULT_MULTIPLIER;
	if (flags & FLAG_MULTIPOINT)
		return BFD_FAULT_MULTIPOINT;
	if (packet->mine == 0)
		return BFD_FAULT_DISCRIMINATOR;
	if (packet->yours == 0 && packet->state != BFD_DOWN && packet->state != BFD_ADMIN_DOWN)
		return BFD_FAULT_DISCRIMINATOR;
	return BFD_FAULT_NONE;
}

enum bfd_fault bfd_packet_read(
	const uint8_t *bytes, size_t length, struct bfd_packet *ret_packet)
{
	struct cursor c = cursor_of(bytes, length);
	uint8_t first = cursor_u8(&c), flags = cursor_u8(&c), said;
	struct bfd_packet packet = { .diagnostic = first & 0x1f,
		.state = flags >> 6,
		.poll = flags & FLAG_POLL,
		.final = flags & FLAG_FINAL,
		.control_independent = flags & FLAG_INDEPENDENT,
		.demand = flags & FLAG_DEMAND };
	enum bfd_fault fault;

	packet.multiplier = cursor_u8(&c);
	said = cursor_u8(&c);
	packet.mine = cursor_u32(&c);
	packet.yours = cursor_u32(&c);
	packet.desired_tx_us = cursor_u32(&c);
	packet.required_rx_us = cursor_u32(&c);
	packet.required_echo_us = cursor_u32(&c);
	*ret_packet = packet;
	if (length >= 1 && first >> 5 != VERSION)
		return BFD_FAULT_VERSION;
	if (c.failed || said > length ||
		said < LENGTH_LEAST + (flags & FLAG_AUTH ? AUTH_LEAST : 0))
		return BFD_FAULT_LENGTH;
	fault = fields_check(&packet, flags);
	if (fault != BFD_FAULT_NONE || (flags & FLAG_AUTH) == 0)
		return fault;
	/* What stands behind the length is not of the packet. */
	c = cursor_of(bytes + LENGTH_LEAST, said - LENGTH_LEAST);
	return auth_read(&c, ret_packet) ? BFD_FAULT_NONE : BFD_FAULT_AUTH;
}

static void auth_write(struct writer *w, const struct bfd_packet *packet, uint8_t **ret_digest)
{
	uint8_t digest = bfd_digest_length(packet->auth);

	writer_u8(w, packet->auth);
	if (packet->auth == BFD_AUTH_PASSWORD) {
		writer_u8(w, (uint8_t)(3 + packet->value_length));
		writer_u8(w, packet->key_id);
		writer_bytes(w, packet->value, packet->value_length);
		return;
	}
	writer_u8(w, (uint8_t)(8 + digest));
	writer_u8(w, packet->key_id);
	writer_u8(w, 0);
	writer_u32(w, packet->sequence);
	*ret_digest = writer_reserve(w, digest);
	for (uint8_t i = 0; *ret_digest != NULL && i < digest; i++)
		(*ret_digest)[i] = 0;
}

void bfd_packet_write(struct writer *w, const struct bfd_packet *packet, uint8_t **ret_digest)
{
	size_t before = writer_length(w);
	uint8_t *length_at;
	unsigned flags = (unsigned)packet->state << 6;

	*ret_digest = NULL;
	flags |= packet->poll ? FLAG_POLL : 0;
	flags |= packet->final ? FLAG_FINAL : 0;
	flags |= packet->control_independent ? FLAG_INDEPENDENT : 0;
	flags |= packet->auth != BFD_AUTH_NONE ? FLAG_AUTH : 0;
	flags |= packet->demand ? FLAG_DEMAND : 0;
	writer_u8(w, (uint8_t)(VERSION << 5 | (packet->diagnostic & 0x1f)));
	writer_u8(w, (uint8_t)flags);
	writer_u8(w, packet->multiplier);
	length_at = writer_reserve(w, 1);
	writer_u32(w, packet->mine);
	writer_u32(w, packet->yours);
	writer_u32(w, packet->desired_tx_us);
	writer_u32(w, packet->required_rx_us);
	writer_u32(w, packet->required_echo_us);
	if (packet->auth != BFD_AUTH_NONE)
		auth_write(w, packet, ret_digest);
	if (!w->failed)
		*length_at = (uint8_t)(writer_length(w) - before);
}

const char *bfd_state_name(uint8_t state)
{
	static const char *const names[] = { "AdminDown", "Down", "Init", "Up" };

	return state < 4 ? names[state] : "unknown";
}

const char *bfd_diagnostic_text(uint8_t diagnostic)
{
	static const char *const texts[] = {
		[BFD_DIAG_NONE] = "no diagnostic",
		[BFD_DIAG_TIME_EXPIRED] = "nothing was heard in the detection time",
		[BFD_DIAG_ECHO_FAILED] = "echoes did not come back",
		[BFD_DIAG_SIGNALED_DOWN] = "the neighbour signaled that the session is down",
		[BFD_DIAG_FORWARDING_RESET] = "the forwarding plane was reset",
		[BFD_DIAG_PATH_DOWN] = "the path is down",
		[BFD_DIAG_CONCATENATED_DOWN] = "a concatenated path is down",
		[BFD_DIAG_ADMIN_DOWN] = "administratively down",
		[BFD_DIAG_REVERSE_DOWN] = "the reverse concatenated path is down",
	};

	return diagnostic < sizeof(texts) / sizeof(texts[0]) ? texts[diagnostic]
							     : "unknown diagnostic";
}

const char *bfd_fault_name(enum bfd_fault fault)
{
	static const char *const names[] = {
		[BFD_FAULT_NONE] = "none",
		[BFD_FAULT_LENGTH] = "bad-length",
		[BFD_FAULT_VERSION] = "bad-version",
		[BFD_FAULT_MULTIPLIER] = "zero-multiplier",
		[BFD_FAULT_MULTIPOINT] = "multipoint",
		[BFD_FAULT_DISCRIMINATOR] = "zero-discriminator",
		[BFD_FAULT_AUTH] = "bad-authentication-section",
	};

	return names[fault];
}
