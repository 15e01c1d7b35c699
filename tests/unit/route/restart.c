/* SPDX-License-Identifier: Apache-2.0 */
/* Graceful restart: RFC 4724 and RFC 8538, as the one who helps and as the one who restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"

static const char A[] = "198.51.100.0/24", B[] = "203.0.113.0/24", C[] = "2001:db8:1::/48";

/* Up, with two IPv4 routes and one IPv6 route from a neighbour that keeps its state. */
static struct hand *with_routes(const struct neighbor_settings *settings)
{
	struct hand *hand = hand_new(settings);

	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, A, NULL);
	hand_announce(hand, OUT, B, NULL);
	hand_announce(hand, OUT, C, NULL);
	hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
	hand_end_of_rib(hand, OUT, BGP_IPV6_UNICAST);
	return hand;
}

static bool stale(struct hand *hand, const char *prefix)
{
	struct route_view view;

	assert_true(hand_holds(hand, prefix, &view));
	return view.stale;
}

static unsigned held(const struct hand *hand)
{
	struct neighbor_view view = hand_view(hand);

	return view.prefixes_in[BGP_IPV4_UNICAST] + view.prefixes_in[BGP_IPV6_UNICAST];
}

/* ---- When routes are kept. ---- */

enum end {
	END_LOST,        /* TCP ended without a word */
	END_NOTIFIED,    /* Cease/4 from the neighbour */
	END_HARD_RESET,  /* the same as a Hard Reset */
	END_HOLD_TIMER,  /* ours */
	END_FSM_ERROR,   /* it breaks the rules, we end it */
	END_RESET,       /* our operator resets */
	END_SHUTDOWN,    /* our operator shuts down */
	END_CHANGED,     /* our hold time changes */
	END_ANOTHER_AS,  /* it becomes another neighbour */
	END_RECONNECTED, /* it connects again */
	END_COUNT,
};

static void end_it(struct hand *hand, enum end how)
{
	struct neighbor_settings settings = hand_settings();
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_open open = hand_open();

	switch (how) {
	case END_LOST:
		hand_lose(hand, OUT);
		break;
	case END_NOTIFIED:
		hand_send_notification(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET);
		break;
	case END_HARD_RESET:
		bgp_cease_write(&w, BGP_CEASE_ADMIN_RESET, "", true);
		hand_send(hand, OUT, buffer, writer_length(&w));
		break;
	case END_HOLD_TIMER:
		hand_advance(hand, duration_seconds(91));
		break;
	case END_FSM_ERROR:
		hand_send_open(hand, OUT, &open);
		break;
	case END_RESET:
		speaker_neighbor_reset(hand->speaker, hand->neighbor, "", hand->now);
		break;
	case END_SHUTDOWN:
		speaker_neighbor_shutdown(hand->speaker, hand->neighbor, "", hand->now);
		break;
	case END_CHANGED:
		settings.hold_time = duration_seconds(60);
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
		break;
	case END_ANOTHER_AS:
		settings.asn = 64777;
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
		break;
	case END_RECONNECTED:
		hand_advance(hand, duration_seconds(10));
		(void)hand_accept(hand);
		break;
	case END_COUNT:
		break;
	}
}

/* Its offer, our setting, how it ends: are the routes kept? */
static void what_keeps_routes(void **state)
{
	enum { PLAIN, NOTIFICATION, NONE, NOT_OURS, KINDS };
	static const bool kept[END_COUNT][KINDS] = {
		[END_LOST] = { true, true, false, false },
		[END_NOTIFIED] = { false, true, false, false },
		[END_HARD_RESET] = { false, false, false, false },
		[END_HOLD_TIMER] = { false, true, false, false },
		[END_FSM_ERROR] = { false, true, false, false },
		[END_RESET] = { false, true, false, false },
		[END_SHUTDOWN] = { false, false, false, false },
		[END_CHANGED] = { false, true, false, false },
		[END_ANOTHER_AS] = { false, false, false, false },
		[END_RECONNECTED] = { true, true, true, true },
	};

	(void)state;
	for (int how = 0; how < END_COUNT; how++)
		for (int kind = 0; kind < KINDS; kind++) {
			struct neighbor_settings settings = hand_settings();
			struct bgp_open open = hand_open();
			struct hand *hand;

			settings.graceful_restart = kind != NOT_OURS;
			open.capabilities.graceful_restart = kind != NONE;
			open.capabilities.restart_notification = kind != PLAIN;
			hand = hand_new(&settings);
			hand_establish(hand, OUT, &open);
			hand_announce(hand, OUT, A, NULL);
			hand_announce(hand, OUT, C, NULL);
			end_it(hand, (enum end)how);
			if (held(hand) != (kept[how][kind] ? 2u : 0u))
				fail_msg("end %d, kind %d: %u held", how, kind, held(hand));
			/* Without graceful restart it may not even connect again: then the
			 * old session goes on (RFC 4271 section 6.8). */
			if (how == END_RECONNECTED)
				assert_int_equal(hand_state(hand) == SESSION_ESTABLISHED,
					kind == NONE || kind == NOT_OURS);
			else if (kept[how][kind])
				assert_true(stale(hand, A) && stale(hand, C));
			assert_int_equal(hand_event(hand, SPEAKER_STALE) != NULL,
				kept[how][kind] && hand_state(hand) != SESSION_ESTABLISHED);
			hand_free(hand);
		}
}

/* Only families that it listed. */
static void other_families_go(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	open.capabilities.restart_family[BGP_IPV6_UNICAST] = false;
	hand_establish(hand, OUT, &open);
	hand_announce(hand, OUT, A, NULL);
	hand_announce(hand, OUT, C, NULL);
	hand_lose(hand, OUT);
	assert_true(stale(hand, A));
	assert_false(hand_holds(hand, C, NULL));
	hand_free(hand);
}

/* A neighbour that helps others but keeps nothing itself: an empty list of families. */
static void helper_only_neighbor(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	memset(open.capabilities.restart_family, 0, sizeof(open.capabilities.restart_family));
	hand_establish(hand, OUT, &open);
	hand_announce(hand, OUT, A, NULL);
	/* A second connection is no restart then. */
	hand_advance(hand, duration_seconds(10));
	assert_false(hand_accept(hand));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_lose(hand, OUT);
	assert_int_equal(held(hand), 0);
	hand_free(hand);
}

/* ---- How long. ---- */

static void restart_timer(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_lose(hand, OUT);
	assert_true(hand_view(hand).restarting);
	assert_int_equal(hand_view(hand).prefixes_stale[BGP_IPV4_UNICAST], 2);
	hand_advance(hand, duration_ms(59900)); /* it said 60 s */
	assert_int_equal(held(hand), 3);
	hand_advance(hand, duration_ms(200));
	assert_int_equal(held(hand), 0);
	assert_false(hand_view(hand).restarting);
	hand_free(hand);
}

/* Attempts that fail in between change nothing: only the time does. */
static void failed_attempts_do_not_end_it(void **state)
{
	struct hand *hand = with_routes(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	hand_lose(hand, OUT);
	open.asn = open.capabilities.four_octet_asn = 64999;
	hand_advance(hand, duration_seconds(1));
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	assert_int_equal(held(hand), 3);
	hand_advance(hand, duration_seconds(60));
	assert_int_equal(held(hand), 0);
	hand_free(hand);
}

/* Back with its state: what it repeats is fresh, what it does not goes at end-of-RIB, family by
 * family. */
static void end_of_rib_sweeps(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(30));
	hand_establish(hand, hand->connecting ? OUT : IN, NULL);
	assert_int_equal(held(hand), 3);
	assert_false(hand_view(hand).restarting);
	/* The restart timer is over and done with. */
	hand_advance(hand, duration_seconds(40));
	assert_int_equal(held(hand), 3);
	hand_announce(hand, OUT, B, NULL);
	assert_true(stale(hand, A));
	assert_false(stale(hand, B));
	hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
	assert_false(hand_holds(hand, A, NULL));
	assert_true(hand_holds(hand, B, NULL));
	assert_true(stale(hand, C));
	hand_end_of_rib(hand, OUT, BGP_IPV6_UNICAST);
	assert_false(hand_holds(hand, C, NULL));
	hand_free(hand);
}

/* End-of-RIB never comes. */
static void stale_routes_always_end(void **state)
{
	(void)state;
	for (int stale_s = 60; stale_s <= 360; stale_s += 300) {
		struct neighbor_settings settings = hand_settings();
		struct hand *hand;

		settings.stale_time = duration_seconds(stale_s);
		hand = with_routes(&settings);
		hand_lose(hand, OUT);
		hand_advance(hand, duration_seconds(1));
		hand_establish(hand, OUT, NULL);
		for (int i = 0; i <= stale_s / 10; i++) {
			assert_int_equal(held(hand), i < stale_s / 10 ? 3 : 0);
			hand_advance(hand, duration_ms(10001));
			hand_send_keepalive(hand, OUT);
		}
		hand_free(hand);
	}
}

/* Back without what it promised: gone at once. RFC 4724 section 4.2. */
static void what_it_did_not_keep_goes(void **state)
{
	enum { NO_F_BIT, FAMILY_MISSING, NO_CAPABILITY, NO_MULTIPROTOCOL, KINDS };

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct hand *hand = with_routes(NULL);
		struct bgp_open open = hand_open();

		if (kind == NO_F_BIT)
			open.capabilities.restart_forwarding[BGP_IPV4_UNICAST] = false;
		if (kind == FAMILY_MISSING)
			open.capabilities.restart_family[BGP_IPV4_UNICAST] = false;
		if (kind == NO_CAPABILITY)
			open.capabilities.graceful_restart = false;
		if (kind == NO_MULTIPROTOCOL)
			open.capabilities.family[BGP_IPV4_UNICAST] = false;
		hand_lose(hand, OUT);
		hand_advance(hand, duration_seconds(1));
		hand_establish(hand, OUT, &open);
		assert_false(hand_holds(hand, A, NULL));
		assert_int_equal(hand_holds(hand, C, NULL), kind != NO_CAPABILITY);
		hand_free(hand);
	}
}

/* End-of-RIB belongs to a session: that of the last one counts no more. */
static void end_of_rib_is_forgotten(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	assert_true(hand_view(hand).end_of_rib_in[BGP_IPV4_UNICAST]);
	hand_lose(hand, OUT);
	assert_false(hand_view(hand).end_of_rib_in[BGP_IPV4_UNICAST]);
	assert_false(hand_view(hand).end_of_rib_out[BGP_IPV4_UNICAST]);
	hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
	/* A refresh before end-of-RIB must not touch what is stale. */
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_BEGIN);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_END);
	assert_true(stale(hand, A));
	hand_free(hand);
}

/* A refresh that the end of the session cut off does not end in the next one. */
static void refresh_is_forgotten(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_BEGIN);
	hand_announce(hand, OUT, A, NULL);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
	assert_true(stale(hand, A));
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_END);
	assert_true(stale(hand, A));
	hand_free(hand);
}

/* A second restart before the first was over: what was stale already goes. */
static void consecutive_restarts(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, B, NULL);
	hand_lose(hand, OUT);
	assert_false(hand_holds(hand, A, NULL));
	assert_true(stale(hand, B));
	assert_false(hand_holds(hand, C, NULL));
	hand_free(hand);
}

/* RFC 4724 section 5: a new connection while Established. */
static void a_restarted_neighbor_connects(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	/* So soon it is the other half of a collision. */
	assert_false(hand_accept(hand));
	hand_advance(hand, duration_seconds(6));
	assert_true(hand_accept(hand));
	assert_int_equal(hand_state(hand), SESSION_OPEN_SENT);
	hand_expect_end(hand, OUT, 0, 0); /* no NOTIFICATION: it is taken as lost */
	assert_true(stale(hand, A));
	hand_send_open(hand, IN, &(struct bgp_open[]){ hand_open() }[0]);
	hand_send_keepalive(hand, IN);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_int_equal(held(hand), 3);
	hand_free(hand);
}

/* However often it failed before: what was said to be welcome is welcome. */
static void a_restart_is_no_failure(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	for (int i = 0; i < 6; i++) {
		hand_establish(hand, OUT, NULL);
		hand_lose(hand, OUT);
		while (!hand->connecting)
			hand_advance(hand, duration_seconds(1));
	}
	hand_establish(hand, OUT, NULL);
	hand_advance(hand, duration_seconds(6));
	assert_true(speaker_accept_begins(hand->speaker, hand->neighbor, hand->now));
	hand_establish(hand, IN, NULL);
	hand_free(hand);
}

/* The host asks first and then fails to accept: the session must come back by itself. */
static void accept_that_never_comes(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_advance(hand, duration_seconds(10));
	assert_true(speaker_accept_begins(hand->speaker, hand->neighbor, hand->now));
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
	hand_free(hand);
}

static void shutdown_drops_what_is_stale(void **state)
{
	struct hand *hand = with_routes(NULL);

	(void)state;
	hand_lose(hand, OUT);
	assert_int_equal(held(hand), 3);
	speaker_neighbor_shutdown(hand->speaker, hand->neighbor, "", hand->now);
	assert_int_equal(held(hand), 0);
	assert_false(hand_view(hand).restarting);
	assert_int_equal(speaker_deadline(hand->speaker).ns, INT64_MAX);
	hand_free(hand);
}

/* Another AS, while it is away: what the old one said is not the new one's. */
static void another_neighbor_inherits_nothing(void **state)
{
	struct hand *hand = with_routes(NULL);
	struct neighbor_settings settings = hand_settings();

	(void)state;
	hand_lose(hand, OUT);
	assert_int_equal(held(hand), 3);
	settings.prepend = 1;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	assert_int_equal(held(hand), 3);
	settings.asn = 64777;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	assert_int_equal(held(hand), 0);
	hand_free(hand);
}

/* ---- We are the one that restarts. ---- */

static struct bgp_capabilities offer(struct hand *hand)
{
	struct bgp_frame frame = hand_expect(hand, OUT, BGP_OPEN);
	struct bgp_open open;
	struct bgp_fault fault;

	assert_int_equal(bgp_open_read(frame.body, &open, &fault), 0);
	return open.capabilities;
}

static void restart_state_is_told_once(void **state)
{
	struct speaker_settings speaker = hand_speaker_settings();
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct bgp_capabilities c;
	struct hand *hand;

	(void)state;
	speaker.restarting = true;
	hand = hand_new_with(&speaker, &settings);
	hand_connect(hand, OUT);
	c = offer(hand);
	assert_true(c.restart_state);
	assert_true(c.restart_forwarding[BGP_IPV4_UNICAST]);
	assert_true(c.restart_forwarding[BGP_IPV6_UNICAST]);
	/* It failed before our end-of-RIB: still restarting. */
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(1));
	hand_connect(hand, OUT);
	assert_true(offer(hand).restart_state);
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	hand_drain(hand, OUT);
	assert_true(hand_view(hand).end_of_rib_out[BGP_IPV4_UNICAST]);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(2));
	hand_connect(hand, OUT);
	c = offer(hand);
	assert_false(c.restart_state);
	assert_false(c.restart_forwarding[BGP_IPV4_UNICAST]);
	assert_true(c.restart_family[BGP_IPV4_UNICAST]);
	hand_free(hand);
}

/* The neighbour has forgotten us by then: no bits that say otherwise. */
static void restart_state_does_not_last(void **state)
{
	struct speaker_settings speaker = hand_speaker_settings();
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	speaker.restarting = true;
	hand = hand_new_with(&speaker, &settings);
	hand_advance(hand, duration_seconds(121));
	while (!hand->connecting)
		hand_advance(hand, duration_seconds(1));
	hand_connect(hand, OUT);
	assert_false(offer(hand).restart_state);
	hand_free(hand);
}

/* Helping others does not mean asking them to help us. */
static void preserve_is_a_choice(void **state)
{
	struct speaker_settings speaker = hand_speaker_settings();
	struct neighbor_settings settings = hand_settings();
	struct bgp_capabilities c;
	struct hand *hand;

	(void)state;
	speaker.restarting = true;
	settings.restart_preserve = false;
	hand = hand_new_with(&speaker, &settings);
	hand_connect(hand, OUT);
	c = offer(hand);
	assert_true(c.graceful_restart);
	assert_false(c.restart_family[BGP_IPV4_UNICAST] || c.restart_family[BGP_IPV6_UNICAST]);
	hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_keeps_routes),
		cmocka_unit_test(other_families_go),
		cmocka_unit_test(helper_only_neighbor),
		cmocka_unit_test(restart_timer),
		cmocka_unit_test(failed_attempts_do_not_end_it),
		cmocka_unit_test(end_of_rib_sweeps),
		cmocka_unit_test(stale_routes_always_end),
		cmocka_unit_test(what_it_did_not_keep_goes),
		cmocka_unit_test(end_of_rib_is_forgotten),
		cmocka_unit_test(refresh_is_forgotten),
		cmocka_unit_test(consecutive_restarts),
		cmocka_unit_test(a_restarted_neighbor_connects),
		cmocka_unit_test(a_restart_is_no_failure),
		cmocka_unit_test(accept_that_never_comes),
		cmocka_unit_test(shutdown_drops_what_is_stale),
		cmocka_unit_test(another_neighbor_inherits_nothing),
		cmocka_unit_test(restart_state_is_told_once),
		cmocka_unit_test(restart_state_does_not_last),
		cmocka_unit_test(preserve_is_a_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
