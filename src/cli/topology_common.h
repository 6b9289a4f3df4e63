/* topology_common: what the actions of `ringway topology` share. Declared here, too: the actions that have a file of their own.
 *
 * In: the configuration, borrowed. Errors: RW_ERR_CONFIG; the sessions'. Main thread.
 */
#pragma once
#include "cli/reroute.h"
#include "cli/verb.h"

/* what: who asks, for the error. */
const rw_site_conf *rw_topology_find_site(const rw_conf *conf, const char *what, const char *name, GError **error);
/* Sessions with all that take part, and what their tables tell. */
bool rw_topology_open_others(rw_reroute *reroute, const rw_site_conf *but, GError **error);
/* The links of a changed configuration whose sections stand in the same order; owned. */
GPtrArray *rw_topology_links_of(const char *path, const char *text, GError **error);
/* The site whose server that is, of those with a session; NULL: it is another one. */
const rw_site_conf *rw_topology_served_by(const rw_reroute *reroute, const rw_connection *server);
void rw_topology_say_written(const char *path);

/* Nobody listens at any host of the site. then: what is to be done when it is so, for the error. */
bool rw_topology_check_is_down(const rw_conf *conf, const rw_site_conf *site, const char *then, GError **error);

/* The site with another host; what *at points to belongs to `site` and *changed, which is the configuration with that line. The caller frees *text and *changed. */
bool rw_topology_site_at(const rw_conf *conf, const rw_site_conf *site, const char *host, char **text, rw_conf **changed, rw_site_conf *at, GError **error);

bool rw_topology_add(const rw_args *args, rw_conf *conf, GError **error);
bool rw_topology_lost(const rw_args *args, rw_conf *conf, GError **error);
bool rw_topology_remove(const rw_args *args, rw_conf *conf, GError **error);
bool rw_topology_replace(const rw_args *args, rw_conf *conf, GError **error);
