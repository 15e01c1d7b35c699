/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the first http check begins: it and the TLS library behind it are more
 * memory than all the rest of the process, and sites without http checks should not pay it.
 */
#ifndef NEARCAST_DAEMON_PROBE_CURL_LIBRARY_H
#define NEARCAST_DAEMON_PROBE_CURL_LIBRARY_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/error.h"

/* Named as in libcurl, without `curl_`. */
struct curl_library {
	void *handle; /* NULL: not loaded */
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_version_info) *version_info;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_socket_action) *multi_socket_action;
	__typeof__(curl_multi_assign) *multi_assign;
	__typeof__(curl_multi_info_read) *multi_info_read;
};

/* Load and initialise it. It stays loaded: TLS libraries do not like to be unloaded. 0 or
 * ERROR_UNSUPPORTED, then *library is as before. */
int curl_library_load(struct curl_library *library, struct error *error);

#endif
