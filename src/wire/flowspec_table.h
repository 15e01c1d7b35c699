/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of components, a row a type: shared by flowspec.c and flowspec_text.c only. */
#ifndef NEARCAST_WIRE_FLOWSPEC_TABLE_H
#define NEARCAST_WIRE_FLOWSPEC_TABLE_H

#include "wire/flowspec.h"

enum flowspec_form {
	FLOWSPEC_FORM_PREFIX,
	FLOWSPEC_FORM_NUMBER,
	FLOWSPEC_FORM_BITS,
};

struct flowspec_word {
	const char *name; /* NULL ends the list */
	uint16_t value;
};

struct flowspec_row {
	const char *name;
	enum flowspec_form form;
	uint8_t width_max; /* bytes of a value: RFC 8955 section 4.2.2, RFC 8956 section 3 */
	const struct flowspec_word *words; /* names of values, or NULL */
};

#define FLOWSPEC_TYPE_MAX 13

/* NULL if the family has no such type. */
const struct flowspec_row *flowspec_row_of(uint8_t type, enum family family);

/* Put one component behind another, in canonical form. */
void flowspec_prefix_write(
	struct writer *w, uint8_t type, const struct prefix *prefix, uint8_t offset);
void flowspec_test_write(struct writer *w, const struct flowspec_test *test);

#endif
