#include "conflict/policy.h"

/* Incoming: of site 2, stamp 100, rank 1, unless said otherwise. */
static rw_conflict conflict(rw_op op) { return (rw_conflict){.op = op, .here = true, .origin = 2, .stamp_us = 100, .rank = 1, .unseen_rank = 1}; }

static void expect(const char *policy, const rw_conflict *c, rw_verdict verdict)
{
    g_assert_cmpstr(rw_verdict_name(rw_policy_find(policy)->settle(c)), ==, rw_verdict_name(verdict));
}

static void test_find(void)
{
    static const char *const names[] = {"last_write_wins", "site_priority", "error", "delta", "merge"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) g_assert_cmpstr(rw_policy_find(names[i])->name, ==, names[i]);
    g_assert_null(rw_policy_find("newest"));
    g_assert_null(rw_policy_find(""));
}

static void test_what_they_need(void)
{
    static const struct {
        const char *name;
        unsigned remembers;
        bool causal, adds;
    } needs[] = {
        {"last_write_wins", 0, false, false},
        {"error", 0, false, false},
        {"site_priority", RW_REMEMBERS_ORIGINS, true, false},
        {"delta", RW_REMEMBERS_ENDS | RW_REMEMBERS_COLUMNS, true, true},
        {"merge", RW_REMEMBERS_ENDS | RW_REMEMBERS_COLUMNS, true, false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(needs); i++) {
        const rw_policy *policy = rw_policy_find(needs[i].name);
        g_assert_cmpuint(policy->remembers, ==, needs[i].remembers);
        g_assert_cmpuint(policy->causal, ==, needs[i].causal);
        g_assert_cmpuint(policy->adds, ==, needs[i].adds);
    }
}

static void test_verdict_names(void)
{
    g_assert_cmpstr(rw_verdict_name(RW_VERDICT_TARGET), ==, "target");
    g_assert_cmpstr(rw_verdict_name(RW_VERDICT_SOURCE), ==, "source");
    g_assert_cmpstr(rw_verdict_name(RW_VERDICT_ADD), ==, "add");
    g_assert_cmpstr(rw_verdict_name(RW_VERDICT_MERGE), ==, "merge");
    g_assert_cmpstr(rw_verdict_name(RW_VERDICT_STOP), ==, "stop");
}

static void test_order_of_writes(void)
{
    g_assert_true(rw_is_later(2, 1, 1, 9));
    g_assert_false(rw_is_later(1, 9, 2, 1));
    g_assert_true(rw_is_later(5, 2, 5, 1));
    g_assert_false(rw_is_later(5, 1, 5, 2));
    g_assert_false(rw_is_later(5, 1, 5, 1));
}

static void test_last_write_wins(void)
{
    for (rw_op op = RW_INSERT; op <= RW_DELETE; op++) {
        rw_conflict c = conflict(op);
        c.last = &(rw_writer){.origin = 1, .stamp_us = 99};
        expect("last_write_wins", &c, RW_VERDICT_SOURCE);
        c.last = &(rw_writer){.origin = 1, .stamp_us = 101};
        expect("last_write_wins", &c, RW_VERDICT_TARGET);
        c.last = &(rw_writer){.origin = 1, .stamp_us = 100};
        expect("last_write_wins", &c, RW_VERDICT_SOURCE);
        c.last = &(rw_writer){.origin = 3, .stamp_us = 100, .deletes = true};
        expect("last_write_wins", &c, RW_VERDICT_TARGET);
    }
}

/* Both sides of a conflict keep the same write. */
static void test_last_write_wins_agrees(void)
{
    for (unsigned i = 0; i < 9; i++) {
        rw_writer a = {.origin = 1, .stamp_us = 100 + i / 3}, b = {.origin = 2, .stamp_us = 100 + i % 3};
        rw_conflict at_b = {.op = RW_UPDATE, .origin = a.origin, .stamp_us = a.stamp_us, .last = &b};
        rw_conflict at_a = {.op = RW_UPDATE, .origin = b.origin, .stamp_us = b.stamp_us, .last = &a};
        g_assert_cmpint(rw_policy_find("last_write_wins")->settle(&at_a), !=, rw_policy_find("last_write_wins")->settle(&at_b));
    }
}

static void test_error(void)
{
    for (rw_op op = RW_INSERT; op <= RW_DELETE; op++) {
        rw_conflict c = conflict(op);
        c.last = &(rw_writer){.origin = 1, .stamp_us = 1};
        expect("error", &c, RW_VERDICT_STOP);
    }
}

static void test_site_priority(void)
{
    rw_conflict c = conflict(RW_UPDATE);
    c.last = &(rw_writer){.origin = 1, .stamp_us = 1}; /* stamps do not count */
    expect("site_priority", &c, RW_VERDICT_TARGET);
    c.unseen_rank = 0;
    expect("site_priority", &c, RW_VERDICT_TARGET);
    c.unseen_rank = 2;
    expect("site_priority", &c, RW_VERDICT_SOURCE);
    c.last = NULL; /* others wrote before the last, which was seen */
    expect("site_priority", &c, RW_VERDICT_SOURCE);
}

static void test_living_row(const char *name, rw_verdict combine)
{
    rw_conflict c = conflict(RW_INSERT);
    c.last = &(rw_writer){.origin = 1, .stamp_us = 200};
    expect(name, &c, combine);
    c.op = RW_UPDATE;
    expect(name, &c, combine);
    c.op = RW_DELETE; /* whatever the stamps */
    expect(name, &c, RW_VERDICT_SOURCE);
}

static void test_ended_row(const char *name)
{
    for (uint64_t stamp_us = 99; stamp_us <= 101; stamp_us++) {
        for (rw_op op = RW_INSERT; op <= RW_DELETE; op++) {
            rw_writer ended = {.origin = 1, .stamp_us = stamp_us, .deletes = true};
            rw_conflict c = conflict(op);
            c.ended = &ended;
            expect(name, &c, op == RW_DELETE && stamp_us <= 100 ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET);
            c.last = &ended;
            expect(name, &c, op == RW_DELETE && stamp_us <= 100 ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET);
            ended.origin = 3;
            expect(name, &c, op == RW_DELETE && stamp_us < 100 ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET);
        }
    }
}

static void test_delta(void)
{
    test_living_row("delta", RW_VERDICT_ADD);
    test_ended_row("delta");
}

static void test_merge(void)
{
    test_living_row("merge", RW_VERDICT_MERGE);
    test_ended_row("merge");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/find", test_find);
    g_test_add_func("/policy/what-they-need", test_what_they_need);
    g_test_add_func("/policy/verdict-names", test_verdict_names);
    g_test_add_func("/policy/order-of-writes", test_order_of_writes);
    g_test_add_func("/policy/last-write-wins", test_last_write_wins);
    g_test_add_func("/policy/last-write-wins-agrees", test_last_write_wins_agrees);
    g_test_add_func("/policy/error", test_error);
    g_test_add_func("/policy/site-priority", test_site_priority);
    g_test_add_func("/policy/delta", test_delta);
    g_test_add_func("/policy/merge", test_merge);
    return g_test_run();
}
