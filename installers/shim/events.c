/* The event stream, polled: EVENT gives the next event, or says within `wait_ms` that there is none.
 *
 * One stream for each desk that asks, opened by its first call. Between calls nothing runs here; what the edge tells meanwhile waits in the
 * connection, and then at the edge, which says in `missed` how many it had to drop. After a break nothing is repeated, and the
 * caller is told so by the event "break": QUERY and UNCERTAIN say what it may have missed.
 */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#include <time.h>
#endif

#define STREAMS_MAX 16

static const char NOTHING[] = "{\"return_code\":0,\"event\":null,\"data\":null}";
static const char BREAK[] = "{\"return_code\":0,\"event\":\"break\",\"data\":null}";

typedef struct {
    char path[1024 + 9 * NAME_BYTES_MAX]; /* with the query: who watches */
    char token[TOKEN_BYTES_MAX], url[300];
    int busy, over; /* over: the edge has ended the stream, or its refusal is whole */
    uint64_t used;
    line *open;
    http_answer from;
} stream;

static stream streams[STREAMS_MAX];
static uint64_t turn;
static lock here = LOCK_NEW; /* over path, busy and used */

static void pause_ms(int ms) {
#ifdef _WIN32
    Sleep((DWORD)ms);
#else
    struct timespec t = {0, ms * 1000000L};
    nanosleep(&t, NULL);
#endif
}

static void shut(stream *s) {
    if (s->open) {
        line_close(s->open);
        http_end(&s->from);
        s->open = NULL;
    }
}

static stream *take(const char *path, int *taken) { /* `taken`: another thread waits for this desk's events now */
    stream *found = NULL;
    *taken = 0;
    lock_take(&here);
    for (int i = 0; i < STREAMS_MAX; i++)
        if (streams[i].used && !strcmp(streams[i].path, path)) found = &streams[i];
    if (found && found->busy) {
        *taken = 1;
        lock_give(&here);
        return NULL;
    }
    for (int i = 0; !found && i < STREAMS_MAX; i++)
        if (!streams[i].busy && !streams[i].used) found = &streams[i];
    if (!found)
        for (int i = 0; i < STREAMS_MAX; i++)
            if (!streams[i].busy && (!found || streams[i].used < found->used)) found = &streams[i];
    if (found) {
        found->busy = 1;
        found->used = ++turn;
        if (strcmp(found->path, path)) {
            shut(found); /* of a desk that has not asked for longest */
            snprintf(found->path, sizeof found->path, "%s", path);
        }
    }
    lock_give(&here);
    return found;
}

static void give(stream *s) {
    lock_take(&here);
    s->busy = 0;
    if (!s->open) s->used = 0, *s->path = 0;
    lock_give(&here);
}

static void add_name(text *path, const char *name, slice from) {
    slice value;
    text said;
    text_new(&said, NAME_BYTES_MAX);
    text_say(path, name);
    text_say(path, "=");
    if (json_member(from, name, &value) && json_string(value, &said))
        for (size_t i = 0; i < said.length; i++) {
            unsigned char c = (unsigned char)said.bytes[i];
            char hex[8];
            int plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
            snprintf(hex, sizeof hex, plain ? "%c" : "%%%02X", c);
            text_say(path, hex);
        }
    text_end(&said);
}

static const char *receive(stream *s, int64_t until, int *late) { /* the code of a fault if the stream is over; else NULL */
    char bytes[16384];
    size_t taken;
    int got = line_receive(s->open, bytes, sizeof bytes, until);
    *late = got == LINE_LATE;
    if (*late) return NULL;
    if (got <= 0) return "edge_silent";
    int now = http_feed(&s->from, bytes, (size_t)got, &taken);
    s->over = now == HTTP_DONE;
    return now == HTTP_INVALID ? "answer_invalid" : NULL;
}

static const char *open_stream(stream *s, const settings *now, const char *token) { /* 0 or the code of a fault */
    const char *fault;
    int late = 0;
    text request;
    int64_t until = now_ms() + now->connect_ms;
    s->open = line_open(&now->where, until, &fault);
    if (!s->open) return fault;
    http_new(&s->from);
    s->over = 0;
    snprintf(s->url, sizeof s->url, "%s", now->where.url);
    text_new(&request, HEAD_BYTES_MAX);
    request_head(&request, now, "GET", s->path, token);
    text_say(&request, "Accept: text/event-stream\r\n\r\n");
    until += now->grace_ms;
    fault = request.failed ? "call_too_large" : line_send(s->open, request.bytes, request.length, until) ? "edge_unreachable" : NULL;
    text_end(&request);
    while (!fault && !late && !http_head_is_done(&s->from)) fault = receive(s, until, &late);
    if (!fault && late) fault = "edge_unreachable";
    if (!fault && !(s->from.status == 200 && s->from.event_stream)) /* a refusal: its whole body is the answer */
        while (!fault && !late && !s->over) fault = receive(s, until, &late);
    return fault;
}

static size_t block_end(const text *t, size_t *separator) { /* the first empty line; 0 if none is there yet */
    for (size_t i = 0; i + 1 < t->length; i++) {
        if (t->bytes[i] == '\n' && t->bytes[i + 1] == '\n') return *separator = 2, i;
        if (i + 3 < t->length && !memcmp(t->bytes + i, "\r\n\r\n", 4)) return *separator = 4, i;
    }
    return 0;
}

static void read_block(const char *at, size_t length, text *kind, text *data) {
    const char *end = at + length;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop ? stop + 1 : end;
        if (!stop) stop = end;
        if (stop > at && stop[-1] == '\r') stop--;
        text *to = !strncmp(at, "event:", 6) ? kind : !strncmp(at, "data:", 5) ? data : NULL;
        if (to) {
            at += to == kind ? 6 : 5;
            if (at < stop && *at == ' ') at++;
            if (to->length) text_say(to, "\n");
            text_add(to, at, (size_t)(stop - at));
        }
        at = next;
    }
}

static int next_event(stream *s, text *answer) { /* 1 if there is one; comments are passed over */
    size_t separator = 0, end;
    while ((end = block_end(&s->from.body, &separator)) > 0) {
        text kind, data;
        text_new(&kind, NAME_BYTES_MAX);
        text_new(&data, ANSWER_BYTES_MAX);
        read_block(s->from.body.bytes, end, &kind, &data);
        int found = data.length > 0;
        if (found) {
            text_say(answer, "{\"return_code\":0,\"event\":");
            json_say(answer, kind.length ? kind.bytes : "message");
            text_say(answer, ",\"data\":");
            text_add(answer, data.bytes, data.length);
            text_say(answer, "}");
        }
        text_end(&kind);
        text_end(&data);
        text_drop(&s->from.body, end + separator);
        if (found) return 1;
    }
    return 0;
}

static int refusal(stream *s, const settings *now, char *out, int *size) {
    slice value;
    long code;
    const text *body = &s->from.body;
    if (json_member(whole(body), "return_code", &value) && json_number(value, -2, 0, &code))
        return deliver(now->charset, (int)code, body->bytes, body->length, out, size);
    return deliver_fault(now, "answer_invalid", "", out, size);
}

static int poll_stream(stream *s, const settings *now, const char *token, long wait_ms, char *out, int *size) {
    const char *fault = NULL;
    int late = 0;
    int64_t until;
    text answer;
    if (s->open && (strcmp(s->token, token) || strcmp(s->url, now->where.url))) shut(s); /* signed in anew, or elsewhere */
    if (!s->open) {
        snprintf(s->token, sizeof s->token, "%s", token);
        fault = open_stream(s, now, token);
        if (fault || s->from.status != 200 || !s->from.event_stream) {
            int code = fault ? deliver_fault(now, fault, "", out, size) : refusal(s, now, out, size);
            shut(s);
            return code;
        }
    }
    until = now_ms() + wait_ms;
    text_new(&answer, ANSWER_BYTES_MAX);
    while (!next_event(s, &answer) && !late && !fault) fault = s->over ? "edge_silent" : receive(s, until, &late);
    if (fault) {
        shut(s);
        text_say(&answer, BREAK);
    } else if (!answer.length)
        text_say(&answer, NOTHING);
    int code = deliver(now->charset, PISHKHAN_DONE, answer.bytes ? answer.bytes : "", answer.length, out, size);
    text_end(&answer);
    return code;
}

static int watch(const settings *now, const text *body, char *out, int *size) {
    slice context = {"{}", 2}, value;
    char token[TOKEN_BYTES_MAX] = "";
    long wait_ms = 0;
    text path, own;
    json_member(whole(body), "context", &context);
    if (json_member(whole(body), "wait_ms", &value) && json_number(value, 0, 999999999, &wait_ms) && wait_ms > WAIT_MS_MAX)
        wait_ms = WAIT_MS_MAX; /* not 0: a program that polls without a pause would never rest */
    text_new(&path, sizeof streams[0].path - 1);
    text_say(&path, "events?");
    add_name(&path, "institution", context);
    text_say(&path, "&");
    add_name(&path, "operator", context);
    text_say(&path, "&");
    add_name(&path, "workstation", context);
    text_new(&own, TOKEN_BYTES_MAX - 1);
    if (json_member(whole(body), "token", &value) && json_string(value, &own) && own.length && !strpbrk(own.bytes, "\r\n"))
        snprintf(token, sizeof token, "%s", own.bytes);
    text_end(&own);
    if (!*token) {
        slice institution = {"", 0}, operator_ = {"", 0}, workstation = {"", 0};
        json_member(context, "institution", &institution);
        json_member(context, "operator", &operator_);
        json_member(context, "workstation", &workstation);
        token_of(institution, operator_, workstation, token);
    }
    int64_t started = now_ms();
    int taken = 0, code;
    stream *s = path.failed ? NULL : take(path.bytes, &taken);
    while (taken && now_ms() - started < wait_ms) {
        pause_ms(20);
        s = take(path.bytes, &taken);
    }
    if (s) {
        long left = wait_ms - (long)(now_ms() - started);
        code = poll_stream(s, now, token, left > 0 ? left : 0, out, size);
        give(s);
    } else if (taken)
        code = deliver(now->charset, PISHKHAN_DONE, NOTHING, sizeof NOTHING - 1, out, size);
    else
        code = deliver_fault(now, path.failed ? "call_too_large" : "too_many_streams", "", out, size);
    text_end(&path);
    wipe(token, sizeof token);
    return code;
}

int PISHKHAN_CALL EVENT(const char *in, char *out, int *size) {
    if (!in || !size || *size < 0 || (!out && *size)) return PISHKHAN_MISUSED;
    settings now = settings_now();
    text body;
    text_new(&body, REQUEST_BYTES_MAX);
    text_add(&body, "", 0);
    const char *fault = text_from_caller(now.charset, in, &body) ? "text_invalid" : body.failed ? "call_too_large" : NULL;
    int code = fault ? deliver_fault(&now, fault, "", out, size) : watch(&now, &body, out, size);
    text_end(&body);
    return code;
}
