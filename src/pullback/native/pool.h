// Threads that share out the fixed blocks of a loop. Knows nothing of Python.
#pragma once

#include <cstdint>

namespace pullback {

using BlockFunction = void (*)(void* ctx, int64_t begin, int64_t end);

// Calls fn on [0, n) cut into blocks of `block`, so that which blocks there are never depends on
// the number of threads. Within a block's call, and while another thread uses the pool, it runs
// on the calling thread alone. After an exception no block begins; the first is thrown when all that
// had begun are done.
void parallel_for(BlockFunction fn, void* ctx, int64_t n, int64_t block);

// How many threads work on a loop, the calling one included; at least one.
int num_threads();
void set_num_threads(int threads);
// The same for a loop that begins here: one within another loop.
int threads_here();

// What each thread asks before each block, and the calling one while it waits for others: true ends the
// loop with Stopped.
void set_stop(bool (*wanted)());

// Is this one of the pool's own threads?
bool in_worker();
// Has the loop that this thread of the pool works on failed elsewhere?
bool loop_ends();

}  // namespace pullback
