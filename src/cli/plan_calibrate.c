/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan calibrate FOLDER: what measured catchments teach, as a file for --calibration.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "cli/plan_calibrated.h"
#include "cli/plan_measured.h"
#include "os/file.h"

int measured_calibration(struct measured *m, struct plan_calibration *ret_calibration,
	struct plan_held_out **ret_held_out, struct error *error)
{
	struct plan_calibration *c = ret_calibration;

	/* Those of pairs come first; those that only have sessions were not measured. */
	for (size_t i = 0; i < m->pair_count; i++) {
		const struct measured_pair *pair = &m->pairs[i];
		size_t last = pair->a > pair->b ? pair->a : pair->b;

		c->site_count = last >= c->site_count ? last + 1 : c->site_count;
	}
	for (size_t i = 0; i < c->site_count; i++)
		memcpy(c->names[i], m->sites[i].name, sizeof(m->sites[i].name));
	memcpy(c->lengths, m->lengths, sizeof(c->lengths));
	c->lengths_known = m->lengths_known;
	for (size_t i = 0; i < m->observations.count; i++) {
		int result =
			plan_preferences_add(&c->preferences, &m->observations.items[i], error);

		if (result != 0)
			return result;
	}
	plan_preferences_sort(&c->preferences);
	*ret_held_out = calloc(c->preferences.count + 1, sizeof(**ret_held_out));
	if (*ret_held_out == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to calibrate");
	return plan_calibration_fit(c, (uint16_t)m->pair_count, *ret_held_out, error);
}

static enum exit_code tell(const struct plan_calibration *c, struct console *console)
{
	const struct plan_bin *learned = &c->bins[PLAN_BIN_LEARNED];
	struct plan_bin all = plan_calibrated_all(c->bins);
	struct text out = { 0 };
	char text[3][PLAN_NUMBER_MAX];

	if (console->json)
		return output_json(console,
			json_pack("{s:I, s:I, s:I, s:I, s:I}", "sites",
				(json_int_t)c->site_count, "decisions",
				(json_int_t)all.decisions, "right", (json_int_t)all.right,
				"learned_decisions", (json_int_t)learned->decisions,
				"learned_right", (json_int_t)learned->right));
	text_print(&out,
		"%zu sites, %llu decisions. Held out, %s were right; %s follow from an AS's own "
		"choices, %s of them right.\n",
		c->site_count, (unsigned long long)all.decisions,
		plan_share((double)all.right, (double)all.decisions, text[0]),
		plan_share((double)learned->decisions, (double)all.decisions, text[1]),
		plan_share((double)learned->right, (double)learned->decisions, text[2]));
	return output_text(console, &out);
}

static enum exit_code write_out(const struct arguments *arguments,
	const struct plan_calibration *c, struct console *console)
{
	const char *path = arguments_value(arguments, "output");
	struct error error = { 0 };
	struct text out = { 0 };
	int result;

	plan_calibration_write(c, &out);
	if (path == NULL)
		return output_text(console, &out);
	result = out.failed
			 ? error_set(&error, ERROR_MEMORY, "no memory for the calibration")
			 : file_write_atomic(path, text_string(&out), out.length, 0644, &error);
	text_clear(&out);
	return result == 0 ? tell(c, console) : output_error(console, &error);
}

enum exit_code plan_calibrate(const struct arguments *arguments, struct console *console)
{
	struct measured *m = calloc(1, sizeof(*m));
	struct plan_calibration *c = calloc(1, sizeof(*c));
	struct plan_held_out *held_out = NULL;
	struct error error = { 0 };
	enum exit_code code;

	if (m == NULL || c == NULL)
		code = EXIT_CODE_FAILED;
	else if (measured_read(arguments_positional(arguments, 1), m, &error) != 0 ||
		 measured_calibration(m, c, &held_out, &error) != 0)
		code = plan_error(console, &error);
	else
		code = write_out(arguments, c, console);
	free(held_out);
	if (c != NULL)
		plan_calibration_clear(c);
	if (m != NULL)
		measured_clear(m);
	free(c);
	free(m);
	return code;
}
