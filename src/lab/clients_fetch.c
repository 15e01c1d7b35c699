/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that fetch over HTTP: a connection each request, from connect to the last byte.
 *
 *     connecting --(writable)--> asked --(bytes)--> reading --(whole)--> answered
 *         +--------------------------+-----------------+--(error, time over)--> lost
 *
 * Invariants:
 *  1. A fetch is in its client's list, oldest first, and its id is on the way in the asker.
 *  2. A response that is not 2xx is no answer: the request is lost.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lab/clients_internal.h"
#include "lab/web_response.h"
#include "os/clock.h"

#define READ_MAX 65536
#define ASK_MAX  (CLIENT_PATH_MAX + ADDRESS_TEXT_MAX + 128)

struct fetch {
	struct list link;
	struct client *client;
	struct instant began;
	int fd;
	uint16_t id;
	bool asked;
	struct web_response response;
};

static void fetch_end(struct fetch *fetch)
{
	list_remove(&fetch->link);
	fetch->client->fetch_count--;
	close(fetch->fd);
	free(fetch);
}

static void fetch_fail(struct fetch *fetch)
{
	asker_fail(fetch->client->asker, fetch->id);
	fetch_end(fetch);
}

/* ---- Begin ---- */

/* In the client's namespace. Gives a socket that connects, or -1. */
static int fetch_connect(const struct client *client)
{
	static const int on = 1;
	bool ipv4 = client->target.address.family == FAMILY_IPV4;
	struct sockaddr_storage local, remote;
	socklen_t local_size = client_socket_address(&client->source, 0, &local);
	socklen_t remote_size =
		client_socket_address(&client->target.address, client->target.port, &remote);
	int fd = socket(
		ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* So that the port is chosen at connect: many connections to one server at once. */
	if (ipv4)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if ((client->source.family == FAMILY_NONE ||
		    bind(fd, (const struct sockaddr *)&local, local_size) == 0) &&
		(connect(fd, (const struct sockaddr *)&remote, remote_size) == 0 ||
			errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

/* False: the request can't be made. */
static bool fetch_begin(
	struct process *process, struct client *client, uint16_t id, struct instant now)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = fetch };

	if (fetch == NULL)
		return false;
	*fetch = (struct fetch){
		.client = client, .began = now, .id = id, .fd = fetch_connect(client)
	};
	if (fetch->fd < 0 ||
		epoll_ctl(process->epoll_fd, EPOLL_CTL_ADD, fetch->fd, &event) != 0) {
		if (fetch->fd >= 0)
			close(fetch->fd);
		free(fetch);
		return false;
	}
	list_append(&client->fetches, &fetch->link);
	client->fetch_count++;
	return true;
}

void client_ask_http(struct process *process, struct client *client, uint64_t count)
{
	struct instant now = clock_now();
	bool there = process_enter(process, client->netns_fd);

	for (; count > 0; count--) {
		uint16_t id;

		if (client->fetch_count >= CLIENT_FETCHES_MAX) {
			asker_hold_back(client->asker, count);
			return;
		}
		if (asker_send(client->asker, now, &id) != 0)
			continue;
		if (!there || !fetch_begin(process, client, id, now))
			asker_fail(client->asker, id);
	}
}

/* ---- Go on ---- */

/* False: it failed. The request is small: it goes out at once or not at all. */
static bool fetch_ask(struct process *process, struct fetch *fetch)
{
	const struct client_target *target = &fetch->client->target;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = fetch };
	bool ipv4 = target->address.family == FAMILY_IPV4;
	char address[ADDRESS_TEXT_MAX], text[ASK_MAX];
	int length = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nConnection: close\r\n"
		"User-Agent: nearcast-lab\r\n\r\n",
		target->path, ipv4 ? "" : "[", address_format(&target->address, address),
		ipv4 ? "" : "]", target->port);

	fetch->asked = true;
	return send(fetch->fd, text, (size_t)length, MSG_NOSIGNAL) == length &&
	       epoll_ctl(process->epoll_fd, EPOLL_CTL_MOD, fetch->fd, &event) == 0;
}

static void fetch_finish(struct fetch *fetch)
{
	const struct web_response *response = &fetch->response;

	if (response->state != WEB_WHOLE || response->status / 100 != 2) {
		fetch_fail(fetch);
		return;
	}
	(void)asker_answer(fetch->client->asker, fetch->id, clock_now(), response->site,
		strlen(response->site));
	fetch_end(fetch);
}

static void fetch_read(struct fetch *fetch)
{
	static char bytes[READ_MAX]; /* one fetch reads at a time */
	ssize_t count;

	do {
		count = recv(fetch->fd, bytes, sizeof(bytes), 0);
		if (count > 0)
			web_response_add(&fetch->response, bytes, (size_t)count);
	} while (count == (ssize_t)sizeof(bytes) && fetch->response.state < WEB_WHOLE);
	if (count == 0)
		web_response_end(&fetch->response);
	else if (count < 0 && errno != EAGAIN && errno != EINTR)
		fetch->response.state = WEB_BROKEN;
	if (fetch->response.state >= WEB_WHOLE)
		fetch_finish(fetch);
}

void fetch_event(struct process *process, struct fetch *fetch)
{
	if (fetch->asked)
		fetch_read(fetch);
	else if (!fetch_ask(process, fetch))
		fetch_fail(fetch);
}

/* ---- End ---- */

void client_fetches_expire(struct client *client, struct instant began_before)
{
	list_for_each_safe(node, &client->fetches) {
		struct fetch *fetch = container_of(node, struct fetch, link);

		if (!instant_before(fetch->began, began_before))
			return;
		fetch_end(fetch); /* the asker has seen to its request by itself */
	}
}

void client_fetches_end(struct client *client)
{
	list_for_each_safe(node, &client->fetches)
		fetch_end(container_of(node, struct fetch, link));
}
