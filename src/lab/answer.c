/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor does when it is asked. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/clients.h"
#include "lab/flood.h"
#include "lab/internal.h"
#include "lab/serve_internal.h"
#include "lab/server.h"
#include "os/clock.h"

static const char *const kinds[] = {
	[WORLD_ROUTER] = "network",
	[WORLD_EXCHANGE] = "exchange",
	[WORLD_SITE] = "site",
};

static const char *const cuts[] = {
	[LAB_WHOLE] = "up",
	[LAB_CUT] = "cut",
	[LAB_SILENT] = "silent",
};

static const char *const relations[] = {
	[WORLD_IS_PROVIDER] = "provider",
	[WORLD_IS_PEER] = "peer",
	[WORLD_IS_ROUTE_SERVER] = "route-server",
	[WORLD_IS_INTERNAL] = "internal",
};

static const char *const daemons[] = {
	[WORLD_DAEMON_NEARCAST] = "nearcast",
	[WORLD_DAEMON_BIRD] = "bird",
	[WORLD_DAEMON_FRR] = "frr",
	[WORLD_DAEMON_GOBGP] = "gobgp",
	[WORLD_DAEMON_OPENBGPD] = "openbgpd",
};

/* ---- Words of a question ---- */

static const char *word_of(const json_t *question, const char *key)
{
	const char *word = json_string_value(json_object_get(question, key));

	return word == NULL ? "" : word;
}

static int node_of(struct lab *lab, const char *name, uint32_t *ret_node, struct error *error)
{
	const char *meant;

	*ret_node = world_node_find(lab->world, name);
	if (*ret_node != WORLD_NONE)
		return 0;
	meant = world_closest(lab->world, name);
	if (meant != NULL)
		error_hint(error, "did you mean %s?", meant);
	return error_set(error, ERROR_NOT_FOUND, "there is no '%.80s' in this world", name);
}

static int site_of(struct lab *lab, const char *name, uint32_t *ret_node, struct error *error)
{
	int result = node_of(lab, name, ret_node, error);

	if (result == 0 && lab->world->nodes[*ret_node].kind != WORLD_SITE)
		return error_set(error, ERROR_NOT_FOUND, "'%s' is not a site", name);
	return result;
}

/* ---- status ---- */

static json_t *processes_json(const struct lab_node *node)
{
	json_t *list = json_array();

	for (int i = 0; i < LAB_PROCESSES_MAX; i++) {
		const struct lab_process *p = &node->processes[i];

		if (p->name != NULL)
			json_array_append_new(
				list, json_pack("{s:s,s:b,s:b}", "name", p->name, "running",
					      p->pid != 0, "wanted", p->wanted));
	}
	return list;
}

static json_t *node_json(const struct lab *lab, uint32_t number)
{
	const struct world_node *node = &lab->world->nodes[number];
	char address[WORLD_ADDRESS_MAX];

	return json_pack("{s:s,s:s,s:I,s:s,s:s,s:f,s:f,s:s,s:f,s:s,s:i,s:o}", "name",
		node->name, "kind", kinds[node->kind], "asn", (json_int_t)node->asn, "daemon",
		daemons[node->daemon], "city", node->city, "latitude",
		(double)node->place.latitude, "longitude", (double)node->place.longitude,
		"address", world_address(node->loopback, address), "people", node->people,
		"state", lab->nodes[number].down ? "down" : "up", "prepend",
		(int)lab->nodes[number].prepend, "processes",
		processes_json(&lab->nodes[number]));
}

static json_t *link_json(const struct lab *lab, uint32_t number)
{
	const struct world_link *link = &lab->world->links[number];

	return json_pack("{s:s,s:s,s:s,s:s,s:f,s:f,s:I,s:s}", "name", link->name, "from",
		lab->world->nodes[link->node[0]].name, "to",
		lab->world->nodes[link->node[1]].name, "relation", relations[link->relation],
		"delay_ms", (double)link->delay_ns / 1e6, "loss_percent",
		(double)link->loss_ppm / 1e4, "rate_bps", (json_int_t)link->rate_bps, "state",
		cuts[lab->links[number].cut]);
}

static int do_status(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	json_t *nodes = json_array(), *links = json_array();
	char address[WORLD_ADDRESS_MAX];

	(void)question;
	(void)error;
	for (uint32_t i = 0; i < lab->world->node_count; i++)
		json_array_append_new(nodes, node_json(lab, i));
	for (uint32_t i = 0; i < lab->world->link_count; i++)
		json_array_append_new(links, link_json(lab, i));
	reply->answer = json_pack("{s:s,s:s,s:s,s:b,s:b,s:f,s:o,s:o}", "name", lab->name,
		"description",
		lab->world->file->description == NULL ? "" : lab->world->file->description,
		"address", world_address(lab->world->address, address), "user_namespace",
		lab->user_namespace, "delays", lab->relay != NULL, "age_seconds",
		duration_to_seconds(instant_since(clock_now(), lab->started)), "nodes", nodes,
		"links", links);
	return 0;
}

/* ---- enter ---- */

static int do_enter(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	uint32_t node;
	int result = node_of(lab, word_of(question, "node"), &node, error);
	int pids;

	if (result != 0)
		return result;
	pids = lab_open_namespace("pid");
	if (pids < 0)
		return error_set(error, ERROR_SYSTEM, "cannot open a namespace");
	reply->fds[0] = lab->nodes[node].net;
	reply->fds[1] = lab->nodes[node].mount;
	reply->fds[2] = lab->nodes[node].host;
	reply->fds[3] = pids;
	reply->fd_count = 4;
	reply->answer = json_pack("{s:b}", "user_namespace", lab->user_namespace);
	return 0;
}

/* ---- break, mend ---- */

typedef int change_link(struct lab *lab, uint32_t link, enum lab_cut how, struct error *error);
typedef int change_node(struct lab *lab, uint32_t node, enum lab_cut how, struct error *error);
typedef int change_service(struct lab *lab, uint32_t node, struct error *error);

struct change {
	change_link *link;
	change_node *node;
	change_service *service;
};

static int mend_link(struct lab *lab, uint32_t link, enum lab_cut how, struct error *error)
{
	(void)how;
	return lab_mend_link(lab, link, error);
}

static int mend_node(struct lab *lab, uint32_t node, enum lab_cut how, struct error *error)
{
	(void)how;
	return lab_mend_node(lab, node, error);
}

static const struct change breaking = { lab_break_link, lab_break_node, lab_break_service };
static const struct change mending = { mend_link, mend_node, lab_mend_service };

/* "SITE/service", a node, or a link. */
static int change(struct lab *lab, const struct change *change, const json_t *question,
	enum lab_cut how, struct error *error)
{
	const char *what = word_of(question, "what");
	const char *slash = strchr(what, '/');
	char name[WORLD_NAME_MAX];
	uint32_t found;
	int result;

	if (slash != NULL && strcmp(slash, "/service") == 0) {
		snprintf(name, sizeof(name), "%.*s", (int)(slash - what), what);
		result = site_of(lab, name, &found, error);
		return result != 0 ? result : change->service(lab, found, error);
	}
	found = world_link_find(lab->world, what);
	if (found != WORLD_NONE)
		return change->link(lab, found, how, error);
	result = node_of(lab, what, &found, error);
	return result != 0 ? result : change->node(lab, found, how, error);
}

static int do_break(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	(void)reply;
	return change(lab, &breaking, question,
		strcmp(word_of(question, "how"), "silent") == 0 ? LAB_SILENT : LAB_CUT, error);
}

static int do_mend(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	(void)reply;
	return change(lab, &mending, question, LAB_WHOLE, error);
}

static int do_prepend(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	json_int_t times = json_integer_value(json_object_get(question, "times"));
	uint32_t node;
	int result = site_of(lab, word_of(question, "site"), &node, error);

	(void)reply;
	if (result != 0)
		return result;
	if (times < 0 || times > 16)
		return error_set(error, ERROR_RANGE, "between 0 and 16 times");
	lab->nodes[node].prepend = (unsigned)times;
	return lab_reload(lab, node, error);
}

/* ---- Clients ---- */

static int do_pace(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	json_int_t interval = json_integer_value(json_object_get(question, "interval_us"));
	json_int_t timeout = json_integer_value(json_object_get(question, "timeout_ms"));

	(void)reply;
	if (interval < 0 || interval > 10000000 || timeout < 1 || timeout > 60000)
		return error_set(error, ERROR_RANGE, "no such pace");
	return clients_pace(lab->clients, (uint32_t)interval, (uint32_t)timeout, error);
}

static int do_mark(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	(void)question;
	reply->answer = json_pack("{s:I}", "now_ns", (json_int_t)clock_now().ns);
	return clients_mark(lab->clients, error);
}

static int do_settle(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	(void)question;
	(void)reply;
	return clients_settle(lab->clients, error);
}

static int do_served(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	uint32_t served, count;
	int result = clients_served(lab->clients, &served, &count, error);

	(void)question;
	if (result == 0)
		reply->answer = json_pack("{s:i,s:i,s:f}", "served", (int)served, "clients",
			(int)count, "age_seconds",
			duration_to_seconds(instant_since(clock_now(), lab->started)));
	return result;
}

static double ms_of(struct duration d)
{
	return (double)d.ns / 1e6;
}

static json_t *changes_json(const struct client_report *r)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < r->change_kept; i++) {
		const struct outage_change *c = &r->changes[i];

		json_array_append_new(list,
			json_pack("{s:s,s:s,s:I,s:f,s:f}", "from", r->sites[c->from].name, "to",
				r->sites[c->to].name, "lost", (json_int_t)c->lost, "gap_ms",
				ms_of(instant_since(c->first_new.sent, c->last_old.sent)),
				"after_ms", ms_of(instant_since(c->first_new.sent, r->since))));
	}
	return list;
}

static json_t *report_json(const struct lab *lab, uint32_t node, const struct client_report *r)
{
	json_t *sites = json_object(), *report;

	for (uint16_t i = 0; i < r->site_count; i++)
		if (r->sites[i].answered > 0)
			json_object_set_new(sites, r->sites[i].name,
				json_integer((json_int_t)r->sites[i].answered));
	report = json_pack("{s:s,s:f,s:I,s:I,s:I,s:o,s:s,s:f,s:f,s:f,s:f,s:f,s:I,s:I,s:o}",
		"client", lab->world->nodes[node].name, "people",
		lab->world->nodes[node].people, "sent", (json_int_t)r->sent, "answered",
		(json_int_t)r->answered, "lost", (json_int_t)r->lost, "sites", sites, "site",
		r->site_now == ASKER_SITE_NONE ? "" : r->sites[r->site_now].name, "rtt_min_ms",
		ms_of(r->rtt_least), "rtt_median_ms", ms_of(r->rtt_median), "rtt_p95_ms",
		ms_of(r->rtt_p95), "rtt_max_ms", ms_of(r->rtt_greatest), "silence_ms",
		ms_of(r->silence), "outages", (json_int_t)r->outage_count, "held_back",
		(json_int_t)r->held_back, "changes", changes_json(r));
	json_object_set_new(
		report, "outage_ms", json_real(ms_of(outage_span_length(&r->outage))));
	json_object_set_new(report, "outage_lost", json_integer((json_int_t)r->outage.lost));
	json_object_set_new(report, "outage_open", json_boolean(r->outage.open));
	return report;
}

static int do_report(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	json_t *clients = json_array();
	int result = 0;

	(void)question;
	for (uint32_t i = 0; i < lab->world->node_count && result == 0; i++) {
		struct client_report report;

		if (lab->world->nodes[i].people <= 0)
			continue;
		result = clients_report(lab->clients, i, &report, error);
		if (result == 0)
			json_array_append_new(clients, report_json(lab, i, &report));
	}
	reply->answer = json_pack("{s:o}", "clients", clients);
	return result;
}

/* ---- Floods ---- */

static int do_flood(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	struct flood_options options = { .kind = FLOOD_DNS, .port = 53 };
	uint32_t node;
	int result = node_of(lab, word_of(question, "client"), &node, error);

	(void)reply;
	if (result != 0)
		return result;
	flood_stop(lab->flood, NULL);
	lab->flood = NULL;
	options.netns_fd = lab->nodes[node].net;
	options.host_device = lab->host_device;
	options.host_inode = lab->host_inode;
	options.source = address_ipv4(lab->world->nodes[node].loopback);
	options.target = address_ipv4(lab->world->address);
	options.packets_per_s =
		(uint32_t)json_integer_value(json_object_get(question, "packets_per_s"));
	options.duration_ms =
		(uint32_t)json_integer_value(json_object_get(question, "duration_ms"));
	return flood_start(&options, &lab->flood, error);
}

/* What each site's service has been asked, ever. */
static int do_counters(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	json_t *sites = json_object();
	struct flood_report sent = { 0 };

	(void)question;
	(void)error;
	for (uint32_t i = 0; i < lab->world->node_count; i++) {
		struct server_counters counters;
		char folder[LAB_PATH_MAX], path[LAB_PATH_MAX + 32];

		if (lab->world->nodes[i].kind != WORLD_SITE)
			continue;
		lab_folder(lab, i, folder);
		snprintf(path, sizeof(path), "%s/service.counters", folder);
		if (server_counters_read(path, &counters, NULL) == 0)
			json_object_set_new(sites, lab->world->nodes[i].name,
				json_integer((json_int_t)counters.dns_udp_requests));
	}
	if (lab->flood != NULL)
		flood_look(lab->flood, &sent);
	reply->answer = json_pack("{s:o,s:I,s:b}", "sites", sites, "flood_sent",
		(json_int_t)sent.sent, "flood_running", sent.running);
	return 0;
}

static int do_down(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	(void)lab;
	(void)question;
	(void)error;
	reply->over = true;
	return 0;
}

/* ---- The table ---- */

static const struct {
	const char *word;
	int (*run)(struct lab *lab, const json_t *question, struct lab_reply *reply,
		struct error *error);
} table[] = {
	{ "status", do_status },
	{ "enter", do_enter },
	{ "break", do_break },
	{ "mend", do_mend },
	{ "prepend", do_prepend },
	{ "pace", do_pace },
	{ "mark", do_mark },
	{ "settle", do_settle },
	{ "served", do_served },
	{ "report", do_report },
	{ "flood", do_flood },
	{ "counters", do_counters },
	{ "down", do_down },
};

int lab_do(
	struct lab *lab, const json_t *question, struct lab_reply *reply, struct error *error)
{
	const char *word = word_of(question, "do");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].word, word) == 0)
			return table[i].run(lab, question, reply, error);
	return error_set(error, ERROR_MALFORMED, "there is no '%.40s'", word);
}
