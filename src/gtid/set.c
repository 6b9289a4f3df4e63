#include "gtid/set_private.h"

static void group_free(gpointer data)
{
    rw_gtid_group *group = data;
    g_array_unref(group->intervals);
    g_free(group);
}

static rw_gtid_group *group_new(const rw_gtid_source *source)
{
    rw_gtid_group *group = g_new(rw_gtid_group, 1);
    group->source = *source;
    group->intervals = g_array_new(FALSE, FALSE, sizeof(rw_gtid_interval));
    return group;
}

rw_gtid_set *rw_gtid_set_new(void)
{
    rw_gtid_set *set = g_new0(rw_gtid_set, 1);
    set->groups = g_ptr_array_new_with_free_func(group_free);
    return set;
}

void rw_gtid_set_free(rw_gtid_set *set)
{
    if (!set) return;
    g_ptr_array_unref(set->groups);
    g_free(set);
}

rw_gtid_set *rw_gtid_set_copy(const rw_gtid_set *set)
{
    rw_gtid_set *copy = rw_gtid_set_new();
    for (unsigned i = 0; i < set->groups->len; i++) {
        const rw_gtid_group *from = rw_gtid_set_group(set, i);
        rw_gtid_group *to = group_new(&from->source);
        g_array_append_vals(to->intervals, from->intervals->data, from->intervals->len);
        g_ptr_array_add(copy->groups, to);
    }
    copy->last = set->last;
    return copy;
}

static int source_compare(const rw_gtid_source *a, const rw_gtid_source *b)
{
    int order = memcmp(a->uuid, b->uuid, sizeof a->uuid);
    return order ? order : strcmp(a->tag, b->tag);
}

/* The index of the group, or where it would have to be inserted. */
static bool find_group(const rw_gtid_set *set, const rw_gtid_source *source, unsigned *at)
{
    *at = set->last;
    if (*at < set->groups->len && source_compare(&rw_gtid_set_group(set, *at)->source, source) == 0) return true;
    unsigned low = 0, high = set->groups->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = source_compare(&rw_gtid_set_group(set, middle)->source, source);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    *at = low;
    return false;
}

/* The first interval that ends at or after n: the one that holds n, touches it, or follows it. */
static unsigned first_ending_from(const rw_gtid_group *group, uint64_t n)
{
    unsigned low = 0, high = group->intervals->len;
    if (high && rw_gtid_group_interval(group, high - 1)->to <= n)
        return rw_gtid_group_interval(group, high - 1)->to == n ? high - 1 : high;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (rw_gtid_group_interval(group, middle)->to < n) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void group_add(rw_gtid_group *group, rw_gtid_interval add)
{
    unsigned at = first_ending_from(group, add.from), end = at;
    while (end < group->intervals->len && rw_gtid_group_interval(group, end)->from <= add.to) end++;
    if (at == end) {
        g_array_insert_val(group->intervals, at, add);
        return;
    }
    rw_gtid_interval *first = rw_gtid_group_interval(group, at);
    first->from = MIN(first->from, add.from);
    first->to = MAX(rw_gtid_group_interval(group, end - 1)->to, add.to);
    if (end - at > 1) g_array_remove_range(group->intervals, at + 1, end - at - 1);
}

void rw_gtid_set_add_interval(rw_gtid_set *set, const rw_gtid_source *source, rw_gtid_interval interval)
{
    unsigned at;
    if (!find_group(set, source, &at)) g_ptr_array_insert(set->groups, (gint)at, group_new(source));
    set->last = at;
    group_add(rw_gtid_set_group(set, at), interval);
}

bool rw_gtid_set_covers(const rw_gtid_set *set, const rw_gtid_source *source, rw_gtid_interval interval)
{
    unsigned at;
    if (!find_group(set, source, &at)) return false;
    const rw_gtid_group *group = rw_gtid_set_group(set, at);
    unsigned i = first_ending_from(group, interval.to);
    return i < group->intervals->len && rw_gtid_group_interval(group, i)->from <= interval.from;
}

void rw_gtid_set_union(rw_gtid_set *set, const rw_gtid_set *other)
{
    if (set == other) return;
    for (unsigned g = 0; g < other->groups->len; g++) {
        const rw_gtid_group *group = rw_gtid_set_group(other, g);
        for (unsigned i = 0; i < group->intervals->len; i++)
            rw_gtid_set_add_interval(set, &group->source, *rw_gtid_group_interval(group, i));
    }
}

bool rw_gtid_set_is_subset(const rw_gtid_set *part, const rw_gtid_set *whole)
{
    for (unsigned g = 0; g < part->groups->len; g++) {
        const rw_gtid_group *group = rw_gtid_set_group(part, g);
        for (unsigned i = 0; i < group->intervals->len; i++)
            if (!rw_gtid_set_covers(whole, &group->source, *rw_gtid_group_interval(group, i))) return false;
    }
    return true;
}

bool rw_gtid_set_is_empty(const rw_gtid_set *set) { return set->groups->len == 0; }

bool rw_gtid_set_has_tags(const rw_gtid_set *set)
{
    for (unsigned g = 0; g < set->groups->len; g++)
        if (*rw_gtid_set_group(set, g)->source.tag) return true;
    return false;
}
