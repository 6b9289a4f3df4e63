/* fuzz_writers: any bytes as the writers of a window. What is accepted names only transactions that are there, and is encoded to bytes that
 * are accepted again and stay as they are. */
#include "conflict/writers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rw_writers w;
    rw_writers_init(&w);
    if (rw_writers_decode(&w, rw_slice_of(data, n))) {
        g_autoptr(GByteArray) first = g_byte_array_new();
        g_autoptr(GByteArray) second = g_byte_array_new();
        for (guint i = 0; i < w.items->len; i++) g_assert_cmpuint(g_array_index(w.items, rw_window_item, i).txn, <, w.txns->len);
        rw_writers_encode(&w, first);
        g_assert_true(rw_writers_decode(&w, rw_slice_of(first->data, first->len)));
        rw_writers_encode(&w, second);
        g_assert_cmpmem(first->data, first->len, second->data, second->len);
    }
    rw_writers_clear(&w);
    return 0;
}
