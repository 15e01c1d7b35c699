/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BFD: a packet that was understood is written again and reads back the same; and whatever
 * comes, in whatever order, a session stays in one of its states and answers at most once.
 */
#include <stdlib.h>
#include <string.h>

#include "route/bfd.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check(const uint8_t *bytes, size_t length)
{
	struct bfd_packet packet, again;
	uint8_t buffer[BFD_PACKET_MAX], *digest;
	struct writer w = writer_of(buffer, sizeof(buffer));

	if (bfd_packet_read(bytes, length, &packet) != BFD_FAULT_NONE ||
		packet.auth > BFD_AUTH_METICULOUS_SHA1)
		return;
	bfd_packet_write(&w, &packet, &digest);
	expect(!w.failed);
	if (digest != NULL)
		memcpy(digest, packet.value, packet.value_length);
	expect(bfd_packet_read(buffer, writer_length(&w), &again) == BFD_FAULT_NONE);
	expect(again.value_length == packet.value_length);
	expect(packet.value_length == 0 ||
		memcmp(again.value, packet.value, packet.value_length) == 0);
	again.value = packet.value = NULL;
	expect(again.diagnostic == packet.diagnostic && again.state == packet.state);
	expect(again.poll == packet.poll && again.final == packet.final);
	expect(again.demand == packet.demand && again.mine == packet.mine);
	expect(again.yours == packet.yours && again.multiplier == packet.multiplier);
	expect(again.desired_tx_us == packet.desired_tx_us);
	expect(again.required_rx_us == packet.required_rx_us);
	expect(again.required_echo_us == packet.required_echo_us);
	expect(again.auth == packet.auth && again.sequence == packet.sequence);
	expect(again.key_id == packet.key_id);
}

static unsigned sent;

static void on_send(
	void *context, struct bfd_session *session, const uint8_t *packet, size_t length)
{
	struct bfd_packet read;

	(void)context;
	(void)session;
	sent++;
	expect(bfd_packet_read(packet, length, &read) == BFD_FAULT_NONE);
}

static void on_changed(void *context, struct bfd_session *session, enum bfd_state old)
{
	struct bfd_session_view view;

	(void)context;
	bfd_session_view(session, &view);
	expect(view.state != old);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct bfd_sink sink = { NULL, on_send, on_changed, NULL };
	struct bfd_settings settings = { .remote = address_ipv4(1),
		.desired_tx_us = 10000,
		.required_rx_us = 10000,
		.multiplier = 3 };
	struct bfd_arrival arrival = {
		.from = address_ipv4(1), .to = address_ipv4(2), .ttl = 255
	};
	struct instant now = { 1000000000 };
	struct bfd *bfd = bfd_new(1, &sink);
	struct bfd_session *session;
	struct bfd_session_view view;

	if (bfd == NULL)
		return 0;
	session = bfd_session_add(bfd, &settings, NULL, now);
	expect(session != NULL);
	bfd_session_view(session, &view);
	/* A byte: how long to wait, in milliseconds, and how long the packet is; then it. */
	while (length > 2) {
		size_t size = bytes[1] % BFD_PACKET_MAX;
		uint8_t packet[BFD_PACKET_MAX];

		now = instant_add(now, duration_ms(bytes[0]));
		size = size < length - 2 ? size : length - 2;
		memcpy(packet, bytes + 2, size);
		/* Nobody guesses a discriminator: 0xff in its last place is the right one. */
		if (size >= 12 && packet[11] == 0xff) {
			packet[8] = (uint8_t)(view.mine >> 24);
			packet[9] = (uint8_t)(view.mine >> 16);
			packet[10] = (uint8_t)(view.mine >> 8);
			packet[11] = (uint8_t)view.mine;
		}
		check(packet, size);
		sent = 0;
		bfd_received(bfd, &arrival, packet, size, now);
		expect(sent <= 1);
		sent = 0;
		bfd_tick(bfd, now);
		expect(sent <= 2); /* what was due, and that it is down */
		expect(instant_before(now, bfd_deadline(bfd)));
		bytes += 2 + size;
		length -= 2 + size;
	}
	bfd_session_remove(bfd, session, now);
	bfd_free(bfd);
	return 0;
}
