#include "flow/fingerprint.h"

#include <xxhash.h>

struct rw_fingerprint {
    XXH3_state_t *content;  /* of the transaction under way */
    bool in_group;          /* a COMMIT will end it */
    bool has_rows;
    uint64_t table;         /* hash of the definition of the table whose rows came last, */
    rw_op op;               /* and what they were */
    uint64_t from_bytes;    /* where the transaction under way begins; 0: it has not */
    rw_mark mark;
};

rw_fingerprint *rw_fingerprint_new(const rw_mark *start)
{
    rw_fingerprint *f = g_new0(rw_fingerprint, 1);
    f->content = XXH3_createState();
    f->mark = *start;
    XXH3_64bits_reset(f->content);
    return f;
}

void rw_fingerprint_free(rw_fingerprint *f)
{
    if (!f) return;
    XXH3_freeState(f->content);
    g_free(f);
}

const rw_mark *rw_fingerprint_mark(const rw_fingerprint *f) { return &f->mark; }

static void add(rw_fingerprint *f, const void *bytes, size_t n) { XXH3_64bits_update(f->content, bytes, n); }

/* With its length, so that no text runs into the next one. */
static void add_text(rw_fingerprint *f, rw_slice text)
{
    uint64_t n = text.len;
    add(f, &n, sizeof n);
    if (n) add(f, text.data, n);
}

/* Tables are named where they change, not once an event: nodes may cut rows into events differently. */
static void add_rows(rw_fingerprint *f, const rw_rows *rows)
{
    if (!f->has_rows || f->table != rows->table->hash || f->op != rows->op) {
        const uint8_t op = (uint8_t)rows->op;
        add_text(f, rw_slice_str(rows->table->schema));
        add_text(f, rw_slice_str(rows->table->name));
        add(f, &op, 1);
    }
    f->has_rows = true;
    f->table = rows->table->hash;
    f->op = rows->op;
    add(f, rows->rest.p, rw_cursor_left(&rows->rest));
}

static void begin(rw_fingerprint *f, bool in_group)
{
    f->in_group = in_group;
    f->has_rows = false;
    f->from_bytes = 0;
    XXH3_64bits_reset(f->content);
}

/* What stands alone has no number; before the first anchor there is nothing to count from. */
static bool end_statement(rw_fingerprint *f)
{
    if (f->mark.number) {
        const uint64_t chain[] = {f->mark.since, XXH3_64bits_digest(f->content)};
        f->mark.since = XXH3_64bits(chain, sizeof chain);
        f->mark.n_since++;
    }
    begin(f, false);
    return f->mark.number != 0;
}

static bool end_group(rw_fingerprint *f, uint64_t number, rw_local *local)
{
    if (!number && f->has_rows) *local = RW_LOCAL_UNNUMBERED;
    if (number && number <= f->mark.number) *local = RW_LOCAL_DESCENDS;
    if (number) f->mark = (rw_mark){.number = number, .content = XXH3_64bits_digest(f->content), .from_bytes = f->from_bytes};
    begin(f, false);
    return number != 0;
}

static void note_place(rw_fingerprint *f, const rw_event *event)
{
    if (!f->from_bytes && event->end_offset_bytes > event->size_bytes) f->from_bytes = event->end_offset_bytes - event->size_bytes;
}

bool rw_fingerprint_event(rw_fingerprint *f, const rw_event *event, rw_local *local)
{
    *local = RW_LOCAL_NOT;
    switch (event->kind) {
    case RW_EVENT_GTID:
        begin(f, event->gtid.group);
        note_place(f, event);
        return false;
    case RW_EVENT_BEGIN: f->in_group = true; return false;
    case RW_EVENT_ROWS: add_rows(f, &event->rows); return false;
    case RW_EVENT_QUERY:
        add_text(f, event->query.schema);
        add_text(f, event->query.statement);
        return !f->in_group && end_statement(f);
    case RW_EVENT_COMMIT: return end_group(f, event->xid, local);
    case RW_EVENT_ROLLBACK: begin(f, false); return false;
    case RW_EVENT_FORMAT:
        if (event->format.server_started) begin(f, false); /* the server died in the middle of what came before */
        return false;
    case RW_EVENT_ROTATE:
        if (event->timestamp_s) f->mark.from_bytes = 0; /* the one at a stream's beginning is not of the log */
        return false;
    case RW_EVENT_HEARTBEAT:
    case RW_EVENT_SAVEPOINT: break;
    }
    return false;
}
