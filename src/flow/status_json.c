#include "flow/status.h"

#include "flow/json_put.h"

#include <math.h>

static void put_count(JsonBuilder *json, const char *name, uint64_t value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_int_value(json, (gint64)MIN(value, (uint64_t)G_MAXINT64));
}

static void put_seconds(JsonBuilder *json, const char *name, double seconds)
{
    json_builder_set_member_name(json, name);
    if (isfinite(seconds) && seconds >= 0) json_builder_add_double_value(json, round(seconds * 1000) / 1000);
    else json_builder_add_null_value(json);
}

static void put_site(JsonBuilder *json, const rw_site_status *site)
{
    json_builder_begin_object(json);
    rw_json_put_string(json, "name", site->name);
    put_count(json, "id", site->id);
    rw_json_put_string(json, "flavour", site->flavour);
    rw_json_put_string(json, "version", site->version);
    rw_json_put_string(json, "host", site->host);
    json_builder_set_member_name(json, "reachable");
    json_builder_add_boolean_value(json, site->reachable);
    json_builder_end_object(json);
}

static void put_position(JsonBuilder *json, const rw_source_pos *position)
{
    json_builder_set_member_name(json, "position");
    json_builder_begin_object(json);
    rw_json_put_string(json, "file", position->file);
    put_count(json, "offset", position->offset_bytes);
    rw_json_put_string(json, "gtid", position->gtid);
    json_builder_end_object(json);
}

static void put_rows(JsonBuilder *json, const rw_link_status *link)
{
    json_builder_set_member_name(json, "rows");
    json_builder_begin_object(json);
    put_count(json, "captured", link->captured);
    put_count(json, "applied", link->applied);
    put_count(json, "filtered", link->filtered);
    put_count(json, "discarded", link->discarded);
    json_builder_end_object(json);
}

static void put_tables(JsonBuilder *json, const GPtrArray *tables)
{
    json_builder_set_member_name(json, "tables");
    json_builder_begin_array(json);
    for (guint i = 0; i < tables->len; i++) {
        const rw_table_status *table = g_ptr_array_index(tables, i);
        json_builder_begin_object(json);
        rw_json_put_string(json, "table", table->table);
        rw_json_put_string(json, "path", table->exact ? "exact" : "folded");
        rw_json_put_string(json, "why", table->why);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void put_link(JsonBuilder *json, const rw_link_status *link)
{
    json_builder_begin_object(json);
    rw_json_put_string(json, "name", link->name);
    rw_json_put_string(json, "source", link->source);
    rw_json_put_string(json, "target", link->target);
    rw_json_put_string(json, "state", rw_link_state_name(link->state));
    rw_json_put_string(json, "error", link->error);
    rw_json_put_string(json, "warning", link->warning);
    put_position(json, &link->position);
    put_seconds(json, "lag_s", link->lag_s);
    put_count(json, "delay_s", link->delay_s);
    put_count(json, "transactions", link->transactions);
    put_rows(json, link);
    put_count(json, "conflicts", link->conflicts);
    put_count(json, "drift", link->drift);
    put_count(json, "ddl", link->ddl);
    put_count(json, "retries", link->retries);
    put_count(json, "local_writes", link->local_writes);
    put_count(json, "window", link->window);
    put_tables(json, link->tables);
    json_builder_end_object(json);
}

char *rw_status_to_json(const rw_status *status)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    rw_json_put_string(json, "name", status->name);
    json_builder_set_member_name(json, "sites");
    json_builder_begin_array(json);
    for (guint i = 0; i < status->sites->len; i++) put_site(json, g_ptr_array_index(status->sites, i));
    json_builder_end_array(json);
    json_builder_set_member_name(json, "links");
    json_builder_begin_array(json);
    for (guint i = 0; i < status->links->len; i++) put_link(json, g_ptr_array_index(status->links, i));
    json_builder_end_array(json);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}
