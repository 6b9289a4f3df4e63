/* setup: what every verb does first and last: find the configuration, set up the log, turn an error into an exit code.
 *
 * In: rw_args, borrowed. Out: a conf with one reference. Thread: the main thread, before others start. Errors: as conf.h.
 * Refuses to print: notes of the configuration go to the log, only where a verb asks.
 */
#pragma once
#include "cli/verb.h"
#include "conf/conf.h"

/* Also refuses a [link] section for a link that the topology does not have. */
rw_conf *rw_cli_conf(const rw_args *args, GError **error);
char *rw_cli_host(const rw_site_conf *site); /* its first one, "host:port" or the path of a socket; owned */
void rw_cli_log_warnings(const rw_conf *conf);
/* --site and --link name what the configuration has? True if they were not given. */
bool rw_cli_check_names(const rw_args *args, const rw_conf *conf, GError **error);
rw_exit rw_cli_exit_code(const GError *error);
/* The one line for standard error, owned, with newline; control characters become blanks. */
char *rw_cli_error_line(const GError *error);
