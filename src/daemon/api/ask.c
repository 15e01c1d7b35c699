/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to main and the speaker: each goes out as a RECORD_QUERY, comes back as one or more
 * RECORD_REPLY with the same id, and ends with one call of done().
 *
 * Invariants:
 *  1. done() is called exactly once, unless the question was cancelled.
 *  2. An answer is never longer than ANSWER_MAX; a reply to a question that is not there (any
 *     more) is ignored.
 *  3. A reply counts only if it comes from whom was asked.
 *  4. Whoever may only look can't keep others from asking, nor main from its work: such
 * questions are limited in number, waiting and a second.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/api/api.h"
#include "os/clock.h"

#define ASKS_MAX       256u
#define LOOKS_MAX      192u /* of these, read-only ones may take */
#define LOOKS_A_SECOND 300u
#define ANSWER_MAX     (32u << 20) /* bytes */
#define ARGUMENT_MAX   (CHANNEL_RECORD_MAX - sizeof(struct record_query))

struct ask {
	struct list link;
	struct api *api;
	uint64_t id;
	enum process whom;
	struct instant deadline;
	struct text answer;
	int code; /* of the parts so far: 0 or enum error_code */
	ask_done *done;
	void *context;
};

static void ask_free(struct ask *ask)
{
	list_remove(&ask->link);
	ask->api->ask_count--;
	text_clear(&ask->answer);
	free(ask);
}

static void ask_end(struct ask *ask, int code, const char *text, size_t length)
{
	ask_done *done = ask->done;
	void *context = ask->context;
	struct text answer = ask->answer;

	/* Out of the list first: done() may ask or cancel. */
	ask->answer = (struct text){ 0 };
	ask_free(ask);
	done(context, code, text, length);
	text_clear(&answer);
}

static void ask_fail(struct ask *ask, int code, const char *sentence)
{
	ask_end(ask, code, sentence, strlen(sentence));
}

static int query_send(struct channel *channel, uint64_t id, const struct question *question)
{
	size_t length = strlen(question->argument);
	struct record_query *record;
	int code;

	if (length > ARGUMENT_MAX)
		return ERROR_RANGE;
	record = calloc(1, sizeof(*record) + length);
	if (record == NULL)
		return ERROR_MEMORY;
	record->head.type = RECORD_QUERY;
	record->head.tail = (uint32_t)length;
	record->id = id;
	record->query = question->query;
	record->read_only = question->read_only;
	memcpy(record + 1, question->argument, length);
	code = channel_send(channel, record, sizeof(*record) + length, -1);
	free(record);
	return code;
}

static int check_room(struct api *api, const struct question *question, struct error *error)
{
	size_t most = question->read_only ? LOOKS_MAX : ASKS_MAX;

	if (api->ask_count >= most)
		return error_set(
			error, ERROR_FULL, "too many questions wait for their answers");
	if (!question->read_only)
		return 0;
	if (api->looks_left == 0)
		return error_set(error, ERROR_FULL, "too many questions in this second");
	api->looks_left--;
	return 0;
}

struct ask *api_ask(struct api *api, const struct question *question, ask_done *done,
	void *context, struct error *error)
{
	struct channel *channel =
		question->whom == PROCESS_MAIN ? api->main_channel : api->speaker_channel;
	struct ask *ask;
	int code;

	if (channel == NULL) {
		error_set(error, ERROR_STATE, "the %s process is not running",
			process_name(question->whom));
		return NULL;
	}
	if (check_room(api, question, error) != 0)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	code = ask == NULL ? ERROR_MEMORY : query_send(channel, ++api->ask_last, question);
	if (code != 0) {
		free(ask);
		error_set(error, (enum error_code)code, "can't ask the %s process",
			process_name(question->whom));
		return NULL;
	}
	ask->api = api;
	ask->id = api->ask_last;
	ask->whom = question->whom;
	ask->deadline = instant_add(clock_now(), duration_ms(question->timeout_ms));
	ask->done = done;
	ask->context = context;
	list_append(&api->asks, &ask->link);
	api->ask_count++;
	return ask;
}

void ask_cancel(struct ask *ask)
{
	if (ask != NULL)
		ask_free(ask);
}

static struct ask *ask_find(struct api *api, enum process whom, uint64_t id)
{
	list_for_each(node, &api->asks) {
		struct ask *ask = container_of(node, struct ask, link);

		if (ask->id == id && ask->whom == whom)
			return ask;
	}
	return NULL;
}

void asks_reply(struct api *api, enum process from, const struct record_reply *reply)
{
	struct ask *ask = ask_find(api, from, reply->id);

	if (ask == NULL)
		return;
	if (reply->code != 0 && ask->code == 0) /* what was a document so far is none */
		text_reset(&ask->answer);
	ask->code = reply->code;
	text_add_bytes(&ask->answer, (const char *)(reply + 1), reply->head.tail);
	if (ask->answer.failed || ask->answer.length > ANSWER_MAX)
		ask_fail(ask, ERROR_FULL, "the answer is too long: ask for less");
	else if (reply->last)
		ask_end(ask, ask->code, text_string(&ask->answer), ask->answer.length);
}

void asks_lost(struct api *api, enum process whom)
{
	bool found = true;

	/* From the start after each: done() may have changed the list. */
	while (found) {
		found = false;
		list_for_each(node, &api->asks) {
			struct ask *ask = container_of(node, struct ask, link);

			if (ask->whom != whom)
				continue;
			ask_fail(ask, ERROR_STATE, "the process that was asked has ended");
			found = true;
			break;
		}
	}
}

void asks_tick(struct api *api)
{
	struct instant now = clock_now();
	bool found = true;

	api->looks_left = LOOKS_A_SECOND;
	while (found) {
		found = false;
		list_for_each(node, &api->asks) {
			struct ask *ask = container_of(node, struct ask, link);

			if (!instant_reached(ask->deadline, now))
				continue;
			ask_fail(ask, ERROR_TIMEOUT, "no answer came in time");
			found = true;
			break;
		}
	}
}

void asks_clear(struct api *api)
{
	list_for_each_safe(node, &api->asks)
		ask_free(container_of(node, struct ask, link));
}
