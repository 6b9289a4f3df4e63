#include "conflict/spill.h"

#include <glib/gstdio.h>
#include <lmdb.h>

enum {
    GATHERED = 1024,      /* writes that are flushed together */
    PAGES_EACH = 16,      /* more than one write can need: its path down the tree anew, each page of it split, and free pages' list */
    FIRST_MAP = 128 << 20,
};

struct rw_spill {
    MDB_env *env;
    MDB_txn *reading; /* NULL before the first; reset while it is not in use */
    MDB_txn *writing; /* NULL: nothing gathered */
    MDB_dbi items;
    bool is_reading;
    unsigned gathered;
};

/* The tree's order is that of bytes. */
typedef struct {
    uint64_t high_first[2];
} key;

static key key_of(rw_item item) { return (key){{GUINT64_TO_BE(item.low), GUINT64_TO_BE(item.high)}}; }

static rw_item item_of(const MDB_val *at)
{
    key k;
    memcpy(&k, at->mv_data, sizeof k);
    return (rw_item){GUINT64_FROM_BE(k.high_first[0]), GUINT64_FROM_BE(k.high_first[1])};
}

static bool fail(int code, GError **error)
{
    return rw_fail(error, RW_ERR_RETRY,
                   "the memory of last writers is larger than memory_bytes, and its file in %s cannot be used: %s; free some space there, set "
                   "TMPDIR to a folder that has more, or raise memory_bytes", g_get_tmp_dir(), mdb_strerror(code));
}

/* --- open and close --- */

static int open_in(rw_spill *spill, const char *folder)
{
    const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NOMETASYNC | MDB_NOTLS | MDB_NORDAHEAD;
    g_autofree char *path = g_build_filename(folder, "items", NULL);
    int code = mdb_env_create(&spill->env);
    if (!code) code = mdb_env_set_mapsize(spill->env, FIRST_MAP);
    if (!code) code = mdb_env_open(spill->env, path, flags, 0600);
    g_unlink(path);
    return code;
}

static int open_items(rw_spill *spill)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(spill->env, NULL, 0, &txn);
    if (code) return code;
    code = mdb_dbi_open(txn, NULL, 0, &spill->items);
    if (!code) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return code;
}

rw_spill *rw_spill_new(GError **error)
{
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "ringway-XXXXXX", NULL);
    if (!g_mkdtemp(folder)) {
        fail(errno, error);
        return NULL;
    }
    rw_spill *spill = g_new0(rw_spill, 1);
    int code = open_in(spill, folder);
    g_rmdir(folder);
    if (!code) code = open_items(spill);
    if (!code) return spill;
    fail(code, error);
    rw_spill_free(spill);
    return NULL;
}

void rw_spill_free(rw_spill *spill)
{
    if (!spill) return;
    if (spill->writing) mdb_txn_abort(spill->writing);
    if (spill->reading) mdb_txn_abort(spill->reading);
    if (spill->env) mdb_env_close(spill->env);
    g_free(spill);
}

/* --- write --- */

static void end_reading(rw_spill *spill)
{
    if (spill->is_reading) mdb_txn_reset(spill->reading);
    spill->is_reading = false;
}

/* The map may only change while no transaction is open, and one that finds it full is lost: so it is made large enough before. */
static int make_room(rw_spill *spill)
{
    MDB_envinfo info;
    MDB_stat stat;
    int code = mdb_env_info(spill->env, &info);
    if (!code) code = mdb_env_stat(spill->env, &stat);
    if (code) return code;
    size_t wanted = (info.me_last_pgno + 1 + GATHERED * PAGES_EACH) * stat.ms_psize;
    return wanted <= info.me_mapsize ? 0 : mdb_env_set_mapsize(spill->env, info.me_mapsize * 2);
}

static int begin_writing(rw_spill *spill)
{
    if (spill->writing) return 0;
    end_reading(spill);
    int code = make_room(spill);
    return code ? code : mdb_txn_begin(spill->env, NULL, 0, &spill->writing);
}

static int commit(rw_spill *spill)
{
    MDB_txn *txn = spill->writing;
    spill->writing = NULL;
    spill->gathered = 0;
    return txn ? mdb_txn_commit(txn) : 0;
}

static bool written(rw_spill *spill, int code, GError **error)
{
    if (!code && ++spill->gathered >= GATHERED) code = commit(spill);
    if (!code) return true;
    if (spill->writing) mdb_txn_abort(spill->writing);
    spill->writing = NULL;
    spill->gathered = 0;
    return fail(code, error);
}

static bool put(rw_spill *spill, rw_item item, rw_slice bytes, unsigned flags, GError **error)
{
    key k = key_of(item);
    MDB_val at = {sizeof k, &k}, value = {bytes.len, (void *)(uintptr_t)bytes.data};
    int code = begin_writing(spill);
    if (!code) code = mdb_put(spill->writing, spill->items, &at, &value, flags);
    return written(spill, code, error);
}

bool rw_spill_put(rw_spill *spill, rw_item item, rw_slice bytes, GError **error) { return put(spill, item, bytes, 0, error); }
bool rw_spill_append(rw_spill *spill, rw_item item, rw_slice bytes, GError **error) { return put(spill, item, bytes, MDB_APPEND, error); }

bool rw_spill_remove(rw_spill *spill, rw_item item, GError **error)
{
    key k = key_of(item);
    MDB_val at = {sizeof k, &k};
    int code = begin_writing(spill);
    if (!code) code = mdb_del(spill->writing, spill->items, &at, NULL);
    return written(spill, code == MDB_NOTFOUND ? 0 : code, error);
}

bool rw_spill_flush(rw_spill *spill, GError **error)
{
    int code = commit(spill);
    return !code || fail(code, error);
}

/* --- read --- */

static int begin_reading(rw_spill *spill)
{
    int code = 0;
    if (spill->is_reading) return 0;
    if (spill->reading) code = mdb_txn_renew(spill->reading);
    else code = mdb_txn_begin(spill->env, NULL, MDB_RDONLY, &spill->reading);
    spill->is_reading = !code;
    return code;
}

bool rw_spill_find(rw_spill *spill, rw_item item, rw_slice *bytes, GError **error)
{
    key k = key_of(item);
    MDB_val at = {sizeof k, &k}, value = {0};
    int code = begin_reading(spill);
    if (!code) code = mdb_get(spill->reading, spill->items, &at, &value);
    *bytes = rw_slice_of(code ? NULL : value.mv_data, value.mv_size);
    return !code || code == MDB_NOTFOUND || fail(code, error);
}

static bool walk(MDB_cursor *cursor, rw_spill_fn fn, void *user, GError **error)
{
    MDB_val at, value;
    int code = mdb_cursor_get(cursor, &at, &value, MDB_FIRST);
    for (; !code; code = mdb_cursor_get(cursor, &at, &value, MDB_NEXT))
        if (!fn(user, item_of(&at), rw_slice_of(value.mv_data, value.mv_size), error)) return false;
    return code == MDB_NOTFOUND || fail(code, error);
}

bool rw_spill_each(rw_spill *spill, rw_spill_fn fn, void *user, GError **error)
{
    MDB_cursor *cursor;
    int code = begin_reading(spill);
    if (!code) code = mdb_cursor_open(spill->reading, spill->items, &cursor);
    if (code) return fail(code, error);
    bool ok = walk(cursor, fn, user, error);
    mdb_cursor_close(cursor);
    return ok;
}

uint64_t rw_spill_items(const rw_spill *spill)
{
    MDB_stat stat;
    return mdb_env_stat(spill->env, &stat) ? 0 : stat.ms_entries;
}
