#include "base/arena.h"

#include <glib.h>

typedef struct block {
    struct block *next;
    size_t size, used;
    uint8_t data[];
} block;

struct rw_arena {
    block *head;  /* the block that is being filled */
    block *first; /* kept over resets */
    size_t block_bytes, handed_out;
};

static block *block_new(size_t size, block *next)
{
    block *b = g_malloc(sizeof *b + size);
    *b = (block){next, size, 0};
    return b;
}

rw_arena *rw_arena_new(size_t block_bytes)
{
    rw_arena *arena = g_new0(rw_arena, 1);
    arena->block_bytes = block_bytes;
    arena->head = arena->first = block_new(block_bytes, NULL);
    return arena;
}

void rw_arena_reset(rw_arena *arena)
{
    for (block *b = arena->head; b;) {
        block *next = b->next;
        if (b != arena->first) g_free(b);
        b = next;
    }
    arena->first->used = 0;
    arena->first->next = NULL;
    arena->head = arena->first;
    arena->handed_out = 0;
}

void rw_arena_free(rw_arena *arena)
{
    if (!arena) return;
    rw_arena_reset(arena);
    g_free(arena->first);
    g_free(arena);
}

void *rw_arena_alloc(rw_arena *arena, size_t bytes)
{
    bytes = (bytes + 7) & ~(size_t)7;
    if (arena->head->size - arena->head->used < bytes)
        arena->head = block_new(MAX(bytes, arena->block_bytes), arena->head);
    void *p = arena->head->data + arena->head->used;
    arena->head->used += bytes;
    arena->handed_out += bytes;
    return p;
}

rw_slice rw_arena_copy(rw_arena *arena, rw_slice bytes)
{
    if (!bytes.data) return bytes;
    uint8_t *p = rw_arena_alloc(arena, bytes.len ? bytes.len : 1);
    if (bytes.len) memcpy(p, bytes.data, bytes.len);
    return (rw_slice){p, bytes.len};
}

char *rw_arena_strdup(rw_arena *arena, rw_slice text)
{
    char *p = rw_arena_alloc(arena, text.len + 1);
    if (text.len) memcpy(p, text.data, text.len);
    p[text.len] = '\0';
    return p;
}

size_t rw_arena_bytes(const rw_arena *arena) { return arena->handed_out; }
