/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a calibration for a plan, and telling how far it can be trusted. */
#include "cli/plan_calibrated.h"

#include <stdlib.h>
#include <string.h>

#include "cli/plan_action.h"
#include "os/packed_file.h"

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

static int read_file(
	const char *path, struct plan_calibration *calibration, struct error *error)
{
	struct packed_file *file;
	struct plan_source source = { read_packed, NULL, path };
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result;
	source.context = file;
	result = plan_calibration_read(&source, calibration, error);
	packed_file_close(file);
	return result;
}

static void match_sites(struct plan_calibrated *k, const struct plan_case *c)
{
	for (size_t i = 0; i < c->scenario.site_count; i++) {
		k->sites[i] = PLAN_UNMEASURED;
		for (size_t j = 0; j < k->calibration.site_count; j++)
			if (strcmp(k->calibration.names[j], c->sites[i].name) == 0)
				k->sites[i] = (uint8_t)j;
		k->named += k->sites[i] != PLAN_UNMEASURED;
	}
}

int plan_calibrated_load(
	const struct arguments *arguments, struct plan_case *c, struct error *error)
{
	const char *path = arguments_value(arguments, "calibration");
	struct plan_calibrated *k;
	int result;

	if (path == NULL)
		return 0;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a calibration");
	c->calibrated = k;
	result = read_file(path, &k->calibration, error);
	if (result != 0)
		return result;
	match_sites(k, c);
	if (k->named < 2)
		return error_set(error, ERROR_RANGE,
			"%s says nothing of this plan: %zu of its sites were measured, and two "
			"are needed (sites must have the names that %s has)",
			path, k->named, path);
	result = plan_advice_create(&k->calibration, c->world->graph, &k->advice, error);
	c->scenario.advice = k->advice;
	c->scenario.measured_sites = k->sites;
	return result;
}

void plan_calibrated_free(struct plan_calibrated *k)
{
	if (k == NULL)
		return;
	plan_advice_free(k->advice);
	plan_calibration_clear(&k->calibration);
	free(k);
}

struct plan_bin plan_calibrated_all(const struct plan_bin *bins)
{
	struct plan_bin all = { 0 };

	for (size_t i = 0; i < PLAN_BINS; i++) {
		all.decisions += bins[i].decisions;
		all.right += bins[i].right;
	}
	return all;
}

const char *plan_calibrated_how(uint8_t bin)
{
	return bin == PLAN_UNMEASURED    ? "model"
	       : bin == PLAN_BIN_LEARNED ? "learned"
					 : "estimated";
}

void plan_calibrated_text(const struct plan_calibrated *k, struct text *out)
{
	const struct plan_bin *learned = &k->calibration.bins[PLAN_BIN_LEARNED];
	struct plan_bin all = plan_calibrated_all(k->calibration.bins);
	char text[2][PLAN_NUMBER_MAX];

	text_print(out,
		"Calibrated by measurements of %zu of the sites: left out one experiment at a time, "
		"%s of\nwhat it says of an AS was right, and %s of what follows from the AS's own "
		"choices.\nASes that were not measured: plain valley-free routing, right for 66 %% "
		"elsewhere.\n\n",
		k->named, plan_share((double)all.right, (double)all.decisions, text[0]),
		plan_share((double)learned->right, (double)learned->decisions, text[1]));
}

json_t *plan_calibrated_json(const struct plan_calibrated *k)
{
	struct plan_bin all;
	const struct plan_bin *learned;

	if (k == NULL)
		return json_null();
	all = plan_calibrated_all(k->calibration.bins);
	learned = &k->calibration.bins[PLAN_BIN_LEARNED];
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "sites", (json_int_t)k->named,
		"held_out_decisions", (json_int_t)all.decisions, "held_out_right",
		(json_int_t)all.right, "learned_decisions", (json_int_t)learned->decisions,
		"learned_right", (json_int_t)learned->right);
}
