/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7606, case by case: bytes in, verdict, attribute, subcode and clause out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "update.h"

#define GOOD     BGP_VERDICT_GOOD
#define DISCARD  BGP_VERDICT_ATTRIBUTE_DISCARD
#define WITHDRAW BGP_VERDICT_TREAT_AS_WITHDRAW
#define DISABLE  BGP_VERDICT_AFI_SAFI_DISABLE
#define RESET    BGP_VERDICT_SESSION_RESET

/* The malformation named is the first of those with the final verdict. */
static const struct malformed_row {
	const char *what;
	enum session session;
	const char *withdrawn, *attributes, *nlri;
	enum bgp_verdict verdict;
	uint8_t attribute, subcode;
	const char *reference;
} rows[] = {
	{ "good, external", EXTERNAL, "", BASE, NET, GOOD, 0, 0, NULL },
	{ "good, two-octet numbers", OLD, "", BASE_2, NET, GOOD, 0, 0, NULL },
	{ "good, IPv6", EXTERNAL, "", REACH ORIGIN PATH, "", GOOD, 0, 0, NULL },
	{ "withdrawal alone", EXTERNAL, NET, "", "", GOOD, 0, 0, NULL },
	{ "nothing", EXTERNAL, "", "", "", GOOD, 0, 0, NULL },

	/* Section 3 c: flags. */
	{ "ORIGIN optional", EXTERNAL, "", "c00101 00" PATH HOP, NET, WITHDRAW, 1, 4,
		"RFC 7606 section 3 c" },
	{ "AS_PATH not transitive", EXTERNAL, "", ORIGIN "000206 0201 0000fde9" HOP, NET,
		WITHDRAW, 2, 4, "RFC 7606 section 3 c" },
	{ "NEXT_HOP optional", EXTERNAL, "", ORIGIN PATH "c00304 c0000201", NET, WITHDRAW, 3, 4,
		"RFC 7606 section 3 c" },
	{ "MED transitive", EXTERNAL, "", BASE "c00404 00000001", NET, WITHDRAW, 4, 4,
		"RFC 7606 section 3 c" },
	{ "LOCAL_PREF optional", INTERNAL, "", BASE "c00504 00000064", NET, WITHDRAW, 5, 4,
		"RFC 7606 section 3 c" },
	{ "AGGREGATOR well-known", EXTERNAL, "", BASE "400708 0000fde9 c0000201", NET, WITHDRAW,
		7, 4, "RFC 7606 section 3 c" },
	{ "COMMUNITIES not transitive", EXTERNAL, "", BASE "800804 fde90001", NET, WITHDRAW, 8,
		4, "RFC 7606 section 3 c" },
	{ "partial bit is no error", EXTERNAL, "", BASE "e00804 fde90001", NET, GOOD, 0, 0,
		NULL },
	{ "unused bits are no error", EXTERNAL, "", "4f0101 00" PATH HOP, NET, GOOD, 0, 0,
		NULL },
	{ "extended length is no error", EXTERNAL, "", "50010001 00" PATH HOP, NET, GOOD, 0, 0,
		NULL },

	/* Section 3 d: missing mandatory attributes. */
	{ "no ORIGIN", EXTERNAL, "", PATH HOP, NET, WITHDRAW, 1, 3, "RFC 7606 section 3 d" },
	{ "no AS_PATH", EXTERNAL, "", ORIGIN HOP, NET, WITHDRAW, 2, 3, "RFC 7606 section 3 d" },
	{ "no NEXT_HOP", EXTERNAL, "", ORIGIN PATH, NET, WITHDRAW, 3, 3,
		"RFC 7606 section 3 d" },
	{ "no attributes", EXTERNAL, "", "", NET, WITHDRAW, 1, 3, "RFC 7606 section 3 d" },
	{ "IPv6 without ORIGIN", EXTERNAL, "", REACH PATH, "", WITHDRAW, 1, 3,
		"RFC 7606 section 3 d" },
	{ "IPv6 and IPv4, NEXT_HOP missing", EXTERNAL, "", REACH ORIGIN PATH, NET, WITHDRAW, 3,
		3, "RFC 7606 section 3 d" },
	{ "internal without LOCAL_PREF", INTERNAL, "", BASE, NET, GOOD, 0, 0, NULL },

	/* Section 3 g: duplicates. */
	{ "ORIGIN twice", EXTERNAL, "", BASE "400101 01", NET, DISCARD, 1, 1,
		"RFC 7606 section 3 g" },
	{ "COMMUNITIES twice, the second broken", EXTERNAL, "",
		BASE "c00804 fde90001 c00803 fde900", NET, DISCARD, 8, 1,
		"RFC 7606 section 3 g" },
	{ "an unknown one twice", EXTERNAL, "", BASE "c0fe01 00 c0fe01 00", NET, DISCARD, 0xfe,
		1, "RFC 7606 section 3 g" },
	{ "MP_REACH_NLRI twice", EXTERNAL, "", REACH REACH ORIGIN PATH, "", RESET, 14, 1,
		"RFC 7606 section 3 g" },
	{ "MP_UNREACH_NLRI twice", EXTERNAL, "", UNREACH UNREACH, "", RESET, 15, 1,
		"RFC 7606 section 3 g" },
	{ "MP_REACH_NLRI of a family not agreed twice", ONLY_IPV4, "", REACH REACH ORIGIN PATH,
		"", RESET, 14, 1, "RFC 7606 section 3 g" },

	/* Section 3 h: the strongest counts. */
	{ "discard and withdraw", EXTERNAL, "", BASE "400601 00 c00803 fde900", NET, WITHDRAW,
		8, 9, "RFC 7606 section 7.8" },
	{ "withdraw and reset", EXTERNAL, "", "400101 09" PATH HOP, "21 c6336400 00", RESET, 0,
		10, "RFC 7606 section 5.3" },

	/* Section 3, first words: what cannot be recognised. */
	{ "unknown well-known", EXTERNAL, "", BASE "40fe01 00", NET, WITHDRAW, 0xfe, 2,
		"RFC 4271 section 6.3" },
	{ "unknown optional transitive", EXTERNAL, "", BASE "c0fe01 00", NET, GOOD, 0, 0,
		NULL },
	{ "unknown optional not transitive", EXTERNAL, "", BASE "80fe01 00", NET, GOOD, 0, 0,
		NULL },
	{ "unknown optional of no length", EXTERNAL, "", BASE "c0fe00", NET, GOOD, 0, 0, NULL },

	/* Section 4: lengths that conflict with the list. */
	{ "a value past the list", EXTERNAL, "", BASE "c00805 fde90001", NET, WITHDRAW, 8, 1,
		"RFC 7606 section 4" },
	{ "one byte at the end", EXTERNAL, "", BASE "c0", NET, WITHDRAW, 0, 1,
		"RFC 7606 section 4" },
	{ "two bytes at the end", EXTERNAL, "", BASE "c008", NET, WITHDRAW, 8, 1,
		"RFC 7606 section 4" },
	{ "three bytes of an extended head", EXTERNAL, "", BASE "d00800", NET, WITHDRAW, 8, 1,
		"RFC 7606 section 4" },
	{ "MP_REACH_NLRI past the list", EXTERNAL, "", BASE "800eff 0002 01", NET, RESET, 14, 1,
		"RFC 7606 section 3 j" },
	{ "past the list, no prefixes to be seen", EXTERNAL, "", BASE "c00805 fde90001", "",
		RESET, 0, 1, "RFC 7606 section 5.2" },
	{ "past the list, behind MP_UNREACH_NLRI alone", EXTERNAL, "", UNREACH "c008", "",
		RESET, 0, 1, "RFC 7606 section 5.2" },
	{ "ORIGIN of no length", EXTERNAL, "", "400100" PATH HOP, NET, WITHDRAW, 1, 6,
		"RFC 7606 section 7.1" },
	{ "AS_PATH of no length", INTERNAL, "", ORIGIN "400200" HOP, NET, GOOD, 0, 0, NULL },
	{ "ATOMIC_AGGREGATE of no length", EXTERNAL, "", BASE "400600", NET, GOOD, 0, 0, NULL },

	/* Section 5.2: no reachable prefixes. */
	{ "a broken attribute and nothing announced", EXTERNAL, "", "400101 09" PATH HOP, "",
		RESET, 0, 1, "RFC 7606 section 5.2" },
	{ "the same with withdrawn routes", EXTERNAL, NET, "400101 09" PATH HOP, "", RESET, 0,
		1, "RFC 7606 section 5.2" },
	{ "a broken attribute beside MP_UNREACH_NLRI", EXTERNAL, "", UNREACH "400101 09", "",
		RESET, 0, 1, "RFC 7606 section 5.2" },
	{ "MP_REACH_NLRI without prefixes", EXTERNAL, "",
		"800e15 0002 01 10" HOP_6 "00 400101 09" PATH, "", RESET, 0, 1,
		"RFC 7606 section 5.2" },
	{ "discard only, nothing announced", EXTERNAL, "", BASE "400601 00", "", DISCARD, 6, 5,
		"RFC 7606 section 7.6" },
	{ "MP_UNREACH_NLRI lost and nothing announced", EXTERNAL, "",
		"800f06 0002 01 30 2001" ORIGIN, "", RESET, 0, 1, "RFC 7606 section 5.2" },

	/* Section 5.3: prefixes. */
	{ "an IPv4 prefix of 33 bits", EXTERNAL, "", BASE, "21 c633640000", RESET, 0, 10,
		"RFC 7606 section 5.3" },
	{ "a withdrawn prefix of 33 bits", EXTERNAL, "21 c633640000", "", "", RESET, 0, 10,
		"RFC 7606 section 5.3" },
	{ "the last prefix cut short", EXTERNAL, "", BASE, NET "18 c633", RESET, 0, 10,
		"RFC 7606 section 5.3" },
	{ "a withdrawn prefix cut short", EXTERNAL, "18 c6", "", "", RESET, 0, 10,
		"RFC 7606 section 5.3" },
	{ "a path identifier cut short", ADD_PATH, "", BASE, "000000", RESET, 0, 10,
		"RFC 7606 section 5.3" },
	{ "an IPv6 prefix of 129 bits", ONLY_IPV6, "",
		"800e27 0002 01 10" HOP_6 "00 81" HOP_6 "00" ORIGIN PATH, "", RESET, 14, 9,
		"RFC 7606 section 5.3" },
	{ "the same, and IPv4 goes on", EXTERNAL, "",
		"800e27 0002 01 10" HOP_6 "00 81" HOP_6 "00" ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 5.3" },
	{ "an IPv6 prefix cut short", EXTERNAL, "",
		"800e18 0002 01 10" HOP_6 "00 30 2001" ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 5.3" },
	{ "an IPv4 prefix of 33 bits in MP_REACH_NLRI", EXTERNAL, "",
		"800e0f 0001 01 04 c0000201 00 21 c633640000" ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 5.3" },
	{ "a withdrawn IPv6 prefix cut short", EXTERNAL, "", "800f06 0002 01 30 2001", "",
		DISABLE, 15, 9, "RFC 7606 section 5.3" },
	{ "MP_REACH_NLRI transitive", EXTERNAL, "",
		"c00e1c 0002 01 10" HOP_6 "00" NET_6 ORIGIN PATH, "", DISABLE, 14, 4,
		"RFC 7606 section 5.3" },
	{ "MP_UNREACH_NLRI well-known", ONLY_IPV6, "", "400f0a 0002 01" NET_6, "", RESET, 15, 4,
		"RFC 7606 section 5.3" },
	{ "MP_REACH_NLRI of four bytes", EXTERNAL, "", "800e04 0002 01 00" ORIGIN PATH, "",
		RESET, 14, 9, "RFC 7606 section 5.3" },
	{ "MP_UNREACH_NLRI of two bytes", EXTERNAL, "", "800f02 0002", "", RESET, 15, 9,
		"RFC 7606 section 5.3" },
	{ "MP_REACH_NLRI empty", EXTERNAL, "", "800e00" ORIGIN PATH, "", RESET, 14, 9,
		"RFC 7606 section 5.3" },
	{ "both families lost", EXTERNAL, "",
		"800e18 0002 01 10" HOP_6 "00 30 2001 800f05 0001 01 18 c6" ORIGIN PATH, "",
		RESET, 15, 9, "RFC 7606 section 5.3" },
	{ "one family lost, the other's routes to withdraw", EXTERNAL, "",
		"800f06 0002 01 30 2001 400101 09" PATH HOP, NET, RESET, 0, 1,
		"RFC 7606 section 3 h" },
	{ "one family lost, the other's routes good", EXTERNAL, "",
		"800f06 0002 01 30 2001" BASE, NET, DISABLE, 15, 9, "RFC 7606 section 5.3" },

	/* Section 3 b: lengths of the fields are in test_field_lengths. */

	/* Section 7.1: ORIGIN. */
	{ "ORIGIN 3", EXTERNAL, "", "400101 03" PATH HOP, NET, WITHDRAW, 1, 6,
		"RFC 7606 section 7.1" },
	{ "ORIGIN of two bytes", EXTERNAL, "", "400102 0000" PATH HOP, NET, WITHDRAW, 1, 6,
		"RFC 7606 section 7.1" },

	/* Section 7.2: AS_PATH. */
	{ "segment type 0", EXTERNAL, "", ORIGIN "400206 0001 0000fde9" HOP, NET, WITHDRAW, 2,
		11, "RFC 7606 section 7.2" },
	{ "segment type 5", EXTERNAL, "", ORIGIN "400206 0501 0000fde9" HOP, NET, WITHDRAW, 2,
		11, "RFC 7606 section 7.2" },
	{ "segment past the attribute", EXTERNAL, "", ORIGIN "400206 0202 0000fde9" HOP, NET,
		WITHDRAW, 2, 11, "RFC 7606 section 7.2" },
	{ "one byte behind the last segment", EXTERNAL, "",
		ORIGIN "400207 0201 0000fde9 02" HOP, NET, WITHDRAW, 2, 11,
		"RFC 7606 section 7.2" },
	{ "an empty segment", EXTERNAL, "", ORIGIN "400208 0201 0000fde9 0200" HOP, NET,
		WITHDRAW, 2, 11, "RFC 7606 section 7.2" },
	{ "an empty segment alone", EXTERNAL, "", ORIGIN "400202 0200" HOP, NET, WITHDRAW, 2,
		11, "RFC 7606 section 7.2" },
	{ "two-octet numbers where four are due", EXTERNAL, "", BASE_2, NET, WITHDRAW, 2, 11,
		"RFC 7606 section 7.2" },
	{ "four-octet numbers where two are due", OLD, "", ORIGIN "400206 0201 0001fde9" HOP,
		NET, WITHDRAW, 2, 11, "RFC 7606 section 7.2" },
	{ "AS 0 (RFC 7607)", EXTERNAL, "", ORIGIN "40020a 0202 0000fde9 00000000" HOP, NET,
		WITHDRAW, 2, 11, "RFC 7606 section 7.2" },
	{ "AS 0 in two octets", OLD, "", ORIGIN "400204 0201 0000" HOP, NET, WITHDRAW, 2, 11,
		"RFC 7606 section 7.2" },
	{ "confederation segment from outside (RFC 5065)", EXTERNAL, "",
		ORIGIN "40020c 0301 0000fde9 0201 0000fdea" HOP, NET, WITHDRAW, 2, 11,
		"RFC 7606 section 7.2" },
	{ "confederation segment from inside", INTERNAL, "",
		ORIGIN "40020c 0301 0000fde9 0201 0000fdea" HOP, NET, GOOD, 0, 0, NULL },
	{ "AS_SET", EXTERNAL, "", ORIGIN "40020c 0201 0000fde9 0101 0000fdea" HOP, NET, GOOD, 0,
		0, NULL },

	/* Section 7.3: NEXT_HOP. */
	{ "NEXT_HOP of three bytes", EXTERNAL, "", ORIGIN PATH "400303 c00002", NET, WITHDRAW,
		3, 8, "RFC 7606 section 7.3" },
	{ "NEXT_HOP of sixteen bytes", EXTERNAL, "", ORIGIN PATH "400310" HOP_6, NET, WITHDRAW,
		3, 8, "RFC 7606 section 7.3" },
	{ "NEXT_HOP 0.0.0.0", EXTERNAL, "", ORIGIN PATH "400304 00000000", NET, WITHDRAW, 3, 8,
		"RFC 7606 section 7.3" },
	{ "NEXT_HOP multicast", EXTERNAL, "", ORIGIN PATH "400304 e0000001", NET, WITHDRAW, 3,
		8, "RFC 7606 section 7.3" },
	{ "NEXT_HOP 255.255.255.255", EXTERNAL, "", ORIGIN PATH "400304 ffffffff", NET,
		WITHDRAW, 3, 8, "RFC 7606 section 7.3" },
	{ "NEXT_HOP loopback", EXTERNAL, "", ORIGIN PATH "400304 7f000001", NET, WITHDRAW, 3, 8,
		"RFC 7606 section 7.3" },

	/* Section 7.4: MULTI_EXIT_DISC. */
	{ "MED of three bytes", EXTERNAL, "", BASE "800403 000001", NET, WITHDRAW, 4, 5,
		"RFC 7606 section 7.4" },
	{ "MED of no length", EXTERNAL, "", BASE "800400", NET, WITHDRAW, 4, 5,
		"RFC 7606 section 7.4" },

	/* Section 7.5: LOCAL_PREF. */
	{ "LOCAL_PREF from outside", EXTERNAL, "", BASE "400504 00000064", NET, DISCARD, 5, 5,
		"RFC 7606 section 7.5" },
	{ "LOCAL_PREF from outside, broken too", EXTERNAL, "", BASE "400503 000064", NET,
		DISCARD, 5, 5, "RFC 7606 section 7.5" },
	{ "LOCAL_PREF of five bytes", INTERNAL, "", BASE "400505 0000000064", NET, WITHDRAW, 5,
		5, "RFC 7606 section 7.5" },
	{ "LOCAL_PREF", INTERNAL, "", BASE "400504 00000064", NET, GOOD, 0, 0, NULL },

	/* Section 7.6: ATOMIC_AGGREGATE. */
	{ "ATOMIC_AGGREGATE with a value", EXTERNAL, "", BASE "400601 00", NET, DISCARD, 6, 5,
		"RFC 7606 section 7.6" },

	/* Section 7.7: AGGREGATOR. */
	{ "AGGREGATOR of six bytes where eight are due", EXTERNAL, "",
		BASE "c00706 fde9 c0000201", NET, DISCARD, 7, 9, "RFC 7606 section 7.7" },
	{ "AGGREGATOR of eight bytes where six are due", OLD, "",
		BASE_2 "c00708 0000fde9 c0000201", NET, DISCARD, 7, 9, "RFC 7606 section 7.7" },
	{ "AGGREGATOR of AS 0 (RFC 7607)", EXTERNAL, "", BASE "c00708 00000000 c0000201", NET,
		DISCARD, 7, 9, "RFC 7606 section 7.7" },
	{ "AGGREGATOR of no length", EXTERNAL, "", BASE "c00700", NET, DISCARD, 7, 9,
		"RFC 7606 section 7.7" },

	/* Section 7.8: COMMUNITIES. */
	{ "COMMUNITIES of five bytes", EXTERNAL, "", BASE "c00805 fde9000100", NET, WITHDRAW, 8,
		9, "RFC 7606 section 7.8" },
	{ "COMMUNITIES of no length", EXTERNAL, "", BASE "c00800", NET, WITHDRAW, 8, 9,
		"RFC 7606 section 7.8" },

	/* Sections 7.9 and 7.10: ORIGINATOR_ID and CLUSTER_LIST. */
	{ "ORIGINATOR_ID from outside", EXTERNAL, "", BASE "800904 c0000201", NET, DISCARD, 9,
		9, "RFC 7606 section 7.9" },
	{ "ORIGINATOR_ID of five bytes", INTERNAL, "", BASE "800905 c000020100", NET, WITHDRAW,
		9, 9, "RFC 7606 section 7.9" },
	{ "CLUSTER_LIST from outside", EXTERNAL, "", BASE "800a04 c0000201", NET, DISCARD, 10,
		9, "RFC 7606 section 7.10" },
	{ "CLUSTER_LIST of no length", INTERNAL, "", BASE "800a00", NET, WITHDRAW, 10, 9,
		"RFC 7606 section 7.10" },
	{ "CLUSTER_LIST of six bytes", INTERNAL, "", BASE "800a06 c0000201 0000", NET, WITHDRAW,
		10, 9, "RFC 7606 section 7.10" },

	/* Section 7.11: MP_REACH_NLRI; RFC 2545, RFC 8950. */
	{ "IPv6 next hop of four bytes", EXTERNAL, "",
		"800e10 0002 01 04 c0000201 00" NET_6 ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 7.11" },
	{ "IPv6 next hop of no length", EXTERNAL, "", "800e0c 0002 01 00 00" NET_6 ORIGIN PATH,
		"", DISABLE, 14, 9, "RFC 7606 section 7.11" },
	{ "IPv6 next hop of 24 bytes", ONLY_IPV6, "",
		"800e24 0002 01 18 0000000000000000" HOP_6 "00" NET_6 ORIGIN PATH, "", RESET,
		14, 9, "RFC 7606 section 7.11" },
	{ "next hop past the attribute", EXTERNAL, "", "800e05 0002 01 10 00" ORIGIN PATH, "",
		DISABLE, 14, 9, "RFC 7606 section 7.11" },
	{ "next hop to the end, no reserved byte", EXTERNAL, "",
		"800e14 0002 01 10" HOP_6 ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 7.11" },
	{ "IPv4 over IPv6, not agreed", EXTERNAL, "",
		"800e19 0001 01 10" HOP_6 "00" NET ORIGIN PATH, "", DISABLE, 14, 9,
		"RFC 7606 section 7.11" },
	{ "IPv4 over IPv6, agreed (RFC 8950)", NEXT_HOP_6, "",
		"800e19 0001 01 10" HOP_6 "00" NET ORIGIN PATH, "", GOOD, 0, 0, NULL },
	{ "IPv4 in MP_REACH_NLRI", EXTERNAL, "",
		"800e0d 0001 01 04 c0000201 00" NET ORIGIN PATH, "", GOOD, 0, 0, NULL },
	{ "next hop ::", EXTERNAL, "",
		"800e1c 0002 01 10 00000000000000000000000000000000 00" NET_6 ORIGIN PATH, "",
		WITHDRAW, 14, 8, "RFC 4271 section 6.3" },
	{ "next hop ff02::1", EXTERNAL, "",
		"800e1c 0002 01 10 ff020000000000000000000000000001 00" NET_6 ORIGIN PATH, "",
		WITHDRAW, 14, 8, "RFC 4271 section 6.3" },

	/* Section 7.14: EXTENDED COMMUNITIES. */
	{ "EXTENDED COMMUNITIES of twelve bytes", EXTERNAL, "",
		BASE "c0100c 0002fde900000001 00000000", NET, WITHDRAW, 16, 9,
		"RFC 7606 section 7.14" },
	{ "EXTENDED COMMUNITIES of no length", EXTERNAL, "", BASE "c01000", NET, WITHDRAW, 16,
		9, "RFC 7606 section 7.14" },
	{ "an unknown extended community", EXTERNAL, "", BASE "c01008 ffffffffffffffff", NET,
		GOOD, 0, 0, NULL },

	/* RFC 6793 section 6. */
	{ "AS4_PATH where it must not be", EXTERNAL, "", BASE "c01106 0201 0001fde9", NET,
		DISCARD, 17, 9, "RFC 6793 section 6" },
	{ "AS4_PATH of four bytes", OLD, "", BASE_2 "c01104 0201 fde9", NET, DISCARD, 17, 9,
		"RFC 6793 section 6" },
	{ "AS4_PATH of no length", OLD, "", BASE_2 "c01100", NET, DISCARD, 17, 9,
		"RFC 6793 section 6" },
	{ "AS4_PATH with an empty segment", OLD, "", BASE_2 "c01108 0200 0201 0001fde9", NET,
		DISCARD, 17, 9, "RFC 6793 section 6" },
	{ "AS4_PATH of an odd length", OLD, "", BASE_2 "c01107 0201 0001fde9 00", NET, DISCARD,
		17, 9, "RFC 6793 section 6" },
	{ "AS4_PATH of an unknown segment type", OLD, "", BASE_2 "c01106 0701 0001fde9", NET,
		DISCARD, 17, 9, "RFC 6793 section 6" },
	{ "AS4_PATH with AS 0", OLD, "", BASE_2 "c01106 0201 00000000", NET, DISCARD, 17, 9,
		"RFC 6793 section 6" },
	{ "AS4_AGGREGATOR where it must not be", EXTERNAL, "", BASE "c01208 0001fde9 c0000201",
		NET, DISCARD, 18, 9, "RFC 6793 section 6" },
	{ "AS4_AGGREGATOR of six bytes", OLD, "", BASE_2 "c01206 fde9 c0000201", NET, DISCARD,
		18, 9, "RFC 6793 section 6" },
	{ "AS4_AGGREGATOR of AS 0", OLD, "", BASE_2 "c01208 00000000 c0000201", NET, DISCARD,
		18, 9, "RFC 6793 section 6" },

	/* RFC 8092 section 6, RFC 9234 section 5. */
	{ "LARGE_COMMUNITY of eight bytes", EXTERNAL, "", BASE "c02008 0000fde900000001", NET,
		WITHDRAW, 32, 9, "RFC 8092 section 6" },
	{ "LARGE_COMMUNITY of no length", EXTERNAL, "", BASE "c02000", NET, WITHDRAW, 32, 9,
		"RFC 8092 section 6" },
	{ "ONLY_TO_CUSTOMER of three bytes", EXTERNAL, "", BASE "c02303 00fde9", NET, WITHDRAW,
		35, 9, "RFC 9234 section 5" },
	{ "ONLY_TO_CUSTOMER of no length", EXTERNAL, "", BASE "c02300", NET, WITHDRAW, 35, 9,
		"RFC 9234 section 5" },
	{ "ONLY_TO_CUSTOMER", EXTERNAL, "", BASE "c02304 0000fde9", NET, GOOD, 0, 0, NULL },

	/* Families that were not agreed are skipped, whatever is inside. */
	{ "IPv6 not agreed", ONLY_IPV4, "", REACH ORIGIN PATH, "", GOOD, 0, 0, NULL },
	{ "an unknown family, garbage inside", EXTERNAL, "", "800e07 4004 47 ff ffffff" BASE,
		NET, GOOD, 0, 0, NULL },
	{ "withdrawals of an unknown family", EXTERNAL, "", "800f05 4004 47 ffff", "", GOOD, 0,
		0, NULL },
	{ "NEXT_HOP is not looked at without NLRI", EXTERNAL, "", REACH ORIGIN PATH HOP, "",
		GOOD, 0, 0, NULL },
};

static const struct bgp_malformation *worst(const struct bgp_update *update)
{
	for (unsigned i = 0; i < update->malformation_count; i++)
		if (update->malformations[i].verdict == update->verdict)
			return &update->malformations[i];
	return NULL;
}

/* Prints a row that failed, and says whether it did. */
static bool row_fails(const struct malformed_row *row, const struct bgp_update *update)
{
	const struct bgp_malformation *m = worst(update);

	if (update->verdict == row->verdict && row->verdict == GOOD && m == NULL)
		return false;
	if (update->verdict == row->verdict && m != NULL && m->attribute == row->attribute &&
		m->subcode == row->subcode && strcmp(m->reference, row->reference) == 0)
		return false;
	print_error("%s: %s, attribute %u, subcode %u, %s, %s\n", row->what,
		bgp_verdict_name(update->verdict), m == NULL ? 0 : m->attribute,
		m == NULL ? 0 : m->subcode, m == NULL ? "-" : m->reason,
		m == NULL ? "-" : m->reference);
	return true;
}

/* What holds for every outcome. */
static void invariants_check(const struct bgp_update *update)
{
	assert_int_equal(update->malformation_count == 0, update->verdict == GOOD);
	assert_int_equal(update->fault.code,
		update->verdict >= DISABLE ? BGP_ERROR_UPDATE : BGP_ERROR_NONE);
	for (unsigned i = 0; i < update->malformation_count; i++)
		assert_true(update->malformations[i].verdict <= update->verdict);
	if (update->verdict >= DISABLE)
		assert_int_equal(update->fault.subcode, worst(update)->subcode);
}

static void test_cases(void **state)
{
	struct arena arena = { 0 };
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct malformed_row *row = &rows[i];
		struct bgp_context context = context_of(row->session);
		uint8_t bytes[512];
		size_t length = update_make(
			row->withdrawn, row->attributes, row->nlri, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(exact, length), &context, &arena, &update),
			0);
		failed += row_fails(row, &update);
		invariants_check(&update);
		free(exact);
		arena_reset(&arena);
	}
	arena_clear(&arena);
	assert_int_equal(failed, 0);
}

/* Section 3 b: the two lengths against the message. */
static void test_field_lengths(void **state)
{
	static const struct {
		const char *body;
		enum bgp_verdict verdict;
	} bodies[] = {
		{ "0000 0000", GOOD },
		{ "0001 0000", RESET },
		{ "0000 0001", RESET },
		{ "ffff 0000", RESET },
		{ "0000 ffff", RESET },
		{ "0004 18c63364 0000", GOOD },
		{ "0005 18c63364 0000", RESET },
		{ "0002 0000", RESET },
		{ "0000 00", RESET },
		{ "00", RESET },
		{ "", RESET },
	};
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		uint8_t bytes[16];
		size_t length = hex_read(bodies[i].body, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(exact, length), &context, &arena, &update),
			0);
		if (update.verdict != bodies[i].verdict)
			fail_msg("%s", bodies[i].body);
		if (update.verdict == RESET) {
			assert_int_equal(update.fault.subcode, BGP_UPDATE_MALFORMED_ATTRIBUTES);
			assert_string_equal(
				update.malformations[0].reference, "RFC 7606 section 3 b");
		}
		free(exact);
	}
	arena_clear(&arena);
}

/* RFC 4271 section 6.3: the data of an attribute's fault is the attribute. */
static void test_fault_data(void **state)
{
	struct bgp_context context = context_of(ONLY_IPV6);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[512], data[64];
	size_t length =
		update_make("", ORIGIN "800f06 0002 01 30 2001", "", bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.verdict, RESET);
	assert_int_equal(update.fault.subcode, BGP_UPDATE_OPTIONAL_ATTRIBUTE);
	length = hex_read("800f06 0002 01 30 2001", data, sizeof(data));
	assert_int_equal(update.fault.data_length, length);
	assert_memory_equal(update.fault.data, data, length);
	/* Longer than the fault has room for: cut. */
	length = update_make("",
		"800e66 0002 01 10" HOP_6
		"00" NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6
		"30 2001 01",
		"", bytes, sizeof(bytes));
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.verdict, RESET);
	assert_int_equal(update.fault.data_length, sizeof(update.fault.data));
	assert_memory_equal(update.fault.data, bytes + 4, sizeof(update.fault.data));
	arena_clear(&arena);
}

/* More malformations than are kept are still counted. */
static void test_many(void **state)
{
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[512];
	size_t length = update_make("",
		BASE "400601 00 400600 400600 400600 400600 400600 400600 400600 400600 c00803"
		     "fde900",
		NET, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.malformation_count, BGP_MALFORMATIONS_MAX);
	assert_int_equal(update.malformations_total, 10);
	assert_int_equal(update.verdict, WITHDRAW);
	arena_clear(&arena);
}

/* No memory is not the neighbour's fault. */
static void test_no_memory(void **state)
{
	static const char *const attributes[] = {
		BASE_2,
		BASE_2 "c00804 fde90001",
		BASE_2 "c01008 0002fde900000001",
		BASE_2 "c0200c 0000fde9 00000001 00000002",
		BASE_2 "c01106 0201 0001fde9",
		BASE_2 "c0110c 0301 0001fde9 0201 0001fde9",
	};
	struct bgp_context context = context_of(OLD);

	(void)state;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		uint8_t bytes[512];
		size_t length = update_make("", attributes[i], NET, bytes, sizeof(bytes));
		struct arena room = { 0 };
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(bytes, length), &context, &room, &update), 0);
		for (size_t limit = 1; limit < room.used; limit++) {
			struct arena small = { .limit = limit };

			assert_int_equal(bgp_update_read(cursor_of(bytes, length), &context,
						 &small, &update),
				ERROR_MEMORY);
			assert_int_equal(update.verdict, GOOD);
			arena_clear(&small);
		}
		arena_clear(&room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_field_lengths),
		cmocka_unit_test(test_fault_data),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
