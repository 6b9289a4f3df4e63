/* log: events of a source's log made by hand, and a router that takes them. Aborts the test where a helper's own expectation does not hold. */
#pragma once
#include "change/table_blob.h"
#include "flow/route/router.h"
#include "server/schema.h"

enum { CHANGE_COLUMNS = RW_CHANGE_COLUMNS_READ + 1 }; /* with one that nobody reads */

typedef struct {
    rw_router *router;
    rw_filter *filter;
    rw_table *shop, *secret, *progress, *session, *change, *origin, *rest;
    GByteArray *image; /* of the row that was made last */
    const char *seen, *carries; /* of the progress rows to come; NULL: "" */
    uint64_t announced_us;      /* stamp of the intents to come */
    unsigned announced_by;      /* their origin */
    uint64_t offset_bytes;
} fixture;

static inline rw_table *table_of(const char *schema, const char *name, const rw_type *types, unsigned n)
{
    rw_table *t = rw_table_new(schema, name, n);
    for (unsigned i = 0; i < n; i++) {
        t->columns[i].type = types[i] ? types[i] : RW_T_TINY;
        if (types[i] == RW_T_VARCHAR) t->columns[i].meta = 255;
        if (types[i] == RW_T_BLOB) t->columns[i].meta = 4;
    }
    return t;
}

/* Filters schema secret. What is not given in s is that of a link from site 1, at the beginning of its log. */
static inline void start_as(fixture *f, rw_router_start s)
{
    static const rw_type id[] = {RW_T_TINY};
    static const rw_type progress[RW_PROGRESS_COLUMNS_READ] = {
        [RW_PROGRESS_LANE] = RW_T_SHORT, [RW_PROGRESS_SEQ] = RW_T_LONGLONG, [RW_PROGRESS_STAMP] = RW_T_LONGLONG, [RW_PROGRESS_SEEN] = RW_T_VARCHAR,
        [RW_PROGRESS_WRITERS] = RW_T_BLOB, [RW_PROGRESS_CARRIES] = RW_T_VARCHAR};
    static const rw_type session[RW_SESSION_COLUMNS] = {[RW_SESSION_LANE] = RW_T_SHORT, [RW_SESSION_CONNECTION] = RW_T_LONGLONG,
                                                        [RW_SESSION_NONCE] = RW_T_LONGLONG, [RW_SESSION_STATEMENT] = RW_T_BLOB, [RW_SESSION_STAMP] = RW_T_LONGLONG};
    static const rw_type origin[RW_ORIGIN_COLUMNS_READ] = {[1] = RW_T_SHORT};
    static const rw_type rest[RW_REST_COLUMNS_READ] = {RW_T_TINY, RW_T_LONGLONG, RW_T_LONGLONG};
    static const rw_type change[CHANGE_COLUMNS] = {RW_T_LONGLONG, RW_T_TINY, RW_T_VARCHAR, RW_T_VARCHAR, RW_T_BLOB, RW_T_BLOB, RW_T_TINY, RW_T_TINY, RW_T_BLOB};
    static const char *const deny[] = {"secret", NULL};
    rw_filter_lists lists = {.schemas_deny = deny};
    f->filter = rw_filter_new(&lists, NULL);
    s.scope = "a->b";
    s.source = 1;
    rw_origins_add(&s.wanted.carries, 1);
    s.filter = s.watch ? NULL : f->filter;
    s.file = "bin.000001";
    f->router = rw_router_new(&s, NULL);
    f->shop = table_of("shop", "t", id, 1);
    f->secret = table_of("secret", "t", id, 1);
    f->progress = table_of(RW_SCHEMA, "progress", progress, RW_PROGRESS_COLUMNS_READ);
    f->session = table_of(RW_SCHEMA, "session", session, RW_SESSION_COLUMNS);
    f->change = table_of(RW_SCHEMA, "change", change, CHANGE_COLUMNS);
    f->origin = table_of(RW_SCHEMA, "origin", origin, RW_ORIGIN_COLUMNS_READ);
    f->rest = table_of(RW_SCHEMA, "rest", rest, RW_REST_COLUMNS_READ);
    f->image = g_byte_array_new();
    f->seen = f->carries = NULL;
    f->announced_us = 0;
    f->announced_by = 2;
    f->offset_bytes = 4;
}

static inline void start(fixture *f) { start_as(f, (rw_router_start){0}); }

static inline void stop(fixture *f)
{
    rw_router_free(f->router);
    rw_filter_free(f->filter);
    rw_table_unref(f->shop);
    rw_table_unref(f->secret);
    rw_table_unref(f->progress);
    rw_table_unref(f->session);
    rw_table_unref(f->change);
    rw_table_unref(f->origin);
    rw_table_unref(f->rest);
    g_byte_array_unref(f->image);
}

/* --- events --- */

static inline rw_route feed(fixture *f, rw_event e)
{
    rw_route route;
    GError *error = NULL;
    if (!e.size_bytes) e.size_bytes = 100;
    f->offset_bytes += e.size_bytes;
    e.end_offset_bytes = f->offset_bytes;
    if (!e.timestamp_s) e.timestamp_s = 1000;
    if (!rw_router_event(f->router, &e, &route, &error)) g_error("%s", error->message);
    return route;
}

static inline char *refused(fixture *f, rw_event e)
{
    rw_route route;
    GError *error = NULL;
    g_assert_false(rw_router_event(f->router, &e, &route, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    char *message = g_strdup(error->message);
    g_error_free(error);
    return message;
}

static inline rw_event gtid_at(const char *text, uint64_t commit_us, bool group)
{
    rw_event e = {.kind = RW_EVENT_GTID};
    g_strlcpy(e.gtid.gtid, text, sizeof e.gtid.gtid);
    e.gtid.commit_us = commit_us;
    e.gtid.group = group;
    return e;
}

static inline rw_event gtid(const char *text, bool group) { return gtid_at(text, 5000, group); }

static inline rw_event query(const char *text, uint32_t thread)
{
    rw_event e = {.kind = RW_EVENT_QUERY};
    e.query.schema = rw_slice_str("shop");
    e.query.statement = rw_slice_str(text);
    e.query.thread_id = thread;
    return e;
}

static const rw_event commit = {.kind = RW_EVENT_COMMIT}, begin = {.kind = RW_EVENT_BEGIN}, server_start = {.kind = RW_EVENT_FORMAT, .format.server_started = true},
                      rollback = {.kind = RW_EVENT_ROLLBACK};

/* --- rows --- */

static inline rw_event rows(rw_table *t, rw_op op, const uint8_t *bytes, size_t n)
{
    rw_event e = {.kind = RW_EVENT_ROWS};
    e.rows = (rw_rows){.table = t, .op = op, .full_before = op != RW_INSERT, .full_after = op != RW_DELETE, .rest = rw_cursor_of(rw_slice_of(bytes, n))};
    return e;
}

static inline rw_event row(rw_table *t)
{
    static const uint8_t image[] = {0, 7};
    return rows(t, RW_INSERT, image, sizeof image);
}

/* An update's two images are the same. */
static inline rw_event image_rows(fixture *f, rw_table *t, rw_op op)
{
    guint n = f->image->len;
    if (op == RW_UPDATE) {
        g_byte_array_set_size(f->image, 2 * n);
        memcpy(f->image->data + n, f->image->data, n);
    }
    return rows(t, op, f->image->data, f->image->len);
}

static inline void put_number(fixture *f, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, v >>= 8) g_byte_array_append(f->image, &(guint8){(guint8)v}, 1);
}

static inline void put_string(fixture *f, rw_slice text, unsigned prefix_bytes)
{
    put_number(f, text.len, prefix_bytes);
    if (text.len) g_byte_array_append(f->image, text.data, (guint)text.len);
}

static inline void put_no_nulls(fixture *f, const rw_table *t)
{
    g_byte_array_set_size(f->image, 0);
    put_number(f, 0, (t->n_columns + 7) / 8);
}

static inline void put_null(fixture *f, unsigned column) { f->image->data[column / 8] |= (guint8)(1 << column % 8); }

/* A row of ringway.progress, of the link from site `source`. writers NULL: none. */
static inline rw_event progress_row(fixture *f, rw_op op, unsigned source, uint64_t stamp_us, const char *writers)
{
    put_no_nulls(f, f->progress);
    for (unsigned i = 0; i < RW_PROGRESS_COLUMNS_READ; i++) {
        switch (i) {
        case RW_PROGRESS_LANE: put_number(f, 0, 2); break;
        case RW_PROGRESS_SEQ: put_number(f, 1, 8); break;
        case RW_PROGRESS_SOURCE: case RW_PROGRESS_ORIGIN: put_number(f, source, 1); break;
        case RW_PROGRESS_STAMP: put_number(f, stamp_us, 8); break;
        case RW_PROGRESS_SEEN: put_string(f, rw_slice_str(f->seen ? f->seen : ""), 1); break;
        case RW_PROGRESS_CARRIES: put_string(f, rw_slice_str(f->carries ? f->carries : ""), 1); break;
        case RW_PROGRESS_WRITERS:
            if (writers) put_string(f, rw_slice_str(writers), 4);
            else put_null(f, i);
            break;
        default: put_number(f, 0, 1);
        }
    }
    return image_rows(f, f->progress, op);
}

static inline rw_event mark(fixture *f, unsigned source) { return progress_row(f, RW_INSERT, source, 1, NULL); }

static inline rw_event intent(fixture *f, uint8_t connection, bool open, const char *statement)
{
    put_no_nulls(f, f->session);
    for (unsigned i = 0; i < RW_SESSION_COLUMNS; i++) {
        switch (i) {
        case RW_SESSION_SOURCE: put_number(f, 2, 1); break;
        case RW_SESSION_LANE: put_number(f, 0, 2); break;
        case RW_SESSION_CONNECTION: put_number(f, connection, 8); break;
        case RW_SESSION_NONCE: put_number(f, 0, 8); break;
        case RW_SESSION_INTENT: put_number(f, open, 1); break;
        case RW_SESSION_ORIGIN: put_number(f, f->announced_by, 1); break;
        case RW_SESSION_STAMP: put_number(f, f->announced_us, 8); break;
        case RW_SESSION_STATEMENT: put_string(f, rw_slice_str(statement), 4); break;
        default: put_number(f, 0, 1);
        }
    }
    return image_rows(f, f->session, RW_INSERT);
}

/* A row of ringway.origin. */
static inline rw_event origin_row(fixture *f, unsigned origin)
{
    put_no_nulls(f, f->origin);
    put_number(f, 2, 1);
    put_number(f, 0, 2);
    put_number(f, origin, 1);
    return image_rows(f, f->origin, RW_UPDATE);
}

/* A row of ringway.rest. */
static inline rw_event rest_row(fixture *f, uint64_t after_us, uint64_t until_us)
{
    put_no_nulls(f, f->rest);
    put_number(f, 2, 1);
    put_number(f, after_us, 8);
    put_number(f, until_us, 8);
    return image_rows(f, f->rest, RW_INSERT);
}

/* A row of ringway.change, of a row of `of`. */
static inline rw_event change_row(fixture *f, rw_op op, const rw_table *of, rw_slice image)
{
    g_autoptr(GByteArray) definition = g_byte_array_new();
    rw_table_encode(of, definition);
    put_no_nulls(f, f->change);
    put_number(f, 1, 8);
    put_number(f, 2, 1);
    put_string(f, rw_slice_str(of->schema), 1);
    put_string(f, rw_slice_str(of->name), 1);
    put_string(f, rw_slice_of(definition->data, definition->len), 4);
    put_string(f, image, 4);
    put_number(f, 0, 1);
    put_number(f, 1, 1);
    put_null(f, RW_CHANGE_AFTER);
    put_number(f, 0, 1);
    return image_rows(f, f->change, op);
}

/* The same, of a change of the window that found the row as wanted. */
static inline rw_event trace_row(fixture *f, const rw_table *of, rw_slice before, rw_slice after)
{
    g_autoptr(GByteArray) definition = g_byte_array_new();
    rw_table_encode(of, definition);
    put_no_nulls(f, f->change);
    put_number(f, 1, 8);
    put_number(f, 2, 1);
    put_string(f, rw_slice_str(of->schema), 1);
    put_string(f, rw_slice_str(of->name), 1);
    put_string(f, rw_slice_of(definition->data, definition->len), 4);
    put_string(f, before, 4);
    put_number(f, 0, 1);
    put_number(f, 0, 1);
    put_string(f, after, 4);
    put_number(f, 0, 1);
    return image_rows(f, f->change, RW_INSERT);
}
