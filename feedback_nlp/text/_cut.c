/* The compiled half of cutting.py: one pass over each row, with the bits of its numpy twin.
 *
 * A row falls into segments that no word crosses. Of each segment the best path is found from its end to its start, as jieba does; what
 * the path leaves alone is read by the hidden Markov model or by the pattern of Latin words and numbers. Sums are formed in the order of
 * the twin, one addition at a time. */

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "_cut.h"

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "double arithmetic is wider than double here; the package falls back to numpy"
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

/* lexicon.py */
#define CODE_BITS 21
#define MULTIPLIER 0x9E3779B97F4A7C15u
#define EMPTY (-1)
enum { OTHER, SIGN, LATIN, HAN };
/* routes.py, cutting.py, hmm.py */
#define EQUAL 1e-9
#define UNKNOWN (-1)
/* Places looked at in advance: what is read for them stays in the cache until it is needed. */
#define AHEAD 64
enum { B, M, E, S };
static const int BEFORE[N_STATES][2] = {{E, S}, {B, M}, {B, M}, {E, S}};
static const int ENDS[N_STATES] = {0, 0, 1, 1};

typedef struct {
    int64_t length, slot;
    double weight;
} Word;

/* Room for the longest row, one element a character and one more, and for the words of a segment, which grows. */
typedef struct {
    uint64_t *home;   /* of the first three characters from here on in the lexicon */
    int64_t *slot;    /* of the first two */
    int64_t *behind;  /* how many words of the segment start before */
    int64_t *key;     /* of the token that starts here if it is a word, else the character */
    double *route;    /* log probability of the best path from here to the end of the segment */
    uint8_t *inside;  /* 1: in one token with the character before */
    uint8_t *came;    /* one bit a state of the model: which of two states it was reached from */
    Word *words;
    int64_t n_words, room;
} Scratch;

static uint64_t home_of(const Input *in, int64_t slot, uint32_t code) {
    return (((uint64_t)slot << CODE_BITS | code) * MULTIPLIER) >> in->shift;
}

/* The slot of slot + code, looked for from its home on; EMPTY where the lexicon has none. */
static int64_t follow(const Input *in, int64_t slot, uint32_t code, uint64_t home) {
    const int64_t wanted = (int64_t)((uint64_t)slot << CODE_BITS | code);
    for (uint64_t step = 0; step <= in->mask; step++, home = (home + 1) & in->mask) {
        if (in->keys[home] == wanted) {
            return (int64_t)home;
        }
        if (in->keys[home] == EMPTY) {
            break;
        }
    }
    return EMPTY;
}

static int latin(const Input *in, uint32_t code) { return in->kinds[code] == LATIN; }

/* Whether a word at [start, stop) of a row of n characters may not stand in a longer run of Latin letters and digits, and does. */
static int cut_off(const Input *in, const uint32_t *row, int64_t n, int64_t start, int64_t stop, int64_t slot) {
    return in->whole != NULL && in->whole[slot] &&
           ((start > 0 && latin(in, row[start - 1]) && latin(in, row[start])) ||
            (stop < n && latin(in, row[stop - 1]) && latin(in, row[stop])));
}

/* Look for the first two characters of a word at each of the places [start, stop), and for the home of three. What is read comes from
 * anywhere in tables that are larger than the cache: asked for in advance, it is on its way while the places before are worked on. */
static void look_ahead(const Input *in, const uint32_t *row, int64_t n, int64_t start, int64_t stop, Scratch *s) {
    for (int64_t at = start; at < stop; at++) {
        s->slot[at] = at + 1 < n ? in->first[row[at]] : EMPTY;
        if (s->slot[at] >= 0) {
            s->home[at] = home_of(in, s->slot[at], row[at + 1]);
            PREFETCH(in->keys + s->home[at]);
        }
    }
    for (int64_t at = start; at < stop; at++) {
        if (s->slot[at] >= 0 && (s->slot[at] = follow(in, s->slot[at], row[at + 1], s->home[at])) >= 0) {
            PREFETCH(in->weight + s->slot[at]);
            if (at + 2 < n) {
                s->home[at] = home_of(in, s->slot[at], row[at + 2]);
                PREFETCH(in->keys + s->home[at]);
            }
        }
    }
}

/* Keep a word; 0 without memory. */
static int keep(int64_t length, int64_t slot, double weight, Scratch *s) {
    if (s->n_words == s->room) {
        Word *more = realloc(s->words, (size_t)(s->room * 2) * sizeof *more);
        if (more == NULL) {
            return 0;
        }
        s->words = more;
        s->room *= 2;
    }
    s->words[s->n_words++] = (Word){length, slot, weight};
    return 1;
}

/* Keep the words that start at a place, shorter ones first. The place behind the longest, or behind the character; -1 without memory. */
static int64_t words_at(const Input *in, const uint32_t *row, int64_t n, int64_t at, Scratch *s) {
    int64_t reach = at + 1, stop = at + 2;
    for (int64_t slot = s->slot[at]; slot >= 0; stop++) {
        if (in->weight[slot] > -INFINITY && !cut_off(in, row, n, at, stop, slot)) {
            if (!keep(stop - at, slot, in->weight[slot], s)) {
                return -1;
            }
            reach = stop;
        }
        if (stop == n) {
            break;
        }
        slot = follow(in, slot, row[stop], stop == at + 2 ? s->home[at] : home_of(in, slot, row[stop]));
    }
    return reach;
}

/* Mark the words of the best path of the segment [start, stop); those that start at a place begin at s->behind of it. */
static void best_path(const Input *in, const uint32_t *row, int64_t start, int64_t stop, Scratch *s) {
    s->route[stop] = 0.0;
    for (int64_t at = stop - 1, last = s->n_words; at >= start; last = s->behind[at], at--) {
        const double alone = in->single[row[at]] + s->route[at + 1];
        double best = alone;
        for (int64_t k = s->behind[at]; k < last; k++) {
            const double total = s->words[k].weight + s->route[at + s->words[k].length];
            best = total > best ? total : best;
        }
        s->route[at] = best;
        s->key[at] = -1; /* the longest of the words that are good enough, for now */
        for (int64_t k = last - 1; k >= s->behind[at]; k--) {
            if (s->words[k].weight + s->route[at + s->words[k].length] > best - EQUAL) {
                s->key[at] = k;
                break;
            }
        }
    }
    for (int64_t at = start; at < stop;) {
        const int64_t chosen = s->key[at], length = chosen < 0 ? 1 : s->words[chosen].length;
        s->key[at] = chosen < 0 ? row[at] : s->words[chosen].slot + N_CODES;
        s->inside[at] = 0;
        memset(s->inside + at + 1, 1, (size_t)(length - 1));
        at += length;
    }
}

/* Mark the words of the best reading of a row; 0 without memory. */
static int read_words(const Input *in, const uint32_t *row, int64_t n, Scratch *s) {
    int64_t start = 0, reach = 0;
    s->n_words = 0;
    for (int64_t at = 0; at < n; at++) {
        if (at % AHEAD == 0) {
            look_ahead(in, row, n, at, at + AHEAD < n ? at + AHEAD : n, s);
        }
        s->behind[at] = s->n_words;
        const int64_t stop = words_at(in, row, n, at, s);
        if (stop < 0) {
            return 0;
        }
        reach = stop > reach ? stop : reach;
        if (reach > at + 1) {
            continue;
        }
        if (start == at) {
            s->key[at] = row[at];
            s->inside[at] = 0;
        } else {
            best_path(in, row, start, reach, s);
        }
        s->n_words = 0;
        start = reach;
    }
    return 1;
}

/* Whether the characters [start, stop) of a row are one word. */
static int is_word(const Input *in, const uint32_t *row, int64_t n, int64_t start, int64_t stop) {
    int64_t slot = in->first[row[start]];
    for (int64_t at = start + 1; at < stop && slot >= 0; at++) {
        slot = follow(in, slot, row[at], home_of(in, slot, row[at]));
    }
    return slot >= 0 && in->weight[slot] > -INFINITY && !cut_off(in, row, n, start, stop, slot);
}

/* Join Chinese characters [start, stop) as the hidden Markov model does (Viterbi); of equally good states the later letter. */
static void join_han(const Input *in, const uint32_t *row, int64_t start, int64_t stop, Scratch *s) {
    double value[N_STATES], next[N_STATES];
    int state;
    for (state = 0; state < N_STATES; state++) {
        value[state] = in->begin[state] + in->emit[state * N_HAN + (int64_t)row[start] - FIRST_HAN];
    }
    for (int64_t at = start + 1; at < stop; at++) {
        s->came[at] = 0;
        for (state = 0; state < N_STATES; state++) {
            const double emit = in->emit[state * N_HAN + (int64_t)row[at] - FIRST_HAN];
            const int one = BEFORE[state][0], other = BEFORE[state][1];
            const double first = value[one] + in->move[one * N_STATES + state] + emit;
            const double second = value[other] + in->move[other * N_STATES + state] + emit;
            next[state] = second >= first ? second : first;
            s->came[at] |= (uint8_t)((second >= first) << state);
        }
        memcpy(value, next, sizeof value);
    }
    state = value[S] >= value[E] ? S : E;
    for (int64_t at = stop - 1; at > start; at--) {
        state = BEFORE[state][s->came[at] >> state & 1];
        s->inside[at] = (uint8_t)!ENDS[state];
    }
}

/* Join Latin letters, digits and signs [start, stop): [a-zA-Z0-9]+(\.[0-9]+)?%? is a token, and so is what stands between two. */
static void join_latin(const Input *in, const uint32_t *row, int64_t start, int64_t stop, Scratch *s) {
    for (int64_t at = start, part; at < stop;) {
        part = at;
        while (at < stop && latin(in, row[at])) {
            at++;
        }
        if (at > part) {
            int64_t digits = at + 1;
            while (at < stop && row[at] == '.' && digits < stop && row[digits] >= '0' && row[digits] <= '9') {
                digits++;
            }
            at = digits > at + 1 ? digits : at;
            at += at < stop && row[at] == '%';
        } else {
            while (at < stop && !latin(in, row[at])) {
                at++;
            }
        }
        memset(s->inside + part + 1, 1, (size_t)(at - part - 1));
    }
}

/* Join the characters [start, stop), none of them in a word and all of one block of jieba. */
static void join_run(const Input *in, const uint32_t *row, int64_t start, int64_t stop, Scratch *s) {
    for (int64_t at = start, part; at < stop;) {
        const int han = in->kinds[row[at]] == HAN;
        part = at;
        while (at < stop && (in->kinds[row[at]] == HAN) == han) {
            at++;
        }
        if (at - part > 1) {
            (han ? join_han : join_latin)(in, row, part, at, s);
        }
    }
}

/* Whether a character is in no token with another; s->inside is 0 behind the row. */
static int alone(const Scratch *s, int64_t at) { return !s->inside[at] && !s->inside[at + 1]; }

/* Join what the words of a row leave alone: \r\n, and runs of characters of jieba's blocks; without the model only letters and digits. */
static void join_alone(const Input *in, const uint32_t *row, int64_t n, Scratch *s) {
    const int least = in->use_hmm ? SIGN : LATIN, most = in->use_hmm ? HAN : LATIN;
    for (int64_t at = 0, start; at < n;) {
        for (start = at; at < n && in->kinds[row[at]] >= least && in->kinds[row[at]] <= most && alone(s, at);) {
            at++;
        }
        if (at - start > 1 && !in->use_hmm) {
            memset(s->inside + start + 1, 1, (size_t)(at - start - 1));
        } else if (at - start > 1 && !is_word(in, row, n, start, at)) {
            join_run(in, row, start, at, s);
        } else if (at == start) {
            s->inside[at] |= at > 0 && row[at] == '\n' && row[at - 1] == '\r' && alone(s, at) && alone(s, at - 1);
            at++;
        }
    }
}

/* Cut a row of n characters that begins at a place of the text; the number of tokens, -1 without memory. */
static int64_t cut_row(const Input *in, int64_t place, int64_t n, Scratch *s, int64_t *start, int64_t *stop, int64_t *key) {
    const uint32_t *row = in->codes + place;
    int64_t count = 0;
    if (!read_words(in, row, n, s)) {
        return -1;
    }
    s->inside[n] = 0;
    join_alone(in, row, n, s);
    for (int64_t at = 0; at < n; count++) {
        const int64_t first = at++;
        while (s->inside[at]) {
            at++;
        }
        start[count] = place + first;
        stop[count] = place + at;
        key[count] = at - first > 1 && s->key[first] < N_CODES ? UNKNOWN : s->key[first];
    }
    return count;
}

int64_t cut_rows(const Input *in, int64_t n_rows, int64_t longest, int64_t *const *out) {
    const size_t n = (size_t)longest + 1;
    Scratch s = {.room = 256};
    s.home = malloc(n * sizeof *s.home);
    s.slot = malloc(n * sizeof *s.slot);
    s.behind = malloc(n * sizeof *s.behind);
    s.key = malloc(n * sizeof *s.key);
    s.route = malloc(n * sizeof *s.route);
    s.inside = malloc(n);
    s.came = malloc(n);
    s.words = malloc((size_t)s.room * sizeof *s.words);
    int64_t done = s.home && s.slot && s.behind && s.key && s.route && s.inside && s.came && s.words ? 0 : -1;
    for (int64_t row = 0; row < n_rows && done >= 0; row++) {
        /* Each row is followed by one character that is no part of it. */
        const int64_t count =
            cut_row(in, in->indptr[row], in->indptr[row + 1] - in->indptr[row] - 1, &s, out[0] + done, out[1] + done, out[2] + done);
        out[3][row] = count;
        done = count < 0 ? -1 : done + count;
    }
    free(s.home);
    free(s.slot);
    free(s.behind);
    free(s.key);
    free(s.route);
    free(s.inside);
    free(s.came);
    free(s.words);
    return done;
}
