/* args: the command line to a verb and its options.
 *
 * In: argc and argv (borrowed). Out: *args, owned, freed with rw_args_clear in any case; *verb, borrowed, NULL only if --help or
 * --version stand alone. One thread. Errors: RW_ERR_CONFIG "what: why; what to do", with the nearest name.
 * Syntax: --name value, --name=value, -x value, -xvalue; global options before or after the verb; -- ends options.
 * Refuses: abbreviated names, an option given twice, a required one left out.
 */
#pragma once
#include "cli/verb.h"

bool rw_args_parse(int argc, char *const *argv, rw_args *args, const rw_verb **verb, GError **error);
void rw_args_clear(rw_args *args);
