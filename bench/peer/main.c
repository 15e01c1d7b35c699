/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table-peer: the neighbours of the daemon under test, several in one process.
 *
 *     table-peer [OPTION...] LOCAL,REMOTE,ASN,DUTY...
 *
 * DUTY is send, receive, listen (receives, and waits for the connection) or probe. Tables are
 * made and encoded before "ready" is printed; then one command a line is read from stdin and
 * one event a line, JSON, is printed. Times are CLOCK_MONOTONIC in ns, the same in all
 * processes of the machine.
 *
 *     connect              all sessions that are not up     -> established
 *     send                 write the tables                 -> sent
 *     withdraw             withdraw the tables              -> sent
 *     close                end all sessions without a word  -> closed
 *     refresh              of what receivers hear           -> refresh
 *     expect COUNT QUIET   for receivers, QUIET in ms       -> reached, quiet
 *     probe COUNT INTERVAL in us                            -> probed
 *     stat                                                  -> stat, of each session
 *     report               what probes were sent or seen    -> probes, of each session
 *     quit
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#define SESSIONS_MAX 64

struct peer {
	struct table_options table_options;
	struct table table;
	uint16_t hold_time_s;
	struct address next_hop; /* FAMILY_NONE: the local address */
	bool rival, sentinel;

	struct session *sessions[SESSIONS_MAX];
	struct table_sender senders[SESSIONS_MAX];
	struct table_bytes announce[SESSIONS_MAX], withdraw[SESSIONS_MAX];
	size_t session_count;

	uint32_t probes_left;
	uint64_t probe_at_ns, probe_interval_ns;

	char line[256];
	size_t line_length;
	bool done;
};

/* ---- commands */

static void do_connect(struct peer *peer, size_t i)
{
	session_connect(peer->sessions[i], monotonic_ns());
}

static void do_send(struct peer *peer, size_t i)
{
	if (peer->sessions[i]->options.duty == SESSION_SEND)
		session_send(peer->sessions[i], &peer->announce[i]);
}

static void do_withdraw(struct peer *peer, size_t i)
{
	if (peer->sessions[i]->options.duty == SESSION_SEND)
		session_send(peer->sessions[i], &peer->withdraw[i]);
}

static void do_close(struct peer *peer, size_t i)
{
	uint64_t now_ns = monotonic_ns();

	session_close(peer->sessions[i]);
	session_event(peer->sessions[i], "closed", now_ns, "%s", "");
}

static void do_refresh(struct peer *peer, size_t i)
{
	if (peer->sessions[i]->options.duty == SESSION_RECEIVE)
		session_refresh(peer->sessions[i]);
}

static void do_expect(struct peer *peer, size_t i)
{
	unsigned long count, quiet_ms;

	if (sscanf(peer->line, "expect %lu %lu", &count, &quiet_ms) == 2 &&
		peer->sessions[i]->options.duty == SESSION_RECEIVE)
		session_expect(peer->sessions[i], count, quiet_ms * 1000000);
}

static void do_stat(struct peer *peer, size_t i)
{
	const struct session *s = peer->sessions[i];
	uint64_t now_ns = monotonic_ns(), silence_ns = now_ns - s->heard_ns;

	if (silence_ns < s->silence_ns)
		silence_ns = s->silence_ns;
	session_event(s, "stat", now_ns,
		",\"state\":%d,\"reachable\":%zu,\"messages\":%llu,\"announced\":%llu,"
		"\"withdrawn\":%llu,\"last_update_ns\":%llu,\"keepalive_gap_ns\":%llu,"
		"\"silence_ns\":%llu",
		s->state, s->reachable.count, (unsigned long long)s->messages,
		(unsigned long long)s->announced, (unsigned long long)s->withdrawn,
		(unsigned long long)s->last_update_ns, (unsigned long long)s->keepalive_gap_ns,
		(unsigned long long)silence_ns);
}

static void do_report(struct peer *peer, size_t i)
{
	const struct session *s = peer->sessions[i];

	if (s->probe_ns == NULL)
		return;
	printf("{\"event\":\"probes\",\"session\":%u,\"times\":[", s->options.number);
	for (uint32_t n = 0; n < s->probe_next; n++)
		printf("%s%llu", n == 0 ? "" : ",", (unsigned long long)s->probe_ns[n]);
	printf("]}\n");
	fflush(stdout);
}

static void do_probe(struct peer *peer, size_t i)
{
	unsigned count, interval_us;

	if (peer->sessions[i]->options.duty != SESSION_PROBE ||
		sscanf(peer->line, "probe %u %u", &count, &interval_us) != 2)
		return;
	peer->probes_left = count;
	peer->probe_interval_ns = (uint64_t)interval_us * 1000;
	peer->probe_at_ns = monotonic_ns();
}

static void do_quit(struct peer *peer, size_t i)
{
	(void)i;
	peer->done = true;
}

/* What each session does when the line begins with the word. */
static const struct {
	const char *word;
	void (*run)(struct peer *peer, size_t session);
} commands[] = { { "connect", do_connect }, { "send", do_send }, { "withdraw", do_withdraw },
	{ "close", do_close }, { "refresh", do_refresh }, { "expect", do_expect },
	{ "probe", do_probe }, { "stat", do_stat }, { "report", do_report },
	{ "quit", do_quit } };

static void command_run(struct peer *peer)
{
	size_t word = strcspn(peer->line, " ");

	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
		if (strlen(commands[c].word) != word ||
			strncmp(peer->line, commands[c].word, word) != 0)
			continue;
		for (size_t i = 0; i < peer->session_count; i++)
			commands[c].run(peer, i);
		return;
	}
	fprintf(stderr, "table-peer: no command '%s'\n", peer->line);
}

static void commands_read(struct peer *peer)
{
	ssize_t n = read(STDIN_FILENO, peer->line + peer->line_length,
		sizeof(peer->line) - 1 - peer->line_length);
	char *end;

	if (n <= 0) {
		peer->done = true;
		return;
	}
	peer->line_length += (size_t)n;
	peer->line[peer->line_length] = '\0';
	while ((end = strchr(peer->line, '\n')) != NULL) {
		*end = '\0';
		command_run(peer);
		peer->line_length -= (size_t)(end + 1 - peer->line);
		memmove(peer->line, end + 1, peer->line_length + 1);
	}
}

/* ---- the loop */

static uint64_t probes_tick(struct peer *peer, uint64_t now_ns)
{
	if (peer->probes_left == 0)
		return UINT64_MAX;
	if (peer->probe_at_ns > now_ns)
		return peer->probe_at_ns;
	for (size_t i = 0; i < peer->session_count; i++) {
		if (peer->sessions[i]->options.duty == SESSION_PROBE)
			session_probe(peer->sessions[i], &peer->senders[i], now_ns);
	}
	peer->probe_at_ns += peer->probe_interval_ns;
	if (--peer->probes_left > 0)
		return peer->probe_at_ns;
	printf("{\"event\":\"probed\"}\n");
	fflush(stdout);
	return UINT64_MAX;
}

static uint64_t timers_run(struct peer *peer, uint64_t now_ns)
{
	uint64_t next_ns = probes_tick(peer, now_ns);

	for (size_t i = 0; i < peer->session_count; i++) {
		uint64_t at_ns = session_tick(peer->sessions[i], now_ns);

		if (at_ns < next_ns)
			next_ns = at_ns;
	}
	return next_ns;
}

static void loop_once(struct peer *peer)
{
	struct pollfd fds[1 + SESSIONS_MAX] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	uint64_t now_ns = monotonic_ns(), next_ns = timers_run(peer, now_ns), wait_ns;
	struct timespec timeout;

	wait_ns = next_ns <= now_ns ? 0 : next_ns - now_ns;
	if (wait_ns > 60000000000u)
		wait_ns = 60000000000u;
	timeout.tv_sec = (time_t)(wait_ns / 1000000000u);
	timeout.tv_nsec = (long)(wait_ns % 1000000000u);
	for (size_t i = 0; i < peer->session_count; i++)
		fds[1 + i].events = session_poll(peer->sessions[i], &fds[1 + i].fd);
	if (ppoll(fds, 1 + peer->session_count, &timeout, NULL) <= 0)
		return;
	if (fds[0].revents != 0)
		commands_read(peer);
	for (size_t i = 0; i < peer->session_count; i++) {
		int fd;

		/* A command may have closed it, and another session may have its number. */
		if (fds[1 + i].revents != 0 && session_poll(peer->sessions[i], &fd) != 0 &&
			fd == fds[1 + i].fd)
			session_ready(peer->sessions[i], fds[1 + i].revents);
	}
}

/* ---- start */

static int usage(void)
{
	fprintf(stderr,
		"usage: table-peer [OPTION...] LOCAL,REMOTE,ASN,DUTY...\n"
		"  DUTY: send, receive, listen, probe\n"
		"  --routes N --sets N --seed N --ipv6 --prefixes FILE\n"
		"  --next-hop ADDRESS --hold SECONDS --expected N --rival --sentinel\n");
	return 2;
}

static bool options_read(struct peer *peer, int argc, char **argv, uint32_t *ret_expected)
{
	static const struct option options[] = { { "routes", 1, NULL, 'n' },
		{ "sets", 1, NULL, 's' }, { "seed", 1, NULL, 'x' }, { "ipv6", 0, NULL, '6' },
		{ "prefixes", 1, NULL, 'p' }, { "next-hop", 1, NULL, 'h' },
		{ "hold", 1, NULL, 't' }, { "expected", 1, NULL, 'e' },
		{ "rival", 0, NULL, 'r' }, { "sentinel", 0, NULL, 'l' }, { NULL, 0, NULL, 0 } };
	struct table_options *table = &peer->table_options;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint32_t number = optarg == NULL ? 0 : (uint32_t)strtoul(optarg, NULL, 10);

		switch (option) {
		case 'n':
			table->routes = number;
			break;
		case 's':
			table->sets = number;
			break;
		case 'x':
			table->seed = number;
			break;
		case '6':
			table->family = BGP_IPV6_UNICAST;
			break;
		case 'p':
			table->prefixes = optarg;
			break;
		case 'h':
			if (address_parse(optarg, &peer->next_hop) != 0)
				return false;
			break;
		case 't':
			peer->hold_time_s = (uint16_t)number;
			break;
		case 'e':
			*ret_expected = number;
			break;
		case 'r':
			peer->rival = true;
			break;
		case 'l':
			peer->sentinel = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static const struct {
	const char *word;
	enum session_duty duty;
	bool passive;
} duties[] = { { "send", SESSION_SEND, false }, { "receive", SESSION_RECEIVE, false },
	{ "listen", SESSION_RECEIVE, true }, { "probe", SESSION_PROBE, false } };

static bool session_parse(char *text, struct session_options *options)
{
	char *local = strtok(text, ","), *remote = strtok(NULL, ","), *asn = strtok(NULL, ",");
	char *duty = strtok(NULL, ",");

	if (duty == NULL || address_parse(local, &options->local) != 0 ||
		address_parse(remote, &options->remote) != 0)
		return false;
	options->asn = (uint32_t)strtoul(asn, NULL, 10);
	for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++) {
		if (strcmp(duties[i].word, duty) != 0)
			continue;
		options->duty = duties[i].duty;
		options->passive = duties[i].passive;
		return true;
	}
	return false;
}

static bool session_add(struct peer *peer, char *text, uint32_t expected)
{
	size_t i = peer->session_count;
	struct session_options options = { .number = (unsigned)i,
		.family = peer->table_options.family,
		.hold_time_s = peer->hold_time_s,
		.expected = expected };

	if (i == SESSIONS_MAX || !session_parse(text, &options))
		return false;
	peer->sessions[i] = malloc(sizeof(*peer->sessions[i]));
	if (peer->sessions[i] == NULL || session_init(peer->sessions[i], &options) != 0)
		return false;
	peer->senders[i] = (struct table_sender){ .number = (uint32_t)i,
		.asn = options.asn,
		.next_hop =
			peer->next_hop.family == FAMILY_NONE ? options.local : peer->next_hop,
		.rival = peer->rival,
		.sentinel = peer->sentinel };
	peer->session_count++;
	return true;
}

static int tables_make(struct peer *peer)
{
	struct error error = { 0 };
	int result = 0;

	for (size_t i = 0; i < peer->session_count && result == 0; i++) {
		if (peer->sessions[i]->options.duty != SESSION_SEND)
			continue;
		if (peer->table.keys == NULL)
			result = table_make(&peer->table, &peer->table_options, &error);
		if (result == 0)
			result = table_announce(
				&peer->table, &peer->senders[i], &peer->announce[i]);
		if (result == 0)
			result = table_withdraw(
				&peer->table, &peer->senders[i], &peer->withdraw[i]);
	}
	if (result != 0)
		fprintf(stderr, "table-peer: %s %s\n", error_name(result), error.text);
	return result;
}

static void peer_clear(struct peer *peer)
{
	for (size_t i = 0; i < peer->session_count; i++) {
		session_destroy(peer->sessions[i]);
		free(peer->sessions[i]);
		table_bytes_clear(&peer->announce[i]);
		table_bytes_clear(&peer->withdraw[i]);
	}
	table_clear(&peer->table);
}

int main(int argc, char **argv)
{
	static struct peer peer = { .table_options = { .routes = 0, .sets = 1, .seed = 1 },
		.hold_time_s = 240 };
	uint32_t expected = 0;
	int result = 1;

	signal(SIGPIPE, SIG_IGN);
	if (!options_read(&peer, argc, argv, &expected) || optind == argc)
		return usage();
	for (int i = optind; i < argc; i++) {
		if (!session_add(&peer, argv[i], expected)) {
			usage();
			goto out;
		}
	}
	if (tables_make(&peer) != 0)
		goto out;
	printf("{\"event\":\"ready\",\"routes\":%u,\"sets\":%u,\"bytes\":%zu,\"messages\":%u}\n",
		peer.table.routes, peer.table.sets, peer.announce[0].length,
		peer.announce[0].messages);
	fflush(stdout);
	while (!peer.done)
		loop_once(&peer);
	result = 0;
out:
	peer_clear(&peer);
	return result;
}
