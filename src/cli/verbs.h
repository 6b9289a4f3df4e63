/* verbs: the one list of verbs, and the options that all of them take.
 *
 * Out: borrowed constants, valid for ever. Any thread. Errors: NULL for a name that is not there.
 */
#pragma once
#include "cli/verb.h"

const rw_verb *const *rw_verbs(void); /* NULL-terminated, in the order of the help */
const rw_verb *rw_verb_find(const char *name);
const rw_verb_option *rw_global_options(void); /* ended by a row without name */
