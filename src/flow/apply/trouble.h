/* trouble: must a row change be settled by itself, or may it go with the others of its window?
 *
 * In trouble is a change whose row has a writer at the target that it had not seen, or, for a policy that needs causal order, a change that
 * had seen what has not arrived here yet. In: changes and what they had seen; the memory of last writers. With an empty memory and two
 * sites it costs nothing. Before the rows are locked the answer is a forecast; after (rw_last_writers_wait) it is exact.
 * Errors: those of the memory. Owner: one thread.
 */
#pragma once
#include "change/origins.h"
#include "conflict/last_writers.h"
#include "flow/apply/rowitems.h"

typedef struct {
    rw_last_writers *memory; /* borrowed */
    const rw_conf *conf;     /* borrowed */
    unsigned source, target; /* site numbers */
    rw_origins carries;      /* whose changes the link brings */
    uint64_t back_us, rest_us; /* of the target's own, what has come back, and what may not have yet: up to these stamps (flow/rest.h); rest_us 0: all is there */
    rw_row_items items;
    bool many_sites, causal; /* causal: some policy waits for what comes by other links */
    bool watchful;           /* of this look: something can be found at all */
    rw_seen target_seen;     /* of this look */
} rw_trouble;

void rw_trouble_init(rw_trouble *t, rw_last_writers *memory, const rw_conf *conf, unsigned source, unsigned target, const rw_origins *carries);
void rw_trouble_clear(rw_trouble *t);
void rw_trouble_look(rw_trouble *t); /* before a run of questions */
bool rw_trouble_row(rw_trouble *t, const rw_binding *b, rw_item row, const rw_seen *seen, bool *found, GError **error);
bool rw_trouble_change(rw_trouble *t, const rw_binding *b, rw_slice before, rw_slice after, const rw_seen *seen, bool *found, GError **error);
/* It had seen, through another site, what has not arrived at the target. */
bool rw_trouble_is_early(const rw_trouble *t, const rw_seen *seen);
