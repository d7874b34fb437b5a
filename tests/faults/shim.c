/* Stands between a program and the C library (LD_PRELOAD) and makes the disk under one folder misbehave, or writes down what it was told.
 *
 * FAULTS_FOLDER   the folder; files elsewhere are left alone, and so are -shm and .lock files, which no disk needs to keep.
 * FAULTS_CONTROL  a file of 64-bit numbers (tests/faults/shim.py, `Control`), mapped and read at every call: faults change while it runs.
 * FAULTS_TRACE    every write, truncation, sync, rename and removal is appended here in the order in which it happened, and with it
 *                 what the program says on standard output (an acknowledgement); tests/faults/disk.py reads it.
 *
 * A sync that fails is written down as failed: Linux has thrown the dirty pages away then, and a later sync that succeeds does not
 * bring them back. The file itself keeps them, as the page cache does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_FAILED, RENAME, UNLINK, SYNC_FOLDER, TOLD };
enum { UNKNOWN = 0, OTHER, FOLDER, WATCHED };
#define DESCRIPTORS 65536

struct control {
    int64_t sync_delay_us;     /* each sync takes so much longer */
    int64_t sync_fail_in;      /* the n-th sync from now fails (EIO) ... */
    int64_t sync_fail_times;   /* ... and so many in a row from there; -1: until told otherwise */
    int64_t write_fail_in;     /* the n-th write from now fails ... */
    int64_t write_fail_times;  /* ... and so many in a row */
    int64_t write_fail_errno;
    int64_t write_torn;        /* a write that fails has written half before */
    int64_t room_bytes;        /* files may grow by so many bytes, then ENOSPC; -1: by any number */
    int64_t kill_in;           /* SIGKILL at the n-th call that changes the disk, instead of it (write_torn: after half of it) */
    int64_t read_only;         /* everything that changes the disk fails with EROFS */
    int64_t wal_only;          /* faults of writes and syncs hit files whose name ends in -wal or -slate alone */
    int64_t skip_sync;         /* syncs are written down and not done: the model needs no real ones */
    int64_t syncs, writes, written_bytes, failed, calls;   /* counted */
};

static struct control quiet = {.room_bytes = -1}, *now = &quiet;
static char folder[4096];
static size_t folder_length;
static int trace = -1;
static unsigned char kinds[DESCRIPTORS];
static char wal[DESCRIPTORS];
static char synchronous[DESCRIPTORS];   /* opened with O_DSYNC: each write is followed by a sync, as the kernel does */
static uint64_t nodes[DESCRIPTORS];
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_FOLDER"), *control = getenv("FAULTS_CONTROL"), *to = getenv("FAULTS_TRACE");
    if (path && realpath(path, folder)) folder_length = strlen(folder);
    if (control) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDWR | O_CLOEXEC, 0);
        void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (mapped == MAP_FAILED) { fprintf(stderr, "shim: no control file\n"); _exit(99); }
        now = mapped;
        syscall(SYS_close, fd);
    }
    if (to) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        trace = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 900);   /* out of the way of the program's own numbers */
        if (trace < 0) { fprintf(stderr, "shim: no trace\n"); _exit(99); }
        syscall(SYS_close, fd);
    }
}

static int ends(const char *name, const char *with) {
    size_t n = strlen(name), w = strlen(with);
    return n >= w && !strcmp(name + n - w, with);
}

/* The part of `path` under the folder, or NULL. */
static const char *inside(const char *path) {
    if (!folder_length || strncmp(path, folder, folder_length) || path[folder_length] != '/') return NULL;
    if (ends(path, "-shm") || ends(path, ".lock")) return NULL;
    return path + folder_length + 1;
}

static const char *absolute(int at, const char *path, char *into) {
    char base[4096];
    if (path[0] == '/') { snprintf(into, 8192, "%s", path); return into; }
    if (at == AT_FDCWD) { if (!getcwd(base, sizeof base)) return path; }
    else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0) return path;
        base[n] = 0;
    }
    snprintf(into, 8192, "%s/%s", base, path);
    return into;
}

static void note(uint32_t kind, uint64_t node, int64_t offset, const char *name, const void *data, int64_t bytes) {
    if (trace < 0) return;
    struct { uint32_t kind, name_bytes; uint64_t node; int64_t offset, data_bytes; } head =
        {kind, (uint32_t)strlen(name), node, offset, data ? bytes : 0};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)name, head.name_bytes}, {(void *)data, (size_t)head.data_bytes}};
    syscall(SYS_writev, trace, parts, 3);
}

static void forget(int fd);

static unsigned char kind_of(int fd) {
    if (fd < 0 || fd >= DESCRIPTORS || !folder_length) return OTHER;
    struct stat found;
    if (kinds[fd] != UNKNOWN) {
        if (kinds[fd] != WATCHED || (!fstat(fd, &found) && found.st_ino == nodes[fd])) return kinds[fd];
    }
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return OTHER;
    path[n] = 0;
    if (fstat(fd, &found)) return OTHER;
    wal[fd] = (char)(ends(path, "-wal") || ends(path, "-slate"));
    nodes[fd] = found.st_ino;
    if (S_ISREG(found.st_mode) && inside(path)) kinds[fd] = WATCHED;
    else if (S_ISDIR(found.st_mode) && !strncmp(path, folder, folder_length) && (!path[folder_length] || path[folder_length] == '/')) kinds[fd] = FOLDER;
    else kinds[fd] = OTHER;
    return kinds[fd];
}

static void forget(int fd) { if (fd >= 0 && fd < DESCRIPTORS) { kinds[fd] = UNKNOWN; synchronous[fd] = 0; } }

static int counted_down(int64_t *left) { return *left > 0 && --*left == 0; }

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }

static int hit(int fd) { return !now->wal_only || wal[fd]; }

/* Whether this call is the one that the power does not survive. */
static int doomed(int fd) { now->calls++; return (fd < 0 || hit(fd)) && counted_down(&now->kill_in); }

/* 0, or why this write fails; may cut *bytes short. */
static int write_fault(int fd, int64_t offset, size_t *bytes) {
    if (now->read_only) return EROFS;
    if (!hit(fd)) return 0;
    if (counted_down(&now->write_fail_in)) {
        if (now->write_fail_times < 0 || --now->write_fail_times > 0) now->write_fail_in = 1;
        if (!now->write_torn) *bytes = 0; else *bytes /= 2;
        return (int)now->write_fail_errno;
    }
    if (now->room_bytes >= 0) {
        struct stat found;
        int64_t grows = fstat(fd, &found) ? 0 : offset + (int64_t)*bytes - found.st_size;
        if (grows > now->room_bytes) {
            int64_t fits = (int64_t)*bytes - (grows - now->room_bytes);
            *bytes = fits > 0 ? (size_t)fits : 0;
            now->room_bytes = 0;
            return ENOSPC;
        }
        if (grows > 0) now->room_bytes -= grows;
    }
    return 0;
}

static int watched_sync(int fd, long number, int what);

static ssize_t watched_write(int fd, const void *data, size_t bytes, int64_t offset, int positioned) {
    pthread_mutex_lock(&gate);
    if (!positioned) {
        offset = lseek(fd, 0, (fcntl(fd, F_GETFL) & O_APPEND) ? SEEK_END : SEEK_CUR);
    }
    size_t wanted = bytes;
    int last = doomed(fd), fault = last ? EIO : write_fault(fd, offset, &bytes);
    if (last) bytes = now->write_torn ? bytes / 2 : 0;
    ssize_t done = 0;
    if (bytes) {
        done = positioned ? syscall(SYS_pwrite64, fd, data, bytes, offset) : syscall(SYS_write, fd, data, bytes);
        if (done > 0) note(WRITE, nodes[fd], offset, "", data, done);
    }
    if (last) die();
    now->writes++;
    if (done > 0) now->written_bytes += done;
    if (fault) {
        now->failed++;
        if (fault == ENOSPC && done > 0 && (size_t)done < wanted) fault = 0;   /* short now, an error at the next call, as the kernel does */
        else { errno = fault; done = -1; }
    } else if (done < 0) now->failed++;
    int kept = errno;
    pthread_mutex_unlock(&gate);
    if (done > 0 && synchronous[fd] && watched_sync(fd, SYS_fdatasync, WATCHED)) return -1;
    errno = kept;
    return done;
}

ssize_t write(int fd, const void *data, size_t bytes) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (fd == 1 && trace >= 0 && kind_of(fd) == OTHER) {
        pthread_mutex_lock(&gate);   /* written down before anybody can hear it */
        note(TOLD, 0, 0, "", data, (int64_t)bytes);
        pthread_mutex_unlock(&gate);
        return real(fd, data, bytes);
    }
    return kind_of(fd) == WATCHED ? watched_write(fd, data, bytes, 0, 0) : real(fd, data, bytes);
}

#define PWRITE(name, type) \
    ssize_t name(int fd, const void *data, size_t bytes, type offset) { \
        REAL(ssize_t, name, int, const void *, size_t, type); \
        return kind_of(fd) == WATCHED ? watched_write(fd, data, bytes, offset, 1) : real(fd, data, bytes, offset); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

static ssize_t gathered(int fd, const struct iovec *parts, int count, int64_t offset, int positioned) {
    size_t bytes = 0, at = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    char *data = malloc(bytes ? bytes : 1);
    for (int i = 0; i < count; at += parts[i++].iov_len) memcpy(data + at, parts[i].iov_base, parts[i].iov_len);
    ssize_t done = watched_write(fd, data, bytes, offset, positioned);
    int kept = errno;
    free(data);
    errno = kept;
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    return kind_of(fd) == WATCHED ? gathered(fd, parts, count, 0, 0) : real(fd, parts, count);
}

#define PWRITEV(name, type) \
    ssize_t name(int fd, const struct iovec *parts, int count, type offset) { \
        REAL(ssize_t, name, int, const struct iovec *, int, type); \
        return kind_of(fd) == WATCHED ? gathered(fd, parts, count, offset, 1) : real(fd, parts, count, offset); \
    }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

/* Copies inside the kernel are not seen by us: whoever tries falls back to read and write. */
ssize_t sendfile(int out, int in, off_t *offset, size_t bytes) {
    REAL(ssize_t, sendfile, int, int, off_t *, size_t);
    if (kind_of(out) == WATCHED) { errno = ENOTSOCK; return -1; }
    return real(out, in, offset, bytes);
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t bytes) {
    REAL(ssize_t, sendfile64, int, int, off64_t *, size_t);
    if (kind_of(out) == WATCHED) { errno = ENOTSOCK; return -1; }
    return real(out, in, offset, bytes);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t bytes, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    if (kind_of(out) == WATCHED) { errno = EXDEV; return -1; }
    return real(in, from, out, to, bytes, flags);
}

static int watched_truncate(int fd, int64_t size) {
    pthread_mutex_lock(&gate);
    if (doomed(fd)) die();
    int fault = now->read_only ? EROFS : 0;
    int done = fault ? -1 : (int)syscall(SYS_ftruncate, fd, size);
    if (fault) errno = fault;
    if (!done) note(TRUNCATE, nodes[fd], size, "", NULL, 0);
    pthread_mutex_unlock(&gate);
    return done;
}

#define FTRUNCATE(name, type) \
    int name(int fd, type size) { \
        REAL(int, name, int, type); \
        return kind_of(fd) == WATCHED ? watched_truncate(fd, size) : real(fd, size); \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* By name: opened first, so that it meets the same faults. */
static int truncated(const char *path, int64_t size) {
    char full[8192];
    if (!folder_length || !inside(absolute(AT_FDCWD, path, full))) return (int)syscall(SYS_truncate, path, size);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    forget(fd);
    int done = kind_of(fd) == WATCHED ? watched_truncate(fd, size) : (int)syscall(SYS_ftruncate, fd, size), kept = errno;
    forget(fd);
    syscall(SYS_close, fd);
    errno = kept;
    return done;
}
int truncate(const char *path, off_t size) { return truncated(path, size); }
int truncate64(const char *path, off64_t size) { return truncated(path, size); }

int fallocate(int fd, int mode, off_t offset, off_t bytes) {
    REAL(int, fallocate, int, int, off_t, off_t);
    if (kind_of(fd) != WATCHED) return real(fd, mode, offset, bytes);
    errno = EOPNOTSUPP;
    return -1;
}
#define POSIX_FALLOCATE(name, type) \
    int name(int fd, type offset, type bytes) { \
        REAL(int, name, int, type, type); \
        return kind_of(fd) == WATCHED ? EOPNOTSUPP : real(fd, offset, bytes); \
    }
POSIX_FALLOCATE(posix_fallocate, off_t)
POSIX_FALLOCATE(posix_fallocate64, off64_t)

static int watched_sync(int fd, long number, int what) {
    if (now->sync_delay_us > 0 && hit(fd)) {
        struct timespec wait = {now->sync_delay_us / 1000000, (now->sync_delay_us % 1000000) * 1000};
        nanosleep(&wait, NULL);
    }
    pthread_mutex_lock(&gate);
    if (doomed(fd)) die();
    now->syncs++;
    int done = 0;
    if (hit(fd) && counted_down(&now->sync_fail_in)) {
        if (now->sync_fail_times < 0 || --now->sync_fail_times > 0) now->sync_fail_in = 1;
        now->failed++;
        done = -1;
    } else if (!now->skip_sync) done = (int)syscall(number, fd);
    if (what == WATCHED) note(done ? SYNC_FAILED : SYNC, nodes[fd], 0, "", NULL, 0);
    else if (!done) note(SYNC_FOLDER, 0, 0, "", NULL, 0);
    pthread_mutex_unlock(&gate);
    if (done) errno = EIO;
    return done;
}

int fsync(int fd) {
    REAL(int, fsync, int);
    int what = kind_of(fd);
    return what >= FOLDER ? watched_sync(fd, SYS_fsync, what) : real(fd);
}
int fdatasync(int fd) {
    REAL(int, fdatasync, int);
    int what = kind_of(fd);
    return what >= FOLDER ? watched_sync(fd, SYS_fdatasync, what) : real(fd);
}

/* Asynchronous writes (io_submit) have no names in the C library: a program makes them by their numbers, through syscall(). Such a write to a
 * watched file is done by a thread of ours, so that it meets the same faults, and its end is told as the kernel tells it. */
#define CONTEXTS 64
static struct slot { unsigned long context; int pending, over; struct iocb request; int64_t result; } slots[CONTEXTS];
static pthread_mutex_t slots_gate = PTHREAD_MUTEX_INITIALIZER;

static struct slot *slot_of(unsigned long context, int fresh) {
    for (int i = 0; i < CONTEXTS; i++) if (slots[i].pending && slots[i].context == context) return &slots[i];
    for (int i = 0; fresh && i < CONTEXTS; i++) if (!slots[i].pending) { slots[i].context = context; return &slots[i]; }
    return NULL;
}

static void *written_aside(void *given) {
    struct slot *slot = given;
    struct iocb *request = &slot->request;
    ssize_t done = watched_write((int)request->aio_fildes, (void *)(uintptr_t)request->aio_buf, request->aio_nbytes, request->aio_offset, 1);
    int64_t result = done < 0 ? -errno : done;
    uint64_t one = 1;
    int tells = (request->aio_flags & IOCB_FLAG_RESFD) ? (int)request->aio_resfd : -1;
    pthread_mutex_lock(&slots_gate);
    slot->result = result;
    slot->over = 1;
    pthread_mutex_unlock(&slots_gate);
    if (tells >= 0) (void)!write(tells, &one, sizeof one);
    return NULL;
}

static long submitted(unsigned long context, struct iocb **requests) {
    pthread_t thread;
    pthread_mutex_lock(&slots_gate);
    struct slot *slot = slot_of(context, 1);
    int failed = !slot;
    if (slot) {
        slot->request = *requests[0];
        slot->over = 0;
        slot->pending = 1;
        failed = pthread_create(&thread, NULL, written_aside, slot);
        if (failed) slot->pending = 0; else pthread_detach(thread);
    }
    pthread_mutex_unlock(&slots_gate);
    if (failed) { errno = EAGAIN; return -1; }
    return 1;
}

/* -1: none of ours is under way; else how many have ended. */
static long told_of(unsigned long context, struct io_event *events) {
    pthread_mutex_lock(&slots_gate);
    struct slot *slot = slot_of(context, 0);
    long many = slot ? slot->over : -1;
    if (many == 1) {
        events[0] = (struct io_event){.data = slot->request.aio_data, .res = slot->result};
        slot->pending = 0;
    }
    pthread_mutex_unlock(&slots_gate);
    return many;
}

long syscall(long number, ...) {
    REAL(long, syscall, long, ...);
    long given[6];
    va_list more;
    va_start(more, number);
    for (int i = 0; i < 6; i++) given[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_io_submit && given[1] == 1) {
        struct iocb **requests = (struct iocb **)given[2];
        if (requests[0]->aio_lio_opcode == IOCB_CMD_PWRITE && kind_of((int)requests[0]->aio_fildes) == WATCHED)
            return submitted((unsigned long)given[0], requests);
    }
    if (number == SYS_io_getevents) {
        long many = told_of((unsigned long)given[0], (struct io_event *)given[3]);
        if (many >= 0) return many;
    }
    return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    char full[8192];
    const char *name = folder_length && (flags & (O_CREAT | O_TRUNC)) ? inside(absolute(at, path, full)) : NULL;
    struct stat before;
    int was = name ? !stat(full, &before) : 1;
    if (name && now->read_only) { errno = EROFS; return -1; }
    if (name) {
        pthread_mutex_lock(&gate);
        if ((!was || (flags & O_TRUNC)) && doomed(-1)) die();
    }
    int ours = folder_length && (flags & O_DSYNC) && inside(absolute(at, path, full));
    int fd = (int)syscall(SYS_openat, at, path, ours ? flags & ~O_SYNC : flags, mode);
    forget(fd);
    if (ours && fd >= 0 && fd < DESCRIPTORS) synchronous[fd] = 1;
    if (name && fd >= 0) {
        struct stat found;
        if (!fstat(fd, &found)) {
            if (!was) note(CREATE, found.st_ino, 0, name, NULL, 0);
            else if (flags & O_TRUNC) note(TRUNCATE, found.st_ino, 0, "", NULL, 0);
        }
    }
    if (name) { int kept = errno; pthread_mutex_unlock(&gate); errno = kept; }
    return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }

int close(int fd) {
    if (fd == trace && trace >= 0) { errno = EBADF; return -1; }
    forget(fd);
    return (int)syscall(SYS_close, fd);
}
int dup2(int from, int to) { REAL(int, dup2, int, int); forget(to); return real(from, to); }
int dup3(int from, int to, int flags) { REAL(int, dup3, int, int, int); forget(to); return real(from, to, flags); }

static int moved(int from_at, const char *from, int to_at, const char *to) {
    char a[8192], b[8192], both[8300];
    const char *x = inside(absolute(from_at, from, a)), *y = inside(absolute(to_at, to, b));
    if (!folder_length || (!x && !y)) return (int)syscall(SYS_renameat, from_at, from, to_at, to);
    if (now->read_only) { errno = EROFS; return -1; }
    pthread_mutex_lock(&gate);
    if (doomed(-1)) die();
    int done = (int)syscall(SYS_renameat, from_at, from, to_at, to), kept = errno;
    snprintf(both, sizeof both, "%s", y ? y : "");
    if (!done) note(RENAME, 0, 0, x ? x : "", both, (int64_t)strlen(both));
    pthread_mutex_unlock(&gate);
    errno = kept;
    return done;
}
int rename(const char *from, const char *to) { return moved(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return moved(a, from, b, to); }

static int removed(int at, const char *path, int flags) {
    char full[8192];
    const char *name = folder_length && !flags ? inside(absolute(at, path, full)) : NULL;
    if (!name) return (int)syscall(SYS_unlinkat, at, path, flags);
    if (now->read_only) { errno = EROFS; return -1; }
    pthread_mutex_lock(&gate);
    if (doomed(-1)) die();
    int done = (int)syscall(SYS_unlinkat, at, path, flags), kept = errno;
    if (!done) note(UNLINK, 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&gate);
    errno = kept;
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
