/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the daemon over its control socket, and waits for the answer. */
#ifndef NEARCAST_CLI_CLIENT_H
#define NEARCAST_CLI_CLIENT_H

#include <jansson.h>

#include "cli/console.h"

struct client;

enum client_access {
	CLIENT_LOOKS, /* the read-only socket will do */
	CLIENT_CHANGES,
};

/* NULL with *error filled: what was tried and what to do. runtime_dir: NULL takes
 * $NEARCAST_RUNTIME_DIR or the default. */
struct client *client_open(
	const char *runtime_dir, enum client_access access, struct error *error);
/* NULL is fine. */
void client_close(struct client *client);
/* Longest time that an answer may take; 0: for ever. */
void client_patience(struct client *client, unsigned seconds);

/* Send {"id":1,"method":...,"params":...}. Takes over params, which may be NULL. */
int client_send(struct client *client, const char *method, json_t *params, struct error *error);
/* The next line as JSON, the caller's. NULL with *error filled: ERROR_TIMEOUT, ERROR_STATE (the
 * daemon closed), ERROR_MALFORMED, ERROR_SYSTEM. */
json_t *client_receive(struct client *client, struct error *error);

/* What is printed with an answer's "error"; the exit status for it. */
enum exit_code client_refused(struct console *console, const json_t *response);

/*
 * A whole command's question: opens, asks, receives, and prints what fails. Takes over params.
 * On EXIT_CODE_OK *ret_result is the caller's.
 */
enum exit_code client_ask(const struct arguments *arguments, struct console *console,
	enum client_access access, const char *method, json_t *params, json_t **ret_result);

#endif
