#include "conf/edit.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* "[site NAME]", blanks around its parts allowed. */
static bool is_section(const char *line, const char *site)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    char *end = *text == '[' ? strchr(text, ']') : NULL;
    if (!end) return false;
    *end = 0;
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(text + 1), " \t", -1);
    const char *parts[2] = {NULL, NULL};
    unsigned n = 0;
    for (char **word = words; *word; word++)
        if (**word && n++ < 2) parts[n - 1] = *word;
    return n == 2 && strcmp(parts[0], "site") == 0 && strcmp(parts[1], site) == 0;
}

static bool is_key(const char *line, const char *key)
{
    while (g_ascii_isspace(*line)) line++;
    size_t n = strlen(key);
    if (strncmp(line, key, n) != 0) return false;
    line += n;
    while (*line == ' ' || *line == '\t') line++;
    return *line == '=';
}

char *rw_conf_edit_load(const char *path, GError **error)
{
    char *text = NULL;
    GError *failure = NULL;
    if (g_file_get_contents(path, &text, NULL, &failure)) return text;
    rw_fail(error, RW_ERR_CONFIG, "%s cannot be read: %s", path, failure->message);
    g_error_free(failure);
    return NULL;
}

char *rw_conf_edit_site(const char *text, const char *site, const char *key, const char *value, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    bool within = false, found = false;
    for (char **line = lines; *line; line++) {
        bool header = (*line)[strspn(*line, " \t")] == '[';
        if (header) within = is_section(*line, site);
        if (within && !header && is_key(*line, key)) continue;
        g_string_append_printf(out, "%s%s", *line, line[1] ? "\n" : "");
        if (header && within && value) g_string_append_printf(out, "%s = %s\n", key, value);
        found |= header && within;
    }
    if (found) return g_string_free(g_steal_pointer(&out), FALSE);
    rw_fail(error, RW_ERR_CONFIG, "the configuration has no section [site %s]", site);
    return NULL;
}

bool rw_conf_edit_write(const char *path, const char *text, GError **error)
{
    GStatBuf was;
    GError *failure = NULL;
    if (g_stat(path, &was) != 0) return rw_fail(error, RW_ERR_CONFIG, "%s: %s", path, g_strerror(errno));
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, (int)(was.st_mode & 0777), &failure)) return true;
    rw_fail(error, RW_ERR_CONFIG, "%s cannot be written: %s; write the line by hand", path, failure->message);
    g_error_free(failure);
    return false;
}
