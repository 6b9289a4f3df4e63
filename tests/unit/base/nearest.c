#include "base/nearest.h"

#include <string.h>

static void test_distance(void)
{
    g_assert_cmpuint(rw_edit_distance("", ""), ==, 0);
    g_assert_cmpuint(rw_edit_distance("", "abc"), ==, 3);
    g_assert_cmpuint(rw_edit_distance("kitten", "sitting"), ==, 3);
    g_assert_cmpuint(rw_edit_distance("HOSTS", "hosts"), ==, 0);
    g_assert_cmpuint(rw_edit_distance("stauts", "status"), ==, 2);
}

static void test_long(void)
{
    char word[100];
    memset(word, 'x', sizeof word);
    word[99] = '\0';
    g_assert_cmpuint(rw_edit_distance(word, "x"), ==, G_MAXUINT);
    g_assert_null(rw_nearest(word, (const char *const[]){"x", NULL}));
}

static void test_nearest(void)
{
    const char *const names[] = {"hosts", "user", "password", "password_file", "id", NULL};
    g_assert_cmpstr(rw_nearest("hsots", names), ==, "hosts");
    g_assert_cmpstr(rw_nearest("pasword", names), ==, "password");
    g_assert_cmpstr(rw_nearest("passwordfile", names), ==, "password_file");
    g_assert_null(rw_nearest("zebra", names));
    g_assert_null(rw_nearest("xy", names));
    g_assert_null(rw_nearest("", names));
    g_assert_null(rw_nearest("x", (const char *const[]){NULL}));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/nearest/distance", test_distance);
    g_test_add_func("/base/nearest/long", test_long);
    g_test_add_func("/base/nearest/nearest", test_nearest);
    return g_test_run();
}
