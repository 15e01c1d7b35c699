/* SPDX-License-Identifier: Apache-2.0 */
/* dlopen of libcurl: one table of the functions that http checks use. */
#include <dlfcn.h>
#include <string.h>

#include "daemon/probe/curl_library.h"

#define LIBRARY "libcurl.so.4"

struct function {
	const char *name;
	size_t offset;
};

#define FUNCTION(name)                                             \
	{                                                          \
		"curl_" #name, offsetof(struct curl_library, name) \
	}

static const struct function functions[] = {
	FUNCTION(global_init),
	FUNCTION(version_info),
	FUNCTION(easy_init),
	FUNCTION(easy_setopt),
	FUNCTION(easy_getinfo),
	FUNCTION(easy_cleanup),
	FUNCTION(easy_strerror),
	FUNCTION(slist_append),
	FUNCTION(slist_free_all),
	FUNCTION(multi_init),
	FUNCTION(multi_setopt),
	FUNCTION(multi_cleanup),
	FUNCTION(multi_add_handle),
	FUNCTION(multi_remove_handle),
	FUNCTION(multi_socket_action),
	FUNCTION(multi_assign),
	FUNCTION(multi_info_read),
};

static int functions_find(struct curl_library *library, struct error *error)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library->handle, functions[i].name);

		if (function == NULL)
			return error_set(error, ERROR_UNSUPPORTED, "%s has no %s", LIBRARY,
				functions[i].name);
		memcpy((char *)library + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}

int curl_library_load(struct curl_library *library, struct error *error)
{
	struct curl_library loaded = { .handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL) };

	if (loaded.handle == NULL) {
		error_set(error, ERROR_UNSUPPORTED, "http checks need %s: %s", LIBRARY,
			dlerror());
		error_hint(error, "apt-get install libcurl4");
		return ERROR_UNSUPPORTED;
	}
	if (functions_find(&loaded, error) != 0 ||
		loaded.global_init(CURL_GLOBAL_DEFAULT) != 0) {
		dlclose(loaded.handle);
		return error == NULL || error->code != 0
			       ? ERROR_UNSUPPORTED
			       : error_set(error, ERROR_UNSUPPORTED,
					 "%s cannot initialise itself", LIBRARY);
	}
	*library = loaded;
	return 0;
}
