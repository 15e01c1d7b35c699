/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN: what is offered, what is refused and how, what both sides end up with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"

static struct bgp_open offered(struct hand *hand)
{
	struct bgp_frame frame = hand_expect(hand, OUT, BGP_OPEN);
	struct bgp_open open;
	struct bgp_fault fault;

	assert_int_equal(bgp_open_read(frame.body, &open, &fault), 0);
	return open;
}

/* ---- Roles: RFC 9234 section 4.2, table 2, and what surrounds it. ---- */

static bool fits(int ours, int theirs)
{
	static const int pairs[][2] = {
		{ BGP_ROLE_PROVIDER, BGP_ROLE_CUSTOMER },
		{ BGP_ROLE_CUSTOMER, BGP_ROLE_PROVIDER },
		{ BGP_ROLE_ROUTE_SERVER, BGP_ROLE_ROUTE_SERVER_CLIENT },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, BGP_ROLE_ROUTE_SERVER },
		{ BGP_ROLE_PEER, BGP_ROLE_PEER },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][0] == ours && pairs[i][1] == theirs)
			return true;
	return false;
}

static void role_case(int ours, int theirs, bool strict, bool conflict, bool comes_up)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct hand *hand;

	settings.role = (uint8_t)ours;
	settings.role_strict = strict;
	open.capabilities.role = (uint8_t)theirs;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	assert_int_equal(offered(hand).capabilities.role, ours);
	if (conflict) {
		/* Two role capabilities that differ, put together by hand. */
		static const uint8_t two_roles[] = { 255, 255, 255, 255, 255, 255, 255, 255,
			255, 255, 255, 255, 255, 255, 255, 255, 0, 49, 1, 4, 0xfb, 0xf5, 0, 90,
			10, 0, 0, 2, 20, 2, 18, 1, 4, 0, 1, 0, 1, 9, 1, 3, 9, 1, 4, 65, 4, 0, 0,
			0xfb, 0xf5 };

		hand_send(hand, OUT, two_roles, sizeof(two_roles));
	} else {
		hand_send_open(hand, OUT, &open);
	}
	if (comes_up)
		assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
	else
		hand_expect_end(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_ROLE_MISMATCH);
	hand_free(hand);
}

static void roles_must_fit(void **state)
{
	(void)state;
	for (int ours = BGP_ROLE_PROVIDER; ours <= BGP_ROLE_PEER; ours++) {
		for (int theirs = BGP_ROLE_PROVIDER; theirs <= BGP_ROLE_PEER; theirs++)
			for (int strict = 0; strict < 2; strict++)
				role_case(ours, theirs, strict, false, fits(ours, theirs));
		role_case(ours, BGP_ROLE_NONE, false, false, true);
		role_case(ours, BGP_ROLE_NONE, true, false, false);
		role_case(ours, BGP_ROLE_NONE, false, true, false);
		/* An unassigned role fits nothing. */
		role_case(ours, 5, false, false, false);
		role_case(BGP_ROLE_NONE, ours, false, false, true);
	}
	role_case(BGP_ROLE_NONE, BGP_ROLE_NONE, false, false, true);
	role_case(BGP_ROLE_NONE, BGP_ROLE_NONE, false, true, true);
}

static void roles_are_not_for_internal_neighbors(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct hand *hand;

	(void)state;
	settings.asn = settings.local_asn;
	settings.role = BGP_ROLE_PEER;
	settings.role_strict = true;
	open.asn = open.capabilities.four_octet_asn = 64500;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	assert_int_equal(offered(hand).capabilities.role, BGP_ROLE_NONE);
	hand_send_open(hand, OUT, &open);
	assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
	hand_free(hand);
}

/* ---- Who it is. ---- */

static void identities_are_checked(void **state)
{
	static const struct {
		uint32_t configured, local, theirs, router_id;
		uint8_t subcode; /* 0: accepted */
	} rows[] = {
		{ 64501, 64500, 64501, 0x0a000002, 0 },
		{ 64501, 64500, 64502, 0x0a000002, BGP_OPEN_BAD_PEER_AS },
		{ 64501, 64500, 64500, 0x0a000002, BGP_OPEN_BAD_PEER_AS },
		{ 4200000001, 64500, 4200000001, 0x0a000002, 0 },
		{ 4200000001, 64500, 4200000002, 0x0a000002, BGP_OPEN_BAD_PEER_AS },
		/* AS_TRANS is nobody. */
		{ 4200000001, 64500, BGP_AS_TRANS, 0x0a000002, BGP_OPEN_BAD_PEER_AS },
		{ 64501, 4200000000, 64501, 0x0a000002, 0 },
		/* RFC 6286: the same identifier is fine in another AS, not in ours. */
		{ 64501, 64500, 64501, 0x0a000001, 0 },
		{ 64500, 64500, 64500, 0x0a000001, BGP_OPEN_BAD_IDENTIFIER },
		{ 64500, 64500, 64500, 0x0a000002, 0 },
		{ 64501, 64500, 64501, 0, BGP_OPEN_BAD_IDENTIFIER },
		/* Any non-zero identifier will do: multicast is no longer wrong. */
		{ 64501, 64500, 64501, 0xe0000001, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open(), ours;
		struct hand *hand;

		settings.asn = rows[i].configured;
		settings.local_asn = rows[i].local;
		open.asn = open.capabilities.four_octet_asn = rows[i].theirs;
		open.router_id = rows[i].router_id;
		hand = hand_new(&settings);
		hand_connect(hand, OUT);
		ours = offered(hand);
		assert_int_equal(ours.asn, rows[i].local);
		assert_int_equal(ours.asn_field,
			rows[i].local > UINT16_MAX ? BGP_AS_TRANS : rows[i].local);
		hand_send_open(hand, OUT, &open);
		if (rows[i].subcode == 0)
			assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
		else
			hand_expect_end(hand, OUT, BGP_ERROR_OPEN, rows[i].subcode);
		hand_free(hand);
	}
}

static void wrong_as_is_explained(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();
	const struct hand_event *event;

	(void)state;
	open.asn = open.capabilities.four_octet_asn = 64666;
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	event = hand_event(hand, SPEAKER_REFUSED);
	assert_non_null(event);
	assert_true(event->event.sent);
	assert_int_equal(event->event.code, BGP_ERROR_OPEN);
	assert_int_equal(event->event.subcode, BGP_OPEN_BAD_PEER_AS);
	assert_non_null(strstr(event->reason, "it is AS 64666, but AS 64501 is configured"));
	hand_free(hand);
}

/* Bytes of an OPEN that do not fit: the NOTIFICATION says which. */
static void bad_opens_are_refused(void **state)
{
	static const struct {
		uint8_t at, value, subcode;
	} rows[] = {
		{ 19, 3, BGP_OPEN_BAD_VERSION }, { 19, 5, BGP_OPEN_BAD_VERSION },
		{ 23, 1, BGP_OPEN_UNACCEPTABLE_HOLD_TIME },
		{ 23, 2, BGP_OPEN_UNACCEPTABLE_HOLD_TIME },
		{ 28, 200, BGP_OPEN_UNSPECIFIC }, /* parameters run past the message */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hand *hand = hand_new(NULL);
		struct bgp_open open = hand_open();
		struct bgp_notification n;
		uint8_t buffer[512];
		struct writer w = writer_of(buffer, sizeof(buffer));

		bgp_open_write(&w, &open);
		buffer[22] = 0;
		buffer[rows[i].at] = rows[i].value;
		hand_connect(hand, OUT);
		hand_send(hand, OUT, buffer, writer_length(&w));
		n = hand_expect_end(hand, OUT, BGP_ERROR_OPEN, rows[i].subcode);
		if (rows[i].subcode == BGP_OPEN_BAD_VERSION) {
			/* RFC 4271 section 6.2: the largest version that we speak. */
			assert_int_equal(n.data_length, 2);
			assert_int_equal(n.data[1], 4);
		}
		/* And it is tried again. */
		hand_advance(hand, duration_seconds(1));
		hand_establish(hand, OUT, NULL);
		hand_free(hand);
	}
}

/* What ends a connection before our OPEN was read comes behind the OPEN. */
static void open_goes_before_the_notification(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();
	struct bgp_frame frame;
	struct bgp_fault fault;

	(void)state;
	open.asn = open.capabilities.four_octet_asn = 64666;
	hand->blocked = true;
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_expect_end(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_BAD_PEER_AS);
	assert_int_equal(bgp_frame_read(hand->last[OUT], hand->last_length[OUT],
				 BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(frame.type, BGP_OPEN);
	hand_free(hand);
}

/* ---- Capabilities. ---- */

static void families_must_be_common(void **state)
{
	static const struct {
		bool ours[2], theirs[2], multiprotocol, agreed[2];
	} rows[] = {
		{ { true, true }, { true, true }, true, { true, true } },
		{ { true, true }, { true, false }, true, { true, false } },
		{ { true, true }, { false, true }, true, { false, true } },
		{ { false, true }, { true, true }, true, { false, true } },
		{ { true, false }, { false, true }, true, { false, false } },
		{ { true, true }, { false, false }, true, { false, false } },
		/* Without the capability: IPv4 (RFC 4760 section 8). */
		{ { true, true }, { false, false }, false, { true, false } },
		{ { false, true }, { false, false }, false, { false, false } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open();
		struct neighbor_view view;
		struct hand *hand;
		struct bgp_notification n;

		memcpy(settings.families, rows[i].ours, 2 * sizeof(bool));
		memcpy(open.capabilities.family, rows[i].theirs, 2 * sizeof(bool));
		open.capabilities.multiprotocol = rows[i].multiprotocol;
		/* A family that we do not know makes it multiprotocol all the same. */
		hand = hand_new(&settings);
		if (rows[i].multiprotocol && !rows[i].theirs[0] && !rows[i].theirs[1]) {
			hand_free(hand);
			continue;
		}
		if (rows[i].agreed[0] || rows[i].agreed[1]) {
			hand_establish(hand, OUT, &open);
			view = hand_view(hand);
			for (int f = 0; f < 2; f++)
				assert_int_equal(view.agreed.family[f], rows[i].agreed[f]);
			hand_free(hand);
			continue;
		}
		hand_connect(hand, OUT);
		hand_send_open(hand, OUT, &open);
		n = hand_expect_end(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_UNSUPPORTED_CAPABILITY);
		/* RFC 5492 section 3: the capabilities that were missed. */
		assert_int_equal(n.data_length, 6 * (rows[i].ours[0] + rows[i].ours[1]));
		assert_int_equal(n.data[0], BGP_CAPABILITY_MULTIPROTOCOL);
		assert_int_equal(n.data[1], 4);
		assert_int_equal(n.data[3], rows[i].ours[0] ? BGP_AFI_IPV4 : BGP_AFI_IPV6);
		assert_int_equal(n.data[5], BGP_SAFI_UNICAST);
		hand_free(hand);
	}
}

static void offer_follows_the_settings(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_capabilities c;
	struct hand *hand;

	(void)state;
	settings.extended_next_hop = true;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	c = offered(hand).capabilities;
	assert_true(c.multiprotocol && c.family[0] && c.family[1]);
	assert_true(c.route_refresh && c.enhanced_refresh && c.extended_message);
	assert_true(c.four_octet_as);
	assert_int_equal(c.four_octet_asn, 64500);
	assert_true(c.extended_next_hop[BGP_IPV4_UNICAST]);
	assert_false(c.extended_next_hop[BGP_IPV6_UNICAST]);
	assert_string_equal(c.hostname, "fra1");
	assert_true(c.graceful_restart && c.restart_notification);
	assert_false(c.restart_state);
	assert_int_equal(c.restart_time_s, 120);
	assert_true(c.restart_family[0] && c.restart_family[1]);
	hand_free(hand);

	settings.extended_next_hop = settings.extended_message = settings.graceful_restart =
		false;
	settings.families[BGP_IPV4_UNICAST] = false;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	c = offered(hand).capabilities;
	assert_false(c.family[BGP_IPV4_UNICAST] || c.extended_message || c.graceful_restart);
	assert_false(c.extended_next_hop[BGP_IPV4_UNICAST]);
	hand_free(hand);

	settings.capabilities = false;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	c = offered(hand).capabilities;
	assert_false(c.multiprotocol || c.route_refresh || c.four_octet_as);
	hand_free(hand);
}

/* A neighbour from before 2000: no capabilities, two-octet AS numbers, IPv4 alone. */
static void old_speakers_are_understood(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = { .asn = 64501,
		.hold_time_s = 180,
		.router_id = 5,
		.capabilities.role = BGP_ROLE_NONE };
	struct bgp_update update;
	struct hand *hand;
	char text[64];

	(void)state;
	settings.local_asn = 4200000000;
	hand = hand_new(&settings);
	hand_route(hand, "198.51.100.0/24");
	hand_route(hand, "2001:db8::/32");
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_false(hand_view(hand).agreed.route_refresh);
	assert_int_equal(speaker_neighbor_refresh(
				 hand->speaker, hand->neighbor, BGP_IPV4_UNICAST, hand->now),
		ERROR_UNSUPPORTED);
	hand->context.four_octet_as = false;
	hand_expect(hand, OUT, BGP_OPEN);
	hand_expect(hand, OUT, BGP_KEEPALIVE);
	update = hand_expect_update(hand, OUT);
	/* AS_TRANS, and the true number in AS4_PATH, which the reader put back. */
	assert_string_equal(hand_path(&update.attributes, text), "4200000000");
	assert_string_equal(hand_first(update.announced[0], text), "198.51.100.0/24");
	assert_true(hand_expect_update(hand, OUT).end_of_rib);
	hand_free(hand);
}

/* RFC 5492 section 3: it refuses optional parameters; then without, then with them again. */
static void capabilities_may_be_refused(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = { .asn = 64501,
		.hold_time_s = 180,
		.router_id = 5,
		.capabilities.role = BGP_ROLE_NONE };
	struct hand *hand = hand_new(&settings);

	(void)state;
	for (int i = 0; i < 6; i++) {
		while (!hand->connecting)
			hand_advance(hand, duration_seconds(1));
		hand_connect(hand, OUT);
		assert_int_equal(offered(hand).capabilities.multiprotocol, i % 2 == 0);
		if (i == 5)
			break;
		hand_send_notification(
			hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_UNSUPPORTED_PARAMETER);
	}
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_true(hand_view(hand).agreed.family[BGP_IPV4_UNICAST]);
	assert_false(hand_view(hand).agreed.family[BGP_IPV6_UNICAST]);
	hand_free(hand);

	/* Without IPv4 there would be nothing to say. */
	settings.families[BGP_IPV4_UNICAST] = false;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	hand_send_notification(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_UNSUPPORTED_PARAMETER);
	hand_advance(hand, duration_seconds(1));
	hand_connect(hand, OUT);
	assert_true(offered(hand).capabilities.multiprotocol);
	hand_free(hand);
}

/* RFC 8654: who offers takes long messages; only who was offered sends them. */
static void long_messages_need_the_capability(void **state)
{
	(void)state;
	for (int row = 0; row < 4; row++) {
		bool ours = row & 1, theirs = row & 2;
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open();
		struct bgp_frame frame;
		uint8_t long_update[5000];
		struct hand *hand;
		size_t longest = 0;

		settings.extended_message = ours;
		open.capabilities.extended_message = theirs;
		hand = hand_new(&settings);
		hand_establish(hand, OUT, &open);
		for (unsigned i = 0; i < 3000; i++) {
			struct local_route route = { .prefix = hand_prefix("10.0.0.0/24") };

			route.prefix.address.bytes[1] = (uint8_t)(i >> 8);
			route.prefix.address.bytes[2] = (uint8_t)i;
			assert_int_equal(
				speaker_route_set(hand->speaker, &route, hand->now), 0);
		}
		while (hand_next(hand, OUT, &frame))
			longest = frame.length > longest ? frame.length : longest;
		assert_int_equal(longest > BGP_MESSAGE_MAX, ours && theirs);
		assert_int_equal(hand_view(hand).prefixes_out[BGP_IPV4_UNICAST], 3000);

		/* An UPDATE with nothing but withdrawals of 0.0.0.0/0, 4977 times. */
		memset(long_update, 0, sizeof(long_update));
		memset(long_update, 0xff, 16);
		bytes_put_u16(long_update + 16, sizeof(long_update));
		long_update[18] = BGP_UPDATE;
		bytes_put_u16(long_update + 19, sizeof(long_update) - 23);
		hand_send(hand, OUT, long_update, sizeof(long_update));
		if (ours)
			assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		else
			hand_expect_end(hand, OUT, BGP_ERROR_HEADER, BGP_HEADER_BAD_LENGTH);
		hand_free(hand);
	}
}

/* The neighbour that we refused hangs up the next time: why is still what we said. */
static void a_reset_says_less_than_a_notification(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct hand *hand;

	(void)state;
	settings.role = BGP_ROLE_CUSTOMER;
	open.capabilities.role = BGP_ROLE_CUSTOMER;
	hand = hand_new(&settings);
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_expect_end(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_ROLE_MISMATCH);
	assert_non_null(strstr(hand_view(hand).last_reason, "Role Mismatch"));
	hand_advance(hand, duration_seconds(2));
	hand_connect(hand, OUT);
	hand_lose(hand, OUT);
	assert_non_null(strstr(hand_view(hand).last_reason, "Role Mismatch"));
	assert_string_equal(hand_event(hand, SPEAKER_REFUSED)->reason, "connection reset");
	/* Nobody there at all is another matter. */
	hand_advance(hand, duration_seconds(5));
	assert_true(hand->connecting);
	hand->connecting = false;
	speaker_connect_failed(hand->speaker, hand->neighbor, "connection refused", hand->now);
	assert_string_equal(hand_view(hand).last_reason, "connection refused");
	hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_must_fit),
		cmocka_unit_test(roles_are_not_for_internal_neighbors),
		cmocka_unit_test(identities_are_checked),
		cmocka_unit_test(wrong_as_is_explained),
		cmocka_unit_test(bad_opens_are_refused),
		cmocka_unit_test(open_goes_before_the_notification),
		cmocka_unit_test(families_must_be_common),
		cmocka_unit_test(offer_follows_the_settings),
		cmocka_unit_test(old_speakers_are_understood),
		cmocka_unit_test(capabilities_may_be_refused),
		cmocka_unit_test(a_reset_says_less_than_a_notification),
		cmocka_unit_test(long_messages_need_the_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
