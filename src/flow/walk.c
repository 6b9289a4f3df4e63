#include "flow/walk.h"

#include "flow/decode/decoder.h"
#include "flow/read/stream.h"

static bool feed(const rw_walk *w, rw_decoder *decoder, rw_router *router, rw_slice bytes, bool *enough, GError **error)
{
    rw_event event;
    rw_route route;
    GError *failure = NULL;
    if (!rw_decoder_feed(decoder, bytes, error)) return false;
    while (!failure && !*enough && rw_decoder_next(decoder, &event, &failure))
        *enough = rw_router_event(router, &event, &route, &failure) && !w->visit(w->user, router, &event, &route, &failure);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

bool rw_walk_log(const rw_walk *w, GError **error)
{
    const rw_stream_limits limits = {w->conf->connect_timeout_s, w->conf->heartbeat_s, w->conf->deadline_s, 0};
    const rw_router_start route = {.scope = w->site->name, .source = w->site->id, .conf = w->conf, .file = w->start.file ? w->start.file : "", .history = w->history, .watch = true,
                                   .cluster = *w->session->cluster};
    rw_endpoint at = {.site = w->site};
    rw_endpoint_take(&at, w->session);
    g_autoptr(rw_stream) stream = rw_stream_open(&at, limits, &w->start, error);
    rw_router *router = stream ? rw_router_new(&route, error) : NULL;
    if (!router) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    GError *failure = NULL;
    bool enough = false;
    rw_slice bytes;
    while (!failure && !enough && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) feed(w, decoder, router, bytes, &enough, &failure);
    rw_decoder_free(decoder);
    rw_router_free(router);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}
