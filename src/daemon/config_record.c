/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child's reading of main's configuration. Main has checked it against all rules before; here it
 * only has to read, and does, because the printer's text reads back as an equal configuration.
 */
#include "daemon/config_record.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "config/reader.h"
#include "os/log.h"

#define CONFIG_TEXT_MAX (16u << 20) /* bytes */

static const char *first_error(const struct config_diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		if (diagnostics->items[i].severity == CONFIG_ERROR)
			return diagnostics->items[i].text;
	return "out of memory";
}

struct config *config_record_read(const struct record_config *record, int fd)
{
	struct config_source source = { .name = "configuration", .length = record->length };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	void *text;

	if (fd < 0 || record->length == 0 || record->length > CONFIG_TEXT_MAX) {
		log_event(LOG_ERROR, "config", "main sent no configuration");
		return NULL;
	}
	text = mmap(NULL, record->length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED) {
		log_event(LOG_ERROR, "config", "cannot map the configuration: %s", strerror(errno));
		return NULL;
	}
	source.text = text;
	if (config_read_unvalidated(&source, 1, &config, &diagnostics) != 0)
		log_event(LOG_ERROR, "config", "main's configuration does not read: %s",
			first_error(&diagnostics));
	config_diagnostics_clear(&diagnostics);
	munmap(text, record->length);
	return config;
}
