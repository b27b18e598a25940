/* The compiled half of pool.py: hash, gather, add, pool and quantise in one pass over a batch, with the bits of pool_numpy.
 *
 * Sums are integers and exact. What follows them is float arithmetic of single operations in a fixed order; the build must neither
 * contract them (-ffp-contract=off) nor compute them in a wider type, or the bits would differ from those of numpy. */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and later */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "float arithmetic is wider than float here; pool.py falls back to numpy"
#endif

/* Version of the arguments of pool(); pool.py compares it. */
#define VERSION 1

#define BLOCKS 5
#define MAX_CLAUSE 4096
#define MAX_ORDERS 8
#define MAX_DIMS 4096
#define LIMIT 127.0f
/* Characters hashed at a time. Their n-grams are summed as int16 and cannot overflow it: 32 * 8 * -128 = -2**15. */
#define WINDOW 32
/* 1.5 * 2**23: adding and subtracting it rounds a small float to a whole number, half to even, and -0.5 to 0. */
#define ROUNDER 12582912.0f

/* ngrams.py */
#define FIRST 0x9E3779B1u
#define STEP 0x85EBCA77u
#define MIX 0xC2B2AE3Du
#define SHIFT 15

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define INLINE static inline
#define PREFETCH(address) ((void)0)
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#define RESTRICT __restrict
#else
#define RESTRICT restrict
#endif
/* Function multiversioning needs gcc and the dynamic linker of glibc. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VECTORS
#define LANE 32
#define TILE 64
typedef int16_t Shorts __attribute__((vector_size(LANE)));
typedef uint16_t Words __attribute__((vector_size(LANE)));
#endif

typedef struct {
    const uint32_t *codes;                    /* n_chars */
    const int64_t *clause_ptr;                /* n_clauses + 1 */
    const int64_t *text_ptr;                  /* n_rows + 1 */
    const int8_t *table;                      /* 2**bits rows of dims */
    const float *scale;                       /* BLOCKS rows of dims */
    const float *clause_factor, *text_factor; /* n_clauses, n_rows */
    float *out;                               /* n_rows rows of BLOCKS * dims */
    int64_t n_chars, n_clauses, n_rows, dims;
    int orders, bits;
} Job;

/* Buckets of the n-grams that begin at the characters from begin to end, a row per order; an n-gram that crosses the end of a row
 * has a bucket nobody reads, one that crosses the end of the batch has none. */
typedef struct {
    int64_t begin, end;
    uint32_t bucket[MAX_ORDERS][WINDOW];
} Window;

/* The window being summed and the one behind it, whose table rows are on their way meanwhile. */
typedef struct {
    Window pair[2];
    Window *now;
} Windows;

/* One value per column each, dims long. */
typedef struct {
    int64_t *total;            /* of the text */
    int32_t *sum;              /* of the clause */
    float *value, *high, *low; /* of the clause, over the clauses so far */
} Scratch;

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Hash the n-grams that begin in the window from ``begin`` and ask for their table rows. */
INLINE void fill(const Job *job, Window *window, int64_t begin, int64_t dims) {
    uint32_t rolling[WINDOW];
    const uint32_t *codes = job->codes + begin;
    const int top = 32 - job->bits;
    window->begin = begin;
    window->end = least(begin + WINDOW, job->n_chars);
    for (int order = 0; order < job->orders; order++) {
        const int64_t count = least(window->end, job->n_chars - order) - begin;
        uint32_t *RESTRICT bucket = window->bucket[order];
        for (int64_t at = 0; at < count; at++) {
            const uint32_t hash = order ? (rolling[at] + codes[at + order]) * STEP : codes[at] * FIRST;
            rolling[at] = hash;
            bucket[at] = ((hash ^ (hash >> SHIFT)) * MIX) >> top;
        }
        for (int64_t at = 0; at < count; at++) {
            PREFETCH(job->table + (int64_t)bucket[at] * dims);
        }
    }
}

/* Move on to the next window and fill the one behind it. */
INLINE void advance(const Job *job, Windows *windows, int64_t dims) {
    Window *done = windows->now;
    windows->now = done == windows->pair ? windows->pair + 1 : windows->pair;
    fill(job, done, windows->now->end, dims);
}

/* Add the columns from ``from`` of the table rows of n-grams to the clause's sums: those that begin in [begin, end), a part of the
 * window, and do not cross row_end. ``width`` columns in plain C, for the rest of a row and for compilers without vector types. */
INLINE void add_columns(const Job *job, const Window *window, int64_t begin, int64_t end, int64_t row_end, int64_t from, int64_t width,
                        int64_t dims, int32_t *RESTRICT sum) {
    for (int order = 0; order < job->orders; order++) {
        const int64_t count = least(end, row_end - order) - begin;
        const uint32_t *bucket = window->bucket[order] + (begin - window->begin);
        for (int64_t at = 0; at < count; at++) {
            const int8_t *RESTRICT row = job->table + (int64_t)bucket[at] * dims + from;
            for (int64_t j = 0; j < width; j++) {
                sum[from + j] += row[j];
            }
        }
    }
}

#if defined(VECTORS)
/* The same for LANE * lanes columns, whose int16 sums stay in vector registers meanwhile: those of even columns, the low bytes of
 * int16 numbers, apart from those of odd columns, the high bytes, as shifts widen bytes well on every machine. */
INLINE void add_lanes(const Job *job, const Window *window, int64_t begin, int64_t end, int64_t row_end, int64_t from, int lanes,
                      int64_t dims, int32_t *RESTRICT sum) {
    Shorts even[TILE / LANE] = {{0}}, odd[TILE / LANE] = {{0}};
    for (int order = 0; order < job->orders; order++) {
        const int64_t count = least(end, row_end - order) - begin;
        const uint32_t *bucket = window->bucket[order] + (begin - window->begin);
        for (int64_t at = 0; at < count; at++) {
            const int8_t *row = job->table + (int64_t)bucket[at] * dims + from;
            for (int lane = 0; lane < lanes; lane++) {
                Shorts pairs;
                memcpy(&pairs, row + LANE * lane, sizeof pairs);
                even[lane] += (Shorts)((Words)pairs << 8) >> 8;
                odd[lane] += pairs >> 8;
            }
        }
    }
    for (int lane = 0; lane < lanes; lane++) {
        for (int j = 0; j < LANE / 2; j++) {
            sum[from + LANE * lane + 2 * j] += even[lane][j];
            sum[from + LANE * lane + 2 * j + 1] += odd[lane][j];
        }
    }
}
#endif

/* Sum of the table rows of the n-grams that begin in [begin, end) and do not cross row_end. */
INLINE void sum_clause(const Job *job, Windows *windows, int64_t begin, int64_t end, int64_t row_end, int64_t dims,
                       int32_t *RESTRICT sum) {
    memset(sum, 0, (size_t)dims * sizeof *sum);
    while (begin < end) {
        if (begin >= windows->now->end) {
            advance(job, windows, dims);
        }
        const Window *window = windows->now;
        const int64_t stop = least(end, window->end);
        int64_t from = 0;
#if defined(VECTORS)
        for (; from + TILE <= dims; from += TILE) {
            add_lanes(job, window, begin, stop, row_end, from, TILE / LANE, dims, sum);
        }
        for (; from + LANE <= dims; from += LANE) {
            add_lanes(job, window, begin, stop, row_end, from, 1, dims, sum);
        }
#endif
        if (from < dims) {
            add_columns(job, window, begin, stop, row_end, from, dims - from, dims, sum);
        }
        begin = stop;
    }
}

/* out = clip(rint(value * scale)); the bounds are whole numbers, so that clipping first gives the same. */
INLINE void quantise(const float *RESTRICT value, const float *RESTRICT scale, float *RESTRICT out, int64_t dims) {
    for (int64_t j = 0; j < dims; j++) {
        float x = value[j] * scale[j];
        x = x < LIMIT ? x : LIMIT;
        x = x > -LIMIT ? x : -LIMIT;
        out[j] = (x + ROUNDER) - ROUNDER;
    }
}

INLINE void relu(float *RESTRICT value, int64_t dims) {
    for (int64_t j = 0; j < dims; j++) {
        value[j] = value[j] > 0.0f ? value[j] : 0.0f;
    }
}

/* Take a clause's sum into the text's. */
INLINE void take_clause(const Scratch *s, float factor, int64_t dims) {
    const int32_t *RESTRICT sum = s->sum;
    int64_t *RESTRICT total = s->total;
    float *RESTRICT value = s->value, *RESTRICT high = s->high, *RESTRICT low = s->low;
    for (int64_t j = 0; j < dims; j++) {
        const float v = (float)sum[j] * factor;
        value[j] = v;
        high[j] = v > high[j] ? v : high[j];
        low[j] = v < low[j] ? v : low[j];
    }
    for (int64_t j = 0; j < dims; j++) {
        total[j] += sum[j];
    }
}

INLINE void pool_row(const Job *job, Windows *windows, const Scratch *s, int64_t row, int64_t dims) {
    const int64_t first = job->text_ptr[row], last = job->text_ptr[row + 1];
    const int64_t row_end = job->clause_ptr[last];
    const float *scale = job->scale;
    float *out = job->out + row * BLOCKS * dims;
    if (first == last) {
        memset(out, 0, (size_t)(BLOCKS * dims) * sizeof *out);
        return;
    }
    for (int64_t j = 0; j < dims; j++) {
        s->total[j] = 0;
        s->high[j] = -FLT_MAX;
        s->low[j] = FLT_MAX;
    }
    for (int64_t clause = first; clause < last; clause++) {
        sum_clause(job, windows, job->clause_ptr[clause], job->clause_ptr[clause + 1], row_end, dims, s->sum);
        take_clause(s, job->clause_factor[clause], dims);
        if (clause == first) {
            quantise(s->value, scale + 4 * dims, out + 4 * dims, dims);
        }
    }
    quantise(s->value, scale + 3 * dims, out + 3 * dims, dims);
    relu(s->high, dims);
    quantise(s->high, scale + dims, out + dims, dims);
    relu(s->low, dims);
    quantise(s->low, scale + 2 * dims, out + 2 * dims, dims);
    for (int64_t j = 0; j < dims; j++) {
        s->value[j] = (float)s->total[j] * job->text_factor[row];
    }
    quantise(s->value, scale, out, dims);
}

INLINE void pool_rows(const Job *job, const Scratch *s, int64_t dims) {
    Windows windows;
    windows.now = windows.pair;
    fill(job, windows.now, 0, dims);
    fill(job, windows.pair + 1, windows.now->end, dims);
    for (int64_t row = 0; row < job->n_rows; row++) {
        pool_row(job, &windows, s, row, dims);
    }
}

/* The usual widths are compiled on their own: the compiler then knows how often each loop runs. */
CLONES static void pool_batch(const Job *job, const Scratch *s) {
    if (job->dims == 64) {
        pool_rows(job, s, 64);
    } else {
        pool_rows(job, s, job->dims);
    }
}

/* Arguments of pool(): their names, the letters of their formats, bytes and dimensions. */
enum { FOLDED, CLAUSE_PTR, TEXT_PTR, EMBEDDING, SCALE, CLAUSE_FACTOR, TEXT_FACTOR, OUT, N_BUFFERS };
static const struct {
    const char *name, *letters, *type;
    int itemsize, ndim;
} ARGUMENTS[N_BUFFERS] = {
    {"folded", "IL", "uint32", 4, 1},         {"clause_ptr", "lq", "int64", 8, 1},     {"text_ptr", "lq", "int64", 8, 1},
    {"embedding", "b", "int8", 1, 2},         {"scale", "f", "float32", 4, 2},         {"clause_factor", "f", "float32", 4, 1},
    {"text_factor", "f", "float32", 4, 1},    {"out", "f", "float32", 4, 2},
};

/* The buffer of an argument; -1 with a ValueError set where it is not as in ARGUMENTS. */
static int get_buffer(PyObject *object, int which, Py_buffer *view) {
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (which == OUT ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) == 0) {
        const char *format = view->format ? view->format : "B";
        if (*format == '@' || *format == '=') {
            format++;
        }
        if (format[0] && !format[1] && strchr(ARGUMENTS[which].letters, format[0]) && view->ndim == ARGUMENTS[which].ndim &&
            view->itemsize == ARGUMENTS[which].itemsize && (uintptr_t)view->buf % (size_t)view->itemsize == 0) {
            return 0;
        }
        PyBuffer_Release(view);
    } else if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return -1;
    }
    PyErr_Clear();
    PyErr_Format(PyExc_ValueError, "%s: expected a%s C-contiguous %s buffer of %d dimension(s)", ARGUMENTS[which].name,
                 which == OUT ? " writable" : "", ARGUMENTS[which].type, ARGUMENTS[which].ndim);
    return -1;
}

/* Whether pointers fail to go from 0 to total in steps of least_step to most_step. */
static int wrong_pointers(const int64_t *pointers, int64_t n, int64_t total, int64_t least_step, int64_t most_step) {
    if (pointers[0] != 0 || pointers[n] != total) {
        return 1;
    }
    for (int64_t at = 0; at < n; at++) {
        /* The range comes first: between 0 and total no difference overflows. */
        if (pointers[at + 1] < 0 || pointers[at + 1] > total || pointers[at + 1] - pointers[at] < least_step ||
            pointers[at + 1] - pointers[at] > most_step) {
            return 1;
        }
    }
    return 0;
}

/* Fill the job and check sizes; a message where they do not fit together, else NULL. */
static const char *make_job(const Py_buffer *views, int orders, Job *job) {
    const Py_ssize_t *table = views[EMBEDDING].shape, *scale = views[SCALE].shape, *out = views[OUT].shape;
    job->codes = views[FOLDED].buf, job->clause_ptr = views[CLAUSE_PTR].buf, job->text_ptr = views[TEXT_PTR].buf;
    job->table = views[EMBEDDING].buf, job->scale = views[SCALE].buf, job->out = views[OUT].buf;
    job->clause_factor = views[CLAUSE_FACTOR].buf, job->text_factor = views[TEXT_FACTOR].buf;
    job->n_chars = views[FOLDED].shape[0], job->n_clauses = views[CLAUSE_PTR].shape[0] - 1;
    job->n_rows = views[TEXT_PTR].shape[0] - 1, job->dims = table[1], job->orders = orders;
    for (job->bits = 1; job->bits < 30 && ((int64_t)1 << job->bits) < table[0]; job->bits++) {
    }
    if (orders < 1 || orders > MAX_ORDERS) {
        return "orders: expected 1 to 8";
    }
    if (((int64_t)1 << job->bits) != table[0] || job->dims < 1 || job->dims > MAX_DIMS) {
        return "embedding: expected 2**bits rows, bits 1 to 30, of 1 to 4096 columns";
    }
    if (scale[0] != BLOCKS || scale[1] != job->dims) {
        return "scale: expected five rows as wide as the embedding's";
    }
    if (job->n_clauses < 0 || job->n_rows < 0) {
        return "clause_ptr, text_ptr: expected at least one number each";
    }
    if (views[CLAUSE_FACTOR].shape[0] != job->n_clauses || views[TEXT_FACTOR].shape[0] != job->n_rows) {
        return "clause_factor, text_factor: expected one number per clause and one per row";
    }
    if (out[0] != job->n_rows || out[1] != BLOCKS * job->dims) {
        return "out: expected five values per row and column of the embedding";
    }
    return NULL;
}

/* Check the pointers and run; a message where they are wrong, else NULL. Needs no GIL. */
static const char *run_job(const Job *job, char *memory) {
    const int64_t dims = job->dims;
    Scratch scratch;
    if (wrong_pointers(job->clause_ptr, job->n_clauses, job->n_chars, 1, MAX_CLAUSE)) {
        return "clause_ptr: expected pointers from 0 to the number of characters in steps of 1 to 4096";
    }
    if (wrong_pointers(job->text_ptr, job->n_rows, job->n_clauses, 0, job->n_clauses)) {
        return "text_ptr: expected pointers from 0 to the number of clauses that never fall";
    }
    scratch.total = (int64_t *)memory;
    scratch.sum = (int32_t *)(scratch.total + dims);
    scratch.value = (float *)(scratch.sum + dims);
    scratch.high = scratch.value + dims;
    scratch.low = scratch.high + dims;
    pool_batch(job, &scratch);
    return NULL;
}

PyDoc_STRVAR(pool_doc, "pool(folded, clause_ptr, text_ptr, embedding, scale, clause_factor, text_factor, out, orders)\n\n"
                       "Fill ``out``; see feedback_nlp.scorer.pool.pool. Raises ValueError on a wrong buffer.");

static PyObject *pool(PyObject *module, PyObject *args) {
    PyObject *objects[N_BUFFERS];
    Py_buffer views[N_BUFFERS];
    Job job;
    int orders, held = 0;
    const char *wrong = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOOOi:pool", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4], &objects[5],
                          &objects[6], &objects[7], &orders)) {
        return NULL;
    }
    while (held < N_BUFFERS && get_buffer(objects[held], held, &views[held]) == 0) {
        held++;
    }
    if (held == N_BUFFERS && (wrong = make_job(views, orders, &job)) == NULL) {
        char *memory = PyMem_Malloc((size_t)job.dims * (sizeof(int64_t) + sizeof(int32_t) + 3 * sizeof(float)));
        if (memory == NULL) {
            PyErr_NoMemory();
        } else {
            Py_BEGIN_ALLOW_THREADS;
            wrong = run_job(&job, memory);
            Py_END_ALLOW_THREADS;
            PyMem_Free(memory);
        }
    }
    if (wrong != NULL) {
        PyErr_SetString(PyExc_ValueError, wrong);
    }
    while (held > 0) {
        PyBuffer_Release(&views[--held]);
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef METHODS[] = {{"pool", pool, METH_VARARGS, pool_doc}, {NULL, NULL, 0, NULL}};

static int add_constants(PyObject *module) { return PyModule_AddIntConstant(module, "VERSION", VERSION); }

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)add_constants}, {0, NULL}};

static PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_feedback_nlp_pool", "The compiled half of feedback_nlp.scorer.pool.", 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__feedback_nlp_pool(void) { return PyModuleDef_Init(&MODULE); }
