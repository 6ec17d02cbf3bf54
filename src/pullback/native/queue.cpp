#include "queue.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <ranges>
#include <system_error>
#include <utility>

#include "status.h"

namespace pullback {
namespace {

// Tasks of a thread that are not done: enough to keep others busy, few enough that what they will
// write still is in cache.
constexpr ptrdiff_t kMost = 4;
// How often who waits asks whether to leave, and how long the end waits for what runs.
constexpr std::chrono::milliseconds kPeriod{20};
constexpr int kPeriods = 50;
// How often the queue's thread looks for tasks, and how many times after the last.
constexpr std::chrono::microseconds kLook{250};
constexpr int kLooks = 200;

thread_local const Task* running_here = nullptr;
thread_local bool asking_here = false;

// What does not survive a fork.
struct Threads {
    std::condition_variable coming, done;
    std::thread server;
};

}  // namespace

class Queue {
  public:
    void add(Task* task, bool long_) {
        std::lock_guard lock(mutex_);
        task->from_ = std::this_thread::get_id();
        tasks_.push_back(task);
        if (!served_ && !closed_) start();
        looks_ = 0;
        if (long_) see_all();
        if (!std::exchange(looking_, true) || long_) threads_->coming.notify_one();
    }

    bool room(Leave leave) {
        if (running_here) return true;
        std::unique_lock lock(mutex_);
        auto own = [](const Task* task) { return task->from_ == std::this_thread::get_id(); };
        bool stayed = true;
        while (stayed && std::ranges::count_if(tasks_, own) >= kMost)
            stayed = step(lock, first_before(*std::ranges::find_if(tasks_, own)), leave);
        go_on();
        return stayed;
    }

    bool wait(const Task* task, Leave leave) {
        std::unique_lock lock(mutex_);
        while (!task->done()) {
            Task* first = first_before(task);
            if (here(first)) return false;
            if (step(lock, first, leave)) continue;
            if (!task->done()) stop_through(task);
            break;
        }
        go_on();
        return task->done();
    }

    bool drain(Leave leave) {
        if (running_here) return true;
        std::unique_lock lock(mutex_);
        while (!tasks_.empty()) {
            if (step(lock, tasks_.front(), leave)) continue;
            for (Task* task : tasks_) task->stop_ = true;
            return false;
        }
        return true;
    }

    std::vector<Task*> finished() {
        std::lock_guard lock(mutex_);
        return std::exchange(finished_, {});
    }

    void notify(void (*notify)()) { notify_ = notify; }

    void close() {
        std::unique_lock lock(mutex_);
        closed_ = true;
        for (Task* task : tasks_)
            if (task->running_) task->stop_ = true;
        threads_->coming.notify_all();
        for (int k = 0; running_ > 0 && k < kPeriods; ++k) pause(lock);
        lock.unlock();
        if (served_) threads_->server.join();
        served_ = false;
    }

    bool closed() {
        std::lock_guard lock(mutex_);
        return closed_;
    }

    // The forking thread has the lock, here and in the child.
    void before_fork() { mutex_.lock(); }
    void after_fork() { mutex_.unlock(); }

    // Other threads are gone, and what they were in the midst of is lost.
    void in_child() {
        threads_ = new Threads;
        served_ = false;
        running_ = 0;
        for (Task* task : std::vector(tasks_)) {
            if (!task->running_) continue;
            if (here(task)) ++running_;
            else finish(task, kStopped);
        }
        mutex_.unlock();
    }

  private:
    // Of the tasks that must be done before this one is, one that nothing is before.
    Task* first_before(const Task* task) const {
        for (Task* other : tasks_)
            if (other == task) return other;
            else if (follows(*task, *other)) return first_before(other);
        std::abort();
    }

    static bool follows(const Task& task, const Task& earlier) {
        return task.from_ == earlier.from_ || task.needs(earlier);
    }

    // Is this thread in the midst of the task?
    static bool here(const Task* task) {
        const Task* running = running_here;
        while (running && running != task) running = running->around_;
        return running;
    }

    // Does the task, or waits a while for who does it. False where the caller leaves.
    bool step(std::unique_lock<std::mutex>& lock, Task* task, Leave leave) {
        if (!task->running_) return !run(lock, task);
        pause(lock);
        lock.unlock();
        bool before = std::exchange(asking_here, true);
        bool leaves = leave();
        asking_here = before;
        lock.lock();
        return !leaves;
    }

    void pause(std::unique_lock<std::mutex>& lock) {
        threads_->done.wait_until(lock, std::chrono::system_clock::now() + kPeriod);
    }

    // True where nobody had told the task to stop, but this thread is interrupted.
    bool run(std::unique_lock<std::mutex>& lock, Task* task) {
        task->running_ = true;
        task->around_ = running_here;
        ++running_;
        lock.unlock();
        running_here = task;
        int32_t status = task->stop_ ? static_cast<int32_t>(kStopped) : task->run();
        running_here = task->around_;
        lock.lock();
        --running_;
        finish(task, status);
        if (finished_.size() == 1 && notify_) notify_();
        return status == kStopped && !task->stop_;
    }

    void finish(Task* task, int32_t status) {
        std::erase(tasks_, task);
        task->running_ = false;
        task->status_ = status;
        task->done_.store(true, std::memory_order_release);
        finished_.push_back(task);
        threads_->done.notify_all();
    }

    // Who has waited no longer works for the others.
    void go_on() {
        if (running_ > 0 || tasks_.empty()) return;
        tasks_.front()->seen_ = looking_ = true;
        threads_->coming.notify_one();
    }

    void see_all() {
        for (Task* task : tasks_) task->seen_ = true;
    }

    // Signals are for the threads that were there before.
    void start() {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        try {
            threads_->server = std::thread([this] { serve(); });
            served_ = true;
        } catch (const std::system_error&) {
            // The system gives no more threads: who waits does the work.
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    // To wake this thread at each task would cost more than a short one is worth, and most are done by
    // who waits for them at once. So it looks now and then by itself, and does what nobody does; long
    // ones wake it.
    void serve() {
        std::unique_lock lock(mutex_);
        bool ran = false;
        while (!closed_) {
            bool left = running_ == 0 && !tasks_.empty();
            if (left && (ran || tasks_.front()->seen_)) {
                run(lock, tasks_.front());
                ran = true;
                continue;
            }
            ran = false;
            see_all();
            look_again(lock);
        }
    }

    void look_again(std::unique_lock<std::mutex>& lock) {
        if (++looks_ <= kLooks) {
            threads_->coming.wait_until(lock, std::chrono::system_clock::now() + kLook);
            return;
        }
        looking_ = false;
        threads_->coming.wait(lock, [&] { return closed_ || looking_; });
    }

    // The task and what must be done before it.
    void stop_through(const Task* last) {
        std::vector<const Task*> stopped;
        for (Task* task : tasks_ | std::views::reverse) {
            auto behind = [&](const Task* other) { return follows(*other, *task); };
            if (task != last && !std::ranges::any_of(stopped, behind)) continue;
            task->stop_ = true;
            stopped.push_back(task);
        }
    }

    std::mutex mutex_;
    Threads* threads_ = new Threads;  // never destroyed: others may wait
    std::vector<Task*> tasks_;        // in the order in which they came; those that run, too
    std::vector<Task*> finished_;
    int running_ = 0, looks_ = 0;
    bool looking_ = true;
    void (*notify_)() = nullptr;
    bool served_ = false, closed_ = false;
};

namespace {

// Never destroyed: at the end of the process other threads may still wait.
Queue& queue() {
    static Queue* the_queue = [] {
        pthread_atfork([] { queue().before_fork(); }, [] { queue().after_fork(); },
                       [] { queue().in_child(); });
        return new Queue;
    }();
    return *the_queue;
}

}  // namespace

void queue_add(Task* task, bool long_) { queue().add(task, long_); }
bool queue_room(Leave leave) { return queue().room(leave); }
bool queue_wait(const Task* task, Leave leave) { return queue().wait(task, leave); }
bool queue_drain(Leave leave) { return queue().drain(leave); }
std::vector<Task*> queue_finished() { return queue().finished(); }
void queue_notify(void (*notify)()) { queue().notify(notify); }
void queue_close() { queue().close(); }
bool queue_closed() { return queue().closed(); }
bool inside_queue() { return running_here || asking_here; }
bool stop_requested() { return running_here && running_here->stop_.load(std::memory_order_relaxed); }

}  // namespace pullback
