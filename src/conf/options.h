/* options: the one table of what may stand in ringway.cnf.
 *
 * For: the parser, the defaults, `config --print`, the manual page; to add an option, add a row to options.c and the field that it
 * fills to conf.h. In: nothing. Out: borrowed constant rows, valid for ever, in the order in which they are documented. Any thread.
 * Text values follow the my.cnf rules of file.h. Errors: lookups give NULL. Refuses to hold state: a row says where in its
 * section's struct the value goes (`field`), not the value.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum { RW_SECTION_RINGWAY, RW_SECTION_SITE, RW_SECTION_LINK, RW_SECTION_SCHEMA, RW_SECTION_TABLE, RW_SECTIONS } rw_section_kind;

typedef enum {            /* text in the file              type of the field */
    RW_OPTION_STRING,     /* anything                      char * */
    RW_OPTION_PATH,       /* relative: to the file's folder char *, absolute */
    RW_OPTION_INT,        /* decimal, min..max             unsigned */
    RW_OPTION_SIZE,       /* bytes, suffix K, M or G       uint64_t */
    RW_OPTION_BOOL,       /* yes no on off true false 1 0  bool */
    RW_OPTION_ENUM,       /* one of choices                enum, the index in choices */
    RW_OPTION_LIST,       /* globs, comma between          char **, NULL-terminated */
    RW_OPTION_TABLES,     /* globs schema.table            char **, NULL-terminated */
    RW_OPTION_RENAMES,    /* OLD:NEW, comma between        rw_renames */
    RW_OPTION_HOSTS,      /* host[:port] or /socket        rw_hosts */
    RW_OPTION_ADDRESS,    /* addr:port, or empty           rw_address */
    RW_OPTION_POLICY,     /* one of choices, (arguments)   rw_policy_conf * */
} rw_option_type;

typedef struct {
    rw_section_kind section;
    rw_option_type type;
    const char *key;
    size_t field;                /* offset in the section's struct (conf.h) */
    size_t has;                  /* offset of a bool beside it that says whether it is written; 0: none, the preset stands for it */
    const char *preset;          /* default, as text; NULL = none */
    gint64 min, max;             /* INT and SIZE (bytes), inclusive */
    const char *const *choices;  /* ENUM and POLICY, NULL-terminated */
    bool required, secret;
    const char *later;           /* not NULL: the name is known, the function is not there yet; says what to do instead */
    const char *help, *manual;   /* one line; the paragraph of the manual page */
} rw_option;

const rw_option *rw_options(unsigned *n);
const rw_option *rw_option_find(rw_section_kind section, const char *key); /* key with '_', as in the table */

const char *rw_section_word(rw_section_kind section);      /* "site" */
const char *rw_section_usage(rw_section_kind section);     /* "[site NAME]" */
const char *rw_section_manual(rw_section_kind section);
const char *rw_option_type_help(const rw_option *option);  /* static text for people: "number", "list of names" */
