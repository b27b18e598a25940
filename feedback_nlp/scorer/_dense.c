/* The dense layers of network.py in whole numbers: products of pairs of int16, sums in int32, exact and thus those of numpy. */

#include "_native.h"

#define ACTIVATION_LIMIT 127.0f
/* 1.5 * 2**23: adding and subtracting it rounds a small float to a whole number, half to even. */
#define ROUNDER 12582912.0f

#if defined(TARGETS)
#include <immintrin.h>
#endif

int64_t dense_shorts(const Net *net) { return 2 * net->output_pairs * BLOCK_ROWS; }

int64_t dense_sums(const Net *net) {
    return (net->hidden_units > net->output_units ? net->hidden_units : net->output_units) * BLOCK_ROWS;
}

#if defined(TARGETS)
/* sums[row][unit] = inputs[row] @ weights[:, unit], in vectors of ``lanes`` int32, ``across`` of them at a time; BLOCK_ROWS * across sums
 * stay in registers. Rows of BLOCK_ROWS: those beyond the last are worked on and never read. */
#define MULTIPLY(name, target, Vector, lanes, across, zero, load, store, both, add_products)                                            \
    target static void name(const int16_t *inputs, const int16_t *weights, int64_t pairs, int64_t units, int32_t *RESTRICT sums) {     \
        for (int64_t unit = 0; unit < units; unit += (lanes) * (across)) {                                                             \
            Vector total[BLOCK_ROWS][across];                                                                                          \
            for (int row = 0; row < BLOCK_ROWS; row++) {                                                                               \
                for (int part = 0; part < (across); part++) {                                                                          \
                    total[row][part] = zero();                                                                                         \
                }                                                                                                                      \
            }                                                                                                                          \
            for (int64_t pair = 0; pair < pairs; pair++) {                                                                             \
                const int16_t *weight = weights + 2 * (pair * units + unit);                                                           \
                for (int row = 0; row < BLOCK_ROWS; row++) {                                                                           \
                    int32_t input;                                                                                                     \
                    memcpy(&input, inputs + 2 * (row * pairs + pair), sizeof input);                                                   \
                    for (int part = 0; part < (across); part++) {                                                                      \
                        total[row][part] =                                                                                             \
                            add_products(total[row][part], both(input), load((const void *)(weight + 2 * (lanes) * part)));            \
                    }                                                                                                                  \
                }                                                                                                                      \
            }                                                                                                                          \
            for (int row = 0; row < BLOCK_ROWS; row++) {                                                                               \
                for (int part = 0; part < (across); part++) {                                                                          \
                    store((void *)(sums + row * units + unit + (lanes) * part), total[row][part]);                                     \
                }                                                                                                                      \
            }                                                                                                                          \
        }                                                                                                                              \
    }
#define MADD_256(total, input, weight) _mm256_add_epi32(total, _mm256_madd_epi16(input, weight))
MULTIPLY(multiply_avx2, TARGET_AVX2, __m256i, 8, 2, _mm256_setzero_si256, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_set1_epi32,
         MADD_256)
MULTIPLY(multiply_avx512, TARGET_AVX512, __m512i, 16, 1, _mm512_setzero_si512, _mm512_loadu_si512, _mm512_storeu_si512,
         _mm512_set1_epi32, _mm512_dpwssd_epi32)
MULTIPLY(multiply_wide, TARGET_AVX512, __m512i, 16, 4, _mm512_setzero_si512, _mm512_loadu_si512, _mm512_storeu_si512,
         _mm512_set1_epi32, _mm512_dpwssd_epi32)

static void product(int target, const int16_t *inputs, const int16_t *weights, int64_t pairs, int64_t units, int32_t *sums) {
    if (target == AVX2) {
        multiply_avx2(inputs, weights, pairs, units, sums);
    } else if (units % 64 == 0) {
        multiply_wide(inputs, weights, pairs, units, sums);
    } else {
        multiply_avx512(inputs, weights, pairs, units, sums);
    }
}
#else
/* Never called: logits() refuses. */
static void product(int target, const int16_t *inputs, const int16_t *weights, int64_t pairs, int64_t units, int32_t *sums) {
    (void)target, (void)inputs, (void)weights, (void)pairs;
    memset(sums, 0, (size_t)(BLOCK_ROWS * units) * sizeof *sums);
}
#endif

/* clip(rint(sum * scale + bias), 0, 127); the bounds are whole numbers, so that clipping first gives the same. */
INLINE void activate(const int32_t *RESTRICT sums, const Net *net, int16_t *RESTRICT out) {
    for (int64_t unit = 0; unit < net->hidden_units; unit++) {
        float x = (float)sums[unit] * net->hidden_scale[unit] + net->hidden_bias[unit];
        x = x < ACTIVATION_LIMIT ? x : ACTIVATION_LIMIT;
        x = x > 0.0f ? x : 0.0f;
        out[unit] = (int16_t)((x + ROUNDER) - ROUNDER);
    }
}

void dense_rows(const Net *net, int target, const int16_t *features, int64_t n_rows, int16_t *shorts, int32_t *sums, float *out) {
    const int64_t width = 2 * net->output_pairs, units = net->hidden_units;
    product(target, features, net->hidden, net->hidden_pairs, units, sums);
    for (int64_t row = 0; row < BLOCK_ROWS; row++) {
        int16_t *mixed = shorts + row * width;
        activate(sums + row * units, net, mixed);
        memcpy(mixed + units, features + row * 2 * net->hidden_pairs, (size_t)net->dims * sizeof *mixed);
        for (int64_t at = units + net->dims; at < width; at++) {
            mixed[at] = 0;
        }
    }
    product(target, shorts, net->output, net->output_pairs, net->output_units, sums);
    for (int64_t row = 0; row < n_rows; row++) {
        for (int64_t unit = 0; unit < net->outputs; unit++) {
            out[row * net->outputs + unit] =
                (float)sums[row * net->output_units + unit] * net->output_scale[unit] + net->output_bias[unit];
        }
    }
}
