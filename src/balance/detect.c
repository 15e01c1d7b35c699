/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling attacks from busy days.
 *
 *                  two windows beyond, mix as usual
 *        .-----------------------------------------> surge
 *     none                                             | mix changes
 *        '--------------------------------------> attack of a kind <--- another kind is most
 * beyond two windows beyond, mix changed         | none
 * <-------------------------------------------' `calm` below half of the limit
 *
 * Invariants:
 *  1. What is in excess is not learned as usual, but for a trickle: a level that stays for an
 *     hour is usual in the end, else a service that grew would be under attack for ever.
 *  2. An attack begins after two windows beyond, and ends only after `calm`.
 */
#include "balance/detect.h"

#include <stdio.h>
#include <string.h>

#define WINDOWS_BEYOND 2
#define DEVIATIONS     8.0
#define TRICKLE        0.1 /* how much slower what is in excess is learned */
#define CARPET_HIT     16  /* addresses of a prefix */
#define CARPET_LARGEST 250 /* thousandths of the packets to one of them */
#define ANSWERS_OF_ONE 600 /* thousandths: then the port is told */

static const struct {
	enum attack_kind kind;
	const char *name, *what;
} words[TALLY_METRICS] = {
	[TALLY_PACKETS] = { ATTACK_SURGE, "surge", "packets" },
	[TALLY_BYTES] = { ATTACK_SURGE, "surge", "bytes" },
	[TALLY_SYN] = { ATTACK_SYN_FLOOD, "SYN flood", "SYN" },
	[TALLY_TCP_OTHER] = { ATTACK_TCP_FLOOD, "TCP flood", "TCP" },
	[TALLY_UDP] = { ATTACK_UDP_FLOOD, "UDP flood", "UDP" },
	[TALLY_ANSWERS] = { ATTACK_AMPLIFICATION, "amplification", "UDP answers" },
	[TALLY_ICMP] = { ATTACK_ICMP_FLOOD, "ICMP flood", "ICMP" },
	[TALLY_FRAGMENTS] = { ATTACK_FRAGMENT_FLOOD, "fragment flood", "fragments" },
	[TALLY_OTHER] = { ATTACK_OTHER_FLOOD, "flood of other protocols", "other protocols" },
};

struct detect_settings detect_defaults(void)
{
	struct detect_settings settings = { .learning = duration_seconds(60),
		.memory = duration_seconds(600),
		.calm = duration_seconds(10),
		.factor = 4,
		.mix = 6 };

	for (unsigned i = 0; i < TALLY_METRICS; i++)
		settings.floor[i] = i == TALLY_BYTES ? 2000000 : 2000;
	return settings;
}

void detector_init(
	struct detector *detector, const struct detect_settings *settings, struct instant now)
{
	*detector = (struct detector){ .settings = *settings, .start = now, .last = now };
}

static double limit_of(const struct detector *detector, unsigned metric)
{
	const struct detect_baseline *baseline = &detector->metric[metric];
	double limit = (double)detector->settings.floor[metric];
	double times = baseline->usual * detector->settings.factor;
	double wide = baseline->usual + DEVIATIONS * baseline->deviation;

	limit = times > limit ? times : limit;
	return wide > limit ? wide : limit;
}

static bool learned(const struct detector *detector, struct instant now)
{
	return instant_since(now, detector->start).ns >= detector->settings.learning.ns;
}

static bool beyond(
	const struct detector *detector, unsigned metric, double rate, bool learned_now)
{
	uint64_t most = detector->settings.most[metric];

	if (most > 0 && rate > (double)most)
		return true;
	return learned_now && rate > limit_of(detector, metric);
}

/* Move the usual towards what was seen. At first quickly: after n windows with weight 1/n. */
static void learn(struct detector *detector, unsigned metric, double rate, double share,
	double step, bool excess)
{
	struct detect_baseline *baseline = &detector->metric[metric];
	double weight = excess ? step * TRICKLE : step;
	double off = rate - baseline->usual;

	baseline->usual += weight * off;
	baseline->share += weight * (share - baseline->share);
	baseline->deviation += weight * ((off < 0 ? -off : off) - baseline->deviation);
}

/* The share of one window in what is remembered. */
static double step_of(const struct detector *detector, double seconds, struct instant now)
{
	double age = duration_to_seconds(instant_since(now, detector->start));
	double memory = duration_to_seconds(detector->settings.memory);

	return seconds / (age < memory ? (age > seconds ? age : seconds) : memory);
}

/* Has the mix changed towards this metric? More than it may have at most tells enough. */
static bool mix_changed(
	const struct detector *detector, unsigned metric, const double rate[TALLY_METRICS])
{
	double usual = detector->metric[metric].share;
	double share = rate[metric] / (rate[TALLY_PACKETS] + 1);
	uint64_t most = detector->settings.most[metric];

	return (most > 0 && rate[metric] > (double)most) ||
	       share > usual * detector->settings.mix ||
	       (usual < 0.5 && share > (1 + usual) / 2);
}

/* The metric that is most beyond by packets, of those that tell a kind; else packets or bytes.
 */
static unsigned most_beyond(const struct detector *detector, const double rate[TALLY_METRICS])
{
	unsigned best = TALLY_METRICS;
	double most = 0;

	for (unsigned i = TALLY_SYN; i < TALLY_METRICS; i++) {
		double excess = rate[i] - detector->metric[i].usual;

		if (detector->metric[i].beyond >= WINDOWS_BEYOND && excess > most &&
			mix_changed(detector, i, rate)) {
			best = i;
			most = excess;
		}
	}
	for (unsigned i = 0; best == TALLY_METRICS && i < TALLY_METRICS; i++)
		if (detector->metric[i].beyond >= WINDOWS_BEYOND)
			best = i;
	return best;
}

static struct attack attack_of(const struct detector *detector, const struct tally *tally,
	const double rate[TALLY_METRICS], unsigned metric)
{
	unsigned largest, share, hit = tally_destinations(tally, &largest);
	unsigned top = tally_top_answers(tally, &share);
	bool changed = metric > TALLY_BYTES && mix_changed(detector, metric, rate);

	return (struct attack){ .kind = changed ? words[metric].kind : ATTACK_SURGE,
		.scope = hit >= CARPET_HIT && largest < CARPET_LARGEST ? ATTACK_CARPET
								       : ATTACK_ON_ADDRESS,
		.metric = (enum tally_metric)metric,
		.port = metric == TALLY_ANSWERS && share >= ANSWERS_OF_ONE
				? tally_service_at(top)->port
				: 0,
		.rate = (uint64_t)rate[metric],
		.usual = (uint64_t)detector->metric[metric].usual,
		.spread = tally_spread(tally) };
}

/* An attack's kind stays while it lasts, unless another is found; a surge yields to any kind.
 */
static enum detect_event attack_goes_on(
	struct detector *detector, const struct attack *seen, struct instant now)
{
	struct attack *attack = &detector->attack;
	bool other = seen->kind != attack->kind && seen->kind != ATTACK_SURGE;
	struct instant since = attack->kind == ATTACK_NONE ? now : attack->since;
	enum detect_event event = DETECT_NOTHING;

	if (attack->kind == ATTACK_NONE)
		event = DETECT_BEGAN;
	else if (other)
		event = DETECT_CHANGED;
	else if (seen->kind != attack->kind)
		return DETECT_NOTHING;
	*attack = *seen;
	attack->since = since;
	return event;
}

/* Below half of the limit of what it was, and nothing else beyond its own? */
static bool calm_now(const struct detector *detector, const double rate[TALLY_METRICS])
{
	for (unsigned i = 0; i < TALLY_METRICS; i++) {
		double part = i == detector->attack.metric ? 0.5 : 1;
		uint64_t most = detector->settings.most[i];

		if (rate[i] > limit_of(detector, i) * part ||
			(most > 0 && rate[i] > (double)most * part))
			return false;
	}
	return true;
}

static enum detect_event attack_may_end(struct detector *detector,
	const double rate[TALLY_METRICS], struct instant now, struct attack *ret_ended)
{
	if (!calm_now(detector, rate)) {
		detector->calm_since = (struct instant){ 0 };
		return DETECT_NOTHING;
	}
	if (!instant_is_set(detector->calm_since))
		detector->calm_since = now;
	if (instant_since(now, detector->calm_since).ns < detector->settings.calm.ns)
		return DETECT_NOTHING;
	if (ret_ended != NULL)
		*ret_ended = detector->attack;
	detector->attack = (struct attack){ 0 };
	detector->calm_since = (struct instant){ 0 };
	return DETECT_ENDED;
}

static void count_beyond(
	struct detector *detector, const double rate[TALLY_METRICS], struct instant now)
{
	bool known = learned(detector, now);

	for (unsigned i = 0; i < TALLY_METRICS; i++) {
		struct detect_baseline *baseline = &detector->metric[i];

		if (!beyond(detector, i, rate[i], known))
			baseline->beyond = 0;
		else if (baseline->beyond < UINT8_MAX)
			baseline->beyond++;
	}
}

static void learn_all(struct detector *detector, const double rate[TALLY_METRICS], double step)
{
	bool attacked = detector->attack.kind != ATTACK_NONE;

	for (unsigned i = 0; i < TALLY_METRICS; i++)
		learn(detector, i, rate[i], rate[i] / (rate[TALLY_PACKETS] + 1), step,
			attacked || detector->metric[i].beyond > 0);
}

enum detect_event detector_feed(struct detector *detector, const struct tally *tally,
	struct instant now, struct attack *ret_ended)
{
	double seconds = duration_to_seconds(instant_since(now, detector->last));
	double rate[TALLY_METRICS];
	enum detect_event event = DETECT_NOTHING;
	unsigned metric;

	if (seconds <= 0)
		return DETECT_NOTHING;
	detector->last = now;
	for (unsigned i = 0; i < TALLY_METRICS; i++)
		rate[i] = (double)tally->count[i] / seconds;
	count_beyond(detector, rate, now);
	metric = most_beyond(detector, rate);
	if (metric < TALLY_METRICS) {
		struct attack seen = attack_of(detector, tally, rate, metric);

		detector->calm_since = (struct instant){ 0 };
		event = attack_goes_on(detector, &seen, now);
	} else if (detector->attack.kind != ATTACK_NONE) {
		event = attack_may_end(detector, rate, now, ret_ended);
	}
	learn_all(detector, rate, step_of(detector, seconds, now));
	return event;
}

/* ---- Words. ---- */

const char *attack_name(const struct attack *attack, char text[ATTACK_TEXT_MAX])
{
	const char *carpet = attack->scope == ATTACK_CARPET ? "carpet of " : "";
	unsigned service = tally_service_of(attack->port);

	if (attack->kind == ATTACK_NONE)
		snprintf(text, ATTACK_TEXT_MAX, "none");
	else if (attack->kind == ATTACK_SURGE)
		snprintf(text, ATTACK_TEXT_MAX, "surge");
	else if (attack->port != 0 && service < TALLY_SERVICES)
		snprintf(text, ATTACK_TEXT_MAX, "%s%s amplification", carpet,
			tally_service_at(service)->name);
	else
		snprintf(text, ATTACK_TEXT_MAX, "%s%s", carpet, words[attack->metric].name);
	return text;
}

const char *attack_format(const struct attack *attack, char text[ATTACK_TEXT_MAX])
{
	const char *sources = attack->spread > 900   ? "many sources alike"
			      : attack->spread > 500 ? "many sources"
						     : "few sources";
	size_t at;

	attack_name(attack, text);
	at = strlen(text);
	if (attack->kind != ATTACK_NONE)
		snprintf(text + at, ATTACK_TEXT_MAX - at,
			": %llu %s%s a second, usually %llu, from %s",
			(unsigned long long)attack->rate, words[attack->metric].what,
			attack->metric == TALLY_BYTES || attack->metric == TALLY_PACKETS
				? ""
				: " packets",
			(unsigned long long)attack->usual, sources);
	return text;
}
