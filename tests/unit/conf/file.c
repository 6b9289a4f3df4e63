#include "conf/file.h"

#include <string.h>

static rw_conf_file *parse(const char *text)
{
    GError *error = NULL;
    rw_conf_file *file = rw_conf_file_parse("r.cnf", text, strlen(text), &error);
    g_assert_no_error(error);
    return file;
}

static const char *value(const rw_conf_file *file, unsigned section, const char *key)
{
    const rw_conf_entry *entry = rw_conf_section_get(file->sections->pdata[section], key);
    return entry ? entry->value : NULL;
}

static void check_value(const char *written, const char *expected)
{
    g_autofree char *text = g_strdup_printf("[site a]\npassword%s\n", written);
    g_autoptr(rw_conf_file) file = parse(text);
    g_assert_cmpstr(value(file, 0, "password"), ==, expected);
}

static void refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_file_parse("r.cnf", text, strlen(text), &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_values(void)
{
    check_value("=x", "x");
    check_value(" \t=\t x y \t", "x y");
    check_value(" = a#b", "a#b");
    check_value(" = a # b", "a");
    check_value(" = a#b\t#c # d", "a#b");
    check_value(" = # all comment", "");
    check_value(" =", "");
    check_value(" = a;b ; c", "a;b ; c");
    check_value(" = a=b", "a=b");
    check_value(" = \"a # b \"", "a # b ");
    check_value(" = 'it is \"so\"'  # why", "it is \"so\"");
    check_value(" = \"\\n\"", "\\n");
    check_value(" = it's", "it's");
    check_value(" = ''", "");
    check_value(" = x\r", "x");
}

static void test_sections(void)
{
    g_autoptr(rw_conf_file) file = parse("\xef\xbb\xbf# head\r\n; too\r\n\r\n  [ringway] # c\r\n  name=x\r\n"
                                         "[ site  a-B_1 ]\r\n password-file = /p\r\n[link a -> b];c\r\n[table s.t.u]");
    g_assert_cmpuint(file->sections->len, ==, 4);
    const rw_conf_section *site = file->sections->pdata[1], *link = file->sections->pdata[2], *table = file->sections->pdata[3];
    g_assert_cmpstr(value(file, 0, "name"), ==, "x");
    g_assert_cmpstr(site->name, ==, "a-B_1");
    g_assert_cmpstr(value(file, 1, "password_file"), ==, "/p");
    g_assert_cmpuint(rw_conf_section_get(site, "password_file")->line, ==, 7);
    g_assert_cmpuint(link->line, ==, 8);
    g_assert_cmpstr(link->name, ==, "a");
    g_assert_cmpstr(link->peer, ==, "b");
    g_assert_cmpstr(table->name, ==, "s");
    g_assert_cmpstr(table->peer, ==, "t.u");
    g_autofree char *title = rw_conf_section_title(link);
    g_assert_cmpstr(title, ==, "[link a->b]");
}

static void test_unknown(void)
{
    refused("[rignway]", "r.cnf:1: unknown section [rignway]; did you mean [ringway]?");
    refused("\n[cluster x]", "r.cnf:2: unknown section [cluster]; use [ringway], [site NAME], [link A->B], [schema NAME] or [table SCHEMA.TABLE]");
    refused("[site a]\nhsots=x", "r.cnf:2: unknown key 'hsots' in [site a]; did you mean 'hosts'?");
    refused("[site a]\nzzzzzz=x", "r.cnf:2: unknown key 'zzzzzz' in [site a]; see ringway.cnf(5)");
    refused("[schema a]\ntriggers=ignore", "r.cnf:2: unknown key 'triggers' in [schema a]; it belongs into [table SCHEMA.TABLE]");
    refused("[site a]\ndrift=stop", "r.cnf:2: unknown key 'drift' in [site a]; it belongs into [ringway]");
    refused("[site a]\ntopology=ring", "r.cnf:2: unknown key 'topology' in [site a]; it belongs into [ringway]");
}

static void test_repeated(void)
{
    refused("[site a]\nid=1\n\nid=2", "r.cnf:4: id stands in line 2 already; keep one of them");
    refused("[site a]\nssl-ca=1\nssl_ca=2", "r.cnf:3: ssl_ca stands in line 2 already; keep one of them");
    refused("[link a->b]\n[link b->a]\n[link  a -> b]", "r.cnf:3: [link a->b] stands in line 1 already; put both together");
    refused("[schema a]\n[schema b]\n[schema  a]", "r.cnf:3: [schema a] stands in line 1 already; put both together");
    refused("[ringway]\n[ringway]", "r.cnf:2: [ringway] stands in line 1 already; put both together");
}

static void test_syntax(void)
{
    refused("name = x", "r.cnf:1: key before the first section; begin with [ringway]");
    refused("[ringway]\nname", "r.cnf:2: neither a section nor key = value; write key = value, or # before a comment");
    refused("[ringway", "r.cnf:1: section header without ]; write [site NAME]");
    refused("[ringway] name=x", "r.cnf:1: 'name=x' stands after a section header; put it into a line of its own");
    refused("[ringway x]", "r.cnf:1: [ringway x] has a name too many; write [ringway]");
    refused("[site]", "r.cnf:1: site name '' is not valid; use 1 to 32 letters, digits, _ and -");
    refused("[site a b]", "r.cnf:1: site name 'a b' is not valid; use 1 to 32 letters, digits, _ and -");
    refused("[link a]", "r.cnf:1: link 'a': not two site names; write SOURCE->TARGET");
    refused("[schema]", "r.cnf:1: [schema ] does not name one schema; write [schema NAME]");
    refused("[schema a*]", "r.cnf:1: [schema a*] does not name one schema; write [schema NAME]");
    refused("[schema a.b]", "r.cnf:1: [schema a.b] does not name one schema; write [schema NAME]");
    refused("[table t]", "r.cnf:1: [table t] does not name one table; write [table SCHEMA.TABLE]");
    refused("[table s.*]", "r.cnf:1: [table s.*] does not name one table; write [table SCHEMA.TABLE]");
    refused("[ringway]\nname=\"x", "r.cnf:2: value of name begins with \" and does not end with it; close it");
    refused("[ringway]\nname='a'b",
            "r.cnf:2: value of name goes on after its closing quote; quote all of it, with the other kind of quote");
    refused("!includedir /etc", "r.cnf:1: a file cannot include others; put everything into this one");
    refused("[ringway]\nname=a\x0c", "r.cnf:2: holds the control character 0x0c; remove it");
    refused("[ringway]\rname=a", "r.cnf:1: holds the control character 0x0d; remove it");
    refused("[ringway]\nname=\xe4", "r.cnf:2: text is not UTF-8; save the file as UTF-8");
}

static void test_zero_byte(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_file_parse("r.cnf", "[ringway]\n\0", 11, &error));
    g_assert_cmpstr(error->message, ==, "r.cnf: holds a zero byte; is it a text file?");
}

/* A value that is refused may be a password. */
static void test_no_values_in_messages(void)
{
    const char *const texts[] = {"[site a]\npassword = 'hunter2", "[site a]\npassword = 'hunter2'x",
                                 "[site a]\npassword = a\npassword = hunter2", "[site a]\nhunter2"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rw_conf_file_parse("r.cnf", texts[i], strlen(texts[i]), &error));
        g_assert_null(strstr(error->message, "hunter2"));
    }
}

static void test_empty(void)
{
    g_autoptr(rw_conf_file) file = parse("");
    g_assert_cmpuint(file->sections->len, ==, 0);
    rw_conf_file_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf/file/values", test_values);
    g_test_add_func("/conf/file/sections", test_sections);
    g_test_add_func("/conf/file/unknown", test_unknown);
    g_test_add_func("/conf/file/repeated", test_repeated);
    g_test_add_func("/conf/file/syntax", test_syntax);
    g_test_add_func("/conf/file/zero-byte", test_zero_byte);
    g_test_add_func("/conf/file/no-values-in-messages", test_no_values_in_messages);
    g_test_add_func("/conf/file/empty", test_empty);
    return g_test_run();
}
