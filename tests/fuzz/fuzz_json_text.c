/* Two texts, divided by the first NUL byte (without one, the whole text and the text with white space around it).
 * Holds: nothing is read outside of them; the order of the two does not matter; every text is the same as itself; white space around
 * a text counts exactly if the text is not JSON, and so it must count the same after the text is put into an array. */
#include "change/json_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rw_slice own(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + !len);
    if (!copy) abort();
    if (len) memcpy(copy, data, len);
    return rw_slice_of(copy, len);
}

static rw_slice between(const char *before, rw_slice text, const char *after)
{
    size_t head = strlen(before), tail = strlen(after);
    uint8_t *joined = malloc(head + text.len + tail);
    if (!joined) abort();
    memcpy(joined, before, head);
    memcpy(joined + head, text.data, text.len);
    memcpy(joined + head + text.len, after, tail);
    return rw_slice_of(joined, head + text.len + tail);
}

static void give_back(rw_slice text) { free((void *)(uintptr_t)text.data); }

static void check(bool holds)
{
    if (!holds) abort();
}

static void fuzz_pair(rw_slice a, rw_slice b)
{
    bool same = rw_json_text_equal(a, b);
    check(rw_json_text_equal(b, a) == same);
    check(rw_json_text_equal(a, a));
    rw_slice spaced = between(" ", b, "\n");
    bool same_spaced = rw_json_text_equal(a, spaced);
    if (same && !rw_slice_equal(a, b)) check(same_spaced);
    give_back(spaced);
}

static void fuzz_one(rw_slice a)
{
    rw_slice spaced = between("\t", a, " "), in_array = between("[", a, "]"), in_spaced = between("[ ", a, " ]");
    if (rw_json_text_equal(a, spaced)) {
        /* Valid; one level more may be too deep, but never something else. */
        rw_slice twice = between("{\"a\":0,\"a\":", a, "}"), once = between("{\"a\":", a, "}");
        check(rw_json_text_equal(in_array, in_spaced) == rw_json_text_equal(twice, once));
        give_back(twice);
        give_back(once);
    }
    give_back(spaced);
    give_back(in_array);
    give_back(in_spaced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = size ? memchr(data, 0, size) : NULL;
    rw_slice a = own(data, middle ? (size_t)(middle - data) : size);
    fuzz_one(a);
    if (middle) {
        rw_slice b = own(middle + 1, size - (size_t)(middle + 1 - data));
        fuzz_pair(a, b);
        give_back(b);
    }
    give_back(a);
    return 0;
}
