/* fuzz_decode: a log file, cut into events, decoded to every value of every row. In: the file without its first four bytes, or with.
 *
 * What is decoded does not matter; that nothing reads or writes outside, hangs or leaks does. Checksums are not verified, so that
 * changed bytes get further than the first check. Real logs are seeds as they are; an odd length makes it a stream instead of a file.
 */
#include "../unit/flow/decode/file.h"
#include "flow/decode/decoder.h"
#include "change/rows.h"
#include "change/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { COLUMNS_MAX = 4096 };

static void render(const rw_table *table, rw_slice image, GString *out)
{
    static rw_slice columns[COLUMNS_MAX];
    if (!image.data || !rw_image_split(table, image, columns)) return;
    for (unsigned i = 0; i < table->n_columns; i++) {
        rw_column_problem(&table->columns[i]);
        g_string_truncate(out, 0);
        if (columns[i].data) rw_value_text(&table->columns[i], columns[i], out);
    }
}

static void take(rw_event *event, GString *out)
{
    rw_slice before, after;
    bool bad;
    if (event->kind == RW_EVENT_GTID) g_assert_cmpuint(strnlen(event->gtid.gtid, sizeof event->gtid.gtid), <, sizeof event->gtid.gtid);
    if (event->kind != RW_EVENT_ROWS) return;
    while (rw_rows_next(&event->rows, &before, &after, &bad)) {
        if (event->rows.full_before) render(event->rows.table, before, out);
        if (event->rows.full_after) render(event->rows.table, after, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rw_slice rest = {data, n}, bytes;
    if (n >= 4 && memcmp(data, "\xfe" "bin", 4) == 0) rest = (rw_slice){data + 4, n - 4};
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = n & 1});
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    rw_event event;
    while (!error && log_cut_event(&rest, &bytes) && rw_decoder_feed(decoder, bytes, &error))
        while (rw_decoder_next(decoder, &event, &error)) take(&event, out);
    rw_decoder_free(decoder);
    return 0;
}
