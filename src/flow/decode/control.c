/* control: the events that frame a log, and XID. */
#include "flow/decode/events.h"

#include <stdio.h>

enum { VERSION_BYTES = 50, POST_HEADERS_AT = 2 + VERSION_BYTES + 4 + 1, TRAILER_BYTES = 1 + 4 };

/* A server says by its version whether its FORMAT event ends in an algorithm byte and a CRC (which stands there even if unused). */
static bool version_has_checksum(const char *version)
{
    unsigned major = 0, minor = 0, patch = 0;
    if (sscanf(version, "%3u.%3u.%3u", &major, &minor, &patch) < 2) return false;
    unsigned is = major << 16 | minor << 8 | patch;
    return is >= (strstr(version, "MariaDB") ? 0x050300 : 0x050601);
}

uint8_t rw_format_checksum(rw_slice event, bool *present)
{
    char version[VERSION_BYTES + 1] = "";
    *present = false;
    if (event.len < RW_HEADER_BYTES + POST_HEADERS_AT + TRAILER_BYTES) return 0;
    memcpy(version, event.data + RW_HEADER_BYTES + 2, VERSION_BYTES);
    *present = version_has_checksum(version);
    return *present ? event.data[event.len - TRAILER_BYTES] : 0;
}

rw_outcome rw_event_format(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header;
    enum { TABLE_MAP = 19, OLD_POST_HEADER_BYTES = 6, MARIADB_FIRST = 160 };
    uint16_t version = rw_cursor_u16(body);
    rw_slice server = rw_cursor_take(body, VERSION_BYTES);
    uint32_t created_s = rw_cursor_u32(body);
    uint8_t header_bytes = rw_cursor_u8(body);
    rw_slice lengths = rw_cursor_take(body, rw_cursor_left(body));
    if (body->bad) return RW_DROPS;
    if (version != 4) {
        rw_fail(error, RW_ERR_STOP, "the log has format version %u; 4 (MySQL 5.0 and later, MariaDB) is needed", version);
        return RW_FAILS;
    }
    if (header_bytes != RW_HEADER_BYTES) {
        rw_fail(error, RW_ERR_STOP, "the log has event headers of %u bytes; %d are understood", header_bytes, RW_HEADER_BYTES);
        return RW_FAILS;
    }
    decoder->table_id_bytes = lengths.len >= TABLE_MAP && lengths.data[TABLE_MAP - 1] == OLD_POST_HEADER_BYTES ? 4 : 6;
    decoder->mariadb = lengths.len >= MARIADB_FIRST; /* not by the version, whose text a user can set */
    decoder->have_format = true;
    rw_table_maps_clear(decoder->maps);

    out->kind = RW_EVENT_FORMAT;
    out->format.version = version;
    out->format.server_started = created_s != 0;
    out->format.server_version = (rw_slice){server.data, strnlen((const char *)server.data, server.len)};
    return RW_GIVES;
}

rw_outcome rw_event_rotate(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header, (void)error;
    out->kind = RW_EVENT_ROTATE;
    out->place.offset_bytes = rw_cursor_u64(body);
    out->place.file = rw_cursor_take(body, rw_cursor_left(body));
    if (out->place.file.len == 0) body->bad = true;
    if (!body->bad) decoder->offset_bytes = out->place.offset_bytes;
    return RW_GIVES;
}

static rw_outcome heartbeat(rw_decoder *decoder, rw_event *out, rw_slice file, uint64_t offset_bytes)
{
    out->kind = RW_EVENT_HEARTBEAT;
    bool known = file.len != 0 && offset_bytes != 0;
    out->place.file = known ? file : (rw_slice){NULL, 0};
    out->place.offset_bytes = known ? offset_bytes : 0;
    if (known) out->end_offset_bytes = decoder->offset_bytes = offset_bytes;
    return RW_GIVES;
}

rw_outcome rw_event_heartbeat(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)error;
    return heartbeat(decoder, out, rw_cursor_take(body, rw_cursor_left(body)), header->log_pos);
}

rw_outcome rw_event_heartbeat_v2(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header, (void)error;
    enum { END, FILE_NAME, OFFSET };
    rw_slice file = {NULL, 0};
    uint64_t offset_bytes = 0;
    while (rw_cursor_left(body) > 0) {
        uint64_t field = rw_cursor_lenenc(body);
        if (field == END) break;
        rw_slice value = rw_cursor_take(body, rw_cursor_lenenc(body));
        if (body->bad) break;
        rw_cursor v = rw_cursor_of(value);
        if (field == FILE_NAME) file = value;
        if (field == OFFSET) offset_bytes = rw_cursor_lenenc(&v);
        body->bad |= v.bad;
    }
    return heartbeat(decoder, out, file, offset_bytes);
}

rw_outcome rw_event_xid(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)decoder, (void)header, (void)error;
    out->xid = rw_cursor_u64(body);
    out->kind = RW_EVENT_COMMIT;
    return RW_GIVES;
}
