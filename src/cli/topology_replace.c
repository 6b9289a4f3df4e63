/* topology_replace: a replica takes the place of a site's dead server: same site, same number, same log as far as it goes. What links need is recorded in places that
 * mean something in the replica's log, too (GTIDs); so it is enough to find out what the replica lacks of what others have, and who brings it back. */
#include "cli/topology_common.h"
#include "conf/edit.h"
#include "flow/apply/progress.h"
#include "flow/rest.h"
#include "flow/sent.h"
#include "flow/start.h"
#include "flow/survey.h"

#include <stdio.h>
#include <string.h>

#define COPY_INSTEAD "take the site out (ringway topology remove) and put it in again with a copy of another one (ringway topology add)"

typedef struct {
    const rw_conf *conf;
    const rw_site_conf *old; /* as configured */
    char *text;              /* the configuration, changed */
    rw_conf *changed;
    rw_site_conf site;       /* the site at its new server; borrowed from both */
    rw_reroute *reroute;
    rw_connection *server;   /* the new one; the reroute's */
    GPtrArray *links;        /* rw_topology_link */
    bool *ahead;             /* by link out of the site: its target has more than the server */
    unsigned n_ahead;
    rw_history history;      /* of the server's log, at its end */
    rw_survey_own own;
    rw_rest rest;
    unsigned n_lacking;      /* transactions that come back */
    uint64_t sent_us;        /* highest stamp in the former server's log up to rest.sent; 0: nobody has more than the server */
} replacement;

static void clear(replacement *p)
{
    rw_reroute_free(p->reroute);
    rw_conf_unref(p->changed);
    if (p->links) g_ptr_array_unref(p->links);
    rw_rest_clear(&p->rest);
    g_free(p->text);
    g_free(p->ahead);
}

static const rw_topology_link *link_at(const replacement *p, guint i) { return g_ptr_array_index(p->links, i); }
static const rw_site_conf *site_at(const replacement *p, unsigned i) { return &p->conf->sites[i]; }
static bool leads_away(const replacement *p, const rw_topology_link *t) { return site_at(p, t->source) == p->old; }
static uint64_t held_by(const replacement *p, const rw_site_conf *site) { return rw_seen_of(&p->reroute->places->held[site->id], p->old->id); }

/* ---- the two servers */

static bool read_host(replacement *p, const char *host, GError **error)
{
    if (!rw_topology_site_at(p->conf, p->old, host, &p->text, &p->changed, &p->site, error)) return false;
    if (p->site.hosts.n == 1) return true;
    return rw_fail(error, RW_ERR_CONFIG, "topology replace: '%s' names several hosts; name the one that takes over, and add its replicas to the site's hosts afterwards", host);
}

static bool same_host(const rw_host *a, const rw_host *b) { return a->port == b->port && strcmp(a->name, b->name) == 0; }

static bool check_old_is_down(const replacement *p, GError **error)
{
    g_autofree rw_host *others = g_new(rw_host, p->old->hosts.n);
    rw_site_conf rest = *p->old;
    rest.hosts = (rw_hosts){others, 0};
    for (unsigned i = 0; i < p->old->hosts.n; i++)
        if (!same_host(&p->old->hosts.host[i], &p->site.hosts.host[0])) others[rest.hosts.n++] = p->old->hosts.host[i];
    return !rest.hosts.n || rw_topology_check_is_down(p->conf, &rest, "replace", error);
}

static bool check_is_replica(const replacement *p, GError **error)
{
    const rw_connection *c = p->server;
    const rw_site_conf *other = rw_topology_served_by(p->reroute, c);
    bool replicates;
    if (other) return rw_fail(error, RW_ERR_CONFIG, "host %s is a server of site %s; name a replica of site %s's", c->address, other->name, p->old->name);
    if (c->unfit)
        return rw_fail(error, RW_ERR_CONFIG, "host %s: %s; keep applications away from it and make it writable: Ringway writes there before they do", c->address, c->unfit);
    if (!c->shares_gtids)
        return rw_fail(error, RW_ERR_CONFIG, "host %s: its GTIDs do not tell what it has of the former server's log, so it cannot be proved where links go on; " COPY_INSTEAD, c->address);
    if (!c->dialect->replicates(p->server, &replicates, error)) return false;
    return !replicates || rw_fail(error, RW_ERR_CONFIG, "host %s still replicates, or has received changes that it has not applied; let it apply them, then STOP REPLICA there, and try again", c->address);
}

static bool open_all(replacement *p, bool print, GError **error)
{
    p->reroute = rw_reroute_new(p->conf, print);
    if (!rw_topology_open_others(p->reroute, p->old, error) || !rw_reroute_open(p->reroute, &p->site, p->old, error)) return false;
    p->server = rw_reroute_session(p->reroute, p->old);
    return check_is_replica(p, error);
}

/* ---- what it lacks */

static bool is_ahead(replacement *p, const rw_topology_link *t, bool *ahead, GError **error)
{
    rw_progress progress = {0};
    GError *failure = NULL;
    g_autofree char *lacks = NULL;
    if (rw_progress_load(&progress, p->old->id, p->server->dialect, p->reroute->sites[t->target], &failure)) {
        if (progress.gtid.kind == RW_GTID_NONE)
            rw_fail(&failure, RW_ERR_CONFIG, "link %s: its position is not one by GTID, so it cannot be told whether host %s has all of it; " COPY_INSTEAD, t->name, p->server->address);
        else lacks = p->server->dialect->missing(p->server, &progress.gtid, &failure);
    }
    /* Who is ahead of whom has all of it. */
    if (lacks && progress.history.stamp_us > p->sent_us) {
        p->sent_us = progress.history.stamp_us;
        g_free(p->rest.sent);
        p->rest.sent = rw_gtid_state_format(&progress.gtid);
    }
    rw_progress_clear(&progress);
    *ahead = lacks != NULL;
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool find_ahead(replacement *p, GError **error)
{
    p->ahead = g_new0(bool, p->links->len);
    for (guint i = 0; i < p->links->len; i++) {
        if (!leads_away(p, link_at(p, i)) || !p->reroute->sites[link_at(p, i)->target]) continue;
        if (!is_ahead(p, link_at(p, i), &p->ahead[i], error)) return false;
        p->n_ahead += p->ahead[i];
    }
    return true;
}

/* What the server's log says up to where it took over. */
static bool survey(replacement *p, GError **error)
{
    const rw_survey s = {p->conf, &p->site, p->server, p->reroute->places, NULL};
    const rw_source_pos pos = {(char *)"", 0, p->rest.gtid};
    return rw_survey_history(&s, &pos, &p->history, &p->own, error);
}

static bool survey_end(replacement *p, GError **error)
{
    rw_source_pos end = {0};
    g_autofree char *marked = rw_connection_own_gtids(p->server, error);
    if (!marked || !rw_start_position_now(p->server, &end, error)) return false;
    p->rest.gtid = g_strdup(end.gtid);
    if (!p->rest.sent) p->rest.sent = g_strdup(end.gtid);
    rw_source_pos_clear(&end);
    p->own.marked = marked;
    bool ok = survey(p, error);
    p->own.marked = NULL;
    if (!ok || !p->own.n_marked) return ok;
    return rw_fail(error, RW_ERR_CONFIG, "host %s: %u transactions in its log are its own: applications or links have written there since it stopped to replicate, and Ringway cannot put what it lacks before that; " COPY_INSTEAD, p->server->address, p->own.n_marked);
}

/* Stamps are made from a log's commit times. Those of the replica's log must be those of the former server's, or what it lacks cannot be told from what it has. */
static bool check_stamps(replacement *p, const rw_site_conf *target, GError **error)
{
    g_autoptr(GArray) stamps = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    bool found = !p->own.any, between = false;
    unsigned n_lacking = 0;
    if (!rw_sent_stamps(p->conf, target, rw_reroute_session(p->reroute, target), p->old->id, found ? 0 : p->own.last_us, stamps, error)) return false;
    for (guint i = 0; i < stamps->len; i++) {
        uint64_t us = g_array_index(stamps, uint64_t, i);
        found |= us == p->own.last_us;
        between |= us > p->own.last_us && us <= p->history.stamp_us;
        n_lacking += us > p->history.stamp_us;
    }
    p->n_lacking = MAX(p->n_lacking, n_lacking);
    if (found && !between) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s lacks transactions at host %s that site %s has, and commit times in its log do not tell which; " COPY_INSTEAD, p->old->name, p->server->address, target->name);
}

/* ---- who brings it back */

static bool is_fed(const replacement *p, const rw_site_conf *site)
{
    for (guint i = 0; i < p->links->len; i++)
        if (leads_away(p, link_at(p, i)) && site_at(p, link_at(p, i)->target) == site) return true;
    return false;
}

/* held: of places, one seen a site. */
static uint64_t most_of(const replacement *p, const rw_seen *held)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < p->conf->n_sites; i++)
        if (p->reroute->sites[i] && site_at(p, i) != p->old) most = MAX(most, rw_seen_of(&held[site_at(p, i)->id], p->old->id));
    return most;
}

static uint64_t most_held(const replacement *p) { return most_of(p, p->reroute->places->held); }

/* It has everything, or will have it, as it comes by others. What it brings next must come before all that is lacking. */
static bool can_bring(const replacement *p, const rw_topology_link *t, bool *yes, GError **error)
{
    const rw_site_conf *source = site_at(p, t->source);
    rw_progress progress = {0};
    *yes = false;
    if (site_at(p, t->target) != p->old || (held_by(p, source) < most_held(p) && is_fed(p, source))) return true;
    bool ok = rw_progress_load(&progress, source->id, p->reroute->sites[t->source]->dialect, p->server, error);
    *yes = ok && rw_seen_of(&progress.history.seen, p->old->id) <= p->history.stamp_us;
    rw_progress_clear(&progress);
    return ok;
}

static bool choose_source(replacement *p, GError **error)
{
    uint64_t best = 0;
    for (guint i = 0; i < p->links->len; i++) {
        bool yes;
        if (!can_bring(p, link_at(p, i), &yes, error)) return false;
        uint64_t held = held_by(p, site_at(p, link_at(p, i)->source));
        if (!yes || (p->rest.source && held <= best)) continue;
        best = held;
        p->rest.source = site_at(p, link_at(p, i)->source)->id;
    }
    if (p->rest.source) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s lacks transactions at host %s that others have, and no site that it receives from can bring them; " COPY_INSTEAD,
                   p->old->name, p->server->address);
}

static bool plan_rest(replacement *p, GError **error)
{
    p->rest.after_us = p->history.stamp_us;
    p->rest.until_us = MAX(p->history.stamp_us, most_held(p));
    p->rest.own_us = most_of(p, p->reroute->places->own);
    if (!p->n_ahead) p->rest.after_us = p->rest.until_us;
    if (!p->n_ahead) return true;
    if (p->conf->n_sites < 3)
        return rw_fail(error, RW_ERR_CONFIG, "site %s lacks transactions at host %s that the other site has, and with two sites windows do not say which row is whose; let it replicate from the former "
                       "server's log to its end, or begin anew with a copy of the other site: ringway init --link ... --from", p->old->name, p->server->address);
    for (guint i = 0; i < p->links->len; i++)
        if (p->ahead[i] && !check_stamps(p, site_at(p, link_at(p, i)->target), error)) return false;
    return choose_source(p, error);
}

/* ---- acting */

/* Done before, and cut off: what was found out then holds. */
static bool load_rest(replacement *p, bool *done, GError **error)
{
    g_auto(rw_rest) before = {0};
    if (!rw_rest_load(&before, p->old->id, p->server, error)) return false;
    *done = before.until_us && before.until_us >= most_held(p);
    if (*done) {
        rw_rest_clear(&p->rest);
        p->rest = before;
        before.gtid = before.sent = NULL;
    }
    return true;
}

/* All that the server's log held when it took over is at the target. */
static bool begin_behind(const replacement *p, const rw_topology_link *t, GError **error)
{
    rw_progress progress = {0};
    bool ok = rw_progress_load(&progress, p->old->id, p->server->dialect, p->reroute->sites[t->target], error);
    const rw_log_place from = {.file = (char *)"", .gtid = p->rest.gtid, .host = (char *)"", .history = p->history};
    const rw_log_place memory = {.file = progress.memory.pos.file ? progress.memory.pos.file : (char *)"", .host = progress.memory_host,
                                 .offset_bytes = progress.memory.pos.offset_bytes, .history = progress.memory.history};
    ok = ok && rw_reroute_begin(p->reroute, t, &from, &memory, error);
    rw_progress_clear(&progress);
    return ok;
}

static bool act(replacement *p, bool recorded, GError **error)
{
    bool ok = recorded ? survey(p, error) : rw_rest_record(&p->rest, p->server, error);
    for (guint i = 0; ok && i < p->links->len; i++)
        if (p->ahead[i]) ok = begin_behind(p, link_at(p, i), error);
    return ok && rw_conf_edit_write(p->conf->path, p->text, error);
}

static void say(const replacement *p)
{
    const rw_site_conf *source = p->rest.source ? rw_conf_site_by_id(p->conf, p->rest.source) : NULL;
    if (!source) {
        printf("site %s: host %s has all that any site has of it\n", p->old->name, p->server->address);
        return;
    }
    printf("site %s: host %s lacks transactions that others have (%u at least); they come back from site %s. Keep applications away from it until 'ringway status' says that link %s->%s is current\n",
           p->old->name, p->server->address, p->n_lacking, source->name, source->name, p->old->name);
}

static bool replace(replacement *p, const rw_args *args, GError **error)
{
    bool recorded = false;
    p->links = rw_topology_links(p->conf, error);
    if (!p->links || !read_host(p, args->operands[2], error) || !check_old_is_down(p, error) || !open_all(p, args->print, error) || !find_ahead(p, error) ||
        !load_rest(p, &recorded, error)) return false;
    if (!recorded && (!survey_end(p, error) || !plan_rest(p, error))) return false;
    if (!args->print && !act(p, recorded, error)) return false;
    say(p);
    if (!args->print) rw_topology_say_written(p->conf->path);
    return true;
}

bool rw_topology_replace(const rw_args *args, rw_conf *conf, GError **error)
{
    const rw_site_conf *old = rw_topology_find_site(conf, "topology replace", args->operands[1], error);
    if (!old) return false;
    if (!rw_site_takes_part(old))
        return rw_fail(error, RW_ERR_CONFIG, "topology replace: site %s is %s; put it in with ringway topology add", old->name, old->copy_of ? "a copy that is not in yet" : "gone");
    replacement p = {.conf = conf, .old = old};
    bool ok = replace(&p, args, error);
    clear(&p);
    return ok;
}
