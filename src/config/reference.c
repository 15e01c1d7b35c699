/* SPDX-License-Identifier: Apache-2.0 */
/* The schema as Markdown (docs/configuration.md) and as a commented file with all defaults. */
#include <inttypes.h>
#include <string.h>

#include "base/instant.h"
#include "config/config.h"
#include "config/document.h"
#include "config/schema.h"

static const char introduction[] =
	"<!-- Generated from the schema in src/config by tools/make-reference. Do not edit. -->\n"
	"# Configuration\n"
	"\n"
	"nearcast reads one YAML file, and then every `*.yaml` of the folder `conf.d/` next to it "
	"in the\norder of their names. Services and neighbours of all files are put together; every "
	"other key may be\nsaid once. The file is read strictly: an unknown key, a key said twice, a "
	"value of the wrong kind is\nan error, and `nearcast check-config` tells all of them at once, "
	"with line and column.\n"
	"\n"
	"Values are never interpreted by YAML: `NO` is a text and `65000:10` is a community. Tags, "
	"anchors and\naliases are refused. Where a list is expected, a single value is a list of "
	"one.\n"
	"\n"
	"```yaml\n"
	"site: fra1\n"
	"asn: 64500\n"
	"router-id: 192.0.2.11\n"
	"services:\n"
	"  dns:\n"
	"    addresses: [198.51.100.53, 2001:db8:53::53]\n"
	"    announce:  [198.51.100.0/24, 2001:db8:53::/48]\n"
	"    checks:\n"
	"      - socket: { port: 53, protocol: udp }\n"
	"      - dns: { name: example.com, type: SOA, interval: 1s, fast-interval: 200ms,\n"
	"               timeout: 500ms, rise: 3, fall: 2 }\n"
	"    degraded: { prepend: 2 }\n"
	"    on-exit: withdraw\n"
	"neighbors:\n"
	"  transit-a: { address: 203.0.113.1, asn: 64501, relation: provider,\n"
	"               password: env:TRANSIT_A_KEY }\n"
	"```\n"
	"\n"
	"## Kinds of values\n"
	"\n"
	"| kind | how it is written |\n"
	"|---|---|\n"
	"| duration | a whole number and a unit: `500us`, `200ms`, `5s`, `10m`, `2h`, `1d`; or `0` |\n"
	"| name | lower-case letters, digits and hyphens, at most 63 |\n"
	"| address | IPv4 or IPv6, without a zone |\n"
	"| prefix | `address/length` without bits after the length; a bare address is a host route |\n"
	"| AS number | 1 to 4294967294, in asplain (`65546`, not `1.10`) |\n"
	"| community | `64500:10`, large `64500:1:2`, extended `rt:64500:10`, `soo:192.0.2.1:10` or "
	"`0x` and 16 digits; or a name: `no-export`, `no-advertise`, `no-export-subconfed`, "
	"`no-peer`, `graceful-shutdown`, `blackhole`, `accept-own`, `llgr-stale`, `no-llgr` |\n"
	"| secret | `env:VARIABLE`, `file:/path` (its first line), or the secret itself; one that "
	"begins with such a word is written `literal:env:...` |\n"
	"| status | `200`, or a range `200-299` |\n"
	"| percentage | `80%` |\n"
	"\n";

static void print_words(const struct schema_field *field, struct text *out)
{
	for (const struct schema_word *word = field->words; word->word != NULL; word++)
		text_print(out, "%s`%s`", word == field->words ? "" : ", ", word->word);
}

static void print_range(const struct schema_field *field, struct text *out)
{
	char from[DURATION_TEXT_MAX], to[DURATION_TEXT_MAX];
	const char *zero = (field->flags & FIELD_ZERO) != 0 ? "0, or " : "";

	if (field->kind == KIND_DURATION)
		text_print(out, "duration, %s%s to %s", zero,
			duration_format((struct duration){ field->minimum }, from),
			duration_format((struct duration){ field->maximum }, to));
	else
		text_print(out, "%s%" PRId64 " to %" PRId64 "%s%s", zero, field->minimum,
			field->maximum, field->unit == NULL ? "" : " ",
			field->unit == NULL ? "" : field->unit);
}

/* Kinds whose name in the reference is not their name in errors. */
static const char *const kind_words[KIND_COUNT] = {
	[KIND_BOOL] = "`true`, `false`",
	[KIND_PERCENT] = "percentage",
	[KIND_STRING] = "text",
	[KIND_NAME] = "name",
	[KIND_INTERFACE] = "interface",
	[KIND_PATH] = "absolute path",
	[KIND_DOMAIN] = "domain name",
	[KIND_ADDRESS] = "address",
	[KIND_PREFIX] = "prefix",
	[KIND_ASN] = "AS number",
	[KIND_ROUTER_ID] = "IPv4 address",
	[KIND_SECRET] = "secret",
	[KIND_STATUS] = "status",
	[KIND_HEADERS] = "map of name: text",
	[KIND_COMMUNITIES] = "list of communities",
	[KIND_SECTION] = "group",
	[KIND_MAP] = "map of names",
	[KIND_CHECKS] = "list of checks",
	[KIND_PREFIX_ITEM] = "prefixes with lengths",
	[KIND_AS_ITEM] = "AS numbers or ranges",
	[KIND_AS_PATTERN] = "patterns",
	[KIND_COMMUNITY_ITEM] = "communities with wildcards",
	[KIND_NUMBERS] = "numbers or ranges",
	[KIND_MED] = "number, `+N`, `-N`, `igp`, `remove`",
	[KIND_NEXT_HOP] = "`self`, addresses",
	[KIND_RULES] = "list of rules",
	[KIND_CHOICE] = "`none`, `all`, or policies",
};

static void print_kind(const struct schema_field *field, struct text *out)
{
	if (field->shape == SHAPE_LIST && kind_words[field->kind] != NULL &&
		field->kind != KIND_MAP && field->kind != KIND_CHECKS &&
		field->kind != KIND_HEADERS && field->kind != KIND_RULES)
		text_add(out, "list of ");
	if (field->kind == KIND_SET)
		text_add(out, "list of ");
	if (field->kind == KIND_ADDRESS && field->family != FAMILY_NONE)
		text_print(out, "IPv%d ", (int)field->family);
	if (field->words != NULL && field->kind != KIND_CHOICE)
		print_words(field, out);
	else if (field->kind == KIND_INTEGER || field->kind == KIND_DURATION ||
		 field->kind == KIND_DECIMAL)
		print_range(field, out);
	else
		text_add(out, kind_words[field->kind]);
}

static void print_default(const struct schema_field *field, struct text *out)
{
	bool said = (field->flags & FIELD_COMPUTED) == 0 && field->preset != NULL;

	if ((field->flags & FIELD_REQUIRED) != 0)
		text_add(out, "**required**");
	else if (said && field->kind == KIND_SET)
		text_print(out, "`[%s]`", field->preset);
	else if (said)
		text_print(out, "`%s`", field->preset);
	else if (field->preset != NULL)
		text_add(out, field->preset);
}

static void print_help(const struct schema_field *field, struct text *out)
{
	const char *before = " ";

	text_add(out, field->help);
	for (const struct schema_word *word = field->words; word != NULL && word->word != NULL;
		word++) {
		if (word->help == NULL)
			continue;
		text_print(out, "%s`%s`: %s", before, word->word, word->help);
		before = "; ";
	}
	if (before[0] == ';')
		text_add(out, ".");
}

static void print_section(const struct schema_section *section, struct text *out)
{
	text_print(out, "## %s%s%s\n\n%s\n\n", section->path[0] == '\0' ? "" : "`",
		section->path[0] == '\0' ? "Top level" : section->path,
		section->path[0] == '\0' ? "" : "`", section->help);
	if (section->also != NULL)
		text_print(out, "It also understands all of `%s`.\n\n", section->also->path);
	text_add(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
	for (const struct schema_field *field = section->fields; field->key != NULL; field++) {
		if (section->whole)
			text_add(out, "| *the value itself* | ");
		else
			text_print(out, "| `%s` | ", field->key);
		print_kind(field, out);
		text_add(out, " | ");
		print_default(field, out);
		text_add(out, " | ");
		print_help(field, out);
		text_add(out, " |\n");
	}
	text_add(out, "\n");
	if (section->example != NULL)
		text_print(out, "```yaml\n%s```\n\n", section->example);
}

static void print_below(const struct schema_section *root, struct text *out)
{
	const struct schema_section *section;

	for (size_t i = 0; (section = schema_section_below(root, i)) != NULL; i++)
		print_section(section, out);
	/* one newline at the end is enough */
	if (out->length > 0 && !out->failed)
		out->bytes[--out->length] = '\0';
}

void config_reference(struct text *out)
{
	text_add(out, introduction);
	print_below(&schema_root, out);
}

void config_plan_reference(struct text *out)
{
	text_add(out,
		"# Keys of a plan\n\nMade from the schema in the code: `build/tools/make-reference "
		"plan`. [The planner](plan.md) says what they "
		"are for.\n\n");
	print_below(&schema_plan, out);
}

void config_world_reference(struct text *out)
{
	text_add(out, "# Keys of a world\n\nMade from the schema in the code: "
		      "`build/tools/make-reference world`. [The lab](lab.md) says what they are "
		      "for.\n\n");
	print_below(&schema_world, out);
}

static const char default_head[] =
	"# Every key that there is, with its default. Take the '#' away in front of a key and of the\n"
	"# group that it is in to change it. Remarks stand one column further in.\n"
	"\n"
	"site: example\n"
	"asn: 64500\n"
	"router-id: 192.0.2.11\n";

/* Where a commented key stands: the '#' in one column, the key itself further in. */
struct margin {
	int before, inside;
};

/* A remark, folded at about 90 columns. */
static void print_remark(const char *remark, struct margin margin, struct text *out)
{
	size_t width = 88 - (size_t)(margin.before + margin.inside);

	while (*remark != '\0') {
		size_t length = strlen(remark);

		if (length > width) {
			length = width;
			while (length > 0 && remark[length] != ' ')
				length--;
		}
		text_print(out, "%*s# %*s%.*s\n", margin.before, "", margin.inside, "",
			(int)length, remark);
		remark += length;
		remark += strspn(remark, " ");
	}
}

static void print_default_section(
	const struct schema_section *section, struct margin margin, struct text *out);

static void print_default_value(const struct schema_field *field, struct text *out)
{
	if (field->preset == NULL)
		return;
	if ((field->flags & FIELD_COMPUTED) != 0)
		text_print(out, " # %s", field->preset);
	else if (field->kind == KIND_SET)
		text_print(out, " [%s]", field->preset);
	else
		text_print(out, " %s", field->preset);
}

static void print_default_field(
	const struct schema_field *field, struct margin margin, struct text *out)
{
	print_remark(field->help, margin, out);
	text_print(out, "%*s#%*s%s:", margin.before, "", margin.inside, "", field->key);
	print_default_value(field, out);
	text_add(out, "\n");
	margin.inside += 2;
	if (field->kind == KIND_SECTION)
		print_default_section(field->section, margin, out);
}

static void print_default_section(
	const struct schema_section *section, struct margin margin, struct text *out)
{
	for (const struct schema_field *field = section->fields; field->key != NULL; field++) {
		bool above = field->kind == KIND_MAP || (field->flags & FIELD_REQUIRED) != 0 ||
			     field->kind == KIND_ROUTER_ID ||
			     (field->kind == KIND_ASN && section == &schema_root) ||
			     (field->kind == KIND_CHECKS && section == &schema_service);

		if (!above) /* what the examples say is not said again */
			print_default_field(field, margin, out);
	}
}

void config_default(struct text *out)
{
	text_add(out, default_head);
	print_default_section(&schema_root, (struct margin){ 0, 0 }, out);
	text_add(out, "\nservices:\n  example:\n    addresses: [198.51.100.53]\n");
	text_add(out, "    checks:\n      - socket: { port: 53, protocol: udp }\n");
	print_default_section(&schema_service, (struct margin){ 4, 0 }, out);
	text_add(out, "\nneighbors:\n  upstream:\n    address: 203.0.113.1\n    asn: 64501\n");
	print_default_section(&schema_neighbor, (struct margin){ 4, 0 }, out);
}
