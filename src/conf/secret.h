/* secret: passwords, from where they are kept to the conf, and nowhere else.
 *
 * In: a site whose password and password_file are as written in the file. Out: site->password, owned. One thread, before the conf is
 * published. Errors: RW_ERR_CONFIG, naming the file and never its content. Refuses a password file that is not a regular file, that others
 * can read or write, or that holds no or too long a password.
 */
#pragma once
#include "conf/conf.h"

bool rw_secret_load(rw_site_conf *site, GError **error);
char *rw_secret_variable(const char *site); /* "RINGWAY_EAST_PASSWORD", owned */
void rw_secret_free(char *secret);          /* wipes */
