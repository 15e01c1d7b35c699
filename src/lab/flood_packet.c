/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a flood: RFC 791 section 3.1, RFC 768, RFC 9293 section 3.1, RFC 1035.
 *
 *     IPv4 (20) | UDP (8) | payload, or a DNS query
 *     IPv4 (20) | TCP (20), SYN
 */
#include "lab/flood_packet.h"

#include <string.h>

#include "wire/dns.h"

#define IP_SIZE       20u
#define UDP_SIZE      8u
#define TCP_SIZE      20u
#define PROTOCOL_TCP  6
#define PROTOCOL_UDP  17
#define TTL           64
#define DONT_FRAGMENT 0x4000
#define PORT_LEAST    1024u /* of sources */
#define TCP_SYN       0x02
#define TCP_WINDOW    65535

/* RFC 1071: not yet folded. */
static uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return length % 2 == 0 ? sum : sum + (uint32_t)(bytes[length - 1] << 8);
}

static uint16_t checksum_end(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t source_of(const struct flood_form *form, struct random *random)
{
	const uint8_t *b = form->sources.address.bytes;
	uint32_t network =
		(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	uint32_t host_bits =
		form->sources.length >= 32 ? 0 : UINT32_MAX >> form->sources.length;

	return network | ((uint32_t)random_u64(random) & host_bits);
}

static uint16_t random_port(struct random *random)
{
	return (uint16_t)(PORT_LEAST + random_below(random, 65536 - PORT_LEAST));
}

static void write_dns(struct writer *w, struct random *random)
{
	struct dns_query query = { .id = (uint16_t)random_u64(random),
		.question = { .type = DNS_TYPE_TXT, .class = DNS_CLASS_CH } };

	(void)dns_name_parse("id.server", &query.question.name);
	dns_query_write(w, &query);
}

static void write_udp(const struct flood_form *form, struct random *random, struct writer *w)
{
	uint8_t *header = w->at, *payload;

	writer_u16(w, random_port(random));
	writer_u16(w, form->port);
	writer_u32(w, 0);
	if (form->kind == FLOOD_DNS) {
		write_dns(w, random);
	} else {
		payload = writer_reserve(w, form->payload);
		if (payload != NULL)
			memset(payload, 0, form->payload);
	}
	bytes_put_u16(header + 4, (uint16_t)(w->at - header));
}

/* ip: the header before it, whose addresses are part of the checksum. */
static void write_tcp(const struct flood_form *form, struct random *random, const uint8_t *ip,
	struct writer *w)
{
	uint8_t *header = w->at;
	uint32_t sum = PROTOCOL_TCP + TCP_SIZE;

	writer_u16(w, random_port(random));
	writer_u16(w, form->port);
	writer_u32(w, (uint32_t)random_u64(random)); /* sequence number */
	writer_u32(w, 0);
	writer_u8(w, TCP_SIZE / 4 << 4);
	writer_u8(w, TCP_SYN);
	writer_u16(w, TCP_WINDOW);
	writer_u32(w, 0);
	sum = checksum_add(sum, ip + 12, 8);
	bytes_put_u16(header + 16, checksum_end(checksum_add(sum, header, TCP_SIZE)));
}

size_t flood_packet_write(
	const struct flood_form *form, struct random *random, uint8_t bytes[FLOOD_PACKET_MAX])
{
	struct writer w = writer_of(bytes, FLOOD_PACKET_MAX);
	bool tcp = form->kind == FLOOD_SYN;

	writer_u16(&w, 0x4500);
	writer_u16(&w, 0); /* length: below */
	writer_u16(&w, (uint16_t)random_u64(random));
	writer_u16(&w, DONT_FRAGMENT);
	writer_u8(&w, TTL);
	writer_u8(&w, tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
	writer_u16(&w, 0); /* checksum: below */
	writer_u32(&w, source_of(form, random));
	writer_bytes(&w, form->target.bytes, 4);
	if (tcp)
		write_tcp(form, random, bytes, &w);
	else
		write_udp(form, random, &w);
	bytes_put_u16(bytes + 2, (uint16_t)writer_length(&w));
	bytes_put_u16(bytes + 10, checksum_end(checksum_add(0, bytes, IP_SIZE)));
	return writer_length(&w);
}
