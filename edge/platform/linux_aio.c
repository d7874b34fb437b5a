/* Linux' own asynchronous I/O for one write at a time: io_setup(2), io_submit(2), io_getevents(2), for which the C library has no names.

   Whether a write has ended stands in the ring that the kernel shares with the process (libaio looks there too), so asking costs no system call; what came of it is
   asked of the kernel. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RING_MAGIC = 0xa10a10a1, LOOKS = 16 };

typedef struct { /* fs/aio.c: struct aio_ring */
    unsigned id, nr, head, tail, magic, compat_features, incompat_features, header_length;
} Ring;

#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

static int nothing_there(aio_context_t context) {
    const Ring *ring = (const Ring *)context;
    return ring->magic == RING_MAGIC && __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

PyDoc_STRVAR(setup_doc, "setup()\n--\n\nA context of the kernel's, as a number. OSError: there is none to be had.");

static PyObject *setup(PyObject *module, PyObject *none) {
    (void)module, (void)none;
    aio_context_t context = 0;
    if (syscall(SYS_io_setup, 1, &context))
        return PyErr_SetFromErrno(PyExc_OSError);
    return PyLong_FromUnsignedLong(context);
}

PyDoc_STRVAR(destroy_doc, "destroy(context)\n--\n\nLet go of it; it waits for what is being written.");

static PyObject *destroy(PyObject *module, PyObject *given) {
    (void)module;
    unsigned long context = PyLong_AsUnsignedLong(given);
    if (PyErr_Occurred())
        return NULL;
    long failed;
    Py_BEGIN_ALLOW_THREADS
    failed = syscall(SYS_io_destroy, context);
    Py_END_ALLOW_THREADS
    if (failed)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(write_doc,
"write(context, descriptor, memory, size, at, tells)\n--\n\n"
"Begin to write the first ``size`` bytes of ``memory``, which stays where it is, at ``at``; the eventfd ``tells`` is told of the end. OSError: nothing is written.");

static PyObject *begin_write(PyObject *module, PyObject *args) {
    (void)module;
    unsigned long context;
    int descriptor, tells;
    Py_buffer memory;
    Py_ssize_t size;
    long long at;
    if (!PyArg_ParseTuple(args, "kiw*nLi", &context, &descriptor, &memory, &size, &at, &tells))
        return NULL;
    int fits = size > 0 && size <= memory.len;
    struct iocb request = {
        .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (uint32_t)descriptor, .aio_buf = (uint64_t)(uintptr_t)memory.buf, .aio_nbytes = (uint64_t)size,
        .aio_offset = at, .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = (uint32_t)tells,
    };
    struct iocb *requests[] = {&request};
    PyBuffer_Release(&memory);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "more than there is");
        return NULL;
    }
    long begun = syscall(SYS_io_submit, context, 1, requests);
    if (begun == 0)
        errno = EAGAIN;
    if (begun != 1)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(ended_doc,
"ended(context, until_s, lend)\n--\n\n"
"How many bytes the write has written that has ended, or minus the number of its error; ``None``: it goes on. Until CLOCK_MONOTONIC is ``until_s`` it is\n"
"waited for on the processor; with ``lend`` others have the interpreter meanwhile.");

static PyObject *ended(PyObject *module, PyObject *args) {
    (void)module;
    unsigned long context;
    double until;
    int lend;
    if (!PyArg_ParseTuple(args, "kdp", &context, &until, &lend))
        return NULL;
    PyThreadState *lent = NULL;
    for (int look = 1; nothing_there(context); look++) {
        if (look % LOOKS) {
            RELAX();
            continue;
        }
        if (seconds() >= until)
            break;
        if (lend && !lent)
            lent = PyEval_SaveThread();
        sched_yield(); /* the kernel may need this very processor to bring it to an end */
    }
    if (lent)
        PyEval_RestoreThread(lent);
    struct timespec at_once = {0, 0};
    struct io_event event;
    long count = syscall(SYS_io_getevents, context, 0, 1, &event, &at_once);
    if (count < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    if (!count)
        Py_RETURN_NONE;
    return PyLong_FromLongLong(event.res);
}

static PyMethodDef functions[] = {
    {"setup", setup, METH_NOARGS, setup_doc},
    {"destroy", destroy, METH_O, destroy_doc},
    {"write", begin_write, METH_VARARGS, write_doc},
    {"ended", ended, METH_VARARGS, ended_doc},
    {0},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_linux_aio", "Linux' own asynchronous I/O.", 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__linux_aio(void) { return PyModuleDef_Init(&module); }
