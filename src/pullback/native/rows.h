// What sorting rows shares: where a row is, its memory, and the threads that share out rows.
#pragma once

#include <cstdint>
#include <optional>

#include "buffer.h"
#include "pool.h"

namespace pullback {

// f(begin, end) for blocks of [0, n), by several threads.
template <typename F>
void share(int64_t n, int64_t block, F f) {
    auto run = [](void* self, int64_t begin, int64_t end) { (*static_cast<F*>(self))(begin, end); };
    parallel_for(run, &f, n, block);
}

// The first element of a row of an array (outer, n, inner); the others are `inner` apart.
inline int64_t row_start(int64_t row, int64_t n, int64_t inner) {
    return row / inner * n * inner + row % inner;
}

// Memory of a task, on the stack where that is enough.
class Scratch {
  public:
    explicit Scratch(int64_t bytes) {
        if (bytes > static_cast<int64_t>(sizeof here_)) made_.emplace(static_cast<size_t>(bytes));
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    char* data() { return made_ ? made_->as<char>() : here_; }

  private:
    alignas(kAlignment) char here_[12288];
    std::optional<Block> made_;
};

}  // namespace pullback
