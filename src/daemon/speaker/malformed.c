/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Malformed UPDATEs in the log, so that their cause can be found: the malformation, the
 * prefixes and the whole message (RFC 7606 section 6); and as events, by main.
 *
 *     bgp-malformed-update  part 1 of 2: neighbour, prefixes, the first bytes
 *     bgp-malformed-update  part 2 of 2: ...
 *     bgp-malformed         neighbour, attribute, verdict, reason, reference
 *
 * Invariants:
 *  1. At most one whole message is written in a second: a neighbour that sends nothing else
 * does not fill the disk. How many were left out is said with the next one.
 *  2. A line's values fit into a line of the log (1024 bytes).
 *  3. Main hears at most one event a second from each neighbour, and with it how many were left
 *     out before; the last of a flood is told a little later.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

#define PART_BYTES    500
#define PREFIXES_TEXT 1000
#define EVERY_MS      1000

struct prefixes_text {
	char text[PREFIXES_TEXT];
	size_t length;
	unsigned more; /* that did not fit */
};

static void prefix_add(struct prefixes_text *out, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];
	size_t room = sizeof(out->text) - out->length;
	int written = snprintf(out->text + out->length, room, "%s%s",
		out->length == 0 ? "" : " ", prefix_format(prefix, text));

	if (written >= 0 && (size_t)written < room) {
		out->length += (size_t)written;
		return;
	}
	out->text[out->length] = '\0';
	out->more++;
}

static void nlri_add(struct prefixes_text *out, struct bgp_nlri nlri)
{
	struct prefix prefix;
	uint32_t path_id;

	while (bgp_nlri_next(&nlri, &prefix, &path_id))
		prefix_add(out, &prefix);
}

static void part_log(const struct speaker_event *event, const char *neighbor, size_t at,
	const struct prefixes_text *prefixes, unsigned left_out)
{
	size_t length = event->frame->length - at;
	size_t parts = (event->frame->length + PART_BYTES - 1) / PART_BYTES;
	char hex[2 * PART_BYTES + 1], part[16], of[16], more[16], left[16];

	if (length > PART_BYTES)
		length = PART_BYTES;
	for (size_t i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", event->frame->header[at + i]);
	snprintf(part, sizeof(part), "%zu", at / PART_BYTES + 1);
	snprintf(of, sizeof(of), "%zu", parts);
	snprintf(more, sizeof(more), "%u", prefixes->more);
	snprintf(left, sizeof(left), "%u", left_out);
	log_fields(LOG_WARNING, "bgp-malformed-update", event->reason, "neighbor", neighbor,
		"part", part, "parts", of, "prefixes", prefixes->text, "more_prefixes", more,
		"left_out", left, "update", hex, NULL);
}

static void update_log(struct speaker_process *process, const struct speaker_event *event,
	const char *neighbor)
{
	struct prefixes_text prefixes = { .length = 0 };
	struct instant now = clock_now();
	struct instant next = instant_add(process->malformed_logged, duration_ms(EVERY_MS));

	if (process->malformed_logged.ns != 0 && !instant_reached(next, now)) {
		process->malformed_left_out++;
		return;
	}
	for (unsigned which = 0; which < 2; which++) {
		nlri_add(&prefixes, event->update->announced[which]);
		nlri_add(&prefixes, event->update->withdrawn[which]);
	}
	for (size_t at = 0; at < event->frame->length; at += PART_BYTES)
		part_log(event, neighbor, at, &prefixes, process->malformed_left_out);
	process->malformed_logged = now;
	process->malformed_left_out = 0;
}

/* ---- Events ---- */

static void peer_tell(struct speaker_process *process, struct peer *peer, struct instant now)
{
	struct record_neighbor_event record = {
		.head = { .type = RECORD_NEIGHBOR_EVENT },
		.event = SPEAKER_MALFORMED,
		.old_state = SESSION_ESTABLISHED,
		.new_state = SESSION_ESTABLISHED,
		.not_shown = peer->malformed_waiting - 1,
	};

	_Static_assert(
		sizeof(record.reason) == sizeof(peer->malformed_last), "copied as a whole");
	memcpy(record.neighbor, peer->name, sizeof(record.neighbor));
	memcpy(record.reason, peer->malformed_last, sizeof(record.reason));
	if (process->main_channel == NULL ||
		channel_send(process->main_channel, &record, sizeof(record), -1) != 0)
		return;
	peer->malformed_waiting = 0;
	peer->malformed_told = now;
}

static bool peer_may_tell(const struct peer *peer, struct instant now)
{
	return peer->malformed_waiting > 0 &&
	       (!instant_is_set(peer->malformed_told) ||
		       instant_reached(
			       instant_add(peer->malformed_told, duration_ms(EVERY_MS)), now));
}

static void malformation_note(
	struct speaker_process *process, struct peer *peer, const struct bgp_malformation *m)
{
	struct instant now = clock_now();

	if (peer->malformed_waiting < UINT32_MAX)
		peer->malformed_waiting++;
	snprintf(peer->malformed_last, sizeof(peer->malformed_last), "%s: %s (%s, %s)",
		bgp_attribute_name(m->attribute), m->reason,
		bgp_verdict_name((enum bgp_verdict)m->verdict), m->reference);
	if (peer_may_tell(peer, now))
		peer_tell(process, peer, now);
}

void malformed_flush(struct speaker_process *process)
{
	struct instant now = clock_now();

	list_for_each(node, &process->peers) {
		struct peer *peer = container_of(node, struct peer, link);

		if (peer_may_tell(peer, now))
			peer_tell(process, peer, now);
	}
}

void malformed_log(struct speaker_process *process, const struct speaker_event *event,
	const char *neighbor)
{
	const struct bgp_malformation *m = event->malformation;
	struct peer *peer = peer_of(process, event->neighbor);

	if (event->type == SPEAKER_MALFORMED_UPDATE)
		update_log(process, event, neighbor);
	if (event->type == SPEAKER_MALFORMED_UPDATE || m == NULL)
		return;
	log_fields(LOG_WARNING, "bgp-malformed", m->reason, "neighbor", neighbor, "attribute",
		bgp_attribute_name(m->attribute), "verdict",
		bgp_verdict_name((enum bgp_verdict)m->verdict), "reference", m->reference,
		NULL);
	if (peer != NULL)
		malformation_note(process, peer, m);
}
