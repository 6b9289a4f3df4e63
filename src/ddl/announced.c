#include "ddl/announced.h"

#include "ddl/classify.h"

#include <glib.h>
#include <string.h>

static bool is_word(uint8_t b) { return g_ascii_isalnum(b) || b == '_' || b == '$'; }

/* As a word of its own, whatever its case. */
static bool occurs(const char *name, rw_slice text)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (g_ascii_strncasecmp((const char *)text.data + i, name, len) != 0) continue;
        if ((i == 0 || !is_word(text.data[i - 1])) && (i + len == text.len || !is_word(text.data[i + len]))) return true;
    }
    return false;
}

/* Other names are written in more than one way. */
static bool is_plain(const char *name)
{
    for (; *name; name++)
        if (!is_word((uint8_t)*name)) return false;
    return true;
}

static bool shares_a_table(const rw_ddl *ddl, rw_slice text)
{
    for (unsigned i = 0; i < ddl->n_objects; i++)
        if (!is_plain(ddl->objects[i].name) || occurs(ddl->objects[i].name, text)) return true;
    return false;
}

bool rw_ddl_may_be(rw_slice announced, rw_slice logged)
{
    rw_ddl one, two;
    rw_ddl_classify(announced, "", false, &one);
    rw_ddl_classify(logged, "", false, &two);
    bool tables = one.kind == RW_DDL_TABLE && two.kind == RW_DDL_TABLE;
    bool may = !tables || shares_a_table(&two, announced);
    rw_ddl_clear(&one);
    rw_ddl_clear(&two);
    return may;
}
