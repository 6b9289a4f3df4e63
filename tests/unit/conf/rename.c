#include "conf/conf.h"

#include <string.h>

static void with(const char *text, rw_renames *renames) { g_assert_null(rw_renames_parse(renames, text)); }

/* "schema" or "schema.table" */
static rw_name name_of(const char *text, char *buffer, size_t size)
{
    g_strlcpy(buffer, text, size);
    char *dot = strchr(buffer, '.');
    if (dot) *dot = 0;
    return (rw_name){buffer, dot ? dot + 1 : NULL};
}
#define NAME(text) name_of(text, (char[64]){0}, 64)

static void assert_map(const rw_renames *r, const char *from, const char *to)
{
    g_assert_true(rw_name_equal(rw_renames_map(r, NAME(from)), NAME(to)));
}

static void test_map(void)
{
    rw_renames r;
    with(" shop:shop_eu , shop.orders : shop2.orders_copy,", &r);
    g_autofree char *text = rw_renames_print(&r);
    g_assert_cmpstr(text, ==, "shop:shop_eu, shop.orders:shop2.orders_copy");
    assert_map(&r, "shop.t", "shop_eu.t");
    assert_map(&r, "shop.orders", "shop2.orders_copy");
    assert_map(&r, "crm.orders", "crm.orders");
    assert_map(&r, "shop", "shop_eu");
    assert_map(&r, "Shop.t", "Shop.t");
    g_assert_true(rw_name_equal(rw_renames_back(&r, NAME("shop_eu.t")), NAME("shop.t")));
    g_assert_true(rw_name_equal(rw_renames_back(&r, NAME("shop2.orders_copy")), NAME("shop.orders")));
    rw_renames_clear(&r);
}

static void test_safe(void)
{
    rw_renames r;
    with("shop:shop_eu, shop.orders:shop2.orders_copy", &r);
    g_assert_true(rw_renames_is_safe(&r, NAME("shop.t")));
    g_assert_true(rw_renames_is_safe(&r, NAME("shop.orders")));
    g_assert_true(rw_renames_is_safe(&r, NAME("shop2.t")));
    g_assert_false(rw_renames_is_safe(&r, NAME("shop_eu.t")));
    g_assert_false(rw_renames_is_safe(&r, NAME("shop2.orders_copy")));
    rw_renames_clear(&r);
    with("a:b,b:a", &r);
    assert_map(&r, "a.t", "b.t");
    g_assert_true(rw_renames_is_safe(&r, NAME("a.t")));
    g_assert_true(rw_renames_is_safe(&r, NAME("b.t")));
    rw_renames_clear(&r);
}

static void test_concerned(void)
{
    static const char *const yes[] = {"shop", "shop.t", "shop_eu", "shop_eu.t", "a.t", "b.u", "a", "b", "SHOP.T"}, *const no[] = {"crm", "crm.t", "a.u", "b.t"};
    rw_renames r;
    with("shop:shop_eu, a.t:b.u", &r);
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) g_assert_true(rw_renames_concern(&r, NAME(yes[i])));
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++) g_assert_false(rw_renames_concern(&r, NAME(no[i])));
    g_assert_true(rw_renames_have_word(&r, "Shop"));
    g_assert_true(rw_renames_have_word(&r, "u"));
    g_assert_false(rw_renames_have_word(&r, "a"));
    rw_renames_clear(&r);
}

static void test_inverse(void)
{
    rw_renames r, back, other;
    with("shop:shop_eu, a.t:b.u", &r);
    rw_renames_invert(&back, &r);
    with("shop_eu:shop", &other);
    g_assert_true(rw_renames_is_inverse(&r, &back));
    g_assert_true(rw_renames_is_inverse(&back, &r));
    g_assert_false(rw_renames_is_inverse(&r, &other));
    g_assert_false(rw_renames_is_inverse(&other, &r));
    g_assert_false(rw_renames_is_inverse(&r, &r));
    rw_renames_clear(&r);
    rw_renames_clear(&back);
    rw_renames_clear(&other);
}

static void test_refused(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"shop", "'shop': write OLD:NEW"},
        {"a:b:c", "'a:b:c': write OLD:NEW"},
        {":b", "a name is schema, or schema.table"},
        {"a.b.c:d.e", "a name is schema, or schema.table"},
        {"a.:b.t", "a name is schema, or schema.table"},
        {"sh*:b", "sh*: names only, without * and ? and quotes"},
        {"a:ringway", "ringway belongs to each site"},
        {"mysql.user:a.b", "mysql belongs to each site"},
        {"a:b.t", "write SCHEMA:SCHEMA or SCHEMA.TABLE:SCHEMA.TABLE"},
        {"a:a", "the same name"},
        {"a:b, a:c", "a stands there twice"},
        {"a.t:b.t, c.t:b.t", "a.t and c.t would both be b.t"},
        {"a:c, b:c", "a and b would both be c"},
        {"shop:eu, crm.t:eu.t", "crm.t and shop.t would both be eu.t"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_renames r;
        g_autofree char *why = rw_renames_parse(&r, cases[i].text);
        g_assert_nonnull(why);
        if (!strstr(why, cases[i].why)) g_error("%s: \"%s\" is not in \"%s\"", cases[i].text, cases[i].why, why);
        g_assert_cmpuint(r.n, ==, 0);
    }
    rw_renames fine; /* the table that would have the name has another one */
    with("shop:eu, crm.t:eu.t, shop.t:old.t", &fine);
    rw_renames_clear(&fine);
}

static void test_of_a_link(void)
{
    const char *sites = "[site a]\nid=1\nhosts=x\n[site b]\nid=2\nhosts=y\n[link a->b]\n";
    g_autofree char *text = g_strconcat(sites, "rename=shop:shop_eu", NULL), *bad = g_strconcat(sites, "rename=shop", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_conf) conf = rw_conf_parse("r.cnf", text, strlen(text), NULL);
    g_assert_nonnull(rw_conf_renames(conf, "a", "b"));
    g_assert_null(rw_conf_renames(conf, "b", "a"));
    g_assert_null(rw_conf_parse("r.cnf", bad, strlen(bad), &error));
    g_assert_cmpstr(error->message, ==, "r.cnf:8: rename cannot be 'shop': 'shop': write OLD:NEW; for example: shop:shop_eu, shop.orders:shop2.orders_copy");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rename/map", test_map);
    g_test_add_func("/rename/safe", test_safe);
    g_test_add_func("/rename/concerned", test_concerned);
    g_test_add_func("/rename/inverse", test_inverse);
    g_test_add_func("/rename/refused", test_refused);
    g_test_add_func("/rename/of_a_link", test_of_a_link);
    return g_test_run();
}
