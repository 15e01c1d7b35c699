/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that ask over UDP.
 *
 * Answers are not waited for: they lie in their sockets with the kernel's time of arrival
 * (SO_TIMESTAMPNS) until the next tick, so one wake-up a millisecond serves all clients and the
 * round-trip times are none the worse.
 *
 * Invariants:
 *  1. A socket is connected to the address that it asks: the kernel keeps other senders out.
 *  2. An ICMP error is of an earlier request, so a send that fails by one is tried again once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "lab/clients_internal.h"
#include "os/clock.h"
#include "wire/dns.h"

#define BATCH          16u
#define EVENTS         256
#define ROUNDS_MAX     16 /* a tick: nobody can keep us from asking */
#define TURNS_MAX      64
#define QUERY_MAX      64
#define ANSWER_MAX     1500
#define RECEIVE_BUFFER (1 << 20)

/* ---- Sockets ---- */

socklen_t client_socket_address(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_storage)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(ret_storage, 0, sizeof(*ret_storage));
	if (address->family == FAMILY_IPV4) {
		memcpy(&ipv4.sin_addr, address->bytes, 4);
		memcpy(ret_storage, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	}
	memcpy(&ipv6.sin6_addr, address->bytes, 16);
	memcpy(ret_storage, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}

/* In the client's namespace. Gives the descriptor, or -1 with errno. */
static int source_open(const struct client *client)
{
	static const int on = 1, buffer = RECEIVE_BUFFER;
	bool ipv4 = client->target.address.family == FAMILY_IPV4;
	struct sockaddr_storage local;
	socklen_t size = client_socket_address(&client->source, 0, &local);
	int fd =
		socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_FREEBIND : IPV6_FREEBIND,
		&on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 &&
		(client->source.family == FAMILY_NONE ||
			bind(fd, (const struct sockaddr *)&local, size) == 0))
		return fd;
	close(fd);
	return -1;
}

void client_sources_close(struct sources *sources)
{
	for (uint16_t i = 0; i < sources->count; i++)
		close(sources->items[i].fd);
	free(sources->items);
	*sources = (struct sources){ 0 };
}

static int sources_fill(struct process *process, struct client *client, struct sources *sources)
{
	while (sources->count < client->target.sockets) {
		struct source *source = &sources->items[sources->count];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

		*source = (struct source){ .client = client, .fd = source_open(client) };
		if (source->fd < 0)
			return -1;
		sources->count++;
		if (epoll_ctl(process->udp_epoll_fd, EPOLL_CTL_ADD, source->fd, &event) != 0)
			return -1;
	}
	return 0;
}

int client_sources_open(struct process *process, struct client *client, struct error *error)
{
	struct sources sources = { .items = calloc(
					   client->target.sockets, sizeof(*sources.items)) };
	int reason;

	if (sources.items == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for sockets");
	sources.remote_size = client_socket_address(
		&client->target.address, client->target.port, &sources.remote);
	if (process_enter(process, client->netns_fd) &&
		sources_fill(process, client, &sources) == 0) {
		client->now = sources;
		return 0;
	}
	reason = errno;
	client_sources_close(&sources);
	return error_system(error, reason, "client %u can't open its sockets", client->number);
}

/* ---- Asking ---- */

/* Make it ready for the next request. There may be no way to the target yet. */
static bool source_ready(const struct client *client, struct source *source)
{
	const struct sources *sources = &client->now;

	if (client->target.ports == CLIENT_PORTS_NEW && source->used) {
		static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

		/* The kernel gives the port away and, below, another one. */
		(void)connect(source->fd, &nobody, sizeof(nobody));
		source->connected = source->used = false;
	}
	if (!source->connected)
		source->connected =
			connect(source->fd, (const struct sockaddr *)&sources->remote,
				sources->remote_size) == 0;
	return source->connected;
}

static size_t query_write(uint8_t query[QUERY_MAX])
{
	struct dns_query question = { .question = { .type = DNS_TYPE_TXT,
					      .class = DNS_CLASS_CH },
		.udp_payload = DNS_UDP_PAYLOAD,
		.nsid = true };
	struct writer w = writer_of(query, QUERY_MAX);

	(void)dns_name_parse("id.server", &question.question.name);
	dns_query_write(&w, &question);
	return writer_length(&w);
}

/* Requests that leave by one socket together. */
struct volley {
	unsigned count;
	uint16_t ids[BATCH];
	uint8_t queries[BATCH][QUERY_MAX];
	struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
};

static void volley_prepare(struct volley *volley, struct asker *asker, unsigned count)
{
	struct instant now = clock_now();

	volley->count = 0;
	while (volley->count < count) {
		unsigned i = volley->count;
		size_t length;

		if (asker_send(asker, now, &volley->ids[i]) != 0)
			return;
		length = query_write(volley->queries[i]);
		bytes_put_u16(volley->queries[i], volley->ids[i]);
		volley->vectors[i] = (struct iovec){ volley->queries[i], length };
		volley->messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &volley->vectors[i], .msg_iovlen = 1 };
		volley->count++;
	}
}

static void volley_send(struct volley *volley, struct asker *asker, int fd)
{
	unsigned done = 0;
	bool again = true; /* invariant 2 */

	while (done < volley->count) {
		int sent = sendmmsg(
			fd, volley->messages + done, volley->count - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (unsigned)sent;
			again = true;
		} else if (again) {
			again = false;
		} else {
			asker_fail(asker, volley->ids[done++]);
		}
	}
}

void client_ask_dns(struct client *client, uint64_t count)
{
	struct sources *sources = &client->now;
	struct volley volley;

	while (count > 0) {
		/* Only the requests of one socket can leave together. */
		unsigned together = sources->count > 1 ? 1
				    : count < BATCH    ? (unsigned)count
						       : BATCH;
		struct source *source = &sources->items[sources->next];
		bool ready = source_ready(client, source);

		sources->next = (uint16_t)((sources->next + 1) % sources->count);
		count -= together;
		volley_prepare(&volley, client->asker, together);
		source->used = true;
		if (ready)
			volley_send(&volley, client->asker, source->fd);
		for (unsigned i = 0; i < volley.count && !ready; i++)
			asker_fail(client->asker, volley.ids[i]);
	}
}

/* ---- Answers ---- */

/* Answers as they lie in a socket. */
struct harvest {
	struct instant now; /* the two clocks, read together */
	struct wall_time wall;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t bytes[BATCH][ANSWER_MAX];
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
	} controls[BATCH];
};

static void harvest_prepare(struct harvest *harvest)
{
	for (unsigned i = 0; i < BATCH; i++) {
		harvest->vectors[i] = (struct iovec){ harvest->bytes[i], ANSWER_MAX };
		harvest->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &harvest->vectors[i],
			.msg_iovlen = 1,
			.msg_control = &harvest->controls[i],
			.msg_controllen = sizeof(harvest->controls[i]) };
	}
}

/* When a message came: the kernel says it by the wall clock. */
static struct instant arrival(const struct harvest *harvest, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
		c = CMSG_NXTHDR(message, c)) {
		struct timespec time;
		int64_t ago_ns;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(c), sizeof(time));
		ago_ns = harvest->wall.ns - (time.tv_sec * 1000000000 + time.tv_nsec);
		/* Not in the future, and not so long ago that the wall clock was set. */
		if (ago_ns > 0 && ago_ns < duration_seconds(60).ns)
			return (struct instant){ harvest->now.ns - ago_ns };
	}
	return harvest->now;
}

/* The first string of the first TXT record (RFC 4892), else the NSID. */
static const char *answerer(const struct dns_response *response, size_t *ret_length)
{
	struct dns_answers answers = dns_answers_of(response);
	struct dns_record record;

	while (dns_answer_next(&answers, &record)) {
		const uint8_t *text;

		if (record.type != DNS_TYPE_TXT)
			continue;
		*ret_length = cursor_u8(&record.rdata);
		text = cursor_take(&record.rdata, *ret_length);
		if (text != NULL)
			return (const char *)text;
	}
	*ret_length = response->nsid == NULL ? 0 : response->nsid_length;
	return (const char *)response->nsid;
}

static void take_answer(
	struct asker *asker, const uint8_t *bytes, size_t length, struct instant when)
{
	struct dns_query query = { .question = {
					   .type = DNS_TYPE_TXT, .class = DNS_CLASS_CH } };
	struct dns_response response;
	const char *name;
	size_t name_length;

	(void)dns_name_parse("id.server", &query.question.name);
	if (length >= 2)
		query.id = (uint16_t)(bytes[0] << 8 | bytes[1]);
	if (dns_response_read(bytes, length, &query, &response, NULL) != 0) {
		asker_strange(asker);
		return;
	}
	name = answerer(&response, &name_length);
	(void)asker_answer(asker, query.id, when, name, name_length);
}

/* Gives whether there may be more. */
static bool source_receive(struct source *source, struct harvest *harvest)
{
	int count;

	harvest_prepare(harvest);
	count = recvmmsg(source->fd, harvest->messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		take_answer(source->client->asker, harvest->bytes[i],
			harvest->messages[i].msg_len,
			arrival(harvest, &harvest->messages[i].msg_hdr));
	/* An ICMP error is gone once it was read. */
	return count == (int)BATCH || (count < 0 && errno != EAGAIN && errno != EINTR);
}

void process_receive(struct process *process)
{
	static struct harvest harvest; /* large, and used by one at a time */
	struct epoll_event events[EVENTS];
	unsigned rounds = 0;
	int count;

	harvest.now = clock_now();
	harvest.wall = clock_wall();
	do {
		count = epoll_wait(process->udp_epoll_fd, events, EVENTS, 0);
		for (int i = 0; i < count; i++) {
			unsigned turns = 0;

			while (source_receive(events[i].data.ptr, &harvest) &&
				turns < TURNS_MAX)
				turns++;
		}
	} while (count == EVENTS && ++rounds < ROUNDS_MAX);
}
