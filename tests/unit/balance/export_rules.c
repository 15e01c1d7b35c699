/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/integration/test_rules.py: random rules as nftables text, random packets, and how
 * many of the packets each rule matches by the reference.
 *
 *   export_rules FAMILY SEED RULES PACKETS
 *
 * "packet HEX" lines, then for each rule "objects ..." and "rule ..." lines, its text, and
 * "expect NUMBER COUNT TEXT".
 */
#include <stdio.h>
#include <stdlib.h>

#include "balance/packet.h"
#include "generate.h"

#define PACKETS_MAX 1000

static void packets_make(struct random *random, enum family family, unsigned count,
	struct absorb_packet packets[PACKETS_MAX])
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[GENERATE_PACKET_MAX];
		size_t length = generate_packet(random, family, bytes);

		if (packet_decode(cursor_of(bytes, length), &packets[i]) != PACKET_GOOD)
			abort();
		printf("packet ");
		for (size_t at = 0; at < length; at++)
			printf("%02x", bytes[at]);
		printf("\n");
	}
}

static void lines_print(const char *head, char *text)
{
	char *rest = text, *line;

	while ((line = strtok_r(rest, "\n", &rest)) != NULL)
		printf("%s %s\n", head, line);
}

static void rule_print(
	const struct rule *rule, const struct absorb_packet *packets, unsigned count)
{
	struct text body = { 0 }, objects = { 0 };
	struct flowspec match = rule_match(rule);
	unsigned matched = 0;
	char text[1024];

	for (unsigned i = 0; i < count; i++)
		matched += rule_matches(rule, &packets[i]);
	if (rule_nftables(rule, &body, NULL) == 0) {
		rule_nftables_objects(rule, &objects);
		lines_print("objects", objects.bytes);
		lines_print("rule", body.bytes);
		flowspec_format(&match, text, sizeof(text));
		printf("expect %u %u %s\n", rule->number, matched, text);
	}
	text_clear(&body);
	text_clear(&objects);
}

int main(int argc, char **argv)
{
	static struct absorb_packet packets[PACKETS_MAX];
	struct random random = { 0 };
	enum family family;
	unsigned count;

	if (argc != 5)
		return 2;
	family = atoi(argv[1]) == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	random.state = strtoull(argv[2], NULL, 10);
	count = (unsigned)atoi(argv[4]);
	if (count > PACKETS_MAX)
		return 2;
	packets_make(&random, family, count, packets);
	for (unsigned i = 0; i < (unsigned)atoi(argv[3]); i++) {
		struct rule rule;

		generate_rule(&random, family, 3 + i % 5, &rule);
		rule.number = i + 1;
		rule.mode = RULE_DRY_RUN; /* counts, so that all rules see all packets */
		rule_print(&rule, packets, count);
	}
	return 0;
}
