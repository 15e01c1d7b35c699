/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What BFD says of the paths to neighbours: events for people, and for the speaker the end of
 * a path.
 *
 * Invariant: a change goes to the speaker before anything else is done with it.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "wire/bfd.h"

bool main_bfd_wanted(const struct config *config)
{
	for (size_t i = 0; i < config->neighbor_count; i++)
		if (config->neighbors[i].bfd.mode != BFD_OFF)
			return true;
	return false;
}

static struct neighbor_note *note_of(struct main_process *main, const char *name)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++)
		if (strcmp(main->config->neighbors[i].name, name) == 0)
			return &main->neighbors[i];
	return NULL;
}

static void event_bfd(struct main_process *main, const struct record_bfd_state *record)
{
	bool lost = record->old_state == BFD_UP, up = record->state == BFD_UP;
	bool wanted = record->remote_state == BFD_ADMIN_DOWN || record->state == BFD_ADMIN_DOWN;
	const char *reason = bfd_diagnostic_text((uint8_t)record->diagnostic);
	char message[256];

	if (!up && !lost)
		return; /* on its way */
	snprintf(message, sizeof(message), "BFD to neighbour %s is %s%s%s", record->neighbor,
		up ? "up" : bfd_state_name((uint8_t)record->state), up ? "" : ": ",
		up ? "" : reason);
	event_emit(main, up || wanted ? LOG_INFO : LOG_WARNING, up ? "bfd-up" : "bfd-down",
		message, "neighbor", record->neighbor, "old_state",
		bfd_state_name((uint8_t)record->old_state), "new_state",
		bfd_state_name((uint8_t)record->state), "remote_state",
		bfd_state_name((uint8_t)record->remote_state), "reason", up ? "" : reason,
		NULL);
}

void main_bfd_note(struct main_process *main, const struct record_bfd_state *record)
{
	struct neighbor_note *note = note_of(main, record->neighbor);

	if (record->changed)
		(void)feed_send(main, PROCESS_SPEAKER, record, sizeof(*record), -1);
	if (note != NULL)
		note->bfd = *record;
	if (record->changed)
		event_bfd(main, record);
}

void main_bfd_forget(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++) {
		struct record_bfd_state *bfd = &main->neighbors[i].bfd;

		if (bfd->head.type == 0)
			continue;
		/* Not known, and so no failure. */
		bfd->changed = true;
		bfd->old_state = bfd->state;
		bfd->state = bfd->remote_state = BFD_ADMIN_DOWN;
		(void)feed_send(main, PROCESS_SPEAKER, bfd, sizeof(*bfd), -1);
		memset(bfd, 0, sizeof(*bfd));
	}
}

void main_bfd_resend(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++) {
		struct record_bfd_state record = main->neighbors[i].bfd;

		record.changed = false;
		if (record.head.type != 0)
			(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
	}
}

static json_t *session_json(
	const struct config_neighbor *neighbor, const struct record_bfd_state *r)
{
	static const char *const modes[] = { "off", "on", "strict" };
	bool known = r->head.type != 0;
	char address[ADDRESS_TEXT_MAX];

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:I, s:I, s:f, s:f, s:I, s:I, "
		"s:I, s:I, s:I, s:f}",
		"neighbor", neighbor->name, "address",
		address_format(&neighbor->address, address), "mode", modes[neighbor->bfd.mode],
		"state", known ? bfd_state_name((uint8_t)r->state) : "unknown", "remote_state",
		known && r->yours != 0 ? bfd_state_name((uint8_t)r->remote_state) : "unknown",
		"diagnostic", bfd_diagnostic_text((uint8_t)r->diagnostic), "remote_diagnostic",
		bfd_diagnostic_text((uint8_t)r->remote_diagnostic), "multihop",
		neighbor->multihop > 0, "interval_ms",
		(int)duration_to_ms(neighbor->bfd.interval), "multiplier",
		(int)neighbor->bfd.multiplier, "discriminator", (json_int_t)r->mine,
		"remote_discriminator", (json_int_t)r->yours, "transmit_ms",
		(double)r->transmit_us / 1000, "detection_ms", (double)r->detection_us / 1000,
		"packets_in", (json_int_t)r->packets_in, "packets_out",
		(json_int_t)r->packets_out, "discarded", (json_int_t)r->discarded, "ups",
		(json_int_t)r->ups, "downs", (json_int_t)r->downs, "since_seconds",
		known ? duration_to_seconds(instant_since(clock_now(), r->since)) : 0.0);
}

json_t *main_bfd_view(const struct main_process *main, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < main->config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &main->config->neighbors[i];

		if (neighbor->bfd.mode != BFD_OFF &&
			(name[0] == '\0' || strcmp(name, neighbor->name) == 0))
			json_array_append_new(
				list, session_json(neighbor, &main->neighbors[i].bfd));
	}
	if (name[0] != '\0' && json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:o}", "sessions", list);
}
