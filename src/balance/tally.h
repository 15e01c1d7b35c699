/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one service (or one prefix) received in one window of time: sampled packets are added,
 * with how many packets each of them stands for, and read as one row of numbers. Of fixed size.
 */
#ifndef NEARCAST_BALANCE_TALLY_H
#define NEARCAST_BALANCE_TALLY_H

#include "balance/sketch.h"
#include "bpf/shared/absorb.h"

enum tally_metric {
	TALLY_PACKETS,
	TALLY_BYTES,
	TALLY_SYN,       /* TCP with SYN and without ACK: new flows */
	TALLY_TCP_OTHER, /* TCP, all others */
	TALLY_UDP,       /* but for answers */
	TALLY_ANSWERS,   /* UDP from a port that amplification is known of */
	TALLY_ICMP,
	TALLY_FRAGMENTS, /* later ones, of any protocol */
	TALLY_OTHER,
	TALLY_METRICS,
};

#define TALLY_CELLS 256 /* of sources, and of destinations */

/* A row of amplification: RFC and vendor ports that answer with more than they were asked. */
struct tally_service {
	uint16_t port;
	const char *name; /* "DNS" */
};
#define TALLY_SERVICES 14
const struct tally_service *tally_service_at(unsigned index); /* index < TALLY_SERVICES */
/* The index of a port, or TALLY_SERVICES. */
unsigned tally_service_of(uint16_t port);

struct tally {
	uint64_t count[TALLY_METRICS];
	uint64_t answers[TALLY_SERVICES];
	uint32_t sources[TALLY_CELLS];      /* by hash; sampled packets, not weighted */
	uint32_t destinations[TALLY_CELLS]; /* by the address's last byte */
	uint32_t sampled;
	struct heavy *heavy; /* sources by packets; NULL: not counted. Not owned */
};

/* Which metric, besides packets and bytes, a packet counts for. */
enum tally_metric tally_metric_of(const struct absorb_packet *packet);
/* weight: packets that it stands for. Key of a source: its IPv4 address, or its IPv6 /64. */
void tally_add(struct tally *tally, const struct absorb_packet *packet, uint64_t weight,
	const struct hash_seed *seed);
/* For the next window; heavy is decayed. */
void tally_reset(struct tally *tally);

/* How evenly sources are spread: 0 all in one cell .. 1000 as even as can be (the entropy over
 * its most, in thousandths; of few samples the most is that of so many). */
unsigned tally_spread(const struct tally *tally);
/* Destinations by last byte that were hit, and the largest one's share in thousandths. */
unsigned tally_destinations(const struct tally *tally, unsigned *ret_largest);
/* The service with most answers, and its share of all answers in thousandths. */
unsigned tally_top_answers(const struct tally *tally, unsigned *ret_share);

#endif
