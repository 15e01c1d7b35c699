/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one router.
 *
 *     FOLDER/ROUTER/updates.YYYYMMDD.HHMM    messages and changes of state of one period
 *     FOLDER/ROUTER/rib.YYYYMMDD.HHMM        the table
 *
 * Invariants:
 *  1. A file has ".part" behind its name until it is whole; no file is ever written again.
 *  2. A record is in the file of the period in which it was taken in, whatever its own time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/collect.h"
#include "os/file.h"
#include "wire/mrt_write.h"

#define PART      ".part"
#define PATH_ROOM 4400

static void path_of(const struct collect_files *files, const char *name, const char *suffix,
	char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "%s/%s%s", files->folder, name, suffix);
}

static bool is_there(const struct collect_files *files, const char *name)
{
	char path[PATH_ROOM];

	path_of(files, name, "", path);
	if (access(path, F_OK) == 0)
		return true;
	path_of(files, name, PART, path);
	return access(path, F_OK) == 0;
}

/* A name that no file has: with the minute as collectors do, else with the second, else with a
 * number. */
static void name_choose(const struct collect_files *files, const char *kind,
	struct wall_time begin, struct wall_time now, char name[64])
{
	time_t minute = (time_t)(begin.ns / 1000000000), second = (time_t)(now.ns / 1000000000);
	struct tm date;

	gmtime_r(&minute, &date);
	snprintf(name, 16, "%s", kind);
	strftime(name + strlen(kind), 48, ".%Y%m%d.%H%M", &date);
	if (!is_there(files, name))
		return;
	gmtime_r(&second, &date);
	strftime(name + strlen(kind), 48, ".%Y%m%d.%H%M%S", &date);
	for (unsigned i = 2; i < 1000 && is_there(files, name); i++) {
		strftime(name + strlen(kind), 48, ".%Y%m%d.%H%M%S", &date);
		snprintf(name + strlen(name), 8, ".%u", i);
	}
}

static int finish(const struct collect_files *files, const char *name, struct error *error)
{
	char from[PATH_ROOM], to[PATH_ROOM];

	path_of(files, name, PART, from);
	path_of(files, name, "", to);
	if (rename(from, to) != 0)
		return error_system(error, errno, "can't rename %s", from);
	return 0;
}

/* What a crash left is as good as any other file but for its last record. */
static int adopt_leftovers(const struct collect_files *files, struct error *error)
{
	char **paths;
	size_t count;
	int code = directory_list(files->folder, PART, &paths, &count, error);

	if (code != 0)
		return code;
	for (size_t i = 0; code == 0 && i < count; i++) {
		char to[PATH_ROOM];

		snprintf(to, sizeof(to), "%.*s", (int)(strlen(paths[i]) - strlen(PART)),
			paths[i]);
		if (rename(paths[i], to) != 0)
			code = error_system(error, errno, "can't rename %s", paths[i]);
	}
	directory_list_free(paths, count);
	return code;
}

int collect_files_open(struct collect_files *files, const struct collect_settings *settings,
	const struct address *router, struct error *error)
{
	char text[ADDRESS_TEXT_MAX];
	int length, code;

	*files = (struct collect_files){ .rotate = settings->rotate };
	length = snprintf(files->folder, sizeof(files->folder), "%s/%s", settings->folder,
		address_format(router, text));
	if (length < 0 || (size_t)length >= sizeof(files->folder))
		return error_set(error, ERROR_RANGE, "the path of the folder is too long");
	code = directory_make(files->folder, 0755, geteuid(), getegid(), error);
	return code == 0 ? adopt_leftovers(files, error) : code;
}

int collect_files_close(struct collect_files *files, struct error *error)
{
	int code;

	if (files->updates.file == NULL)
		return 0;
	code = mrt_records_close(&files->updates, error);
	return code == 0 ? finish(files, files->name, error) : code;
}

static int updates_open(struct collect_files *files, struct wall_time now, struct error *error)
{
	struct wall_time begin = { now.ns - now.ns % files->rotate.ns };
	char path[PATH_ROOM];

	name_choose(files, "updates", begin, now, files->name);
	files->end.ns = begin.ns + files->rotate.ns;
	path_of(files, files->name, PART, path);
	return mrt_records_open(&files->updates, path, error);
}

int collect_files_flush(struct collect_files *files, struct wall_time now, struct error *error)
{
	if (files->updates.file == NULL)
		return 0;
	if (now.ns >= files->end.ns)
		return collect_files_close(files, error);
	if (fflush(files->updates.file) != 0)
		return error_system(error, errno, "can't write into %s", files->folder);
	return 0;
}

int collect_files_put(struct collect_files *files, struct wall_time now, struct wall_time time,
	const struct mrt_message *message, struct error *error)
{
	int code = now.ns >= files->end.ns ? collect_files_close(files, error) : 0;
	struct writer w;

	if (code == 0 && files->updates.file == NULL)
		code = updates_open(files, now, error);
	if (code != 0)
		return code;
	w = mrt_records_begin(&files->updates);
	if (mrt_message_write(&w, time, message) != 0 || w.failed)
		return 0; /* addresses of two families: there is no such record */
	if (mrt_records_put(&files->updates, &w) != 0)
		return error_system(error, errno, "can't write into %s", files->folder);
	return 0;
}

int collect_files_table(const struct collect_files *files, struct mrt_table *table,
	struct wall_time now, struct error *error)
{
	struct mrt_records records;
	char name[64], path[PATH_ROOM];
	int code, closed;

	name_choose(files, "rib", now, now, name);
	path_of(files, name, PART, path);
	code = mrt_records_open(&records, path, error);
	if (code != 0)
		return code;
	table->time = now;
	code = mrt_table_write(table, &records);
	closed = mrt_records_close(&records, error);
	if (code != 0)
		return error_set(error, (enum error_code)code, "can't write the table");
	return closed == 0 ? finish(files, name, error) : closed;
}
