// The first k words of many, by looking at most of them once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "radix.h"

namespace pullback {

// Words of a block that is looked at before each of its words is.
inline constexpr int64_t kLook = 256;

inline int64_t kept_words(int64_t k) { return 2 * k + kLook; }

// Keeps words until there are too many: then the first k of them stay, and what comes later must
// have a key below their greatest. Words come in the order of their places.
template <typename Word>
class Chooser {
  public:
    // `kept` has room for kept_words(k).
    Chooser(Word* kept, int64_t k) : kept_(kept), k_(k) {}

    void look(const Word* x, int64_t n) {
        if (limited_ && !any_below(x, n)) return;
        for (int64_t i = 0; i < n; ++i) {
            if (limited_ && key_of(x[i]) >= limit_) continue;
            if (count_ == kept_words(k_)) {
                cut();
                if (key_of(x[i]) >= limit_) continue;
            }
            kept_[count_++] = x[i];
        }
    }

    // The first k in order.
    Word* finish(Word* spare, uint32_t* counts) {
        cut();
        // Digits alone do not tell places.
        auto earlier = [](Word a, Word b) { return place_of(a) < place_of(b); };
        std::sort(kept_, kept_ + k_, earlier);
        return radix_sort(kept_, spare, k_, counts);
    }

  private:
    bool any_below(const Word* x, int64_t n) const {
        unsigned found = 0;
        for (int64_t i = 0; i < n; ++i) found |= key_of(x[i]) < limit_;
        return found != 0;
    }

    void cut() {
        std::nth_element(kept_, kept_ + (k_ - 1), kept_ + count_, before<Word>);
        count_ = k_;
        limit_ = key_of(kept_[k_ - 1]);
        limited_ = true;
    }

    Word* kept_;
    int64_t k_, count_ = 0;
    uint64_t limit_ = 0;
    bool limited_ = false;
};

}  // namespace pullback
