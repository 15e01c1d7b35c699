/* SPDX-License-Identifier: Apache-2.0 */
/* NOTIFICATION and ROUTE-REFRESH: texts are clean UTF-8 and reach the other side unchanged. */
#include <stdlib.h>
#include <string.h>

#include "wire/bgp.h"

static void check_text(const struct bgp_notification *n)
{
	uint8_t buffer[BGP_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_notification again;

	for (const char *c = n->text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	if (n->text[0] == '\0')
		return;
	bgp_cease_write(&w, n->subcode, n->text, n->hard_reset);
	if (w.failed || bgp_notification_read(cursor_of(buffer + BGP_HEADER_SIZE,
						      writer_length(&w) - BGP_HEADER_SIZE),
				&again) != 0)
		abort();
	if (strcmp(again.text, n->text) != 0 || again.hard_reset != n->hard_reset ||
		again.subcode != n->subcode)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct bgp_notification notification;
	struct bgp_refresh refresh;
	struct bgp_fault fault = { 0 };
	char name[96];

	if (length > BGP_EXTENDED_MESSAGE_MAX - BGP_HEADER_SIZE)
		return 0;
	if (bgp_notification_read(cursor_of(bytes, length), &notification) == 0) {
		check_text(&notification);
		(void)bgp_notification_name(
			notification.code, notification.subcode, name, sizeof(name));
		if (strlen(name) == 0)
			abort();
	} else if (length >= 2) {
		abort();
	}
	if (bgp_refresh_read(cursor_of(bytes, length), &refresh, &fault) != 0 &&
		(fault.code != BGP_ERROR_ROUTE_REFRESH || fault.data_length != 0))
		abort();
	return 0;
}
