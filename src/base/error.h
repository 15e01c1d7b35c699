/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a function that can fail returns 0 or a negative error_code, and tells the detail in a
 * struct error that its caller gave. The layer that fails fills it; only the top layer prints it.
 */
#ifndef NEARCAST_BASE_ERROR_H
#define NEARCAST_BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

enum error_code {
	ERROR_NONE = 0,
	ERROR_MEMORY = -1,      /* allocation failed */
	ERROR_TRUNCATED = -2,   /* the input ended before the element did */
	ERROR_MALFORMED = -3,   /* the input breaks its format */
	ERROR_RANGE = -4,       /* a value outside its range */
	ERROR_FULL = -5,        /* a capped table or buffer has no room */
	ERROR_NOT_FOUND = -6,
	ERROR_EXISTS = -7,
	ERROR_UNSUPPORTED = -8, /* well-formed, but this software or kernel cannot do it */
	ERROR_STATE = -9,       /* not possible in the present state */
	ERROR_PERMISSION = -10, /* a capability or file permission is missing */
	ERROR_SYSTEM = -11,     /* a system call failed; error.system_errno says how */
	ERROR_TIMEOUT = -12,
	ERROR_REFUSED = -13,    /* a policy or the peer said no */
};

#define ERROR_TEXT_MAX 512
#define ERROR_HINT_MAX 256
#define ERROR_FILE_MAX 256

/* Zero-initialise before use: `struct error error = { 0 };`. Owns nothing. */
struct error {
	enum error_code code;
	int system_errno;           /* errno for ERROR_SYSTEM, else 0 */
	char text[ERROR_TEXT_MAX];  /* one sentence, no final newline: what is wrong */
	char hint[ERROR_HINT_MAX];  /* what to do about it; empty if unknown */
	char file[ERROR_FILE_MAX];  /* input file name; empty if none */
	uint32_t line, column;      /* 1-based position in file; 0 if none */
	size_t offset;              /* byte offset in a message; meaningful with a wire error */
	const char *reference;      /* static string: "RFC 4271 section 6.3"; NULL if none */
};

/*
 * Fill *error (which may be NULL) and return code, so that a failing function can end with
 * `return error_set(error, ERROR_RANGE, "...")`. Keeps hint, position and reference untouched.
 */
int error_set(struct error *error, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Set the hint: what the reader should do. error may be NULL. */
void error_hint(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fill with text and strerror-free errno number; the top layer adds strerror(system_errno). */
int error_system(struct error *error, int system_errno, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The name of a code, for logs and JSON: "malformed". Never NULL. */
const char *error_name(enum error_code code);

#endif
