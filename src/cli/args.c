#include "cli/args.h"

#include "base/nearest.h"
#include "cli/verbs.h"
#include "conf/conf.h"

#include <string.h>

typedef struct {
    char *const *next; /* the word to look at */
    rw_args *args;
    const rw_verb *verb;
    GPtrArray *operands;
} parser;

static const rw_verb_option *find_in(const rw_verb_option *option, const char *name, char letter)
{
    for (; option && option->name; option++)
        if (name ? strcmp(option->name, name) == 0 : option->letter == letter) return option;
    return NULL;
}

static const rw_verb_option *find(const parser *p, const char *name, char letter)
{
    const rw_verb_option *option = p->verb ? find_in(p->verb->options, name, letter) : NULL;
    return option ? option : find_in(rw_global_options(), name, letter);
}

static bool unknown_option(const parser *p, const char *word, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const rw_verb_option *o = p->verb ? p->verb->options : NULL; o && o->name; o++) g_ptr_array_add(names, (char *)o->name);
    for (const rw_verb_option *o = rw_global_options(); o->name; o++) g_ptr_array_add(names, (char *)o->name);
    g_ptr_array_add(names, NULL);
    const char *near = name ? rw_nearest(name, (const char *const *)names->pdata) : NULL;
    const char *verb = p->verb ? p->verb->name : "", *space = p->verb ? " " : "";
    if (near) return rw_fail(error, RW_ERR_CONFIG, "option %s: there is none of that name; did you mean --%s?", word, near);
    return rw_fail(error, RW_ERR_CONFIG, "option %s: there is none of that name; see: ringway%s%s --help", word, space, verb);
}

static bool set_text(const rw_verb_option *option, char **field, const char *value, GError **error)
{
    if (*field) return rw_fail(error, RW_ERR_CONFIG, "option --%s: given twice; keep one", option->name);
    if (!*value) return rw_fail(error, RW_ERR_CONFIG, "option --%s: its %s is empty; write it", option->name, option->value);
    if (option->choices && !g_strv_contains(option->choices, value)) {
        g_autofree char *all = g_strjoinv(" or ", (char **)option->choices);
        return rw_fail(error, RW_ERR_CONFIG, "option --%s: cannot be '%s'; use %s", option->name, value, all);
    }
    *field = g_strdup(value);
    return true;
}

static bool set_link(const rw_verb_option *option, rw_link_arg *field, const char *value, GError **error)
{
    if (field->source) return rw_fail(error, RW_ERR_CONFIG, "option --%s: given twice; keep one", option->name);
    if (rw_conf_split_link(value, &field->source, &field->target, NULL)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "option --%s: '%s' is not a link; write it in quotes: --%s 'SOURCE->TARGET'", option->name, value,
                   option->name);
}

/* attached: the value in the same word, or NULL; then the next word is taken. */
static bool take(parser *p, const rw_verb_option *option, const char *attached, GError **error)
{
    char *field = (char *)p->args + option->field;
    if (option->kind == RW_ARG_FLAG) {
        if (attached) return rw_fail(error, RW_ERR_CONFIG, "option --%s: takes no value; write --%s", option->name, option->name);
        *(bool *)field = true;
        return true;
    }
    const char *value = attached ? attached : *p->next ? *p->next++ : NULL;
    if (!value)
        return rw_fail(error, RW_ERR_CONFIG, "option --%s: needs a value; write --%s %s", option->name, option->name, option->value);
    if (option->kind == RW_ARG_LINK) return set_link(option, (rw_link_arg *)field, value, error);
    return set_text(option, (char **)field, value, error);
}

static bool take_long(parser *p, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    g_autofree char *name = equals ? g_strndup(word + 2, (size_t)(equals - word - 2)) : g_strdup(word + 2);
    const rw_verb_option *option = find(p, name, 0);
    if (option) return take(p, option, equals ? equals + 1 : NULL, error);
    g_autofree char *shown = g_strconcat("--", name, NULL);
    return unknown_option(p, shown, name, error);
}

static bool take_letters(parser *p, const char *word, GError **error)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const rw_verb_option *option = find(p, NULL, *letter);
        if (!option) return unknown_option(p, word, NULL, error);
        if (option->kind != RW_ARG_FLAG) return take(p, option, letter[1] ? letter + 1 : NULL, error);
        if (!take(p, option, NULL, error)) return false;
    }
    return true;
}

static bool take_verb(parser *p, const char *word, GError **error)
{
    p->verb = rw_verb_find(word);
    if (p->verb) return true;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) g_ptr_array_add(names, (char *)(*verb)->name);
    g_ptr_array_add(names, NULL);
    const char *near = rw_nearest(word, (const char *const *)names->pdata);
    if (near) return rw_fail(error, RW_ERR_CONFIG, "verb '%s': there is none of that name; did you mean '%s'?", word, near);
    return rw_fail(error, RW_ERR_CONFIG, "verb '%s': there is none of that name; see: ringway --help", word);
}

static bool take_operand(parser *p, const char *word, GError **error)
{
    if (!p->verb) return take_verb(p, word, error);
    if (p->operands->len >= p->verb->max_operands)
        return rw_fail(error, RW_ERR_CONFIG, "%s: does not know what to do with '%s'; see: ringway %s --help", p->verb->name, word,
                       p->verb->name);
    g_ptr_array_add(p->operands, g_strdup(word));
    return true;
}

static bool take_all(parser *p, GError **error)
{
    bool options = true;
    while (*p->next) {
        const char *word = *p->next++;
        bool ok = true;
        if (options && strcmp(word, "--") == 0) options = false;
        else if (options && g_str_has_prefix(word, "--")) ok = take_long(p, word, error);
        else if (options && word[0] == '-' && word[1]) ok = take_letters(p, word, error);
        else ok = take_operand(p, word, error);
        if (!ok) return false;
    }
    return true;
}

static bool check_required(const parser *p, GError **error)
{
    if (p->args->help || p->args->version) return true;
    if (!p->verb) return rw_fail(error, RW_ERR_CONFIG, "usage: no verb given; see: ringway --help");
    for (const rw_verb_option *o = p->verb->options; o && o->name; o++)
        if (o->required && !*(char **)((char *)p->args + o->field)) /* both kinds with a value begin with a pointer */
            return rw_fail(error, RW_ERR_CONFIG, "%s: needs --%s; write: ringway %s --%s %s", p->verb->name, o->name, p->verb->name,
                           o->name, o->value);
    return true;
}

bool rw_args_parse(int argc, char *const *argv, rw_args *args, const rw_verb **verb, GError **error)
{
    *args = (rw_args){0};
    parser p = {argv + (argc > 0 ? 1 : 0), args, NULL, g_ptr_array_new()};
    bool ok = take_all(&p, error) && check_required(&p, error);
    g_ptr_array_add(p.operands, NULL);
    args->operands = (char **)g_ptr_array_free(p.operands, FALSE);
    *verb = p.verb;
    return ok;
}

void rw_args_clear(rw_args *args)
{
    char *const texts[] = {args->config, args->log_format, args->site, args->from, args->table, args->kind, args->state, args->since,
                           args->until, args->limit, args->keep, args->copy_of, args->apply, args->link.source, args->link.target};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) g_free(texts[i]);
    g_strfreev(args->operands);
    *args = (rw_args){0};
}
