/* SPDX-License-Identifier: Apache-2.0 */
/* How one kind of value is read and written: the rows of the table in config/value.c. */
#ifndef NEARCAST_CONFIG_VALUE_KINDS_H
#define NEARCAST_CONFIG_VALUE_KINDS_H

#include "config/value.h"

/* As value_parse and value_format, for one kind. */
typedef int value_parser(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error);
typedef void value_formatter(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out);

value_parser value_parse_address, value_parse_prefix, value_parse_asn, value_parse_router_id,
	value_parse_secret;
value_formatter value_format_address, value_format_prefix, value_format_router_id,
	value_format_secret;

/* "'abc' is not a duration": ERROR_MALFORMED. */
int value_refuse(const struct schema_field *field, const char *text, struct error *error);

#endif
