/* SPDX-License-Identifier: Apache-2.0 */
/* References to secrets: `env:VARIABLE`, `file:/path`, or the secret itself. */
#include <string.h>

#include "config/value_kinds.h"

static const struct secret_form {
	const char *prefix;
	enum config_secret_source source;
} secret_forms[] = {
	{ "env:", SECRET_ENVIRONMENT },
	{ "file:", SECRET_FILE },
	{ "literal:", SECRET_LITERAL },
};

#define SECRET_FORMS  (sizeof(secret_forms) / sizeof(secret_forms[0]))
#define SECRET_HIDDEN "(hidden)"

static const struct secret_form *secret_form(const char *text)
{
	for (size_t i = 0; i < SECRET_FORMS; i++)
		if (strncmp(text, secret_forms[i].prefix, strlen(secret_forms[i].prefix)) == 0)
			return &secret_forms[i];
	return NULL;
}

/* The text of a secret is never in an error: it may end in a log. */
int value_parse_secret(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	const struct secret_form *form = secret_form(text);
	struct config_secret secret = {
		.source = form == NULL ? SECRET_LITERAL : form->source,
	};

	(void)field;
	text += form == NULL ? 0 : strlen(form->prefix);
	if (text[0] == '\0')
		return error_set(error, ERROR_MALFORMED, "this secret is empty");
	if (form == NULL && strcmp(text, SECRET_HIDDEN) == 0) {
		error_hint(error, "this stands where a printed configuration hid the secret");
		return error_set(error, ERROR_MALFORMED, "the secret itself is missing");
	}
	if (secret.source == SECRET_FILE && text[0] != '/') {
		error_hint(error, "write file:/path");
		return error_set(
			error, ERROR_MALFORMED, "the path of a secret must be absolute");
	}
	if (secret.source == SECRET_ENVIRONMENT && strpbrk(text, "= \t\n") != NULL) {
		error_hint(error, "write env:NAME");
		return error_set(
			error, ERROR_MALFORMED, "no environment variable has such a name");
	}
	secret.value = arena_string(arena, text);
	if (secret.value == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	memcpy(target, &secret, sizeof(secret));
	return 0;
}

void value_format_secret(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	struct config_secret secret;

	(void)field;
	memcpy(&secret, value, sizeof(secret));
	if (secret.source == SECRET_NONE)
		return;
	if (secret.source == SECRET_LITERAL && !with_secrets) {
		text_add(out, SECRET_HIDDEN);
		return;
	}
	for (size_t i = 0; i < SECRET_FORMS; i++)
		if (secret_forms[i].source == secret.source &&
			(secret.source != SECRET_LITERAL || secret_form(secret.value) != NULL ||
				strcmp(secret.value, SECRET_HIDDEN) == 0))
			text_add(out, secret_forms[i].prefix);
	text_add(out, secret.value);
}
