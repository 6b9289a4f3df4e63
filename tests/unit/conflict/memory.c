#include "conflict/memory.h"

#include <glib/gstdio.h>

static char *folder; /* the temporary directory of this test */

static void expect_no_files(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    g_assert_cmpstr(g_dir_read_name(dir), ==, NULL);
}

static rw_item item(uint32_t n) { return rw_item_row(rw_item_table("test", "memory"), rw_slice_of(&n, sizeof n)); }

static uint32_t begin(rw_memory *m, unsigned origin, uint64_t stamp_us)
{
    rw_writer writer = {.origin = origin, .stamp_us = stamp_us, .seen_us = stamp_us * 3};
    g_snprintf(writer.gtid, sizeof writer.gtid, "0-%u-%" G_GUINT64_FORMAT, origin, stamp_us);
    return rw_memory_begin(m, &writer);
}

static void put(rw_memory *m, uint32_t n, uint32_t handle)
{
    GError *error = NULL;
    g_assert_true(rw_memory_put(m, item(n), handle, n % 2, &error));
    g_assert_no_error(error);
}

/* Small limits: the smallest table and what is open weigh in. */
static void expect_bounded(rw_memory *m, size_t limit_bytes) { g_assert_cmpuint(rw_memory_bytes(m), <, limit_bytes * 3 / 2 + 4096); }

static void put_one(rw_memory *m, uint32_t n, unsigned origin, uint64_t stamp_us)
{
    put(m, n, begin(m, origin, stamp_us));
    rw_memory_end(m);
}

static void remove_item(rw_memory *m, uint32_t n)
{
    GError *error = NULL;
    g_assert_true(rw_memory_remove(m, item(n), &error));
    g_assert_no_error(error);
}

static rw_seen seen_of(const char *text)
{
    rw_seen seen;
    g_assert_true(rw_seen_parse(&seen, text));
    return seen;
}

static void forget(rw_memory *m, const char *text)
{
    GError *error = NULL;
    rw_seen seen = seen_of(text);
    g_assert_true(rw_memory_forget(m, &seen, &error));
    g_assert_no_error(error);
}

static void expect_seen(rw_memory *m, uint32_t n, const char *seen_text, unsigned origin, uint64_t stamp_us)
{
    rw_writer writer;
    bool found;
    rw_seen seen = seen_of(seen_text);
    g_assert_true(rw_memory_find(m, item(n), &seen, &writer, &found, NULL));
    g_assert_true(found == (origin != 0));
    if (!origin) return;
    g_assert_cmpuint(writer.origin, ==, origin);
    g_assert_cmpuint(writer.stamp_us, ==, stamp_us);
    g_assert_cmpuint(writer.deletes, ==, n % 2);
    g_assert_true(rw_memory_find(m, item(n), &seen, NULL, &found, NULL));
    g_assert_true(found);
}

static void expect(rw_memory *m, uint32_t n, unsigned origin, uint64_t stamp_us) { expect_seen(m, n, "", origin, stamp_us); }
static void expect_none(rw_memory *m, uint32_t n) { expect_seen(m, n, "", 0, 0); }

static void test_last_writer(void)
{
    rw_memory *m = rw_memory_new(1 << 20);
    g_assert_cmpuint(rw_memory_items(m), ==, 0);
    expect_none(m, 1);
    put_one(m, 1, 2, 10);
    put_one(m, 2, 2, 20);
    put_one(m, 1, 3, 5); /* later in the log, whatever its stamp */
    expect(m, 1, 3, 5);
    expect(m, 2, 2, 20);
    expect_seen(m, 1, "2:100,3:4", 3, 5);
    expect_seen(m, 1, "3:5", 0, 0);
    remove_item(m, 1);
    remove_item(m, 7);
    expect_none(m, 1);
    g_assert_cmpuint(rw_memory_items(m), ==, 1);
    rw_memory_free(m);
    rw_memory_free(NULL);
}

/* What the source has seen goes at once when it is everything. */
static void test_forget_all(void)
{
    rw_memory *m = rw_memory_new(1 << 20);
    forget(m, "2:5");
    for (uint32_t n = 0; n < 1000; n++) put_one(m, n, 2 + n % 2, 10 + n);
    forget(m, "2:2000,3:1008");
    expect(m, 999, 3, 1009);
    forget(m, "2:2000,3:1009");
    g_assert_cmpuint(rw_memory_items(m), ==, 0);
    expect_none(m, 999);
    put_one(m, 5, 3, 1010);
    expect(m, 5, 3, 1010);
    g_assert_cmpuint(rw_memory_items(m), ==, 1);
    rw_memory_free(m);
}

/* One that nobody sees must not keep all the others. */
static void test_forget_most(void)
{
    rw_memory *m = rw_memory_new(1 << 20);
    rw_seen seen = seen_of("2:0");
    put_one(m, 0, 9, 1);
    for (uint32_t n = 1; n <= 100 * 1000; n++) {
        put_one(m, n, 2, n);
        g_assert_true(rw_seen_raise(&seen, 2, n - 1));
        g_assert_true(rw_memory_forget(m, &seen, NULL));
        g_assert_cmpuint(rw_memory_items(m), <, 1000);
    }
    expect(m, 0, 9, 1);
    expect(m, 100 * 1000, 2, 100 * 1000);
    rw_memory_free(m);
}

/* The provisional stamp is seen, the final one is not. */
static void test_open_is_not_forgotten(size_t limit_bytes, uint32_t n_rows)
{
    rw_memory *m = rw_memory_new(limit_bytes);
    uint32_t first = begin(m, 2, 10), second = begin(m, 3, 10);
    for (uint32_t n = 0; n < n_rows; n++) {
        put(m, n, n % 3 ? first : second);
        expect_bounded(m, limit_bytes);
    }
    g_assert_true(rw_memory_is_spilled(m) == (n_rows > 1000));
    forget(m, "2:15,3:15");
    put(m, n_rows, first);
    forget(m, "2:15,3:15");
    rw_memory_stamp(m, first, 20);
    rw_memory_end(m);
    forget(m, "2:16,3:16");
    for (uint32_t n = 0; n <= n_rows; n++) expect_seen(m, n, "2:16,3:16", n == n_rows || n % 3 ? 2 : 0, 20);
    forget(m, "2:20,3:16");
    g_assert_cmpuint(rw_memory_items(m), ==, 0);
    g_assert_false(rw_memory_is_spilled(m));
    rw_memory_free(m);
}

static void test_open(void)
{
    test_open_is_not_forgotten(1 << 20, 300);
    test_open_is_not_forgotten(16 * 1024, 20 * 1000);
}

/* One row written again and again: the writers are what grows. */
static void test_one_row(void)
{
    rw_memory *m = rw_memory_new(16 * 1024);
    for (uint32_t i = 1; i <= 20 * 1000; i++) {
        put_one(m, 1, 2, i);
        expect_bounded(m, 16 * 1024);
        if (i % 100 == 0) expect(m, 1, 2, i);
    }
    g_assert_false(rw_memory_is_spilled(m));
    g_assert_cmpuint(rw_memory_items(m), ==, 1);
    rw_memory_free(m);
}

static void test_misuse(void)
{
    rw_memory *m = rw_memory_new(1 << 20);
    GError *error = NULL;
    uint32_t handle = begin(m, 2, 10);
    put(m, 1, handle);
    rw_memory_end(m);
    g_assert_false(rw_memory_put(m, item(2), handle, false, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_BUG);
    g_clear_error(&error);
    for (unsigned i = 1; i <= RW_SEEN_MAX; i++) put_one(m, i, i, 1);
    g_assert_false(rw_memory_put(m, item(3), begin(m, RW_SEEN_MAX + 1, 1), false, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    g_error_free(error);
    rw_memory_free(m);
}

/* In the file, taken out again, over-written, taken out of the file at last. */
static void test_spilled(void)
{
    enum { N = 5000 };
    rw_memory *m = rw_memory_new(16 * 1024);
    for (uint32_t n = 0; n < N; n++) {
        put_one(m, n, 2, 1 + n);
        expect_bounded(m, 16 * 1024);
    }
    g_assert_true(rw_memory_is_spilled(m));
    expect_no_files();
    for (uint32_t n = 0; n < N; n += 10) remove_item(m, n);
    for (uint32_t n = 1; n < N; n += 10) put_one(m, n, 3, 1 + n);
    for (uint32_t n = 0; n < N; n++) expect(m, n, n % 10 == 0 ? 0 : n % 10 == 1 ? 3 : 2, 1 + n);
    g_assert_cmpuint(rw_memory_items(m), >=, N - N / 10);
    for (uint32_t n = 2; n < N; n += 10) remove_item(m, n);
    for (uint32_t n = 0; n < N; n++) expect_seen(m, n, "2:2500", n % 10 == 1 ? 3 : n % 10 == 0 || n % 10 == 2 || n < 2500 ? 0 : 2, 1 + n);
    rw_memory_free(m);
}

/* The spill file is swept in the end, even if one item in it is never seen. */
static void test_spill_is_swept(void)
{
    enum { N = 5000 };
    rw_memory *m = rw_memory_new(16 * 1024);
    rw_seen seen = {0};
    put_one(m, 0, 9, 1);
    for (uint32_t n = 1; n < N; n++) put_one(m, n, 2, n);
    g_assert_true(rw_memory_is_spilled(m));
    for (uint32_t n = 1; n < N; n++) {
        g_assert_true(rw_seen_raise(&seen, 2, n));
        g_assert_true(rw_memory_forget(m, &seen, NULL));
    }
    expect(m, 0, 9, 1);
    expect_seen(m, 1, "2:5000", 0, 0);
    g_assert_cmpuint(rw_memory_items(m), <, 500);
    g_assert_true(rw_seen_raise(&seen, 9, 1));
    g_assert_true(rw_memory_forget(m, &seen, NULL));
    g_assert_cmpuint(rw_memory_items(m), ==, 0);
    g_assert_false(rw_memory_is_spilled(m));
    rw_memory_free(m);
}

/* What hid items of the spill file goes with it, also while another site's write keeps the memory from being emptied at once. */
static void test_spill_is_dropped(void)
{
    enum { N = 5000 };
    rw_memory *m = rw_memory_new(16 * 1024);
    for (uint32_t n = 0; n < N; n++) put_one(m, n, 2, 1 + n);
    for (uint32_t n = 0; n < 20; n++) remove_item(m, n);
    put_one(m, N, 9, 1);
    forget(m, "2:5000");
    g_assert_false(rw_memory_is_spilled(m));
    g_assert_cmpuint(rw_memory_items(m), ==, 1);
    expect(m, N, 9, 1);
    remove_item(m, N);
    g_assert_cmpuint(rw_memory_items(m), ==, 0);
    rw_memory_free(m);
}

/* An error of the file loses nothing: with room again, all goes on. */
static void test_spill_fails(void)
{
    GError *error = NULL;
    uint32_t n = 0;
    rw_memory *m = rw_memory_new(16 * 1024);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    uint32_t handle = begin(m, 2, 1);
    while (rw_memory_put(m, item(n), handle, n % 2, &error)) n++;
    g_assert_error(error, RW_ERROR, RW_ERR_RETRY);
    g_error_free(error);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    for (uint32_t i = 0; i < n; i++) expect(m, i, 2, 1);
    expect_none(m, n);
    put(m, n, handle);
    g_assert_true(rw_memory_is_spilled(m));
    for (uint32_t i = 0; i <= n; i++) expect(m, i, 2, 1);
    rw_memory_free(m);
}

static void test_spill_sweep_fails(void)
{
    enum { N = 2000 };
    GError *error = NULL;
    rw_seen seen = {0};
    rw_memory *m = rw_memory_new(16 * 1024);
    for (uint32_t n = 0; n < N; n++) put_one(m, n, 2, 1 + n);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    do g_assert_true(rw_seen_raise(&seen, 2, rw_seen_of(&seen, 2) + 1));
    while (rw_memory_forget(m, &seen, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_RETRY);
    g_error_free(error);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    for (uint32_t n = (uint32_t)rw_seen_of(&seen, 2); n < N; n++) expect(m, n, 2, 1 + n);
    g_assert_true(rw_memory_forget(m, &seen, &error));
    g_assert_cmpuint(rw_memory_items(m), <=, N - rw_seen_of(&seen, 2));
    for (uint32_t n = (uint32_t)rw_seen_of(&seen, 2); n < N; n++) expect(m, n, 2, 1 + n);
    rw_memory_free(m);
}

/* --- against a model --- */

enum { SITES = 3, OPEN_MAX = 4 };

typedef struct {
    unsigned origin;
    uint64_t stamp_us, seen_us;
    char *gtid;
} model_writer;

typedef struct {
    model_writer *writer; /* of model->writers */
    bool deletes;
} model_entry;

typedef struct {
    GRand *rand;
    rw_memory *memory;
    GHashTable *entries;  /* item's number -> model_entry */
    GPtrArray *writers;   /* model_writer */
    rw_seen seen;
    uint64_t clocks_us[SITES + 1];
    size_t limit_bytes, empty_bytes;
    uint32_t items;
    uint32_t handles[OPEN_MAX];
    model_writer *open[OPEN_MAX];
    unsigned n_open, spills, emptied;
    bool was_spilled;
} model;

static void model_writer_free(gpointer data)
{
    model_writer *writer = data;
    g_free(writer->gtid);
    g_free(writer);
}

static model *model_new(guint32 seed, size_t limit_bytes, uint32_t items)
{
    model *m = g_new0(model, 1);
    m->rand = g_rand_new_with_seed(seed);
    m->memory = rw_memory_new(limit_bytes);
    m->entries = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    m->writers = g_ptr_array_new_with_free_func(model_writer_free);
    m->limit_bytes = limit_bytes;
    m->empty_bytes = rw_memory_bytes(m->memory);
    m->items = items;
    return m;
}

static void model_free(model *m)
{
    rw_memory_free(m->memory);
    g_rand_free(m->rand);
    g_hash_table_unref(m->entries);
    g_ptr_array_unref(m->writers);
    g_free(m);
}

static uint32_t below(model *m, uint32_t n) { return (uint32_t)g_rand_int_range(m->rand, 0, (gint32)n); }

static void model_begin(model *m)
{
    model_writer *w = g_new0(model_writer, 1);
    w->origin = 1 + below(m, SITES);
    w->stamp_us = m->clocks_us[w->origin] += 1 + below(m, 5);
    w->seen_us = below(m, 1000);
    w->gtid = below(m, 4) ? g_strdup_printf("0-%u-%" G_GUINT64_FORMAT, w->origin, w->stamp_us) : g_strdup("");
    g_ptr_array_add(m->writers, w);
    rw_writer writer = {.origin = w->origin, .stamp_us = w->stamp_us, .seen_us = w->seen_us};
    g_strlcpy(writer.gtid, w->gtid, sizeof writer.gtid);
    m->handles[m->n_open] = rw_memory_begin(m->memory, &writer);
    m->open[m->n_open++] = w;
}

static void model_put(model *m)
{
    GError *error = NULL;
    uint32_t n = below(m, m->items);
    unsigned who = below(m, m->n_open);
    model_entry *entry = g_new0(model_entry, 1);
    *entry = (model_entry){m->open[who], below(m, 2)};
    g_assert_true(rw_memory_put(m->memory, item(n), m->handles[who], entry->deletes, &error));
    g_assert_no_error(error);
    g_hash_table_insert(m->entries, GUINT_TO_POINTER(n), entry);
}

static void model_remove(model *m)
{
    uint32_t n = below(m, m->items);
    remove_item(m->memory, n);
    g_hash_table_remove(m->entries, GUINT_TO_POINTER(n));
}

/* The stamp is settled: a little higher, so that what covered it may not do so any more. */
static void model_end(model *m)
{
    for (unsigned i = 0; i < m->n_open; i++) {
        if (below(m, 2)) continue;
        m->open[i]->stamp_us = m->clocks_us[m->open[i]->origin] += below(m, 3);
        rw_memory_stamp(m->memory, m->handles[i], m->open[i]->stamp_us);
    }
    rw_memory_end(m->memory);
    m->n_open = 0;
}

static void model_forget(model *m, bool all)
{
    GError *error = NULL;
    for (unsigned site = 1; site <= SITES; site++) {
        uint64_t clock_us = m->clocks_us[site], seen_us = rw_seen_of(&m->seen, site);
        if (all || below(m, 8) == 0) seen_us = clock_us;
        else if (below(m, 2) == 0) seen_us += (clock_us - seen_us) / 4;
        g_assert_true(rw_seen_raise(&m->seen, site, seen_us));
    }
    g_assert_true(rw_memory_forget(m->memory, &m->seen, &error));
    g_assert_no_error(error);
    if (!all || m->n_open) return;
    g_assert_cmpuint(rw_memory_items(m->memory), ==, 0);
    g_assert_false(rw_memory_is_spilled(m->memory));
    g_assert_cmpuint(rw_memory_bytes(m->memory), ==, m->empty_bytes);
    m->emptied++;
}

static void model_check(model *m, uint32_t n)
{
    rw_writer writer;
    bool found;
    g_assert_true(rw_memory_find(m->memory, item(n), &m->seen, &writer, &found, NULL));
    const model_entry *entry = g_hash_table_lookup(m->entries, GUINT_TO_POINTER(n));
    g_assert_true(found == (entry && entry->writer->stamp_us > rw_seen_of(&m->seen, entry->writer->origin)));
    if (!found) return;
    g_assert_cmpuint(writer.origin, ==, entry->writer->origin);
    g_assert_cmpuint(writer.stamp_us, ==, entry->writer->stamp_us);
    g_assert_cmpuint(writer.seen_us, ==, entry->writer->seen_us);
    g_assert_cmpstr(writer.gtid, ==, entry->writer->gtid);
    g_assert_true(writer.deletes == entry->deletes);
}

static void model_check_all(model *m)
{
    unsigned found = 0;
    for (uint32_t n = 0; n < m->items; n++) model_check(m, n);
    GHashTableIter iter;
    gpointer entry;
    g_hash_table_iter_init(&iter, m->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry)) {
        const model_writer *w = ((model_entry *)entry)->writer;
        if (w->stamp_us > rw_seen_of(&m->seen, w->origin)) found++;
    }
    g_assert_cmpuint(rw_memory_items(m->memory), >=, found);
    if (rw_memory_is_spilled(m->memory)) expect_no_files();
}

static void model_transaction(model *m)
{
    for (unsigned i = 1 + below(m, OPEN_MAX); i > 0; i--) model_begin(m);
    for (unsigned i = below(m, below(m, 50) ? 20 : 1000); i > 0; i--) {
        model_put(m);
        if (below(m, 20) == 0) model_remove(m);
        if (below(m, 200) == 0) model_forget(m, below(m, 10) == 0);
        if (below(m, 4) == 0) model_check(m, below(m, m->items));
    }
    model_end(m);
}

static void model_step(model *m)
{
    model_transaction(m);
    for (unsigned i = below(m, 10); i > 0; i--) model_remove(m);
    if (below(m, 5) == 0) model_forget(m, below(m, 40) == 0);
    if (below(m, 200) == 0) model_check_all(m);
    expect_bounded(m->memory, m->limit_bytes);
    bool spilled = rw_memory_is_spilled(m->memory);
    if (spilled && !m->was_spilled) m->spills++;
    m->was_spilled = spilled;
}

static void run_model(guint32 seed, size_t limit_bytes, uint32_t items, unsigned steps)
{
    model *m = model_new(seed, limit_bytes, items);
    for (unsigned i = 0; i < steps; i++) model_step(m);
    model_check_all(m);
    model_forget(m, true);
    model_check_all(m);
    g_test_message("limit %zu, %u items: %u writers, %u times spilled, %u times emptied", limit_bytes, items, m->writers->len, m->spills, m->emptied);
    model_free(m);
}

static void test_model(void)
{
    for (guint32 seed = 1; seed <= 3; seed++) {
        run_model(seed, 4 * 1024, 300, 5000);
        run_model(seed, 8 * 1024, 2000, 5000);
        run_model(seed, 32 * 1024, 5000, 5000);
        run_model(seed, 1024 * 1024, 5000, 5000);
    }
}

int main(int argc, char **argv)
{
    folder = g_build_filename(g_getenv("TMPDIR") ? g_getenv("TMPDIR") : "/tmp", "ringway-memory-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(folder));
    g_setenv("TMPDIR", folder, TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/last-writer", test_last_writer);
    g_test_add_func("/memory/forget-all", test_forget_all);
    g_test_add_func("/memory/forget-most", test_forget_most);
    g_test_add_func("/memory/open", test_open);
    g_test_add_func("/memory/one-row", test_one_row);
    g_test_add_func("/memory/misuse", test_misuse);
    g_test_add_func("/memory/spilled", test_spilled);
    g_test_add_func("/memory/spill-is-swept", test_spill_is_swept);
    g_test_add_func("/memory/spill-is-dropped", test_spill_is_dropped);
    g_test_add_func("/memory/spill-fails", test_spill_fails);
    g_test_add_func("/memory/spill-sweep-fails", test_spill_sweep_fails);
    g_test_add_func("/memory/model", test_model);
    int result = g_test_run();
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing is left in it */
    g_free(folder);
    return result;
}
