/* verb: what a subcommand is, as one constant descriptor.
 *
 * To add a verb: a file verb_NAME.c with a descriptor, and one line in verbs.c; its help, its page in the manual and the suggestion
 * for a misspelt name follow. In: rw_args, borrowed, filled by args.h from the descriptor's options. Out of run: an exit code; if
 * *error is set, main prints it in one line and derives the code from its class (setup.h), whatever run gave.
 * Thread: run is called once, on the main thread. Refuses: a verb never calls exit and never prints its own error.
 */
#pragma once
#include "base/error.h"

#include <stddef.h>

typedef enum {
    RW_EXIT_DONE = 0,
    RW_EXIT_FOUND = 1,       /* differences, warnings */
    RW_EXIT_USAGE = 2,       /* usage or configuration */
    RW_EXIT_UNREACHABLE = 3, /* a site cannot be reached */
    RW_EXIT_INTERNAL = 4,
} rw_exit;

typedef struct {
    char *source, *target; /* NULL: not given */
} rw_link_arg;

/* Every option of every verb; what was not given is NULL or false. */
typedef struct {
    char *config, *log_format;
    bool verbose, help, version;
    bool print, check, json, watch, crash_points, force, whole;
    char *site, *from, *table, *kind, *state, *since, *until, *limit, *keep, *copy_of, *apply;
    rw_link_arg link;
    char **operands; /* NULL-terminated, never NULL */
} rw_args;

typedef enum { RW_ARG_FLAG /* bool */, RW_ARG_TEXT /* char * */, RW_ARG_LINK /* rw_link_arg */ } rw_arg_kind;

typedef struct {
    const char *name; /* without dashes; NULL ends a list */
    char letter;      /* 0: none */
    rw_arg_kind kind;
    size_t field;               /* offset in rw_args */
    const char *value;          /* what the help calls the value; NULL for a flag */
    const char *const *choices; /* NULL-terminated; NULL: any */
    bool required;
    const char *help;
} rw_verb_option;

typedef struct {
    const char *name, *summary;
    const char *usage;             /* what follows the name */
    const rw_verb_option *options; /* NULL: none; ended by a row without name */
    unsigned max_operands;
    bool lists_keys;    /* its help shows the keys of ringway.cnf too */
    const char *manual; /* paragraphs, empty line between */
    int (*run)(const rw_args *args, GError **error);
} rw_verb;
