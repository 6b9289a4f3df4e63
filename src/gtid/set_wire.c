#include "base/cursor.h"
#include "gtid/set_private.h"

/* The first word of the form with tags: the format at both ends, the count between them, so that an old server sees a count that
 * it cannot believe. */
#define TAGGED_FORMAT UINT64_C(1)

static void append_u64(GByteArray *out, uint64_t v)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)(v >> (8 * i));
    g_byte_array_append(out, bytes, 8);
}

void rw_gtid_set_encode(const rw_gtid_set *set, GByteArray *out)
{
    bool tagged = rw_gtid_set_has_tags(set);
    uint64_t n = set->groups->len;
    append_u64(out, tagged ? TAGGED_FORMAT << 56 | n << 8 | TAGGED_FORMAT : n);
    for (unsigned g = 0; g < n; g++) {
        const rw_gtid_group *group = rw_gtid_set_group(set, g);
        g_byte_array_append(out, group->source.uuid, 16);
        if (tagged) {
            uint8_t length = (uint8_t)strlen(group->source.tag), shifted = (uint8_t)(length << 1);
            g_byte_array_append(out, &shifted, 1);
            g_byte_array_append(out, (const uint8_t *)group->source.tag, length);
        }
        append_u64(out, group->intervals->len);
        for (unsigned i = 0; i < group->intervals->len; i++) {
            append_u64(out, rw_gtid_group_interval(group, i)->from);
            append_u64(out, rw_gtid_group_interval(group, i)->to);
        }
    }
}

static bool decode_tag(rw_cursor *c, char tag[RW_GTID_TAG_MAX + 1])
{
    uint8_t shifted = rw_cursor_u8(c);
    if (shifted & 1 || shifted >> 1 > RW_GTID_TAG_MAX) return false;
    rw_slice text = rw_cursor_take(c, shifted >> 1);
    for (size_t i = 0; i < text.len; i++) {
        char ch = (char)text.data[i];
        if (ch != '_' && !g_ascii_islower(ch) && (i == 0 || !g_ascii_isdigit(ch))) return false;
        tag[i] = ch;
    }
    tag[text.len] = '\0';
    return !c->bad;
}

static bool decode_group(rw_cursor *c, bool tagged, rw_gtid_set *set)
{
    rw_gtid_source source = {.tag = ""};
    rw_slice uuid = rw_cursor_take(c, 16);
    if (!uuid.data) return false;
    memcpy(source.uuid, uuid.data, 16);
    if (tagged && !decode_tag(c, source.tag)) return false;
    uint64_t n = rw_cursor_u64(c);
    /* The count is not believed: it is the bytes that end the loop. */
    for (uint64_t i = 0; i < n && !c->bad; i++) {
        rw_gtid_interval interval = {.from = rw_cursor_u64(c)};
        interval.to = rw_cursor_u64(c);
        if (c->bad || !interval.from || interval.to <= interval.from || interval.to - 1 > RW_GTID_NUMBER_MAX) return false;
        rw_gtid_set_add_interval(set, &source, interval);
    }
    return !c->bad;
}

rw_gtid_set *rw_gtid_set_decode(rw_slice binary, GError **error)
{
    g_autoptr(rw_gtid_set) set = rw_gtid_set_new();
    rw_cursor c = rw_cursor_of(binary.data ? binary : rw_slice_str(""));
    uint64_t n = rw_cursor_u64(&c);
    bool tagged = n >> 56 == TAGGED_FORMAT && (n & 0xff) == TAGGED_FORMAT;
    if (tagged) n = n >> 8 & UINT64_C(0xffffffffffff);
    bool good = !c.bad;
    for (uint64_t g = 0; g < n && good; g++) good = decode_group(&c, tagged, set);
    if (good && !rw_cursor_left(&c)) return g_steal_pointer(&set);
    rw_fail(error, RW_ERR_STOP, "GTID set in binary form: not understood at byte %zu of %zu; the server is of a newer kind than Ringway knows, or the log is damaged",
            binary.len - (size_t)(c.end - c.p), binary.len);
    return NULL;
}
