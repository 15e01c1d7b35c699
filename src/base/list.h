/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked circular lists. The head is a node that holds nothing. */
#ifndef NEARCAST_BASE_LIST_H
#define NEARCAST_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *previous;
};

#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#define list_for_each(node, head) \
	for (struct list *node = (head)->next; node != (head); node = node->next)

/* The body may remove and free `node`. */
#define list_for_each_safe(node, head)                                              \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
		node = node##_next, node##_next = node->next)

static inline void list_init(struct list *head)
{
	head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Insert node before `before`; with the head, that is at the end. */
static inline void list_append(struct list *before, struct list *node)
{
	node->previous = before->previous;
	node->next = before;
	before->previous->next = node;
	before->previous = node;
}

static inline void list_prepend(struct list *head, struct list *node)
{
	list_append(head->next, node);
}

/* Unlinks node and leaves it an empty list, so that removing it twice is harmless. */
static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

#endif
