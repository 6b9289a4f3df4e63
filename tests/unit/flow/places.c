#include "flow/places.h"

static void add(rw_places *p, unsigned site, uint64_t stamp_us, const char *seen, const char *gtid)
{
    rw_log_place place = {.site = site, .file = g_strdup("bin.000001"), .gtid = g_strdup(gtid), .offset_bytes = stamp_us, .history.stamp_us = stamp_us};
    g_assert_true(rw_seen_parse(&place.history.seen, seen));
    g_array_append_val(p->places, place);
}

static rw_origins set_of(const char *text)
{
    rw_origins set;
    g_assert_true(rw_origins_parse(&set, text));
    return set;
}

static void expect(const rw_places *p, unsigned site, unsigned holder, const char *origins, uint64_t stamp_us)
{
    rw_origins set = set_of(origins);
    const rw_log_place *found = rw_places_find(p, site, holder, &set);
    if (!stamp_us) g_assert_null(found);
    else g_assert_cmpuint(found->history.stamp_us, ==, stamp_us);
}

/* The latest before which the holder has all that is asked for. */
static void test_find(void)
{
    g_autoptr(rw_places) p = rw_places_new();
    g_assert_true(rw_seen_parse(&p->held[3], "1:50,2:20"));
    expect(p, 1, 3, "1,2", 0);
    add(p, 1, 10, "", "");
    add(p, 1, 40, "2:20", "");
    add(p, 1, 45, "2:21", "");
    add(p, 1, 60, "2:20", "");
    add(p, 2, 15, "", "");
    expect(p, 1, 3, "1,2", 40);
    expect(p, 1, 3, "1", 45);     /* what it had seen of others is not asked for */
    expect(p, 1, 3, "2", 60);
    expect(p, 2, 3, "1,2", 15);
    expect(p, 2, 3, "1,2,4", 15);
    expect(p, 4, 3, "1,2", 0);
    expect(p, 1, 9, "1", 0);      /* that site holds nothing */
}

/* What the holder wrote itself it has. */
static void test_own(void)
{
    g_autoptr(rw_places) p = rw_places_new();
    g_assert_true(rw_seen_parse(&p->held[3], "1:50"));
    add(p, 1, 40, "3:900", "");
    expect(p, 1, 3, "1,3", 40);
}

/* What a link's memory proves holds for its source, and for those on the way to it. */
static void test_proved(void)
{
    g_autoptr(rw_places) p = rw_places_new();
    g_assert_true(rw_seen_parse(&p->held[3], "1:50,2:20"));
    add(p, 1, 90, "2:20", "");
    expect(p, 1, 3, "1,2", 0);
    rw_origins_add(&g_array_index(p->places, rw_log_place, 0).proved, 4);
    expect(p, 1, 3, "1,2", 0);
    rw_places_prove(p, 1, 5, 3);
    expect(p, 1, 3, "1,2", 0);
    rw_places_prove(p, 1, 4, 3);
    expect(p, 1, 3, "1,2", 90);
    add(p, 1, 95, "2:21", ""); /* of others the stamps tell */
    rw_origins_add(&g_array_index(p->places, rw_log_place, 1).proved, 3);
    expect(p, 1, 3, "1,2", 90);
}

/* Of equals one that means something at every host. */
static void test_gtid(void)
{
    g_autoptr(rw_places) p = rw_places_new();
    rw_origins set = set_of("1");
    g_assert_true(rw_seen_parse(&p->held[3], "1:50"));
    add(p, 1, 40, "", "");
    add(p, 1, 40, "", "0-1-7");
    add(p, 1, 40, "", "");
    g_assert_cmpstr(rw_places_find(p, 1, 3, &set)->gtid, ==, "0-1-7");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/places/find", test_find);
    g_test_add_func("/places/own", test_own);
    g_test_add_func("/places/proved", test_proved);
    g_test_add_func("/places/gtid", test_gtid);
    return g_test_run();
}
