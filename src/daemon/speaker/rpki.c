/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RPKI in the speaker process: caches from the configuration, exceptions from main, changes to
 * whoever validates.
 *
 * Invariants:
 *  1. A reload keeps the session and the data of every cache whose address did not change.
 *  2. Exceptions that do not read leave the old ones in force.
 *  3. A change is passed on once, after the work that caused it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/slurm.h"
#include "daemon/speaker/rpki_internal.h"
#include "os/clock.h"
#include "os/log.h"

#define INPUT_SIZE 65536

static void on_timer(uv_timer_t *timer)
{
	struct rpki *rpki = timer->data;

	rtr_tick(rpki->client, clock_now());
	rpki_settle(rpki);
}

static void failures_tell(struct rpki *rpki)
{
	list_for_each(node, &rpki->links) {
		struct rpki_link *link = container_of(node, struct rpki_link, link);
		char reason[sizeof(link->failure)];

		if (link->failure[0] == '\0' || link->cache == NULL)
			continue;
		memcpy(reason, link->failure, sizeof(reason));
		link->failure[0] = '\0';
		rtr_closed(rpki->client, link->cache, reason, clock_now());
	}
}

static void changes_pass(struct rpki *rpki)
{
	struct rpki_change *change = rpki_table_change_take(rpki->table);

	if (change == NULL)
		return;
	rpki->changes++;
	rpki->changed_prefixes += rpki_change_prefixes(change);
	rpki->changed_customers += rpki_change_customers(change);
	rpki->changed_at = clock_now();
	if (rpki->changed != NULL)
		rpki->changed(rpki->context, change);
	rpki_change_free(change);
}

void rpki_settle(struct rpki *rpki)
{
	struct instant deadline;
	int64_t ms;

	if (rpki->closing)
		return;
	failures_tell(rpki);
	changes_pass(rpki);
	deadline = rtr_deadline(rpki->client);
	if (deadline.ns == INSTANT_NEVER.ns) {
		uv_timer_stop(&rpki->timer);
		return;
	}
	/* Rounded up: a timer that fires early would only fire again. */
	ms = (instant_since(deadline, clock_now()).ns + 999999) / 1000000;
	uv_update_time(rpki->loop);
	uv_timer_start(&rpki->timer, on_timer, ms < 0 ? 0 : (uint64_t)ms, 0);
}

/* ---- Events ---- */

static void on_event(void *context, const struct rtr_event *event)
{
	struct rpki *rpki = context;
	struct record_rpki_event record = {
		.head = { .type = RECORD_RPKI_EVENT },
		.event = event->type,
		.serial = event->serial,
		.records = event->records,
		.version = event->version,
		.complete = event->complete,
	};
	struct rtr_cache_view view;

	if (rpki->channel == NULL)
		return;
	if (event->cache != NULL) {
		rtr_cache_view(rpki->client, event->cache, clock_now(), &view);
		snprintf(record.cache, sizeof(record.cache), "%s", view.settings->name);
	}
	snprintf(record.reason, sizeof(record.reason), "%s", event->reason);
	(void)channel_send(rpki->channel, &record, sizeof(record), -1);
}

/* ---- Life ---- */

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void parts_free(struct rpki *rpki)
{
	rtr_client_free(rpki->client);
	rpki_table_free(rpki->table);
	free(rpki->input);
	rpki->client = NULL;
	rpki->table = NULL;
	rpki->input = NULL;
}

struct rpki *rpki_new(uv_loop_t *loop, rpki_changed *changed, void *context)
{
	struct rpki *rpki = calloc(1, sizeof(*rpki));
	struct rtr_sink sink = { rpki, rpki_link_connect, rpki_link_disconnect, rpki_link_send,
		on_event };

	if (rpki == NULL)
		return NULL;
	list_init(&rpki->links);
	rpki->loop = loop;
	rpki->changed = changed;
	rpki->context = context;
	rpki->table = rpki_table_new();
	if (rpki->table != NULL)
		rpki->client = rtr_client_new(rpki->table, &sink);
	rpki->input = malloc(INPUT_SIZE);
	if (rpki->client == NULL || rpki->input == NULL) {
		parts_free(rpki);
		free(rpki);
		return NULL;
	}
	uv_timer_init(loop, &rpki->timer);
	rpki->timer.data = rpki;
	return rpki;
}

static void link_remove(struct rpki *rpki, struct rpki_link *link)
{
	rtr_cache_remove(rpki->client, link->cache, clock_now());
	list_remove(&link->link);
	free(link);
}

void rpki_close(struct rpki *rpki)
{
	if (rpki == NULL)
		return;
	rpki->closing = true;
	rpki->channel = NULL;
	list_for_each_safe(node, &rpki->links)
		link_remove(rpki, container_of(node, struct rpki_link, link));
	parts_free(rpki);
	uv_close((uv_handle_t *)&rpki->timer, timer_closed);
}

void rpki_channel(struct rpki *rpki, struct channel *channel)
{
	rpki->channel = channel;
}

const struct rpki_table *rpki_table(const struct rpki *rpki)
{
	return rpki->table;
}

/* ---- Configuration ---- */

static struct rtr_cache_settings settings_of(const struct config_rpki_cache *c)
{
	struct rtr_cache_settings settings = { .preference = c->preference,
		.version = c->version,
		.refresh = c->refresh,
		.retry = c->retry,
		.expire = c->expire };

	snprintf(settings.name, sizeof(settings.name), "%s", c->name);
	return settings;
}

static const struct config_rpki_cache *cache_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->rpki.cache_count; i++)
		if (strcmp(config->rpki.caches[i].name, name) == 0)
			return &config->rpki.caches[i];
	return NULL;
}

static void links_drop_missing(struct rpki *rpki, const struct config *config)
{
	list_for_each_safe(node, &rpki->links) {
		struct rpki_link *link = container_of(node, struct rpki_link, link);
		struct rtr_cache_view view;

		rtr_cache_view(rpki->client, link->cache, clock_now(), &view);
		if (cache_find(config, view.settings->name) == NULL)
			link_remove(rpki, link);
	}
}

static void link_place(struct rpki_link *link, const struct config_rpki_cache *c)
{
	link->address = c->address;
	link->local_address = c->local_address;
	link->port = c->port;
}

static bool link_moved(const struct rpki_link *link, const struct config_rpki_cache *c)
{
	return !address_equal(&link->address, &c->address) || link->port != c->port ||
	       !address_equal(&link->local_address, &c->local_address);
}

static void link_change(
	struct rpki *rpki, struct rpki_link *link, const struct config_rpki_cache *c)
{
	struct rtr_cache_settings settings = settings_of(c);
	bool moved = link_moved(link, c);

	link_place(link, c);
	rtr_cache_change(rpki->client, link->cache, &settings, clock_now());
	if (moved)
		rtr_cache_move(rpki->client, link->cache, clock_now());
}

static int link_add(struct rpki *rpki, const struct config_rpki_cache *c)
{
	struct rtr_cache_settings settings = settings_of(c);
	struct rpki_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return ERROR_MEMORY;
	link->rpki = rpki;
	link_place(link, c);
	list_append(&rpki->links, &link->link);
	link->cache = rtr_cache_add(rpki->client, &settings, link, clock_now());
	if (link->cache != NULL)
		return 0;
	list_remove(&link->link);
	free(link);
	return ERROR_FULL;
}

int rpki_apply(struct rpki *rpki, const struct config *config)
{
	int r = 0;

	links_drop_missing(rpki, config);
	for (size_t i = 0; i < config->rpki.cache_count && r == 0; i++) {
		const struct config_rpki_cache *c = &config->rpki.caches[i];
		struct rtr_cache *cache = rtr_cache_by_name(rpki->client, c->name);

		if (cache == NULL)
			r = link_add(rpki, c);
		else
			link_change(rpki, rtr_cache_host(cache), c);
	}
	rpki_settle(rpki);
	return r;
}

/* ---- Exceptions ---- */

static void exceptions_note(struct rpki *rpki, const struct rpki_exceptions *e, bool there)
{
	rpki->has_slurm = there;
	rpki->filters = e->filter_count;
	rpki->assertions = e->assertion_count;
	rpki->aspa_filters = e->aspa_filter_count;
	rpki->aspa_assertions = e->aspa_assertion_count;
	rpki->slurm_error[0] = '\0';
}

static int exceptions_take(
	struct rpki *rpki, const char *text, size_t length, struct error *error)
{
	struct slurm slurm = { 0 };
	int r = length == 0 ? 0 : slurm_read(text, length, &slurm, error);

	if (r == 0) {
		r = rpki_table_except(rpki->table, &slurm.exceptions);
		if (r != 0)
			(void)error_set(error, (enum error_code)r, "out of memory");
	}
	if (r == 0)
		exceptions_note(rpki, &slurm.exceptions, length > 0);
	slurm_clear(&slurm);
	return r;
}

void rpki_exceptions(struct rpki *rpki, const struct record_exceptions *record, int fd)
{
	struct error error = { 0 };
	void *text = NULL;
	int r = 0;

	if (record->length > SLURM_MAX || (record->length > 0 && fd < 0))
		return;
	if (record->length > 0)
		text = mmap(NULL, record->length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		r = error_set(&error, ERROR_SYSTEM, "cannot map it");
	else
		r = exceptions_take(rpki, text, record->length, &error);
	if (text != NULL && text != MAP_FAILED)
		munmap(text, record->length);
	if (r != 0) {
		snprintf(rpki->slurm_error, sizeof(rpki->slurm_error), "%.255s", error.text);
		log_event(LOG_ERROR, "rpki", "the SLURM file is not taken: %s", error.text);
	}
	rpki_settle(rpki);
}
