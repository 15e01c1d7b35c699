/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and policies that need not be written: in the language that operators write them in. */
#ifndef NEARCAST_CONFIG_BUILTIN_H
#define NEARCAST_CONFIG_BUILTIN_H

/* YAML: prefix-sets, as-sets and policies. One that the configuration has under the same name
 * takes its place everywhere, also in the rules that are built in. */
extern const char builtin_policies[];

#endif
