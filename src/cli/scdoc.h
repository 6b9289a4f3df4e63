/* scdoc: the manual pages, in scdoc's language, made from the tables of verbs and of options.
 *
 * In: the section. Out: owned text, to be turned into a page by scdoc. Any thread. Errors: NULL for a section other than 1 and 5.
 */
#pragma once

char *rw_manual_page(unsigned section); /* 1: ringway(1), 5: ringway.cnf(5) */
