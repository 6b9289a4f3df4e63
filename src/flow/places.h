/* places: where the logs of sites stood, and what each site holds of all others, as the tables of all sites tell; to find where a link may begin.
 *
 * Every link records places with what the log says up to there (change/history.h): in its source's log (how far it has applied it), and in
 * its target's (the memory of last writers). A link that never ran, or is to bring what came another way until now, may begin at any
 * place before which its target holds all that it is to bring; what comes after it, and is there already, the link leaves out by its stamp.
 * Where a link began long ago (its first row, which stays) is no such place: its log may be gone, and all would have to be read again.
 * In: sessions with the sites. Out: rw_log_place, borrowed from the set. Owner: one thread. Errors: the session's; RW_ERR_STOP for rows that
 * cannot be read. Does not guess: no place, no start.
 */
#pragma once
#include "change/history.h"
#include "change/origins.h"
#include "server/connection.h"

typedef struct {
    unsigned site;       /* whose log */
    char *file, *gtid;   /* gtid "": by file and offset */
    char *host;          /* identity of the server whose log file and offset are of; "": not known */
    uint64_t offset_bytes, window; /* window: it is right behind that one of the link from `source`; 0: behind none */
    unsigned source;
    rw_history history;  /* of the log up to there */
    rw_origins proved;   /* sites that have all the site's own transactions up to there, whatever the stamps say: a link's memory began there */
} rw_log_place;

typedef struct {
    GArray *places;      /* rw_log_place */
    rw_seen held[256];   /* by site number: what that site holds of the others */
    rw_seen own[256];    /* the same, without windows that followed: the last changes of their own */
} rw_places;

rw_places *rw_places_new(void);
void rw_places_free(rw_places *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_places, rw_places_free)
/* Reads the tables of one site. */
bool rw_places_load(rw_places *places, unsigned site, rw_connection *connection, GError **error);
/* The latest place in that site's log before which the holder has all transactions of these origins; NULL: none is recorded. */
const rw_log_place *rw_places_find(const rw_places *places, unsigned site, unsigned holder, const rw_origins *origins);
/* Whoever has what `by` has of the site: it got it by way of `holder`. */
void rw_places_prove(rw_places *places, unsigned site, unsigned by, unsigned holder);
