#include "conf/print.h"

#include "conf/file.h"
#include "conf/secret.h"
#include "conf/value.h"

#include <string.h>

static bool needs_quotes(const char *value)
{
    size_t len = strlen(value);
    if (len == 0) return false;
    if (strchr("\"'# \t", value[0]) || strchr(" \t", value[len - 1])) return true;
    for (const char *c = value; (c = strchr(c, '#')); c++)
        if (c[-1] == ' ' || c[-1] == '\t') return true;
    return false;
}

static void append_value(GString *text, const rw_option *option, const void *target)
{
    g_autofree char *value = rw_value_print(option, target);
    if (!value) return;
    const char *quote = !needs_quotes(value) ? "" : strchr(value, '"') ? "'" : "\"";
    g_string_append_printf(text, "%s = %s%s%s\n", option->key, quote, value, quote);
}

static void append_section(GString *text, rw_section_kind kind, const void *target, bool hide_password)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned i = 0; i < n; i++)
        if (all[i].section == kind && !(hide_password && all[i].secret)) append_value(text, &all[i], target);
}

static void append_site(GString *text, const rw_site_conf *site)
{
    g_string_append_printf(text, "\n[site %s]\n", site->name);
    if (site->password_from_env) {
        g_autofree char *variable = rw_secret_variable(site->name);
        g_string_append_printf(text, "# password from the environment: %s\n", variable);
    }
    /* A password that came from elsewhere must not look as if it stood in the file. */
    append_section(text, RW_SECTION_SITE, site, site->password_from_env || site->password_file);
}

char *rw_conf_print(const rw_conf *conf)
{
    GString *text = g_string_new("[ringway]\n");
    append_section(text, RW_SECTION_RINGWAY, conf, false);
    for (unsigned i = 0; i < conf->n_sites; i++) append_site(text, &conf->sites[i]);
    for (unsigned i = 0; i < conf->n_links; i++) {
        g_string_append_printf(text, "\n[link %s->%s]\n", conf->links[i].source, conf->links[i].target);
        append_section(text, RW_SECTION_LINK, &conf->links[i], false);
    }
    for (unsigned i = 0; i < conf->n_tables; i++) {
        const rw_table_conf *table = &conf->tables[i];
        if (table->table) g_string_append_printf(text, "\n[table %s.%s]\n", table->schema, table->table);
        else g_string_append_printf(text, "\n[schema %s]\n", table->schema);
        append_section(text, table->table ? RW_SECTION_TABLE : RW_SECTION_SCHEMA, table, false);
    }
    return g_string_free(text, FALSE);
}
