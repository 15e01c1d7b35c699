/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting diagnostics: what the reader, the tree and the validator say about the input. */
#ifndef NEARCAST_CONFIG_DIAGNOSTIC_H
#define NEARCAST_CONFIG_DIAGNOSTIC_H

#include <stdarg.h>

#include "config/reader.h"

/* A stretch of one line of the input. */
struct place {
	const struct config_source *source; /* NULL: nowhere */
	uint32_t line, column;              /* 1-based, columns in characters */
	uint32_t width;                     /* columns, at least 1 */
};

/* Takes note of one finding; texts are formatted into the diagnostics' own memory. The hint is
 * set by diagnose_hint, which concerns the last one added. */
void diagnose(struct config_diagnostics *diagnostics, enum config_severity severity,
	const struct place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void diagnose_list(struct config_diagnostics *diagnostics, enum config_severity severity,
	const struct place *place, const char *format, va_list list)
	__attribute__((format(printf, 4, 0)));
void diagnose_hint(struct config_diagnostics *diagnostics, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* By source in the order given, then line, then column; those at the same place stay in order.
 */
void diagnostics_sort(struct config_diagnostics *diagnostics,
	const struct config_source *sources, size_t source_count);

#endif
