/* The other way: from the JSON of a daemon. A member that is missing or null leaves what it describes as not known, so that an older
 * daemon can be asked too; one of another type than ours means that this is not a status. */
#include "flow/status.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
    GString *wrong; /* what is wrong first; empty: nothing yet */
} reader;

static void refuse(reader *r, const char *name, const char *wanted)
{
    if (r->wrong->len == 0) g_string_printf(r->wrong, "\"%s\" is not %s", name, wanted);
}

/* NULL: missing, or null. */
static JsonNode *member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static bool holds(JsonNode *node, GType type) { return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type; }

static char *take_string(reader *r, JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (node && holds(node, G_TYPE_STRING)) return json_node_dup_string(node);
    if (node) refuse(r, name, "a string");
    return NULL;
}

static char *take_name(reader *r, JsonObject *object, const char *name)
{
    char *value = take_string(r, object, name);
    if (value) return value;
    refuse(r, name, "there");
    return g_strdup("");
}

static uint64_t take_count(reader *r, JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (!node) return 0;
    if (holds(node, G_TYPE_INT64) && json_node_get_int(node) >= 0) return (uint64_t)json_node_get_int(node);
    refuse(r, name, "a count");
    return 0;
}

static unsigned take_unsigned(reader *r, JsonObject *object, const char *name)
{
    uint64_t value = take_count(r, object, name);
    if (value <= G_MAXUINT) return (unsigned)value;
    refuse(r, name, "a count");
    return 0;
}

static double take_seconds(reader *r, JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (!node) return -1;
    if (holds(node, G_TYPE_INT64) || holds(node, G_TYPE_DOUBLE)) return json_node_get_double(node);
    refuse(r, name, "a number");
    return -1;
}

static bool take_flag(reader *r, JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (node && holds(node, G_TYPE_BOOLEAN)) return json_node_get_boolean(node);
    if (node) refuse(r, name, "true or false");
    return false;
}

static JsonObject *take_object(reader *r, JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    if (node && JSON_NODE_HOLDS_OBJECT(node)) return json_node_get_object(node);
    if (node) refuse(r, name, "an object");
    return NULL;
}

/* Calls add for every object in the list. */
static void each_object(reader *r, JsonObject *object, const char *name, void (*add)(reader *, JsonObject *, void *), void *to)
{
    JsonNode *node = member(object, name);
    if (!node) return;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        refuse(r, name, "a list");
        return;
    }
    JsonArray *list = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *element = json_array_get_element(list, i);
        if (JSON_NODE_HOLDS_OBJECT(element)) add(r, json_node_get_object(element), to);
        else refuse(r, name, "a list of objects");
    }
}

static void add_site(reader *r, JsonObject *object, void *to)
{
    rw_status *status = to;
    g_autofree char *name = take_name(r, object, "name");
    rw_site_status *site = rw_site_status_new(name, take_unsigned(r, object, "id"));
    site->flavour = take_string(r, object, "flavour");
    site->version = take_string(r, object, "version");
    site->host = take_string(r, object, "host");
    site->reachable = take_flag(r, object, "reachable");
    g_ptr_array_add(status->sites, site);
}

static void add_table(reader *r, JsonObject *object, void *to)
{
    g_autofree char *name = take_name(r, object, "table"), *path = take_name(r, object, "path");
    g_autofree char *why = take_string(r, object, "why");
    rw_link_status_add_table(to, name, strcmp(path, "folded") != 0, why);
}

static rw_link_state take_state(reader *r, JsonObject *object)
{
    g_autofree char *name = take_name(r, object, "state");
    for (rw_link_state state = 0; state <= RW_LINK_STANDBY; state++)
        if (strcmp(name, rw_link_state_name(state)) == 0) return state;
    refuse(r, "state", "a state that this version knows");
    return RW_LINK_DOWN;
}

static void take_position(reader *r, JsonObject *object, rw_source_pos *position)
{
    JsonObject *from = take_object(r, object, "position");
    if (!from) return;
    position->file = take_string(r, from, "file");
    position->offset_bytes = take_count(r, from, "offset");
    position->gtid = take_string(r, from, "gtid");
}

static void take_rows(reader *r, JsonObject *object, rw_link_status *link)
{
    JsonObject *rows = take_object(r, object, "rows");
    if (!rows) return;
    link->captured = take_count(r, rows, "captured");
    link->applied = take_count(r, rows, "applied");
    link->filtered = take_count(r, rows, "filtered");
    link->discarded = take_count(r, rows, "discarded");
}

static void add_link(reader *r, JsonObject *object, void *to)
{
    rw_status *status = to;
    g_autofree char *name = take_name(r, object, "name"), *source = take_name(r, object, "source");
    g_autofree char *target = take_name(r, object, "target");
    rw_link_status *link = rw_link_status_new(name, source, target);
    g_ptr_array_add(status->links, link);
    link->state = take_state(r, object);
    link->error = take_string(r, object, "error");
    link->warning = take_string(r, object, "warning");
    take_position(r, object, &link->position);
    link->lag_s = take_seconds(r, object, "lag_s");
    link->delay_s = take_unsigned(r, object, "delay_s");
    link->transactions = take_count(r, object, "transactions");
    take_rows(r, object, link);
    link->conflicts = take_count(r, object, "conflicts");
    link->drift = take_count(r, object, "drift");
    link->ddl = take_count(r, object, "ddl");
    link->retries = take_count(r, object, "retries");
    link->local_writes = take_count(r, object, "local_writes");
    link->window = take_unsigned(r, object, "window");
    each_object(r, object, "tables", add_table, link);
}

/* json-glib's parser calls itself for every level without an end, and overflows the stack. */
static bool too_deep(const char *text)
{
    enum { DEPTH_MAX = 32 };
    unsigned depth = 0;
    for (bool quoted = false; *text; text++) {
        if (quoted && *text == '\\' && text[1]) text++;
        else if (*text == '"') quoted = !quoted;
        else if (!quoted && (*text == '[' || *text == '{') && ++depth > DEPTH_MAX) return true;
        else if (!quoted && (*text == ']' || *text == '}') && depth > 0) depth--;
    }
    return false;
}

rw_status *rw_status_from_json(const char *text, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(JsonNode) root = too_deep(text) ? NULL : json_from_string(text, &why);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        rw_fail(error, RW_ERR_STOP, "status: what answered is not a Ringway: %s; check the option http",
                why ? why->message : "no JSON object");
        return NULL;
    }
    g_autoptr(GString) wrong = g_string_new(NULL);
    reader r = {wrong};
    JsonObject *object = json_node_get_object(root);
    g_autofree char *name = take_name(&r, object, "name");
    g_autoptr(rw_status) status = rw_status_new(name);
    each_object(&r, object, "sites", add_site, status);
    each_object(&r, object, "links", add_link, status);
    if (wrong->len == 0) return g_steal_pointer(&status);
    rw_fail(error, RW_ERR_STOP, "status: the daemon's answer is not understood: %s; use the same version of ringway as the daemon",
            wrong->str);
    return NULL;
}
