/* SPDX-License-Identifier: Apache-2.0 */
/* OpenMetrics: the samples of given numbers, and the grammar of whatever is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/api/metrics.h"

static const char main_json[] =
	"{\"version\":\"0.1.0\",\"site\":\"fra\\\"1\\\\\\n\",\"generation\":3,\"uptime_seconds\":3601.5,"
	"\"reloads\":2,\"reload_failures\":0,\"last_reload_ok\":true,\"suspected\":false,\"events\":17,"
	"\"services\":[{\"name\":\"dns\",\"state\":\"up\",\"wanted\":true,\"healthy\":true,"
	"\"announced\":false,\"neighbors_wanted\":2,\"neighbors_announced\":1,\"drained\":false,"
	"\"flaps\":1,\"penalty\":12.5,\"state_seconds\":42.0,\"changes\":3,\"checks\":[{\"name\":"
	"\"dns-2\",\"type\":\"dns\",\"state\":\"up\",\"up\":true,\"probes\":512,\"failures\":4,"
	"\"latency_seconds\":0.0004},{\"name\":\"all-1\",\"type\":\"all\",\"state\":\"up\",\"up\":true,"
	"\"probes\":0,\"failures\":0,\"latency_seconds\":null}]}],\"processes\":[{\"name\":\"speaker\","
	"\"up\":true,\"restarts\":0,\"memory_bytes\":4096000,\"cpu_seconds\":0.25}]}";

static const char speaker_json[] =
	"{\"neighbors\":[{\"name\":\"a\",\"asn\":64501,\"state\":\"Established\",\"established\":true,"
	"\"admin_down\":false,\"prefixes\":{\"ipv4\":{\"received\":5,\"stale\":0,\"advertised\":1,"
	"\"pending\":0}},\"counters\":{\"updates-in\":7,\"bytes-out\":99,\"treat-as-withdraw\":2,"
	"\"collisions\":1}}]}";

static const char *const expected[] = {
	("# TYPE nearcast_build info\n# HELP nearcast_build What is running where.\n"
	 "nearcast_build_info{version=\"0.1.0\",site=\"fra\\\"1\\\\\\n\"} 1\n"),
	"# UNIT nearcast_uptime_seconds seconds\n",
	"nearcast_uptime_seconds 3601.5\n",
	"nearcast_reloads_total 2\n",
	"nearcast_last_reload_ok 1\n",
	"nearcast_service_wanted{service=\"dns\"} 1\n",
	"nearcast_service_healthy{service=\"dns\"} 1\n",
	"nearcast_service_announced{service=\"dns\"} 0\n",
	"nearcast_service_state{service=\"dns\",nearcast_service_state=\"up\"} 1\n",
	"nearcast_service_state{service=\"dns\",nearcast_service_state=\"down\"} 0\n",
	"nearcast_service_damping_penalty{service=\"dns\"} 12.5\n",
	"nearcast_check_latency_seconds{service=\"dns\",check=\"dns-2\",type=\"dns\"} 0.0004\n# ",
	"nearcast_check_failures_total{service=\"dns\",check=\"dns-2\",type=\"dns\"} 4\n",
	"nearcast_process_memory_bytes{process=\"speaker\"} 4096000\n",
	"nearcast_process_cpu_seconds_total{process=\"speaker\"} 0.25\n",
	"nearcast_neighbor_state{neighbor=\"a\",nearcast_neighbor_state=\"Established\"} 1\n",
	"nearcast_neighbor_prefixes{neighbor=\"a\",family=\"ipv4\",kind=\"received\"} 5\n",
	"nearcast_neighbor_messages_total{neighbor=\"a\",type=\"update\",direction=\"in\"} 7\n",
	"nearcast_neighbor_bytes_total{neighbor=\"a\",direction=\"out\"} 99\n",
	"nearcast_neighbor_malformed_total{neighbor=\"a\",action=\"treat-as-withdraw\"} 2\n",
	"nearcast_neighbor_session_events_total{neighbor=\"a\",event=\"collisions\"} 1\n",
};

static void print(const char *main, const char *speaker, struct text *out)
{
	json_t *main_root = main == NULL ? NULL : json_loads(main, 0, NULL);
	json_t *speaker_root = speaker == NULL ? NULL : json_loads(speaker, 0, NULL);

	assert_int_equal(main == NULL, main_root == NULL);
	assert_int_equal(speaker == NULL, speaker_root == NULL);
	metrics_print(main_root, speaker_root, out);
	json_decref(main_root);
	json_decref(speaker_root);
}

static void prints_samples(void **state)
{
	struct text out = { 0 };

	(void)state;
	print(main_json, speaker_json, &out);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (strstr(text_string(&out), expected[i]) == NULL)
			fail_msg("missing: %s in:\n%s", expected[i], text_string(&out));
	}
	text_clear(&out);
}

/* Every sample stands behind the TYPE of its own family, and no family comes twice. */
static void keeps_families_together(void **state)
{
	struct text out = { 0 }, seen = { 0 };
	char *rest, *line, family[128] = "";

	(void)state;
	print(main_json, speaker_json, &out);
	rest = out.bytes;
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
		char mark[140];

		if (sscanf(line, "# TYPE %127s", family) == 1) {
			snprintf(mark, sizeof(mark), " %s ", family);
			assert_null(strstr(text_string(&seen), mark));
			text_add(&seen, mark);
		} else if (line[0] != '#') {
			assert_memory_equal(line, family, strlen(family));
		}
	}
	text_clear(&out);
	text_clear(&seen);
}

static void ends_whatever_is_missing(void **state)
{
	struct text out = { 0 };

	(void)state;
	print(NULL, NULL, &out);
	assert_string_equal(text_string(&out), "# EOF\n");
	text_reset(&out);
	print("{}", "{}", &out);
	assert_null(strstr(text_string(&out), "service"));
	text_reset(&out);
	print(main_json, NULL, &out);
	assert_null(strstr(text_string(&out), "neighbor_state"));
	assert_string_equal(out.bytes + out.length - 6, "# EOF\n");
	text_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_samples),
		cmocka_unit_test(keeps_families_together),
		cmocka_unit_test(ends_whatever_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
