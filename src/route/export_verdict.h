/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a neighbour may be told of a route, and if not, why not. */
#ifndef NEARCAST_ROUTE_EXPORT_VERDICT_H
#define NEARCAST_ROUTE_EXPORT_VERDICT_H

enum export_verdict {
	EXPORT_TOLD,
	EXPORT_NO_FAMILY,        /* not exchanged on the session */
	EXPORT_NO_ROUTE,         /* none that can be used */
	EXPORT_NOT_NAMED,        /* a route of ours that is for other neighbours */
	EXPORT_NOTHING_LEARNED,  /* `export: none`: RFC 8212 */
	EXPORT_ITS_OWN,          /* it said the route itself */
	EXPORT_NO_ADVERTISE,     /* RFC 1997 */
	EXPORT_NO_EXPORT,        /* RFC 1997 */
	EXPORT_NOT_REFLECTED,    /* RFC 4271 section 9.2, RFC 4456 */
	EXPORT_ONLY_TO_CUSTOMER, /* RFC 9234 section 5 */
	EXPORT_LLGR_STALE,       /* RFC 9494 section 4.3: it does not know what that means */
	EXPORT_VALLEY,           /* from a provider or peer to another */
	EXPORT_POLICY,           /* a rule rejects it */
	EXPORT_HELD_BACK,        /* maximum-prefixes-out */
	EXPORT_UNSENDABLE,       /* no next hop, or no message is long enough */
	EXPORT_VERDICT_COUNT,
};

/* "no-export": for JSON. Never NULL. */
const char *export_verdict_name(enum export_verdict verdict);
/* For people: "it carries NO_EXPORT". */
const char *export_verdict_text(enum export_verdict verdict);

#endif
