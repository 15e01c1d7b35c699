/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RPKI to Router protocol as a stream: every split gives the same PDUs, every PDU that is
 * read is written, and reads back to the same bytes; a fault is answered by an error report
 * that is good itself.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/rtr.h"

static uint8_t first[RTR_PDU_MAX], second[RTR_PDU_MAX];

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void round_trip(const struct rtr_pdu *pdu)
{
	struct writer a = writer_of(first, sizeof(first)),
		      b = writer_of(second, sizeof(second));
	struct rtr_fault fault;
	struct rtr_pdu again;
	size_t size;

	rtr_write(&a, pdu);
	expect(!a.failed);
	expect(rtr_read(first, writer_length(&a), &again, &size, &fault) == RTR_WHOLE);
	expect(size == writer_length(&a));
	rtr_write(&b, &again);
	expect(!b.failed && writer_length(&b) == size && memcmp(first, second, size) == 0);
}

static void values_check(const struct rtr_pdu *pdu)
{
	expect(pdu->version <= RTR_VERSION_MAX);
	if (pdu->type == RTR_IPV4_PREFIX || pdu->type == RTR_IPV6_PREFIX) {
		struct prefix normal = pdu->prefix.prefix;

		prefix_normalise(&normal);
		expect(prefix_equal(&normal, &pdu->prefix.prefix));
		expect(pdu->prefix.max_length >= pdu->prefix.prefix.length);
		expect(pdu->prefix.max_length <= family_bits(normal.address.family));
	}
	if (pdu->type == RTR_ASPA && pdu->aspa.announce)
		expect(pdu->aspa.count > 0);
}

static void fault_check(const struct rtr_fault *fault, const uint8_t *bytes, size_t length)
{
	struct writer w = writer_of(first, sizeof(first));
	struct rtr_fault none;
	struct rtr_pdu report;
	size_t size;

	expect(fault->code < RTR_ERRORS && fault->reason != NULL && fault->reference != NULL);
	rtr_write_error(&w, 1, fault, bytes, length);
	expect(!w.failed);
	expect(rtr_read(first, writer_length(&w), &report, &size, &none) == RTR_WHOLE);
	expect(report.type == RTR_ERROR_REPORT && report.error.code == fault->code);
}

/* Every shorter piece of a good PDU asks for more, as the sizes that it tells are the same. */
static void pieces_check(const uint8_t *bytes, size_t size)
{
	size_t step = size > 256 ? size / 64 : 1;

	for (size_t length = 0; length < size; length += step) {
		struct rtr_fault fault;
		struct rtr_pdu pdu;
		size_t told;

		expect(rtr_read(bytes, length, &pdu, &told, &fault) == RTR_MORE);
		expect(told == (length < RTR_HEADER_SIZE ? 0 : size));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		struct rtr_fault fault;
		struct rtr_pdu pdu;
		size_t size;
		enum rtr_status status = rtr_read(bytes + at, length - at, &pdu, &size, &fault);

		if (status == RTR_MORE)
			break;
		if (status == RTR_FAULT) {
			fault_check(&fault, bytes + at, length - at);
			break;
		}
		expect(size >= RTR_HEADER_SIZE && size <= length - at);
		values_check(&pdu);
		round_trip(&pdu);
		pieces_check(bytes + at, size);
		at += size;
	}
	return 0;
}
