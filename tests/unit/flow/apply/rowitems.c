#include "flow/apply/rowitems.h"

/* shop.t: id INT (the key), name VARCHAR NULL, total INT generated, note VARCHAR NULL. At the target the columns stand the other way round. */
enum { ID, NAME, TOTAL, NOTE, COLUMNS };

static const unsigned at_target[] = {[ID] = 3, [NAME] = 2, [TOTAL] = 1, [NOTE] = 0};
static rw_site_conf sites[] = {{.name = "a", .id = 1}, {.name = "b", .id = 2}, {.name = "c", .id = 9}};
static char *priority[] = {"b", "a", "c", NULL};
static rw_policy_conf by_priority = {.name = "site_priority", .arguments = priority};
static rw_table_conf tables[] = {{.schema = "shop", .table = "t", .conflict = &by_priority}};
static const rw_conf conf = {.sites = sites, .n_sites = G_N_ELEMENTS(sites), .tables = tables, .n_tables = G_N_ELEMENTS(tables)};

enum { LAST = 0, RANKS = RW_REMEMBERS_ORIGINS, ENDS = RW_REMEMBERS_ENDS, MERGED = RW_REMEMBERS_ENDS | RW_REMEMBERS_COLUMNS };

/* Of a policy that remembers this. */
static rw_binding *binding(unsigned remembers, bool has_key)
{
    static const rw_policy policies[] = {[LAST] = {.remembers = LAST}, [RANKS] = {.remembers = RANKS}, [ENDS] = {.remembers = ENDS}, [MERGED] = {.remembers = MERGED}};
    static const rw_type types[] = {[ID] = RW_T_LONG, [NAME] = RW_T_VARCHAR, [TOTAL] = RW_T_LONG, [NOTE] = RW_T_VARCHAR};
    static unsigned key[] = {ID};
    rw_binding *b = g_malloc0(sizeof *b + COLUMNS * sizeof b->columns[0]);
    b->source = rw_table_new("shop", "t", COLUMNS);
    b->quoted = (char *)"`shop`.`t`";
    b->key = key;
    b->n_key = has_key;
    b->policy = &policies[remembers];
    b->item = rw_item_table("shop", "t");
    b->n_columns = COLUMNS;
    for (unsigned i = 0; i < COLUMNS; i++) {
        b->source->columns[i] = (rw_column){.type = types[i], .meta = types[i] == RW_T_VARCHAR ? 255 : 0};
        b->columns[i] = (rw_bound_column){.source = b->source->columns[i], .generated = i == TOTAL, .target = at_target[i]};
    }
    return b;
}

static void binding_free(rw_binding *b)
{
    rw_table_unref(b->source);
    g_free(b);
}

/* --- images --- */

typedef struct {
    uint8_t id;
    const char *name, *note; /* NULL: NULL */
    bool total_null;
} values;

typedef struct {
    uint8_t bytes[64];
    size_t n;
} image;

static void put_text(image *to, unsigned column, const char *text)
{
    if (!text) {
        to->bytes[0] |= (uint8_t)(1 << column);
        return;
    }
    to->bytes[to->n++] = (uint8_t)strlen(text);
    memcpy(to->bytes + to->n, text, strlen(text));
    to->n += strlen(text);
}

static rw_slice image_of(const values *v, image *to)
{
    if (!v) return (rw_slice){NULL, 0};
    *to = (image){.n = 1};
    to->bytes[to->n] = v->id;
    to->n += 4;
    put_text(to, NAME, v->name);
    if (v->total_null) to->bytes[0] |= 1 << TOTAL;
    else to->n += 4;
    put_text(to, NOTE, v->note);
    return rw_slice_of(to->bytes, to->n);
}

/* --- what is visited, in words --- */

typedef struct {
    const rw_binding *binding;
    GPtrArray *words;
    unsigned allowed; /* then the visitor fails */
} visits;

static rw_item row_item(const rw_binding *b, unsigned id)
{
    const char text[] = {1, 0, 0, 0, (char)('0' + id)};
    return rw_item_row(b->item, rw_slice_of(text, sizeof text));
}

static char *word_of(const rw_binding *b, rw_item item)
{
    for (unsigned id = 1; id <= 2; id++) {
        rw_item row = row_item(b, id);
        if (rw_item_equal(row, item)) return g_strdup_printf("%u", id);
        if (rw_item_equal(rw_item_part(row, RW_ITEM_END, 0), item)) return g_strdup_printf("%u.end", id);
        for (unsigned i = 0; i < COLUMNS; i++)
            if (rw_item_equal(rw_item_part(row, RW_ITEM_COLUMN, i), item)) return g_strdup_printf("%u.column%u", id, i);
        for (unsigned i = 0; i < 256; i++)
            if (rw_item_equal(rw_item_part(row, RW_ITEM_ORIGIN, i), item)) return g_strdup_printf("%u.site%u", id, i);
    }
    for (unsigned i = 0; i < 256; i++)
        if (rw_item_equal(rw_item_part(b->item, RW_ITEM_TABLE, i), item)) return g_strdup_printf("table.site%u", i);
    return g_strdup("?");
}

static bool note_item(void *user, rw_item item, rw_entry entry, GError **error)
{
    static const char *const marks[] = {[RW_ENTRY_WRITTEN] = "", [RW_ENTRY_ENDED] = "-", [RW_ENTRY_ERASED] = "~"};
    visits *v = user;
    if (v->allowed-- == 0) return rw_fail(error, RW_ERR_RETRY, "the visitor fails");
    g_autofree char *word = word_of(v->binding, item);
    g_ptr_array_add(v->words, g_strconcat(word, marks[entry], NULL));
    return true;
}

static gint compare_words(gconstpointer a, gconstpointer b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *sorted(GPtrArray *words)
{
    g_ptr_array_sort(words, compare_words);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

enum { OVERWRITTEN = 256, FOREIGN = 512 }; /* beside an origin: what is asked for, and of which table */

static bool visit(rw_row_items *items, const rw_binding *b, const values *before, const values *after, unsigned origin, GError **error)
{
    image x, y;
    if (origin & OVERWRITTEN) return rw_row_items_overwritten(items, b, image_of(before, &x), image_of(after, &y), origin % 256, error);
    return rw_row_items_written(items, b, image_of(before, &x), image_of(after, &y), origin % 256, error);
}

/* Also that an error of the visitor's comes through, whichever item it is. */
static void expect(unsigned remembers, const values *before, const values *after, unsigned origin, const char *words)
{
    rw_binding *b = binding(remembers, true);
    b->has_foreign_keys = origin & FOREIGN;
    visits v = {.binding = b, .allowed = UINT_MAX, .words = g_ptr_array_new_with_free_func(g_free)};
    rw_row_items items;
    GError *error = NULL;
    rw_row_items_init(&items, &conf, note_item, &v);
    g_assert_true(visit(&items, b, before, after, origin, &error));
    g_assert_no_error(error);
    unsigned n = v.words->len;
    g_autofree char *text = sorted(v.words);
    g_assert_cmpstr(text, ==, words);
    for (unsigned i = 0; i < n; i++) {
        v.allowed = i;
        g_assert_false(visit(&items, b, before, after, origin, &error));
        g_assert_error(error, RW_ERROR, RW_ERR_RETRY);
        g_clear_error(&error);
    }
    rw_row_items_clear(&items);
    g_ptr_array_unref(v.words);
    binding_free(b);
}

static const values one = {1, "a", NULL}, renamed = {1, "b", NULL}, noted = {1, "a", ""}, two = {2, "a", NULL};

static void test_written(void)
{
    expect(LAST, NULL, &one, 7, "1");
    expect(LAST, &one, &renamed, 7, "1");
    expect(LAST, &one, NULL, 7, "1-");
    expect(LAST, &one, &two, 7, "1- 2");
    expect(RANKS, NULL, &one, 7, "1 1.site7");
    expect(RANKS, &one, &renamed, 7, "1 1.site7");
    expect(RANKS, &one, NULL, 7, "1- 1.site7-");
    expect(RANKS, &one, &two, 7, "1- 1.site7- 2 2.site7");
    expect(ENDS, NULL, &one, 7, "1 1.site7");
    expect(ENDS, &one, &renamed, 7, "1 1.site7");
    expect(MERGED, NULL, &one, 7, "1 1.column0 1.column2 1.column3 1.site7");
    expect(MERGED, &one, &renamed, 7, "1 1.column2 1.site7");
    expect(MERGED, &one, &noted, 7, "1 1.column0 1.site7"); /* NULL is not an empty text */
    expect(MERGED, &one, &one, 7, "1 1.site7");
}

/* Nothing that was done to a row before its end counts for the next one. */
static void test_written_ends(void)
{
    expect(ENDS, &one, NULL, 7, "1- 1.end- 1.site1~ 1.site2~ 1.site7- 1.site9~");
    expect(ENDS, &one, NULL, 2, "1- 1.end- 1.site1~ 1.site2- 1.site9~");
    expect(ENDS, &one, &two, 2, "1- 1.end- 1.site1~ 1.site2- 1.site9~ 2 2.site2");
    expect(MERGED, &one, NULL, 2, "1- 1.column0~ 1.column1~ 1.column2~ 1.column3~ 1.end- 1.site1~ 1.site2- 1.site9~");
    expect(MERGED, &one, &two, 2,
           "1- 1.column0~ 1.column1~ 1.column2~ 1.column3~ 1.end- 1.site1~ 1.site2- 1.site9~ 2 2.column0 2.column2 2.column3 2.site2");
}

/* The order is b, a, c; a site that is not in it is the last. */
static void test_ranks(void)
{
    expect(RANKS, NULL, &one, 2, "1 1.site1~ 1.site2 1.site9~");
    expect(RANKS, &one, &renamed, 1, "1 1.site1 1.site9~");
    expect(RANKS, &one, &renamed, 9, "1 1.site9");
    expect(RANKS, &one, NULL, 2, "1- 1.site1~ 1.site2- 1.site9~");
    expect(RANKS, &one, NULL, 9, "1- 1.site9-");
    expect(RANKS, &one, &two, 1, "1- 1.site1- 1.site9~ 2 2.site1 2.site9~");
    expect(RANKS, &one, &renamed, OVERWRITTEN | 2, "1.site1~ 1.site9~");
    expect(RANKS, NULL, &one, OVERWRITTEN | 1, "1.site9~");
    expect(RANKS, NULL, &one, OVERWRITTEN | 9, "");
    expect(RANKS, &one, NULL, OVERWRITTEN | 1, "1.end~ 1.site9~ 1~");
    expect(RANKS, &one, NULL, OVERWRITTEN | 9, "1.end~ 1~");
    expect(RANKS, &one, &two, OVERWRITTEN | 1, "1.end~ 1.site9~ 1~ 2.site9~");
}

/* What others did to a row goes on beside the source's write, if the policy looks further than the last one; until the row ends. */
static void test_overwritten(void)
{
    expect(LAST, NULL, &one, OVERWRITTEN | 1, "1~");
    expect(LAST, &one, &renamed, OVERWRITTEN | 1, "1~");
    expect(LAST, &one, NULL, OVERWRITTEN | 1, "1.end~ 1~");
    expect(LAST, &one, &two, OVERWRITTEN | 1, "1.end~ 1~ 2~");
    expect(ENDS, NULL, &one, OVERWRITTEN | 1, "");
    expect(ENDS, &one, &renamed, OVERWRITTEN | 1, "");
    expect(ENDS, &one, NULL, OVERWRITTEN | 1, "1.end~ 1.site2~ 1.site9~ 1~");
    expect(ENDS, &one, &two, OVERWRITTEN | 1, "1.end~ 1.site2~ 1.site9~ 1~");
    expect(MERGED, NULL, &one, OVERWRITTEN | 1, "1.column0~ 1.column2~ 1.column3~");
    expect(MERGED, &one, &renamed, OVERWRITTEN | 1, "1.column2~");
    expect(MERGED, &one, NULL, OVERWRITTEN | 1, "1.column0~ 1.column1~ 1.column2~ 1.column3~ 1.end~ 1.site2~ 1.site9~ 1~");
}

/* Of a table with foreign keys, also that the site wrote to it at all. */
static void test_table(void)
{
    expect(LAST, NULL, &one, FOREIGN | 7, "1 table.site7");
    expect(LAST, &one, &renamed, FOREIGN | 9, "1 table.site9");
    expect(LAST, &one, &two, FOREIGN | 7, "1- 2 table.site7");
    expect(RANKS, &one, NULL, FOREIGN | 1, "1- 1.site1- 1.site9~ table.site1");
    expect(LAST, &one, NULL, FOREIGN | OVERWRITTEN | 7, "1.end~ 1~");
    expect(LAST, &one, &renamed, FOREIGN | OVERWRITTEN | 7, "1~");
}

/* --- without a key all of the row tells it from others --- */

static rw_item keyless(const values *v)
{
    rw_binding *b = binding(LAST, false);
    rw_row_items items;
    rw_item row;
    image x;
    rw_row_items_init(&items, &conf, NULL, NULL);
    g_assert_true(rw_row_items_row(&items, b, image_of(v, &x), &row));
    rw_row_items_clear(&items);
    binding_free(b);
    return row;
}

static void test_no_key(void)
{
    static const values rows[] = {{1, NULL, NULL}, {1, "", NULL}, {1, NULL, ""}, {1, "", ""}, {1, "v", NULL}, {1, NULL, "v"}, {1, "0", NULL},
                                  {1, "a", "b"},   {1, "ab", ""}, {1, "", "ab"}, {2, NULL, NULL}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++)
            g_assert_true(rw_item_equal(keyless(&rows[i]), keyless(&rows[k])) == (i == k));
    values computed = rows[0];
    computed.total_null = true; /* what the target computes does not count */
    g_assert_true(rw_item_equal(keyless(&rows[0]), keyless(&computed)));
}

static void test_no_key_update(void)
{
    static const values nothing = {1, NULL, NULL}, empty = {1, "", NULL};
    rw_binding *b = binding(LAST, false);
    visits v = {.binding = b, .allowed = UINT_MAX, .words = g_ptr_array_new_with_free_func(g_free)};
    rw_row_items items;
    rw_row_items_init(&items, &conf, note_item, &v);
    g_assert_true(visit(&items, b, &nothing, &empty, 7, NULL)); /* one row ends, another begins */
    g_assert_true(visit(&items, b, &empty, &empty, 7, NULL));
    g_autofree char *text = sorted(v.words);
    g_assert_cmpstr(text, ==, "? ? ?-");
    rw_row_items_clear(&items);
    g_ptr_array_unref(v.words);
    binding_free(b);
}

/* --- bytes that do not fit --- */

static void refused(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after)
{
    GError *error = NULL;
    g_assert_false(rw_row_items_written(items, b, before, after, 7, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    g_assert_nonnull(strstr(error->message, b->quoted));
    g_clear_error(&error);
    g_assert_false(rw_row_items_overwritten(items, b, before, after, 7, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    g_error_free(error);
}

static void test_misfit(void)
{
    static const rw_slice none = {NULL, 0};
    image x;
    rw_binding *b = binding(MERGED, true);
    visits v = {.binding = b, .allowed = 0};
    rw_row_items items;
    rw_item row;
    rw_row_items_init(&items, &conf, note_item, &v);
    rw_slice whole = image_of(&one, &x);
    for (size_t n = 0; n < whole.len; n++) {
        g_autofree uint8_t *copy = g_memdup2(whole.data, n + 1);
        refused(&items, b, rw_slice_of(copy, n), none);
        refused(&items, b, none, rw_slice_of(copy, n));
        refused(&items, b, whole, rw_slice_of(copy, n));
        g_assert_false(rw_row_items_row(&items, b, rw_slice_of(copy, n), &row));
    }
    static const uint8_t no_key[] = {1 << ID | 1 << NAME | 1 << TOTAL | 1 << NOTE};
    refused(&items, b, none, rw_slice_of(no_key, sizeof no_key));
    rw_row_items_clear(&items);
    binding_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rowitems/written", test_written);
    g_test_add_func("/rowitems/written/ends", test_written_ends);
    g_test_add_func("/rowitems/ranks", test_ranks);
    g_test_add_func("/rowitems/overwritten", test_overwritten);
    g_test_add_func("/rowitems/table", test_table);
    g_test_add_func("/rowitems/no-key", test_no_key);
    g_test_add_func("/rowitems/no-key-update", test_no_key_update);
    g_test_add_func("/rowitems/misfit", test_misfit);
    return g_test_run();
}
