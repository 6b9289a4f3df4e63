/* rest: what a site's former server had written and its present one lacks, as ringway.rest at the site says.
 *
 * When a replica takes a dead server's place, it may lack transactions that other sites have. The link from one of them brings these back, under their own stamps; from
 * the row on, the site's log gives higher ones (flow/route). Rows are written by `ringway topology replace`, and never removed: the highest until_us counts.
 * In: a session with the site. Owner: one thread. Errors: the session's.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    unsigned source;             /* site number: the link from there brings it; 0: nobody does */
    uint64_t after_us, until_us; /* stamps of the site's own: later than, and up to; until_us 0: there is no row */
    uint64_t own_us;             /* stamp of the site's last own change that anybody had when the present server took over */
    uint64_t back_us;            /* up to this stamp, it has come back */
    char *gtid;                  /* where in its log the present server took over; owned */
    char *sent;                  /* up to where in the former server's log any site had it then; owned */
} rw_rest;

void rw_rest_clear(rw_rest *rest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rw_rest, rw_rest_clear)
bool rw_rest_load(rw_rest *rest, unsigned site_id, rw_connection *site, GError **error);
bool rw_rest_record(const rw_rest *rest, rw_connection *site, GError **error);
