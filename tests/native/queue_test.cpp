// The queue under a thread sanitizer: order, threads that wait and help, leaving, closing; and after a
// fork, which that sanitizer does not know.
#include "queue.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "status.h"

namespace {

using pullback::Task;

void expect(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "failed: %s\n", what);
    std::exit(1);
}

bool never() { return false; }
bool always() { return true; }

void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

class Count final : public Task {
  public:
    explicit Count(long& total, std::vector<const Task*> before = {})
        : total_(total), before_(std::move(before)) {}

  protected:
    int32_t run() override {
        ++total_;
        return 0;
    }
    bool needs(const Task& other) const override {
        return std::ranges::find(before_, &other) != before_.end();
    }

  private:
    long& total_;  // not guarded by anything but the order
    std::vector<const Task*> before_;
};

class Endless final : public Task {
  protected:
    int32_t run() override {
        while (!pullback::stop_requested()) std::this_thread::yield();
        return pullback::kStopped;
    }
    bool needs(const Task&) const override { return false; }
};

void drop_finished() {
    for (Task* task : pullback::queue_finished()) task->drop();
}

// A task with a reference for the caller.
Task* add(Task* task, bool long_ = false) {
    task->keep();
    expect(pullback::queue_room(never), "nobody leaves");
    pullback::queue_add(task, long_);
    return task;
}

void finish(Task* task) {
    expect(pullback::queue_wait(task, never), "nobody leaves");
    expect(task->done() && task->status() == 0, "it is done");
    task->drop();
}

// The tasks of one thread run in order.
void many(int count) {
    long total = 0;
    std::vector<Task*> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(add(new Count(total), i % 3 == 0));
    for (Task* task : tasks) finish(task);
    expect(total == count, "every task runs once");
    drop_finished();
}

// Those of several threads run in the order of what they need.
void chain(int count) {
    long total = 0;
    std::vector<Task*> tasks;
    for (int i = 0; i < count; ++i) {
        std::vector<const Task*> before;
        if (i) before.push_back(tasks.back());
        std::thread([&] { tasks.push_back(add(new Count(total, before))); }).join();
    }
    finish(tasks.back());
    expect(total == count, "what is needed comes before");
    tasks.pop_back();
    for (Task* task : tasks) finish(task);
    drop_finished();
}

// Who waits for his own tasks does not wait for those of others.
void apart() {
    long total = 0;
    Task* endless = nullptr;
    std::thread([&] { endless = add(new Endless); }).join();
    rest();
    finish(add(new Count(total)));
    expect(!endless->done() && !pullback::queue_wait(endless, always), "who leaves is told");
    while (!endless->done()) std::this_thread::yield();
    endless->drop();
    drop_finished();
}

void leave() {
    long total = 0;
    Task *endless = add(new Endless), *behind = add(new Count(total)), *later = add(new Count(total));
    // The queue's thread runs the endless one, not this one, which could not leave.
    rest();
    expect(!pullback::queue_wait(behind, always), "who leaves is told");
    expect(pullback::queue_wait(later, never) && total == 1, "what came later is done");
    expect(endless->status() == pullback::kStopped && behind->status() == pullback::kStopped,
           "what was waited for is stopped");
    for (Task* task : {endless, behind, later}) task->drop();
    drop_finished();
}

// What ran when the process forked is lost to the child, not what waited.
void fork_once() {
    long total = 0;
    Task *endless = add(new Endless), *behind = add(new Count(total));
    rest();
    pid_t child = fork();
    if (child == 0) {
        expect(endless->done() && endless->status() == pullback::kStopped, "it is told");
        finish(behind);
        many(10);
        std::_Exit(total == 1 ? 0 : 1);
    }
    int how = 0;
    expect(waitpid(child, &how, 0) == child && how == 0, "the child goes on");
    expect(!endless->done() && !pullback::queue_drain(always), "the parent's still runs");
    expect(pullback::queue_drain(never) && behind->done(), "all is done");
    for (Task* task : {endless, behind}) task->drop();
    drop_finished();
}

void close() {
    long total = 0;
    Task *endless = add(new Endless), *last = add(new Count(total));
    rest();
    pullback::queue_close();
    expect(endless->done() && !last->done(), "closing stops what runs");
    finish(last);
    finish(add(new Count(total)));
    endless->drop();
    drop_finished();
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 0; i < 200; ++i) many(1);
    many(500);
    chain(50);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([] { many(300); });
    for (auto& thread : threads) thread.join();
    apart();
    leave();
    if (argc > 1 && std::strcmp(argv[1], "fork") == 0) fork_once();
    close();
    std::puts("ok");
}
