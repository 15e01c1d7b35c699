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
	value_parse_secret, value_parse_prefix_item, value_parse_as_item,
	value_parse_as_pattern, value_parse_community_item, value_parse_numbers,
	value_parse_med, value_parse_next_hop, value_parse_choice;
value_formatter value_format_address, value_format_prefix, value_format_router_id,
	value_format_secret, value_format_prefix_item, value_format_as_item,
	value_format_community_item, value_format_numbers, value_format_med,
	value_format_next_hop, value_format_choice;

/* "'abc' is not a duration": ERROR_MALFORMED. */
int value_refuse(const struct schema_field *field, const char *text, struct error *error);

#endif
