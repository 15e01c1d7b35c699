/* SPDX-License-Identifier: Apache-2.0 */
/* Which neighbours are established, by the speaker's events: for status and problems. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/main/main_process.h"
#include "route/speaker.h"

static size_t neighbor_index(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->neighbor_count; i++)
		if (strcmp(config->neighbors[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

void main_neighbor_note(struct main_process *main, const struct record_neighbor_event *record)
{
	size_t index = neighbor_index(main->config, record->neighbor);

	if (index == SIZE_MAX)
		return;
	if (record->event == SPEAKER_ESTABLISHED)
		main->neighbors[index].up = true;
	else if (record->event == SPEAKER_DOWN)
		main->neighbors[index].up = false;
}

void main_neighbors_forget(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++)
		main->neighbors[i].up = false;
}

int main_neighbors_carry(struct main_process *main, const struct config *old)
{
	struct neighbor_note *notes = calloc(main->config->neighbor_count + 1, sizeof(*notes));

	if (notes == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; old != NULL && i < old->neighbor_count; i++) {
		size_t index = neighbor_index(main->config, old->neighbors[i].name);

		if (index != SIZE_MAX)
			notes[index] = main->neighbors[i];
	}
	free(main->neighbors);
	main->neighbors = notes;
	return 0;
}

void main_neighbor_verb(struct main_process *main, const struct record_verb *record)
{
	size_t index = neighbor_index(main->config, record->neighbor);

	if (index == SIZE_MAX)
		return;
	if (record->verb == VERB_NEIGHBOR_SHUTDOWN)
		main->neighbors[index].shut = true;
	else if (record->verb == VERB_NEIGHBOR_ENABLE)
		main->neighbors[index].shut = false;
}

void main_neighbors_shut(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++) {
		struct record_verb record = { .head = { .type = RECORD_VERB },
			.verb = VERB_NEIGHBOR_SHUTDOWN };

		if (!main->neighbors[i].shut)
			continue;
		snprintf(record.neighbor, sizeof(record.neighbor), "%s",
			main->config->neighbors[i].name);
		(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
	}
}
