/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults that follow from other values. */
#include "config/complete.h"

#include "base/error.h"

#define SEND_HOLD_LEAST_NS ((int64_t)8 * 60 * 1000000000) /* RFC 9687 section 6 */

struct naming {
	struct arena *arena;
	unsigned seen[CHECK_TYPE_COUNT]; /* checks of each type so far */
};

/* The name follows from the place alone, so that a printed configuration reads back the same.
 */
static int name_check(struct naming *naming, struct config_check *check)
{
	unsigned number = ++naming->seen[check->type];

	if (check->name != NULL)
		return 0;
	check->name = arena_format(
		naming->arena, "%s-%u", config_check_type_name(check->type), number);
	return check->name == NULL ? ERROR_MEMORY : 0;
}

static struct duration shorter(struct duration a, struct duration b)
{
	return a.ns < b.ns ? a : b;
}

static void complete_timing(struct config_check *check)
{
	struct duration half = { check->interval.ns / 2 };

	if (check->fast_interval.ns == 0)
		check->fast_interval = shorter(duration_ms(200), check->interval);
	if (check->timeout.ns == 0)
		check->timeout = shorter(duration_ms(500), half);
}

static int complete_checks(
	struct naming *naming, const struct config_check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* Still being built: the arena's memory is ours to write. */
		struct config_check *check = (struct config_check *)&checks[i];
		bool group = check->type == CHECK_ALL || check->type == CHECK_ANY;

		if (name_check(naming, check) != 0)
			return ERROR_MEMORY;
		if (!group)
			complete_timing(check);
		if (check->type == CHECK_HTTP && check->http.port == 0)
			check->http.port = check->http.tls ? 443 : 80;
		if (group && complete_checks(naming, check->group.children,
				     check->group.child_count) != 0)
			return ERROR_MEMORY;
	}
	return 0;
}

int complete_service(struct config_service *service, struct arena *arena)
{
	struct naming naming = { .arena = arena };
	struct prefix *announce;

	if (service->announce_count == 0 && service->address_count > 0) {
		announce = arena_take_array(arena, service->address_count, sizeof(*announce));
		if (announce == NULL)
			return ERROR_MEMORY;
		for (size_t i = 0; i < service->address_count; i++)
			announce[i] = prefix_host(&service->addresses[i]);
		service->announce = announce;
		service->announce_count = service->address_count;
	}
	return complete_checks(&naming, service->checks, service->check_count);
}

void complete_neighbor(const struct config *config, struct config_neighbor *neighbor)
{
	int64_t twice = neighbor->hold_time.ns * 2;

	if (neighbor->local_asn == 0)
		neighbor->local_asn = config->asn;
	if (neighbor->keepalive.ns == 0)
		neighbor->keepalive = duration_ms(duration_to_ms(neighbor->hold_time) / 3);
	if (neighbor->send_hold.ns == 0)
		neighbor->send_hold.ns =
			twice > SEND_HOLD_LEAST_NS ? twice : SEND_HOLD_LEAST_NS;
}

int complete_config(struct config *config, struct arena *arena)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (complete_service(&config->services[i], arena) != 0)
			return ERROR_MEMORY;
	for (size_t i = 0; i < config->neighbor_count; i++)
		complete_neighbor(config, &config->neighbors[i]);
	return 0;
}
