#include "cli/scdoc.h"

#include "cli/help.h"
#include "cli/verbs.h"
#include "conf/options.h"

#include <string.h>

/* Escapes what the markup would take for its own; a - only where a line begins. Not for headings: they are taken as they stand. */
static void append_text(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        bool list = *c == '-' && c != text && c[-1] == '\n';
        if (list || strchr("\\_*<>[]#`~|", *c)) g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
}

static void append_sentence(GString *out, const char *text)
{
    g_string_append_c(out, g_ascii_toupper(*text));
    append_text(out, text + 1);
    g_string_append(out, ".");
}

static void append_bold(GString *out, const char *text)
{
    g_string_append_c(out, '*');
    append_text(out, text);
    g_string_append_c(out, '*');
}

static void append_head(GString *out, const char *title, const char *summary)
{
    g_string_append_printf(out, "%s\n\n# NAME\n\n", title);
    append_text(out, summary);
    g_string_append(out, "\n");
}

static void append_options(GString *out, const rw_verb_option *option)
{
    for (; option && option->name; option++) {
        g_autofree char *name = rw_help_option(option);
        append_bold(out, name);
        g_string_append(out, "\n\t");
        append_sentence(out, option->help);
        g_string_append(out, "\n\n");
    }
}

static void append_verb(GString *out, const rw_verb *verb)
{
    g_string_append_printf(out, "## %s %s\n\n", verb->name, verb->usage);
    append_text(out, verb->summary);
    g_string_append(out, ". ");
    append_text(out, verb->manual);
    g_string_append(out, "\n\n");
    append_options(out, verb->options);
}

static char *commands_page(void)
{
    GString *out = g_string_new(NULL);
    append_head(out, "ringway(1)", "ringway - keeps several writable MySQL and MariaDB servers the same");
    g_string_append(out, "\n# SYNOPSIS\n\n*ringway* [_option_...] _verb_ [_option_...]\n\n# DESCRIPTION\n\n");
    append_text(out,
                "Ringway reads the binary log of each server, applies it to the others over ordinary SQL, never replays a change at the "
                "place it came from, and applies every transaction exactly once. Its state lives in the schema ringway of the databases "
                "themselves. What is replicated from where to where stands in a configuration file, ");
    g_string_append(out, "*ringway.cnf*(5).\n\n# OPTIONS\n\nBefore or after the verb:\n\n");
    append_options(out, rw_global_options());
    g_string_append(out, "# VERBS\n\n");
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) append_verb(out, *verb);
    g_string_append(out,
                    "# EXIT STATUS\n\n*0*\n\tDone.\n\n*1*\n\tFound something: differences, warnings, a change that cannot be applied.\n\n"
                    "*2*\n\tUsage or configuration.\n\n*3*\n\tA site cannot be reached.\n\n*4*\n\tInternal.\n\n# ENVIRONMENT\n\n");
    append_bold(out, "RINGWAY_NAME_PASSWORD");
    g_string_append(out, "\n\t");
    append_text(out, "Password of the site NAME, in capitals, with _ for every other character than a letter or digit. Wins over the "
                     "configuration.");
    g_string_append(out, "\n\n# FILES\n\n_./ringway.cnf_, _/etc/ringway/ringway.cnf_\n\tThe configuration, unless *-c* names another.\n\n"
                         "# SEE ALSO\n\n*ringway.cnf*(5)\n");
    return g_string_free(out, FALSE);
}

static void append_key(GString *out, const rw_option *o)
{
    append_bold(out, o->key);
    g_string_append(out, " = ");
    if (o->type == RW_OPTION_ENUM) {
        g_autofree char *all = g_strjoinv(" | ", (char **)o->choices);
        append_text(out, all);
    } else {
        append_text(out, rw_option_type_help(o));
    }
    if (o->type == RW_OPTION_INT) g_string_append_printf(out, ", %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, o->min, o->max);
    g_string_append(out, "\n\t");
    append_sentence(out, o->help);
    g_string_append_c(out, ' ');
    append_text(out, o->manual);
    if (o->required) g_string_append(out, " Required.");
    if (o->preset) {
        g_string_append(out, " Default: ");
        append_text(out, o->preset);
        g_string_append_c(out, '.');
    }
    g_string_append(out, "\n\n");
}

static void append_section(GString *out, rw_section_kind kind)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    g_string_append_printf(out, "# SECTION %s\n\n", rw_section_usage(kind));
    append_text(out, rw_section_manual(kind));
    g_string_append(out, "\n\n");
    for (unsigned i = 0; i < n; i++)
        if (all[i].section == kind) append_key(out, &all[i]);
}

static char *file_page(void)
{
    GString *out = g_string_new(NULL);
    append_head(out, "ringway.cnf(5)", "ringway.cnf - configuration of ringway");
    g_string_append(out, "\n# DESCRIPTION\n\n");
    append_text(
        out, "Text in UTF-8, in the style of my.cnf: sections in brackets, and in them lines of the form key = value. A line that begins "
             "with # or ; is a comment, and so is the rest of a line after white space and #. A value may be quoted with ' or \"; what "
             "is in the quotes is taken as it stands. In keys - and _ are the same. Files cannot include others. An unknown or "
             "repeated section or key is an error that names the file, the line and the nearest valid name.");
    g_string_append(out, "\n\n");
    for (unsigned kind = 0; kind < RW_SECTIONS; kind++) append_section(out, (rw_section_kind)kind);
    g_string_append(out, "# EXAMPLE\n\n```\n[ringway]\nname     = shop\ntopology = pair\nschemas  = shop, crm\n"
                         "conflict = last_write_wins\n\n"
                         "[site east]\nid            = 1\nhosts         = db1.east:3306\npassword_file = /etc/ringway/east.pass\n"
                         "ssl_mode      = verify_identity\n\n[site west]\nid            = 2\nhosts         = db1.west:3306\n"
                         "password_file = /etc/ringway/west.pass\n\n[link east->west]\nignore_tables = shop.session_*\n\n"
                         "[schema crm]\nconflict = site_priority(west, east)\n\n[table shop.account]\nconflict = delta(balance)\n```\n\n"
                         "# SEE ALSO\n\n*ringway*(1)\n");
    return g_string_free(out, FALSE);
}

char *rw_manual_page(unsigned section)
{
    return section == 1 ? commands_page() : section == 5 ? file_page() : NULL;
}
