/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files of the folders that are named: a corpus as a unit test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t length = 0, room = 0;

	if (file == NULL) {
		perror(path);
		return 1;
	}
	for (;;) {
		if (length == room) {
			room = room == 0 ? 4096 : room * 2;
			bytes = realloc(bytes, room);
			if (bytes == NULL)
				abort();
		}
		size_t got = fread(bytes + length, 1, room - length, file);

		if (got == 0)
			break;
		length += got;
	}
	fclose(file);
	/* An exact copy, so that the sanitizer sees a read behind the end. */
	uint8_t *exact = malloc(length == 0 ? 1 : length);

	if (exact == NULL)
		abort();
	memcpy(exact, bytes, length);
	LLVMFuzzerTestOneInput(exact, length);
	free(exact);
	free(bytes);
	return 0;
}

static int replay_folder(const char *folder, int *count)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int failed = 0;

	if (dir == NULL) {
		perror(folder);
		return 1;
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
			(int)sizeof(path))
			continue;
		failed |= replay_file(path);
		(*count)++;
	}
	closedir(dir);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0, count = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i], &count);
	printf("%d inputs\n", count);
	return failed != 0 || count == 0;
}
