/* link_host: which hosts of its two sites a link uses, and where it goes on when they have changed. */
#include "base/log.h"
#include "flow/content.h"
#include "flow/link_private.h"

enum { SHOWN_BYTES = 300 };

/* One line for each change; said when the choice is made, whatever becomes of this life. */
static void say_host(const rw_link *l, const rw_endpoint *before, const rw_connection *now, const char *passed)
{
    if (strcmp(before->identity, now->identity) == 0) return;
    const char *why = passed ? passed : l->last_error ? l->last_error : "another server answers there";
    if (!*before->identity) {
        if (passed) rw_log(RW_LOG_INFO, l->name, "site %s: host %s is used, and not %s", now->site, now->address, passed);
        return;
    }
    g_autofree char *old = rw_host_text(&before->site->hosts.host[before->host]);
    rw_log(RW_LOG_WARNING, l->name, "site %s: goes on at host %s (server %s), before %s (server %s): %s", now->site, now->address, now->identity, old, before->identity,
           why);
}

static rw_connection *choose(rw_link *l, rw_endpoint *at, const rw_endpoint_terms *terms, GError **error)
{
    const rw_endpoint before = *at;
    const rw_conf *c = l->conf;
    g_autofree char *passed = NULL;
    rw_connection *chosen = rw_endpoint_choose(at, terms, (rw_connection_limits){c->connect_timeout_s, c->connect_timeout_s, c->deadline_s}, &passed, error);
    if (chosen) say_host(l, &before, chosen, passed);
    return chosen;
}

/* --- a host that lacks what was read from another one --- */

/* NULL with *error unset: nothing is missing, or GTIDs do not tell. */
static char *missing(rw_connection *host, const char *gtid, GError **error)
{
    g_auto(rw_gtid_state) state = {.kind = RW_GTID_NONE};
    if (!gtid || !*gtid || !host->shares_gtids) return NULL;
    if (!rw_gtid_state_parse(&state, host->dialect->gtid_kind, gtid, error)) return NULL;
    g_autofree char *text = host->dialect->missing(host, &state, error);
    if (!text || strlen(text) <= SHOWN_BYTES) return g_steal_pointer(&text);
    return g_strdup_printf("%.*s...", SHOWN_BYTES, text);
}

typedef struct {
    rw_link *link;
    char *gtid, *host; /* how far the target is, and the server that this was read from */
} applied;

/* lacks: owned */
static bool pass_over(char *lacks, const char *what, GError *failure, char **why, GError **error)
{
    if (failure) g_propagate_error(error, failure);
    else if (lacks) *why = g_strdup_printf("it lacks transactions that %s: %s", what, lacks);
    bool good = !failure && !lacks;
    g_free(lacks);
    return good;
}

/* It may be a replica that is still applying, or an old primary: to start from it would lose what it lacks. */
static bool holds_applied(rw_connection *host, void *user, char **why, GError **error)
{
    const applied *a = user;
    GError *failure = NULL;
    /* A server that went back in time by itself says so when its log is asked for. */
    if (a->link->source->hosts.n == 1 && g_strcmp0(a->host, host->identity) == 0) return true;
    char *lacks = missing(host, a->gtid, &failure);
    return pass_over(lacks, "were applied already", failure, why, error);
}

static bool load_applied(applied *a, rw_connection *target, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(target, error, "SELECT gtid, source_host FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1",
                                                     a->link->source->id);
    rw_slice c[2];
    if (!rows) return false;
    if (!rw_result_next(rows, c, 2)) return true;
    a->gtid = rw_cell_text(c[0]);
    a->host = rw_cell_text(c[1]);
    return true;
}

rw_connection *rw_run_choose_source(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    applied a = {.link = l};
    const rw_endpoint_terms terms = {.may_be_unfit = true, .check = holds_applied, .user = &a};
    rw_connection *source = load_applied(&a, run->target, error) ? choose(l, &l->source_at, &terms, error) : NULL;
    g_free(a.gtid);
    g_free(a.host);
    return source;
}

/* --- the target: what the source has applied from there --- */

static char *read_from_target(const rw_link *l, rw_connection *source, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT gtid FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", l->target->id);
    return rw_connection_value(source, sql, error);
}

static bool holds_read(rw_connection *host, void *user, char **why, GError **error)
{
    GError *failure = NULL;
    char *lacks = missing(host, user, &failure);
    return pass_over(lacks, "the source has applied already", failure, why, error);
}

/* The source is asked before it is chosen, and may not answer: rw_run_check_target has the last word. */
bool rw_run_choose_target(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    bool several = l->target->hosts.n > 1 && !*l->target_at.identity;
    g_autoptr(rw_connection) source = several ? rw_connection_open(l->source, rw_link_question_limits(l->conf), NULL) : NULL;
    g_autofree char *gtid = source ? read_from_target(l, source, NULL) : NULL;
    const rw_endpoint_terms terms = {.check = holds_read, .user = gtid};
    g_autoptr(rw_connection) asked = choose(l, &l->target_at, &terms, error);
    rw_link_note_site(l, l->target_site, asked);
    return asked != NULL;
}

/* Seen from the other end: the opposite link must be able to go on from there. Otherwise two links would use two hosts of one site. */
bool rw_run_check_target(rw_run *run, rw_connection *source, GError **error)
{
    rw_link *l = run->link;
    GError *failure = NULL;
    if (l->target->hosts.n == 1 && strcmp(run->progress.memory_host, run->target->identity) == 0) return true;
    g_autofree char *gtid = read_from_target(l, source, &failure);
    g_autofree char *lacks = failure ? NULL : missing(run->target, gtid, &failure);
    if (failure) g_propagate_error(error, failure);
    if (!lacks) return !failure;
    rw_endpoint_pass_over(&l->target_at);
    return rw_fail(error, RW_ERR_RETRY, "site %s: host %s cannot be used: it lacks transactions that site %s has applied already: %s", l->target->name,
                   run->target->address, l->source->name, lacks);
}

/* --- places on the host that was chosen --- */

/* By file and offset from now on. A cluster's GTIDs tell nothing: nodes count by themselves, or with transactions of their own between, and a position
 * that was read at one node would grow by what is read at another, until it fits neither. */
static void use_place(rw_progress *p, rw_dump_start *start)
{
    rw_gtid_state_clear(&p->gtid);
    start->gtid = NULL;
}

/* A link that has written no window yet knows no transaction before its place, and would be lost if this node were. Written at once: the process may die, too. */
static bool note_mark(rw_run *run, const rw_log_reader *log, GError **error)
{
    rw_progress *p = &run->progress;
    if (!rw_content_mark_at(log, p->pos.file, p->pos.offset_bytes, &p->mark, error)) return false;
    g_autofree char *mark = rw_mark_format(run->source_cluster, &p->mark);
    g_autoptr(GString) sql = g_string_new("UPDATE ringway.progress SET source_mark=");
    rw_sql_quote(sql, rw_slice_str(mark));
    g_string_append(sql, ",source_host=");
    rw_sql_quote(sql, rw_slice_str(log->session->identity));
    g_string_append_printf(sql, " WHERE source=%u AND lane=0 AND seq=%" G_GUINT64_FORMAT, run->link->source->id, p->seq);
    return rw_connection_run(run->target, sql->str, error);
}

/* The same node may have another log under the same names, after a state transfer. *holds: this is still the place. */
static bool see_place(rw_run *run, const rw_log_reader *log, bool *holds, GError **error)
{
    const rw_progress *p = &run->progress;
    *holds = !p->mark.number;
    return *holds ? note_mark(run, log, error) : rw_content_holds(log, &p->mark, p->pos.file, p->pos.offset_bytes, holds, error);
}

/* Another host may hold it. Only when all were asked, the link stops. */
static bool ask_next_host(rw_link *l, GError *failure, GError **error)
{
    bool next = g_error_matches(failure, RW_ERROR, RW_ERR_STOP) && ++l->unproved < l->source->hosts.n;
    if (!next) {
        l->unproved = 0;
        g_propagate_error(error, failure);
        return false;
    }
    rw_endpoint_pass_over(&l->source_at);
    rw_fail(error, RW_ERR_RETRY, "%s", failure->message);
    g_error_free(failure);
    return false;
}

static bool find_place(rw_run *run, const rw_log_reader *log, rw_dump_start *start, GError **error)
{
    rw_progress *p = &run->progress;
    rw_log_mark mark = {.what = "from where on to read", .before = p->source_host, .cluster = p->cluster, .mark = &p->mark};
    char *file = NULL;
    GError *failure = NULL;
    if (!rw_elsewhere_find(log, &mark, &file, &start->offset_bytes, &failure)) return ask_next_host(run->link, failure, error);
    if (strcmp(p->source_host, log->session->identity) == 0)
        rw_log(RW_LOG_WARNING, run->link->name, "site %s: the log of host %s is not as it was (a state transfer?): what was at %s:%" G_GUINT64_FORMAT " is at %s:%" G_GUINT64_FORMAT,
               log->session->site, log->session->address, p->pos.file, p->pos.offset_bytes, file, start->offset_bytes);
    g_free(p->pos.file);
    p->pos.file = file;
    p->pos.offset_bytes = start->offset_bytes;
    p->mark.from_bytes = 0;
    start->file = file;
    use_place(p, start);
    return true;
}

bool rw_run_find_start(rw_run *run, rw_dump_start *start, GError **error)
{
    rw_link *l = run->link;
    rw_progress *p = &run->progress;
    bool moved = *p->source_host && strcmp(p->source_host, l->source_at.identity) != 0, marked = *run->source_cluster && *p->pos.file, holds = false;
    if (marked) use_place(p, start);
    else if (!moved || (p->gtid.kind != RW_GTID_NONE && run->source_shares_gtids)) return true;
    g_autoptr(rw_connection) source = rw_endpoint_open(&l->source_at, rw_link_question_limits(l->conf), error);
    rw_log_reader log = {&l->source_at, rw_link_stream_limits(l->conf), source};
    if (!source || (marked && !moved && !see_place(run, &log, &holds, error)) || (!holds && !find_place(run, &log, start, error))) return false;
    g_strlcpy(p->cluster, run->source_cluster, sizeof p->cluster);
    l->unproved = 0;
    return true;
}

/* It was announced after the last window. */
bool rw_run_find_intent(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_intent *intent = &run->intent;
    if (!*intent->host || strcmp(intent->host, run->target->identity) == 0) return true;
    rw_log_reader log = rw_run_target_log(run);
    rw_log_mark mark = {.what = "where the statement was announced", .before = intent->host, .source = l->source->id, .seq = run->progress.seq};
    rw_target_pos place = {0};
    if (!rw_elsewhere_find(&log, &mark, &place.file, &place.offset_bytes, error)) return false;
    rw_target_pos_clear(&intent->place);
    intent->place = place;
    return true;
}

/* A change while no process ran; a later one was said when the choice was made. */
static void adopt(const rw_link *l, const rw_endpoint *now, char *recorded)
{
    if (!l->ran && *recorded && strcmp(recorded, now->identity) != 0) {
        g_autofree char *address = rw_host_text(&now->site->hosts.host[now->host]);
        rw_log(RW_LOG_WARNING, l->name, "site %s: goes on at host %s (server %s), before it was server %s: it changed while this link was not running", now->site->name,
               address, now->identity, recorded);
    }
    g_strlcpy(recorded, now->identity, RW_IDENTITY_BYTES);
}

void rw_run_adopt_hosts(rw_run *run)
{
    rw_link *l = run->link;
    adopt(l, &l->source_at, run->progress.source_host);
    adopt(l, &l->target_at, run->progress.memory_host);
    l->ran = true;
}

void rw_link_target_lost(void *user)
{
    rw_link *l = user;
    rw_link_cut(l);
}
