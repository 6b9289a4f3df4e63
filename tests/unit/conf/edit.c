#include "conf/edit.h"

#include <glib/gstdio.h>

static const char before[] = "# our three\n[ringway]\nname = shop\n\n  [ site   west ]  \nid = 2\n# heir = nobody\nhosts = b\n[site westend]\nid = 4\n[link west->east]\ndelay_s = 5";

static char *file_of(const char *text)
{
    char *path = g_build_filename(g_get_tmp_dir(), "ringway-edit-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, 2 /* O_RDWR */, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    return path;
}

static char *edited(const char *text, const char *value)
{
    g_autoptr(GError) error = NULL;
    char *out = rw_conf_edit_site(text, "west", "heir", value, &error);
    g_assert_no_error(error);
    return out;
}

/* One line more; all else is as it was, to the missing newline at the end. */
static void test_adds(void)
{
    g_autofree char *out = edited(before, "north");
    g_assert_cmpstr(out, ==, "# our three\n[ringway]\nname = shop\n\n  [ site   west ]  \nheir = north\nid = 2\n# heir = nobody\nhosts = b\n[site westend]\nid = 4\n[link west->east]\ndelay_s = 5");
}

static void test_replaces(void)
{
    g_autofree char *out = edited("[site west]\nid = 2\n heir=east\n[site east]\nheir = x\n", "north");
    g_assert_cmpstr(out, ==, "[site west]\nheir = north\nid = 2\n[site east]\nheir = x\n");
}

static void test_takes_out(void)
{
    g_autofree char *out = edited("[site east]\nheir = x\n[site west]\nid = 2\n heir=east\n", NULL);
    g_assert_cmpstr(out, ==, "[site east]\nheir = x\n[site west]\nid = 2\n");
}

static void test_no_section(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_edit_site("[site westend]\nid = 4\n", "west", "heir", "north", &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_nonnull(strstr(error->message, "[site west]"));
}

static void test_write(void)
{
    g_autofree char *path = file_of("old");
    g_autofree char *now = NULL;
    g_autoptr(GError) error = NULL;
    GStatBuf is;
    g_assert_true(rw_conf_edit_write(path, "new\n", &error));
    g_assert_no_error(error);
    now = rw_conf_edit_load(path, &error);
    g_assert_cmpstr(now, ==, "new\n");
    g_assert_cmpint(g_stat(path, &is), ==, 0);
    g_assert_cmpuint(is.st_mode & 0777, ==, 0600); /* it may hold passwords */
    g_unlink(path);
    g_assert_null(rw_conf_edit_load(path, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_clear_error(&error);
    g_assert_false(rw_conf_edit_write(path, "x", &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf-edit/adds", test_adds);
    g_test_add_func("/conf-edit/replaces", test_replaces);
    g_test_add_func("/conf-edit/takes-out", test_takes_out);
    g_test_add_func("/conf-edit/no-section", test_no_section);
    g_test_add_func("/conf-edit/write", test_write);
    return g_test_run();
}
