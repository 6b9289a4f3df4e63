#include "cli/setup.h"
#include "conf/print.h"

#include <stdio.h>

static const rw_verb_option options[] = {
    {"check", 0, RW_ARG_FLAG, offsetof(rw_args, check), .help = "say whether the configuration is correct"},
    {"print", 0, RW_ARG_FLAG, offsetof(rw_args, print), .help = "print it whole, defaults included, passwords masked"},
    {NULL},
};

static int run(const rw_args *args, GError **error)
{
    if (!args->check && !args->print) {
        rw_fail(error, RW_ERR_CONFIG, "config: nothing to do; write --check or --print");
        return RW_EXIT_USAGE;
    }
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf) return RW_EXIT_USAGE;
    for (char **warning = conf->warnings; *warning; warning++) fprintf(stderr, "ringway: note: %s\n", *warning);
    if (args->print) {
        g_autofree char *text = rw_conf_print(conf);
        fputs(text, stdout);
    } else {
        printf("%s: correct, %u sites\n", conf->path, conf->n_sites);
    }
    return RW_EXIT_DONE;
}

extern const rw_verb rw_verb_config;
const rw_verb rw_verb_config = {
    .name = "config",
    .summary = "Checks the configuration, or prints it whole",
    .usage = "--check | --print",
    .options = options,
    .lists_keys = true,
    .manual = "Reads the configuration, the password files and the environment just as run does, and connects to nothing. An error names "
              "file, line and the nearest valid name, with exit code 2. Notes on what is accepted but worth knowing, such as a site "
              "without TLS, go to standard error.",
    .run = run,
};
