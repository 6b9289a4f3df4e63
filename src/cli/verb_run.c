#include "base/point.h"
#include "cli/daemon.h"
#include "cli/setup.h"

#include <stdio.h>

static const rw_verb_option options[] = {
    {"site", 0, RW_ARG_TEXT, offsetof(rw_args, site), .value = "NAME", .help = "only the links into this site"},
    {"link", 0, RW_ARG_LINK, offsetof(rw_args, link), .value = "A->B", .help = "only this link"},
    {"crash-points", 0, RW_ARG_FLAG, offsetof(rw_args, crash_points), .help = "list the places where a test build can be made to die, and end"},
    {NULL},
};

static rw_conf *reload(void *user, GError **error) { return rw_cli_conf(user, error); }

static int list_points(void)
{
    for (int i = 0; i < RW_POINT_N; i++) puts(rw_point_text((rw_point_name)i));
    return RW_EXIT_DONE;
}

static int run(const rw_args *args, GError **error)
{
    if (args->crash_points) return list_points();
    if (args->site && args->link.source) {
        rw_fail(error, RW_ERR_CONFIG, "run: both --site and --link; keep one");
        return RW_EXIT_USAGE;
    }
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf || !rw_cli_check_names(args, conf, error)) return RW_EXIT_USAGE;
    rw_cli_log_warnings(conf);
    rw_daemon_options daemon = {args->site, args->link.source, args->link.target, reload, (void *)args};
    return rw_daemon_run(conf, &daemon, error) ? RW_EXIT_DONE : RW_EXIT_USAGE;
}

extern const rw_verb rw_verb_run;
const rw_verb rw_verb_run = {
    .name = "run",
    .summary = "Replicates, in the foreground, until told to stop",
    .usage = "[--site NAME | --link 'A->B']",
    .options = options,
    .manual = "Runs every link of the topology, or only those into one site, or only one. A second process for the same link waits as a "
              "standby. All state is in the databases: it may be killed and started again at any moment, on any host.\n\n"
              "SIGTERM and SIGINT: finish the window in hand and exit with code 0; a second one does not wait for a target that has gone silent. "
              "SIGHUP: read the configuration again.",
    .run = run,
};
