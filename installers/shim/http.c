/* PURE: the bytes of an HTTP/1.1 answer, as they come -> status, and a body within its bound.
 *
 * Strict: what could be read in two ways (two lengths, a length and chunks, lines that end otherwise, a body that ends with the
 * connection) is no answer. A server that is not ours, or a proxy in between, cannot make us take one call's answer for another's.
 */
#include "shim.h"

#include <string.h>

enum { STATUS, HEADER, BODY, STREAM_CHUNK, CHUNK_DATA, CHUNK_END, TRAILER, FINISHED };

void http_new(http_answer *a) {
    memset(a, 0, sizeof *a);
    text_new(&a->line, HEAD_LINE_BYTES_MAX);
    text_new(&a->body, ANSWER_BYTES_MAX);
}

void http_end(http_answer *a) {
    text_end(&a->line);
    text_end(&a->body);
}

int http_head_is_done(const http_answer *a) { return a->state > HEADER; }

static int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static int is_named(const char *at, const char *name, const char **value) {
    while (*name)
        if (lower(*at++) != *name++) return 0;
    if (*at++ != ':') return 0;
    while (*at == ' ' || *at == '\t') at++;
    *value = at;
    return 1;
}

static int is_word(const char *value, const char *word) { /* the whole value, or its first part up to a semicolon */
    while (*word)
        if (lower(*value++) != *word++) return 0;
    while (*value == ' ' || *value == '\t') value++;
    return *value == 0 || *value == ';';
}

static int read_status(http_answer *a) {
    const char *s = a->line.bytes;
    if (a->line.length < 12 || memcmp(s, "HTTP/1.", 7) || (s[7] != '0' && s[7] != '1') || s[8] != ' ') return 0;
    int status = 0;
    for (int i = 9; i < 12; i++) {
        if (s[i] < '0' || s[i] > '9') return 0;
        status = status * 10 + (s[i] - '0');
    }
    if (s[12] != 0 && s[12] != ' ') return 0;
    a->minor = s[7] - '0';
    a->status = status;
    a->close_after = a->minor == 0;
    return status >= 100;
}

static int read_length(const char *value, uint64_t *length) {
    size_t digits = 0;
    *length = 0;
    for (; *value >= '0' && *value <= '9'; value++, digits++) {
        if (digits == 12) return 0;
        *length = *length * 10 + (uint64_t)(*value - '0');
    }
    while (*value == ' ' || *value == '\t') value++;
    return digits && !*value;
}

static int read_header(http_answer *a) {
    const char *value, *s = a->line.bytes;
    uint64_t length;
    if (*s == ' ' || *s == '\t' || !strchr(s, ':')) return 0; /* folded lines, and what is no header */
    if (is_named(s, "content-length", &value)) {
        if (!read_length(value, &length) || a->has_length) return 0;
        a->has_length = 1;
        a->left = length;
    } else if (is_named(s, "transfer-encoding", &value)) {
        if (a->chunked || !is_word(value, "chunked")) return 0;
        a->chunked = 1;
    } else if (is_named(s, "connection", &value)) {
        if (is_word(value, "close")) a->close_after = 1;
        else if (is_word(value, "keep-alive")) a->close_after = 0;
    } else if (is_named(s, "content-type", &value))
        a->event_stream = is_word(value, "text/event-stream");
    else if (is_named(s, "content-encoding", &value))
        return is_word(value, "identity"); /* we asked for nothing else */
    return 1;
}

static int end_of_head(http_answer *a) {
    if (a->status < 200) { /* "100 continue" and the like: the answer is still to come */
        if (a->status == 101 || a->has_length || a->chunked || ++a->informational > INFORMATIONAL_MAX) return 0;
        a->state = STATUS;
        return 1;
    }
    if (a->has_length == a->chunked) return 0; /* both, or neither */
    if (a->chunked) a->state = STREAM_CHUNK;
    else if (a->left > ANSWER_BYTES_MAX) return 0;
    else a->state = a->left ? BODY : FINISHED;
    return 1;
}

static int read_chunk_size(http_answer *a) {
    const char *s = a->line.bytes;
    size_t digits = 0;
    a->left = 0;
    for (;; s++, digits++) {
        int c = lower(*s), digit;
        if (c >= '0' && c <= '9') digit = c - '0';
        else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        else break;
        if (digits == 8) return 0;
        a->left = a->left << 4 | (uint64_t)digit;
    }
    while (*s == ' ' || *s == '\t') s++;
    if (!digits || (*s && *s != ';') || a->left > ANSWER_BYTES_MAX) return 0;
    a->state = a->left ? CHUNK_DATA : TRAILER;
    return 1;
}

static int end_of_line(http_answer *a) {
    switch (a->state) {
    case STATUS: a->state = HEADER; return read_status(a);
    case HEADER: return a->line.length ? read_header(a) : end_of_head(a);
    case STREAM_CHUNK: return read_chunk_size(a);
    case CHUNK_END: a->state = STREAM_CHUNK; return a->line.length == 0;
    case TRAILER:
        if (!a->line.length) a->state = FINISHED;
        return 1;
    default: return 0;
    }
}

static int take_line(http_answer *a, const char *bytes, size_t length, size_t *taken) {
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) + 1 : length;
    *taken += part;
    if (a->state != STREAM_CHUNK && a->state != CHUNK_END) a->head_bytes += part;
    text_add(&a->line, bytes, part);
    if (a->line.failed || a->head_bytes > HEAD_BYTES_MAX) return 0;
    if (!end) return 1;
    if (a->line.length < 2 || a->line.bytes[a->line.length - 2] != '\r') return 0;
    a->line.length -= 2;
    a->line.bytes[a->line.length] = 0;
    if (memchr(a->line.bytes, 0, a->line.length) || memchr(a->line.bytes, '\r', a->line.length)) return 0;
    int good = end_of_line(a);
    a->line.length = 0;
    return good;
}

int http_feed(http_answer *a, const char *bytes, size_t length, size_t *taken) {
    *taken = 0;
    while (*taken < length && a->state != FINISHED) {
        const char *at = bytes + *taken;
        size_t room = length - *taken;
        if (a->state == BODY || a->state == CHUNK_DATA) {
            size_t part = room < a->left ? room : (size_t)a->left;
            text_add(&a->body, at, part);
            if (a->body.failed) return HTTP_INVALID;
            a->left -= part;
            *taken += part;
            if (!a->left) a->state = a->state == BODY ? FINISHED : CHUNK_END;
        } else if (!take_line(a, at, room, taken))
            return HTTP_INVALID;
    }
    return a->state == FINISHED ? HTTP_DONE : HTTP_MORE;
}
