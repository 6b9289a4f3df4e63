/* arena: memory that is freed at once.
 *
 * In: sizes in bytes. Out: memory aligned to 8, valid until reset or free. Owner: whoever holds the arena; one thread at a time.
 * Blocks of block_bytes are taken from malloc as needed; a request larger than that gets a block of its own. reset keeps the
 * first block and gives the others back, so that one huge transaction does not stay resident. Out of memory aborts (as GLib does).
 */
#pragma once
#include "base/slice.h"

typedef struct rw_arena rw_arena;

rw_arena *rw_arena_new(size_t block_bytes);
void rw_arena_free(rw_arena *arena);
void rw_arena_reset(rw_arena *arena);
void *rw_arena_alloc(rw_arena *arena, size_t bytes);
rw_slice rw_arena_copy(rw_arena *arena, rw_slice bytes);
char *rw_arena_strdup(rw_arena *arena, rw_slice text); /* NUL-terminated */
size_t rw_arena_bytes(const rw_arena *arena);          /* handed out since the last reset */
