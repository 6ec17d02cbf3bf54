// The first k words of many, by looking at most of them once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "radix.h"

namespace pullback {

// Keys of a block that is looked at before each of its keys is.
inline constexpr int64_t kLook = 64;
// Up to so many wanted, they are kept in order from the beginning.
inline constexpr int64_t kInOrder = 32;

inline int64_t kept_words(int64_t k) { return 2 * k + kLook; }

// Keeps words until there are too many: then the first k of them stay, and what comes later must
// have a key below their greatest. Keys come in the order of their places.
template <typename Word>
class Chooser {
  public:
    // Keys without their places.
    using Key = std::conditional_t<std::is_same_v<Word, Packed>, uint32_t, uint64_t>;

    // `kept` has room for kept_words(k).
    Chooser(Word* kept, int64_t k) : kept_(kept), k_(k) {}

    // n keys, kLook or fewer, from a place on.
    void look(const Key* x, int64_t n, int64_t place) {
        if (limited_ && !any_below(x, n)) return;
        for (int64_t i = 0; i < n; ++i) {
            if (limited_ && x[i] >= limit_) continue;
            Word word = make_word<Word>(x[i], static_cast<uint64_t>(place + i));
            if (k_ <= kInOrder) {
                insert(word);
            } else {
                kept_[count_++] = word;
                if (count_ == kept_words(k_)) cut();
            }
        }
    }

    // The first k in order.
    Word* finish(Word* spare, uint32_t* counts) {
        if (k_ <= kInOrder) return kept_;
        cut();
        // Digits alone do not tell places.
        auto earlier = [](Word a, Word b) { return place_of(a) < place_of(b); };
        std::sort(kept_, kept_ + k_, earlier);
        return radix_sort(kept_, spare, k_, counts);
    }

  private:
    bool any_below(const Key* x, int64_t n) const {
        Key least = x[0];
        for (int64_t i = 1; i < n; ++i) least = std::min(least, x[i]);
        return least < limit_;
    }

    void insert(Word word) {
        int64_t at = limited_ ? k_ - 1 : count_++;
        for (; at > 0 && before(word, kept_[at - 1]); --at) kept_[at] = kept_[at - 1];
        kept_[at] = word;
        if (count_ == k_) limit();
    }

    void cut() {
        std::nth_element(kept_, kept_ + (k_ - 1), kept_ + count_, before<Word>);
        count_ = k_;
        limit();
    }

    void limit() {
        uint64_t last = key_of(kept_[k_ - 1]);
        limit_ = static_cast<Key>(std::is_same_v<Word, Packed> ? last >> 32 : last);
        limited_ = true;
    }

    Word* kept_;
    int64_t k_, count_ = 0;
    Key limit_ = 0;
    bool limited_ = false;
};

}  // namespace pullback
