/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the lab share. */
#ifndef NEARCAST_LAB_INTERNAL_H
#define NEARCAST_LAB_INTERNAL_H

#include "lab/lab.h"

#define LAB_PATH_MAX 128

/* The folder of a node, as the supervisor sees it. */
void lab_folder(const struct lab *lab, uint32_t node, char path[LAB_PATH_MAX]);
/* Of the caller; -1: errno says why. */
int lab_open_namespace(const char *kind);
/* Namespaces, loopback, settings, /run. */
int lab_make_node(struct lab *lab, uint32_t node, struct error *error);
/* /run of the node may be written by everybody in it. */
int lab_open_folder(struct lab *lab, uint32_t node, struct error *error);
/* /run/NAME of the node. */
int lab_make_folder(struct lab *lab, uint32_t node, const char *name, struct error *error);
/* The cable with its addresses. */
int lab_make_link(struct lab *lab, uint32_t link, struct error *error);

/* Make a link what it is to be now. */
int lab_link_state(struct lab *lab, uint32_t link, enum lab_cut state, struct error *error);

#endif
