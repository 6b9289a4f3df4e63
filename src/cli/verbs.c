#include "cli/verbs.h"

#include <string.h>

extern const rw_verb rw_verb_init, rw_verb_run, rw_verb_status, rw_verb_pause, rw_verb_resume, rw_verb_skip, rw_verb_conflicts, rw_verb_topology, rw_verb_config;

static const rw_verb *const verbs[] = {
    &rw_verb_init, &rw_verb_run, &rw_verb_status, &rw_verb_pause, &rw_verb_resume, &rw_verb_skip,
    &rw_verb_conflicts, &rw_verb_topology, &rw_verb_config, NULL,
};

static const char *const log_formats[] = {"text", "json", NULL};

static const rw_verb_option global_options[] = {
    {"config", 'c', RW_ARG_TEXT, offsetof(rw_args, config), .value = "FILE",
     .help = "configuration; else ./ringway.cnf, else /etc/ringway/ringway.cnf"},
    {"verbose", 'v', RW_ARG_FLAG, offsetof(rw_args, verbose), .help = "say more: log level debug"},
    {"log-format", 0, RW_ARG_TEXT, offsetof(rw_args, log_format), .value = "FORMAT", .choices = log_formats,
     .help = "text or json; wins over log_format in the configuration"},
    {"help", 'h', RW_ARG_FLAG, offsetof(rw_args, help), .help = "show this and exit"},
    {"version", 'V', RW_ARG_FLAG, offsetof(rw_args, version), .help = "show the version and exit"},
    {NULL},
};

const rw_verb *const *rw_verbs(void)
{
    return verbs;
}

const rw_verb *rw_verb_find(const char *name)
{
    for (const rw_verb *const *verb = verbs; *verb; verb++)
        if (strcmp((*verb)->name, name) == 0) return *verb;
    return NULL;
}

const rw_verb_option *rw_global_options(void)
{
    return global_options;
}
