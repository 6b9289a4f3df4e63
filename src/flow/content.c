#include "flow/content.h"

#include "flow/decode/decoder.h"
#include "flow/fingerprint.h"

typedef struct walk walk;
struct walk {
    const rw_log_reader *log;
    rw_fingerprint *prints;
    char *file; /* where the walk is */
    uint64_t offset_bytes;
    bool moved; /* the mark */
    bool (*more)(walk *w); /* after each event of the log: go on? */

    /* of who walks */
    const rw_mark *wanted;
    const char *until_file;
    uint64_t until_bytes;
    bool found_anchor, found_number, left;
    unsigned times;
    char *found_file;
    uint64_t found_bytes;
};

static void clear(walk *w)
{
    rw_fingerprint_free(w->prints);
    g_free(w->file);
    g_free(w->found_file);
}

static void take(walk *w, const rw_event *event)
{
    rw_local ignored;
    if (event->kind == RW_EVENT_ROTATE) {
        g_free(w->file);
        w->file = g_strndup((const char *)event->place.file.data, event->place.file.len);
    }
    w->moved |= rw_fingerprint_event(w->prints, event, &ignored);
}

/* From a place in a file to the end of the log, or as long as more() says. */
static bool run_from(walk *w, const char *file, uint64_t offset_bytes, GError **error)
{
    static const rw_mark none = {0};
    rw_dump_start start = {.file = file, .offset_bytes = offset_bytes, .once = true};
    g_autoptr(rw_stream) stream = rw_stream_open(w->log->at, w->log->limits, &start, error);
    if (!stream) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    GError *failure = NULL;
    rw_slice bytes;
    rw_event event;
    bool more = true;
    g_free(w->file);
    w->file = g_strdup(file);
    w->prints = rw_fingerprint_new(&none);
    while (more && !failure && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) {
        w->moved = false;
        if (!rw_decoder_feed(decoder, bytes, &failure)) break;
        while (rw_decoder_next(decoder, &event, &failure)) take(w, &event);
        w->offset_bytes = rw_decoder_place(decoder);
        more = !failure && w->more(w) && rw_connection_keep(w->log->session, &failure);
    }
    rw_decoder_free(decoder);
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

static bool run(walk *w, const char *file, GError **error) { return run_from(w, file, 4, error); }

/* --- files --- */

static bool until_number(walk *w) { return !w->moved; }

/* The first number in a file, or behind it; 0: none. */
static bool first_number(const rw_log_reader *log, const char *file, uint64_t *number, GError **error)
{
    walk w = {.log = log, .more = until_number};
    bool ok = run(&w, file, error);
    if (ok) *number = rw_fingerprint_mark(w.prints)->number;
    clear(&w);
    return ok;
}

/* *file: the newest one whose first number is not above `number`; borrowed from files; NULL: none. */
static bool find_file(const rw_log_reader *log, const GPtrArray *files, uint64_t number, const char **file, GError **error)
{
    *file = NULL;
    for (guint i = files->len; !*file && i-- > 0;) {
        uint64_t first = 0;
        if (!first_number(log, g_ptr_array_index(files, i), &first, error)) return false;
        if (first && first <= number) *file = g_ptr_array_index(files, i);
    }
    return true;
}

/* --- find --- */

static bool compare(walk *w)
{
    const rw_mark *here = rw_fingerprint_mark(w->prints), *wanted = w->wanted;
    if (!w->moved) return true;
    bool anchor = here->number == wanted->number && here->content == wanted->content;
    if (here->number == wanted->number) w->found_number = true;
    if (anchor) w->found_anchor = true;
    if (w->found_anchor && (!anchor || here->n_since > wanted->n_since)) w->left = true;
    if (!rw_mark_equal(here, wanted)) return true;
    w->times++;
    g_free(w->found_file);
    w->found_file = g_strdup(w->file);
    w->found_bytes = w->offset_bytes;
    return true;
}

/* committed: what the node said before its log was read. */
static rw_content_answer verdict(const walk *w, bool begins_before, bool committed)
{
    if (w->times) return w->times == 1 ? RW_CONTENT_FOUND : RW_CONTENT_TWICE;
    if (w->found_anchor) return w->left ? RW_CONTENT_LEAVES : RW_CONTENT_BEHIND;
    if (w->found_number) return RW_CONTENT_OTHER;
    if (!committed) return RW_CONTENT_BEHIND;
    return begins_before ? RW_CONTENT_LACKS : RW_CONTENT_GONE;
}

static bool has_committed(rw_connection *session, uint64_t number, bool *committed, GError **error)
{
    GError *failure = NULL;
    g_autofree char *last = rw_connection_value(session, session->dialect->sql_cluster_number, &failure);
    *committed = last && g_ascii_strtoull(last, NULL, 10) >= number;
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

bool rw_content_find(const rw_log_reader *log, const rw_mark *mark, rw_content_answer *answer, char **file, uint64_t *offset_bytes, GError **error)
{
    bool committed = false;
    const char *from = NULL;
    if (!has_committed(log->session, mark->number, &committed, error)) return false;
    g_autoptr(GPtrArray) files = rw_log_files(log->session, error);
    if (!files || !find_file(log, files, mark->number, &from, error)) return false;
    walk w = {.log = log, .more = compare, .wanted = mark};
    bool ok = !from || run(&w, from, error);
    if (ok) {
        *answer = verdict(&w, from != NULL, committed);
        *file = *answer == RW_CONTENT_FOUND ? g_steal_pointer(&w.found_file) : NULL;
        *offset_bytes = w.found_bytes;
    }
    clear(&w);
    return ok;
}

/* --- places that are known --- */

static bool until_place(walk *w) { return strcmp(w->file, w->until_file) != 0 || w->offset_bytes < w->until_bytes; }

/* What is no place in this log any more is refused by the server, or by the decoder. */
bool rw_content_holds(const rw_log_reader *log, const rw_mark *mark, const char *file, uint64_t offset_bytes, bool *holds, GError **error)
{
    GError *failure = NULL;
    walk w = {.log = log, .more = until_place, .until_file = file, .until_bytes = offset_bytes};
    *holds = false;
    if (!mark->from_bytes || mark->from_bytes >= offset_bytes) return true;
    if (run_from(&w, file, mark->from_bytes, &failure)) *holds = w.offset_bytes == offset_bytes && strcmp(w.file, file) == 0 && rw_mark_equal(rw_fingerprint_mark(w.prints), mark);
    clear(&w);
    if (!failure || g_error_matches(failure, RW_ERROR, RW_ERR_STOP)) {
        g_clear_error(&failure);
        return true;
    }
    g_propagate_error(error, failure);
    return false;
}

bool rw_content_mark_at(const rw_log_reader *log, const char *file, uint64_t offset_bytes, rw_mark *mark, GError **error)
{
    g_autoptr(GPtrArray) files = rw_log_files(log->session, error);
    guint i = 0;
    *mark = (rw_mark){0};
    if (!files || !g_ptr_array_find_with_equal_func(files, file, g_str_equal, &i)) return files != NULL;
    for (i++; !mark->number && i-- > 0;) {
        walk w = {.log = log, .more = until_place, .until_file = file, .until_bytes = offset_bytes};
        bool ok = run(&w, g_ptr_array_index(files, i), error);
        if (ok) *mark = *rw_fingerprint_mark(w.prints);
        clear(&w);
        if (!ok) return false;
    }
    return true;
}
