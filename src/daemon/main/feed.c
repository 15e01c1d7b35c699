/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child needs to begin, and to go on.
 *
 * Invariants:
 *  1. A child that is started anew hears the same as the one before it, in the same order:
 *     configuration, lease, sockets, secrets, routes.
 *  2. A secret leaves main only for the speaker, and main keeps none.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/main/main_process.h"
#include "daemon/slurm.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"

int feed_send(struct main_process *main, enum process process, const void *record,
	size_t length, int fd)
{
	struct channel *channel = main->slots[process].channel;
	int r = channel == NULL ? ERROR_STATE : channel_send(channel, record, length, fd);

	if (r != 0 && r != ERROR_STATE)
		log_event(LOG_ERROR, "channel", "a record for %s is lost: %s",
			process_name(process), error_name((enum error_code)r));
	return r;
}

void feed_renew(struct main_process *main)
{
	struct record_renew record = {
		.head = { .type = RECORD_RENEW },
		.lease = main->config->lease,
		.withdraw_after = main->config->lease_after == AFTER_WITHDRAW,
	};

	(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
}

/* The configuration as text without any word on passwords: those travel by RECORD_SECRET. */
static int config_text(const struct config *config, struct text *text)
{
	struct config bare = *config;

	bare.neighbors = malloc(config->neighbor_count * sizeof(*bare.neighbors) + 1);
	if (bare.neighbors == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < config->neighbor_count; i++) {
		bare.neighbors[i] = config->neighbors[i];
		bare.neighbors[i].password = (struct config_secret){ .source = SECRET_NONE };
	}
	config_print(&bare, true, false, text);
	free(bare.neighbors);
	return text->failed ? ERROR_MEMORY : 0;
}

static void config_send(struct main_process *main, enum process process, bool restarting)
{
	struct record_config record = {
		.head = { .type = RECORD_CONFIG },
		.generation = main->generation,
		.restarting = restarting,
	};
	struct error error = { 0 };
	struct text text = { 0 };
	int fd = -1, r = config_text(main->config, &text);

	record.length = text.length;
	if (r != 0 || file_in_memory("nearcast-config", text_string(&text), text.length, &fd,
			      &error) != 0)
		log_event(LOG_ERROR, "config", "cannot pass the configuration on: %s",
			r != 0 ? "no memory" : error.text);
	else
		(void)feed_send(main, process, &record, sizeof(record), fd);
	if (fd >= 0)
		close(fd);
	text_clear(&text);
}

/* For every neighbour, also those without one: the speaker waits for it. */
static void secrets_send(struct main_process *main)
{
	for (size_t i = 0; i < main->config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &main->config->neighbors[i];
		struct record_secret record = { .head = { .type = RECORD_SECRET } };
		struct error error = { 0 };

		memcpy(record.neighbor, neighbor->name, strlen(neighbor->name));
		if (secret_read(&neighbor->password, record.bytes, sizeof(record.bytes),
			    &record.length, &error) != 0)
			/* Without its password a session must not come up at all: it stays
			 * shut. */
			log_fields(LOG_ERROR, "secret", error.text, "neighbor", neighbor->name,
				NULL);
		else
			(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), -1);
		explicit_bzero(&record, sizeof(record));
	}
}

int feed_secrets_check(const struct config *config, struct error *error)
{
	uint8_t bytes[sizeof(((struct record_secret *)0)->bytes)], length;
	int r = 0;

	for (size_t i = 0; i < config->neighbor_count && r == 0; i++) {
		struct error reason = { 0 };

		r = secret_read(
			&config->neighbors[i].password, bytes, sizeof(bytes), &length, &reason);
		if (r != 0)
			error_set(error, (enum error_code)r, "the password of neighbour %s: %s",
				config->neighbors[i].name, reason.text);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/* *ret_text is the caller's; NULL if none is configured. */
static int exceptions_read(
	const struct config *config, char **ret_text, size_t *ret_length, struct error *error)
{
	struct error reason = { 0 };
	struct slurm slurm = { 0 };
	int r;

	*ret_text = NULL;
	*ret_length = 0;
	if (config->rpki.slurm == NULL)
		return 0;
	r = file_read(config->rpki.slurm, SLURM_MAX, ret_text, ret_length, &reason);
	if (r == 0) {
		r = slurm_read(*ret_text, *ret_length, &slurm, &reason);
		slurm_clear(&slurm);
	}
	if (r != 0) {
		free(*ret_text);
		*ret_text = NULL;
		(void)error_set(error, (enum error_code)r, "the SLURM file %s: %s",
			config->rpki.slurm, reason.text);
	}
	return r;
}

int feed_exceptions_check(const struct config *config, struct error *error)
{
	char *text;
	size_t length;
	int r = exceptions_read(config, &text, &length, error);

	free(text);
	return r;
}

void feed_exceptions(struct main_process *main)
{
	struct record_exceptions record = { .head = { .type = RECORD_EXCEPTIONS } };
	struct error error = { 0 };
	char *text;
	size_t length;
	int fd = -1, r = exceptions_read(main->config, &text, &length, &error);

	if (r == 0 && text != NULL)
		r = file_in_memory("nearcast-slurm", text, length, &fd, &error);
	record.length = text == NULL ? 0 : length;
	/* What cannot be read now leaves the exceptions that are in force. */
	if (r != 0)
		log_event(LOG_ERROR, "rpki", "%s", error.text);
	else
		(void)feed_send(main, PROCESS_SPEAKER, &record, sizeof(record), fd);
	if (fd >= 0)
		close(fd);
	free(text);
}

static void http_send(struct main_process *main)
{
	struct record_http record = { .head = { .type = RECORD_HTTP },
		.enabled = main->config->http.enabled };
	size_t length = strlen(main->config->site);

	memcpy(record.site, main->config->site,
		length < sizeof(record.site) ? length : sizeof(record.site) - 1);
	(void)feed_send(main, PROCESS_API, &record, sizeof(record), -1);
}

/* The api asks the speaker without a way through us. Each new one of the two gets a new pair.
 */
static void api_join_speaker(struct main_process *main)
{
	struct record_listener to_api = { .head = { .type = RECORD_LISTENER },
		.kind = LISTENER_SPEAKER };
	struct record_listener to_speaker = { .head = { .type = RECORD_LISTENER },
		.kind = LISTENER_API };
	struct error error = { 0 };
	int fds[2];

	if (main->slots[PROCESS_API].channel == NULL ||
		main->slots[PROCESS_SPEAKER].channel == NULL)
		return;
	if (channel_pair(fds, &error) != 0) {
		log_event(LOG_ERROR, "channel", "%s", error.text);
		return;
	}
	(void)feed_send(main, PROCESS_API, &to_api, sizeof(to_api), fds[0]);
	(void)feed_send(main, PROCESS_SPEAKER, &to_speaker, sizeof(to_speaker), fds[1]);
	close(fds[0]);
	close(fds[1]);
}

void feed_config(struct main_process *main, enum process process, bool restarting)
{
	if (process == PROCESS_API) {
		http_send(main);
		return;
	}
	config_send(main, process, restarting);
	if (process != PROCESS_SPEAKER)
		return;
	feed_renew(main);
	feed_exceptions(main);
	secrets_send(main);
}

void feed_child(struct main_process *main, enum process process)
{
	if (process == PROCESS_SPEAKER) {
		config_send(main, process, main->forwarding_kept);
		feed_renew(main);
		sockets_send(main, process);
		feed_exceptions(main);
		secrets_send(main);
		main_neighbors_shut(main);
		main_bfd_resend(main);
		main->synced = false;
		routes_resend(main);
	} else {
		feed_config(main, process, false);
		sockets_send(main, process);
	}
	if (process == PROCESS_API || process == PROCESS_SPEAKER)
		api_join_speaker(main);
}
