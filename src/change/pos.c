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
