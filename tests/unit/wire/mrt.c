/* SPDX-License-Identifier: Apache-2.0 */
/* MRT: framing in any pieces, each kind of record, what is odd, writing and reading back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "update.h"
#include "wire/mrt_routes.h"
#include "wire/mrt_write.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Peers: AS 65001 at 10.0.0.2, AS 65002 at 10.0.0.3 (two octets), AS 4200000000 at HOP_6. */
#define PEERS                                                                          \
	"0a000001 0004 'view' 0003 02 0a000002 0a000002 0000fde9 00 0a000003 0a000003" \
	" fdea 03 0a000004" HOP_6 "fa56ea00"
#define MP_SHORT "800e11 10" HOP_6
#define MP_BOTH  "800e21 20" HOP_6 "fe800000 00000000 00000000 00000001"
#define MP_FULL  REACH
#define V4_LIST  ORIGIN PATH HOP      /* 20 bytes */
#define V6_LIST  ORIGIN PATH MP_SHORT /* 33 bytes */
#define ENTRY    "0000 5f5e1000 0014" V4_LIST
#define ENTRY_6  "0002 5f5e1000 0021" V6_LIST

/* ---- A file as a test writes it. ---- */

struct file {
	uint8_t bytes[8192];
	size_t length;
};

static void add(struct file *file, uint16_t type, uint16_t subtype, const char *body)
{
	uint8_t *at = file->bytes + file->length;
	size_t length = hex_read(body, at + MRT_HEADER_SIZE,
		sizeof(file->bytes) - file->length - MRT_HEADER_SIZE);

	bytes_put_u32(at, 1700000000);
	bytes_put_u16(at + 4, type);
	bytes_put_u16(at + 6, subtype);
	bytes_put_u32(at + 8, (uint32_t)length);
	file->length += MRT_HEADER_SIZE + length;
}

/* What was read, a line a fact. */
struct story {
	char text[4096];
	size_t length;
	struct mrt_reader reader;
	size_t left;
};

static void __attribute__((format(printf, 2, 3)))
tell(struct story *story, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	story->length += (size_t)vsnprintf(
		story->text + story->length, sizeof(story->text) - story->length, format, list);
	va_end(list);
	assert_true(story->length < sizeof(story->text));
}

static int on_route(void *context, const struct mrt_route *route)
{
	static const char *const kinds[] = { "table", "announce", "withdraw" };
	struct story *story = context;
	char prefix[PREFIX_TEXT_MAX], peer[ADDRESS_TEXT_MAX], hop[ADDRESS_TEXT_MAX], path[256];

	tell(story, "%s %s", kinds[route->kind], prefix_format(&route->prefix, prefix));
	if (route->safi != BGP_SAFI_UNICAST)
		tell(story, " safi %u", route->safi);
	if (route->add_path)
		tell(story, " #%u", route->path_id);
	tell(story, " from %u %s", route->peer.asn, address_format(&route->peer.address, peer));
	if (route->sent)
		tell(story, " sent");
	if (route->kind == MRT_ROUTE_TABLE)
		tell(story, " since %u", route->originated_s);
	if (route->attributes != NULL)
		tell(story, " via %s path %s",
			address_format(&route->attributes->next_hop, hop),
			bgp_as_path_format(route->attributes, path, sizeof(path)));
	if (route->verdict != BGP_VERDICT_GOOD)
		tell(story, " %s", bgp_verdict_name(route->verdict));
	tell(story, "\n");
	return 0;
}

static int on_state(
	void *context, const struct mrt_record *record, const struct mrt_message *message)
{
	char peer[ADDRESS_TEXT_MAX];

	tell(context, "state %u %s %u -> %u at %lld\n", message->peer_asn,
		address_format(&message->peer, peer), message->old_state, message->new_state,
		(long long)record->time.ns);
	return 0;
}

static int on_message(void *context, const struct mrt_record *record,
	const struct mrt_message *message, const struct bgp_frame *frame)
{
	(void)record;
	(void)message;
	if (frame->type != BGP_UPDATE)
		tell(context, "message of type %u\n", frame->type);
	return 0;
}

static int on_peers(
	void *context, const struct mrt_reader *reader, const struct mrt_record *record)
{
	(void)record;
	tell(context, "peers %u of %08x %s\n", reader->peer_count, reader->collector_id,
		reader->view_name);
	return 0;
}

/* Read a file that comes in pieces, each from an exact copy. */
static void story_of(const struct file *file, size_t piece, struct story *story)
{
	const struct mrt_sink sink = { story, NULL, on_route, on_state, on_message, on_peers };
	struct mrt_stream stream = { 0 };
	struct mrt_record record;

	*story = (struct story){ 0 };
	for (size_t at = 0; at < file->length; at += piece) {
		size_t room, some = file->length - at < piece ? file->length - at : piece;
		uint8_t *target = mrt_stream_room(&stream, piece, &room);

		assert_non_null(target);
		assert_true(room >= piece);
		memcpy(target, file->bytes + at, some);
		mrt_stream_filled(&stream, some);
		while (mrt_stream_next(&stream, &record)) {
			uint8_t *exact = exact_copy(record.bytes, record.length);
			struct mrt_record copy;

			assert_int_equal(
				mrt_frame_read(exact, record.length, &copy), MRT_FRAME_WHOLE);
			assert_int_equal(mrt_reader_read(&story->reader, &copy, &sink), 0);
			free(exact);
		}
	}
	story->left = mrt_stream_left(&stream);
	mrt_stream_clear(&stream);
}

static void expect_story(const struct file *file, const char *text)
{
	for (size_t piece = 1; piece <= file->length; piece = piece * 2 + 1) {
		struct story story;

		story_of(file, piece, &story);
		assert_string_equal(story.text, text);
		assert_int_equal(story.left, 0);
		mrt_reader_clear(&story.reader);
	}
}

/* ---- Table dumps. ---- */

static void test_table(void **state)
{
	struct file file = { .length = 0 };

	(void)state;
	add(&file, MRT_TABLE_DUMP_V2, MRT_PEER_INDEX_TABLE, PEERS);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV4_UNICAST,
		"00000000" NET "0002" ENTRY "0001 5f5e1001 0018" ORIGIN
		"40020a 0202 0000fdea 0000fdeb"
		"400304 0a000003");
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV6_UNICAST, "00000001" NET_6 "0001" ENTRY_6);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV6_UNICAST,
		"00000002" NET_6 "0001 0002 00000000 0031" ORIGIN PATH MP_BOTH);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV6_UNICAST,
		"00000003" NET_6 "0001 0002 00000000 002c" MP_FULL ORIGIN PATH);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV4_MULTICAST, "00000004" NET "0001" ENTRY);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV6_MULTICAST, "00000005" NET_6 "0001" ENTRY_6);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV4_UNICAST_ADDPATH,
		"00000006" NET "0001 0000 5f5e1000 00000007 0014" V4_LIST);
	add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV6_UNICAST_ADDPATH,
		"00000007" NET_6 "0001 0002 5f5e1000 ffffffff 0021" V6_LIST);
	expect_story(&file,
		"peers 3 of 0a000001 view\n"
		"table 198.51.100.0/24 from 65001 10.0.0.2 since 1600000000 via 192.0.2.1 path 65001\n"
		"table 198.51.100.0/24 from 65002 10.0.0.3 since 1600000001 via 10.0.0.3 path 65002 65003\n"
		"table 2001:db8:1::/48 from 4200000000 2001:db8::1 since 1600000000 via 2001:db8::1 path 65001\n"
		"table 2001:db8:1::/48 from 4200000000 2001:db8::1 since 0 via 2001:db8::1 path 65001\n"
		"table 2001:db8:1::/48 from 4200000000 2001:db8::1 since 0 via 2001:db8::1 path 65001\n"
		"table 198.51.100.0/24 safi 2 from 65001 10.0.0.2 since 1600000000 via 192.0.2.1 path 65001\n"
		"table 2001:db8:1::/48 safi 2 from 4200000000 2001:db8::1 since 1600000000 via 2001:db8::1 path 65001\n"
		"table 198.51.100.0/24 #7 from 65001 10.0.0.2 since 1600000000 via 192.0.2.1 path 65001\n"
		"table 2001:db8:1::/48 #4294967295 from 4200000000 2001:db8::1 since 1600000000 via 2001:db8::1 path 65001\n");
}

/* RFC 6396 section 4.2: two-octet numbers, the whole address, full MP_REACH_NLRI. */
static void test_table_v1(void **state)
{
	struct file file = { .length = 0 };

	(void)state;
	add(&file, MRT_TABLE_DUMP, 1,
		"0000 0005 c6336400 18 01 5f5e1000 0a000002 fde9 0012" BASE_2);
	add(&file, MRT_TABLE_DUMP, 2,
		"0000 0006 20010db8 00010000 00000000 00000000 30 01 5f5e1000" HOP_6
		" fde9 002a" ORIGIN PATH_2 REACH);
	expect_story(&file,
		"table 198.51.100.0/24 from 65001 10.0.0.2 since 1600000000 via 192.0.2.1 path 65001\n"
		"table 2001:db8:1::/48 from 65001 2001:db8::1 since 1600000000 via 2001:db8::1 path 65001\n");
}

/* ---- Messages. ---- */

#define MARKER "ffffffff ffffffff ffffffff ffffffff"
#define ENDS   "0000 0001 0a000002 0a000001" /* interface, IPv4, peer, local */
#define ENDS_6 "0000 0002" HOP_6 HOP_6
#define UPDATE MARKER "002f 02 0000 0014" V4_LIST NET
#define GONE   MARKER "001b 02 0004" NET "0000"

static void test_messages(void **state)
{
	struct file file = { .length = 0 };

	(void)state;
	add(&file, MRT_BGP4MP, MRT_MESSAGE_AS4, "0000fde9 0000fdea" ENDS UPDATE);
	add(&file, MRT_BGP4MP_ET, MRT_MESSAGE_AS4, "0001e240 0000fde9 0000fdea" ENDS GONE);
	add(&file, MRT_BGP4MP, MRT_MESSAGE_AS4_LOCAL, "0000fde9 0000fdea" ENDS_6 GONE);
	add(&file, MRT_BGP4MP, MRT_MESSAGE_LOCAL, "fde9 fdea" ENDS MARKER "0013 04");
	add(&file, MRT_BGP4MP, MRT_MESSAGE_AS4_ADDPATH,
		"0000fde9 0000fdea" ENDS MARKER "001f 02 0008 00000007" NET "0000");
	add(&file, MRT_BGP4MP_ET, MRT_STATE_CHANGE_AS4,
		"0001e240 0000fde9 0000fdea" ENDS "0005 0006");
	add(&file, MRT_BGP4MP, MRT_STATE_CHANGE, "fde9 fdea" ENDS_6 "0006 0001");
	expect_story(&file,
		"announce 198.51.100.0/24 from 65001 10.0.0.2 via 192.0.2.1 path 65001\n"
		"withdraw 198.51.100.0/24 from 65001 10.0.0.2\n"
		"withdraw 198.51.100.0/24 from 65001 2001:db8::1 sent\n"
		"message of type 4\n"
		"withdraw 198.51.100.0/24 #7 from 65001 10.0.0.2\n"
		"state 65001 10.0.0.2 5 -> 6 at 1700000000123456000\n"
		"state 65001 2001:db8::1 6 -> 1 at 1700000000000000000\n");
}

/* A session with two-octet numbers: AS4_PATH is merged. */
static void test_message_two_octets(void **state)
{
	struct file file = { .length = 0 };

	(void)state;
	add(&file, MRT_BGP4MP, MRT_MESSAGE,
		"fde9 fdea" ENDS MARKER "0038 02 0000 001d" ORIGIN "400206 0202 fde9 5ba0" HOP
		"c01106 0201 fa56ea00" NET);
	expect_story(&file,
		"announce 198.51.100.0/24 from 65001 10.0.0.2 via 192.0.2.1 path 65001 4200000000\n");
}

/* Both kinds of prefixes in one UPDATE have their own next hops. */
static void test_message_both(void **state)
{
	struct file file = { .length = 0 };

	(void)state;
	add(&file, MRT_BGP4MP, MRT_MESSAGE_AS4,
		"0000fde9 0000fdea" ENDS MARKER "004e 02 0000 0033" V4_LIST REACH NET);
	expect_story(&file,
		"announce 198.51.100.0/24 from 65001 10.0.0.2 via 192.0.2.1 path 65001\n"
		"announce 2001:db8:1::/48 from 65001 10.0.0.2 via 2001:db8::1 path 65001\n");
}

/* ---- What is odd. ---- */

static void test_odd(void **state)
{
	static const struct {
		uint16_t type, subtype;
		const char *body;
		enum mrt_count count;
		const char *story;
	} rows[] = {
		{ 11, 0, "00", MRT_ODD_OTHER_TYPE, "" },
		{ MRT_TABLE_DUMP, 3, "00", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_TABLE_DUMP_V2, 7, "00", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_TABLE_DUMP_V2, 99, "", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_BGP4MP, 2, "", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_BGP4MP, 99, "", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_BGP4MP, 1, "fde9 fdea 0000 0003", MRT_ODD_OTHER_SUBTYPE, "" },
		{ MRT_TABLE_DUMP_V2, 6, "00", MRT_ODD_GENERIC, "" },
		{ MRT_TABLE_DUMP_V2, 12, "00", MRT_ODD_GENERIC, "" },
		{ MRT_TABLE_DUMP_V2, 1, "00000000 0000 0001", MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_TABLE_DUMP_V2, 1, "00000000 ffff 0001", MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_TABLE_DUMP_V2, 1, "00000000 0000 0000 ff", MRT_ODD_TRAILING_BYTES,
			"peers 0 of 00000000 \n" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000 21 0a000000 00 0000",
			MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000 18 0a00", MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000" NET "0000 00", MRT_ODD_TRAILING_BYTES, "" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000" NET "0002" ENTRY, MRT_ODD_ENTRIES_CUT,
			"table 198.51.100.0/24 from 0 - since 1600000000 via 192.0.2.1 path 65001\n" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000" NET "0001" ENTRY, MRT_ODD_UNKNOWN_PEER,
			"table 198.51.100.0/24 from 0 - since 1600000000 via 192.0.2.1 path 65001\n" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000 17 c63365 0000", MRT_ODD_HOST_BITS, "" },
		{ MRT_TABLE_DUMP, 1, "0000 0005 c6336400 21 01 5f5e1000 0a000002 fde9 0000",
			MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_TABLE_DUMP, 1, "0000 0005 c6336400 18 01 5f5e1000 0a000002 fde9 0001",
			MRT_ODD_ENTRIES_CUT, "" },
		{ MRT_TABLE_DUMP, 2,
			"0000 0006 20010db8 00010000 00000000 00000000 30 01 5f5e1000" HOP_6
			" fde9 002a" ORIGIN PATH_2 REACH,
			MRT_COUNT_FULL_MP_REACH,
			"table 2001:db8:1::/48 from 65001 2001:db8::1 since 1600000000 via 2001:db8::1 path 65001\n" },
		{ MRT_TABLE_DUMP_V2, 2, "00000000" NET "0001 0000 00000000 0020" PATH HOP,
			MRT_ODD_ENTRIES_CUT, "" },
		{ MRT_BGP4MP, 1, "fde9 fdea" ENDS "00", MRT_ODD_MALFORMED_MESSAGE, "" },
		{ MRT_BGP4MP, 1, "fde9 fdea" ENDS MARKER "0014 02 00",
			MRT_ODD_MALFORMED_MESSAGE, "" },
		{ MRT_BGP4MP, 1, "fde9 fdea" ENDS MARKER "0017 02 0005 0000",
			MRT_ODD_MALFORMED_MESSAGE, "" },
		{ MRT_BGP4MP, 1, "fde9 fdea" ENDS MARKER "0013 04 00", MRT_ODD_TRAILING_BYTES,
			"message of type 4\n" },
		{ MRT_BGP4MP, 1, "fde9", MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_BGP4MP, 0, "fde9 fdea" ENDS "0001 00", MRT_ODD_MALFORMED_RECORD, "" },
		{ MRT_BGP4MP_ET, 0, "000000", MRT_ODD_MALFORMED_RECORD, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct file file = { .length = 0 };
		struct story story;

		add(&file, rows[i].type, rows[i].subtype, rows[i].body);
		story_of(&file, file.length, &story);
		if (story.reader.counts[rows[i].count] != 1)
			fail_msg("row %zu: %s is %llu", i, mrt_count_key(rows[i].count),
				(unsigned long long)story.reader.counts[rows[i].count]);
		assert_string_equal(story.text, rows[i].story);
		mrt_reader_clear(&story.reader);
	}
}

/* What RFC 7606 says of attributes is told with the route. */
static void test_bad_attributes(void **state)
{
	static const struct {
		const char *entry;
		enum mrt_count count;
		const char *end;
	} rows[] = {
		{ "0000 00000000 0020" PATH, MRT_ODD_ENTRIES_CUT, NULL },
		{ "0000 00000000 0010" PATH HOP, MRT_ODD_MALFORMED_ATTRIBUTES,
			" via 192.0.2.1 path 65001 treat-as-withdraw\n" },
		{ "0000 00000000 0018" V4_LIST "400601 00", MRT_ODD_DISCARDED_ATTRIBUTES,
			" via 192.0.2.1 path 65001 attribute-discard\n" },
		{ "0000 00000000 0018" V4_LIST "c06301 00", MRT_ODD_UNKNOWN_ATTRIBUTES,
			" via 192.0.2.1 path 65001\n" },
		{ "0000 00000000 0016" V4_LIST "c008", MRT_ODD_MALFORMED_ATTRIBUTES,
			" via 192.0.2.1 path 65001 treat-as-withdraw\n" },
		{ "0000 00000000 0013" ORIGIN PATH "800e03 05 0a00",
			MRT_ODD_MALFORMED_ATTRIBUTES, " via - path 65001 treat-as-withdraw\n" },
		{ "0000 00000000 0016" V4_LIST "800e", MRT_ODD_MALFORMED_ATTRIBUTES,
			" via 192.0.2.1 path 65001 treat-as-withdraw\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct file file = { .length = 0 };
		struct story story;
		char body[512];

		snprintf(body, sizeof(body), "00000000" NET "0001%s", rows[i].entry);
		add(&file, MRT_TABLE_DUMP_V2, MRT_RIB_IPV4_UNICAST, body);
		story_of(&file, file.length, &story);
		if (story.reader.counts[rows[i].count] != 1)
			fail_msg("row %zu", i);
		if (rows[i].end != NULL)
			assert_non_null(strstr(story.text, rows[i].end));
		mrt_reader_clear(&story.reader);
	}
}

/* Every cut of every record, its length telling the truth about the cut: something is counted,
 * nothing else happens, and the record behind it is read. */
static void test_cut(void **state)
{
	struct file whole = { .length = 0 };

	(void)state;
	add(&whole, MRT_BGP4MP_ET, MRT_MESSAGE_AS4, "0001e240 0000fde9 0000fdea" ENDS UPDATE);
	for (size_t cut = MRT_HEADER_SIZE; cut < whole.length; cut++) {
		struct file file = whole;
		struct story story;

		file.length = cut;
		bytes_put_u32(file.bytes + 8, (uint32_t)(cut - MRT_HEADER_SIZE));
		add(&file, MRT_BGP4MP, MRT_STATE_CHANGE, "fde9 fdea" ENDS "0001 0002");
		story_of(&file, 3, &story);
		assert_string_equal(
			story.text, "state 65001 10.0.0.2 1 -> 2 at 1700000000000000000\n");
		assert_int_equal(story.reader.counts[MRT_ODD_MALFORMED_RECORD] +
					 story.reader.counts[MRT_ODD_MALFORMED_MESSAGE],
			1);
		mrt_reader_clear(&story.reader);
	}
}

/* ---- The stream. ---- */

/* A record longer than the cap is passed over, without room for it. */
static void test_long_record(void **state)
{
	static uint8_t zeroes[65536];
	struct file file = { .length = 0 };
	struct mrt_stream stream = { 0 };
	struct mrt_record record;
	size_t room, left = MRT_RECORD_MAX + 1;
	uint8_t *target;

	(void)state;
	add(&file, MRT_BGP4MP, MRT_STATE_CHANGE, "fde9 fdea" ENDS "0001 0002");
	target = mrt_stream_room(&stream, sizeof(zeroes), &room);
	memcpy(target, file.bytes, MRT_HEADER_SIZE);
	bytes_put_u32(target + 8, (uint32_t)left);
	mrt_stream_filled(&stream, MRT_HEADER_SIZE);
	assert_false(mrt_stream_next(&stream, &record));
	while (left > 0) {
		size_t some = left < sizeof(zeroes) ? left : sizeof(zeroes);

		target = mrt_stream_room(&stream, sizeof(zeroes), &room);
		memcpy(target, zeroes, some);
		mrt_stream_filled(&stream, some);
		assert_false(mrt_stream_next(&stream, &record));
		left -= some;
	}
	assert_true(stream.room < 4 * sizeof(zeroes));
	target = mrt_stream_room(&stream, file.length, &room);
	memcpy(target, file.bytes, file.length);
	mrt_stream_filled(&stream, file.length);
	assert_true(mrt_stream_next(&stream, &record));
	assert_int_equal(record.type, MRT_BGP4MP);
	assert_int_equal(stream.long_records, 1);
	assert_int_equal(stream.records, 1);
	assert_int_equal(mrt_stream_left(&stream), 0);
	mrt_stream_clear(&stream);
}

static void test_end_inside(void **state)
{
	struct file file = { .length = 0 };
	struct story story;

	(void)state;
	add(&file, MRT_TABLE_DUMP_V2, MRT_PEER_INDEX_TABLE, PEERS);
	file.length--;
	story_of(&file, 10, &story);
	assert_string_equal(story.text, "");
	assert_int_equal(story.left, file.length);
	mrt_reader_clear(&story.reader);
}

/* ---- Writing. ---- */

static void put(struct file *file, const struct writer *w, const uint8_t *bytes)
{
	assert_false(w->failed);
	memcpy(file->bytes + file->length, bytes, writer_length(w));
	file->length += writer_length(w);
}

static void test_write(void **state)
{
	static const uint8_t path[] = { 2, 1, 0, 0, 0xfd, 0xe9 };
	const struct wall_time time = { 1700000000123456000 };
	struct bgp_attributes attributes = { .as_path = path, .as_path_size = sizeof(path) };
	struct mrt_peer peers[2] = { { .router_id = 1, .asn = 4200000000 },
		{ .router_id = 2, .asn = 65002 } };
	struct prefix four, six;
	struct file file = { .length = 0 };
	struct mrt_rib_writer rib;
	uint8_t bytes[1024];
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	address_parse("10.0.0.2", &peers[0].address);
	address_parse("2001:db8::2", &peers[1].address);
	prefix_parse("198.51.100.0/23", &four);
	prefix_parse("2001:db8:1::/48", &six);
	mrt_peer_table_write(&w, time, 0x0a000001, "lab", peers, 2);
	address_parse("192.0.2.1", &attributes.next_hop);
	rib = mrt_rib_begin(&w, time, 9, &four, BGP_SAFI_UNICAST, false);
	mrt_rib_add(&rib, 0, 1600000000, 5, &attributes);
	mrt_rib_add(&rib, 1, 1600000001, 6, &attributes);
	mrt_rib_end(&rib);
	address_parse("2001:db8::1", &attributes.next_hop);
	rib = mrt_rib_begin(&w, time, 10, &six, BGP_SAFI_MULTICAST, true);
	mrt_rib_add(&rib, 1, 1600000000, 5, &attributes);
	mrt_rib_end(&rib);
	put(&file, &w, bytes);
	expect_story(&file,
		"peers 2 of 0a000001 lab\n"
		"table 198.51.100.0/23 from 4200000000 10.0.0.2 since 1600000000 via 192.0.2.1 path 65001\n"
		"table 198.51.100.0/23 from 65002 2001:db8::2 since 1600000001 via 192.0.2.1 path 65001\n"
		"table 2001:db8:1::/48 safi 2 #5 from 65002 2001:db8::2 since 1600000000 via 2001:db8::1 path 65001\n");
}

/* Every kind of message and state comes back as it was. */
static void test_write_messages(void **state)
{
	const struct wall_time time = { 1700000000123456000 };
	struct mrt_message message = { .interface = 3 };
	uint8_t keepalive[BGP_HEADER_SIZE], bytes[256];
	struct writer k = writer_of(keepalive, sizeof(keepalive));

	(void)state;
	bgp_keepalive_write(&k);
	address_parse("10.0.0.2", &message.peer);
	address_parse("10.0.0.1", &message.local);
	for (unsigned i = 0; i < 16; i++) {
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct mrt_record record;
		struct mrt_message read;

		message.four_octet_as = i & 1;
		message.state_change = i & 2;
		message.sent = !message.state_change && (i & 4);
		message.add_path = !message.state_change && (i & 8);
		message.peer_asn = message.four_octet_as ? 4200000000 : 65001;
		message.local_asn = 65002;
		message.old_state = message.state_change ? 5 : 0;
		message.new_state = message.state_change ? 6 : 0;
		message.message = cursor_of(keepalive, message.state_change ? 0 : 19);
		assert_int_equal(mrt_message_write(&w, time, &message), 0);
		assert_int_equal(
			mrt_frame_read(bytes, writer_length(&w), &record), MRT_FRAME_WHOLE);
		assert_int_equal(record.time.ns, time.ns);
		assert_int_equal(mrt_message_read(&record, &read), 0);
		assert_int_equal(read.peer_asn, message.peer_asn);
		assert_int_equal(read.local_asn, 65002);
		assert_int_equal(read.interface, 3);
		assert_true(read.sent == message.sent && read.add_path == message.add_path);
		assert_true(read.four_octet_as == message.four_octet_as);
		assert_true(read.state_change == message.state_change);
		assert_int_equal(read.new_state, message.new_state);
		assert_true(address_equal(&read.peer, &message.peer));
		assert_true(address_equal(&read.local, &message.local));
		assert_int_equal(cursor_left(&read.message), cursor_left(&message.message));
	}
}

static void test_write_refused(void **state)
{
	struct mrt_message message = { .peer_asn = 70000, .local_asn = 1 };
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	address_parse("10.0.0.2", &message.peer);
	address_parse("10.0.0.1", &message.local);
	assert_int_equal(mrt_message_write(&w, (struct wall_time){ 0 }, &message), ERROR_RANGE);
	message.four_octet_as = true;
	address_parse("2001:db8::1", &message.local);
	assert_int_equal(mrt_message_write(&w, (struct wall_time){ 0 }, &message), ERROR_RANGE);
	assert_int_equal(writer_length(&w), 0);
}

/* No room anywhere: the writer says so, and nothing is written past the end. */
static void test_write_no_room(void **state)
{
	static const uint8_t path[] = { 2, 1, 0, 0, 0xfd, 0xe9 };
	struct bgp_attributes attributes = { .as_path = path, .as_path_size = sizeof(path) };
	struct prefix six;
	uint8_t bytes[128];
	size_t needed = 0;

	(void)state;
	prefix_parse("2001:db8:1::/48", &six);
	address_parse("2001:db8::1", &attributes.next_hop);
	for (size_t room = sizeof(bytes); room > 0; room--) {
		uint8_t *exact = exact_copy(bytes, room);
		struct writer w = writer_of(exact, room);
		struct mrt_rib_writer rib = mrt_rib_begin(
			&w, (struct wall_time){ 0 }, 10, &six, BGP_SAFI_UNICAST, true);

		mrt_rib_add(&rib, 1, 1600000000, 5, &attributes);
		mrt_rib_end(&rib);
		if (needed == 0)
			needed = writer_length(&w);
		assert_true(w.failed == (room < needed));
		free(exact);
	}
}

/* An UPDATE's list becomes a dump's: unknown attributes stay, MP attributes shrink or go, two
 * octets become four. */
static void test_convert(void **state)
{
	static const struct {
		const char *list;
		bool four_octet_as;
		const char *next_hop, *expected;
	} rows[] = {
		{ ORIGIN PATH HOP "c06301 07", true, "192.0.2.1", ORIGIN PATH "c06301 07" HOP },
		{ REACH ORIGIN PATH UNREACH, true, "2001:db8::1", MP_SHORT ORIGIN PATH },
		{ ORIGIN "400206 0202 fde9 5ba0" HOP "c01106 0201 fa56ea00", false, "192.0.2.1",
			ORIGIN "40020c 0201 0000fde9 0201 fa56ea00" HOP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bgp_context context = { .four_octet_as = rows[i].four_octet_as,
			.ibgp = true };
		uint8_t list[256], expected[256], made[256];
		size_t length = hex_read(rows[i].list, list, sizeof(list));
		size_t wanted = hex_read(rows[i].expected, expected, sizeof(expected));
		struct writer w = writer_of(made, sizeof(made));
		struct arena arena = { 0 };
		struct bgp_update update;

		assert_int_equal(
			bgp_attributes_read(cursor_of(list, length), &context, &arena, &update),
			0);
		address_parse(rows[i].next_hop, &update.attributes.next_hop);
		assert_int_equal(mrt_attributes_convert(&w, cursor_of(list, length),
					 rows[i].four_octet_as, &update.attributes),
			0);
		assert_int_equal(writer_length(&w), wanted);
		assert_memory_equal(made, expected, wanted);
		arena_clear(&arena);
	}
}

static void test_names(void **state)
{
	char text[MRT_NAME_MAX];

	(void)state;
	assert_string_equal(mrt_name(13, 2, text), "TABLE_DUMP_V2/RIB_IPV4_UNICAST");
	assert_string_equal(mrt_name(17, 4, text), "BGP4MP_ET/MESSAGE_AS4");
	assert_string_equal(mrt_name(13, 0, text), "TABLE_DUMP_V2/0");
	assert_string_equal(mrt_name(11, 2, text), "type 11/2");
	for (int i = 0; i < MRT_COUNT_COUNT; i++) {
		assert_non_null(mrt_count_key((enum mrt_count)i));
		assert_non_null(mrt_count_text((enum mrt_count)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_v1),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_message_two_octets),
		cmocka_unit_test(test_message_both),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_bad_attributes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long_record),
		cmocka_unit_test(test_end_inside),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_messages),
		cmocka_unit_test(test_write_refused),
		cmocka_unit_test(test_write_no_room),
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
