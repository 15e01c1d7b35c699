/* SPDX-License-Identifier: Apache-2.0 */
/* Which neighbours are established, by the speaker's events: for status and problems. */
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
		main->neighbors_up[index] = true;
	else if (record->event == SPEAKER_DOWN)
		main->neighbors_up[index] = false;
}

void main_neighbors_forget(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++)
		main->neighbors_up[i] = false;
}

int main_neighbors_carry(struct main_process *main, const struct config *old)
{
	bool *up = calloc(main->config->neighbor_count + 1, sizeof(*up));

	if (up == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; old != NULL && i < old->neighbor_count; i++) {
		size_t index = neighbor_index(main->config, old->neighbors[i].name);

		if (index != SIZE_MAX)
			up[index] = main->neighbors_up[i];
	}
	free(main->neighbors_up);
	main->neighbors_up = up;
	return 0;
}
