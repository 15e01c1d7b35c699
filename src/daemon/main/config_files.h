/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's files, read from disk; for the daemon and for `nearcast check-config`. */
#ifndef NEARCAST_DAEMON_MAIN_CONFIG_FILES_H
#define NEARCAST_DAEMON_MAIN_CONFIG_FILES_H

#include "config/reader.h"

#define CONFIG_FILE_MAX (8u << 20) /* bytes, one file */

/* Zero-initialise; config_files_clear frees. */
struct config_files {
	struct config_source *sources; /* path first, then conf_dir in order of names */
	char **names, **texts;
	size_t count;
};

/* conf_dir: NULL for conf.d beside path, "" for none. A folder that is not there is empty.
 * ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_RANGE (a file too long), ERROR_MEMORY, ERROR_SYSTEM.
 */
int config_files_read(const char *path, const char *conf_dir, struct config_files *ret_files,
	struct error *error);
void config_files_clear(struct config_files *files);

/* Files and their meaning in one: 0; ERROR_MALFORMED with diagnostics; or as config_files_read,
 * with error set and no diagnostics. */
int config_load(const char *path, const char *conf_dir, struct config_files *ret_files,
	struct config **ret_config, struct config_diagnostics *diagnostics,
	struct error *error);

/* The bytes of a secret: the literal, the environment's variable, the first line of the file. 0
 * with *ret_length 0 when there is none. ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_RANGE (longer
 * than size, or empty). */
int secret_read(const struct config_secret *secret, uint8_t *bytes, size_t size,
	uint8_t *ret_length, struct error *error);

#endif
