/* bench-decode FILE...: decodes binary log files whole, CRC32 checked, every row image walked and split, and says how fast.
 *
 * -r N repeats each file N times; -n leaves the checksums unchecked; -t renders every value to text as well.
 */
#include "../tests/unit/flow/decode/file.h"
#include "base/clock.h"
#include "flow/decode/decoder.h"
#include "change/rows.h"
#include "change/value.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    bool checksum, text;
    int repeat;
} settings;

typedef struct {
    uint64_t bytes, events, images, values;
    GString *text;
} totals;

enum { COLUMNS_MAX = 4096 };

static bool take_image(const rw_table *table, rw_slice image, const settings *s, totals *t)
{
    static rw_slice columns[COLUMNS_MAX];
    if (!image.data) return true;
    if (!rw_image_split(table, image, columns)) return false;
    t->images++;
    t->values += table->n_columns;
    for (unsigned i = 0; s->text && i < table->n_columns; i++) {
        if (!columns[i].data || rw_column_problem(&table->columns[i])) continue;
        g_string_truncate(t->text, 0);
        if (!rw_value_text(&table->columns[i], columns[i], t->text)) return false;
    }
    return true;
}

static bool take_rows(rw_rows *rows, const settings *s, totals *t, GError **error)
{
    rw_slice before, after;
    bool bad, fits = true;
    while (fits && rw_rows_next(rows, &before, &after, &bad))
        fits = (!rows->full_before || take_image(rows->table, before, s, t)) && (!rows->full_after || take_image(rows->table, after, s, t));
    if (fits && !bad) return true;
    return rw_fail(error, RW_ERR_STOP, "rows of %s.%s do not fit its definition", rows->table->schema, rows->table->name);
}

static bool decode(const char *path, const settings *s, totals *t, GError **error)
{
    log_file file;
    if (!log_file_open(&file, path, error)) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.checksum = s->checksum});
    rw_slice event;
    rw_event meaning;
    GError *failure = NULL;
    while (!failure && log_cut_event(&file.rest, &event) && rw_decoder_feed(decoder, event, &failure)) {
        t->bytes += event.len;
        while (!failure && rw_decoder_next(decoder, &meaning, &failure)) {
            t->events++;
            if (meaning.kind == RW_EVENT_ROWS) take_rows(&meaning.rows, s, t, &failure);
        }
    }
    rw_decoder_free(decoder);
    log_file_close(&file);
    if (failure) g_propagate_error(error, failure);
    return failure == NULL;
}

int main(int argc, char **argv)
{
    settings s = {.checksum = true, .repeat = 1};
    int status = EXIT_SUCCESS, i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (argv[i][1] == 'n') s.checksum = false;
        if (argv[i][1] == 't') s.text = true;
        if (argv[i][1] == 'r' && i + 1 < argc) s.repeat = atoi(argv[++i]);
    }
    if (i == argc) fprintf(stderr, "usage: %s [-n] [-t] [-r N] FILE...\n", argv[0]);
    for (; i < argc; i++) {
        totals t = {.text = g_string_new(NULL)};
        g_autoptr(GError) error = NULL;
        gint64 start_us = rw_clock_us();
        for (int n = 0; n < s.repeat && !error; n++) decode(argv[i], &s, &t, &error);
        double seconds = (double)MAX(rw_clock_us() - start_us, 1) / G_USEC_PER_SEC;
        printf("%s: %.0f MB/s, %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT " row images, %" G_GUINT64_FORMAT " values, %.3f s\n",
               argv[i], (double)t.bytes / 1e6 / seconds, t.bytes, t.events, t.images, t.values, seconds);
        if (error) printf("%s: %s\n", argv[i], error->message), status = EXIT_FAILURE;
        g_string_free(t.text, TRUE);
    }
    return status;
}
