// Sorting words by the digits of their keys, the lowest first: stable, in time linear in n. Few words
// are merged instead.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "pool.h"
#include "sort_key.h"

namespace pullback {

// Runs of this length are sorted by insertion, and merged in rows up to kMerged.
inline constexpr int64_t kInsertion = 16, kMerged = 256;
// From here on a digit has more bits, whose counts then pay.
inline constexpr int64_t kWideDigits = 4096;
// From here on threads share blocks, of which there are at most kMostBlocks.
inline constexpr int64_t kSharedRow = 1 << 16, kMostBlocks = 32;
inline constexpr int kDigit = 8, kWideDigit = 11, kFarDigit = 10;
// Up to so many bytes words stay in cache, from where a digit may scatter them more widely.
inline constexpr int64_t kNear = 1 << 20;

inline int64_t block_count(int64_t n) {
    return n < kSharedRow ? 1 : std::min(kMostBlocks, n / (kSharedRow / 4));
}
inline int64_t block_size(int64_t n) { return (n + block_count(n) - 1) / block_count(n); }

// Counts for radix_sort of rows of n.
inline int64_t count_words(int64_t n) {
    return block_count(n) << (n < kWideDigits ? kDigit : kWideDigit);
}

template <typename Word>
void insertion_sort(Word* x, int64_t n) {
    for (int64_t i = 1; i < n; ++i) {
        Word moved = x[i];
        int64_t k = i;
        for (; k > 0 && before(moved, x[k - 1]); --k) x[k] = x[k - 1];
        x[k] = moved;
    }
}

// Two runs, which meet at `middle`, as one.
template <typename Word>
void merge_runs(const Word* from, Word* to, int64_t begin, int64_t middle, int64_t end) {
    int64_t i = begin, j = middle, k = begin;
    while (i < middle && j < end) {
        bool right = before(from[j], from[i]);
        to[k++] = from[right ? j : i];
        j += right, i += !right;
    }
    std::copy(from + j, from + end, std::copy(from + i, from + middle, to + k));
}

// The words in order, in x or in `spare`.
template <typename Word>
Word* merge_sort(Word* x, Word* spare, int64_t n) {
    for (int64_t i = 0; i < n; i += kInsertion) insertion_sort(x + i, std::min(kInsertion, n - i));
    for (int64_t run = kInsertion; run < n; run *= 2) {
        for (int64_t i = 0; i < n; i += 2 * run)
            merge_runs(x, spare, i, std::min(i + run, n), std::min(i + 2 * run, n));
        std::swap(x, spare);
    }
    return x;
}

template <typename Word>
struct Pass {
    const Word* from;
    Word* to;
    int64_t n, block;
    int shift, bits;
    uint32_t* counts;

    uint64_t digit(Word x) const { return key_of(x) >> shift & ((uint64_t{1} << bits) - 1); }
    uint32_t* counts_at(int64_t begin) const { return counts + (begin / block << bits); }

    static void count(void* self, int64_t begin, int64_t end) {
        auto& p = *static_cast<Pass*>(self);
        uint32_t* counts = p.counts_at(begin);
        std::fill_n(counts, int64_t{1} << p.bits, 0u);
        for (int64_t i = begin; i < end; ++i) ++counts[p.digit(p.from[i])];
    }

    // Counts become the places where each block's words of a digit go.
    void place() {
        int64_t blocks = (n + block - 1) / block;
        uint32_t total = 0;
        for (int64_t d = 0; d < int64_t{1} << bits; ++d)
            for (int64_t b = 0; b < blocks; ++b) {
                uint32_t found = counts[(b << bits) + d];
                counts[(b << bits) + d] = total;
                total += found;
            }
    }

    static void scatter(void* self, int64_t begin, int64_t end) {
        auto& p = *static_cast<Pass*>(self);
        uint32_t* places = p.counts_at(begin);
        for (int64_t i = begin; i < end; ++i) {
            Word x = p.from[i];
            p.to[places[p.digit(x)]++] = x;
        }
    }

    void run() {
        parallel_for(count, this, n, block);
        place();
        parallel_for(scatter, this, n, block);
    }
};

// The bits in which keys differ.
template <typename Word>
uint64_t varying(const Word* x, int64_t n) {
    uint64_t any = 0, first = key_of(x[0]);
    for (int64_t i = 0; i < n; ++i) any |= key_of(x[i]) ^ first;
    // The place in a packed word is in order to begin with.
    return std::is_same_v<Word, Packed> ? any >> 32 << 32 : any;
}

// The words in order, in x or in `spare`; fewer than 2^32 of them.
template <typename Word>
Word* radix_sort(Word* x, Word* spare, int64_t n, uint32_t* counts) {
    if (n <= kMerged) return merge_sort(x, spare, n);
    uint64_t bits = varying(x, n);
    if (!bits) return x;
    int low = std::countr_zero(bits), width = 64 - std::countl_zero(bits) - low;
    bool near = n * static_cast<int64_t>(sizeof(Word)) <= kNear;
    int most = n < kWideDigits ? kDigit : near ? kWideDigit : kFarDigit;
    int passes = (width + most - 1) / most, digit = (width + passes - 1) / passes;
    for (int k = 0; k < passes; ++k) {
        int shift = low + k * digit;
        if (!(bits >> shift & ((uint64_t{1} << digit) - 1))) continue;
        Pass<Word>{x, spare, n, block_size(n), shift, digit, counts}.run();
        std::swap(x, spare);
    }
    return x;
}

}  // namespace pullback
