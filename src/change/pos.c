#include "change/pos.h"

void rw_source_pos_set(rw_source_pos *pos, const char *file, uint64_t offset_bytes, const char *gtid)
{
    rw_source_pos old = *pos;
    *pos = (rw_source_pos){g_strdup(file ? file : ""), offset_bytes, g_strdup(gtid ? gtid : "")};
    rw_source_pos_clear(&old);
}

void rw_source_pos_clear(rw_source_pos *pos)
{
    g_free(pos->file);
    g_free(pos->gtid);
    *pos = (rw_source_pos){0};
}

void rw_target_pos_clear(rw_target_pos *pos)
{
    g_free(pos->file);
    *pos = (rw_target_pos){0};
}

/* Log files are numbered: a longer name is a later one. */
int rw_log_file_compare(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b);
    return x != y ? (x > y) - (x < y) : strcmp(a, b);
}
