#include "cli/setup.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define SITES "[site east]\nid=1\nhosts=x\n[site west]\nid=2\nhosts=y\n"

static rw_conf *load(const char *text, rw_args *args, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("ringway-XXXXXX.cnf", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    args->config = path;
    rw_conf *conf = rw_cli_conf(args, error);
    args->config = NULL;
    g_unlink(path);
    return conf;
}

static void test_names(void)
{
    rw_args args = {0};
    g_autoptr(GError) error = NULL, other = NULL;
    g_autoptr(rw_conf) conf = load(SITES, &args, &error);
    g_assert_no_error(error);
    g_assert_true(rw_cli_check_names(&args, conf, &error));
    args.link = (rw_link_arg){(char *)"west", (char *)"east"};
    g_assert_true(rw_cli_check_names(&args, conf, &error));
    args.link.target = (char *)"eats";
    g_assert_false(rw_cli_check_names(&args, conf, &error));
    g_assert_cmpstr(error->message, ==, "option --link: there is no site 'eats'; did you mean 'east'?");
    args.link.target = (char *)"west";
    g_assert_false(rw_cli_check_names(&args, conf, &other));
    g_assert_cmpstr(other->message, ==, "option --link: topology = pair has no link west->west; see: ringway status");
}

static void test_missing_file(void)
{
    rw_args args = {.config = (char *)"/nonexistent/ringway.cnf"};
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_cli_conf(&args, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_cmpint(rw_cli_exit_code(error), ==, RW_EXIT_USAGE);
}

static void test_exit_codes(void)
{
    static const struct {
        rw_error_class class;
        rw_exit code;
    } cases[] = {{RW_ERR_CONFIG, 2}, {RW_ERR_UNREACHABLE, 3}, {RW_ERR_RETRY, 3}, {RW_ERR_STOP, 1}, {RW_ERR_CONFLICT, 1}, {RW_ERR_BUG, 4}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        rw_fail(&error, cases[i].class, "x");
        g_assert_cmpint(rw_cli_exit_code(error), ==, cases[i].code);
    }
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, 0, "x");
    g_assert_cmpint(rw_cli_exit_code(foreign), ==, RW_EXIT_INTERNAL);
}

static void test_one_line(void)
{
    g_autoptr(GError) error = NULL;
    rw_fail(&error, RW_ERR_STOP, "a\nb\tc\x1b[1m");
    g_autofree char *line = rw_cli_error_line(error);
    g_assert_cmpstr(line, ==, "ringway: a b c [1m\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/setup/names", test_names);
    g_test_add_func("/cli/setup/missing-file", test_missing_file);
    g_test_add_func("/cli/setup/exit-codes", test_exit_codes);
    g_test_add_func("/cli/setup/one-line", test_one_line);
    return g_test_run();
}
