/* SPDX-License-Identifier: Apache-2.0 */
/* Where and since when interfaces are what they are: this boot, this network namespace. */
#ifndef NEARCAST_OS_PLACE_H
#define NEARCAST_OS_PLACE_H

#define PLACE_TEXT_MAX 96

/* A text that is the same in two processes only if they see the same interfaces. "": unknown.
 * Returns text. */
const char *place_here(char text[PLACE_TEXT_MAX]);

#endif
