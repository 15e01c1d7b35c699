/* SPDX-License-Identifier: Apache-2.0 */
/* The page of `nearcast plan failures --report`: the worst failures as bars, curves of times
 * before and after the worst, all of them alone as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan_failures.h"
#include "cli/plan_page.h"

#define BARS_MAX 16

/* Indices of rows [from, to), the worst first, at most BARS_MAX. How many. */
static size_t worst(const struct failures *f, size_t from, size_t to,
	double (*harm)(const struct plan_failure *failure), uint32_t *ret_rows)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		uint32_t row = f->order[i];
		double here = harm(&f->rows[row].failure);
		size_t at = count;

		while (at > 0 && harm(&f->rows[ret_rows[at - 1]].failure) < here)
			at--;
		if (here <= 0 || at == BARS_MAX)
			continue;
		count -= count == BARS_MAX;
		memmove(&ret_rows[at + 1], &ret_rows[at], (count - at) * sizeof(*ret_rows));
		ret_rows[at] = row;
		count++;
	}
	return count;
}

static double moved(const struct plan_failure *failure)
{
	return failure->moved;
}

static double unserved(const struct plan_failure *failure)
{
	return failure->unserved;
}

static void add_bars(struct text *out, const struct failures *f, size_t from, size_t to,
	double (*harm)(const struct plan_failure *failure), const char *title, const char *note)
{
	struct plan_page_bar bars[BARS_MAX];
	struct text names[BARS_MAX] = { 0 };
	uint32_t rows[BARS_MAX];
	size_t count = worst(f, from, to, harm, rows);
	char share[PLAN_NUMBER_MAX];

	for (size_t i = 0; i < count; i++) {
		const struct failure_row *row = &f->rows[rows[i]];

		plan_loss_text(f, &row->loss, &names[i]);
		bars[i] = (struct plan_page_bar){ .name = text_string(&names[i]),
			.value = harm(&row->failure),
			.colour = row->failure.down > 0 ? plan_page_colour(8)
							: plan_page_colour(0) };
		snprintf(bars[i].label, sizeof(bars[i].label), "%s",
			plan_share(harm(&row->failure), f->c.world->users_total, share));
	}
	if (count > 0)
		plan_page_bars(out, title, note, bars, count);
	else
		text_print(out,
			"<div class=\"sheet\"><h2>%s</h2><p>Nobody, whatever is lost.</p></div>\n",
			title);
	for (size_t i = 0; i < count; i++)
		text_clear(&names[i]);
}

static void add_table(struct text *out, const struct failures *f)
{
	static const char *const titles[] = { "Lost", "Moved", "Unreached", "Median", "95 %",
		"Overloaded", "Cascade: down", "Unserved" };
	double total = f->c.world->users_total;
	char text[PLAN_NUMBER_MAX];

	plan_page_table(out, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < f->row_count && i < f->single_count + f->shown; i++) {
		const struct failure_row *row = &f->rows[f->order[i]];
		const struct plan_failure *o = &row->failure;
		struct text name = { 0 };

		plan_loss_text(f, &row->loss, &name);
		plan_page_row(out);
		plan_page_cell(out, false, text_string(&name));
		plan_page_cell(out, false, plan_share(o->moved, total, text));
		plan_page_cell(out, o->unreached > 0, plan_share(o->unreached, total, text));
		plan_page_cell(out, false, plan_ms(o->all.median_ms, text));
		plan_page_cell(out, false, plan_ms(o->all.p95_ms, text));
		snprintf(text, sizeof(text), "%u", o->overloaded_count);
		plan_page_cell(out, o->overloaded_count > 0, text);
		snprintf(text, sizeof(text), "%u", o->down);
		plan_page_cell(out, o->down > 0, text);
		plan_page_cell(out, o->unserved > 0, plan_share(o->unserved, total, text));
		text_clear(&name);
	}
	plan_page_table_end(out);
}

enum exit_code plan_failures_page(
	const char *path, const struct failures *f, struct console *console)
{
	struct text out = { 0 };

	plan_page_head(&out, &f->c, "Failures");
	text_add(&out, "<div class=\"two\">\n");
	add_bars(&out, f, 0, f->single_count, moved, "One lost: users moved at once",
		"The worst, of all users; red where overloaded sites go down too.");
	add_bars(&out, f, 0, f->single_count, unserved,
		"One lost: users without a site in the end",
		"After the cascade: sites with more users than they can serve go down too.");
	if (f->row_count > f->single_count) {
		add_bars(&out, f, f->single_count, f->row_count, moved,
			"Two lost: users moved at once", "The worst pairs.");
		add_bars(&out, f, f->single_count, f->row_count, unserved,
			"Two lost: users without a site in the end", "After the cascade.");
	}
	text_add(&out, "</div>\n");
	if (f->c.world->places_known && plan_page_map(&out, &f->c, f->before) != 0)
		out.failed = true;
	add_table(&out, f);
	return plan_page_write(path, &out, console);
}
