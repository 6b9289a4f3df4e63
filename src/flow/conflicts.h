/* conflicts: the records of ringway.conflict, read, and their forms: the table and the page of `ringway conflicts`, and JSON.
 *
 * In: a session with a site that has the schema ringway. Out: rw_conflict_record, owned texts of all columns. Plain data.
 * Errors: those of the session; RW_ERR_CONFIG where the schema is not there. Writes nothing: flow/resolve.h does.
 */
#pragma once
#include "server/connection.h"

/* The columns of ringway.conflict, in the order in which they are shown. */
typedef enum {
    RW_CONFLICT_ID, RW_CONFLICT_AT, RW_CONFLICT_LINK, RW_CONFLICT_KIND, RW_CONFLICT_POLICY, RW_CONFLICT_VERDICT, RW_CONFLICT_STATE,
    RW_CONFLICT_SCHEMA, RW_CONFLICT_TABLE, RW_CONFLICT_KEY, RW_CONFLICT_OPERATION, RW_CONFLICT_BEFORE, RW_CONFLICT_INCOMING,
    RW_CONFLICT_CURRENT, RW_CONFLICT_ORIGIN, RW_CONFLICT_STAMP, RW_CONFLICT_GTID, RW_CONFLICT_FILE, RW_CONFLICT_OFFSET,
    RW_CONFLICT_CURRENT_ORIGIN, RW_CONFLICT_CURRENT_STAMP, RW_CONFLICT_CURRENT_GTID, RW_CONFLICT_REASON, RW_CONFLICT_RESOLVED_AT,
    RW_CONFLICT_RESOLVED_KEEP, RW_CONFLICT_COLUMNS,
} rw_conflict_column;

typedef struct {
    char *site;                      /* where it stands */
    uint64_t id;
    char *text[RW_CONFLICT_COLUMNS]; /* NULL: SQL NULL, or not asked for; times in UTC */
} rw_conflict_record;

void rw_conflict_record_free(rw_conflict_record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_conflict_record, rw_conflict_record_free)
GPtrArray *rw_conflict_records_new(void); /* rw_conflict_record; frees them */

/* What is asked for; NULL or 0: any. Times are 'YYYY-MM-DD HH:MM:SS' in UTC. */
typedef struct {
    const char *schema, *table, *kind, *state;
    const char *since, *until; /* from since on, before until */
    unsigned limit;            /* the newest so many */
    bool rows;                 /* with the three rows, which may be large */
} rw_conflict_filter;

/* Added to records, newest last. *total: how many there are without the limit. */
bool rw_conflicts_list(rw_connection *site, const rw_conflict_filter *filter, GPtrArray *records, uint64_t *total, GError **error);
/* NULL with *error unset: there is none. lock: FOR UPDATE. */
rw_conflict_record *rw_conflicts_load(rw_connection *site, uint64_t id, bool lock, GError **error);
/* Whole values of ringway.conflict_value for the page: side '/' column to GBytes. */
GHashTable *rw_conflicts_values(rw_connection *site, uint64_t id, GError **error);
char *rw_conflict_value_name(const char *side, const char *column); /* the key in it, owned */

extern const char *const rw_conflict_sides[];                  /* "before", "incoming", "current", NULL */
const char *rw_conflict_column_name(rw_conflict_column column); /* as in the table */
bool rw_conflict_column_is_number(rw_conflict_column column);

void rw_conflicts_to_table(const GPtrArray *records, uint64_t more, GString *out);
char *rw_conflicts_to_json(const GPtrArray *records); /* one line, no newline; rows are objects, not strings */
/* One of them, with all rows. values: rw_conflicts_values, or NULL: large values are said with length and hash only. */
char *rw_conflict_to_json(const rw_conflict_record *record, GHashTable *values);
void rw_conflict_to_page(const rw_conflict_record *record, GHashTable *values, const rw_conf *conf, GString *out);
