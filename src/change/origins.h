/* origins: a set of site numbers (1..255): whose transactions a link carries.
 *
 * Plain data, copied by value. Text: "1,3", as in ringway.progress.carries.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t bits[4];
} rw_origins;

static inline void rw_origins_add(rw_origins *set, unsigned origin) { set->bits[origin / 64 % 4] |= (uint64_t)1 << origin % 64; }
static inline bool rw_origins_has(const rw_origins *set, unsigned origin) { return set->bits[origin / 64 % 4] >> origin % 64 & 1; }
rw_origins rw_origins_minus(const rw_origins *set, const rw_origins *other);
bool rw_origins_is_empty(const rw_origins *set);
bool rw_origins_is_only(const rw_origins *set, unsigned origin); /* nobody else is in it */
bool rw_origins_parse(rw_origins *set, const char *text);        /* NULL or "": nobody; false: not such a text */
char *rw_origins_format(const rw_origins *set);                  /* owned */
