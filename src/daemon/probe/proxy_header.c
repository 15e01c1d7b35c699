/* SPDX-License-Identifier: Apache-2.0 */
/* PROXY protocol, sections 2.1 and 2.2 of its specification (haproxy.org, 2020/03/05). */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "daemon/probe/proxy_header.h"

static size_t build_text(const struct address *source, uint16_t source_port,
	const struct address *destination, uint16_t destination_port,
	uint8_t header[PROXY_HEADER_MAX])
{
	char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];
	int length = snprintf((char *)header, PROXY_HEADER_MAX, "PROXY TCP%d %s %s %u %u\r\n",
		source->family == FAMILY_IPV4 ? 4 : 6, address_format(source, from),
		address_format(destination, to), source_port, destination_port);

	return (size_t)length;
}

static size_t build_binary(uint8_t header[PROXY_HEADER_MAX])
{
	static const uint8_t signature[12] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U',
		'I', 'T', '\n' };
	struct writer writer = writer_of(header, PROXY_HEADER_MAX);

	writer_bytes(&writer, signature, sizeof(signature));
	writer_u8(&writer, 0x20); /* version 2, command LOCAL */
	writer_u8(&writer, 0x00); /* AF_UNSPEC: the receiver takes the real addresses */
	writer_u16(&writer, 0);
	return writer_length(&writer);
}

size_t proxy_header_build(enum config_proxy_protocol version, const struct address *source,
	uint16_t source_port, const struct address *destination, uint16_t destination_port,
	uint8_t header[PROXY_HEADER_MAX])
{
	switch (version) {
	case PROXY_V1:
		return build_text(source, source_port, destination, destination_port, header);
	case PROXY_V2:
		return build_binary(header);
	case PROXY_NONE:
		break;
	}
	return 0;
}
