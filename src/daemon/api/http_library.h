/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd, loaded when the page is enabled and not before: who does not want HTTP needs
 * no library for it. */
#ifndef NEARCAST_DAEMON_API_HTTP_LIBRARY_H
#define NEARCAST_DAEMON_API_HTTP_LIBRARY_H

#include <microhttpd.h>

#include "base/error.h"

/* The functions that are used, under their own names. */
#define HTTP_FUNCTIONS(F)                    \
	F(MHD_start_daemon)                  \
	F(MHD_stop_daemon)                   \
	F(MHD_run)                           \
	F(MHD_get_timeout)                   \
	F(MHD_get_daemon_info)               \
	F(MHD_add_connection)                \
	F(MHD_suspend_connection)            \
	F(MHD_resume_connection)             \
	F(MHD_lookup_connection_value_n)     \
	F(MHD_create_response_from_buffer)   \
	F(MHD_create_response_from_callback) \
	F(MHD_add_response_header)           \
	F(MHD_queue_response)                \
	F(MHD_destroy_response)

struct http_library {
#define HTTP_MEMBER(name) __typeof__(&name) name;
	HTTP_FUNCTIONS(HTTP_MEMBER)
#undef HTTP_MEMBER
};

/* Loads once, for the life of the process. NULL: ERROR_UNSUPPORTED with a hint. */
const struct http_library *http_library_load(struct error *error);

#endif
