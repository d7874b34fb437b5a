/* TLS of Linux: OpenSSL (1.1 or 3), looked for when the first https address is called, so that loopback needs nothing.
 *
 * One certificate is believed, the one in the caller's file, for the host that is called; nothing of the system's own store. The
 * handshake is over before the first byte of a call leaves. OpenSSL never sees the socket: a peer that goes raises no signal.
 */
#include "shim.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

enum { WANT_READ = 2, ZERO_RETURN = 6, VERIFY_PEER = 1, SET_MIN_VERSION = 123, TLS_1_2 = 0x0303, SET_SNI = 55 };

typedef struct ctx ctx;
typedef struct ssl ssl;
typedef struct bio bio;

static struct {
    const void *(*TLS_client_method)(void);
    ctx *(*SSL_CTX_new)(const void *);
    void (*SSL_CTX_free)(ctx *);
    long (*SSL_CTX_ctrl)(ctx *, int, long, void *);
    void (*SSL_CTX_set_verify)(ctx *, int, void *);
    int (*SSL_CTX_load_verify_locations)(ctx *, const char *, const char *);
    ssl *(*SSL_new)(ctx *);
    void (*SSL_free)(ssl *);
    void (*SSL_set_bio)(ssl *, bio *, bio *);
    void (*SSL_set_connect_state)(ssl *);
    int (*SSL_do_handshake)(ssl *);
    int (*SSL_get_error)(const ssl *, int);
    int (*SSL_read)(ssl *, void *, int);
    int (*SSL_write)(ssl *, const void *, int);
    long (*SSL_ctrl)(ssl *, int, long, void *);
    void *(*SSL_get0_param)(ssl *);
    int (*SSL_set1_host)(ssl *, const char *);
    int (*SSL_pending)(const ssl *);
    int (*X509_VERIFY_PARAM_set1_ip_asc)(void *, const char *);
    bio *(*BIO_new)(const void *);
    const void *(*BIO_s_mem)(void);
    int (*BIO_read)(bio *, void *, int);
    int (*BIO_write)(bio *, const void *, int);
    size_t (*BIO_ctrl_pending)(bio *);
    void (*ERR_clear_error)(void);
} open_ssl;

static const char *const NAMES[] = { /* in the order of the pointers above */
    "TLS_client_method", "SSL_CTX_new", "SSL_CTX_free", "SSL_CTX_ctrl", "SSL_CTX_set_verify", "SSL_CTX_load_verify_locations", "SSL_new",
    "SSL_free", "SSL_set_bio", "SSL_set_connect_state", "SSL_do_handshake", "SSL_get_error", "SSL_read", "SSL_write", "SSL_ctrl",
    "SSL_get0_param", "SSL_set1_host", "SSL_pending", "X509_VERIFY_PARAM_set1_ip_asc", "BIO_new", "BIO_s_mem", "BIO_read", "BIO_write",
    "BIO_ctrl_pending", "ERR_clear_error",
};
#define NAMES_COUNT (sizeof NAMES / sizeof *NAMES)
_Static_assert(sizeof open_ssl == NAMES_COUNT * sizeof(void *), "each pointer has its name");

struct tls {
    ctx *context;
    ssl *session;
    bio *coming, *going;
};

static int load(void) {
    static lock once = LOCK_NEW;
    static int state; /* 0 not tried, 1 there, -1 not there */
    lock_take(&once);
    if (!state) {
        void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
        if (!library) library = dlopen("libssl.so.1.1", RTLD_NOW | RTLD_LOCAL);
        state = library ? 1 : -1;
        for (size_t i = 0; library && i < NAMES_COUNT; i++) {
            void *found = dlsym(library, NAMES[i]);
            if (!found) state = -1;
            memcpy((char *)&open_ssl + i * sizeof found, &found, sizeof found);
        }
    }
    lock_give(&once);
    return state == 1;
}

static int flush(tls *s, line *l, int64_t until) {
    char bytes[16384];
    while (open_ssl.BIO_ctrl_pending(s->going)) {
        int part = open_ssl.BIO_read(s->going, bytes, sizeof bytes);
        if (part <= 0) return LINE_BROKEN;
        int sent = raw_send(l, bytes, (size_t)part, until);
        if (sent) return sent;
    }
    return 0;
}

static int fill(tls *s, line *l, int64_t until) {
    char bytes[16384];
    int got = raw_receive(l, bytes, sizeof bytes, until);
    if (got <= 0) return got == LINE_ENDED ? LINE_BROKEN : got;
    return open_ssl.BIO_write(s->coming, bytes, got) == got ? 0 : LINE_BROKEN;
}

static int settle(tls *s, line *l, int result, int64_t until) { /* after a call of OpenSSL that did not do: 0 try again, else LINE_... + 1 */
    int why = open_ssl.SSL_get_error(s->session, result);
    int sent = flush(s, l, until);
    if (sent) return sent;
    if (why == WANT_READ) return fill(s, l, until);
    return LINE_BROKEN;
}

static int is_address(const char *host) {
    unsigned char room[16];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

static int prepare(tls *s, const target *t) {
    s->context = open_ssl.SSL_CTX_new(open_ssl.TLS_client_method());
    if (!s->context || open_ssl.SSL_CTX_ctrl(s->context, SET_MIN_VERSION, TLS_1_2, NULL) != 1) return 0;
    open_ssl.SSL_CTX_set_verify(s->context, VERIFY_PEER, NULL);
    if (open_ssl.SSL_CTX_load_verify_locations(s->context, t->certificate, NULL) != 1) return 0;
    s->session = open_ssl.SSL_new(s->context);
    if (!s->session) return 0;
    if (is_address(t->host)) {
        if (open_ssl.X509_VERIFY_PARAM_set1_ip_asc(open_ssl.SSL_get0_param(s->session), t->host) != 1) return 0;
    } else {
        char name[sizeof t->host];
        memcpy(name, t->host, sizeof name);
        if (open_ssl.SSL_set1_host(s->session, name) != 1 || open_ssl.SSL_ctrl(s->session, SET_SNI, 0, name) != 1) return 0;
    }
    s->coming = open_ssl.BIO_new(open_ssl.BIO_s_mem());
    s->going = open_ssl.BIO_new(open_ssl.BIO_s_mem());
    if (!s->coming || !s->going) return 0;
    open_ssl.SSL_set_bio(s->session, s->coming, s->going);
    open_ssl.SSL_set_connect_state(s->session);
    return 1;
}

tls *tls_open(line *l, const target *t, int64_t until, const char **fault) {
    *fault = "tls_missing";
    if (!load()) return NULL;
    tls *s = calloc(1, sizeof *s);
    *fault = "certificate_wrong";
    if (!s) return NULL;
    open_ssl.ERR_clear_error();
    int shaken = prepare(s, t) ? 0 : LINE_BROKEN;
    while (!shaken) {
        open_ssl.ERR_clear_error();
        int result = open_ssl.SSL_do_handshake(s->session);
        if (result == 1) {
            if (!flush(s, l, until)) return s;
            shaken = LINE_LATE;
        } else
            shaken = settle(s, l, result, until);
    }
    if (shaken == LINE_LATE) *fault = "edge_unreachable";
    open_ssl.ERR_clear_error();
    tls_end(s);
    return NULL;
}

int tls_send(tls *s, line *l, const char *bytes, size_t length, int64_t until) {
    while (length) {
        int part = length > 1 << 20 ? 1 << 20 : (int)length;
        open_ssl.ERR_clear_error();
        int sent = open_ssl.SSL_write(s->session, bytes, part);
        int now = sent > 0 ? flush(s, l, until) : settle(s, l, sent, until);
        if (now) return now;
        if (sent > 0) bytes += sent, length -= (size_t)sent;
    }
    return 0;
}

int tls_receive(tls *s, line *l, char *bytes, int room, int64_t until) {
    for (;;) {
        open_ssl.ERR_clear_error();
        int got = open_ssl.SSL_read(s->session, bytes, room);
        if (got > 0) return got;
        if (open_ssl.SSL_get_error(s->session, got) == ZERO_RETURN) return LINE_ENDED;
        int now = settle(s, l, got, until);
        if (now) return now;
    }
}

int tls_holds_bytes(const tls *s) { return open_ssl.SSL_pending(s->session) > 0 || open_ssl.BIO_ctrl_pending(s->coming) > 0; }

void tls_end(tls *s) {
    if (!s) return;
    if (s->session) open_ssl.SSL_free(s->session); /* and its two ends */
    if (s->context) open_ssl.SSL_CTX_free(s->context);
    free(s);
}
