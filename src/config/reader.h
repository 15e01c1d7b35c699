/* SPDX-License-Identifier: Apache-2.0 */
/* From YAML text to a struct config, strictly, with every error at once. */
#ifndef NEARCAST_CONFIG_READER_H
#define NEARCAST_CONFIG_READER_H

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

/* One input file: site.yaml first, then conf.d/ in order. Texts must outlive the call only. */
struct config_source {
	const char *name; /* as shown in errors */
	const char *text;
	size_t length;
};

enum config_severity {
	CONFIG_WARNING,
	CONFIG_ERROR,
};

struct config_diagnostic {
	enum config_severity severity;
	struct config_mark mark;
	const char *line_text; /* the input line, without newline; "" if there is none */
	uint32_t width;        /* columns to underline, at least 1 */
	const char *text;      /* what is wrong */
	const char *hint;      /* what to do, "did you mean"; "" if unknown */
};

#define CONFIG_DIAGNOSTICS_MAX 100

/* Zero-initialise; config_diagnostics_clear frees. Sorted by file, line, column. */
struct config_diagnostics {
	struct config_diagnostic *items;
	size_t count, error_count, dropped; /* dropped: over the cap */
	struct config_diagnostic *last;     /* for the reader */
	struct arena arena;
};

/*
 * Read, check and complete. On success *ret_config is the caller's (config_free). Returns 0, or
 * ERROR_MALFORMED with at least one CONFIG_ERROR in *diagnostics; warnings may come with
 * success.
 */
int config_read(const struct config_source *sources, size_t source_count,
	struct config **ret_config, struct config_diagnostics *diagnostics);

/* The same without the rules of config/validate.h: whether it can be read, not whether it makes
 * sense. For tests of the reader and the printer. */
int config_read_unvalidated(const struct config_source *sources, size_t source_count,
	struct config **ret_config, struct config_diagnostics *diagnostics);

void config_diagnostics_clear(struct config_diagnostics *diagnostics);

/* For people: "site.yaml:12:9: error: ..." with the line, a caret and the hint. */
void config_diagnostics_print(
	const struct config_diagnostics *diagnostics, bool colour, struct text *out);

/* Canonical YAML of the whole configuration; with_defaults says also what was not said.
 * config_read of the result gives an equal configuration. Secrets are printed as their
 * reference; literals are printed only with with_secrets, else as `(hidden)`. */
void config_print(
	const struct config *config, bool with_defaults, bool with_secrets, struct text *out);

#endif
