/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan catchment PLAN: who reaches which site. */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "cli/plan_calibrated.h"
#include "cli/plan_report.h"

static const char *const class_names[] = { "customer", "peer", "provider" };

/* How each AS's site is known. */
static bool take_bins(const struct plan_case *c, const struct plan_route *routes, uint8_t *bins)
{
	const struct plan_graph *g = c->world->graph;
	struct plan_route *copy;
	struct plan_advice_use use;

	if (c->calibrated == NULL)
		return true;
	copy = malloc(g->as_count * sizeof(*copy));
	if (copy == NULL)
		return false;
	memcpy(copy, routes, g->as_count * sizeof(*copy));
	plan_advice_apply(c->scenario.advice, g, &c->scenario, &(struct plan_variation){ 0 },
		copy, bins, &use);
	free(copy);
	return true;
}

/* Where only the model speaks, its confidence is not known. */
static void add_confidence(const struct plan_case *c, const struct plan_route *route,
	uint8_t bin, struct text *out)
{
	text_print(out, ",%s,", route->site == PLAN_SITE_NONE ? "" : plan_calibrated_how(bin));
	if (bin != PLAN_UNMEASURED)
		plan_decimal(out,
			plan_calibration_confidence(c->calibrated->calibration.bins, bin), 3);
}

static enum exit_code print_csv(
	const struct plan_case *c, const struct plan_route *routes, struct console *console)
{
	const struct plan_graph *g = c->world->graph;
	uint8_t *bins = calloc(g->as_count, sizeof(*bins));
	struct text out = { 0 };

	if (bins == NULL || !take_bins(c, routes, bins)) {
		free(bins);
		return EXIT_CODE_FAILED;
	}
	text_print(&out, "asn,site,upstream,learned_from,path_length,users,rtt_ms%s\n",
		c->calibrated == NULL ? "" : ",known,confidence");
	for (uint32_t i = 0; i < g->as_count; i++) {
		uint32_t as = g->by_asn[i];
		const struct plan_route *r = &routes[as];
		double ms = -1;

		text_print(&out, "%u,", g->asn[as]);
		if (r->site != PLAN_SITE_NONE) {
			text_print(&out, "%s,", c->scenario.sites[r->site].name);
			text_print(&out, "%s,%s,%u,",
				c->scenario.upstreams[r->announcement].name,
				class_names[r->class], r->length);
			if (c->latency != NULL)
				ms = plan_latency_ms(c->latency, c->world, as, r->site);
		} else {
			text_add(&out, ",,,,");
		}
		plan_decimal(&out, c->world->users[as], 0);
		text_add(&out, ",");
		if (ms >= 0)
			plan_decimal(&out, ms, 1);
		if (c->calibrated != NULL)
			add_confidence(c, r, bins[as], &out);
		text_add(&out, "\n");
	}
	free(bins);
	return output_text(console, &out);
}

static enum exit_code answer(const struct arguments *arguments, const struct plan_case *c,
	const struct plan_route *routes, const struct plan_catchment *t,
	struct console *console)
{
	const char *report = arguments_value(arguments, "report");
	struct text out = { 0 };
	enum exit_code code =
		report == NULL ? EXIT_CODE_OK : plan_report(report, c, routes, t, console);

	if (code != EXIT_CODE_OK)
		return code;
	if (arguments_has(arguments, "csv"))
		return print_csv(c, routes, console);
	if (console->json) {
		json_t *document = plan_catchment_json(c, t);

		json_object_set_new(document, "internet", plan_internet_json(c));
		return output_json(console, document);
	}
	plan_internet_text(c, &out);
	plan_catchment_text(c, t, &console->style, &out);
	return output_text(console, &out);
}

enum exit_code plan_catchment(const struct arguments *arguments, struct console *console)
{
	struct plan_case c = { 0 };
	struct plan_catchment *t = calloc(1, sizeof(*t));
	struct plan_route *routes = NULL;
	enum exit_code code = plan_case_load(arguments, arguments_positional(arguments, 1),
		PLAN_SITES_ONLY, NULL, &c, console);

	if (code == EXIT_CODE_OK) {
		routes = plan_routes(&c, console);
		code = routes == NULL || t == NULL ? EXIT_CODE_FAILED
						   : plan_run(&c, &(struct plan_variation){ 0 },
							     routes, t, console);
	}
	if (code == EXIT_CODE_OK)
		code = answer(arguments, &c, routes, t, console);
	free(routes);
	free(t);
	plan_case_clear(&c);
	return code;
}
