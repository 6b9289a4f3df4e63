/* fuzz_json: any bytes as a MySQL binary JSON document. The text may not grow out of proportion to the document. */
#include "change/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum { TEXT_PER_BYTE_MAX = 400 }; /* a double in an entry of three bytes is the longest */
    g_autoptr(GString) out = g_string_new(NULL);
    rw_text_json(out, (rw_slice){data, n});
    g_assert_cmpuint(out->len, <=, (n + 1) * TEXT_PER_BYTE_MAX);
    return 0;
}
