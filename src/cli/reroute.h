/* reroute: the links of a changed topology: which go on, which begin anew and where.
 *
 * In: the configuration (for passwords), sessions with all sites in use by index, what their tables tell (flow/places.h), and links. Out: starts in
 * ringway.progress of the targets, and a line per link on standard output. First all is found, then anything is written.
 * Owner: one thread. Errors: RW_ERR_CONFIG if no place is recorded before which a link's target has everything: nothing is changed then; the
 * sessions'. Doing it again does no harm.
 */
#pragma once
#include "conf/conf.h"
#include "flow/places.h"
#include "topology/topology.h"

typedef struct {
    const rw_conf *conf;
    rw_connection **sites; /* by index; NULL: not in use */
    rw_places *places;
    const rw_site_conf *added; /* NULL: none. What links brought from there was of another server's log */
    bool print;            /* say only */
} rw_reroute;

rw_reroute *rw_reroute_new(const rw_conf *conf, bool print);
void rw_reroute_free(rw_reroute *reroute);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_reroute, rw_reroute_free)
/* And what its tables tell. at: the site with other hosts than it is configured with; else the site itself. */
bool rw_reroute_open(rw_reroute *reroute, const rw_site_conf *at, const rw_site_conf *site, GError **error);
rw_connection *rw_reroute_session(const rw_reroute *reroute, const rw_site_conf *site);
/* The link begins there; its memory, there. */
bool rw_reroute_begin(const rw_reroute *reroute, const rw_topology_link *link, const rw_log_place *from, const rw_log_place *memory, GError **error);
/* A start is recorded for every link that needs one. */
bool rw_reroute_links(const rw_reroute *reroute, const GPtrArray *links, GError **error);
