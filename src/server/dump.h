/* dump: the commands that ask a server for its log, as bytes. Used by dialect descriptors only.
 * Source of the formats: wire.md; MySQL manual "COM_BINLOG_DUMP", "COM_BINLOG_DUMP_GTID". */
#pragma once
#include "server/connection.h"

bool rw_dump_by_place(rw_connection *connection, const rw_dump_start *start, GError **error);
/* The server id under which a reader asks. Another one each time: a server ends the stream of a reader that asks with the same number, and MariaDB
 * makes the new one wait for that, which may take a minute if the old one's process is frozen or cut off. */
uint32_t rw_dump_reader(void);
bool rw_dump_command(rw_connection *connection, unsigned command, const GByteArray *body, GError **error);

static inline void rw_put_le(GByteArray *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 b = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &b, 1);
    }
}
