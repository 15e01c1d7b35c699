/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: boundaries, order, descriptors, the queue's cap, and the end of the other side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/channel.h"

struct side {
	struct channel *channel;
	size_t records, bytes;
	uint32_t next; /* expected first word of the next record */
	size_t out_of_order;
	int fd; /* last that came */
	int lost, drained;
	size_t last_length;
	bool close_in_callback;
};

struct fixture {
	uv_loop_t loop;
	struct side left, right;
};

static void side_record(void *context, const void *bytes, size_t length, int fd)
{
	struct side *side = context;
	uint32_t first = 0;

	assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
	memcpy(&first, bytes, length < sizeof(first) ? length : sizeof(first));
	side->out_of_order += first != side->next++;
	side->records++;
	side->bytes += length;
	side->last_length = length;
	if (fd >= 0) {
		if (side->fd >= 0)
			close(side->fd);
		side->fd = fd;
	}
	if (side->close_in_callback) {
		channel_close(side->channel);
		side->channel = NULL;
	}
}

static void side_lost(void *context)
{
	struct side *side = context;

	side->lost++;
	channel_close(side->channel);
	side->channel = NULL;
}

static void side_drained(void *context)
{
	((struct side *)context)->drained++;
}

static void side_open(struct side *side, uv_loop_t *loop, int fd)
{
	struct channel_events events = { side, side_record, side_lost, side_drained };

	side->fd = -1;
	side->channel = channel_open(loop, fd, &events);
	assert_non_null(side->channel);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fds[2];

	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(channel_pair(fds, NULL), 0);
	side_open(&f->left, &f->loop, fds[0]);
	side_open(&f->right, &f->loop, fds[1]);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	channel_close(f->left.channel);
	channel_close(f->right.channel);
	if (f->right.fd >= 0)
		close(f->right.fd);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

static void turn(struct fixture *f, int times)
{
	for (int i = 0; i < times; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void keeps_boundaries(void **state)
{
	struct fixture *f = *state;
	static uint8_t big[CHANNEL_RECORD_MAX];
	uint32_t word = 0;

	assert_int_equal(channel_send(f->left.channel, &word, sizeof(word), -1), 0);
	word = 1;
	memcpy(big, &word, sizeof(word));
	assert_int_equal(channel_send(f->left.channel, big, sizeof(big), -1), 0);
	turn(f, 2);
	assert_int_equal(f->right.records, 2);
	assert_int_equal(f->right.out_of_order, 0);
	assert_int_equal(f->right.last_length, sizeof(big));
	assert_int_equal(channel_send(f->left.channel, big, sizeof(big) + 1, -1), ERROR_RANGE);
	assert_int_equal(channel_send(f->left.channel, big, 0, -1), ERROR_RANGE);
}

static void carries_a_descriptor(void **state)
{
	struct fixture *f = *state;
	uint32_t word = 0;
	char letter = 'x';
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(channel_send(f->left.channel, &word, sizeof(word), pipe_fds[0]), 0);
	close(pipe_fds[0]);
	turn(f, 2);
	assert_true(f->right.fd >= 0);
	assert_int_equal(write(pipe_fds[1], "n", 1), 1);
	assert_int_equal(read(f->right.fd, &letter, 1), 1);
	assert_int_equal(letter, 'n');
	close(pipe_fds[1]);
}

/* More than the kernel's buffer takes: the rest waits, keeps its order and its descriptors. */
static void queues_in_order_until_its_cap(void **state)
{
	struct fixture *f = *state;
	static uint8_t record[8192];
	uint32_t sent = 0;
	int code;

	for (;;) {
		memcpy(record, &sent, sizeof(sent));
		code = channel_send(f->left.channel, record, sizeof(record),
			sent == 300 ? STDIN_FILENO : -1);
		if (code != 0)
			break;
		sent++;
		assert_true(sent < 2000);
	}
	assert_int_equal(code, ERROR_FULL);
	assert_true(channel_queued(f->left.channel) > CHANNEL_QUEUE_MAX - 2 * sizeof(record));
	assert_int_equal(f->left.drained, 0);
	turn(f, 2000);
	assert_int_equal(f->right.records, sent);
	assert_int_equal(f->right.out_of_order, 0);
	assert_true(f->right.fd >= 0);
	assert_int_equal(f->left.drained, 1);
	assert_int_equal(channel_queued(f->left.channel), 0);
}

static void delivers_before_it_is_lost(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(channel_send(f->left.channel, &i, sizeof(i), -1), 0);
	channel_close(f->left.channel);
	f->left.channel = NULL;
	turn(f, 5);
	assert_int_equal(f->right.records, 100);
	assert_int_equal(f->right.lost, 1);
}

static void refuses_after_the_end(void **state)
{
	struct fixture *f = *state;
	uint32_t word = 0;

	channel_close(f->right.channel);
	f->right.channel = NULL;
	assert_int_equal(channel_send(f->left.channel, &word, sizeof(word), -1), ERROR_STATE);
	turn(f, 2);
	assert_int_equal(f->left.lost, 1);
}

static void may_close_in_a_callback(void **state)
{
	struct fixture *f = *state;

	f->right.close_in_callback = true;
	for (uint32_t i = 0; i < 10; i++)
		channel_send(f->left.channel, &i, sizeof(i), -1);
	turn(f, 3);
	assert_int_equal(f->right.records, 1);
	assert_int_equal(f->right.lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_boundaries, setup, teardown),
		cmocka_unit_test_setup_teardown(carries_a_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(queues_in_order_until_its_cap, setup, teardown),
		cmocka_unit_test_setup_teardown(delivers_before_it_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_after_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(may_close_in_a_callback, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
