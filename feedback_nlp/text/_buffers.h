/* What a compiled function is given, and the check of it; for all extensions. Python.h and string.h stand before it. */
#ifndef FEEDBACK_NLP_BUFFERS_H
#define FEEDBACK_NLP_BUFFERS_H

/* An argument: its name, the letters of its formats, its type in words, bytes an item, dimensions, whether it is written. */
typedef struct {
    const char *name, *letters, *type;
    int itemsize, ndim, written;
} Argument;

/* The buffer of an argument; -1 with a ValueError set where it is not as it should be. */
static inline int get_buffer(PyObject *object, const Argument *wanted, Py_buffer *view) {
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (wanted->written ? PyBUF_WRITABLE : 0)) == 0) {
        const char *format = view->format ? view->format : "B";
        if (*format == '@' || *format == '=') {
            format++;
        }
        if (format[0] && !format[1] && strchr(wanted->letters, format[0]) && view->ndim == wanted->ndim &&
            view->itemsize == wanted->itemsize && (uintptr_t)view->buf % (size_t)view->itemsize == 0) {
            return 0;
        }
        PyBuffer_Release(view);
    } else if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return -1;
    }
    PyErr_Clear();
    PyErr_Format(PyExc_ValueError, "%s: expected a%s C-contiguous %s buffer of %d dimension(s)", wanted->name,
                 wanted->written ? " writable" : "", wanted->type, wanted->ndim);
    return -1;
}

#endif
