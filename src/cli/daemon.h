/* daemon: all links of one process, from start to end.
 *
 * In: a configuration and which links. Out: an exit code when a signal ends it (SIGTERM, SIGINT: 0 after the windows under way), or when
 * a site's settings forbid to run (RW_ERR_CONFIG). SIGHUP reads the configuration again; one that does not load changes nothing.
 * Thread: the main thread, which must not have others yet: signals are blocked here and inherited by all threads.
 */
#pragma once
#include "conf/conf.h"

typedef struct {
    const char *site;                       /* NULL, or only links into it */
    const char *link_source, *link_target;  /* NULL, or only this one */
    rw_conf *(*reload)(void *user, GError **error);
    void *user;
} rw_daemon_options;

bool rw_daemon_run(rw_conf *conf, const rw_daemon_options *options, GError **error);
