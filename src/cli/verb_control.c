#include "cli/setup.h"
#include "flow/control.h"

#include <stdio.h>

static const rw_verb_option options[] = {
    {"link", 0, RW_ARG_LINK, offsetof(rw_args, link), .value = "A->B", .required = true, .help = "the link"},
    {NULL},
};

typedef bool (*action)(const rw_control *control, unsigned source, rw_connection *target, GError **error);

static bool pause_link(const rw_control *control, unsigned source, rw_connection *target, GError **error)
{
    if (!control->paused && !rw_control_pause(source, true, target, error)) return false;
    puts(control->paused ? "is paused already" : "paused: it halts after the window in hand");
    return true;
}

static bool resume_link(const rw_control *control, unsigned source, rw_connection *target, GError **error)
{
    (void)control;
    if (!rw_control_pause(source, false, target, error)) return false;
    puts("resumed");
    return true;
}

static bool skip_one(const rw_control *control, unsigned source, rw_connection *target, GError **error)
{
    if (control->skip) return rw_fail(error, RW_ERR_CONFIG, "skip: %s is about to be skipped already; see: ringway status", control->skip);
    if (g_strcmp0(control->state, "stopped") != 0)
        return rw_fail(error, RW_ERR_CONFIG, "skip: the link is not stopped; only the transaction at which a link stopped can be skipped");
    if (!control->failed)
        return rw_fail(error, RW_ERR_CONFIG, "skip: the link did not stop at a transaction (%s); cure that and 'ringway resume', or set a new start with "
                       "ringway init --link 'A->B' --from POSITION", control->error ? control->error : "no reason recorded");
    if (!rw_control_skip(source, control->failed, target, error)) return false;
    printf("will be skipped and kept in ringway.conflict: %s\n", control->failed);
    return true;
}

static int control(const rw_args *args, action act, GError **error)
{
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf || !rw_cli_check_names(args, conf, error)) return RW_EXIT_USAGE;
    const rw_site_conf *source = rw_conf_site(conf, args->link.source), *site = rw_conf_site(conf, args->link.target);
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    g_autoptr(rw_connection) target = rw_connection_open(site, limits, error);
    if (!target) return RW_EXIT_UNREACHABLE;
    g_autofree char *link = g_strdup_printf("%s->%s", source->name, site->name);
    rw_control loaded = {0};
    bool ok = rw_control_load(&loaded, source->id, link, target, error);
    ok = ok && act(&loaded, source->id, target, error);
    rw_control_clear(&loaded);
    return ok ? RW_EXIT_DONE : RW_EXIT_FOUND;
}

static int run_pause(const rw_args *args, GError **error) { return control(args, pause_link, error); }
static int run_resume(const rw_args *args, GError **error) { return control(args, resume_link, error); }
static int run_skip(const rw_args *args, GError **error) { return control(args, skip_one, error); }

extern const rw_verb rw_verb_pause, rw_verb_resume, rw_verb_skip;

const rw_verb rw_verb_pause = {
    .name = "pause",
    .summary = "Halts a link after the window in hand",
    .usage = "--link 'A->B'",
    .options = options,
    .manual = "The link stays paused, over restarts too, until resume.",
    .run = run_pause,
};

const rw_verb rw_verb_resume = {
    .name = "resume",
    .summary = "Lets a paused or stopped link go on",
    .usage = "--link 'A->B'",
    .options = options,
    .manual = "It goes on where it halted. A link that stopped with an error tries the same transaction again.",
    .run = run_resume,
};

const rw_verb rw_verb_skip = {
    .name = "skip",
    .summary = "Leaves out the one transaction at which a link stopped",
    .usage = "--link 'A->B'",
    .options = options,
    .manual = "Exactly one transaction. Its rows are kept in ringway.conflict, as kind skipped, so that nothing is lost silently.",
    .run = run_skip,
};
