/* fuzz_gtid: texts and binary forms of GTID sets and positions.
 *
 * What must hold: no crash; what is accepted is formatted to a text that is accepted again and stays as it is; a set survives its
 * binary form; a set is a subset of itself and of every union with it.
 */
#include "gtid/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(rw_gtid_kind kind, const char *text)
{
    g_auto(rw_gtid_state) state = {0}, again = {0};
    if (!rw_gtid_state_parse(&state, kind, text, NULL)) return;
    g_autofree char *first = rw_gtid_state_format(&state);
    if (!rw_gtid_state_parse(&again, kind, first, NULL)) abort();
    g_autofree char *second = rw_gtid_state_format(&again);
    if (!g_str_equal(first, second)) abort();
}

static void check_set(const rw_gtid_set *set)
{
    g_autofree char *text = rw_gtid_set_format(set);
    g_autoptr(GByteArray) wire = g_byte_array_new();
    rw_gtid_set_encode(set, wire);
    g_autoptr(rw_gtid_set) back = rw_gtid_set_decode(rw_slice_of(wire->data, wire->len), NULL), read = rw_gtid_set_parse(text, NULL);
    if (!back || !read || !rw_gtid_set_is_subset(set, back) || !rw_gtid_set_is_subset(back, set)) abort();
    rw_gtid_set_union(read, set);
    g_autofree char *after = rw_gtid_set_format(read);
    if (!g_str_equal(text, after)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    check_text(RW_GTID_MYSQL, text);
    check_text(RW_GTID_MARIADB, text);
    g_autoptr(rw_gtid_set) decoded = rw_gtid_set_decode(rw_slice_of(data, size), NULL);
    if (decoded && !rw_gtid_set_is_empty(decoded)) check_set(decoded);
    g_autoptr(rw_gtid_set) parsed = rw_gtid_set_parse(text, NULL);
    if (parsed) check_set(parsed);
    g_autoptr(rw_gtid_set) grown = rw_gtid_set_new();
    if (rw_gtid_set_add(grown, text, NULL) && !rw_gtid_set_contains(grown, text)) abort();
    return 0;
}
