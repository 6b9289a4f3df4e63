/* retention: how long a server keeps its binary log, and what that means for a reader that stands somewhere in it.
 *
 * In: a session with the server, of one's own, as it takes two to three questions. Out: an owned rw_retention; a verdict from it and from where the
 * reader stands, without the server.
 * A server purges a file when its last change is older than the setting. What comes next for a reader was committed after all that it has, so the
 * file that holds it was changed after that, too: as long as what the reader has last is younger than half of the time, there is as much left.
 * The newest file is never purged.
 * Errors: those of the session. Writes nothing.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    char *site;
    GPtrArray *files;     /* char *: names, oldest first */
    uint64_t keep_s;      /* 0: for ever */
    char *setting;        /* that says so */
    uint64_t limit_bytes; /* of all files together; 0: any */
    bool at_once;         /* a managed server that keeps nothing for others */
} rw_retention;

rw_retention *rw_retention_load(rw_connection *connection, GError **error);
void rw_retention_free(rw_retention *retention);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_retention, rw_retention_free)

typedef enum {
    RW_RETENTION_SAFE,
    RW_RETENTION_AT_ONCE, /* purged whenever the server likes */
    RW_RETENTION_LATE,    /* half of the time has passed */
    RW_RETENTION_FULL,    /* next to go when the log becomes too large */
    RW_RETENTION_GONE,    /* purged */
} rw_retention_verdict;

/* file: where the reader stands; behind_s: the age of what it has last. *text: owned, for people; NULL if safe. */
rw_retention_verdict rw_retention_judge(const rw_retention *retention, const char *file, gint64 behind_s, char **text);
char *rw_retention_files(const rw_retention *retention); /* "bin.000001 to bin.000003"; owned */
unsigned rw_retention_period_s(const rw_retention *retention); /* how often to look: in time for LATE, and not more than once a minute otherwise */
