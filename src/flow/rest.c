#include "flow/rest.h"

#include "change/origins.h"
#include "change/seen.h"

void rw_rest_clear(rw_rest *rest)
{
    g_free(rest->gtid);
    g_free(rest->sent);
    *rest = (rw_rest){0};
}

/* The link that brings it tells with every window. */
static bool load_back(rw_rest *rest, unsigned site_id, rw_connection *site, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(site, error, "SELECT seen, carries FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", rest->source);
    rw_slice c[2];
    rest->back_us = rest->after_us;
    if (!rows || !rw_result_next(rows, c, 2)) return rows != NULL;
    rw_seen seen;
    rw_origins carries;
    g_autofree char *seen_text = rw_cell_text(c[0]), *carries_text = rw_cell_text(c[1]);
    bool brings = rw_origins_parse(&carries, carries_text) && rw_origins_has(&carries, site_id) && rw_seen_parse(&seen, seen_text);
    if (brings) rest->back_us = MAX(rest->back_us, rw_seen_of(&seen, site_id));
    return true;
}

bool rw_rest_load(rw_rest *rest, unsigned site_id, rw_connection *site, GError **error)
{
    rw_slice c[6];
    *rest = (rw_rest){0};
    g_autoptr(rw_result) rows = rw_connection_query(site, "SELECT source, after_us, until_us, gtid, sent, own_us FROM ringway.rest ORDER BY until_us DESC LIMIT 1", error);
    if (!rows) return false;
    if (!rw_result_next(rows, c, 6)) return true;
    *rest = (rw_rest){.source = (unsigned)rw_cell_number(c[0]), .after_us = rw_cell_number(c[1]), .until_us = rw_cell_number(c[2]), .gtid = rw_cell_text(c[3]), .sent = rw_cell_text(c[4]),
                      .own_us = rw_cell_number(c[5])};
    return load_back(rest, site_id, site, error);
}

bool rw_rest_record(const rw_rest *rest, rw_connection *site, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    g_string_printf(sql, "REPLACE INTO ringway.rest (source,after_us,until_us,own_us,gtid,sent) VALUES (%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",", rest->source,
                    rest->after_us, rest->until_us, rest->own_us);
    rw_sql_quote(sql, rw_slice_str(rest->gtid));
    g_string_append_c(sql, ',');
    rw_sql_quote(sql, rw_slice_str(rest->sent));
    g_string_append_c(sql, ')');
    return rw_connection_run(site, sql->str, error);
}
