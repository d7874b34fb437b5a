/* Connections with a deadline.
 *
 * Plain HTTP goes to loopback alone; everything else is TLS with the one certificate that the caller named. No proxy is ever asked.
 * A request leaves in one piece and Nagle is off, so that no acknowledgement is waited for. What is idle is kept for the next call and
 * looked at before it is used again.
 */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <ws2tcpip.h>
typedef SOCKET handle;
#define NO_HANDLE INVALID_SOCKET
#define handle_close closesocket
#define MSG_NOSIGNAL 0
static int would_block(void) { return WSAGetLastError() == WSAEWOULDBLOCK; }
#else
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
typedef int handle;
#define NO_HANDLE (-1)
#define handle_close close
static int would_block(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS || errno == EINTR; }
#endif

struct line {
    handle socket;
    tls *secured;
    int64_t idle_since;
    char url[300], certificate[1024];
    struct line *next;
};

static line *idle;
static int idle_count;
static lock idle_lock = LOCK_NEW;
#ifndef _WIN32
static pid_t idle_of; /* a child after fork must not speak on its parent's connections */
#endif

int64_t now_ms(void) {
#ifdef _WIN32
    return (int64_t)GetTickCount64();
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
#endif
}

/* -- addresses -- */

int target_read(const char *url, target *t) {
    size_t length = strlen(url), host;
    const char *at;
    memset(t, 0, sizeof *t);
    if (length >= sizeof t->url) return -1;
    memcpy(t->url, url, length + 1);
    if (!strncmp(url, "https://", 8)) t->secure = 1, at = url + 8;
    else if (!strncmp(url, "http://", 7)) at = url + 7;
    else return -1;
    if (*at == '[') {
        const char *end = strchr(++at, ']');
        if (!end) return -1;
        host = (size_t)(end - at);
    } else
        host = strcspn(at, ":/");
    if (!host || host >= sizeof t->host) return -1;
    for (size_t i = 0; i < host; i++)
        if ((unsigned char)at[i] <= ' ' || (unsigned char)at[i] > '~' || strchr("@\\?#%\"<>", at[i])) return -1;
    memcpy(t->host, at, host);
    const char *after = at + host + (at[-1] == '[');
    const char *port = t->secure ? "443" : "80";
    size_t digits = strlen(port);
    if (*after == ':') {
        port = after + 1;
        digits = strspn(port, "0123456789");
        after = port + digits;
        if (!digits || digits > 5) return -1;
    }
    if (*after && strcmp(after, "/")) return -1;
    memcpy(t->port, port, digits);
    long number = strtol(t->port, NULL, 10);
    if (number < 1 || number > 65535) return -1;
    snprintf(t->authority, sizeof t->authority, at[-1] == '[' ? "[%s]:%s" : "%s:%s", t->host, t->port);
    return 0;
}

static int is_loopback(const struct sockaddr *a) {
    if (a->sa_family == AF_INET) {
        uint32_t v4 = ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr);
        return v4 >> 24 == 127;
    }
    if (a->sa_family == AF_INET6) {
        const unsigned char *b = ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr;
        static const unsigned char one[16] = {[15] = 1};
        return !memcmp(b, one, 16);
    }
    return 0;
}

/* -- sockets -- */

static int wait_for(handle s, int to_write, int64_t until) { /* 1 ready, 0 late, -1 broken */
    for (;;) {
        int64_t left = until - now_ms();
        if (left < 0) left = 0;
#ifdef _WIN32
        fd_set wanted, wrong;
        FD_ZERO(&wanted);
        FD_ZERO(&wrong);
        FD_SET(s, &wanted);
        FD_SET(s, &wrong);
        struct timeval t = {(long)(left / 1000), (long)(left % 1000 * 1000)};
        int found = select(0, to_write ? NULL : &wanted, to_write ? &wanted : NULL, &wrong, &t);
        if (found < 0) return -1;
        if (found) return FD_ISSET(s, &wanted) ? 1 : -1;
#else
        struct pollfd one = {s, to_write ? POLLOUT : POLLIN, 0};
        int found = poll(&one, 1, (int)left);
        if (found < 0 && errno != EINTR) return -1;
        if (found > 0) return one.revents & POLLNVAL ? -1 : 1;
#endif
        if (now_ms() >= until) return 0;
    }
}

static handle new_socket(const struct addrinfo *a) {
#ifdef _WIN32
    handle s = socket(a->ai_family, SOCK_STREAM, IPPROTO_TCP);
    if (s == NO_HANDLE) return s;
    u_long on = 1;
    SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
    if (ioctlsocket(s, FIONBIO, &on)) {
        closesocket(s);
        return NO_HANDLE;
    }
#else
    handle s = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (s == NO_HANDLE) return s;
#endif
    int yes = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof yes);
    return s;
}

static handle reach(const struct addrinfo *a, int64_t until) {
    handle s = new_socket(a);
    if (s == NO_HANDLE) return s;
    if (connect(s, a->ai_addr, (socklen_t)a->ai_addrlen)) {
        int failed = 1;
        if (would_block() && wait_for(s, 1, until) == 1) {
            int error = 0;
            socklen_t length = sizeof error;
            failed = getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &length) || error;
        }
        if (failed) {
            handle_close(s);
            return NO_HANDLE;
        }
    }
    return s;
}

static int network_is_ready(void) {
#ifdef _WIN32
    static lock once = LOCK_NEW;
    static int ready;
    WSADATA told;
    lock_take(&once);
    if (!ready) ready = !WSAStartup(MAKEWORD(2, 2), &told);
    lock_give(&once);
    return ready;
#else
    return 1;
#endif
}

static handle reach_any(const target *t, int64_t until, const char **fault) {
    struct addrinfo wanted, *found = NULL;
    handle s = NO_HANDLE;
    memset(&wanted, 0, sizeof wanted);
    wanted.ai_socktype = SOCK_STREAM;
    *fault = "edge_unreachable";
    if (!network_is_ready() || getaddrinfo(t->host, t->port, &wanted, &found)) return s;
    for (const struct addrinfo *a = found; a && s == NO_HANDLE; a = a->ai_next) {
        if (!t->secure && !is_loopback(a->ai_addr)) {
            *fault = "address_not_secure";
            continue;
        }
        s = reach(a, until);
    }
    freeaddrinfo(found);
    return s;
}

line *line_open(const target *t, int64_t until, const char **fault) {
    line *l = calloc(1, sizeof *l);
    *fault = "out_of_memory";
    if (!l) return NULL;
    memcpy(l->url, t->url, sizeof l->url);
    memcpy(l->certificate, t->certificate, sizeof l->certificate);
    l->socket = reach_any(t, until, fault);
    if (l->socket == NO_HANDLE) {
        free(l);
        return NULL;
    }
    if (t->secure && !(l->secured = tls_open(l, t, until, fault))) {
        line_close(l);
        return NULL;
    }
    return l;
}

void line_close(line *l) {
    if (!l) return;
    tls_end(l->secured);
    handle_close(l->socket);
    free(l);
}

int raw_send(line *l, const char *bytes, size_t length, int64_t until) {
    while (length) {
        int part = length > 1 << 20 ? 1 << 20 : (int)length;
        int64_t sent = send(l->socket, bytes, (size_t)part, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent, length -= (size_t)sent;
            continue;
        }
        if (!would_block()) return LINE_BROKEN;
        int ready = wait_for(l->socket, 1, until);
        if (ready <= 0) return ready ? LINE_BROKEN : LINE_LATE;
    }
    return 0;
}

int raw_receive(line *l, char *bytes, int room, int64_t until) {
    for (;;) {
        int64_t got = recv(l->socket, bytes, (size_t)room, 0);
        if (got > 0) return (int)got;
        if (got == 0) return LINE_ENDED;
        if (!would_block()) return LINE_BROKEN;
        int ready = wait_for(l->socket, 0, until);
        if (ready <= 0) return ready ? LINE_BROKEN : LINE_LATE;
    }
}

int line_send(line *l, const char *bytes, size_t length, int64_t until) {
    return l->secured ? tls_send(l->secured, l, bytes, length, until) : raw_send(l, bytes, length, until);
}

int line_receive(line *l, char *bytes, int room, int64_t until) {
    return l->secured ? tls_receive(l->secured, l, bytes, room, until) : raw_receive(l, bytes, room, until);
}

/* -- what is idle -- */

static int is_usable(line *l) { /* nothing may have come meanwhile: neither an end nor an answer that nobody asked for */
    if (l->secured && tls_holds_bytes(l->secured)) return 0;
    return now_ms() - l->idle_since < IDLE_MS_MAX && wait_for(l->socket, 0, 0) == 0;
}

static void leave_parents_lines(void) {
#ifndef _WIN32
    pid_t me = getpid();
    if (idle_of == me) return;
    while (idle) { /* the descriptor alone is closed: saying goodbye would end the parent's TLS */
        line *l = idle;
        idle = l->next;
        handle_close(l->socket);
        free(l);
    }
    idle_count = 0;
    idle_of = me;
#endif
}

line *line_take(const target *t) {
    line *found = NULL;
    lock_take(&idle_lock);
    leave_parents_lines();
    for (line **at = &idle; *at;) {
        line *l = *at;
        int ours = !strcmp(l->url, t->url) && !strcmp(l->certificate, t->certificate);
        int usable = is_usable(l);
        if (usable && (found || !ours)) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        idle_count--;
        if (usable) found = l;
        else line_close(l);
    }
    lock_give(&idle_lock);
    return found;
}

void line_leave(line *l) {
    l->idle_since = now_ms();
    lock_take(&idle_lock);
    leave_parents_lines();
    l->next = idle;
    idle = l;
    if (++idle_count > IDLE_LINES_MAX) { /* the one that waited longest stands last */
        line **last = &idle;
        while ((*last)->next) last = &(*last)->next;
        line_close(*last);
        *last = NULL;
        idle_count--;
    }
    lock_give(&idle_lock);
}
