#include "flow/decode/events.h"

rw_decoder *rw_decoder_new(rw_decoder_options options)
{
    rw_decoder *decoder = g_new0(rw_decoder, 1);
    decoder->options = options;
    decoder->table_id_bytes = 6;
    decoder->offset_bytes = options.from_stream ? 0 : 4;
    decoder->maps = rw_table_maps_new();
    decoder->inflated = g_byte_array_new();
    return decoder;
}

void rw_decoder_free(rw_decoder *decoder)
{
    if (!decoder) return;
    rw_table_maps_free(decoder->maps);
    rw_payload_free(decoder->payload);
    g_byte_array_unref(decoder->inflated);
    g_free(decoder);
}

rw_event_header rw_event_header_of(const uint8_t *bytes)
{
    return (rw_event_header){
        .timestamp_s = (uint32_t)rw_load_le(bytes, 4),
        .type = bytes[4],
        .server_id = (uint32_t)rw_load_le(bytes + 5, 4),
        .length_bytes = (uint32_t)rw_load_le(bytes + 9, 4),
        .log_pos = (uint32_t)rw_load_le(bytes + 13, 4),
        .flags = (uint16_t)rw_load_le(bytes + 17, 2),
    };
}

/* The "log is in use" flag is set in the file after the FORMAT event's checksum was made, and cleared at the end: leave it out. */
static uint32_t event_crc(const rw_event_header *header, const uint8_t *bytes, size_t n)
{
    enum { FORMAT = 15, IN_USE = 1, FLAGS_AT = 17 };
    if (header->type != FORMAT || !(header->flags & IN_USE)) return rw_crc32(0, bytes, n);
    uint8_t head[RW_HEADER_BYTES];
    memcpy(head, bytes, sizeof head);
    head[FLAGS_AT] &= (uint8_t)~IN_USE;
    return rw_crc32(rw_crc32(0, head, sizeof head), bytes + sizeof head, n - sizeof head);
}

/* Cuts the CRC off *event if there is one, and checks it if that was asked for. */
static bool cut_checksum(rw_decoder *decoder, const rw_event_header *header, rw_slice *event, GError **error)
{
    enum { FORMAT = 15, CRC_BYTES = 4, CRC32 = 1, UNDEFINED = 255 };
    bool cut = decoder->have_format ? decoder->checksum : decoder->options.initial_checksum, check = cut;
    if (header->type == FORMAT) {
        uint8_t algorithm = rw_format_checksum(*event, &cut);
        if (cut && algorithm > CRC32 && algorithm != UNDEFINED)
            return rw_fail(error, RW_ERR_STOP, "the log uses checksum algorithm %u, which is not known", algorithm);
        decoder->checksum = check = cut && algorithm == CRC32;
    }
    if (!cut) return true;
    if (event->len < RW_HEADER_BYTES + CRC_BYTES)
        return rw_fail(error, RW_ERR_STOP, "%s event is too short for its checksum", rw_event_name(header->type));
    event->len -= CRC_BYTES;
    if (!check || !decoder->options.checksum) return true;
    uint32_t said = (uint32_t)rw_load_le(event->data + event->len, CRC_BYTES), is = event_crc(header, event->data, event->len);
    if (said == is) return true;
    return rw_fail(error, RW_ERR_STOP, "checksum of the %s event at offset %" G_GUINT64_FORMAT " is wrong: it says %08x, its bytes give %08x; the log or the way here is damaged",
                   rw_event_name(header->type), decoder->offset_bytes, said, is);
}

/* LogPos has 32 bits, and is 0 where the server did not know it; a file may be larger than 4 GiB. */
static uint64_t place_after(const rw_decoder *decoder, const rw_event_header *header)
{
    enum { FORMAT = 15, HEARTBEAT = 27, HEARTBEAT_V2 = 41 };
    uint64_t counted = decoder->offset_bytes + header->length_bytes;
    bool counts = !(header->flags & RW_FLAG_ARTIFICIAL) && header->type != HEARTBEAT && header->type != HEARTBEAT_V2;
    if (!counts || (header->type == FORMAT && header->log_pos == 0 && decoder->options.from_stream)) return decoder->offset_bytes;
    if (header->log_pos == 0 || (uint32_t)counted == header->log_pos) return counted;
    const uint64_t wrap = (uint64_t)1 << 32;
    uint64_t place = (counted & ~(wrap - 1)) | header->log_pos;
    if (place + wrap / 2 < counted) return place + wrap;
    if (place > counted + wrap / 2 && place >= wrap) return place - wrap;
    return place;
}

static bool feed(rw_decoder *decoder, rw_slice event, GError **error)
{
    if (decoder->failed) return rw_fail(error, RW_ERR_BUG, "decoder fed after it failed");
    if (decoder->pending || rw_payload_open(decoder->payload)) return rw_fail(error, RW_ERR_BUG, "decoder fed before its last event was taken");
    if (event.len < RW_HEADER_BYTES) return rw_fail(error, RW_ERR_STOP, "an event of %zu bytes is shorter than its header", event.len);
    rw_event_header header = rw_event_header_of(event.data);
    if (header.length_bytes != event.len || event.len > RW_EVENT_BYTES_MAX)
        return rw_fail(error, RW_ERR_STOP, "%s event at offset %" G_GUINT64_FORMAT " says it has %u bytes, but %zu are there", rw_event_name(header.type),
                       decoder->offset_bytes, header.length_bytes, event.len);
    if (!cut_checksum(decoder, &header, &event, error)) return false;
    decoder->offset_bytes = place_after(decoder, &header);
    decoder->header = header;
    decoder->body = (rw_slice){event.data + RW_HEADER_BYTES, event.len - RW_HEADER_BYTES};
    decoder->pending = true;
    return true;
}

bool rw_decoder_feed(rw_decoder *decoder, rw_slice event, GError **error)
{
    bool fed = feed(decoder, event, error);
    decoder->failed |= !fed;
    return fed;
}

bool rw_decoder_next(rw_decoder *decoder, rw_event *out, GError **error)
{
    rw_outcome outcome = RW_DROPS;
    GError *failure = NULL;
    while (outcome == RW_DROPS) {
        rw_event_header header = decoder->header;
        rw_slice body = decoder->body;
        bool inner = !decoder->pending;
        if (decoder->failed || (inner && !rw_payload_next(decoder->payload, &header, &body, &failure))) break;
        decoder->pending = false;
        outcome = rw_event_dispatch(decoder, &header, body, inner, out, &failure);
    }
    if (failure) g_propagate_error(error, failure);
    decoder->failed |= failure != NULL || outcome == RW_FAILS;
    return outcome == RW_GIVES;
}

uint64_t rw_decoder_place(const rw_decoder *decoder) { return decoder->offset_bytes; }
