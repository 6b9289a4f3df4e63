#include "conflict/item.h"

#include <xxhash.h>

static rw_item item_of(XXH128_hash_t hash) { return (rw_item){hash.low64, hash.high64}; }

/* With its NUL bytes, so that `a`.`bc` and `ab`.`c` differ. */
rw_item rw_item_table(const char *schema, const char *table)
{
    XXH128_hash_t first = XXH3_128bits(schema, strlen(schema) + 1);
    return item_of(XXH3_128bits_withSeed(table, strlen(table) + 1, first.low64 ^ first.high64));
}

rw_item rw_item_row(rw_item table, rw_slice key)
{
    return item_of(XXH3_128bits_withSeed(key.data, key.len, table.low ^ table.high));
}

rw_item rw_item_part(rw_item row, rw_item_kind kind, unsigned number)
{
    const uint64_t parts[] = {row.low, row.high, kind, number};
    return item_of(XXH3_128bits(parts, sizeof parts));
}
