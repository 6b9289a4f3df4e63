/* print: a configuration as text that reads back to the same one.
 *
 * In: a conf. Out: owned text of a complete ringway.cnf, defaults included, passwords as ******. Any thread. No errors.
 * Refuses to print a password, from wherever it came.
 */
#pragma once
#include "conf/conf.h"

char *rw_conf_print(const rw_conf *conf);
