/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection of a neighbour: input is cut into messages, output is made on demand.
 *
 *     IDLE --begin--> OPEN_SENT --OPEN--> OPEN_CONFIRM --KEEPALIVE--> ESTABLISHED
 *       ^                 |                    |                          |
 *       +------- end -----+--------------------+--------------------------+
 *
 * Invariants:
 *  1. Input holds less than one message; a message is at most what was agreed.
 *  2. A connection that is IDLE has no timer, no input and nothing due.
 *  3. output_ready was called since the last empty output, exactly when output_announced.
 *
 * RFC 4271 sections 6.1, 8.2 and 10; RFC 9687 (send hold timer).
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

/* RFC 4271 section 8.2.2: a large hold time until the OPEN was received; 4 minutes suggested.
 */
#define OPEN_HOLD_S     240
#define SEND_HOLD_MIN_S 480                   /* RFC 9687 section 6 */
#define LAST_WORDS_MAX  (2 * BGP_MESSAGE_MAX) /* an OPEN of ours and a NOTIFICATION */

static struct speaker *speaker_of(const struct connection *connection)
{
	return connection->neighbor->speaker;
}

static void hold_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct connection *connection = container_of(timer, struct connection, hold);
	struct ending ending = { .fault.code = BGP_ERROR_HOLD_TIMER,
		.reason = "nothing was heard for the hold time" };

	(void)speaker;
	session_connection_failed(connection, &ending, now);
}

static void keepalive_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct connection *connection = container_of(timer, struct connection, keepalive);

	(void)speaker;
	connection->keepalive_due = true;
	connection_wake(connection);
	connection_keepalive_restart(connection, now);
}

static void send_hold_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct connection *connection = container_of(timer, struct connection, send_hold);
	struct ending ending = { .fault.code = BGP_ERROR_SEND_HOLD_TIMER,
		.reason = "the neighbour did not read for the send hold time (RFC 9687)" };

	(void)speaker;
	session_connection_failed(connection, &ending, now);
}

void connection_init(struct connection *connection, struct neighbor *neighbor,
	enum connection_direction direction)
{
	connection->neighbor = neighbor;
	connection->direction = direction;
	connection->hold.fire = hold_fire;
	connection->keepalive.fire = keepalive_fire;
	connection->send_hold.fire = send_hold_fire;
}

void connection_hold_restart(struct connection *connection, struct instant now)
{
	int64_t seconds = connection->state < SESSION_OPEN_CONFIRM ? OPEN_HOLD_S
								   : connection->hold_time_s;

	if (seconds == 0)
		timer_stop(speaker_of(connection), &connection->hold);
	else
		timer_start(speaker_of(connection), &connection->hold,
			instant_add(now, duration_seconds(seconds)));
}

void connection_keepalive_restart(struct connection *connection, struct instant now)
{
	struct duration interval = duration_seconds(connection->keepalive_s);

	if (connection->keepalive_s == 0)
		return;
	timer_start(speaker_of(connection), &connection->keepalive,
		instant_add(now, jittered(speaker_of(connection), interval)));
}

void connection_wake(struct connection *connection)
{
	const struct speaker_sink *sink = &speaker_of(connection)->sink;

	if (connection->output_announced || connection->state < SESSION_OPEN_SENT)
		return;
	connection->output_announced = true;
	sink->output_ready(sink->context, connection->neighbor, connection->direction);
}

void connection_begin(
	struct connection *connection, const struct connection_info *info, struct instant now)
{
	connection->info = *info;
	connection->state = SESSION_OPEN_SENT;
	connection->hold_time_s = connection->keepalive_s = 0;
	restart_grace_check(connection->neighbor, now);
	session_open_make(connection->neighbor, &connection->sent_open);
	connection->open_due = true;
	connection_hold_restart(connection, now);
	connection_wake(connection);
	session_refresh_state(connection->neighbor, now);
}

/* ---- The end. ---- */

static bool cease_has_text(const struct bgp_fault *fault)
{
	return fault->code == BGP_ERROR_CEASE &&
	       (fault->subcode == BGP_CEASE_ADMIN_SHUTDOWN ||
		       fault->subcode == BGP_CEASE_ADMIN_RESET);
}

/* Both sides said N: only a Hard Reset makes the neighbour drop our routes (RFC 8538). */
static bool hard_agreed(const struct connection *connection)
{
	return connection->state == SESSION_ESTABLISHED &&
	       connection->sent_open.capabilities.restart_notification &&
	       connection->remote_open.capabilities.restart_notification;
}

static size_t last_words(const struct connection *connection, const struct ending *ending,
	uint8_t *buffer, size_t size)
{
	struct writer w = writer_of(buffer, size);
	bool hard = ending->hard && hard_agreed(connection);

	if (ending->fault.code == BGP_ERROR_NONE || ending->received)
		return 0;
	/* Who we are helps whoever reads why we end. */
	if (connection->open_due)
		bgp_open_write(&w, &connection->sent_open);
	if (cease_has_text(&ending->fault))
		bgp_cease_write(&w, ending->fault.subcode,
			ending->text == NULL ? "" : ending->text, hard);
	else if (hard)
		bgp_hard_reset_write(&w, &ending->fault);
	else
		bgp_notification_write(&w, &ending->fault);
	return w.failed ? 0 : writer_length(&w);
}

void connection_end(
	struct connection *connection, const struct ending *ending, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct speaker *speaker = neighbor->speaker;
	uint8_t last[LAST_WORDS_MAX];
	size_t length = ending->lost ? 0 : last_words(connection, ending, last, sizeof(last));

	(void)now;
	timer_stop(speaker, &connection->hold);
	timer_stop(speaker, &connection->keepalive);
	timer_stop(speaker, &connection->send_hold);
	free(connection->input);
	connection->input = NULL;
	connection->input_length = connection->input_room = 0;
	connection->state = SESSION_IDLE;
	connection->open_due = connection->keepalive_due = false;
	connection->output_announced = false;
	memset(connection->refresh_due, 0, sizeof(connection->refresh_due));
	if (length > 0) {
		neighbor->counters[COUNTER_NOTIFICATIONS_OUT]++;
		neighbor->counters[COUNTER_BYTES_OUT] += length;
	}
	if (!ending->lost)
		speaker->sink.disconnect(speaker->sink.context, neighbor, connection->direction,
			length == 0 ? NULL : last, length);
}

/* ---- Input. ---- */

/* RFC 8654 section 4: who offers it takes long messages, whether the other offers it or not. */
static size_t message_max(const struct connection *connection)
{
	bool extended = connection->state >= SESSION_OPEN_CONFIRM &&
			connection->sent_open.capabilities.extended_message;

	return extended ? BGP_EXTENDED_MESSAGE_MAX : BGP_MESSAGE_MAX;
}

/* Handle every whole message; gives how many bytes were used. Stops when the connection ends.
 */
static size_t messages_handle(
	struct connection *connection, const uint8_t *bytes, size_t length, struct instant now)
{
	size_t at = 0;

	while (connection->state != SESSION_IDLE) {
		struct ending ending = { .reason = "it sends what is not BGP" };
		struct bgp_frame frame;

		switch (bgp_frame_read(bytes + at, length - at, message_max(connection), &frame,
			&ending.fault)) {
		case BGP_FRAME_MORE:
			return at;
		case BGP_FRAME_FAULT:
			connection->neighbor->counters[COUNTER_SESSION_RESET]++;
			session_connection_failed(connection, &ending, now);
			return length;
		case BGP_FRAME_WHOLE:
			at += frame.length;
			if (!message_receive(connection, &frame, now))
				return length;
		}
	}
	return length;
}

static bool input_keep(struct connection *connection, const uint8_t *bytes, size_t length)
{
	size_t wanted = connection->input_length + length;

	if (wanted > connection->input_room) {
		uint8_t *input = realloc(connection->input, wanted);

		if (input == NULL)
			return false;
		connection->input = input;
		connection->input_room = wanted;
	}
	memcpy(connection->input + connection->input_length, bytes, length);
	connection->input_length = wanted;
	return true;
}

static void input_full(struct connection *connection, struct instant now)
{
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = BGP_CEASE_OUT_OF_RESOURCES },
		.reason = "out of memory" };

	session_connection_failed(connection, &ending, now);
}

void connection_input(
	struct connection *connection, const uint8_t *bytes, size_t length, struct instant now)
{
	size_t used;

	connection->neighbor->counters[COUNTER_BYTES_IN] += length;
	if (connection->input_length == 0) {
		used = messages_handle(connection, bytes, length, now);
		if (connection->state == SESSION_IDLE || used == length)
			return;
		if (!input_keep(connection, bytes + used, length - used))
			input_full(connection, now);
		return;
	}
	if (!input_keep(connection, bytes, length)) {
		input_full(connection, now);
		return;
	}
	used = messages_handle(connection, connection->input, connection->input_length, now);
	if (connection->state == SESSION_IDLE)
		return;
	connection->input_length -= used;
	memmove(connection->input, connection->input + used, connection->input_length);
	if (connection->input_length == 0) {
		free(connection->input);
		connection->input = NULL;
		connection->input_room = 0;
	}
}

/* ---- Output. ---- */

static void refresh_output(struct connection *connection, struct writer *w)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		struct bgp_refresh refresh = { bgp_family_afi((enum bgp_family)f),
			bgp_family_safi((enum bgp_family)f), BGP_REFRESH_REQUEST };

		if (!connection->refresh_due[f])
			continue;
		bgp_refresh_write(w, &refresh);
		connection->refresh_due[f] = false;
		connection->neighbor->counters[COUNTER_REFRESHES_OUT]++;
	}
}

/* RFC 9687 section 4.4: more than the hold time; section 6: by default twice that, or eight
 * minutes. */
static struct duration send_hold_time(const struct connection *connection)
{
	struct duration configured = connection->neighbor->settings.send_hold;
	struct duration least = duration_seconds(connection->hold_time_s + 1);
	int64_t seconds = 2 * (int64_t)connection->hold_time_s;

	if (configured.ns > 0)
		return configured.ns > least.ns ? configured : least;
	return duration_seconds(seconds > SEND_HOLD_MIN_S ? seconds : SEND_HOLD_MIN_S);
}

/* RFC 9687 section 4.3: without a hold time there is no send hold time. */
static void send_hold_start(struct connection *connection, struct instant now)
{
	if (connection->state < SESSION_OPEN_CONFIRM || connection->hold_time_s > 0)
		timer_start(speaker_of(connection), &connection->send_hold,
			instant_add(now, send_hold_time(connection)));
}

static void handshake_output(struct connection *connection, struct writer *w)
{
	uint64_t *counters = connection->neighbor->counters;

	if (connection->open_due) {
		bgp_open_write(w, &connection->sent_open);
		connection->open_due = false;
		counters[COUNTER_OPENS_OUT]++;
	}
	if (connection->keepalive_due && connection->state >= SESSION_OPEN_CONFIRM) {
		bgp_keepalive_write(w);
		connection->keepalive_due = false;
		counters[COUNTER_KEEPALIVES_OUT]++;
	}
}

size_t connection_output(
	struct connection *connection, uint8_t *buffer, size_t room, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct writer w = writer_of(buffer, room);

	handshake_output(connection, &w);
	if (connection->state == SESSION_ESTABLISHED) {
		size_t before = writer_length(&w);

		refresh_output(connection, &w);
		adj_out_output(neighbor, &w, now);
		if (writer_length(&w) > before)
			connection_keepalive_restart(connection, now);
	}
	if (writer_length(&w) == 0) {
		connection->output_announced = false;
		return 0;
	}
	neighbor->counters[COUNTER_BYTES_OUT] += writer_length(&w);
	if (!timer_running(&connection->send_hold))
		send_hold_start(connection, now);
	return writer_length(&w);
}

void speaker_progress(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, bool all_sent, struct instant now)
{
	struct connection *connection = &neighbor->connections[direction];

	if (connection->state == SESSION_IDLE)
		return;
	timer_stop(speaker, &connection->send_hold);
	if (!all_sent)
		send_hold_start(connection, now);
}
