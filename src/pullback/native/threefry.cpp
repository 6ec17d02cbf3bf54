#include "threefry.h"

#include "clones.h"

namespace pullback {
namespace {

inline uint32_t rotate(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

template <int A, int B, int C, int D>
[[gnu::always_inline]] inline void rounds(uint32_t& x0, uint32_t& x1) {
    x0 += x1, x1 = rotate(x1, A) ^ x0;
    x0 += x1, x1 = rotate(x1, B) ^ x0;
    x0 += x1, x1 = rotate(x1, C) ^ x0;
    x0 += x1, x1 = rotate(x1, D) ^ x0;
}

[[gnu::always_inline]] inline void block(uint32_t k0, uint32_t k1, uint32_t& x0, uint32_t& x1) {
    uint32_t k2 = k0 ^ k1 ^ 0x1BD11BDAu;
    x0 += k0, x1 += k1;
    rounds<13, 15, 26, 6>(x0, x1);
    x0 += k1, x1 += k2 + 1;
    rounds<17, 29, 16, 24>(x0, x1);
    x0 += k2, x1 += k0 + 2;
    rounds<13, 15, 26, 6>(x0, x1);
    x0 += k0, x1 += k1 + 3;
    rounds<17, 29, 16, 24>(x0, x1);
    x0 += k1, x1 += k2 + 4;
    rounds<13, 15, 26, 6>(x0, x1);
    x0 += k2, x1 += k0 + 5;
}

}  // namespace

PULLBACK_CLONES void threefry2x32(const uint32_t* key, const uint32_t* x0, const uint32_t* x1,
                                  uint32_t* y0, uint32_t* y1, int64_t n) {
    uint32_t k0 = key[0], k1 = key[1];
    for (int64_t i = 0; i < n; ++i) {
        uint32_t a = x0[i], b = x1[i];
        block(k0, k1, a, b);
        y0[i] = a, y1[i] = b;
    }
}

PULLBACK_CLONES void threefry2x32_keys(const uint32_t* k0, const uint32_t* k1, const uint32_t* x0,
                                       const uint32_t* x1, uint32_t* y0, uint32_t* y1, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
        uint32_t a = x0[i], b = x1[i];
        block(k0[i], k1[i], a, b);
        y0[i] = a, y1[i] = b;
    }
}

PULLBACK_CLONES void threefry2x32_places(uint32_t k0, uint32_t k1, uint32_t* y0, uint32_t* y1,
                                         int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
        uint32_t a = 0, b = static_cast<uint32_t>(i);
        block(k0, k1, a, b);
        y0[i] = a, y1[i] = b;
    }
}

}  // namespace pullback
