/* link: one directed path from a source site to a target site; the unit that runs, lags, stops and is paused.
 *
 * Two threads: the link's own (applier and supervisor) and its reader. The life of a link:
 *
 *     connecting --> running <--> paused (ringway.link.paused)
 *        ^  |           |
 *        |  +-- wait <--+ RW_ERR_RETRY: from ringway.progress again, with back-off
 *        |              |
 *        +-- stopped <--+ anything else: recorded in ringway.link with position, cause, remedy; until resume or skip
 *
 * Nothing is kept in files: a link starts from what its target's tables say. Other links are not affected by any of it.
 * Threads: start, stop and status from any; status copies under a lock.
 */
#pragma once
#include "change/origins.h"
#include "conf/conf.h"
#include "flow/status.h"

typedef struct rw_link rw_link;

/* A link of a topology: what it is to do. */
typedef struct {
    const rw_site_conf *source, *target; /* of the configuration */
    rw_origins carries;                  /* site numbers: whose transactions it brings to the target; the source's among them */
} rw_link_duty;

rw_link *rw_link_start(rw_conf *conf, const rw_link_duty *duty, bool may_refuse, GError **error);
void rw_link_stop(rw_link *link); /* asks; returns at once */
bool rw_link_ended(rw_link *link); /* nothing is under way any more: rw_link_free returns at once */
void rw_link_cut(rw_link *link);  /* after stop: does not wait for a target that does not answer; the window under way is not committed, or is, as after a crash */
void rw_link_free(rw_link *link); /* waits for the window under way; frees */
rw_link_status *rw_link_status_now(rw_link *link);
/* Fills in what the link knows of its two sites. sites: name -> rw_site_status. */
void rw_link_note_sites(rw_link *link, GHashTable *sites);
/* It was started with may_refuse, a site's settings forbid to run it, and it never ran: the reason, owned; NULL otherwise. */
char *rw_link_refusal(rw_link *link);
