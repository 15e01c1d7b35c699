/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured logs to stderr or the journal: an event name and key-value fields. One call is one
 * line and one write(2). Only floors 3 and up may log.
 */
#ifndef NEARCAST_OS_LOG_H
#define NEARCAST_OS_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* process: "main", "speaker", ...; kept by pointer. */
void log_setup(const char *process, enum log_format format, enum log_level level);
void log_level_set(enum log_level level);
bool log_enabled(enum log_level level);

/*
 * log_event(LOG_INFO, "service-state", "service %s is up", name) with fields as pairs ended by
 * NULL: log_fields(level, event, message, "service", name, "state", "up", NULL). Values are
 * strings.
 */
void log_event(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void log_fields(enum log_level level, const char *event, const char *message, ...)
	__attribute__((sentinel));
/* The same with the pairs in an array: count strings, key and value in turn. */
void log_pairs(enum log_level level, const char *event, const char *message,
	const char *const *pairs, size_t count);

#endif
