/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured logs: one call is one line is one write(2), as logfmt or JSON to stderr, or as
 * fields to systemd's journal (its native protocol: one datagram of KEY=value lines; a value
 * with a newline has its length in front; a datagram that is too large travels as a sealed
 * memfd).
 *
 * Invariants:
 *  1. Whatever a value holds, a line stays one line and its fields keep their bounds: the
 * values may come from peers.
 *  2. Logging never blocks: when nobody reads stderr, lines are dropped and counted, and the
 * next line that passes says how many.
 *  3. A flood of lines is cut: errors always pass, others take from a bucket of BURST lines
 * that fills at RATE a second.
 */
#include "os/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "os/clock.h"

#define FIELDS_MAX   24
#define VALUE_MAX    1024     /* bytes; longer values are cut */
#define LINE_BYTES   PIPE_BUF /* a write of more could block half-way */
#define BURST        2000u
#define RATE         200u /* lines a second */
#define JOURNAL_PATH "/run/systemd/journal/socket"

struct field {
	const char *key, *value;
};

/* What one process has to remember to log: set once at its start. */
static struct {
	const char *process;
	enum log_format format;
	enum log_level level;
	int journal;
	unsigned tokens;
	struct instant filled;
	uint64_t dropped;
	struct text line;
} logger = { .process = "main", .level = LOG_INFO, .journal = -1, .tokens = BURST };

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

/* syslog(3) priorities, which the journal wants. */
static const char *const level_priorities[] = {
	[LOG_ERROR] = "3",
	[LOG_WARNING] = "4",
	[LOG_INFO] = "6",
	[LOG_DEBUG] = "7",
};

void log_setup(const char *process, enum log_format format, enum log_level level)
{
	logger.process = process;
	logger.format = format;
	logger.level = level;
	if (format == LOG_FORMAT_JOURNAL && logger.journal < 0)
		logger.journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void log_level_set(enum log_level level)
{
	logger.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= logger.level;
}

static bool rate_allows(enum log_level level)
{
	struct instant now = clock_now();
	uint64_t earned;

	if (!instant_is_set(logger.filled))
		logger.filled = now;
	earned = (uint64_t)duration_to_ms(instant_since(now, logger.filled)) * RATE / 1000;
	if (earned > 0) {
		uint64_t tokens = logger.tokens + earned;

		logger.tokens = tokens > BURST ? BURST : (unsigned)tokens;
		logger.filled = now;
	}
	if (level == LOG_ERROR)
		return true;
	if (logger.tokens == 0)
		return false;
	logger.tokens--;
	return true;
}

/* The length of the UTF-8 sequence at text, or 0 if it is none (RFC 3629 section 4). */
static size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80                       ? 1
			: text[0] >= 0xc2 && text[0] <= 0xdf ? 2
			: text[0] >= 0xe0 && text[0] <= 0xef ? 3
			: text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
							     : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
		(text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

/* JSON's escapes (RFC 8259 section 7), which logfmt readers know as well. What is not UTF-8
 * becomes the replacement character. */
static void add_escaped(struct text *line, const char *value)
{
	size_t left = VALUE_MAX;

	while (*value != '\0') {
		const unsigned char *at = (const unsigned char *)value;
		size_t length = utf8_length(at);

		if (length > left) {
			text_add(line, "\xe2\x80\xa6");
			return;
		}
		if (length == 0)
			text_add(line, "\xef\xbf\xbd");
		else if (*value == '"' || *value == '\\')
			text_print(line, "\\%c", *value);
		else if (*value == '\n')
			text_add(line, "\\n");
		else if (*at < 0x20 || *at == 0x7f)
			text_print(line, "\\u%04x", *at);
		else
			text_add_bytes(line, value, length);
		length += length == 0 ? 1 : 0;
		value += length;
		left -= length < left ? length : left;
	}
}

static bool logfmt_plain(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++)
		if (*value <= ' ' || *value >= 0x7f || strchr("\"=\\", *value) != NULL)
			return false;
	return true;
}

static void add_logfmt(struct text *line, const struct field *field)
{
	text_print(line, "%s%s=", line->length == 0 ? "" : " ", field->key);
	if (logfmt_plain(field->value) && strlen(field->value) <= VALUE_MAX) {
		text_add(line, field->value);
		return;
	}
	text_add(line, "\"");
	add_escaped(line, field->value);
	text_add(line, "\"");
}

static void add_json(struct text *line, const struct field *field)
{
	text_print(line, "%s\"%s\":\"", line->length == 0 ? "{" : ",", field->key);
	add_escaped(line, field->value);
	text_add(line, "\"");
}

/* A field that would make the line longer than one atomic write is left out. */
static void write_line(const struct field *fields, size_t count)
{
	struct text *line = &logger.line;
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	text_reset(line);
	for (size_t i = 0; i < count; i++) {
		size_t before = line->length;

		(logger.format == LOG_FORMAT_JSON ? add_json : add_logfmt)(line, &fields[i]);
		if (!line->failed && line->length > LINE_BYTES - 2) {
			line->length = before;
			line->bytes[before] = '\0';
		}
	}
	text_add(line, logger.format == LOG_FORMAT_JSON ? "}\n" : "\n");
	if (line->failed || poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0 ||
		write(STDERR_FILENO, line->bytes, line->length) != (ssize_t)line->length)
		logger.dropped++;
}

static void add_journal(struct text *datagram, const struct field *field)
{
	static const struct field known[] = {
		{ "msg", "MESSAGE" },
		{ "level", "PRIORITY" },
	};
	const char *key = NULL;
	uint64_t length = strlen(field->value);

	if (strcmp(field->key, "time") == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(field->key, known[i].key) == 0)
			key = known[i].value;
	if (key != NULL)
		text_add(datagram, key);
	else
		text_add(datagram, "NEARCAST_");
	for (const char *c = key != NULL ? "" : field->key; *c != '\0'; c++)
		text_print(datagram, "%c", *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	if (strchr(field->value, '\n') == NULL) {
		text_print(datagram, "=%s\n", field->value);
		return;
	}
	/* Little-endian on the wire, as the machine is where systemd runs this daemon. */
	uint8_t size[8];

	for (size_t i = 0; i < sizeof(size); i++)
		size[i] = (uint8_t)(length >> (8 * i));
	text_add(datagram, "\n");
	text_add_bytes(datagram, (const char *)size, sizeof(size));
	text_print(datagram, "%s\n", field->value);
}

static bool send_memfd(const struct sockaddr_un *journal, const struct text *datagram)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)journal,
		.msg_namelen = sizeof(*journal),
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd = memfd_create("nearcast-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	bool sent = false;

	if (fd < 0)
		return false;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (write(fd, datagram->bytes, datagram->length) == (ssize_t)datagram->length &&
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
		sent = sendmsg(logger.journal, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 0;
	close(fd);
	return sent;
}

static bool write_journal(const struct field *fields, size_t count)
{
	struct sockaddr_un journal = { .sun_family = AF_UNIX, .sun_path = JOURNAL_PATH };
	struct text *datagram = &logger.line;

	text_reset(datagram);
	text_add(datagram, "SYSLOG_IDENTIFIER=nearcast\n");
	for (size_t i = 0; i < count; i++)
		add_journal(datagram, &fields[i]);
	if (datagram->failed)
		return false;
	if (sendto(logger.journal, datagram->bytes, datagram->length,
		    MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&journal,
		    sizeof(journal)) >= 0)
		return true;
	return errno == EMSGSIZE && send_memfd(&journal, datagram);
}

static void emit(enum log_level level, struct field *fields, size_t count)
{
	char dropped[24];
	uint64_t before = logger.dropped;

	if (!rate_allows(level)) {
		logger.dropped++;
		return;
	}
	if (before > 0) {
		snprintf(dropped, sizeof(dropped), "%llu", (unsigned long long)before);
		fields[count++] = (struct field){ "dropped_lines", dropped };
		logger.dropped = 0;
	}
	if (logger.format == LOG_FORMAT_JOURNAL) {
		fields[1].value = level_priorities[level];
		if (write_journal(fields, count))
			return;
		fields[1].value = level_names[level];
	}
	write_line(fields, count);
	/* This line did not pass either: what it would have said is still to be said. */
	if (logger.dropped > 0)
		logger.dropped += before;
}

static size_t common_fields(struct field *fields, enum log_level level, const char *event,
	const char *message, char time[WALL_TEXT_MAX])
{
	fields[0] = (struct field){ "time", wall_format(clock_wall(), time) };
	fields[1] = (struct field){ "level", level_names[level] };
	fields[2] = (struct field){ "process", logger.process };
	fields[3] = (struct field){ "event", event };
	fields[4] = (struct field){ "msg", message };
	return 5;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	struct field fields[FIELDS_MAX];
	char time[WALL_TEXT_MAX], message[VALUE_MAX];
	va_list list;

	if (!log_enabled(level))
		return;
	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	emit(level, fields, common_fields(fields, level, event, message, time));
}

void log_fields(enum log_level level, const char *event, const char *message, ...)
{
	struct field fields[FIELDS_MAX];
	char time[WALL_TEXT_MAX];
	size_t count;
	va_list list;
	const char *key;

	if (!log_enabled(level))
		return;
	count = common_fields(fields, level, event, message, time);
	va_start(list, message);
	/* One place is left for dropped_lines. */
	while ((key = va_arg(list, const char *)) != NULL && count < FIELDS_MAX - 1) {
		const char *value = va_arg(list, const char *);

		fields[count++] = (struct field){ key, value == NULL ? "" : value };
	}
	va_end(list);
	emit(level, fields, count);
}

void log_pairs(enum log_level level, const char *event, const char *message,
	const char *const *pairs, size_t count)
{
	struct field fields[FIELDS_MAX];
	char time[WALL_TEXT_MAX];
	size_t used;

	if (!log_enabled(level))
		return;
	used = common_fields(fields, level, event, message, time);
	for (size_t i = 0; i + 1 < count && used < FIELDS_MAX - 1; i += 2)
		fields[used++] = (struct field){ pairs[i], pairs[i + 1] == NULL ? "" : pairs[i + 1] };
	emit(level, fields, used);
}
