#include "conflict/spill.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>

static char *folder; /* the temporary directory of this test */

static void expect_no_files(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    g_assert_cmpstr(g_dir_read_name(dir), ==, NULL);
}

static rw_spill *spill_new(void)
{
    GError *error = NULL;
    rw_spill *spill = rw_spill_new(&error);
    g_assert_no_error(error);
    expect_no_files();
    return spill;
}

/* Spread as hashes are; n is found again in it. */
static rw_item item(uint32_t n) { return (rw_item){(uint64_t)n * 0x9e3779b97f4a7c15u, n}; }

static void put(rw_spill *spill, uint32_t n, const char *text)
{
    GError *error = NULL;
    g_assert_true(rw_spill_put(spill, item(n), rw_slice_str(text), &error));
    g_assert_no_error(error);
}

static void expect(rw_spill *spill, uint32_t n, const char *text)
{
    rw_slice bytes;
    g_assert_true(rw_spill_find(spill, item(n), &bytes, NULL));
    if (text) g_assert_true(rw_slice_is(bytes, text));
    else g_assert_null(bytes.data);
}

static void test_put_find_remove(void)
{
    rw_spill *spill = spill_new();
    expect(spill, 1, NULL);
    put(spill, 1, "one");
    put(spill, 2, "two");
    g_assert_true(rw_spill_flush(spill, NULL));
    g_assert_true(rw_spill_flush(spill, NULL));
    expect(spill, 1, "one");
    g_assert_cmpuint(rw_spill_items(spill), ==, 2);
    put(spill, 1, "one, longer than before");
    g_assert_true(rw_spill_remove(spill, item(2), NULL));
    g_assert_true(rw_spill_remove(spill, item(3), NULL));
    g_assert_true(rw_spill_flush(spill, NULL));
    expect(spill, 1, "one, longer than before");
    expect(spill, 2, NULL);
    g_assert_cmpuint(rw_spill_items(spill), ==, 1);
    put(spill, 4, "never flushed");
    rw_spill_free(spill);
    rw_spill_free(NULL);
    expect_no_files();
}

typedef struct {
    rw_spill *to;
    rw_item last;
    unsigned n, stop_after;
} copy;

static bool on_item(void *user, rw_item at, rw_slice bytes, GError **error)
{
    copy *c = user;
    g_assert_true(c->n == 0 || at.low > c->last.low || (at.low == c->last.low && at.high > c->last.high));
    g_assert_true(rw_item_equal(at, item((uint32_t)at.high)));
    c->last = at;
    if (c->n++ == c->stop_after) return rw_fail(error, RW_ERR_INTERRUPTED, "enough");
    return rw_spill_append(c->to, at, bytes, error);
}

static void test_each_gives_the_order_of_append(void)
{
    rw_spill *from = spill_new(), *to = spill_new();
    copy c = {.to = to, .stop_after = UINT_MAX};
    GError *error = NULL;
    for (uint32_t n = 0; n < 5000; n++) put(from, n, n % 2 ? "odd" : "even");
    g_assert_true(rw_spill_flush(from, NULL));
    g_assert_true(rw_spill_each(from, on_item, &c, &error));
    g_assert_true(rw_spill_flush(to, NULL));
    g_assert_cmpuint(c.n, ==, 5000);
    g_assert_cmpuint(rw_spill_items(to), ==, 5000);
    for (uint32_t n = 0; n < 5000; n++) expect(to, n, n % 2 ? "odd" : "even");
    c = (copy){.to = spill_new(), .stop_after = 10};
    g_assert_false(rw_spill_each(to, on_item, &c, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_INTERRUPTED);
    g_error_free(error);
    rw_spill_free(c.to);
    rw_spill_free(from);
    rw_spill_free(to);
}

/* More than the first map holds; what was there before stays. */
static void test_grows(void)
{
    enum { N = 300 * 1000 };
    rw_spill *spill = spill_new();
    g_autofree char *text = g_strnfill(400, 'x');
    for (uint32_t n = 0; n < N; n++) put(spill, n, text);
    g_assert_true(rw_spill_flush(spill, NULL));
    g_assert_cmpuint(rw_spill_items(spill), ==, N);
    for (uint32_t n = 0; n < N; n += 1000) expect(spill, n, text);
    rw_spill_free(spill);
}

static void expect_advice(GError *error)
{
    g_assert_error(error, RW_ERROR, RW_ERR_RETRY);
    g_assert_nonnull(strstr(error->message, folder));
    g_assert_nonnull(strstr(error->message, "TMPDIR"));
    g_error_free(error);
}

/* A file that may not grow stands for a full disk. What was flushed before is still there, and goes on when there is room again. */
static void test_full(void)
{
    struct rlimit was, less;
    GError *error = NULL;
    rw_spill *spill = spill_new();
    put(spill, 1, "before");
    g_assert_true(rw_spill_flush(spill, NULL));
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &was), ==, 0);
    less = (struct rlimit){.rlim_cur = 1024 * 1024, .rlim_max = was.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &less), ==, 0);
    for (uint32_t n = 2; n < 100 * 1000 && !error; n++) rw_spill_put(spill, item(n), rw_slice_str("a writer, or something like that"), &error);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &was), ==, 0);
    expect_advice(error);
    expect(spill, 1, "before");
    put(spill, 100 * 1000, "after");
    g_assert_true(rw_spill_flush(spill, NULL));
    expect(spill, 1, "before");
    expect(spill, 100 * 1000, "after");
    rw_spill_free(spill);
}

static void test_no_folder(void)
{
    GError *error = NULL;
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_assert_null(rw_spill_new(&error));
    expect_advice(error);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
}

int main(int argc, char **argv)
{
    folder = g_build_filename(g_getenv("TMPDIR") ? g_getenv("TMPDIR") : "/tmp", "ringway-spill-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(folder));
    g_setenv("TMPDIR", folder, TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spill/put-find-remove", test_put_find_remove);
    g_test_add_func("/spill/each", test_each_gives_the_order_of_append);
    g_test_add_func("/spill/grows", test_grows);
    g_test_add_func("/spill/full", test_full);
    g_test_add_func("/spill/no-folder", test_no_folder);
    int result = g_test_run();
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing is left in it */
    g_free(folder);
    return result;
}
