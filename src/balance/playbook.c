/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks to rules.
 *
 *     seen --> case, rung 0 --> rule begins --> seen: end is put off --> not seen for `hold`:
 * ends ^                |
 *                  '--- next rung --'  it touches more known-good traffic than it may
 *
 * Invariants:
 *  1. Never more than settings.rules rules and settings.asked announcements; each has an end
 *     that is at most `life`, `asked_life` behind its start.
 *  2. Every rule has a destination inside of its target's, and every announcement one inside of
 *     an own prefix.
 *  3. No rule is enforced of which is known that it touches more than good_cap_ppm.
 *  4. A dry run asks nothing of anybody else.
 *
 * RFC 7999 sections 3.2 and 3.3: blackholes are host routes, and our own.
 */
#include "balance/playbook.h"

#include <stdio.h>
#include <string.h>

#define GOOD_ENOUGH 32 /* known-good packets, to judge a rule by */
#define WHY_MAX     160

/* ---- Plays. ---- */

enum play_form {
	PLAY_PLAIN,
	PLAY_PORT,    /* the port that the answers come from */
	PLAY_UNKNOWN, /* ports that the service does not serve */
	PLAY_HEAVY,   /* a rule for each of the heaviest sources */
};

struct play {
	enum attack_kind kind;
	enum play_form form;
	const char *match; /* besides destination, port, source */
	uint8_t verb;      /* enum absorb_verb */
	bool never_good;   /* the service never wants such packets: no need to know good ones */
};

/* By kind, the most fitting first. SYN floods are answered by cookies before all of these. */
static const struct play plays[] = {
	{ ATTACK_SYN_FLOOD, PLAY_HEAVY, "protocol = tcp and tcp-flags = syn & !~ ack",
		ABSORB_DROP, false },
	{ ATTACK_TCP_FLOOD, PLAY_HEAVY, "protocol = tcp", ABSORB_DROP, false },
	{ ATTACK_UDP_FLOOD, PLAY_UNKNOWN, "protocol = udp", ABSORB_DROP, true },
	{ ATTACK_UDP_FLOOD, PLAY_HEAVY, "protocol = udp", ABSORB_DROP, false },
	{ ATTACK_AMPLIFICATION, PLAY_PORT, "protocol = udp", ABSORB_DROP, true },
	{ ATTACK_AMPLIFICATION, PLAY_PORT, "protocol = udp and packet-length > 468",
		ABSORB_DROP, false },
	{ ATTACK_AMPLIFICATION, PLAY_HEAVY, "protocol = udp", ABSORB_DROP, false },
	{ ATTACK_ICMP_FLOOD, PLAY_PLAIN, "protocol = icmp, = icmpv6", ABSORB_RATE_PACKETS,
		true },
	{ ATTACK_FRAGMENT_FLOOD, PLAY_PLAIN, "fragment ~ is-fragment", ABSORB_RATE_PACKETS,
		true },
	{ ATTACK_OTHER_FLOOD, PLAY_PLAIN, "protocol != tcp & != udp & != icmp & != icmpv6",
		ABSORB_RATE_PACKETS, true },
};
#define PLAYS (sizeof(plays) / sizeof(plays[0]))

/* The play on this rung of the kind's ladder, or NULL. */
static const struct play *play_at(enum attack_kind kind, unsigned rung)
{
	for (size_t i = 0; i < PLAYS; i++)
		if (plays[i].kind == kind && rung-- == 0)
			return &plays[i];
	return NULL;
}

struct playbook_settings playbook_defaults(void)
{
	return (struct playbook_settings){ .mode = RULE_ENFORCE,
		.rules = 16,
		.good_cap_ppm = 10000,
		.hold = duration_seconds(60),
		.life = duration_seconds(3600),
		.slow_pps = 1000,
		.upstream = UPSTREAM_NEVER,
		.upstream_pps = 1000000,
		.blackhole_pps = 10000000,
		.patience = duration_seconds(10),
		.asked_life = duration_seconds(600),
		.asked = 4 };
}

void playbook_init(struct playbook *playbook, const struct playbook_settings *settings,
	const struct playbook_sink *sink, uint32_t number)
{
	memset(playbook, 0, sizeof(*playbook));
	playbook->settings = *settings;
	playbook->sink = *sink;
	playbook->next_number = number == 0 ? 1 : number;
	if (playbook->settings.rules > PLAYBOOK_RULES_MAX)
		playbook->settings.rules = PLAYBOOK_RULES_MAX;
	if (playbook->settings.asked > PLAYBOOK_ASKED_MAX)
		playbook->settings.asked = PLAYBOOK_ASKED_MAX;
	if (playbook->settings.own_count > PLAYBOOK_OWN_MAX)
		playbook->settings.own_count = PLAYBOOK_OWN_MAX;
}

bool playbook_ours(const struct playbook *playbook, const struct prefix *prefix)
{
	for (unsigned i = 0; i < playbook->settings.own_count; i++)
		if (prefix_contains(&playbook->settings.own[i], prefix))
			return true;
	return false;
}

/* ---- Known-good traffic. ---- */

void playbook_good(struct playbook *playbook, const struct absorb_packet *packet)
{
	playbook->good[playbook->good_next] = *packet;
	playbook->good_next = (playbook->good_next + 1) % PLAYBOOK_GOOD_MAX;
	if (playbook->good_count < PLAYBOOK_GOOD_MAX)
		playbook->good_count++;
}

static struct address address_of(const uint32_t words[4], uint8_t family)
{
	uint8_t bytes[16];

	memcpy(bytes, words, sizeof(bytes));
	return address_from_bytes((enum family)family, bytes);
}

uint32_t playbook_harm(
	const struct playbook *playbook, const struct rule *rule, unsigned *ret_count)
{
	struct flowspec match = rule_match(rule);
	struct flowspec_component destination;
	bool everywhere = !flowspec_find(&match, FLOWSPEC_DESTINATION, &destination);
	unsigned count = 0, harmed = 0;

	for (unsigned i = 0; i < playbook->good_count; i++) {
		const struct absorb_packet *packet = &playbook->good[i];
		struct address to = address_of(packet->destination, packet->family);

		if (!everywhere && !prefix_contains_address(&destination.prefix, &to))
			continue;
		count++;
		harmed += rule_matches(rule, packet);
	}
	if (ret_count != NULL)
		*ret_count = count;
	return count == 0 ? 0 : (uint32_t)((uint64_t)harmed * 1000000 / count);
}

/* ---- Rules. ---- */

static void rule_end(struct playbook *playbook, struct playbook_rule *entry, const char *why)
{
	playbook->sink.rule_ends(playbook->sink.context, &entry->rule, why);
	entry->rule.number = 0;
}

static unsigned rules_count(const struct playbook *playbook)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++)
		count += playbook->rules[i].rule.number != 0;
	return count;
}

static void match_print(struct text *text, const struct playbook_target *target,
	const struct attack *attack, const struct play *play, const struct heavy_key *source)
{
	char prefix[PREFIX_TEXT_MAX];

	text_print(text, "destination %s and %s", prefix_format(&target->destination, prefix),
		play->match);
	if (play->form == PLAY_PORT)
		text_print(text, " and source-port = %u", attack->port);
	for (unsigned i = 0; play->form == PLAY_UNKNOWN && i < target->udp_port_count; i++)
		text_print(text, "%s != %u", i == 0 ? " and destination-port" : " &",
			target->udp_ports[i]);
	if (source != NULL) {
		struct address address = { .family = source->length == 4 ? FAMILY_IPV4
									 : FAMILY_IPV6 };
		struct prefix whole = { .length = source->length == 4 ? 32 : 64 };

		memcpy(address.bytes, source->bytes, source->length);
		whole.address = address;
		text_print(text, " and source %s", prefix_format(&whole, prefix));
	}
}

/* The rule of a play, without a number. False if it cannot be made. */
static bool rule_make(const struct playbook *playbook, const struct playbook_target *target,
	const struct attack *attack, const struct play *play, const struct heavy_key *source,
	struct instant now, struct rule *ret_rule)
{
	enum family family = (enum family)target->destination.address.family;
	struct text text = { 0 };
	char name[ATTACK_TEXT_MAX];
	bool made;

	if (play->form == PLAY_PORT && attack->port == 0)
		return false;
	*ret_rule = (struct rule){ .verb = play->verb,
		.mode = (uint8_t)playbook->settings.mode,
		.rate = play->verb == ABSORB_DROP ? 0 : playbook->settings.slow_pps,
		.start = now,
		.end = instant_add(now, playbook->settings.hold),
		.good_cap_ppm = playbook->settings.good_cap_ppm };
	snprintf(ret_rule->reason, sizeof(ret_rule->reason), "%s on target %u",
		attack_name(attack, name), target->id);
	match_print(&text, target, attack, play, source);
	made = !text.failed &&
	       rule_parse_match(ret_rule, text_string(&text), family, NULL) == 0;
	text_clear(&text);
	return made;
}

/* Known to be gentle enough? With too few good packets only what nobody wants is. */
static bool gentle(
	const struct playbook *playbook, const struct play *play, const struct rule *rule)
{
	unsigned count;
	uint32_t harm = playbook_harm(playbook, rule, &count);

	return harm <= rule->good_cap_ppm && (play->never_good || count >= GOOD_ENOUGH);
}

static bool rule_begin(struct playbook *playbook, const struct playbook_target *target,
	const struct rule *rule)
{
	if (rules_count(playbook) >= playbook->settings.rules)
		return false;
	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++) {
		struct playbook_rule *entry = &playbook->rules[i];

		if (entry->rule.number != 0)
			continue;
		*entry = (struct playbook_rule){ .rule = *rule, .target = target->id };
		entry->rule.number = playbook->next_number++;
		playbook->sink.rule_begins(playbook->sink.context, &entry->rule);
		return true;
	}
	return false;
}

/* Put off the end of this rule if there is one that matches the same. */
static bool rule_renew(struct playbook *playbook, uint32_t target, const struct rule *wanted)
{
	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++) {
		struct rule *rule = &playbook->rules[i].rule;
		struct instant last;

		if (rule->number == 0 || playbook->rules[i].target != target ||
			rule->match_length != wanted->match_length ||
			memcmp(rule->match, wanted->match, sizeof(rule->match)) != 0)
			continue;
		last = instant_add(rule->start, playbook->settings.life);
		rule->end = instant_earlier(wanted->end, last);
		return true;
	}
	return false;
}

/* End rules of this target that turned out to harm. True if there was one. */
static bool harmful_end(struct playbook *playbook, uint32_t target)
{
	bool ended = false;
	char why[WHY_MAX];

	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++) {
		struct playbook_rule *entry = &playbook->rules[i];
		uint32_t harm;

		if (entry->rule.number == 0 || entry->target != target)
			continue;
		harm = playbook_harm(playbook, &entry->rule, NULL);
		if (harm <= entry->rule.good_cap_ppm)
			continue;
		snprintf(why, sizeof(why),
			"it touched %u in a million known-good packets, and may touch %u", harm,
			entry->rule.good_cap_ppm);
		rule_end(playbook, entry, why);
		ended = true;
	}
	return ended;
}

static void note_once(struct playbook *playbook, struct playbook_case *at, const char *why)
{
	if (!at->noted)
		playbook->sink.note(playbook->sink.context, at->target, why);
	at->noted = true;
}

/* One rule or, for heavy sources, some. True if the play can be kept. */
static bool play_do(struct playbook *playbook, struct playbook_case *at,
	const struct playbook_target *target, const struct play *play,
	const struct heavy_key *heavy, unsigned heavy_count, struct instant now)
{
	unsigned count = play->form == PLAY_HEAVY ? heavy_count : 1, kept = 0;

	count = count > PLAYBOOK_HEAVY_MAX ? PLAYBOOK_HEAVY_MAX : count;
	for (unsigned i = 0; i < count; i++) {
		const struct heavy_key *source = play->form == PLAY_HEAVY ? &heavy[i] : NULL;
		struct rule rule;

		if (!rule_make(playbook, target, &at->attack, play, source, now, &rule))
			continue;
		if (rule_renew(playbook, target->id, &rule)) {
			kept++;
			continue;
		}
		if (!gentle(playbook, play, &rule))
			continue;
		if (rule_begin(playbook, target, &rule))
			kept++;
		else
			note_once(playbook, at, "as many automatic rules as there may be");
	}
	return kept > 0;
}

/* ---- Upstream. ---- */

static bool paused(const struct playbook *playbook, uint32_t target, struct instant now)
{
	for (unsigned i = 0; i < PLAYBOOK_ASKED_MAX; i++)
		if (playbook->pauses[i].target == target &&
			instant_before(now, playbook->pauses[i].until))
			return true;
	return false;
}

/* The free place for another announcement, or NULL: as many as may be, or there already. */
static struct playbook_asked *asked_place(
	struct playbook *playbook, const struct playbook_asked *wanted)
{
	struct playbook_asked *place = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < PLAYBOOK_ASKED_MAX; i++) {
		struct playbook_asked *asked = &playbook->asked[i];

		if (!instant_is_set(asked->start)) {
			place = place == NULL ? asked : place;
			continue;
		}
		count++;
		if (asked->kind == wanted->kind && asked->target == wanted->target &&
			(asked->kind == ASKED_BLACKHOLE ||
				asked->rule.number == wanted->rule.number))
			return NULL;
	}
	return count < playbook->settings.asked ? place : NULL;
}

static void ask(struct playbook *playbook, struct playbook_asked *wanted, struct instant now)
{
	struct playbook_asked *place = asked_place(playbook, wanted);

	if (place == NULL || !playbook_ours(playbook, &wanted->destination))
		return;
	wanted->start = now;
	wanted->end = instant_add(now, playbook->settings.asked_life);
	*place = *wanted;
	playbook->sink.ask(playbook->sink.context, place);
}

static void ask_rules(
	struct playbook *playbook, const struct playbook_target *target, struct instant now)
{
	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++) {
		struct playbook_rule *entry = &playbook->rules[i];
		struct playbook_asked wanted = { .kind = ASKED_RULE,
			.target = target->id,
			.destination = target->destination,
			.rule = entry->rule };

		if (entry->rule.number != 0 && entry->target == target->id)
			ask(playbook, &wanted, now);
	}
}

static void ask_upstream(struct playbook *playbook, struct playbook_case *at,
	const struct playbook_target *target, struct instant now)
{
	const struct playbook_settings *settings = &playbook->settings;
	struct playbook_asked blackhole = { .kind = ASKED_BLACKHOLE,
		.target = target->id,
		.destination = target->destination };
	bool host = target->destination.length ==
		    family_bits((enum family)target->destination.address.family);

	if (settings->upstream == UPSTREAM_NEVER || settings->mode == RULE_DRY_RUN ||
		at->attack.metric == TALLY_BYTES || at->attack.rate < settings->upstream_pps) {
		at->too_much = (struct instant){ 0 };
		return;
	}
	if (!instant_is_set(at->too_much))
		at->too_much = now;
	if (instant_since(now, at->too_much).ns < settings->patience.ns)
		return;
	ask_rules(playbook, target, now);
	if (settings->upstream == UPSTREAM_BLACKHOLE && host &&
		at->attack.rate >= settings->blackhole_pps &&
		!paused(playbook, target->id, now))
		ask(playbook, &blackhole, now);
}

/* No blackhole of this target for as long as it had one. */
static void pause_begin(
	struct playbook *playbook, const struct playbook_asked *asked, struct instant now)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < PLAYBOOK_ASKED_MAX; i++)
		if (instant_before(playbook->pauses[i].until, playbook->pauses[oldest].until))
			oldest = i;
	playbook->pauses[oldest].target = asked->target;
	playbook->pauses[oldest].until = instant_add(now, playbook->settings.asked_life);
}

static bool rule_lives(const struct playbook *playbook, uint32_t number)
{
	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++)
		if (playbook->rules[i].rule.number == number)
			return true;
	return false;
}

static void asked_tick(struct playbook *playbook, struct instant now)
{
	for (unsigned i = 0; i < PLAYBOOK_ASKED_MAX; i++) {
		struct playbook_asked *asked = &playbook->asked[i];
		bool over, orphan;

		if (!instant_is_set(asked->start))
			continue;
		over = instant_reached(asked->end, now);
		orphan = asked->kind == ASKED_RULE && !rule_lives(playbook, asked->rule.number);
		if (!over && !orphan)
			continue;
		if (asked->kind == ASKED_BLACKHOLE)
			pause_begin(playbook, asked, now);
		playbook->sink.take_back(playbook->sink.context, asked,
			over ? "its time is over" : "the rule here has ended");
		asked->start = (struct instant){ 0 };
	}
}

/* ---- Cases. ---- */

static struct playbook_case *case_of(
	struct playbook *playbook, uint32_t target, const struct attack *attack)
{
	struct playbook_case *place = NULL;

	for (unsigned i = 0; i < PLAYBOOK_CASES_MAX; i++) {
		struct playbook_case *at = &playbook->cases[i];

		if (instant_is_set(at->seen) && at->target == target) {
			/* Of another kind: from the first rung, while older rules run out. */
			if (at->attack.kind != attack->kind) {
				at->rung = 0;
				at->noted = false;
			}
			return at;
		}
		if (!instant_is_set(at->seen) && place == NULL)
			place = at;
	}
	if (place != NULL)
		*place = (struct playbook_case){ .target = target };
	return place;
}

static void cookies_set(
	struct playbook *playbook, struct playbook_case *at, bool on, const char *why)
{
	if (at->cookies != on)
		playbook->sink.cookies(playbook->sink.context, at->target, on, why);
	at->cookies = on;
}

void playbook_seen(struct playbook *playbook, const struct playbook_target *target,
	const struct attack *attack, const struct heavy_key *heavy, unsigned heavy_count,
	struct instant now)
{
	struct playbook_case *at;
	const struct play *play;

	if (attack->kind == ATTACK_NONE || attack->kind == ATTACK_SURGE)
		return;
	at = case_of(playbook, target->id, attack);
	if (at == NULL)
		return;
	at->attack = *attack;
	at->seen = now;
	if (attack->kind == ATTACK_SYN_FLOOD && playbook->settings.mode == RULE_ENFORCE)
		cookies_set(playbook, at, true, "SYN flood");
	if (harmful_end(playbook, target->id))
		at->rung++;
	for (; (play = play_at(attack->kind, at->rung)) != NULL; at->rung++)
		if (play_do(playbook, at, target, play, heavy, heavy_count, now) || at->noted)
			break;
	/* The last rung is tried again each time: heavy sources may show themselves later. */
	if (play == NULL) {
		at->rung -= at->rung > 0;
		if (!at->cookies)
			note_once(playbook, at, "no rule would be gentle enough");
	}
	ask_upstream(playbook, at, target, now);
}

void playbook_tick(struct playbook *playbook, struct instant now)
{
	for (unsigned i = 0; i < PLAYBOOK_RULES_MAX; i++) {
		struct playbook_rule *entry = &playbook->rules[i];
		struct instant oldest = instant_add(entry->rule.start, playbook->settings.life);

		if (entry->rule.number == 0)
			continue;
		if (instant_reached(oldest, now))
			rule_end(playbook, entry, "it is as old as a rule may be");
		else if (instant_reached(entry->rule.end, now))
			rule_end(playbook, entry, "the attack was not seen any more");
	}
	for (unsigned i = 0; i < PLAYBOOK_CASES_MAX; i++) {
		struct playbook_case *at = &playbook->cases[i];

		if (!instant_is_set(at->seen) ||
			instant_since(now, at->seen).ns < playbook->settings.hold.ns)
			continue;
		cookies_set(playbook, at, false, "the attack was not seen any more");
		at->seen = (struct instant){ 0 };
	}
	asked_tick(playbook, now);
}
