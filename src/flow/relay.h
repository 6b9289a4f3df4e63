/* relay: what a link hands on of a window that another link applied at its source: row by row, who wrote it.
 *
 * In: ringway.progress.writers of the window (conflict/writers.h), then its row events. Out: the author of each row, in the batch's memory, or
 * that the row does not go this way: its author's site is not among those that the link carries, or the target holds it already.
 * A row was changed by transactions `first` to `author`, of one site. `first` has seen no more than the source's log had by then, because the
 * before-image is the source's.
 * Whose site's a row is, the log says. Which of several transactions of that site wrote it, the list in the window says, by the row's key. Where that
 * cannot be told, because the table has been dropped or has another key now, or a cascade wrote the row, it is taken for the site's last one in
 * the window: that matters only if the row is in conflict.
 * Opens a session with the source for the keys of tables, once a window holds more than one transaction.
 * Owner: the reader's thread. Errors: the session's; RW_ERR_STOP for a window that does not tell who wrote it, or whose list is damaged.
 */
#pragma once
#include "base/arena.h"
#include "change/row.h"
#include "change/wanted.h"
#include "conf/conf.h"
#include "flow/read/stream.h"

typedef struct rw_relay rw_relay;

typedef struct {
    const rw_conf *conf;        /* borrowed */
    const rw_endpoint *source;  /* borrowed */
    rw_stream_limits limits;
    rw_wanted wanted;
} rw_relay_options;

rw_relay *rw_relay_new(const rw_relay_options *options);
void rw_relay_free(rw_relay *relay);
void rw_relay_forget_tables(rw_relay *relay); /* a statement in the log may have changed their keys */
/* A window begins. text: data NULL: it names nobody. seen: of the source's log there. */
bool rw_relay_begin(rw_relay *relay, rw_slice text, const rw_seen *seen, GError **error);
/* From now on authors are put into this arena; after begin, and again when a window goes on in another batch. */
void rw_relay_attach(rw_relay *relay, rw_arena *arena);
typedef struct {
    const rw_author *author, *first; /* author NULL: not to be handed on */
    bool partly;                     /* the target holds what `first` did */
} rw_relayed;

/* table: as the source calls it. origin: whose the row is; 0: the window does not say, because it is all one site's. */
bool rw_relay_row(rw_relay *relay, rw_table *table, rw_slice before, rw_slice after, unsigned origin, rw_relayed *relayed, GError **error);
const rw_author *rw_relay_last(const rw_relay *relay); /* of the window's last transaction; NULL: it has none */
rw_slice rw_relay_writers(const rw_relay *relay, rw_arena *arena); /* of the window, as it was read; in the arena */
bool rw_relay_takes(const rw_relay_options *options, const rw_author *author); /* to be handed on */
