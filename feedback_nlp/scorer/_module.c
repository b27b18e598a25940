/* The extension module: what all functions share, and their list. */

#include "_native.h"

int best_target(void) {
#if defined(TARGETS)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
        return AVX512;
    }
    if (__builtin_cpu_supports("avx2")) {
        return AVX2;
    }
#endif
    return PORTABLE;
}

int get_buffers(PyObject *args, const Argument *arguments, int n, Py_buffer *views) {
    for (int held = 0; held < n; held++) {
        if (get_buffer(PyTuple_GetItem(args, held), &arguments[held], &views[held]) != 0) {
            while (held > 0) {
                PyBuffer_Release(&views[--held]);
            }
            return -1;
        }
    }
    return 0;
}

PyObject *give_back(Py_buffer *views, int n, const char *wrong) {
    if (wrong != NULL) {
        PyErr_SetString(PyExc_ValueError, wrong);
    }
    while (n > 0) {
        PyBuffer_Release(&views[--n]);
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

int wrong_pointers(const int64_t *pointers, int64_t n, int64_t total, int64_t least_step, int64_t most_step) {
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

PyDoc_STRVAR(flatten_doc, "flatten(codes, indptr, texts)\n\nSee feedback_nlp.text.batch.");
PyDoc_STRVAR(clean_doc, "clean(codes, indptr, clean, flags, out, out_indptr, rare, check)\n\nSee feedback_nlp.text.clean.");
PyDoc_STRVAR(split_doc, "split(codes, indptr, fold, ends, folded, clause_ptr, text_ptr)\n\nSee feedback_nlp.scorer.clauses.");
PyDoc_STRVAR(pool_doc, "pool(folded, clause_ptr, text_ptr, embedding, scale, out, orders, norm_limit, target)\n\n"
                       "See feedback_nlp.scorer.pool.");
PyDoc_STRVAR(logits_doc, "logits(folded, clause_ptr, text_ptr, embedding, scale, out, hidden_weights, hidden_scale, hidden_bias, "
                         "output_weights, output_scale, output_bias, orders, norm_limit, target)\n\nSee feedback_nlp.scorer.pool.");

static PyMethodDef METHODS[] = {
    {"flatten", native_flatten, METH_VARARGS, flatten_doc},
    {"clean", native_clean, METH_VARARGS, clean_doc}, {"split", native_split, METH_VARARGS, split_doc},
    {"pool", native_pool, METH_VARARGS, pool_doc},    {"logits", native_logits, METH_VARARGS, logits_doc},
    {NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module) {
    return PyModule_AddIntConstant(module, "VERSION", VERSION) || PyModule_AddIntConstant(module, "TARGET", best_target()) ? -1 : 0;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, (void *)add_constants}, {0, NULL}};

static PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_feedback_nlp_native", "The compiled half of feedback_nlp.text and feedback_nlp.scorer.", 0, METHODS, SLOTS,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__feedback_nlp_native(void) { return PyModuleDef_Init(&MODULE); }
