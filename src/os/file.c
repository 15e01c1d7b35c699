/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files.
 *
 * Invariants:
 *  1. No read takes more than its cap, whatever the file's size says (it may grow, or be a
 * pipe).
 *  2. After file_write_atomic the path holds the old bytes or the new ones, never a part.
 */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 16384u

static int open_error(struct error *error, int number, const char *what, const char *path)
{
	if (number == ENOENT)
		return error_set(error, ERROR_NOT_FOUND, "%s %s: no such file", what, path);
	if (number == EACCES || number == EPERM)
		return error_set(
			error, ERROR_PERMISSION, "%s %s: permission denied", what, path);
	return error_system(error, number, "%s %s", what, path);
}

/* 0 at the end, 1 after more bytes, or an error. */
static int read_more(int fd, size_t most, char **bytes, size_t *length, size_t *room,
	const char *path, struct error *error)
{
	ssize_t got;

	if (*room - *length < 2) {
		size_t larger = *room + READ_STEP;
		char *grown = realloc(*bytes, larger);

		if (grown == NULL)
			return error_set(error, ERROR_MEMORY, "no memory to read %s", path);
		*bytes = grown;
		*room = larger;
	}
	do
		got = read(fd, *bytes + *length, *room - *length - 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_system(error, errno, "cannot read %s", path);
	*length += (size_t)got;
	(*bytes)[*length] = '\0';
	if (*length > most)
		return error_set(error, ERROR_RANGE, "%s is longer than %zu bytes", path, most);
	return got > 0;
}

int file_read(const char *path, size_t most, char **ret_bytes, size_t *ret_length,
	struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = 0, room = 0;
	char *bytes = NULL;
	int r;

	if (fd < 0)
		return open_error(error, errno, "cannot open", path);
	do
		r = read_more(fd, most, &bytes, &length, &room, path, error);
	while (r > 0);
	close(fd);
	if (r < 0) {
		free(bytes);
		return r;
	}
	*ret_bytes = bytes;
	*ret_length = length;
	return 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = write(fd, bytes, length);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno;
		bytes += sent;
		length -= (size_t)sent;
	}
	return 0;
}

/* The rename is on disk only when the folder is. */
static void sync_folder_of(const char *path)
{
	char folder[4096];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

int file_write_atomic(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	char beside[4096];
	int fd, failure;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside))
		return error_set(error, ERROR_RANGE, "the path %s is too long", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return open_error(error, errno, "cannot write", path);
	failure = write_all(fd, bytes, length);
	if (failure == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		failure = errno;
	close(fd);
	if (failure == 0 && rename(beside, path) != 0)
		failure = errno;
	if (failure != 0) {
		unlink(beside);
		return open_error(error, failure, "cannot write", path);
	}
	sync_folder_of(path);
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool entry_wanted(
	const char *folder, const char *name, const char *suffix, char **ret_path)
{
	size_t length = strlen(name), end = strlen(suffix);
	struct stat status;

	if (name[0] == '.' || length <= end || strcmp(name + length - end, suffix) != 0)
		return false;
	if (asprintf(ret_path, "%s/%s", folder, name) < 0)
		return false;
	if (stat(*ret_path, &status) == 0 && S_ISREG(status.st_mode))
		return true;
	free(*ret_path);
	return false;
}

int directory_list(const char *path, const char *suffix, char ***ret_paths, size_t *ret_count,
	struct error *error)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char **paths;
	size_t count = 0;
	int r = 0;

	*ret_paths = NULL;
	*ret_count = 0;
	if (folder == NULL)
		return errno == ENOENT ? 0 : open_error(error, errno, "cannot list", path);
	paths = calloc(DIRECTORY_ENTRIES_MAX, sizeof(*paths));
	if (paths == NULL)
		r = error_set(error, ERROR_MEMORY, "no memory to list %s", path);
	while (r == 0 && (entry = readdir(folder)) != NULL) {
		char *found;

		if (!entry_wanted(path, entry->d_name, suffix, &found))
			continue;
		if (count == DIRECTORY_ENTRIES_MAX) {
			free(found);
			r = error_set(error, ERROR_FULL, "%s holds more than %d files", path,
				DIRECTORY_ENTRIES_MAX);
			break;
		}
		paths[count++] = found;
	}
	closedir(folder);
	if (r != 0) {
		directory_list_free(paths, count);
		return r;
	}
	qsort(paths, count, sizeof(*paths), compare_paths);
	*ret_paths = paths;
	*ret_count = count;
	return 0;
}

void directory_list_free(char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}

int directory_make(const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *error)
{
	struct stat status;
	int fd;

	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return open_error(error, errno, "cannot make the folder", path);
	/* O_NOFOLLOW: with root's rights no link that somebody planted may lead us elsewhere.
	 */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return open_error(error, errno, "cannot open the folder", path);
	if (fstat(fd, &status) == 0 && (status.st_uid == geteuid() || geteuid() == 0)) {
		if ((status.st_uid != uid || status.st_gid != gid) && fchown(fd, uid, gid) != 0)
			status.st_uid = uid; /* not ours to give away: it stays as it is */
		(void)fchmod(fd, mode);
	}
	close(fd);
	return 0;
}

int file_in_memory(
	const char *name, const void *bytes, size_t length, int *ret_fd, struct error *error)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int failure;

	if (fd < 0)
		return error_system(error, errno, "cannot make a file in memory");
	failure = write_all(fd, bytes, length);
	if (failure == 0 &&
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		failure = errno;
	if (failure != 0) {
		close(fd);
		return error_system(error, failure, "cannot fill a file in memory");
	}
	*ret_fd = fd;
	return 0;
}

int lock_open(const char *path, int *ret_fd, struct error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return open_error(error, errno, "cannot open", path);
	*ret_fd = fd;
	return 0;
}

pid_t lock_holder(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

int lock_take(int fd, pid_t *ret_pid, struct error *error)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return error_system(error, errno, "cannot lock");
	*ret_pid = lock_holder(fd);
	return error_set(error, ERROR_EXISTS, "locked by process %d", (int)*ret_pid);
}
