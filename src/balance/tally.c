/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of traffic as numbers.
 *
 * Invariant: count[PACKETS] is the sum of all others but BYTES.
 */
#include "balance/tally.h"

#include <math.h>
#include <string.h>

#define TCP_SYN 0x02u
#define TCP_ACK 0x10u

/* US-CERT alert TA14-017A lists these and their factors of amplification. */
static const struct tally_service services[TALLY_SERVICES] = { { 19, "chargen" }, { 53, "DNS" },
	{ 69, "TFTP" }, { 111, "portmap" }, { 123, "NTP" }, { 137, "NetBIOS" }, { 161, "SNMP" },
	{ 389, "CLDAP" }, { 427, "SLP" }, { 1900, "SSDP" }, { 3283, "ARMS" }, { 3702, "WSD" },
	{ 5353, "mDNS" }, { 11211, "memcached" } };

const struct tally_service *tally_service_at(unsigned index)
{
	return &services[index];
}

unsigned tally_service_of(uint16_t port)
{
	unsigned i = 0;

	while (i < TALLY_SERVICES && services[i].port != port)
		i++;
	return i;
}

enum tally_metric tally_metric_of(const struct absorb_packet *packet)
{
	if (packet->fragment & ABSORB_IS_FRAGMENT)
		return TALLY_FRAGMENTS;
	switch (packet->protocol) {
	case 6:
		return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? TALLY_SYN
									    : TALLY_TCP_OTHER;
	case 17:
		return tally_service_of(packet->source_port) < TALLY_SERVICES ? TALLY_ANSWERS
									      : TALLY_UDP;
	case 1:
	case 58:
		return TALLY_ICMP;
	default:
		return TALLY_OTHER;
	}
}

void tally_add(struct tally *tally, const struct absorb_packet *packet, uint64_t weight,
	const struct hash_seed *seed)
{
	enum tally_metric metric = tally_metric_of(packet);
	size_t length = packet->family == 4 ? 4 : 8;
	uint8_t destination[16];

	memcpy(destination, packet->destination, sizeof(destination));
	tally->count[TALLY_PACKETS] += weight;
	tally->count[TALLY_BYTES] += weight * packet->length;
	tally->count[metric] += weight;
	if (metric == TALLY_ANSWERS)
		tally->answers[tally_service_of(packet->source_port)] += weight;
	tally->sources[hash_bytes(seed, packet->source, length) % TALLY_CELLS]++;
	tally->destinations[destination[packet->family == 4 ? 3 : 15]]++;
	tally->sampled++;
	if (tally->heavy != NULL)
		heavy_add(tally->heavy, packet->source, length, weight);
}

void tally_reset(struct tally *tally)
{
	struct heavy *heavy = tally->heavy;

	memset(tally, 0, sizeof(*tally));
	tally->heavy = heavy;
	if (heavy != NULL)
		heavy_decay(heavy);
}

unsigned tally_spread(const struct tally *tally)
{
	double entropy = 0, most = tally->sampled < TALLY_CELLS ? tally->sampled : TALLY_CELLS;

	if (tally->sampled < 2)
		return 0;
	for (unsigned i = 0; i < TALLY_CELLS; i++) {
		double share = (double)tally->sources[i] / tally->sampled;

		if (share > 0)
			entropy -= share * log2(share);
	}
	return (unsigned)(1000 * entropy / log2(most));
}

unsigned tally_destinations(const struct tally *tally, unsigned *ret_largest)
{
	unsigned hit = 0;
	uint32_t largest = 0;

	for (unsigned i = 0; i < TALLY_CELLS; i++) {
		hit += tally->destinations[i] > 0;
		if (tally->destinations[i] > largest)
			largest = tally->destinations[i];
	}
	*ret_largest =
		tally->sampled == 0 ? 0 : (unsigned)((uint64_t)largest * 1000 / tally->sampled);
	return hit;
}

unsigned tally_top_answers(const struct tally *tally, unsigned *ret_share)
{
	unsigned top = 0;

	for (unsigned i = 1; i < TALLY_SERVICES; i++)
		if (tally->answers[i] > tally->answers[top])
			top = i;
	*ret_share = tally->count[TALLY_ANSWERS] == 0
			     ? 0
			     : (unsigned)((double)tally->answers[top] * 1000 /
					  (double)tally->count[TALLY_ANSWERS]);
	return top;
}
