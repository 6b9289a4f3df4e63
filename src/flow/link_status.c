/* link_status: what a link shows of itself. */
#include "base/clock.h"
#include "flow/link_private.h"

void rw_link_set_state(rw_link *l, rw_link_state state, const char *error)
{
    rw_lock_take(&l->lock);
    l->status->state = state;
    rw_link_status_set_error(l->status, error);
    rw_lock_give(&l->lock);
}

static void add_exact_table(void *user, const rw_binding *b)
{
    rw_link_status *status = user;
    if (b->path != RW_PATH_EXACT) return;
    g_autofree char *table = g_strdup_printf("%s.%s", b->source->schema, b->source->name);
    for (guint i = 0; i < status->tables->len; i++)
        if (strcmp(((rw_table_status *)g_ptr_array_index(status->tables, i))->table, table) == 0) return;
    rw_link_status_add_table(status, table, true, b->why);
}

void rw_link_publish(rw_run *run, gint64 current_us)
{
    rw_link *l = run->link;
    const rw_progress *p = &run->progress;
    g_autofree char *gtid = rw_gtid_state_format(&p->gtid);
    rw_lock_take(&l->lock);
    rw_link_status *s = l->status;
    rw_source_pos_set(&s->position, p->pos.file, p->pos.offset_bytes, gtid);
    s->transactions = p->counts.transactions;
    s->captured = p->counts.captured;
    s->applied = p->counts.applied;
    s->filtered = p->counts.filtered;
    s->discarded = p->counts.discarded;
    s->ddl = p->counts.ddl;
    s->conflicts = p->counts.conflicts;
    s->drift = p->counts.drift;
    s->window = rw_applier_window(run->applier);
    rw_link_status_set_error(s, NULL);
    l->current_us = current_us;
    bool behind = rw_wall_us() - current_us > ((gint64)s->delay_s + 2) * G_USEC_PER_SEC;
    s->state = behind ? RW_LINK_CATCHING_UP : RW_LINK_RUNNING;
    rw_tables_foreach(rw_applier_tables(run->applier), add_exact_table, s);
    rw_lock_give(&l->lock);
}

rw_link_status *rw_link_status_now(rw_link *l)
{
    rw_lock_take(&l->lock);
    rw_link_status *copy = rw_link_status_copy(l->status);
    copy->retries = (uint64_t)g_atomic_int_get(&l->retries);
    if (l->local) copy->local_writes = rw_local_writes_count(l->local);
    if (l->current_us) copy->lag_s = copy->state == RW_LINK_RUNNING && rw_wall_us() - l->current_us < 3 * G_USEC_PER_SEC
                                         ? MAX(0.0, (double)(rw_wall_us() - l->current_us) / G_USEC_PER_SEC - 1.0)
                                         : MAX(0.0, (double)(rw_wall_us() - l->current_us) / G_USEC_PER_SEC);
    rw_lock_give(&l->lock);
    return copy;
}

char *rw_link_refusal(rw_link *l)
{
    rw_lock_take(&l->lock);
    char *copy = g_strdup(l->refusal);
    rw_lock_give(&l->lock);
    return copy;
}

void rw_link_note_site(rw_link *l, rw_site_status *site, const rw_connection *c)
{
    rw_lock_take(&l->lock);
    site->reachable = c != NULL;
    if (c) {
        g_free(site->flavour);
        g_free(site->version);
        g_free(site->host);
        site->host = g_strdup(c->address);
        site->flavour = g_strdup(c->dialect->name);
        site->version = g_strdup(c->version);
    }
    rw_lock_give(&l->lock);
}

void rw_link_note_sites(rw_link *l, GHashTable *sites)
{
    rw_site_status *const ours[] = {l->source_site, l->target_site};
    rw_lock_take(&l->lock);
    for (unsigned i = 0; i < G_N_ELEMENTS(ours); i++) {
        rw_site_status *shown = g_hash_table_lookup(sites, ours[i]->name);
        if (!shown || !ours[i]->flavour) continue;
        shown->reachable |= ours[i]->reachable;
        if (shown->flavour) continue;
        g_free(shown->host);
        shown->host = g_strdup(ours[i]->host);
        shown->flavour = g_strdup(ours[i]->flavour);
        shown->version = g_strdup(ours[i]->version);
    }
    rw_lock_give(&l->lock);
}
