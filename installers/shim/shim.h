/* What the parts of the shim know of each other.
 *
 *   text.c     bytes that grow, and the callers' character sets
 *   json.c     finds members of an object, reads strings and numbers, writes strings
 *   http.c     bytes of an HTTP answer -> head and body; opens nothing
 *   line.c     connections with a deadline; plain on loopback, else through tls_*.c
 *   tls_openssl.c, tls_schannel.c   TLS of the platform, with one certificate that is believed
 *   call.c     settings, sessions, one call and its answer
 *   events.c   the event stream, polled
 *   faults.c   what the shim itself has to tell, as the edge tells it
 *
 * Every size that comes from outside has a bound here. No function of this file keeps a pointer that a caller gave it.
 */
#ifndef SHIM_H
#define SHIM_H

#include <stddef.h>
#include <stdint.h>

#include "pishkhan.h"

#define ANSWER_BYTES_MAX (16 * 1024 * 1024) /* body of an answer */
#define REQUEST_BYTES_MAX (8 * 1024 * 1024) /* JSON of a call; the edge takes far less and says so */
#define HEAD_BYTES_MAX (64 * 1024)          /* all header lines of an answer */
#define HEAD_LINE_BYTES_MAX (8 * 1024)
#define INFORMATIONAL_MAX 8                 /* answers 1xx before the real one */
#define JSON_DEPTH_MAX 512
#define SESSIONS_MAX 256                    /* signed-in desks whose token is kept; the least used gives way */
#define KEPT_ANSWERS_MAX 64                 /* answers that did not fit, one a thread */
#define IDLE_LINES_MAX 16
#define IDLE_MS_MAX 60000                   /* the edge closes after 75 s */
#define TOKEN_BYTES_MAX 512
#define NAME_BYTES_MAX 512                  /* institution, operator, workstation as UTF-8: 100 characters */
#define DEADLINE_MS_DEFAULT 8000
#define DEADLINE_MS_MAX 120000
#define WAIT_MS_MAX 60000

/* -- text.c -- */

typedef struct {
    char *bytes;
    size_t length, room, most;
    int failed; /* out of memory, or over `most`: what is added afterwards is passed over */
} text;

enum charset { CHARSET_UTF8, CHARSET_GBK, CHARSET_ASCII };

void text_new(text *t, size_t most);
void text_add(text *t, const void *bytes, size_t length);
void text_say(text *t, const char *words);
void text_drop(text *t, size_t from_start);
void text_end(text *t); /* wipes and frees */
void wipe(void *bytes, size_t length);
int text_from_caller(enum charset charset, const char *in, text *utf8); /* 0, or -1 if it is not in that set */
int text_to_caller(enum charset charset, const char *utf8, size_t length, text *out);
size_t utf8_take(const char *bytes, size_t length, uint32_t *character); /* bytes taken; 0 if they are no UTF-8 */
void utf8_add(text *t, uint32_t character);

/* -- json.c -- */

typedef struct {
    const char *bytes;
    size_t length;
} slice;

int json_member(slice object, const char *name, slice *value); /* 1 found, 0 not; the last one of that name counts */
int json_string(slice value, text *utf8);                       /* 1 if it was a string */
int json_number(slice value, long least, long most, long *number);
void json_say(text *t, const char *words);                      /* a JSON string, quoted */

/* -- http.c -- */

typedef struct {
    int state, status, minor;
    int chunked, has_length, close_after, event_stream, informational;
    uint64_t left;
    size_t head_bytes;
    text line, body;
} http_answer;

enum { HTTP_MORE, HTTP_DONE, HTTP_INVALID };

void http_new(http_answer *a);
void http_end(http_answer *a);
int http_feed(http_answer *a, const char *bytes, size_t length, size_t *taken);
int http_head_is_done(const http_answer *a);

/* -- line.c -- */

typedef struct {
    char url[300];         /* as the caller wrote it; what connections are told apart by */
    char host[256];        /* without brackets */
    char authority[270];   /* host and port, for the Host header */
    char port[8];
    char certificate[1024]; /* a PEM file, UTF-8 path; with https only */
    int secure;
} target;

typedef struct line line;
typedef struct tls tls;

enum { LINE_ENDED = 0, LINE_BROKEN = -1, LINE_LATE = -2 };

int target_read(const char *url, target *t); /* 0, or -1 */
int64_t now_ms(void);
line *line_open(const target *t, int64_t until, const char **fault); /* NULL with the code of a fault that is sure: nothing was sent */
line *line_take(const target *t);                   /* one that was left idle, or NULL */
void line_leave(line *l);                           /* for the next call */
void line_close(line *l);
int line_send(line *l, const char *bytes, size_t length, int64_t until);    /* 0 or LINE_... */
int line_receive(line *l, char *bytes, int room, int64_t until);            /* bytes, or LINE_... */
int raw_send(line *l, const char *bytes, size_t length, int64_t until);
int raw_receive(line *l, char *bytes, int room, int64_t until);

/* -- tls_*.c -- */

tls *tls_open(line *l, const target *t, int64_t until, const char **fault);
int tls_send(tls *s, line *l, const char *bytes, size_t length, int64_t until);
int tls_receive(tls *s, line *l, char *bytes, int room, int64_t until);
int tls_holds_bytes(const tls *s); /* something has been received that nobody took */
void tls_end(tls *s);

/* -- call.c -- */

typedef struct {
    target where;
    enum charset charset;
    char language[4];
    long connect_ms, grace_ms;
} settings;

settings settings_now(void);
int deliver(enum charset charset, int code, const char *utf8, size_t length, char *out, int *size);
int deliver_fault(const settings *s, const char *fault, const char *detail, char *out, int *size);
void token_of(slice institution, slice operator_, slice workstation, char *token); /* empty if there is none; TOKEN_BYTES_MAX */
void request_head(text *t, const settings *s, const char *method, const char *path, const char *token);
slice whole(const text *t);

/* -- faults.c -- */

typedef struct {
    const char *code;
    int return_code;
    const char *fault; /* who has to act: his, edge, line */
    int again;
    const char *desk[3]; /* en, fa, zh */
    const char *technician;
} fault_row;

extern const fault_row FAULTS[];
extern const size_t FAULTS_COUNT;

int fault_tell(const char *code, const char *detail, const char *language, text *utf8); /* the answer; its return code */

/* -- locks -- */

#ifdef _WIN32
#include <winsock2.h>
#include <windows.h>
typedef SRWLOCK lock;
#define LOCK_NEW SRWLOCK_INIT
#define lock_take(l) AcquireSRWLockExclusive(l)
#define lock_give(l) ReleaseSRWLockExclusive(l)
#else
#include <pthread.h>
typedef pthread_mutex_t lock;
#define LOCK_NEW PTHREAD_MUTEX_INITIALIZER
#define lock_take(l) pthread_mutex_lock(l)
#define lock_give(l) pthread_mutex_unlock(l)
#endif

#endif
