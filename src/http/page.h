/* page: the status page of web/index.html, made part of the program at build time by web/embed.py.
 *
 * Constant; any thread. The policy is the value of Content-Security-Policy that allows the page's own script and style, nothing else.
 */
#pragma once
#include <stddef.h>

extern const unsigned char rw_page[];
extern const size_t rw_page_bytes;
extern const char rw_page_policy[];
