#include "flow/local_writes.h"

#include "base/lock.h"
#include "base/log.h"
#include "change/pos.h"

struct rw_local_writes {
    const char *link, *site, *why;
    const rw_filter *filter;
    const rw_renames *renames;
    rw_lock lock;
    rw_target_pos counted; /* up to here */
    uint64_t n;
};

rw_local_writes *rw_local_writes_new(const char *link, const char *site, const char *why, const rw_filter *filter, const rw_renames *renames)
{
    rw_local_writes *l = g_new0(rw_local_writes, 1);
    l->link = link;
    l->site = site;
    l->why = why;
    l->filter = filter;
    l->renames = renames;
    rw_lock_init(&l->lock);
    return l;
}

void rw_local_writes_free(rw_local_writes *l)
{
    if (!l) return;
    rw_target_pos_clear(&l->counted);
    rw_lock_clear(&l->lock);
    g_free(l);
}

bool rw_local_writes_concern(const rw_local_writes *l, const rw_table *table)
{
    rw_name here = {table->schema, table->name}, at_source = l->renames ? rw_renames_back(l->renames, here) : here;
    return rw_filter_table(l->filter, at_source.schema, at_source.table);
}

static bool is_new(const rw_local_writes *l, const rw_txn *txn)
{
    int order = l->counted.file ? rw_log_file_compare(txn->file, l->counted.file) : 1;
    return order > 0 || (order == 0 && txn->end_bytes > l->counted.offset_bytes);
}

void rw_local_writes_add(rw_local_writes *l, const rw_txn *txn, const char *table)
{
    rw_lock_take(&l->lock);
    bool counts = is_new(l, txn), first = counts && l->n == 0;
    if (counts) {
        rw_target_pos_clear(&l->counted);
        l->counted = (rw_target_pos){g_strdup(txn->file), txn->end_bytes};
        l->n++;
    }
    rw_lock_give(&l->lock);
    if (first)
        rw_log(RW_LOG_WARNING, l->link, "site %s %s, but an application writes there: the transaction at %s:%" G_GUINT64_FORMAT " (GTID %s) changes %s; this goes to no "
               "other site, so the sites differ; find who writes there, and make the rows equal again", l->site, l->why, txn->file, txn->start_bytes,
               txn->gtid && *txn->gtid ? txn->gtid : "none", table);
}

uint64_t rw_local_writes_count(rw_local_writes *l)
{
    rw_lock_take(&l->lock);
    uint64_t n = l->n;
    rw_lock_give(&l->lock);
    return n;
}
