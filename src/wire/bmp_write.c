/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing BMP messages.
 *
 * Invariants:
 *  1. What is written reads back as the same.
 *  2. A length is filled in only when the whole message had room.
 *
 * RFC 7854 section 4; RFC 8671 sections 4 and 6; RFC 9069 section 4.
 */
#include "wire/bmp.h"

#include "wire/bmp_statistic.h"

#define TABLE_NAME_MAX 255u /* RFC 9069 section 4.3 */

static uint8_t *message_begin(struct writer *w, enum bmp_message_type type)
{
	uint8_t *start = writer_reserve(w, BMP_HEADER_SIZE);

	if (start == NULL)
		return NULL;
	start[0] = BMP_VERSION;
	start[5] = (uint8_t)type;
	return start;
}

static void message_end(struct writer *w, uint8_t *start)
{
	if (!w->failed && start != NULL)
		bytes_put_u32(start + 1, (uint32_t)(w->at - start));
}

/* Sixteen bytes; IPv4 in the last four, the others zero (section 4.2). */
static void address_write(struct writer *w, const struct address *address)
{
	static const uint8_t zeroes[16];

	writer_bytes(w, zeroes, 16 - address_size(address));
	writer_bytes(w, address->bytes, address_size(address));
}

static void peer_write(struct writer *w, const struct bmp_peer *peer)
{
	uint8_t flags = peer->flags;

	/* RFC 9069 section 4.2: in this place the loc-RIB has another flag. */
	if (peer->type != BMP_PEER_LOC_RIB)
		flags = (uint8_t)((flags & ~BMP_FLAG_IPV6) |
				  (peer->address.family == FAMILY_IPV6 ? BMP_FLAG_IPV6 : 0));
	writer_u8(w, peer->type);
	writer_u8(w, flags);
	writer_u64(w, peer->distinguisher);
	address_write(w, &peer->address);
	writer_u32(w, peer->asn);
	writer_u32(w, peer->router_id);
	writer_u32(w, (uint32_t)(peer->time.ns / 1000000000));
	writer_u32(w, (uint32_t)(peer->time.ns % 1000000000 / 1000));
}

static void string_write(struct writer *w, uint16_t type, const char *text, size_t most)
{
	size_t length;

	if (text == NULL)
		return;
	length = strnlen(text, most);
	writer_u16(w, type);
	writer_u16(w, (uint16_t)length);
	writer_bytes(w, text, length);
}

static void bytes_write(struct writer *w, const struct cursor *bytes)
{
	writer_bytes(w, bytes->at, cursor_left(bytes));
}

void bmp_initiation_write(
	struct writer *w, const char *sys_name, const char *sys_descr, const char *text)
{
	uint8_t *start = message_begin(w, BMP_INITIATION);

	/* Section 4.3: sysDescr and sysName MUST be there. */
	string_write(w, BMP_TLV_SYS_DESCR, sys_descr == NULL ? "" : sys_descr, UINT16_MAX);
	string_write(w, BMP_TLV_SYS_NAME, sys_name == NULL ? "" : sys_name, UINT16_MAX);
	string_write(w, BMP_TLV_STRING, text, UINT16_MAX);
	message_end(w, start);
}

void bmp_termination_write(struct writer *w, enum bmp_termination reason, const char *text)
{
	uint8_t *start = message_begin(w, BMP_TERMINATION);

	writer_u16(w, BMP_TLV_REASON);
	writer_u16(w, 2);
	writer_u16(w, (uint16_t)reason);
	string_write(w, BMP_TLV_STRING, text, UINT16_MAX);
	message_end(w, start);
}

void bmp_peer_up_write(
	struct writer *w, const struct bmp_peer *peer, const struct bmp_peer_up *up)
{
	uint8_t *start = message_begin(w, BMP_PEER_UP);

	peer_write(w, peer);
	address_write(w, &up->local);
	writer_u16(w, up->local_port);
	writer_u16(w, up->remote_port);
	bytes_write(w, &up->sent_open);
	bytes_write(w, &up->received_open);
	string_write(w, BMP_TLV_TABLE_NAME, up->table_name, TABLE_NAME_MAX);
	message_end(w, start);
}

void bmp_peer_down_write(
	struct writer *w, const struct bmp_peer *peer, const struct bmp_peer_down *down)
{
	uint8_t *start = message_begin(w, BMP_PEER_DOWN);

	peer_write(w, peer);
	writer_u8(w, down->reason);
	if (down->reason == BMP_DOWN_LOCAL_EVENT)
		writer_u16(w, down->event);
	else if (down->reason == BMP_DOWN_LOCAL_NOTIFICATION ||
		 down->reason == BMP_DOWN_REMOTE_NOTIFICATION)
		bytes_write(w, &down->notification);
	message_end(w, start);
}

void bmp_monitoring_write(struct writer *w, const struct bmp_peer *peer, struct cursor update)
{
	uint8_t *start = message_begin(w, BMP_ROUTE_MONITORING);

	peer_write(w, peer);
	bytes_write(w, &update);
	message_end(w, start);
}

static void stat_write(struct writer *w, const struct bmp_stat *stat, enum stat_shape shape)
{
	writer_u16(w, stat->type);
	writer_u16(w, (uint16_t)shape);
	if (shape == STAT_COUNTER) {
		writer_u32(w, (uint32_t)stat->value);
		return;
	}
	if (shape == STAT_FAMILY_GAUGE) {
		writer_u16(w, stat->afi);
		writer_u8(w, stat->safi);
	}
	writer_u64(w, stat->value);
}

void bmp_statistics_write(struct writer *w, const struct bmp_peer *peer,
	const struct bmp_stat *stats, size_t count)
{
	uint8_t *start = message_begin(w, BMP_STATISTICS), *count_at;
	uint32_t written = 0;

	peer_write(w, peer);
	count_at = writer_reserve(w, 4);
	for (size_t i = 0; i < count; i++) {
		if (stat_shape_of(stats[i].type) == STAT_UNKNOWN)
			continue;
		stat_write(w, &stats[i], stat_shape_of(stats[i].type));
		written++;
	}
	if (!w->failed && count_at != NULL)
		bytes_put_u32(count_at, written);
	message_end(w, start);
}
