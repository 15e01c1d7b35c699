/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMP: any stream of bytes is read to its end or its first fault, and every message that was
 * understood is written again and reads back the same. What a collector makes of the stream are
 * records that read back, and sessions that end as often as they begin.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/bmp_mrt.h"
#include "wire/mrt_write.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t buffer[BMP_MESSAGE_MAX + 4096];

static bool same_bytes(const struct cursor *a, const struct cursor *b)
{
	return cursor_left(a) == cursor_left(b) &&
	       (cursor_left(a) == 0 || memcmp(a->at, b->at, cursor_left(a)) == 0);
}

static void same_peer(const struct bmp_peer *a, const struct bmp_peer *b)
{
	expect(a->type == b->type && a->flags == b->flags && a->asn == b->asn);
	expect(a->distinguisher == b->distinguisher && a->router_id == b->router_id);
	expect(address_equal(&a->address, &b->address));
}

/* What can be written again; false for messages that are TLVs alone. */
static bool write_again(const struct bmp_message *m, struct writer *w)
{
	struct bmp_stat stats[64];
	struct cursor statistics = m->statistics;
	size_t count = 0;

	switch (m->type) {
	case BMP_ROUTE_MONITORING:
		bmp_monitoring_write(w, &m->peer, m->update);
		return true;
	case BMP_PEER_UP:
		bmp_peer_up_write(w, &m->peer, &m->up);
		return true;
	case BMP_PEER_DOWN:
		bmp_peer_down_write(w, &m->peer, &m->down);
		return true;
	case BMP_STATISTICS:
		while (count < 64 && bmp_stat_next(&statistics, &stats[count]))
			count++;
		bmp_statistics_write(w, &m->peer, stats, count);
		return true;
	default:
		return false;
	}
}

static void same_statistics(struct cursor a, struct cursor b)
{
	struct bmp_stat one, other;

	for (unsigned i = 0; i < 64 && bmp_stat_next(&a, &one); i++) {
		expect(bmp_stat_next(&b, &other));
		expect(one.type == other.type && one.value == other.value);
		expect(one.afi == other.afi && one.safi == other.safi);
	}
	expect(!bmp_stat_next(&b, &other) && !b.failed);
}

static void check(const struct bmp_message *m)
{
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bmp_frame frame;
	struct bmp_message again;

	if (!write_again(m, &w))
		return;
	expect(!w.failed);
	expect(bmp_frame_read(buffer, writer_length(&w), &frame) == BMP_FRAME_WHOLE);
	expect(frame.length == writer_length(&w) && frame.type == m->type);
	expect(bmp_message_read(&frame, &again) == 0);
	same_peer(&m->peer, &again.peer);
	expect(same_bytes(&m->update, &again.update));
	expect(m->down.reason == again.down.reason && m->down.event == again.down.event);
	expect(same_bytes(&m->down.notification, &again.down.notification));
	expect(address_equal(&m->up.local, &again.up.local));
	expect(same_bytes(&m->up.sent_open, &again.up.sent_open));
	expect(same_bytes(&m->up.received_open, &again.up.received_open));
	expect(m->up.local_port == again.up.local_port);
	same_statistics(m->statistics, again.statistics);
}

static int sessions;

static int on_message(void *context, struct wall_time time, const struct mrt_message *message)
{
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct mrt_message again;
	struct mrt_record record;

	(void)context;
	if (message->state_change)
		sessions += message->new_state == MRT_STATE_ESTABLISHED ? 1 : -1;
	expect(sessions >= 0);
	expect(mrt_message_write(&w, time, message) == 0 && !w.failed);
	expect(mrt_frame_read(buffer, writer_length(&w), &record) == MRT_FRAME_WHOLE);
	expect(mrt_message_read(&record, &again) == 0);
	expect(again.peer_asn == message->peer_asn && again.add_path == message->add_path);
	expect(address_equal(&again.peer, &message->peer));
	expect(same_bytes(&again.message, &message->message));
	return 0;
}

/* Both the stream of sessions and that of the loc-RIB. */
static void collect(const uint8_t *bytes, size_t length, enum bmp_mrt_view view)
{
	const struct bmp_mrt_sink sink = { NULL, on_message };
	struct bmp_mrt router = { .view = view, .router = address_ipv4(0xc0000201) };
	struct bmp_message message;
	struct bmp_frame frame;

	sessions = 0;
	while (bmp_frame_read(bytes, length, &frame) == BMP_FRAME_WHOLE) {
		if (bmp_message_read(&frame, &message) == 0)
			expect(bmp_mrt_take(
				       &router, &message, (struct wall_time){ 1 }, &sink) == 0);
		bytes += frame.length;
		length -= frame.length;
	}
	expect(bmp_mrt_end(&router, (struct wall_time){ 2 }, &sink) == 0 && sessions == 0);
	bmp_mrt_clear(&router);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	for (int view = BMP_MRT_RECEIVED; view <= BMP_MRT_BEST; view++)
		collect(bytes, length, (enum bmp_mrt_view)view);
	while (length > 0) {
		struct bmp_message message;
		struct bmp_frame frame;

		if (bmp_frame_read(bytes, length, &frame) != BMP_FRAME_WHOLE)
			break;
		expect(frame.length >= BMP_HEADER_SIZE && frame.length <= length);
		if (bmp_message_read(&frame, &message) == 0) {
			struct bmp_tlv tlv;
			size_t left = length;

			while (bmp_tlv_next(&message.tlvs, &tlv)) {
				expect(cursor_left(&message.tlvs) + 4 <= left);
				left = cursor_left(&message.tlvs);
			}
			check(&message);
		}
		bytes += frame.length;
		length -= frame.length;
	}
	return 0;
}
