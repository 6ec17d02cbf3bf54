// The thread pool under a thread sanitizer: every block once, nested and concurrent loops, resizing.
#include "pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

using pullback::parallel_for;

namespace {

void expect(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "failed: %s\n", what);
    std::exit(1);
}

void count(void* ctx, int64_t begin, int64_t end) {
    auto& seen = *static_cast<std::vector<int>*>(ctx);
    for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
}

void every_index_once(int64_t n, int64_t block) {
    std::vector<int> seen(static_cast<size_t>(n));
    parallel_for(count, &seen, n, block);
    for (int times : seen) expect(times == 1, "every index is visited once");
}

void nested(void* ctx, int64_t, int64_t) {
    static_cast<std::atomic<int>*>(ctx)->fetch_add(1);
    every_index_once(100, 7);
}

void loops_of_many_threads() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] {
            for (int j = 0; j < 200; ++j) every_index_once(1000, 10);
        });
    for (auto& thread : threads) thread.join();
}

int status_of_child() {
    pid_t child = fork();
    if (child == 0) {
        every_index_once(1000, 10);
        _exit(0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return status;
}

}  // namespace

int main(int argc, char**) {
    pullback::set_num_threads(4);
    for (int64_t n : {0, 1, 9, 10, 11, 1000}) every_index_once(n, 10);
    for (int i = 0; i < 2000; ++i) every_index_once(64, 8);
    std::atomic<int> outer{0};
    parallel_for(nested, &outer, 10, 1);
    expect(outer == 10, "an inner loop runs within each outer block");
    loops_of_many_threads();
    for (int threads : {1, 3, 2}) {
        pullback::set_num_threads(threads);
        expect(pullback::num_threads() == threads, "the number of threads is as set");
        every_index_once(1000, 10);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    every_index_once(1000, 10);
    // A thread sanitizer does not follow threads across a fork, so it is asked for by an argument.
    if (argc > 1) expect(status_of_child() == 0, "a forked child has a pool of its own");
    std::puts("ok");
}
