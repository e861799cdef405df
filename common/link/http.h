/* A small HTTP server for looking at a daemon: GET and HEAD, one answer a connection; libmicrohttpd behind.
 *
 * One thread serves all, so that a handler has to answer from memory. Clients can neither pile up nor stay: at most
 * HTTP_MOST_CLIENTS at a time (others wait in the socket's queue), each for HTTP_PATIENCE_S, however slowly it reads or
 * writes; what a request may cost in memory is bounded. Neither encrypted nor authenticated. */
#ifndef DRC_LINK_HTTP_H
#define DRC_LINK_HTTP_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/link/config.h"

#define HTTP_MOST_CLIENTS 32
#define HTTP_PATIENCE_S 20

struct http;

struct http_answer {
    unsigned status;  /* 200 unless the handler says otherwise */
    const char *type; /* of the content: a literal */
    struct buf body;
    struct buf policy; /* Content-Security-Policy; empty: nothing may run, and nothing be fetched */
};

/* Called by the server's thread with the path of a GET or HEAD, without its query. What `out` is given becomes the
 * server's. */
typedef void http_handler(void *context, const char *path, struct http_answer *out);

/* Listens and starts the thread. ERR_RETRY: the address cannot be had now. Where it is of loopback alone, only requests
 * that call the host by an address or "localhost" are answered: a page of somebody else's cannot have its own name
 * point here and then read what is ours. */
MUST_CHECK int http_start(struct http **out, const struct host_config *where, http_handler *handler, void *context,
                          struct err *err);
/* Ends what is being answered. */
void http_stop(struct http **h);

/* Does only this host reach what listens there? By the name alone. */
bool http_is_loopback(const struct host_config *where);
/* May a request to a loopback address call the host so? `host`: the header, NULL: there is none. */
bool http_host_is_ours(const char *host);

#endif
