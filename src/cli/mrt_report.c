/* SPDX-License-Identifier: Apache-2.0 */
/* How the numbers of `nearcast mrt stats` are told: tables for people, one object of JSON. */
#include "cli/mrt_report.h"

#include <stdlib.h>

#include "cli/output.h"
#include "cli/table.h"

static uint64_t with_attributes(const struct mrt_stats *stats)
{
	return stats->routes[MRT_ROUTE_TABLE] + stats->routes[MRT_ROUTE_ANNOUNCE];
}

static double mean(uint64_t sum, uint64_t count)
{
	return count == 0 ? 0 : (double)sum / (double)count;
}

static double mean_path(const struct mrt_stats *stats)
{
	uint64_t sum = 0, count = 0;

	for (unsigned i = 0; i <= MRT_STATS_PATH_MAX; i++) {
		sum += i * stats->path_lengths[i];
		count += stats->path_lengths[i];
	}
	return mean(sum, count);
}

/* Single numbers, in the order in which they are told. */
struct number_row {
	const char *key, *text;
	uint64_t (*number)(const struct mrt_stats *stats, const struct mrt_input *input);
};

#define NUMBER(name, value)                                                                \
	static uint64_t name(const struct mrt_stats *stats, const struct mrt_input *input) \
	{                                                                                  \
		(void)stats;                                                               \
		(void)input;                                                               \
		return value;                                                              \
	}
NUMBER(number_records, input->records)
NUMBER(number_bytes, input->bytes)
NUMBER(number_packed, input->packed_bytes)
NUMBER(number_longest, stats->longest_record)
NUMBER(number_table, stats->routes[MRT_ROUTE_TABLE])
NUMBER(number_announced, stats->routes[MRT_ROUTE_ANNOUNCE])
NUMBER(number_withdrawn, stats->routes[MRT_ROUTE_WITHDRAW])
NUMBER(number_ipv4, stats->prefix_count[0])
NUMBER(number_ipv6, stats->prefix_count[1])
NUMBER(number_sets, stats->sets.count)
NUMBER(number_paths, stats->paths.count)
NUMBER(number_origins, stats->origins.count)
NUMBER(number_peers, stats->peer_count)
NUMBER(number_communities, stats->with_communities)
NUMBER(number_large, stats->with_large_communities)
NUMBER(number_extended, stats->with_extended_communities)
NUMBER(number_med, stats->with_med)
NUMBER(number_attributes, stats->longest_attributes)
#undef NUMBER

static const struct number_row number_rows[] = {
	{ "records", "records", number_records },
	{ "bytes", "bytes, unpacked", number_bytes },
	{ "packed_bytes", "bytes in files", number_packed },
	{ "longest_record", "bytes in the longest record", number_longest },
	{ "table_routes", "routes in tables", number_table },
	{ "announced_routes", "routes announced", number_announced },
	{ "withdrawn_routes", "routes withdrawn", number_withdrawn },
	{ "ipv4_prefixes", "IPv4 prefixes", number_ipv4 },
	{ "ipv6_prefixes", "IPv6 prefixes", number_ipv6 },
	{ "attribute_sets", "attribute sets", number_sets },
	{ "as_paths", "AS paths", number_paths },
	{ "origins", "origin ASes", number_origins },
	{ "peers", "peers", number_peers },
	{ "with_communities", "routes with communities", number_communities },
	{ "with_large_communities", "routes with large communities", number_large },
	{ "with_extended_communities", "routes with extended communities", number_extended },
	{ "with_med", "routes with MED", number_med },
	{ "longest_attributes", "bytes in the longest attribute list", number_attributes },
};

#define NUMBER_ROWS (sizeof(number_rows) / sizeof(number_rows[0]))

/* ---- JSON. ---- */

static void set_histogram(
	json_t *document, const char *key, const uint64_t *counts, size_t count)
{
	json_t *object = json_object();
	char length[16];

	for (size_t i = 0; i < count; i++) {
		if (counts[i] == 0)
			continue;
		snprintf(length, sizeof(length), "%zu", i);
		json_object_set_new(object, length, json_integer((json_int_t)counts[i]));
	}
	json_object_set_new(document, key, object);
}

static json_t *kinds_json(const struct mrt_stats *stats)
{
	struct tally_entry kinds[64];
	size_t count = tally_top(&stats->kinds, kinds, 64);
	json_t *object = json_object();
	char name[MRT_NAME_MAX];

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object,
			mrt_name((uint16_t)(kinds[i].key >> 16), (uint16_t)kinds[i].key, name),
			json_integer((json_int_t)kinds[i].count));
	return object;
}

static json_t *peers_json(const struct mrt_stats *stats)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < stats->peer_count; i++) {
		const struct mrt_stats_peer *peer = &stats->peers[i];

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I}", "address",
						    address_format(&peer->peer.address, text),
						    "asn", (json_int_t)peer->peer.asn, "routes",
						    (json_int_t)peer->routes[0], "withdrawn",
						    (json_int_t)peer->routes[1]));
	}
	return list;
}

static json_t *top_json(const struct mrt_stats *stats)
{
	struct tally_entry top[MRT_STATS_TOP_MAX];
	size_t count = tally_top(&stats->origins, top, stats->top);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			list, json_pack("{s:I, s:I}", "asn", (json_int_t)top[i].key, "prefixes",
				      (json_int_t)top[i].count));
	return list;
}

static json_t *odd_json(const struct mrt_input *input)
{
	json_t *object = json_object();

	for (int i = 0; i < MRT_COUNT_COUNT; i++)
		if (input->reader.counts[i] > 0)
			json_object_set_new(object, mrt_count_key((enum mrt_count)i),
				json_integer((json_int_t)input->reader.counts[i]));
	if (input->long_records > 0)
		json_object_set_new(
			object, "too_long", json_integer((json_int_t)input->long_records));
	return object;
}

static void set_time(json_t *document, const char *key, struct wall_time time)
{
	char text[WALL_TEXT_MAX];

	json_object_set_new(document, key,
		time.ns == 0 ? json_null() : json_string(wall_format(time, text)));
}

json_t *mrt_stats_json(const struct mrt_stats *stats, const struct mrt_input *input)
{
	json_t *document = json_object();

	for (size_t i = 0; i < NUMBER_ROWS; i++)
		json_object_set_new(document, number_rows[i].key,
			json_integer((json_int_t)number_rows[i].number(stats, input)));
	set_time(document, "first", stats->first);
	set_time(document, "last", stats->last);
	json_object_set_new(document, "mean_as_path", json_real(mean_path(stats)));
	json_object_set_new(document, "mean_attribute_bytes",
		json_real(mean(stats->attribute_bytes, with_attributes(stats))));
	json_object_set_new(document, "counts", odd_json(input));
	json_object_set_new(document, "kinds", kinds_json(stats));
	json_object_set_new(document, "by_peer", peers_json(stats));
	json_object_set_new(document, "top_origins", top_json(stats));
	set_histogram(document, "ipv4_lengths", stats->prefix_lengths[0], 33);
	set_histogram(document, "ipv6_lengths", stats->prefix_lengths[1], 129);
	set_histogram(document, "as_path_lengths", stats->path_lengths, MRT_STATS_PATH_MAX + 1);
	return document;
}

/* ---- For people. ---- */

static void tell_numbers(const struct mrt_stats *stats, const struct mrt_input *input,
	const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "What", COLUMN_FIXED },
		{ "Count", COLUMN_RIGHT } };
	struct table *table = table_new(columns, 2);

	for (size_t i = 0; i < NUMBER_ROWS; i++) {
		uint64_t number = number_rows[i].number(stats, input);

		if (number == 0)
			continue;
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", number_rows[i].text);
		table_cell(table, TONE_PLAIN, "%llu", (unsigned long long)number);
	}
	/* The others were told above, as routes. */
	for (int i = MRT_COUNT_UPDATES; i < MRT_COUNT_COUNT; i++) {
		if (input->reader.counts[i] == 0)
			continue;
		table_row(table);
		table_cell(table, i < MRT_COUNT_ODD ? TONE_PLAIN : TONE_WARNING, "%s",
			mrt_count_text((enum mrt_count)i));
		table_cell(
			table, TONE_PLAIN, "%llu", (unsigned long long)input->reader.counts[i]);
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static void tell_peers(
	const struct mrt_stats *stats, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "Peer", COLUMN_FIXED },
		{ "AS", COLUMN_RIGHT }, { "Routes", COLUMN_RIGHT },
		{ "Withdrawn", COLUMN_RIGHT } };
	struct table *table = table_new(columns, 4);
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < stats->peer_count; i++) {
		const struct mrt_stats_peer *peer = &stats->peers[i];

		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", address_format(&peer->peer.address, text));
		table_cell(table, TONE_PLAIN, "%u", peer->peer.asn);
		table_cell(table, TONE_PLAIN, "%llu", (unsigned long long)peer->routes[0]);
		table_cell(table, TONE_PLAIN, "%llu", (unsigned long long)peer->routes[1]);
	}
	if (table_row_count(table) > 0)
		text_add(out, "\n");
	table_print(table, style, 0, out);
	table_free(table);
}

static void tell_top(const struct mrt_stats *stats, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "Origin", COLUMN_RIGHT },
		{ "Prefixes", COLUMN_RIGHT } };
	struct tally_entry top[MRT_STATS_TOP_MAX];
	size_t count = tally_top(&stats->origins, top, stats->top);
	struct table *table = table_new(columns, 2);

	for (size_t i = 0; i < count; i++) {
		table_row(table);
		table_cell(table, TONE_PLAIN, "AS%llu", (unsigned long long)top[i].key);
		table_cell(table, TONE_PLAIN, "%llu", (unsigned long long)top[i].count);
	}
	if (count > 0)
		text_add(out, "\n");
	table_print(table, style, 0, out);
	table_free(table);
}

#define BAR_MAX 40u

static void tell_histogram(const char *title, const uint64_t *counts, size_t count,
	const struct style *style, struct text *out)
{
	uint64_t most = 0;

	for (size_t i = 0; i < count; i++)
		most = counts[i] > most ? counts[i] : most;
	if (most == 0)
		return;
	text_print(out, "\n%s%s%s\n", tone_start(style, TONE_TITLE), title,
		tone_end(style, TONE_TITLE));
	for (size_t i = 0; i < count; i++) {
		if (counts[i] == 0)
			continue;
		text_print(out, "%4zu %9llu ", i, (unsigned long long)counts[i]);
		for (uint64_t bar = 0; bar < counts[i] * BAR_MAX / most; bar++)
			text_add(out, style->unicode ? "█" : "#");
		text_add(out, "\n");
	}
}

enum exit_code mrt_stats_tell(
	const struct mrt_stats *stats, const struct mrt_input *input, struct console *console)
{
	const struct style *style = &console->style;
	struct text out = { 0 };
	char first[WALL_TEXT_MAX], last[WALL_TEXT_MAX];

	if (input->records > 0)
		text_print(&out, "From %s to %s\n\n", wall_format(stats->first, first),
			wall_format(stats->last, last));
	tell_numbers(stats, input, style, &out);
	tell_peers(stats, style, &out);
	tell_top(stats, style, &out);
	tell_histogram("IPv4 prefixes by length", stats->prefix_lengths[0], 33, style, &out);
	tell_histogram("IPv6 prefixes by length", stats->prefix_lengths[1], 129, style, &out);
	tell_histogram("Routes by length of the AS path", stats->path_lengths,
		MRT_STATS_PATH_MAX + 1, style, &out);
	return output_text(console, &out);
}
