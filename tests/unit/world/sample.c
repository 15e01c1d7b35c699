/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "plan/city.h"

static uint32_t add_place(struct sample *s, enum draw_kind kind, const char *prefix,
	const char *code, uint32_t as_number, double weight)
{
	const struct plan_city *city = plan_city_find(code);
	uint32_t i = (uint32_t)s->world.place_count++;

	assert(city != NULL && i < SAMPLE_PLACES);
	snprintf(s->names[i], sizeof(s->names[i]), "%s%s", prefix, code);
	s->places[i] = (struct draw_place){ .name = s->names[i],
		.label = city->name,
		.latitude = (double)city->place.latitude,
		.longitude = (double)city->place.longitude,
		.kind = kind,
		.as_number = as_number,
		.weight = weight };
	return i;
}

static uint32_t delay_us(const struct sample *s, uint32_t a, uint32_t b)
{
	struct plan_place from = { (float)s->places[a].latitude,
		(float)s->places[a].longitude };
	struct plan_place to = { (float)s->places[b].latitude, (float)s->places[b].longitude };

	return (uint32_t)(plan_distance_km(from, to) / 200 * 1.25 * 1000);
}

static void add_link(struct sample *s, uint32_t from, uint32_t to, enum draw_relation relation)
{
	assert(s->world.link_count < SAMPLE_LINKS);
	s->links[s->world.link_count++] = (struct draw_link){
		.from = from, .to = to, .relation = relation, .delay_us = delay_us(s, from, to)
	};
}

static uint32_t nearest(
	const struct sample *s, uint32_t place, enum draw_kind kind, uint32_t not )
{
	uint32_t best = DRAW_NONE;

	for (uint32_t i = 0; i < s->world.place_count; i++)
		if (s->places[i].kind == kind && s->places[i].state == DRAW_OK &&
			i != not &&i != place &&
			(best == DRAW_NONE || delay_us(s, place, i) < delay_us(s, place, best)))
			best = i;
	return best;
}

static void add_answer(struct sample *s, uint32_t client, uint32_t site, double share)
{
	uint32_t us = site == DRAW_NONE ? 0 : 2 * delay_us(s, client, site) + 400;

	assert(s->world.answer_count < SAMPLE_ANSWERS);
	s->answers[s->world.answer_count++] = (struct draw_answer){ .client = client,
		.site = site,
		.median_us = us,
		.p95_us = us + us / 20,
		.share = share,
		.path = site == DRAW_NONE ? NULL : "64601 64500" };
}

static void begin(struct sample *s, const char *title)
{
	memset(s, 0, sizeof(*s));
	s->world = (struct draw_world){
		.title = title, .places = s->places, .links = s->links, .answers = s->answers
	};
}

static void answer_all(struct sample *s)
{
	s->world.answer_count = 0;
	for (uint32_t i = 0; i < s->world.place_count; i++)
		if (s->places[i].kind == DRAW_CLIENT)
			add_answer(s, i, nearest(s, i, DRAW_SITE, DRAW_NONE), 1);
}

static void demo_places(struct sample *s)
{
	static const char *const sites[] = { "fra", "nyc", "sjc", "sin", "tyo", "sao" };
	static const struct {
		const char *code;
		double users;
	} clients[] = { { "lon", 45e6 }, { "mow", 70e6 }, { "cai", 70e6 }, { "jnb", 40e6 },
		{ "bom", 250e6 }, { "jkt", 190e6 }, { "syd", 20e6 }, { "tyo", 100e6 },
		{ "mex", 90e6 }, { "chi", 60e6 }, { "bue", 35e6 }, { "los", 120e6 } };
	static const struct {
		const char *prefix;
		uint32_t as_number;
		const char *codes[5];
	} transits[] = { { "big-", 64601, { "fra", "nyc", "sjc", "sin", "sao" } },
		{ "east-", 64602, { "sin", "tyo", "syd", "bom" } },
		{ "south-", 64603, { "mrs", "jnb", "sao", "bom" } } };

	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		add_place(s, DRAW_SITE, "", sites[i], 64500, 0);
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		add_place(s, DRAW_CLIENT, "eyeball-", clients[i].code, (uint32_t)(64701 + i),
			clients[i].users);
	for (size_t t = 0; t < 3; t++) {
		uint32_t last = DRAW_NONE;

		for (size_t i = 0; i < 5 && transits[t].codes[i] != NULL; i++) {
			uint32_t place = add_place(s, DRAW_TRANSIT, transits[t].prefix,
				transits[t].codes[i], transits[t].as_number, 0);

			if (last != DRAW_NONE)
				add_link(s, last, place, DRAW_INTERNAL);
			last = place;
		}
	}
	add_place(s, DRAW_EXCHANGE, "ix-", "ams", 64650, 0);
}

static void demo_links(struct sample *s)
{
	uint32_t exchange = (uint32_t)s->world.place_count - 1;

	for (uint32_t i = 0; i < s->world.place_count; i++) {
		uint32_t transit = nearest(s, i, DRAW_TRANSIT, DRAW_NONE);

		if (s->places[i].kind == DRAW_SITE || s->places[i].kind == DRAW_CLIENT)
			add_link(s, transit, i, DRAW_CUSTOMER);
		if (s->places[i].kind == DRAW_TRANSIT &&
			s->places[transit].as_number != s->places[i].as_number && transit > i)
			add_link(s, i, transit, DRAW_PEER);
	}
	add_link(s, exchange, 0, DRAW_MEMBER);
	add_link(s, exchange, 6, DRAW_MEMBER);
}

void sample_demo(struct sample *s)
{
	begin(s, "One address, six sites");
	demo_places(s);
	demo_links(s);
	answer_all(s);
	for (size_t i = 0; i < s->world.answer_count; i++)
		if (strcmp(s->places[s->answers[i].client].name, "eyeball-tyo") == 0)
			s->answers[i].share = 0.7;
	for (uint32_t i = 0; i < s->world.place_count; i++)
		if (strcmp(s->places[i].name, "eyeball-tyo") == 0)
			add_answer(s, i, 3, 0.3);
}

void sample_demo_after(struct sample *s)
{
	sample_demo(s);
	s->places[0].state = DRAW_DOWN;
	s->places[3].state = DRAW_DRAINED;
	answer_all(s);
	for (size_t i = 0; i < s->world.answer_count; i++)
		if (strcmp(s->places[s->answers[i].client].name, "eyeball-cai") == 0)
			s->answers[i].site = DRAW_NONE;
	for (size_t i = 0; i < s->world.link_count; i++)
		if (strcmp(s->places[s->links[i].from].name, "big-fra") == 0 &&
			strcmp(s->places[s->links[i].to].name, "big-nyc") == 0)
			s->links[i].state = DRAW_LINK_CUT;
}

void sample_root(struct sample *s)
{
	static const char *const sites[] = { "lax", "mia", "iad", "sto", "lon", "ams", "fra",
		"jnb", "tyo", "sin", "syd", "sao", "bom" };

	begin(s, "Thirteen letters");
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		add_place(s, DRAW_SITE, "", sites[i], 64500, 0);
	for (size_t i = 0; i < 100; i++)
		add_place(s, DRAW_CLIENT, "eyeball-", plan_cities[i].code,
			(uint32_t)(64701 + i), (double)plan_cities[i].users * 1e6);
	answer_all(s);
	s->answers[40].site = DRAW_NONE;
}

void sample_europe(struct sample *s)
{
	begin(s, "Two sites");
	add_place(s, DRAW_SITE, "", "fra", 64500, 0);
	add_place(s, DRAW_SITE, "", "mad", 64500, 0);
	add_place(s, DRAW_CLIENT, "eyeball-", "ber", 64701, 12e6);
	add_place(s, DRAW_CLIENT, "eyeball-", "lis", 64702, 9e6);
	add_place(s, DRAW_CLIENT, "eyeball-", "par", 64703, 40e6);
	add_place(s, DRAW_CLIENT, "eyeball-", "rom", 64704, 25e6);
	add_place(s, DRAW_TRANSIT, "transit-", "zrh", 64601, 0);
	for (uint32_t i = 0; i < 6; i++)
		add_link(s, 6, i, DRAW_CUSTOMER);
	answer_all(s);
}

void sample_hostile(struct sample *s)
{
	static const char *const names[] = { "</text><script>alert(1)</script>", "\"'&<>`\\",
		"\x1b[31mred\x07\r\n\t", "\xff\xfe broken", "]]>--><!--",
		("\xe2\x80\xae"
		 "turned"),
		"\xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x98\x80" };

	sample_europe(s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(s->names[i], sizeof(s->names[i]), "%s", names[i]);
		s->places[i].label = NULL;
	}
	s->answers[0].path = "\"]; evil [x=\"";
	s->world.title = "</title><script>\"&";
	s->world.weight = "<b>";
}
