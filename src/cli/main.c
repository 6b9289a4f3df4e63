/* main: the only place that ends the process and the only one that prints an error. */
#include "cli/args.h"
#include "cli/help.h"
#include "cli/setup.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* A question to a server that does not answer is not waited for (flow/log_watch.h): its thread may be in a library when the process ends, and what
 * libraries do in exit handlers would take its memory away under it. */
static _Noreturn void end(int code)
{
#ifdef __SANITIZE_ADDRESS__
    __lsan_do_leak_check();
#endif
    _exit(code);
}

static int run(int argc, char **argv, rw_args *args, GError **error)
{
    const rw_verb *verb;
    if (!rw_args_parse(argc, argv, args, &verb, error)) return RW_EXIT_USAGE;
    if (args->version) {
        puts("ringway " RW_VERSION);
        return RW_EXIT_DONE;
    }
    if (args->help) {
        g_autofree char *text = verb ? rw_help_verb(verb) : rw_help_general();
        fputs(text, stdout);
        return RW_EXIT_DONE;
    }
    return verb->run(args, error);
}

int main(int argc, char **argv)
{
    rw_args args;
    GError *error = NULL;
    static const struct rlimit no_core = {0, 0};
    (void)rw_error_quark(); /* made before there are threads */
    setrlimit(RLIMIT_CORE, &no_core); /* a core file would hold passwords */
    int code = run(argc, argv, &args, &error);
    rw_args_clear(&args);
    /* Output that did not arrive is not done: a full disk behind a redirection must show. */
    if (fflush(stdout) != 0 && !error) rw_fail(&error, RW_ERR_BUG, "output: cannot be written; free some space or mend the pipe");
    if (error) {
        g_autofree char *line = rw_cli_error_line(error);
        fputs(line, stderr);
        code = rw_cli_exit_code(error);
        g_error_free(error);
    }
    end(code);
}
