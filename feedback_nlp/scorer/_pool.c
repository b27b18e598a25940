/* The compiled half of pool.py: hash, gather, add, pool and quantise in one pass over a batch, with the bits of pool_numpy; on demand
 * the dense layers as well, while the features are still in the cache.
 *
 * Sums are integers and exact. What follows them is float arithmetic of single operations in a fixed order; the build must neither
 * contract them (-ffp-contract=off) nor compute them in a wider type, or the bits would differ from those of numpy. */

#include "_native.h"
#include <math.h>
#if defined(TARGETS)
#include <immintrin.h>
#endif

#define BLOCKS 5
#define MAX_CLAUSE 4096
#define MAX_ORDERS 8
#define MAX_DIMS 4096
#define LIMIT 127.0f
/* Characters hashed at a time. Their n-grams are summed as int16 and cannot overflow it: 32 * 8 * -128 = -2**15. */
#define WINDOW 32
/* 1.5 * 2**23: adding and subtracting it rounds a small float to a whole number, half to even, and -0.5 to 0. */
#define ROUNDER 12582912.0f
/* Clauses whose sums int32 holds together: 256 * 4096 * 8 * 128 = 2**30. */
#define CLAUSES_AT_ONCE 256

/* ngrams.py */
#define FIRST 0x9E3779B1u
#define STEP 0x85EBCA77u
#define MIX 0xC2B2AE3Du
#define SHIFT 15

typedef struct {
    const uint32_t *codes;       /* n_chars */
    const int64_t *clause_ptr;   /* n_clauses + 1 */
    const int64_t *text_ptr;     /* n_rows + 1 */
    const int8_t *table;         /* 2**bits rows of dims */
    const float *scale;          /* BLOCKS rows of dims */
    float *out;                  /* n_rows rows of BLOCKS * dims features, or of the net's outputs */
    const Net *net;              /* NULL where features are wanted */
    int64_t n_chars, n_clauses, n_rows, dims, stride;
    float norm_limit;
    int orders, bits, target;
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

/* One value per column each, dims long, but for the features of a block of rows and what the net needs. */
typedef struct {
    int64_t *total;            /* of the text, but for the last clauses */
    int32_t *recent;           /* of the last clauses of the text */
    int32_t *sum;              /* of the clause */
    float *value, *high, *low; /* of the clause, over the clauses so far */
    int32_t *net_sums;
    int16_t *features, *net_shorts;
} Scratch;

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LANE 8
typedef int8_t Bytes __attribute__((vector_size(LANE)));
typedef int16_t Shorts __attribute__((vector_size(2 * LANE)));
INLINE Shorts widen(const int8_t *row) {
    Bytes bytes;
    memcpy(&bytes, row, sizeof bytes);
    return __builtin_convertvector(bytes, Shorts);
}
#else
#define LANE 0
#endif
#define WIDEN(row) widen(row)
#define FUNCTION INLINE
#define NAME(name) name##_portable
#include "_pool_loops.h"
#undef LANE
#undef WIDEN
#undef FUNCTION
#undef NAME

#if defined(TARGETS)
/* gcc takes __builtin_convertvector apart; these are one instruction each. */
#define LANE 16
#define WIDEN(row) (Shorts_avx2) _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(row)))
#define FUNCTION TARGET_AVX2 INLINE
#define NAME(name) name##_avx2
#include "_pool_loops.h"
#undef LANE
#undef WIDEN
#undef FUNCTION
#undef NAME
#define LANE 32
#define WIDEN(row) (Shorts_avx512) _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)(row)))
#define FUNCTION TARGET_AVX512 INLINE
#define NAME(name) name##_avx512
#include "_pool_loops.h"
TARGET_AVX2 static void pool_avx2(const Job *job, const Scratch *s) { pool_batch_avx2(job, s); }
TARGET_AVX512 static void pool_avx512(const Job *job, const Scratch *s) { pool_batch_avx512(job, s); }
#endif

static void pool_on(const Job *job, const Scratch *s) {
#if defined(TARGETS)
    if (job->target == AVX512) {
        pool_avx512(job, s);
        return;
    }
    if (job->target == AVX2) {
        pool_avx2(job, s);
        return;
    }
#endif
    pool_batch_portable(job, s);
}

/* Arguments of pool(), then of logits(). */
enum { FOLDED, CLAUSE_PTR, TEXT_PTR, EMBEDDING, SCALE, OUT, N_POOL, HIDDEN_WEIGHTS = N_POOL, HIDDEN_SCALE, HIDDEN_BIAS, OUTPUT_WEIGHTS,
       OUTPUT_SCALE, OUTPUT_BIAS, N_LOGITS };
static const Argument ARGUMENTS[N_LOGITS] = {
    {"folded", "IL", "uint32", 4, 1, 0},         {"clause_ptr", "lq", "int64", 8, 1, 0},  {"text_ptr", "lq", "int64", 8, 1, 0},
    {"embedding", "b", "int8", 1, 2, 0},         {"scale", "f", "float32", 4, 2, 0},      {"out", "f", "float32", 4, 2, 1},
    {"hidden_weights", "h", "int16", 2, 3, 0},   {"hidden_scale", "f", "float32", 4, 1, 0}, {"hidden_bias", "f", "float32", 4, 1, 0},
    {"output_weights", "h", "int16", 2, 3, 0},   {"output_scale", "f", "float32", 4, 1, 0}, {"output_bias", "f", "float32", 4, 1, 0},
};

/* Fill the job and check sizes; a message where they do not fit together, else NULL. */
static const char *make_job(const Py_buffer *views, int orders, Job *job) {
    const Py_ssize_t *table = views[EMBEDDING].shape, *scale = views[SCALE].shape, *out = views[OUT].shape;
    job->codes = views[FOLDED].buf, job->clause_ptr = views[CLAUSE_PTR].buf, job->text_ptr = views[TEXT_PTR].buf;
    job->table = views[EMBEDDING].buf, job->scale = views[SCALE].buf, job->out = views[OUT].buf;
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
    if (out[0] != job->n_rows || out[1] != (job->net ? job->net->outputs : BLOCKS * job->dims)) {
        return "out: expected a row of features or logits per text";
    }
    job->stride = job->net ? 2 * job->net->hidden_pairs : BLOCKS * job->dims;
    if (job->target < (job->net ? AVX2 : PORTABLE) || job->target > best_target()) {
        return "target: expected one of this machine, for logits one with vector instructions";
    }
    if (!(job->norm_limit >= 1.0f)) {
        return "norm_limit: expected 1 or more";
    }
    return NULL;
}

/* Fill the net; a message where its arrays do not fit together, else NULL. */
static const char *make_net(const Py_buffer *views, Net *net) {
    const Py_ssize_t *hidden = views[HIDDEN_WEIGHTS].shape, *output = views[OUTPUT_WEIGHTS].shape;
    net->hidden = views[HIDDEN_WEIGHTS].buf, net->output = views[OUTPUT_WEIGHTS].buf;
    net->hidden_scale = views[HIDDEN_SCALE].buf, net->hidden_bias = views[HIDDEN_BIAS].buf;
    net->output_scale = views[OUTPUT_SCALE].buf, net->output_bias = views[OUTPUT_BIAS].buf;
    net->dims = views[EMBEDDING].shape[1], net->outputs = views[OUT].shape[1];
    net->hidden_pairs = hidden[0], net->hidden_units = hidden[1], net->output_pairs = output[0], net->output_units = output[1];
    if (hidden[2] != 2 || hidden[0] != (BLOCKS * net->dims + 1) / 2 || hidden[1] < 1 || hidden[1] % 16 != 0) {
        return "hidden_weights: expected pairs of features, units by the sixteen, two weights";
    }
    if (output[2] != 2 || output[0] != (hidden[1] + net->dims + 1) / 2 || output[1] < net->outputs || output[1] % 16 != 0) {
        return "output_weights: expected pairs of hidden units and means, units by the sixteen, two weights";
    }
    if (views[HIDDEN_SCALE].shape[0] != hidden[1] || views[HIDDEN_BIAS].shape[0] != hidden[1]) {
        return "hidden_scale, hidden_bias: expected one number per hidden unit";
    }
    if (views[OUTPUT_SCALE].shape[0] != net->outputs || views[OUTPUT_BIAS].shape[0] != net->outputs) {
        return "output_scale, output_bias: expected one number per logit";
    }
    return NULL;
}

/* Bytes of the scratch memory, each part of it on a cache line. */
#define LINE 64
static size_t part(int64_t items, size_t size) { return ((size_t)items * size + LINE - 1) / LINE * LINE; }

static size_t scratch_bytes(const Job *job) {
    size_t bytes = LINE + part(job->dims, sizeof(int64_t)) + 5 * part(job->dims, sizeof(int32_t));
    bytes += part(BLOCK_ROWS * job->stride, sizeof(int16_t));
    return job->net ? bytes + part(dense_sums(job->net), sizeof(int32_t)) + part(dense_shorts(job->net), sizeof(int16_t)) : bytes;
}

static char *take(char **memory, int64_t items, size_t size) {
    char *found = *memory;
    *memory += part(items, size);
    return found;
}

/* Check the pointers and run; a message where they are wrong, else NULL. Needs no GIL. */
static const char *run_job(const Job *job, char *memory) {
    Scratch s;
    if (wrong_pointers(job->clause_ptr, job->n_clauses, job->n_chars, 1, MAX_CLAUSE)) {
        return "clause_ptr: expected pointers from 0 to the number of characters in steps of 1 to 4096";
    }
    if (wrong_pointers(job->text_ptr, job->n_rows, job->n_clauses, 0, job->n_clauses)) {
        return "text_ptr: expected pointers from 0 to the number of clauses that never fall";
    }
    memory += (LINE - (uintptr_t)memory % LINE) % LINE;
    s.total = (int64_t *)take(&memory, job->dims, sizeof(int64_t));
    s.recent = (int32_t *)take(&memory, job->dims, sizeof(int32_t));
    s.sum = (int32_t *)take(&memory, job->dims, sizeof(int32_t));
    s.value = (float *)take(&memory, job->dims, sizeof(float));
    s.high = (float *)take(&memory, job->dims, sizeof(float));
    s.low = (float *)take(&memory, job->dims, sizeof(float));
    s.features = (int16_t *)take(&memory, BLOCK_ROWS * job->stride, sizeof(int16_t));
    /* The rest of a last block, and the feature that makes an odd number even, are multiplied too. */
    memset(s.features, 0, (size_t)(BLOCK_ROWS * job->stride) * sizeof(int16_t));
    if (job->net) {
        s.net_sums = (int32_t *)take(&memory, dense_sums(job->net), sizeof(int32_t));
        s.net_shorts = (int16_t *)take(&memory, dense_shorts(job->net), sizeof(int16_t));
    }
    pool_on(job, &s);
    return NULL;
}

static const char *checked_run(Job *job) {
    const char *wrong;
    char *memory = PyMem_Malloc(scratch_bytes(job));
    if (memory == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    wrong = run_job(job, memory);
    Py_END_ALLOW_THREADS;
    PyMem_Free(memory);
    return wrong;
}

PyObject *native_pool(PyObject *module, PyObject *args) {
    PyObject *ignored;
    Py_buffer views[N_POOL];
    Job job = {0};
    const char *wrong;
    int orders;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOifi:pool", &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &orders, &job.norm_limit,
                          &job.target) ||
        get_buffers(args, ARGUMENTS, N_POOL, views) != 0) {
        return NULL;
    }
    wrong = make_job(views, orders, &job);
    return give_back(views, N_POOL, wrong ? wrong : checked_run(&job));
}

PyObject *native_logits(PyObject *module, PyObject *args) {
    PyObject *ignored;
    Py_buffer views[N_LOGITS];
    Job job = {0};
    Net net;
    const char *wrong;
    int orders;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOOOifi:logits", &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored,
                          &ignored, &ignored, &ignored, &ignored, &orders, &job.norm_limit, &job.target) ||
        get_buffers(args, ARGUMENTS, N_LOGITS, views) != 0) {
        return NULL;
    }
    job.net = &net;
    wrong = make_net(views, &net);
    wrong = wrong ? wrong : make_job(views, orders, &job);
    return give_back(views, N_LOGITS, wrong ? wrong : checked_run(&job));
}
