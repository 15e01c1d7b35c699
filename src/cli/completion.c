/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast completion bash|zsh|fish, and internal-complete, which the three scripts ask at each
 * press of the key: so they are never older than the program.
 */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/view.h"

static const char bash_script[] =
	"# nearcast completion for bash: source this file, or put it in\n"
	"# /usr/share/bash-completion/completions/nearcast\n"
	"_nearcast()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} word help IFS=$'\\n'\n"
	"\tCOMPREPLY=()\n"
	"\t[[ $current == = ]] && current=\n"
	"\twhile IFS=$'\\t' read -r word help; do\n"
	"\t\tcase $word in\n"
	"\t\t:file) compopt -o filenames; COMPREPLY+=($(compgen -f -- \"$current\")) ;;\n"
	"\t\t:directory) compopt -o filenames; COMPREPLY+=($(compgen -d -- \"$current\")) ;;\n"
	"\t\t*) COMPREPLY+=(\"$word\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${COMP_WORDS[0]}\" internal-complete -- \\\n"
	"\t\t\"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _nearcast nearcast\n";

static const char zsh_script[] =
	"#compdef nearcast\n"
	"# nearcast completion for zsh: put this file as _nearcast into a folder of $fpath, or\n"
	"# source it after compinit\n"
	"_nearcast()\n"
	"{\n"
	"\tlocal -a found\n"
	"\tlocal word help\n"
	"\twhile IFS=$'\\t' read -r word help; do\n"
	"\t\tcase $word in\n"
	"\t\t:file) _files ;;\n"
	"\t\t:directory) _files -/ ;;\n"
	"\t\t*) found+=(\"${word//:/\\\\:}${help:+:$help}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[1]}\" internal-complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t(( ${#found} )) && _describe nearcast found\n"
	"}\n"
	"if [[ $funcstack[1] == _nearcast ]]; then\n"
	"\t_nearcast \"$@\"\n"
	"else\n"
	"\tcompdef _nearcast nearcast\n"
	"fi\n";

static const char fish_script[] =
	"# nearcast completion for fish: put this file into\n"
	"# /usr/share/fish/vendor_completions.d/nearcast.fish, or source it\n"
	"function __nearcast_complete\n"
	"\tset -l before (commandline -opc)\n"
	"\tset -l current (commandline -ct)\n"
	"\tfor line in ($before[1] internal-complete -- $before[2..] \"$current\" 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\t\tcase :file\n"
	"\t\t\t\t__fish_complete_path \"$current\"\n"
	"\t\t\tcase :directory\n"
	"\t\t\t\t__fish_complete_directories \"$current\"\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c nearcast -f -a '(__nearcast_complete)'\n";

static enum exit_code completion_run(const struct arguments *arguments, struct console *console)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {
		{ "bash", bash_script },
		{ "zsh", zsh_script },
		{ "fish", fish_script },
	};
	const char *shell = arguments_positional(arguments, 0);
	struct text out = { 0 };

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(scripts[i].shell, shell) != 0)
			continue;
		if (console->json)
			return output_json(console, json_pack("{s:s, s:s}", "shell", shell,
							    "script", scripts[i].script));
		text_add(&out, scripts[i].script);
	}
	return output_text(console, &out);
}

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static const struct positional completion_positionals[] = {
	{ "SHELL", "bash, zsh or fish", false, COMPLETE_WORDS, shells },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_completion = {
	.name = "completion",
	.group = GROUP_OTHER,
	.summary = "print a shell's completion script",
	.positionals = completion_positionals,
	.example = "source <(nearcast completion bash)",
	.run = completion_run,
};

/* Names from the daemon, if it answers soon: a shell waits for them. */
static void add_names(void *context, enum complete kind, struct text *out)
{
	const char *method = kind == COMPLETE_SERVICE ? "services" : "neighbors";
	struct error error = { 0 };
	struct client *client = client_open(NULL, CLIENT_LOOKS, &error);
	json_t *response = NULL, *item;
	size_t i;

	(void)context;
	if (client == NULL)
		return;
	client_patience(client, 1);
	if (client_send(client, method, NULL, &error) == 0)
		response = client_receive(client, &error);
	client_close(client);
	json_array_foreach(json_object_get(json_object_get(response, "result"), method), i,
		item) text_print(out, "%s\n", view_string(item, "name"));
	json_decref(response);
}

static enum exit_code internal_complete_run(
	const struct arguments *arguments, struct console *console)
{
	static const struct complete_names names = { NULL, add_names };
	struct text out = { 0 };

	complete_words(commands, global_options, arguments->positionals,
		arguments->positional_count, &names, &out);
	return output_text(console, &out);
}

static const struct positional internal_positionals[] = {
	{ "WORD...", "the words of the command line", true, COMPLETE_NOTHING, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_internal_complete = {
	.name = "internal-complete",
	.group = GROUP_HIDDEN,
	.summary = "what may come next on a command line",
	.positionals = internal_positionals,
	.run = internal_complete_run,
};
