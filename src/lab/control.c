/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to a running world.
 *
 * Invariants:
 *  1. A question has an end: its reader waits at most QUESTION_MS and reads at most
 *     QUESTION_BYTES.
 */
#include "lab/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define QUESTION_BYTES 65536u
#define QUESTION_MS    2000
#define PREFIX_MAX     48

static void prefix_of(char prefix[PREFIX_MAX])
{
	snprintf(prefix, PREFIX_MAX, "nearcast-lab/%u/", (unsigned)getuid());
}

static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	char prefix[PREFIX_MAX];

	prefix_of(prefix);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "%s%.*s", prefix,
		LAB_NAME_MAX, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(address->sun_path + 1));
}

int lab_listen(const char *name, int *ret_fd, struct error *error)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_system(error, errno, "cannot make a socket");
	if (bind(fd, (const struct sockaddr *)&address, length) != 0) {
		int failed = errno;

		close(fd);
		if (failed != EADDRINUSE)
			return error_system(error, failed, "cannot be the world '%s'", name);
		error_hint(error,
			"end it with `nearcast lab down %s`, or give this one another "
			"name with --name",
			name);
		return error_set(error, ERROR_EXISTS, "a world '%s' is up already", name);
	}
	if (listen(fd, 64) != 0) {
		int failed = errno;

		close(fd);
		return error_system(error, failed, "cannot listen");
	}
	*ret_fd = fd;
	return 0;
}

/* ---- Bytes and descriptors ---- */

static int send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		bytes += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static int send_fds(int fd, const int *fds, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * LAB_FDS_MAX)] = { 0 };
	struct iovec newline = { (void *)(uintptr_t) "\n", 1 };
	struct msghdr message = {
		.msg_iov = &newline,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(sizeof(int) * count),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	return sendmsg(fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static void take_fds(struct msghdr *message, int *fds, size_t *count)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
		header = CMSG_NXTHDR(message, header)) {
		size_t held;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		held = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < held; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (fds != NULL && *count < LAB_FDS_MAX)
				fds[(*count)++] = fd;
			else
				close(fd);
		}
	}
}

/* Until the other end closes it. */
static int receive_all(int fd, struct text *out, int *fds)
{
	size_t count = 0;
	char buffer[16384];

	for (;;) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * LAB_FDS_MAX)];
		struct iovec into = { buffer, sizeof(buffer) };
		struct msghdr message = {
			.msg_iov = &into,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -1;
		take_fds(&message, fds, &count);
		if (length == 0)
			return out->failed ? -1 : 0;
		text_add_bytes(out, buffer, (size_t)length);
	}
}

/* ---- Asking ---- */

static void take_error(const json_t *told, struct error *error)
{
	const char *text = json_string_value(json_object_get(told, "message"));
	const char *hint = json_string_value(json_object_get(told, "hint"));
	json_int_t code = json_integer_value(json_object_get(told, "code"));

	if (hint != NULL)
		error_hint(error, "%s", hint);
	(void)error_set(error, code < 0 ? (enum error_code)code : ERROR_STATE, "%s",
		text == NULL ? "the world says no" : text);
}

static int ask_socket(
	int fd, const json_t *question, json_t **ret_answer, int *fds, struct error *error)
{
	char *text = json_dumps(question, JSON_COMPACT);
	struct text answer = { 0 };
	const json_t *told;
	int result = 0;

	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	if (send_all(fd, text, strlen(text)) != 0 || send_all(fd, "\n", 1) != 0 ||
		receive_all(fd, &answer, fds) != 0)
		result = errno == EAGAIN ? error_set(error, ERROR_TIMEOUT,
						   "the world does not answer in time")
					 : error_system(error, errno, "cannot ask the world");
	free(text);
	if (result == 0) {
		*ret_answer = json_loads(text_string(&answer), 0, NULL);
		told = json_object_get(*ret_answer, "error");
		if (*ret_answer == NULL)
			result = error_set(error, ERROR_STATE, "the world ended");
		else if (told != NULL) {
			take_error(told, error);
			result = error->code;
			json_decref(*ret_answer);
			*ret_answer = NULL;
		}
	}
	text_clear(&answer);
	return result;
}

int lab_ask(const char *name, const json_t *question, int timeout_ms, json_t **ret_answer,
	int *fds, struct error *error)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	struct timeval patience = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	*ret_answer = NULL;
	for (int i = 0; fds != NULL && i < LAB_FDS_MAX; i++)
		fds[i] = -1;
	if (fd < 0)
		return error_system(error, errno, "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, length) != 0) {
		error_hint(error,
			"start one with `nearcast lab up`; `nearcast lab list` shows them");
		result = error_set(error, ERROR_NOT_FOUND, "there is no world '%s'", name);
	} else {
		result = ask_socket(fd, question, ret_answer, fds, error);
	}
	close(fd);
	return result;
}

json_t *lab_names(void)
{
	FILE *file = fopen("/proc/net/unix", "re");
	json_t *names = json_array();
	char line[512], prefix[PREFIX_MAX];

	prefix_of(prefix);
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *at = strchr(line, '@');
		bool listens = strstr(line, " 00010000 ") != NULL;

		line[strcspn(line, "\n")] = '\0';
		if (at != NULL && listens && strncmp(at + 1, prefix, strlen(prefix)) == 0)
			json_array_append_new(names, json_string(at + 1 + strlen(prefix)));
	}
	if (file != NULL)
		fclose(file);
	return names;
}

/* ---- Answering ---- */

static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	/* In a user namespace others are shown as the overflow user. */
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

static json_t *read_question(int fd)
{
	char *text = malloc(QUESTION_BYTES);
	size_t length = 0;
	json_t *question = NULL;

	while (text != NULL && length < QUESTION_BYTES - 1) {
		ssize_t got = recv(fd, text + length, QUESTION_BYTES - 1 - length, 0);

		if (got <= 0)
			break;
		length += (size_t)got;
		if (text[length - 1] == '\n') {
			question = json_loadb(text, length, 0, NULL);
			break;
		}
	}
	free(text);
	return question;
}

int lab_question_take(int listen_fd, struct lab_question *ret_question, struct error *error)
{
	const struct timeval patience = { QUESTION_MS / 1000, QUESTION_MS % 1000 * 1000 };
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return error_set(error, ERROR_STATE, "nobody asks");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	ret_question->question = may_ask(fd) ? read_question(fd) : NULL;
	ret_question->fd = fd;
	if (ret_question->question != NULL)
		return 0;
	close(fd);
	return error_set(error, ERROR_STATE, "no question");
}

void lab_answer(struct lab_question *question, json_t *answer, const int *fds, size_t fd_count,
	const struct error *error)
{
	char *text;

	if (answer == NULL)
		answer = json_pack("{s:{s:i,s:s,s:s}}", "error", "code", error->code, "message",
			error->text, "hint", error->hint);
	text = json_dumps(answer, JSON_COMPACT);
	if (text != NULL)
		(void)send_all(question->fd, text, strlen(text));
	if (fd_count > 0)
		(void)send_fds(question->fd, fds, fd_count);
	free(text);
	json_decref(answer);
	json_decref(question->question);
	close(question->fd);
}
