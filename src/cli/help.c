#include "cli/help.h"

#include "cli/verbs.h"
#include "conf/options.h"

#include <string.h>

enum { TEXT_WIDTH = 78, NAME_WIDTH = 24 };

char *rw_help_option(const rw_verb_option *o)
{
    GString *text = g_string_new(NULL);
    if (o->letter) g_string_append_printf(text, "-%c, ", o->letter);
    g_string_append_printf(text, "--%s", o->name);
    if (o->value) g_string_append_printf(text, " %s", o->value);
    return g_string_free(text, FALSE);
}

static void append_row(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, "  %-*s  %s\n", NAME_WIDTH, name, text);
}

static void append_options(GString *out, const char *title, const rw_verb_option *options)
{
    if (!options || !options->name) return;
    g_string_append_printf(out, "\n%s:\n", title);
    for (; options->name; options++) {
        g_autofree char *name = rw_help_option(options);
        append_row(out, name, options->help);
    }
}

/* Paragraphs stay apart; words of one flow into lines. */
static void append_wrapped(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 0;
    for (char **word = words; *word; word++) {
        size_t len = strcspn(*word, "\n");
        if (column && column + 1 + len > TEXT_WIDTH) {
            g_string_append_c(out, '\n');
            column = 0;
        } else if (column) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        const char *last = strrchr(*word, '\n');
        column = last ? strlen(last + 1) : column + len;
    }
    g_string_append_c(out, '\n');
}

static void append_keys(GString *out)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned kind = 0; kind < RW_SECTIONS; kind++) {
        g_string_append_printf(out, "\nKeys of %s:\n", rw_section_usage((rw_section_kind)kind));
        for (unsigned i = 0; i < n; i++) {
            if (all[i].section != kind || all[i].later) continue;
            g_autofree char *text = all[i].preset ? g_strdup_printf("%s [%s]", all[i].help, all[i].preset) : g_strdup(all[i].help);
            append_row(out, all[i].key, text);
        }
    }
}

char *rw_help_general(void)
{
    GString *out = g_string_new("Usage: ringway [OPTION...] VERB [OPTION...]\n\n"
                                "Keeps several writable MySQL and MariaDB servers the same by reading their binary logs.\n\nVerbs:\n");
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) append_row(out, (*verb)->name, (*verb)->summary);
    append_options(out, "Options", rw_global_options());
    g_string_append(out, "\nExit codes: 0 done, 1 found something, 2 usage or configuration, 3 a site cannot be reached, 4 internal.\n"
                         "More: ringway VERB --help, ringway(1), ringway.cnf(5).\n");
    return g_string_free(out, FALSE);
}

char *rw_help_verb(const rw_verb *verb)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Usage: ringway %s%s%s\n\n%s.\n\n", verb->name, *verb->usage ? " " : "", verb->usage, verb->summary);
    append_wrapped(out, verb->manual);
    append_options(out, "Options", verb->options);
    append_options(out, "Options of every verb", rw_global_options());
    if (verb->lists_keys) append_keys(out);
    return g_string_free(out, FALSE);
}
