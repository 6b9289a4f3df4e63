#include "flow/route/intents.h"

#include "ddl/announced.h"

#include <stdio.h>
#include <xxhash.h>

typedef struct {
    unsigned source, lane;
    uint64_t connection; /* 0: of a server that is gone */
    uint64_t hash;       /* of the statement */
    rw_announced announced;
    GBytes *statement;   /* NULL: it was announced before this reader began */
} intent;

static void clear_intent(gpointer data) { g_clear_pointer(&((intent *)data)->statement, g_bytes_unref); }

/* A handful of entries at most, one per link: a scan is right. */
struct rw_intents {
    GArray *open;
};

rw_intents *rw_intents_new(void)
{
    rw_intents *intents = g_new(rw_intents, 1);
    intents->open = g_array_new(FALSE, FALSE, sizeof(intent));
    g_array_set_clear_func(intents->open, clear_intent);
    return intents;
}

void rw_intents_free(rw_intents *intents)
{
    if (!intents) return;
    g_array_free(intents->open, TRUE);
    g_free(intents);
}

static uint64_t hash_of(rw_slice statement) { return XXH3_64bits(statement.data, statement.len); }

void rw_intents_note(rw_intents *intents, unsigned source, unsigned lane, uint64_t connection, bool open, rw_slice statement, rw_announced announced)
{
    for (guint i = 0; i < intents->open->len; i++) {
        intent *known = &g_array_index(intents->open, intent, i);
        if (known->source != source || known->lane != lane) continue;
        g_array_remove_index_fast(intents->open, i);
        break;
    }
    if (!open) return;
    intent noted = {source, lane, connection, hash_of(statement), announced, g_bytes_new(statement.data, statement.len)};
    g_array_append_val(intents->open, noted);
}

/* Nodes of a cluster number their sessions each for itself, and one log holds the statements of all. */
static bool is_own(const intent *known, uint64_t connection, rw_slice statement)
{
    gsize len = 0;
    if (!known->connection) return known->hash == hash_of(statement);
    if (known->connection != connection || !known->statement) return known->connection == connection;
    const void *data = g_bytes_get_data(known->statement, &len);
    return rw_ddl_may_be(rw_slice_of(data, len), statement);
}

bool rw_intents_own(const rw_intents *intents, uint64_t connection, rw_slice statement, rw_announced *announced)
{
    for (guint i = 0; i < intents->open->len; i++) {
        const intent *known = &g_array_index(intents->open, intent, i);
        if (!is_own(known, connection, statement)) continue;
        *announced = known->announced;
        return true;
    }
    return false;
}

void rw_intents_server_started(rw_intents *intents)
{
    for (guint i = 0; i < intents->open->len; i++) g_array_index(intents->open, intent, i).connection = 0;
}

char *rw_intents_format(const rw_intents *intents)
{
    if (!intents->open->len) return NULL;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < intents->open->len; i++) {
        const intent *known = &g_array_index(intents->open, intent, i);
        g_string_append_printf(text, "%s%u/%u:%" G_GUINT64_FORMAT ":%" G_GINT64_MODIFIER "x:%u:%" G_GUINT64_FORMAT, i ? " " : "", known->source,
                               known->lane, known->connection, known->hash, known->announced.origin, known->announced.stamp_us);
    }
    return g_string_free(text, FALSE);
}

bool rw_intents_parse(rw_intents *intents, const char *text)
{
    g_array_set_size(intents->open, 0);
    if (!text) return true;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        intent read = {0};
        int end = 0;
        if (!**word) continue;
        if (sscanf(*word, "%u/%u:%" G_GUINT64_FORMAT ":%" G_GINT64_MODIFIER "x:%u:%" G_GUINT64_FORMAT "%n", &read.source, &read.lane, &read.connection, &read.hash,
                   &read.announced.origin, &read.announced.stamp_us, &end) != 6 || (*word)[end])
            return false;
        g_array_append_val(intents->open, read);
    }
    return true;
}
