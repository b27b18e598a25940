/* The compiled half of text/clean.py and scorer/clauses.py: characters in, characters and pointers out, one look at each. */

#include "_native.h"

#define N_CODE_POINTS 0x110000

/* text/characters.py and text/clean.py */
enum { DROP = 1, SPACE = 2, KEEP_RUN = 4, RARE = 8 };
#define MAX_RUN 3

/* scorer/clauses.py */
#define MAX_CLAUSE 4096

/* Whether a code lies beyond Unicode; one look at all of them, so that the loops need none. */
static int beyond(const uint32_t *codes, int64_t n) {
    uint32_t largest = 0;
    for (int64_t at = 0; at < n; at++) {
        largest = codes[at] > largest ? codes[at] : largest;
    }
    return largest >= N_CODE_POINTS;
}

/* A flagged dot matters only in "www.", a flagged slash only after another. */
INLINE int is_rare(uint32_t code, uint32_t before) {
    return !(code == '.' && (before | 0x20) != 'w') && !(code == '/' && before != '/');
}

/* Whether a row of cleaned characters holds two blanks on end, or another character more than MAX_RUN times. */
INLINE int has_runs(const uint32_t *codes, int64_t n) {
    int found = 0;
    for (int64_t at = 1; at < n; at++) {
        found |= (codes[at] == codes[at - 1]) & (codes[at] == 0x20);
    }
    for (int64_t at = MAX_RUN; at < n; at++) {
        found |= (codes[at] == codes[at - 1]) & (codes[at - 1] == codes[at - 2]) & (codes[at - 2] == codes[at - 3]);
    }
    return found;
}

/* Characters left of a row after blanks at its ends are gone. */
INLINE int64_t strip(uint32_t *codes, int64_t n) {
    if (n > 0 && codes[n - 1] == 0x20) {
        n--;
    }
    if (n > 0 && codes[0] == 0x20) {
        n--;
        memmove(codes, codes + 1, (size_t)n * sizeof *codes);
    }
    return n;
}

/* Clean one row into out; the number of characters written, or -1 for a row that needs the rules of text/rules.py. */
INLINE int64_t clean_row(const uint32_t *codes, int64_t n, const uint32_t *clean, const uint8_t *flags, uint32_t *RESTRICT out,
                         int check) {
    int64_t written = 0, run = 0;
    uint32_t before = 0, last = UINT32_MAX;
    uint8_t seen = 0;
    /* Most rows hold nothing but characters that stay. */
    for (int64_t at = 0; at < n; at++) {
        out[at] = clean[codes[at]];
        seen |= flags[codes[at]];
    }
    if (!(seen & (DROP | RARE)) && !has_runs(out, n)) {
        return strip(out, n);
    }
    for (int64_t at = 0; at < n; at++) {
        const uint32_t raw = codes[at], code = clean[raw];
        const uint8_t flag = flags[raw], kind = code < N_CODE_POINTS ? flags[code] : 0;
        if (check && (flag & RARE) && is_rare(raw, before)) {
            return -1;
        }
        before = raw;
        if (flag & DROP) {
            continue;
        }
        run = code == last ? run + 1 : 1;
        last = code;
        if (run == 1 || (!(kind & SPACE) && (run <= MAX_RUN || (kind & KEEP_RUN)))) {
            out[written++] = code;
        }
    }
    return strip(out, written);
}

static const Argument CLEAN[] = {
    {"codes", "IL", "uint32", 4, 1, 0},  {"indptr", "lq", "int64", 8, 1, 0}, {"clean", "IL", "uint32", 4, 1, 0},
    {"flags", "B", "uint8", 1, 1, 0},    {"out", "IL", "uint32", 4, 1, 1},   {"out_indptr", "lq", "int64", 8, 1, 1},
    {"rare", "?B", "bool", 1, 1, 1},
};
enum { N_CLEAN = sizeof CLEAN / sizeof *CLEAN };

static const char *clean_rows(const Py_buffer *views, int check) {
    const uint32_t *codes = views[0].buf, *table = views[2].buf;
    const int64_t *indptr = views[1].buf, n_rows = views[1].shape[0] - 1;
    const uint8_t *flags = views[3].buf;
    uint32_t *out = views[4].buf;
    int64_t *ends = views[5].buf;
    uint8_t *rare = views[6].buf;
    if (wrong_pointers(indptr, n_rows, views[0].shape[0], 0, INT64_MAX)) {
        return "indptr: expected pointers from 0 to the number of characters that never fall";
    }
    if (beyond(codes, views[0].shape[0])) {
        return "codes: expected code points below 0x110000";
    }
    ends[0] = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        const int64_t written =
            clean_row(codes + indptr[row], indptr[row + 1] - indptr[row], table, flags, out + ends[row], check);
        rare[row] = written < 0;
        ends[row + 1] = ends[row] + (written < 0 ? 0 : written);
    }
    return NULL;
}

PyObject *native_clean(PyObject *module, PyObject *args) {
    PyObject *ignored;
    Py_buffer views[N_CLEAN];
    const char *wrong = NULL;
    int check;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOOi:clean", &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &check) ||
        get_buffers(args, CLEAN, N_CLEAN, views) != 0) {
        return NULL;
    }
    if (views[1].shape[0] < 1 || views[5].shape[0] != views[1].shape[0] || views[6].shape[0] != views[1].shape[0] - 1) {
        wrong = "indptr, out_indptr, rare: expected one number more than rows, as many, and one per row";
    } else if (views[2].shape[0] != N_CODE_POINTS || views[3].shape[0] != N_CODE_POINTS) {
        wrong = "clean, flags: expected one number per code point";
    } else if (views[4].shape[0] != views[0].shape[0]) {
        wrong = "out: expected as many numbers as codes";
    } else {
        Py_BEGIN_ALLOW_THREADS;
        wrong = clean_rows(views, check);
        Py_END_ALLOW_THREADS;
    }
    return give_back(views, N_CLEAN, wrong);
}

static const Argument SPLIT[] = {
    {"codes", "IL", "uint32", 4, 1, 0},  {"indptr", "lq", "int64", 8, 1, 0},     {"fold", "IL", "uint32", 4, 1, 0},
    {"ends", "?B", "bool", 1, 1, 0},     {"folded", "IL", "uint32", 4, 1, 1},    {"clause_ptr", "lq", "int64", 8, 1, 1},
    {"text_ptr", "lq", "int64", 8, 1, 1},
};
enum { N_SPLIT = sizeof SPLIT / sizeof *SPLIT };

#define BLOCK 64

/* Fold a block of at most BLOCK characters; bit i says that a clause may end with character i. */
INLINE uint64_t fold_block(const uint32_t *codes, int64_t n, const uint32_t *fold, const uint8_t *ends, uint32_t *RESTRICT folded) {
    uint64_t found = 0;
    for (int64_t at = 0; at < n; at++) {
        const uint32_t code = fold[codes[at]];
        folded[at] = code;
        found |= (uint64_t)(code < N_CODE_POINTS && ends[code]) << at;
    }
    return found;
}

/* Begin clauses at ``last + MAX_CLAUSE`` and so on, up to ``end``. */
INLINE void cut_long(int64_t last, int64_t end, int64_t *RESTRICT clause_ptr, int64_t *n_clauses) {
    while (end - last > MAX_CLAUSE) {
        last += MAX_CLAUSE;
        clause_ptr[(*n_clauses)++] = last;
    }
}

/* Fold all characters and set down where clauses and rows begin; clause_ptr has room for a clause per character. */
static const char *split_rows(const Py_buffer *views) {
    const uint32_t *codes = views[0].buf, *fold = views[2].buf;
    const int64_t *indptr = views[1].buf, n_rows = views[1].shape[0] - 1, n_chars = views[0].shape[0];
    const uint8_t *ends = views[3].buf;
    uint32_t *RESTRICT folded = views[4].buf;
    int64_t *RESTRICT clause_ptr = views[5].buf, *RESTRICT text_ptr = views[6].buf, n_clauses = 0;
    if (wrong_pointers(indptr, n_rows, n_chars, 0, INT64_MAX)) {
        return "indptr: expected pointers from 0 to the number of characters that never fall";
    }
    if (beyond(codes, n_chars)) {
        return "codes: expected code points below 0x110000";
    }
    for (int64_t row = 0; row < n_rows; row++) {
        const int64_t row_end = indptr[row + 1];
        int64_t last = indptr[row];
        uint64_t ended = 0, begins = 1; /* the first character begins a clause, whatever it is */
        text_ptr[row] = n_clauses;
        for (int64_t at = indptr[row]; at < row_end; at += BLOCK) {
            const int64_t n = least(BLOCK, row_end - at);
            const uint64_t found = fold_block(codes + at, n, fold, ends, folded + at);
            /* A clause begins after a run of ends. */
            begins |= (found << 1 | ended) & ~found & (UINT64_MAX >> (BLOCK - n));
            for (; begins; begins &= begins - 1) {
                cut_long(last, at + LOWEST_BIT(begins), clause_ptr, &n_clauses);
                last = at + LOWEST_BIT(begins);
                clause_ptr[n_clauses++] = last;
            }
            ended = found >> (BLOCK - 1);
        }
        cut_long(last, row_end, clause_ptr, &n_clauses);
    }
    text_ptr[n_rows] = n_clauses;
    clause_ptr[n_clauses] = n_chars;
    return NULL;
}

PyObject *native_split(PyObject *module, PyObject *args) {
    PyObject *ignored;
    Py_buffer views[N_SPLIT];
    const char *wrong = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOO:split", &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored) ||
        get_buffers(args, SPLIT, N_SPLIT, views) != 0) {
        return NULL;
    }
    if (views[1].shape[0] < 1 || views[6].shape[0] != views[1].shape[0]) {
        wrong = "indptr, text_ptr: expected one number more than rows, and as many";
    } else if (views[2].shape[0] != N_CODE_POINTS || views[3].shape[0] != N_CODE_POINTS) {
        wrong = "fold, ends: expected one number per code point";
    } else if (views[4].shape[0] != views[0].shape[0] || views[5].shape[0] != views[0].shape[0] + 1) {
        wrong = "folded, clause_ptr: expected as many numbers as codes, and one more";
    } else {
        Py_BEGIN_ALLOW_THREADS;
        wrong = split_rows(views);
        Py_END_ALLOW_THREADS;
    }
    return give_back(views, N_SPLIT, wrong);
}

static const Argument FLATTEN[] = {{"codes", "IL", "uint32", 4, 1, 1}, {"indptr", "lq", "int64", 8, 1, 0}};

/* Strings to code points, one after another. Touches Python's strings, so it keeps the GIL. */
PyObject *native_flatten(PyObject *module, PyObject *args) {
    PyObject *texts, *ignored;
    Py_buffer views[2];
    const char *wrong = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOO!:flatten", &ignored, &ignored, &PyList_Type, &texts)) {
        return NULL;
    }
    if (get_buffers(args, FLATTEN, 2, views) != 0) {
        return NULL;
    }
    uint32_t *codes = views[0].buf;
    const int64_t *indptr = views[1].buf, n_rows = views[1].shape[0] - 1;
    if (n_rows != PyList_Size(texts) || wrong_pointers(indptr, n_rows, views[0].shape[0], 0, INT64_MAX)) {
        wrong = "indptr: expected pointers from 0 to the number of characters, one more than texts";
    }
    for (int64_t row = 0; row < n_rows && !wrong && !PyErr_Occurred(); row++) {
        PyObject *text = PyList_GetItem(texts, row);
        if (!PyUnicode_Check(text) || PyUnicode_GetLength(text) != indptr[row + 1] - indptr[row]) {
            wrong = "texts: expected strings as long as the pointers say";
        } else {
            PyUnicode_AsUCS4(text, codes + indptr[row], indptr[row + 1] - indptr[row], 0);
        }
    }
    return give_back(views, 2, wrong);
}
