/* Settings, who is signed in, and one call: JSON in, the edge's JSON out, byte for byte.
 *
 * The shim adds nothing to a call but its token, and changes nothing of an answer but its character set. No lock is held while a call
 * waits. A call that broke before any byte of an answer came is sent once more where that is safe: the same msgid is the same
 * transaction, and init and reads change nothing. CLOSE is never sent twice.
 */
#include "shim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "/embed/v1/"
#define WHO_BYTES_MAX (3 * NAME_BYTES_MAX + 64)

enum { IS_INIT = 1, IS_CLOSE = 2 };

typedef struct {
    char who[WHO_BYTES_MAX], token[TOKEN_BYTES_MAX];
    uint64_t used;
} session;

typedef struct {
    uint64_t thread, used;
    int code;
    text said;
} kept;

static lock here = LOCK_NEW; /* over everything below */
static settings now;
static int settings_made;
static session sessions[SESSIONS_MAX];
static kept answers[KEPT_ANSWERS_MAX];
static uint64_t turn;

/* -- settings -- */

static void make_settings(void) {
    if (settings_made) return;
    target_read("http://127.0.0.1:7001", &now.where);
    now.charset = CHARSET_UTF8;
    now.connect_ms = 3000;
    now.grace_ms = 5000;
    settings_made = 1;
#ifdef _WIN32
    HMODULE self; /* never unloaded: its connections would stay without anybody who ends them */
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCSTR)(void *)&settings_made, &self);
#endif
}

settings settings_now(void) {
    lock_take(&here);
    make_settings();
    settings found = now;
    lock_give(&here);
    return found;
}

static int number_option(const char *value, long least, long most, long *number) {
    slice s = {value, strlen(value)};
    return json_number(s, least, most, number);
}

static int set(settings *s, const char *name, const char *value) {
    if (!strcmp(name, "address")) {
        target t;
        if (target_read(value, &t)) return 0;
        memcpy(t.certificate, s->where.certificate, sizeof t.certificate);
        s->where = t;
        return 1;
    }
    if (!strcmp(name, "certificate")) {
        text path;
        text_new(&path, sizeof s->where.certificate - 1);
        int good = !text_from_caller(s->charset, value, &path) && !path.failed;
        if (good) snprintf(s->where.certificate, sizeof s->where.certificate, "%s", path.length ? path.bytes : "");
        text_end(&path);
        return good;
    }
    if (!strcmp(name, "charset")) {
        static const char *const names[] = {"utf-8", "gbk", "ascii"};
        for (int i = 0; i < 3; i++)
            if (!strcmp(value, names[i])) return s->charset = (enum charset)i, 1;
        return 0;
    }
    if (!strcmp(name, "language")) {
        if (*value && strcmp(value, "en") && strcmp(value, "fa") && strcmp(value, "zh")) return 0;
        snprintf(s->language, sizeof s->language, "%s", value);
        return 1;
    }
    if (!strcmp(name, "connect_ms")) return number_option(value, 1, 60000, &s->connect_ms);
    if (!strcmp(name, "grace_ms")) return number_option(value, 0, 60000, &s->grace_ms);
    return 0;
}

int PISHKHAN_CALL OPTION(const char *name, const char *value) {
    if (!name || !value) return PISHKHAN_MISUSED;
    lock_take(&here);
    make_settings();
    settings wanted = now;
    int good = set(&wanted, name, value);
    if (good) now = wanted;
    lock_give(&here);
    return good ? PISHKHAN_DONE : PISHKHAN_REFUSED;
}

/* -- who is signed in -- */

static int who_is(slice institution, slice operator_, slice workstation, char *who) {
    const slice parts[3] = {institution, operator_, workstation};
    int good = 1;
    *who = 0;
    for (int i = 0; i < 3 && good; i++) {
        text one;
        text_new(&one, NAME_BYTES_MAX);
        good = json_string(parts[i], &one) && one.length && !memchr(one.bytes, 0, one.length);
        size_t at = strlen(who);
        if (good) snprintf(who + at, WHO_BYTES_MAX - at, "%zu:%s", one.length, one.bytes);
        text_end(&one);
    }
    return good;
}

static session *find(const char *who) { /* with the lock */
    for (int i = 0; i < SESSIONS_MAX; i++)
        if (sessions[i].used && !strcmp(sessions[i].who, who)) return &sessions[i];
    return NULL;
}

static void signed_in(const char *who, const char *token) {
    lock_take(&here);
    session *s = find(who);
    if (!s) {
        s = sessions;
        for (int i = 0; i < SESSIONS_MAX; i++)
            if (sessions[i].used < s->used) s = &sessions[i];
    }
    snprintf(s->who, sizeof s->who, "%s", who);
    wipe(s->token, sizeof s->token);
    snprintf(s->token, sizeof s->token, "%s", token);
    s->used = ++turn;
    lock_give(&here);
}

static void signed_out(const char *who, const char *token) { /* another thread may have signed in anew meanwhile */
    lock_take(&here);
    session *s = find(who);
    if (s && !strcmp(s->token, token)) wipe(s, sizeof *s);
    lock_give(&here);
}

static void token_for(const char *who, char *token) {
    *token = 0;
    lock_take(&here);
    session *s = find(who);
    if (s) {
        memcpy(token, s->token, TOKEN_BYTES_MAX);
        s->used = ++turn;
    }
    lock_give(&here);
}

void token_of(slice institution, slice operator_, slice workstation, char *token) {
    char who[WHO_BYTES_MAX];
    *token = 0;
    if (who_is(institution, operator_, workstation, who)) token_for(who, token);
}

static int names_of(slice from, char *who) {
    slice institution, operator_, workstation;
    return json_member(from, "institution", &institution) && json_member(from, "operator", &operator_) &&
           json_member(from, "workstation", &workstation) && who_is(institution, operator_, workstation, who);
}

static int is_token(const char *token, size_t length) { /* what may stand in a header line */
    if (!length || length >= TOKEN_BYTES_MAX) return 0;
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~') return 0;
    return 1;
}

static int token_in(slice object, char *token) {
    slice value;
    text said;
    text_new(&said, TOKEN_BYTES_MAX);
    int good = json_member(object, "token", &value) && json_string(value, &said) && is_token(said.bytes ? said.bytes : "", said.length);
    if (good) memcpy(token, said.bytes, said.length + 1);
    text_end(&said);
    return good;
}

/* -- answers -- */

slice whole(const text *t) {
    slice s = {t->bytes ? t->bytes : "", t->length};
    return s;
}

static uint64_t this_thread(void) {
#ifdef _WIN32
    return GetCurrentThreadId();
#else
    return (uint64_t)(uintptr_t)pthread_self();
#endif
}

static kept *kept_of_thread(int make) { /* with the lock */
    uint64_t me = this_thread();
    kept *oldest = answers;
    for (int i = 0; i < KEPT_ANSWERS_MAX; i++) {
        if (answers[i].used && answers[i].thread == me) return &answers[i];
        if (answers[i].used < oldest->used) oldest = &answers[i];
    }
    if (!make) return NULL;
    text_end(&oldest->said);
    oldest->thread = me;
    return oldest;
}

static void forget_kept(void) {
    lock_take(&here);
    kept *k = kept_of_thread(0);
    if (k) {
        text_end(&k->said);
        k->used = 0;
    }
    lock_give(&here);
}

static int fits(const text *said, char *out, int *size) {
    int room = *size;
    *size = said->length < INT_MAX ? (int)said->length + 1 : INT_MAX;
    if (room < *size || !out) {
        if (out && room > 0) *out = 0;
        return 0;
    }
    memcpy(out, said->bytes, said->length + 1);
    return 1;
}

int deliver(enum charset charset, int code, const char *utf8, size_t length, char *out, int *size) {
    text said;
    text_new(&said, 6u * ANSWER_BYTES_MAX); /* every character may have to be written as \uXXXX */
    text_add(&said, "", 0);
    if (text_to_caller(charset, utf8, length, &said) || said.failed) {
        text_end(&said);
        text_new(&said, ANSWER_BYTES_MAX);
        code = fault_tell("answer_invalid", "", "", &said);
    }
    if (!said.failed && fits(&said, out, size)) {
        text_end(&said);
        forget_kept();
        return code;
    }
    lock_take(&here);
    kept *k = kept_of_thread(1);
    text_end(&k->said);
    k->said = said;
    k->code = code;
    k->used = ++turn;
    lock_give(&here);
    return PISHKHAN_TOO_SMALL;
}

int PISHKHAN_CALL ANSWER(char *out, int *size) {
    if (!size || *size < 0 || (!out && *size)) return PISHKHAN_MISUSED;
    int code = PISHKHAN_MISUSED;
    lock_take(&here);
    kept *k = kept_of_thread(0);
    if (k) {
        code = PISHKHAN_TOO_SMALL;
        if (fits(&k->said, out, size)) {
            code = k->code;
            text_end(&k->said);
            k->used = 0;
        }
    }
    lock_give(&here);
    return code;
}

int deliver_fault(const settings *s, const char *fault, const char *detail, char *out, int *size) {
    text said;
    text_new(&said, ANSWER_BYTES_MAX);
    int code = fault_tell(fault, detail, s->language, &said);
    code = deliver(s->charset, code, said.bytes ? said.bytes : "", said.length, out, size);
    text_end(&said);
    return code;
}

/* -- one call -- */

void request_head(text *t, const settings *s, const char *method, const char *path, const char *token) {
    text_say(t, method);
    text_say(t, " " BASE);
    text_say(t, path);
    text_say(t, " HTTP/1.1\r\nHost: ");
    text_say(t, s->where.authority);
    text_say(t, "\r\n");
    if (*s->language) {
        text_say(t, "Accept-Language: ");
        text_say(t, s->language);
        text_say(t, "\r\n");
    }
    if (*token) {
        text_say(t, "Authorization: Bearer ");
        text_say(t, token);
        text_say(t, "\r\n");
    }
}

static const char *exchange(line *l, const text *request, http_answer *a, int64_t until, int *heard) { /* the code of a fault, or NULL */
    char bytes[16384];
    if (line_send(l, request->bytes, request->length, until)) return "edge_silent";
    for (;;) {
        size_t taken;
        int got = line_receive(l, bytes, sizeof bytes, until);
        if (got <= 0) return "edge_silent";
        *heard = 1;
        switch (http_feed(a, bytes, (size_t)got, &taken)) {
        case HTTP_INVALID: return "answer_invalid";
        case HTTP_DONE:
            if (taken < (size_t)got) a->close_after = 1; /* more than was asked for: not to be taken for the next answer */
            return NULL;
        default: break;
        }
    }
}

static const char *ask(const settings *s, const text *request, http_answer *a, long wait_ms, int may_repeat) {
    for (int fresh = !may_repeat;; fresh = 1) {
        int64_t started = now_ms();
        const char *fault = NULL;
        line *l = fresh ? NULL : line_take(&s->where);
        int used = l != NULL, heard = 0;
        if (!l) l = line_open(&s->where, started + s->connect_ms, &fault);
        if (!l) return fault;
        http_end(a);
        http_new(a);
        fault = exchange(l, request, a, now_ms() + wait_ms, &heard);
        if (!fault && !a->close_after) line_leave(l);
        else line_close(l);
        if (fault && used && !heard && may_repeat && now_ms() - started < wait_ms) continue;
        return fault;
    }
}

static long wait_of(const settings *s, slice body) {
    slice value;
    long deadline_ms = DEADLINE_MS_DEFAULT;
    if (json_member(body, "deadline_ms", &value)) json_number(value, 1, DEADLINE_MS_MAX, &deadline_ms);
    return deadline_ms + s->grace_ms;
}

static void keep_books(int kind, const char *who, const char *token, int code, const http_answer *a) {
    char given[TOKEN_BYTES_MAX];
    if (!*who) return;
    if (kind == IS_INIT && code == PISHKHAN_DONE && token_in(whole(&a->body), given)) {
        signed_in(who, given);
        wipe(given, sizeof given);
    } else if (kind == IS_CLOSE && code == PISHKHAN_DONE)
        signed_out(who, token);
}

static int carry(const settings *s, int kind, const char *path, const text *body, char *out, int *size) {
    char who[WHO_BYTES_MAX] = "", token[TOKEN_BYTES_MAX] = "", own[TOKEN_BYTES_MAX], length[64];
    slice context, value;
    long code = 0;
    text request;
    http_answer a;
    if (kind == IS_INIT) {
        if (!names_of(whole(body), who)) *who = 0;
    } else if (json_member(whole(body), "context", &context) && names_of(context, who)) {
        if (!token_in(whole(body), own)) token_for(who, token); /* a program may keep its tokens itself */
        else wipe(own, sizeof own);
    } else
        *who = 0;
    text_new(&request, REQUEST_BYTES_MAX + HEAD_BYTES_MAX);
    request_head(&request, s, "POST", path, token);
    snprintf(length, sizeof length, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body->length);
    text_say(&request, length);
    text_say(&request, kind == IS_CLOSE ? "Connection: close\r\n\r\n" : "\r\n");
    text_add(&request, body->bytes, body->length);
    http_new(&a);
    const char *fault = request.failed ? "call_too_large" : ask(s, &request, &a, wait_of(s, whole(body)), kind != IS_CLOSE);
    if (!fault && !(json_member(whole(&a.body), "return_code", &value) && json_number(value, -2, 0, &code))) fault = "answer_invalid";
    if (!fault) keep_books(kind, who, token, (int)code, &a);
    int told = fault ? deliver_fault(s, fault, "", out, size) : deliver(s->charset, (int)code, a.body.bytes, a.body.length, out, size);
    http_end(&a);
    text_end(&request);
    wipe(token, sizeof token);
    return told;
}

static int call(int kind, const char *path, const char *in, char *out, int *size) {
    if (!in || !size || *size < 0 || (!out && *size)) return PISHKHAN_MISUSED;
    settings s = settings_now();
    text body;
    text_new(&body, REQUEST_BYTES_MAX);
    text_add(&body, "", 0);
    const char *fault = text_from_caller(s.charset, in, &body) ? "text_invalid" : body.failed ? "call_too_large" : NULL;
    int code = fault ? deliver_fault(&s, fault, "", out, size) : carry(&s, kind, path, &body, out, size);
    text_end(&body);
    return code;
}

int PISHKHAN_CALL INIT(const char *in, char *out, int *size) { return call(IS_INIT, "init", in, out, size); }
int PISHKHAN_CALL BUSINESS_HANDLE(const char *in, char *out, int *size) { return call(0, "handle", in, out, size); }
int PISHKHAN_CALL CONFIRM(const char *in, char *out, int *size) { return call(0, "confirm", in, out, size); }
int PISHKHAN_CALL REVERSE(const char *in, char *out, int *size) { return call(0, "reverse", in, out, size); }
int PISHKHAN_CALL QUERY(const char *in, char *out, int *size) { return call(0, "query", in, out, size); }
int PISHKHAN_CALL UNCERTAIN(const char *in, char *out, int *size) { return call(0, "uncertain", in, out, size); }
int PISHKHAN_CALL CLOSE(const char *in, char *out, int *size) { return call(IS_CLOSE, "close", in, out, size); }
