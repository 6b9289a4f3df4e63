/* gtid_event: what begins a transaction: MySQL's GTID events, plain, anonymous and tagged, and MariaDB's. */
#include "flow/decode/events.h"

enum { UUID_BYTES = 16, TAG_BYTES_MAX = 32 };

static char *put_number(char *to, uint64_t n)
{
    char digits[20];
    unsigned i = sizeof digits;
    do digits[--i] = (char)('0' + n % 10); while (n /= 10);
    memcpy(to, digits + i, sizeof digits - i);
    return to + (sizeof digits - i);
}

static char *put_uuid(char *to, const uint8_t *uuid)
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
        *to++ = hex[uuid[i] >> 4];
        *to++ = hex[uuid[i] & 15];
    }
    return to;
}

static void put_gtid(rw_event *out, const uint8_t *uuid, rw_slice tag, uint64_t number)
{
    char *to = put_uuid(out->gtid.gtid, uuid);
    if (tag.len > 0) {
        *to++ = ':';
        memcpy(to, tag.data, tag.len);
        to += tag.len;
    }
    *to++ = ':';
    *put_number(to, number) = '\0';
}

static void begin_gtid(const rw_event_header *header, rw_event *out)
{
    out->kind = RW_EVENT_GTID;
    out->gtid.gtid[0] = '\0';
    out->gtid.commit_us = (uint64_t)header->timestamp_s * G_USEC_PER_SEC;
    out->gtid.standalone = out->gtid.ddl = out->gtid.group = false;
}

/* Logical timestamps and commit times were added at the end over the years: what is missing is an older server's. A replica logs when it
 * committed and, behind it, when the transaction was committed first: that one is the same in every host's log, so it is what counts. */
rw_outcome rw_event_gtid(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)decoder, (void)error;
    enum { ANONYMOUS = 34, LOGICAL_CLOCK = 2, COMMIT_TIME_BYTES = 7, ORIGINAL_FOLLOWS = 55 };
    begin_gtid(header, out);
    rw_cursor_u8(body);
    rw_slice uuid = rw_cursor_take(body, UUID_BYTES);
    uint64_t number = rw_cursor_u64(body);
    if (body->bad) return RW_DROPS;
    if (header->type != ANONYMOUS) put_gtid(out, uuid.data, (rw_slice){NULL, 0}, number);
    if (rw_cursor_left(body) == 0 || rw_cursor_u8(body) != LOGICAL_CLOCK) return RW_GIVES;
    rw_cursor_take(body, 16);
    if (rw_cursor_left(body) < COMMIT_TIME_BYTES) return RW_GIVES;
    uint64_t here = rw_cursor_le(body, COMMIT_TIME_BYTES), flag = (uint64_t)1 << ORIGINAL_FOLLOWS, first = 0;
    if (here & flag && rw_cursor_left(body) >= COMMIT_TIME_BYTES) first = rw_cursor_le(body, COMMIT_TIME_BYTES);
    out->gtid.commit_us = first ? first : here & (flag - 1); /* 0: not known */
    return RW_GIVES;
}

/* MySQL's serialization format: as many low one-bits in the first byte as bytes follow it. */
static uint64_t varint(rw_cursor *c)
{
    uint8_t first = rw_cursor_u8(c);
    unsigned more = (unsigned)__builtin_ctz(~(unsigned)first);
    uint64_t rest = rw_cursor_le(c, more);
    if (more >= 7) return rest;
    return (uint64_t)first >> (more + 1) | rest << (7 - more);
}

static uint64_t varint_signed(rw_cursor *c)
{
    uint64_t v = varint(c);
    return v >> 1 ^ (0 - (v & 1));
}

typedef struct {
    uint8_t uuid[UUID_BYTES];
    rw_slice tag;
    uint64_t number, commit_us;
} tagged;

/* false: a field that this version does not know; fields stand in the order of their numbers, so nothing that is needed follows. */
static bool tagged_field(rw_cursor *c, tagged *t)
{
    enum { FLAGS, UUID, NUMBER, TAG, LAST_COMMITTED, SEQUENCE_NUMBER, COMMIT_TIME, ORIGINAL_COMMIT_TIME };
    switch (varint(c)) {
    case FLAGS: varint(c); return true;
    case UUID:
        for (unsigned i = 0; i < UUID_BYTES; i++) t->uuid[i] = (uint8_t)varint(c);
        return true;
    case NUMBER: t->number = varint_signed(c); return true;
    case TAG:
        t->tag = rw_cursor_take(c, varint(c));
        if (t->tag.len > TAG_BYTES_MAX) c->bad = true;
        return true;
    case LAST_COMMITTED: case SEQUENCE_NUMBER: varint_signed(c); return true;
    case COMMIT_TIME: t->commit_us = varint(c); return true;
    case ORIGINAL_COMMIT_TIME: {
        uint64_t first = varint(c);
        if (first) t->commit_us = first;
        return false;
    }
    default: return false;
    }
}

rw_outcome rw_event_gtid_tagged(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)decoder, (void)error;
    begin_gtid(header, out);
    const uint8_t *start = body->p;
    uint64_t version = varint(body), bytes = varint(body);
    varint(body); /* the last field that must be known: all that this version reads are older */
    if (body->bad || version != 1 || bytes < (uint64_t)(body->p - start) || bytes > (uint64_t)(body->end - start)) return RW_FAILS;
    rw_cursor c = {body->p, start + bytes, false};
    tagged t = {.commit_us = out->gtid.commit_us};
    while (rw_cursor_left(&c) > 0 && tagged_field(&c, &t)) {}
    body->bad |= c.bad;
    if (body->bad) return RW_DROPS;
    put_gtid(out, t.uuid, t.tag, t.number);
    out->gtid.commit_us = t.commit_us;
    return RW_GIVES;
}

enum {
    FL_STANDALONE = 1, FL_GROUP_COMMIT_ID = 2, FL_DDL = 32, FL_PREPARED_XA = 64, FL_COMPLETED_XA = 128,
    FL_EXTRA_MULTI_ENGINE = 1, FL_START_ALTER = 2, FL_COMMIT_ALTER = 4, FL_ROLLBACK_ALTER = 8,
};

/* Flags that came with 10.8, after fields that depend on the older ones; the event is padded with zeros where it would be too short. */
static uint8_t mariadb_extra_flags(rw_cursor *body, uint8_t flags)
{
    if (flags & FL_GROUP_COMMIT_ID) rw_cursor_u64(body);
    if (flags & (FL_PREPARED_XA | FL_COMPLETED_XA)) {
        rw_cursor_u32(body);
        uint8_t gtrid_bytes = rw_cursor_u8(body), bqual_bytes = rw_cursor_u8(body);
        rw_cursor_take(body, (uint64_t)gtrid_bytes + bqual_bytes);
    }
    return rw_cursor_left(body) > 0 ? rw_cursor_u8(body) : 0;
}

rw_outcome rw_event_gtid_mariadb(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)decoder;
    begin_gtid(header, out);
    uint64_t number = rw_cursor_u64(body);
    uint32_t domain = rw_cursor_u32(body);
    uint8_t flags = rw_cursor_u8(body);
    uint8_t extra = mariadb_extra_flags(body, flags);
    if (flags & FL_PREPARED_XA) {
        rw_fail(error, RW_ERR_STOP, "XA_PREPARE (MariaDB GTID %u-%u-%" G_GUINT64_FORMAT "): XA transactions are not replicated; commit them at the source without XA",
                domain, header->server_id, number);
        return RW_FAILS;
    }
    if (extra & (FL_START_ALTER | FL_COMMIT_ALTER | FL_ROLLBACK_ALTER)) {
        rw_fail(error, RW_ERR_STOP, "ALTER in two parts (MariaDB GTID %u-%u-%" G_GUINT64_FORMAT ") is not understood; set binlog_alter_two_phase=OFF at the source",
                domain, header->server_id, number);
        return RW_FAILS;
    }
    char *to = put_number(out->gtid.gtid, domain);
    *to++ = '-';
    to = put_number(to, header->server_id);
    *to++ = '-';
    *put_number(to, number) = '\0';
    out->gtid.standalone = flags & FL_STANDALONE;
    out->gtid.group = !out->gtid.standalone;
    out->gtid.ddl = flags & FL_DDL;
    return RW_GIVES;
}
