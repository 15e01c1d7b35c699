/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says about policies, in the words of route/policy.h. */
#ifndef NEARCAST_DAEMON_POLICY_DESCRIPTION_H
#define NEARCAST_DAEMON_POLICY_DESCRIPTION_H

#include "base/text.h"
#include "config/config.h"
#include "route/policy.h"

/* All policies of the configuration, and those that are built in and used. Points into the
 * configuration; arrays are in the arena. 0 or ERROR_MEMORY. */
int policy_description_of(const struct config *config, struct arena *arena,
	struct policy_description *ret_description);

/* The same, compiled. NULL: error says why. */
struct policy_book *policy_book_of_config(const struct config *config, struct error *error);
/* What a neighbour's routes go through: none rejects all, all accepts all. NULL: error. */
struct policy *policy_of_choice(
	struct policy_book *book, const struct config_choice *choice, struct error *error);
/* The same for what it says, with its `blackhole` in front. */
struct policy *policy_of_import(
	struct policy_book *book, const struct config_neighbor *neighbor, struct error *error);
/* False: what it says is taken, or not taken, whole. */
bool policy_needed_for_import(const struct config_neighbor *neighbor);
/* Behind the name of the neighbour: the policy that its `blackhole` is. */
#define POLICY_BLACKHOLE_SUFFIX ":blackhole"

/* What a neighbour of that relation is to a policy. */
enum policy_relation policy_relation_of(enum config_relation relation);

/* A rule on one line: "match: prefix: [own], set: local-pref: 200, then: accept". */
void policy_rule_print(const struct config_rule *rule, struct text *out);

#endif
