/* crc32: the checksum of events, which is zlib's polynomial.
 *
 * zlib takes long buffers at 5 GB/s but the ends of each one byte by byte, and events of small transactions have some hundred bytes:
 * there it alone was 60 % of all decoding. Carry-less multiplication folds 16 bytes at a time into 16 that leave the same remainder.
 * Constants: x^n mod P, P itself and the whole part of x^64 / P, all bit-reflected as the checksum is. unit test: crc32 against zlib.
 */
#include "flow/decode/events.h"

#include <zlib.h>

#ifdef __x86_64__
#include <tmmintrin.h>
#include <wmmintrin.h>

#define FOLDING __attribute__((target("pclmul,ssse3"))) static inline

enum { LANES = 4, LANE_BYTES = 16, STRIDE_BYTES = LANES * LANE_BYTES, WORTH_IT_BYTES = 2 * LANE_BYTES };

static inline __m128i load(const uint8_t *p) { return _mm_loadu_si128((const __m128i *)p); }

FOLDING __m128i fold(__m128i state, __m128i by, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(state, by, 0x00), high = _mm_clmulepi64_si128(state, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* The remainder of 128 bits: folded to 96, to 64, and the last 32 by multiplying with the inverse (Barrett). */
FOLDING uint32_t reduce(__m128i s)
{
    const __m128i by_64 = _mm_set_epi64x(0x163cd6124, 0x0ccaa009e); /* x^64, x^96 */
    const __m128i inverse = _mm_set_epi64x(0x1f7011641, 0x1db710641), low_32 = _mm_cvtsi32_si128(-1);
    s = _mm_xor_si128(_mm_srli_si128(s, 8), _mm_clmulepi64_si128(s, by_64, 0x00));
    s = _mm_xor_si128(_mm_srli_si128(s, 4), _mm_clmulepi64_si128(_mm_and_si128(s, low_32), by_64, 0x10));
    __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(s, low_32), inverse, 0x10), low_32);
    s = _mm_xor_si128(s, _mm_clmulepi64_si128(quotient, inverse, 0x00));
    return (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(s, 4));
}

/* Moves bytes up (by > 0) or down, zeros moving in. A variable copy through memory would stall on every event. */
FOLDING __m128i moved(__m128i bytes, int by)
{
    static const uint8_t pick[3 * LANE_BYTES] = {
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0,   1,   2,   3,   4,   5,   6,   7,
        8,   9,   10,  11,  12,  13,  14,  15,  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    };
    return _mm_shuffle_epi8(bytes, load(pick + LANE_BYTES - by));
}

/* Zeros in front change nothing once the start value is in the data: so the odd bytes go first, and all that follows is whole. */
FOLDING __m128i begin(uint32_t crc, const uint8_t *p, size_t odd, __m128i by_128)
{
    __m128i start = _mm_cvtsi32_si128((int)~crc);
    __m128i head = moved(_mm_xor_si128(load(p), start), LANE_BYTES - (int)odd);
    return fold(head, by_128, _mm_xor_si128(load(p + odd), moved(start, -(int)odd)));
}

__attribute__((target("pclmul,ssse3"))) static uint32_t crc32_folding(uint32_t crc, const uint8_t *p, size_t n)
{
    const __m128i by_512 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* x^480, x^544 */
    const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0); /* x^96, x^160 */
    size_t odd = n % LANE_BYTES;
    __m128i state = begin(crc, p, odd, by_128);
    p += odd + LANE_BYTES, n -= odd + LANE_BYTES;
    if (n >= 2 * STRIDE_BYTES) {
        __m128i lane[LANES];
        lane[0] = fold(state, by_128, load(p));
        for (unsigned i = 1; i < LANES; i++) lane[i] = load(p + i * LANE_BYTES);
        for (p += STRIDE_BYTES, n -= STRIDE_BYTES; n >= STRIDE_BYTES; p += STRIDE_BYTES, n -= STRIDE_BYTES)
            for (unsigned i = 0; i < LANES; i++) lane[i] = fold(lane[i], by_512, load(p + i * LANE_BYTES));
        state = lane[0];
        for (unsigned i = 1; i < LANES; i++) state = fold(state, by_128, lane[i]);
    }
    for (; n >= LANE_BYTES; p += LANE_BYTES, n -= LANE_BYTES) state = fold(state, by_128, load(p));
    return ~reduce(state);
}

uint32_t rw_crc32(uint32_t crc, const uint8_t *bytes, size_t n)
{
    if (n >= WORTH_IT_BYTES && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3")) return crc32_folding(crc, bytes, n);
    return (uint32_t)crc32_z(crc, bytes, n);
}
#else
uint32_t rw_crc32(uint32_t crc, const uint8_t *bytes, size_t n) { return (uint32_t)crc32_z(crc, bytes, n); }
#endif
