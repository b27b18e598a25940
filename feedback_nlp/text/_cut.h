/* What the two C files of cutting share: what cut_rows is given. */
#ifndef FEEDBACK_NLP_CUT_H
#define FEEDBACK_NLP_CUT_H

#include <stdint.h>

/* lexicon.py and hmm.py */
#define N_CODES 0x110001
#define FIRST_HAN 0x4E00
#define N_HAN (0x9FD6 - FIRST_HAN)
#define N_STATES 4

/* What is only read; _cut_module.c has checked it. */
typedef struct {
    const uint32_t *codes;
    const int64_t *indptr, *keys, *first;
    const double *weight, *single, *begin, *move, *emit;
    const uint8_t *whole, *kinds; /* whole: NULL where no word is bound to stand alone */
    uint64_t mask;
    int shift, use_hmm;
} Input;

/* Cut rows to tokens. longest: characters of the longest row and one more. out: start, stop and key of the tokens, tokens of each row.
 * The number of tokens, -1 without memory. Needs no GIL. */
int64_t cut_rows(const Input *in, int64_t n_rows, int64_t longest, int64_t *const *out);

#endif
