// Tasks handed in to be done: those of one thread in the order in which they came, and each after
// what it needs. A thread of their own does them, or whoever waits for one. Knows nothing of Python.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace pullback {

class Task {
  public:
    Task() = default;
    virtual ~Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    bool done() const { return done_.load(std::memory_order_acquire); }
    // How it ended, once it is done.
    int32_t status() const { return status_; }

    void keep() { refs_.fetch_add(1, std::memory_order_relaxed); }
    void drop() {
        if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

  protected:
    // Its work, on any thread.
    virtual int32_t run() = 0;
    // Must the other, handed in before, be done first?
    virtual bool needs(const Task& other) const = 0;

  private:
    friend class Queue;
    friend bool stop_requested();

    std::atomic<int> refs_{1};
    std::atomic<bool> done_{false}, stop_{false};
    int32_t status_ = 0;
    std::thread::id from_;         // the thread that handed it in
    bool running_ = false, seen_ = false;
    const Task* around_ = nullptr;  // what the thread that runs it was in the midst of
};

// A question that a waiting thread asks itself now and then: true means to wait no longer.
using Leave = bool (*)();

// Takes over one reference to the task. One that is `long_` is begun at once, another when nobody has
// waited for it for a while.
void queue_add(Task* task, bool long_);
// Waits until the calling thread has few tasks left; false if it left.
bool queue_room(Leave leave);
// Waits for the task, and does it and what comes before it where nobody does. False if the caller
// left, which stops all of them, or is in the midst of one of them.
bool queue_wait(const Task* task, Leave leave);
// Waits until nothing is left; false if the caller left, which stops all.
bool queue_drain(Leave leave);
// The tasks done since this was last asked, with the queue's references.
std::vector<Task*> queue_finished();
// What to call, on any thread, when there are tasks that finished.
void queue_notify(void (*notify)());
// Stops what runs, and waits a while for its end. What is left then is done by those who wait for it.
void queue_close();
bool queue_closed();

// Is the calling thread in the midst of a task, or of waiting for one? Signals' handlers are.
bool inside_queue();
// Is the task that the calling thread is in the midst of to end?
bool stop_requested();

}  // namespace pullback
