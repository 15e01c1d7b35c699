/* SPDX-License-Identifier: Apache-2.0 */
/* The boot and the network namespace that this process is in: proc(5), namespaces(7). */
#include "os/place.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BOOT_ID_SIZE 37 /* of a UUID as text */

const char *place_here(char text[PLACE_TEXT_MAX])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char boot[BOOT_ID_SIZE] = "";
	struct stat namespace;

	text[0] = '\0';
	if (file == NULL)
		return text;
	if (fgets(boot, sizeof(boot), file) == NULL)
		boot[0] = '\0';
	fclose(file);
	if (strlen(boot) != sizeof(boot) - 1 || stat("/proc/self/ns/net", &namespace) != 0)
		return text;
	snprintf(text, PLACE_TEXT_MAX, "%s %llu:%llu", boot,
		(unsigned long long)namespace.st_dev, (unsigned long long)namespace.st_ino);
	return text;
}
