/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, one character at a time. */
#ifndef NEARCAST_CONFIG_UTF8_H
#define NEARCAST_CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at bytes[0..left), left > 0. Its length, or 0 if it is none. */
size_t utf8_decode(const unsigned char *bytes, size_t left, uint32_t *ret_character);

/* May stand in a configuration as it is. YAML's line breaks beyond \n may not: libyaml would
 * count lines that no editor shows. */
bool utf8_is_printable(uint32_t character);

#endif
