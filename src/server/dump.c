#include "server/dump.h"

enum { COM_DUMP = 0x12, DUMP_ONCE = 1 };

/* Above the numbers that people give their servers; below those that some tools take for signed. */
uint32_t rw_dump_reader(void) { return (g_random_int() & 0x3fffffff) | 0x40000000; }

bool rw_dump_command(rw_connection *c, unsigned command, const GByteArray *body, GError **error)
{
    if (c->mysql->methods->db_command(c->mysql, (enum enum_server_command)command, (const char *)body->data, body->len, 1, NULL))
        return rw_connection_fail(c, "cannot ask for the binary log", error);
    return true;
}

bool rw_dump_by_place(rw_connection *c, const rw_dump_start *start, GError **error)
{
    if (start->offset_bytes > UINT32_MAX)
        return rw_fail(error, RW_ERR_STOP, "site %s: offset %" G_GUINT64_FORMAT " of %s is past 4 GiB, which the protocol cannot name; "
                       "start by GTID", c->site, start->offset_bytes, start->file);
    g_autoptr(GByteArray) body = g_byte_array_new();
    rw_put_le(body, start->offset_bytes, 4);
    rw_put_le(body, start->once ? DUMP_ONCE : 0, 2);
    rw_put_le(body, rw_dump_reader(), 4);
    g_byte_array_append(body, (const guint8 *)start->file, (guint)strlen(start->file));
    return rw_dump_command(c, COM_DUMP, body, error);
}
