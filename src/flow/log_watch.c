#include "flow/log_watch.h"

#include "base/clock.h"
#include "base/lock.h"

enum { FIRST_PERIOD_S = 10 };

/* A question under way, shared by its thread and whoever asked. */
typedef struct {
    gint refs;
    rw_conf *conf;
    rw_endpoint source;
    rw_lock lock;
    bool done;
    rw_retention *answer; /* NULL: it failed */
} question;

struct rw_log_watch {
    rw_conf *conf;
    const rw_endpoint *source;
    question *asked; /* NULL: none under way */
    rw_retention *known;
    gint64 next_us;
};

static void question_unref(question *q)
{
    if (!g_atomic_int_dec_and_test(&q->refs)) return;
    rw_retention_free(q->answer);
    rw_conf_unref(q->conf);
    rw_lock_clear(&q->lock);
    g_free(q);
}

static gpointer ask(gpointer data)
{
    question *q = data;
    const rw_conf *conf = q->conf;
    const rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    rw_connection *c = *q->source.identity ? rw_endpoint_open(&q->source, limits, NULL) : rw_connection_open(q->source.site, limits, NULL);
    rw_retention *answer = c ? rw_retention_load(c, NULL) : NULL;
    rw_connection_close(c);
    rw_lock_take(&q->lock);
    q->answer = answer;
    q->done = true;
    rw_lock_give(&q->lock);
    question_unref(q);
    return NULL;
}

static void begin(rw_log_watch *w)
{
    question *q = g_new0(question, 1);
    q->refs = 2;
    q->conf = rw_conf_ref(w->conf);
    q->source = *w->source;
    rw_lock_init(&q->lock);
    w->asked = q;
    g_thread_unref(g_thread_new("log_watch", ask, q));
}

static void take_answer(rw_log_watch *w)
{
    rw_lock_take(&w->asked->lock);
    bool done = w->asked->done;
    rw_retention *answer = g_steal_pointer(&w->asked->answer);
    rw_lock_give(&w->asked->lock);
    if (!done) return;
    g_clear_pointer(&w->asked, question_unref);
    if (answer) {
        rw_retention_free(w->known);
        w->known = answer;
    }
    w->next_us = rw_clock_us() + (gint64)(w->known ? rw_retention_period_s(w->known) : FIRST_PERIOD_S) * G_USEC_PER_SEC;
}

rw_log_watch *rw_log_watch_new(rw_conf *conf, const rw_endpoint *source)
{
    rw_log_watch *w = g_new0(rw_log_watch, 1);
    w->conf = rw_conf_ref(conf);
    w->source = source;
    return w;
}

void rw_log_watch_free(rw_log_watch *w)
{
    if (!w) return;
    if (w->asked) question_unref(w->asked);
    rw_retention_free(w->known);
    rw_conf_unref(w->conf);
    g_free(w);
}

const rw_retention *rw_log_watch_poll(rw_log_watch *w)
{
    if (w->asked) take_answer(w);
    else if (rw_clock_us() >= w->next_us) begin(w);
    return w->known;
}
