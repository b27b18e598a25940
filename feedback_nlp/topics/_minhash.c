/* The compiled half of kernels.py and span_choice.py: one pass over each row, with the bits of their numpy functions.
 *
 * All of it is integer arithmetic modulo 2**32 or 2**64, the same on every machine. */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and later */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "../text/_buffers.h"

/* Version of the functions and their arguments; kernels.py compares it. */
#define VERSION 2

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#define RESTRICT __restrict
#else
#define RESTRICT restrict
#endif
/* Function multiversioning needs gcc and the dynamic linker of glibc. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

/* ngrams.py */
#define FIRST 0x9E3779B1u
#define STEP 0x85EBCA77u
#define MIX 0xC2B2AE3Du
#define SHIFT 15
/* kernels.py */
#define FIRST_WIDE 0x2E80u
#define WIDE_ORDER 2
#define NARROW_ORDER 4
#define GRAM_BITS 30
/* Orders of n-grams whose minima are taken in one pass over a row, enough of them to keep the processor busy; and at most in all. */
#define BLOCK 96
#define MAX_ORDERS 256
/* spans.py */
#define MAX_WORDS 4

/* A buffer, its elements and its length in them; its columns, 1 where it has one dimension. */
typedef struct {
    void *data;
    int64_t size, columns;
} Array;

/* splitmix64 (Steele, Lea, Flood 2014). */
INLINE uint64_t mixed(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static const char *hash_rows(const Array *a) {
    const uint32_t *codes = a[0].data;
    const int64_t *indptr = a[1].data, n = a[1].size - 1;
    uint64_t *out = a[2].data;
    for (int64_t row = 0; row < n; row++) {
        const int64_t begin = indptr[row], length = indptr[row + 1] - begin;
        uint64_t sum = 0;
        for (int64_t at = 0; at < length; at++) {
            sum += mixed((uint64_t)at << 21 | codes[begin + at]);
        }
        out[row] = length && !sum ? 1 : sum;
    }
    return NULL;
}

static const char *gram_hashes(const Array *a) {
    const uint32_t *codes = a[0].data;
    const int64_t *indptr = a[1].data, n = a[1].size - 1;
    uint32_t *out = a[2].data;
    int64_t *out_ptr = a[3].data, done = 0;
    out_ptr[0] = 0;
    for (int64_t row = 0; row < n; row++) {
        for (int64_t at = indptr[row]; at < indptr[row + 1]; at++) {
            const int order = codes[at] >= FIRST_WIDE ? WIDE_ORDER : NARROW_ORDER;
            uint32_t hash = codes[at] * FIRST;
            if (at + order > indptr[row + 1]) {
                continue;
            }
            for (int next = 1; next < order; next++) {
                hash = (hash + codes[at + next]) * STEP;
            }
            out[done++] = ((hash ^ (hash >> SHIFT)) * MIX) >> (32 - GRAM_BITS);
        }
        out_ptr[row + 1] = done;
    }
    return NULL;
}

/* The least of gram * factor + offset over the n-grams of a row, in BLOCK orders. */
INLINE void minima(const uint32_t *RESTRICT grams, int64_t n, const uint32_t *RESTRICT factors, const uint32_t *RESTRICT offsets,
                   uint32_t *RESTRICT out) {
    uint32_t least[BLOCK], factor[BLOCK], offset[BLOCK];
    memcpy(factor, factors, sizeof factor);
    memcpy(offset, offsets, sizeof offset);
    memset(least, 0xFF, sizeof least);
    for (int64_t at = 0; at < n; at++) {
        const uint32_t gram = grams[at];
        for (int k = 0; k < BLOCK; k++) {
            const uint32_t value = gram * factor[k] + offset[k];
            least[k] = value < least[k] ? value : least[k];
        }
    }
    memcpy(out, least, sizeof least);
}

CLONES static void key_rows(const uint32_t *grams, const int64_t *indptr, int64_t n, const uint32_t *factors, const uint32_t *offsets,
                            int64_t orders, int64_t bands, uint32_t *keys) {
    uint32_t least[MAX_ORDERS + BLOCK];
    for (int64_t row = 0; row < n; row++) {
        for (int64_t order = 0; order < orders; order += BLOCK) {
            minima(grams + indptr[row], indptr[row + 1] - indptr[row], factors + order, offsets + order, least + order);
        }
        for (int64_t band = 0; band < bands; band++) {
            const int64_t size = orders / bands;
            uint32_t key = 0;
            for (int64_t k = 0; k < size; k++) {
                key = (key ^ least[band * size + k]) * STEP;
                key ^= key >> SHIFT;
            }
            keys[band * n + row] = key;
        }
    }
}

static const char *band_keys(const Array *a) {
    const int64_t n = a[1].size - 1, orders = a[2].size;
    const int64_t bands = n ? a[4].size / n : 0;
    uint32_t factors[MAX_ORDERS + BLOCK] = {0}, offsets[MAX_ORDERS + BLOCK] = {0};
    if (orders > MAX_ORDERS || a[3].size != orders || a[4].columns != n || (n && (bands < 1 || orders % bands))) {
        return "factors, offsets, keys: expected at most 256 orders, as many for each band, and a column for each row";
    }
    memcpy(factors, a[2].data, (size_t)orders * sizeof *factors);
    memcpy(offsets, a[3].data, (size_t)orders * sizeof *offsets);
    key_rows(a[0].data, a[1].data, n, factors, offsets, orders, bands, a[4].data);
    return NULL;
}

/* Whether each number of the pairs fails to be in [0, n). */
static int wrong_pairs(const Array *pairs, int64_t n) {
    const int32_t *numbers = pairs->data;
    int wrong = pairs->columns != 2;
    for (int64_t at = 0; at < pairs->size && !wrong; at++) {
        wrong = numbers[at] < 0 || numbers[at] >= n;
    }
    return wrong;
}

static const char *shared(const Array *a) {
    const int32_t *values = a[0].data, *pairs = a[2].data;
    const int64_t *indptr = a[1].data;
    int32_t *out = a[3].data;
    if (wrong_pairs(&a[2], a[1].size - 1) || a[3].size * 2 != a[2].size) {
        return "pairs, out: expected (n, 2) numbers of rows, and n numbers";
    }
    for (int64_t pair = 0; pair < a[3].size; pair++) {
        const int32_t *x = values + indptr[pairs[2 * pair]], *x_end = values + indptr[pairs[2 * pair] + 1];
        const int32_t *y = values + indptr[pairs[2 * pair + 1]], *y_end = values + indptr[pairs[2 * pair + 1] + 1];
        int32_t count = 0;
        while (x < x_end && y < y_end) {
            const int32_t here = *x, there = *y;
            count += here == there;
            x += here <= there;
            y += there <= here;
        }
        out[pair] = count;
    }
    return NULL;
}

static const char *mark_followers(const Array *a) {
    const int32_t *pairs = a[0].data;
    uint8_t *follows = a[1].data;
    if (wrong_pairs(&a[0], a[1].size)) {
        return "pairs: expected (n, 2) numbers of texts";
    }
    for (int64_t at = 0; at < a[0].size; at += 2) {
        follows[pairs[at + 1]] |= !follows[pairs[at]];
    }
    return NULL;
}

/* Runs of units, by size and then by place, none over the end of all units: what best_spans relies on. */
static int wrong_spans(const int64_t *first, const int64_t *size, int64_t n, int64_t units) {
    int wrong = 0;
    for (int64_t at = 0; at < n && !wrong; at++) {
        wrong = size[at] < 1 || size[at] > MAX_WORDS || first[at] < 0 || first[at] > units - size[at];
        if (at) {
            wrong |= size[at] < size[at - 1] || (size[at] == size[at - 1] && first[at] <= first[at - 1]);
        }
    }
    return wrong;
}

/* Whether all words of one run are words of another. */
INLINE int within(const int32_t *one, int64_t size, const int32_t *other, int64_t other_size) {
    for (int64_t k = 0; k < size; k++) {
        int64_t at = 0;
        while (at < other_size && other[at] != one[k]) {
            at++;
        }
        if (at == other_size) {
            return 0;
        }
    }
    return 1;
}

static const char *best_spans(const Array *a) {
    const int32_t *ids = a[0].data;
    const int64_t *indptr = a[1].data, *first = a[2].data, *size = a[3].data, *scores = a[4].data;
    const int64_t n = a[2].size, top = a[6].columns;
    /* What is left of a row, and the words of each as a set of bits: if one holds another, so do its bits. */
    int64_t *left = a[5].data, *bits = left + n, *out = a[6].data, next[MAX_WORDS + 1] = {0}, stop[MAX_WORDS + 1] = {0};
    if (a[3].size != n || a[4].size != n || a[5].size != 2 * n || a[6].size != (a[1].size - 1) * top) {
        return "size, scores, left, out: expected one number a span, two in left, and a line for each row";
    }
    if (wrong_spans(first, size, n, a[0].size)) {
        return "first, size: expected runs of units by size and then by place";
    }
    for (int64_t words = 1; words <= MAX_WORDS; words++) {
        next[words] = stop[words - 1];
        stop[words] = next[words];
        while (stop[words] < n && size[stop[words]] == words) {
            stop[words]++;
        }
    }
    for (int64_t row = 0; row < a[1].size - 1; row++) {
        int64_t count = 0, *chosen = out + row * top;
        for (int words = 1; words <= MAX_WORDS; words++) {
            while (next[words] < stop[words] && first[next[words]] < indptr[row + 1]) {
                uint64_t set = 0;
                for (int k = 0; k < words; k++) {
                    set |= (uint64_t)1 << (ids[first[next[words]] + k] & 63);
                }
                bits[count] = (int64_t)set;
                left[count++] = next[words]++;
            }
        }
        for (int64_t rank = 0; rank < top; rank++) {
            int64_t best = count ? left[0] : -1, set = count ? bits[0] : 0, kept = 0;
            for (int64_t k = 1; k < count; k++) {
                const int64_t span = left[k];
                /* Of equal places the shorter comes first, as they stand by size. */
                if (scores[span] > scores[best] || (scores[span] == scores[best] && first[span] < first[best])) {
                    best = span;
                    set = bits[k];
                }
            }
            chosen[rank] = best;
            for (int64_t k = 0; k < count; k++) {
                const int64_t span = left[k], place = first[span], words = size[span], both = bits[k] & set;
                const int apart = (place >= first[best] + size[best]) | (place + words <= first[best]);
                if (apart && !(both == bits[k] && within(ids + place, words, ids + first[best], size[best])) &&
                    !(both == set && within(ids + first[best], size[best], ids + place, words))) {
                    bits[kept] = bits[k];
                    left[kept++] = span;
                }
            }
            count = kept;
        }
    }
    return NULL;
}

#define MAX_ARGUMENTS 7
#define CODES {"codes", "IL", "uint32", 4, 1, 0}
#define INDPTR {"indptr", "lq", "int64", 8, 1, 0}
#define PAIRS {"pairs", "il", "int32", 4, 2, 0}

/* The functions: of codes or values behind a first argument INDPTR points into, or not; their arguments; what does the work. */
typedef struct {
    int rows, n;
    Argument arguments[MAX_ARGUMENTS];
    const char *(*run)(const Array *);
} Kernel;
enum { HASH_ROWS, GRAM_HASHES, BAND_KEYS, SHARED, MARK_FOLLOWERS, BEST_SPANS, N_KERNELS };
static const Kernel KERNELS[N_KERNELS] = {
    {1, 3, {CODES, INDPTR, {"out", "LQ", "uint64", 8, 1, 1}}, hash_rows},
    {1, 4, {CODES, INDPTR, {"out", "IL", "uint32", 4, 1, 1}, {"out_ptr", "lq", "int64", 8, 1, 1}}, gram_hashes},
    {1,
     5,
     {{"grams", "IL", "uint32", 4, 1, 0},
      INDPTR,
      {"factors", "IL", "uint32", 4, 1, 0},
      {"offsets", "IL", "uint32", 4, 1, 0},
      {"keys", "IL", "uint32", 4, 2, 1}},
     band_keys},
    {1, 4, {{"values", "il", "int32", 4, 1, 0}, INDPTR, PAIRS, {"out", "il", "int32", 4, 1, 1}}, shared},
    {0, 2, {PAIRS, {"follows", "?B", "bool", 1, 1, 1}}, mark_followers},
    {1,
     7,
     {{"ids", "il", "int32", 4, 1, 0},
      INDPTR,
      {"first", "lq", "int64", 8, 1, 0},
      {"size", "lq", "int64", 8, 1, 0},
      {"scores", "lq", "int64", 8, 1, 0},
      {"left", "lq", "int64", 8, 1, 1},
      {"out", "lq", "int64", 8, 2, 1}},
     best_spans},
};

/* Whether pointers fail to go from 0 to total without ever falling. */
static int wrong_pointers(const int64_t *pointers, int64_t n, int64_t total) {
    int wrong = n < 1 || pointers[0] != 0 || pointers[n - 1] != total;
    for (int64_t at = 1; at < n && !wrong; at++) {
        wrong = pointers[at] < pointers[at - 1];
    }
    return wrong;
}

/* Check what all functions of rows share and run; a message where it is wrong, else NULL. Needs no GIL. */
static const char *run_kernel(const Kernel *kernel, const Py_buffer *views) {
    Array arrays[MAX_ARGUMENTS];
    for (int k = 0; k < kernel->n; k++) {
        arrays[k].data = views[k].buf;
        arrays[k].size = views[k].len / views[k].itemsize;
        arrays[k].columns = views[k].ndim > 1 ? views[k].shape[1] : 1;
    }
    if (kernel->rows && wrong_pointers(arrays[1].data, arrays[1].size, arrays[0].size)) {
        return "indptr: expected pointers from 0 to the number of elements that never fall";
    }
    if (kernel->run == hash_rows && arrays[2].size != arrays[1].size - 1) {
        return "out: expected one number a row";
    }
    if (kernel->run == gram_hashes && (arrays[2].size != arrays[0].size || arrays[3].size != arrays[1].size)) {
        return "out, out_ptr: expected as many as codes and pointers";
    }
    return kernel->run(arrays);
}

static PyObject *call(const Kernel *kernel, PyObject *args) {
    Py_buffer views[MAX_ARGUMENTS];
    const char *wrong = NULL;
    int held = 0;
    if (PyTuple_Size(args) != kernel->n) {
        return PyErr_Format(PyExc_TypeError, "expected %d arguments", kernel->n);
    }
    while (held < kernel->n && get_buffer(PyTuple_GetItem(args, held), &kernel->arguments[held], &views[held]) == 0) {
        held++;
    }
    if (held == kernel->n) {
        Py_BEGIN_ALLOW_THREADS;
        wrong = run_kernel(kernel, views);
        Py_END_ALLOW_THREADS;
    }
    if (wrong != NULL) {
        PyErr_SetString(PyExc_ValueError, wrong);
    }
    while (held > 0) {
        PyBuffer_Release(&views[--held]);
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

#define METHOD(name, kernel) \
    static PyObject *name(PyObject *module, PyObject *args) { \
        (void)module; \
        return call(&KERNELS[kernel], args); \
    }
METHOD(py_hash_rows, HASH_ROWS)
METHOD(py_gram_hashes, GRAM_HASHES)
METHOD(py_band_keys, BAND_KEYS)
METHOD(py_shared, SHARED)
METHOD(py_mark_followers, MARK_FOLLOWERS)
METHOD(py_best_spans, BEST_SPANS)

static PyMethodDef METHODS[] = {
    {"hash_rows", py_hash_rows, METH_VARARGS, "hash_rows(codes, indptr, out)"},
    {"gram_hashes", py_gram_hashes, METH_VARARGS, "gram_hashes(codes, indptr, out, out_ptr)"},
    {"band_keys", py_band_keys, METH_VARARGS, "band_keys(grams, indptr, factors, offsets, keys)"},
    {"shared", py_shared, METH_VARARGS, "shared(values, indptr, pairs, out)"},
    {"mark_followers", py_mark_followers, METH_VARARGS, "mark_followers(pairs, follows)"},
    {"best_spans", py_best_spans, METH_VARARGS, "best_spans(ids, indptr, first, size, scores, left, out)"},
    {NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module) { return PyModule_AddIntConstant(module, "VERSION", VERSION); }

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)add_constants}, {0, NULL}};

static PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_feedback_nlp_minhash", "The compiled half of feedback_nlp.topics.kernels and span_choice.", 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__feedback_nlp_minhash(void) { return PyModuleDef_Init(&MODULE); }
