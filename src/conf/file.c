#include "conf/file.h"

#include "base/nearest.h"
#include "conf/conf.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
    rw_conf_file *file;
    rw_conf_section *section; /* the one being filled, or NULL */
    unsigned line;
} parser;

G_GNUC_PRINTF(3, 4)
static bool refuse(const parser *p, GError **error, const char *format, ...)
{
    if (!error) return false;
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_fail(error, RW_ERR_CONFIG, "%s:%u: %s", p->file->path, p->line, why);
}

static void free_text(char *text)
{
    if (!text) return;
    explicit_bzero(text, strlen(text));
    g_free(text);
}

static void free_section(gpointer data)
{
    rw_conf_section *s = data;
    for (unsigned i = 0; i < s->entries->len; i++) free_text(g_array_index(s->entries, rw_conf_entry, i).value);
    g_array_unref(s->entries);
    g_free(s->name);
    g_free(s->peer);
    g_free(s);
}

void rw_conf_file_free(rw_conf_file *file)
{
    if (!file) return;
    g_ptr_array_unref(file->sections);
    g_free(file->path);
    g_free(file);
}

bool rw_conf_name_valid(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len >= 1 && len <= 32 && !name[len];
}

char *rw_conf_section_title(const rw_conf_section *s)
{
    const char *word = rw_section_word(s->kind);
    switch (s->kind) {
    case RW_SECTION_SITE:
    case RW_SECTION_SCHEMA: return g_strdup_printf("[%s %s]", word, s->name);
    case RW_SECTION_LINK: return g_strdup_printf("[%s %s->%s]", word, s->name, s->peer);
    case RW_SECTION_TABLE: return g_strdup_printf("[%s %s.%s]", word, s->name, s->peer);
    default: return g_strdup_printf("[%s]", word);
    }
}

const rw_conf_entry *rw_conf_section_get(const rw_conf_section *section, const char *key)
{
    for (unsigned i = 0; i < section->entries->len; i++) {
        const rw_conf_entry *entry = &g_array_index(section->entries, rw_conf_entry, i);
        if (strcmp(entry->option->key, key) == 0) return entry;
    }
    return NULL;
}

static bool section_kind(const parser *p, const char *word, rw_section_kind *kind, GError **error)
{
    const char *words[RW_SECTIONS + 1] = {NULL};
    for (unsigned i = 0; i < RW_SECTIONS; i++) {
        words[i] = rw_section_word((rw_section_kind)i);
        if (strcmp(word, words[i]) != 0) continue;
        *kind = (rw_section_kind)i;
        return true;
    }
    const char *near = rw_nearest(word, words);
    if (near) return refuse(p, error, "unknown section [%s]; did you mean [%s]?", word, near);
    return refuse(p, error, "unknown section [%s]; use [ringway], [site NAME], [link A->B], [schema NAME] or [table SCHEMA.TABLE]", word);
}

/* Fills name and peer from what follows the kind in a header. */
static bool section_name(const parser *p, rw_conf_section *s, const char *rest, GError **error)
{
    const char *usage = rw_section_usage(s->kind);
    const char *dot;
    GError *why = NULL;
    switch (s->kind) {
    case RW_SECTION_SITE:
        if (!rw_conf_name_valid(rest)) return refuse(p, error, "site name '%s' is not valid; use 1 to 32 letters, digits, _ and -", rest);
        s->name = g_strdup(rest);
        return true;
    case RW_SECTION_LINK:
        if (rw_conf_split_link(rest, &s->name, &s->peer, &why)) return true;
        refuse(p, error, "%s", why->message);
        g_error_free(why);
        return false;
    case RW_SECTION_SCHEMA:
        if (!*rest || strpbrk(rest, "*?.")) return refuse(p, error, "[schema %s] does not name one schema; write %s", rest, usage);
        s->name = g_strdup(rest);
        return true;
    case RW_SECTION_TABLE:
        dot = strchr(rest, '.');
        if (!dot || dot == rest || !dot[1] || strpbrk(rest, "*?"))
            return refuse(p, error, "[table %s] does not name one table; write %s", rest, usage);
        s->name = g_strndup(rest, (size_t)(dot - rest));
        s->peer = g_strdup(dot + 1);
        return true;
    default:
        if (*rest) return refuse(p, error, "[ringway %s] has a name too many; write %s", rest, usage);
        return true;
    }
}

static bool add_section(parser *p, rw_conf_section *s, GError **error)
{
    for (unsigned i = 0; i < p->file->sections->len; i++) {
        const rw_conf_section *old = p->file->sections->pdata[i];
        if (old->kind != s->kind || g_strcmp0(old->name, s->name) != 0 || g_strcmp0(old->peer, s->peer) != 0) continue;
        g_autofree char *title = rw_conf_section_title(s);
        free_section(s);
        return refuse(p, error, "%s stands in line %u already; put both together", title, old->line);
    }
    g_ptr_array_add(p->file->sections, s);
    p->section = s;
    return true;
}

static bool parse_header(parser *p, char *line, GError **error)
{
    char *close = strchr(line, ']');
    if (!close) return refuse(p, error, "section header without ]; write %s", rw_section_usage(RW_SECTION_SITE));
    char *after = close + 1 + strspn(close + 1, " \t");
    if (*after && *after != '#' && *after != ';')
        return refuse(p, error, "'%s' stands after a section header; put it into a line of its own", after);
    *close = '\0';
    char *word = g_strstrip(line + 1);
    char *rest = word + strcspn(word, " \t");
    if (*rest) *rest++ = '\0';
    rw_section_kind kind = RW_SECTION_RINGWAY;
    if (!section_kind(p, word, &kind, error)) return false;
    rw_conf_section *s = g_new0(rw_conf_section, 1);
    s->kind = kind;
    s->line = p->line;
    s->entries = g_array_new(FALSE, TRUE, sizeof(rw_conf_entry));
    if (!section_name(p, s, g_strstrip(rest), error)) {
        free_section(s);
        return false;
    }
    return add_section(p, s, error);
}

static const rw_option *find_option(const parser *p, char *key, GError **error)
{
    for (char *c = key; *c; c++)
        if (*c == '-') *c = '_';
    const rw_option *option = rw_option_find(p->section->kind, key);
    if (option) return option;
    unsigned n;
    const rw_option *all = rw_options(&n);
    g_autofree const char **keys = g_new0(const char *, n + 1);
    const rw_option *elsewhere = NULL;
    for (unsigned i = 0, k = 0; i < n; i++) {
        if (all[i].section == p->section->kind) keys[k++] = all[i].key;
        else if (!elsewhere && strcmp(all[i].key, key) == 0) elsewhere = &all[i];
    }
    g_autofree char *title = rw_conf_section_title(p->section);
    const char *near = rw_nearest(key, keys);
    if (elsewhere) refuse(p, error, "unknown key '%s' in %s; it belongs into %s", key, title, rw_section_usage(elsewhere->section));
    else if (near) refuse(p, error, "unknown key '%s' in %s; did you mean '%s'?", key, title, near);
    else refuse(p, error, "unknown key '%s' in %s; see ringway.cnf(5)", key, title);
    return NULL;
}

/* In place: the value without quotes, comment and surrounding blanks. NULL: refused. */
static char *clean_value(const parser *p, char *value, const rw_option *option, GError **error)
{
    value += strspn(value, " \t");
    if (*value == '"' || *value == '\'') {
        char *close = strchr(value + 1, *value);
        if (!close) {
            refuse(p, error, "value of %s begins with %c and does not end with it; close it", option->key, *value);
            return NULL;
        }
        const char *after = close + 1 + strspn(close + 1, " \t");
        if (*after && *after != '#') {
            refuse(p, error, "value of %s goes on after its closing quote; quote all of it, with the other kind of quote", option->key);
            return NULL;
        }
        *close = '\0';
        return value + 1;
    }
    for (char *c = value; (c = strchr(c, '#')); c++) {
        if (c != value && c[-1] != ' ' && c[-1] != '\t') continue;
        *c = '\0';
        break;
    }
    return g_strchomp(value);
}

static bool parse_entry(parser *p, char *line, GError **error)
{
    if (!p->section) return refuse(p, error, "key before the first section; begin with [ringway]");
    char *equals = strchr(line, '=');
    if (!equals) return refuse(p, error, "neither a section nor key = value; write key = value, or # before a comment");
    *equals = '\0';
    char *key = g_strchomp(line);
    const rw_option *option = find_option(p, key, error);
    if (!option) return false;
    const rw_conf_entry *old = rw_conf_section_get(p->section, option->key);
    if (old) return refuse(p, error, "%s stands in line %u already; keep one of them", option->key, old->line);
    char *value = clean_value(p, equals + 1, option, error);
    if (!value) return false;
    rw_conf_entry entry = {option, g_strdup(value), p->line};
    g_array_append_val(p->section->entries, entry);
    return true;
}

static bool parse_line(parser *p, char *line, GError **error)
{
    line += strspn(line, " \t");
    g_strchomp(line);
    switch (*line) {
    case '\0':
    case '#':
    case ';': return true;
    case '[': return parse_header(p, line, error);
    case '!': return refuse(p, error, "a file cannot include others; put everything into this one");
    default: return parse_entry(p, line, error);
    }
}

/* Control characters hide in an editor and would forge lines where a name is logged. */
static bool check_text(const parser *p, const char *line, GError **error)
{
    if (!g_utf8_validate(line, -1, NULL)) return refuse(p, error, "text is not UTF-8; save the file as UTF-8");
    for (const char *c = line; *c; c++)
        if (g_ascii_iscntrl(*c) && *c != '\t')
            return refuse(p, error, "holds the control character 0x%02x; remove it", (unsigned)(unsigned char)*c);
    return true;
}

static bool parse_lines(parser *p, char *text, GError **error)
{
    for (char *line = text, *next; line; line = next) {
        p->line++;
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        size_t len = strlen(line);
        if (len && line[len - 1] == '\r') line[len - 1] = '\0';
        if (!check_text(p, line, error) || !parse_line(p, line, error)) return false;
    }
    return true;
}

rw_conf_file *rw_conf_file_parse(const char *path, const char *text, size_t len, GError **error)
{
    g_autoptr(rw_conf_file) file = g_new0(rw_conf_file, 1);
    file->path = g_strdup(path);
    file->sections = g_ptr_array_new_with_free_func(free_section);
    parser p = {file, NULL, 0};
    if (len && memchr(text, '\0', len)) {
        rw_fail(error, RW_ERR_CONFIG, "%s: holds a zero byte; is it a text file?", path);
        return NULL;
    }
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, len -= 3;
    /* One copy that the parser may cut up; it may hold a password. */
    char *copy = g_malloc(len + 1);
    if (len) memcpy(copy, text, len);
    copy[len] = '\0';
    bool ok = parse_lines(&p, copy, error);
    explicit_bzero(copy, len);
    g_free(copy);
    return ok ? g_steal_pointer(&file) : NULL;
}
