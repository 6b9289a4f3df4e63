/* seen: how far a site had applied the logs of the other sites; with stamps as the measure of a log.
 *
 * Stamps rise along a site's log (change/stamp.h), so (origin, stamp) names a transaction, and one number per origin says which of its
 * transactions were applied: those up to it. A transaction of site A had seen what A's log shows as applied before it.
 * Plain data, copied by value; at most RW_SEEN_MAX origins. Text: "2:1700000000000000,3:1700000000000007".
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { RW_SEEN_MAX = 16 };

typedef struct {
    unsigned n;
    struct {
        unsigned origin;
        uint64_t stamp_us;
    } at[RW_SEEN_MAX];
} rw_seen;

uint64_t rw_seen_of(const rw_seen *seen, unsigned origin);                  /* 0: nothing */
bool rw_seen_names(const rw_seen *seen, unsigned origin);                   /* be it with 0 */
bool rw_seen_raise(rw_seen *seen, unsigned origin, uint64_t stamp_us);      /* never lowers; false: too many origins */
bool rw_seen_covers(const rw_seen *seen, const rw_seen *other, unsigned but); /* all that other has seen, origin `but` left out */
bool rw_seen_parse(rw_seen *seen, const char *text);                        /* NULL or "": nothing; false: not such a text */
char *rw_seen_format(const rw_seen *seen);                                  /* owned */
