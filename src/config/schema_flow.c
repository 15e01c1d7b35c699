/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of `flowspec`: rules for packets that we ask our neighbours to apply. */
#include "config/config.h"
#include "config/schema.h"

#define F struct config_flow

static const struct schema_field flow_fields[] = {
	{ .key = "description",
		.kind = KIND_STRING,
		SCHEMA_AT(F, description),
		.touches = TOUCHES_QUIETLY,
		.help = "A note for people." },
	{ .key = "match",
		.kind = KIND_STRING,
		SCHEMA_AT(F, match),
		.flags = FIELD_REQUIRED,
		.help = "The packets, as docs/flowspec.md writes them: 'destination PREFIX and "
			"protocol = udp and port = 53'." },
	{ .key = "then",
		.kind = KIND_STRING,
		SCHEMA_LIST(F, then, then_count),
		.flags = FIELD_REQUIRED,
		.maximum = 16,
		.elsewhere = "action actions",
		.help = "What to do with them: discard, rate-bytes N, rate-packets N, redirect "
			"rt:A:N, mark DSCP, sample, continue." },
	{ .key = "anywhere",
		.kind = KIND_BOOL,
		SCHEMA_AT(F, anywhere),
		.preset = "false",
		.help = "Allow a destination outside of what our services announce." },
	{ 0 },
};

const struct schema_section schema_flow = {
	.path = "flowspec.NAME",
	.title = "a flow specification",
	.help = "A rule for packets that is announced to the neighbours which have ipv4-flowspec "
		"or ipv6-flowspec among their families (RFC 8955).",
	.example =
		"flowspec:\n  ntp-answers:\n"
		"    match: destination 198.51.100.0/24 and protocol = udp and source-port = 123\n"
		"    then: [discard]\n",
	.fields = flow_fields,
};
