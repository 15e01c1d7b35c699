/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in nodes: configured, started, told of changes.
 */
#include <signal.h>
#include <stdlib.h>

#include "lab/internal.h"
#include "world/configure.h"

typedef void configure(const struct world *world, uint32_t node, struct text *out);

static int write_text(struct lab *lab, uint32_t node, const char *name, struct text *text,
	struct error *error)
{
	int result = text->failed ? error_set(error, ERROR_MEMORY, "no memory")
				  : lab_write(lab, node, name, text_string(text), error);

	text_clear(text);
	return result;
}

static int write_with(
	struct lab *lab, uint32_t node, const char *name, configure *write, struct error *error)
{
	struct text text = { 0 };

	write(lab->world, node, &text);
	return write_text(lab, node, name, &text, error);
}

static int write_own(struct lab *lab, uint32_t node, struct error *error)
{
	struct text text = { 0 };

	world_configure_nearcast(lab->world, node, lab->nodes[node].prepend, &text);
	return write_text(lab, node, "nearcast.yaml", &text, error);
}

static int run_nearcast(struct lab *lab, uint32_t node, enum lab_process_kind kind,
	const char *file, const char *runtime, const char *state, struct error *error)
{
	const char *const argv[] = { lab->program, "run", file, "--conf-dir", "",
		"--runtime-dir", runtime, "--state-dir", state, "--log-level", "info", NULL };

	return lab_spawn(
		lab, node, kind, kind == LAB_DAEMON ? "nearcast" : "companion", argv, error);
}

static int start_nearcast(struct lab *lab, uint32_t node, struct error *error)
{
	int result = write_own(lab, node, error);

	return result != 0 ? result
			   : run_nearcast(lab, node, LAB_DAEMON, "/run/nearcast.yaml",
				     "/run/nearcast", "/run/nearcast-state", error);
}

/* What puts the routes of a daemon into the kernel that does not do so itself. */
static int start_companion(struct lab *lab, uint32_t node, struct error *error)
{
	int result = write_with(lab, node, "companion.yaml", world_configure_companion, error);

	return result != 0 ? result
			   : run_nearcast(lab, node, LAB_SECOND, "/run/companion.yaml",
				     "/run/companion", "/run/companion-state", error);
}

static int start_bird(struct lab *lab, uint32_t node, struct error *error)
{
	static const char *const argv[] = { "bird", "-f", "-c", "/run/bird.conf", "-s",
		"/run/bird.ctl", "-P", "/run/bird.pid", NULL };
	int result = write_with(lab, node, "bird.conf", world_configure_bird, error);

	return result != 0 ? result : lab_spawn(lab, node, LAB_DAEMON, "bird", argv, error);
}

static int start_frr(struct lab *lab, uint32_t node, struct error *error)
{
	static const char *const zebra[] = { "/usr/lib/frr/zebra", "-f", "/run/zebra.conf",
		"-P", "0", "-z", "/run/zserv.api", "--vty_socket", "/run", "-i",
		"/run/zebra.pid", NULL };
	static const char *const bgpd[] = { "/usr/lib/frr/bgpd", "-f", "/run/bgpd.conf", "-P",
		"0", "-z", "/run/zserv.api", "--vty_socket", "/run", "-i", "/run/bgpd.pid",
		"-S", NULL };
	/* They give up root, and write there afterwards. */
	int result = lab_open_folder(lab, node, error);

	if (result == 0)
		result = lab_write(lab, node, "zebra.conf", "hostname zebra\n", error);
	if (result == 0)
		result = write_with(lab, node, "bgpd.conf", world_configure_frr, error);
	if (result == 0)
		result = lab_spawn(lab, node, LAB_SECOND, "zebra", zebra, error);
	return result != 0 ? result : lab_spawn(lab, node, LAB_DAEMON, "bgpd", bgpd, error);
}

static int start_gobgp(struct lab *lab, uint32_t node, struct error *error)
{
	static const char *const argv[] = { "gobgpd", "-t", "toml", "-f", "/run/gobgpd.toml",
		"--api-hosts", "unix:///run/gobgp.api", "--pprof-disable", "-p", "-l", "info",
		NULL };
	int result = write_with(lab, node, "gobgpd.toml", world_configure_gobgp, error);

	if (result == 0)
		result = start_companion(lab, node, error);
	return result != 0 ? result : lab_spawn(lab, node, LAB_DAEMON, "gobgpd", argv, error);
}

static int start_openbgpd(struct lab *lab, uint32_t node, struct error *error)
{
	static const char *const argv[] = { "/usr/sbin/bgpd", "-d", "-f", "/run/openbgpd.conf",
		NULL };
	int result = write_with(lab, node, "openbgpd.conf", world_configure_openbgpd, error);

	/* Where its processes shut themselves in. */
	if (result == 0)
		result = lab_make_folder(lab, node, "openbgpd", error);
	if (result == 0)
		result = start_companion(lab, node, error);
	return result != 0 ? result : lab_spawn(lab, node, LAB_DAEMON, "openbgpd", argv, error);
}

typedef int start(struct lab *lab, uint32_t node, struct error *error);

static start *const starts[WORLD_DAEMON_COUNT] = {
	[WORLD_DAEMON_NEARCAST] = start_nearcast,
	[WORLD_DAEMON_BIRD] = start_bird,
	[WORLD_DAEMON_FRR] = start_frr,
	[WORLD_DAEMON_GOBGP] = start_gobgp,
	[WORLD_DAEMON_OPENBGPD] = start_openbgpd,
};

int lab_start_node(struct lab *lab, uint32_t node, struct error *error)
{
	const struct world_node *made = &lab->world->nodes[node];
	int result = starts[made->daemon](lab, node, error);

	if (result == 0 && made->kind == WORLD_SITE)
		result = lab_start_service(lab, node, error);
	return result;
}

int lab_start_service(struct lab *lab, uint32_t node, struct error *error)
{
	char address[WORLD_ADDRESS_MAX];
	const char *const argv[] = { lab->program, "internal-lab-server", "--name",
		lab->world->nodes[node].name, "--address",
		world_address(lab->world->address, address), "--dns-port", "53", "--http-port",
		"80", "--counters", "/run/service.counters", NULL };

	return lab_spawn(lab, node, LAB_SERVICE, "service", argv, error);
}

int lab_reload(struct lab *lab, uint32_t node, struct error *error)
{
	pid_t pid = lab->nodes[node].processes[LAB_DAEMON].pid;
	int result = write_own(lab, node, error);

	if (result == 0 && pid > 0)
		(void)kill(pid, SIGHUP);
	return result;
}
