/* What the C files share: vector targets, buffers. No function here or there keeps state or needs the GIL while it computes. */
#ifndef FEEDBACK_NLP_NATIVE_H
#define FEEDBACK_NLP_NATIVE_H

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and later */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#include "../text/_buffers.h"

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "float arithmetic is wider than float here; the package falls back to numpy"
#endif

/* Version of the arguments of all functions; text/native.py compares it. */
#define VERSION 2

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

/* Sets of instructions, by number; a function for each is compiled where the compiler can, and chosen where the machine has it. */
enum { PORTABLE, AVX2, AVX512, N_TARGETS };
#if defined(__GNUC__) && defined(__x86_64__)
#define TARGETS
#define TARGET_AVX2 __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#endif

/* The best target of this machine. */
int best_target(void);

/* Place of the lowest bit of a number that has one. */
#if defined(__GNUC__)
#define LOWEST_BIT(bits) __builtin_ctzll(bits)
#elif defined(_M_X64) || defined(_M_ARM64)
#include <intrin.h>
INLINE int LOWEST_BIT(uint64_t bits) {
    unsigned long place;
    _BitScanForward64(&place, bits);
    return (int)place;
}
#else
#error "no way to find the lowest bit; the package falls back to numpy"
#endif

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

#define MAX_BUFFERS 16

/* Buffers of the first n arguments of a call, as ``arguments`` says. 0, or -1 with an exception set and nothing held. */
int get_buffers(PyObject *args, const Argument *arguments, int n, Py_buffer *views);

/* Give n buffers back; None, or NULL with a ValueError where ``wrong`` says what was wrong. */
PyObject *give_back(Py_buffer *views, int n, const char *wrong);

/* Whether pointers fail to go from 0 to total in steps of least_step to most_step. */
int wrong_pointers(const int64_t *pointers, int64_t n, int64_t total, int64_t least_step, int64_t most_step);

/* Dense layers, packed as network.pack says: weights of pairs of inputs lie side by side, unit by unit. */
typedef struct {
    const int16_t *hidden, *output; /* (pairs, units, 2) */
    const float *hidden_scale, *hidden_bias, *output_scale, *output_bias;
    int64_t dims, hidden_pairs, hidden_units, output_pairs, output_units, outputs;
} Net;

/* Rows worked on at once by ``dense_rows``. */
#define BLOCK_ROWS 4

/* int16 and int32 numbers that dense_rows needs to work on. */
int64_t dense_shorts(const Net *net);
int64_t dense_sums(const Net *net);

/* Logits of at most BLOCK_ROWS rows of features, 2 * hidden_pairs numbers each: out, rows of ``outputs``. */
void dense_rows(const Net *net, int target, const int16_t *features, int64_t n_rows, int16_t *shorts, int32_t *sums, float *out);

PyObject *native_clean(PyObject *module, PyObject *args);
PyObject *native_flatten(PyObject *module, PyObject *args);
PyObject *native_split(PyObject *module, PyObject *args);
PyObject *native_pool(PyObject *module, PyObject *args);
PyObject *native_logits(PyObject *module, PyObject *args);

#endif
