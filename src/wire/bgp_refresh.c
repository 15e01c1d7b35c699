/* SPDX-License-Identifier: Apache-2.0 */
/* ROUTE-REFRESH: RFC 2918 section 3, RFC 7313 sections 3 and 5. */
#include "wire/bgp.h"

#define REFRESH_BODY 4u

int bgp_refresh_read(
	struct cursor body, struct bgp_refresh *ret_refresh, struct bgp_fault *ret_fault)
{
	size_t length = cursor_left(&body);

	if (length != REFRESH_BODY) {
		*ret_fault = (struct bgp_fault){ .code = BGP_ERROR_ROUTE_REFRESH,
			.subcode = BGP_REFRESH_INVALID_LENGTH };
		return ERROR_MALFORMED;
	}
	ret_refresh->afi = cursor_u16(&body);
	ret_refresh->subtype = cursor_u8(&body);
	ret_refresh->safi = cursor_u8(&body);
	return 0;
}

void bgp_refresh_write(struct writer *w, const struct bgp_refresh *refresh)
{
	uint8_t *start = bgp_message_begin(w, BGP_ROUTE_REFRESH);

	writer_u16(w, refresh->afi);
	writer_u8(w, refresh->subtype);
	writer_u8(w, refresh->safi);
	bgp_message_end(w, start);
}
