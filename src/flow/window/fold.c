#include "flow/window/fold.h"

#include <glib.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 1024, KEY_BLOCK_BYTES = 64 * 1024 };

typedef struct {
    unsigned first, last;
} chain;

/* A net with the beginning of its key at hand, for sorting. */
typedef struct {
    uint64_t head[2];
    unsigned table, entry;
} place;

struct rw_fold {
    rw_arena *keys;
    GArray *nets;    /* rw_net */
    GArray *chains;  /* chain, per table */
    GArray *places;  /* place; while sorting */
    uint32_t *slots; /* entry + 1; 0 = free; open addressing */
    unsigned n_slots;
};

rw_fold *rw_fold_new(void)
{
    rw_fold *fold = g_new0(rw_fold, 1);
    fold->keys = rw_arena_new(KEY_BLOCK_BYTES);
    fold->nets = g_array_new(FALSE, FALSE, sizeof(rw_net));
    fold->chains = g_array_new(FALSE, FALSE, sizeof(chain));
    fold->places = g_array_new(FALSE, FALSE, sizeof(place));
    fold->n_slots = FIRST_SLOTS;
    fold->slots = g_new0(uint32_t, fold->n_slots);
    return fold;
}

void rw_fold_free(rw_fold *fold)
{
    if (!fold) return;
    rw_arena_free(fold->keys);
    g_array_free(fold->nets, TRUE);
    g_array_free(fold->chains, TRUE);
    g_array_free(fold->places, TRUE);
    g_free(fold->slots);
    g_free(fold);
}

/* One huge window must not make all later ones clear a huge table. */
void rw_fold_reset(rw_fold *fold)
{
    if (fold->n_slots > FIRST_SLOTS && fold->nets->len < fold->n_slots / 16) {
        fold->n_slots = FIRST_SLOTS;
        g_free(fold->slots);
        fold->slots = g_new0(uint32_t, fold->n_slots);
    } else {
        memset(fold->slots, 0, fold->n_slots * sizeof *fold->slots);
    }
    rw_arena_reset(fold->keys);
    g_array_set_size(fold->nets, 0);
    g_array_set_size(fold->chains, 0);
}

rw_net *rw_fold_at(rw_fold *fold, unsigned entry) { return &g_array_index(fold->nets, rw_net, entry); }

static uint32_t *slot_of(const rw_fold *fold, unsigned table, rw_slice key, uint64_t hash)
{
    unsigned mask = fold->n_slots - 1;
    for (unsigned i = (unsigned)hash & mask;; i = (i + 1) & mask) {
        uint32_t entry = fold->slots[i];
        if (!entry) return &fold->slots[i];
        const rw_net *net = &g_array_index(fold->nets, rw_net, entry - 1);
        if (net->hash == hash && net->table == table && rw_slice_equal(net->key, key)) return &fold->slots[i];
    }
}

/* The table's number is the seed: equal keys of two tables are different rows. */
static uint64_t hash_of(unsigned table, rw_slice key) { return XXH3_64bits_withSeed(key.data, key.len, table + 1); }

static void grow(rw_fold *fold)
{
    g_free(fold->slots);
    fold->n_slots *= 2;
    fold->slots = g_new0(uint32_t, fold->n_slots);
    for (unsigned e = 0; e < fold->nets->len; e++) {
        const rw_net *net = rw_fold_at(fold, e);
        *slot_of(fold, net->table, net->key, net->hash) = e + 1;
    }
}

static void link_entry(rw_fold *fold, unsigned table, unsigned entry)
{
    static const chain empty = {RW_FOLD_NONE, RW_FOLD_NONE};
    while (fold->chains->len <= table) g_array_append_val(fold->chains, empty);
    chain *c = &g_array_index(fold->chains, chain, table);
    if (c->first == RW_FOLD_NONE) c->first = entry;
    else rw_fold_at(fold, c->last)->next = entry;
    c->last = entry;
}

void rw_fold_change(rw_fold *fold, unsigned table, rw_slice key, rw_slice before, rw_slice after, unsigned number)
{
    uint64_t hash = hash_of(table, key);
    uint32_t *slot = slot_of(fold, table, key, hash);
    if (*slot) {
        rw_net *net = rw_fold_at(fold, *slot - 1);
        net->after = after;
        net->image = after.data ? after : before;
        net->last = number;
        return;
    }
    rw_net net = {.key = rw_arena_copy(fold->keys, key), .before = before, .after = after, .image = after.data ? after : before, .hash = hash, .table = table, .first = number, .last = number,
                  .next = RW_FOLD_NONE};
    g_array_append_val(fold->nets, net);
    *slot = fold->nets->len;
    link_entry(fold, table, fold->nets->len - 1);
    if (fold->nets->len * 2 > fold->n_slots) grow(fold);
}

static place place_of(const rw_net *net, unsigned entry)
{
    place p = {.table = net->table, .entry = entry};
    uint8_t head[sizeof p.head] = {0};
    memcpy(head, net->key.data, MIN(net->key.len, sizeof head));
    memcpy(p.head, head, sizeof head);
    p.head[0] = GUINT64_FROM_BE(p.head[0]);
    p.head[1] = GUINT64_FROM_BE(p.head[1]);
    return p;
}

static int compare_rest(const rw_slice *a, const rw_slice *b)
{
    int order = memcmp(a->data, b->data, MIN(a->len, b->len));
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static gint compare(gconstpointer x, gconstpointer y, gpointer user)
{
    const place *a = x, *b = y;
    if (a->table != b->table) return a->table < b->table ? -1 : 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(a->head); i++)
        if (a->head[i] != b->head[i]) return a->head[i] < b->head[i] ? -1 : 1;
    rw_fold *fold = user;
    return compare_rest(&rw_fold_at(fold, a->entry)->key, &rw_fold_at(fold, b->entry)->key);
}

void rw_fold_sort(rw_fold *fold)
{
    g_array_set_size(fold->places, fold->nets->len);
    for (unsigned e = 0; e < fold->nets->len; e++) g_array_index(fold->places, place, e) = place_of(rw_fold_at(fold, e), e);
    g_array_sort_with_data(fold->places, compare, fold);
    g_array_set_size(fold->chains, 0);
    for (unsigned i = 0; i < fold->places->len; i++) {
        const place *p = &g_array_index(fold->places, place, i);
        rw_fold_at(fold, p->entry)->next = RW_FOLD_NONE;
        link_entry(fold, p->table, p->entry);
    }
}

rw_net *rw_fold_find(rw_fold *fold, unsigned table, rw_slice key)
{
    uint32_t entry = *slot_of(fold, table, key, hash_of(table, key));
    return entry ? rw_fold_at(fold, entry - 1) : NULL;
}

unsigned rw_fold_first(const rw_fold *fold, unsigned table)
{
    return table < fold->chains->len ? g_array_index(fold->chains, chain, table).first : RW_FOLD_NONE;
}
