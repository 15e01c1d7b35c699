/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN: what was accepted is written, and what was written reads back to the same values. */
#include <stdlib.h>
#include <string.h>

#include "wire/bgp_open.h"

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
	/* What is only counted is not written again; a hidden four-octet AS keeps the number.
	 */
	again.capabilities.unknown = open.capabilities.unknown;
	again.capabilities.malformed = open.capabilities.malformed;
	again.capabilities.other_families = open.capabilities.other_families;
	again.capabilities.role_conflict = open.capabilities.role_conflict;
	if (again.asn != (open.capabilities.four_octet_as || open.asn <= UINT16_MAX
					 ? open.asn
					 : BGP_AS_TRANS))
		abort();
	if (again.hold_time_s != open.hold_time_s || again.router_id != open.router_id ||
		again.capabilities.graceful_restart != open.capabilities.graceful_restart ||
		again.capabilities.restart_time_s != open.capabilities.restart_time_s ||
		again.capabilities.role != open.capabilities.role ||
		again.capabilities.route_refresh != open.capabilities.route_refresh ||
		strcmp(again.capabilities.hostname, open.capabilities.hostname) != 0 ||
		memcmp(again.capabilities.family, open.capabilities.family,
			sizeof(open.capabilities.family)) != 0 ||
		memcmp(again.capabilities.add_path, open.capabilities.add_path,
			sizeof(open.capabilities.add_path)) != 0)
		abort();
	return 0;
}
