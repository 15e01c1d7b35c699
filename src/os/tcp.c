/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections between routers.
 *
 * Invariants:
 *  1. Every socket made here is non-blocking and close-on-exec.
 *  2. A password or TTL rule is set before the first segment leaves: an unprotected connection
 * is never made where a protected one was asked for.
 *
 * RFC 2385 (TCP-MD5), RFC 5082 (GTSM), RFC 4271 appendix E (routing traffic is marked; CS6 is
 * the custom, RFC 4594 section 3.1).
 */
#include "os/tcp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define TRAFFIC_CLASS_CS6 0xc0

static socklen_t sockaddr_of(const struct address *address, uint16_t port, unsigned scope,
	struct sockaddr_storage *ret_storage)
{
	memset(ret_storage, 0, sizeof(*ret_storage));
	if (address->family == FAMILY_IPV4) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret_storage;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_storage;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, 16);
	if (address_is_link_local(address))
		in6->sin6_scope_id = scope;
	return sizeof(*in6);
}

static void address_of(const struct sockaddr *sockaddr, struct address *ret_address,
	uint16_t *ret_port, unsigned *ret_scope)
{
	*ret_scope = 0;
	if (sockaddr->sa_family == AF_INET) {
		const struct sockaddr_in *in =
			(const struct sockaddr_in *)(const void *)sockaddr;

		*ret_address = address_from_bytes(FAMILY_IPV4, (const uint8_t *)&in->sin_addr);
		*ret_port = ntohs(in->sin_port);
		return;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sockaddr;

	*ret_address = address_from_bytes(FAMILY_IPV6, in6->sin6_addr.s6_addr);
	*ret_port = ntohs(in6->sin6_port);
	*ret_scope = in6->sin6_scope_id;
}

static unsigned scope_of(const char *interface)
{
	return interface == NULL || interface[0] == '\0' ? 0 : if_nametoindex(interface);
}

static int option_int(
	int fd, int level, int name, int value, const char *what, struct error *error)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == 0)
		return 0;
	return error_system(error, errno, "cannot set %s on the BGP connection", what);
}

static int ttl_set(
	int fd, enum family family, const struct tcp_options *options, struct error *error)
{
	bool ipv4 = family == FAMILY_IPV4;
	int level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
	int r = 0;

	if (options->ttl != 0)
		r = option_int(fd, level, ipv4 ? IP_TTL : IPV6_UNICAST_HOPS, options->ttl,
			"the TTL", error);
	if (r == 0 && options->minimum_ttl != 0)
		r = option_int(fd, level, ipv4 ? IP_MINTTL : IPV6_MINHOPCOUNT,
			options->minimum_ttl, "TTL security (RFC 5082)", error);
	return r;
}

static void routing_options(int fd, enum family family)
{
	int one = 1, class = TRAFFIC_CLASS_CS6;

	/* Conveniences: a kernel that refuses them still carries the session. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, family == FAMILY_IPV4 ? IPPROTO_IP : IPPROTO_IPV6,
		family == FAMILY_IPV4 ? IP_TOS : IPV6_TCLASS, &class, sizeof(class));
}

int tcp_password_set(int fd, const struct address *remote, const char *interface,
	const uint8_t *password, uint8_t length, struct error *error)
{
	struct tcp_md5sig key = { .tcpm_keylen = length };
	struct sockaddr_storage storage;

	if (length > TCP_PASSWORD_MAX)
		return error_set(error, ERROR_RANGE, "a TCP-MD5 password has at most %d bytes",
			TCP_PASSWORD_MAX);
	sockaddr_of(remote, 0, scope_of(interface), &storage);
	memcpy(&key.tcpm_addr, &storage, sizeof(key.tcpm_addr));
	if (length > 0)
		memcpy(key.tcpm_key, password, length);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)) == 0)
		return 0;
	if (length == 0 && errno == ENOENT)
		return 0;
	if (errno == ENOPROTOOPT || errno == EOPNOTSUPP)
		return error_set(error, ERROR_UNSUPPORTED,
			"this kernel has no TCP-MD5 (CONFIG_TCP_MD5SIG)");
	return error_system(error, errno, "cannot set the TCP-MD5 password");
}

static int connect_prepare(int fd, const struct tcp_options *options, struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size;
	int r;

	routing_options(fd, options->remote.family);
	r = ttl_set(fd, options->remote.family, options, error);
	if (r == 0 && options->password_length > 0)
		r = tcp_password_set(fd, &options->remote, options->interface,
			options->password, options->password_length, error);
	if (r != 0 || options->local.family == FAMILY_NONE)
		return r;
	size = sockaddr_of(&options->local, 0, scope_of(options->interface), &storage);
	if (bind(fd, (struct sockaddr *)&storage, size) != 0) {
		char text[ADDRESS_TEXT_MAX];

		return error_system(error, errno, "cannot use local address %s",
			address_format(&options->local, text));
	}
	return 0;
}

int tcp_connect(const struct tcp_options *options, int *ret_fd, struct error *error)
{
	int domain = options->remote.family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage storage;
	socklen_t size;
	int r;

	if (fd < 0)
		return error_system(error, errno, "cannot make a socket");
	r = connect_prepare(fd, options, error);
	if (r != 0)
		goto out;
	size = sockaddr_of(
		&options->remote, options->remote_port, scope_of(options->interface), &storage);
	if (connect(fd, (struct sockaddr *)&storage, size) != 0 && errno != EINPROGRESS) {
		r = error_system(error, errno, "connect");
		goto out;
	}
	*ret_fd = fd;
	return 0;
out:
	close(fd);
	return r;
}

int tcp_result(int fd, struct error *error)
{
	int pending = 0;
	socklen_t size = sizeof(pending);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) != 0)
		pending = errno;
	return pending == 0 ? 0 : error_system(error, pending, "connect");
}

/* The SYN of an accepted connection came before its own TTL rule was set. */
static int syn_ttl_check(int fd, enum family family, uint8_t minimum_ttl, struct error *error)
{
	size_t offset = family == FAMILY_IPV4 ? offsetof(struct iphdr, ttl)
					      : offsetof(struct ip6_hdr, ip6_hlim);
	uint8_t syn[256]; /* IP and TCP headers: at most 120 bytes */
	socklen_t size = sizeof(syn);

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &size) != 0)
		return error_system(error, errno, "cannot tell the TTL of the connection");
	if (size <= offset)
		return error_set(error, ERROR_PERMISSION,
			"the connection came before its TTL could be told");
	if (syn[offset] >= minimum_ttl)
		return 0;
	return error_set(error, ERROR_PERMISSION,
		"TTL security (RFC 5082): the connection came with TTL %u, at least %u is"
		" wanted",
		syn[offset], minimum_ttl);
}

int tcp_adopt(int fd, const struct tcp_options *options, struct error *error)
{
	int r = 0;

	routing_options(fd, options->remote.family);
	if (options->minimum_ttl != 0)
		r = syn_ttl_check(fd, options->remote.family, options->minimum_ttl, error);
	return r != 0 ? r : ttl_set(fd, options->remote.family, options, error);
}

int tcp_accept(int listener, int *ret_fd, struct address *ret_remote,
	char interface[TCP_INTERFACE_MAX], struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	unsigned scope;
	uint16_t port;
	int fd = accept4(
		listener, (struct sockaddr *)&storage, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return ERROR_NOT_FOUND;
		return error_system(error, errno, "accept");
	}
	address_of((struct sockaddr *)&storage, ret_remote, &port, &scope);
	interface[0] = '\0';
	if (scope != 0)
		(void)if_indextoname(scope, interface);
	*ret_fd = fd;
	return 0;
}

void tcp_listener_prepare(int fd, enum family family)
{
	struct tcp_options options = { .ttl = 255 };
	int one = 1;

	/* A peer with TTL security drops a SYN-ACK that left with less than 255. */
	(void)ttl_set(fd, family, &options, NULL);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, &one, sizeof(one));
	routing_options(fd, family);
}

static uint8_t mask_length(const struct sockaddr *mask)
{
	struct address bits = { 0 };
	unsigned scope;
	uint16_t port;
	uint8_t length = 0;

	address_of(mask, &bits, &port, &scope);
	while (length < family_bits(bits.family) &&
		(bits.bytes[length / 8] >> (7 - length % 8) & 1))
		length++;
	return length;
}

static bool usable(const struct ifaddrs *entry)
{
	return entry->ifa_addr != NULL && (entry->ifa_addr->sa_family == AF_INET ||
						  entry->ifa_addr->sa_family == AF_INET6);
}

/* The name of the interface that holds the address, or NULL. */
static const char *interface_of(const struct ifaddrs *list, const struct address *local)
{
	for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
		struct address address = { 0 };
		unsigned scope;
		uint16_t port;

		if (!usable(entry))
			continue;
		address_of(entry->ifa_addr, &address, &port, &scope);
		if (address_equal(&address, local))
			return entry->ifa_name;
	}
	return NULL;
}

static void interface_entry(const struct ifaddrs *entry, struct tcp_addresses *addresses)
{
	struct address address = { 0 };
	unsigned scope;
	uint16_t port;
	struct address *global;

	address_of(entry->ifa_addr, &address, &port, &scope);
	if (entry->ifa_netmask != NULL) {
		struct prefix subnet = { .address = address,
			.length = mask_length(entry->ifa_netmask) };

		prefix_normalise(&subnet);
		if (prefix_contains_address(&subnet, &addresses->remote))
			addresses->directly_connected = true;
	}
	if (address.family == FAMILY_IPV6 && address_is_link_local(&address)) {
		addresses->link_local = address;
		return;
	}
	global = address.family == FAMILY_IPV4 ? &addresses->interface_ipv4
					       : &addresses->interface_ipv6;
	if (global->family == FAMILY_NONE)
		*global = address;
}

int tcp_addresses(int fd, struct tcp_addresses *ret_addresses, struct error *error)
{
	struct sockaddr_storage local, remote;
	socklen_t local_size = sizeof(local), remote_size = sizeof(remote);
	struct ifaddrs *list;
	const char *name;
	unsigned scope;

	*ret_addresses = (struct tcp_addresses){ 0 };
	if (getsockname(fd, (struct sockaddr *)&local, &local_size) != 0 ||
		getpeername(fd, (struct sockaddr *)&remote, &remote_size) != 0)
		return error_system(error, errno, "the connection has no addresses");
	address_of((struct sockaddr *)&local, &ret_addresses->local, &ret_addresses->local_port,
		&scope);
	address_of((struct sockaddr *)&remote, &ret_addresses->remote,
		&ret_addresses->remote_port, &scope);
	if (getifaddrs(&list) != 0)
		return error_system(error, errno, "cannot list the interfaces");
	name = interface_of(list, &ret_addresses->local);
	for (const struct ifaddrs *entry = list; name != NULL && entry != NULL;
		entry = entry->ifa_next)
		if (usable(entry) && strcmp(entry->ifa_name, name) == 0)
			interface_entry(entry, ret_addresses);
	freeifaddrs(list);
	/* An interface may have several: the neighbour knows that of the session. */
	if (ret_addresses->local.family == FAMILY_IPV6 &&
		address_is_link_local(&ret_addresses->local))
		ret_addresses->link_local = ret_addresses->local;
	return 0;
}
