/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read, written so that a crash leaves the old or the new one, listed, in memory.
 */
#ifndef NEARCAST_OS_FILE_H
#define NEARCAST_OS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* The whole file with a NUL behind it, in *ret_bytes, which the caller frees. ERROR_RANGE:
 * longer than most bytes; ERROR_NOT_FOUND; ERROR_PERMISSION; ERROR_SYSTEM; ERROR_MEMORY. */
int file_read(const char *path, size_t most, char **ret_bytes, size_t *ret_length,
	struct error *error);
/* Write beside path, fsync, rename over it, fsync the folder. ERROR_SYSTEM, ERROR_PERMISSION.
 */
int file_write_atomic(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

#define DIRECTORY_ENTRIES_MAX 256

/* Paths of the regular files in a folder whose names end in suffix and do not start with a dot,
 * sorted by name. No folder: an empty list. ERROR_FULL: more than DIRECTORY_ENTRIES_MAX.
 * Free with directory_list_free. */
int directory_list(const char *path, const char *suffix, char ***ret_paths, size_t *ret_count,
	struct error *error);
void directory_list_free(char **paths, size_t count);
/* Make the folder (its parent must be there) or take the one that is there; give it the mode
 * and, where we may, the owner. */
int directory_make(const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *error);

/* A sealed file in memory that holds these bytes: to be sent to another process. */
int file_in_memory(
	const char *name, const void *bytes, size_t length, int *ret_fd, struct error *error);

/*
 * A lock that tells who holds it: fcntl(2) record locks end with their process, and the kernel
 * names the holder, so no stale pid can deceive. The file is made if it is not there.
 */
int lock_open(const char *path, int *ret_fd, struct error *error);
/* 0: ours now. ERROR_EXISTS: *ret_pid holds it. Not inherited over fork. */
int lock_take(int fd, pid_t *ret_pid, struct error *error);
/* The process that holds it, or 0. */
pid_t lock_holder(int fd);

#endif
