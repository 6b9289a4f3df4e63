#include "flow/conflicts.h"

#include "flow/json_put.h"

/* The whole value beside length and hash: "value" if it is text, else "hex". */
static void put_whole(JsonObject *large, GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    if (len && !memchr(data, '\0', len) && g_utf8_validate((const char *)data, (gssize)len, NULL)) {
        g_autofree char *text = g_strndup((const char *)data, len);
        json_object_set_string_member(large, "value", text);
        return;
    }
    g_autoptr(GString) hex = g_string_new(NULL);
    for (gsize i = 0; i < len; i++) g_string_append_printf(hex, "%02x", data[i]);
    json_object_set_string_member(large, "hex", hex->str);
}

static void put_wholes(JsonObject *row, const char *side, GHashTable *values)
{
    g_autoptr(GList) names = json_object_get_members(row);
    for (const GList *name = names; name; name = name->next) {
        g_autofree char *key = rw_conflict_value_name(side, name->data);
        GBytes *bytes = g_hash_table_lookup(values, key);
        JsonNode *node = json_object_get_member(row, name->data);
        if (bytes && JSON_NODE_HOLDS_OBJECT(node)) put_whole(json_node_get_object(node), bytes);
    }
}

/* As an object if it is one; else as it stands, as hexadecimal rows and statements do. */
static void put_row(JsonBuilder *json, const char *name, const char *text, const char *side, GHashTable *values)
{
    g_autoptr(JsonNode) row = text && *text == '{' ? json_from_string(text, NULL) : NULL;
    if (!row || !JSON_NODE_HOLDS_OBJECT(row)) {
        rw_json_put_string(json, name, text);
        return;
    }
    if (values && side) put_wholes(json_node_get_object(row), side, values);
    json_builder_set_member_name(json, name);
    json_builder_add_value(json, g_steal_pointer(&row));
}

static void put_number(JsonBuilder *json, const char *name, const char *text)
{
    json_builder_set_member_name(json, name);
    if (text) json_builder_add_int_value(json, (gint64)MIN(g_ascii_strtoull(text, NULL, 10), (guint64)G_MAXINT64));
    else json_builder_add_null_value(json);
}

static void put_record(JsonBuilder *json, const rw_conflict_record *record, GHashTable *values)
{
    g_autofree char *ref = g_strdup_printf("%s/%" G_GUINT64_FORMAT, record->site, record->id);
    json_builder_begin_object(json);
    rw_json_put_string(json, "ref", ref);
    rw_json_put_string(json, "site", record->site);
    for (unsigned i = 0; i < RW_CONFLICT_COLUMNS; i++) {
        const char *name = rw_conflict_column_name((rw_conflict_column)i), *text = record->text[i];
        if (rw_conflict_column_is_number((rw_conflict_column)i)) put_number(json, name, text);
        else if (i == RW_CONFLICT_KEY) put_row(json, name, text, NULL, NULL);
        else if (i >= RW_CONFLICT_BEFORE && i <= RW_CONFLICT_CURRENT) put_row(json, name, text, rw_conflict_sides[i - RW_CONFLICT_BEFORE], values);
        else rw_json_put_string(json, name, text);
    }
    json_builder_end_object(json);
}

char *rw_conflicts_to_json(const GPtrArray *records)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "conflicts");
    json_builder_begin_array(json);
    for (guint i = 0; i < records->len; i++) put_record(json, g_ptr_array_index(records, i), NULL);
    json_builder_end_array(json);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}

char *rw_conflict_to_json(const rw_conflict_record *record, GHashTable *values)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    put_record(json, record, values);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}
