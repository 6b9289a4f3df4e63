#include "cli/args.h"

#include <string.h>

typedef struct {
    rw_args args;
    const rw_verb *verb;
    GError *error;
    bool ok;
} result;

/* Blanks separate the words. */
static result parse(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    result r = {.error = NULL};
    r.ok = rw_args_parse((int)g_strv_length(words), words, &r.args, &r.verb, &r.error);
    return r;
}

static void done(result *r)
{
    rw_args_clear(&r->args);
    g_clear_error(&r->error);
}

static void refused(const char *line, const char *message)
{
    result r = parse(line);
    g_assert_false(r.ok);
    g_assert_error(r.error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_cmpstr(r.error->message, ==, message);
    done(&r);
}

static void test_forms(void)
{
    const char *const lines[] = {"ringway -c f -v init --print --link a->b --from x",
                                 "ringway init --config=f --verbose --link=a->b --from=x --print",
                                 "ringway -vcf init --from x --print --link a->b"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        result r = parse(lines[i]);
        g_assert_no_error(r.error);
        g_assert_cmpstr(r.verb->name, ==, "init");
        g_assert_cmpstr(r.args.config, ==, "f");
        g_assert_true(r.args.verbose && r.args.print && !r.args.json);
        g_assert_cmpstr(r.args.link.source, ==, "a");
        g_assert_cmpstr(r.args.link.target, ==, "b");
        g_assert_cmpstr(r.args.from, ==, "x");
        done(&r);
    }
}

static void test_conflicts(void)
{
    result r = parse("ringway conflicts resolve west/12 --keep=source --force --site west");
    g_assert_no_error(r.error);
    g_assert_cmpstr(r.verb->name, ==, "conflicts");
    g_assert_cmpstrv(r.args.operands, ((const char *[]){"resolve", "west/12", NULL}));
    g_assert_cmpstr(r.args.keep, ==, "source");
    g_assert_cmpstr(r.args.site, ==, "west");
    g_assert_true(r.args.force && !r.args.whole && !r.args.json);
    done(&r);
    r = parse("ringway conflicts list --table s.t --kind unique --state settled --since 2h --until 1h --limit 5 --json");
    g_assert_no_error(r.error);
    g_assert_cmpstr(r.args.table, ==, "s.t");
    g_assert_cmpstr(r.args.kind, ==, "unique");
    g_assert_cmpstr(r.args.state, ==, "settled");
    g_assert_cmpstr(r.args.since, ==, "2h");
    g_assert_cmpstr(r.args.until, ==, "1h");
    g_assert_cmpstr(r.args.limit, ==, "5");
    done(&r);
    refused("ringway conflicts resolve 1 --keep both", "option --keep: cannot be 'both'; use source or target");
    refused("ringway conflicts list --state open", "option --state: cannot be 'open'; use settled or skipped or resolved");
    refused("ringway conflicts show 1 2", "conflicts: does not know what to do with '2'; see: ringway conflicts --help");
}

static void test_help(void)
{
    result r = parse("ringway --help");
    g_assert_true(r.ok && r.args.help && !r.verb);
    done(&r);
    r = parse("ringway pause -h");
    g_assert_true(r.ok && r.args.help);
    g_assert_cmpstr(r.verb->name, ==, "pause");
    done(&r);
    r = parse("ringway --version");
    g_assert_true(r.ok && r.args.version);
    done(&r);
}

static void test_unknown(void)
{
    refused("ringway", "usage: no verb given; see: ringway --help");
    refused("ringway stauts", "verb 'stauts': there is none of that name; did you mean 'status'?");
    refused("ringway zzzzzzz", "verb 'zzzzzzz': there is none of that name; see: ringway --help");
    refused("ringway status --jsn", "option --jsn: there is none of that name; did you mean --json?");
    refused("ringway status --zzzzzz=1", "option --zzzzzz: there is none of that name; see: ringway status --help");
    refused("ringway --zzzzzz", "option --zzzzzz: there is none of that name; see: ringway --help");
    refused("ringway run -x", "option -x: there is none of that name; see: ringway run --help");
    refused("ringway run now", "run: does not know what to do with 'now'; see: ringway run --help");
    refused("ringway run -- --site", "run: does not know what to do with '--site'; see: ringway run --help");
    refused("ringway --json status", "option --json: there is none of that name; see: ringway --help");
}

static void test_values(void)
{
    refused("ringway run --site", "option --site: needs a value; write --site NAME");
    refused("ringway run --site=", "option --site: its NAME is empty; write it");
    refused("ringway run --site a --site b", "option --site: given twice; keep one");
    refused("ringway run --link a->b --link a->b", "option --link: given twice; keep one");
    refused("ringway run --link a-", "option --link: 'a-' is not a link; write it in quotes: --link 'SOURCE->TARGET'");
    refused("ringway status --json=1", "option --json: takes no value; write --json");
    refused("ringway status --log-format xml", "option --log-format: cannot be 'xml'; use text or json");
    refused("ringway skip", "skip: needs --link; write: ringway skip --link A->B");
}

static void test_nothing(void)
{
    char *none[] = {NULL};
    rw_args args;
    const rw_verb *verb;
    g_assert_false(rw_args_parse(0, none, &args, &verb, NULL));
    g_assert_cmpuint(g_strv_length(args.operands), ==, 0);
    rw_args_clear(&args);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/args/forms", test_forms);
    g_test_add_func("/cli/args/conflicts", test_conflicts);
    g_test_add_func("/cli/args/help", test_help);
    g_test_add_func("/cli/args/unknown", test_unknown);
    g_test_add_func("/cli/args/values", test_values);
    g_test_add_func("/cli/args/nothing", test_nothing);
    return g_test_run();
}
