/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One speaker with one neighbour whose other end is played by hand, message by message, in
 * virtual time. For tests of what is said when; whole networks of speakers are in world.h.
 */
#ifndef NEARCAST_TESTS_ROUTE_HAND_H
#define NEARCAST_TESTS_ROUTE_HAND_H

#include "route/speaker.h"

#define HAND_EVENTS_MAX 512
#define HAND_LAST_MAX   4096

#define OUT CONNECTION_OUTGOING
#define IN  CONNECTION_INCOMING

struct hand_event {
	struct speaker_event event;
	char reason[256];
};

struct hand {
	struct bgp_attributes shown; /* by hand_holds */
	struct speaker *speaker;
	struct neighbor *neighbor;
	struct instant now;
	bool connecting;                  /* the speaker asked for a connection */
	unsigned connects;                /* how often */
	bool open[CONNECTION_DIRECTIONS]; /* a TCP connection stands */
	bool ready[CONNECTION_DIRECTIONS];
	bool blocked; /* the socket takes nothing */
	bool bare;    /* the interface has no global addresses */
	/* Pulled from the speaker and not looked at yet. */
	uint8_t *out[CONNECTION_DIRECTIONS];
	size_t out_length[CONNECTION_DIRECTIONS], out_at[CONNECTION_DIRECTIONS];
	/* The last words of the latest disconnect. */
	uint8_t last[CONNECTION_DIRECTIONS][HAND_LAST_MAX];
	size_t last_length[CONNECTION_DIRECTIONS];
	unsigned disconnects[CONNECTION_DIRECTIONS];
	struct hand_event events[HAND_EVENTS_MAX];
	size_t event_count;
	struct bgp_context context; /* of what the neighbour writes and reads */
	struct arena arena;         /* of the latest hand_expect_update */
};

/* AS 64500 towards AS 64501, both families, everything on, import all. */
struct neighbor_settings hand_settings(void);
struct speaker_settings hand_speaker_settings(void);
/* settings NULL: hand_settings(). */
struct hand *hand_new(const struct neighbor_settings *settings);
struct hand *hand_new_with(
	const struct speaker_settings *speaker, const struct neighbor_settings *settings);
void hand_free(struct hand *hand);

/* Time goes on, deadline by deadline. */
void hand_advance(struct hand *hand, struct duration d);
/* TCP stands: answers the speaker's attempt, or connects to it. */
void hand_connect(struct hand *hand, enum connection_direction direction);
/* The same; false if the speaker does not want it. */
bool hand_accept(struct hand *hand);
void hand_lose(struct hand *hand, enum connection_direction direction);

void hand_send(struct hand *hand, enum connection_direction direction, const void *bytes,
	size_t length);
/* What the neighbour would offer: the mirror of hand_settings(). */
struct bgp_open hand_open(void);
void hand_send_open(
	struct hand *hand, enum connection_direction direction, const struct bgp_open *open);
void hand_send_keepalive(struct hand *hand, enum connection_direction direction);
void hand_send_notification(
	struct hand *hand, enum connection_direction direction, uint8_t code, uint8_t subcode);
void hand_send_refresh(struct hand *hand, enum connection_direction direction,
	enum bgp_family family, enum bgp_refresh_subtype subtype);
/* An UPDATE with one prefix; attributes NULL: good ones of that family with path 64501. */
void hand_announce(struct hand *hand, enum connection_direction direction, const char *prefix,
	const struct bgp_attributes *attributes);
void hand_withdraw(struct hand *hand, enum connection_direction direction, const char *prefix);
void hand_end_of_rib(
	struct hand *hand, enum connection_direction direction, enum bgp_family family);
struct bgp_attributes hand_attributes(enum bgp_family family);

/* Connect, exchange OPEN (NULL: hand_open()) and KEEPALIVE, read up to end-of-RIB. */
void hand_establish(
	struct hand *hand, enum connection_direction direction, const struct bgp_open *open);

/* The speaker's next message; false: nothing more. Valid until the next hand_ call. */
bool hand_next(
	struct hand *hand, enum connection_direction direction, struct bgp_frame *ret_frame);
/* Fails the test unless the next message has this type. */
struct bgp_frame hand_expect(
	struct hand *hand, enum connection_direction direction, enum bgp_message_type type);
/* The next message is an UPDATE: decoded; valid until the next call. */
struct bgp_update hand_expect_update(struct hand *hand, enum connection_direction direction);
/* The first prefix of an announced or withdrawn list, as text; "" if there is none. */
const char *hand_first(struct bgp_nlri nlri, char text[PREFIX_TEXT_MAX]);
size_t hand_count(struct bgp_nlri nlri);
/* Forget what is waiting. */
void hand_drain(struct hand *hand, enum connection_direction direction);
/* Fails the test unless the connection was ended, with this NOTIFICATION as its last words
 * (code 0: without any). */
struct bgp_notification hand_expect_end(
	struct hand *hand, enum connection_direction direction, uint8_t code, uint8_t subcode);

enum session_state hand_state(const struct hand *hand);
struct neighbor_view hand_view(const struct hand *hand);
/* The latest event of this type, or NULL. */
const struct hand_event *hand_event(const struct hand *hand, enum speaker_event_type type);
unsigned hand_event_count(const struct hand *hand, enum speaker_event_type type);
struct prefix hand_prefix(const char *text);
struct address hand_address(const char *text);
/* "64500 64500" */
const char *hand_path(const struct bgp_attributes *attributes, char text[64]);
uint64_t hand_counter(const struct hand *hand, enum neighbor_counter counter);
/* Originate with nothing special. */
void hand_route(struct hand *hand, const char *prefix);
/* Whether the speaker holds this prefix from the neighbour; *ret_view is optional. */
bool hand_holds(struct hand *hand, const char *prefix, struct route_view *ret_view);

#endif
