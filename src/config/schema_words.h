/* SPDX-License-Identifier: Apache-2.0 */
/* The words that stand for enum values, shared by the schema tables. */
#ifndef NEARCAST_CONFIG_SCHEMA_WORDS_H
#define NEARCAST_CONFIG_SCHEMA_WORDS_H

#include "config/schema.h"

extern const struct schema_word words_after[];
extern const struct schema_word words_on_exit[];
extern const struct schema_word words_on_failure[];
extern const struct schema_word words_protocol[];
extern const struct schema_word words_transport[];
extern const struct schema_word words_http_version[];
extern const struct schema_word words_proxy_protocol[];
extern const struct schema_word words_dns_type[];
extern const struct schema_word words_dns_class[];
extern const struct schema_word words_dns_rcode[];
extern const struct schema_word words_relation[];
extern const struct schema_word words_choice[];
extern const struct schema_word words_then[];
extern const struct schema_word words_rpki[];
extern const struct schema_word words_aspa[];
extern const struct schema_word words_relation_bits[];
extern const struct schema_word words_source_bits[];
extern const struct schema_word words_origin[];
extern const struct schema_word words_origin_bits[];
extern const struct schema_word words_bfd[], words_add_path[];
extern const struct schema_word words_family[];
extern const struct schema_word words_neighbor_family[];
extern const struct schema_word words_log_format[];
extern const struct schema_word words_log_level[];

#endif
