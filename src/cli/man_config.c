/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page nearcast.yaml(5), from the configuration's schema. */
#include "cli/man.h"

#include <inttypes.h>

#include "base/instant.h"
#include "config/schema.h"

static const char head[] =
	".TH NEARCAST.YAML 5 \"\" \"nearcast " NEARCAST_VERSION "\"\n"
	".SH NAME\nnearcast.yaml \\- configuration of nearcast\n"
	".SH SYNOPSIS\n.I " CONFIG_FILE_DEFAULT "\n"
	".SH DESCRIPTION\n"
	"One YAML file, and then every\n.I *.yaml\nof the folder\n.I conf.d\nnext to it. It is read\n"
	"strictly:\n.B nearcast check\\-config\ntells all mistakes at once, with line and column.\n"
	".B nearcast config default\nprints a file with every key explained.\n"
	".PP\nDurations have a unit: 200ms, 5s, 10m, 2h. Values are never interpreted by YAML: NO is a\n"
	"text and 65000:10 a community. A single value is a list of one.\n";

static const char tail[] = ".SH SEE ALSO\n.BR nearcast (1)\n";

static void add_range(const struct schema_field *field, struct text *out)
{
	char from[DURATION_TEXT_MAX], to[DURATION_TEXT_MAX];

	if (field->kind == KIND_DURATION)
		text_print(out, "%s to %s",
			duration_format((struct duration){ field->minimum }, from),
			duration_format((struct duration){ field->maximum }, to));
	else
		text_print(out, "%" PRId64 " to %" PRId64 "%s%s", field->minimum,
			field->maximum, field->unit == NULL ? "" : " ",
			field->unit == NULL ? "" : field->unit);
}

/* A map says so itself. */
static bool is_list(const struct schema_field *field)
{
	return field->shape == SHAPE_LIST && field->kind != KIND_MAP &&
	       field->kind != KIND_CHECKS && field->kind != KIND_HEADERS;
}

/* "200ms to 1h, default 1s", "one of tcp, udp", "a list of prefixes". */
static void add_value(const struct schema_field *field, struct text *out)
{
	const char *before = "one of ";

	if (field->kind == KIND_INTEGER || field->kind == KIND_DURATION)
		add_range(field, out);
	else if (field->words == NULL)
		text_print(out, "%s%s", is_list(field) ? "list, each " : "",
			schema_kind_name(field->kind));
	for (const struct schema_word *word = field->words; word != NULL && word->word != NULL;
		word++) {
		text_print(out, "%s%s", before, word->word);
		before = ", ";
	}
	if ((field->flags & FIELD_REQUIRED) != 0)
		text_add(out, "; required");
	else if (field->preset != NULL)
		text_print(out, "; default %s", field->preset);
}

static void add_field(const struct schema_field *field, struct text *out)
{
	struct text value = { 0 };

	add_value(field, &value);
	text_add(out, ".TP\n\\fB");
	man_add_escaped(out, field->key);
	text_add(out, "\\fR (");
	man_add_escaped(out, text_string(&value));
	text_add(out, ")\n");
	man_add_escaped(out, field->help);
	text_add(out, "\n");
	text_clear(&value);
}

static void add_section(const struct schema_section *section, struct text *out)
{
	text_add(out, ".SS ");
	man_add_escaped(out, section->path[0] == '\0' ? "Top level" : section->path);
	text_add(out, "\n");
	man_add_escaped(out, section->help);
	text_add(out, "\n");
	if (section->also != NULL) {
		text_add(out, "It also understands all of\n.BR ");
		man_add_escaped(out, section->also->path);
		text_add(out, " .\n");
	}
	for (const struct schema_field *field = section->fields; field->key != NULL; field++)
		add_field(field, out);
}

void man_config(struct text *out)
{
	const struct schema_section *section;

	text_add(out, head);
	text_add(out, ".SH KEYS\n");
	for (size_t i = 0; (section = schema_section_at(i)) != NULL; i++)
		add_section(section, out);
	text_add(out, tail);
}
