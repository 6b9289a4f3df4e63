/* dump: the commands that ask a server for its log, as bytes. Used by dialect descriptors only.
 * Source of the formats: wire.md; MySQL manual "COM_BINLOG_DUMP", "COM_BINLOG_DUMP_GTID". */
#pragma once
#include "server/connection.h"

bool rw_dump_by_place(rw_connection *connection, const rw_dump_start *start, GError **error);
bool rw_dump_command(rw_connection *connection, unsigned command, const GByteArray *body, GError **error);

static inline void rw_put_le(GByteArray *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 b = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &b, 1);
    }
}
