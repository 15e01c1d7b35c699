/* SPDX-License-Identifier: Apache-2.0 */
/* nginx as the web service of a site. */
#include "world/service.h"

static void print_listen(const struct world_service *service, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < service->address_count; i++) {
		const struct address *address = &service->addresses[i];
		bool ipv4 = address->family == FAMILY_IPV4;

		text_print(out, "    listen %s%s%s:%u;\n", ipv4 ? "" : "[",
			address_format(address, text), ipv4 ? "" : "]", service->port);
	}
}

static void print_server(const struct world_service *service, struct text *out)
{
	text_add(out, "  server {\n");
	print_listen(service, out);
	text_print(out,
		"    default_type text/plain;\n"
		"    add_header X-Site %s always;\n"
		"    add_header Cache-Control no-store always;\n"
		"    location = / { return 200 '%s\\n'; }\n"
		"    location = /health { return 200 'ok\\n'; }\n",
		service->name, service->name);
	text_print(out,
		"    location = /content {\n"
		"      if ($arg_bytes !~ ^[0-9]+$) { return 400 'say how much\\n'; }\n"
		"      rewrite ^ /content/$arg_bytes? last;\n"
		"    }\n"
		"    location /content/ { internal; root %s; }\n"
		"    location / { return 404 'there is no such page\\n'; }\n"
		"  }\n",
		service->folder);
}

int world_service_nginx(
	const struct world_service *service, struct text *ret_config, struct error *error)
{
	static const char *const temporary[] = { "client_body", "proxy", "fastcgi", "uwsgi",
		"scgi" };
	int r = world_service_check(service, error);

	if (r != 0)
		return r;
	text_print(ret_config,
		"user root;\ndaemon off;\nworker_processes 1;\npid %s/nginx.pid;\n"
		"events { worker_connections 1024; }\nhttp {\n  access_log off;\n",
		service->folder);
	for (size_t i = 0; i < sizeof(temporary) / sizeof(temporary[0]); i++)
		text_print(ret_config, "  %s_temp_path %s/temporary-%s;\n", temporary[i],
			service->folder, temporary[i]);
	print_server(service, ret_config);
	text_add(ret_config, "}\n");
	if (ret_config->failed)
		return error_set(error, ERROR_MEMORY, "no memory for a configuration");
	return 0;
}
