#include "cli/position.h"

#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES = 4 * 1024 * 1024 };

static char *read_head(const char *path, GError **error)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        rw_fail(error, RW_ERR_CONFIG, "--from %s: cannot read the file: %s", path, g_strerror(errno));
        return NULL;
    }
    char *text = g_malloc(HEAD_BYTES + 1);
    size_t n = fread(text, 1, HEAD_BYTES, file);
    fclose(file);
    text[n] = '\0';
    return text;
}

static char *match(const char *text, const char *pattern, int group)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_RAW | G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GMatchInfo) info = NULL;
    return g_regex_match(regex, text, 0, &info) ? g_match_info_fetch(info, group) : NULL;
}

/* A GTID text that parses as this kind, or NULL. */
static char *as_gtid(const char *text, rw_gtid_kind kind)
{
    g_auto(rw_gtid_state) state = {0};
    if (!text || !*text || kind == RW_GTID_NONE || !rw_gtid_state_parse(&state, kind, text, NULL) || rw_gtid_state_is_empty(&state)) return NULL;
    return rw_gtid_state_format(&state);
}

static bool as_place(const char *file, const char *offset, rw_source_pos *out)
{
    guint64 bytes = 0;
    if (!file || !offset || !g_ascii_string_to_unsigned(offset, 10, 4, G_MAXUINT64, &bytes, NULL)) return false;
    rw_source_pos_set(out, file, bytes, "");
    return true;
}

/* "file<tab>offset<tab>gtid", the info file of a physical backup; the GTID part may span lines. */
static bool from_info(const char *text, rw_gtid_kind kind, rw_source_pos *out)
{
    g_autofree char *file = match(text, "^\\s*([^\\s]+)[\\t ]+([0-9]+)", 1), *offset = match(text, "^\\s*([^\\s]+)[\\t ]+([0-9]+)", 2);
    g_autofree char *rest = match(text, "^\\s*[^\\s]+[\\t ]+[0-9]+[\\t ]+(.*)$", 1);
    g_autofree char *gtid = as_gtid(rest ? g_strstrip(rest) : NULL, kind);
    if (!as_place(file, offset, out)) return false;
    if (gtid) rw_source_pos_set(out, file, out->offset_bytes, gtid);
    return true;
}

static bool from_dump(const char *text, rw_gtid_kind kind, rw_source_pos *out)
{
    g_autofree char *file = match(text, "(MASTER|SOURCE)_LOG_FILE\\s*=\\s*'([^']+)'", 2), *offset = match(text, "(MASTER|SOURCE)_LOG_POS\\s*=\\s*([0-9]+)", 2);
    g_autofree char *purged = match(text, "GTID_PURGED\\s*=\\s*(/\\*[^*]*\\*/)?\\s*'\\+?([^']*)'", 2);
    g_autofree char *slave_pos = match(text, "gtid_slave_pos\\s*=\\s*'([^']*)'", 1);
    g_autofree char *gtid = as_gtid(kind == RW_GTID_MYSQL ? purged : slave_pos, kind);
    bool placed = as_place(file, offset, out);
    if (gtid) rw_source_pos_set(out, placed ? file : "", placed ? out->offset_bytes : 0, gtid);
    return placed || gtid;
}

static bool from_file(const char *path, rw_gtid_kind kind, rw_source_pos *out, GError **error)
{
    g_autofree char *text = read_head(path, error);
    if (!text) return false;
    if (from_info(text, kind, out) || from_dump(text, kind, out)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "--from %s: the file holds no binary log position; give the info file of mariadb-backup or xtrabackup, or a dump "
                   "made with --source-data, --master-data, --gtid or --set-gtid-purged=ON", path);
}

bool rw_position_parse(const char *text, rw_gtid_kind kind, rw_source_pos *out, GError **error)
{
    g_autofree char *gtid = as_gtid(text, kind);
    if (gtid) {
        rw_source_pos_set(out, "", 0, gtid);
        return true;
    }
    if (g_file_test(text, G_FILE_TEST_EXISTS)) return from_file(text, kind, out, error);
    const char *colon = strrchr(text, ':');
    g_autofree char *file = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
    if (file && *file && !strpbrk(file, ":, ") && as_place(file, colon + 1, out)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "--from %s: not a position; give a %s, FILE:OFFSET (such as bin.000003:1234), or the path of a backup's info file "
                   "or of a dump", text, kind == RW_GTID_MYSQL ? "GTID set (uuid:1-77)" : kind == RW_GTID_MARIADB ? "GTID position (0-1-77)" : "FILE:OFFSET");
}
