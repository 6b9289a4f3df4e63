#include "conf/secret.h"

#include "conf/print.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *folder, *conf, *pass;
} files;

static void write_file(const char *path, const char *data, gssize len, int mode)
{
    g_assert_true(g_file_set_contents(path, data, len, NULL));
    g_assert_cmpint(g_chmod(path, (unsigned)mode), ==, 0);
}

static void set_up(files *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("ringway-XXXXXX", NULL);
    f->conf = g_build_filename(f->folder, "ringway.cnf", NULL);
    f->pass = g_build_filename(f->folder, "a.pass", NULL);
    write_file(f->conf, "[site a]\nid=1\nhosts=x\npassword_file=a.pass\n[site b-1]\nid=2\nhosts=y\npassword=plain\n", -1, 0600);
    write_file(f->pass, "s3cret word\nsecond line\n", -1, 0600);
    g_unsetenv("RINGWAY_A_PASSWORD");
    g_unsetenv("RINGWAY_B_1_PASSWORD");
}

static void tear_down(files *f, gconstpointer data)
{
    (void)data;
    g_unlink(f->pass);
    g_rmdir(f->pass);
    g_unlink(f->conf);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->conf);
    g_free(f->pass);
}

static void refused(files *f, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_load(f->conf, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_autofree char *message = g_strdup_printf("%s: password file of site a: %s", f->pass, why);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_file(files *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_conf) conf = rw_conf_load(f->conf, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(conf->sites[0].password, ==, "s3cret word");
    g_assert_cmpstr(conf->sites[1].password, ==, "plain");
    g_autofree char *shown = rw_conf_print(conf);
    g_assert_null(strstr(shown, "s3cret"));
    g_assert_null(strstr(shown, "plain"));
    g_assert_cmpuint(g_strv_length(conf->warnings), ==, 0);
}

static void test_line_ends(files *f, gconstpointer data)
{
    (void)data;
    write_file(f->pass, " p \r\n", -1, 0600);
    g_autoptr(rw_conf) conf = rw_conf_load(f->conf, NULL);
    g_assert_cmpstr(conf->sites[0].password, ==, " p ");
    write_file(f->pass, "no end", -1, 0640);
    g_autoptr(rw_conf) other = rw_conf_load(f->conf, NULL);
    g_assert_cmpstr(other->sites[0].password, ==, "no end");
}

static void test_refused(files *f, gconstpointer data)
{
    (void)data;
    g_autofree char *open = g_strdup_printf("other users can access it; run: chmod 600 '%s'", f->pass);
    write_file(f->pass, "x\n", -1, 0604);
    refused(f, open);
    write_file(f->pass, "\nx\n", -1, 0600);
    refused(f, "its first line is empty; write the password there");
    write_file(f->pass, "a\0b\n", 4, 0600);
    refused(f, "it is not a text file; name the right file");
    g_autofree char *huge = g_strnfill(5000, 'x');
    write_file(f->pass, huge, -1, 0600);
    refused(f, "its first line is longer than any password; name the right file");
    g_unlink(f->pass);
    refused(f, "No such file or directory; create it or correct password_file");
    g_mkdir(f->pass, 0700);
    refused(f, "not a regular file; name a file that holds the password");
}

static void test_pipe(files *f, gconstpointer data)
{
    (void)data;
    g_unlink(f->pass);
    g_assert_cmpint(mkfifo(f->pass, 0600), ==, 0);
    refused(f, "not a regular file; name a file that holds the password");
}

static void test_environment(files *f, gconstpointer data)
{
    (void)data;
    g_setenv("RINGWAY_A_PASSWORD", "from env", TRUE);
    g_setenv("RINGWAY_B_1_PASSWORD", "too", TRUE);
    g_unlink(f->pass);
    g_autoptr(rw_conf) conf = rw_conf_load(f->conf, NULL);
    g_assert_cmpstr(conf->sites[0].password, ==, "from env");
    g_assert_cmpstr(conf->sites[1].password, ==, "too");
    g_autofree char *shown = rw_conf_print(conf);
    g_assert_null(strstr(shown, "from env"));
    g_assert_nonnull(strstr(shown, "# password from the environment: RINGWAY_B_1_PASSWORD\n"));
}

static void test_open_conf(files *f, gconstpointer data)
{
    (void)data;
    g_chmod(f->conf, 0644);
    g_autoptr(rw_conf) conf = rw_conf_load(f->conf, NULL);
    g_autofree char *note = g_strdup_printf("%s: holds a password and other users can access it; run: chmod 600 '%s'", f->conf, f->conf);
    g_assert_cmpuint(g_strv_length(conf->warnings), ==, 1);
    g_assert_cmpstr(conf->warnings[0], ==, note);
}

static void test_certificates(files *f, gconstpointer data)
{
    (void)data;
    write_file(f->conf, "[site a]\nid=1\nhosts=x\nssl_ca=none.pem\n[site b]\nid=2\nhosts=y\n", -1, 0600);
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_load(f->conf, &error));
    g_autofree char *why = g_strdup_printf(
        "%s: ssl_ca of site a: %s/none.pem: No such file or directory; correct the path or its permissions", f->conf, f->folder);
    g_assert_cmpstr(error->message, ==, why);
}

static void test_shared(files *f, gconstpointer data)
{
    (void)data;
    rw_conf *conf = rw_conf_load(f->conf, NULL), *other = rw_conf_ref(conf);
    rw_conf_unref(conf);
    g_assert_cmpstr(other->sites[0].password, ==, "s3cret word");
    rw_conf_unref(other);
    rw_conf_unref(NULL);
}

static void test_missing(files *f, gconstpointer data)
{
    (void)data;
    g_unlink(f->conf);
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_load(f->conf, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_autofree char *path = rw_conf_find(f->conf, NULL);
    g_assert_cmpstr(path, ==, f->conf);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/conf/secret/file", files, NULL, set_up, test_file, tear_down);
    g_test_add("/conf/secret/line-ends", files, NULL, set_up, test_line_ends, tear_down);
    g_test_add("/conf/secret/refused", files, NULL, set_up, test_refused, tear_down);
    g_test_add("/conf/secret/pipe", files, NULL, set_up, test_pipe, tear_down);
    g_test_add("/conf/secret/environment", files, NULL, set_up, test_environment, tear_down);
    g_test_add("/conf/secret/open-conf", files, NULL, set_up, test_open_conf, tear_down);
    g_test_add("/conf/secret/certificates", files, NULL, set_up, test_certificates, tear_down);
    g_test_add("/conf/secret/shared", files, NULL, set_up, test_shared, tear_down);
    g_test_add("/conf/secret/missing", files, NULL, set_up, test_missing, tear_down);
    return g_test_run();
}
