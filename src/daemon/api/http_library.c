/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libmicrohttpd. */
#include "daemon/api/http_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define LIBRARY_NAME "libmicrohttpd.so.12"
#define PACKAGE_NAME "libmicrohttpd12"

static struct http_library library;

/* POSIX gives functions as object pointers: the bytes are moved, not cast. */
static bool load_function(void *handle, const char *name, void *ret_function, size_t size)
{
	void *symbol = dlsym(handle, name);

	if (symbol == NULL)
		return false;
	memcpy(ret_function, &symbol, size);
	return true;
}

const struct http_library *http_library_load(struct error *error)
{
	static void *handle;
	bool complete = true;

	if (handle != NULL)
		return &library;
	handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		error_hint(
			error, "Install the package " PACKAGE_NAME " or set http: enabled: no");
		error_set(error, ERROR_UNSUPPORTED, "can't load " LIBRARY_NAME);
		return NULL;
	}
#define HTTP_LOAD(name) \
	complete =      \
		load_function(handle, #name, &library.name, sizeof(library.name)) && complete;
	HTTP_FUNCTIONS(HTTP_LOAD)
#undef HTTP_LOAD
	if (!complete) {
		dlclose(handle);
		handle = NULL;
		error_set(error, ERROR_UNSUPPORTED, LIBRARY_NAME " is too old");
		return NULL;
	}
	return &library;
}
