/* file: ringway.cnf as sections and entries, in the style of my.cnf.
 *
 * In: text (borrowed) and a path for messages. Out: rw_conf_file, owned, immutable; every key is known to options.h for its section,
 * every value is unquoted text whose type nobody has looked at yet. One thread at a time.
 * Syntax: [kind NAME], key = value, # or ; first in a line, # after white space elsewhere; a value in '' or "" is taken as it stands,
 * with no escapes; - equals _ in keys; CRLF and a byte order mark are fine; a list's item holds no comma.
 * Errors: RW_ERR_CONFIG "path:line: why; what to do", with the nearest valid name. Refuses: unknown or repeated sections and keys,
 * !include, control characters, text that is not UTF-8. Wipes values when freed: one may be a password.
 */
#pragma once
#include "base/error.h"
#include "conf/options.h"

typedef struct {
    const rw_option *option;
    char *value;
    unsigned line;
} rw_conf_entry;

typedef struct {
    rw_section_kind kind;
    char *name, *peer; /* site, schema: name; link: source, target; table: schema, table; else NULL */
    unsigned line;
    GArray *entries; /* of rw_conf_entry */
} rw_conf_section;

typedef struct {
    char *path;
    GPtrArray *sections; /* of rw_conf_section, in the file's order */
} rw_conf_file;

rw_conf_file *rw_conf_file_parse(const char *path, const char *text, size_t len, GError **error);
void rw_conf_file_free(rw_conf_file *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_conf_file, rw_conf_file_free)

const rw_conf_entry *rw_conf_section_get(const rw_conf_section *section, const char *key); /* NULL: not written */
bool rw_conf_name_valid(const char *name);                                                 /* [a-zA-Z0-9_-]{1,32} */
char *rw_conf_section_title(const rw_conf_section *section);                               /* "[link a->b]", owned */
