/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast UPDATEs are read and written: a million routes of the kind that a full table has
 * (a path of five, a MED, four communities), at one, six and a hundred prefixes a message.
 * Processor time, so that others on the machine do not count.
 *
 *     build-release/bench/wire
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wire/bgp_update.h"

#define ROUTES 1000000u

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct bgp_route_key keys[128];
static const uint8_t path[] = { 2, 5, 0, 0, 251, 244, 0, 0, 26, 106, 0, 0, 13, 28, 0, 0, 50, 12,
	0, 3, 33, 154 };
static const uint32_t communities[] = { 0xfbf40001, 0xfbf40064, 0x1a6a03e8, 0x0d1c0bb8 };

static size_t encode(const struct bgp_context *context, uint8_t *buffer, size_t size,
	size_t in_message, size_t *ret_messages)
{
	struct bgp_attributes attributes = { .as_path = path,
		.as_path_size = sizeof(path),
		.med = 10,
		.communities = communities,
		.community_count = 4 };
	struct writer w = writer_of(buffer, size);

	attributes.present = 1u << BGP_ATTRIBUTE_MED | 1u << BGP_ATTRIBUTE_COMMUNITIES;
	attributes.next_hop = address_ipv4(0xc0000201);
	*ret_messages = 0;
	for (uint32_t route = 0; route < ROUTES; (*ret_messages)++) {
		size_t written;

		for (size_t i = 0; i < in_message; i++) {
			keys[i].prefix.address = address_ipv4((route + (uint32_t)i) << 8);
			keys[i].prefix.length = 24;
		}
		if (bgp_update_write(&w, context, BGP_IPV4_UNICAST, &attributes, keys,
			    in_message, &written) != 0)
			abort();
		route += (uint32_t)written;
	}
	return writer_length(&w);
}

static size_t decode(const struct bgp_context *context, const uint8_t *buffer, size_t length)
{
	struct arena arena = { 0 };
	size_t routes = 0;

	while (length > 0) {
		struct bgp_frame frame;
		struct bgp_fault fault;
		struct bgp_update update;
		struct prefix prefix;
		uint32_t path_id;

		if (bgp_frame_read(buffer, length, context->message_max, &frame, &fault) !=
				BGP_FRAME_WHOLE ||
			bgp_update_read(frame.body, context, &arena, &update) != 0)
			abort();
		while (bgp_nlri_next(&update.announced[0], &prefix, &path_id))
			routes++;
		arena_reset(&arena);
		buffer += frame.length;
		length -= frame.length;
	}
	return routes;
}

int main(void)
{
	static const size_t sizes[] = { 1, 6, 100 };
	struct bgp_context context = {
		.four_octet_as = true, .family = { true, true }, .message_max = BGP_MESSAGE_MAX
	};
	size_t size = 128u * ROUTES;
	uint8_t *buffer = malloc(size);

	if (buffer == NULL)
		return 1;
	printf("%12s %14s %14s %14s %14s\n", "prefixes", "read/s", "written/s", "MB/s read",
		"ns/message");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t messages, length = encode(&context, buffer, size, sizes[i], &messages);
		double start = seconds(), middle, end;

		length = encode(&context, buffer, size, sizes[i], &messages);
		middle = seconds();
		if (decode(&context, buffer, length) < ROUTES)
			abort();
		end = seconds();
		printf("%12zu %14.0f %14.0f %14.0f %14.0f\n", sizes[i], ROUTES / (end - middle),
			ROUTES / (middle - start), (double)length / 1e6 / (end - middle),
			(end - middle) * 1e9 / (double)messages);
	}
	free(buffer);
	return 0;
}
