/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN: what was accepted is written, and what was written reads back to the same values. */
#include <stdlib.h>
#include <string.h>

#include "wire/bgp_open.h"

/* What is counted or noticed but never written. */
static void forget(struct bgp_capabilities *c)
{
	bool any = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		any |= c->family[f];
	c->multiprotocol = any;
	c->unknown = c->malformed = c->other_families = 0;
	c->role_conflict = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_open open = { 0 }, again = { 0 };
	struct bgp_fault fault = { 0 };
	struct bgp_frame frame;

	if (bgp_open_read(cursor_of(bytes, length), &open, &fault) != 0) {
		if (fault.code != BGP_ERROR_OPEN || fault.data_length > sizeof(fault.data))
			abort();
		return 0;
	}
	if (open.version != 4 || open.asn == 0 || open.router_id == 0 ||
		open.hold_time_s == 1 || open.hold_time_s == 2)
		abort();
	bgp_open_write(&w, &open);
	if (w.failed || bgp_frame_read(buffer, writer_length(&w), BGP_MESSAGE_MAX, &frame,
				&fault) != BGP_FRAME_WHOLE)
		abort();
	if (bgp_open_read(frame.body, &again, &fault) != 0)
		abort();
	if (again.asn != open.asn || again.hold_time_s != open.hold_time_s ||
		again.router_id != open.router_id)
		abort();
	forget(&open.capabilities);
	if (memcmp(&open.capabilities, &again.capabilities, sizeof(open.capabilities)) != 0)
		abort();
	return 0;
}
