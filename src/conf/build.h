/* build: sections and entries to a checked rw_conf.
 *
 * In: a parsed file (borrowed). Out: a conf with one reference, every default filled in, passwords only as far as they stand in the
 * file. One thread. Errors: RW_ERR_CONFIG with file and line. Refuses what is wrong between options: see the checks in build.c.
 */
#pragma once
#include "conf/conf.h"
#include "conf/file.h"

rw_conf *rw_conf_build(const rw_conf_file *file, GError **error);
void rw_conf_free_parts(rw_conf *conf); /* all that a conf owns, but not itself */
