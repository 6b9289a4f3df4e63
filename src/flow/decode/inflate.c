/* inflate: MariaDB's compressed events (log_bin_compress): the tail of the event is one header byte, the length, a zlib stream. */
#include "flow/decode/events.h"

#include <zlib.h>

enum { LENGTH_BYTES = 0x07, ALGORITHM = 0x70, ZLIB_RATIO_MAX = 1032, KEEP_BYTES = 4 << 20 };

bool rw_inflate_tail(rw_decoder *decoder, rw_cursor *body, rw_slice *out)
{
    uint8_t head = rw_cursor_u8(body);
    unsigned width = head & LENGTH_BYTES;
    rw_slice length = rw_cursor_take(body, width);
    if (body->bad || width < 1 || width > 4 || head & ALGORITHM) return false;
    uint64_t bytes = rw_load_be(length.data, width);
    rw_slice packed = rw_cursor_take(body, rw_cursor_left(body));
    if (bytes > RW_EVENT_BYTES_MAX || bytes > (packed.len + 1) * ZLIB_RATIO_MAX) return false; /* a lie must not cost memory */

    GByteArray *to = decoder->inflated;
    if (to->len > KEEP_BYTES && bytes <= KEEP_BYTES) {
        g_byte_array_unref(to);
        to = decoder->inflated = g_byte_array_new();
    }
    if (to->len < bytes + 1) g_byte_array_set_size(to, (guint)bytes + 1);
    uLongf done = (uLongf)bytes;
    if (uncompress(to->data, &done, packed.data, (uLong)packed.len) != Z_OK || done != bytes) return false;
    *out = (rw_slice){to->data, bytes};
    return true;
}
