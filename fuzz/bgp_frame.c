/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream framing at any split: the first two bytes say where a stream is cut; its frames must
 * be the same as those of the whole, and a fault found in a part is found in the whole.
 */
#include <stdlib.h>

#include "wire/bgp.h"

struct outcome {
	size_t used, frames;
	bool fault;
	struct bgp_fault what;
};

static struct outcome walk(const uint8_t *bytes, size_t length, size_t message_max)
{
	struct outcome outcome = { 0 };

	while (!outcome.fault) {
		struct bgp_frame frame;
		enum bgp_frame_status status = bgp_frame_read(bytes + outcome.used,
			length - outcome.used, message_max, &frame, &outcome.what);

		if (status == BGP_FRAME_MORE)
			break;
		outcome.fault = status == BGP_FRAME_FAULT;
		if (status != BGP_FRAME_WHOLE)
			continue;
		if (frame.length < BGP_HEADER_SIZE || frame.length > length - outcome.used ||
			cursor_left(&frame.body) != frame.length - (size_t)BGP_HEADER_SIZE)
			abort();
		outcome.used += frame.length;
		outcome.frames++;
	}
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t message_max, cut;
	struct outcome whole, part;

	if (length < 2)
		return 0;
	message_max = bytes[0] & 1 ? BGP_EXTENDED_MESSAGE_MAX : BGP_MESSAGE_MAX;
	cut = ((size_t)bytes[0] << 8 | bytes[1]) % (length - 1);
	bytes += 2;
	length -= 2;
	whole = walk(bytes, length, message_max);
	part = walk(bytes, cut, message_max);
	if (part.used > whole.used || part.frames > whole.frames)
		abort();
	if (part.fault && (!whole.fault || part.used != whole.used ||
				  part.what.subcode != whole.what.subcode))
		abort();
	if (!part.fault) {
		struct outcome rest = walk(bytes + part.used, length - part.used, message_max);

		if (part.frames + rest.frames != whole.frames || rest.fault != whole.fault)
			abort();
	}
	return 0;
}
