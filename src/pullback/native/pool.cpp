#include "pool.h"

#include <pthread.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "status.h"

namespace pullback {
namespace {

std::atomic<bool (*)()> stop_wanted{[] { return false; }};

// A loop often follows the last one closely: waking a thread costs more than this.
constexpr std::chrono::microseconds kSpin{50};

thread_local bool inside_loop = false;
thread_local bool is_worker = false;

// While this thread is in a loop.
struct Inside {
    Inside() { inside_loop = true; }
    ~Inside() { inside_loop = false; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
};

struct Loop;
// What this thread of the pool works on.
thread_local const Loop* joined = nullptr;

// The blocks that a thread does: its own first, which are the same ones each time, so that what it
// wrote in one loop is in its cache for the next; then those that others have not begun.
struct alignas(128) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;

    // The next block of these, or -1.
    int64_t take() {
        if (next.load(std::memory_order_relaxed) >= end) return -1;
        int64_t i = next.fetch_add(1, std::memory_order_relaxed);
        return i < end ? i : -1;
    }
};

struct Loop {
    BlockFunction fn;
    void* ctx;
    int64_t n;
    int64_t block;
    int64_t count = (n - 1) / block + 1;
    std::span<Share> shares{};
    std::atomic<bool> failed{false};
    std::exception_ptr error{};

    void share_out() {
        auto threads = static_cast<int64_t>(shares.size());
        int64_t each = count / threads, more = count % threads, begin = 0;
        for (int64_t k = 0; k < threads; ++k) {
            shares[k].next.store(begin, std::memory_order_relaxed);
            shares[k].end = begin += each + (k < more);
        }
    }

    // What the thread of a number does.
    void work(size_t number) {
        try {
            for (size_t k = 0; k < shares.size(); ++k) {
                Share& share = shares[(number + k) % shares.size()];
                for (int64_t i; !failed && (i = share.take()) >= 0;) run(i);
            }
        } catch (...) {
            fail(std::current_exception());
        }
    }

    // The same on one thread.
    void work_alone() {
        for (int64_t i = 0; i < count; ++i) run(i);
    }

    // The first error counts.
    void fail(std::exception_ptr why) {
        if (!failed.exchange(true)) error = why;
    }

    void run(int64_t i) const {
        if (stop_wanted.load(std::memory_order_relaxed)()) throw Stopped();
        fn(ctx, i * block, i == count - 1 ? n : (i + 1) * block);
    }
};

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

int default_threads() {
    if (const char* text = std::getenv("PULLBACK_NUM_THREADS"))
        if (int threads = std::atoi(text); threads > 0) return threads;
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    return std::max(1u, std::thread::hardware_concurrency());
}

class Pool {
  public:
    explicit Pool(int threads) : size_(threads), shares_(static_cast<size_t>(threads)) {}
    ~Pool() { stop(); }

    // False if another thread is using the pool.
    bool run(Loop& loop) {
        std::unique_lock owner(owner_, std::try_to_lock);
        if (!owner) return false;
        if (workers_.empty()) start();
        loop.shares = shares_;
        loop.share_out();
        publish(&loop);
        loop.work(0);
        retire(loop);
        return true;
    }

    int size() const { return size_; }

    void resize(int threads) {
        std::lock_guard owner(owner_);
        stop();
        shares_ = std::vector<Share>(static_cast<size_t>(threads));
        size_ = threads;
    }

  private:
    void start() {
        stopping_ = false;
        try {
            for (size_t i = 1; i < shares_.size(); ++i) workers_.emplace_back([this, i] { serve(i); });
        } catch (const std::system_error&) {
            // The system gives no more threads: those there are do the work.
        }
    }

    void stop() {
        {
            std::lock_guard lock(sleep_);
            stopping_ = true;
            generation_.fetch_add(1);
        }
        wake_.notify_all();
        for (auto& worker : workers_) worker.join();
        workers_.clear();
    }

    void publish(Loop* loop) {
        loop_.store(loop);
        generation_.fetch_add(1);
        // Sequential consistency: either this sees the sleeper, or the sleeper sees the loop.
        if (sleepers_.load() == 0) return;
        std::lock_guard lock(sleep_);
        wake_.notify_all();
    }

    // Returns when no worker can be touching the loop any more: a worker counts itself in before
    // it looks, so whoever is not counted sees null. A block may last for ever, until told to end.
    void retire(Loop& loop) {
        loop_.store(nullptr);
        for (int spins = 0; busy_.load() != 0; ++spins) {
            if (spins < 2000) pause();
            else std::this_thread::yield();
            if (spins >= 2000 && !loop.failed && stop_wanted.load()()) loop.fail(stopped());
        }
    }

    static std::exception_ptr stopped() { return std::make_exception_ptr(Stopped()); }

    void serve(size_t number) {
        is_worker = inside_loop = true;
        uint64_t seen = 0;
        while (true) {
            seen = wait_beyond(seen);
            if (stopping_.load()) return;
            busy_.fetch_add(1);
            if (Loop* loop = loop_.load()) {
                joined = loop;
                loop->work(number);
            }
            busy_.fetch_sub(1);
        }
    }

    uint64_t wait_beyond(uint64_t seen) {
        auto until = std::chrono::steady_clock::now() + kSpin;
        do {
            for (int i = 0; i < 64; ++i) {
                if (uint64_t now = generation_.load(); now != seen) return now;
                pause();
            }
        } while (std::chrono::steady_clock::now() < until);
        std::unique_lock lock(sleep_);
        sleepers_.fetch_add(1);
        wake_.wait(lock, [&] { return generation_.load() != seen; });
        sleepers_.fetch_sub(1);
        return generation_.load();
    }

    std::mutex owner_;  // held by the thread whose loop runs
    std::vector<std::thread> workers_;
    std::atomic<int> size_;
    std::vector<Share> shares_;  // one for each thread, the caller's first
    std::atomic<bool> stopping_{false};
    std::atomic<Loop*> loop_{nullptr};
    std::atomic<uint64_t> generation_{0};
    std::atomic<int> busy_{0};
    std::atomic<int> sleepers_{0};
    std::mutex sleep_;
    std::condition_variable wake_;
};

std::atomic<Pool*> the_pool{nullptr};

// Threads do not survive a fork: the child leaves the parent's pool alone and makes its own.
void forget_pool() {
    if (Pool* old = the_pool.load()) the_pool.store(new Pool(old->size()));
    inside_loop = is_worker = false;
    joined = nullptr;
}

Pool& pool() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (!the_pool.load()) the_pool.store(new Pool(default_threads()));
        pthread_atfork(nullptr, nullptr, forget_pool);
        std::atexit([] { the_pool.load()->resize(1); });
    });
    return *the_pool.load();
}

}  // namespace

void parallel_for(BlockFunction fn, void* ctx, int64_t n, int64_t block) {
    if (n <= 0) return;
    if (n <= block) return fn(ctx, 0, n);
    Loop loop{fn, ctx, n, block};
    if (inside_loop || pool().size() == 1) return loop.work_alone();
    Inside inside;
    if (!pool().run(loop)) return loop.work_alone();
    if (loop.error) std::rethrow_exception(loop.error);
}

void set_stop(bool (*wanted)()) { stop_wanted = wanted; }

int num_threads() { return pool().size(); }
int threads_here() { return inside_loop ? 1 : pool().size(); }
void set_num_threads(int threads) { pool().resize(std::max(1, threads)); }
bool in_worker() { return is_worker; }
bool loop_ends() { return joined && joined->failed.load(std::memory_order_relaxed); }

}  // namespace pullback
