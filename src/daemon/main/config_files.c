/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration's files and the secrets that they name.
 *
 * Invariant: a file is read whole and at once; what the reader sees is never half old, half new
 * within one file.
 */
#include "daemon/main/config_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"

#define SUFFIX     ".yaml"
#define SECRET_MAX 4096u

void config_files_clear(struct config_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->names[i]);
		free(files->texts[i]);
	}
	free(files->names);
	free(files->texts);
	free(files->sources);
	*files = (struct config_files){ 0 };
}

static int file_add(struct config_files *files, const char *path, struct error *error)
{
	size_t length, i = files->count;
	int r = file_read(path, CONFIG_FILE_MAX, &files->texts[i], &length, error);

	if (r != 0)
		return r;
	files->names[i] = strdup(path);
	if (files->names[i] == NULL) {
		free(files->texts[i]);
		return error_set(error, ERROR_MEMORY, "no memory");
	}
	files->sources[i] = (struct config_source){
		.name = files->names[i], .text = files->texts[i], .length = length
	};
	files->count++;
	return 0;
}

static int files_room(struct config_files *files, size_t count, struct error *error)
{
	files->names = calloc(count, sizeof(*files->names));
	files->texts = calloc(count, sizeof(*files->texts));
	files->sources = calloc(count, sizeof(*files->sources));
	if (files->names == NULL || files->texts == NULL || files->sources == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	return 0;
}

/* "/etc/nearcast/nearcast.yaml" -> "/etc/nearcast/conf.d" */
static void folder_beside(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');
	int length = slash == NULL ? 0 : (int)(slash - path) + 1;

	snprintf(folder, size, "%.*sconf.d", length, path);
}

int config_files_read(const char *path, const char *conf_dir, struct config_files *ret_files,
	struct error *error)
{
	char beside[4096], **more = NULL;
	size_t count = 0;
	int r = 0;

	*ret_files = (struct config_files){ 0 };
	if (conf_dir == NULL) {
		folder_beside(path, beside, sizeof(beside));
		conf_dir = beside;
	}
	if (conf_dir[0] != '\0')
		r = directory_list(conf_dir, SUFFIX, &more, &count, error);
	if (r == 0)
		r = files_room(ret_files, count + 1, error);
	if (r == 0)
		r = file_add(ret_files, path, error);
	for (size_t i = 0; i < count && r == 0; i++)
		r = file_add(ret_files, more[i], error);
	directory_list_free(more, count);
	if (r != 0)
		config_files_clear(ret_files);
	return r;
}

int config_load(const char *path, const char *conf_dir, struct config_files *ret_files,
	struct config **ret_config, struct config_diagnostics *diagnostics, struct error *error)
{
	int r = config_files_read(path, conf_dir, ret_files, error);

	if (r != 0)
		return r;
	return config_read(ret_files->sources, ret_files->count, ret_config, diagnostics);
}

/* The first line, without its end. */
static int secret_from_file(
	const char *path, uint8_t *bytes, size_t size, uint8_t *ret_length, struct error *error)
{
	char *text;
	size_t length;
	int r = file_read(path, SECRET_MAX, &text, &length, error);

	if (r != 0)
		return r;
	length = strcspn(text, "\r\n");
	if (length == 0 || length > size) {
		r = error_set(error, ERROR_RANGE,
			"the secret in %s has %zu bytes; 1 to %zu can be used", path, length,
			size);
	} else {
		memcpy(bytes, text, length);
		*ret_length = (uint8_t)length;
	}
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
}

static int secret_from_text(const char *what, const char *text, uint8_t *bytes, size_t size,
	uint8_t *ret_length, struct error *error)
{
	size_t length = strlen(text);

	if (length == 0 || length > size)
		return error_set(error, ERROR_RANGE,
			"the secret in %s has %zu bytes; 1 to %zu can be used", what, length,
			size);
	memcpy(bytes, text, length);
	*ret_length = (uint8_t)length;
	return 0;
}

int secret_read(const struct config_secret *secret, uint8_t *bytes, size_t size,
	uint8_t *ret_length, struct error *error)
{
	const char *value;

	*ret_length = 0;
	switch (secret->source) {
	case SECRET_NONE:
		return 0;
	case SECRET_LITERAL:
		return secret_from_text(
			"the configuration", secret->value, bytes, size, ret_length, error);
	case SECRET_FILE:
		return secret_from_file(secret->value, bytes, size, ret_length, error);
	case SECRET_ENVIRONMENT:
		value = getenv(secret->value);
		if (value == NULL)
			return error_set(error, ERROR_NOT_FOUND,
				"the environment has no variable %s", secret->value);
		return secret_from_text(secret->value, value, bytes, size, ret_length, error);
	}
	return error_set(error, ERROR_UNSUPPORTED, "an unknown kind of secret");
}
