/* SPDX-License-Identifier: Apache-2.0 */
/* BFD control packets: RFC 5880 section 4. Times are microseconds, as on the wire. */
#ifndef NEARCAST_WIRE_BFD_H
#define NEARCAST_WIRE_BFD_H

#include "base/bytes.h"
#include "base/error.h"

#define BFD_PORT          3784 /* one hop: RFC 5881 section 4 */
#define BFD_PORT_MULTIHOP 4784 /* RFC 5883 section 5 */
#define BFD_PACKET_MAX    64u  /* the longest packet with a section that is known */

enum bfd_state { /* RFC 5880 section 4.1 */
	BFD_ADMIN_DOWN = 0,
	BFD_DOWN = 1,
	BFD_INIT = 2,
	BFD_UP = 3,
};

enum bfd_diagnostic { /* section 4.1 */
	BFD_DIAG_NONE = 0,
	BFD_DIAG_TIME_EXPIRED = 1,
	BFD_DIAG_ECHO_FAILED = 2,
	BFD_DIAG_SIGNALED_DOWN = 3,
	BFD_DIAG_FORWARDING_RESET = 4,
	BFD_DIAG_PATH_DOWN = 5,
	BFD_DIAG_CONCATENATED_DOWN = 6,
	BFD_DIAG_ADMIN_DOWN = 7,
	BFD_DIAG_REVERSE_DOWN = 8,
};

enum bfd_auth { /* section 4.1: Auth Type */
	BFD_AUTH_NONE = 0,
	BFD_AUTH_PASSWORD = 1,
	BFD_AUTH_MD5 = 2,
	BFD_AUTH_METICULOUS_MD5 = 3,
	BFD_AUTH_SHA1 = 4,
	BFD_AUTH_METICULOUS_SHA1 = 5,
};

#define BFD_KEY_MAX    20u /* bytes of a key; 16 of a password and of MD5 */
#define BFD_DIGEST_MAX 20u

struct bfd_packet {
	uint8_t diagnostic; /* enum bfd_diagnostic, or another up to 31 */
	uint8_t state;      /* enum bfd_state */
	bool poll, final, control_independent, demand;
	uint8_t multiplier;   /* 1..255 */
	uint32_t mine, yours; /* discriminators; mine is not 0 */
	uint32_t desired_tx_us, required_rx_us, required_echo_us;
	/* The authentication section; BFD_AUTH_NONE: there is none. */
	uint8_t auth; /* enum bfd_auth, or another: then the rest is not filled in */
	uint8_t key_id;
	uint32_t sequence;    /* of the four with a digest */
	const uint8_t *value; /* password or digest, in the packet */
	uint8_t value_length;
};

/* Why a packet is discarded: section 6.8.6, in its order. */
enum bfd_fault {
	BFD_FAULT_NONE,
	BFD_FAULT_LENGTH, /* shorter than its fields, or than it says */
	BFD_FAULT_VERSION,
	BFD_FAULT_MULTIPLIER,
	BFD_FAULT_MULTIPOINT,
	BFD_FAULT_DISCRIMINATOR, /* zero; or yours is zero in a state where it must not be */
	BFD_FAULT_AUTH,          /* the section breaks its format */
};

/* The checks of section 6.8.6 that need no session. */
enum bfd_fault bfd_packet_read(
	const uint8_t *bytes, size_t length, struct bfd_packet *ret_packet);

/*
 * Write the packet. With a digest, its place is filled with zeroes (SHA1: section 6.7.4) and
 * *ret_digest points there, so that who knows the key can fill it in; else NULL. A password is
 * packet->value.
 */
void bfd_packet_write(struct writer *w, const struct bfd_packet *packet, uint8_t **ret_digest);

/* 16, 20, or 0 for types without a digest. */
uint8_t bfd_digest_length(uint8_t auth);
bool bfd_auth_is_meticulous(uint8_t auth);

const char *bfd_state_name(uint8_t state);           /* "AdminDown", "Down", "Init", "Up" */
const char *bfd_diagnostic_text(uint8_t diagnostic); /* for people */
const char *bfd_fault_name(enum bfd_fault fault);    /* "bad-length" */

#endif
