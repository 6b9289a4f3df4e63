/* manual: prints a manual page in scdoc's language; used by the build only. In: "1" or "5". */
#include "cli/scdoc.h"

#include <glib.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    g_autofree char *page = argc == 2 ? rw_manual_page((unsigned)g_ascii_strtoull(argv[1], NULL, 10)) : NULL;
    if (!page) {
        fputs("ringway-manual: which page?; write 1 or 5\n", stderr);
        return 2;
    }
    return fputs(page, stdout) < 0 || fflush(stdout) != 0 ? 4 : 0;
}
