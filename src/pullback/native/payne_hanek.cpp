#include "payne_hanek.h"

#include <bit>
#include <cmath>

namespace pullback {
namespace {

__extension__ using u128 = unsigned __int128;
__extension__ using i128 = __int128;

// floor(2^1280 / pi), the lowest word first.
constexpr uint64_t kInversePi[] = {
    0xf867de104d7a1b0e, 0x2b0198237e3db5d5, 0x35fdafd88fc6ae84, 0x9e839cfbc5294975,
    0xba93dd63f5f2f8bd, 0xa7a31fb34f2ff516, 0xb69b3f6793e584db, 0xf79788c5ad05368f,
    0x8ffc4bffef02cc07, 0x4e422fc5defc941d, 0x9cc8eb1cc1a99cfa, 0x74ce38135a2fbf20,
    0x74411afa975da242, 0x7f0ef58e5894d39f, 0x0324977504e8c90e, 0xdb92371d2126e970,
    0xff28b1d5ef5de2b0, 0x6db14acc9e21c820, 0xfe13abe8fa9a6ee0, 0x517cc1b727220a94,
    0x0000000000000000, 0x0000000000000000};
// The first bit of 1/pi that x takes is this less the exponent field of x.
constexpr int64_t kFirstBit = 2164;
constexpr double kPi = 0x1.921fb54442d18p+1, kPiLow = 0x1.1a62633145c07p-53;

struct Reduced {
    double r, low;
    int64_t n;
};

// 192 bits of 1/pi from bit `start` times m, modulo 2^192, without the lowest word: turns in 2^-127.
u128 turns(uint64_t m, int64_t start, int32_t shift) {
    const uint64_t* word = kInversePi + (start >> 6);
    auto bit = static_cast<unsigned>(start & 63);
    uint64_t w[3];
    for (int i = 0; i < 3; ++i)
        w[i] = bit ? word[i] >> bit | word[i + 1] << (64 - bit) : word[i];
    u128 p0 = static_cast<u128>(w[0]) * m;
    u128 top = ((static_cast<u128>(w[2]) << 64) | w[1]) * m + static_cast<uint64_t>(p0 >> 64);
    return shift ? top << shift | static_cast<uint64_t>(p0) >> (64 - shift) : top;
}

Reduced reduce(double x, int32_t shift, int32_t quarter) {
    auto bits = std::bit_cast<uint64_t>(x);
    auto biased = static_cast<int64_t>(bits >> 52 & 2047);
    uint64_t m = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
    u128 moved = turns(m, kFirstBit - biased, shift);
    if (x < 0) moved = -moved;
    constexpr u128 half = u128{1} << 126, one = u128{1} << 127;
    u128 rounded = moved + (quarter ? one : half);
    auto f = static_cast<i128>(rounded & (one - 1)) - static_cast<i128>(half);
    bool below = f < 0;
    u128 a = below ? -static_cast<u128>(f) : static_cast<u128>(f);
    auto high = static_cast<uint64_t>(a >> 64);
    int zeros = high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<uint64_t>(a));
    u128 normal = zeros < 128 ? a << zeros : a;
    // X - n in two parts of 53 bits each, and its product with pi in two parts.
    double scale = std::ldexp(below ? -1.0 : 1.0, -52 - zeros - shift);
    double h = static_cast<double>(static_cast<int64_t>(normal >> 75)) * scale;
    double l = static_cast<double>(static_cast<int64_t>(normal >> 22) & ((int64_t{1} << 53) - 1));
    l = l * scale * 0x1p-53;
    double p = h * kPi;
    double e = std::fma(l, kPi, std::fma(h, kPiLow, std::fma(h, kPi, -p)));
    double r = p + e;
    return {r + (x - x), e - (r - p), static_cast<int64_t>(rounded >> 127)};
}

template <typename Float, typename Int>
void lanes(const Float* x, Float* r, Float* low, Int* n, int64_t count, double limit,
           int32_t shift, int32_t quarter) {
    for (int64_t i = 0; i < count; ++i) {
        if (!(std::fabs(static_cast<double>(x[i])) >= limit)) continue;
        Reduced found = reduce(static_cast<double>(x[i]), shift, quarter);
        r[i] = static_cast<Float>(found.r);
        if (low) low[i] = static_cast<Float>((found.r - static_cast<double>(r[i])) + found.low);
        n[i] = static_cast<Int>(found.n);
    }
}

}  // namespace

void payne_hanek(const float* x, float* r, float* low, int32_t* n, int64_t count, double limit,
                 int32_t shift, int32_t quarter) {
    lanes(x, r, low, n, count, limit, shift, quarter);
}

void payne_hanek(const double* x, double* r, double* low, int64_t* n, int64_t count, double limit,
                 int32_t shift, int32_t quarter) {
    lanes(x, r, low, n, count, limit, shift, quarter);
}

}  // namespace pullback
