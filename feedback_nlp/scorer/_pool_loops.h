/* The loops of pool.c, compiled once for each target. Expects FUNCTION, what stands before a function; NAME, its name for the target;
 * LANE, the columns of a table row that one vector of int16 holds, 0 for plain C; WIDEN, that vector of what a pointer points at. */

#if LANE > 0
typedef int16_t NAME(Shorts) __attribute__((vector_size(2 * LANE)));
typedef int32_t NAME(Ints) __attribute__((vector_size(4 * LANE)));
#endif

/* Hash the n-grams of one order that begin at the first ``count`` characters of a window. */
FUNCTION void NAME(fill_order)(const Job *job, Window *window, const uint32_t *codes, uint32_t *RESTRICT rolling, int order, int64_t count) {
    uint32_t *RESTRICT bucket = window->bucket[order];
    const int top = 32 - job->bits;
    for (int64_t at = 0; at < count; at++) {
        const uint32_t hash = order ? (rolling[at] + codes[at + order]) * STEP : codes[at] * FIRST;
        rolling[at] = hash;
        bucket[at] = ((hash ^ (hash >> SHIFT)) * MIX) >> top;
    }
}

/* Fill the window that begins at ``begin``. */
FUNCTION void NAME(fill)(const Job *job, Window *window, int64_t begin, int orders) {
    uint32_t rolling[WINDOW];
    const uint32_t *codes = job->codes + begin;
    window->begin = begin;
    window->end = least(begin + WINDOW, job->n_chars);
    if (begin + WINDOW + orders <= job->n_chars) {
        for (int order = 0; order < orders; order++) {
            NAME(fill_order)(job, window, codes, rolling, order, WINDOW);
        }
    } else {
        for (int order = 0; order < orders; order++) {
            NAME(fill_order)(job, window, codes, rolling, order, least(window->end, job->n_chars - order) - begin);
        }
    }
}

/* Move on to the next window and fill the one behind it. */
FUNCTION void NAME(advance)(const Job *job, Windows *windows, int orders) {
    Window *done = windows->now;
    windows->now = done == windows->pair ? windows->pair + 1 : windows->pair;
    NAME(fill)(job, done, windows->now->end, orders);
}

/* Add the columns from ``from`` of the table rows of n-grams to the clause's sums: those that begin in [begin, end), a part of the
 * window, and do not cross row_end. ``width`` columns in plain C, for the rest of a row and for compilers without vector types. */
FUNCTION void NAME(add_columns)(const Job *job, const Window *window, int64_t begin, int64_t end, int64_t row_end, int64_t from, int64_t width,
                        int64_t dims, int orders, int32_t *RESTRICT sum) {
    for (int order = 0; order < orders; order++) {
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

#if LANE > 0
/* Add the columns from ``from`` of the table rows of the n-grams of one character, and ask for those of the next window. */
FUNCTION void NAME(add_character)(const Job *job, const Window *window, const Window *next, int64_t at, int orders, int64_t from, int lanes,
                                  int64_t dims, NAME(Shorts) *total) {
    for (int order = 0; order < orders; order++) {
        const int8_t *row = job->table + (int64_t)window->bucket[order][at] * dims + from;
        for (int part = 0; part < lanes; part++) {
            total[part] += WIDEN(row + LANE * part);
        }
        PREFETCH(job->table + (int64_t)next->bucket[order][at] * dims + from);
    }
}

/* The same as add_columns for ``LANE * lanes`` columns, whose int16 sums stay in registers meanwhile. All orders of a character come
 * together: one loop a clause, whose end the processor foresees badly, not one an order. */
FUNCTION void NAME(add_lanes)(const Job *job, const Windows *windows, int64_t begin, int64_t end, int64_t row_end, int64_t from, int lanes,
                              int64_t dims, int orders, int32_t *RESTRICT sum) {
    NAME(Shorts) total[64 / LANE] = {{0}};
    const Window *window = windows->now, *next = window == windows->pair ? window + 1 : windows->pair;
    const int64_t first = begin - window->begin, last = end - window->begin, full = least(last, row_end - window->begin - orders + 1);
    int64_t at = first;
    for (; at < full; at++) {
        NAME(add_character)(job, window, next, at, orders, from, lanes, dims, total);
    }
    for (; at < last; at++) {
        NAME(add_character)(job, window, next, at, (int)least(orders, row_end - window->begin - at), from, lanes, dims, total);
    }
    for (int part = 0; part < lanes; part++) {
        NAME(Ints) before;
        memcpy(&before, sum + from + LANE * part, sizeof before);
        before += __builtin_convertvector(total[part], NAME(Ints));
        memcpy(sum + from + LANE * part, &before, sizeof before);
    }
}
#endif

/* Sum of the table rows of the n-grams that begin in [begin, end) and do not cross row_end. */
FUNCTION void NAME(sum_clause)(const Job *job, Windows *windows, int64_t begin, int64_t end, int64_t row_end, int64_t dims, int orders,
                       int32_t *RESTRICT sum) {
    memset(sum, 0, (size_t)dims * sizeof *sum);
    while (begin < end) {
        if (begin >= windows->now->end) {
            NAME(advance)(job, windows, orders);
        }
        const int64_t stop = least(end, windows->now->end);
        int64_t from = 0;
#if LANE > 0
        for (; from + 64 <= dims; from += 64) {
            NAME(add_lanes)(job, windows, begin, stop, row_end, from, 64 / LANE, dims, orders, sum);
        }
        for (; from + LANE <= dims; from += LANE) {
            NAME(add_lanes)(job, windows, begin, stop, row_end, from, 1, dims, orders, sum);
        }
#endif
        if (from < dims) {
            NAME(add_columns)(job, windows->now, begin, stop, row_end, from, dims - from, dims, orders, sum);
        }
        begin = stop;
    }
}

/* out = clip(rint(value * scale)); the bounds are whole numbers, so that clipping first gives the same. */
FUNCTION void NAME(quantise)(const float *RESTRICT value, const float *RESTRICT scale, int16_t *RESTRICT out, int64_t dims) {
    for (int64_t j = 0; j < dims; j++) {
        float x = value[j] * scale[j];
        x = x < LIMIT ? x : LIMIT;
        x = x > -LIMIT ? x : -LIMIT;
        out[j] = (int16_t)((x + ROUNDER) - ROUNDER);
    }
}

FUNCTION void NAME(relu)(float *RESTRICT value, int64_t dims) {
    for (int64_t j = 0; j < dims; j++) {
        value[j] = value[j] > 0.0f ? value[j] : 0.0f;
    }
}

/* 1 / norm of the n-grams that begin in [begin, end) and do not cross row_end; see ngrams.text_norm. */
FUNCTION float NAME(factor)(const Job *job, int64_t begin, int64_t end, int64_t row_end, int orders) {
    int64_t count = 0;
    for (int order = 0; order < orders; order++) {
        const int64_t stop = least(end, row_end - order);
        count += stop > begin ? stop - begin : 0;
    }
    const float n = (float)count, over = n / job->norm_limit;
    return 1.0f / sqrtf(n * (over > 1.0f ? over : 1.0f));
}

/* Take a clause's sum into the text's. */
FUNCTION void NAME(take_clause)(const Scratch *s, float by, int64_t dims) {
    const int32_t *RESTRICT sum = s->sum;
    int32_t *RESTRICT recent = s->recent;
    float *RESTRICT value = s->value, *RESTRICT high = s->high, *RESTRICT low = s->low;
    for (int64_t j = 0; j < dims; j++) {
        const float v = (float)sum[j] * by;
        value[j] = v;
        high[j] = v > high[j] ? v : high[j];
        low[j] = v < low[j] ? v : low[j];
        recent[j] += sum[j];
    }
}

/* The sum of the whole text times its factor. */
FUNCTION void NAME(mean_value)(const Scratch *s, int64_t n_clauses, float by, int64_t dims) {
    if (n_clauses <= CLAUSES_AT_ONCE) {
        for (int64_t j = 0; j < dims; j++) {
            s->value[j] = (float)s->recent[j] * by;
        }
    } else {
        for (int64_t j = 0; j < dims; j++) {
            s->value[j] = (float)(s->total[j] + s->recent[j]) * by;
        }
    }
}

FUNCTION void NAME(begin_row)(const Scratch *s, int64_t n_clauses, int64_t dims) {
    if (n_clauses > CLAUSES_AT_ONCE) {
        memset(s->total, 0, (size_t)dims * sizeof *s->total);
    }
    for (int64_t j = 0; j < dims; j++) {
        s->recent[j] = 0;
        s->high[j] = -FLT_MAX;
        s->low[j] = FLT_MAX;
    }
}

FUNCTION void NAME(pool_row)(const Job *job, Windows *windows, const Scratch *s, int64_t row, int64_t dims, int orders,
                     int16_t *RESTRICT out) {
    const int64_t first = job->text_ptr[row], last = job->text_ptr[row + 1];
    const int64_t row_begin = job->clause_ptr[first], row_end = job->clause_ptr[last];
    const float *scale = job->scale;
    if (first == last) {
        memset(out, 0, (size_t)(BLOCKS * dims) * sizeof *out);
        return;
    }
    NAME(begin_row)(s, last - first, dims);
    for (int64_t clause = first; clause < last; clause++) {
        const int64_t begin = job->clause_ptr[clause], end = job->clause_ptr[clause + 1];
        NAME(sum_clause)(job, windows, begin, end, row_end, dims, orders, s->sum);
        if (clause > first && (clause - first) % CLAUSES_AT_ONCE == 0) {
            for (int64_t j = 0; j < dims; j++) {
                s->total[j] += s->recent[j];
                s->recent[j] = 0;
            }
        }
        NAME(take_clause)(s, NAME(factor)(job, begin, end, row_end, orders), dims);
        if (clause == first) {
            NAME(quantise)(s->value, scale + 4 * dims, out + 4 * dims, dims);
        }
    }
    NAME(quantise)(s->value, scale + 3 * dims, out + 3 * dims, dims);
    NAME(relu)(s->high, dims);
    NAME(quantise)(s->high, scale + dims, out + dims, dims);
    NAME(relu)(s->low, dims);
    NAME(quantise)(s->low, scale + 2 * dims, out + 2 * dims, dims);
    NAME(mean_value)(s, last - first, NAME(factor)(job, row_begin, row_end, row_end, orders), dims);
    NAME(quantise)(s->value, scale, out, dims);
}

/* What a block of rows becomes: features as floats, or logits. */
FUNCTION void NAME(hand_on)(const Job *job, const Scratch *s, int64_t first, int64_t n_rows) {
    if (job->net != NULL) {
        dense_rows(job->net, job->target, s->features, n_rows, s->net_shorts, s->net_sums, job->out + first * job->net->outputs);
        return;
    }
    for (int64_t row = 0; row < n_rows; row++) {
        float *RESTRICT out = job->out + (first + row) * BLOCKS * job->dims;
        const int16_t *RESTRICT features = s->features + row * job->stride;
        for (int64_t j = 0; j < BLOCKS * job->dims; j++) {
            out[j] = features[j];
        }
    }
}

FUNCTION void NAME(pool_rows)(const Job *job, const Scratch *s, int64_t dims, int orders) {
    Windows windows = {0};
    windows.now = windows.pair;
    NAME(fill)(job, windows.now, 0, orders);
    NAME(fill)(job, windows.pair + 1, windows.now->end, orders);
    for (int64_t first = 0; first < job->n_rows; first += BLOCK_ROWS) {
        const int64_t n_rows = least(BLOCK_ROWS, job->n_rows - first);
        for (int64_t row = 0; row < n_rows; row++) {
            NAME(pool_row)(job, &windows, s, first + row, dims, orders, s->features + row * job->stride);
        }
        NAME(hand_on)(job, s, first, n_rows);
    }
}

/* The usual shape is compiled on its own: the compiler then knows how often each loop runs. */
FUNCTION void NAME(pool_batch)(const Job *job, const Scratch *s) {
    if (job->dims == 64 && job->orders == 3) {
        NAME(pool_rows)(job, s, 64, 3);
    } else {
        NAME(pool_rows)(job, s, job->dims, job->orders);
    }
}

