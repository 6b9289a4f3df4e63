/* rows_event: the head of a ROWS event, of all versions and both dialects; its rows are taken in rows.c. */
#include "flow/decode/events.h"

enum { STATEMENT_ENDS = 1, FOREIGN_KEY_CHECKS_OFF = 2, UNIQUE_CHECKS_OFF = 4 };

typedef struct {
    rw_op op;
    bool extra;      /* version 2: a length and extra data (partitions, NDB) before the columns */
    bool compressed; /* MariaDB: what follows the bitmaps */
} shape;

static shape shape_of(uint8_t type)
{
    enum { WRITE_V1 = 23, WRITE_V2 = 30, WRITE_COMPRESSED_V1 = 166, WRITE_COMPRESSED_V2 = 169 };
    static const rw_op ops[] = {RW_INSERT, RW_UPDATE, RW_DELETE};
    if (type >= WRITE_COMPRESSED_V2) return (shape){ops[type - WRITE_COMPRESSED_V2], true, true};
    if (type >= WRITE_COMPRESSED_V1) return (shape){ops[type - WRITE_COMPRESSED_V1], false, true};
    if (type >= WRITE_V2) return (shape){ops[type - WRITE_V2], true, false};
    return (shape){ops[type - WRITE_V1], false, false};
}

static bool all_present(rw_slice bitmap, unsigned columns)
{
    for (unsigned i = 0; i < columns / 8; i++)
        if (bitmap.data[i] != 0xff) return false;
    unsigned rest = columns % 8, mask = (1u << rest) - 1;
    return rest == 0 || (bitmap.data[columns / 8] & mask) == mask;
}

static void read_images(rw_cursor *body, rw_op op, uint64_t columns, rw_rows *rows)
{
    rw_slice first = rw_cursor_take(body, (columns + 7) / 8);
    rw_slice second = op == RW_UPDATE ? rw_cursor_take(body, (columns + 7) / 8) : first;
    rw_slice none = {NULL, 0};
    if (body->bad) return;
    rows->before_present = op == RW_INSERT ? none : first;
    rows->after_present = op == RW_DELETE ? none : second;
    rows->full_before = op != RW_INSERT && all_present(first, (unsigned)columns);
    rows->full_after = op != RW_DELETE && all_present(second, (unsigned)columns);
}

static rw_outcome unknown_table(const rw_event_header *header, uint64_t id, uint16_t flags, GError **error)
{
    enum { NO_TABLE = 0xffffff }; /* an event without rows that only ends the statement */
    if (id == NO_TABLE && flags & STATEMENT_ENDS) return RW_DROPS;
    rw_fail(error, RW_ERR_STOP, "%s event for table id %" G_GUINT64_FORMAT ", which no TABLE_MAP event of this statement describes; the log is damaged",
            rw_event_name(header->type), id);
    return RW_FAILS;
}

rw_outcome rw_event_rows(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    shape s = shape_of(header->type);
    uint64_t id = rw_cursor_le(body, decoder->table_id_bytes);
    uint16_t flags = rw_cursor_u16(body);
    uint16_t extra_bytes = s.extra ? rw_cursor_u16(body) : 2;
    if (extra_bytes < 2) body->bad = true;
    rw_cursor_take(body, (uint16_t)(extra_bytes - 2));
    uint64_t columns = rw_cursor_lenenc(body);
    if (body->bad) return RW_DROPS;

    rw_table *table = rw_table_maps_find(decoder->maps, id);
    decoder->statement_ended = flags & STATEMENT_ENDS;
    if (!table) return unknown_table(header, id, flags, error);
    if (columns != table->n_columns) {
        rw_fail(error, RW_ERR_STOP, "%s event for %s.%s has %" G_GUINT64_FORMAT " columns, its TABLE_MAP event %u; the log is damaged",
                rw_event_name(header->type), table->schema, table->name, columns, table->n_columns);
        return RW_FAILS;
    }
    out->kind = RW_EVENT_ROWS;
    out->rows = (rw_rows){
        .table = table,
        .op = s.op,
        .foreign_key_checks_off = flags & FOREIGN_KEY_CHECKS_OFF,
        .unique_checks_off = flags & UNIQUE_CHECKS_OFF,
    };
    read_images(body, s.op, columns, &out->rows);
    rw_slice rest = {body->p, rw_cursor_left(body)};
    if (s.compressed && !body->bad && !rw_inflate_tail(decoder, body, &rest)) return RW_FAILS;
    out->rows.rest = rw_cursor_of(rest);
    return RW_GIVES;
}
