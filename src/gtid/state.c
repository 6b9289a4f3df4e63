#include "gtid/state.h"

bool rw_gtid_state_parse(rw_gtid_state *out, rw_gtid_kind kind, const char *text, GError **error)
{
    *out = (rw_gtid_state){.kind = RW_GTID_NONE};
    if (!text) text = "";
    switch (kind) {
    case RW_GTID_NONE:
        return !*text || rw_fail(error, RW_ERR_CONFIG, "GTIDs \"%.80s\": the server has none of its own; leave them out, or check the site's kind of server", text);
    case RW_GTID_MYSQL:
        if (!(out->set = rw_gtid_set_parse(text, error))) return false;
        break;
    case RW_GTID_MARIADB:
        if (!(out->pos = rw_gtid_pos_parse(text, error))) return false;
        break;
    }
    out->kind = kind;
    return true;
}

void rw_gtid_state_copy(rw_gtid_state *out, const rw_gtid_state *from)
{
    rw_gtid_state copy = {.kind = from->kind};
    if (from->kind == RW_GTID_MYSQL) copy.set = rw_gtid_set_copy(from->set);
    else if (from->kind == RW_GTID_MARIADB) copy.pos = rw_gtid_pos_copy(from->pos);
    *out = copy;
}

void rw_gtid_state_clear(rw_gtid_state *state)
{
    if (state->kind == RW_GTID_MYSQL) rw_gtid_set_free(state->set);
    else if (state->kind == RW_GTID_MARIADB) rw_gtid_pos_free(state->pos);
    *state = (rw_gtid_state){.kind = RW_GTID_NONE};
}

bool rw_gtid_state_advance(rw_gtid_state *state, const char *gtid, GError **error)
{
    if (!gtid || !*gtid) return true;
    switch (state->kind) {
    case RW_GTID_MYSQL: return rw_gtid_set_add(state->set, gtid, error);
    case RW_GTID_MARIADB: return rw_gtid_pos_update(state->pos, gtid, error);
    case RW_GTID_NONE: break;
    }
    return true;
}

bool rw_gtid_state_contains(const rw_gtid_state *state, const char *gtid)
{
    if (!gtid) return false;
    switch (state->kind) {
    case RW_GTID_MYSQL: return rw_gtid_set_contains(state->set, gtid);
    case RW_GTID_MARIADB: return rw_gtid_pos_contains(state->pos, gtid);
    case RW_GTID_NONE: break;
    }
    return false;
}

static bool has_each(const rw_gtid_state *state, const rw_gtid_state *part)
{
    g_autofree char *text = rw_gtid_state_format(part);
    g_auto(GStrv) gtids = g_strsplit(text, ",", -1); /* of "" nothing */
    for (char **gtid = gtids; *gtid; gtid++)
        if (!rw_gtid_state_contains(state, *gtid)) return false;
    return true;
}

bool rw_gtid_state_covers(const rw_gtid_state *state, const rw_gtid_state *part)
{
    if (state->kind != part->kind || state->kind == RW_GTID_NONE) return false;
    return state->kind == RW_GTID_MYSQL ? rw_gtid_set_is_subset(part->set, state->set) : has_each(state, part);
}

bool rw_gtid_state_is_empty(const rw_gtid_state *state)
{
    switch (state->kind) {
    case RW_GTID_MYSQL: return rw_gtid_set_is_empty(state->set);
    case RW_GTID_MARIADB: return rw_gtid_pos_is_empty(state->pos);
    case RW_GTID_NONE: break;
    }
    return true;
}

char *rw_gtid_state_format(const rw_gtid_state *state)
{
    switch (state->kind) {
    case RW_GTID_MYSQL: return rw_gtid_set_format(state->set);
    case RW_GTID_MARIADB: return rw_gtid_pos_format(state->pos);
    case RW_GTID_NONE: break;
    }
    return g_strdup("");
}

void rw_gtid_state_encode(const rw_gtid_state *state, GByteArray *out)
{
    if (state->kind == RW_GTID_MYSQL) {
        rw_gtid_set_encode(state->set, out);
    } else if (state->kind == RW_GTID_MARIADB) {
        g_autofree char *text = rw_gtid_pos_format(state->pos);
        g_byte_array_append(out, (const uint8_t *)text, (guint)strlen(text));
    }
}
