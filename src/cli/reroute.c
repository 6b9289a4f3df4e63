#include "cli/reroute.h"

#include "flow/apply/progress.h"
#include "flow/start.h"

#include <stdio.h>
#include <string.h>

enum { LOCK_TURNS = 20 };

rw_reroute *rw_reroute_new(const rw_conf *conf, bool print)
{
    rw_reroute *r = g_new0(rw_reroute, 1);
    *r = (rw_reroute){conf, g_new0(rw_connection *, conf->n_sites), rw_places_new(), NULL, print};
    return r;
}

void rw_reroute_free(rw_reroute *r)
{
    if (!r) return;
    for (unsigned i = 0; i < r->conf->n_sites; i++) rw_connection_close(r->sites[i]);
    g_free(r->sites);
    rw_places_free(r->places);
    g_free(r);
}

bool rw_reroute_open(rw_reroute *r, const rw_site_conf *at, const rw_site_conf *site, GError **error)
{
    rw_connection *c = rw_connection_open(at, (rw_connection_limits){r->conf->connect_timeout_s, 0, r->conf->deadline_s}, error);
    r->sites[site - r->conf->sites] = c;
    return c && rw_places_load(r->places, site->id, c, error);
}

rw_connection *rw_reroute_session(const rw_reroute *r, const rw_site_conf *site) { return r->sites[site - r->conf->sites]; }

/* It brings nothing that it did not bring until now. */
static bool goes_on(const rw_reroute *r, const rw_topology_link *t, bool *yes, GError **error)
{
    const rw_site_conf *source = &r->conf->sites[t->source];
    rw_progress progress = {0};
    GError *failure = NULL;
    *yes = false;
    if (source == r->added) return true;
    if (rw_progress_load(&progress, source->id, r->sites[t->source]->dialect, r->sites[t->target], &failure)) {
        rw_origins added;
        rw_origins_add(&progress.carries, source->id);
        added = rw_origins_minus(&t->carries, &progress.carries);
        *yes = rw_origins_is_empty(&added);
    } else if (g_error_matches(failure, RW_ERROR, RW_ERR_CONFIG)) {
        g_clear_error(&failure); /* it never ran */
    }
    rw_progress_clear(&progress);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

/* What it announced may have been executed or not: only the link itself finds out. */
static bool check_intent(const rw_reroute *r, const rw_topology_link *t, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT COUNT(*) FROM ringway.session WHERE source = %u AND intent <> 0", r->conf->sites[t->source].id);
    g_autofree char *open = rw_connection_value(r->sites[t->target], sql, error);
    if (!open || strcmp(open, "0") == 0) return open != NULL;
    return rw_fail(error, RW_ERR_CONFIG, "link %s: a DDL statement was announced and has not ended; let ringway run end it, then try again", t->name);
}

bool rw_reroute_begin(const rw_reroute *r, const rw_topology_link *t, const rw_log_place *from, const rw_log_place *memory, GError **error)
{
    const rw_source_pos pos = {from->file, from->offset_bytes, from->gtid};
    const rw_memory_place place = {.pos = {memory->file, memory->offset_bytes}, .history = memory->history};
    const rw_start start = {r->conf->name, t->name, r->conf->sites[t->source].id, &pos, from->host, &from->history, &place, memory->host};
    for (unsigned turn = 1;; turn++) {
        GError *failure = NULL;
        bool recorded;
        if (rw_start_record(&start, r->sites[t->target], true, &recorded, &failure)) return true;
        /* A link that tries to reach the dead site holds the lock for moments. */
        bool again = turn < LOCK_TURNS && g_error_matches(failure, RW_ERROR, RW_ERR_CONFIG);
        if (!again) {
            g_propagate_error(error, failure);
            return false;
        }
        g_error_free(failure);
    }
}

static bool begin_link(const rw_reroute *r, const rw_topology_link *t, bool act, GError **error)
{
    const rw_site_conf *source = &r->conf->sites[t->source], *target = &r->conf->sites[t->target];
    rw_origins all = {0};
    bool stays;
    if (!r->sites[t->target]) return true; /* a copy, which is in no shape yet */
    if (!goes_on(r, t, &stays, error)) return false;
    if (!stays && !check_intent(r, t, error)) return false;
    if (stays) {
        if (!act) printf("link %s: goes on\n", t->name);
        return true;
    }
    for (unsigned i = 0; i < r->conf->n_sites; i++)
        if (&r->conf->sites[i] != source) rw_origins_add(&all, r->conf->sites[i].id);
    const rw_log_place *from = rw_places_find(r->places, source->id, target->id, &t->carries);
    const rw_log_place *memory = rw_places_find(r->places, target->id, source->id, &all);
    if (!from || !memory)
        return rw_fail(error, RW_ERR_CONFIG, "link %s: no place is recorded in the log of site %s before which site %s has everything; nothing was changed. Let the links that run catch up and try again, or start the link with a copy of the data: "
                       "ringway init --link '%s' --from POSITION", t->name, from ? target->name : source->name, from ? source->name : target->name, t->name);
    if (!act) printf("link %s: starts at %s:%" G_GUINT64_FORMAT " of site %s; what site %s has already is left out\n", t->name, *from->file ? from->file : from->gtid, from->offset_bytes,
                     source->name, target->name);
    return !act || rw_reroute_begin(r, t, from, memory, error);
}

/* The link that brings the site's transactions to the other one; NULL: none. */
static const rw_topology_link *way_to(const GPtrArray *links, unsigned site_id, unsigned target)
{
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        if (t->target == target && rw_origins_has(&t->carries, site_id)) return t;
    }
    return NULL;
}

/* As things were until now, whatever came to a site was at those on the way before. */
static bool prove_ways(const rw_reroute *r, GError **error)
{
    const rw_conf *conf = r->conf;
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    for (unsigned site = 0; links && site < conf->n_sites; site++)
        for (unsigned end = 0; end < conf->n_sites; end++) {
            const rw_topology_link *t = way_to(links, conf->sites[site].id, end);
            for (; t && t->source != site; t = way_to(links, conf->sites[site].id, t->source))
                rw_places_prove(r->places, conf->sites[site].id, conf->sites[end].id, conf->sites[t->source].id);
        }
    return links != NULL;
}

bool rw_reroute_links(const rw_reroute *r, const GPtrArray *links, GError **error)
{
    if (!prove_ways(r, error)) return false;
    for (int act = 0; act < (r->print ? 1 : 2); act++) /* all is found before anything is written */
        for (guint i = 0; i < links->len; i++)
            if (!begin_link(r, g_ptr_array_index(links, i), act, error)) return false;
    return true;
}
