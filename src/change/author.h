/* author: the application's transaction that made a change: where, when in the order of conflicts, and what its site had seen by then.
 *
 * It stays with a change on all its ways; the transaction of the log in which a link reads the change may be another site's window.
 * Plain data; seen is borrowed.
 */
#pragma once
#include "change/seen.h"

typedef struct {
    unsigned origin; /* site number */
    uint64_t stamp_us;
    const rw_seen *seen;
} rw_author;
