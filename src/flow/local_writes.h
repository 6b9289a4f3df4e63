/* local_writes: what applications write at a site that is to receive only (read_only): it goes nowhere, so the sites differ.
 *
 * The watcher of the site's log says what it saw; a place that was counted is not counted again when the log is read once more, as it is after
 * every lost connection. The first one is said in the log. Counted are transactions that change rows of tables which the link replicates.
 * Threads: any; each call takes the lock. Owner: the link, for all its lives.
 */
#pragma once
#include "change/batch.h"
#include "conf/rename.h"
#include "flow/route/filter.h"

typedef struct rw_local_writes rw_local_writes;

/* All borrowed. The filter knows the source's names; renames NULL: they are the site's, too. */
rw_local_writes *rw_local_writes_new(const char *link, const char *site, const char *why, const rw_filter *filter, const rw_renames *renames);
void rw_local_writes_free(rw_local_writes *l);
bool rw_local_writes_concern(const rw_local_writes *l, const rw_table *table);
void rw_local_writes_add(rw_local_writes *l, const rw_txn *txn, const char *table);
uint64_t rw_local_writes_count(rw_local_writes *l);
