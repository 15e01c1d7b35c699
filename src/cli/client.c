/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of the control socket: blocking, one question at a time. docs/api.md has the
 * answers.
 *
 * Who only looks takes the read-only socket, so that most of what people type could not change
 * anything; where that one can't be reached, the other one will do.
 */
#include "cli/client.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/output.h"
#include "daemon/record.h"

#define LOOK_SECONDS   15u
#define CHANGE_SECONDS 65u
#define LINE_MAX_BYTES (64u << 20)

struct client {
	int fd;
	struct text input; /* what was received and not yet given away */
};

/* ---- Connecting ---- */

static void hint_group(const char *path, struct error *error)
{
	struct stat status;
	const struct group *group = stat(path, &status) == 0 ? getgrgid(status.st_gid) : NULL;

	if (group != NULL && (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0)
		error_hint(error, "Ask as root, or as a member of the group '%s'.",
			group->gr_name);
	else
		error_hint(error, "Ask as root.");
}

static int connect_failed(const char *path, int failure, struct error *error)
{
	if (failure == EACCES || failure == EPERM) {
		hint_group(path, error);
		return error_set(error, ERROR_PERMISSION,
			"no permission to use the control socket %s", path);
	}
	if (failure == ENOENT) {
		error_hint(error, "Is it running ('systemctl status nearcast')? Is its runtime "
				  "directory another one (--runtime-dir)?");
		return error_set(error, ERROR_NOT_FOUND,
			"no daemon answers: there is no control socket %s", path);
	}
	if (failure == ECONNREFUSED) {
		error_hint(error, "The daemon has ended without removing it: 'systemctl status "
				  "nearcast' tells more.");
		return error_set(error, ERROR_REFUSED,
			"no daemon answers: nobody listens on the control socket %s", path);
	}
	return error_system(error, failure, "can't connect to the control socket %s", path);
}

static int dial(const char *runtime_dir, const char *name, int *ret_fd, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(
		address.sun_path, sizeof(address.sun_path), "%s/%s", runtime_dir, name);
	int fd, failure;

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return error_set(error, ERROR_RANGE, "the path %s/%s is too long for a socket",
			runtime_dir, name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_system(error, errno, "can't make a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		failure = errno;
		close(fd);
		return connect_failed(address.sun_path, failure, error);
	}
	*ret_fd = fd;
	return 0;
}

static const char *runtime_directory(const char *given)
{
	const char *environment = getenv("NEARCAST_RUNTIME_DIR");

	if (given != NULL)
		return given;
	return environment != NULL && environment[0] != '\0' ? environment
							     : RUNTIME_DIRECTORY_DEFAULT;
}

struct client *client_open(
	const char *runtime_dir, enum client_access access, struct error *error)
{
	struct client *client = calloc(1, sizeof(*client));
	int code = ERROR_NOT_FOUND;

	if (client == NULL) {
		error_set(error, ERROR_MEMORY, "no memory");
		return NULL;
	}
	runtime_dir = runtime_directory(runtime_dir);
	if (access == CLIENT_LOOKS)
		code = dial(runtime_dir, CONTROL_READ_SOCKET_NAME, &client->fd, error);
	if (code != 0)
		code = dial(runtime_dir, CONTROL_SOCKET_NAME, &client->fd, error);
	if (code != 0) {
		free(client);
		return NULL;
	}
	client_patience(client, access == CLIENT_LOOKS ? LOOK_SECONDS : CHANGE_SECONDS);
	return client;
}

void client_close(struct client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	text_clear(&client->input);
	free(client);
}

void client_patience(struct client *client, unsigned seconds)
{
	struct timeval time = { .tv_sec = seconds };

	(void)setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	(void)setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* ---- Talking ---- */

static int send_all(
	struct client *client, const char *bytes, size_t length, struct error *error)
{
	while (length > 0) {
		ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return error_system(error, errno, "can't ask the daemon");
		bytes += sent;
		length -= (size_t)sent;
	}
	return 0;
}

int client_send(struct client *client, const char *method, json_t *params, struct error *error)
{
	json_t *request =
		json_pack("{s:i, s:s, s:o*}", "id", 1, "method", method, "params", params);
	char *line = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
	int code;

	json_decref(request);
	if (line == NULL)
		return error_set(error, ERROR_MALFORMED,
			"the question can't be sent: something in it is no UTF-8");
	code = send_all(client, line, strlen(line), error);
	if (code == 0)
		code = send_all(client, "\n", 1, error);
	free(line);
	return code;
}

static int receive_more(struct client *client, struct error *error)
{
	char bytes[16384];
	ssize_t got;

	do
		got = recv(client->fd, bytes, sizeof(bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return error_set(error, ERROR_TIMEOUT, "the daemon does not answer in time");
	if (got < 0)
		return error_system(error, errno, "can't hear the daemon");
	if (got == 0)
		return error_set(error, ERROR_STATE, "the daemon closed the connection");
	text_add_bytes(&client->input, bytes, (size_t)got);
	if (client->input.failed || client->input.length > LINE_MAX_BYTES)
		return error_set(error, ERROR_RANGE, "the daemon's answer is too long");
	return 0;
}

json_t *client_receive(struct client *client, struct error *error)
{
	size_t looked = 0, length;
	const char *newline;
	json_t *root;

	while (client->input.length == looked ||
		(newline = memchr(client->input.bytes + looked, '\n',
			 client->input.length - looked)) == NULL) {
		looked = client->input.length;
		if (receive_more(client, error) != 0)
			return NULL;
	}
	length = (size_t)(newline - client->input.bytes);
	root = json_loadb(client->input.bytes, length, 0, NULL);
	client->input.length -= length + 1;
	memmove(client->input.bytes, newline + 1, client->input.length);
	client->input.bytes[client->input.length] = '\0';
	if (root == NULL)
		error_set(error, ERROR_MALFORMED, "the daemon's answer is not JSON");
	return root;
}

/* ---- Whole questions ---- */

enum exit_code client_refused(struct console *console, const json_t *response)
{
	const char *code = "", *message = "", *hint = "";

	(void)json_unpack((json_t *)(uintptr_t)response, "{s:{s?s, s?s, s?s}}", "error", "code",
		&code, "message", &message, "hint", &hint);
	console_error_text(console, code, message, hint);
	if (strcmp(code, "not-found") == 0)
		return EXIT_CODE_NOT_FOUND;
	return strcmp(code, "malformed") == 0 ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static json_t *ask(
	struct client *client, const char *method, json_t *params, struct error *error)
{
	if (client_send(client, method, params, error) != 0)
		return NULL;
	return client_receive(client, error);
}

static bool is_utf8(const char *text)
{
	json_t *value = json_string(text);
	bool valid = value != NULL;

	json_decref(value);
	return valid;
}

/* What is no UTF-8 can't be asked: JSON has no way to say it. */
static int check_words(const struct arguments *arguments, struct error *error)
{
	for (size_t i = 0; i < arguments->positional_count; i++) {
		if (!is_utf8(arguments->positionals[i]))
			return error_set(
				error, ERROR_MALFORMED, "argument %zu is no UTF-8", i + 1);
	}
	for (size_t i = 0; i < arguments->option_count; i++) {
		const struct argument *option = &arguments->options[i];

		if (option->value != NULL && option->option->complete != COMPLETE_DIRECTORY &&
			option->option->complete != COMPLETE_FILE && !is_utf8(option->value))
			return error_set(error, ERROR_MALFORMED,
				"the value of --%s is no UTF-8", option->option->name);
	}
	return 0;
}

enum exit_code client_ask(const struct arguments *arguments, struct console *console,
	enum client_access access, const char *method, json_t *params, json_t **ret_result)
{
	struct error error = { 0 };
	struct client *client;
	json_t *response;
	enum exit_code code = EXIT_CODE_OK;

	if (check_words(arguments, &error) != 0) {
		json_decref(params);
		return output_error(console, &error);
	}
	client = client_open(arguments_value(arguments, "runtime-dir"), access, &error);
	if (client == NULL) {
		json_decref(params);
		console_error(console, &error);
		return EXIT_CODE_UNREACHABLE;
	}
	response = ask(client, method, params, &error);
	client_close(client);
	if (response == NULL) {
		console_error(console, &error);
		return EXIT_CODE_UNREACHABLE;
	}
	*ret_result = json_incref(json_object_get(response, "result"));
	if (*ret_result == NULL)
		code = client_refused(console, response);
	json_decref(response);
	return code;
}
