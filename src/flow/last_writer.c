#include "flow/last_writer.h"

#include "change/rows.h"
#include "flow/apply/rowsql.h"
#include "flow/decode/decoder.h"

enum { SEARCHED_BYTES = 128 * 1024 * 1024 };

typedef struct {
    const rw_conf *conf;
    const char *table, *key;
    rw_connection *connection;
    rw_table *bound_table;
    rw_binding *binding; /* of bound_table; NULL: it cannot be bound */
    rw_row_scratch scratch;
    GString *shown;
    char *file, *current, *found;
} search;

static bool is_table(const search *s, const rw_table *table)
{
    g_autofree char *name = g_strdup_printf("%s.%s", table->schema, table->name);
    return strcmp(name, s->table) == 0;
}

static const rw_binding *binding_of(search *s, rw_table *table)
{
    if (s->bound_table != table) {
        g_clear_pointer(&s->binding, rw_binding_free);
        if (s->bound_table) rw_table_unref(s->bound_table);
        s->bound_table = rw_table_ref(table);
        s->binding = rw_bind(table, s->connection, (rw_bind_options){s->connection->dialect, s->conf, true}, NULL);
    }
    return s->binding;
}

static bool is_row(search *s, const rw_binding *b, rw_slice image)
{
    const rw_slice *columns = image.data ? rw_row_split(&s->scratch, b, image) : NULL;
    if (!columns) return false;
    g_string_truncate(s->shown, 0);
    rw_row_describe(&s->scratch, b, columns, NULL, (rw_row_view){.key_only = true, .shown_bytes = 80}, s->shown);
    return strcmp(s->shown->str, s->key) == 0;
}

static void see_rows(search *s, rw_rows rows)
{
    rw_slice before, after;
    bool bad = false;
    if (!is_table(s, rows.table) || (rows.op != RW_INSERT && !rows.full_before) || (rows.op != RW_DELETE && !rows.full_after)) return;
    const rw_binding *b = binding_of(s, rows.table);
    while (b && rw_rows_next(&rows, &before, &after, &bad)) {
        if (!is_row(s, b, before) && !is_row(s, b, after)) continue;
        g_free(s->found);
        s->found = g_strdup(s->current);
    }
}

static void see(search *s, const rw_event *event)
{
    if (event->kind == RW_EVENT_ROTATE) {
        g_free(s->file);
        s->file = g_strndup((const char *)event->place.file.data, event->place.file.len);
    } else if (event->kind == RW_EVENT_GTID) {
        g_free(s->current);
        s->current = *event->gtid.gtid ? g_strdup(event->gtid.gtid)
                                       : g_strdup_printf("%s:%" G_GUINT64_FORMAT, s->file, event->end_offset_bytes - event->size_bytes);
    } else if (event->kind == RW_EVENT_ROWS) {
        see_rows(s, event->rows);
    }
}

/* The oldest of the newest log files that hold SEARCHED_BYTES together. */
static char *first_file(rw_connection *connection)
{
    g_autoptr(rw_result) rows = rw_connection_query(connection, "SHOW BINARY LOGS", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    rw_slice c[2];
    while (rows && rw_result_next(rows, c, 2)) {
        uint64_t size = rw_cell_number(c[1]);
        g_ptr_array_add(names, rw_cell_text(c[0]));
        g_array_append_val(sizes, size);
    }
    uint64_t total = 0;
    guint i = names->len;
    while (i > 0 && (total += g_array_index(sizes, uint64_t, i - 1)) <= SEARCHED_BYTES) i--;
    return i < names->len ? g_strdup(g_ptr_array_index(names, i)) : names->len ? g_strdup(g_ptr_array_index(names, names->len - 1)) : NULL;
}

static void walk(search *s, const rw_endpoint *at, rw_stream_limits limits)
{
    rw_dump_start start = {.file = s->file, .offset_bytes = 4, .once = true};
    g_autoptr(rw_stream) stream = rw_stream_open(at, limits, &start, NULL);
    if (!stream) return;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    g_autoptr(GError) failure = NULL;
    rw_slice bytes;
    rw_event event;
    while (!failure && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) {
        if (!rw_decoder_feed(decoder, bytes, &failure)) break;
        while (rw_decoder_next(decoder, &event, &failure)) see(s, &event);
    }
    if (failure) g_clear_pointer(&s->found, g_free); /* what came later was not seen */
    rw_decoder_free(decoder);
}

char *rw_last_writer(const rw_conf *conf, const rw_endpoint *at, rw_stream_limits limits, const char *table, const char *key, rw_connection *connection)
{
    search s = {.conf = conf, .table = table, .key = key, .connection = connection, .file = first_file(connection)};
    rw_row_scratch_init(&s.scratch);
    s.shown = g_string_new(NULL);
    if (s.file) walk(&s, at, limits);
    g_clear_pointer(&s.binding, rw_binding_free);
    if (s.bound_table) rw_table_unref(s.bound_table);
    rw_row_scratch_clear(&s.scratch);
    g_string_free(s.shown, TRUE);
    g_free(s.file);
    g_free(s.current);
    return s.found;
}
