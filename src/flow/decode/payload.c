/* payload: MySQL's TRANSACTION_PAYLOAD, a transaction's events in one zstd stream, inflated as it is read.
 *
 * Inner events lie in a window that grows to the largest of them and never by what a header claims: only by what was inflated.
 */
#include "flow/decode/events.h"

#include <zstd.h>

enum { WINDOW_BYTES = 256 * 1024, KEEP_BYTES = 4 << 20 };

struct rw_payload {
    ZSTD_DStream *zstd;
    ZSTD_inBuffer in;
    uint8_t *window;
    size_t window_bytes, from, to; /* [from, to): inflated, not yet given */
    uint64_t left_bytes;           /* of the inflated size that the event says */
    bool open, plain;              /* plain: not compressed */
};

typedef struct {
    uint64_t inflated_bytes, codec;
    rw_slice data;
    bool has_size;
} head;

static head read_head(rw_cursor *c)
{
    enum { END, SIZE, CODEC, INFLATED_SIZE };
    head h = {.codec = 255};
    uint64_t size = 0, field;
    while ((field = rw_cursor_lenenc(c)) != END && !c->bad) {
        rw_cursor value = rw_cursor_of(rw_cursor_take(c, rw_cursor_lenenc(c)));
        if (field == SIZE) size = rw_cursor_lenenc(&value);
        if (field == CODEC) h.codec = rw_cursor_lenenc(&value);
        if (field == INFLATED_SIZE) h.inflated_bytes = rw_cursor_lenenc(&value), h.has_size = true;
        c->bad |= value.bad;
    }
    h.data = rw_cursor_take(c, size);
    if (!h.has_size) h.inflated_bytes = size;
    return h;
}

static rw_payload *payload_of(rw_decoder *decoder)
{
    if (decoder->payload) return decoder->payload;
    rw_payload *p = decoder->payload = g_new0(rw_payload, 1);
    p->zstd = ZSTD_createDStream();
    p->window = g_malloc(p->window_bytes = WINDOW_BYTES);
    return p;
}

void rw_payload_free(rw_payload *payload)
{
    if (!payload) return;
    ZSTD_freeDStream(payload->zstd);
    g_free(payload->window);
    g_free(payload);
}

bool rw_payload_open(const rw_payload *payload) { return payload && payload->open; }

rw_outcome rw_event_payload(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header, (void)out;
    enum { ZSTD = 0, NONE = 255 };
    head h = read_head(body);
    if (body->bad) return RW_DROPS;
    if (h.codec != ZSTD && h.codec != NONE) {
        rw_fail(error, RW_ERR_STOP, "TRANSACTION_PAYLOAD event is compressed with algorithm %" G_GUINT64_FORMAT ", which is not known", h.codec);
        return RW_FAILS;
    }
    rw_payload *p = payload_of(decoder);
    if (p->window_bytes > KEEP_BYTES) {
        g_free(p->window);
        p->window = g_malloc(p->window_bytes = WINDOW_BYTES);
    }
    ZSTD_initDStream(p->zstd);
    p->in = (ZSTD_inBuffer){h.data.data, h.data.len, 0};
    p->from = p->to = 0;
    p->left_bytes = h.inflated_bytes;
    p->plain = h.codec == NONE;
    p->open = true;
    return RW_DROPS;
}

/* Puts the next bytes behind p->to. false: none left, or not zstd. */
static bool inflate_some(rw_payload *p)
{
    ZSTD_outBuffer out = {p->window + p->to, MIN(p->window_bytes - p->to, p->left_bytes), 0};
    if (p->plain) {
        out.pos = MIN(out.size, p->in.size - p->in.pos);
        memcpy(out.dst, (const uint8_t *)p->in.src + p->in.pos, out.pos);
        p->in.pos += out.pos;
    }
    while (!p->plain && out.pos < out.size) {
        size_t in = p->in.pos, made = out.pos;
        if (ZSTD_isError(ZSTD_decompressStream(p->zstd, &out, &p->in))) return false;
        if (p->in.pos == in && out.pos == made) break;
    }
    p->to += out.pos;
    p->left_bytes -= out.pos;
    return out.pos > 0;
}

/* Makes at least `bytes` bytes stand at p->from. */
static bool want(rw_payload *p, uint64_t bytes)
{
    while (p->to - p->from < bytes) {
        if (p->left_bytes == 0 || bytes > RW_EVENT_BYTES_MAX) return false;
        if (p->from > 0) {
            memmove(p->window, p->window + p->from, p->to - p->from);
            p->to -= p->from;
            p->from = 0;
        }
        if (p->to == p->window_bytes) p->window = g_realloc(p->window, p->window_bytes *= 2);
        if (!inflate_some(p)) return false;
    }
    return true;
}

/* All of the event's bytes are used, and the stream ends with them. */
static bool ended_well(rw_payload *p)
{
    uint8_t more;
    ZSTD_outBuffer out = {&more, 1, 0};
    if (!p->plain && p->in.pos < p->in.size && ZSTD_isError(ZSTD_decompressStream(p->zstd, &out, &p->in))) return false;
    return out.pos == 0 && p->in.pos == p->in.size;
}

bool rw_payload_next(rw_payload *p, rw_event_header *header, rw_slice *body, GError **error)
{
    if (!rw_payload_open(p)) return false;
    if (p->from == p->to && p->left_bytes == 0) {
        p->open = false;
        if (!ended_well(p)) rw_fail(error, RW_ERR_STOP, "TRANSACTION_PAYLOAD event holds more than it says; the log is damaged");
        return false;
    }
    if (!want(p, RW_HEADER_BYTES)) return rw_fail(error, RW_ERR_STOP, "TRANSACTION_PAYLOAD event ends inside an event, or cannot be inflated; the log is damaged");
    *header = rw_event_header_of(p->window + p->from);
    if (header->length_bytes < RW_HEADER_BYTES || !want(p, header->length_bytes))
        return rw_fail(error, RW_ERR_STOP, "TRANSACTION_PAYLOAD event: the %s event in it ends too early, or cannot be inflated; the log is damaged",
                       rw_event_name(header->type));
    *body = (rw_slice){p->window + p->from + RW_HEADER_BYTES, header->length_bytes - RW_HEADER_BYTES};
    p->from += header->length_bytes;
    return true;
}
