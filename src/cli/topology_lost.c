/* topology_lost: what only the former server of a replaced site has, listed for a person, who decides what becomes of it; and written at the present one, if so decided. */
#include "cli/topology_common.h"
#include "flow/lost.h"
#include "flow/rest.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    unsigned found, written, refused;
} tally;

static void show(void *user, const rw_lost_txn *txn)
{
    tally *t = user;
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc((gint64)(txn->commit_us / G_USEC_PER_SEC));
    g_autofree char *time = g_date_time_format(at, "%Y-%m-%d %H:%M:%S UTC");
    printf("%s  %s  %s%s%s\n", txn->gtid, time, txn->what, *txn->outcome ? "  => " : "", txn->outcome);
    t->found++;
    t->written += strcmp(txn->outcome, "applied") == 0;
    t->refused += g_str_has_prefix(txn->outcome, "not ");
}

static bool check_former(const rw_connection *present, const rw_connection *former, const rw_rest *rest, GError **error)
{
    if (!rest->until_us) return rw_fail(error, RW_ERR_CONFIG, "topology lost: site %s has had one server only; nothing was replaced (ringway topology replace)", present->site);
    if (strcmp(present->identity, former->identity) != 0) return true;
    return rw_fail(error, RW_ERR_CONFIG, "host %s is the present server of site %s; start the former one where no application reaches it, and name its host", former->address, present->site);
}

/* What the user asked for, as rw_regain_new takes it; owned. */
static char **wanted_of(const char *apply)
{
    if (g_strcmp0(apply, "all") == 0) return NULL;
    char **gtids = g_strsplit(apply ? apply : "", ",", -1);
    for (char **gtid = gtids; *gtid; gtid++) g_strstrip(*gtid);
    return gtids;
}

static bool tell(const rw_site_conf *site, const rw_connection *former, const rw_regain *regain, tally t, GError **error)
{
    const char *missed = rw_regain_missed(regain);
    if (!t.found) printf("site %s: its former server at %s has nothing that others have not\n", site->name, former->address);
    if (missed)
        return rw_fail(error, RW_ERR_CONFIG, "topology lost: transaction %s is not among them; %u were applied, %u were not; --apply takes the GTIDs of the list, separated by commas, or all", missed,
                       t.written, t.refused);
    return !t.refused || rw_fail(error, RW_ERR_CONFLICT, "topology lost: %u transactions were applied, %u were not; nothing of those was written, what becomes of them is for you to say", t.written, t.refused);
}

/* What is written before would claim to have seen it. */
static bool check_is_back(const rw_site_conf *site, const rw_conf *conf, const rw_rest *rest, GError **error)
{
    const rw_site_conf *source = rest->source ? rw_conf_site_by_id(conf, rest->source) : NULL;
    return !source || rest->back_us >= rest->own_us ||
           rw_fail(error, RW_ERR_CONFIG, "topology lost: what the server of site %s lacks has not come back yet; wait until link %s->%s is current, then try again", site->name, source->name, site->name);
}

static bool list(const rw_conf *conf, const rw_site_conf *site, const rw_site_conf *at, const char *apply, GError **error)
{
    const rw_connection_limits limits = {conf->connect_timeout_s, 0, conf->deadline_s};
    g_auto(rw_rest) rest = {0};
    tally t = {0, 0, 0};
    g_autoptr(rw_connection) present = rw_connection_open(site, limits, error), former = present ? rw_connection_open(at, limits, error) : NULL;
    if (!former || !rw_rest_load(&rest, site->id, present, error) || !check_former(present, former, &rest, error)) return false;
    g_auto(GStrv) wanted = wanted_of(apply);
    g_autoptr(rw_regain) regain = rw_regain_new(conf, present, wanted, error);
    const rw_lost lost = {conf, at, former, present, rest.sent, regain, show, &t};
    return regain && (!apply || check_is_back(site, conf, &rest, error)) && rw_lost_list(&lost, error) && tell(site, former, regain, t, error);
}

bool rw_topology_lost(const rw_args *args, rw_conf *conf, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(rw_conf) changed = NULL;
    rw_site_conf at;
    const rw_site_conf *site = rw_topology_find_site(conf, "topology lost", args->operands[1], error);
    return site && rw_topology_site_at(conf, site, args->operands[2], &text, &changed, &at, error) && list(conf, site, &at, args->apply, error);
}
