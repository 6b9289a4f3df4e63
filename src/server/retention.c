#include "server/retention.h"

#include "change/pos.h"

/* Amazon RDS and Aurora, whatever the dialect: the server's own setting means nothing there. NULL: purged as soon as their own replicas allow. */
static const char sql_managed[] = "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'";

void rw_retention_free(rw_retention *r)
{
    if (!r) return;
    g_free(r->site);
    g_free(r->setting);
    g_ptr_array_unref(r->files);
    g_free(r);
}

static bool load_files(rw_retention *r, rw_connection *c, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_query(c, "SHOW BINARY LOGS", error);
    rw_slice cell;
    while (rows && rw_result_next(rows, &cell, 1)) g_ptr_array_add(r->files, rw_cell_text(cell));
    return rows != NULL;
}

static bool load_settings(rw_retention *r, rw_connection *c, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_query(c, c->dialect->sql_log_retention, error);
    rw_slice cells[3];
    if (!rows || !rw_result_next(rows, cells, 3)) return rows != NULL;
    r->keep_s = rw_cell_number(cells[0]);
    r->setting = rw_cell_text(cells[1]);
    r->limit_bytes = rw_cell_number(cells[2]);
    return true;
}

/* Other servers have no such table, and a user may not be allowed to read it: then the server's own setting has to do. */
static void load_managed(rw_retention *r, rw_connection *c)
{
    g_autoptr(rw_result) rows = rw_connection_query(c, sql_managed, NULL);
    rw_slice hours;
    if (!rows || !rw_result_next(rows, &hours, 1)) return;
    r->keep_s = rw_cell_number(hours) * 3600;
    r->at_once = r->keep_s == 0;
    g_free(r->setting);
    r->setting = g_strdup("'binlog retention hours'");
}

rw_retention *rw_retention_load(rw_connection *c, GError **error)
{
    g_autoptr(rw_retention) r = g_new0(rw_retention, 1);
    r->site = g_strdup(c->site);
    r->files = g_ptr_array_new_with_free_func(g_free);
    if (!load_files(r, c, error) || !load_settings(r, c, error)) return NULL;
    load_managed(r, c);
    return g_steal_pointer(&r);
}

static const char *first_of(const rw_retention *r) { return g_ptr_array_index(r->files, 0); }
static const char *last_of(const rw_retention *r) { return g_ptr_array_index(r->files, r->files->len - 1); }

char *rw_retention_files(const rw_retention *r)
{
    if (!r->files->len) return g_strdup("no log files");
    return r->files->len == 1 ? g_strdup(first_of(r)) : g_strdup_printf("%s to %s", first_of(r), last_of(r));
}

unsigned rw_retention_period_s(const rw_retention *r)
{
    enum { MINUTE_S = 60 };
    return r->keep_s ? (unsigned)CLAMP(r->keep_s / 10, 1, MINUTE_S) : MINUTE_S;
}

static char *span(uint64_t s)
{
    if (s < 180) return g_strdup_printf("%u s", (unsigned)s);
    if (s < 3 * 3600) return g_strdup_printf("%u min", (unsigned)(s / 60));
    return s < 3 * 86400 ? g_strdup_printf("%u h", (unsigned)(s / 3600)) : g_strdup_printf("%u days", (unsigned)(s / 86400));
}

static bool is_among_oldest(const rw_retention *r, const char *file)
{
    enum { OLDEST = 2 };
    for (guint i = 0; i < r->files->len && i < OLDEST; i++)
        if (strcmp(g_ptr_array_index(r->files, i), file) == 0) return true;
    return false;
}

static char *describe(const rw_retention *r, rw_retention_verdict verdict, const char *file, gint64 behind_s)
{
    g_autofree char *behind = span((uint64_t)MAX(behind_s, 0)), *keep = span(r->keep_s), *files = rw_retention_files(r);
    switch (verdict) {
    case RW_RETENTION_SAFE: return NULL;
    case RW_RETENTION_AT_ONCE:
        return g_strdup_printf("site %s purges its binary log as soon as it can ('binlog retention hours' is not set), whatever this link still needs; run there: "
                               "CALL mysql.rds_set_configuration('binlog retention hours', 72)", r->site);
    case RW_RETENTION_LATE:
        return g_strdup_printf("site %s keeps its binary log for %s (%s), and this link has not got beyond what was written %s ago (%s); let it catch up soon, or raise %s there, "
                               "or the log is purged and all must be copied again", r->site, keep, r->setting, behind, file, r->setting);
    case RW_RETENTION_FULL:
        return g_strdup_printf("site %s purges its oldest binary logs when they are larger than %" G_GUINT64_FORMAT " bytes together, and this link still needs %s, one of the "
                               "oldest two (%s); let it catch up soon, or raise the limit there", r->site, r->limit_bytes, file, files);
    case RW_RETENTION_GONE:
        return g_strdup_printf("site %s has purged its binary log: this link stands in %s, and there is %s now; if changes were left in it, they cannot be had any more: the link will stop, "
                               "and the target must be made equal again", r->site, file, files);
    }
    return NULL;
}

static rw_retention_verdict judge(const rw_retention *r, const char *file, gint64 behind_s)
{
    if (r->at_once) return RW_RETENTION_AT_ONCE;
    if (behind_s < 1 || !r->files->len || rw_log_file_compare(file, last_of(r)) >= 0) return RW_RETENTION_SAFE;
    if (rw_log_file_compare(file, first_of(r)) < 0) return RW_RETENTION_GONE;
    if (r->keep_s && (uint64_t)behind_s > r->keep_s / 2) return RW_RETENTION_LATE;
    return r->limit_bytes && is_among_oldest(r, file) ? RW_RETENTION_FULL : RW_RETENTION_SAFE;
}

rw_retention_verdict rw_retention_judge(const rw_retention *r, const char *file, gint64 behind_s, char **text)
{
    rw_retention_verdict verdict = judge(r, file, behind_s);
    *text = describe(r, verdict, file, behind_s);
    return verdict;
}
