#include "flow/status.h"

static const char *const state_names[] = {
    [RW_LINK_CATCHING_UP] = "catching_up", [RW_LINK_RUNNING] = "running", [RW_LINK_PAUSED] = "paused", [RW_LINK_RETRYING] = "retrying",
    [RW_LINK_STOPPED] = "stopped",         [RW_LINK_DOWN] = "down",       [RW_LINK_STANDBY] = "standby",
};

const char *rw_link_state_name(rw_link_state state) { return state_names[state]; }

static void free_table(gpointer data)
{
    rw_table_status *table = data;
    g_free(table->table);
    g_free(table->why);
    g_free(table);
}

rw_link_status *rw_link_status_new(const char *name, const char *source, const char *target)
{
    rw_link_status *link = g_new0(rw_link_status, 1);
    link->name = g_strdup(name);
    link->source = g_strdup(source);
    link->target = g_strdup(target);
    link->state = RW_LINK_DOWN;
    link->lag_s = -1;
    link->tables = g_ptr_array_new_with_free_func(free_table);
    return link;
}

rw_link_status *rw_link_status_copy(const rw_link_status *link)
{
    rw_link_status *copy = g_new(rw_link_status, 1);
    *copy = *link;
    copy->name = g_strdup(link->name);
    copy->source = g_strdup(link->source);
    copy->target = g_strdup(link->target);
    copy->error = g_strdup(link->error);
    copy->warning = g_strdup(link->warning);
    copy->position.file = g_strdup(link->position.file);
    copy->position.gtid = g_strdup(link->position.gtid);
    copy->tables = g_ptr_array_new_full(link->tables->len, free_table);
    for (guint i = 0; i < link->tables->len; i++) {
        const rw_table_status *table = g_ptr_array_index(link->tables, i);
        rw_link_status_add_table(copy, table->table, table->exact, table->why);
    }
    return copy;
}

void rw_link_status_free(rw_link_status *link)
{
    if (!link) return;
    g_free(link->name);
    g_free(link->source);
    g_free(link->target);
    g_free(link->error);
    g_free(link->warning);
    g_free(link->position.file);
    g_free(link->position.gtid);
    g_ptr_array_unref(link->tables);
    g_free(link);
}

void rw_link_status_set_error(rw_link_status *link, const char *error)
{
    char *old = link->error;
    link->error = g_strdup(error);
    g_free(old);
}

void rw_link_status_add_table(rw_link_status *link, const char *name, bool exact, const char *why)
{
    rw_table_status *table = g_new(rw_table_status, 1);
    *table = (rw_table_status){.table = g_strdup(name), .exact = exact, .why = g_strdup(why)};
    g_ptr_array_add(link->tables, table);
}

rw_site_status *rw_site_status_new(const char *name, unsigned id)
{
    rw_site_status *site = g_new0(rw_site_status, 1);
    site->name = g_strdup(name);
    site->id = id;
    return site;
}

void rw_site_status_free(rw_site_status *site)
{
    if (!site) return;
    g_free(site->name);
    g_free(site->flavour);
    g_free(site->version);
    g_free(site->host);
    g_free(site);
}

rw_status *rw_status_new(const char *name)
{
    rw_status *status = g_new(rw_status, 1);
    status->name = g_strdup(name);
    status->sites = g_ptr_array_new_with_free_func((GDestroyNotify)rw_site_status_free);
    status->links = g_ptr_array_new_with_free_func((GDestroyNotify)rw_link_status_free);
    return status;
}

void rw_status_free(rw_status *status)
{
    if (!status) return;
    g_free(status->name);
    g_ptr_array_unref(status->sites);
    g_ptr_array_unref(status->links);
    g_free(status);
}
