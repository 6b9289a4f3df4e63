#include "flow/apply/rowsql.h"

/* shop.stock: id INT (the key), name VARCHAR NULL, twice INT generated, n INT NULL, which adds up. */
enum { ID, NAME, TWICE, N, COLUMNS };

typedef struct {
    uint8_t id;
    const char *name; /* NULL: NULL */
    int n;            /* below 0: NULL */
} values;

typedef struct {
    uint8_t bytes[64];
    size_t n;
} image;

static void put_number(image *to, int n)
{
    to->bytes[to->n] = (uint8_t)n;
    to->n += 4;
}

static rw_slice image_of(values v, image *to)
{
    *to = (image){.n = 1};
    put_number(to, v.id);
    if (v.name) {
        to->bytes[to->n++] = (uint8_t)strlen(v.name);
        memcpy(to->bytes + to->n, v.name, strlen(v.name));
        to->n += strlen(v.name);
    } else {
        to->bytes[0] |= 1 << NAME;
    }
    put_number(to, 2 * v.n);
    if (v.n >= 0) put_number(to, v.n);
    else to->bytes[0] |= 1 << N;
    return rw_slice_of(to->bytes, to->n);
}

static rw_binding *binding(void)
{
    static const char *const names[] = {[ID] = "`id`", [NAME] = "`name`", [TWICE] = "`twice`", [N] = "`n`"};
    static unsigned key[] = {ID};
    rw_binding *b = g_malloc0(sizeof *b + COLUMNS * sizeof b->columns[0]);
    b->source = rw_table_new("shop", "stock", COLUMNS);
    b->quoted = (char *)"`shop`.`stock`";
    b->write_list = (char *)"`id`,`name`,`n`";
    b->key = key;
    b->n_key = 1;
    b->n_columns = COLUMNS;
    for (unsigned i = 0; i < COLUMNS; i++) {
        bool text = i == NAME;
        b->source->columns[i] = (rw_column){.type = text ? RW_T_VARCHAR : RW_T_LONG, .meta = text ? 255 : 0, .has_sign = true};
        b->columns[i] = (rw_bound_column){.source = b->source->columns[i], .quoted = (char *)names[i], .exact = text ? "BINARY %s=%s" : "%s=%s",
                                          .literal = text ? RW_LITERAL_QUOTED : RW_LITERAL_BARE, .generated = i == TWICE, .adds = i == N};
    }
    return b;
}

static void expect(values before, values after, const char *wanted)
{
    rw_binding *b = binding();
    rw_row_scratch scratch, other;
    image was, is;
    rw_row_scratch_init(&scratch);
    rw_row_scratch_init(&other);
    g_autoptr(GString) sql = g_string_new(NULL);
    g_assert_true(rw_row_columns_change(&scratch, &other, b, image_of(before, &was), image_of(after, &is), sql));
    g_assert_cmpstr(sql->str, ==, wanted);
    rw_row_scratch_clear(&scratch);
    rw_row_scratch_clear(&other);
    rw_table_unref(b->source);
    g_free(b);
}

/* What adds up is added, whatever is there; other columns must be as they were, but for those that the change did not touch. */
static void test_columns_change(void)
{
    expect((values){7, "nut", 5}, (values){7, "nut", 3}, "UPDATE `shop`.`stock` SET `n`=COALESCE(`n`,0)+(3)-(5) WHERE `id`=7");
    expect((values){7, "nut", 5}, (values){7, "bolt", 5}, "UPDATE `shop`.`stock` SET `name`='bolt' WHERE `id`=7 AND BINARY `name`='nut'");
    expect((values){7, NULL, -1}, (values){7, "bolt", 4}, "UPDATE `shop`.`stock` SET `name`='bolt',`n`=COALESCE(`n`,0)+(4)-(0) WHERE `id`=7 AND `name` IS NULL");
    expect((values){7, "nut", 4}, (values){7, NULL, -1}, "UPDATE `shop`.`stock` SET `name`=NULL,`n`=COALESCE(`n`,0)+(0)-(4) WHERE `id`=7 AND BINARY `name`='nut'");
    expect((values){7, "nut", 4}, (values){8, "nut", 4}, "UPDATE `shop`.`stock` SET `id`=8 WHERE `id`=7 AND `id`=7");
}

/* A log may hold such a change, of a column that is not among the table's any more. */
static void test_nothing_changed(void)
{
    expect((values){7, "nut", 4}, (values){7, "nut", 4}, "UPDATE `shop`.`stock` SET `id`=7,`name`='nut',`n`=4 WHERE `id`=7 AND `id`=7 AND BINARY `name`='nut' AND `n`=4 LIMIT 1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rowsql/columns-change", test_columns_change);
    g_test_add_func("/rowsql/nothing-changed", test_nothing_changed);
    return g_test_run();
}
