#include "change/table_blob.h"

static rw_slice encode(const rw_table *table, GByteArray *out)
{
    g_byte_array_set_size(out, 0);
    rw_table_encode(table, out);
    return rw_slice_of(out->data, out->len);
}

static void expect_same(const rw_table *a, const rw_table *b)
{
    g_assert_cmpstr(a->schema, ==, b->schema);
    g_assert_cmpstr(a->name, ==, b->name);
    g_assert_cmpuint(a->n_columns, ==, b->n_columns);
    g_assert_true(a->has_names == b->has_names);
    for (unsigned i = 0; i < a->n_columns; i++) {
        const rw_column *x = &a->columns[i], *y = &b->columns[i];
        g_assert_cmpint(x->type, ==, y->type);
        g_assert_cmpuint(x->meta, ==, y->meta);
        g_assert_true(x->nullable == y->nullable && x->has_sign == y->has_sign && x->is_unsigned == y->is_unsigned);
        g_assert_cmpuint(x->charset, ==, y->charset);
        g_assert_cmpstr(x->name, ==, y->name);
    }
}

static void round_trip(rw_table *table)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_slice whole = encode(table, bytes);
    rw_table *back = rw_table_decode(table->schema, table->name, whole);
    g_assert_nonnull(back);
    g_assert_cmpint(back->refs, ==, 1);
    expect_same(table, back);
    rw_table_unref(back);
    rw_table_unref(table);
}

/* Each combination of flags, with types of every sort. */
static rw_table *table_of(unsigned n_columns, bool has_names)
{
    static const struct {
        rw_type type;
        uint16_t meta;
    } sorts[] = {{RW_T_TINY, 0},        {RW_T_VARCHAR, UINT16_MAX}, {RW_T_NEWDECIMAL, 65 << 8 | 30}, {RW_T_BIT, 64},  {RW_T_ENUM, 2}, {RW_T_SET, 8},
                 {RW_T_TIMESTAMP2, 6},  {RW_T_BLOB, 4},             {RW_T_JSON, 4},                  {RW_T_FLOAT, 4}, {RW_T_STRING, 1020},
                 {RW_T_GEOMETRY, 4}};
    rw_table *table = rw_table_new("shop", "order line", n_columns);
    table->has_names = has_names;
    for (unsigned i = 0; i < n_columns; i++) {
        rw_column *c = &table->columns[i];
        *c = (rw_column){.type = sorts[i % G_N_ELEMENTS(sorts)].type, .meta = sorts[i % G_N_ELEMENTS(sorts)].meta, .nullable = i & 1,
                         .has_sign = i & 2, .is_unsigned = i & 4, .charset = (uint16_t)(UINT16_MAX - i)};
        g_autofree char *name = i == 3 ? g_strnfill(255, 'x') : i == 4 ? g_strdup("") : g_strdup_printf("Spalte ä %u", i);
        if (has_names) rw_column_set_name(c, rw_slice_str(name));
    }
    return table;
}

static void test_round_trip(void)
{
    static const unsigned counts[] = {1, 8, 17, 256, 4096};
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(counts); i++) round_trip(table_of(counts[i / 2], i % 2));
}

/* Two with one hash are one table: the names count. */
static void test_hash(void)
{
    static const char *const names[][2] = {{"a", "t"}, {"b", "t"}, {"a", "u"}, {"at", ""}, {"", "at"}};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_table *table = table_of(3, true);
    rw_slice whole = encode(table, bytes);
    uint64_t hashes[G_N_ELEMENTS(names)];
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(names); i++) {
        unsigned which = i % G_N_ELEMENTS(names);
        rw_table *back = rw_table_decode(names[which][0], names[which][1], whole);
        if (i == which) hashes[i] = back->hash;
        else g_assert_cmpuint(back->hash, ==, hashes[which]);
        for (unsigned k = 0; k < which; k++) g_assert_cmpuint(back->hash, !=, hashes[k]);
        rw_table_unref(back);
    }
    bytes->data[5]++; /* meta */
    rw_table *other = rw_table_decode("a", "t", whole);
    g_assert_cmpuint(other->hash, !=, hashes[0]);
    rw_table_unref(other);
    rw_table_unref(table);
}

/* In memory of its own, so that a sanitizer sees a read beyond it. */
static rw_table *decode_copy(const uint8_t *bytes, size_t n)
{
    g_autofree uint8_t *copy = g_memdup2(bytes, n);
    return rw_table_decode("s", "t", rw_slice_of(copy, n));
}

static void test_truncated(void)
{
    for (unsigned names = 0; names < 2; names++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        rw_table *table = table_of(20, names);
        rw_slice whole = encode(table, bytes);
        for (size_t n = 0; n < whole.len; n++) g_assert_null(decode_copy(whole.data, n));
        g_byte_array_append(bytes, (const guint8 *)"", 1);
        g_assert_null(decode_copy(bytes->data, bytes->len)); /* more than it says */
        rw_table_unref(table);
    }
    g_assert_null(rw_table_decode("s", "t", (rw_slice){NULL, 0}));
}

static void test_garbage(void)
{
    static const uint8_t none[] = {1, 0, 0, 0}, later[] = {2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};
    g_assert_null(decode_copy(none, sizeof none));
    g_assert_null(decode_copy(later, sizeof later));
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_table *table = table_of(4097, false);
    rw_slice many = encode(table, bytes);
    g_assert_null(decode_copy(many.data, many.len));
    rw_table_unref(table);
    table = table_of(8, true);
    unsigned read = 0;
    for (unsigned i = 0; i < 20000; i++) {
        rw_slice whole = encode(table, bytes);
        for (int k = g_rand_int_range(rand, 1, 4); k > 0; k--)
            bytes->data[g_rand_int_range(rand, 0, i % 2 ? 40 : (gint32)whole.len)] = (uint8_t)g_rand_int_range(rand, 0, 256);
        rw_table *back = decode_copy(whole.data, whole.len);
        if (!back) continue;
        round_trip(back);
        read++;
    }
    rw_table_unref(table);
    g_test_message("%u of 20000 were read", read);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/table_blob/round-trip", test_round_trip);
    g_test_add_func("/change/table_blob/hash", test_hash);
    g_test_add_func("/change/table_blob/truncated", test_truncated);
    g_test_add_func("/change/table_blob/garbage", test_garbage);
    return g_test_run();
}
