#include "flow/places.h"

#include "server/schema.h"

static void place_clear(gpointer data)
{
    rw_log_place *place = data;
    g_free(place->file);
    g_free(place->gtid);
    g_free(place->host);
}

rw_places *rw_places_new(void)
{
    rw_places *p = g_new0(rw_places, 1);
    p->places = g_array_new(FALSE, FALSE, sizeof(rw_log_place));
    g_array_set_clear_func(p->places, place_clear);
    return p;
}

void rw_places_free(rw_places *p)
{
    if (!p) return;
    g_array_unref(p->places);
    g_free(p);
}

/* file, offset, stamp, seen from c on. */
static bool add_place(rw_places *p, unsigned site, const rw_slice *c, rw_slice gtid, rw_slice host, rw_slice window, unsigned proved, GError **error)
{
    g_autofree char *seen = rw_cell_text(c[3]);
    if (!c[0].len && !gtid.len) return true;
    rw_log_place place = {.site = site, .offset_bytes = rw_cell_number(c[1]), .history.stamp_us = rw_cell_number(c[2])};
    if (!rw_seen_parse(&place.history.seen, seen)) return rw_fail(error, RW_ERR_STOP, "ringway.progress holds '%s', which is not a list of site:stamp; restore the row", seen);
    place.file = rw_cell_text(c[0]);
    place.gtid = gtid.data ? rw_cell_text(gtid) : g_strdup("");
    place.host = rw_cell_text(host);
    place.window = rw_cell_number(window);
    place.source = proved;
    if (proved) rw_origins_add(&place.proved, proved);
    g_array_append_val(p->places, place);
    return true;
}

/* What a link had brought there. */
static bool add_held(rw_places *p, unsigned site, unsigned source, const rw_history *there, rw_slice carries_text, GError **error)
{
    rw_seen *held = &p->held[site & 255];
    const rw_seen *seen = &there->seen;
    rw_origins carries;
    g_autofree char *text = rw_cell_text(carries_text);
    if (!rw_origins_parse(&carries, text)) return rw_fail(error, RW_ERR_STOP, "ringway.progress holds carries = '%s', which is not a list of sites; restore the row", text);
    bool fits = rw_seen_raise(held, source, there->stamp_us) && rw_seen_raise(&p->own[site & 255], source, rw_history_own(there, source));
    for (unsigned i = 0; i < seen->n; i++)
        if (rw_origins_has(&carries, seen->at[i].origin)) fits = fits && rw_seen_raise(held, seen->at[i].origin, seen->at[i].stamp_us) && rw_seen_raise(&p->own[site & 255], seen->at[i].origin, seen->at[i].stamp_us);
    return fits || rw_fail(error, RW_ERR_STOP, "ringway.progress names more than %d sites; not supported", RW_SEEN_MAX);
}

/* What the site's own log had told, up to a place in it: of sites whose link there is gone, too. */
static bool add_told(rw_seen *held, rw_slice seen_text)
{
    rw_seen seen;
    g_autofree char *text = rw_cell_text(seen_text);
    bool fits = rw_seen_parse(&seen, text);
    for (unsigned i = 0; fits && i < seen.n; i++) fits = rw_seen_raise(held, seen.at[i].origin, seen.at[i].stamp_us);
    return fits;
}

bool rw_places_load(rw_places *p, unsigned site, rw_connection *connection, GError **error)
{
    static const rw_slice none = {NULL, 0};
    g_autoptr(rw_result) rows = rw_connection_query(connection, "SELECT source, file, offset_bytes, stamp_us, seen, gtid, memory_file, memory_offset_bytes, memory_stamp_us, "
                                                    "memory_seen, carries, source_host, memory_host, intents IS NOT NULL, memory_seq FROM ringway.progress AS p WHERE lane = 0 AND "
                                                    "seq + " G_STRINGIFY(RW_PROGRESS_ROWS) " > 1 + (SELECT MAX(q.seq) FROM ringway.progress AS q WHERE q.source = p.source AND q.lane = 0)", error);
    rw_slice c[15];
    if (!rows) return false;
    while (rw_result_next(rows, c, 15)) {
        unsigned source = (unsigned)rw_cell_number(c[0]) & 255;
        if (!add_told(&p->held[site & 255], c[9]) || !add_told(&p->own[site & 255], c[9])) return rw_fail(error, RW_ERR_STOP, "ringway.progress holds memory_seen that is not a list of up to %d site:stamp; restore the row", RW_SEEN_MAX);
        if ((!rw_cell_number(c[13]) && !add_place(p, source, c + 1, c[5], c[11], none, 0, error)) || !add_place(p, site, c + 6, none, c[12], c[14], source, error)) return false;
        rw_history there = {.stamp_us = rw_cell_number(c[3])};
        g_autofree char *text = rw_cell_text(c[4]);
        if (rw_seen_parse(&there.seen, text) && !add_held(p, site, source, &there, c[10], error)) return false;
    }
    return true;
}

/* Up to the place, the holder has all transactions of these origins. */
static bool covers(const rw_places *p, unsigned holder, const rw_log_place *place, const rw_origins *origins)
{
    const rw_seen *held = &p->held[holder & 255], *seen = &place->history.seen;
    bool own = rw_origins_has(&place->proved, holder) || !rw_origins_has(origins, place->site) || rw_seen_of(held, place->site) >= place->history.stamp_us;
    for (unsigned i = 0; own && i < seen->n; i++) {
        unsigned origin = seen->at[i].origin;
        if (origin != holder && origin != place->site && rw_origins_has(origins, origin) && rw_seen_of(held, origin) < seen->at[i].stamp_us) return false;
    }
    return own;
}

void rw_places_prove(rw_places *p, unsigned site, unsigned by, unsigned holder)
{
    for (guint i = 0; i < p->places->len; i++) {
        rw_log_place *place = &g_array_index(p->places, rw_log_place, i);
        if (place->site == site && rw_origins_has(&place->proved, by)) rw_origins_add(&place->proved, holder);
    }
}

/* Stamps rise along a log; where nothing was written between, what had been seen tells. */
static bool is_later(const rw_log_place *a, const rw_log_place *b)
{
    if (a->history.stamp_us != b->history.stamp_us) return a->history.stamp_us > b->history.stamp_us;
    return *a->gtid && !*b->gtid; /* it means something at every host */
}

const rw_log_place *rw_places_find(const rw_places *p, unsigned site, unsigned holder, const rw_origins *origins)
{
    const rw_log_place *best = NULL;
    for (guint i = 0; i < p->places->len; i++) {
        const rw_log_place *place = &g_array_index(p->places, rw_log_place, i);
        if (place->site != site || !covers(p, holder, place, origins)) continue;
        if (!best || is_later(place, best)) best = place;
    }
    return best;
}
