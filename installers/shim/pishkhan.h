/* The functions of Pishkhan's edge for programs that call a library: PowerBuilder, Delphi, VB6, C. See docs/c-shim.md.
 *
 * Each takes JSON (`in`, ended by a zero) and writes the answer, ended by a zero, into the caller's buffer `out`. `size` says how many bytes
 * that holds, and afterwards how many the answer takes, its zero counted. Nothing is cut: what does not fit is kept for ANSWER.
 * Any thread may call at any time.
 */
#ifndef PISHKHAN_H
#define PISHKHAN_H

#ifdef _WIN32
#define PISHKHAN_CALL __stdcall
#else
#define PISHKHAN_CALL
#endif

#define PISHKHAN_DONE 0         /* read `outcome` of the answer */
#define PISHKHAN_UNKNOWN (-1)   /* nobody knows yet: ask with QUERY; sending it again with the same msgid is safe */
#define PISHKHAN_REFUSED (-2)   /* nothing happened, and nothing will */
#define PISHKHAN_TOO_SMALL (-3) /* the call was carried out; its answer waits for ANSWER with a buffer of `size` bytes */
#define PISHKHAN_MISUSED (-4)   /* a pointer is missing, a size is negative, or there is nothing to answer: nothing happened */

#ifdef __cplusplus
extern "C" {
#endif

int PISHKHAN_CALL INIT(const char *in, char *out, int *size);
int PISHKHAN_CALL BUSINESS_HANDLE(const char *in, char *out, int *size);
int PISHKHAN_CALL CONFIRM(const char *in, char *out, int *size);
int PISHKHAN_CALL REVERSE(const char *in, char *out, int *size);
int PISHKHAN_CALL QUERY(const char *in, char *out, int *size);
int PISHKHAN_CALL UNCERTAIN(const char *in, char *out, int *size);
int PISHKHAN_CALL CLOSE(const char *in, char *out, int *size);

/* The next event, if one comes within `wait_ms` of `in`. */
int PISHKHAN_CALL EVENT(const char *in, char *out, int *size);

/* The answer of this thread's last call that did not fit; its return value is that call's own. */
int PISHKHAN_CALL ANSWER(char *out, int *size);

/* A setting of this program: address, certificate, charset, language, connect_ms, grace_ms. 0, or PISHKHAN_REFUSED for one it cannot be. */
int PISHKHAN_CALL OPTION(const char *name, const char *value);

#ifdef __cplusplus
}
#endif
#endif
