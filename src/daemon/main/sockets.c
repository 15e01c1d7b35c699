/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What needs capabilities or a fixed place: listening sockets, ping sockets, the kernel's news
 * of sockets. Opened here, used by children; kept open so that a child that is started anew
 * gets the same ones and no connection attempt is refused in between.
 *
 * Invariant: a reload opens all that is new before it closes anything, and if one can't be
 * opened, nothing has changed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/main_process.h"
#include "daemon/main/settings.h"
#include "os/icmp.h"
#include "os/listen.h"
#include "os/log.h"
#include "os/socket_diag.h"

#define CONTROL_MODE      0660
#define CONTROL_READ_MODE 0666

static bool config_has_check(const struct config *config, enum config_check_type type)
{
	const struct config_check *checks[BRAIN_CHECKS_MAX];

	for (size_t i = 0; i < config->service_count; i++) {
		size_t count = settings_checks(&config->services[i], checks);

		for (size_t j = 0; j < count; j++)
			if (checks[j]->type == type)
				return true;
	}
	return false;
}

/* ---- One row a kind: who uses it, whether it is wanted, whether it is another one now. ----
 */

static bool wants_bgp(const struct config *config)
{
	return config->listen_port != 0 && config->neighbor_count > 0;
}

static bool wants_icmp(const struct config *config)
{
	return config_has_check(config, CHECK_ICMP);
}

static bool wants_socket_events(const struct config *config)
{
	return config_has_check(config, CHECK_SOCKET);
}

static bool wants_always(const struct config *config)
{
	(void)config;
	return true;
}

static bool wants_http(const struct config *config)
{
	return config->http.enabled;
}

static bool same_bgp_ipv4(const struct config *a, const struct config *b)
{
	return a->listen_port == b->listen_port &&
	       address_equal(&a->listen_ipv4, &b->listen_ipv4);
}

static bool same_bgp_ipv6(const struct config *a, const struct config *b)
{
	return a->listen_port == b->listen_port &&
	       address_equal(&a->listen_ipv6, &b->listen_ipv6);
}

static bool same_http(const struct config *a, const struct config *b)
{
	return a->http.port == b->http.port &&
	       address_equal(&a->http.address, &b->http.address);
}

static bool same_always(const struct config *a, const struct config *b)
{
	(void)a;
	(void)b;
	return true;
}

static int open_bgp(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	bool ipv4 = kind == LISTENER_BGP_IPV4;
	struct address address = ipv4 ? config->listen_ipv4 : config->listen_ipv6;

	(void)main;
	if (address.family == FAMILY_NONE)
		address.family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
	return listen_tcp(&address, config->listen_port, ret_fd, error);
}

static int open_icmp(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	(void)main;
	(void)config;
	return icmp_open(kind == LISTENER_ICMP_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6, ret_fd, error);
}

static int open_socket_events(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	(void)main;
	(void)config;
	(void)kind;
	if (!privilege_have(PRIVILEGE_NET_ADMIN))
		return privilege_missing(
			PRIVILEGE_NET_ADMIN, "hearing of destroyed sockets", error);
	*ret_fd = socket_diag_events_open(error);
	return *ret_fd < 0 ? *ret_fd : 0;
}

static int open_control(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	bool read_only = kind == LISTENER_CONTROL_READ;
	char path[PATH_ROOM];

	(void)config;
	main_runtime_path(
		main, read_only ? CONTROL_READ_SOCKET_NAME : CONTROL_SOCKET_NAME, path);
	return listen_unix(path, read_only ? CONTROL_READ_MODE : CONTROL_MODE, main->user.gid,
		ret_fd, error);
}

static int open_http(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	(void)main;
	(void)kind;
	return listen_tcp(&config->http.address, config->http.port, ret_fd, error);
}

static const struct socket_row {
	enum process user;
	bool may_lack; /* without it the daemon still does its work */
	bool (*wanted)(const struct config *config);
	bool (*same)(const struct config *a, const struct config *b);
	int (*open)(struct main_process *main, const struct config *config,
		enum listener_kind kind, int *ret_fd, struct error *error);
} rows[LISTENER_KINDS] = {
	[LISTENER_BGP_IPV4] = { PROCESS_SPEAKER, false, wants_bgp, same_bgp_ipv4, open_bgp },
	[LISTENER_BGP_IPV6] = { PROCESS_SPEAKER, false, wants_bgp, same_bgp_ipv6, open_bgp },
	[LISTENER_ICMP_IPV4] = { PROCESS_PROBE, false, wants_icmp, same_always, open_icmp },
	[LISTENER_ICMP_IPV6] = { PROCESS_PROBE, false, wants_icmp, same_always, open_icmp },
	[LISTENER_SOCKET_EVENTS] = { PROCESS_PROBE, true, wants_socket_events, same_always,
		open_socket_events },
	[LISTENER_CONTROL] = { PROCESS_API, false, wants_always, same_always, open_control },
	[LISTENER_CONTROL_READ] = { PROCESS_API, false, wants_always, same_always,
		open_control },
	[LISTENER_HTTP] = { PROCESS_API, true, wants_http, same_http, open_http },
};

/* What a kind's failure means: an address family that the machine lacks is no failure. */
static int open_failed(enum listener_kind kind, int r, struct error *error)
{
	if (r == ERROR_UNSUPPORTED) {
		log_fields(LOG_INFO, "socket", error->text, "hint", error->hint, NULL);
	} else if (rows[kind].may_lack) {
		log_fields(LOG_WARNING, "socket", error->text, "hint", error->hint, NULL);
	} else {
		return r;
	}
	*error = (struct error){ 0 };
	return 0;
}

static int open_one(struct main_process *main, const struct config *config,
	enum listener_kind kind, int *ret_fd, struct error *error)
{
	int r = rows[kind].open(main, config, kind, ret_fd, error);

	if (r == 0)
		return 0;
	*ret_fd = -1;
	return open_failed(kind, r, error);
}

static bool is_current(
	const struct main_process *main, const struct config *config, enum listener_kind kind)
{
	return main->listeners[kind] >= 0 &&
	       (main->config == config || rows[kind].same(main->config, config));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The user has its own copy of the descriptor: without a word it would go on listening. */
static void socket_take_back(
	struct main_process *main, enum process user, enum listener_kind kind)
{
	struct record_listener record = { .head = { .type = RECORD_LISTENER }, .kind = kind };

	(void)feed_send(main, user, &record, sizeof(record), -1);
}

int sockets_open(struct main_process *main, const struct config *config, struct error *error)
{
	int fresh[LISTENER_KINDS];
	int r = 0;

	for (int kind = 0; kind < LISTENER_KINDS; kind++) {
		fresh[kind] = -1;
		if (r == 0 && rows[kind].open != NULL && rows[kind].wanted(config) &&
			!is_current(main, config, (enum listener_kind)kind))
			r = open_one(
				main, config, (enum listener_kind)kind, &fresh[kind], error);
	}
	for (int kind = 0; kind < LISTENER_KINDS; kind++) {
		if (r != 0) {
			close_fd(&fresh[kind]);
			continue;
		}
		if (rows[kind].open == NULL)
			continue;
		if (main->listeners[kind] >= 0 && !rows[kind].wanted(config))
			socket_take_back(main, rows[kind].user, (enum listener_kind)kind);
		if (fresh[kind] >= 0 || !rows[kind].wanted(config))
			close_fd(&main->listeners[kind]);
		if (fresh[kind] < 0)
			continue;
		main->listeners[kind] = fresh[kind];
		sockets_send_one(main, rows[kind].user, (enum listener_kind)kind);
	}
	return r;
}

void sockets_close(struct main_process *main)
{
	for (int kind = 0; kind < LISTENER_KINDS; kind++)
		close_fd(&main->listeners[kind]);
}

void sockets_send_one(struct main_process *main, enum process user, enum listener_kind kind)
{
	struct record_listener record = { .head = { .type = RECORD_LISTENER }, .kind = kind };

	if (main->listeners[kind] >= 0)
		(void)feed_send(main, user, &record, sizeof(record), main->listeners[kind]);
}

void sockets_send(struct main_process *main, enum process user)
{
	for (int kind = 0; kind < LISTENER_KINDS; kind++)
		if (rows[kind].open != NULL && rows[kind].user == user)
			sockets_send_one(main, user, (enum listener_kind)kind);
}

void sockets_give_files(const struct main_process *main)
{
	char path[PATH_ROOM];

	(void)!lchown(main_runtime_path(main, CONTROL_SOCKET_NAME, path), main->user.uid,
		main->user.gid);
	(void)!lchown(main_runtime_path(main, CONTROL_READ_SOCKET_NAME, path), main->user.uid,
		main->user.gid);
}
