/* help: what --help prints, made from the descriptors.
 *
 * In: descriptors of verb.h and options.h. Out: owned plain text for a terminal of 100 columns. Any thread. No errors.
 */
#pragma once
#include "cli/verb.h"

char *rw_help_general(void);
char *rw_help_verb(const rw_verb *verb);
char *rw_help_option(const rw_verb_option *option); /* "-c, --config FILE", owned */
