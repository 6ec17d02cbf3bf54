// Sorting words by the digits of their keys, the lowest first: stable, in time linear in n. Few words
// are merged instead. Of many words each thread sorts a run, and all merge the runs: threads that
// scattered into the same memory would take its lines from each other.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "pool.h"
#include "rows.h"
#include "sort_key.h"

namespace pullback {

// Runs of this length are sorted by insertion, and merged in rows up to kMerged.
inline constexpr int64_t kInsertion = 16, kMerged = 256;
// From here on a digit has more bits, whose counts then pay.
inline constexpr int64_t kWideDigits = 4096;
// From here on threads share a row, in at most kMostBlocks blocks.
inline constexpr int64_t kSharedRow = 1 << 16, kMostBlocks = 32;
// The least length of a thread's run, and what is merged at a time.
inline constexpr int64_t kLeastRun = 1 << 15, kMergedBlock = 1 << 13;
inline constexpr int kDigit = 8, kWideDigit = 11, kFarDigit = 10;
// Up to so many bytes words stay in cache, from where a digit may scatter them more widely.
inline constexpr int64_t kNear = 1 << 20;

inline int64_t block_count(int64_t n) {
    return n < kSharedRow ? 1 : std::min(kMostBlocks, n / (kSharedRow / 4));
}
inline int64_t block_size(int64_t n) { return (n + block_count(n) - 1) / block_count(n); }

// Counts for radix_sort of rows of n: of all digits of 64 bits.
inline int64_t count_words(int64_t n) {
    int bits = n < kWideDigits ? kDigit : kWideDigit;
    return int64_t{(64 + bits - 1) / bits} << bits;
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

// A key's digits, the lowest first, from bit `low` on.
struct Digits {
    int low, bits, passes;

    uint64_t mask() const { return (uint64_t{1} << bits) - 1; }
    int shift(int pass) const { return low + pass * bits; }

    // How often each occurs in each place. Up to three places are counted in one look at the words:
    // such counts do not wait for each other.
    template <typename Word>
    void count(const Word* x, int64_t n, uint32_t* counts) const {
        std::fill_n(counts, int64_t{passes} << bits, 0u);
        int64_t size = int64_t{1} << bits;
        for (int pass = 0; pass < passes; pass += 3, counts += 3 * size) {
            int from = shift(pass), places = std::min(3, passes - pass);
            for (int64_t i = 0; i < n; ++i) {
                uint64_t rest = key_of(x[i]) >> from;
                ++counts[rest & mask()];
                if (places > 1) ++counts[size + (rest >> bits & mask())];
                if (places > 2) ++counts[2 * size + (rest >> 2 * bits & mask())];
            }
        }
    }

    // The words in the order of one digit, of which there are so many.
    template <typename Word>
    void move(const Word* from, Word* to, int64_t n, int pass, uint32_t* places) const {
        uint32_t total = 0;
        for (uint64_t d = 0; d <= mask(); ++d) total += std::exchange(places[d], total);
        for (int64_t i = 0; i < n; ++i) {
            Word word = from[i];
            to[places[key_of(word) >> shift(pass) & mask()]++] = word;
        }
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
    int passes = (width + most - 1) / most;
    Digits digits{low, (width + passes - 1) / passes, passes};
    digits.count(x, n, counts);
    for (int pass = 0; pass < passes; ++pass, counts += digits.mask() + 1) {
        if (!(bits >> digits.shift(pass) & digits.mask())) continue;
        digits.move(x, spare, n, pass, counts);
        std::swap(x, spare);
    }
    return x;
}

// Two runs and where they go as one.
template <typename Word>
struct Merge {
    const Word *left, *left_end, *right, *right_end;
    Word* to;

    bool both() const { return left < left_end && right < right_end; }

    void step() {
        bool second = before(*right, *left);
        *to++ = second ? *right : *left;
        right += second, left += !second;
    }

    void rest() {
        while (both()) step();
        std::copy(right, right_end, std::copy(left, left_end, to));
    }

    // How many of the first `n` come from the left.
    int64_t lefts(int64_t n) const {
        int64_t low = std::max<int64_t>(0, n - (right_end - right));
        int64_t high = std::min<int64_t>(n, left_end - left);
        while (low < high) {
            int64_t i = (low + high) / 2;
            if (before(right[n - i - 1], left[i])) high = i;
            else low = i + 1;
        }
        return low;
    }

    // The part of the result from `begin` to `end`.
    Merge part(int64_t begin, int64_t end) const {
        int64_t i = lefts(begin), j = lefts(end);
        return {left + i, left + j, right + (begin - i), right + (end - j), to + begin};
    }

    // The whole, from its two halves at once, since neither waits for the other.
    void run() const {
        int64_t n = (left_end - left) + (right_end - right);
        Merge a = part(0, n / 2), b = part(n / 2, n);
        while (a.both() && b.both()) a.step(), b.step();
        a.rest();
        b.rest();
    }
};

// Runs of equal length, by which n words that threads share are sorted.
inline int64_t run_count(int64_t n) {
    return n < kSharedRow ? 1 : std::min<int64_t>(threads_here(), n / kLeastRun);
}

// The words in order, in x or in `spare`. Each run has counts of its own.
template <typename Word>
Word* sort_runs(Word* x, Word* spare, int64_t n, uint32_t* counts, int64_t runs) {
    if (runs == 1) return radix_sort(x, spare, n, counts);
    int64_t run = (n + runs - 1) / runs, words = count_words(n);
    share(n, run, [=](int64_t begin, int64_t end) {
        uint32_t* own = counts + begin / run * words;
        Word* found = radix_sort(x + begin, spare + begin, end - begin, own);
        if (found != x + begin) std::copy_n(found, end - begin, x + begin);
    });
    for (; run < n; run *= 2) {
        share(n, kMergedBlock, [=](int64_t begin, int64_t end) {
            // A block may touch several pairs of runs.
            for (int64_t pair = begin / (2 * run) * 2 * run; pair < end; pair += 2 * run) {
                int64_t middle = std::min(pair + run, n), last = std::min(pair + 2 * run, n);
                Merge<Word> both{x + pair, x + middle, x + middle, x + last, spare + pair};
                both.part(std::max(begin, pair) - pair, std::min(end, last) - pair).run();
            }
        });
        std::swap(x, spare);
    }
    return x;
}

}  // namespace pullback
