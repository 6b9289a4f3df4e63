#include "flow/apply/trouble.h"

static bool is_causal(const rw_policy_conf *policy) { return policy && rw_policy_find(policy->name)->causal; }

static bool any_causal(const rw_conf *conf)
{
    bool any = is_causal(conf->conflict);
    for (unsigned i = 0; i < conf->n_tables; i++) any |= is_causal(conf->tables[i].conflict);
    return any;
}

void rw_trouble_init(rw_trouble *t, rw_last_writers *memory, const rw_conf *conf, unsigned source, unsigned target, const rw_origins *carries)
{
    *t = (rw_trouble){.memory = memory, .conf = conf, .source = source, .target = target, .carries = *carries, .many_sites = conf->n_sites > 2};
    t->causal = t->many_sites && any_causal(conf);
    rw_row_items_init(&t->items, conf, NULL, NULL);
}

void rw_trouble_clear(rw_trouble *t) { rw_row_items_clear(&t->items); }

void rw_trouble_look(rw_trouble *t)
{
    t->watchful = t->causal || !rw_last_writers_is_empty(t->memory);
    if (t->many_sites) rw_last_writers_target_seen(t->memory, &t->target_seen);
    if (t->rest_us) (void)rw_seen_raise(&t->target_seen, t->target, t->back_us); /* all sites fit */
}

bool rw_trouble_is_early(const rw_trouble *t, const rw_seen *seen)
{
    for (unsigned i = 0; t->many_sites && i < seen->n; i++) {
        unsigned origin = seen->at[i].origin;
        /* The target's own is there, but for what its present server lacks. */
        uint64_t wanted_us = origin == t->target ? MIN(seen->at[i].stamp_us, t->rest_us) : seen->at[i].stamp_us;
        /* What this link brings, too, came before. */
        if (!rw_origins_has(&t->carries, origin) && rw_seen_of(&t->target_seen, origin) < wanted_us) return true;
    }
    return false;
}

static bool find(rw_trouble *t, rw_item item, const rw_seen *seen, bool *found, GError **error)
{
    return *found || rw_last_writers_find(t->memory, item, seen, NULL, found, error);
}

bool rw_trouble_row(rw_trouble *t, const rw_binding *b, rw_item row, const rw_seen *seen, bool *found, GError **error)
{
    if (!t->watchful) return true;
    if (b->policy->causal && rw_trouble_is_early(t, seen)) *found = true;
    if (!find(t, row, seen, found, error)) return false;
    if (b->policy->remembers & RW_REMEMBERS_ENDS && !find(t, rw_item_part(row, RW_ITEM_END, 0), seen, found, error)) return false;
    if (!b->policy->remembers) return true;
    for (unsigned i = 0; i < t->conf->n_sites; i++)
        if (t->conf->sites[i].id != t->source && !find(t, rw_item_part(row, RW_ITEM_ORIGIN, t->conf->sites[i].id), seen, found, error)) return false;
    return true;
}

bool rw_trouble_change(rw_trouble *t, const rw_binding *b, rw_slice before, rw_slice after, const rw_seen *seen, bool *found, GError **error)
{
    const rw_slice images[] = {before, after};
    for (unsigned i = 0; t->watchful && i < G_N_ELEMENTS(images); i++) {
        rw_item row;
        if (!images[i].data) continue;
        if (!rw_row_items_row(&t->items, b, images[i], &row))
            return rw_row_misfit(b, error);
        if (!rw_trouble_row(t, b, row, seen, found, error)) return false;
    }
    return true;
}
