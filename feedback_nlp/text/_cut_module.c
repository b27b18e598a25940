/* The Python side of _cut.c: buffers and their checks. */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and later */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "_buffers.h"
#include "_cut.h"

/* Version of the function and its arguments; cutting.py compares it. */
#define VERSION 1

/* The arguments. */
enum { CODES, INDPTR, KEYS, WEIGHT, WHOLE, FIRST, SINGLE, KINDS, BEGIN, MOVE, EMIT, OUT_START, OUT_STOP, OUT_KEY, OUT_COUNTS, N_ARGUMENTS };
static const Argument ARGUMENTS[N_ARGUMENTS] = {
    {"codes", "IL", "uint32", 4, 1, 0},  {"indptr", "lq", "int64", 8, 1, 0},  {"keys", "lq", "int64", 8, 1, 0},
    {"weight", "d", "float64", 8, 1, 0}, {"whole", "?", "bool", 1, 1, 0},     {"first", "lq", "int64", 8, 1, 0},
    {"single", "d", "float64", 8, 1, 0}, {"kinds", "B", "uint8", 1, 1, 0},    {"begin", "d", "float64", 8, 1, 0},
    {"move", "d", "float64", 8, 2, 0},   {"emit", "d", "float64", 8, 2, 0},   {"start", "lq", "int64", 8, 1, 1},
    {"stop", "lq", "int64", 8, 1, 1},    {"key", "lq", "int64", 8, 1, 1},     {"counts", "lq", "int64", 8, 1, 1},
};

/* Check the sizes and what points into arrays, then cut; a message where it is wrong, else NULL. Needs no GIL. */
static const char *check_and_cut(const Py_buffer *views, int use_hmm, int64_t *total) {
    int64_t size[N_ARGUMENTS], longest = 0;
    for (int k = 0; k < N_ARGUMENTS; k++) {
        size[k] = views[k].len / views[k].itemsize;
    }
    const int64_t n_slots = size[KEYS], n_rows = size[INDPTR] - 1;
    if (n_slots < 2 || n_slots & (n_slots - 1) || n_slots >= (int64_t)1 << 40 || size[WEIGHT] != n_slots ||
        (size[WHOLE] && size[WHOLE] != n_slots)) {
        return "keys, weight, whole: expected as many slots, a power of two";
    }
    if (size[FIRST] != N_CODES || size[SINGLE] != N_CODES || size[KINDS] != N_CODES) {
        return "first, single, kinds: expected one element a code point";
    }
    if (size[BEGIN] != N_STATES || size[MOVE] != N_STATES * N_STATES || size[EMIT] != N_STATES * N_HAN) {
        return "begin, move, emit: expected the numbers of four states";
    }
    if (n_rows < 0 || size[OUT_COUNTS] != n_rows || size[OUT_START] != size[CODES] || size[OUT_STOP] != size[CODES] ||
        size[OUT_KEY] != size[CODES]) {
        return "start, stop, key, counts: expected as many as codes and rows";
    }
    Input in = {.codes = views[CODES].buf, .indptr = views[INDPTR].buf, .keys = views[KEYS].buf, .first = views[FIRST].buf,
                .weight = views[WEIGHT].buf, .single = views[SINGLE].buf, .begin = views[BEGIN].buf, .move = views[MOVE].buf,
                .emit = views[EMIT].buf, .whole = size[WHOLE] ? views[WHOLE].buf : NULL, .kinds = views[KINDS].buf,
                .mask = (uint64_t)n_slots - 1, .shift = 64, .use_hmm = use_hmm};
    for (uint64_t rest = in.mask; rest; rest >>= 1) {
        in.shift--;
    }
    for (int64_t row = 0; row < n_rows; row++) {
        const int64_t begin = in.indptr[row], stop = in.indptr[row + 1];
        if (begin < 0 || stop > size[CODES] || stop <= begin) {
            return "indptr: expected pointers from 0 to the number of codes that always rise";
        }
        longest = stop - begin > longest ? stop - begin : longest;
    }
    if (in.indptr[0] != 0 || in.indptr[n_rows] != size[CODES]) {
        return "indptr: expected pointers from 0 to the number of codes that always rise";
    }
    for (int64_t at = 0; at < size[CODES]; at++) {
        if (in.codes[at] >= N_CODES) {
            return "codes: expected code points";
        }
    }
    int64_t *const out[] = {views[OUT_START].buf, views[OUT_STOP].buf, views[OUT_KEY].buf, views[OUT_COUNTS].buf};
    *total = cut_rows(&in, n_rows, longest, out);
    return NULL;
}

static PyObject *py_cut(PyObject *module, PyObject *args) {
    Py_buffer views[N_ARGUMENTS];
    const char *wrong = NULL;
    int64_t total = 0;
    int held = 0, use_hmm;
    (void)module;
    if (PyTuple_Size(args) != N_ARGUMENTS + 1) {
        return PyErr_Format(PyExc_TypeError, "expected %d arguments", N_ARGUMENTS + 1);
    }
    if ((use_hmm = PyObject_IsTrue(PyTuple_GetItem(args, N_ARGUMENTS))) < 0) {
        return NULL;
    }
    while (held < N_ARGUMENTS && get_buffer(PyTuple_GetItem(args, held), &ARGUMENTS[held], &views[held]) == 0) {
        held++;
    }
    if (held == N_ARGUMENTS) {
        Py_BEGIN_ALLOW_THREADS;
        wrong = check_and_cut(views, use_hmm, &total);
        Py_END_ALLOW_THREADS;
    }
    if (total < 0) {
        PyErr_NoMemory();
    } else if (wrong != NULL) {
        PyErr_SetString(PyExc_ValueError, wrong);
    }
    while (held > 0) {
        PyBuffer_Release(&views[--held]);
    }
    return PyErr_Occurred() ? NULL : PyLong_FromLongLong(total);
}

PyDoc_STRVAR(cut_doc, "cut(codes, indptr, keys, weight, whole, first, single, kinds, begin, move, emit, start, stop, key, counts, use_hmm)\n\n"
                      "Number of tokens. See feedback_nlp.text.cutting.");

static PyMethodDef METHODS[] = {{"cut", py_cut, METH_VARARGS, cut_doc}, {NULL, NULL, 0, NULL}};

static int add_constants(PyObject *module) { return PyModule_AddIntConstant(module, "VERSION", VERSION); }

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)add_constants}, {0, NULL}};

static PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_feedback_nlp_cut", "The compiled half of feedback_nlp.text.cutting.", 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__feedback_nlp_cut(void) { return PyModuleDef_Init(&MODULE); }
